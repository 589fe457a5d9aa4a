package tui

import (
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// input is a one-line text field: the text input of Bubbles edits, and the
// field draws itself, because what is typed or pasted may be as hostile as what
// a tenant holds and must keep its column. The terminal's own cursor stands in
// it; none is drawn, so there is no timer. The zero value is an empty field.
type input struct {
	placeholder string          // what may be typed, shown in parentheses while nothing is
	model       textinput.Model // made by edit
	made        bool
	first       int // first rune that is shown
	lead        int // cells before it, for the mark that more stands there
}

// edit is the field's editor.
func (in *input) edit() *textinput.Model {
	if !in.made {
		in.made = true
		in.model = textinput.New()
		in.model.SetVirtualCursor(false)
		in.model.KeyMap = inputKeys()
		in.model.Focus()
	}
	return &in.model
}

// inputKeys are the keys of a text field. Those that a pane needs (tab, up,
// down, ctrl-d) and those that are taken from a terminal's user by tmux or
// readline habit (ctrl-b) are left out. So is ctrl-v: it would read the
// clipboard of the machine that rollcall runs on, which over SSH is not the
// administrator's; the terminal's own paste works everywhere.
func inputKeys() textinput.KeyMap {
	on := func(keys ...string) key.Binding { return key.NewBinding(key.WithKeys(keys...)) }
	return textinput.KeyMap{
		CharacterForward:        on("right", "ctrl+f"),
		CharacterBackward:       on("left"),
		WordForward:             on("ctrl+right", "alt+f"),
		WordBackward:            on("ctrl+left", "alt+b"),
		DeleteWordBackward:      on("ctrl+w", "alt+backspace"),
		DeleteWordForward:       on("alt+d"),
		DeleteAfterCursor:       on("ctrl+k"),
		DeleteBeforeCursor:      on("ctrl+u"),
		DeleteCharacterBackward: on("backspace"),
		DeleteCharacterForward:  on("delete"),
		LineStart:               on("home", "ctrl+a"),
		LineEnd:                 on("end", "ctrl+e"),
	}
}

// Value is the text.
func (in *input) Value() string { return in.edit().Value() }

// SetValue replaces the text and puts the cursor at its end.
func (in *input) SetValue(s string) {
	m := in.edit()
	m.SetValue(unbroken(s))
	m.CursorEnd()
	in.first = 0
}

// Pos is the byte offset of the cursor in Value.
func (in *input) Pos() int { return in.offset(in.edit().Position()) }

// SetPos moves the cursor to a byte offset of Value.
func (in *input) SetPos(offset int) {
	v := in.Value()
	in.edit().SetCursor(len([]rune(v[:min(max(offset, 0), len(v))])))
}

// Shown is the byte offset in Value of what the last Draw showed first, and
// the column where it stands: the mark of a cut start goes before it.
func (in *input) Shown() (offset, column int) { return in.offset(in.first), in.lead }

// offset is the byte offset of a rune of Value.
func (in *input) offset(n int) int {
	text := []rune(in.Value())
	return len(string(text[:min(n, len(text))]))
}

// Handle edits. changed reports whether the text differs from before, handled
// whether the message was one of the field's own: enter, esc, tab, up and down
// are left to the pane.
func (in *input) Handle(msg tea.Msg) (changed, handled bool) {
	times := 1
	switch m := msg.(type) {
	case tea.PasteMsg:
		msg = tea.PasteMsg{Content: unbroken(m.Content)}
	case tea.KeyPressMsg:
		if times, handled = in.presses(m); !handled {
			return false, false
		}
	default:
		return false, false
	}
	model := in.edit()
	before := model.Value()
	for range times {
		// The command would be for a drawn cursor, and there is none.
		*model, _ = model.Update(msg)
	}
	return model.Value() != before, true
}

// presses is how often the editor, which steps by rune, has to be given a key
// so that it steps by grapheme: an accent is never parted from its letter. ok
// is false when the key is not the field's.
func (in *input) presses(msg tea.KeyPressMsg) (times int, ok bool) {
	k, text, pos := in.edit().KeyMap, []rune(in.Value()), in.edit().Position()
	switch {
	case key.Matches(msg, k.CharacterBackward, k.DeleteCharacterBackward):
		return lastGrapheme(string(text[:pos])), true
	case key.Matches(msg, k.CharacterForward, k.DeleteCharacterForward):
		return firstGrapheme(string(text[pos:])), true
	case key.Matches(msg, k.WordForward, k.WordBackward, k.DeleteWordBackward, k.DeleteWordForward,
		k.DeleteAfterCursor, k.DeleteBeforeCursor, k.LineStart, k.LineEnd):
		return 1, true
	}
	return 1, msg.Text != "" && msg.Mod&^tea.ModShift == 0
}

// firstGrapheme is the number of runes in the first grapheme of s.
func firstGrapheme(s string) int {
	g, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return len([]rune(g))
}

// lastGrapheme is the number of runes in the last grapheme of s.
func lastGrapheme(s string) int {
	n := 0
	for s != "" {
		g, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		n, s = len([]rune(g)), s[len(g):]
	}
	return n
}

// markedInput is the least width of a field that marks its cut edges: a mark on
// each side, the cursor, and a wide sign.
const markedInput = 5

// Draw shows the text in exactly width cells, scrolled so that the cursor is
// visible and no room is left while text is hidden, and reports the cursor's
// column. An edge where the text goes on bears an ellipsis, in another style
// than text.
func (in *input) Draw(th *theme, width int) (line string, column int) {
	if width <= 0 {
		return "", 0
	}
	text, pos := []rune(in.Value()), in.edit().Position()
	if len(text) == 0 {
		in.first, in.lead = 0, 0
		hint := ""
		if in.placeholder != "" {
			hint = "(" + in.placeholder + ")"
		}
		return th.muted.Render(th.cell(hint, width)), 0
	}
	in.scroll(th, text, pos, width)
	column = in.lead + th.width(clean(string(text[in.first:pos])))
	left, shown, right := "", clean(string(text[in.first:])), ""
	if in.lead > 0 {
		left = ellipsis
	}
	if room := width - in.lead; th.width(shown) > room {
		if width >= markedInput {
			right = ellipsis
		}
		shown = th.first(shown, room-th.width(right), "")
		shown += spaces(room - th.width(shown+right))
	}
	line = th.muted.Render(left) + th.text.Render(shown) + th.muted.Render(right)
	return line + spaces(width-th.width(left+shown+right)), min(column, width-1)
}

// scroll moves the first rune that is shown as little as it has to.
func (in *input) scroll(th *theme, text []rune, pos, width int) {
	mark := 0
	if width >= markedInput {
		mark = 1
	}
	lead := func(first int) int { return min(first, 1) * mark }
	// The cursor takes a cell, and stands before the mark of a cut end.
	visible := func(first int) bool {
		after := 1
		if pos < len(text) {
			after += mark
		}
		return lead(first)+th.width(clean(string(text[first:pos])))+after <= width
	}
	whole := func(first int) bool { return lead(first)+th.width(clean(string(text[first:])))+1 <= width }

	in.first = min(in.first, pos)
	if !visible(in.first) {
		for in.first = pos; in.first > 0 && visible(in.first-1); in.first-- {
		}
	}
	for in.first > 0 && whole(in.first-1) {
		in.first--
	}
	// An accent is not shown without its letter.
	for in.first > 0 && in.first < pos && unicode.Is(unicode.Mn, text[in.first]) {
		in.first++
	}
	in.lead = lead(in.first)
}

// unbroken drops the line break that copying a cell or a line brings along,
// and counts a break of two characters as one. The editor makes those within
// the text spaces: a paste never presses a key.
func unbroken(s string) string { return lineFeeds(strings.TrimRight(s, "\r\n")) }

// lineFeeds makes every line break of a paste one line feed. Most terminals
// send breaks as the enter key would: as carriage returns.
func lineFeeds(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}
