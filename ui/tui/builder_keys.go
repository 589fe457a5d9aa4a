package tui

import (
	tea "charm.land/bubbletea/v2"

	"rollcall/model/rule"
)

// bindings are the keys that work now.
func (e *segmentEditor) bindings() []binding {
	list := []binding{
		{id: "editor.leave", keys: []string{"esc"}, label: "back", help: "Go back to the list; what was typed is kept"},
		{id: "editor.save", keys: []string{"ctrl+s"}, label: "save", help: "Save the segment"},
	}
	if e.takes() {
		list = append(list, binding{id: "editor.accept", keys: []string{"tab"}, label: "complete", help: "Take the completion and go on"})
	} else {
		list = append(list, binding{id: "editor.next", keys: []string{"tab"}, label: "next", help: "Go to the next cell, then to the rule's text"})
	}
	if len(e.offers) > 0 && (e.inText || e.typed || e.chosen >= 0 || e.field.Value() == "") {
		list = append(list, binding{id: "editor.choose", keys: []string{"down", "up"}, label: "choose", help: "Choose a completion"})
	} else {
		list = append(list, binding{id: "editor.rows", keys: []string{"down", "up"}, help: "Go to the row, or the line of text, below or above"})
	}
	list = append(list, binding{id: "editor.former", keys: []string{"shift+tab"}, help: "Go to the former cell"})
	if !e.inText && (e.cell == cellJoin || e.cell == cellOperator) {
		list = append(list, binding{id: "editor.turn", keys: []string{"space", "right", "left"}, label: "change", help: "Change the word of the group, or the operator; a letter goes to the next operator with it"})
	}
	reason := ""
	if e.frozen {
		reason = "the text has an error: mend it first"
	}
	inRows := reason
	if e.inText && inRows == "" {
		inRows = "this is for rows: ctrl-t goes there"
	}
	return append(list,
		binding{id: "editor.insert", keys: []string{"ctrl+n"}, label: "row", help: "Add a row below; into a group or collection when its head is chosen", disabled: reason},
		binding{id: "editor.indent", keys: []string{"ctrl+r"}, label: "group", help: "Indent: move the row into the group beside it, or make a group of it and the row above", disabled: inRows},
		binding{id: "editor.outdent", keys: []string{"ctrl+l"}, label: "ungroup", help: "Outdent: move the row out of its group", disabled: inRows},
		binding{id: "editor.negate", keys: []string{"ctrl+x"}, label: "not", help: "Negate the row or the group, or take -not away", disabled: inRows},
		binding{id: "editor.delete", keys: []string{"ctrl+d"}, label: "delete", help: "Delete the row with everything in it", disabled: inRows},
		binding{id: "editor.up", keys: []string{"ctrl+p"}, help: "Move the row up in its group", disabled: inRows},
		binding{id: "editor.down", keys: []string{"ctrl+o"}, help: "Move the row down in its group", disabled: inRows},
		binding{id: "editor.text", keys: []string{"ctrl+t"}, label: "rows/text", help: "Switch between the rows and the text"},
	)
}

// key edits. changed reports whether the rule may say something else than
// before, handled whether the key is one of the editor's.
func (e *segmentEditor) key(msg tea.KeyPressMsg) (cmd tea.Cmd, changed, handled bool) {
	switch msg.String() {
	case "tab":
		return e.tab(), true, true
	case "shift+tab":
		e.step(false)
		return e.entered(), true, true
	case "enter":
		return e.enter(), true, true
	case "down", "up":
		down := msg.String() == "down"
		if e.choosing(down) {
			return nil, false, true
		}
		e.vertical(down)
		return e.entered(), true, true
	case "pgdown", "pgup":
		by := e.page()
		if msg.String() == "pgup" {
			by = -by
		}
		if e.inText {
			e.drop()
			e.text.vertical(by)
		}
		return nil, false, true
	case "ctrl+t":
		e.toggle()
		return e.entered(), true, true
	case "ctrl+n":
		e.insert()
		return e.entered(), true, true
	}
	if f, ok := e.structural(msg.String()); ok {
		changed = f()
		return e.entered(), changed, true
	}
	switch {
	case e.inText:
		changed, handled = e.text.Handle(msg)
		if changed {
			e.fromText()
			cmd = e.complete()
		} else if handled {
			e.drop()
		}
		return cmd, changed, handled
	case e.cell == cellJoin || e.cell == cellOperator:
		changed = e.turnKey(msg)
		// Letters choose here; one that chooses nothing does nothing else.
		return e.entered(), changed, changed || msg.Text != "" && msg.Text != "?"
	case e.frozen:
		return nil, false, msg.Text != ""
	}
	at := e.field.at
	changed, handled = e.field.Handle(msg)
	if changed {
		e.store()
	}
	if changed || e.field.at != at {
		cmd = e.complete()
	}
	return cmd, changed, handled
}

