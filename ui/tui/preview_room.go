package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// previewRoom is a view in the place of the whole Preview pane.
type previewRoom interface {
	SetSize(width, height int)
	// Handle gets keys, pasted text and the answers of the room's tasks.
	Handle(msg tea.Msg) (cmd tea.Cmd, handled bool)
	Draw() string
	Bindings() []binding
	Typing() bool
	Cursor() *tea.Cursor
}

// previewRoomMsg puts a room in the place of the pane; nil puts the pane back.
type previewRoomMsg struct{ room previewRoom }

// previewAddMsg puts an entry into the To line behind those that stand there.
type previewAddMsg struct{ entry string }

// enter shows a room in the place of the pane.
func (p *previewPane) enter(room previewRoom) {
	p.room = room
	p.layout()
}

// add puts an entry into the To line.
func (p *previewPane) add(entry string) tea.Cmd {
	line := strings.TrimSpace(strings.TrimRight(p.to.Value(), ", "))
	if line != "" {
		line += ", "
	}
	p.to.SetValue(line + lineEntry(entry))
	p.to.active = true
	p.enter(nil)
	return toast(levelInfo, "In the To line; enter expands it")
}
