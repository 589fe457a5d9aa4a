package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// helpDialog lists every key, narrows as one types, and runs the chosen entry.
type helpDialog struct {
	shared
	picker
	entries []binding // the pane's, then the global ones
}

func newHelpDialog(s shared, pane, global []binding) *helpDialog {
	d := &helpDialog{shared: s, entries: append(append([]binding{}, pane...), global...)}
	texts := make([]string, len(d.entries))
	for i, b := range d.entries {
		texts[i] = strings.ToLower(b.label + " " + b.help + " " + keyNames(b))
	}
	d.picker = newPicker("type to search", texts)
	return d
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
	if k, ok := msg.(tea.KeyPressMsg); ok && (k.String() == "esc" || k.String() == "?") {
		return nil, true
	}
	chosen := d.handle(msg)
	if chosen < 0 {
		return nil, false
	}
	b := d.entries[chosen]
	if b.disabled != "" {
		return toast(levelWarn, b.disabled), false
	}
	return emit(runBindingMsg{b}), true
}

func (d *helpDialog) Draw(width, height int) string {
	th := d.theme
	w, h := min(width, 96), min(height, len(d.entries)+4)
	const keyWidth = 18
	content := d.draw(th, w, h, func(entry int, selected bool) string {
		e := d.entries[entry]
		help, text := e.help, th.text
		if e.disabled != "" {
			help, text = help+" — "+e.disabled, th.disabled
		}
		keys, help := th.cell(keyNames(e), keyWidth), th.cell(help, w-keyWidth-8)
		if selected {
			return keys + "  " + help
		}
		return th.key.Render(keys) + "  " + text.Render(help)
	}, "No key does that")
	return th.box(boxText{title: "Keys", right: fmt.Sprintf("%d of %d", len(d.shown), len(d.entries))}, content, w, h, true)
}

func (d *helpDialog) Bindings() []binding {
	return []binding{
		{id: "help.run", keys: []string{"enter"}, label: "run", help: "Run the chosen entry"},
		{id: "help.move", keys: []string{"down", "up"}, label: "choose", help: "Choose an entry"},
		{id: "help.close", keys: []string{"esc"}, label: "close", help: "Close"},
	}
}

func (d *helpDialog) Cursor() *tea.Cursor { return d.caret() }
