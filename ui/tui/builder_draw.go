package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/rule"
)

// draw shows the rule as rows and as text in lines of at most width cells, and
// where the cursor is in them. While nobody edits, a long text is cut.
func (e *segmentEditor) draw(width, height int, editing bool) (lines []string, cursor *tea.Cursor) {
	th := e.theme
	lines, cursor = e.drawRows(width, height, editing)
	lines = append(lines, "", e.heading(width))
	if editing {
		field, column := e.text.Draw(th, width)
		if e.inText {
			cursor = tea.NewCursor(column, len(lines))
		}
		return append(lines, field, underline(th, &e.text, e.diagnostics(), width)), cursor
	}
	text := e.text.Value()
	if text == "" {
		text = "(empty: it selects nobody)"
	}
	wrapped := wrap(th, clean(text), width)
	const most = 4
	if len(wrapped) > most {
		wrapped = append(wrapped[:most-1], ellipsis)
	}
	for _, l := range wrapped {
		lines = append(lines, th.text.Render(l))
	}
	return append(lines, ""), cursor
}

// diagnostics are what is wrong with the text, and what could be better.
func (e *segmentEditor) diagnostics() []rule.Diagnostic {
	parsed, diagnostics := rule.Parse(e.text.Value())
	return append(diagnostics, rule.Check(parsed, e.ws.Schema())...)
}

// withHelp lays what helps to edit over the end of the box's lines.
func (e *segmentEditor) withHelp(lines []string, width, height int, editing bool) []string {
	return lines
}

// The widths of the rows' columns.
const (
	joinWidth     = 6
	operatorWidth = 15
)

// drawRows shows the builder; at is the cursor when it is in a cell.
func (e *segmentEditor) drawRows(width, height int, editing bool) (lines []string, at *tea.Cursor) {
	th := e.theme
	if !e.rowsOK {
		for _, l := range wrap(th, e.aside, width) {
			lines = append(lines, th.muted.Render(l))
		}
		return lines, nil
	}
	attributeWidth := min(24, max(10, (width-joinWidth-operatorWidth-4)/2))
	valueWidth := max(4, width-joinWidth-attributeWidth-operatorWidth-5)
	lines = append(lines, th.heading.Render(th.fit(spaces(joinWidth+2)+th.cell("Attribute", attributeWidth)+" "+th.cell("Operator", operatorWidth)+" Value", width)))
	from, to := rowWindow(len(e.builder.rows), e.row, max(2, height/3))
	if from > 0 {
		lines = append(lines, th.muted.Render(spaces(joinWidth+2)+"↑ "+plural(from, "row", "rows")+" above"))
	}
	for i := from; i < to; i++ {
		r := e.builder.rows[i]
		focus := func(c builderCell) bool { return editing && !e.inText && i == e.row && c == e.cell }
		join := e.joinText(i)
		if focus(cellJoin) {
			join = th.selected.Render(th.cell(join, joinWidth))
		} else {
			join = th.muted.Render(th.cell(join, joinWidth))
		}
		guide := " "
		if in, first, last := e.builder.inGroup(i); in {
			switch {
			case first:
				guide = "╭"
			case last:
				guide = "╰"
			default:
				guide = "│"
			}
		}
		attribute, value := th.text.Render(th.cell(r.attribute, attributeWidth)), th.text.Render(th.cell(r.value, valueWidth))
		field := func(w int, offset int) string {
			text, column := e.field.Draw(th, w)
			at = tea.NewCursor(offset+column, len(lines))
			return text
		}
		if focus(cellAttribute) {
			attribute = field(attributeWidth, joinWidth+2)
		}
		operator := th.cell(r.operator.String(), operatorWidth)
		if focus(cellOperator) {
			operator = th.selected.Render(operator)
		} else {
			operator = th.accent.Render(operator)
		}
		if focus(cellValue) {
			value = field(valueWidth, joinWidth+2+attributeWidth+1+operatorWidth+1)
		}
		sign := " "
		if editing && !e.inText && i == e.row {
			sign = th.accent.Render("▸")
		}
		lines = append(lines, join+th.muted.Render(guide)+sign+attribute+" "+operator+" "+value)
		if editing && i == e.row {
			lines = append(lines, e.drawOffers(width)...)
		}
	}
	if to < len(e.builder.rows) {
		lines = append(lines, th.muted.Render(spaces(joinWidth+2)+"↓ "+plural(len(e.builder.rows)-to, "row", "rows")+" below"))
	}
	return lines, at
}

