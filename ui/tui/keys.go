package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// binding is a key as data: from it come the status line, the help dialog and
// the dispatch. A pane returns the bindings that make sense now; one that
// cannot be used now stays in the list and says why.
type binding struct {
	id        string   // "directory.filter"
	keys      []string // as tea.KeyPressMsg.String writes them: "space", "ctrl+d", "G"
	label     string   // one or two words for the status line; "" keeps it out
	help      string   // one sentence for the help dialog, without a period
	disabled  string   // why it cannot be used now; "" when it can
	dangerous bool     // changes the tenant, or throws work away
	global    bool     // works in every pane
}

// matches reports whether the key is one of the binding's.
func (b binding) matches(msg tea.KeyPressMsg) bool {
	s := msg.String()
	for _, k := range b.keys {
		if k == s {
			return true
		}
	}
	return false
}

// keyText is how the binding's first key is written on the screen.
func (b binding) keyText() string {
	if len(b.keys) == 0 {
		return ""
	}
	return keyName(b.keys[0])
}

// find returns the first binding that the key matches, also a disabled one.
// The root answers keys of disabled bindings with their reason, so a pane's
// Handle sees enabled ones only.
func find(bindings []binding, msg tea.KeyPressMsg) (binding, bool) {
	for _, b := range bindings {
		if b.matches(msg) {
			return b, true
		}
	}
	return binding{}, false
}

// keyName writes a key for people: "ctrl-d", "↑".
func keyName(key string) string {
	switch key {
	case "up":
		return "↑"
	case "down":
		return "↓"
	case "left":
		return "←"
	case "right":
		return "→"
	}
	return strings.ReplaceAll(key, "+", "-")
}

// press is the key event of a binding's key, so that the help dialog can run
// what it lists.
func press(key string) tea.KeyPressMsg {
	named := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace,
		"backspace": tea.KeyBackspace, "delete": tea.KeyDelete,
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
		"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	}
	var k tea.Key
	for {
		switch {
		case strings.HasPrefix(key, "ctrl+"):
			k.Mod |= tea.ModCtrl
			key = key[len("ctrl+"):]
			continue
		case strings.HasPrefix(key, "shift+"):
			k.Mod |= tea.ModShift
			key = key[len("shift+"):]
			continue
		}
		break
	}
	if code, ok := named[key]; ok {
		k.Code = code
		if key == "space" && k.Mod == 0 {
			k.Text = " "
		}
		return tea.KeyPressMsg(k)
	}
	k.Code = []rune(key)[0]
	if k.Mod == 0 {
		k.Text = key
	}
	return tea.KeyPressMsg(k)
}

// emit is a command that delivers a message at once.
func emit(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// toast is a command that shows a notice.
func toast(l level, text string) tea.Cmd { return emit(toastMsg{text: text, level: l}) }
