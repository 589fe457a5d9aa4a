package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/writeback"
)

// formHeight is the form's box without its completions.
const formHeight = 5

func (p *writebackPane) layout() {
	p.table.SetSize(max(1, p.width-2), max(1, p.height-2-len(p.headLines(p.width-4))))
}

// refresh fills the table from the review.
func (p *writebackPane) refresh() {
	p.review.fill()
	p.table.SetRows(reviewRows{p.theme, p.review.rows})
	p.layout()
}

func (p *writebackPane) Draw() string {
	switch {
	case p.planning():
		return p.theme.box(boxText{title: "Writeback"}, "\n  "+p.theme.accent.Render("Computing the plan")+
			"\n  "+p.theme.text.Render("The audience is expanded, and the group's members are read from the consistent store.")+
			"\n\n  "+p.theme.muted.Render("esc cancels; nothing is changed"), p.width, p.height, true)
	case p.review != nil:
		return p.drawReview()
	}
	form := p.drawForm()
	below := p.height - strings.Count(form, "\n") - 1
	if below <= 0 {
		return form
	}
	return form + "\n" + p.drawBelow(below)
}

// labelWidth is the width of the form's labels.
const labelWidth = 12

func (p *writebackPane) drawForm() string {
	th := p.theme
	inner := p.width - 4
	label := func(f formField, text string) string {
		if p.focus == f {
			return th.accent.Render(th.cell("▸ "+text, labelWidth))
		}
		return th.muted.Render(th.cell("  "+text, labelWidth))
	}
	audience, _ := p.audience.Draw(th, inner-labelWidth)
	lines := []string{label(fieldAudience, "Audience") + audience}
	for _, l := range p.audience.Lines(inner - labelWidth) {
		lines = append(lines, spaces(labelWidth)+l)
	}
	group, _ := p.group.Draw(th, inner-labelWidth)
	lines = append(lines, label(fieldGroup, "Group")+group)
	lines = append(lines, label(fieldMode, "Mode")+p.drawModes())
	return th.box(boxText{title: "Make a group equal to an audience"}, " "+strings.Join(lines, "\n "),
		p.width, min(p.height, formHeight+len(p.audience.suggestions)), p.focus != fieldRecent)
}

func (p *writebackPane) drawModes() string {
	th := p.theme
	var parts []string
	for _, m := range []struct {
		mode writeback.Mode
		text string
	}{
		{writeback.ModeMirror, "mirror"},
		{writeback.ModeAdd, "add only"},
		{writeback.ModeRemove, "remove only"},
	} {
		switch {
		case m.mode != p.mode:
			parts = append(parts, th.muted.Render("  "+m.text+" "))
		case p.focus == fieldMode:
			parts = append(parts, th.selected.Render("● "+m.text+" "))
		default:
			parts = append(parts, th.text.Render("● "+m.text+" "))
		}
	}
	return strings.Join(parts, " ")
}

// Cursor is in the audience or the group.
func (p *writebackPane) Cursor() *tea.Cursor {
	if !p.Typing() {
		return nil
	}
	inner := p.width - 4 - labelWidth
	if p.focus == fieldAudience {
		_, column := p.audience.Draw(p.theme, inner)
		return tea.NewCursor(2+labelWidth+column, 1)
	}
	_, column := p.group.Draw(p.theme, inner)
	return tea.NewCursor(2+labelWidth+column, 2+len(p.audience.suggestions))
}

// drawBelow shows why there is no plan, or the plans that are kept.
func (p *writebackPane) drawBelow(height int) string {
	th := p.theme
	if p.failed != nil {
		return th.box(boxText{title: "No plan"}, drawFailure(th, p.failed, p.width-6, "Nothing was changed. Mend the form above and press enter to try again."), p.width, height, false)
	}
	if len(p.recent) == 0 {
		return th.box(boxText{title: "Plans"}, hintLines(
			th, p.width-2,
			th.text.Render("A plan says which users to add to a group and which to remove."), "",
			th.muted.Render("Name an audience and a group, then press enter. Nothing is written before you have read the plan row by row and approved it; afterwards it can be undone."), "",
			th.muted.Render("mirror       makes the group equal to the audience"),
			th.muted.Render("add only     removes nobody"),
			th.muted.Render("remove only  adds nobody"),
		), p.width, height, false)
	}
	return th.box(boxText{title: "Plans", right: count(len(p.recent))}, strings.Join(p.recentLines(p.width-2, height-2), "\n"), p.width, height, p.focus == fieldRecent)
}

