package tui

import "strings"

// drawFacts shows the number and its parts.
func (p *previewPane) drawFacts(width, height int) string {
	th := p.theme
	inner := width - 3
	var lines []string
	switch {
	case p.walking():
		lines = append(lines, "", th.muted.Render("counting…"))
	case p.outcome == nil:
		lines = append(lines, "", th.muted.Render("Nothing expanded yet."))
	default:
		lines = p.factLines(inner)
	}
	if room := height - 2; len(lines) > room && room > 0 {
		lines = append(lines[:room-1], th.muted.Render(th.cut("… press i for the rest", inner)))
	}
	return th.box(boxText{title: "Recipients"}, " "+strings.Join(lines, "\n "), width, height, false)
}

// maxFactDomains is how many external domains are named.
const maxFactDomains = 3

func (p *previewPane) factLines(width int) []string {
	th, o := p.theme, p.outcome
	preview := o.preview
	var lines []string
	number := count(len(preview.Recipients))
	style := th.big
	if !preview.Complete() {
		style = th.bad
	}
	if big, ok := bigNumber(number, width); ok {
		for _, l := range big {
			lines = append(lines, style.Render(strings.TrimRight(l, " ")))
		}
	} else {
		lines = append(lines, style.Render(number))
	}
	if preview.Complete() {
		lines = append(lines, th.good.Render(th.cut("✓ unique and complete", width)))
	} else {
		for _, l := range wrap(th, "! INCOMPLETE: "+plural(len(preview.Missing), "part is", "parts are")+" missing, so this is not the number", width) {
			lines = append(lines, th.bad.Render(l))
		}
	}
	lines = append(lines, "")
	fact := func(label string, n int, note string) {
		text := th.cellRight(count(n), 8) + "  " + label
		if n == 0 {
			lines = append(lines, th.muted.Render(th.cut(text, width)))
			return
		}
		lines = append(lines, th.text.Render(th.cut(text, width))+th.muted.Render(th.cut(note, width-th.width(text))))
	}
	fact("internal", preview.Counts.Internal, "")
	fact("external", preview.Counts.External, "")
	for i, d := range o.domains {
		if i == maxFactDomains {
			lines = append(lines, th.muted.Render(spaces(12)+"… "+plural(len(o.domains)-i, "more domain", "more domains")))
			break
		}
		lines = append(lines, th.muted.Render(th.cut(th.cellRight(count(d.count), 12)+"  "+clean(d.domain), width)))
	}
	fact("disabled accounts", preview.Counts.Disabled, "")
	fact("reachable by SMS", preview.Counts.SMS, "")
	fact("without address", len(preview.WithoutAddress), "")
	fact("duplicate paths", preview.Expansion.Duplicates, "")
	if len(preview.Outside) > 0 {
		fact("fall outside", len(preview.Outside), "")
	}
	if len(preview.Excluded) > 0 {
		fact("taken away", len(preview.Excluded), "")
	}
	lines = append(lines, "", th.muted.Render(th.cut("read "+preview.Expansion.AsOf.Format("15:04:05 MST"), width)))
	for _, m := range preview.Missing {
		lines = append(lines, "", th.bad.Render(th.cut("! "+clean(m.Entry), width)))
		for _, l := range wrap(th, capitalise(clean(m.Reason.Message)), width) {
			lines = append(lines, th.text.Render(l))
		}
		if m.Reason.Remedy != "" {
			for _, l := range wrap(th, "→ "+clean(m.Reason.Remedy), width) {
				lines = append(lines, th.muted.Render(l))
			}
		}
	}
	for _, n := range preview.Notes {
		lines = append(lines, "")
		for _, l := range wrap(th, "· "+clean(n), width) {
			lines = append(lines, th.muted.Render(l))
		}
	}
	return lines
}
