package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// How long a notice stays, and how many are shown at once. All are kept in
// Activity.
const (
	toastStays    = 4 * time.Second
	toastBadStays = 10 * time.Second
	toastsShown   = 3
)

// toasts are the notices above the status line, the newest at the bottom.
type toasts struct {
	list []shownToast
	last int
}

type shownToast struct {
	id    int
	level level
	text  string
}

// toastGoneMsg ends a notice's time.
type toastGoneMsg struct{ id int }

// show adds a notice. The same text again replaces the one on the screen.
func (t *toasts) show(s shared, l level, text string) tea.Cmd {
	text = clean(text)
	for _, old := range t.list {
		if old.text == text {
			t.drop(old.id)
			break
		}
	}
	t.last++
	t.list = append(t.list, shownToast{t.last, l, text})
	if len(t.list) > toastsShown {
		t.list = t.list[1:]
	}
	stays := toastStays
	if l >= levelWarn {
		stays = toastBadStays
	}
	return s.tasks.after(stays, toastGoneMsg{t.last})
}

func (t *toasts) drop(id int) {
	for i, s := range t.list {
		if s.id == id {
			t.list = append(t.list[:i:i], t.list[i+1:]...)
			return
		}
	}
}

// drawOver puts the notices above the last line, at the right edge.
func (t *toasts) drawOver(lines []string, th *theme, width int) {
	bottom := len(lines) - 1
	for i := len(t.list) - 1; i >= 0 && bottom > 1; i-- {
		s := t.list[i]
		sign, style := th.sign(s.level)
		rows := wrap(th, s.text, min(width-8, 72))
		w := 0
		for _, r := range rows {
			w = max(w, th.width(r))
		}
		for r := len(rows) - 1; r >= 0; r-- {
			bottom--
			if bottom < 1 {
				return
			}
			lead := "   "
			if r == 0 {
				lead = " " + sign + " "
			}
			row := style.Render(lead) + th.toast.Render(th.fit(rows[r], w)+" ")
			lines[bottom] = th.overlay(lines[bottom], row, width-w-5, w+4, width)
		}
	}
}

// sign is how a level looks without and with colour.
func (th *theme) sign(l level) (string, lipgloss.Style) {
	switch l {
	case levelGood:
		return "✓", th.good.Inherit(th.toast)
	case levelWarn:
		return "!", th.warn.Inherit(th.toast)
	case levelBad:
		return "✗", th.bad.Inherit(th.toast)
	default:
		return "·", th.accent.Inherit(th.toast)
	}
}
