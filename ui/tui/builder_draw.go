package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/rule"
)

// The least of the box that the answer keeps: the count, the change and a note.
const answerLeast = 3

// draw shows the rule as rows and as text in lines of at most width cells, and
// where the cursor is in them. What does not fit into the height beside the
// answer scrolls; the view with the cursor gets more of it.
func (e *segmentEditor) draw(width, height int, editing bool) (lines []string, cursor *tea.Cursor) {
	room := height - answerLeast - 4 // headings and blanks
	if !e.inText {
		room -= e.helpRoom(height, editing)
	}
	if e.frozen {
		room--
	}
	rows := e.outline.rows()
	text := e.textLines(width)
	if editing && height < leastForBoth {
		return e.drawOne(rows, text, width, height)
	}
	least := 1
	if slices.ContainsFunc(text, func(l shownLine) bool { return l.isMark }) {
		least = 3 // the line, its mark, the message
	}
	rowRoom, textRoom := share(len(rows)-1, len(text), max(4, room), least, editing && e.inText)
	lines, cursor = e.drawRows(rows, width, rowRoom, editing && !e.inText)
	lines = append(lines, "")
	shown, right, at := e.drawText(text, width, textRoom, editing && e.inText)
	lines = append(lines, e.heading(width, right))
	if at != nil {
		at.Y += len(lines)
		cursor = at
	}
	lines = append(lines, shown...)
	if text[len(text)-1].message == "" {
		lines = append(lines, "") // where the message of a fault would stand
	}
	e.cursorY = 0
	if cursor != nil {
		e.cursorY = cursor.Y
	}
	return lines, cursor
}

// leastForBoth is the height below which only the view with the cursor is
// shown.
const leastForBoth = 14

func (e *segmentEditor) drawOne(rows []outlineRow, text []shownLine, width, height int) (lines []string, cursor *tea.Cursor) {
	if e.inText {
		shown, right, at := e.drawText(text, width, max(1, height-1), true)
		at.Y++
		lines, cursor = append([]string{e.heading(width, right)}, shown...), at
	} else {
		head := 1
		if e.frozen {
			head++
		}
		lines, cursor = e.drawRows(rows, width, max(1, height-head-e.helpRoom(height, true)), true)
	}
	e.cursorY = 0
	if cursor != nil {
		e.cursorY = cursor.Y
	}
	return lines, cursor
}

// share divides the room between the rows and the text. Both are shown whole
// where that is possible; else the one with the cursor gets two thirds, and the
// text no fewer lines than the least.
func share(rows, text, room, least int, inText bool) (forRows, forText int) {
	switch {
	case rows+text <= room:
		return rows, text
	case inText:
		rows = min(rows, max(1, room/3, room-text))
		return rows, room - rows
	}
	text = min(text, max(least, room/3, room-rows))
	return max(1, room-text), text
}

func (e *segmentEditor) heading(width int, right string) string {
	th := e.theme
	if n := len([]rune(e.text.Value())); n > entraRuleLimit*3/4 {
		length := count(n) + " of " + count(entraRuleLimit) + " characters"
		if right != "" {
			length = right + " · " + length
		}
		right = length
	}
	return th.heading.Render(th.fit("Rule", width-th.width(right))) + th.muted.Render(right)
}

// The width of the operator's column: that of -notStartsWith.
const operatorWidth = 14

// drawRows shows the outline; cursor is where the field under it has its own.
func (e *segmentEditor) drawRows(rows []outlineRow, width, room int, focused bool) (lines []string, cursor *tea.Cursor) {
	th := e.theme
	attribute := min(32, max(12, (width-operatorWidth-4)/2))
	value := max(4, width-attribute-operatorWidth-4)
	n, at, window := len(rows)-1, max(0, e.index()-1), max(1, room)
	e.top = max(min(e.top, at), at-window+1, 0)
	e.top = max(0, min(e.top, n-window))
	right := ""
	if n > window {
		right = fmt.Sprintf("%d–%d of %d", e.top+1, min(n, e.top+window), n)
	}
	lines = append(lines, th.fit(e.drawRoot(rows[0], attribute, focused), width-th.width(right))+th.muted.Render(right))
	if e.frozen {
		lines = append(lines, th.muted.Render(th.cut("  as before the error in the text", width)))
	}
	faulty := e.faultyRow(rows)
	for _, r := range rows[1+e.top : 1+min(n, e.top+window)] {
		line, column := e.drawRow(r, attribute, value, focused && r.outlineItem == e.at, r.outlineItem == faulty)
		if column >= 0 {
			cursor = tea.NewCursor(column, len(lines))
		}
		lines = append(lines, line)
	}
	return lines, cursor
}

// drawRoot is the headings' line: what the rows are joined by stands where else
// the attributes have their heading.
func (e *segmentEditor) drawRoot(r outlineRow, attribute int, focused bool) string {
	th := e.theme
	left := th.heading.Render(th.cell("Attribute", attribute))
	if len(e.cells(r)) > 0 {
		left = e.drawJoint(r, attribute, focused && e.at == r.outlineItem)
	}
	return "  " + left + " " + th.heading.Render(th.cell("Operator", operatorWidth)+" Value")
}

