package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
)

func (p *directoryPane) Bindings() []binding {
	switch {
	case p.typing:
		return []binding{
			{id: "filter.keep", keys: []string{"enter"}, label: "keep", help: "Keep the filter and go to the table"},
			{id: "filter.clear", keys: []string{"esc"}, label: "clear", help: "Clear the filter"},
			{id: "filter.save", keys: []string{"ctrl+s"}, label: "segment", help: "Make a segment of whom the filter selects"},
		}
	case p.facets != nil:
		return p.facets.bindings()
	case p.details.focused:
		return p.details.bindings()
	}
	list := append(p.tableKeys(), tableBindings()...)
	for i, b := range list {
		list[i].disabled = p.disabled(b)
	}
	return list
}

// tableKeys are the keys of the table. Those that act on users are disabled
// where there are none.
func (p *directoryPane) tableKeys() []binding {
	return []binding{
		{id: "directory.filter", keys: []string{"/"}, label: "filter", help: "Filter as you type: words !not ~fuzzy field:value"},
		{id: "directory.mark", keys: []string{"space"}, label: "mark", help: "Mark or unmark the user"},
		{id: "directory.sort", keys: []string{"s"}, label: "sort", help: "Sort by an attribute; the same one again reverses"},
		{id: "directory.facets", keys: []string{"f"}, label: "facets", help: "Count an attribute's values and narrow to some"},
		{id: "directory.details", keys: []string{"enter", "tab"}, label: "details", help: "Go to the details: attributes, manager, reports"},
		{id: "directory.columns", keys: []string{"c"}, label: "columns", help: "Choose and order the columns"},
		{id: "directory.plan", keys: []string{"W"}, label: "write back", help: "Take the marked users, or all shown, to Writeback"},
		{id: "directory.list", keys: []string{"L"}, label: "list", help: "Save the marked users, or all shown, as a list"},
		{id: "directory.copy", keys: []string{"y"}, label: "copy", help: "Copy the address, or those of all marked users"},
		{id: "directory.export", keys: []string{"e"}, help: "Write the addresses of the marked or shown users"},
		{id: "directory.range", keys: []string{"v"}, help: "Start a range; again marks it"},
		{id: "directory.markAll", keys: []string{"*"}, help: "Mark every user that is shown"},
		{id: "directory.unmark", keys: []string{"u"}, help: "Unmark everybody"},
		{id: "directory.save", keys: []string{"S", "ctrl+s"}, label: "segment", help: "Make a segment of whom the filter and the facets select"},
		{id: "directory.jumpBack", keys: []string{"backspace"}, help: "Go back from a manager or from direct reports"},
		{id: "directory.back", keys: []string{"esc"}, help: "Take back the range, the filter, the last facet"},
	}
}

// disabled says why a key cannot be used now; "" when it can.
func (p *directoryPane) disabled(b binding) string {
	switch b.id {
	case "directory.save":
		if _, err := p.savedRule(); err != nil {
			return "No segment: " + sentence(model.AsError(err))
		}
	case "directory.unmark":
		if p.rows.marks.count == 0 {
			return "Nobody is marked"
		}
	case "directory.jumpBack":
		if len(p.jumps) == 0 {
			return "There is nothing to go back to"
		}
	case "directory.list", "directory.plan", "directory.export":
		if p.rows.marks.count == 0 {
			return p.missing()
		}
	case "directory.mark", "directory.details", "directory.copy", "directory.range", "directory.markAll":
		return p.missing()
	case "directory.facets":
		if len(p.narrow) == 0 {
			return p.missing()
		}
	}
	return ""
}

func (p *directoryPane) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case p.typing:
		return p.filterKey(msg)
	case p.facets != nil:
		return p.facetKey(msg)
	case p.details.focused:
		cmd, handled := p.details.key(msg)
		return cmd, handled
	case p.table.Handle(msg):
		return nil, true
	}
	b, ok := find(p.Bindings(), msg)
	if !ok {
		return nil, false
	}
	switch b.id {
	case "directory.plan", "directory.list", "directory.copy", "directory.export":
		p.takeRange()
	}
	switch b.id {
	case "directory.filter":
		p.typing = true
	case "directory.mark":
		p.toggleMark()
	case "directory.range":
		return p.toggleRange(), true
	case "directory.markAll":
		return p.markShown(0, p.rows.Len()), true
	case "directory.unmark":
		p.rows.marks = userMarks{}
		p.table.CancelRange()
	case "directory.sort":
		return emit(dialogMsg{p.sortMenu()}), true
	case "directory.columns":
		return emit(dialogMsg{newColumnsDialog(p)}), true
	case "directory.facets":
		p.facets = newFacetList(p.shared)
		p.layout()
		return p.facets.load(p.shown, p.rows), true
	case "directory.details":
		p.details.focused = true
		return p.readDetails(), true
	case "directory.plan":
		return p.writeBack(), true
	case "directory.list":
		return p.saveList(), true
	case "directory.save":
		return p.saveSegment(), true
	case "directory.copy":
		return p.copyAddresses(), true
	case "directory.export":
		return p.exportAddresses(), true
	case "directory.jumpBack":
		return p.jumpBack(), true
	case "directory.back":
		return p.stepBack()
	}
	return nil, true
}

// filterKey edits the filter; up and down move in the table meanwhile.
func (p *directoryPane) filterKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch msg.String() {
	case "enter":
		p.typing = false
		return nil, true
	case "esc":
		p.typing = false
		if p.filter.Value() == "" {
			return nil, true
		}
		p.filter.SetValue("")
		return p.ask(), true
	case "ctrl+s":
		return p.saveSegment(), true
	case "up", "down", "pgup", "pgdown":
		p.table.Handle(msg)
		return nil, true
	}
	return p.edit(msg)
}

// savedRule is the rule of what is asked for now.
func (p *directoryPane) savedRule() (string, error) {
	return savedRule(p.narrow, p.filter.Value(), p.ws.Schema())
}

// saveSegment opens Segments on the rule of the filter and the facets.
func (p *directoryPane) saveSegment() tea.Cmd {
	text, err := p.savedRule()
	if err != nil {
		return toast(levelWarn, "No segment: "+sentence(model.AsError(err)))
	}
	p.typing = false
	return emit(segmentMsg{rule: text})
}

// paste goes to the field that has the focus.
func (p *directoryPane) paste(msg tea.PasteMsg) (tea.Cmd, bool) {
	switch {
	case p.typing:
		return p.edit(msg)
	case p.facets != nil && p.facets.typing:
		return p.facets.edit(msg)
	}
	return nil, false
}

// edit hands a key or a paste to the filter, and filters.
func (p *directoryPane) edit(msg tea.Msg) (tea.Cmd, bool) {
	changed, handled := p.filter.Handle(msg)
	if changed {
		p.toTop = true
		return p.ask(), true
	}
	return nil, handled
}

// stepBack takes back one thing: a range, the filter, the last facet.
func (p *directoryPane) stepBack() (tea.Cmd, bool) {
	switch {
	case p.table.InRange():
		p.table.CancelRange()
		return nil, true
	case p.filter.Value() != "":
		p.filter.SetValue("")
	case len(p.narrow) > 0:
		p.narrow = slices.Clone(p.narrow[:len(p.narrow)-1])
	default:
		return nil, false
	}
	return p.ask(), true
}
