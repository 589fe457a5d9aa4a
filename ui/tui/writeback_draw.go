package tui

import (
	"strings"
)

func (p *writebackPane) layout() {
	p.table.SetSize(max(1, p.width-2), max(1, p.height-2-len(p.auditLines())-len(p.headLines(p.width-4))))
}

// refresh fills the table from the review.
func (p *writebackPane) refresh() {
	p.review.fill()
	p.table.SetColumns(p.review.columns())
	p.table.SetRows(reviewRows{p.theme, p.review})
	p.layout()
}

// auditLines say loudly that the audit cannot be trusted; none mostly.
func (p *writebackPane) auditLines() []string {
	return brokenAuditLines(p.theme, p.brokenAudit, p.width)
}

func (p *writebackPane) Draw() string {
	banner := p.auditLines()
	body := p.drawBody(max(2, p.height-len(banner)))
	if len(banner) == 0 {
		return body
	}
	return joinLines(banner) + "\n" + body
}

func (p *writebackPane) drawBody(height int) string {
	th := p.theme
	switch {
	case p.planning():
		return th.box(boxText{title: "Writeback"}, hintLines(
			th, p.width-2,
			th.accent.Render("Computing the plan"),
			th.text.Render("The audience is expanded, and the group's members are read from the consistent store."), "",
			th.muted.Render("esc cancels; nothing is changed"),
		), p.width, height, true)
	case p.review != nil:
		return p.drawReview(height)
	}
	form := p.drawForm()
	below := height - strings.Count(form, "\n") - 1
	if below <= 0 {
		return form
	}
	return form + "\n" + p.drawBelow(below)
}

func (p *writebackPane) drawReview(height int) string {
	th, r := p.theme, p.review
	head := p.headLines(p.width - 4)
	p.layout()
	var body string
	switch {
	case len(r.shown) > 0:
		body = p.table.Draw(!r.searching)
	case r.isSearched():
		body = "\n  " + th.muted.Render("No row holds what is searched; esc shows the others.")
	case r.filter != filterAll:
		body = "\n  " + th.muted.Render("No row is among the "+r.filter.String()+"; tab shows the others.")
	default:
		body = "\n  " + th.good.Render("✓ No changes: the group is as the audience wants it.")
	}
	shown := "showing " + r.filter.String() + " · " + plural(len(r.shown), "row", "rows")
	title := "Plan " + r.id()
	switch {
	case r.base.UndoOf != "":
		title += ", undo of plan " + r.base.UndoOf
	case r.base.HandOver:
		title = "Plan " + r.id() + " to hand over"
	}
	return th.box(boxText{title: title, right: shown, bottom: p.rangeText()}, " "+strings.Join(head, "\n ")+"\n"+body, p.width, height, true)
}

// rangeText is how many rows an open range has.
func (p *writebackPane) rangeText() string {
	from, to, ok := p.table.Range()
	if !ok {
		return ""
	}
	return plural(to-from, "row", "rows") + " in the range"
}
