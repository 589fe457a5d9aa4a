package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/workspace"
)

// paneID names one of the five panes, in the order of their number keys.
type paneID uint8

const (
	paneDirectory paneID = iota
	paneSegments
	panePreview
	paneWriteback
	paneActivity
	paneCount
)

// pane is a room of the screen. It is not a tea.Model: the root calls its
// methods, in the order quit, dialog, focused pane, global keys.
type pane interface {
	// SetSize gives the area below the title bar and above the status line.
	SetSize(width, height int)
	// Enter is called each time the pane becomes the visible one.
	Enter() tea.Cmd
	// Handle gets every message that is not a key, and keys while the pane is
	// visible. handled reports whether a key was used.
	Handle(msg tea.Msg) (cmd tea.Cmd, handled bool)
	// Draw returns exactly height lines of exactly width cells.
	Draw() string
	// Bindings are the keys that work now, most important first.
	Bindings() []binding
	// Typing reports whether a text field has the focus, so that letters and
	// digits are text and not commands.
	Typing() bool
	// Cursor is where the terminal's cursor stands while typing, relative to
	// the pane; nil hides it.
	Cursor() *tea.Cursor
}

// quitGuard is a pane that knows when quitting would interrupt or lose
// something.
type quitGuard interface {
	// QuitWarning says what quitting now would interrupt and how it goes on
	// later, or what it would lose; "" when nothing.
	QuitWarning() string
}

// shared is what every pane is built with. The workspace may be called from
// commands only, never from Handle or Draw, except for its methods that touch
// neither disk nor network (Session, Capabilities, CanWrite, Directory,
// Progress, Now, Schema, Guards, Calls().Traffic).
type shared struct {
	ws    *workspace.Workspace
	theme *theme
	tasks *tasks
	pace  *pace // of the running sync
}

// local is a time as the clock of the screen shows it.
func (s shared) local(t time.Time) time.Time { return t.In(s.ws.Now().Location()) }

// Messages that one pane sends to the root for another.
type (
	// gotoMsg makes a pane visible.
	gotoMsg struct{ pane paneID }
	// previewMsg opens Preview on an audience.
	previewMsg struct{ include, exclude []string }
	// planMsg opens Writeback on an audience; group may be "".
	planMsg struct {
		include, exclude []string
		group            string
	}
	// segmentMsg opens Segments on a rule that is not saved yet.
	segmentMsg struct{ rule string }
	// directoryChangedMsg says that a newer directory snapshot can be taken.
	// It is sent at most five times a second while a sync runs.
	directoryChangedMsg struct{}
	// sessionChangedMsg says that the session or its permissions changed.
	sessionChangedMsg struct{}
	// toastMsg shows a short notice above the status line; Activity keeps it.
	toastMsg struct {
		text  string
		level level
	}
	// copyMsg puts text on the clipboard by OSC 52 and says so.
	copyMsg struct{ text, what string }
	// dialogMsg opens a dialog on top of everything.
	dialogMsg struct{ dialog dialog }
	// consentMsg opens the consent screen on a capability that is missing.
	consentMsg struct{ capability string }
)

// level is how serious a notice is.
type level uint8

const (
	levelInfo level = iota
	levelGood
	levelWarn
	levelBad
)

// dialog is a question above the panes. The topmost one gets every key.
type dialog interface {
	// Handle returns done when the dialog is to be closed.
	Handle(msg tea.Msg) (cmd tea.Cmd, done bool)
	// Draw returns the box; it is centred and must fit into the given size.
	Draw(width, height int) string
	Bindings() []binding
	Cursor() *tea.Cursor
}
