package tui

import (
	tea "charm.land/bubbletea/v2"
)

func (p *writebackPane) Bindings() []binding {
	switch {
	case p.planning():
		return []binding{{id: "writeback.cancel", keys: []string{"esc"}, label: "cancel", help: "Stop computing the plan"}}
	case p.review != nil && p.review.searching:
		return []binding{
			{id: "writeback.searchClear", keys: []string{"esc"}, label: "clear", help: "Show every row again"},
			{id: "writeback.searchKeep", keys: []string{"enter"}, label: "keep", help: "Keep the search and go to the rows"},
		}
	case p.isApplied():
		return append([]binding{
			{id: "writeback.stop", keys: []string{"esc"}, label: "stop", help: "Stop applying; what was sent stays, the rest can be resumed"},
			{id: "writeback.filter", keys: []string{"tab"}, label: "filter", help: "Show all rows, additions, removals or what is skipped"},
			{id: "writeback.search", keys: []string{"/"}, label: "search", help: "Search the rows by name, address or reason"},
			{id: "writeback.row", keys: []string{"enter"}, label: "user", help: "Show the user"},
		}, tableBindings()...)
	case p.review != nil:
		return append(p.reviewBindings(), tableBindings()...)
	case p.focus == fieldAudience && len(p.audience.suggestions) > 0,
		p.focus == fieldGroup && len(p.group.suggestions) > 0:
		return []binding{
			{id: "form.dismiss", keys: []string{"esc"}, label: "dismiss", help: "Hide the completions; esc again leaves the fields"},
			{id: "form.accept", keys: []string{"tab"}, label: "complete", help: "Take the completion"},
			{id: "form.choose", keys: []string{"down", "up"}, label: "choose", help: "Choose another completion"},
		}
	}
	return p.formBindings()
}

func (p *writebackPane) formBindings() []binding {
	list := []binding{
		{id: "form.plan", keys: []string{"enter"}, label: "plan", help: "Compute the plan", disabled: p.missing()},
		{id: "form.next", keys: []string{"tab", "down"}, label: "next field", help: "Go to the next field"},
		{id: "form.former", keys: []string{"shift+tab", "up"}, help: "Go to the former field"},
	}
	switch {
	case p.focus == fieldMode:
		list = append(list, binding{id: "form.mode", keys: []string{"space", "right", "left"}, label: "change", help: "Change the mode: mirror, add only, remove only"})
	case p.focus == fieldBelow && p.failed != nil:
		list[0].label, list[1].label = "try again", "form"
		list[0].disabled = "" // it is what was asked before
		if missingFor(p.shared, p.failed) != "" {
			list = append([]binding{{id: "form.consent", keys: []string{"c"}, label: "consent", help: "Show the permission that is missing, and where it is granted; the plan is computed after it"}}, list...)
		}
		if p.isHandable() {
			list = append([]binding{{id: "form.handOver", keys: []string{"x"}, label: "hand over", help: "Make the plan all the same, for somebody to make by hand in Exchange"}}, list...)
		}
	case p.focus == fieldBelow:
		list[0] = binding{id: "form.open", keys: []string{"enter"}, label: "open", help: "Open the plan"}
		list[1] = binding{id: "form.next", keys: []string{"tab"}, label: "form", help: "Go to the form"}
		list[2] = binding{id: "form.former", keys: []string{"shift+tab"}, help: "Go to the former field"}
		list = append(
			list, binding{id: "form.older", keys: []string{"down", "j"}, help: "Older plan"}, binding{id: "form.newer", keys: []string{"up", "k"}, help: "Newer plan"},
			binding{id: "form.pageDown", keys: []string{"pgdown", "ctrl+d"}, help: "A page of older plans"}, binding{id: "form.pageUp", keys: []string{"pgup", "ctrl+u"}, help: "A page of newer plans"},
			binding{id: "form.newest", keys: []string{"g", "home"}, help: "Newest plan"}, binding{id: "form.oldest", keys: []string{"G", "end"}, help: "Oldest plan"},
		)
	}
	if p.Typing() { // the way out first: digits and letters are text here
		leave := binding{id: "form.leave", keys: []string{"esc"}, label: "leave", help: "Leave the fields for the other keys"}
		list = append([]binding{leave}, list...)
	}
	return list
}

