package tui

import (
	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/rule"
)

// entraRuleLimit is the greatest length of a dynamic membership rule, in
// characters. Source: Entra documentation, "Manage rules for dynamic
// membership groups".
const entraRuleLimit = 3072

func (p *segmentsPane) Bindings() []binding {
	if p.editor != nil {
		return p.editor.bindings()
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
	return []binding{
		{id: "segments.edit", keys: []string{"enter"}, label: "edit", help: "Edit the segment's rule"},
		{id: "segments.new", keys: []string{"n"}, label: "new", help: "Make a new segment"},
		{id: "segments.preview", keys: []string{"p"}, label: "preview", help: "Preview who the segment reaches", disabled: usable},
		{id: "segments.plan", keys: []string{"W"}, label: "plan", help: "Make a group equal to the segment", disabled: usable},
		{id: "segments.save", keys: []string{"ctrl+s"}, label: "save", help: "Save what was typed", disabled: unsaved},
		{id: "segments.export", keys: []string{"x"}, label: "export", help: "Show the rule as Entra takes it, to copy", disabled: none},
		{id: "segments.delete", keys: []string{"d"}, label: "delete", help: "Delete the segment", disabled: none, dangerous: true},
		{id: "segments.revert", keys: []string{"u"}, help: "Forget what was typed since the last save", disabled: unsaved, dangerous: true},
		{id: "segments.down", keys: []string{"down", "j"}, help: "Next segment"},
		{id: "segments.up", keys: []string{"up", "k"}, help: "Previous segment"},
		{id: "segments.first", keys: []string{"g", "home"}, help: "First segment"},
		{id: "segments.last", keys: []string{"G", "end"}, help: "Last segment"},
	}
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
	if p.editor != nil {
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
	case "segments.delete":
		return p.askDelete(), true
	case "segments.revert":
		return emit(dialogMsg{newConfirmDialog(p.shared, "Forget what was typed?",
			"The rule goes back to what was saved.", "forget it", segmentDiscardMsg{p.currentKey()})}), true
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

// export shows the rule in the form that Entra takes.
func (p *segmentsPane) export() tea.Cmd {
	th, item := p.theme, p.current()
	parsed, diagnostics := rule.Parse(item.rule())
	if rule.HasErrors(diagnostics) || parsed.Root == nil {
		return emit(errorToast(&model.Error{Message: "a rule with an error, or without any clause, cannot be exported", Remedy: "press enter and mend it"}))
	}
	text := rule.Print(parsed.Root)
	length := len([]rune(text))
	note := th.muted.Render(count(length) + " of " + count(entraRuleLimit) + " characters; press y to copy it into a dynamic group's membership rule.")
	if length > entraRuleLimit {
		note = th.bad.Render("! " + count(length) + " characters: Entra refuses a rule of more than " + count(entraRuleLimit) + ".")
	}
	return emit(dialogMsg{&textDialog{
		shared: p.shared, title: "Entra membership rule of " + clean(item.title()), copied: text,
		lines: []string{th.text.Render(clean(text)), "", note},
	}})
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
