package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/writeback"
)

// formHeight is the form's box without its completions.
const formHeight = 5

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
	indented := func(lines []string) (out []string) {
		for _, l := range lines {
			out = append(out, spaces(labelWidth)+l)
		}
		return out
	}
	audience, _ := p.audience.Draw(th, inner-labelWidth)
	lines := append([]string{label(fieldAudience, "Audience") + audience}, indented(p.audience.Lines(inner-labelWidth))...)
	group, _ := p.group.Draw(th, inner-labelWidth)
	lines = append(lines, label(fieldGroup, "Group")+group)
	lines = append(lines, indented(p.group.Lines(inner-labelWidth))...)
	lines = append(lines, label(fieldMode, "Mode")+p.drawModes())
	return th.box(boxText{title: "Make a group equal to an audience"}, " "+strings.Join(lines, "\n "),
		p.width, min(p.height, formHeight+len(p.audience.suggestions)+len(p.group.suggestions)), p.focus != fieldBelow)
}

func (p *writebackPane) drawModes() string {
	th := p.theme
	var parts []string
	for _, m := range modes() {
		text := modeLabel(m)
		switch {
		case m != p.mode:
			parts = append(parts, th.muted.Render("  "+text+" "))
		case p.focus == fieldMode:
			parts = append(parts, th.selected.Render("● "+text+" "))
		default:
			parts = append(parts, th.text.Render("● "+text+" "))
		}
	}
	return strings.Join(parts, " ")
}

func modes() []writeback.Mode {
	return []writeback.Mode{writeback.ModeMirror, writeback.ModeAdd, writeback.ModeRemove}
}

// Cursor is in the audience, the group, or the search of a review.
func (p *writebackPane) Cursor() *tea.Cursor {
	if !p.Typing() {
		return nil
	}
	top := len(p.auditLines())
	if p.review != nil {
		width := p.width - 4
		tabs := p.theme.width(p.tabsText())
		_, column := p.review.search.Draw(p.theme, p.searchWidth(width, tabs))
		return tea.NewCursor(2+tabs+3+column, top+len(p.headLines(width)))
	}
	inner := p.width - 4 - labelWidth
	if p.focus == fieldAudience {
		_, column := p.audience.Draw(p.theme, inner)
		return tea.NewCursor(2+labelWidth+column, top+1)
	}
	_, column := p.group.Draw(p.theme, inner)
	return tea.NewCursor(2+labelWidth+column, top+2+len(p.audience.suggestions))
}

// drawBelow shows why there is no plan, or the plans that are kept.
func (p *writebackPane) drawBelow(height int) string {
	th := p.theme
	focused := p.focus == fieldBelow
	if p.failed != nil {
		failed, next := *p.failed, "Nothing was changed. Mend the form above and press enter to try again."
		switch {
		case missingFor(p.shared, p.failed) != "":
			failed.Remedy = "" // a long address, which the consent screen has as well
			next = "Nothing was changed. c shows the permission and where it is granted; the plan is computed after it. tab goes to the form."
		case p.failed.Code == "notSynced":
			failed.Remedy = ""
			next = "Nothing was changed. The line at the bottom says how far the sync has come; S in Activity starts one. Press enter here once it has ended."
		case p.isHandable():
			failed.Remedy = "" // the commands' way to the same
			next = "Nothing was changed. x makes the plan all the same, for somebody to make by hand: rows to review, and a PowerShell script of Exchange's own commands, with its undo. Or tab to the form, and name a security or Microsoft 365 group."
		}
		return th.box(boxText{title: "No plan"}, drawFailure(th, &failed, p.width-6, next), p.width, height, focused)
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
	return th.box(boxText{title: "Plans", right: count(len(p.recent))}, strings.Join(p.recentLines(p.width-2, height-2), "\n"), p.width, height, focused)
}

// recentPage is how many plans are shown at once.
func (p *writebackPane) recentPage() int { return max(1, p.height-len(p.auditLines())-formHeight-3) }

func (p *writebackPane) recentLines(width, height int) []string {
	th := p.theme
	idWidth, stateWidth := 12, 19
	if width < 90 {
		idWidth = 0 // the title of the open plan tells it
	}
	groupWidth := max(8, min(40, width-3-16-2-idWidth-2-8-8-2-stateWidth))
	columns := func(at, id, group, add, remove, state string) string {
		if idWidth > 0 {
			id = th.cell(id, idWidth) + "  "
		} else {
			id = ""
		}
		return th.cell(at, 16) + "  " + id + th.cell(group, groupWidth) + th.cellRight(add, 8) + th.cellRight(remove, 8) + "  " + th.cell(state, stateWidth)
	}
	lines := []string{th.heading.Render("   " + columns("Made", "Plan", "Group", "Add", "Remove", "State"))}
	page := max(1, height-1)
	p.top = max(0, min(max(min(p.top, p.chosen), p.chosen-page+1), len(p.recent)-page))
	for i := p.top; i < min(len(p.recent), p.top+page); i++ {
		h := &p.recent[i]
		text := columns(h.CreatedAt.Format("2006-01-02 15:04"), h.ID, h.Group.DisplayName,
			"+"+count(h.Additions), "-"+count(h.Removals), planState(h))
		if i == p.chosen && p.focus == fieldBelow {
			lines = append(lines, th.selected.Render(th.fit("▸  "+text, width)))
		} else {
			lines = append(lines, th.fit("   "+th.text.Render(text), width))
		}
	}
	return lines
}

// planState is how far a kept plan has come.
func planState(h *writeback.PlanHead) string {
	undo := ""
	if h.UndoOf != "" {
		undo = "undo, "
	}
	switch {
	case h.HandOver:
		return "hand over"
	case h.State == "" && h.Empty():
		return "no changes"
	case h.State == "":
		return undo + "not applied"
	case h.State == writeback.RunVerified:
		return "✓ " + undo + "verified"
	case h.State == writeback.RunPartial:
		return "! " + undo + "failed rows"
	}
	return "! " + undo + "interrupted"
}
