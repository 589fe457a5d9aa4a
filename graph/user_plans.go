package graph

import (
	"slices"

	"rollcall/model"
)

// planTexts are the service plans met on a page, as ServicePlan.String writes
// them: thousands of users have the same few dozen.
type planTexts map[string]string

// text returns the plan as a text that is allocated once.
func (t *planTexts) text(plan []byte) string {
	if known, ok := (*t)[string(plan)]; ok {
		return known
	}
	if *t == nil {
		*t = make(planTexts)
	}
	text := string(plan)
	(*t)[text] = text
	return text
}

// servicePlans reads assignedPlans. An element that is null, or tells nothing of
// a plan, is left out, and so is a plan that the user has already. Graph lists
// them in no order; sorted, users of the same licence have the same.
func (w *userWalk) servicePlans(from *jsonWalk, f *model.Field) error {
	w.strings = w.strings[:0]
	err := from.array(func() error {
		if from.decoder.PeekKind() == 'n' {
			return from.decoder.SkipValue()
		}
		plan, err := servicePlan(from)
		if err != nil || plan == (model.ServicePlan{}) {
			return err
		}
		w.plan = plan.AppendText(w.plan[:0])
		w.strings = append(w.strings, w.plans.text(w.plan))
		return nil
	})
	if err != nil || len(w.strings) == 0 {
		return err
	}
	slices.Sort(w.strings)
	w.strings = slices.Compact(w.strings)
	f.Values = append(make([]string, 0, len(w.strings)), w.strings...)
	return nil
}

// servicePlan reads an element of assignedPlans. A part that is null or missing
// is empty.
func servicePlan(from *jsonWalk) (plan model.ServicePlan, err error) {
	err = from.object(func(name []byte) error {
		var part *string
		switch string(name) {
		case "service":
			part = &plan.Service
		case "capabilityStatus":
			part = &plan.CapabilityStatus
		case "servicePlanId":
			part = &plan.ServicePlanID
		default:
			return from.decoder.SkipValue()
		}
		value, err := from.value()
		if err != nil {
			return err
		}
		*part = ""
		if value != "null" {
			*part, err = from.text(value)
		}
		return err
	})
	return plan, err
}
