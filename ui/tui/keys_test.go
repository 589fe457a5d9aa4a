package tui

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

// keyBytes is what a terminal without any keyboard protocol sends for a key.
func keyBytes(t *testing.T, key string) string {
	t.Helper()
	named := map[string]string{
		"space": " ", "enter": "\r", "esc": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "backspace": "\x7f", "delete": "\x1b[3~",
		"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
		"home": "\x1b[H", "end": "\x1b[F", "pgup": "\x1b[5~", "pgdown": "\x1b[6~",
	}
	if b, ok := named[key]; ok {
		return b
	}
	if letter, ok := strings.CutPrefix(key, "ctrl+"); ok {
		require.Len(t, letter, 1, "a legacy terminal sends ctrl with letters only: %s", key)
		require.NotContains(t, []string{"h", "i", "m", "b", "j"}, letter, "ctrl-%s is another key for a terminal or belongs to tmux", letter)
		return string(letter[0] & 0x1f)
	}
	require.Len(t, []rune(key), 1, "no terminal sends %q", key)
	return key
}

// assertReachable decodes what a terminal sends for each key.
func assertReachable(t *testing.T, where string, bindings []binding) {
	t.Helper()
	for _, b := range bindings {
		assert.NotEmpty(t, b.id, where)
		assert.NotEmpty(t, b.help, "%s: %s", where, b.id)
		require.NotEmpty(t, b.keys, "%s: %s", where, b.id)
		for _, key := range b.keys {
			var decoder uv.EventDecoder
			bytes := []byte(keyBytes(t, key))
			n, event := decoder.Decode(bytes)
			require.Equal(t, len(bytes), n, "%s: %s", where, key)
			pressed, ok := event.(uv.KeyPressEvent)
			require.True(t, ok, "%s: %s decodes to %T", where, key, event)
			msg := tea.KeyPressMsg(pressed)
			assert.True(t, b.matches(msg), "%s: %s is bound to %q, the terminal's key is %q", where, b.id, key, msg.String())
			assert.Equal(t, msg.String(), press(key).String(), "what the help dialog presses")
		}
	}
}

func TestEveryBindingIsReachableFromALegacyTerminal(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		assertReachable(t, "global", s.root.globalBindings())
		for i, p := range s.root.panes {
			assertReachable(t, paneNames()[i], p.Bindings())
		}
		d := s.root.panes[paneDirectory].(*directoryPane)
		d.typing = true
		assertReachable(t, "filter", d.Bindings())
		d.typing = false
		d.facets = newFacetList(d.shared)
		assertReachable(t, "facets", d.Bindings())
		department := s.root.ws.Schema().Attribute(model.AttrDepartment)
		d.facets.chosen = &department
		assertReachable(t, "values of a facet", d.Bindings())
		d.facets.typing = true
		assertReachable(t, "search of the values", d.Bindings())
		d.facets = nil
		d.details.focused = true
		assertReachable(t, "details", d.Bindings())
		d.details.focused = false
		open := func(string) error { return nil }
		assertReachable(t, "consent", newConsentScreen(s.root.shared, Options{OpenURL: open}, "").Bindings())
		signIn := newSignInScreen(s.root.shared, Options{OpenURL: open}, nil)
		signIn.code = signedOutTenant().code
		assertReachable(t, "sign-in", signIn.Bindings())
		for _, dialog := range []dialog{
			newConfirmDialog(s.root.shared, "", "", "", nil), newMenuDialog(s.root.shared, "", nil, 0),
			newHelpDialog(s.root.shared, nil, nil), &textDialog{shared: s.root.shared, copied: "x"},
			newColumnsDialog(d), newRemovalsDialog(s.root.shared, refresh.Progress{Held: 1}),
		} {
			assertReachable(t, "dialog", dialog.Bindings())
		}
	})
}

func TestNoKeyMeansTwoThingsInOnePane(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		for i, p := range s.root.panes {
			seen := map[string]string{}
			for _, b := range slices.Concat(p.Bindings(), s.root.globalBindings()) {
				for _, k := range b.keys {
					assert.Empty(t, seen[k], "%s: %s is both %s and %s", paneNames()[i], k, seen[k], b.id)
					seen[k] = b.id
				}
			}
		}
	})
}

func TestDisabledBindingSaysWhy(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("S")
		s.shows("No segment: everybody is shown")
		s.press("q")
		s.shows("ctrl-c quits")
	})
}

func TestLettersAreTextWhileTyping(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("/", "5", "q", "?")
		assert.Equal(t, paneDirectory, s.root.current)
		s.shows("/ 5q?")
	})
}

func TestPasteNeverPressesKeys(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.send(tea.PasteMsg{Content: "5\r\nW"})
		s.settle()
		assert.Equal(t, paneDirectory, s.root.current)
		s.press("/")
		s.send(tea.PasteMsg{Content: "no\tv\x1b[31m\n"})
		s.settle()
		s.shows("/ no v[31m")
	})
}

func TestPanesHaveAHistory(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("5", "1", "5")
		s.press("q")
		assert.Equal(t, paneDirectory, s.root.current)
		s.press("[")
		assert.Equal(t, paneActivity, s.root.current)
		s.press("]")
		assert.Equal(t, paneDirectory, s.root.current)
	})
}
