package rule

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// EntraMaxGroups is how many groups a rule on memberOf may name in Entra.
// Source: Entra documentation, "Group membership for dynamic groups".
const EntraMaxGroups = 50

// How the clauses that stand alone are written, for messages.
const (
	memberOfForm      = `user.memberOf -any (group.objectId -in ["…"])`
	directReportsForm = `Direct Reports for "…"`
	idForm            = `an object id such as "62e19b97-8b3d-4d4a-a106-4ce66896a863"`
)

// isAlone knows the clauses that Entra combines with no other.
func isAlone(n Node) bool {
	switch n.(type) {
	case *MemberOf, *DirectReports:
		return true
	default:
		return false
	}
}

// aloneFault says what is wrong with a clause that is part of another node.
func aloneFault(n Node) string {
	if _, ok := n.(*MemberOf); ok {
		return "user.memberOf cannot be combined with other clauses"
	}
	return "Direct Reports for cannot be combined with other clauses"
}

const aloneExpected = "a rule that holds this clause alone; an audience can be kept within it by &rule:…"

// notAlone returns a node that other clauses are joined to; nil for one that
// must stand alone, which it reports once for each rule.
func (p *parser) notAlone(n Node) Node {
	if !isAlone(n) {
		return n
	}
	if !p.combined {
		p.combined = true
		p.report.errorAt(n.Span(), aloneFault(n), aloneExpected, "")
	}
	return nil
}

// memberOf reads `user.memberOf -any (group.objectId -in ["…"])`, with or
// without the parentheses.
func (p *parser) memberOf(t *token) Node {
	if p.keyword() != "any" {
		p.report.errorAt(p.peek().at, fmt.Sprintf("unexpected %s after %s", p.describe(p.peek()), p.describe(t)), memberOfForm, "")
		p.recover()
		return nil
	}
	p.spelling(t, "user.memberOf")
	p.take()
	opened := p.at
	for p.peek().kind == tokOpen {
		p.take()
	}
	openings := p.tokens[opened:p.at]
	groups, ok := p.groups()
	for i := len(openings) - 1; i >= 0; i-- {
		if next := p.peek(); ok && next.kind != tokClose && next.kind != tokEnd {
			p.report.errorAt(next.at, fmt.Sprintf("unexpected %s", p.describe(next)), "a closing parenthesis", "")
			ok = false
		}
		p.close(&openings[i])
	}
	if !ok && len(openings) == 0 {
		p.recover()
	}
	if len(groups) == 0 {
		return nil
	}
	return p.outsideBody(&MemberOf{Groups: groups, PropertyAt: t.at, At: Span{t.at.Start, p.lastEnd()}})
}

// groups reads `group.objectId -in ["…"]`.
func (p *parser) groups() (groups []Value, ok bool) {
	const property = "group.objectId"
	t := p.peek()
	if t.kind != tokWord || !strings.EqualFold(t.text, property) {
		p.report.errorAt(t.at, fmt.Sprintf("unexpected %s", p.describe(t)), property, "")
		return nil, false
	}
	p.spelling(t, property)
	p.take()
	op := p.peek()
	switch p.keyword() {
	case "eq":
		p.report.noteAt(op.at, fmt.Sprintf("%s is read as %s", p.describe(op), OpIn))
	case "in":
	default:
		p.report.errorAt(op.at, fmt.Sprintf("unexpected %s after %s", p.describe(op), property), OpIn.String(), "")
		return nil, false
	}
	p.take()
	t = p.peek()
	switch {
	case t.kind == tokOpenList:
		groups = p.list().List
		for i := range groups {
			groups[i] = p.withoutBraces(groups[i])
		}
		return groups, true
	case t.kind == tokString && op.keyword == "eq":
		p.take()
		return []Value{p.withoutBraces(Value{Kind: Text, Text: t.text, At: t.at})}, true
	case t.kind == tokString:
		p.take()
		p.report.needsArray(OpIn, Value{Kind: Text, Text: t.text, At: t.at})
		return nil, true
	}
	if id, ok := p.bareID(); ok {
		return []Value{id}, true
	}
	p.report.errorAt(t.at, fmt.Sprintf("unexpected %s where object ids should stand", p.describe(t)), "an array of object ids", "")
	return nil, false
}