func (p *writebackPane) recentLines(width, height int) []string {
	th := p.theme
	idWidth, stateWidth := 12, 16
	if width < 90 {
		idWidth = 0 // the title of the open plan tells it
	}
	groupWidth := max(8, min(40, width-3-16-2-idWidth-2-8-8-2-stateWidth))
	columns := func(at, id, group, add, remove, state string) string {
		if idWidth > 0 {
			at = th.cell(at, 16) + "  " + th.cell(id, idWidth)
		}
		return th.fit(at, 16+2+idWidth) + "  " + th.cell(group, groupWidth) + " " + th.cellRight(add, 7) + " " + th.cellRight(remove, 7) + "  " + th.cell(state, stateWidth)
	}
	lines := []string{th.heading.Render(th.fit("   "+columns("Made", "Plan", "Group", "Add", "Remove", "State"), width))}
	from, to := rowWindow(len(p.recent), p.chosen, max(1, height-1))
	for i := from; i < to; i++ {
		r := p.recent[i]
		text := columns(r.plan.CreatedAt.Format("2006-01-02 15:04"), r.plan.ID, r.plan.Group.DisplayName,
			"+"+count(len(r.plan.Add)), "-"+count(len(r.plan.Remove)), r.state())
		if i == p.chosen && p.focus == fieldRecent {
			lines = append(lines, th.selected.Render(th.fit("▸  "+text, width)))
		} else {
			lines = append(lines, th.fit("   "+th.text.Render(text), width))
		}
	}
	return lines
}

// state is how far a kept plan has come.
func (r recentPlan) state() string {
	switch {
	case r.run == nil && r.plan.Empty():
		return "changes nothing"
	case r.run == nil:
		return "not applied"
	case r.run.State == writeback.RunVerified:
		return "✓ verified"
	case r.run.State == writeback.RunPartial:
		return "! failed rows"
	}
	return "! interrupted"
}

func (p *writebackPane) drawReview() string {
	th := p.theme
	r := p.review
	head := p.headLines(p.width - 4)
	p.layout()
	var body string
	switch {
	case len(r.rows) > 0:
		body = p.table.Draw(true)
	case r.filter != filterAll:
		body = "\n  " + th.muted.Render("No row is among the "+r.filter.String()+"; tab shows the others.")
	default:
		body = "\n  " + th.good.Render("✓ No changes: the group is as the audience wants it.")
	}
	content := " " + strings.Join(head, "\n ") + "\n" + body
	shown := "showing " + r.filter.String() + " · " + plural(len(r.rows), "row", "rows")
	title := "Plan " + r.id()
	if r.base.UndoOf != "" {
		title = "Undo of plan " + r.base.UndoOf
	}
	return th.box(boxText{title: title, right: shown}, content, p.width, p.height, true)
}

// headLines say what the plan is about, what it does, how its guards stand,
// and how far it has come.
func (p *writebackPane) headLines(width int) []string {
	if p.review == nil {
		return nil
	}
	th, r := p.theme, p.review
	base, plan := r.base, r.plan
	if plan == nil {
		plan = base
	}
	from := "from " + clean(joinEntries(base.From, base.Exclude))
	if base.UndoOf != "" {
		from = "restores " + clean(strings.Join(base.From, ", "))
	}
	lines := []string{
		th.accent.Render(clean(base.Group.DisplayName)) + th.muted.Render(th.cut(" · "+base.Group.Kind.Label()+" · "+modeLabel(base.Mode)+" · "+from, width-th.width(clean(base.Group.DisplayName)))),
		th.text.Render(plural(plan.BaseCount, "member", "members")+" now → "+count(membersAfter(plan))+" then") + "   " +
			th.added.Render("+ "+count(len(plan.Add))) + "  " + th.removed.Render("- "+count(len(plan.Remove))) + "  " +
			th.muted.Render("unchanged "+count(plan.Unchanged)+"  skipped "+count(len(plan.Skipped))),
	}
	lines = append(lines, p.guardLines(plan, width)...)
	lines = append(lines, p.statusLines(width)...)
	for i := range lines {
		lines[i] = th.cut(lines[i], width)
	}
	return append(lines, "")
}

func modeLabel(m writeback.Mode) string {
	switch m {
	case writeback.ModeAdd:
		return "add only"
	case writeback.ModeRemove:
		return "remove only"
	}
	return "mirror"
}

