package tui

import (
	"fmt"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/viewport"
	tea "charm.land/bubbletea/v2"
)

// scroller shows a text through a window of Bubbles' viewport. The lines that
// it is given are wrapped and clean. The zero value is at the top of no text.
type scroller struct {
	view viewport.Model // made by window
	made bool
}

func (s *scroller) window() *viewport.Model {
	if !s.made {
		s.made = true
		s.view = viewport.New()
		s.view.MouseWheelEnabled = false
		s.view.KeyMap = scrollKeys()
	}
	return &s.view
}

// scrollKeys are the keys that scroll a text. Letters that dialogs use for
// their answers are left out of the viewport's own.
func scrollKeys() viewport.KeyMap {
	on := func(keys ...string) key.Binding { return key.NewBinding(key.WithKeys(keys...)) }
	return viewport.KeyMap{
		Up: on("up", "k"), Down: on("down", "j"),
		PageUp: on("pgup"), PageDown: on("pgdown", "space"),
		HalfPageUp: on("ctrl+u"), HalfPageDown: on("ctrl+d"),
	}
}

// Handle scrolls.
func (s *scroller) Handle(msg tea.KeyPressMsg) {
	w := s.window()
	switch msg.String() {
	case "g", "home":
		w.GotoTop()
	case "G", "end":
		w.GotoBottom()
	default:
		*w, _ = w.Update(msg)
	}
}

// Top goes back to the first line.
func (s *scroller) Top() { s.window().GotoTop() }

// Draw shows the lines from where the text is scrolled to, in width × height
// cells.
func (s *scroller) Draw(th *theme, lines []string, width, height int) string {
	cut := make([]string, len(lines))
	for i, l := range lines {
		cut[i] = th.cut(l, width)
	}
	w := s.window()
	w.SetWidth(width)
	w.SetHeight(height)
	w.SetContentLines(cut)
	return w.View()
}

// Place says which lines the last Draw showed: "1–20 of 64"; "" when it showed
// them all.
func (s *scroller) Place() string {
	w := s.window()
	if w.TotalLineCount() <= w.Height() {
		return ""
	}
	return fmt.Sprintf("%d–%d of %d", w.YOffset()+1, w.YOffset()+w.VisibleLineCount(), w.TotalLineCount())
}
