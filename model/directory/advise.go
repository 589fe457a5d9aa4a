package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rollcall/model"
	"rollcall/model/rule"
)

// maxRemarks bounds the values, and the clauses, that a rule is advised on:
// behind them a list of remarks helps nobody.
const maxRemarks = 20

// nearestNamed is the number of values that a remark names.
const nearestNamed = 3

// Advise returns what the users make of a rule, as lints in the order of the
// text: values that nobody has, clauses and rules that select nobody or
// everybody, and operators that happen to say less than a better one. The set
// is what Select has found for the program. Where there are no users there is
// nothing to say.
func (s *Snapshot) Advise(ctx context.Context, p *rule.Program, selected *Set) ([]rule.Diagnostic, error) {
	if s.live == 0 || p.Rule().Root == nil {
		return nil, ctx.Err()
	}
	a := &adviser{Snapshot: s, ctx: ctx, program: p, unknown: map[rule.Node]bool{}, held: map[place]map[string]bool{}}
	a.values()
	a.clauses(p.Rule().Root, selected)
	a.operators()
	return rule.Located(p.Rule().Text, a.remarks), a.err
}

// adviser collects remarks on one rule.
type adviser struct {
	*Snapshot
	ctx     context.Context
	program *rule.Program
	remarks []rule.Diagnostic
	unknown map[rule.Node]bool // comparisons of which a value has been remarked on
	// compared are the comparisons of the rule with texts, held the values of
	// theirs, folded, that somebody has, by where they are looked for.
	compared []compared
	held     map[place]map[string]bool
	err      error
}

// place is where a value is looked for: in an attribute, or in a part of it.
type place struct {
	attribute model.AttrID
	what      string
}

func (a *adviser) remark(at rule.Span, message, suggestion string, nearest []rule.Candidate) {
	a.remarks = append(a.remarks, rule.Diagnostic{
		Severity: rule.Lint, Start: at.Start, End: at.End,
		Message: message, Suggestion: suggestion, Nearest: nearest,
	})
}

// compared is a comparison of a text, and what it is compared with.
type compared struct {
	*rule.Comparison
	attribute model.Attribute
	part      func(value string) string // of a service plan; nil: the value
	what      string                    // for messages
}

// values remarks on the values of the rule that no user has.
func (a *adviser) values() {
	rule.Walk(a.program.Rule().Root, func(n rule.Node) {
		switch n := n.(type) {
		case *rule.Comparison:
			if n.Property != rule.Element && planPart(n.Property) == nil {
				a.append(n, n.Property)
			}
		case *rule.Quantified:
			rule.Walk(n.Body, func(of rule.Node) {
				if c, ok := of.(*rule.Comparison); ok {
					a.append(c, n.Property)
				}
			})
		}
	})
	for _, c := range a.compared {
		if a.err != nil || len(a.remarks) >= maxRemarks {
			return
		}
		switch c.Operator.Positive() {
		case rule.OpEq, rule.OpIn:
			a.wholeValues(c)
		case rule.OpStartsWith, rule.OpEndsWith, rule.OpContains:
			a.partOfValue(c)
		}
	}
}

// append adds a comparison of texts with values of the attribute of a
// property.
func (a *adviser) append(c *rule.Comparison, property string) {
	attribute, ok := a.schema.ByRule(property)
	if !ok || attribute.Type == model.TypeBool || attribute.Type == model.TypeTime {
		return
	}
	if c.Value.Kind != rule.Text && c.Value.Kind != rule.List {
		return
	}
	what := attribute.Rule
	part := planPart(c.Property)
	if part != nil {
		what = c.Property
	}
	a.compared = append(a.compared, compared{c, attribute, part, what})
}

// whole are the values that a comparison looks for whole.
func (c compared) whole() []rule.Value {
	switch {
	case c.Operator.Positive() != rule.OpEq && c.Operator.Positive() != rule.OpIn:
		return nil
	case c.Value.Kind == rule.Text:
		return []rule.Value{c.Value}
	default:
		return c.Value.List
	}
}

