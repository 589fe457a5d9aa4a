package rule

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"rollcall/model"
)

// Compile parses, checks and compiles. The error is a *model.Error of
// KindUsage whose message is the first fault with line, column and suggestion;
// the diagnostics hold all of them, in the order of the text, and are returned
// with and without an error.
//
// now is the moment that system.now means, so that a result can be repeated.
func Compile(text string, s *model.Schema, now time.Time) (*Program, []Diagnostic, error) {
	r, diagnostics := Parse(text)
	checked, expressions := check(r, s)
	report := &reporter{list: slices.Concat(diagnostics, checked)}
	diagnostics = report.located(text)
	if i := slices.IndexFunc(diagnostics, func(d Diagnostic) bool { return d.Severity == Error }); i >= 0 {
		return nil, diagnostics, faultError(diagnostics[i])
	}
	c := &compiler{schema: s, now: now, expressions: expressions, parts: map[Node]Predicate{}, matching: map[string]test{}}
	root := c.node(r.Root)
	if c.err != nil {
		return nil, diagnostics, c.err
	}
	return &Program{rule: r, root: root, parts: c.parts}, diagnostics, nil
}

// faultError is a diagnostic as an administrator reads it outside an editor.
func faultError(d Diagnostic) *model.Error {
	e := &model.Error{Kind: model.KindUsage, Code: "ruleInvalid", Message: fmt.Sprintf("the rule cannot be read: line %d, column %d: %s", d.Line, d.Column, d.Message)}
	if d.Expected != "" {
		e.Message += "; expected " + d.Expected
	}
	if d.Suggestion != "" {
		e.Remedy = fmt.Sprintf("did you mean %s?", d.Suggestion)
	}
	return e
}

// compiler turns a checked tree into predicates.
type compiler struct {
	schema      *model.Schema
	now         time.Time
	expressions map[string]*regexp.Regexp // by their text
	matching    map[string]test           // what the expressions come to, by their text
	parts       map[Node]Predicate
	err         error
}

func (c *compiler) node(n Node) Predicate {
	p := c.predicate(n)
	c.parts[n] = p
	return p
}

func (c *compiler) predicate(n Node) Predicate {
	switch n := n.(type) {
	case *And:
		return Conjunction(c.nodes(n.Operands))
	case *Or:
		return Disjunction(c.nodes(n.Operands))
	case *Not:
		return Negation{c.node(n.Operand)}
	case *Comparison:
		return c.comparison(n)
	case *Quantified:
		a := c.attribute(n.Property)
		l := c.body(n.Body, a).leaf(a)
		l.Quantifier, l.Null, l.Key = n.Quantifier, n.Quantifier == All, Print(n.Body)
		return l
	case *MemberOf:
		return Unknown{}
	case *DirectReports:
		return Reports(n.Manager.Text)
	default:
		return Constant(false)
	}
}

func (c *compiler) nodes(operands []Node) []Predicate {
	parts := make([]Predicate, len(operands))
	for i, o := range operands {
		parts[i] = c.node(o)
	}
	return parts
}

func (c *compiler) attribute(property string) model.Attribute {
	a, ok := c.schema.ByRule(property)
	if !ok && c.err == nil {
		c.err = fmt.Errorf("rule: compiling the unchecked property %q", property)
	}
	return a
}

func (c *compiler) comparison(n *Comparison) Predicate {
	if n.Operator.Negative() {
		positive := *n
		positive.Operator = n.Operator.Positive()
		return Negation{c.comparison(&positive)}
	}
	a := c.attribute(n.Property)
	if n.Value.Kind == Null {
		l := test{run: never, values: []string{}}.leaf(a)
		if a.Type == model.TypeTime {
			l = test{run: isNoInstant, cost: costOfInstant}.leaf(a)
		}
		l.Null, l.Key = true, "null"
		return l
	}
	var l *Leaf
	if a.Type == model.TypeTime {
		l = test{run: c.instant(n), cost: costOfInstant}.leaf(a)
	} else {
		l = c.test(n, a).leaf(a)
	}
	l.Key = c.key(n)
	return l
}

// key tells the tests of one attribute apart.
func (c *compiler) key(n *Comparison) string {
	of := *n
	of.Property = Element
	if at, ok := n.Value.instant(c.now); ok && n.Value.Kind == Now {
		of.Value = Value{Kind: Time, Time: at}
	}
	return Print(&of)
}

// What a test costs, in nanoseconds, on a value as long as a name.
const (
	costOfLook    = 5  // at the first letters
	costOfSearch  = 20 // through the whole value
	costOfInstant = 100
	costOfMatch   = 500
)

// isNoInstant finds what counts as null where a date should stand.
func isNoInstant(v string) bool {
	_, ok := parseInstant(v)
	return !ok
}

// body compiles the condition on an element into one decision.
func (c *compiler) body(n Node, a model.Attribute) test {
	switch n := n.(type) {
	case *And:
		return join(c.bodies(n.Operands, a), false)
	case *Or:
		return join(c.bodies(n.Operands, a), true)
	case *Not:
		return complement(c.body(n.Operand, a))
	case *Comparison:
		if n.Operator.Negative() {
			positive := *n
			positive.Operator = n.Operator.Positive()
			return complement(c.body(&positive, a))
		}
		if isPlanProperty(n.Property) {
			return c.planTest(n)
		}
		if n.Value.Kind == Null {
			return test{run: never, values: []string{}}
		}
		return c.test(n, a)
	default:
		if c.err == nil {
			c.err = fmt.Errorf("rule: a condition on elements holds a %T", n)
		}
		return test{run: never}
	}
}

func (c *compiler) bodies(operands []Node, a model.Attribute) []test {
	tests := make([]test, len(operands))
	for i, o := range operands {
		tests[i] = c.body(o, a)
	}
	return tests
}

// test compiles a positive operator on a text or a boolean.
func (c *compiler) test(n *Comparison, a model.Attribute) test {
	if a.Type == model.TypeBool {
		want, _ := n.Value.truth()
		return test{run: func(v string) bool { return equalFolded(v, "true") == want }, cost: costOfLook}
	}
	want := Fold(n.Value.Text)
	switch n.Operator {
	case OpEq:
		return equals(want)
	case OpStartsWith:
		return startsWith(want)
	case OpEndsWith:
		return endsWith(want)
	case OpContains:
		return contains(want)
	case OpMatch:
		return c.matches(n.Value.Text)
	case OpIn:
		wanted := make([]string, len(n.Value.List))
		for i, e := range n.Value.List {
			wanted[i] = Fold(e.Text)
		}
		return isIn(wanted)
	default:
		if c.err == nil {
			c.err = fmt.Errorf("rule: compiling the unchecked operator %s", n.Operator)
		}
		return test{run: never}
	}
}

// instant compiles a comparison of dates.
func (c *compiler) instant(n *Comparison) func(string) bool {
	want, ok := n.Value.instant(c.now)
	if !ok {
		return never
	}
	return func(v string) bool {
		have, ok := parseInstant(v)
		if !ok {
			return false
		}
		switch n.Operator {
		case OpLe:
			return !have.After(want)
		case OpGe:
			return !have.Before(want)
		default:
			return have.Equal(want)
		}
	}
}
