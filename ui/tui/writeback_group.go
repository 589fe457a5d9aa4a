package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/writeback"
)

// groupField is the field for the group of a plan. It completes the groups that
// were met: those of kept plans, and those of this session's previews. Neither
// costs a request, and a tenant may have a hundred thousand others.
type groupField struct {
	theme *theme
	input
	suggestions []suggestion
	picked      int                   // index into suggestions; -1: none
	known       map[string]suggestion // by text in lower case
}

func newGroupField(s shared) groupField {
	f := groupField{theme: s.theme, picked: -1, known: make(map[string]suggestion)}
	f.placeholder = "a group by its address, exact name or object id"
	return f
}

// meetPreview learns the groups that a preview went through, and which of them
// can be written.
func (f *groupField) meetPreview(msg previewDoneMsg) {
	if msg.outcome == nil {
		return
	}
	for _, n := range msg.outcome.preview.Expansion.Nodes {
		note := n.Group.Kind.Label()
		if n.Group.WriteRefusal() != nil {
			note += " · cannot be written"
		}
		f.meet(n.Group.DisplayName, note)
	}
}

// meetPlans learns the groups of kept plans, oldest first, so that the newest
// has the word.
func (f *groupField) meetPlans(plans []writeback.PlanHead) {
	for i := len(plans) - 1; i >= 0; i-- {
		h := &plans[i]
		note := h.Group.Kind.Label() + " · planned on " + h.CreatedAt.Format("2006-01-02")
		if h.HandOver {
			note = h.Group.Kind.Label() + " · handed over on " + h.CreatedAt.Format("2006-01-02")
		}
		f.meet(h.Group.DisplayName, note)
	}
}

func (f *groupField) meet(name, note string) {
	if name = strings.TrimSpace(name); name != "" {
		f.known[strings.ToLower(name)] = suggestion{text: name, note: note}
	}
}

// Key edits the field. It leaves enter, esc and tab to the pane, unless they
// concern a completion.
func (f *groupField) Key(msg tea.KeyPressMsg) (handled bool) {
	if n := len(f.suggestions); n > 0 {
		switch key := msg.String(); {
		case key == "down":
			f.picked = (f.picked + 1) % n
			return true
		case key == "up":
			f.picked = (max(f.picked, 0) - 1 + n) % n
			return true
		case key == "tab", key == "enter" && f.picked >= 0:
			f.SetValue(f.suggestions[max(f.picked, 0)].text)
			f.closeSuggestions()
			return true
		case key == "esc":
			f.closeSuggestions()
			return true
		}
	}
	changed, handled := f.input.Handle(msg)
	if changed {
		f.complete()
	}
	return handled
}

func (f *groupField) Paste(msg tea.PasteMsg) {
	f.input.Handle(msg)
	f.complete()
}

// complete offers the known groups that hold what is typed.
func (f *groupField) complete() {
	f.suggestions, f.picked = matchSuggestions(sortedSuggestions(f.known), f.Value()), -1
}

func (f *groupField) closeSuggestions() { f.suggestions, f.picked = nil, -1 }

// Lines draws the completions, one a line of at most width cells.
func (f *groupField) Lines(width int) []string {
	return suggestionLines(f.theme, f.suggestions, f.picked, width)
}
