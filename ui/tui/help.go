package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// helpDialog lists every key, narrows as one types, and runs the chosen entry.
type helpDialog struct {
	shared
	search  input
	entries []binding // the pane's, then the global ones
	shown   []int     // indices of entries that match
	cursor  int       // into shown
	offset  int
	column  int // of the text cursor, after Draw
}

func newHelpDialog(s shared, pane, global []binding) *helpDialog {
	d := &helpDialog{shared: s, entries: append(append([]binding{}, pane...), global...)}
	d.search.placeholder = "type to search"
	d.narrow()
	return d
}

// narrow keeps the entries that hold every typed word in their key, label or
// sentence.
func (d *helpDialog) narrow() {
	words := strings.Fields(strings.ToLower(d.search.Value()))
	d.shown, d.cursor, d.offset = d.shown[:0], 0, 0
	for i, b := range d.entries {
		text := strings.ToLower(b.label + " " + b.help + " " + keyNames(b))
		hit := true
		for _, w := range words {
			hit = hit && strings.Contains(text, w)
		}
		if hit {
			d.shown = append(d.shown, i)
		}
	}
}

// keyNames are all keys of a binding.
func keyNames(b binding) string {
	names := make([]string, len(b.keys))
	for i, k := range b.keys {
		names[i] = keyName(k)
	}
	return strings.Join(names, " ")
}

func (d *helpDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "esc", "?":
			return nil, true
		case "down", "ctrl+n":
			d.cursor = min(d.cursor+1, max(0, len(d.shown)-1))
			return nil, false
		case "up", "ctrl+p":
			d.cursor = max(d.cursor-1, 0)
			return nil, false
		case "pgdown":
			d.cursor = min(d.cursor+10, max(0, len(d.shown)-1))
			return nil, false
		case "pgup":
			d.cursor = max(d.cursor-10, 0)
			return nil, false
		case "enter":
			return d.run()
		}
	}
	if changed, _ := d.search.Handle(msg); changed {
		d.narrow()
	}
	return nil, false
}

func (d *helpDialog) run() (tea.Cmd, bool) {
	if len(d.shown) == 0 {
		return nil, false
	}
	b := d.entries[d.shown[d.cursor]]
	if b.disabled != "" {
		return toast(levelWarn, b.disabled), false
	}
	return emit(runBindingMsg{b}), true
}

func (d *helpDialog) Draw(width, height int) string {
	th := d.theme
	w := min(width, 96)
	h := min(height, len(d.entries)+4)
	rows := max(1, h-4)
	d.offset = min(max(d.offset, d.cursor-rows+1), d.cursor)
	const keyWidth = 18
	var b strings.Builder
	line, column := d.search.Draw(th, w-8)
	d.column = column
	b.WriteString(" " + th.key.Render("/") + " " + line + "\n")
	b.WriteString(th.border.Render(strings.Repeat("─", w-2)) + "\n")
	for i := d.offset; i < len(d.shown) && i < d.offset+rows; i++ {
		e := d.entries[d.shown[i]]
		help := e.help
		if e.disabled != "" {
			help += " — " + e.disabled
		}
		if i == d.cursor {
			b.WriteString(th.selected.Render(th.fit(" ▸ "+th.cell(keyNames(e), keyWidth)+"  "+th.cell(help, w-keyWidth-8), w-2)))
		} else {
			text := th.text
			if e.disabled != "" {
				text = th.disabled
			}
			b.WriteString("   " + th.key.Render(th.cell(keyNames(e), keyWidth)) + "  " + text.Render(th.cell(help, w-keyWidth-8)))
		}
		b.WriteByte('\n')
	}
	if len(d.shown) == 0 {
		b.WriteString("\n   " + th.muted.Render("No key does that"))
	}
	return th.box(boxText{title: "Keys", right: fmt.Sprintf("%d of %d", len(d.shown), len(d.entries))}, b.String(), w, h, true)
}

func (d *helpDialog) Bindings() []binding {
	return []binding{
		{id: "help.run", keys: []string{"enter"}, label: "run", help: "Run the chosen entry"},
		{id: "help.move", keys: []string{"down", "up"}, label: "choose", help: "Choose an entry"},
		{id: "help.close", keys: []string{"esc"}, label: "close", help: "Close"},
	}
}

func (d *helpDialog) Cursor() *tea.Cursor { return tea.NewCursor(4+d.column, 1) }
