package tui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// typed is a field into which the keys were pressed after a paste.
func typed(paste string, keys ...string) *input {
	in := &input{}
	in.Handle(tea.PasteMsg{Content: paste})
	for _, k := range keys {
		in.Handle(press(k))
	}
	return in
}

func TestInputEdits(t *testing.T) {
	for name, c := range map[string]struct {
		paste string
		keys  []string
		want  string // the cursor is the bar
	}{
		"typing goes where the cursor is":            {"Sles", []string{"home", "right", "a"}, "Sa|les"},
		"space is a letter":                          {"Sales", []string{"space", "U", "S"}, "Sales US|"},
		"home and end":                               {"Sales", []string{"home", "<", "end", ">"}, "<Sales>|"},
		"ctrl-a and ctrl-e":                          {"Sales", []string{"ctrl+a", "<", "ctrl+e", ">"}, "<Sales>|"},
		"ctrl-w takes a word":                        {"all sales people", []string{"ctrl+w"}, "all sales |"},
		"ctrl-w takes the blanks before it too":      {"all sales  ", []string{"ctrl+w"}, "all |"},
		"ctrl-w at the start does nothing":           {"sales", []string{"home", "ctrl+w"}, "|sales"},
		"ctrl-u takes what is before the cursor":     {"all sales", []string{"ctrl+left", "ctrl+u"}, "|sales"},
		"ctrl-k takes what is behind the cursor":     {"all sales", []string{"ctrl+left", "ctrl+k"}, "all |"},
		"ctrl-left and ctrl-right go by word":        {"all sales people", []string{"ctrl+left", "ctrl+left", "ctrl+right"}, "all sales| people"},
		"backspace takes a letter with its accent":   {"Zoe\u0301", []string{"backspace"}, "Zo|"},
		"delete takes a letter with its accent":      {"e\u0301a", []string{"home", "delete"}, "|a"},
		"left steps over a whole flag":               {"a🇨🇿", []string{"left"}, "a|🇨🇿"},
		"right steps over a whole family":            {"👩‍👩‍👧b", []string{"home", "right"}, "👩‍👩‍👧|b"},
		"wide characters":                            {"東京都", []string{"left", "backspace", "left", "x"}, "x|東都"},
		"a pasted line break does not press enter":   {"a@contoso.com\nb@contoso.com", nil, "a@contoso.com b@contoso.com|"},
		"a break of two characters is one space":     {"a\r\nb\tc", nil, "a b c|"},
		"what copying a line appends is left out":    {"a@contoso.com\r\n", []string{"!"}, "a@contoso.com!|"},
		"escape sequences of a paste are no letters": {"a\x1b[2Jb\x07\x00", nil, "a[2Jb|"},
		"bytes that are no text are dropped":         {"a\xffb", nil, "ab|"},
	} {
		t.Run(name, func(t *testing.T) {
			in := typed(c.paste, c.keys...)
			v, at := in.Value(), in.Pos()
			assert.Equal(t, c.want, v[:at]+"|"+v[at:])
		})
	}
}

func TestInputLeavesThePanesKeysToIt(t *testing.T) {
	in := typed("text")
	for _, k := range []string{"enter", "esc", "tab", "shift+tab", "up", "down", "pgup", "pgdown", "ctrl+d", "ctrl+n", "ctrl+p", "ctrl+v", "ctrl+b", "ctrl+s"} {
		changed, handled := in.Handle(press(k))
		assert.False(t, changed || handled, "%s is the pane's", k)
	}
	assert.Equal(t, "text", in.Value())
	changed, handled := in.Handle(press("right"))
	assert.True(t, handled && !changed, "the end of the text is no reason to leave the field")
}

