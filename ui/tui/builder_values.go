package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// promptValues is how many different values are searched at once; more are
// searched in a task.
const promptValues = 10_000

const taskSegmentFacets = "segments.facets"

// segmentValuesMsg brings the values of a column, or the completions of what
// was typed among very many.
type segmentValuesMsg struct {
	editor     *segmentEditor
	generation uint64
	facets     *directory.Facets // the column's values; nil: completions
	typed      string
	offers     []builderOffer
	near       bool   // the offers are only near to what was typed
	remark     string // who has the value that was typed in full
}

// completeValue looks what was typed up in the column's own dictionary.
func (e *segmentEditor) completeValue() tea.Cmd {
	t := e.target
	switch {
	case t.attribute.Type == model.TypeTime:
		e.offers = dateOffers(t.typed, e.ws.Now())
		return nil
	case t.operator.Positive() == rule.OpMatch || !e.ws.Schema().IsSynced(t.attribute.ID):
		return nil
	}
	snapshot := e.ws.Directory()
	generation := snapshot.Generation()
	if e.facets == nil || e.of != generation || e.facets.Attribute.ID != t.attribute.ID {
		if e.loading == t.attribute.ID && e.tasks.busy(taskSegmentFacets) {
			return nil // its answer completes what is typed by then
		}
		e.facets, e.loading = nil, t.attribute.ID
		return e.tasks.quietly(taskSegmentFacets, func(ctx context.Context) tea.Msg {
			facets, err := snapshot.Facets(ctx, t.attribute.ID, nil)
			if err != nil {
				return nil // another column is wanted by now
			}
			return segmentValuesMsg{editor: e, generation: generation, facets: &facets}
		})
	}
	facets := e.facets
	if t.plan != "" {
		facets = planFacets(facets, t.plan)
	}
	answer := segmentValuesMsg{editor: e, generation: generation, typed: t.typed}
	few := len(facets.Values) <= promptValues
	if few {
		answer.offers, answer.remark = valueOffers(context.Background(), facets, t)
		e.take(answer)
		if len(e.offers) > 0 || e.remark != "" || !seeksNearest(t) {
			return nil
		}
	}
	return e.tasks.quietly(taskSegmentValues, func(ctx context.Context) tea.Msg {
		if !few {
			answer.offers, answer.remark = valueOffers(ctx, facets, t)
		}
		if len(answer.offers) == 0 && answer.remark == "" && seeksNearest(t) && ctx.Err() == nil {
			near, err := snapshot.Nearest(ctx, t.attribute.ID, t.typed, maxNearest)
			if err != nil {
				return nil // overtaken, as below
			}
			for _, c := range near {
				answer.offers = append(answer.offers, builderOffer{c.Value, plural(c.Users, "user", "users") + " · nearest", false})
			}
			answer.near = true
		}
		if ctx.Err() != nil {
			return nil // overtaken by the next keystroke
		}
		return answer
	})
}

