package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/workspace"
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
	return p.plan(writebackAsk{include: include, exclude: exclude, group: strings.TrimSpace(p.group.Value()), mode: p.mode})
}

func (p *writebackPane) plan(ask writebackAsk) tea.Cmd {
	p.failed, p.asked = nil, ask
	p.audience.closeSuggestions()
	p.group.closeSuggestions()
	return p.planWith(taskWritebackPlan, ask, func(ctx context.Context, ws *workspace.Workspace) (*writeback.Plan, error) {
		if ask.handOver {
			return ws.HandOverPlan(ctx, ask.include, ask.exclude, ask.group, ask.mode)
		}
		return ws.Plan(ctx, ask.include, ask.exclude, ask.group, ask.mode)
	})
}

// planWith opens the review of the plan that get computes or reads. A plan as
// it was made before has the same id, and may have been applied.
func (p *writebackPane) planWith(task string, ask writebackAsk, get func(context.Context, *workspace.Workspace) (*writeback.Plan, error)) tea.Cmd {
	p.tasks.cancel(taskWritebackOpen)
	ws := p.ws
	return p.tasks.run(task, func(ctx context.Context) tea.Msg {
		plan, err := get(ctx, ws)
		if err != nil {
			return planDoneMsg{ask: ask, err: err}
		}
		run, err := ws.Run(ctx, plan.ID)
		if err != nil {
			return planDoneMsg{ask: ask, err: err}
		}
		return planDoneMsg{ask: ask, review: newReview(plan, run)}
	})
}

// handOver computes the plan that was refused for somebody to make by hand.
func (p *writebackPane) handOver() tea.Cmd {
	ask := p.asked
	ask.handOver = true
	return p.plan(ask)
}

// askConsent opens the permission that was missing. The plan is computed once
// it is granted.
func (p *writebackPane) askConsent() tea.Cmd {
	p.awaited = missingFor(p.shared, p.failed)
	return emit(consentMsg{p.awaited})
}

// consented computes the plan when what it waited for was granted.
func (p *writebackPane) consented() tea.Cmd {
	if p.awaited == "" || p.failed == nil || !p.ws.Can(p.awaited) {
		return nil
	}
	p.awaited = ""
	return p.plan(p.asked)
}

// isHandable reports whether what was refused can be handed over: Exchange
// alone writes such groups.
func (p *writebackPane) isHandable() bool {
	return p.failed != nil && !p.asked.handOver &&
		(p.failed.Code == "groupDistribution" || p.failed.Code == "groupMailEnabledSecurity")
}

func (p *writebackPane) planned(msg planDoneMsg) tea.Cmd {
	if msg.err != nil {
		failed := model.AsError(msg.err)
		if r := p.review; r != nil { // it stays: nothing took its place
			r.failed = failed
			p.layout()
			return nil
		}
		p.failed = failed
		if p.isHandable() || missingFor(p.shared, failed) != "" {
			p.setFocus(fieldBelow)
		}
		return nil
	}
	return tea.Batch(p.show(msg.review), p.loadRecent())
}

// show opens a review. One that was begun and not applied goes on with the rows
// that were left out.
func (p *writebackPane) show(r *review) tea.Cmd {
	if before := p.reviews[r.base.ID]; before != nil && before.run == nil && r.run == nil {
		r = before
	}
	p.reviews[r.base.ID] = r
	r.failed, r.asking = nil, false
	p.review = r
	p.refresh()
	p.table.CancelRange()
	p.table.Handle(press("home"))
	return tea.Batch(p.askLimits(r), p.askWarning(r))
}

// askLimits asks how the guards stand now: the plan may be older than the
// profile's.
func (p *writebackPane) askLimits(r *review) tea.Cmd {
	if r.run.Verified() || r.base.HandOver {
		return nil
	}
	ws, plan := p.ws, r.plan
	return p.tasks.run(taskWritebackLimits, func(ctx context.Context) tea.Msg {
		guards, err := ws.GuardsNow(ctx, plan)
		if err != nil {
			return nil // asking for the approval says it
		}
		limits := make(map[string]int, len(guards))
		for _, g := range guards {
			limits[g.Name] = g.Limit
		}
		return planLimitsMsg{r, limits}
	})
}

// askWarning asks whether the account may lack the role to write the group.
func (p *writebackPane) askWarning(r *review) tea.Cmd {
	if r.run.Verified() || r.base.HandOver || r.base.Empty() || !p.ws.CanWrite() {
		return nil
	}
	ws, plan := p.ws, r.base
	return p.tasks.run(taskWritebackWarn, func(ctx context.Context) tea.Msg {
		warning, err := ws.WriteWarning(ctx, plan)
		if err != nil || warning == "" {
			return nil // it only helps: the tenant says so itself when it is asked
		}
		return planWarnedMsg{r, warning}
	})
}

// again computes the plan under review anew: the group or the audience moved.
func (p *writebackPane) again() tea.Cmd {
	plan := p.review.base
	if plan.UndoOf != "" {
		return p.undo(plan.UndoOf)
	}
	return p.plan(writebackAsk{include: plan.From, exclude: plan.Exclude, group: plan.Group.ID, mode: plan.Mode, handOver: plan.HandOver})
}

