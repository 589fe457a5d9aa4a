package rule

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"rollcall/model"
)

// Bounds of Graph's /users on a $filter. Sources: Microsoft Graph known issues,
// "Some limitations apply to query parameters" (the list of in, the value of
// eq, the length of the URL); microsoft-graph-docs issues 21098 (the 15 count
// for or as well) and 3641 (the height).
const (
	maxPlainClauses = 15
	maxPlainValue   = 120 // characters of one value
	maxPlainHeight  = 3
	maxAdvancedURL  = 2048 // characters of the URL of an advanced query
)

// advancedURL is what a URL of an advanced query holds besides the filter.
const advancedURL = "https://graph.microsoft.com/v1.0/users?$count=true&$filter="

// odata says a rule as a $filter of /users.
//
// Exact is every clause under both readings of null: Graph's documentation
// shows "ne null and not (… eq …)", which makes not the complement that it is
// here, while by OData a function of null is null, and so is its negation.
// Therefore the complement of a function asks for null first. Comparisons with
// null are false in both, and ne of null is true. How Graph compares letters
// whose case differs outside ASCII is not documented; that it ignores case is.
type odata struct {
	schema *model.Schema
	report *reporter
	now    time.Time

	advanced bool
	inside   *filterable // of the collection whose elements are compared; nil outside any()
	negated  bool        // it was noted that a negation stands inside any()
}

func (t *Translation) odata(r *Rule, s *model.Schema, now time.Time) {
	o := &odata{schema: s, report: &reporter{}, now: now}
	whole := Span{0, len(r.Text)}
	if o.alone(r.Root) {
		t.Diagnostics = o.report.located(r.Text)
		return
	}
	p := say(o, r.Root, true)
	if p.decided {
		// Every user is enabled or is not; advanced parameters are asked for
		// only by ne, which is true of null, too.
		p.text = "accountEnabled eq true and accountEnabled eq false"
		if p.holds {
			o.advanced = true
			p.text = "accountEnabled eq true or accountEnabled ne true"
			o.report.noteAt(whole, "the rule holds for every user: without a $filter Graph lists the same")
		} else {
			o.report.noteAt(whole, "the rule holds for nobody, whatever the data are")
		}
	}
	if HasErrors(o.report.list) {
		t.Diagnostics = o.report.faults(r.Text)
		return
	}
	o.measure(p, whole)
	t.Text, t.Advanced = p.text, o.advanced
	if n := len(advancedURL) + len(url.QueryEscape(p.text)); o.advanced && n > maxAdvancedURL {
		o.report.lintAt(whole, fmt.Sprintf("the URL takes %d characters with this filter; Graph documents %d for a query with the advanced parameters", n, maxAdvancedURL), "")
	}
	t.Diagnostics = o.report.located(r.Text)
}

// measure asks for the advanced parameters where only they lift a bound.
func (o *odata) measure(p phrase, at Span) {
	reason := ""
	switch {
	case p.either && p.clauses > maxPlainClauses:
		reason = fmt.Sprintf("it has more than %d alternatives", maxPlainClauses)
	case p.height > maxPlainHeight:
		reason = fmt.Sprintf("it nests deeper than %d levels", maxPlainHeight)
	default:
		return
	}
	if !o.advanced {
		o.report.noteAt(at, "Graph takes the filter with the advanced parameters only: "+reason)
	}
	o.advanced = true
}

// alone reports the rules that /users cannot be filtered by.
func (o *odata) alone(n Node) bool {
	const listed = "GET /groups/%s/members/microsoft.graph.user"
	switch n := n.(type) {
	case nil:
		o.report.errorAt(Span{}, "the rule is empty", "a clause", "")
	case *MemberOf:
		id := "{id}"
		if len(n.Groups) == 1 {
			id = n.Groups[0].Text
		}
		o.report.errorAt(n.At, "user.memberOf cannot be said as a $filter of /users: "+fmt.Sprintf(listed, id)+" lists the direct members of a group", "", "")
	case *DirectReports:
		o.report.errorAt(n.At, "Direct Reports for cannot be said as a $filter of /users: GET /users/"+n.Manager.Text+"/directReports lists them", "", "")
	default:
		return false
	}
	return true
}

func (o *odata) join(parts []phrase, or bool) phrase {
	joint, binds := " and ", bindsAnd
	if or {
		joint, binds = " or ", bindsOr
	}
	texts := make([]string, len(parts))
	for i, p := range parts {
		if texts[i] = p.text; p.binds < binds {
			texts[i] = "(" + p.text + ")"
		}
	}
	return phrase{text: strings.Join(texts, joint), binds: binds}
}

// refuse reports a clause that a $filter cannot say.
func (o *odata) refuse(n Node, why, suggestion string) phrase {
	o.report.errorAt(n.Span(), named(n)+" cannot be said in a Graph $filter: "+why, "", suggestion)
	return clause("?")
}

// may reports whether the property can be asked, and remembers the need of the
// advanced parameters.
func (o *odata) may(f filterable, what asks) bool {
	if f.plain&what == what {
		return true
	}
	if (f.plain|f.advanced)&what != what {
		return false
	}
	o.advanced = true
	return true
}

// not is the complement of a condition that is never unknown.
func (o *odata) not(p phrase) phrase {
	o.advanced = true
	p.text, p.binds = "not ("+p.text+")", bindsClause
	p.height++
	return p
}

func (o *odata) complementUnless(holds bool, p phrase) phrase {
	if holds {
		return p
	}
	return o.not(p)
}

func (o *odata) comparison(n *Comparison, holds bool) phrase {
	if o.inside != nil {
		return o.element(n, holds)
	}
	a, ok := o.schema.ByRule(n.Property)
	if !ok {
		return o.refuse(n, "there is no such property", "")
	}
	f := filterOf(a)
	switch {
	case a.ID == model.AttrIMAddresses:
		return o.refuse(n, "Graph keeps several addresses in imAddresses, of which user."+a.Rule+" is the first only", "")
	case f.plain|f.advanced == 0:
		return o.refuse(n, "Graph does not filter by "+f.path, "")
	case a.IsExtension():
		o.report.noteAt(n.PropertyAt, "the value is written as a text: of an extension of another type Graph refuses it")
	}
	switch {
	case n.Value.Kind == Null:
		return o.null(n, a, f, holds)
	case a.Type.IsCollection() || a.ID == model.AttrBusinessPhone:
		o.inside = &f
		defer func() { o.inside = nil }()
		return o.anyOf(f, o.element(n, true), holds)
	case a.Type == model.TypeBool:
		value, _ := n.Value.truth()
		o.may(f, asksEq)
		return o.equal(f.path, fmt.Sprint(value), holds)
	case a.Type == model.TypeTime:
		return o.moment(n, f, holds)
	default:
		return o.text(n, f, f.path, holds)
	}
}

// equal says eq, or ne: of null the one is false and the other is true.
func (o *odata) equal(path, literal string, holds bool) phrase {
	if holds {
		return clause(path + " eq " + literal)
	}
	o.advanced = true
	return clause(path + " ne " + literal)
}

// null says "-eq null".
func (o *odata) null(n *Comparison, a model.Attribute, f filterable, holds bool) phrase {
	switch {
	case f.neverNull:
		return constantly(!holds)
	case o.may(f, asksEmpty):
		return o.count(f, holds)
	case a.Type == model.TypeTime && o.may(f, asksOrder):
		// Graph does not compare the date with null, but every date is later
		// than the first that a DateTimeOffset can hold.
		return o.complementUnless(!holds, clause(f.path+" ge 0001-01-01T00:00:00Z"))
	case o.may(f, asksNull):
		return o.equal(f.path, "null", holds)
	}
	return o.refuse(n, "Graph does not compare "+f.path+" with null", "")
}

// count says that a collection has no elements, or has some.
func (o *odata) count(f filterable, none bool) phrase {
	o.may(f, asksEmpty)
	if none {
		return clause(f.path + "/$count eq 0")
	}
	return clause(f.path + "/$count ne 0")
}

func (o *odata) moment(n *Comparison, f filterable, holds bool) phrase {
	at, _ := n.Value.instant(o.now)
	if n.Value.Kind == Now {
		o.report.noteAt(n.Value.At, fmt.Sprintf("%s stands in the filter as %s: it does not move on with time", n.Value, at.Format(time.RFC3339)))
	}
	if y := at.Year(); y < 1 || y > 9999 {
		return o.refuse(n, "a date lies between the years 1 and 9999", "")
	}
	literal := at.Format(time.RFC3339)
	switch n.Operator.Positive() {
	case OpLe:
		o.may(f, asksOrder)
		return o.complementUnless(holds, clause(f.path+" le "+literal))
	case OpGe:
		o.may(f, asksOrder)
		return o.complementUnless(holds, clause(f.path+" ge "+literal))
	default:
		o.may(f, asksEq)
		return o.equal(f.path, literal, holds)
	}
}

// text compares a text at a path. The empty text equals nothing, and whatever
// is not null begins and ends with it.
func (o *odata) text(n *Comparison, f filterable, path string, holds bool) phrase {
	value := n.Value.Text
	o.long(n.Value)
	switch op := n.Operator.Positive(); {
	case op == OpEq && !f.canEqual(value):
		return constantly(!holds)
	case op == OpEq:
		o.may(f, asksEq)
		return o.equal(path, o.literal(value), holds)
	case op == OpIn:
		return o.list(n, f, path, holds)
	case op == OpStartsWith && o.may(f, asksStarts):
		return o.function("startswith", f, path, value, holds)
	case op == OpEndsWith && o.may(f, asksEnds):
		return o.function("endswith", f, path, value, holds)
	}
	return o.refuse(n, lacking(n.Operator.Positive(), f.path), o.plainer(n))
}

// lacking says which operator Graph lacks.
func lacking(op Operator, path string) string {
	switch op {
	case OpContains:
		return "Graph does not search inside values"
	case OpMatch:
		return "Graph has no regular expressions"
	case OpEndsWith:
		return "Graph takes endsWith for mail, otherMails, proxyAddresses and userPrincipalName only"
	case OpStartsWith:
		return "Graph takes no startsWith for " + path
	default:
		return "Graph takes no such operator for " + path
	}
}

// plainer suggests what says the same as a regular expression and can be said;
// "" where nothing does.
func (o *odata) plainer(n *Comparison) string {
	better, ok := withoutPattern(n)
	probe := &odata{schema: o.schema, report: &reporter{}, now: o.now, inside: o.inside}
	if !ok || probe.comparison(better, true).text == "" || HasErrors(probe.report.list) {
		return ""
	}
	return Print(better)
}

// list says -in. Graph takes in where it takes eq, but not on collections.
func (o *odata) list(n *Comparison, f filterable, path string, holds bool) phrase {
	var literals []string
	for _, v := range alternatives(n.Value.List) {
		if f.canEqual(v) {
			literals = append(literals, o.literal(v))
		}
	}
	switch {
	case len(literals) == 0:
		return constantly(!holds)
	case len(literals) == 1:
		o.may(f, asksEq)
		return o.equal(path, literals[0], holds)
	case o.inside == nil && o.may(f, asksIn):
		p := clause(path + " in (" + strings.Join(literals, ",") + ")")
		p.clauses, p.either = len(literals), true
		return o.complementUnless(holds, p)
	}
	o.may(f, asksEq)
	parts := make([]phrase, len(literals))
	for i, l := range literals {
		parts[i] = o.equal(path, l, holds)
	}
	return settled(o, parts, holds)
}

