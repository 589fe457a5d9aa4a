package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
	"rollcall/ui/text"
)

func (a *app) applyCommand() *cobra.Command {
	var (
		yes                 bool
		additions, removals int
	)
	cmd := &cobra.Command{
		Use:   "apply FILE|ID",
		Short: "Write an approved plan to its group, and verify it",
		Long: `apply shows the plan and asks; only "yes" approves. --yes approves without
asking. A plan beyond a guard needs the number itself: --allow-removals 120
allows exactly up to 120. The group is read again first: if it moved since the
plan was made, nothing is written.`,
		Example: "  rollcall apply sales.json\n  rollcall apply 3f9a0c21b7de --yes --allow-removals 120",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if additions < 0 || removals < 0 {
				return usageError(cmd, fmt.Errorf("a number of rows cannot be negative"))
			}
			return a.apply(cmd.Context(), args[0], yes, additions, removals)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "approve without asking")
	cmd.Flags().IntVar(&additions, "allow-additions", 0, "lift the guard on additions up to this number")
	cmd.Flags().IntVar(&removals, "allow-removals", 0, "lift the guard on removals up to this number")
	return cmd
}

func (a *app) apply(ctx context.Context, fileOrID string, yes bool, additions, removals int) error {
	return a.withSession(ctx, func(w *workspace.Workspace) error {
		plan, err := a.loadPlan(ctx, w, fileOrID)
		if err != nil {
			return err
		}
		approval := w.Approve(additions, removals, "")
		if err := w.CheckApproval(ctx, plan, approval); err != nil {
			return err
		}
		if !yes && !plan.Empty() {
			if err := a.ask(ctx, plan); err != nil {
				return err
			}
		}
		report, err := w.Apply(ctx, plan, approval, a.writeProgress())
		return a.reportWrite(report, err)
	})
}

// ask shows the plan and takes an exact yes.
func (a *app) ask(ctx context.Context, plan *writeback.Plan) error {
	denied := &model.Error{Kind: model.KindGuard, Code: "notApproved", Message: "the plan was not approved; nothing was changed"}
	if !a.env.StdinTerminal || !a.env.StderrTerminal {
		denied.Remedy = "there is no terminal to ask on: read the plan with `rollcall plan show`, then use --yes"
		return denied
	}
	if err := planText(a.env.Stderr, plan); err != nil {
		return err
	}
	fmt.Fprintf(a.env.Stderr, "Apply this to %s? Only \"yes\" approves: ", text.Clean(plan.Group.DisplayName))
	answer, err := a.readLine(ctx)
	if err != nil {
		return err
	}
	if answer != "yes" {
		return denied
	}
	return nil
}

// readLine reads one line of the input, or its end. A read cannot be
// cancelled: when the context ends first, it is left to the end of the process.
func (a *app) readLine(ctx context.Context) (string, error) {
	line, err := await(ctx, func() (string, error) { return bufio.NewReader(a.env.Stdin).ReadString('\n') })
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// writeProgress shows written rows.
func (a *app) writeProgress() func(writeback.Progress) {
	return func(p writeback.Progress) {
		a.status(fmt.Sprintf("%s of %s rows written", grouped(p.Done), grouped(p.Total)))
	}
}

// reportWrite prints what a run did, also when it ended early.
func (a *app) reportWrite(r *writeback.Report, err error) error {
	if r == nil {
		return err
	}
	t := table{columns: []column{{"planId", false}, {"added", true}, {"removed", true}, {"alreadyDone", true}, {"failed", true}, {"verified", false}}}
	t.rows = [][]string{{r.PlanID, fmt.Sprint(r.Added), fmt.Sprint(r.Removed), fmt.Sprint(r.AlreadyDone), fmt.Sprint(len(r.Failed)), fmt.Sprint(r.Verified)}}
	printErr := a.print(output{object: r, lines: []any{r}, table: t, person: func(w io.Writer) error {
		for _, f := range r.Failed {
			fmt.Fprintf(w, "  failed: %s: %s\n", text.Clean(cmp.Or(f.Ref.UserPrincipalName, f.Ref.ID)), text.Clean(f.Err.Message))
		}
		if r.Added+r.Removed+len(r.Failed) == 0 {
			fmt.Fprintf(w, "Nothing to change: %s rows were already so.", grouped(r.AlreadyDone))
		} else {
			fmt.Fprintf(w, "%s added, %s removed, %s already so, %s failed.", grouped(r.Added), grouped(r.Removed), grouped(r.AlreadyDone), grouped(len(r.Failed)))
		}
		if r.Verified {
			fmt.Fprintf(w, " Verified: the group has %s members.\n", grouped(r.Members))
			return nil
		}
		_, err := fmt.Fprintln(w, " Not verified.")
		return err
	}})
	if err == nil {
		err = printErr
	}
	return err
}

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "resume FILE|ID", Short: "Finish a plan that was interrupted, or try its failed rows again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return a.withSession(ctx, func(w *workspace.Workspace) error {
				plan, err := a.loadPlan(ctx, w, args[0])
				if err != nil {
					return err
				}
				report, err := w.Resume(ctx, plan.ID, nil, a.writeProgress())
				return a.reportWrite(report, err)
			})
		},
	}
}

func (a *app) undoCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "undo FILE|ID",
		Short: "Propose the plan that takes an applied plan back",
		Long:  "undo makes a new plan from the members before the first write. It changes nothing: read it and apply it.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return a.withSession(ctx, func(w *workspace.Workspace) error {
				applied, err := a.loadPlan(ctx, w, args[0])
				if err != nil {
					return err
				}
				plan, err := w.Undo(ctx, applied.ID)
				if err != nil {
					return err
				}
				if out != "" {
					if err := writePlan(out, plan); err != nil {
						return err
					}
				}
				return a.printPlan(plan)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "also write the plan to this file")
	return cmd
}