func (p *writebackPane) reviewBindings() []binding {
	r := p.review
	out := ""
	switch {
	case r.run != nil:
		out = "the plan was begun; its rows are fixed"
	case r.rows() == 0:
		out = "the plan has no row to leave out"
	}
	resume, undo := "the plan was not begun; A asks for its approval", "the plan was not applied, so there is nothing to undo"
	if r.run != nil {
		resume, undo = "", ""
		if r.run.Verified() {
			resume = "the plan was applied to its end and verified"
		}
	}
	if r.base.HandOver {
		resume, undo = "the plan is made by hand, and rollcall cannot resume it", "the plan is made by hand; the files of x hold its undo"
	}
	export, file := "", ""
	switch {
	case !r.current():
		export = "the plan without the rows left out is being made"
		file = export
	case r.isEmpty():
		export = "the plan changes nothing"
	}
	if r.base.HandOver {
		file = "the plan cannot be applied by anybody; x writes the files to make it by hand"
	}
	stale, search, row := "nothing moved in the group", "", ""
	if _, ok := r.isStale(); ok {
		stale = ""
	}
	if len(r.shown) == 0 && !r.isSearched() {
		search = "there is no row to search"
	}
	shows := "user"
	switch {
	case len(r.shown) == 0:
		shows, row = "", "no row is shown"
	case r.run != nil:
		shows = "request id"
	}
	applicable := p.applicable()
	return []binding{
		{id: "writeback.approve", keys: []string{"A"}, label: p.onlyIf(applicable == "", "approve"), help: "Approve the plan and apply it to the tenant", disabled: applicable, dangerous: true},
		{id: "writeback.resume", keys: []string{"r"}, label: p.onlyIf(resume == "", "resume"), help: "Resume the run: finish it, or try failed rows again", disabled: resume, dangerous: true},
		{id: "writeback.again", keys: []string{"c"}, label: p.onlyIf(r.failed != nil, "plan again"), help: "Make the plan again from the group and the audience as they are now"},
		{id: "writeback.moved", keys: []string{"m"}, label: p.onlyIf(stale == "", "moved"), help: "List who joined, left or was taken back since", disabled: stale},
		{id: "writeback.undo", keys: []string{"u"}, label: p.onlyIf(undo == "", "undo"), help: "Propose the plan that takes this one back", disabled: undo},
		{id: "writeback.out", keys: []string{"space"}, label: p.onlyIf(out == "", "leave out"), help: "Leave the row, or those of the range, out of the plan, or take them in again", disabled: out},
		{id: "writeback.file", keys: []string{"w"}, label: p.onlyIf(p.needsSecond() && r.run == nil, "plan file"), help: "Write the plan itself into a file, for another administrator to approve", disabled: file},
		{id: "writeback.export", keys: []string{"x"}, label: p.onlyIf(!r.isEmpty() && (r.base.HandOver || !p.ws.CanWrite()), "export"), help: "Write the plan as bulk CSVs and a PowerShell script", disabled: export},
		{id: "writeback.filter", keys: []string{"tab"}, label: "filter", help: "Show all rows, additions, removals, what is skipped, what failed"},
		{id: "writeback.former", keys: []string{"shift+tab"}, help: "Show the filter before"},
		{id: "writeback.search", keys: []string{"/"}, label: "search", help: "Search the rows by name, address or reason", disabled: search},
		{id: "writeback.row", keys: []string{"enter"}, label: shows, help: "Show the user, and what became of the row with its request id", disabled: row},
		{id: "writeback.range", keys: []string{"v"}, help: "Start a range of rows, or forget it; space leaves the whole range out", disabled: out},
		{id: "writeback.outShown", keys: []string{"*"}, help: "Leave every row that is shown out, or take all of them in again", disabled: out},
		{id: "writeback.copy", keys: []string{"y"}, help: "Copy the plan's id"},
		{id: "writeback.form", keys: []string{"esc"}, label: "form", help: "Go back to the form; the plan is kept in the list"},
	}
}

// onlyIf is a label for the status line, or none.
func (p *writebackPane) onlyIf(show bool, label string) string {
	if show {
		return label
	}
	return ""
}

func (p *writebackPane) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case p.planning():
		if msg.String() != "esc" {
			return nil, false
		}
		p.tasks.cancel(taskWritebackPlan)
		return toast(levelInfo, "Cancelled; nothing was changed"), true
	case p.review != nil && p.review.searching:
		return p.searchKey(msg)
	case p.review != nil:
		return p.reviewKey(msg)
	}
	return p.formKey(msg)
}

