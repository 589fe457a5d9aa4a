package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
	"rollcall/ui/text"
)

// approvalFlags are how somebody approves a plan on the command line.
type approvalFlags struct {
	yes                 bool
	additions, removals int
	reason              string
}

func (f *approvalFlags) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.yes, "yes", false, "approve without asking")
	cmd.Flags().IntVar(&f.additions, "allow-additions", 0, "lift the guards on additions up to this `number`")
	cmd.Flags().IntVar(&f.removals, "allow-removals", 0, "lift the guards on removals up to this `number`")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why a guard is lifted: a `text` that the audit keeps")
}

func (f *approvalFlags) check(cmd *cobra.Command) error {
	if f.additions < 0 || f.removals < 0 {
		return usageError(cmd, errors.New("a number of rows cannot be negative"))
	}
	return nil
}

// canAsk reports whether there is somebody to ask.
func (a *app) canAsk() bool { return a.env.StdinTerminal && a.env.StderrTerminal }

// approve takes the approval of a plan: by the flags, or on a terminal by what
// is typed there. What nobody can approve is refused before anything is asked.
// changed is why a plan that was approved before needs it again, nil for a new
// one.
func (a *app) approve(ctx context.Context, w *workspace.Workspace, plan *writeback.Plan, f approvalFlags, changed error) (writeback.Approval, error) {
	var none writeback.Approval
	additions, removals := f.additions, f.removals
	if !f.yes { // the numbers can be typed yet
		additions, removals = max(additions, len(plan.Add)), max(removals, len(plan.Remove))
	}
	if err := w.CheckApproval(ctx, plan, w.Approve(additions, removals, f.reason)); err != nil {
		return none, err
	}
	if err := w.RequireWrite(ctx); err != nil {
		return none, err
	}
	if plan.Empty() || f.yes {
		return w.Approve(f.additions, f.removals, f.reason), nil
	}
	guards, err := w.GuardsNow(ctx, plan)
	if err != nil {
		return none, err
	}
	held := *plan
	held.Guards = guards
	if !a.canAsk() {
		e := denied("")
		e.Remedy = "there is no terminal to ask on: read the plan with `rollcall plan show`, then use --yes" + liftingFlags(&held)
		return none, e
	}
	warning, err := w.WriteWarning(ctx, plan)
	if err != nil {
		return none, err
	}
	if err := (planView{guards: guards, rows: fewRows, warning: warning, asked: true}).text(a.env.Stderr, plan); err != nil {
		return none, err
	}
	if changed != nil {
		fmt.Fprintf(a.env.Stderr, "It was approved before, and has to be again: %s\n", text.Clean(changed.Error()))
		a.showStale(w, changed)
		if err := a.showLeft(ctx, w, plan); err != nil {
			return none, err
		}
	}
	if err := a.lift(ctx, &held, &f); err != nil {
		return none, err
	}
	fmt.Fprintf(a.env.Stderr, "Apply this to %s? Only \"yes\" approves: ", text.Clean(plan.Group.DisplayName))
	answer, err := a.readLine(ctx)
	if err != nil {
		return none, err
	}
	if answer != "yes" {
		return none, denied("")
	}
	return w.Approve(f.additions, f.removals, f.reason), nil
}

// showLeft says how much of a plan whose run goes on is still to be written:
// its own numbers are those of the group as it was before.
func (a *app) showLeft(ctx context.Context, w *workspace.Workspace, plan *writeback.Plan) error {
	run, err := w.Run(ctx, plan.ID)
	if err != nil || run == nil {
		return err
	}
	left := 0
	for i := range run.Rows {
		if row := &run.Rows[i]; row.State != writeback.RowDone && row.State != writeback.RowAlready || row.TakenBack() {
			left++
		}
	}
	fmt.Fprintf(a.env.Stderr, "Of its %s %s still to be written.\n", text.Plural(len(run.Rows), "row", "rows"), text.Plural(left, "is", "are"))
	return nil
}

// liftingFlags are what lifts the guards that stop a plan, "" where none does.
func liftingFlags(p *writeback.Plan) string {
	additions, removals := p.MustAllow()
	flags := ""
	if removals > 0 {
		flags += fmt.Sprintf(" --allow-removals %d", removals)
	}
	if additions > 0 {
		flags += fmt.Sprintf(" --allow-additions %d", additions)
	}
	if flags != "" {
		flags += " --reason TEXT"
	}
	return flags
}

// denied is the error of a plan that nobody approved. why says what was wrong
// with the answer, "" where that is plain.
func denied(why string) *model.Error {
	return &model.Error{Kind: model.KindGuard, Code: "notApproved", Message: "the plan was not approved; nothing was changed", Remedy: why}
}

