package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// Bindings are the keys that work now.
func (p *previewPane) Bindings() []binding {
	switch {
	case p.room != nil:
		return p.room.Bindings()
	case p.to.active:
		return p.typingBindings()
	case p.searching:
		return []binding{
			{id: "preview.searchCancel", keys: []string{"esc"}, label: "clear", help: "Show all recipients again"},
			{id: "preview.searchDone", keys: []string{"enter"}, label: "keep", help: "Keep the search and go to the recipients"},
		}
	}
	answer := ""
	switch {
	case p.walking():
		answer = "the lists are still being expanded"
	case p.outcome == nil:
		answer = "expand an audience first: press t and type who the message goes to"
	}
	approve := answer
	if approve == "" {
		switch {
		case !p.preview().Complete():
			approve = "the answer is incomplete, so it cannot be approved: press i for what is missing"
		case p.edited():
			approve = "the To line was changed: press r to expand it first"
		}
	}
	list := []binding{
		{id: "preview.to", keys: []string{"t"}, label: "to", help: "Edit who the message goes to"},
		{id: "preview.cancel", keys: []string{"esc"}, label: "cancel", help: "Cancel the running expansion"},
		{id: "preview.why", keys: []string{"w"}, label: "why", help: "Ask why an address would receive the message", disabled: answer},
		{id: "preview.approve", keys: []string{"a"}, label: "approve", help: "Approve the recipients and keep them as a snapshot", disabled: approve},
		{id: "preview.view", keys: []string{"tab"}, label: p.otherView(), help: "Switch between the tree of lists and the recipients", disabled: answer},
		{id: "preview.compare", keys: []string{"d"}, label: "compare", help: "Compare with the last approved snapshot of the same audience", disabled: answer},
		{id: "preview.plan", keys: []string{"W"}, label: "plan", help: "Make a group equal to this audience", disabled: answer},
		{id: "preview.export", keys: []string{"e"}, label: "export", help: "Write the recipients into a file: CSV, JSON, one address a line, or blocks for To fields", disabled: answer},
		{id: "preview.overlap", keys: []string{"o"}, label: "overlap", help: "Show what each entry adds, and how many every two have in common", disabled: answer},
		{id: "preview.snapshots", keys: []string{"p"}, label: "snapshots", help: "List the approved previews: open, compare and export them"},
		{id: "preview.lists", keys: []string{"L"}, label: "saved lists", help: "List the saved lists: show, import, export and delete them"},
		{id: "preview.info", keys: []string{"i"}, help: "Show everything that is missing, all notes, and what can be seen through which source"},
		{id: "preview.again", keys: []string{"r"}, help: "Expand the To line again", disabled: p.nothingToAsk()},
	}
	if p.missingConsent() != "" {
		grant := binding{id: "preview.consent", keys: []string{"c"}, label: "consent", help: "Show the permission that the answer lacks, and where it is granted; the preview runs again after it"}
		list = slices.Insert(list, 1, grant)
	}
	if len(p.candidates()) > 0 {
		choose := binding{id: "preview.candidates", keys: []string{"n"}, label: "name it", help: "Choose what an entry stands for that names nothing, or several things"}
		list = slices.Insert(list, 1, choose)
	}
	if !p.walking() {
		list = slices.DeleteFunc(list, func(b binding) bool { return b.id == "preview.cancel" })
	}
	if p.showRecipients {
		list = append(list, binding{id: "preview.search", keys: []string{"/"}, label: "search", help: "Search the recipients", disabled: answer})
		return append(list, tableBindings()...)
	}
	return append(list,
		binding{id: "preview.toggle", keys: []string{"enter", "space"}, help: "Open or close a list"},
		binding{id: "preview.open", keys: []string{"right", "l"}, help: "Open a list, or step into it"},
		binding{id: "preview.close", keys: []string{"left", "h"}, help: "Close a list, or step to the one that holds it"},
		binding{id: "preview.down", keys: []string{"down", "j"}, help: "Next list"},
		binding{id: "preview.up", keys: []string{"up", "k"}, help: "Previous list"},
		binding{id: "preview.half", keys: []string{"ctrl+d", "pgdown"}, help: "Half a page down"},
		binding{id: "preview.halfUp", keys: []string{"ctrl+u", "pgup"}, help: "Half a page up"},
		binding{id: "preview.first", keys: []string{"g", "home"}, help: "First list"},
		binding{id: "preview.last", keys: []string{"G", "end"}, help: "Last list"},
	)
}

