package writeback

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
)

// The guards by name.
const (
	GuardRemovals         = "removals"
	GuardAdditions        = "additions"
	GuardRemovalsPercent  = "removalsPercent"
	GuardAdditionsPercent = "additionsPercent"
	GuardLeastSize        = "leastSize"
	GuardEmptySource      = "emptySource"
	GuardFirstMirror      = "firstMirror"
)

const (
	off         = -1 // the limit of a guard that is not held
	leastSource = 1  // users that an audience must hold before it may remove anybody
)

// For returns the rules that hold for a group: its own, named by its object id,
// address or display name, or else those of the profile.
func (p Policy) For(g *model.Group) Rules {
	for _, name := range []string{g.ID, g.Mail, g.DisplayName} {
		if rules, ok := p.Groups[strings.ToLower(name)]; ok && name != "" {
			return rules
		}
	}
	return p.Rules
}

// hold evaluates the guards: additions and removals are those of the plan,
// after is the size of the group when it is applied, audience the number of
// users that the group shall hold.
func (g Guards) hold(additions, removals, after, audience int) []GuardResult {
	results := []GuardResult{
		{Name: GuardRemovals, Limit: g.MaxRemovals, Value: removals},
		{Name: GuardAdditions, Limit: g.MaxAdditions, Value: additions},
		{Name: GuardLeastSize, Limit: g.LeastSize, Value: after},
		{Name: GuardEmptySource, Limit: leastSource, Value: audience},
	}
	for i := range results {
		results[i].Limit = max(results[i].Limit, off)
		results[i].Tripped = results[i].trips(removals)
	}
	return results
}

// trips reports whether the value breaks the limit. The two that protect what
// is left have nothing to say where nobody is removed.
func (g GuardResult) trips(removals int) bool {
	switch {
	case g.Limit < 0:
		return false
	case g.Name == GuardLeastSize || g.Name == GuardEmptySource:
		return removals > 0 && g.Value < g.Limit
	default:
		return g.Value > g.Limit
	}
}

// checkGuards refuses a plan whose guards are not those of its rows.
func (p *Plan) checkGuards() error {
	values := map[string]int{
		GuardRemovals:  len(p.Remove),
		GuardAdditions: len(p.Add),
		GuardLeastSize: len(p.Keep) + len(p.Add),
	}
	for _, name := range []string{GuardRemovals, GuardAdditions, GuardLeastSize, GuardEmptySource} {
		i := slices.IndexFunc(p.Guards, func(g GuardResult) bool { return g.Name == name })
		if i < 0 {
			return unreadable(fmt.Sprintf("the plan lacks its guard %s", name), nil)
		}
		value, computed := values[name]
		if g := p.Guards[i]; computed && g.Value != value || g.Tripped != g.trips(len(p.Remove)) {
			return unreadable(fmt.Sprintf("the plan's guard %s does not fit its rows", name), nil)
		}
		if name == GuardEmptySource && p.Guards[i].Limit != leastSource && p.UndoOf == "" {
			return unreadable("the plan's guard emptySource is off, and nothing but an undo may have it off", nil)
		}
	}
	return nil
}

// Check reports whether the approval covers the plan. A tripped guard on
// additions or removals is lifted by allowing at least as many as the plan
// has; the others are not lifted by anybody's word. The KindGuard error says
// what tripped and what to type.
func Check(p *Plan, a Approval) error {
	if a.By == "" {
		return &model.Error{
			Kind: model.KindGuard, Code: "notApproved",
			Message: fmt.Sprintf("plan %s is not approved", p.ID),
			Remedy:  "read it with `rollcall plan show " + p.ID + "`, then approve it",
		}
	}
	var codes, what, flags []string
	final := false
	for _, g := range p.Guards {
		if !g.Tripped {
			continue
		}
		switch {
		case g.Name == GuardRemovals && a.AllowRemovals < g.Value:
			what = append(what, fmt.Sprintf("%d removals where the limit is %d", g.Value, g.Limit))
			flags = append(flags, fmt.Sprintf("--allow-removals %d", g.Value))
		case g.Name == GuardAdditions && a.AllowAdditions < g.Value:
			what = append(what, fmt.Sprintf("%d additions where the limit is %d", g.Value, g.Limit))
			flags = append(flags, fmt.Sprintf("--allow-additions %d", g.Value))
		case g.Name == GuardLeastSize:
			what = append(what, fmt.Sprintf("%d members left where at least %d must be", g.Value, g.Limit))
			final = true
		case g.Name == GuardEmptySource:
			what = append(what, "an audience that holds no user, while members would be removed")
			final = true
		default:
			continue
		}
		codes = append(codes, g.Name)
	}
	if len(codes) == 0 {
		return nil
	}
	e := &model.Error{
		Kind: model.KindGuard, Code: "guard" + strings.ToUpper(codes[0][:1]) + codes[0][1:],
		Message: fmt.Sprintf("plan %s for %s is stopped by its guards: %s", p.ID, p.Group.DisplayName, strings.Join(what, "; ")),
		Remedy:  fmt.Sprintf("read the plan, and when it is right: rollcall apply %s %s", p.ID, strings.Join(flags, " ")),
	}
	if final {
		e.Remedy = "check the audience; where it is right, change the group by hand or the guard in the profile, and make the plan again"
	}
	return e
}

// Check holds present limits against a plan that was made under others, as
// Check does with the plan's own: a plan may be older than the profile's
// limits, or come from a file.
func (g Guards) Check(p *Plan, a Approval) error {
	held := *p
	held.Guards = slices.Clone(p.Guards)
	limits := map[string]int{GuardRemovals: g.MaxRemovals, GuardAdditions: g.MaxAdditions, GuardLeastSize: g.LeastSize}
	for i := range held.Guards {
		guard := &held.Guards[i]
		if limit, ok := limits[guard.Name]; ok {
			guard.Limit = max(limit, off)
			guard.Tripped = guard.trips(len(p.Remove))
		}
	}
	return Check(&held, a)
}
