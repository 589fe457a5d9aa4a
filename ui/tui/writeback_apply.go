package tui

import (
	"context"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/writeback"
)

// applyWalk counts a running apply; the run writes, the screen reads.
type applyWalk struct {
	review   *review
	approval *writeback.Approval                // nil: that of the run that is resumed
	progress atomic.Pointer[writeback.Progress] // nil until the first is told
	requests int                                // sent by anybody before it began
	first    atomic.Pointer[writingSince]       // nil until it writes
	now      func() time.Time
	stop     context.CancelFunc
	stopping bool
}

// writingSince is where a run stood when it began to write.
type writingSince struct {
	at   time.Time
	done int
}

func (w *applyWalk) note(p writeback.Progress) {
	w.progress.Store(&p)
	if p.Phase == writeback.PhaseWriting && w.first.Load() == nil {
		w.first.CompareAndSwap(nil, &writingSince{w.now(), p.Done})
	}
}

// askApproval looks into the approval and then opens the question, or opens the
// consent screen when the permission to write is missing. With resume it is
// about the run of the plan, which needs a new approval.
func (p *writebackPane) askApproval(resume bool) tea.Cmd {
	if !p.ws.CanWrite() {
		return emit(consentMsg{"write"})
	}
	r, ws := p.review, p.ws
	plan := r.plan
	if resume {
		plan = &r.run.Plan
	}
	r.asking = true
	if !resume {
		r.failed = nil
	}
	p.layout()
	return p.tasks.run(taskWritebackAsk, func(ctx context.Context) tea.Msg {
		guards, err := ws.GuardsNow(ctx, plan)
		if err == nil {
			additions, removals := mustType(plan, guards)
			err = ws.CheckApproval(ctx, plan, ws.Approve(additions, removals, ""))
		}
		msg := planAskMsg{review: r, plan: plan, guards: guards, resume: resume, err: err}
		if err == nil {
			// It only helps: what cannot be known is said by the tenant itself.
			msg.warning, _ = ws.WriteWarning(ctx, plan)
		}
		return msg
	})
}

// ask opens the question, or says why it is not asked.
func (p *writebackPane) ask(msg planAskMsg) tea.Cmd {
	r := msg.review
	r.asking = false
	defer p.layout()
	if msg.err != nil {
		r.failed = model.AsError(msg.err)
		return nil
	}
	if r != p.review || msg.plan != r.plan && !msg.resume || !r.current() || p.applying() {
		return nil // another plan came meanwhile
	}
	r.warning = msg.warning
	r.limits = make(map[string]int, len(msg.guards))
	for _, g := range msg.guards {
		r.limits[g.Name] = g.Limit
	}
	return emit(dialogMsg{p.approval(msg)})
}

// approval is the question whether a plan is written.
func (p *writebackPane) approval(msg planAskMsg) *approvalDialog {
	r, th, plan := msg.review, p.theme, msg.plan
	now, then := "now", "then"
	if msg.resume {
		now, then = "before", "planned"
	}
	facts := []string{
		th.accent.Render(clean(plan.Group.DisplayName)) + th.muted.Render(" · "+plan.Group.Kind.Label()),
		th.text.Render(plural(plan.BaseCount, "member", "members") + " " + now + " → " + count(membersAfter(plan)) + " " + then),
	}
	if made := p.madeByAnother(plan); made != "" {
		facts = append(facts, th.muted.Render(made))
	}
	if n := len(plan.Add); n > 0 {
		facts = append(facts, th.added.Render("+ "+plural(n, "user is added", "users are added")))
	}
	if n := len(plan.Remove); n > 0 {
		facts = append(facts, th.removed.Render("- "+plural(n, "user is removed", "users are removed")+" from the group; the accounts stay"))
	}
	if o := r.outcome; msg.resume {
		facts = append(facts, th.text.Render(plural(o.added+o.removed+o.already, "row was done", "rows were done")+" before, "+count(o.left+o.failed)+" to go"))
	}
	if n := r.outAdds + r.outRemove; n > 0 {
		facts = append(facts, th.skipped.Render("· "+plural(n, "row was", "rows were")+" left out"))
	}
	if r.warning != "" {
		facts = append(facts, th.warn.Render("! "+capitalise(clean(r.warning))))
	}
	title, yes := "Apply this plan to the tenant?", "Yes, apply"
	if msg.resume {
		title, yes = "Approve again, and go on?", "Yes, go on"
		if s, ok := r.isStale(); ok {
			facts = append(facts, p.movedLines(s, movedInDialog)...)
			facts = append(facts, th.text.Render("Going on makes these rows right again."))
		}
	}
	facts = append(facts, "", th.muted.Render("Approved by "+clean(p.approver())+". Each row is written down before it is sent, the group is read back at the end, and an undo can be proposed."))
	d := newApproval(p.shared, title, facts, yes, nil)
	allow := planApplyMsg{review: r, plan: plan, resume: msg.resume}
	allow.additions, allow.removals = mustType(plan, msg.guards)
	if n := allow.removals; n > 0 {
		d.require("! "+capitalise(trippedText(msg.guards, false))+". Type "+count(n)+" to allow it this once:", n)
	}
	if n := allow.additions; n > 0 {
		d.require("! "+capitalise(trippedText(msg.guards, true))+". Type "+count(n)+" to allow it this once:", n)
	}
	if len(d.numbers) > 0 {
		d.askReason("why; the audit keeps it")
	}
	d.approve = func() tea.Cmd {
		if d.text != nil {
			allow.reason = d.text.value()
		}
		return emit(allow)
	}
	return d
}

