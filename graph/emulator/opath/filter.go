package opath

import (
	"slices"
	"strings"
	"unicode"
)

// Recipient is what a filter is evaluated over.
type Recipient interface {
	// Value is a property's value; "" when it is blank. Of those with several
	// values it is not asked.
	Value(Property) string
	// Values are those of a property that can have several.
	Values(Property) []string
}

// Filter is a filter that was read. It is safe for concurrent use.
type Filter struct {
	text string
	root *node
}

// String is the filter's text.
func (f *Filter) String() string { return f.text }

// Match reports whether the filter selects a recipient.
func (f *Filter) Match(r Recipient) bool { return f.root.match(r) }

type nodeKind uint8

const (
	nodeAnd nodeKind = iota
	nodeOr
	nodeNot
	nodeComparison
)

type operator uint8

const (
	opEq operator = iota
	opNe
	opLike
	opNotLike
	opGt
	opGe
	opLt
	opLe
)

type node struct {
	kind        nodeKind
	left, right *node

	property Property
	several  bool
	operator operator
	blank    bool     // the value is $null
	value    string   // as written
	folded   string   // for the orders
	parts    []string // of -like: what stands between the wildcards, folded
}

// prepare computes what each comparison needs.
func (n *node) prepare() {
	switch n.operator {
	case opLike, opNotLike:
		n.parts = strings.Split(fold(n.value), "*")
	case opEq, opNe:
		// An address without its kind is one of SMTP.
		if n.property == EmailAddresses && !strings.Contains(n.value, ":") && !n.blank {
			n.value = "smtp:" + n.value
		}
	default:
		n.folded = fold(n.value)
	}
}

func (n *node) match(r Recipient) bool {
	switch n.kind {
	case nodeAnd:
		return n.left.match(r) && n.right.match(r)
	case nodeOr:
		return n.left.match(r) || n.right.match(r)
	case nodeNot:
		return !n.left.match(r)
	}
	negative := n.operator == opNe || n.operator == opNotLike
	if n.several {
		values := r.Values(n.property)
		if n.blank {
			return (len(values) == 0) != negative
		}
		return slices.ContainsFunc(values, n.holds) != negative
	}
	value := r.Value(n.property)
	if n.blank {
		return (value == "") != negative
	}
	return n.holds(value) != negative
}

// holds compares one value by the operator, or by the one that it is the
// complement of.
func (n *node) holds(value string) bool {
	switch n.operator {
	case opEq, opNe:
		return strings.EqualFold(value, n.value)
	case opLike, opNotLike:
		return value != "" && like(fold(value), n.parts)
	}
	if value == "" {
		return false
	}
	switch order := strings.Compare(fold(value), n.folded); n.operator {
	case opGt:
		return order > 0
	case opGe:
		return order >= 0
	case opLt:
		return order < 0
	default:
		return order <= 0
	}
}

// like matches a text with the parts of a pattern between its wildcards.
func like(s string, parts []string) bool {
	last := len(parts) - 1
	if last == 0 {
		return s == parts[0]
	}
	s, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		_, behind, found := strings.Cut(s, part)
		if !found {
			return false
		}
		s = behind
	}
	return strings.HasSuffix(s, parts[last])
}

// fold maps texts that differ by letter case alone to the same one: fold(a) ==
// fold(b) exactly when strings.EqualFold(a, b).
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 'A' {
			return r
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, s)
}
