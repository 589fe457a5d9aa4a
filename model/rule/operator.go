package rule

import (
	"strings"
	"sync"

	"rollcall/model"
)

// Operator is a comparison operator. Its zero value is OpEq.
type Operator uint8

const (
	OpEq Operator = iota
	OpNe
	OpStartsWith
	OpNotStartsWith
	OpEndsWith
	OpNotEndsWith
	OpContains // substring
	OpNotContains
	OpMatch // unanchored regular expression
	OpNotMatch
	OpIn
	OpNotIn
	OpLe // dates only
	OpGe // dates only
)

// operatorNames are the canonical spellings, by Operator.
var operatorNames = [...]string{
	"-eq", "-ne", "-startsWith", "-notStartsWith", "-endsWith", "-notEndsWith",
	"-contains", "-notContains", "-match", "-notMatch", "-in", "-notIn", "-le", "-ge",
}

// String returns the canonical spelling: "-startsWith".
func (o Operator) String() string { return operatorNames[o] }

// Negative reports whether the operator is the complement of another one.
func (o Operator) Negative() bool { return o < OpLe && o%2 == 1 }

// Positive returns the operator that a negative one is the complement of, and
// any other operator unchanged.
func (o Operator) Positive() Operator {
	if o.Negative() {
		return o - 1
	}
	return o
}

// Operators returns the operators that an attribute of the type takes, in the
// order in which a builder offers them. On dates -ne compares with null only;
// on service plans both operators do, for the rest is asked of one plan inside
// -any and -all, whose properties take the operators of a text.
func Operators(t model.Type) []Operator {
	switch t {
	case model.TypeBool, model.TypePlans:
		return []Operator{OpEq, OpNe}
	case model.TypeTime:
		return []Operator{OpGe, OpLe, OpEq, OpNe}
	default:
		return []Operator{
			OpEq, OpNe, OpIn, OpNotIn, OpStartsWith, OpNotStartsWith, OpEndsWith, OpNotEndsWith,
			OpContains, OpNotContains, OpMatch, OpNotMatch,
		}
	}
}

// operatorsByName finds operators by their keyword.
var operatorsByName = sync.OnceValue(func() map[string]Operator {
	m := make(map[string]Operator, len(operatorNames))
	for i, n := range operatorNames {
		m[strings.ToLower(n[1:])] = Operator(i)
	}
	return m
})

// operatorNamed finds a comparison operator by its keyword.
func operatorNamed(keyword string) (Operator, bool) {
	o, ok := operatorsByName()[keyword]
	return o, ok
}

// keywords are the names of the operators of every kind, without the hyphen
// and in small letters, by themselves.
var keywords = sync.OnceValue(func() map[string]string {
	m := make(map[string]string)
	for _, k := range []string{"and", "or", "not", "any", "all", "plus", "minus"} {
		m[k] = k
	}
	for k := range operatorsByName() {
		m[k] = k
	}
	return m
})

// longestKeyword is the length of "notstartswith".
const longestKeyword = 13

// keywordOf returns the operator that a word without hyphen names in any letter
// case, in small letters; "" when it names none.
func keywordOf(word string) string {
	if len(word) > longestKeyword {
		return ""
	}
	var small [longestKeyword]byte
	for i := range len(word) {
		c := word[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		small[i] = c
	}
	return keywords()[string(small[:len(word)])]
}

// foreignOperators are what other languages call operators: PowerShell's
// filters, Exchange's, and plain words.
var foreignOperators = map[string]Operator{
	"like": OpStartsWith, "notlike": OpNotStartsWith, "beginswith": OpStartsWith,
	"equals": OpEq, "is": OpEq, "neq": OpNe, "notequals": OpNe, "isnot": OpNe,
	"includes": OpContains, "matches": OpMatch, "regex": OpMatch, "gt": OpGe, "lt": OpLe,
}

// nearestOperator suggests the operator that a mistyped one may mean, "" when
// none is near.
func nearestOperator(word string) string {
	if o, ok := foreignOperators[strings.ToLower(strings.TrimLeft(word, "-"))]; ok {
		return o.String()
	}
	names := append([]string{"-and", "-or", "-not", "-any", "-all"}, operatorNames[:]...)
	return model.Nearest("-"+strings.TrimLeft(word, "-"), names)
}