// typingBindings name the way out first: digits and letters are text here.
func (p *previewPane) typingBindings() []binding {
	expand := binding{id: "preview.expand", keys: []string{"enter"}, label: "expand", help: "Expand what the To line says", disabled: p.nothingToAsk()}
	if len(p.to.suggestions) > 0 {
		return []binding{
			{id: "preview.dismiss", keys: []string{"esc"}, label: "dismiss", help: "Hide the completions; esc again leaves the To line"},
			expand,
			{id: "preview.accept", keys: []string{"tab"}, label: "complete", help: "Take the completion"},
			{id: "preview.choose", keys: []string{"down", "up"}, label: "choose", help: "Choose another completion"},
		}
	}
	return []binding{{id: "preview.leave", keys: []string{"esc", "tab"}, label: "leave", help: "Leave the To line for the lists and their keys"}, expand}
}

func (p *previewPane) nothingToAsk() string {
	if include, _ := audienceOf(splitEntries(p.to.Value())); len(include) == 0 {
		return "type at least one list, segment or address first"
	}
	return ""
}

func (p *previewPane) otherView() string {
	if p.showRecipients {
		return "lists"
	}
	return "recipients"
}

func (p *previewPane) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case p.room != nil:
		return p.room.Handle(msg)
	case p.to.active:
		return p.typingKey(msg)
	case p.searching:
		return p.searchKey(msg)
	}
	b, ok := find(p.Bindings(), msg)
	if !ok || b.disabled != "" {
		return nil, false
	}
	switch b.id {
	case "preview.to":
		p.to.active = true
		p.layout()
	case "preview.cancel":
		return p.cancel(), true
	case "preview.why":
		return p.askWhy(), true
	case "preview.approve":
		return p.askApproval(), true
	case "preview.view":
		p.showRecipients = !p.showRecipients
		p.layout()
	case "preview.compare":
		return p.compare(), true
	case "preview.plan":
		include, exclude := p.asked.include, p.asked.exclude
		return emit(planMsg{include: include, exclude: exclude}), true
	case "preview.export":
		return p.askExport(), true
	case "preview.consent":
		return p.askConsent(), true
	case "preview.candidates":
		return p.chooseCandidate(), true
	case "preview.overlap":
		return p.showOverlap(), true
	case "preview.snapshots":
		room := newSnapshotsView(p.shared)
		p.enter(room)
		return room.load(), true
	case "preview.lists":
		room := newListsView(p.shared)
		p.enter(room)
		return room.load(), true
	case "preview.info":
		return p.showInfo(), true
	case "preview.again":
		return p.expand(), true
	case "preview.search":
		p.searching = true
		p.layout()
	default:
		p.move(b.id, msg)
	}
	return nil, true
}

func (p *previewPane) move(id string, msg tea.KeyPressMsg) {
	if p.showRecipients {
		p.recipients.Handle(msg)
		return
	}
	switch id {
	case "preview.toggle":
		p.tree.Toggle()
	case "preview.open":
		p.tree.Expand()
	case "preview.close":
		p.tree.Collapse()
	case "preview.down":
		p.tree.Move(1)
	case "preview.up":
		p.tree.Move(-1)
	case "preview.half":
		p.tree.Move(max(1, p.tree.height/2))
	case "preview.halfUp":
		p.tree.Move(-max(1, p.tree.height/2))
	case "preview.first":
		p.tree.Move(-p.tree.Len())
	case "preview.last":
		p.tree.Move(p.tree.Len())
	}
}

func (p *previewPane) typingKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	cmd, handled := p.to.Key(msg)
	if !handled {
		switch msg.String() {
		case "enter":
			cmd, handled = p.expand(), true
		case "tab", "esc":
			p.to.active, handled = false, true
		}
	}
	p.layout()
	return cmd, handled
}

func (p *previewPane) paste(msg tea.PasteMsg) (tea.Cmd, bool) {
	switch {
	case p.room != nil:
		return p.room.Handle(msg)
	case p.to.active:
		cmd := p.to.Paste(msg)
		p.layout()
		return cmd, true
	case p.searching:
		p.search.Handle(msg)
		return p.filter(), true
	}
	return nil, false
}

func (p *previewPane) searchKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch msg.String() {
	case "enter", "down", "tab":
		p.searching = false
		p.layout()
		return nil, true
	case "esc":
		p.searching = false
		p.search.SetValue("")
		p.layout()
		return p.filter(), true
	}
	changed, handled := p.search.Handle(msg)
	if changed {
		return p.filter(), true
	}
	return nil, handled
}
