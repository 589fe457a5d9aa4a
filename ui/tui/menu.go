package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// menuItem is a choice of a menu.
type menuItem struct {
	label  string
	detail string // at the right
	msg    tea.Msg
}

// menuDialog lets one be chosen, narrowing as one types.
type menuDialog struct {
	shared
	title  string
	items  []menuItem
	search input
	shown  []int
	cursor int // into shown
	offset int
	column int // of the text cursor, after Draw
}

// newMenuDialog offers items with the cursor on the given one.
func newMenuDialog(s shared, title string, items []menuItem, cursor int) *menuDialog {
	d := &menuDialog{shared: s, title: title, items: items}
	d.search.placeholder = "type to narrow"
	d.narrow()
	d.cursor = min(max(cursor, 0), max(0, len(items)-1))
	return d
}

func (d *menuDialog) narrow() {
	typed := strings.ToLower(strings.TrimSpace(d.search.Value()))
	d.shown, d.cursor, d.offset = d.shown[:0], 0, 0
	for i, it := range d.items {
		if strings.Contains(strings.ToLower(it.label), typed) {
			d.shown = append(d.shown, i)
		}
	}
}

func (d *menuDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		last := max(0, len(d.shown)-1)
		switch k.String() {
		case "esc":
			return nil, true
		case "down", "ctrl+n":
			d.cursor = min(d.cursor+1, last)
			return nil, false
		case "up", "ctrl+p":
			d.cursor = max(d.cursor-1, 0)
			return nil, false
		case "pgdown":
			d.cursor = min(d.cursor+10, last)
			return nil, false
		case "pgup":
			d.cursor = max(d.cursor-10, 0)
			return nil, false
		case "enter":
			if len(d.shown) == 0 {
				return nil, false
			}
			return emit(d.items[d.shown[d.cursor]].msg), true
		}
	}
	if changed, _ := d.search.Handle(msg); changed {
		d.narrow()
	}
	return nil, false
}

func (d *menuDialog) Draw(width, height int) string {
	th := d.theme
	w := min(width, 48)
	h := min(height, len(d.items)+4)
	rows := max(1, h-4)
	d.offset = min(max(d.offset, d.cursor-rows+1), d.cursor)
	var b strings.Builder
	line, column := d.search.Draw(th, w-8)
	d.column = column
	b.WriteString(" " + th.key.Render("/") + " " + line + "\n")
	b.WriteString(th.border.Render(strings.Repeat("─", w-2)) + "\n")
	for i := d.offset; i < len(d.shown) && i < d.offset+rows; i++ {
		it := d.items[d.shown[i]]
		detail := th.cut(clean(it.detail), (w-8)/2)
		row := th.cell(it.label, w-8-th.width(detail)) + " " + detail
		if i == d.cursor {
			b.WriteString(th.selected.Render(th.fit(" ▸ "+row, w-2)))
		} else {
			b.WriteString("   " + row)
		}
		b.WriteByte('\n')
	}
	if len(d.shown) == 0 {
		b.WriteString("\n   " + th.muted.Render("Nothing matches"))
	}
	return th.box(boxText{title: d.title}, b.String(), w, h, true)
}

func (d *menuDialog) Bindings() []binding {
	return []binding{
		{id: "menu.choose", keys: []string{"enter"}, label: "choose", help: "Take the entry under the cursor"},
		{id: "menu.move", keys: []string{"down", "up"}, label: "move", help: "Move the cursor"},
		{id: "menu.close", keys: []string{"esc"}, label: "close", help: "Close"},
	}
}

func (d *menuDialog) Cursor() *tea.Cursor { return tea.NewCursor(4+d.column, 1) }
