package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// tableRows is what a table shows: an index, not widgets. Only the visible
// rows are ever asked for.
type tableRows interface {
	// Len is the number of rows.
	Len() int
	// ID names a row across changes of the rows.
	ID(i int) string
	// Find is the row of an id, or -1.
	Find(id string) int
	// Cells fills one cell for each column of the table.
	Cells(i int, cells []tableCell)
}

// markableRows are rows of which some are marked. Whose marks they are is the
// pane's business: the table draws them.
type markableRows interface {
	tableRows
	Marked(i int) bool
}

// tableCell is raw text; the table cleans and cuts it.
type tableCell struct {
	text  string
	style *lipgloss.Style // nil: ordinary text; not used on the row under the cursor
}

// column is a column of a table. When the room is short, columns from the
// right are left out, then the others shrink down to least.
type column struct {
	title string
	width int  // preferred, in cells
	least int  // narrowest useful width; 0: half of width
	right bool // numbers
	grows bool // takes what is left over
	sort  int8 // 1 ascending, -1 descending, 0 not the sorted one
}

// table is a virtual table with a header line, a cursor that stays on its row
// by id, and a range between two rows.
type table struct {
	theme   *theme
	columns []column
	rows    tableRows
	width   int
	height  int // header included

	cursor   int
	cursorID string
	wanted   string // the row that the cursor was put on; "" while nobody moved it
	offset   int
	anchor   int // first row of the range, or -1
	anchorID string
	widths   []int
	cells    []tableCell
}

func newTable(th *theme, columns ...column) *table {
	t := &table{theme: th, anchor: -1}
	t.SetColumns(columns)
	return t
}

// SetColumns replaces the columns.
func (t *table) SetColumns(columns []column) {
	t.columns = columns
	t.cells = make([]tableCell, len(columns))
	t.layout()
}

// SetSize gives the table's area, the header included.
func (t *table) SetSize(width, height int) {
	t.width, t.height = width, height
	t.layout()
	t.scroll()
}

// SetRows replaces the rows. The cursor is on the row that it was put on, if
// that one is among them; else it stays at its place. A range whose first row
// is gone ends.
func (t *table) SetRows(rows tableRows) {
	t.rows = rows
	if t.anchor >= 0 {
		t.anchor = rows.Find(t.anchorID)
	}
	i := -1
	if t.wanted != "" {
		i = rows.Find(t.wanted)
	}
	switch {
	case i < 0:
		i = t.cursor
	case t.cursorID == t.wanted:
		t.offset += i - t.cursor // the row stays at the height where the eye left it
	default:
		t.offset = i - t.page()/2
	}
	t.moveTo(i)
}

// IsAstray reports whether the cursor is on another row than the one that it
// was put on, because that one is not among the rows.
func (t *table) IsAstray() bool { return t.wanted != t.cursorID }

// Want puts the cursor on the row of an id, now or as soon as it is among the
// rows. It reports whether it is now.
func (t *table) Want(id string) bool {
	t.wanted = id
	if t.rows == nil {
		return false
	}
	i := t.rows.Find(id)
	if i < 0 {
		return false
	}
	if i < t.offset || i >= t.offset+t.page() {
		t.offset = i - t.page()/2
	}
	t.moveTo(i)
	return true
}

// Len is the number of rows.
func (t *table) Len() int {
	if t.rows == nil {
		return 0
	}
	return t.rows.Len()
}

// Cursor is the row under the cursor, or -1 when there are none.
func (t *table) Cursor() int {
	if t.Len() == 0 {
		return -1
	}
	return t.cursor
}

// CursorID is the id of the row under the cursor, or "".
func (t *table) CursorID() string {
	return t.cursorID
}

// moveTo puts the cursor on a row, or the nearest one there is.
func (t *table) moveTo(i int) {
	n := t.Len()
	t.cursor, t.cursorID = min(max(i, 0), max(n-1, 0)), ""
	if n > 0 {
		t.cursorID = t.rows.ID(t.cursor)
	}
	t.scroll()
}

// toTop puts the cursor on the first row, without forgetting the one that it
// was put on.
func (t *table) toTop() { t.moveTo(0) }

// page is the number of rows that fit.
func (t *table) page() int { return max(1, t.height-1) }

func (t *table) scroll() {
	n, page := t.Len(), t.page()
	t.offset = min(t.offset, t.cursor)
	t.offset = max(t.offset, t.cursor-page+1)
	t.offset = max(0, min(t.offset, n-page))
}

// Handle moves the cursor; it reports whether the key was one of the table's.
func (t *table) Handle(msg tea.Msg) bool {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return false
	}
	switch k.String() {
	case "down", "j":
		t.moveTo(t.cursor + 1)
	case "up", "k":
		t.moveTo(t.cursor - 1)
	case "pgdown":
		t.moveTo(t.cursor + t.page())
	case "pgup":
		t.moveTo(t.cursor - t.page())
	case "ctrl+d":
		t.moveTo(t.cursor + t.page()/2)
	case "ctrl+u":
		t.moveTo(t.cursor - t.page()/2)
	case "home", "g":
		t.moveTo(0)
	case "end", "G":
		t.moveTo(t.Len() - 1)
	default:
		return false
	}
	t.wanted = t.CursorID()
	return true
}

