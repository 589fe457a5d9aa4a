package tui

import (
	"cmp"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/rule"
)

// builderOffer is a completion.
type builderOffer struct {
	text    string // what is meant
	note    string
	literal bool // it stands as it is; else it is a text, quoted where it has to be
}

// target is what a completion replaces, in the field or in the text.
type target struct {
	kind     targetKind
	from, to int    // bytes that are replaced
	typed    string // what was typed of it, without quotation marks

	attribute model.Attribute // of an operator or value
	plan      string          // property of a service plan, "" elsewhere
	operator  rule.Operator   // of a value
}

type targetKind uint8

const (
	targetNone targetKind = iota
	targetAttribute
	targetPlanProperty
	targetOperator
	targetValue
	targetJoint // in the text: -and or -or
)

// maxOffers is how many completions are listed at most.
const maxOffers = 100

// drop forgets the completions.
func (e *segmentEditor) drop() {
	e.offers, e.near, e.chosen, e.target, e.remark = nil, false, -1, target{}, ""
	e.tasks.cancel(taskSegmentValues)
}

// complete offers what stands under the cursor may become.
func (e *segmentEditor) complete() tea.Cmd {
	e.drop()
	switch {
	case e.inText:
		e.target = textTarget(e.ws.Schema(), e.text.Value(), e.text.at)
	case !e.frozen:
		e.target = e.cellTarget()
		e.remark = e.cellRemark()
	}
	switch t := e.target; t.kind {
	case targetAttribute:
		e.offers = attributeOffers(e.ws.Schema(), t.typed, e.inText || e.at.kind == itemClause)
	case targetPlanProperty:
		e.offers = planOffers(t.typed)
	case targetOperator:
		e.offers = operatorOffers(t)
	case targetJoint:
		e.offers = startingWith(t.typed, []builderOffer{{"-and", "both hold", true}, {"-or", "one of both holds", true}})
	case targetValue:
		return e.completeValue()
	}
	return nil
}

// cellTarget is what the cell under the cursor holds.
func (e *segmentEditor) cellTarget() target {
	r, text := e.row(), e.field.Value()
	t := target{to: len(text), typed: text}
	switch e.cell {
	case cellAttribute:
		t.kind = targetAttribute
		if r.of != "" {
			t.kind = targetPlanProperty
		}
		return t
	case cellValue:
	default:
		return target{}
	}
	if r.standsAlone() {
		return target{}
	}
	name := r.property()
	if r.of != "" {
		name = r.of
		if p, ok := planProperty(r.attribute); ok {
			t.plan = p
		}
	}
	a, ok := e.ws.Schema().ByName(name)
	if !ok {
		return target{}
	}
	t.kind, t.attribute, t.operator = targetValue, a, r.operator
	if r.operator.Positive() == rule.OpIn {
		for _, part := range listParts(text) {
			if part.Start <= e.field.at {
				t.from, t.to = part.Start, part.End
			}
		}
		for t.from < t.to && text[t.from] == ' ' {
			t.from++
		}
	}
	t.typed = unquoted(text[t.from:t.to])
	return t
}

// unquoted is the text of a value that is still being typed.
func unquoted(s string) string {
	s = strings.TrimSpace(s)
	if v, ok := literal(s); ok && v.Kind == rule.Text {
		return v.Text
	}
	if v, ok := literal(s + `"`); ok && v.Kind == rule.Text && isQuoteMark(s) {
		return v.Text
	}
	return s
}

// cellRemark says what is wrong with a value, or that an expression is right.
func (e *segmentEditor) cellRemark() string {
	r := e.row()
	if e.cell != cellValue || r.kind != itemClause {
		return ""
	}
	n := r.clause()
	if n == nil {
		return ""
	}
	if r.of != "" {
		n = &rule.Quantified{Property: r.of, Body: n}
	}
	parsed, diagnostics := rule.Parse(rule.Print(n))
	if !rule.HasErrors(diagnostics) {
		diagnostics = rule.Check(parsed, e.ws.Schema())
	}
	if fault, ok := firstFault(diagnostics); ok {
		return "✗ " + fault.Message
	}
	if r.operator.Positive() == rule.OpMatch {
		return "✓ The expression is valid; without ^ and $ it is found anywhere in the value."
	}
	return ""
}

// typeWords name the types of attributes.
func typeWord(t model.Type) string {
	switch t {
	case model.TypeBool:
		return "yes or no"
	case model.TypeTime:
		return "date"
	case model.TypeCollection:
		return "several texts"
	case model.TypePlans:
		return "service plans"
	}
	return "text"
}

