package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/writeback"
)

// missing says what the form lacks; "" when a plan can be computed.
func (p *writebackPane) missing() string {
	include, _ := audienceOf(splitEntries(p.audience.Value()))
	switch {
	case len(include) == 0:
		return "name the audience: at least one list, segment or address to include"
	case strings.TrimSpace(p.group.Value()) == "":
		return "name the group that shall equal the audience"
	}
	return ""
}

// compute plans what the form says.
func (p *writebackPane) compute() tea.Cmd {
	if m := p.missing(); m != "" {
		return toast(levelWarn, capitalise(m))
	}
	include, exclude := audienceOf(splitEntries(p.audience.Value()))
	return p.plan(writebackAsk{include, exclude, strings.TrimSpace(p.group.Value()), p.mode})
}

func (p *writebackPane) plan(ask writebackAsk) tea.Cmd {
	p.failed, p.asked = nil, ask
	p.audience.closeSuggestions()
	ws := p.ws
	return p.tasks.run(taskWritebackPlan, func(ctx context.Context) tea.Msg {
		plan, err := ws.Plan(ctx, ask.include, ask.exclude, ask.group, ask.mode)
		if err != nil {
			return planDoneMsg{ask: ask, err: err}
		}
		// The same plan as before has the same id, and may have been applied.
		run, err := ws.Run(ctx, plan.ID)
		return planDoneMsg{ask: ask, plan: plan, run: run, err: err}
	})
}

func (p *writebackPane) planned(msg planDoneMsg) tea.Cmd {
	if msg.err != nil {
		p.failed = model.AsError(msg.err)
		p.review = nil
		return nil
	}
	p.show(msg.plan, msg.run)
	return p.loadRecent()
}

// show opens the review of a plan. One that was begun and not applied goes on
// with the rows that were left out.
func (p *writebackPane) show(plan *writeback.Plan, run *writeback.Run) {
	r := p.reviews[plan.ID]
	if r == nil || r.run != nil || run != nil {
		r = newReview(plan, run)
		p.reviews[plan.ID] = r
	}
	r.failed = nil
	p.review = r
	p.refresh()
	p.table.moveTo(0)
}

// again computes the plan under review anew: the group or the audience moved.
func (p *writebackPane) again() tea.Cmd {
	plan := p.review.base
	if plan.UndoOf != "" {
		return p.undo(plan.UndoOf)
	}
	return p.plan(writebackAsk{plan.From, plan.Exclude, plan.Group.ID, plan.Mode})
}

// undo proposes the plan that takes an applied plan back.
func (p *writebackPane) undo(planID string) tea.Cmd {
	ws := p.ws
	return p.tasks.run(taskWritebackPlan, func(ctx context.Context) tea.Msg {
		plan, err := ws.Undo(ctx, planID)
		if err != nil {
			return errorToast(err)
		}
		run, err := ws.Run(ctx, plan.ID)
		return planDoneMsg{plan: plan, run: run, err: err}
	})
}

func (p *writebackPane) loadRecent() tea.Cmd {
	ws := p.ws
	return p.tasks.run(taskWritebackRecent, func(ctx context.Context) tea.Msg {
		plans, err := ws.Plans(ctx)
		if err != nil {
			return planRecentMsg{err: err}
		}
		var recent []recentPlan
		for _, plan := range plans[:min(len(plans), maxRecentPlans)] {
			run, err := ws.Run(ctx, plan.ID)
			if err != nil {
				return planRecentMsg{err: err}
			}
			recent = append(recent, recentPlan{plan, run})
		}
		return planRecentMsg{plans: recent}
	})
}

func (p *writebackPane) keepRecent(msg planRecentMsg) {
	if msg.err != nil {
		return // the form works without; opening a plan shows the error
	}
	p.recent = msg.plans
	p.chosen = max(0, min(p.chosen, len(p.recent)-1))
}

// toggle leaves the row under the cursor out of the plan, or takes it in again.
// A plan is never changed: another one is made from what was computed.
func (p *writebackPane) toggle() tea.Cmd {
	r := p.review
	row, ok := r.row(p.table.Cursor())
	if !ok || row.sign == '·' && !r.out[row.id] {
		return toast(levelInfo, "Only additions and removals can be left out")
	}
	if r.out[row.id] {
		delete(r.out, row.id)
	} else {
		r.out[row.id] = true
	}
	r.edit++
	r.plan = nil
	at := p.table.Cursor()
	p.refresh()
	p.table.moveTo(at + 1)
	edit, base, ids := r.edit, r.base, r.leftOut()
	return p.tasks.run(taskWritebackDerive, func(context.Context) tea.Msg {
		plan, err := base.Without(ids...)
		return planDerivedMsg{r, edit, plan, err}
	})
}

func (p *writebackPane) derived(msg planDerivedMsg) {
	if r := msg.review; r == p.review && r.edit == msg.edit {
		r.plan, r.failed = msg.plan, model.AsError(msg.err)
	}
}
