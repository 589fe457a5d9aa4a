package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
)

type (
	// runBindingMsg runs what the help dialog lists, as if its key were pressed.
	runBindingMsg struct{ binding binding }
	// quitMsg ends the program without asking again.
	quitMsg struct{}
)

// paneNames are the tabs, in the order of their number keys.
func paneNames() [paneCount]string {
	return [paneCount]string{"Directory", "Segments", "Preview", "Writeback", "Activity"}
}

// globalBindings are the keys that work in every pane.
func (m *root) globalBindings() []binding {
	list := []binding{
		{id: "help", keys: []string{"?"}, label: "help", help: "Show every key, search them, and run one", global: true},
	}
	for i, name := range paneNames() {
		list = append(list, binding{
			id: fmt.Sprintf("pane.%d", i+1), keys: []string{fmt.Sprint(i + 1)}, help: "Go to " + name, global: true,
		})
	}
	back := binding{id: "back", keys: []string{"q"}, help: "Go back to the pane before", global: true}
	if len(m.history.behind) == 0 {
		back.disabled = "There is no pane to go back to; ctrl-c quits"
	}
	forth := binding{id: "forth", keys: []string{"]"}, help: "Go forth again after going back", global: true}
	if len(m.history.ahead) == 0 {
		forth.disabled = "There is no pane to go forth to"
	}
	stop := binding{id: "sync.stop", keys: []string{"X"}, help: "Stop the sync; what was read is kept, and the next one goes on", global: true}
	if !m.sync.running() {
		stop.disabled = "No sync is running"
	}
	held := binding{id: "sync.held", keys: []string{"!"}, help: "Decide on the removals that wait for your word", global: true}
	if m.ws.Progress().Held == 0 {
		held.disabled = "No removals wait"
	}
	older := back
	older.id, older.keys, older.help = "history.back", []string{"["}, "Go back in the history of panes"
	return append(list, back, older, forth, stop, held,
		binding{id: "suspend", keys: []string{"ctrl+z"}, help: "Suspend rollcall; fg in the shell resumes it", global: true},
		binding{id: "quit", keys: []string{"ctrl+c"}, help: "Quit", global: true},
	)
}

// key routes a key press in the fixed order: quit, dialog, pane, global keys.
func (m *root) key(msg tea.KeyPressMsg) tea.Cmd {
	switch msg.String() {
	case "ctrl+c":
		return m.quit()
	case "ctrl+z":
		return tea.Suspend
	}
	if n := len(m.dialogs); n > 0 {
		return m.dialogKey(msg)
	}
	if !m.usable() {
		return m.startKey(msg)
	}
	p := m.visible()
	if !p.Typing() {
		if b, ok := find(p.Bindings(), msg); ok && b.disabled != "" {
			return m.toasts.show(m.shared, levelWarn, b.disabled)
		}
	}
	if cmd, handled := p.Handle(msg); handled {
		return cmd
	}
	if p.Typing() && msg.Text != "" {
		return nil
	}
	b, ok := find(m.globalBindings(), msg)
	switch {
	case !ok:
		return nil
	case b.disabled != "":
		return m.toasts.show(m.shared, levelInfo, b.disabled)
	}
	return m.global(b.id)
}

func (m *root) global(id string) tea.Cmd {
	switch id {
	case "help":
		return m.open(newHelpDialog(m.shared, m.visible().Bindings(), m.globalBindings()))
	case "back", "history.back":
		if m.screen != nil {
			return nil
		}
		if to, ok := m.history.back(m.current); ok {
			return m.show(to)
		}
	case "forth":
		if to, ok := m.history.forth(m.current); ok && m.screen == nil {
			return m.show(to)
		}
	case "sync.stop":
		return emit(stopSyncMsg{})
	case "sync.held":
		return m.askRemovals(true)
	case "suspend":
		return tea.Suspend
	case "quit":
		return m.quit()
	default:
		for i := range paneCount {
			if id == fmt.Sprintf("pane.%d", i+1) && m.screen == nil {
				return m.visit(i)
			}
		}
	}
	return nil
}

// runBinding presses a binding's key once the help dialog is gone.
func (m *root) runBinding(b binding) tea.Cmd {
	if len(b.keys) == 0 {
		return nil
	}
	return m.key(press(b.keys[0]))
}

// quit asks when a pane says that something would be interrupted or lost.
func (m *root) quit() tea.Cmd {
	var warnings []string
	for _, p := range m.panes {
		if g, ok := p.(quitGuard); ok {
			if warning := g.QuitWarning(); warning != "" {
				warnings = append(warnings, warning)
			}
		}
	}
	switch n := len(m.dialogs); {
	case len(warnings) == 0:
		return tea.Quit
	case n > 0 && m.dialogs[n-1].quits:
		return tea.Quit // asked already, and ctrl-c again
	}
	cmd := m.open(newConfirmDialog(m.shared, "Quit now?", strings.Join(warnings, " "), "quit", quitMsg{}))
	m.dialogs[len(m.dialogs)-1].quits = true
	return cmd
}

func (m *root) paste(msg tea.PasteMsg) tea.Cmd {
	if n := len(m.dialogs); n > 0 {
		cmd, done := m.dialogs[n-1].dialog.Handle(msg)
		if done {
			m.dialogs = m.dialogs[:n-1]
		}
		return cmd
	}
	if !m.usable() {
		return nil
	}
	cmd, _ := m.visible().Handle(msg)
	return cmd
}

// maxClipboard is what terminals take by OSC 52 at the least: base64 of more
// is dropped by some without a word.
const maxClipboard = 74_000

func fitsClipboard(text string) bool { return len(text)*4/3 <= maxClipboard }

// copy sends text to the terminal's clipboard and says so. Whether the
// terminal took it cannot be known.
func (m *root) copy(msg copyMsg) tea.Cmd {
	if msg.text == "" {
		return m.toasts.show(m.shared, levelWarn, "Nothing to copy")
	}
	if !fitsClipboard(msg.text) {
		return m.toasts.show(m.shared, levelWarn, "Too much for the clipboard of a terminal ("+count(len(msg.text))+" bytes)")
	}
	what := msg.what
	if what == "" {
		what = "Text"
	}
	return tea.Batch(tea.SetClipboard(msg.text), toast(levelInfo, what+" sent to the terminal's clipboard (some terminals refuse it)"))
}
