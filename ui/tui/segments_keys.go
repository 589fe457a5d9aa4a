package tui

import tea "charm.land/bubbletea/v2"

func (p *segmentsPane) Bindings() []binding {
	switch {
	case p.versions != nil:
		return p.versionsBindings()
	case p.editor != nil:
		return append(p.editor.bindings(), p.answerBindings()...)
	}
	item := p.current()
	none := ""
	if item == nil {
		none = "there is no segment yet: press n for a new one"
	}
	unsaved := none
	if item != nil && !item.changed() {
		unsaved = "nothing was changed since the segment was saved"
	}
	usable := none
	if usable == "" {
		usable = p.unusable(item)
	}
	saved := none
	if item != nil && item.saved == nil {
		saved = "save the segment first: ctrl-s"
	}
	return append([]binding{
		{id: "segments.edit", keys: []string{"enter"}, label: "edit", help: "Edit the segment's rule"},
		{id: "segments.new", keys: []string{"n"}, label: "new", help: "Make a new segment"},
		{id: "segments.preview", keys: []string{"p"}, label: "preview", help: "Preview who the segment reaches", disabled: usable},
		{id: "segments.versions", keys: []string{"v"}, label: "versions", help: "Show, compare and restore the segment's versions", disabled: saved},
		{id: "segments.export", keys: []string{"x"}, label: "export", help: "Say the rule in another language, or write its users as CSV", disabled: none},
		{id: "segments.plan", keys: []string{"W"}, label: "plan", help: "Make a group equal to the segment", disabled: usable},
		{id: "segments.save", keys: []string{"ctrl+s"}, label: "save", help: "Save what was typed", disabled: unsaved},
		{id: "segments.undo", keys: []string{"u"}, label: "undo", help: "Forget what was typed, else take back the last change or deletion", disabled: p.undoProblem()},
		{id: "segments.rename", keys: []string{"r"}, help: "Give the segment another name", disabled: saved},
		{id: "segments.note", keys: []string{"N"}, help: "Write a note on the segment", disabled: saved},
		{id: "segments.delete", keys: []string{"d"}, label: "delete", help: "Delete the segment", disabled: none, dangerous: true},
		{id: "segments.deleted", keys: []string{"D"}, help: "List the deleted segments, to bring one back"},
		{id: "segments.down", keys: []string{"down", "j"}, help: "Next segment"},
		{id: "segments.up", keys: []string{"up", "k"}, help: "Previous segment"},
		{id: "segments.first", keys: []string{"g", "home"}, help: "First segment"},
		{id: "segments.last", keys: []string{"G", "end"}, help: "Last segment"},
	}, p.answerBindings()...)
}

// answerBindings are the keys that work on what stands below the rule, in the
// list and in the editor alike.
func (p *segmentsPane) answerBindings() []binding {
	mend := binding{id: "segments.mend", keys: []string{"ctrl+y"}, help: "Take the suggestion: the nearest name or value"}
	if p.mend() == nil {
		mend.disabled = "There is no suggestion to take"
	} else {
		mend.label = "take " + p.theme.cut(clean(p.mend().label), 20)
	}
	side := binding{id: "segments.side", keys: []string{"ctrl+g"}, help: "List who is gained, who is lost, or all who are selected"}
	if item := p.current(); item == nil || item.saved == nil || !item.changed() {
		side.disabled = "There is nothing to compare: the rule is as it was saved"
	}
	return []binding{mend, side}
}

// unusable says why the segment's rule cannot be used as an audience.
func (p *segmentsPane) unusable(item *segmentItem) string {
	if item.rule() == "" {
		return "the rule is empty"
	}
	if a := p.answers[item.key]; a != nil && a.text == item.rule() && a.failed != nil {
		return "the rule has an error: " + a.failed.Message
	}
	return ""
}

func (p *segmentsPane) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case p.versions != nil:
		return p.versionsKey(msg)
	case p.editor != nil:
		return p.editorKey(msg)
	}
	b, ok := find(p.Bindings(), msg)
	if !ok || b.disabled != "" {
		return nil, false
	}
	switch b.id {
	case "segments.edit":
		return p.edit(), true
	case "segments.new":
		return p.create(""), true
	case "segments.preview":
		return emit(previewMsg{include: []string{p.current().entry()}}), true
	case "segments.plan":
		return emit(planMsg{include: []string{p.current().entry()}}), true
	case "segments.save":
		return p.save(), true
	case "segments.export":
		return p.export(), true
	case "segments.versions":
		return p.showVersions(p.current().saved.Name, p.current().saved.ID), true
	case "segments.rename":
		return p.askRename(), true
	case "segments.note":
		return p.askNote(), true
	case "segments.delete":
		return p.askDelete(), true
	case "segments.deleted":
		return p.showDeleted(), true
	case "segments.undo":
		return p.undo(), true
	case "segments.mend":
		return p.takeMend(), true
	case "segments.side":
		return p.turnSide(), true
	case "segments.down":
		return p.move(1), true
	case "segments.up":
		return p.move(-1), true
	case "segments.first":
		return p.move(-len(p.items)), true
	case "segments.last":
		return p.move(len(p.items)), true
	}
	return nil, false
}

// editorKey gives a key to the editor, but for those that leave it or save.
func (p *segmentsPane) editorKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch msg.String() {
	case "esc":
		if p.editor.escape() {
			return nil, true
		}
		return p.leave(), true
	case "ctrl+s":
		return p.save(), true
	}
	if b, ok := find(p.answerBindings(), msg); ok {
		switch {
		case b.disabled != "":
			return toast(levelInfo, b.disabled), true
		case b.id == "segments.mend":
			return p.takeMend(), true
		}
		return p.turnSide(), true
	}
	cmd, changed, handled := p.editor.key(msg)
	return tea.Batch(cmd, p.edited(changed)), handled
}

// edited asks for the count when something changed.
func (p *segmentsPane) edited(changed bool) tea.Cmd {
	if !changed {
		return nil
	}
	return p.ask()
}