// attributeOffers are the attributes whose rule name, Graph name or label holds
// what was typed, the ones that begin with it first and those that are not
// synced last. An exact name needs no completion.
func attributeOffers(s *model.Schema, typed string, alone bool) []builderOffer {
	typed = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(typed)), "user.")
	type ranked struct {
		builderOffer
		rank int
	}
	const unsynced = 10
	var found []ranked
	for id := range s.Len() {
		a := s.Attribute(model.AttrID(id))
		name, label, graph := strings.ToLower(a.Rule), strings.ToLower(a.Label), strings.ToLower(a.Graph)
		o, rank := builderOffer{a.Rule, a.Label + " · " + typeWord(a.Type), true}, -1
		switch {
		case name == typed:
			return nil
		case strings.HasPrefix(name, typed) || strings.HasPrefix(label, typed):
			rank = 0
		case strings.HasPrefix(graph, typed):
			rank = 1
		case strings.Contains(name, typed) || strings.Contains(label, typed) || strings.Contains(graph, typed):
			rank = 2
		}
		if rank < 0 {
			continue
		}
		if !s.IsSynced(a.ID) {
			o.note, rank = o.note+" · not synced", rank+unsynced
		}
		found = append(found, ranked{o, rank})
	}
	for _, o := range []builderOffer{
		{rowMemberOf, "direct members of groups · a whole rule", true},
		{rowDirectReports, "of a manager · a whole rule", true},
	} {
		name := strings.ToLower(o.text)
		if name == typed {
			return nil
		}
		if alone && strings.Contains(name, typed) {
			found = append(found, ranked{o, unsynced - 1})
		}
	}
	slices.SortStableFunc(found, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	out := make([]builderOffer, len(found))
	for i, f := range found {
		out[i] = f.builderOffer
	}
	if near := s.Nearest(typed); len(out) == 0 && near != "" {
		out = append(out, builderOffer{near, "the nearest name", true})
	}
	return out
}

// planOffers are the properties of a service plan.
func planOffers(typed string) []builderOffer {
	return startingWith(strings.TrimPrefix(strings.ToLower(typed), strings.ToLower(planPrefix)), []builderOffer{
		{"service", "name of the service, such as exchange", true},
		{"capabilityStatus", "Enabled, Warning, Suspended, Deleted or LockedOut", true},
		{"servicePlanId", "id of the plan", true},
	})
}

// startingWith keeps the offers that begin with what was typed; none when one
// of them was typed in full.
func startingWith(typed string, offers []builderOffer) []builderOffer {
	typed = strings.ToLower(strings.TrimSpace(typed))
	var out []builderOffer
	for _, o := range offers {
		switch text := strings.ToLower(o.text); {
		case text == typed:
			return nil
		case strings.HasPrefix(text, typed):
			out = append(out, o)
		}
	}
	return out
}

// operatorNote says what an operator does to attributes of a type.
func operatorNote(o rule.Operator, t model.Type) string {
	if t == model.TypeTime {
		switch o {
		case rule.OpGe:
			return "on the date or later"
		case rule.OpLe:
			return "on the date or earlier"
		case rule.OpEq:
			return "exactly then, or null: without a date"
		default:
			return "only null: has a date"
		}
	}
	if t.IsCollection() {
		some := "any "
		if o.Negative() {
			some = "none "
		}
		return some + operatorNote(o.Positive(), model.TypeString)
	}
	note := map[rule.Operator]string{
		rule.OpEq: "is the value", rule.OpStartsWith: "begins with it", rule.OpEndsWith: "ends with it",
		rule.OpContains: "holds it anywhere", rule.OpMatch: "matches a regular expression", rule.OpIn: "is one of several values",
	}[o.Positive()]
	if o.Negative() {
		note = map[rule.Operator]string{
			rule.OpNe: "is another value, or none", rule.OpNotStartsWith: "does not begin with it", rule.OpNotEndsWith: "does not end with it",
			rule.OpNotContains: "does not hold it", rule.OpNotMatch: "does not match a regular expression", rule.OpNotIn: "is none of several values",
		}[o]
	}
	return note
}

// operatorOffers are the operators that the property before the cursor takes.
func operatorOffers(t target) []builderOffer {
	var out []builderOffer
	for _, c := range choicesOf(t.attribute.Type) {
		out = append(out, builderOffer{c.String(), c.note(t.attribute.Type), true})
	}
	if t.plan != "" {
		out = nil
		for _, o := range rule.Operators(model.TypeString) {
			out = append(out, builderOffer{o.String(), operatorNote(o, model.TypeString), true})
		}
	}
	typed := strings.TrimLeft(t.typed, "-")
	return startingWith("-"+typed, out)
}

