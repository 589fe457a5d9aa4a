package rule

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"rollcall/model"
)

// OPATHMaxLength is the longest recipient filter, in characters, that Exchange
// takes, with what it adds itself. Source: Exchange PowerShell documentation,
// New-DynamicDistributionGroup, RecipientFilter.
const OPATHMaxLength = 2048

// opath says a rule as a recipient filter.
//
// From the Exchange PowerShell documentation ("Filterable properties for the
// RecipientFilter parameter", "Recipient filters in Exchange PowerShell
// commands") are known: the properties, -eq and -ne with $null for blank and
// not blank, -like and -notlike with * as their only wildcard, quotation marks
// doubled inside quotation marks. Not documented is whether -ne and -notlike
// hold for a blank property: so that it does not matter, the complement of a
// clause asks for $null first. Not documented either is which letters Exchange
// takes for equal besides capital and small ones.
//
// A rule selects users, a recipient filter whatever has an address. The filter
// therefore asks for the types that users have: mailboxes, those of rooms and
// shared ones among them, and mail users, guests among them.
type opath struct {
	schema  *model.Schema
	report  *reporter
	element *model.Attribute // the collection whose elements are compared; nil outside
}

const onlyUsers = "(RecipientType -eq 'UserMailbox') -or (RecipientType -eq 'MailUser')"

func (t *Translation) opath(r *Rule, s *model.Schema) {
	o := &opath{schema: s, report: &reporter{}}
	whole := Span{0, len(r.Text)}
	var p phrase
	switch n := r.Root.(type) {
	case nil:
		o.report.errorAt(Span{}, "the rule is empty", "a clause", "")
	case *MemberOf:
		o.report.errorAt(n.At, "user.memberOf cannot be said as an Exchange recipient filter: MemberOfGroup takes the distinguished name that Exchange gives a group, not its object id", "", "")
	case *DirectReports:
		o.report.errorAt(n.At, "Direct Reports for cannot be said as an Exchange recipient filter: Manager takes the distinguished name that Exchange gives a recipient, not the object id", "", "")
	default:
		p = say(o, n, true)
		if p.decided && !p.holds {
			o.report.errorAt(whole, "the rule holds for nobody, whatever the data are: no list is needed for that", "", "")
		}
	}
	text := onlyUsers
	if !p.decided {
		text = "(" + onlyUsers + ") -and (" + p.text + ")"
	}
	if n := utf8.RuneCountInString(text); n > OPATHMaxLength {
		o.report.errorAt(whole, fmt.Sprintf("the recipient filter has %d characters; Exchange takes at most %d, with what it adds itself", n, OPATHMaxLength), "", "")
	}
	if HasErrors(o.report.list) {
		t.Diagnostics = o.report.faults(r.Text)
		return
	}
	t.Text = text
	o.report.noteAt(whole, "a dynamic distribution list holds recipients only: a user without mailbox and mail address is never in it; the types keep contacts and groups out")
	o.report.noteAt(whole, "in PowerShell the filter stands between braces: -RecipientFilter {…}")
	t.Diagnostics = o.report.located(r.Text)
}

func (o *opath) join(parts []phrase, or bool) phrase {
	joint, binds := " -and ", bindsAnd
	if or {
		joint, binds = " -or ", bindsOr
	}
	texts := make([]string, len(parts))
	for i, p := range parts {
		if texts[i] = p.text; p.binds != binds {
			texts[i] = "(" + p.text + ")"
		}
	}
	return phrase{text: strings.Join(texts, joint), binds: binds}
}

// refuse reports a clause that a recipient filter cannot say.
func (o *opath) refuse(n Node, why string) phrase { return o.refuseFor(n, why, "") }

func (o *opath) refuseFor(n Node, why, suggestion string) phrase {
	o.report.errorAt(n.Span(), named(n)+" cannot be said in an Exchange recipient filter: "+why, "", suggestion)
	return clause("?")
}