// directReports reads `Direct Reports for "…"`. The first word is taken.
func (p *parser) directReports(t *token) Node {
	p.take()
	if word := p.peek(); word.kind != tokWord || !strings.EqualFold(word.text, "for") {
		p.report.errorAt(word.at, fmt.Sprintf("unexpected %s after Direct Reports", p.describe(word)), directReportsForm, "")
		p.recover()
		return nil
	}
	p.take()
	var manager Value
	if id := p.peek(); id.kind == tokString {
		p.take()
		manager = p.withoutBraces(Value{Kind: Text, Text: id.text, At: id.at})
	} else if bare, ok := p.bareID(); ok {
		manager = bare
	} else {
		p.report.errorAt(id.at, fmt.Sprintf("unexpected %s where the manager's object id should stand", p.describe(id)), idForm, "")
		p.recover()
		return nil
	}
	return p.outsideBody(&DirectReports{Manager: manager, At: Span{t.at.Start, manager.At.End}})
}

// outsideBody returns a clause that must stand alone; nil, with the fault,
// inside the condition of -any or -all.
func (p *parser) outsideBody(n Node) Node {
	if p.body != noBody {
		return p.notAlone(n)
	}
	return n
}

// withoutBraces reads an object id in the braces that Entra's documentation
// prints around it.
func (p *parser) withoutBraces(v Value) Value {
	inner, opened := strings.CutPrefix(v.Text, "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if opened && closed && isGUID(inner) {
		p.report.noteAt(v.At, "the braces around the object id are left out")
		v.Text = inner
	}
	return v
}

// bareID reads an object id that stands without quotation marks, and reports
// that.
func (p *parser) bareID() (Value, bool) {
	const length = len("62e19b97-8b3d-4d4a-a106-4ce66896a863")
	at := Span{p.peek().at.Start, p.peek().at.Start + length}
	if p.peek().kind != tokWord || at.End > len(p.text) || !isGUID(p.text[at.Start:at.End]) {
		return Value{}, false
	}
	// The scanner has cut the id into words and operators.
	last := p.at
	for p.tokens[last].at.End < at.End {
		last++
	}
	if p.tokens[last].at.End > at.End {
		return Value{}, false
	}
	p.at = last + 1
	text := p.text[at.Start:at.End]
	p.report.errorAt(at, "an object id stands in quotation marks", idForm, quote(text))
	return Value{Kind: Text, Text: text, At: at}, true
}

// isGUID reports an object id as Graph writes it, in any letter case.
func isGUID(s string) bool {
	return len(s) == len("62e19b97-8b3d-4d4a-a106-4ce66896a863") && uuid.Validate(s) == nil
}

// objectID checks the value that names an object.
func (c *checker) objectID(v Value) {
	if v.Kind == Text && isGUID(v.Text) {
		return
	}
	suggestion := ""
	if id, err := uuid.Parse(strings.Trim(v.Text, " {}")); err == nil {
		suggestion = quote(id.String())
	}
	c.report.errorAt(v.At, fmt.Sprintf("%s is not an object id", shortened(v.String())), idForm, suggestion)
}

// alone checks a clause that is the whole rule.
func (c *checker) alone(n Node) {
	switch n := n.(type) {
	case *MemberOf:
		for _, g := range n.Groups {
			c.objectID(g)
		}
		if len(n.Groups) > EntraMaxGroups {
			c.report.lintAt(n.At, fmt.Sprintf("the rule names %d groups; Entra takes at most %d", len(n.Groups), EntraMaxGroups), "")
		}
	case *DirectReports:
		c.objectID(n.Manager)
		if c.schema.LacksManager() {
			c.report.errorAt(n.At, "the tenant refuses to give managers, so that nobody's direct reports are known", "a rule on something that was read", "")
		}
	}
}
