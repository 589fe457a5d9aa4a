package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
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
	c := &compiler{schema: s, now: now, expressions: expressions}
	root := c.node(r.Root)
	if c.err != nil {
		return nil, diagnostics, c.err
	}
	return &Program{rule: r, root: root}, diagnostics, nil
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
	err         error
}

func (c *compiler) node(n Node) Predicate {
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
		test := c.body(n.Body, a)
		return &Leaf{Attr: a.ID, Test: test.run, Folded: test.folded, Quantifier: n.Quantifier, Null: n.Quantifier == All}
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
		null := &Leaf{Attr: a.ID, Test: never, Null: true}
		if a.Type == model.TypeTime {
			null.Test = isNoInstant
		}
		return null
	}
	if a.Type == model.TypeTime {
		return &Leaf{Attr: a.ID, Test: c.instant(n)}
	}
	test := c.test(n, a)
	return &Leaf{Attr: a.ID, Test: test.run, Folded: test.folded}
}

// test is a decision on one value, on its folded form when folded is set.
type test struct {
	run    func(string) bool
	folded bool
}

// onValue returns the decision as one on the value itself.
func (t test) onValue() func(string) bool {
	if !t.folded {
		return t.run
	}
	return func(v string) bool { return t.run(Fold(v)) }
}

func never(string) bool { return false }

// isNoInstant finds what counts as null where a date should stand.
func isNoInstant(v string) bool {
	_, ok := parseInstant(v)
	return !ok
}

// body compiles the condition on an element into one decision.
func (c *compiler) body(n Node, a model.Attribute) test {
	switch n := n.(type) {
	case *And:
		return c.join(n.Operands, a, false)
	case *Or:
		return c.join(n.Operands, a, true)
	case *Not:
		return complement(c.body(n.Operand, a))
	case *Comparison:
		if n.Operator.Negative() {
			positive := *n
			positive.Operator = n.Operator.Positive()
			return complement(c.body(&positive, a))
		}
		if n.Value.Kind == Null {
			return test{run: never}
		}
		return c.test(n, a)
	default:
		if c.err == nil {
			c.err = fmt.Errorf("rule: a condition on elements holds a %T", n)
		}
		return test{run: never}
	}
}

func complement(t test) test {
	return test{run: func(v string) bool { return !t.run(v) }, folded: t.folded}
}

// join decides operands in turn until one answers with decisive.
func (c *compiler) join(operands []Node, a model.Attribute, decisive bool) test {
	tests := make([]test, len(operands))
	folded := true
	for i, o := range operands {
		tests[i] = c.body(o, a)
		folded = folded && tests[i].folded
	}
	runs := make([]func(string) bool, len(tests))
	for i, t := range tests {
		runs[i] = t.run
		if !folded {
			runs[i] = t.onValue()
		}
	}
	return test{folded: folded, run: func(v string) bool {
		for _, run := range runs {
			if run(v) == decisive {
				return decisive
			}
		}
		return !decisive
	}}
}

// test compiles a positive operator on a text or a boolean.
func (c *compiler) test(n *Comparison, a model.Attribute) test {
	if a.Type == model.TypeBool {
		want, _ := n.Value.truth()
		return test{folded: true, run: func(v string) bool { return (v == "true") == want }}
	}
	want := Fold(n.Value.Text)
	switch n.Operator {
	case OpEq:
		return test{folded: true, run: func(v string) bool { return v == want }}
	case OpStartsWith:
		return test{folded: true, run: func(v string) bool { return strings.HasPrefix(v, want) }}
	case OpEndsWith:
		return test{folded: true, run: func(v string) bool { return strings.HasSuffix(v, want) }}
	case OpContains:
		return test{folded: true, run: func(v string) bool { return strings.Contains(v, want) }}
	case OpMatch:
		return test{run: c.expressions[n.Value.Text].MatchString}
	case OpIn:
		wanted := make(map[string]struct{}, len(n.Value.List))
		for _, e := range n.Value.List {
			wanted[Fold(e.Text)] = struct{}{}
		}
		return test{folded: true, run: func(v string) bool { _, ok := wanted[v]; return ok }}
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