func (o *opath) property(n Node, name string) (model.Attribute, recipientProperty, bool) {
	a, ok := o.schema.ByRule(name)
	if !ok {
		o.refuse(n, "there is no such property")
		return a, recipientProperty{}, false
	}
	p, ok := recipientProperties()[a.ID]
	if !ok {
		o.refuse(n, noRecipientProperty(a))
	}
	return a, p, ok
}

func (o *opath) quantified(n *Quantified, holds bool) phrase {
	a, p, ok := o.property(n, n.Property)
	if !ok {
		return clause("?")
	}
	o.element = &a
	defer func() { o.element = nil }()
	refused := o.report.errors
	// All elements satisfy the body where none satisfies its complement.
	wanted := n.Quantifier == Any
	body := say(o, n.Body, wanted)
	switch {
	case o.report.errors > refused:
		return body
	case body.decided && body.holds:
		return o.blank(p, holds != wanted)
	case body.decided:
		return constantly(holds != wanted)
	case !anyElement(n.Body, wanted):
		return o.refuse(n, "a comparison with "+p.name+" asks for any of the values, and two can be met by different ones")
	}
	return o.not(body, holds != wanted)
}

// anyElement reports whether a condition on an element, or its complement, is
// one comparison or an alternative of such: for these alone "any element" can be
// asked of each part apart.
func anyElement(n Node, holds bool) bool {
	switch n := n.(type) {
	case *And:
		return !holds && allOf(n.Operands, holds)
	case *Or:
		return holds && allOf(n.Operands, holds)
	case *Not:
		return anyElement(n.Operand, !holds)
	case *Comparison:
		return holds != n.Operator.Negative()
	default:
		return false
	}
}

func allOf(operands []Node, holds bool) bool {
	for _, n := range operands {
		if !anyElement(n, holds) {
			return false
		}
	}
	return true
}

// not is the complement of a condition on several values, when it is asked for.
func (o *opath) not(p phrase, negated bool) phrase {
	if negated {
		p.text, p.binds = "-not ("+p.text+")", bindsNot
	}
	return p
}

// blank says that a property has no value, or has one.
func (o *opath) blank(p recipientProperty, holds bool) phrase {
	switch {
	case p.neverNull:
		return constantly(!holds)
	case holds:
		return clause(p.name + " -eq $null")
	default:
		return clause(p.name + " -ne $null")
	}
}

func (o *opath) comparison(n *Comparison, holds bool) phrase {
	name := n.Property
	if o.element != nil {
		name = o.element.Rule
	}
	a, p, ok := o.property(n, name)
	switch op := n.Operator.Positive(); {
	case !ok:
		return clause("?")
	case n.Value.Kind == Null:
		return o.missing(p, holds)
	case op == OpEq:
		return o.equal(n, a, p, []string{n.Value.Text}, holds)
	case op == OpIn:
		return o.equal(n, a, p, alternatives(n.Value.List), holds)
	case op == OpMatch:
		return o.pattern(n)
	case n.Value.Text == "":
		return o.missing(p, !holds)
	default:
		return o.like(n, p, holds)
	}
}

// pattern refuses a regular expression, with what says the same and can be said.
func (o *opath) pattern(n *Comparison) phrase {
	suggestion := ""
	probe := &opath{schema: o.schema, report: &reporter{}, element: o.element}
	if better, ok := withoutPattern(n); ok && probe.comparison(better, true).text != "" && !HasErrors(probe.report.list) {
		suggestion = Print(better)
	}
	return o.refuseFor(n, "Exchange has no regular expressions", suggestion)
}

// missing says that there is no value, or that there is one. An element is one.
func (o *opath) missing(p recipientProperty, holds bool) phrase {
	if o.element != nil {
		return constantly(!holds)
	}
	return o.blank(p, holds)
}

