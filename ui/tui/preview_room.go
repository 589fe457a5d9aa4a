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
	p.to.SetValue(line + entry)
	p.to.active = true
	p.enter(nil)
	return toast(levelInfo, "In the To line; enter expands it")
}

// shelf is a list with a cursor in a window: what a room is chosen from.
type shelf struct{ cursor, top int }

// follow keeps the cursor among n lines, of which page are shown.
func (s *shelf) follow(n, page int) {
	s.cursor = max(0, min(s.cursor, n-1))
	s.top = max(min(s.top, s.cursor), s.cursor-page+1)
	s.top = max(0, min(s.top, n-page))
}

// move does what the keys of shelfBindings say.
func (s *shelf) move(id string, n, page int) {
	switch id {
	case "shelf.down":
		s.cursor++
	case "shelf.up":
		s.cursor--
	case "shelf.half":
		s.cursor += max(1, page/2)
	case "shelf.halfUp":
		s.cursor -= max(1, page/2)
	case "shelf.first":
		s.cursor = 0
	case "shelf.last":
		s.cursor = n - 1
	}
	s.follow(n, page)
}

func shelfBindings() []binding {
	return []binding{
		{id: "shelf.down", keys: []string{"down", "j"}, help: "Next one"},
		{id: "shelf.up", keys: []string{"up", "k"}, help: "The one before"},
		{id: "shelf.half", keys: []string{"ctrl+d", "pgdown"}, help: "Half a page down"},
		{id: "shelf.halfUp", keys: []string{"ctrl+u", "pgup"}, help: "Half a page up"},
		{id: "shelf.first", keys: []string{"g", "home"}, help: "First one"},
		{id: "shelf.last", keys: []string{"G", "end"}, help: "Last one"},
	}
}

// roomWidths divide a room: what is chosen from, and the facts beside it; 0
// where there is no room for them.
func roomWidths(width int) (left, right int) {
	switch {
	case width < 64:
		return width, 0
	case width >= 110:
		right = previewFactsWide + 6
	default:
		right = previewFactsNarrow + 4
	}
	return width - right, right
}
