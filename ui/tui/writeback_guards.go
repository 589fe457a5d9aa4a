package tui

import (
	"slices"
	"strings"

	"rollcall/model/writeback"
)

// guards are those of the plan, with the limits that hold now where they are
// stricter, against the rows that are not left out.
func (r *review) guards() []writeback.GuardResult {
	guards := slices.Clone(r.plan.Guards)
	for i := range guards {
		g := &guards[i]
		limit, ok := r.limits[g.Name]
		if !ok {
			continue
		}
		g.Limit = limit
		g.Tripped = limit >= 0 && g.Value > limit
		if g.Name == writeback.GuardLeastSize || g.Name == writeback.GuardEmptySource {
			g.Tripped = limit >= 0 && len(r.plan.Remove) > 0 && g.Value < limit
		}
	}
	return guards
}

// mustType are the numbers that have to be typed because a guard that they lift
// is tripped; 0 where none. One number lifts every guard on its kind of rows.
func mustType(p *writeback.Plan, guards []writeback.GuardResult) (additions, removals int) {
	for _, g := range guards {
		switch {
		case !g.Tripped || !g.Liftable():
		case isOnAdditions(g):
			additions = len(p.Add)
		default:
			removals = len(p.Remove)
		}
	}
	return additions, removals
}

func isOnAdditions(g writeback.GuardResult) bool {
	return g.Name == writeback.GuardAdditions || g.Name == writeback.GuardAdditionsPercent
}

// blockedBy says which guard stops the plan whatever is typed; "" when none.
func blockedBy(guards []writeback.GuardResult) string {
	for _, g := range guards {
		if g.Tripped && !g.Liftable() {
			return guardText(g) + ": no approval lifts this guard"
		}
	}
	return ""
}

// guardText says in words how a guard stands.
func guardText(g writeback.GuardResult) string {
	switch g.Name {
	case writeback.GuardLeastSize:
		if g.Tripped {
			return "only " + plural(g.Value, "member", "members") + " would be left, at least " + count(g.Limit) + " must be"
		}
		return "at least " + count(g.Limit) + " must be left"
	case writeback.GuardEmptySource:
		if g.Tripped {
			return "the audience holds no user, while members would be removed"
		}
		return plural(g.Value, "user", "users") + " in the audience"
	case writeback.GuardFirstMirror:
		if g.Limit == 0 {
			return "first mirror of this group, which may remove nobody"
		}
		return "first mirror of this group, which may remove " + count(g.Limit)
	case writeback.GuardRemovalsPercent, writeback.GuardAdditionsPercent:
		return count(g.Value) + " % of " + count(g.Limit) + " %"
	}
	switch {
	case g.Limit < 0:
		return g.Name + " " + count(g.Value) + ", no limit"
	case g.Limit == 0:
		return g.Name + " " + count(g.Value) + ", none allowed"
	}
	return g.Name + " " + count(g.Value) + " of " + count(g.Limit) + " allowed"
}

// trippedText says in words which guards a number lifts.
func trippedText(guards []writeback.GuardResult, additions bool) string {
	var texts []string
	for _, g := range guards {
		if !g.Tripped || !g.Liftable() || isOnAdditions(g) != additions {
			continue
		}
		text := guardText(g)
		if g.Name == writeback.GuardRemovalsPercent || g.Name == writeback.GuardAdditionsPercent {
			text += " of the members"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

// gauge is the guards on additions or on removals in one: by number and by
// share.
type gauge struct {
	text    string
	tripped bool
	part    int // of whole, for the bar; whole is 0 where there is none
	whole   int
}

// gaugeOf joins a guard by number with that by share.
func gaugeOf(guards []writeback.GuardResult, byNumber, byShare string) gauge {
	var out gauge
	var texts []string
	for _, name := range []string{byNumber, byShare} {
		i := slices.IndexFunc(guards, func(g writeback.GuardResult) bool { return g.Name == name })
		if i < 0 || name == byShare && guards[i].Limit < 0 {
			continue
		}
		g := guards[i]
		texts = append(texts, guardText(g))
		out.tripped = out.tripped || g.Tripped
		// The bar shows the one that is nearer to its limit.
		if g.Limit > 0 && (out.whole == 0 || g.Value*out.whole > out.part*g.Limit) {
			out.part, out.whole = g.Value, g.Limit
		}
	}
	out.text = strings.Join(texts, " · ")
	return out
}

// gaugeBar is the width of a gauge's bar.
const gaugeBar = 10

// guardLines draw the guards: gauges side by side where there is room, and in
// words what trips and what has to be typed for it.
func (p *writebackPane) guardLines(width int) []string {
	th, r := p.theme, p.review
	guards := r.guards()
	additions, removals := mustType(r.plan, guards)
	typeAt := func(number int) string { // nothing lifts what stops the plan in any case
		if blockedBy(guards) != "" {
			return ""
		}
		return ": type " + count(number) + " at A"
	}
	var lines, loud []string
	put := func(text string) {
		if n := len(lines); n > 0 && th.width(lines[n-1])+3+th.width(text) <= width {
			lines[n-1] += "   " + text
			return
		}
		lines = append(lines, text)
	}
	bar := func(g gauge, number int) {
		text := th.muted.Render(g.text)
		if g.tripped {
			text = th.bad.Render("! " + g.text + typeAt(number))
		}
		if g.whole > 0 {
			text = th.bar(g.part, g.whole, gaugeBar) + " " + text
		}
		put(text)
	}
	if r.base.Mode != writeback.ModeAdd {
		bar(gaugeOf(guards, writeback.GuardRemovals, writeback.GuardRemovalsPercent), removals)
	}
	if r.base.Mode != writeback.ModeRemove {
		bar(gaugeOf(guards, writeback.GuardAdditions, writeback.GuardAdditionsPercent), additions)
	}
	for _, g := range guards {
		switch g.Name {
		case writeback.GuardFirstMirror:
			switch {
			case g.Tripped:
				loud = append(loud, th.bad.Render("! "+capitalise(guardText(g))+typeAt(removals)))
			case g.Limit >= 0:
				put(th.muted.Render("first mirror of this group"))
			}
		case writeback.GuardLeastSize, writeback.GuardEmptySource:
			switch {
			case g.Tripped:
				loud = append(loud, th.bad.Render("! "+capitalise(guardText(g))+": no approval lifts this"))
			case g.Name == writeback.GuardLeastSize && g.Limit > 0 && r.base.Mode != writeback.ModeAdd:
				put(th.muted.Render(guardText(g)))
			}
		}
	}
	return append(lines, loud...)
}
