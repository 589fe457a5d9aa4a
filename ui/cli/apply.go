package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
	"rollcall/ui/text"
)

func (a *app) applyCommand() *cobra.Command {
	var approval approvalFlags
	cmd := &cobra.Command{
		Use:               "apply FILE|ID",
		ValidArgsFunction: a.completePlans,
		Short:             "Write an approved plan to its group, and verify it",
		Long: `apply shows the plan and asks; only "yes" approves. --yes approves without
asking. A plan beyond a guard needs the number itself: --allow-removals 120
allows exactly up to 120, and --reason says why. The group is read again first:
if it moved since the plan was made, nothing is written.`,
		Example: "  rollcall apply sales.json\n" +
			"  rollcall apply 3f9a0c21b7de --yes --allow-removals 120 --reason \"the Lyon office closed\"",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := approval.check(cmd); err != nil {
				return err
			}
			return a.apply(cmd.Context(), args[0], approval)
		},
	}
	approval.register(cmd)
	return cmd
}

func (a *app) apply(ctx context.Context, fileOrID string, f approvalFlags) error {
	return a.withSession(ctx, func(w *workspace.Workspace) error {
		plan, err := a.loadPlan(ctx, w, fileOrID)
		if err != nil {
			return err
		}
		a.warnAudit(ctx, w)
		past, err := w.Run(ctx, plan.ID)
		if err != nil {
			return err
		}
		approval := w.Approve(f.additions, f.removals, f.reason)
		if !past.Verified() { // of one that is verified nothing is left to approve
			if approval, err = a.approve(ctx, w, plan, f, nil); err != nil {
				return err
			}
		}
		report, err := a.write(w, func(progress func(writeback.Progress)) (*writeback.Report, error) {
			return w.Apply(ctx, plan, approval, progress)
		})
		return a.reportWrite(w, report, err)
	})
}