// planPart returns what a property of a service plan takes of a value; nil for
// any other property.
func planPart(property string) func(string) string {
	part := func(of func(model.ServicePlan) string) func(string) string {
		return func(value string) string {
			plan, _ := model.ParseServicePlan(value)
			return of(plan)
		}
	}
	switch property {
	case rule.PlanID:
		return part(func(p model.ServicePlan) string { return p.ServicePlanID })
	case rule.PlanName:
		return part(func(p model.ServicePlan) string { return p.Service })
	case rule.PlanStatus:
		return part(func(p model.ServicePlan) string { return p.CapabilityStatus })
	default:
		return nil
	}
}

// wholeValues remarks on those of the values that no user has.
func (a *adviser) wholeValues(c compared) {
	for _, v := range c.whole() {
		switch {
		case a.err != nil || len(a.remarks) >= maxRemarks:
			return
		case !a.isHeld(c, v.Text) && a.err == nil:
			a.nobodyHas(c, v, fmt.Sprintf("no synced user has %s %q", c.what, v.Text), rule.OpEq)
		}
	}
}

// isHeld reports whether a user has a value of the rule.
func (a *adviser) isHeld(c compared, value string) bool {
	if c.attribute.ID == model.AttrObjectID {
		_, known := a.ByID(value)
		return known
	}
	at := place{c.attribute.ID, c.what}
	if a.held[at] == nil {
		a.held[at] = a.heldAt(at, c.part)
	}
	return a.held[at][rule.Fold(value)]
}

// heldAt looks for all values that the rule wants at a place, in one go.
func (a *adviser) heldAt(at place, part func(string) string) map[string]bool {
	// Numbers are of 16 bits, and a rule of the greatest length has no more
	// values.
	wanted := map[string]uint16{}
	for _, c := range a.compared {
		if (place{c.attribute.ID, c.what}) != at {
			continue
		}
		for _, v := range c.whole() {
			if folded := rule.Fold(v.Text); wanted[folded] == 0 {
				wanted[folded] = uint16(len(wanted) + 1)
			}
		}
	}
	held := map[string]bool{}
	users, err := a.countValues(a.ctx, &a.columns[at.attribute], part, wanted)
	if err != nil {
		a.err = err
		return held
	}
	for folded, n := range wanted {
		held[folded] = users[n] > 0
	}
	return held
}

// partOfValue remarks on a beginning, an end or a part that no value has.
func (a *adviser) partOfValue(c compared) {
	operator, verb := c.Operator.Positive(), ""
	switch operator {
	case rule.OpStartsWith:
		verb = "begins with"
	case rule.OpEndsWith:
		verb = "ends with"
	default:
		verb = "contains"
	}
	positive := *c.Comparison
	positive.Operator = operator
	if a.count(c.asRule(&positive)) == 0 {
		a.nobodyHas(c, c.Value, fmt.Sprintf("no synced user's %s %s %q", c.what, verb, c.Value.Text), operator)
	}
}

// asRule returns a rule on the users of whom any value satisfies a comparison.
func (c compared) asRule(n *rule.Comparison) rule.Node {
	switch {
	case c.part != nil:
		return &rule.Quantified{Property: c.attribute.Rule, Quantifier: rule.Any, Body: n}
	case n.Property == rule.Element:
		of := *n
		of.Property = c.attribute.Rule
		return &of
	default:
		return n
	}
}

// count returns how many users a tree selects, -1 on an error. It must not ask
// for the time.
func (a *adviser) count(n rule.Node) int {
	if a.err != nil {
		return -1
	}
	p, _, err := rule.Compile(rule.Print(n), a.schema, time.Time{})
	if err != nil {
		a.err = fmt.Errorf("directory: advising: %w", err)
		return -1
	}
	set, err := a.Select(a.ctx, p)
	if err != nil {
		a.err = err
		return -1
	}
	return set.Count()
}