// function says startsWith or endsWith. Graph refuses it with an empty text
// (Microsoft Q&A 515417), which says that there is a value at all.
func (o *odata) function(name string, f filterable, path, value string, holds bool) phrase {
	inside := o.inside != nil
	nullable := !inside && !f.neverNull
	switch {
	case value == "" && nullable:
		o.may(f, asksNull)
		return o.equal(path, "null", !holds)
	case value == "":
		return constantly(holds)
	}
	p := clause(name + "(" + path + "," + o.literal(value) + ")")
	if holds {
		return p
	}
	o.advanced = true
	p.text = "not " + p.text
	if nullable && o.may(f, asksNull) {
		return settled(o, []phrase{clause(path + " eq null"), p}, true)
	}
	return p
}

// literal quotes a text. Source: OData 4.01 ABNF, SQUOTE-in-string.
func (o *odata) literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// long asks for the advanced parameters where a value is longer than Graph
// takes without.
func (o *odata) long(v Value) {
	for _, e := range append([]Value{v}, v.List...) {
		if utf8.RuneCountInString(e.Text) > maxPlainValue {
			o.advanced = true
		}
	}
}

func (o *odata) quantified(n *Quantified, holds bool) phrase {
	a, ok := o.schema.ByRule(n.Property)
	if !ok {
		return o.refuse(n, "there is no such property", "")
	}
	f := filterOf(a)
	o.inside = &f
	defer func() { o.inside = nil }()
	if n.Quantifier == All {
		// All elements satisfy the body where none satisfies its complement.
		return o.anyOf(f, say(o, n.Body, false), !holds)
	}
	return o.anyOf(f, say(o, n.Body, true), holds)
}

// anyOf says that an element satisfies the body, or that none does.
func (o *odata) anyOf(f filterable, body phrase, holds bool) phrase {
	switch {
	case body.decided && body.holds:
		return o.count(f, !holds)
	case body.decided:
		return constantly(!holds)
	}
	body.text, body.binds = f.path+"/any(p:"+body.text+")", bindsClause
	return o.complementUnless(holds, body)
}

// element compares an element of a collection, which is never null, or a
// property of a service plan.
func (o *odata) element(n *Comparison, holds bool) phrase {
	var p phrase
	switch {
	case isPlanProperty(n.Property):
		o.long(n.Value)
		p = o.plan(n)
	case n.Value.Kind == Null:
		p = constantly(false)
	default:
		p = o.text(n, *o.inside, "p", true)
	}
	switch {
	case p.decided:
		return constantly(p.holds == holds)
	case holds:
		return p
	}
	// Negations inside any() are written as not: Graph's documentation asks for
	// it around any(), and shows no example inside.
	if !o.negated {
		o.report.noteAt(n.Span(), "Graph documents not before any(…), and shows no example of it inside, as here")
		o.negated = true
	}
	return o.not(p)
}

// plan compares a property of a service plan. Graph takes eq only.
func (o *odata) plan(n *Comparison) phrase {
	path := "p" + strings.TrimPrefix(n.Property, "assignedPlan")
	path = strings.Replace(path, ".", "/", 1)
	values := []string{n.Value.Text}
	o.may(*o.inside, asksEq)
	switch op := n.Operator.Positive(); {
	case n.Value.Kind == Null && n.Property == PlanID:
		return constantly(false) // every plan has an id
	case n.Value.Kind == Null:
		return o.refuse(n, "Graph does not compare the parts of a plan with null", "")
	case op == OpIn:
		values = alternatives(n.Value.List)
	case op != OpEq:
		return o.refuse(n, "of a plan's parts Graph takes eq only", "")
	}
	var parts []phrase
	for _, v := range values {
		literal := o.literal(v)
		if n.Property == PlanID {
			if literal = v; !isGUID(v) {
				return o.refuse(n, "a plan's id is a GUID", "")
			}
		}
		if v != "" {
			parts = append(parts, clause(path+" eq "+literal))
		}
	}
	return settled(o, parts, true)
}
