package odata

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// scope is what a node is evaluated in: an object, and in a lambda one element
// of a collection.
type scope struct {
	object  Object
	element any // string or Object
}

// node is a part of a filter.
type node interface{ match(scope) bool }

type (
	logical struct {
		or          bool
		left, right node
	}

	negation struct{ inner node }

	// comparison is an operator or a function on a property and a literal.
	comparison struct {
		operand operand
		op      Operator
		value   literal
	}

	// membership is "in".
	membership struct {
		operand operand
		values  []literal
	}

	// anyOf is the lambda any; without a body it asks whether there are elements.
	anyOf struct {
		path string
		body node
	}

	// counting compares the number of a collection's elements.
	counting struct {
		path string
		op   Operator
		n    int
	}
)

// operand is a property or, in a lambda, the element or a property of it.
type operand struct {
	path    string // "" for the element itself
	element bool
}

// nested reports a property of a lambda's element.
func (o operand) nested() bool { return o.element && o.path != "" }

func (o operand) value(s scope) any {
	of := s.object
	if o.element {
		inner, isObject := s.element.(Object)
		if o.path == "" && !isObject {
			return s.element
		}
		if of = inner; o.path == "" || !isObject {
			return nil
		}
	}
	v, _ := of.Property(o.path)
	return v
}

func (n *logical) match(s scope) bool {
	if n.or {
		return n.left.match(s) || n.right.match(s)
	}
	return n.left.match(s) && n.right.match(s)
}

func (n *negation) match(s scope) bool { return !n.inner.match(s) }

func (n *comparison) match(s scope) bool { return n.value.compared(n.operand.value(s), n.op) }

func (n *membership) match(s scope) bool {
	v := n.operand.value(s)
	return slices.ContainsFunc(n.values, func(l literal) bool { return l.compared(v, Eq) })
}

func (n *anyOf) match(s scope) bool {
	if n.body == nil {
		return elements(s.object, n.path) > 0
	}
	switch v, _ := s.object.Property(n.path); v := v.(type) {
	case []string:
		return slices.ContainsFunc(v, func(e string) bool { return n.body.match(scope{object: s.object, element: e}) })
	case []Object:
		return slices.ContainsFunc(v, func(e Object) bool { return n.body.match(scope{object: s.object, element: e}) })
	}
	return false
}

func (n *counting) match(s scope) bool { return ordered(elements(s.object, n.path)-n.n, n.op) }

// elements is how many a collection has.
func elements(o Object, path string) int {
	switch v, _ := o.Property(path); v := v.(type) {
	case []string:
		return len(v)
	case []Object:
		return len(v)
	}
	return 0
}

// literalKind is the type of a literal.
type literalKind uint8

const (
	literalNull literalKind = iota
	literalString
	literalBool
	literalNumber
	literalTime
	literalGuid
)

// literal is a constant in a filter.
type literal struct {
	kind   literalKind
	text   string
	truth  bool
	number int
	time   time.Time
	day    bool // the time was written as a date alone
}

func (p *parser) literal() (literal, *Error) {
	t := p.peek()
	switch {
	case t.kind == tokenString:
		p.take()
		return literal{kind: literalString, text: t.text}, nil
	case t.kind == tokenGuid:
		p.take()
		return literal{kind: literalGuid, text: t.text}, nil
	case t.is("null"):
		p.take()
		return literal{}, nil
	case t.is("true"), t.is("false"):
		p.take()
		return literal{kind: literalBool, truth: t.is("true")}, nil
	case t.kind == tokenNumber:
		if n, err := strconv.Atoi(t.text); err == nil {
			p.take()
			return literal{kind: literalNumber, number: n}, nil
		}
		if at, day, ok := parseTime(t.text); ok {
			p.take()
			return literal{kind: literalTime, time: at, day: day}, nil
		}
	}
	return literal{}, p.syntax()
}

// compared applies an operator to a property's value and the literal.
func (l literal) compared(v any, op Operator) bool {
	if op == Ne {
		return !l.compared(v, Eq)
	}
	switch v := v.(type) {
	case nil:
		return l.kind == literalNull && op == Eq
	case string:
		return (l.kind == literalString || l.kind == literalGuid) && compareStrings(v, l.text, op)
	case bool:
		return l.kind == literalBool && op == Eq && v == l.truth
	case time.Time:
		return l.kind == literalTime && ordered(v.Compare(l.time), op)
	case int:
		return l.kind == literalNumber && ordered(v-l.number, op)
	}
	return false
}

func compareStrings(v, text string, op Operator) bool {
	switch op {
	case Eq:
		return strings.EqualFold(v, text)
	case StartsWith:
		return hasPrefixFold(v, text)
	case EndsWith:
		return hasSuffixFold(v, text)
	default:
		return ordered(strings.Compare(strings.ToLower(v), strings.ToLower(text)), op)
	}
}

// ordered applies an operator to the sign of a comparison.
func ordered(sign int, op Operator) bool {
	switch op {
	case Eq:
		return sign == 0
	case Ne:
		return sign != 0
	case Gt:
		return sign > 0
	case Ge:
		return sign >= 0
	case Lt:
		return sign < 0
	case Le:
		return sign <= 0
	}
	return false
}

// hasPrefixFold is strings.HasPrefix under simple case folding, where letters
// that fold together may differ in their length in bytes.
func hasPrefixFold(s, prefix string) bool {
	end := 0
	for range prefix {
		if end == len(s) {
			return false
		}
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return strings.EqualFold(s[:end], prefix)
}

func hasSuffixFold(s, suffix string) bool {
	start := len(s)
	for range suffix {
		if start == 0 {
			return false
		}
		_, size := utf8.DecodeLastRuneInString(s[:start])
		start -= size
	}
	return strings.EqualFold(s[start:], suffix)
}
