package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
)

// userDetails is the box that shows a user. It has a cursor of its own, for the
// lines that lead somewhere or are copied.
type userDetails struct {
	theme         *theme
	schema        *model.Schema
	width, height int // inside the box

	facts  userFacts
	lines  []detailLine
	rows   []detailRow // the lines as they are wrapped
	label  int         // cells of the labels
	cursor int         // into lines
	offset int         // first of rows that is drawn

	focused  bool
	followed string // object id that the details show or will show
	move     int    // counts what was followed
}

// detailRow is one row of the box.
type detailRow struct {
	line int
	text string // raw
	more bool   // the line went on from the row before
}

func (d *userDetails) setSize(width, height int) {
	d.width, d.height = width-2, height // a cell of air on each side
	d.wrap()
}

// isOld reports whether what is shown was read from another snapshot.
func (d *userDetails) isOld(s *directory.Snapshot) bool { return d.facts.snapshot != s }

// answered takes what was looked up. The cursor stays where it is on the same
// user, and begins at the top of another.
func (d *userDetails) answered(msg detailsMsg) {
	same := d.facts.user.ID == msg.facts.user.ID
	d.facts = msg.facts
	d.lines = d.facts.lines(d.schema)
	if !same {
		d.cursor, d.offset = 0, 0
	}
	d.cursor = min(d.cursor, max(0, len(d.lines)-1))
	d.wrap()
}

// wrap breaks the lines to the box.
func (d *userDetails) wrap() {
	const leastLabel, mostLabel = 11, 15
	d.rows, d.label = d.rows[:0], leastLabel
	for _, l := range d.lines {
		d.label = max(d.label, d.theme.width(clean(l.label))+2)
	}
	d.label = min(d.label, max(mostLabel, d.width*2/5))
	for i, l := range d.lines {
		for n, text := range wrap(d.theme, clean(l.value), d.room(l)) {
			d.rows = append(d.rows, detailRow{line: i, text: text, more: n > 0})
		}
	}
	d.scroll()
}

// room is the cells of a line's value.
func (d *userDetails) room(l detailLine) int {
	room := d.width
	if l.isLabelled() {
		room -= d.label
	}
	if l.link != nil {
		room -= d.theme.width(linkSign)
	}
	return max(1, room)
}

// isLabelled reports whether the value stands behind a label, or below one.
func (l detailLine) isLabelled() bool { return l.label != "" || l.below }

// isStop reports whether the cursor stops at the line.
func (l detailLine) isStop() bool { return l.value != "" && !l.heading }

// scroll keeps the cursor's line on the screen.
func (d *userDetails) scroll() {
	first, last := -1, -1
	for i, r := range d.rows {
		if r.line == d.cursor {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if d.cursor == 0 {
		first = 0
	}
	d.offset = max(d.offset, last-d.height+1)
	d.offset = min(d.offset, max(first, 0))
	d.offset = max(0, min(d.offset, len(d.rows)-d.height))
}

// step moves the cursor by so many lines at which it stops.
func (d *userDetails) step(by int) {
	unit := 1
	if by < 0 {
		unit = -1
	}
	for i := d.cursor + unit; by != 0 && i >= 0 && i < len(d.lines); i += unit {
		if d.lines[i].isStop() {
			d.cursor = i
			by -= unit
		}
	}
	d.scroll()
}

// bindings are the keys while the details have the focus.
func (d *userDetails) bindings() []binding {
	list := []binding{
		{id: "details.follow", keys: []string{"enter"}, label: "go there", help: "Go to the manager, or show the direct reports"},
		{id: "details.copy", keys: []string{"y"}, label: "copy", help: "Copy the line's value"},
		{id: "details.leave", keys: []string{"tab", "esc"}, label: "table", help: "Go back to the table"},
		{id: "details.down", keys: []string{"down", "j"}, help: "Next line"},
		{id: "details.up", keys: []string{"up", "k"}, help: "Previous line"},
		{id: "details.pageDown", keys: []string{"pgdown", "ctrl+d"}, help: "Down by half a page"},
		{id: "details.pageUp", keys: []string{"pgup", "ctrl+u"}, help: "Up by half a page"},
		{id: "details.first", keys: []string{"g", "home"}, help: "First line"},
		{id: "details.last", keys: []string{"G", "end"}, help: "Last line"},
	}
	if l, ok := d.line(); !ok || l.link == nil {
		list[0].disabled = "Nothing to go to: the lines with " + strings.TrimSpace(linkSign) + " lead somewhere"
	}
	return list
}

// line is the one under the cursor.
func (d *userDetails) line() (detailLine, bool) {
	if d.cursor >= len(d.lines) {
		return detailLine{}, false
	}
	return d.lines[d.cursor], true
}

func (d *userDetails) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	b, ok := find(d.bindings(), msg)
	if !ok {
		return nil, false
	}
	line, _ := d.line()
	switch b.id {
	case "details.follow":
		return emit(line.link), true
	case "details.copy":
		return emit(copyMsg{text: line.value, what: line.value}), true
	case "details.leave":
		d.focused = false
	case "details.down":
		d.step(1)
	case "details.up":
		d.step(-1)
	case "details.pageDown":
		d.step(max(1, d.height/2))
	case "details.pageUp":
		d.step(-max(1, d.height/2))
	case "details.first":
		d.step(-len(d.lines))
	case "details.last":
		d.step(len(d.lines))
	}
	return nil, true
}

// linkSign stands behind a value that leads somewhere.
const linkSign = " »"

// draw shows the box, the frame included.
func (d *userDetails) draw(width, height int) string {
	th := d.theme
	var b strings.Builder
	for i := d.offset; i < min(len(d.rows), d.offset+d.height); i++ {
		d.drawRow(&b, d.rows[i])
		b.WriteByte('\n')
	}
	t := boxText{title: clean(d.facts.user.DisplayName())}
	if len(d.rows) > d.height {
		t.bottom = fmt.Sprintf("%d–%d of %d", d.offset+1, min(len(d.rows), d.offset+d.height), len(d.rows))
	}
	return th.box(t, b.String(), width, height, d.focused)
}

func (d *userDetails) drawRow(b *strings.Builder, r detailRow) {
	th, l := d.theme, d.lines[r.line]
	label := ""
	if l.isLabelled() {
		text := l.label
		if r.more {
			text = ""
		}
		label = th.cell(text, d.label-1) + " "
	}
	sign := ""
	if l.link != nil && !r.more {
		sign = linkSign
	}
	value := th.isolated(r.text)
	if d.focused && r.line == d.cursor {
		cursor := "▸"
		if r.more {
			cursor = " "
		}
		b.WriteString(th.selected.Render(cursor + th.fit(label+value+sign, d.width) + " "))
		return
	}
	style := th.text
	switch {
	case l.heading:
		style = th.heading
	case r.line == 0, l.link != nil:
		style = th.accent
	case l.note:
		style = th.muted
	}
	b.WriteString(" " + th.muted.Render(label) + style.Render(value) + th.muted.Render(sign))
}
