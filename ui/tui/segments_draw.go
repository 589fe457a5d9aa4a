package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/rule"
	"rollcall/model/workspace"
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
	if p.versions != nil {
		return p.drawVersions()
	}
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
	case i.saved.LastCount != nil:
		number = "≈" + count(i.saved.LastCount.Users)
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
	fault := th.cell(i.total.fault, max(0, width-th.width(name)-5))
	if under {
		return p.drawUnder("✗"+name+": "+fault+" ", width)
	}
	return " " + th.bad.Render("✗") + th.text.Render(name) + th.bad.Render(": "+fault) + " "
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
	t := boxText{title: clean(item.title())}
	if item.changed() {
		t.right = "● not saved"
	}
	if item.saved != nil && !item.saved.ChangedAt.IsZero() && p.editor == nil {
		t.foot = historyText(th, item.saved, p.ws.Now(), width-6)
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
	if item.saved != nil && item.saved.Note != "" && e == nil {
		lines = append(noteLines(p.theme, item.saved.Note, width), "")
	}
	room := p.height - 2 - len(lines)
	if e == nil {
		room = room * 3 / 5 // whoever looks wants to see users
	}
	ruleLines, cursor := shown.draw(width, room, e != nil)
	lines = append(lines, ruleLines...)
	answer := p.answers[item.key]
	if answer != nil && answer.text != item.rule() && (p.members || !p.tasks.busy(taskSegmentAnswer)) {
		answer = nil
	}
	if answer == nil {
		lines = append(lines, p.waitingLines(item)...)
	} else {
		lines = append(lines, p.answerLines(answer, width, p.height-2-len(lines)-shown.helpRoom(p.height-2, e != nil))...)
	}
	return shown.withHelp(lines, width, p.height-2, e != nil), cursor
}

// noteLines are the first lines of a segment's note.
func noteLines(th *theme, note string, width int) []string {
	lines := wrap(th, clean(note), width)
	if len(lines) > 2 {
		lines = []string{lines[0], th.cut(lines[1]+" "+lines[2], width)}
	}
	for i, l := range lines {
		lines[i] = th.muted.Render(l)
	}
	return lines
}

// historyText says when a segment was changed, and by whom.
func historyText(th *theme, s *workspace.Segment, now time.Time, width int) string {
	verb := "changed"
	if s.Version < 2 {
		verb = "made"
	}
	parts := []string{verb + " " + when(s.ChangedAt, now)}
	if s.ChangedBy != "" {
		parts[0] += " by " + clean(s.ChangedBy)
	}
	if s.Version > 1 {
		parts = append(parts, fmt.Sprintf("version %d", s.Version))
	}
	return th.cut(strings.Join(parts, " · "), width)
}

// waitingLines stand where the answer will. What nobody knows yet is not shown
// as what was counted before, but for the number that was kept.
func (p *segmentsPane) waitingLines(item *segmentItem) []string {
	th := p.theme
	if !p.tasks.busy(taskSegmentAnswer) {
		return nil
	}
	text := "counting…"
	if p.members {
		text = "reading the members of the groups…"
	}
	if item.saved != nil && !item.changed() && item.saved.LastCount != nil {
		text = "≈ " + plural(item.saved.LastCount.Users, "user", "users") + " at " + when(item.saved.LastCount.At, p.ws.Now()) + " · " + text
	}
	return []string{th.muted.Render(text)}
}

// answerLines show the count, who is gained and lost, remarks, and the first users.
func (p *segmentsPane) answerLines(a *segmentAnswer, width, height int) []string {
	th := p.theme
	var lines []string
	if a.failed != nil {
		// A fault in the text stands under its place there.
		_, misread := a.fault()
		if !misread {
			for _, l := range wrap(th, "✗ "+capitalise(clean(sentence(a.failed))), width) {
				lines = append(lines, th.bad.Render(l))
			}
		}
		if a.mend != nil {
			lines = append(lines, "  "+th.key.Render("ctrl-y")+th.accent.Render(th.cut(" takes "+clean(a.mend.label), width-8)))
		}
		if p.editor == nil || !misread {
			return lines
		}
		lines = append(lines, "")
		for _, l := range wrap(th, "Nothing you typed is lost; the count comes back when the rule reads again.", width) {
			lines = append(lines, th.muted.Render(l))
		}
		return lines
	}
	number := th.accent.Render(count(a.users)) + th.text.Render(" of "+plural(a.of, "user", "users")) + "  "
	lines = append(lines, th.fit(number+th.bar(a.users, a.of, max(0, min(30, width-th.width(number)))), width))
	if a.compared {
		lines = append(lines, changeLine(th, a.gained, a.lost, "the same users as the saved rule", width))
	}
	lines = append(lines, remarkLines(th, a.diagnostics, p.mend(), width, max(2, height/3))...)
	listed := segmentListing{side: a.side, total: [...]int{a.users, a.gained, a.lost}[a.side], first: a.first}
	if a.compared {
		listed.turn = "ctrl-g"
	}
	if a.side == sideSelected && p.editor == nil { // in the editor p is a letter
		listed.more = "; p previews them all"
	}
	return append(lines, listed.lines(th, width, height-len(lines))...)
}

