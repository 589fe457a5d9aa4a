package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// rects are the widths of the list and of the rule; below 64 columns the one
// without the focus is left out.
func (p *segmentsPane) rects() (list, right int) {
	switch {
	case p.width < 64 && p.editor != nil:
		return 0, p.width
	case p.width < 64:
		return p.width, 0
	case p.width >= 110:
		return 36, p.width - 36
	}
	return 25, p.width - 25
}

func (p *segmentsPane) Draw() string {
	list, right := p.rects()
	switch {
	case list == 0:
		return p.drawRule(right)
	case right == 0:
		return p.drawList(list)
	}
	return beside(p.drawList(list), p.drawRule(right))
}

func (p *segmentsPane) drawList(width int) string {
	th := p.theme
	inner := width - 2
	t := boxText{title: "Segments"}
	var lines []string
	switch {
	case p.failed != nil && !p.loaded:
		lines = []string{"", th.bad.Render(" ✗ not read")}
	case !p.loaded:
		lines = []string{"", th.muted.Render(" Loading…")}
	case len(p.items) == 0:
		lines = []string{"", th.text.Render(" No segments yet."), "", th.muted.Render(" n makes one.")}
	default:
		t.right = count(len(p.items))
		for i := p.top; i < min(len(p.items), p.top+max(1, p.height-2)); i++ {
			lines = append(lines, p.drawItem(p.items[i], inner, i == p.cursor))
		}
	}
	return th.box(t, strings.Join(lines, "\n"), width, p.height, p.editor == nil)
}

func (p *segmentsPane) drawItem(i *segmentItem, width int, under bool) string {
	th := p.theme
	number := ""
	switch {
	case i.saved == nil:
	case i.total.known:
		number = count(i.total.users)
	default:
		number = "…"
	}
	mark := " "
	if i.changed() {
		mark = "●"
	}
	if i.total.fault != "" {
		return p.drawFaultyItem(i, width, under)
	}
	numberWidth := 8
	if i.saved == nil {
		numberWidth = 0 // its name is long, and it has no number yet
	}
	name := th.cell(i.title(), max(1, width-numberWidth-4))
	right := th.cellRight(number, numberWidth)
	if under {
		return p.drawUnder(mark+name+" "+right+" ", width)
	}
	return " " + th.marked.Render(mark) + th.text.Render(name) + " " + th.text.Render(right)
}

// drawUnder is the row under the cursor.
func (p *segmentsPane) drawUnder(text string, width int) string {
	if p.editor != nil {
		return p.theme.current.Render(p.theme.fit(" "+text, width))
	}
	return p.theme.selected.Render(p.theme.fit("▸"+text, width))
}

// drawFaultyItem is a segment whose saved rule can no longer be evaluated: an
// attribute may be gone from the profile. The fault stands in place of the
// number; under the cursor the rule's box says all of it.
func (p *segmentsPane) drawFaultyItem(i *segmentItem, width int, under bool) string {
	th := p.theme
	name := clean(i.title())
	name = th.cell(name, max(1, min(th.width(name), width/2-2)))
	fault := th.cell(i.total.fault, max(0, width-th.width(name)-4))
	if under {
		return p.drawUnder("✗"+name+" "+fault+" ", width)
	}
	return " " + th.bad.Render("✗") + th.text.Render(name) + " " + th.bad.Render(fault) + " "
}

// drawRule shows the rule under the cursor: its rows, its text, who it selects.
func (p *segmentsPane) drawRule(width int) string {
	th := p.theme
	item := p.current()
	switch {
	case p.failed != nil && !p.loaded:
		return th.box(boxText{title: "Rule"}, drawFailure(th, p.failed, width-6, ""), width, p.height, false)
	case item == nil:
		return th.box(boxText{title: "Rule"}, p.drawHint(width-2), width, p.height, false)
	}
	t := boxText{title: item.title()}
	if item.changed() {
		t.right = "● not saved"
	}
	lines, _ := p.ruleLines(item, width-4)
	return th.box(t, " "+strings.Join(lines, "\n "), width, p.height, p.editor != nil)
}

func (p *segmentsPane) drawHint(width int) string {
	th := p.theme
	return hintLines(
		th, width,
		th.text.Render("A segment is a saved rule; its users are computed, always as of now."), "",
		th.muted.Render("Press n, then choose an attribute, an operator and a value:"), "",
		"  "+th.accent.Render("department   -eq   Sales"), "",
		th.muted.Render("or paste a membership rule from Entra into the text below the rows. The number of users follows each keystroke."),
	)
}