func TestInputScrollsWithItsCursor(t *testing.T) {
	th := monoTheme()
	var in input
	in.SetValue("a rather long line of text")
	for _, step := range []struct {
		name       string
		pos, width int
		want       string
		column     int
		shown      string // what is hidden at the left
	}{
		{"the end is shown, and that more stands before it", 26, 10, "… of text ", 9, "a rather long line"},
		{"the start is shown, and that more stands behind it", 0, 10, "a rather …", 0, ""},
		{"the middle has a mark at both ends", 13, 10, "…er long …", 8, "a rath"},
		{"a step back needs no scrolling", 12, 10, "…er long …", 7, "a rath"},
		{"room behind the end is filled from the start", 26, 20, "… long line of text ", 19, "a rather"},
		{"a little room scrolls to its cursor", 26, 3, "xt ", 2, "a rather long line of te"},
		{"all of it comes back with the room", 26, 30, "a rather long line of text    ", 26, ""},
	} {
		in.SetPos(step.pos)
		line, column := in.Draw(th, step.width)
		assert.Equal(t, step.want, ansi.Strip(line), step.name)
		assert.Equal(t, step.column, column, step.name)
		offset, _ := in.Shown()
		assert.Equal(t, step.shown, in.Value()[:offset], step.name)
	}
}

func TestToLineComesBackWithItsRoom(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("staff@contoso.com, -segment:Engineers, partners@contoso.com")
		s.resize(44, 12)
		s.shows("│ …")
		s.hides("staff@contoso.com")
		s.resize(80, 24)
		s.shows("│ staff@contoso.com, -segment:Engineers, partners@contoso.com")
	})
}

func TestInputIsNeverWiderThanItsRoom(t *testing.T) {
	keys := []string{"left", "right", "home", "end", "backspace", "delete", "ctrl+w", "ctrl+u", "ctrl+k", "ctrl+left", "ctrl+right", "x", "space"}
	rapid.Check(t, func(t *rapid.T) {
		th := darkTheme()
		th.method = methods[rapid.SampledFrom([]string{"by rune", "by grapheme"}).Draw(t, "method")]
		var in input
		in.SetValue(rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("東é\u0301👩\u200d🇨🇿ש \u202e")))).Draw(t, "text"))
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			in.Handle(press(rapid.SampledFrom(keys).Draw(t, "key")))
			width := rapid.IntRange(1, 12).Draw(t, "width")
			line, column := in.Draw(th, width)
			require.Equal(t, width, th.width(line), "%q", line)
			require.Less(t, column, width)
			require.LessOrEqual(t, in.Pos(), len(in.Value()))
		}
	})
}

func TestFieldThatWaitsForTypingWritesNothing(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("/", "n", "o")
		before := s.out.count()
		time.Sleep(10 * time.Minute) // fake time
		synctest.Wait()
		assert.Empty(t, s.out.after(before))
	})
}

func TestLongTextScrolls(t *testing.T) {
	d := &textDialog{shared: shared{theme: darkTheme()}, title: "Long", lines: strings.Split(strings.TrimSpace(strings.Repeat("line of 東京 text\n", 30)), "\n")}
	for i := range d.lines {
		d.lines[i] = count(i+1) + " " + d.lines[i]
	}
	for _, step := range []struct{ key, place string }{
		{"up", "1–8 of 30"},
		{"j", "2–9 of 30"},
		{"pgdown", "10–17 of 30"},
		{"ctrl+u", "6–13 of 30"},
		{"G", "23–30 of 30"},
		{"down", "23–30 of 30"},
		{"home", "1–8 of 30"},
	} {
		d.Draw(40, 10)
		_, done := d.Handle(press(step.key))
		assert.False(t, done)
		box := d.Draw(40, 10)
		assert.Contains(t, box, step.place, step.key)
		for _, l := range strings.Split(box, "\n") {
			assert.Equal(t, 40, d.theme.width(l), "%q", l)
		}
	}
	assert.NotContains(t, d.Draw(40, 60), " of 30", "all of it is shown")
}

func TestProgressBarIsFullAtTheEndAndEmptyAtTheStart(t *testing.T) {
	th := monoTheme()
	for want, of := range map[string][2]int{"····": {0, 100}, "██··": {50, 100}, "████": {120, 100}} {
		assert.Equal(t, want, ansi.Strip(th.progress(of[0], of[1], 4)))
	}
	assert.Equal(t, "····", ansi.Strip(th.progress(0, 0, 4)), "nothing is known yet")
	assert.Empty(t, th.progress(1, 2, -1))
}
