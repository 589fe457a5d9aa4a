package tui

import (
	"slices"
	"strings"
	"time"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
)

// drawFacts shows the number and its parts. While lists are read the quick
// count stands where the exact one will, and every part has its line already:
// nothing moves when the answer comes.
func (p *previewPane) drawFacts(width, height int) string {
	th := p.theme
	inner, room := width-3, height-2
	var lines []string
	switch {
	case p.walking():
		lines = p.factLines(inner, p.countingFacts())
	case p.failed != nil:
		lines = append(lines, "", th.muted.Render("No answer."))
	case p.outcome == nil:
		lines = append(lines, "", th.muted.Render("Nothing expanded yet."))
	default:
		facts := p.facts(inner)
		lines = p.factLines(inner, facts)
		if len(lines) > room && facts.missing > 0 {
			// What is missing matters more than the parts of what is not the number.
			facts.parts = facts.parts[:2]
			lines = p.factLines(inner, facts)
		}
	}
	if len(lines) > room && room > 0 {
		lines = append(lines[:room-1], th.muted.Render(th.cut("… press i for the rest", inner)))
	}
	return th.box(boxText{title: "Recipients"}, " "+strings.Join(lines, "\n "), width, height, false)
}

// previewFacts is what the numbers' box shows.
type previewFacts struct {
	number  string // "" while nothing is known
	quick   bool   // the number is an estimate
	verdict string
	parts   []previewFact
	age     []string
	missing int // parts of the answer
	domains []string
}

// previewFact is a part of the number; n is -1 while it is not known.
type previewFact struct {
	label string
	n     int
}

// countingFacts is the frame of the facts while lists are read.
func (p *previewPane) countingFacts() previewFacts {
	e := p.walk.estimate.Load()
	switch {
	case e == nil:
		return previewFacts{verdict: "counting…", parts: factParts(p.asking, nil)}
	case e.Exact != nil:
		return previewFacts{number: count(e.Recipients), verdict: "counted; names follow…", parts: factParts(p.asking, e.Exact)}
	}
	return previewFacts{number: count(e.Recipients), quick: true, verdict: "≈ quick count; counting…", parts: factParts(p.asking, nil)}
}

func (p *previewPane) facts(width int) previewFacts {
	o := p.outcome
	preview := o.preview
	tally := preview.Tally()
	f := previewFacts{number: count(len(preview.Recipients)), parts: factParts(p.asked, &tally), age: o.age(p.ws.Now(), width), missing: len(preview.Missing)}
	for i, d := range o.domains {
		if i == maxFactDomains {
			f.domains = append(f.domains, "… "+plural(len(o.domains)-i, "more domain", "more domains"))
			break
		}
		f.domains = append(f.domains, p.theme.cellRight(count(d.Count), 8)+"  "+clean(d.Domain))
	}
	return f
}

// factParts are the parts of the number, those of nil not known yet. Whether
// somebody can be outside or excluded is known from what was asked.
func factParts(ask previewAsk, t *audience.Tally) []previewFact {
	known := t != nil
	if !known {
		t = &audience.Tally{}
	}
	parts := []previewFact{
		{"internal", t.Internal},
		{"external", t.External},
		{"guests", t.Guests},
		{"disabled accounts", t.Disabled},
		{"reachable by SMS", t.SMS},
		{"without address", t.WithoutAddress},
		{"devices, services", t.NonRecipients},
		{"duplicates", t.Duplicates},
	}
	if slices.ContainsFunc(ask.include, func(e string) bool { return strings.HasPrefix(e, "&") }) {
		parts = append(parts, previewFact{"fall outside", t.Outside})
	}
	if len(ask.exclude) > 0 {
		parts = append(parts, previewFact{"taken away", t.Excluded})
	}
	if !known {
		for i := range parts {
			parts[i].n = -1
		}
	}
	return parts
}

// age says how old the answer is: when the lists were read, and when the
// directory was synced.
func (o *previewOutcome) age(now time.Time, width int) []string {
	read, synced := o.preview.Expansion.AsOf.In(now.Location()), o.preview.SyncedAt.In(now.Location())
	if synced.IsZero() {
		return []string{"lists read " + clockTime(read, now)}
	}
	lines := []string{"lists read " + clockTime(read, now), "users synced " + clockTime(synced, now)}
	if width < previewFactsWide-3 && isSameDay(read, now) && isSameDay(synced, now) {
		return []string{"read " + read.Format("15:04") + " · synced " + synced.Format("15:04")}
	}
	return lines
}

func isSameDay(a, b time.Time) bool { return a.YearDay() == b.YearDay() && a.Year() == b.Year() }

// clockTime is a time of today, or with its day.
func clockTime(t, now time.Time) string {
	if isSameDay(t, now) {
		return t.Format("15:04:05 MST")
	}
	return t.Format("2006-01-02 15:04")
}

// maxFactDomains is how many external domains are named.
const maxFactDomains = 3