// nobodyHas remarks on a value that no user has, with those that are near.
func (a *adviser) nobodyHas(c compared, v rule.Value, message string, within rule.Operator) {
	a.unknown[c.Comparison] = true
	var nearest []rule.Candidate
	if c.attribute.ID != model.AttrObjectID && a.err == nil {
		nearest, a.err = a.nearest(a.ctx, &a.columns[c.attribute.ID], c.part, newNearness(v.Text, within))
		if within != rule.OpEq {
			nearest = a.parts(c, nearest, v.Text, within)
		}
		nearest = nearest[:min(nearestNamed, len(nearest))]
	}
	suggestion := ""
	if len(nearest) > 0 {
		suggestion = rule.TextValue(nearest[0].Value).String()
	}
	a.remark(v.At, message, suggestion, nearest)
}

// parts are the parts of near values that were perhaps meant, with the users
// who have them. One that begins in the middle of a word was not: "berlin" is
// near to a part of HYPERLINK.
func (a *adviser) parts(c compared, nearest []rule.Candidate, text string, within rule.Operator) []rule.Candidate {
	var parts []rule.Candidate
	for _, near := range nearest {
		part := cut(near.Value, text, within)
		known := func(p rule.Candidate) bool { return rule.Fold(p.Value) == rule.Fold(part) }
		if len(parts) == nearestNamed || part == "" || slices.ContainsFunc(parts, known) || !beginsWord(near.Value, part) {
			continue
		}
		positive := *c.Comparison
		positive.Operator, positive.Value = within, rule.TextValue(part)
		if n := a.count(c.asRule(&positive)); n > 0 {
			parts = append(parts, rule.Candidate{Value: part, Users: n})
		}
	}
	return parts
}

// beginsWord reports whether a part of a value stands somewhere in it where no
// word is cut in two before it.
func beginsWord(value, part string) bool {
	isWord := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }
	first, _ := utf8.DecodeRuneInString(part)
	for from := 0; ; {
		i := strings.Index(value[from:], part)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(value[:from+i])
		if from+i == 0 || !isWord(before) || !isWord(first) {
			return true
		}
		from += i + 1
	}
}

// cut returns the part of a value that is nearest to a text that the operator
// compares with a part.
func cut(value, text string, within rule.Operator) string {
	runes := []rune(value)
	switch within {
	case rule.OpStartsWith:
		return string(runes[:nearestEnd(runes, text)])
	case rule.OpEndsWith:
		return string(runes[len(runes)-nearestEnd(reversed(runes), string(reversed([]rune(text)))):])
	case rule.OpContains:
		return cut(string(runes[:nearestEndAnywhere(runes, text)]), text, rule.OpEndsWith)
	default:
		return value
	}
}

// nearestEnd is the length of the beginning that differs least from a text.
func nearestEnd(runes []rune, text string) int { return endOf(runes, newNearness(text, rule.OpEq)) }

// nearestEndAnywhere is where the part ends that differs least from a text.
func nearestEndAnywhere(runes []rune, text string) int {
	return endOf(runes, newNearness(text, rule.OpEndsWith))
}

func endOf(runes []rune, n *nearness) int {
	end, least := 0, len(n.want)+1
	for i := range runes {
		if d := n.distance([]byte(rule.Fold(string(runes[:i+1]))), len(n.want)+len(runes)); d < least {
			end, least = i+1, d
		}
	}
	return end
}

func reversed(runes []rune) []rune {
	runes = slices.Clone(runes)
	slices.Reverse(runes)
	return runes
}

// clauses remarks on the rule where it selects nobody or everybody, and on its
// clauses that do.
func (a *adviser) clauses(root rule.Node, selected *Set) {
	sets := a.operands(root)
	if a.err != nil {
		return
	}
	_, isAnd := root.(*rule.And)
	switch selected.Count() {
	case 0:
		a.selectsNobody(root, sets)
	case a.live:
		a.remark(root.Span(), fmt.Sprintf("the rule selects everybody today: all %s", users(a.live)), "", nil)
		for _, o := range sets {
			if !isAnd && o.set.Count() == a.live {
				a.remark(o.node.Span(), "everybody satisfies this clause, so the others add nobody today", "", nil)
			}
		}
	default:
		for _, o := range sets {
			switch {
			case a.hasUnknown(o.node):
			case isAnd && o.set.Count() == a.live:
				a.remark(o.node.Span(), "everybody satisfies this clause: it leaves nobody out today", "", nil)
			case !isAnd && o.set.Count() == 0:
				a.remark(o.node.Span(), "nobody satisfies this clause: it adds nobody today", "", nil)
			}
		}
	}
}

