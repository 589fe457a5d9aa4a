package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
)

// shelf is a room in the place of the Preview pane: things in a list of which
// one is chosen, its facts beside them. The chosen one can be opened to read the
// people in it.
type shelf[T any] struct {
	shared
	width, height int

	list        []T // nil while they are read
	failed      *model.Error
	cursor, top int
	opened      *peopleView
}

func (s *shelf[T]) SetSize(width, height int) {
	s.width, s.height = width, height
	s.follow()
}

func (s *shelf[T]) Typing() bool { return s.opened != nil && s.opened.searching }

func (s *shelf[T]) Cursor() *tea.Cursor {
	if s.opened == nil {
		return nil
	}
	return s.opened.cursor(s.width)
}

// fill puts what was read onto the shelf.
func (s *shelf[T]) fill(list []T, err error) {
	s.list, s.failed = list, nil
	if err != nil {
		s.failed = model.AsError(err)
	}
	if s.list == nil {
		s.list = []T{}
	}
	s.follow()
}

// current is what is under the cursor, nil where there is nothing.
func (s *shelf[T]) current() *T {
	if s.cursor >= len(s.list) {
		return nil
	}
	return &s.list[s.cursor]
}

// page is how many things are shown at once.
func (s *shelf[T]) page() int { return max(1, s.height-3) }

// follow keeps the cursor on the list, and in the window.
func (s *shelf[T]) follow() {
	s.cursor = max(0, min(s.cursor, len(s.list)-1))
	s.top = max(min(s.top, s.cursor), s.cursor-s.page()+1)
	s.top = max(0, min(s.top, len(s.list)-s.page()))
}

// move does what the keys of shelfBindings say.
func (s *shelf[T]) move(id string) {
	switch id {
	case "shelf.down":
		s.cursor++
	case "shelf.up":
		s.cursor--
	case "shelf.half":
		s.cursor += max(1, s.page()/2)
	case "shelf.halfUp":
		s.cursor -= max(1, s.page()/2)
	case "shelf.first":
		s.cursor = 0
	case "shelf.last":
		s.cursor = len(s.list) - 1
	}
	s.follow()
}

// search hands what belongs to the search of the opened people on.
func (s *shelf[T]) search(msg tea.Msg) (cmd tea.Cmd, handled bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		if s.Typing() {
			s.opened.search.Handle(msg)
			return s.opened.find(), true
		}
	case peopleSearchedMsg:
		if s.opened != nil {
			s.opened.answered(msg)
		}
	}
	return nil, false
}

// draw puts the facts beside the list where there is room, or draws the opened
// people.
func (s *shelf[T]) draw(list, facts func(width int) string) string {
	if s.opened != nil {
		return s.opened.draw(s.width, s.height)
	}
	left, right := roomWidths(s.width)
	if right == 0 {
		return list(left)
	}
	return beside(list(left), facts(right))
}

// drawRows draws the list in its box: heading and rows are the width of the box
// less four, and empty says what stands there where there is nothing. A row's
// mark is one cell.
func (s *shelf[T]) drawRows(t boxText, width int, empty []string, heading string, row func(*T) (mark, text string)) string {
	th := s.theme
	inner := width - 2
	switch {
	case s.failed != nil:
		return th.box(t, drawFailure(th, s.failed, inner-2, ""), width, s.height, true)
	case s.list == nil:
		return th.box(boxText{title: t.title}, "\n"+th.muted.Render("  Loading…"), width, s.height, true)
	case len(s.list) == 0:
		return th.box(boxText{title: t.title}, hintLines(th, inner, empty...), width, s.height, true)
	}
	lines := []string{th.heading.Render("  " + heading)}
	for i := s.top; i < min(len(s.list), s.top+s.page()); i++ {
		mark, text := row(&s.list[i])
		if i == s.cursor {
			lines = append(lines, th.selected.Render(th.fit("▸"+mark+text, inner)))
		} else {
			lines = append(lines, " "+th.marked.Render(mark)+th.text.Render(text))
		}
	}
	return th.box(t, strings.Join(lines, "\n"), width, s.height, true)
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