// choicesOf are what the operator of an attribute may be.
func choicesOf(t model.Type) []operatorChoice {
	var out []operatorChoice
	if t.IsCollection() {
		out = append(out, operatorChoice{quantified: true, quantifier: rule.Any}, operatorChoice{quantified: true, quantifier: rule.All})
	}
	if t == model.TypePlans {
		return out
	}
	for _, o := range rule.Operators(t) {
		out = append(out, operatorChoice{operator: o})
	}
	return out
}

func (c operatorChoice) note(t model.Type) string {
	switch {
	case c.quantified && c.quantifier == rule.All:
		return "each element is as below"
	case c.quantified:
		return "an element is as below"
	}
	return operatorNote(c.operator, t)
}

// operatorChoices are what the operator of the row may be. A condition of
// several lines on elements cannot be made a clause.
func (e *segmentEditor) operatorChoices() []operatorChoice {
	r := e.row()
	if r.of != "" {
		return choicesOf(model.TypeString)
	}
	a, ok := e.ws.Schema().ByName(r.attribute)
	switch {
	case !ok && r.kind == itemCollection:
		return choicesOf(model.TypePlans)
	case !ok:
		return choicesOf(model.TypeString)
	}
	choices := choicesOf(a.Type)
	if r.kind == itemCollection && (len(r.items) > 1 || r.items[0].kind != itemClause || r.items[0].not > 0) {
		choices = choices[:2]
	}
	return choices
}

// operatorType is the type that the row's operators speak of.
func (e *segmentEditor) operatorType() model.Type {
	r := e.row()
	if a, ok := e.ws.Schema().ByName(r.attribute); ok && r.of == "" {
		return a.Type
	}
	return model.TypeString
}

// pickOperator takes the next operator whose name begins with a letter.
func (e *segmentEditor) pickOperator(letter string) bool {
	if e.frozen {
		return false
	}
	choices := e.operatorChoices()
	at := slices.IndexFunc(choices, e.isOperator)
	for i := range choices {
		c := choices[(at+1+i)%len(choices)]
		if strings.HasPrefix(c.String()[1:], strings.ToLower(letter)) {
			e.setOperator(c)
			return true
		}
	}
	return false
}

// meansOnlyOffer reports whether what was typed is the beginning of the one
// value that is left. A value of the column that is typed in full has no
// offers; among several, what was typed may be one that nobody has yet; and an
// operator that compares a part takes a part.
func (e *segmentEditor) meansOnlyOffer() bool {
	return len(e.offers) == 1 && e.takes()
}

// takes reports whether tab takes a completion: the chosen one, or the first
// when what was typed is its beginning. An operator that compares a part takes
// what was typed.
func (e *segmentEditor) takes() bool {
	switch {
	case len(e.offers) == 0:
		return false
	case e.chosen >= 0 || e.inText && !e.near:
		return true
	case e.target.kind != targetValue:
		return e.target.typed != ""
	case e.near || e.target.typed == "":
		return false
	}
	switch e.target.operator.Positive() {
	case rule.OpEq, rule.OpIn, rule.OpLe, rule.OpGe:
		return strings.HasPrefix(strings.ToLower(e.offers[0].text), strings.ToLower(e.target.typed)) || e.target.attribute.Type == model.TypeTime
	}
	return false
}

// accept puts the chosen completion, or the first, in place of what was typed.
func (e *segmentEditor) accept() tea.Cmd {
	if len(e.offers) == 0 {
		return nil
	}
	o, t := e.offers[max(e.chosen, 0)], e.target
	text := o.text
	if e.inText {
		switch {
		case t.kind == targetAttribute && o.text == rowMemberOf:
			text = `user.memberOf -any (group.objectId -in [""])`
		case t.kind == targetAttribute && o.text == rowDirectReports:
			text = `Direct Reports for ""`
		case t.kind == targetAttribute:
			text = "user." + text + " "
		case t.kind == targetPlanProperty:
			text = planPrefix + text + " "
		case t.kind == targetOperator || t.kind == targetJoint:
			text += " "
		case !o.literal:
			text = rule.TextValue(text).String()
		}
		e.text.replace(t.from, t.to, text)
		e.fromText()
		return e.complete()
	}
	switch {
	case o.literal:
	case t.operator.Positive() == rule.OpIn:
		text = elementText(text)
	default:
		text = cellText(t.operator, rule.TextValue(text))
	}
	e.field.replace(t.from, t.to, text)
	e.store()
	e.drop()
	return nil
}
