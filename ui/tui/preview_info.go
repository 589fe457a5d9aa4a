package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/expansion"
)

// showInfo shows everything that is missing with reason and remedy, the notes,
// and what can be seen of lists at all.
func (p *previewPane) showInfo() tea.Cmd {
	th := p.theme
	lay := func(width int) []string {
		var lines []string
		if p.outcome != nil {
			for _, l := range p.answerInfo() {
				lines = append(lines, wrap(th, l, width)...)
			}
			lines = append(lines, "")
		}
		lines = append(lines, th.heading.Render("What can be seen through which source"))
		lines = append(lines, wrap(th, th.muted.Render("▸ is asked where the profile turns it on; Graph always is."), width)...)
		return append(lines, matrixLines(th, width)...)
	}
	return emit(dialogMsg{&textDialog{shared: p.shared, title: "What is missing, notes and sources", lay: lay}})
}

// answerInfo is what is worth knowing of the answer on the screen.
func (p *previewPane) answerInfo() []string {
	th, preview := p.theme, p.preview()
	var lines []string
	if preview.Complete() {
		lines = append(lines, th.good.Render("✓ Complete: nothing is missing from the answer."), "")
	}
	for _, m := range sameReasons(preview.Missing) {
		lines = append(lines, th.bad.Render("! "+clean(strings.Join(m.entries, ", "))), th.text.Render(capitalise(clean(m.reason.Message))))
		if m.reason.Remedy != "" {
			lines = append(lines, th.muted.Render("→ "+clean(m.reason.Remedy)))
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
func matrixLines(th *theme, width int) []string {
	var lines []string
	below := func(text string) {
		for _, l := range wrap(th, clean(text), width-5) {
			lines = append(lines, "     "+th.muted.Render(l))
		}
	}
	var kind model.GroupKind
	for _, v := range expansion.Matrix() {
		if v.Kind != kind {
			kind = v.Kind
			label := v.Kind.Label()
			lines = append(lines, "", th.accent.Render(strings.ToUpper(label[:1])+label[1:]))
		}
		lines = append(lines, sightLine(th, v))
		if by := strings.Join(v.Permissions, ", "); by != "" {
			if v.Role != "" {
				by += "; role: " + v.Role
			}
			below("with " + by)
		}
		if v.Reason != "" {
			below(capitalise(v.Reason))
		}
		if v.Remedy != "" {
			below("→ " + v.Remedy)
		}
	}
	return lines
}

// sightLine is a source and how much of a kind of list it shows.
func sightLine(th *theme, v expansion.Visibility) string {
	sight, style := "", th.text
	switch v.Sight {
	case expansion.SightFull:
		sight, style = "✓ all", th.good
	case expansion.SightPart:
		sight, style = "! in part", th.warn
	case expansion.SightStored:
		sight, style = "~ all, as calculated last", th.warn
	case expansion.SightNone:
		sight, style = "· nothing", th.muted
	}
	asked := " "
	if v.Asked {
		asked = "▸"
	}
	return " " + th.key.Render(asked) + " " + th.text.Render(th.cell(v.Source.Label(), 17)) + style.Render(sight)
}