// undo proposes the plan that takes an applied plan back.
func (p *writebackPane) undo(planID string) tea.Cmd {
	return p.planWith(taskWritebackPlan, p.asked, func(ctx context.Context, ws *workspace.Workspace) (*writeback.Plan, error) {
		return ws.Undo(ctx, planID)
	})
}

func (p *writebackPane) loadRecent() tea.Cmd {
	ws := p.ws
	return p.tasks.run(taskWritebackRecent, func(ctx context.Context) tea.Msg {
		plans, err := ws.PlanHeads(ctx)
		return planRecentMsg{plans, err}
	})
}

func (p *writebackPane) keepRecent(msg planRecentMsg) {
	if msg.err != nil {
		return // the form works without; opening a plan shows the error
	}
	id := ""
	if p.chosen < len(p.recent) {
		id = p.recent[p.chosen].ID
	}
	p.recent = msg.plans
	for i := range p.recent {
		p.recent[i].CreatedAt = p.local(p.recent[i].CreatedAt)
	}
	p.group.meetPlans(p.recent)
	p.chosen = max(0, min(p.chosen, len(p.recent)-1))
	p.choose(id)
}

// choose goes to a kept plan, where it is among them.
func (p *writebackPane) choose(id string) {
	if i := slices.IndexFunc(p.recent, func(h writeback.PlanHead) bool { return h.ID == id }); i >= 0 {
		p.chosen = i
	}
}

// openRecent shows the chosen plan, with the form filled as it was asked.
func (p *writebackPane) openRecent() tea.Cmd {
	if p.chosen >= len(p.recent) {
		return nil
	}
	head := p.recent[p.chosen]
	if head.UndoOf == "" {
		p.audience.SetValue(joinEntries(head.From, head.Exclude))
		p.group.SetValue(head.Group.DisplayName)
		p.mode = head.Mode
	}
	p.failed = nil
	return p.planWith(taskWritebackOpen, p.asked, func(ctx context.Context, ws *workspace.Workspace) (*writeback.Plan, error) {
		return ws.LoadPlan(ctx, head.ID)
	})
}

// toggle leaves the row under the cursor, or those of a range, out of the plan,
// or takes them in again.
func (p *writebackPane) toggle() tea.Cmd {
	from, to, ranged := p.table.Range()
	if !ranged {
		from = p.table.Cursor()
		to = from + 1
	}
	if from < 0 {
		return nil
	}
	p.table.CancelRange()
	before := len(p.review.shown)
	cmd := p.flip(p.review.shown[from:to])
	if !ranged && len(p.review.shown) == before { // else the next row came under the cursor
		p.table.Handle(press("down"))
	}
	return cmd
}

// toggleShown leaves every shown row out, or takes them all in again.
func (p *writebackPane) toggleShown() tea.Cmd {
	p.table.CancelRange()
	return p.flip(p.review.shown)
}

// flip leaves rows out or takes them in again. A plan is never changed: another
// one is made from what was computed.
func (p *writebackPane) flip(rows []int32) tea.Cmd {
	r := p.review
	if !r.flip(rows) {
		return toast(levelInfo, "Only additions and removals can be left out")
	}
	r.failed = nil
	at := p.table.Cursor()
	p.refresh()
	p.table.moveTo(at)
	p.table.wanted = p.table.CursorID()
	return p.derive(r)
}

// derive makes the plan without the rows left out. With many rows its hash
// takes longer than a keystroke, so one is made after the other, and what
// changed meanwhile is made next.
func (p *writebackPane) derive(r *review) tea.Cmd {
	if r.deriving {
		return nil
	}
	r.deriving = true
	edit, base, out := r.edit, r.base, r.out.Clone()
	return p.tasks.run(taskWritebackDerive+"."+base.ID, func(context.Context) tea.Msg {
		if out.None() {
			return planDerivedMsg{r, edit, base, nil}
		}
		plan, err := base.Without(leftOut(base, out)...)
		return planDerivedMsg{r, edit, plan, err}
	})
}

func (p *writebackPane) derived(msg planDerivedMsg) tea.Cmd {
	r := msg.review
	r.deriving = false
	switch {
	case msg.err != nil:
		r.failed = model.AsError(msg.err)
	default:
		r.plan, r.made = msg.plan, msg.edit
	}
	p.layout()
	if msg.err == nil && !r.current() {
		return p.derive(r)
	}
	return nil
}

// find searches the rows for what is typed.
func (p *writebackPane) find() tea.Cmd {
	r, words := p.review, strings.Fields(strings.ToLower(p.review.search.Value()))
	return p.tasks.run(taskWritebackFind, func(ctx context.Context) tea.Msg {
		hits, err := r.find(ctx, words)
		if err != nil {
			return nil // overtaken by the next keystroke
		}
		return planFoundMsg{r, hits}
	})
}

func (p *writebackPane) found(msg planFoundMsg) {
	msg.review.hits = msg.hits
	if msg.review == p.review {
		p.table.CancelRange()
		p.refresh()
	} else {
		msg.review.fill()
	}
}
