package rule

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"rollcall/model"
)

// catalogue resolves the property names that every profile knows.
var catalogue = sync.OnceValue(model.FullSchema)

// clause reads a comparison or a condition on a collection.
func (p *parser) clause() Node {
	t := p.take()
	if message := unsupported(t, p.peek()); message != "" {
		p.report.errorAt(t.at, message, "", "")
		p.recover()
		return nil
	}
	property := p.property(t)
	op := p.peek()
	name := p.keyword()
	switch name {
	case "any":
		return p.quantified(t, property, Any)
	case "all":
		return p.quantified(t, property, All)
	}
	if operator, ok := operatorNamed(name); ok {
		p.take()
		value, ok := p.value()
		if !ok {
			return nil
		}
		return &Comparison{Property: property, Operator: operator, Value: value, PropertyAt: t.at, OperatorAt: op.at}
	}
	p.noOperator(t, op)
	p.recover()
	return nil
}

// noOperator reports what stands where the operator behind a property should.
func (p *parser) noOperator(property, found token) {
	const expected = "an operator such as -eq"
	near := nearestOperator(found.text)
	switch {
	case found.kind == tokInvalid:
		// The scanner has reported it.
	case found.kind == tokOperator && !isKeyword(found.text), found.kind == tokWord && near != "" && !isKeyword(found.text):
		p.report.errorAt(found.at, fmt.Sprintf("there is no operator %s", p.describe(found)), expected, near)
	default:
		p.report.errorAt(found.at, fmt.Sprintf("unexpected %s after %s", p.describe(found), p.describe(property)), expected, "")
	}
}

// unsupported explains the forms of Entra's language that rollcall reads and
// refuses; "" for every other clause.
func unsupported(t, next token) string {
	name := strings.ToLower(t.text)
	switch {
	case strings.HasPrefix(name, "device."):
		return "a device rule selects devices, not recipients"
	case name == "user.memberof":
		return "rules on user.memberOf are not supported: their members are known to Entra only"
	case name == "user.assignedplans":
		return "rules on user.assignedPlans are not supported: assigned plans are not synced"
	case name == "direct" && strings.EqualFold(next.text, "reports"):
		return "rules of the form Direct Reports for are not supported"
	default:
		return ""
	}
}

// property returns the canonical name of a property as written: without
// "user." and, where the catalogue knows it, in the catalogue's spelling.
func (p *parser) property(t token) string {
	if t.text == Element {
		if !p.body {
			p.report.errorAt(t.at, "_ stands for an element of a collection, inside -any and -all only", "a property such as user.department", "")
		}
		return Element
	}
	const prefix = "user."
	name := t.text
	if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
		name = name[len(prefix):]
	} else {
		suggestion := ""
		if near := catalogue().Nearest(name); near != "" {
			suggestion = prefix + near
		}
		p.report.errorAt(t.at, fmt.Sprintf("%s is not a property", p.describe(t)), "a property such as user.department", suggestion)
	}
	if name == Element {
		p.report.errorAt(t.at, fmt.Sprintf("Attribute not supported: %s", p.describe(t)), "a property such as user.department", "")
		return name
	}
	if a, ok := catalogue().ByRule(name); ok {
		if a.Rule != name {
			p.report.noteAt(t.at, fmt.Sprintf("%s is read as %s%s", p.describe(t), prefix, a.Rule))
		}
		name = a.Rule
	}
	if p.body {
		p.report.errorAt(t.at, "inside -any and -all only the element may be compared", Element, "")
	}
	return name
}

// quantified reads the condition behind -any or -all, which need not stand in
// parentheses: by precedence it reaches as far as it is about the element.
func (p *parser) quantified(t token, property string, q Quantifier) Node {
	op := p.take()
	if p.body || property == Element {
		p.report.errorAt(op.at, fmt.Sprintf("%s cannot stand inside a condition on elements", q), "", "")
	}
	if !p.enter(op.at) {
		return nil
	}
	defer p.leave()
	body, open := p.body, p.open
	p.body, p.open = true, true
	n := p.or()
	p.body, p.open = body, open
	if n == nil {
		return nil
	}
	return &Quantified{Property: property, Quantifier: q, Body: n, PropertyAt: t.at, At: Span{t.at.Start, p.lastEnd()}}
}