// equal says that a property has one of the values.
func (o *opath) equal(n *Comparison, a model.Attribute, p recipientProperty, values []string, holds bool) phrase {
	var literals []string
	for _, v := range values {
		if v == "" || a.ID == model.AttrObjectID && !isGUID(v) {
			continue // no user has it
		}
		if why := unequal(a, p, v); why != "" {
			return o.refuse(n, why)
		}
		literals = append(literals, opathLiteral(v))
	}
	if a.ID == model.AttrCountry {
		o.report.noteAt(n.Span(), "CountryOrRegion is the two-letter code in Exchange: a country that Entra holds by its name is there under its code")
	}
	return o.compare(p, "-eq", "-ne", literals, holds)
}

// unequal says why a value cannot be compared by -eq; "" when it can.
func unequal(a model.Attribute, p recipientProperty, v string) string {
	switch {
	case unquotable(v) != "":
		return unquotable(v)
	case strings.Contains(v, "*"):
		return "it is not documented that -eq takes * for itself"
	case p.exact && !isCountryCode(v):
		return p.name + " is a two-letter code of ISO 3166"
	case a.ID == model.AttrProxyAddresses && !strings.Contains(v, ":"):
		return "EmailAddresses begin with their kind, and without it Exchange takes smtp: for meant"
	}
	return ""
}

func isCountryCode(v string) bool {
	return len(v) == 2 && !strings.ContainsFunc(v, func(c rune) bool { return c > unicode.MaxASCII || !unicode.IsLetter(c) })
}

// like says that a property begins or ends with a text, or contains it.
func (o *opath) like(n *Comparison, p recipientProperty, holds bool) phrase {
	v := n.Value.Text
	switch op := n.Operator.Positive(); {
	case p.exact:
		return o.refuse(n, p.name+" takes no wildcards")
	case unquotable(v) != "":
		return o.refuse(n, unquotable(v))
	case strings.ContainsAny(v, "*?[]`"):
		return o.refuse(n, "no way is documented to write *, ?, brackets or backticks for themselves in a pattern")
	case p.several && op == OpStartsWith && !strings.Contains(v, ":"):
		return o.refuse(n, "EmailAddresses begin with their kind, such as smtp:, which the text must name whole")
	case p.several && op == OpContains && !strings.ContainsAny(v, "@."):
		return o.refuse(n, "it is not documented that a pattern sees the kind that EmailAddresses begin with, and the text may be part of it")
	case op == OpStartsWith:
		v += "*"
	case op == OpEndsWith:
		v = "*" + v
	default:
		v = "*" + v + "*"
	}
	if v[0] == '*' {
		o.report.lintAt(n.OperatorAt, "Exchange Online refuses a leading * for most properties, and is slow with it for the others", "")
	}
	return o.compare(p, "-like", "-notlike", []string{opathLiteral(v)}, holds)
}

// compare says that one of the literals compares, or that none does. A blank
// property compares with none, for which the complement asks first. Of several
// values the complement is one around the whole.
func (o *opath) compare(p recipientProperty, positive, negative string, literals []string, holds bool) phrase {
	operator := positive
	if !holds && !p.several {
		operator = negative
	}
	parts := make([]phrase, len(literals))
	for i, l := range literals {
		parts[i] = clause(p.name + " " + operator + " " + l)
	}
	switch {
	case len(parts) == 0:
		return constantly(!holds)
	case o.element != nil:
		return settled(o, parts, true) // quantified refuses complements
	case p.several:
		return o.not(settled(o, parts, true), !holds)
	case holds:
		return settled(o, parts, true)
	case p.neverNull:
		return settled(o, parts, false)
	default:
		return settled(o, []phrase{o.blank(p, true), settled(o, parts, false)}, true)
	}
}

// unquotable says what in a text cannot be written between quotation marks; ""
// when all of it can. PowerShell takes curly quotation marks for straight ones.
func unquotable(v string) string {
	switch {
	case strings.Contains(v, "$"):
		return "Exchange may read what follows $ as the name of a variable"
	case strings.ContainsAny(v, "\u2018\u2019\u201a\u201b"):
		return "PowerShell takes a curly quotation mark for the end of the text"
	case strings.ContainsFunc(v, unicode.IsControl):
		return "the text holds control characters"
	}
	return ""
}

func opathLiteral(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }
