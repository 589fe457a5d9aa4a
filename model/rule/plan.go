package rule

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
)

const planPrefix = "assignedPlan."

// planForms are the properties of one service plan, as a message lists them.
const planForms = PlanID + ", " + PlanName + " or " + PlanStatus

// isPlanProperty knows the properties of one service plan.
func isPlanProperty(name string) bool {
	return name == PlanID || name == PlanName || name == PlanStatus
}

// planProperty finds a property of a service plan in any letter case.
func planProperty(name string) (string, bool) {
	for _, p := range []string{PlanID, PlanName, PlanStatus} {
		if strings.EqualFold(p, name) {
			return p, true
		}
	}
	return name, false
}

// nearestPlanProperty suggests the property that a mistyped one may mean, with
// or without its prefix; "" when none is near.
func nearestPlanProperty(name string) string {
	if !hasPrefixFold(name, planPrefix) {
		name = planPrefix + name
	}
	// The prefix is the same in all of them and must not make them alike.
	name = name[len(planPrefix):]
	near := model.Nearest(name, []string{PlanID[len(planPrefix):], PlanName[len(planPrefix):], PlanStatus[len(planPrefix):]})
	if near == "" {
		return ""
	}
	return planPrefix + near
}

// planPart returns what a property says of a service plan as a column holds
// it, folded or not; "" is null.
func planPart(plan, property string) string {
	p, ok := model.ParseServicePlan(plan)
	switch {
	case !ok:
		return ""
	case property == PlanID:
		return p.ServicePlanID
	case property == PlanName:
		return p.Service
	default:
		return p.CapabilityStatus
	}
}

// planTest compiles a positive comparison of a part of a plan into a decision
// on the plan.
func (c *compiler) planTest(n *Comparison) test {
	if n.Value.Kind == Null {
		return test{run: func(plan string) bool { return planPart(plan, n.Property) == "" }, cost: costOfSearch}
	}
	part := c.test(n, model.Attribute{Type: model.TypeString})
	of := func(run func(string) bool) func(string) bool {
		if run == nil {
			return nil
		}
		return func(plan string) bool {
			v := planPart(plan, n.Property)
			return v != "" && run(v)
		}
	}
	// A part is a stretch of the plan: what it must contain the plan contains.
	return test{run: of(part.run), folded: part.folded, onFolded: of(part.onFolded), needs: part.needs, cost: part.cost + costOfSearch}
}

// plans checks an operator that stands straight on user.assignedPlans: only
// the test for none at all does.
func (c *checker) plans(n *Comparison) {
	if n.Value.Kind == Null && n.Operator.Positive() == OpEq {
		return
	}
	body := &Comparison{Property: PlanName, Operator: n.Operator, Value: n.Value}
	switch {
	case n.Value.Kind == List && len(n.Value.List) > 0 && isGUID(n.Value.List[0].Text), isGUID(n.Value.Text):
		body.Property = PlanID
	case strings.EqualFold(n.Value.Text, "Enabled"):
		body.Property = PlanStatus
	}
	better := &Quantified{Property: n.Property, Body: body}
	if n.Operator.Negative() {
		better.Quantifier = All
	}
	suggestion := ""
	if (n.Value.Kind == Text || n.Value.Kind == List) && slices.Contains(Operators(model.TypeString), n.Operator) {
		suggestion = Print(better)
	}
	c.report.errorAt(n.OperatorAt, fmt.Sprintf("Operator isn't supported on attribute: %s on user.%s", n.Operator, n.Property), "-any or -all with a condition on "+planForms, suggestion)
}

// lintPlans tells what -all makes of the form that older documentation gives
// for users without a plan.
func (c *checker) lintPlans(n *Quantified) {
	body, ok := n.Body.(*Comparison)
	if !ok || n.Quantifier != All || body.Property != PlanID || body.Operator != OpNe || body.Value.Kind != Null {
		return
	}
	none := *body
	none.Operator = OpEq
	better := *n
	better.Body = &none
	c.report.lintAt(n.At, "every plan has an id, so this holds for everybody; -eq null finds the users without a plan", Print(&better))
}
