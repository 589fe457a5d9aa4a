package tui

import (
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// input is a one-line text field. It has no timer: the terminal's own cursor
// blinks, not a drawn one.
type input struct {
	placeholder string
	text        []rune
	pos         int // before text[pos]
	first       int // first rune that is shown
}

// Value is the text.
func (in *input) Value() string { return string(in.text) }

// SetValue replaces the text and puts the cursor at its end.
func (in *input) SetValue(s string) {
	in.text = []rune(oneLine(s))
	in.pos, in.first = len(in.text), 0
}

// Pos is the byte offset of the cursor in Value.
func (in *input) Pos() int { return len(string(in.text[:in.pos])) }

// SetPos moves the cursor to a byte offset of Value.
func (in *input) SetPos(offset int) {
	v := in.Value()
	in.pos = len([]rune(v[:min(max(offset, 0), len(v))]))
}

// Handle edits. changed reports whether the text differs from before, handled
// whether the message was one of the field's own: enter, esc, tab, up and down
// are left to the pane.
func (in *input) Handle(msg tea.Msg) (changed, handled bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		return in.insert(oneLine(msg.Content)), true
	case tea.KeyPressMsg:
		return in.key(msg)
	}
	return false, false
}

func (in *input) key(msg tea.KeyPressMsg) (changed, handled bool) {
	switch msg.String() {
	case "left":
		in.pos = in.left()
	case "right", "ctrl+f":
		in.pos = in.right()
	case "home", "ctrl+a":
		in.pos = 0
	case "end", "ctrl+e":
		in.pos = len(in.text)
	case "backspace":
		return in.remove(in.left(), in.pos), true
	case "delete":
		return in.remove(in.pos, in.right()), true
	case "ctrl+u":
		return in.remove(0, in.pos), true
	case "ctrl+k":
		return in.remove(in.pos, len(in.text)), true
	case "ctrl+w":
		return in.remove(in.wordStart(), in.pos), true
	default:
		if msg.Text == "" || msg.Mod&^tea.ModShift != 0 {
			return false, false
		}
		return in.insert(oneLine(msg.Text)), true
	}
	return false, true
}

func (in *input) insert(s string) bool {
	r := []rune(s)
	if len(r) == 0 {
		return false
	}
	in.text = append(in.text[:in.pos:in.pos], append(r, in.text[in.pos:]...)...)
	in.pos += len(r)
	return true
}

func (in *input) remove(from, to int) bool {
	if from >= to {
		return false
	}
	in.text = append(in.text[:from:from], in.text[to:]...)
	in.pos = from
	return true
}

// left and right step over a whole grapheme, so that an accent is not parted
// from its letter.
func (in *input) left() int {
	at := 0
	for rest := string(in.text[:in.pos]); rest != ""; {
		g, _ := ansi.FirstGraphemeCluster(rest, ansi.GraphemeWidth)
		rest = rest[len(g):]
		if rest == "" {
			return at
		}
		at += len([]rune(g))
	}
	return at
}

func (in *input) right() int {
	g, _ := ansi.FirstGraphemeCluster(string(in.text[in.pos:]), ansi.GraphemeWidth)
	return in.pos + len([]rune(g))
}

func (in *input) wordStart() int {
	i := in.pos
	for i > 0 && unicode.IsSpace(in.text[i-1]) {
		i--
	}
	for i > 0 && !unicode.IsSpace(in.text[i-1]) {
		i--
	}
	return i
}

// Draw shows the text in exactly width cells, scrolled so that the cursor is
// visible, and reports the cursor's column.
func (in *input) Draw(th *theme, width int) (line string, column int) {
	if width <= 0 {
		return "", 0
	}
	if len(in.text) == 0 {
		return th.muted.Render(th.cell(in.placeholder, width)), 0
	}
	in.first = min(in.first, in.pos)
	for in.first < in.pos && th.width(clean(string(in.text[in.first:in.pos]))) >= width {
		in.first++
	}
	column = th.width(clean(string(in.text[in.first:in.pos])))
	shown := clean(string(in.text[in.first:]))
	// Nothing is cut with an ellipsis here: it would look like text.
	shown = th.first(shown, width, "")
	return th.text.Render(shown) + spaces(width-th.width(shown)), min(column, width-1)
}

// oneLine turns line breaks and tabs into spaces and drops other controls: a
// paste never presses a key.
func oneLine(s string) string {
	s = strings.TrimRight(s, "\r\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}
