package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

func (e *segmentEditor) bindings() []binding {
	list := []binding{
		{id: "editor.leave", keys: []string{"esc"}, label: "back", help: "Go back to the list; what was typed is kept"},
		{id: "editor.save", keys: []string{"ctrl+s"}, label: "save", help: "Save the segment"},
	}
	if len(e.offers) > 0 {
		return append(
			list,
			binding{id: "editor.accept", keys: []string{"tab"}, label: "complete", help: "Take the completion"},
			binding{id: "editor.choose", keys: []string{"down", "up"}, label: "choose", help: "Choose another completion"},
		)
	}
	list = append(list, binding{id: "editor.next", keys: []string{"tab"}, label: "next", help: "Go to the next cell, then to the rule's text"},
		binding{id: "editor.former", keys: []string{"shift+tab"}, help: "Go to the former cell"})
	if e.rowsOK {
		list = append(list,
			binding{id: "editor.insert", keys: []string{"ctrl+n"}, label: "add row", help: "Add a row below"},
			binding{id: "editor.delete", keys: []string{"ctrl+d"}, label: "delete row", help: "Delete the row"},
		)
	}
	if !e.inText && (e.cell == cellJoin || e.cell == cellOperator) {
		list = append(list, binding{id: "editor.turn", keys: []string{"space", "right", "left"}, label: "change", help: "Change the joiner or the operator"})
	}
	return append(list,
		binding{id: "editor.rows", keys: []string{"down", "up"}, help: "Go to the row below or above"},
		binding{id: "editor.text", keys: []string{"ctrl+t"}, help: "Switch between the rows and the text"},
	)
}

// key edits. changed reports whether the rule may say something else than
// before, handled whether the key is one of the editor's.
func (e *segmentEditor) key(msg tea.KeyPressMsg) (cmd tea.Cmd, changed, handled bool) {
	switch msg.String() {
	case "tab":
		if len(e.offers) > 0 {
			e.accept()
		}
		e.step(true)
		return e.complete(), true, true
	case "shift+tab":
		e.step(false)
		return e.complete(), true, true
	case "enter":
		return e.enterKey(), true, true
	case "down", "up":
		if len(e.offers) > 0 {
			e.choose(msg.String() == "down")
			return nil, false, true
		}
		e.vertical(msg.String() == "down")
		return e.complete(), true, true
	case "ctrl+n":
		e.insert()
		return e.complete(), true, true
	case "ctrl+t":
		e.settle()
		e.inText = !e.inText || !e.rowsOK
		e.load()
		return nil, true, true
	case "ctrl+d":
		return nil, e.delete(), true
	}
	switch {
	case e.inText:
		changed, handled = e.text.Handle(msg)
		if changed {
			e.fromText()
		}
		return nil, changed, handled
	case e.cell == cellJoin || e.cell == cellOperator:
		changed = e.turnKey(msg)
		return nil, changed, changed
	}
	changed, handled = e.field.Handle(msg)
	if !changed {
		return nil, false, handled
	}
	e.store()
	return e.complete(), true, true
}

// escape closes the completions; false when none are shown.
func (e *segmentEditor) escape() bool {
	shown := len(e.offers) > 0
	e.offers, e.chosen = nil, -1
	return shown
}

// unfinished reports rows that are not part of the rule yet.
func (e *segmentEditor) unfinished() bool {
	return slices.ContainsFunc(e.builder.rows, func(r builderRow) bool { return !r.complete() && r.attribute+r.value != "" })
}

// enterKey takes the chosen completion, or the only one; without one it goes on
// to the next cell, and behind the last one to a new row.
func (e *segmentEditor) enterKey() tea.Cmd {
	if e.cell == cellValue && e.chosen < 0 && e.field.Value() != "" && !e.meansOnlyOffer() {
		e.offers = nil // what was typed stands; only a chosen value replaces it
	}
	switch {
	case len(e.offers) > 0:
		e.accept()
		if e.cell == cellValue {
			return nil // the next enter goes on
		}
		e.step(true)
	case e.inText:
		return nil
	case e.cell == cellValue && e.row == len(e.builder.rows)-1 && e.builder.rows[e.row].complete():
		e.insert()
	default:
		e.step(true)
	}
	return e.complete()
}

func (e *segmentEditor) turnKey(msg tea.KeyPressMsg) (changed bool) {
	switch msg.String() {
	case "space", "right":
		changed = e.turn(true)
	case "left":
		changed = e.turn(false)
	default:
		if e.cell == cellOperator && len(msg.Text) == 1 {
			changed = e.pickOperator(msg.Text)
		}
	}
	return changed
}
