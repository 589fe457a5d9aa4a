package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// openDialog is a dialog on the stack.
type openDialog struct {
	dialog dialog
	quits  bool // it asks whether to quit
}

// open puts a dialog on top.
func (m *root) open(d dialog) tea.Cmd {
	m.dialogs = append(m.dialogs, openDialog{dialog: d})
	if s, ok := d.(interface{ Opened() tea.Cmd }); ok {
		return s.Opened()
	}
	return nil
}

func (m *root) dialogKey(msg tea.KeyPressMsg) tea.Cmd {
	n := len(m.dialogs)
	cmd, done := m.dialogs[n-1].dialog.Handle(msg)
	if done {
		m.dialogs = append(m.dialogs[:n-1], m.dialogs[n:]...)
	}
	return cmd
}

// confirmGrace is how long a question ignores keys, so that one typed for the
// screen before does not answer what nobody has read yet.
const confirmGrace = 500 * time.Millisecond

// confirmDialog asks a yes-or-no question. No is the default; esc is no.
type confirmDialog struct {
	shared
	title, question, verb string
	then                  tea.Msg
	yes                   bool
	awake                 bool
}

// confirmAwakeMsg ends the grace period of the dialog that it names.
type confirmAwakeMsg struct{ dialog *confirmDialog }

// newConfirmDialog asks; on yes it delivers then. verb is what yes does:
// "delete".
func newConfirmDialog(s shared, title, question, verb string, then tea.Msg) *confirmDialog {
	return &confirmDialog{shared: s, title: title, question: question, verb: verb, then: then}
}

// Opened starts the grace period.
func (d *confirmDialog) Opened() tea.Cmd {
	return d.tasks.after(confirmGrace, confirmAwakeMsg{d})
}

func (d *confirmDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case confirmAwakeMsg:
		if msg.dialog == d {
			d.awake = true
		}
	case tea.KeyPressMsg:
		if msg.String() == "esc" {
			return nil, true
		}
		if !d.awake {
			return nil, false
		}
		switch msg.String() {
		case "n", "q":
			return nil, true
		case "y":
			return emit(d.then), true
		case "left", "right", "tab", "h", "l":
			d.yes = !d.yes
		case "enter":
			if d.yes {
				return emit(d.then), true
			}
			return nil, true
		}
	}
	return nil, false
}

func (d *confirmDialog) Draw(width, height int) string {
	th := d.theme
	w := min(64, width)
	lines := wrap(th, clean(d.question), w-6)
	var b strings.Builder
	b.WriteByte('\n')
	for _, l := range lines {
		b.WriteString("  " + l + "\n")
	}
	b.WriteString("\n " + th.answer("No", d.awake && !d.yes, d.awake) + "   " + th.answer("Yes, "+d.verb, d.awake && d.yes, d.awake))
	return th.box(boxText{title: d.title}, b.String(), w, min(len(lines)+5, height), true)
}

func (d *confirmDialog) Bindings() []binding {
	return []binding{
		{id: "confirm.no", keys: []string{"n", "esc"}, label: "no", help: "Leave everything as it is"},
		{id: "confirm.yes", keys: []string{"y"}, label: "yes", help: "Do it"},
		{id: "confirm.other", keys: []string{"tab", "left", "right"}, label: "choose", help: "Move to the other answer"},
		{id: "confirm.enter", keys: []string{"enter"}, label: "answer", help: "Give the chosen answer"},
	}
}

func (d *confirmDialog) Cursor() *tea.Cursor { return nil }

// textDialog shows text to be read, and scrolls.
type textDialog struct {
	shared
	title  string
	lines  []string                 // styled and clean; each is wrapped
	lay    func(width int) []string // lays the lines out itself, instead of lines
	copied string                   // what y copies; "" when nothing
	write  dialog                   // that e opens, to write a file; nil: none
	scroll scroller
}

func (d *textDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil, false
	}
	switch k.String() {
	case "esc", "q", "enter":
		return nil, true
	case "y":
		if d.copied != "" {
			return emit(copyMsg{text: d.copied, what: "Text"}), false
		}
	case "e":
		if d.write != nil {
			return emit(dialogMsg{d.write}), true
		}
	default:
		d.scroll.Handle(k)
	}
	return nil, false
}

func (d *textDialog) Draw(width, height int) string {
	w := min(width, 96)
	var lines []string
	if d.lay != nil {
		lines = d.lay(w - 4)
	}
	for _, l := range d.lines {
		lines = append(lines, wrap(d.theme, l, w-4)...)
	}
	h := min(height, len(lines)+2)
	text := d.scroll.Draw(d.theme, lines, w-4, max(1, h-2))
	return d.theme.box(boxText{title: d.title, bottom: d.scroll.Place()}, indent(text), w, h, true)
}

// indent puts a space before each line.
func indent(text string) string { return " " + strings.ReplaceAll(text, "\n", "\n ") }

func (d *textDialog) Bindings() []binding {
	list := []binding{{id: "text.close", keys: []string{"esc", "q", "enter"}, label: "close", help: "Close"}}
	if d.copied != "" {
		list = append(list, binding{id: "text.copy", keys: []string{"y"}, label: "copy", help: "Copy the text"})
	}
	if d.write != nil {
		list = append(list, binding{id: "text.write", keys: []string{"e"}, label: "write a file", help: "Write the text into a file"})
	}
	return append(list, binding{id: "text.scroll", keys: []string{"down", "up"}, help: "Scroll"})
}

func (d *textDialog) Cursor() *tea.Cursor { return nil }

// wrap breaks text, styled or not and already clean, at spaces into lines of
// at most width cells.
func wrap(th *theme, s string, width int) []string {
	if width < 1 {
		return nil
	}
	// A hyphen is no place to break a line: operators, flags, addresses and object
	// ids have them. Only a word that is longer than a line is broken there.
	const unbreakable = "\u2011"
	words := strings.Split(s, " ")
	for i, w := range words {
		if th.width(w) <= width {
			words[i] = strings.ReplaceAll(w, "-", unbreakable)
		}
	}
	wrapped := th.method.Wrap(strings.Join(words, " "), width, "")
	return strings.Split(strings.ReplaceAll(wrapped, unbreakable, "-"), "\n")
}