// factLines lays the facts out in lines of at most width cells.
func (p *previewPane) factLines(width int, f previewFacts) []string {
	th := p.theme
	complete := f.missing == 0
	style := th.big
	switch {
	case f.quick:
		style = th.muted
	case !complete:
		style = th.bad
	}
	var lines []string
	for _, l := range numberLines(f.number, f.quick, width) {
		lines = append(lines, style.Render(l))
	}
	switch {
	case f.verdict != "":
		lines = append(lines, th.muted.Render(th.cut(f.verdict, width)))
	case complete:
		lines = append(lines, th.good.Render(th.cut("✓ unique and complete", width)))
	default:
		lines = append(lines, th.bad.Render(th.cut("! INCOMPLETE: "+count(f.missing)+" missing", width)))
	}
	lines = append(lines, "")
	for _, part := range f.parts {
		number := "·"
		if part.n >= 0 {
			number = count(part.n)
		}
		text := th.cut(th.cellRight(number, 8)+"  "+part.label, width)
		if part.n > 0 {
			lines = append(lines, th.text.Render(text))
		} else {
			lines = append(lines, th.muted.Render(text))
		}
	}
	if len(f.age) > 0 {
		lines = append(lines, "")
	}
	for _, l := range f.age {
		lines = append(lines, th.muted.Render(th.cut(l, width)))
	}
	if f.verdict != "" {
		return lines
	}
	lines = append(lines, p.missingLines(width)...)
	if p.missingConsent() != "" {
		lines = append(lines, "", th.accent.Render(th.cut("c shows how to grant it", width)))
	}
	if len(f.domains) > 0 {
		lines = append(lines, "", th.muted.Render("external domains"))
	}
	for _, d := range f.domains {
		lines = append(lines, th.muted.Render(th.cut(d, width)))
	}
	for _, n := range p.preview().Notes {
		lines = append(lines, "")
		for _, l := range wrap(th, "· "+clean(n), width) {
			lines = append(lines, th.muted.Render(l))
		}
	}
	return lines
}

// missingLines are the parts that are missing, why, and what to do.
func (p *previewPane) missingLines(width int) []string {
	th := p.theme
	var lines []string
	for _, m := range sameReasons(p.preview().Missing) {
		more := ""
		if n := len(m.entries) - 1; n > 0 {
			more = " and " + count(n) + " more"
		}
		lines = append(lines, "", th.bad.Render(th.cut("! "+clean(m.entries[0]), max(1, width-th.width(more)))+more))
		what, remedy := brief(m.reason)
		for _, l := range wrap(th, capitalise(clean(what)), width) {
			lines = append(lines, th.text.Render(l))
		}
		if remedy != "" {
			for _, l := range wrap(th, "→ "+clean(remedy), width) {
				lines = append(lines, th.muted.Render(l))
			}
		}
	}
	return lines
}

// missingParts are the parts that are missing for one reason.
type missingParts struct {
	entries []string
	reason  *model.Error
}

// sameReasons joins the parts that are missing for the same reason, in the
// order of the first of each: a service that is gone is gone for every list.
func sameReasons(missing []expansion.Missing) []missingParts {
	var parts []missingParts
	at := make(map[[2]string]int)
	for _, m := range missing {
		key := [2]string{m.Reason.Message, m.Reason.Remedy}
		i, ok := at[key]
		if !ok {
			i, at[key] = len(parts), len(parts)
			parts = append(parts, missingParts{reason: m.Reason})
		}
		parts[i].entries = append(parts[i].entries, m.Entry)
	}
	return parts
}

// brief is a reason without what would fill a narrow box: Entra's own line, and
// addresses of pages. The info view shows them.
func brief(e *model.Error) (what, remedy string) {
	what, _, _ = strings.Cut(e.Message, " (AADSTS")
	remedy, _, _ = strings.Cut(e.Remedy, "; see https://")
	remedy, _, _ = strings.Cut(remedy, ": https://")
	remedy, _, _ = strings.Cut(remedy, " at https://")
	return what, remedy
}

// numberLines is a number as tall as big digits, whatever it is: an estimate
// takes the room of the exact one, which stands where it stood.
func numberLines(number string, quick bool, width int) []string {
	marked := "≈" + number
	big, ok := bigNumber(marked, width)
	if !ok {
		if big, ok = bigNumber(number, width); quick || number == "" {
			ok = false
		}
	} else if !quick && number != "" {
		// The room of the sign stays empty.
		lead, _ := bigNumber("≈", width)
		big, _ = bigNumber(number, width)
		for i := range big {
			big[i] = spaces(len([]rune(lead[i]))) + big[i]
		}
	}
	lines := make([]string, bigDigitHeight)
	switch {
	case number == "":
	case ok:
		for i := range big {
			lines[i] = strings.TrimRight(big[i], " ")
		}
	case quick:
		lines[1] = "≈ " + number
	default:
		lines[1] = number
	}
	return lines
}