// guardLines draw the two gauges, side by side where there is room, and in
// words any other guard that trips.
func (p *writebackPane) guardLines(plan *writeback.Plan, width int) []string {
	th := p.theme
	const barWidth = 10
	var lines []string
	for _, g := range plan.Guards {
		text := guardText(g)
		switch {
		case liftable(g) && g.Tripped:
			text = th.bad.Render("! " + text + ": the number must be typed")
		case liftable(g):
			text = th.muted.Render(text)
		case g.Tripped:
			lines = append(lines, th.bad.Render("! "+capitalise(text)+": no approval lifts this"))
			continue
		default:
			continue
		}
		if g.Limit > 0 {
			text = th.bar(g.Value, g.Limit, barWidth) + " " + text
		}
		if n := len(lines); n == 1 && th.width(lines[0])+3+th.width(text) <= width {
			lines[0] += "   " + text
			continue
		}
		lines = append(lines, text)
	}
	return lines
}

// maxFailureLines is how many failed rows are explained above the table, where
// each of them has its reason as well.
const maxFailureLines = 3

func (p *writebackPane) statusLines(width int) []string {
	th, r := p.theme, p.review
	wrapped := func(render func(...string) string, text string) []string {
		var lines []string
		for _, l := range wrap(th, text, width) {
			lines = append(lines, render(l))
		}
		return lines
	}
	if p.applying() {
		done, failed, total := int(p.apply.done.Load()), int(p.apply.failed.Load()), int(p.apply.total.Load())
		text := "Applying: reading the group…"
		if total > 0 {
			text = "Applying: " + count(done) + " of " + plural(total, "row", "rows") + " done"
			if done+failed == total {
				text += "; reading back"
			}
		}
		if failed > 0 {
			text += ", " + count(failed) + " failed"
		}
		return []string{th.accent.Render(text) + "  " + th.progress(done+failed, total, 30)}
	}
	if r.failed != nil {
		lines := wrapped(th.bad.Render, "✗ "+capitalise(clean(r.failed.Message)))
		if _, stale := r.stale(); stale {
			return append(lines, wrapped(th.text.Render, "→ Nothing was written. Press c to make the plan again, and read what it does now.")...)
		}
		if r.run != nil {
			return append(lines, wrapped(th.text.Render, "→ What was written is in the journal. Press r to resume.")...)
		}
		if r.failed.Remedy != "" {
			lines = append(lines, wrapped(th.text.Render, "→ "+clean(r.failed.Remedy))...)
		}
		return lines
	}
	if r.run != nil {
		return p.runLines(wrapped)
	}
	switch {
	case r.base.Empty():
		return []string{th.good.Render("✓ Nothing to do")}
	case !p.ws.CanWrite():
		return wrapped(th.warn.Render, "Read-only: A shows the permission that is missing; x hands the plan to someone who has it.")
	case r.applicable() != "":
		return wrapped(th.warn.Render, capitalise(r.applicable()))
	}
	return []string{th.muted.Render("Not applied yet. Read the rows, space leaves one out, A asks for approval.")}
}

// runLines say how the run ended.
func (p *writebackPane) runLines(wrapped func(render func(...string) string, text string) []string) []string {
	th, run := p.theme, p.review.run
	var added, removed, already, failed, left int
	var failures []string
	for _, row := range run.Rows {
		switch {
		case row.State == writeback.RowDone && row.Remove:
			removed++
		case row.State == writeback.RowDone:
			added++
		case row.State == writeback.RowAlready:
			already++
		case row.State == writeback.RowFailed:
			if failed++; failed <= maxFailureLines {
				failures = append(failures, th.bad.Render("  ✗ "+clean(row.UserPrincipalName)+": "+clean(row.Reason)))
			}
		default:
			left++
		}
	}
	text := count(added) + " added, " + count(removed) + " removed"
	if already > 0 {
		text += ", " + count(already) + " so already"
	}
	switch run.State {
	case writeback.RunVerified:
		when := ""
		if !run.Ended.IsZero() {
			when = " " + run.Ended.Format("2006-01-02 15:04 MST")
		}
		return wrapped(th.good.Render, "✓ Applied and verified"+when+": "+text+". u proposes the undo.")
	case writeback.RunPartial:
		return append(wrapped(th.bad.Render, "! "+plural(failed, "row", "rows")+" failed; "+text+". r tries again."), failures...)
	}
	return append(wrapped(th.warn.Render, "! Interrupted with "+plural(left, "row", "rows")+" to go; "+text+". r resumes."), failures...)
}

// rowWindow is the part of the rows that is shown: at most page, with the
// cursor in it.
func rowWindow(n, cursor, page int) (from, to int) {
	from = max(0, min(cursor-page/2, n-page))
	return from, min(n, from+page)
}
