package rule

import (
	"fmt"
	"strings"
	"sync"

	"rollcall/model"
)

// catalogue resolves the property names that every profile knows.
var catalogue = sync.OnceValue(model.FullSchema)

// body is what a condition behind -any or -all is about.
type body uint8

const (
	noBody body = iota // not inside -any and -all
	ofElements
	ofPlans
	ofEither // of a property that only Check can know
)

// bodyOf is what -any or -all on an attribute is about.
func bodyOf(a model.Attribute) body {
	if a.Type == model.TypePlans {
		return ofPlans
	}
	return ofElements
}

// expected says what a clause begins with.
func (b body) expected() string {
	switch b {
	case ofElements, ofEither:
		return Element
	case ofPlans:
		return planForms
	default:
		return "a property such as user.department"
	}
}

// clause reads a comparison or a condition on a collection, or one of the forms
// that stand alone.
func (p *parser) clause() Node {
	t := p.take()
	switch {
	case hasPrefixFold(t.text, "device."):
		return p.device(t)
	case strings.EqualFold(t.text, "direct") && strings.EqualFold(p.peek().text, "reports"):
		return p.directReports(t)
	case strings.EqualFold(t.text, "user.memberOf"):
		return p.memberOf(t)
	}
	property, ok := p.property(t)
	op := p.peek()
	switch op.keyword {
	case "any":
		return p.quantified(t, property, Any, ok)
	case "all":
		return p.quantified(t, property, All, ok)
	}
	operator, found := operatorNamed(op.keyword)
	if !found {
		p.noOperator(t, op)
		p.recover()
		return nil
	}
	p.take()
	value, found := p.value()
	if !ok || !found {
		return nil
	}
	return &Comparison{Property: property, Operator: operator, Value: value, PropertyAt: t.at, OperatorAt: op.at}
}

// device refuses a clause on a device, the first time with the reason. What it
// says is read and forgotten.
func (p *parser) device(t *token) Node {
	if !p.devices {
		p.devices = true
		p.report.errorAt(t.at, "a device rule selects devices, not recipients", p.body.expected(), "")
	}
	report, muted := p.report, &reporter{}
	p.report = muted
	defer func() {
		report.work += muted.work
		p.report = report
	}()
	op := p.peek()
	switch op.keyword {
	case "any", "all":
		if p.body == noBody {
			p.condition(op, ofEither)
			return nil
		}
	}
	if _, ok := operatorNamed(op.keyword); ok {
		p.take()
		p.value()
		return nil
	}
	p.recover()
	return nil
}

// noOperator reports what stands where the operator behind a property should.
func (p *parser) noOperator(property, found *token) {
	const expected = "an operator such as -eq"
	near := ""
	switch {
	case found.kind == tokInvalid:
		return // the scanner has reported it
	case found.keyword == "not":
		near = OpNe.String() // as in: user.city -not null
	case found.keyword == "" && (found.kind == tokOperator || found.kind == tokWord):
		near = p.report.near(found.text, nearestOperator)
		if found.kind == tokOperator || near != "" {
			p.report.errorAt(found.at, fmt.Sprintf("there is no operator %s", p.describe(found)), expected, near)
			return
		}
	}
	p.report.errorAt(found.at, fmt.Sprintf("unexpected %s after %s", p.describe(found), p.describe(property)), expected, near)
}

const userPrefix = "user."

