package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/rule"
)

// shownLine is a line of the text as it is shown: a line of the rule, the mark
// below it, or what is wrong there.
type shownLine struct {
	line    int // of the rule
	isMark  bool
	mark    rule.Span
	message string
}

// most lines of one fault that are marked: a string that is never closed may
// reach to the end of a long rule.
const maxMarks = 2

// textLines lays the text out with the first fault under the lines that it
// concerns.
func (e *segmentEditor) textLines(width int) []shownLine {
	th := e.theme
	e.text.layOut(th, width)
	fault, faulty := firstFault(e.diagnostics())
	if e.text.Value() == "" {
		faulty = false
	}
	start, end := min(fault.Start, len(e.text.value)), max(min(fault.End, len(e.text.value)), min(fault.Start, len(e.text.value))+1)
	var out []shownLine
	marks, last := 0, -1
	if faulty {
		for i, l := range e.text.lines {
			if start < l.next && end > l.start || i == len(e.text.lines)-1 && start >= l.start {
				last = i
				if marks++; marks == maxMarks {
					break
				}
			}
		}
	}
	first := last - marks + 1
	for i, l := range e.text.lines {
		out = append(out, shownLine{line: i})
		if !faulty || i < first || i > last {
			continue
		}
		out = append(out, shownLine{line: i, isMark: true, mark: rule.Span{Start: max(start, l.start), End: min(end, max(l.end, start+1))}})
		if i == last {
			for _, m := range faultMessage(th, fault, width) {
				out = append(out, shownLine{line: i, message: m})
			}
		}
	}
	return out
}

// faultMessage says what is wrong, and below it what would be right, or what is
// near.
func faultMessage(th *theme, d rule.Diagnostic, width int) []string {
	lines := wrap(th, "✗ "+capitalise(clean(d.Message)), width)
	if len(lines) > 3 {
		lines = append(lines[:2], th.cut(lines[2]+ellipsis, width))
	}
	switch {
	case d.Suggestion != "":
		lines = append(lines, th.cut("  did you mean "+clean(d.Suggestion)+"?", width))
	case d.Expected != "":
		lines = append(lines, th.cut("  expected: "+clean(d.Expected), width))
	}
	return lines
}

// drawText shows as much of the lines as there is room for, so that the cursor
// is among them; right says which they are when that is not all.
func (e *segmentEditor) drawText(text []shownLine, width, room int, focused bool) (lines []string, right string, cursor *tea.Cursor) {
	th := e.theme
	t := &e.text
	if t.value == "" {
		lines = []string{th.muted.Render(th.cut("(empty: it selects nobody; ctrl-t types it here)", width))}
		if focused {
			lines[0] = th.muted.Render(th.cut("(empty: type or paste a rule here)", width))
		}
		if focused {
			cursor = tea.NewCursor(0, 0)
		}
		return lines, "", cursor
	}
	at, column := t.place()
	from, to := 0, 0 // the shown lines that belong to the cursor's
	for i, l := range text {
		if l.line == at && !l.isMark && l.message == "" {
			from = i
		}
		if l.line == at {
			to = i + 1
		}
	}
	if !focused { // what is wrong is in sight
		from, to = len(text), 0
		for i, l := range text {
			if l.isMark {
				from = min(from, i-1)
			}
			if l.isMark || l.message != "" {
				to = i + 1
			}
		}
	}
	if from < to {
		t.top = max(min(t.top, from), min(from, to-room))
	}
	t.top = max(0, min(t.top, len(text)-room))
	window := text[t.top:min(len(text), t.top+room)]
	for i, l := range window {
		if focused && t.top+i == from {
			cursor = tea.NewCursor(column, i)
		}
		lines = append(lines, e.drawTextLine(l, width))
	}
	if i := slices.IndexFunc(text, func(l shownLine) bool { return l.isMark }); i >= 0 && (i < t.top || i >= t.top+room) {
		defer func() { right = fmt.Sprintf("✗ line %d · %s", text[i].line+1, right) }()
	}
	if len(window) < len(text) {
		first, last := window[0].line, window[len(window)-1].line
		right = fmt.Sprintf("lines %d–%d of %d", first+1, last+1, len(t.lines))
		if first == last {
			right = fmt.Sprintf("line %d of %d", first+1, len(t.lines))
		}
	}
	return lines, right, cursor
}

func (e *segmentEditor) drawTextLine(l shownLine, width int) string {
	th, line := e.theme, e.text.lines[l.line]
	switch {
	case l.message != "":
		return th.bad.Render(l.message)
	case l.isMark:
		value := e.text.value
		before := th.width(clean(value[line.start:min(l.mark.Start, line.end)]))
		n := 1
		if l.mark.Start < line.end {
			n = max(1, th.width(clean(value[l.mark.Start:min(l.mark.End, line.end)])))
		}
		before = min(before, width-1)
		return spaces(before) + th.bad.Render(strings.Repeat("▔", min(n, width-before)))
	}
	return th.text.Render(th.cut(th.isolated(clean(e.text.value[line.start:line.end])), width))
}

// page is how many lines pgup and pgdown move in the text.
func (e *segmentEditor) page() int { return 8 }