// maxSuggested is how much of a better text is shown, in cells: it may be as
// long as the rule.
const maxSuggested = 64

// remarkLines are the remarks on a rule, in at most so many lines; what a key
// mends stands first.
func remarkLines(th *theme, diagnostics []rule.Diagnostic, mend *ruleMend, width, most int) []string {
	mended := func(d rule.Diagnostic) bool { return mend != nil && d.Start == mend.start && len(d.Nearest) > 0 }
	diagnostics = slices.Clone(diagnostics)
	slices.SortStableFunc(diagnostics, func(a, b rule.Diagnostic) int {
		switch {
		case mended(a) == mended(b):
			return 0
		case mended(a):
			return -1
		}
		return 1
	})
	var lines []string
	for i, d := range diagnostics {
		text := "· " + clean(d.Message)
		if near := nearestText(d.Nearest); near != "" {
			text += " — did you mean " + near + "?"
		} else if d.Suggestion != "" && !strings.Contains(d.Message, d.Suggestion) {
			text += " — " + th.cut(clean(d.Suggestion), maxSuggested)
		}
		switch {
		case !mended(d):
		case len(d.Nearest) == 1:
			text += " ctrl-y takes it"
		default:
			text += " ctrl-y takes the first"
		}
		remark := wrap(th, text, width-2)
		for k := range remark[1:] {
			remark[k+1] = "  " + remark[k+1]
		}
		room := most - len(lines)
		left := len(diagnostics) - i
		switch {
		case i == 0 && len(remark) > room:
			remark = append(remark[:room-1], th.cut(remark[room-1]+" …", width-2))
			left = 1
		case i > 0 && (len(remark) > room || left > 1 && len(remark) == room):
			remark = nil
			if room > 0 {
				remark = []string{"… and " + plural(left, "more remark", "more remarks")}
			}
			left = 1
		}
		for _, l := range remark {
			lines = append(lines, th.muted.Render(l))
		}
		if left == 1 {
			break
		}
	}
	return lines
}

// nearestText lists values that are perhaps meant: "Sales (204), Sale (3)".
func nearestText(list []rule.Candidate) string {
	texts := make([]string, len(list))
	for i, c := range list {
		texts[i] = clean(c.Value) + " (" + count(c.Users) + ")"
	}
	return strings.Join(texts, ", ")
}

// changeLine says who comes and who goes, as a bar with numbers, or that
// nobody does.
func changeLine(th *theme, gained, lost int, same string, width int) string {
	if gained+lost == 0 {
		return th.muted.Render(th.cut(same, width))
	}
	const cells = 24
	full := min(cells, gained*cells/(gained+lost))
	if gained > 0 {
		full = max(1, full)
	}
	if lost > 0 {
		full = min(full, cells-1)
	}
	line := th.added.Render("+ "+count(gained)+" gained ") + th.added.Render(strings.Repeat("█", full)) +
		th.removed.Render(strings.Repeat("░", cells-full)) + th.removed.Render(" "+count(lost)+" lost -")
	return th.cut(line, width)
}

// segmentListing is the first users of a rule, or of those whom it gains or
// loses.
type segmentListing struct {
	side  segmentSide
	turn  string // the key that turns to the next side, which stands above the users; "" when there is no other
	total int
	first []segmentUser
	more  string // said behind how many there are besides
}

func (l segmentListing) lines(th *theme, width, height int) []string {
	lines := []string{""}
	if l.turn != "" {
		title := capitalise(l.side.String())
		if l.total == 0 {
			title += ": nobody"
		}
		heading := th.heading.Render(title) + th.muted.Render(" · "+l.turn+" shows who is "+l.side.next().String())
		if height > 10 {
			lines = append(lines, th.cut(heading, width))
		} else {
			lines = []string{th.cut(heading, width)}
		}
	}
	nameWidth := max(8, width*2/5)
	for i, u := range l.first {
		if len(lines) >= height-1 && l.total > i+1 {
			lines = append(lines, th.muted.Render(th.cut("… and "+count(l.total-i)+" more"+l.more, width)))
			break
		}
		lines = append(lines, th.text.Render(th.cell(u.name, nameWidth))+" "+th.muted.Render(th.cell(u.mail, max(0, width-nameWidth-1))))
	}
	return lines
}

// Cursor is in a cell or in the rule's text.
func (p *segmentsPane) Cursor() *tea.Cursor {
	item := p.current()
	if p.editor == nil || item == nil || p.versions != nil {
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
