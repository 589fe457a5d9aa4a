package tui

import (
	tea "charm.land/bubbletea/v2"

	"rollcall/model/writeback"
)

func (p *writebackPane) Bindings() []binding {
	switch {
	case p.planning():
		return []binding{{id: "writeback.cancel", keys: []string{"esc"}, label: "cancel", help: "Stop computing the plan"}}
	case p.applying():
		return []binding{{id: "writeback.stop", keys: []string{"esc"}, label: "stop", help: "Stop applying; what was sent stays, the rest can be resumed"}}
	case p.review != nil:
		return append(p.reviewBindings(), tableBindings()...)
	case p.focus == fieldAudience && len(p.audience.suggestions) > 0:
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
	switch p.focus {
	case fieldMode:
		list = append(list, binding{id: "form.mode", keys: []string{"space", "right", "left"}, label: "change", help: "Change the mode: mirror, add only, remove only"})
	case fieldRecent:
		list[0] = binding{id: "form.open", keys: []string{"enter"}, label: "open", help: "Open the plan"}
		list[1] = binding{id: "form.next", keys: []string{"tab"}, label: "form", help: "Go to the form"}
		list[2] = binding{id: "form.former", keys: []string{"shift+tab"}, help: "Go to the former field"}
		list = append(list, binding{id: "form.older", keys: []string{"down", "j"}, help: "Older plan"}, binding{id: "form.newer", keys: []string{"up", "k"}, help: "Newer plan"})
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
	if r.run != nil {
		out = "the plan was begun; its rows are fixed"
	}
	resume, undo := "the plan was not begun; A asks for its approval", "the plan was not applied, so there is nothing to undo"
	if r.run != nil {
		resume, undo = "", ""
		if r.run.State == writeback.RunVerified {
			resume = "the plan was applied to its end and verified"
		}
	}
	export := ""
	if r.plan == nil {
		export = "the plan without the rows left out is being made"
	}
	return []binding{
		{id: "writeback.approve", keys: []string{"A"}, label: "approve", help: "Approve the plan and apply it to the tenant", disabled: r.applicable(), dangerous: true},
		{id: "writeback.out", keys: []string{"space"}, label: "leave out", help: "Leave the row out of the plan, or take it in again", disabled: out},
		{id: "writeback.filter", keys: []string{"tab"}, label: "filter", help: "Show all rows, additions, removals or what is skipped"},
		{id: "writeback.user", keys: []string{"enter"}, label: "user", help: "Show the user"},
		{id: "writeback.resume", keys: []string{"r"}, label: p.onlyIf(resume == "", "resume"), help: "Resume the run: finish it, or try failed rows again", disabled: resume, dangerous: true},
		{id: "writeback.undo", keys: []string{"u"}, label: p.onlyIf(undo == "", "undo"), help: "Propose the plan that takes this one back", disabled: undo},
		{id: "writeback.again", keys: []string{"c"}, label: p.onlyIf(r.failed != nil, "plan again"), help: "Make the plan again from the group and the audience as they are now"},
		{id: "writeback.export", keys: []string{"x"}, label: "export", help: "Write the plan as bulk CSVs and a PowerShell script", disabled: export},
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
	case p.applying():
		if msg.String() != "esc" {
			return nil, false
		}
		return p.askStop(), true
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
	switch b.id {
	case "writeback.approve":
		return p.askApproval(), true
	case "writeback.out":
		return p.toggle(), true
	case "writeback.filter":
		p.review.filter = (p.review.filter + 1) % filterCount
		p.refresh()
	case "writeback.user":
		return p.showUser(), true
	case "writeback.resume":
		return p.resume(), true
	case "writeback.undo":
		return p.undo(p.review.run.Plan.ID), true
	case "writeback.again":
		return p.again(), true
	case "writeback.export":
		return p.askExport(), true
	case "writeback.form":
		p.review = nil
		p.setFocus(fieldRecent)
		if len(p.recent) == 0 {
			p.setFocus(fieldAudience)
		}
	default:
		return nil, p.table.Handle(msg)
	}
	return nil, true
}

func (p *writebackPane) formKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.focus == fieldAudience {
		if cmd, handled := p.audience.Key(msg); handled {
			return cmd, true
		}
	}
	switch key := msg.String(); {
	case key == "enter" && p.focus == fieldRecent:
		return p.openRecent(), true
	case key == "enter" && p.focus == fieldAudience && p.missing() != "":
		p.setFocus(fieldGroup)
		return nil, true
	case key == "enter":
		return p.compute(), true
	case p.focus == fieldRecent && (key == "down" || key == "j"):
		p.chosen = min(p.chosen+1, len(p.recent)-1)
		return nil, true
	case p.focus == fieldRecent && (key == "up" || key == "k"):
		if p.chosen == 0 {
			p.setFocus(fieldMode)
		}
		p.chosen = max(0, p.chosen-1)
		return nil, true
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
	case p.focus == fieldGroup:
		_, handled := p.group.Handle(msg)
		return nil, handled
	}
	return nil, false
}

func (p *writebackPane) nextField(delta int) {
	fields := int(fieldCount)
	if len(p.recent) == 0 {
		fields--
	}
	p.setFocus(formField((int(p.focus) + delta + fields) % fields))
}

func (p *writebackPane) turnMode(delta int) {
	modes := []writeback.Mode{writeback.ModeMirror, writeback.ModeAdd, writeback.ModeRemove}
	for i, m := range modes {
		if m == p.mode {
			p.mode = modes[(i+delta+len(modes))%len(modes)]
			return
		}
	}
}

// openRecent shows the chosen plan, with the form filled as it was asked.
func (p *writebackPane) openRecent() tea.Cmd {
	if p.chosen >= len(p.recent) {
		return nil
	}
	chosen := p.recent[p.chosen]
	plan := chosen.plan
	if plan.UndoOf == "" {
		p.audience.SetValue(joinEntries(plan.From, plan.Exclude))
		p.group.SetValue(plan.Group.DisplayName)
		p.mode = plan.Mode
	}
	p.failed = nil
	p.show(&plan, chosen.run)
	return nil
}