// approver is who approves, and from where.
func (p *writebackPane) approver() string {
	a := p.ws.Approve(0, 0, "")
	if a.From == "" || a.From == a.By {
		return a.By
	}
	return a.By + ", from " + a.From
}

func membersAfter(p *writeback.Plan) int { return p.BaseCount + len(p.Add) - len(p.Remove) }

// applyPlan writes the plan that was approved.
func (p *writebackPane) applyPlan(msg planApplyMsg) tea.Cmd {
	if p.review != msg.review || p.review.plan != msg.plan && !msg.resume || p.applying() {
		return nil // another plan came between the question and the answer
	}
	ws, plan := p.ws, msg.plan
	approval := ws.Approve(msg.additions, msg.removals, msg.reason)
	derived := plan != msg.review.base
	return p.work(msg.review, &approval, func(ctx context.Context, progress func(writeback.Progress)) (*writeback.Report, error) {
		if msg.resume {
			return ws.Resume(ctx, plan.ID, &approval, progress)
		}
		if derived {
			if err := ws.KeepPlan(ctx, plan); err != nil {
				return nil, err
			}
		}
		return ws.Apply(ctx, plan, approval, progress)
	}, plan.ID)
}

// resume finishes an interrupted run, or tries its failed rows again; with a
// new approval where the one that it has does not hold any more.
func (p *writebackPane) resume() tea.Cmd {
	if p.review.renew {
		return p.askApproval(true)
	}
	if !p.ws.CanWrite() {
		return emit(consentMsg{"write"})
	}
	ws, id := p.ws, p.review.run.Plan.ID
	return p.work(p.review, nil, func(ctx context.Context, progress func(writeback.Progress)) (*writeback.Report, error) {
		return ws.Resume(ctx, id, nil, progress)
	}, id)
}

// work runs an apply or a resume. Stopping it cancels the work and not the
// task, so that its answer still comes: rows may have been written.
func (p *writebackPane) work(r *review, approval *writeback.Approval, do func(context.Context, func(writeback.Progress)) (*writeback.Report, error), planID string) tea.Cmd {
	walk := &applyWalk{review: r, approval: approval, requests: p.ws.Traffic().Requests, now: p.ws.Now}
	stopped := make(chan struct{})
	var once atomic.Bool
	walk.stop = func() {
		walk.stopping = true
		if once.CompareAndSwap(false, true) {
			close(stopped)
		}
	}
	p.apply = walk
	r.failed, r.report = nil, nil
	ws := p.ws
	run := p.tasks.run(taskWritebackApply, func(ctx context.Context) tea.Msg {
		working, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-stopped:
				cancel()
			case <-working.Done():
			}
		}()
		report, err := do(working, walk.note)
		journal, journalErr := ws.Run(context.WithoutCancel(ctx), planID)
		if err == nil {
			err = journalErr
		}
		return planAppliedMsg{r, report, journal, newOutcome(journal), err}
	})
	p.layout()
	return tea.Batch(run, p.tasks.after(applyPoll, applyPollMsg{walk}))
}

func (p *writebackPane) applied(msg planAppliedMsg) tea.Cmd {
	r := msg.review
	r.report, r.failed = msg.report, model.AsError(msg.err)
	r.adopt(msg.run, msg.outcome)
	r.renew = r.run != nil && r.failed != nil && r.failed.Kind == model.KindGuard
	if r.filter == filterFailed && r.outcome.failed == 0 {
		r.filter = filterAll
	}
	if r == p.review {
		p.refresh()
	} else {
		r.fill()
	}
	cmds := []tea.Cmd{p.loadRecent(), verifyAudit(p.shared)}
	name := clean(r.base.Group.DisplayName)
	switch {
	case r.failed != nil && r.failed.Kind == model.KindInterrupted:
		cmds = append(cmds, toast(levelWarn, name+": stopped; r resumes"))
	case r.failed != nil && r.failed.Kind == model.KindGuard:
		cmds = append(cmds, toast(levelWarn, name+": stopped before anything more was written; Writeback says why"))
	case r.failed != nil:
		cmds = append(cmds, toast(levelBad, name+": the plan was not applied in full; Writeback says why"))
	case r.report != nil && r.report.Verified:
		cmds = append(cmds, toast(levelGood, "Applied and verified: "+name+" has "+plural(r.report.Members, "member", "members")))
	}
	return tea.Batch(cmds...)
}

// askStop asks before a running apply is stopped.
func (p *writebackPane) askStop() tea.Cmd {
	return emit(dialogMsg{newConfirmDialog(p.shared, "Stop applying?",
		"Rows that were sent stay as they are in the tenant. The journal knows them: r resumes the rest.",
		"stop", planStopMsg{p.apply})})
}