// hintLines wraps the paragraphs of an empty pane, with a margin around them.
func hintLines(th *theme, width int, paragraphs ...string) string {
	lines := []string{""}
	for _, p := range paragraphs {
		for _, l := range wrap(th, p, width-4) {
			lines = append(lines, "  "+l)
		}
	}
	return strings.Join(lines, "\n")
}

// ruleLines are the lines of the right box, and where the cursor is in them.
func (p *segmentsPane) ruleLines(item *segmentItem, width int) (lines []string, cursor *tea.Cursor) {
	e := p.editor
	shown := e
	if shown == nil {
		shown = newSegmentEditor(p.shared, item.rule())
	}
	lines, cursor = shown.draw(width, p.height-2, e != nil)
	answer := p.answers[item.key]
	if answer != nil && answer.text != item.rule() && !p.tasks.busy(taskSegmentAnswer) {
		answer = nil
	}
	lines = append(lines, p.answerLines(answer, width, p.height-2-len(lines))...)
	return shown.withHelp(lines, width, p.height-2, e != nil), cursor
}

// answerLines show the count, who is gained and lost, remarks, and the first users.
func (p *segmentsPane) answerLines(a *segmentAnswer, width, height int) []string {
	th := p.theme
	if a == nil {
		if p.tasks.busy(taskSegmentAnswer) {
			return []string{th.muted.Render("counting…")}
		}
		return nil
	}
	var lines []string
	if a.failed != nil {
		lines = append(lines, faultLines(th, a, width)...)
		lines = append(lines, "")
		for _, l := range wrap(th, "Nothing you typed is lost; the count comes back when the rule reads again.", width) {
			lines = append(lines, th.muted.Render(l))
		}
		return lines
	}
	number := th.accent.Render(count(a.users)) + th.text.Render(" of "+plural(a.of, "user", "users")) + "  "
	lines = append(lines, th.fit(number+th.bar(a.users, a.of, max(0, min(30, width-th.width(number)))), width))
	if a.compared {
		lines = append(lines, changeLine(th, a, width))
	}
	for _, d := range a.diagnostics {
		text := "· " + clean(d.Message)
		if d.Suggestion != "" {
			text += " — " + clean(d.Suggestion)
		}
		lines = append(lines, th.muted.Render(th.cut(text, width)))
	}
	lines = append(lines, "")
	nameWidth := max(8, width*2/5)
	for i, u := range a.first {
		if len(lines) >= height-1 && a.users > i+1 {
			lines = append(lines, th.muted.Render("… and "+count(a.users-i)+" more; p previews them all"))
			break
		}
		lines = append(lines, th.text.Render(th.cell(u.name, nameWidth))+" "+th.muted.Render(th.cell(u.mail, max(0, width-nameWidth-1))))
	}
	return lines
}

// faultLines say what is wrong with a rule, what would be right, what is near.
func faultLines(th *theme, a *segmentAnswer, width int) []string {
	var lines []string
	fault, ok := a.fault()
	if !ok {
		for _, l := range wrap(th, "✗ "+capitalise(clean(a.failed.Message)), width) {
			lines = append(lines, th.bad.Render(l))
		}
		return lines
	}
	for _, l := range wrap(th, "✗ "+capitalise(clean(fault.Message)), width) {
		lines = append(lines, th.bad.Render(l))
	}
	if fault.Expected != "" {
		for _, l := range wrap(th, "expected: "+clean(fault.Expected), width-2) {
			lines = append(lines, "  "+th.text.Render(l))
		}
	}
	if fault.Suggestion != "" {
		for _, l := range wrap(th, "did you mean "+clean(fault.Suggestion)+"?", width-2) {
			lines = append(lines, "  "+th.accent.Render(l))
		}
	}
	return lines
}

// changeLine compares with the saved version, as a bar with numbers.
func changeLine(th *theme, a *segmentAnswer, width int) string {
	if a.gained+a.lost == 0 {
		return th.muted.Render(th.cut("the same users as the saved rule", width))
	}
	const cells = 24
	gained := min(cells, a.gained*cells/(a.gained+a.lost))
	if a.gained > 0 {
		gained = max(1, gained)
	}
	if a.lost > 0 {
		gained = min(gained, cells-1)
	}
	line := th.added.Render("+ "+count(a.gained)+" gained ") + th.added.Render(strings.Repeat("█", gained)) +
		th.removed.Render(strings.Repeat("░", cells-gained)) + th.removed.Render(" "+count(a.lost)+" lost -")
	return th.cut(line, width)
}

// Cursor is in a cell or in the rule's text.
func (p *segmentsPane) Cursor() *tea.Cursor {
	item := p.current()
	if p.editor == nil || item == nil {
		return nil
	}
	list, right := p.rects()
	_, at := p.ruleLines(item, right-4)
	if at == nil {
		return nil
	}
	at.X += list + 2
	at.Y++
	return at
}