// tableBindings are the keys that Handle knows, for a pane's help.
func tableBindings() []binding {
	return []binding{
		{id: "table.down", keys: []string{"down", "j"}, help: "Next row"},
		{id: "table.up", keys: []string{"up", "k"}, help: "Previous row"},
		{id: "table.pageDown", keys: []string{"pgdown"}, help: "One page down"},
		{id: "table.pageUp", keys: []string{"pgup"}, help: "One page up"},
		{id: "table.halfDown", keys: []string{"ctrl+d"}, help: "Half a page down"},
		{id: "table.halfUp", keys: []string{"ctrl+u"}, help: "Half a page up"},
		{id: "table.first", keys: []string{"g", "home"}, help: "First row"},
		{id: "table.last", keys: []string{"G", "end"}, help: "Last row"},
	}
}

// Draw returns exactly height lines of exactly width cells.
func (t *table) Draw(focused bool) string {
	if t.width <= 0 || t.height <= 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(t.header())
	n := t.Len()
	for line := range t.height - 1 {
		b.WriteByte('\n')
		if i := t.offset + line; i < n {
			t.drawRow(&b, i, focused)
		} else {
			b.WriteString(spaces(t.width))
		}
	}
	return b.String()
}

// gutter is the room for the cursor's and the mark's sign before each row.
const gutter = 3

func (t *table) header() string {
	var b strings.Builder
	b.WriteString(spaces(gutter))
	for c, col := range t.columns {
		w := t.widths[c]
		if w == 0 {
			continue
		}
		title := col.title
		switch {
		case col.sort > 0:
			title = t.theme.cut(title, w-2) + " ▲"
		case col.sort < 0:
			title = t.theme.cut(title, w-2) + " ▼"
		}
		if col.right {
			b.WriteString(t.theme.cellRight(title, w))
		} else {
			b.WriteString(t.theme.cell(title, w))
		}
		b.WriteByte(' ')
	}
	return t.theme.heading.Render(t.theme.fit(b.String(), t.width))
}

func (t *table) drawRow(b *strings.Builder, i int, focused bool) {
	th := t.theme
	for c := range t.cells {
		t.cells[c] = tableCell{}
	}
	t.rows.Cells(i, t.cells)
	under := i == t.cursor
	marked := t.inRange(i)
	if m, ok := t.rows.(markableRows); ok && !marked {
		marked = m.Marked(i)
	}
	sign := func(on bool, s string) string {
		if on {
			return s
		}
		return " "
	}
	if under {
		style := &th.current
		if focused {
			style = &th.selected
		}
		var row strings.Builder
		row.WriteString(sign(focused, "▸") + sign(marked, "●") + " ")
		t.writeCells(&row, false)
		b.WriteString(style.Render(th.fit(row.String(), t.width)))
		return
	}
	var row strings.Builder
	row.WriteByte(' ')
	if marked {
		row.WriteString(th.marked.Render("●"))
	} else {
		row.WriteByte(' ')
	}
	row.WriteByte(' ')
	t.writeCells(&row, true)
	b.WriteString(th.fit(row.String(), t.width))
}

func (t *table) writeCells(b *strings.Builder, styled bool) {
	for c, cell := range t.cells {
		w := t.widths[c]
		if w == 0 {
			continue
		}
		var s string
		if t.columns[c].right {
			s = t.theme.cellRight(cell.text, w)
		} else {
			s = t.theme.cell(cell.text, w)
		}
		if styled && cell.style != nil {
			s = cell.style.Render(s)
		}
		b.WriteString(s)
		b.WriteByte(' ')
	}
}

// layout decides the width of each column; 0 leaves it out.
func (t *table) layout() {
	t.widths = make([]int, len(t.columns))
	room := t.width - gutter
	shown := len(t.columns)
	for ; shown > 1; shown-- {
		need := 0
		for _, c := range t.columns[:shown] {
			need += c.leastWidth() + 1
		}
		if need <= room {
			break
		}
	}
	if shown == 0 {
		return
	}
	left := room
	for c, col := range t.columns[:shown] {
		t.widths[c] = col.leastWidth()
		left -= t.widths[c] + 1
	}
	// First bring every column to its preferred width, left to right.
	for c, col := range t.columns[:shown] {
		d := min(max(left, 0), max(col.width-t.widths[c], 0))
		t.widths[c] += d
		left -= d
	}
	t.grow(shown, left)
	if shown == 1 {
		t.widths[0] = max(1, min(t.widths[0], room-1))
	}
}

// grow shares what is left over among the columns that grow.
func (t *table) grow(shown, left int) {
	n := 0
	for _, col := range t.columns[:shown] {
		if col.grows {
			n++
		}
	}
	for c, col := range t.columns[:shown] {
		if col.grows && left > 0 {
			d := left / n
			t.widths[c] += d
			left -= d
			n--
		}
	}
}

func (c column) leastWidth() int {
	if c.least > 0 {
		return c.least
	}
	return max(3, c.width/2)
}
