package rule

import (
	"strings"

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
// order in which a builder offers them. On dates -ne compares with null only.
func Operators(t model.Type) []Operator {
	switch t {
	case model.TypeBool:
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

// operatorNamed finds a comparison operator by its name without the hyphen, in
// any letter case.
func operatorNamed(name string) (Operator, bool) {
	for i, n := range operatorNames {
		if strings.EqualFold(n[1:], name) {
			return Operator(i), true
		}
	}
	return 0, false
}

// isKeyword reports whether a word without hyphen is an operator of any kind.
func isKeyword(word string) bool {
	switch strings.ToLower(word) {
	case "and", "or", "not", "any", "all", "plus", "minus":
		return true
	}
	_, ok := operatorNamed(word)
	return ok
}

// nearestOperator suggests the operator that a mistyped one may mean, "" when
// none is near.
func nearestOperator(word string) string {
	names := append([]string{"-and", "-or", "-not", "-any", "-all"}, operatorNames[:]...)
	return model.Nearest("-"+strings.TrimLeft(word, "-"), names)
}