// choosing goes to another completion; false when the key moves between rows.
// Down chooses where something was typed or nothing stands yet, up only what is
// above a chosen one: through finished rows one moves freely.
func (e *segmentEditor) choosing(down bool) bool {
	switch {
	case len(e.offers) == 0 || e.chosen < 0 && !down:
		return false
	case e.chosen < 0 && !e.inText && !e.typed && e.field.Value() != "":
		return false
	case down:
		e.chosen = min(e.chosen+1, len(e.offers)-1)
	default:
		e.chosen-- // above the first is what was typed
	}
	return true
}

// structural are the keys that change the outline.
func (e *segmentEditor) structural(key string) (f func() bool, ok bool) {
	f, ok = map[string]func() bool{
		"ctrl+x": e.negate, "ctrl+d": e.delete,
		"ctrl+r": e.indent, "ctrl+l": e.outdent,
		"ctrl+p": func() bool { return e.move(false) }, "ctrl+o": func() bool { return e.move(true) },
	}[key]
	return f, ok
}

// entered offers completions for a cell that was entered. The text offers none
// before something is typed, for up and down shall move in it.
func (e *segmentEditor) entered() tea.Cmd {
	if e.inText {
		return nil
	}
	return e.complete()
}

// escape closes the completions of the text; false when none are shown. In a
// cell they are always shown.
func (e *segmentEditor) escape() bool {
	shown := e.inText && len(e.offers) > 0 || e.chosen >= 0
	if shown {
		e.offers, e.chosen = nil, -1
	}
	return shown
}

// tab takes the completion and goes on.
func (e *segmentEditor) tab() tea.Cmd {
	if e.takes() {
		cmd := e.accept()
		if e.inText {
			return cmd
		}
	}
	e.step(true)
	return e.entered()
}

// enter takes the chosen completion, or the only one; without one it goes on to
// the next cell, and behind the last one to a new row. In the text it breaks
// the line.
func (e *segmentEditor) enter() tea.Cmd {
	if e.inText {
		if e.chosen >= 0 {
			return e.accept()
		}
		e.drop()
		e.text.insert("\n")
		e.fromText()
		return nil
	}
	if e.frozen {
		return nil
	}
	take := e.chosen >= 0 || e.cell == cellAttribute && e.target.typed != "" || e.cell == cellValue && e.meansOnlyOffer()
	rows := e.outline.rows()
	switch {
	case take && len(e.offers) > 0:
		e.accept()
		if e.cell == cellValue {
			return e.complete() // the next enter goes on
		}
		e.step(true)
	case e.cell == cellValue && e.at == rows[len(rows)-1].outlineItem && e.at.clause() != nil:
		e.insert()
	default:
		e.step(true)
	}
	return e.entered()
}

// turnKey changes a joiner or an operator.
func (e *segmentEditor) turnKey(msg tea.KeyPressMsg) (changed bool) {
	switch msg.String() {
	case "space", "right":
		return e.turn(1)
	case "left":
		return e.turn(-1)
	}
	if e.cell == cellOperator && len(msg.Text) == 1 {
		return e.pickOperator(msg.Text)
	}
	if e.cell == cellJoin && !e.frozen && msg.Text != "" {
		for n, j := range joints[:jointsOf(e.at)] {
			if letter := (&outlineItem{any: j.any, not: j.not}).joint()[:1]; letter == msg.Text && (n < 3 || e.at.any && e.at.not > 0) {
				e.join(n)
				return true
			}
		}
	}
	return false
}

// isRegular reports whether the row's value is a regular expression.
func (e *segmentEditor) isRegular() bool {
	return e.at.kind == itemClause && e.at.operator.Positive() == rule.OpMatch
}