func (a *app) resumeCommand() *cobra.Command {
	var approval approvalFlags
	cmd := &cobra.Command{
		Use:               "resume FILE|ID",
		ValidArgsFunction: a.completePlans,
		Short:             "Finish a plan that was interrupted, or try its failed rows again",
		Long: `resume finishes the run of a plan: rows that were not written are, and rows that
failed are tried again. It needs no approval beside the run's own, unless
somebody has taken back what the run had written, or the profile's guards have
become stricter: then it shows that and asks; only "yes" approves. --yes
approves without asking, but nothing that nobody was told of: what was taken
back is listed by one resume, with exit code 3, and approved by the next. A new
approval stands for the whole plan, and lifts its guards anew.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := approval.check(cmd); err != nil {
				return err
			}
			return a.resume(cmd.Context(), args[0], approval)
		},
	}
	approval.register(cmd)
	return cmd
}

func (a *app) resume(ctx context.Context, fileOrID string, f approvalFlags) error {
	return a.withSession(ctx, func(w *workspace.Workspace) error {
		plan, err := a.loadPlan(ctx, w, fileOrID)
		if err != nil {
			return err
		}
		a.warnAudit(ctx, w)
		run := func(renewed *writeback.Approval) (*writeback.Report, error) {
			return a.write(w, func(progress func(writeback.Progress)) (*writeback.Report, error) {
				return w.Resume(ctx, plan.ID, renewed, progress)
			})
		}
		report, err := run(nil)
		if report != nil || !renewable(err) {
			return a.reportWrite(w, report, err)
		}
		if f.yes && isNews(err) || !f.yes && !a.canAsk() {
			return a.reportWrite(w, nil, a.approveAnew(ctx, w, plan, err))
		}
		approval, refused := a.approve(ctx, w, plan, f, err)
		if refused != nil {
			if f.yes && model.AsError(refused).Kind == model.KindGuard {
				a.showStale(w, err)
				refused = a.approveAnew(ctx, w, plan, refused)
			}
			return refused
		}
		report, err = run(&approval)
		if f.yes && isNews(err) {
			err = a.approveAnew(ctx, w, plan, err)
		}
		return a.reportWrite(w, report, err)
	})
}

// isNews reports whether rows were taken back of which nobody was told before:
// an approval that was given before, as by --yes, does not cover them.
func isNews(err error) bool {
	var stale *writeback.Stale
	return errors.As(err, &stale) && stale.News > 0
}

// approveAnew is the error of a run that needs another approval, with the
// command by which somebody gives it who cannot be asked.
func (a *app) approveAnew(ctx context.Context, w *workspace.Workspace, plan *writeback.Plan, err error) error {
	guards, guardsErr := w.GuardsNow(ctx, plan)
	if !renewable(err) || guardsErr != nil {
		return err
	}
	held := *plan
	held.Guards = guards
	refused := *model.AsError(err)
	refused.Remedy = "read what has changed, and when the plan is to be finished all the same, approve it anew: rollcall resume " + plan.ID + " --yes" + liftingFlags(&held)
	return &refused
}

// renewable reports whether a new approval may bring a run on that the one it
// has does not.
func renewable(err error) bool {
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.KindGuard {
		return false
	}
	switch e.Code {
	case "planStale", "secondApproverNeeded", "notApproved",
		"guardRemovals", "guardAdditions", "guardRemovalsPercent", "guardAdditionsPercent", "guardFirstMirror":
		return true
	}
	return false
}

// writePoll is how often the line of a running write is drawn again.
const writePoll = 200 * time.Millisecond

// write runs a write and shows on a terminal how far it has come.
func (a *app) write(w *workspace.Workspace, run func(func(writeback.Progress)) (*writeback.Report, error)) (*writeback.Report, error) {
	if !a.env.StderrTerminal {
		return run(nil)
	}
	type outcome struct {
		report *writeback.Report
		err    error
	}
	var progress atomic.Pointer[writeback.Progress]
	done := make(chan outcome, 1)
	go func() {
		report, err := run(func(p writeback.Progress) { progress.Store(&p) })
		done <- outcome{report, err}
	}()
	tick := time.NewTicker(writePoll)
	defer tick.Stop()
	defer a.status("")
	a.status(writeLine(nil, w.Traffic(), w.Now()))
	for {
		select {
		case o := <-done:
			return o.report, o.err
		case <-tick.C:
			a.status(writeLine(progress.Load(), w.Traffic(), w.Now()))
		}
	}
}

// writeLine is short enough for 80 columns. p is nil before the first row.
func writeLine(p *writeback.Progress, t workspace.Traffic, now time.Time) string {
	line := "reading the group"
	switch {
	case p == nil || p.Phase == writeback.PhaseReading:
	case p.Phase == writeback.PhaseVerifying:
		line = fmt.Sprintf("%s of %s rows written, reading the group back", grouped(p.Done), grouped(p.Total))
	default:
		line = fmt.Sprintf("%s of %s rows written", grouped(p.Done), grouped(p.Total))
	}
	if p != nil && p.Failed > 0 {
		line += fmt.Sprintf(", %s failed", grouped(p.Failed))
	}
	seconds := func(wait time.Duration) int { return int((wait + time.Second - 1) / time.Second) }
	if wait := t.WaitUntil.Sub(now); wait > 0 {
		return line + fmt.Sprintf(", throttled for another %d s", seconds(wait))
	}
	if wait := t.PacedUntil.Sub(now); wait > 0 {
		return line + fmt.Sprintf(", paced: goes on in %d s", seconds(wait))
	}
	if p != nil && p.Until.After(now) {
		return line + fmt.Sprintf(": %s not shown yet, again in %d s", grouped(p.Unseen), seconds(p.Until.Sub(now)))
	}
	return line
}

// reportWrite prints what a run did, also when it ended early.
func (a *app) reportWrite(w *workspace.Workspace, r *writeback.Report, err error) error {
	if r == nil {
		a.showStale(w, err)
		return err
	}
	t := table{columns: []column{{"planId", false}, {"added", true}, {"removed", true}, {"alreadyDone", true}, {"failed", true}, {"verified", false}}}
	t.rows = [][]string{{r.PlanID, fmt.Sprint(r.Added), fmt.Sprint(r.Removed), fmt.Sprint(r.AlreadyDone), fmt.Sprint(len(r.Failed)), fmt.Sprint(r.Verified)}}
	printErr := a.print(output{object: r, lines: []any{r}, table: t, person: func(out io.Writer) error {
		for i, f := range r.Failed {
			if a.shownRows(false) > 0 && i == fewRows {
				fmt.Fprintf(out, "  failed: … and %s more: `rollcall log --plan %s --rows` lists them\n", grouped(len(r.Failed)-i), r.PlanID)
				break
			}
			fmt.Fprintf(out, "  failed: %s: %s\n", text.Clean(refName(f.Ref)), text.Clean(f.Err.Message))
		}
		switch changed := r.Added + r.Removed + len(r.Failed); {
		case changed == 0 && r.AlreadyDone == 0 && r.Verified:
			fmt.Fprint(out, "Nothing to change.")
		case changed == 0 && r.Verified:
			fmt.Fprintf(out, "Nothing to change: %s already so.", text.Plural(r.AlreadyDone, "row was", "rows were"))
		default:
			fmt.Fprintf(out, "%s added, %s removed, %s already so, %s failed.", grouped(r.Added), grouped(r.Removed), grouped(r.AlreadyDone), grouped(len(r.Failed)))
		}
		if r.Verified {
			fmt.Fprintf(out, " Verified: the group has %s.\n", text.Plural(r.Members, "member", "members"))
			return nil
		}
		_, err := fmt.Fprintln(out, " Not verified.")
		return err
	}})
	if err == nil {
		return printErr
	}
	return refusedWhole(r, err)
}

// refusedWhole is the error of a run that was stopped before it had written
// anything, because a permission or a role is missing: then it is that, and
// nothing is done in part.
func refusedWhole(r *writeback.Report, err error) error {
	var stopped, cause *model.Error
	if r.Added+r.Removed > 0 || !errors.As(err, &stopped) || !errors.As(stopped.Err, &cause) || cause.Kind != model.KindSignIn {
		return err
	}
	refused := *stopped
	refused.Kind = model.KindSignIn
	return &refused
}

func (a *app) undoCommand() *cobra.Command {
	var (
		out  string
		rows bool
	)
	cmd := &cobra.Command{
		Use:               "undo FILE|ID",
		ValidArgsFunction: a.completePlans,
		Short:             "Propose the plan that takes an applied plan back",
		Long:              "undo makes a new plan from the members before the first write. It changes nothing: read it and apply it.",
		Args:              cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return a.withSession(ctx, func(w *workspace.Workspace) error {
				applied, err := a.loadPlan(ctx, w, args[0])
				if err != nil {
					return err
				}
				a.warnAudit(ctx, w)
				plan, err := w.Undo(ctx, applied.ID)
				if err != nil {
					return err
				}
				return a.proposed(ctx, w, plan, out, rows)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "also write the plan to this file")
	registerRows(cmd, &rows)
	return cmd
}