// lift asks for the numbers that lift the guards which stop the plan, where the
// flags did not say them, and for the reason.
func (a *app) lift(ctx context.Context, plan *writeback.Plan, f *approvalFlags) error {
	additions, removals := plan.MustAllow()
	for _, q := range []struct {
		must  int
		typed *int
		what  string
	}{
		{removals, &f.removals, "removals"},
		{additions, &f.additions, "additions"},
	} {
		if q.must <= *q.typed {
			continue
		}
		fmt.Fprintf(a.env.Stderr, "The guards on %s stop this plan. To lift them for it, type the number of its %s: ", q.what, q.what)
		answer, err := a.readLine(ctx)
		if err != nil {
			return err
		}
		if answer != strconv.Itoa(q.must) && answer != grouped(q.must) {
			return denied(fmt.Sprintf("the number of its %s is %s, and %s was typed", q.what, grouped(q.must), cmp.Or(answer, "nothing")))
		}
		*q.typed = q.must
	}
	if additions+removals == 0 || strings.TrimSpace(f.reason) != "" {
		return nil
	}
	fmt.Fprint(a.env.Stderr, "Why are they lifted? The audit keeps the reason: ")
	answer, err := a.readLine(ctx)
	if err != nil {
		return err
	}
	if f.reason = strings.TrimSpace(answer); f.reason == "" {
		return denied("a lifted guard needs a reason")
	}
	return nil
}

// readLine reads one line of the input, or its end. A read cannot be
// cancelled: when the context ends first, it is left to the end of the process.
func (a *app) readLine(ctx context.Context) (string, error) {
	if a.lines == nil {
		a.lines = bufio.NewReader(a.env.Stdin) // what it read ahead answers the next question
	}
	line, err := await(ctx, func() (string, error) { return a.lines.ReadString('\n') })
	if err != nil && a.env.StderrTerminal {
		fmt.Fprintln(a.env.Stderr) // no key ended the line of the question
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// warnAudit says loudly, to scripts too, that the audit is no longer whole.
// The command goes on: whoever needs the group written is not helped by
// somebody's having changed the record.
func (a *app) warnAudit(ctx context.Context, w *workspace.Workspace) {
	err := w.VerifyAudit(ctx)
	if err == nil || ctx.Err() != nil {
		return
	}
	e := model.AsError(err)
	a.status("")
	if a.flags.machine() {
		writeJSON(a.env.Stderr, map[string]any{"warning": map[string]string{"code": e.Code, "message": e.Message, "remedy": e.Remedy}})
		return
	}
	fmt.Fprintf(a.env.Stderr, "rollcall: WARNING: %s\n", text.Clean(e.Message))
	if e.Remedy != "" {
		fmt.Fprintf(a.env.Stderr, "  %s\n", text.Clean(e.Remedy))
	}
}

// stale is what others changed in a group, as programs read it: object ids.
type stale struct {
	Joined    []string `json:"joined"`
	Left      []string `json:"left"`
	TakenBack []string `json:"takenBack"`
}

// staleOf is what others changed, where that is the error's cause; else nil.
func staleOf(err error) *stale {
	var cause *writeback.Stale
	if !errors.As(err, &cause) {
		return nil
	}
	s := &stale{Joined: []string{}, Left: append([]string{}, cause.Left...), TakenBack: []string{}}
	for _, r := range cause.Joined {
		s.Joined = append(s.Joined, r.ID)
	}
	for _, row := range cause.TakenBack {
		s.TakenBack = append(s.TakenBack, row.ID)
	}
	return s
}

// showStale lists for a person what others changed in a group, of which the
// error itself names a few.
func (a *app) showStale(w *workspace.Workspace, err error) {
	var stale *writeback.Stale
	if a.flags.machine() || !errors.As(err, &stale) {
		return
	}
	a.status("")
	rows := fewRows
	if !a.env.StderrTerminal {
		rows = 0
	}
	list := func(what string, n int, name func(int) string) {
		for i := range n {
			if rows > 0 && i == rows {
				fmt.Fprintf(a.env.Stderr, "  %s: … and %s more\n", what, grouped(n-i))
				return
			}
			fmt.Fprintf(a.env.Stderr, "  %s: %s\n", what, text.Clean(name(i)))
		}
	}
	directory := w.Directory()
	list("joined", len(stale.Joined), func(i int) string { return refName(stale.Joined[i]) })
	list("left", len(stale.Left), func(i int) string {
		if row, ok := directory.ByID(stale.Left[i]); ok {
			return directory.Value(row, model.AttrUserPrincipalName)
		}
		return stale.Left[i]
	})
	list("taken back", len(stale.TakenBack), func(i int) string {
		row := stale.TakenBack[i]
		if row.Remove {
			return refName(row.Ref) + " was added again"
		}
		return refName(row.Ref) + " was removed again"
	})
}
