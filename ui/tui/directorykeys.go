package tui

import tea "charm.land/bubbletea/v2"

func (p *directoryPane) Bindings() []binding {
	if p.typing {
		return []binding{
			{id: "filter.keep", keys: []string{"enter"}, label: "keep", help: "Keep the filter and go to the table"},
			{id: "filter.clear", keys: []string{"esc"}, label: "clear", help: "Clear the filter"},
		}
	}
	if p.facets != nil {
		return p.facets.bindings()
	}
	none := p.missing()
	list := []binding{
		{id: "directory.filter", keys: []string{"/"}, label: "filter", help: "Filter as you type: words, !not, ~fuzzy, field:value"},
		{id: "directory.mark", keys: []string{"space"}, label: "mark", help: "Mark or unmark the user", disabled: none},
		{id: "directory.sort", keys: []string{"s"}, label: "sort", help: "Sort by an attribute; the same one again reverses"},
		{id: "directory.facets", keys: []string{"f"}, label: "facets", help: "Count the values of an attribute and narrow to one", disabled: none},
		{id: "directory.plan", keys: []string{"W"}, label: "write back", help: "Take the marked users, or this one, to Writeback", disabled: none},
		{id: "directory.save", keys: []string{"S"}, help: "Save what the chosen facets select as a segment"},
		{id: "directory.range", keys: []string{"v"}, help: "Start a range of marks; again marks it", disabled: none},
		{id: "directory.markAll", keys: []string{"*"}, help: "Mark every user that is shown", disabled: none},
		{id: "directory.unmark", keys: []string{"u"}, help: "Unmark everything"},
		{id: "directory.details", keys: []string{"enter"}, help: "Show every attribute of the user", disabled: none},
		{id: "directory.copy", keys: []string{"y"}, help: "Copy the user's address", disabled: none},
		{id: "directory.back", keys: []string{"esc"}, help: "Take back the range, the filter, then the last facet"},
	}
	for i, b := range list {
		switch {
		case b.id == "directory.save" && len(p.narrow) == 0:
			list[i].disabled = "Choose facets first (f): what they select becomes the segment"
		case b.id == "directory.unmark" && p.table.Marks() == 0:
			list[i].disabled = "Nothing is marked"
		case b.id == "directory.sort" && !p.loaded:
			list[i].disabled = none
		}
	}
	return append(list, tableBindings()...)
}

func (p *directoryPane) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.typing {
		return p.filterKey(msg)
	}
	if p.facets != nil {
		return p.facetKey(msg)
	}
	if p.table.Handle(msg) {
		return nil, true
	}
	b, ok := find(p.Bindings(), msg)
	if !ok {
		return nil, false
	}
	switch b.id {
	case "directory.filter":
		p.typing = true
		p.layout()
	case "directory.mark":
		p.table.ToggleMark()
	case "directory.range":
		p.table.ToggleRange()
	case "directory.markAll":
		p.table.MarkAll()
	case "directory.unmark":
		p.table.ClearMarks()
	case "directory.sort":
		return emit(dialogMsg{p.sortMenu()}), true
	case "directory.facets":
		p.facets = newFacetList(p.shared)
		p.layout()
		return p.facets.load(&p.rows), true
	case "directory.plan":
		return emit(planMsg{include: p.targets()}), true
	case "directory.save":
		return emit(segmentMsg{rule: narrowingRule(p.narrow)}), true
	case "directory.copy":
		return p.copyAddress(), true
	case "directory.details":
		return p.showDetails(), true
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
		p.layout()
		return nil, true
	case "esc":
		p.typing = false
		had := p.filter.Value() != ""
		p.filter.SetValue("")
		p.layout()
		if had {
			return p.query(), true
		}
		return nil, true
	case "up", "down", "pgup", "pgdown":
		p.table.Handle(msg)
		return nil, true
	}
	return p.edit(msg)
}

// edit hands a key or a paste to the filter, and filters.
func (p *directoryPane) edit(msg tea.Msg) (tea.Cmd, bool) {
	changed, handled := p.filter.Handle(msg)
	if changed {
		p.table.toTop()
		return p.query(), true
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
		p.narrow = p.narrow[:len(p.narrow)-1]
	default:
		return nil, false
	}
	p.layout()
	return p.query(), true
}

func (p *directoryPane) facetKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.facets.table.Handle(msg) {
		return nil, true
	}
	switch msg.String() {
	case "esc", "f":
		if msg.String() == "esc" && p.facets.back() {
			return nil, true
		}
		p.facets = nil
		p.layout()
		return nil, true
	case "enter":
		chosen, cmd, ok := p.facets.choose(&p.rows)
		if !ok {
			return cmd, true
		}
		p.narrow = append(p.narrow, chosen)
		p.facets = nil
		p.layout()
		p.table.toTop()
		return p.query(), true
	}
	return nil, false
}