func (p *writebackPane) reviewKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	b, ok := find(p.Bindings(), msg)
	if !ok || b.disabled != "" {
		return nil, false
	}
	r := p.review
	switch b.id {
	case "writeback.stop":
		return p.askStop(), true
	case "writeback.approve":
		return p.askApproval(false), true
	case "writeback.out":
		return p.toggle(), true
	case "writeback.outShown":
		return p.toggleShown(), true
	case "writeback.range":
		if p.table.InRange() {
			p.table.CancelRange()
		} else {
			p.table.StartRange()
		}
	case "writeback.filter":
		p.turnFilter(1)
	case "writeback.former":
		p.turnFilter(-1)
	case "writeback.search":
		r.searching = true
	case "writeback.row":
		return p.showRow(), true
	case "writeback.moved":
		return p.showMoved(), true
	case "writeback.resume":
		return p.resume(), true
	case "writeback.undo":
		return p.undo(r.run.Plan.ID), true
	case "writeback.again":
		return p.again(), true
	case "writeback.export":
		return p.askExport(), true
	case "writeback.file":
		return p.askPlanFile(), true
	case "writeback.copy":
		return emit(copyMsg{text: r.id(), what: "Plan id " + r.id()}), true
	case "writeback.form":
		return p.stepBack(), true
	default:
		return nil, p.table.Handle(msg)
	}
	return nil, true
}

func (p *writebackPane) turnFilter(delta int) {
	p.review.nextFilter(delta)
	p.table.CancelRange()
	p.refresh()
}

// stepBack takes back one thing: a range, the search, the review.
func (p *writebackPane) stepBack() tea.Cmd {
	r := p.review
	switch {
	case p.table.InRange():
		p.table.CancelRange()
		return nil
	case r.isSearched():
		r.search.SetValue("")
		return p.find()
	}
	p.choose(r.base.ID) // a plan without the rows left out is kept once it is applied
	p.choose(r.id())
	p.review = nil
	p.setFocus(fieldBelow)
	if len(p.recent) == 0 {
		p.setFocus(fieldAudience)
	}
	return nil
}

// searchKey edits the search; up and down move in the rows meanwhile.
func (p *writebackPane) searchKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	r := p.review
	switch msg.String() {
	case "enter", "tab":
		r.searching = false
		return nil, true
	case "esc":
		r.searching = false
		if r.search.Value() == "" {
			return nil, true
		}
		r.search.SetValue("")
		return p.find(), true
	case "up", "down", "pgup", "pgdown":
		p.table.Handle(msg)
		return nil, true
	}
	changed, handled := r.search.Handle(msg)
	if changed {
		return p.find(), true
	}
	return nil, handled
}

func (p *writebackPane) formKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch p.focus {
	case fieldAudience:
		if cmd, handled := p.audience.Key(msg); handled {
			return cmd, true
		}
	case fieldGroup:
		if p.group.Key(msg) {
			return nil, true
		}
	case fieldBelow:
		if p.failed == nil && p.recentKey(msg) {
			return nil, true
		}
	}
	switch key := msg.String(); {
	case key == "enter" && p.focus == fieldBelow && p.failed == nil:
		return p.openRecent(), true
	case key == "enter" && p.focus == fieldBelow:
		return p.plan(p.asked), true
	case key == "c" && p.focus == fieldBelow && missingFor(p.shared, p.failed) != "":
		return p.askConsent(), true
	case key == "x" && p.focus == fieldBelow && p.isHandable():
		return p.handOver(), true
	case key == "enter" && p.focus == fieldAudience && p.missing() != "":
		p.setFocus(fieldGroup)
		return nil, true
	case key == "enter":
		return p.compute(), true
	case key == "tab", key == "down":
		p.nextField(1)
		return nil, true
	case key == "shift+tab", key == "up":
		p.nextField(-1)
		return nil, true
	case key == "esc" && p.Typing():
		p.setFocus(fieldMode)
		return nil, true
	case p.focus == fieldMode && (key == "space" || key == "right"):
		p.turnMode(1)
		return nil, true
	case p.focus == fieldMode && key == "left":
		p.turnMode(-1)
		return nil, true
	}
	return nil, false
}

// recentKey moves among the kept plans.
func (p *writebackPane) recentKey(msg tea.KeyPressMsg) bool {
	page := p.recentPage()
	switch msg.String() {
	case "down", "j":
		p.chosen++
	case "up", "k":
		if p.chosen == 0 {
			p.setFocus(fieldMode)
		}
		p.chosen--
	case "pgdown", "ctrl+d":
		p.chosen += page
	case "pgup", "ctrl+u":
		p.chosen -= page
	case "g", "home":
		p.chosen = 0
	case "G", "end":
		p.chosen = len(p.recent) - 1
	default:
		return false
	}
	p.chosen = max(0, min(p.chosen, len(p.recent)-1))
	return true
}

func (p *writebackPane) nextField(delta int) {
	fields := int(fieldCount)
	if len(p.recent) == 0 && p.failed == nil {
		fields--
	}
	p.setFocus(formField((int(p.focus) + delta + fields) % fields))
}

func (p *writebackPane) turnMode(delta int) {
	list := modes()
	for i, m := range list {
		if m == p.mode {
			p.mode = list[(i+delta+len(list))%len(list)]
			return
		}
	}
}
