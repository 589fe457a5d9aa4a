package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"rollcall/model"
	"rollcall/model/expansion"
)

// showInfo shows everything that is missing with reason and remedy, the notes,
// and what can be seen of lists at all.
func (p *previewPane) showInfo() tea.Cmd {
	th := p.theme
	var lines []string
	if p.outcome != nil {
		lines = append(p.answerInfo(), "")
	}
	lines = append(lines, th.heading.Render("What can be seen through which source"), "")
	lines = append(lines, matrixLines(th)...)
	return emit(dialogMsg{&textDialog{shared: p.shared, title: "What is missing, notes and sources", lines: lines}})
}

// answerInfo is what is worth knowing of the answer on the screen.
func (p *previewPane) answerInfo() []string {
	th, preview := p.theme, p.preview()
	var lines []string
	if preview.Complete() {
		lines = append(lines, th.good.Render("✓ Complete: nothing is missing from the answer."), "")
	}
	for _, m := range preview.Missing {
		lines = append(lines, th.bad.Render("! "+clean(m.Entry)), th.text.Render(capitalise(clean(m.Reason.Message))))
		if m.Reason.Remedy != "" {
			lines = append(lines, th.muted.Render("→ "+clean(m.Reason.Remedy)))
		}
		lines = append(lines, "")
	}
	for _, n := range preview.Notes {
		lines = append(lines, th.muted.Render("· ")+th.text.Render(clean(n)))
	}
	lines = append(lines, "")
	for _, l := range p.outcome.age(p.ws.Now(), previewFactsWide) {
		lines = append(lines, th.muted.Render(capitalise(l)))
	}
	if domains := p.outcome.domains; len(domains) > 0 {
		lines = append(lines, "", th.heading.Render("External domains"))
		for _, d := range domains[:min(len(domains), maxInfoDomains)] {
			lines = append(lines, th.text.Render(th.cellRight(count(d.Count), 8)+"  "+clean(d.Domain)))
		}
		if more := len(domains) - maxInfoDomains; more > 0 {
			lines = append(lines, th.muted.Render("          … and "+count(more)+" more; e exports every address"))
		}
	}
	return lines
}

// maxInfoDomains is how many external domains are listed.
const maxInfoDomains = 100

// matrixLines tell what can be seen of every kind of list through every
// source, by which permission, and where that is not all, why and what to do.
func matrixLines(th *theme) []string {
	var lines []string
	var kind model.GroupKind
	for _, v := range expansion.Matrix() {
		if v.Kind != kind {
			if kind != "" {
				lines = append(lines, "")
			}
			kind = v.Kind
			lines = append(lines, th.accent.Render(capitalise(v.Kind.Label())))
		}
		lines = append(lines, visibilityLine(th, v))
		if v.Reason != "" {
			lines = append(lines, hanging(th.muted, capitalise(v.Reason)))
		}
		if v.Remedy != "" {
			lines = append(lines, hanging(th.muted, "→ "+v.Remedy))
		}
	}
	return lines
}

func visibilityLine(th *theme, v expansion.Visibility) string {
	sight, style := "", th.text
	switch v.Sight {
	case expansion.SightFull:
		sight, style = "✓ all", th.good
	case expansion.SightPart:
		sight, style = "! in part", th.warn
	case expansion.SightStored:
		sight, style = "~ stored", th.warn
	case expansion.SightNone:
		sight, style = "· nothing", th.muted
	}
	asked := " "
	if v.Asked {
		asked = "▸"
	}
	line := " " + th.key.Render(asked) + " " + th.text.Render(th.cell(v.Source.Label(), 16)) + style.Render(th.cell(sight, 11))
	by := strings.Join(v.Permissions, " + ")
	if v.Role != "" {
		by += ", role " + v.Role
	}
	return line + th.muted.Render(by)
}

// hanging is a paragraph below a line of the matrix.
func hanging(style lipgloss.Style, text string) string { return style.Render("     " + clean(text)) }