// selectsNobody names the clause that is to blame where one is.
func (a *adviser) selectsNobody(root rule.Node, sets []operand) {
	if _, ok := root.(*rule.And); ok {
		empty := slices.DeleteFunc(slices.Clone(sets), func(o operand) bool { return o.set.Count() > 0 })
		if len(empty) > 0 {
			for _, o := range empty {
				message := "the rule selects nobody today, because nobody satisfies this clause"
				if len(empty) > 1 {
					message = "nobody satisfies this clause, and so the rule selects nobody today"
				}
				a.remark(o.node.Span(), message, "", nil)
			}
			return
		}
		var blamed []operand
		without := 0
		for i := range sets {
			if rest := others(sets, i); rest.Count() > 0 {
				blamed, without = append(blamed, sets[i]), rest.Count()
			}
		}
		if len(blamed) == 1 {
			a.remark(blamed[0].node.Span(), fmt.Sprintf("the rule selects nobody today; without this clause it would select %s", users(without)), "", nil)
			return
		}
		if len(blamed) == len(sets) && len(sets) == 2 {
			a.remark(root.Span(), "the rule selects nobody today: users satisfy either clause, but nobody both", "", nil)
			return
		}
	}
	a.remark(root.Span(), "the rule selects nobody today", "", nil)
}

// others returns the rows that satisfy all operands but one.
func others(sets []operand, but int) *Set {
	var rest *Set
	for i, o := range sets {
		switch {
		case i == but:
		case rest == nil:
			rest = o.set
		default:
			rest = rest.And(o.set)
		}
	}
	return rest
}

func users(n int) string {
	if n == 1 {
		return "1 user"
	}
	return fmt.Sprintf("%d users", n)
}

// operand is a clause of a rule and the rows that satisfy it.
type operand struct {
	node rule.Node
	set  *Set
}

// operands evaluates the clauses of a rule, of which there are several.
func (a *adviser) operands(root rule.Node) []operand {
	var nodes []rule.Node
	switch root := root.(type) {
	case *rule.And:
		nodes = root.Operands
	case *rule.Or:
		nodes = root.Operands
	}
	if len(nodes) > maxRemarks {
		return nil
	}
	sets := make([]operand, len(nodes))
	for i, n := range nodes {
		set, err := a.selectPredicate(a.ctx, a.program.Part(n))
		if err != nil {
			a.err = err
			return nil
		}
		sets[i] = operand{n, set}
	}
	return sets
}

// hasUnknown reports whether a value within a clause has been remarked on:
// that says why nobody, or everybody, satisfies it.
func (a *adviser) hasUnknown(n rule.Node) bool {
	found := false
	rule.Walk(n, func(n rule.Node) { found = found || a.unknown[n] })
	return found
}

// operators remarks on -contains where today -startsWith selects the same
// users.
func (a *adviser) operators() {
	looked := 0
	rule.Walk(a.program.Rule().Root, func(n rule.Node) {
		c, ok := n.(*rule.Comparison)
		if !ok || a.err != nil || c.Operator.Positive() != rule.OpContains || a.unknown[c] || a.program.Part(c) == nil || looked == maxRemarks {
			return
		}
		looked++
		positive, tighter := *c, *c
		positive.Operator, tighter.Operator = rule.OpContains, rule.OpStartsWith
		// Whoever satisfies the second satisfies the first.
		all, beginning := a.count(&positive), a.count(&tighter)
		if a.err != nil || all == 0 || all != beginning {
			return
		}
		better := rule.OpStartsWith
		if c.Operator.Negative() {
			better = rule.OpNotStartsWith
		}
		a.remark(c.OperatorAt, fmt.Sprintf("%s selects the same users today, and is faster in Entra", better), better.String(), nil)
	})
}