// rowWindow is the part of the rows that is shown: at most page, with the
// cursor in it.
func rowWindow(n, cursor, page int) (from, to int) {
	from = max(0, min(cursor-page/2, n-page))
	return from, min(n, from+page)
}

// joinText is what stands before a row: how the rows are joined before the
// first, the joiner before the others.
func (e *segmentEditor) joinText(i int) string {
	switch r := e.builder.rows[i]; {
	case i == 0 && len(e.builder.rows) < 2:
		return ""
	case i == 0 && e.builder.any:
		return "any of"
	case i == 0:
		return "all of"
	case r.or:
		return "   or"
	default:
		return "  and"
	}
}

// drawOffers shows the completions of the cell, or what its operator may be.
func (e *segmentEditor) drawOffers(width int) []string {
	th := e.theme
	indent := joinWidth + 2
	var lines []string
	for i, o := range e.offers {
		text := th.cell(o.text, min(32, max(8, width-indent-26)))
		note := th.cell(o.note, max(0, width-indent-th.width(text)-4))
		if i == e.chosen {
			lines = append(lines, spaces(indent)+th.selected.Render("▸ "+text+"  "+note))
		} else {
			lines = append(lines, spaces(indent)+"  "+th.text.Render(text)+"  "+th.muted.Render(note))
		}
	}
	if e.inText {
		return lines
	}
	switch e.cell {
	case cellOperator:
		var names []string
		for _, o := range operatorsOf(e.ws.Schema(), e.builder.rows[e.row].attribute) {
			names = append(names, o.String())
		}
		for _, l := range wrap(th, "← → changes: "+strings.Join(names, " "), width-indent) {
			lines = append(lines, spaces(indent)+th.muted.Render(l))
		}
	case cellJoin:
		hint := "space changes; neighbours joined by the other word form a group"
		lines = append(lines, spaces(indent)+th.muted.Render(th.cut(hint, width-indent)))
	case cellValue:
		if op := e.builder.rows[e.row].operator; len(lines) == 0 && (op == rule.OpIn || op == rule.OpNotIn) {
			lines = append(lines, spaces(indent)+th.muted.Render(th.cut("several values, parted by commas", width-indent)))
		}
	}
	return lines
}

func (e *segmentEditor) heading(width int) string {
	th := e.theme
	n := len([]rune(e.text.Value()))
	right := ""
	if n > entraRuleLimit*3/4 {
		right = count(n) + " of " + count(entraRuleLimit) + " characters"
	}
	return th.heading.Render(th.fit("Rule", width-th.width(right))) + th.muted.Render(right)
}

// underline marks the offending span below the text field.
func underline(th *theme, field *input, diagnostics []rule.Diagnostic, width int) string {
	fault, ok := firstFault(diagnostics)
	if !ok {
		return ""
	}
	text := field.Value()
	start, end := min(fault.Start, len(text)), min(max(fault.End, fault.Start+1), len(text))
	shown, from := field.Shown()
	from += th.width(clean(text[min(shown, start):start]))
	n := max(1, th.width(clean(text[max(start, min(shown, end)):max(end, start)])))
	if from >= width {
		return ""
	}
	return spaces(from) + th.bad.Render(strings.Repeat("▔", min(n, width-from)))
}