// value reads the right side of a comparison. It reports what is wrong and
// returns false when there is nothing to compare with.
func (p *parser) value() (Value, bool) {
	const expected = `a value such as "Sales", true, null or ["a", "b"]`
	t := p.peek()
	switch t.kind {
	case tokString:
		p.take()
		if strings.EqualFold(t.text, "null") {
			p.report.noteAt(t.at, `this is the text "null"; null without quotation marks tests for no value`)
		}
		return Value{Kind: Text, Text: t.text, At: t.at}, true
	case tokOpenList:
		return p.list(), true
	case tokOpen:
		p.take()
		if strings.EqualFold(p.peek().text, "system.now") {
			v, ok := p.now()
			if ok && p.peek().kind == tokClose {
				v.At = Span{t.at.Start, p.take().at.End}
				return v, true
			}
			if ok {
				p.report.errorAt(t.at, "the parenthesis is not closed", "a closing parenthesis", "")
			}
			p.recover()
			return Value{}, false
		}
		p.report.errorAt(t.at, "unexpected ( after an operator", expected, "")
		p.skipToClose()
		p.recover()
	case tokWord:
		if p.keyword() == "" {
			return p.bare()
		}
		p.report.errorAt(t.at, fmt.Sprintf("unexpected operator %s where a value should stand", p.describe(t)), expected, "")
		p.recover()
	case tokInvalid:
		p.recover()
	default:
		p.report.errorAt(t.at, fmt.Sprintf("unexpected %s where a value should stand", p.describe(t)), expected, "")
		p.recover()
	}
	return Value{}, false
}

// bare reads a value without quotation marks.
func (p *parser) bare() (Value, bool) {
	t := p.peek()
	if strings.EqualFold(t.text, "system.now") {
		return p.now()
	}
	p.take()
	switch strings.ToLower(strings.TrimPrefix(t.text, "$")) {
	case "null":
		return Value{Kind: Null, At: t.at}, true
	case "true":
		return Value{Kind: Bool, Bool: true, At: t.at}, true
	case "false":
		return Value{Kind: Bool, At: t.at}, true
	}
	if when, ok := parseInstant(t.text); ok {
		return Value{Kind: Time, Time: when, At: t.at}, true
	}
	if !strings.ContainsFunc(t.text, func(c rune) bool { return !unicode.IsDigit(c) }) {
		p.report.noteAt(t.at, fmt.Sprintf("the number is read as the text %q", t.text))
		return Value{Kind: Text, Text: t.text, At: t.at}, true
	}
	at := t.at
	for p.peek().kind == tokWord && p.keyword() == "" && !strings.Contains(p.peek().text, ".") {
		at.End = p.take().at.End
	}
	text := p.text[at.Start:at.End]
	p.report.errorAt(at, "a text stands in quotation marks", "", quote(text))
	return Value{Kind: Text, Text: text, At: at}, true
}

// now reads system.now and what is added to it.
func (p *parser) now() (Value, bool) {
	t := p.take()
	v := Value{Kind: Now, At: t.at}
	op := p.keyword()
	if op != "plus" && op != "minus" {
		return v, true
	}
	p.take()
	d := p.take()
	shift, err := parseDuration(d.text)
	if err != nil || d.kind != tokWord {
		p.report.errorAt(d.at, fmt.Sprintf("%s is not a duration", p.describe(d)), "an ISO 8601 duration such as P90D", "")
		return v, false
	}
	if shift != (Duration{}) {
		shift.Minus = op == "minus"
	}
	v.Shift = shift
	v.At.End = d.at.End
	return v, true
}

// list reads an array of texts.
func (p *parser) list() Value {
	open := p.take()
	v := Value{Kind: List, List: []Value{}}
	for {
		t := p.take()
		switch {
		case t.kind == tokString:
			v.List = append(v.List, Value{Kind: Text, Text: t.text, At: t.at})
		case t.kind == tokWord && t.keyword == "":
			if _, err := strconv.Atoi(t.text); err != nil {
				p.report.errorAt(t.at, "an array holds texts in quotation marks", "", quote(t.text))
			}
			v.List = append(v.List, Value{Kind: Text, Text: t.text, At: t.at})
		case t.kind == tokCloseList && len(v.List) == 0:
			p.report.errorAt(Span{open.at.Start, t.at.End}, "the array is empty", `values such as ["a", "b"]`, "")
			v.At = Span{open.at.Start, t.at.End}
			return v
		default:
			return p.brokenList(v, open, t)
		}
		switch t := p.take(); t.kind {
		case tokComma:
		case tokCloseList:
			v.At = Span{open.at.Start, t.at.End}
			return v
		default:
			return p.brokenList(v, open, t)
		}
	}
}

// brokenList reports the token that does not belong into an array and skips to
// the array's end.
func (p *parser) brokenList(v Value, open, t token) Value {
	if t.kind == tokEnd {
		p.report.errorAt(open.at, "the array is not closed", "a closing bracket", "")
	} else {
		p.report.errorAt(t.at, fmt.Sprintf("unexpected %s in an array", p.describe(t)), "a text, a comma or a closing bracket", "")
	}
	for t.kind != tokCloseList && t.kind != tokEnd {
		t = p.take()
	}
	v.At = Span{open.at.Start, t.at.End}
	return v
}