func (e *segmentEditor) drawJoint(r outlineRow, width int, focused bool) string {
	th := e.theme
	text := th.cut(r.joint(), width)
	style := th.accent
	switch {
	case focused:
		style = th.selected
	case e.frozen:
		style = th.disabled
	}
	return style.Render(text) + spaces(width-th.width(text))
}

// drawRow is one line of the outline; column is that of the text cursor, -1
// when it is elsewhere.
func (e *segmentEditor) drawRow(r outlineRow, attribute, value int, focused, faulty bool) (line string, column int) {
	th := e.theme
	text, operator, muted := th.text, th.accent, th.muted
	if e.frozen {
		text, operator, muted = th.disabled, th.disabled, th.disabled
	}
	column = -1
	sign := "  "
	switch {
	case focused:
		sign = th.accent.Render("▸ ")
	case faulty:
		sign = th.bad.Render("✗ ")
	}
	guide := e.guide(r, attribute-8)
	room := attribute - th.width(guide)
	head := muted.Render(guide)
	if r.not > 0 && r.kind != itemGroup {
		not := strings.Repeat("not ", r.not)
		head += operator.Render(not)
		room -= len(not)
	}
	room = max(1, room)
	on := func(c builderCell) bool { return focused && e.cell == c }
	cell := func(s string, width int, style func(...string) string) string { return style(th.cell(s, width)) }
	if r.kind == itemGroup {
		return sign + head + e.drawJoint(r, room, on(cellJoin)) + spaces(operatorWidth+value+2), column
	}

	name := e.attributeText(r)
	switch {
	case r.attribute == rule.Element:
		head += cell("each", room, muted.Render)
		if r.of != "" {
			head = muted.Render(guide)
			if r.not > 0 {
				head += operator.Render(strings.Repeat("not ", r.not))
			}
			head += cell("element", room, muted.Render)
		}
	case on(cellAttribute) && !e.frozen:
		shown, at := e.field.drawLine(th, room)
		column = 2 + attribute - room + at
		if e.field.Value() == "" {
			shown = th.muted.Render(th.cell("attribute", room))
		}
		head += shown
	default:
		head += cell(name, room, text.Render)
	}

	word := r.operator.String()
	switch {
	case r.kind == itemCollection:
		word = r.quantifier.String()
	case r.attribute == rowMemberOf:
		word = "any of"
	case r.attribute == rowDirectReports:
		word = "for"
	}
	middle := cell(word, operatorWidth, operator.Render)
	if on(cellOperator) {
		middle = th.selected.Render(th.cut(word, operatorWidth)) + spaces(operatorWidth-th.width(word))
	}

	var right string
	switch {
	case r.kind == itemCollection && len(r.items) > 1:
		right = e.drawJoint(r, value, on(cellJoin))
	case r.kind == itemCollection:
		right = spaces(value)
	case on(cellValue) && !e.frozen:
		shown, at := e.field.drawLine(th, value)
		column = 2 + attribute + 1 + operatorWidth + 1 + at
		if e.field.Value() == "" {
			shown = th.muted.Render(th.cell("value", value))
		}
		right = shown
	default:
		right = cell(r.value, value, text.Render)
	}
	return sign + head + " " + middle + " " + right, column
}

// faultyRow is the row that the text's first fault is in; nil when none is.
func (e *segmentEditor) faultyRow(rows []outlineRow) *outlineItem {
	fault, ok := firstFault(e.diagnostics())
	if !ok || e.frozen {
		return nil
	}
	parsed, _ := rule.Parse(e.text.Value())
	var places []rule.Span // of the clauses, as the rows have them
	rule.Walk(parsed.Root, func(n rule.Node) {
		switch n := n.(type) {
		case *rule.Quantified:
			places = append(places, n.PropertyAt)
		case *rule.Comparison, *rule.MemberOf, *rule.DirectReports:
			places = append(places, n.Span())
		}
	})
	for _, r := range rows {
		switch {
		case r.kind == itemGroup || r.node() == nil:
		case len(places) == 0:
			return nil
		case fault.Start >= places[0].Start && fault.Start < places[0].End:
			return r.outlineItem
		default:
			places = places[1:]
		}
	}
	return nil
}

// guide is the indentation of a row: a line for each group that it stands in.
// Where they are too many for the width the nearest are shown behind the number
// of all.
func (e *segmentEditor) guide(r outlineRow, room int) string {
	if r.depth <= 0 {
		return ""
	}
	if most := max(1, room/2); r.depth > most {
		number := fmt.Sprintf("%d ", r.depth)
		return number + strings.Repeat("│ ", max(0, most-(len(number)+1)/2))
	}
	return strings.Repeat("│ ", r.depth)
}
