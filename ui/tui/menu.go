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
	picker
	title string
	items []menuItem
}

// newMenuDialog offers items with the cursor on the given one.
func newMenuDialog(s shared, title string, items []menuItem, cursor int) *menuDialog {
	texts := make([]string, len(items))
	for i, it := range items {
		texts[i] = strings.ToLower(it.label)
	}
	d := &menuDialog{shared: s, picker: newPicker("type to narrow", texts), title: title, items: items}
	d.move(cursor)
	return d
}

func (d *menuDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "esc" {
		return nil, true
	}
	if chosen := d.handle(msg); chosen >= 0 {
		return emit(d.items[chosen].msg), true
	}
	return nil, false
}

func (d *menuDialog) Draw(width, height int) string {
	th := d.theme
	w, h := min(width, d.wants()), min(height, len(d.items)+4)
	content := d.draw(th, w, h, func(entry int, _ bool) string {
		it := d.items[entry]
		room := max((w-8)/2, w-8-th.width(clean(it.label)))
		detail := th.cut(clean(it.detail), room)
		return th.cell(it.label, w-8-th.width(detail)) + " " + detail
	}, "Nothing matches")
	return th.box(boxText{title: d.title}, content, w, h, true)
}

// wants is the width at which nothing is cut, within reason.
func (d *menuDialog) wants() int {
	w := 48
	for _, it := range d.items {
		w = max(w, d.theme.width(clean(it.label))+d.theme.width(clean(it.detail))+10)
	}
	return min(w, 76)
}

func (d *menuDialog) Bindings() []binding {
	return []binding{
		{id: "menu.choose", keys: []string{"enter"}, label: "choose", help: "Take the entry under the cursor"},
		{id: "menu.move", keys: []string{"down", "up"}, label: "move", help: "Move the cursor"},
		{id: "menu.close", keys: []string{"esc"}, label: "close", help: "Close"},
	}
}

func (d *menuDialog) Cursor() *tea.Cursor { return d.caret() }
