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

	// shareFrom is the fewest members of which a share says anything: of four,
	// one is 25 %. Smaller groups have the guards that count. A share of 0 allows
	// none of any number.
	shareFrom = 20
)

// guardOrder are the guards of every plan, in their order.
var guardOrder = [...]string{
	GuardRemovals, GuardAdditions, GuardRemovalsPercent, GuardAdditionsPercent,
	GuardLeastSize, GuardEmptySource, GuardFirstMirror,
}

// formerOrder are those of plans that were made before there were more.
var formerOrder = [...]string{GuardRemovals, GuardAdditions, GuardLeastSize, GuardEmptySource}

// Liftable reports whether typing the number lifts the guard. The two that
// protect what is left of a group are lifted by nobody's word.
func (g GuardResult) Liftable() bool {
	return g.Name != GuardLeastSize && g.Name != GuardEmptySource
}

// Hold holds the limits against a plan's rows, whatever limits the plan was
// made under. first says that no audience was ever mirrored to the group.
func (g Guards) Hold(p *Plan, first bool) []GuardResult {
	results := make([]GuardResult, len(guardOrder))
	for i, name := range guardOrder {
		results[i] = GuardResult{Name: name, Limit: g.limit(name, p, first)}
		if at := p.guard(name); at >= 0 {
			results[i].Value = p.Guards[at].Value
		}
	}
	return p.held(results)
}

// limit is the limit of one guard for a plan.
func (g Guards) limit(name string, p *Plan, first bool) int {
	limit := off
	switch name {
	case GuardRemovals:
		limit = g.MaxRemovals
	case GuardAdditions:
		limit = g.MaxAdditions
	case GuardRemovalsPercent:
		limit = p.share(g.RemovalsPercent)
	case GuardAdditionsPercent:
		limit = p.share(g.AdditionsPercent)
	case GuardLeastSize:
		limit = g.LeastSize
	case GuardEmptySource:
		// The source of an undo is a picture, and the group may have been empty.
		if p.UndoOf == "" {
			limit = leastSource
		}
	case GuardFirstMirror:
		// Of what is handed over nobody knows whether it was done.
		if first && p.Mode != ModeAdd && p.UndoOf == "" && !p.HandOver {
			limit = g.FirstRemovals
		}
	}
	return max(limit, off)
}

// share is a limit in percent as it holds for the plan.
func (p *Plan) share(limit int) int {
	if limit > 0 && p.before() < shareFrom {
		return off
	}
	return limit
}

// held holds guards against the plan's rows, by the limits that they have. How
// many users the audience holds the rows do not tell: that value stays.
func (p *Plan) held(guards []GuardResult) []GuardResult {
	guards = slices.Clone(guards)
	for i := range guards {
		g := &guards[i]
		if value, ok := p.value(g.Name); ok {
			g.Value = value
		}
		g.Tripped = g.trips(len(p.Remove))
	}
	return guards
}

// value is what the plan's rows give a guard; false where they say nothing.
func (p *Plan) value(name string) (int, bool) {
	switch name {
	case GuardRemovals, GuardFirstMirror:
		return len(p.Remove), true
	case GuardAdditions:
		return len(p.Add), true
	case GuardRemovalsPercent:
		return percent(len(p.Remove), p.before()), true
	case GuardAdditionsPercent:
		return percent(len(p.Add), p.before()), true
	case GuardLeastSize:
		return len(p.Keep) + len(p.Add), true
	default:
		return 0, false
	}
}

// before is how many members the group had when the plan was made.
func (p *Plan) before() int { return len(p.Keep) + len(p.Remove) }

// percent is the share in percent, rounded up so that a limit is not passed by
// a fraction. Of a group without members it is that of one with a single member.
func percent(n, of int) int {
	of = max(of, 1)
	return (100*n + of - 1) / of
}

// trips reports whether the value breaks the limit. The two that protect what
// is left have nothing to say where nobody is removed.
func (g GuardResult) trips(removals int) bool {
	switch {
	case g.Limit < 0:
		return false
	case g.Liftable():
		return g.Value > g.Limit
	default:
		return removals > 0 && g.Value < g.Limit
	}
}

// guard is the position of a guard in the plan, -1 where the plan has none of
// that name.
func (p *Plan) guard(name string) int {
	return slices.IndexFunc(p.Guards, func(g GuardResult) bool { return g.Name == name })
}

// checkGuards refuses a plan whose guards are not those of its rows. A plan
// that was made when there were fewer guards is as good as another: whoever
// applies it holds the profile's present ones against it, all of them.
func (p *Plan) checkGuards() error {
	order := guardOrder[:]
	if len(p.Guards) == len(formerOrder) && !p.HandOver {
		order = formerOrder[:]
	}
	for i, name := range order {
		if i >= len(p.Guards) || p.Guards[i].Name != name {
			return unreadable(fmt.Sprintf("the plan lacks its guard %s", name), nil)
		}
		g := p.Guards[i]
		value, told := p.value(name)
		if g.Limit < off || told && g.Value != value || g.Tripped != g.trips(len(p.Remove)) {
			return unreadable(fmt.Sprintf("the plan's guard %s does not fit its rows", name), nil)
		}
		if name != GuardEmptySource {
			continue
		}
		if g.Value < len(p.Add) {
			return unreadable("the plan adds more users than its audience holds", nil)
		}
		if g.Limit != leastSource && p.UndoOf == "" {
			return unreadable("the plan's guard emptySource is off, and nothing but an undo may have it off", nil)
		}
	}
	if len(p.Guards) > len(order) {
		return unreadable(fmt.Sprintf("the plan has a guard %q too many", p.Guards[len(order)].Name), nil)
	}
	return nil
}

