package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

func (l *facetList) bindings() []binding {
	if l.typing {
		return []binding{
			{id: "facets.keep", keys: []string{"enter"}, label: "keep", help: "Keep the search and go to the values"},
			{id: "facets.clear", keys: []string{"esc"}, label: "clear", help: "Clear the search"},
		}
	}
	back := binding{id: "facets.back", keys: []string{"esc"}, label: "close", help: "Close the facets"}
	list := []binding{{id: "facets.open", keys: []string{"enter"}, label: "values", help: "Show the values of the attribute"}}
	remove := binding{id: "facets.remove", keys: []string{"x"}, help: "Take the facet under the cursor back"}
	if l.chosen != nil {
		back = binding{id: "facets.back", keys: []string{"esc"}, label: "attributes", help: "Go back to the attributes"}
		list = []binding{
			{id: "facets.narrow", keys: []string{"enter"}, label: "narrow", help: "Show only the users with this value, besides those already chosen"},
			{id: "facets.toggle", keys: []string{"space"}, label: "choose", help: "Choose the value, or take it back, and stay here"},
			{id: "facets.search", keys: []string{"/"}, label: "search", help: "Search the values"},
		}
	} else if a, ok := l.attribute(); ok {
		if _, narrowed := narrowedBy(l.narrow, a.ID); narrowed {
			remove.label = "take back"
		} else {
			remove.disabled = "This attribute does not narrow anything"
		}
	}
	if l.table.Len() == 0 {
		for i := range list {
			list[i].disabled = "There is nothing to choose"
		}
		remove.disabled = "There is nothing to take back"
	}
	if l.chosen == nil {
		list = append(list, remove)
	}
	return append(append(list, back,
		binding{id: "facets.close", keys: []string{"f"}, help: "Close the facets"},
	), tableBindings()...)
}

// facetKey is a key while the facets are open.
func (p *directoryPane) facetKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	l := p.facets
	if l.typing {
		return l.searchKey(msg)
	}
	if l.table.Handle(msg) {
		return nil, true
	}
	b, ok := find(l.bindings(), msg)
	if !ok {
		return nil, false
	}
	switch b.id {
	case "facets.open":
		return l.open(p.shown, p.rows), true
	case "facets.narrow":
		return p.narrowTo(true), true
	case "facets.toggle":
		return p.narrowTo(false), true
	case "facets.search":
		l.typing = true
	case "facets.remove":
		a, _ := l.attribute()
		p.narrow = without(p.narrow, a.ID)
		return p.ask(), true
	case "facets.back":
		switch {
		case l.chosen != nil && l.search.Value() != "":
			l.search.SetValue("")
			return l.match(), true
		case l.chosen != nil:
			return l.back(p.shown, p.rows), true
		}
		p.closeFacets()
	case "facets.close":
		p.closeFacets()
	}
	return nil, true
}

// narrowTo chooses the value under the cursor. The facets close behind enter,
// which only ever adds; otherwise a chosen value is taken back.
func (p *directoryPane) narrowTo(closing bool) tea.Cmd {
	value, ok := p.facets.value()
	if !ok {
		return nil
	}
	a := *p.facets.chosen
	n, narrowed := narrowedBy(p.narrow, a.ID)
	if !closing || !narrowed || !slices.Contains(n.values, value) {
		p.narrow = toggleValue(p.narrow, a, value)
	}
	if closing {
		p.closeFacets()
	}
	p.toTop = true
	return p.ask()
}

func (p *directoryPane) closeFacets() {
	for _, task := range []string{taskFacetAttributes, taskFacetValues, taskFacetMatches} {
		p.tasks.cancel(task)
	}
	p.facets = nil
}

// searchKey edits the search of the values; up and down move meanwhile.
func (l *facetList) searchKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch msg.String() {
	case "enter":
		l.typing = false
		return nil, true
	case "esc":
		l.typing = false
		l.search.SetValue("")
		return l.match(), true
	case "up", "down", "pgup", "pgdown":
		l.table.Handle(msg)
		return nil, true
	}
	return l.edit(msg)
}

func (l *facetList) edit(msg tea.Msg) (tea.Cmd, bool) {
	changed, handled := l.search.Handle(msg)
	if changed {
		return l.match(), true
	}
	return nil, handled
}
