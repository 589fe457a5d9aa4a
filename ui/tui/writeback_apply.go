package tui

import (
	"context"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/handover"
	"rollcall/model/writeback"
)

// applyWalk counts a running apply; the run writes, the screen reads.
type applyWalk struct {
	done, failed, total atomic.Int64
	stop                context.CancelFunc
}

func (w *applyWalk) note(p writeback.Progress) {
	w.done.Store(int64(p.Done))
	w.failed.Store(int64(p.Failed))
	w.total.Store(int64(p.Total))
}

// askApproval opens the question, or the consent screen when the permission to
// write is missing.
func (p *writebackPane) askApproval() tea.Cmd {
	if !p.ws.CanWrite() {
		return emit(consentMsg{"write"})
	}
	r, th := p.review, p.theme
	plan := r.plan
	facts := []string{
		th.accent.Render(clean(plan.Group.DisplayName)) + th.muted.Render(" · "+plan.Group.Kind.Label()),
		th.text.Render(plural(plan.BaseCount, "member", "members") + " now → " + count(membersAfter(plan)) + " then"),
		"",
	}
	if n := len(plan.Add); n > 0 {
		facts = append(facts, th.added.Render("+ "+plural(n, "user is added", "users are added")))
	}
	if n := len(plan.Remove); n > 0 {
		facts = append(facts, th.removed.Render("- "+plural(n, "user is removed", "users are removed")+" from the group; the accounts stay"))
	}
	if n := len(r.out); n > 0 {
		facts = append(facts, th.skipped.Render("· "+plural(n, "row was", "rows were")+" left out"))
	}
	facts = append(facts, "", th.muted.Render("Each row is written down before it is sent, the group is read back at the end, and an undo can be proposed."))
	d := newApproval(p.shared, "Apply this plan to the tenant?", facts, "Yes, apply", nil)
	allow := planApplyMsg{review: r, plan: plan}
	for _, g := range plan.Guards {
		if !g.Tripped {
			continue
		}
		switch g.Name {
		case "removals":
			allow.removals = g.Value
		case "additions":
			allow.additions = g.Value
		}
		d.require("! "+capitalise(guardText(g))+". Type "+count(g.Value)+" to allow it this once:", g.Value)
	}
	d.approve = func() tea.Cmd { return emit(allow) }
	return emit(dialogMsg{d})
}

func membersAfter(p *writeback.Plan) int { return p.BaseCount + len(p.Add) - len(p.Remove) }

// applyPlan writes the plan that was approved.
func (p *writebackPane) applyPlan(msg planApplyMsg) tea.Cmd {
	if p.review != msg.review || p.review.plan != msg.plan || p.applying() {
		return nil // another plan came between the question and the answer
	}
	ws := p.ws
	derived := msg.plan != msg.review.base
	return p.work(msg.review, func(ctx context.Context, progress func(writeback.Progress)) (*writeback.Report, error) {
		if derived {
			if err := ws.KeepPlan(ctx, msg.plan); err != nil {
				return nil, err
			}
		}
		return ws.Apply(ctx, msg.plan, ws.Approve(msg.additions, msg.removals, ""), progress)
	}, msg.plan.ID)
}

// resume finishes an interrupted run, or tries its failed rows again.
func (p *writebackPane) resume() tea.Cmd {
	ws, id := p.ws, p.review.run.Plan.ID
	return p.work(p.review, func(ctx context.Context, progress func(writeback.Progress)) (*writeback.Report, error) {
		return ws.Resume(ctx, id, nil, progress)
	}, id)
}

// work runs an apply or a resume. Stopping it cancels the work and not the
// task, so that its answer still comes: rows may have been written.
func (p *writebackPane) work(r *review, do func(context.Context, func(writeback.Progress)) (*writeback.Report, error), planID string) tea.Cmd {
	walk := &applyWalk{}
	stopped := make(chan struct{})
	var once atomic.Bool
	walk.stop = func() {
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
		return planAppliedMsg{r, report, journal, err}
	})
	return tea.Batch(run, p.tasks.after(applyPoll, applyPollMsg{walk}))
}

func (p *writebackPane) applied(msg planAppliedMsg) tea.Cmd {
	r := msg.review
	r.report, r.run, r.failed = msg.report, msg.run, model.AsError(msg.err)
	if r == p.review {
		p.refresh()
	}
	cmds := []tea.Cmd{p.loadRecent()}
	switch {
	case r.failed != nil:
		cmds = append(cmds, toast(levelBad, clean(r.base.Group.DisplayName)+": the plan was not applied in full; Writeback says why"))
	case r.report != nil && r.report.Verified:
		cmds = append(cmds, toast(levelGood, "Applied and verified: "+clean(r.base.Group.DisplayName)+" has "+plural(r.report.Members, "member", "members")))
	}
	return tea.Batch(cmds...)
}

// askStop asks before a running apply is stopped.
func (p *writebackPane) askStop() tea.Cmd {
	return emit(dialogMsg{newConfirmDialog(p.shared, "Stop applying?",
		"Rows that were sent stay as they are in the tenant. The journal knows them: r resumes the rest.",
		"stop", planStopMsg{p.apply})})
}

// askExport asks for a folder and writes the plan for someone who may write.
func (p *writebackPane) askExport() tea.Cmd {
	plan := p.review.plan
	lead := "Write the plan into a folder, for someone with the permission to write: the CSV files of the Entra admin center's bulk operations, and a PowerShell script with its undo. Nothing changes in the tenant."
	return emit(dialogMsg{exportDialog(p.shared, "Hand the plan over", lead, "plan-"+plan.ID, func(string) []exportFile {
		var files []exportFile
		for _, f := range []exportFile{
			{name: plan.ID + "-import.csv", content: handover.BulkMembers(plan.Add)},
			{name: plan.ID + "-remove.csv", content: handover.BulkMembers(plan.Remove)},
			{name: plan.ID + ".ps1", content: handover.PowerShell(plan)},
			{name: plan.ID + "-undo.ps1", content: handover.PowerShellUndo(plan)},
		} {
			if f.content != nil {
				files = append(files, f)
			}
		}
		return files
	})})
}

// showUser shows what the directory knows of the user under the cursor.
func (p *writebackPane) showUser() tea.Cmd {
	row, ok := p.review.row(p.table.Cursor())
	if !ok {
		return nil
	}
	th, snapshot := p.theme, p.ws.Directory()
	at, found := snapshot.ByID(row.id)
	if !found {
		return toast(levelInfo, "The synced directory does not hold "+clean(row.name)+": it is no user, or was not synced yet")
	}
	user := snapshot.User(at)
	const labelWidth = 22
	var lines []string
	for _, f := range user.Fields() {
		a := p.ws.Schema().Attribute(f.Attr)
		for i, v := range shownValues(a, user.Values(f.Attr)) {
			label := a.Label
			if i > 0 {
				label = ""
			}
			lines = append(lines, th.muted.Render(th.cell(label, labelWidth))+" "+th.text.Render(clean(v)))
		}
	}
	lines = append(lines, th.muted.Render(th.cell("Object id", labelWidth))+" "+th.text.Render(clean(user.ID)))
	return emit(dialogMsg{&textDialog{shared: p.shared, title: clean(user.DisplayName()), lines: lines}})
}