// MustAllow returns the numbers that must be typed because a guard stopped the
// plan that typing lifts; 0 where none did.
func (p *Plan) MustAllow() (additions, removals int) {
	for _, g := range p.Guards {
		if !g.Tripped || !g.Liftable() {
			continue
		}
		if g.onAdditions() {
			additions = len(p.Add)
		} else {
			removals = len(p.Remove)
		}
	}
	return additions, removals
}

func (g GuardResult) onAdditions() bool {
	return g.Name == GuardAdditions || g.Name == GuardAdditionsPercent
}

// Blocked returns the guards that stop the plan and that nobody lifts.
func (p *Plan) Blocked() []GuardResult {
	var blocked []GuardResult
	for _, g := range p.Guards {
		if g.Tripped && !g.Liftable() {
			blocked = append(blocked, g)
		}
	}
	return blocked
}

// Check reports whether the approval covers the plan. The guards on removals
// or additions are lifted by allowing at least as many as the plan has; the
// others are not lifted by anybody's word. The KindGuard error names each
// guard that stops the plan, and says what to type; its code is that of the
// first one.
func Check(p *Plan, a Approval) error {
	if a.By == "" {
		return &model.Error{
			Kind: model.KindGuard, Code: "notApproved",
			Message: fmt.Sprintf("plan %s is not approved", p.ID),
			Remedy:  "read it with `rollcall plan show " + p.ID + "`, then approve it",
		}
	}
	held := *p
	held.Guards = slices.DeleteFunc(slices.Clone(p.Guards), func(g GuardResult) bool {
		lifted := a.AllowRemovals >= len(p.Remove)
		if g.onAdditions() {
			lifted = a.AllowAdditions >= len(p.Add)
		}
		return !g.Tripped || g.Liftable() && lifted
	})
	what := held.Stops()
	if len(what) == 0 {
		return nil
	}
	first := held.Guards[0].Name
	return &model.Error{
		Kind: model.KindGuard, Code: "guard" + strings.ToUpper(first[:1]) + first[1:],
		Message: fmt.Sprintf("plan %s for %s is stopped by its guards: %s", p.ID, p.Group.DisplayName, strings.Join(what, "; ")),
		Remedy:  p.wayOn(),
	}
}

// Stops says in words what each of the plan's guards has stopped.
func (p *Plan) Stops() []string {
	var stops []string
	for _, g := range p.Guards {
		if g.Tripped {
			stops = append(stops, p.stop(g))
		}
	}
	return stops
}

// stop says in words what a guard has stopped.
func (p *Plan) stop(g GuardResult) string {
	removals, additions := plural(len(p.Remove), "removal"), plural(len(p.Add), "addition")
	switch g.Name {
	case GuardRemovals:
		return fmt.Sprintf("%s where the limit is %d", removals, g.Limit)
	case GuardAdditions:
		return fmt.Sprintf("%s where the limit is %d", additions, g.Limit)
	case GuardRemovalsPercent:
		return fmt.Sprintf("%s, %d %% of the %s, where the limit is %d %%", removals, g.Value, plural(p.before(), "member"), g.Limit)
	case GuardAdditionsPercent:
		return fmt.Sprintf("%s, %d %% of the %s, where the limit is %d %%", additions, g.Value, plural(p.before(), "member"), g.Limit)
	case GuardLeastSize:
		return fmt.Sprintf("%s left where at least %d must be", plural(g.Value, "member"), g.Limit)
	case GuardEmptySource:
		return "an audience that holds no user, while members would be removed"
	case GuardFirstMirror:
		return fmt.Sprintf("%s by the first plan for this group, where the limit is %d", removals, g.Limit)
	default:
		return fmt.Sprintf("%s: %d where the limit is %d", g.Name, g.Value, g.Limit)
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// wayOn says what to do with a plan that its guards stop.
func (p *Plan) wayOn() string {
	var blocked []string
	for _, g := range p.Blocked() {
		blocked = append(blocked, g.Name)
	}
	switch {
	case slices.Contains(blocked, GuardEmptySource):
		return "check the audience; a group that shall lose all these members is changed by hand"
	case len(blocked) > 0:
		return "check the audience; where it is right, lower least_members in the profile and make the plan again, or change the group by hand"
	}
	flags := ""
	additions, removals := p.MustAllow()
	if removals > 0 {
		flags += fmt.Sprintf(" --allow-removals %d", removals)
	}
	if additions > 0 {
		flags += fmt.Sprintf(" --allow-additions %d", additions)
	}
	return fmt.Sprintf("read the plan, and when it is right: rollcall apply %s%s --reason %q", p.ID, flags, "why")
}