// hasPrefixFold is strings.HasPrefix in any letter case.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// property returns the canonical name of a property as written: without
// "user." and, where the catalogue knows it, in the catalogue's spelling. It
// reports what cannot stand here, and returns false when the clause then means
// nothing.
func (p *parser) property(t *token) (string, bool) {
	name := t.text
	switch {
	case name == Element:
		return p.element(t)
	case hasPrefixFold(name, planPrefix):
		return p.plan(t)
	case p.body == ofPlans:
		p.report.errorAt(t.at, "of a service plan only the properties can be compared", planForms, p.report.near(name, nearestPlanProperty))
		return name, false
	case p.body == ofEither:
		return name, false // the property of the collection is reported
	case p.body != noBody:
		p.report.errorAt(t.at, "inside -any and -all only the element may be compared", Element, "")
		return name, false
	case len(name) <= len(userPrefix) || !hasPrefixFold(name, userPrefix):
		near := p.report.near(name, catalogue().Nearest)
		suggestion := ""
		if near != "" {
			suggestion = userPrefix + near
		}
		p.report.errorAt(t.at, fmt.Sprintf("%s is not a property", p.describe(t)), p.body.expected(), suggestion)
		return near, false
	}
	name = name[len(userPrefix):]
	if name == Element {
		p.report.errorAt(t.at, fmt.Sprintf("Attribute not supported: %s", p.describe(t)), p.body.expected(), "")
		return name, false
	}
	if a, ok := catalogue().ByRule(name); ok {
		name = a.Rule
		p.spelling(t, userPrefix+name)
	}
	return name, true
}

// spelling notes that a name is spelt in its own way.
func (p *parser) spelling(t *token, canonical string) {
	if t.text != canonical {
		p.report.noteAt(t.at, fmt.Sprintf("%s is read as %s", p.describe(t), canonical))
	}
}

// element reads "_", which stands for an element of a collection of texts.
func (p *parser) element(t *token) (string, bool) {
	switch p.body {
	case ofElements, ofEither:
		return Element, true
	case ofPlans:
		p.report.errorAt(t.at, "of a service plan only the properties can be compared", planForms, "")
	default:
		p.report.errorAt(t.at, "_ stands for an element of a collection, inside -any and -all only", p.body.expected(), "")
	}
	return Element, false
}

// plan reads a property of a service plan.
func (p *parser) plan(t *token) (string, bool) {
	name, known := planProperty(t.text)
	switch {
	case p.body == noBody:
		p.report.errorAt(t.at, fmt.Sprintf("%s stands inside user.assignedPlans -any and -all only", p.describe(t)), p.body.expected(), "")
		return name, false
	case p.body == ofElements:
		p.report.errorAt(t.at, "inside -any and -all only the element may be compared", Element, "")
		return name, false
	case !known:
		p.report.errorAt(t.at, fmt.Sprintf("Attribute not supported: %s", p.describe(t)), planForms, p.report.near(t.text, nearestPlanProperty))
		return name, false
	}
	p.spelling(t, name)
	return name, true
}

// quantified reads the condition behind -any or -all. The property is t; ok is
// false when its fault is reported.
func (p *parser) quantified(t *token, property string, q Quantifier, ok bool) Node {
	op := p.peek()
	if p.body != noBody {
		if ok {
			p.report.errorAt(op.at, fmt.Sprintf("%s cannot stand inside a condition on elements", q), "an operator such as -eq", "")
		}
		ok = false
	}
	about := ofEither
	if a, known := catalogue().ByRule(property); known {
		about = bodyOf(a)
	}
	faults := p.report.errors
	n := p.condition(op, about)
	if n == nil && ok && about == ofEither && p.report.errors == faults {
		p.report.errorAt(t.at, fmt.Sprintf("Attribute not supported: %s", p.describe(t)), p.body.expected(), "")
	}
	if n == nil || !ok {
		return nil
	}
	return &Quantified{Property: property, Quantifier: q, Body: n, PropertyAt: t.at, At: Span{t.at.Start, p.lastEnd()}}
}

// condition reads what -any or -all asks, which need not stand in parentheses:
// by precedence it reaches as far as it is about the element.
func (p *parser) condition(op *token, about body) Node {
	p.take()
	if !p.enter(op.at) {
		return nil
	}
	defer p.leave()
	before, open := p.body, p.open
	p.body, p.open = about, true
	n := p.or()
	p.body, p.open = before, open
	return n
}