// planFacets counts one property of the service plans.
func planFacets(f *directory.Facets, property string) *directory.Facets {
	out := &directory.Facets{Attribute: f.Attribute}
	counts := make(map[string]int)
	for _, v := range f.Values {
		p, ok := model.ParseServicePlan(v.Value)
		if !ok {
			continue
		}
		switch property {
		case rule.PlanID:
			counts[p.ServicePlanID] += v.Count
		case rule.PlanName:
			counts[p.Service] += v.Count
		default:
			counts[p.CapabilityStatus] += v.Count
		}
	}
	for value, n := range counts {
		out.Values = append(out.Values, directory.Facet{Value: value, Count: n})
	}
	slices.SortFunc(out.Values, func(a, b directory.Facet) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return out
}

// maxNearest is how many values are offered that are only near to what was
// typed.
const maxNearest = 5

// seeksNearest reports a whole value that was typed: what is near to a part of
// one helps nobody.
func seeksNearest(t target) bool {
	return t.typed != "" && t.plan == "" && (t.operator.Positive() == rule.OpEq || t.operator.Positive() == rule.OpIn)
}

// valueOffers are the values that hold what was typed, the ones that begin with
// it first, each with the number of its users. A value that was typed in full
// needs no completion: the remark says who has it.
func valueOffers(ctx context.Context, f *directory.Facets, t target) (offers []builderOffer, remark string) {
	typed := strings.ToLower(t.typed)
	unit := [2]string{"user", "users"}
	if t.plan != "" {
		unit = [2]string{"plan", "plans"}
	}
	isPart := t.operator.Positive() != rule.OpEq && t.operator.Positive() != rule.OpIn
	literal := f.Attribute.Type == model.TypeBool
	var first, rest []builderOffer
	for i, v := range f.Values { // most frequent first
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ""
		}
		value := strings.ToLower(v.Value)
		if value == typed && typed != "" && !isPart {
			return nil, v.Value + " · " + plural(v.Count, unit[0], unit[1])
		}
		switch {
		case len(first) < maxOffers && strings.HasPrefix(value, typed):
			first = append(first, builderOffer{v.Value, plural(v.Count, unit[0], unit[1]), literal})
		case len(rest) < maxOffers && strings.Contains(value, typed) && !strings.HasPrefix(value, typed):
			rest = append(rest, builderOffer{v.Value, plural(v.Count, unit[0], unit[1]), literal})
		}
	}
	takesNull := t.operator.Positive() == rule.OpEq && t.plan == "" && !f.Attribute.Type.IsCollection() && f.Null > 0
	null := builderOffer{"null", plural(f.Null, "user without a value", "users without a value"), true}
	switch {
	case takesNull && typed == "null":
		return nil, null.text + " · " + null.note
	case takesNull && typed == "" && len(first) > 4:
		first = slices.Insert(first, 4, null) // in sight at once
	case takesNull && strings.HasPrefix("null", typed):
		first = append(first, null)
	}
	offers = append(first, rest...)
	return offers[:min(len(offers), maxOffers)], ""
}

// dateOffers are moments that rules often compare with, and what was typed as a
// calendar date or a number of days.
func dateOffers(typed string, now time.Time) []builderOffer {
	typed = strings.TrimSpace(typed)
	if day, err := time.Parse(time.DateOnly, typed); err == nil {
		return []builderOffer{{day.Format(time.RFC3339), "the day's first second, UTC", true}}
	}
	if n := len(typed); n > 0 && n <= 4 && strings.Trim(typed, "0123456789") == "" {
		return []builderOffer{
			{"system.now -minus P" + typed + "D", typed + " days ago", true},
			{"system.now -plus P" + typed + "D", "in " + typed + " days", true},
			{typed + "-01-01T00:00:00Z", "a date: year-month-day", true},
		}[:2+n/4]
	}
	today := now.UTC().Format(time.DateOnly) + "T00:00:00Z"
	return startingWith(typed, []builderOffer{
		{"system.now -minus P30D", "30 days ago", true},
		{"system.now -minus P90D", "90 days ago", true},
		{"system.now -minus P1Y", "a year ago", true},
		{"system.now", "the moment of evaluation", true},
		{"system.now -plus P30D", "in 30 days", true},
		{today, "today; type another as 2026-01-31", true},
		{"null", "without a date", true},
	})
}

// offerValues takes what a task has found, unless the cell changed meanwhile.
func (e *segmentEditor) offerValues(msg segmentValuesMsg) tea.Cmd {
	switch {
	case msg.facets != nil:
		e.facets, e.of, e.loading = msg.facets, msg.generation, noAttribute
		if e.target.kind == targetValue && e.chosen < 0 {
			return e.complete()
		}
	case e.target.kind == targetValue && e.target.typed == msg.typed:
		e.take(msg)
	}
	return nil
}

// take shows what was found. What is wrong with the value is said before who
// has it.
func (e *segmentEditor) take(msg segmentValuesMsg) {
	e.offers, e.near, e.chosen = msg.offers, msg.near, -1
	e.remark = cmp.Or(e.remark, msg.remark)
}
