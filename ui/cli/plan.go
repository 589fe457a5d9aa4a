package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

func (a *app) planCommand() *cobra.Command {
	var (
		from, within, exclude []string
		to, mode, out         string
		handOver, rows        bool
	)
	cmd := &cobra.Command{
		Use:   "plan --from ENTRY... --to GROUP",
		Short: "Compute what makes a group equal to an audience; changes nothing",
		Long: `plan reads the group's members, compares them with the audience and proposes
additions and removals. Nothing is written until ` + "`rollcall apply`" + ` is told to.
An ENTRY, --within and --exclude are as for ` + "`rollcall preview`" + `.

The mode says what happens to members that the audience does not hold: mirror
and remove take them out, add leaves them. remove adds nobody: it keeps of the
members those of the audience, and does not take the audience out of the group.
To take somebody out, exclude them from the members, as the last example does.
Owners of the group, protected users, nested groups, contacts and devices are
left alone and listed.

A distribution list or mail-enabled security group, which Exchange alone can
write, takes --hand-over: the plan is then for ` + "`rollcall plan export`" + `.`,
		Example: `  rollcall plan --from segment:Sales --to sg-sales
  rollcall plan --from sales@contoso.com --exclude file:leavers.csv --to sg-sales --mode add --out sales.json
  rollcall plan --from segment:Sales --to sales@contoso.com --hand-over
  rollcall plan --from group:sg-sales --exclude list:Leavers --to sg-sales --mode remove`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && len(from) == 0 {
				return subcommandNeeded(cmd, args)
			}
			from = append(from, args...) // --from ENTRY ENTRY…
			if len(from) == 0 || to == "" {
				return usageError(cmd, errors.New("a plan needs --from ENTRY and --to GROUP"))
			}
			m := writeback.Mode(mode)
			if m != writeback.ModeMirror && m != writeback.ModeAdd && m != writeback.ModeRemove {
				return usageError(cmd, fmt.Errorf("--mode takes mirror, add or remove, not %s", quoted(mode)))
			}
			return a.makePlan(cmd.Context(), request{withinEntries(from, within), exclude, to, m, handOver}, out, rows)
		},
	}
	cmd.Flags().StringArrayVar(&from, "from", nil, "`ENTRY` of the audience; repeat for several")
	cmd.Flags().StringArrayVar(&within, "within", nil, "`ENTRY` to keep the audience within; repeat for several, of which one must hold")
	cmd.Flags().StringArrayVar(&exclude, "exclude", nil, "`ENTRY` to leave out; repeat for several")
	cmd.Flags().StringVar(&to, "to", "", "the group: address, display name or object id")
	cmd.Flags().StringVar(&mode, "mode", string(writeback.ModeMirror), "mirror, add or remove")
	cmd.Flags().BoolVar(&handOver, "hand-over", false, "plan for somebody who makes the changes by hand: takes lists that Exchange alone can write, too, whose plans cannot be applied")
	cmd.Flags().StringVar(&out, "out", "", "also write the plan to this file")
	registerRows(cmd, &rows)
	for _, flag := range []string{"from", "within", "exclude"} {
		a.completeFlag(cmd, flag, a.completeEntries)
	}
	cmd.AddCommand(
		a.planShowCommand(),
		&cobra.Command{
			Use: "list", Short: "List the plans of this profile, newest first", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return a.planList(cmd.Context()) },
		},
		a.planExportCommand(),
	)
	return cmd
}

// registerRows adds the flag that lists every row on a terminal, where long
// lists are cut else.
func registerRows(cmd *cobra.Command, rows *bool) {
	cmd.Flags().BoolVar(rows, "rows", false, "list every row on a terminal, too, where only the first ones are shown")
}

func (a *app) planShowCommand() *cobra.Command {
	var rows bool
	cmd := &cobra.Command{
		Use: "show FILE|ID", Short: "Show a plan", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return a.with(ctx, func(w *workspace.Workspace) error {
				plan, err := a.loadPlan(ctx, w, args[0])
				if err != nil {
					return err
				}
				return a.printPlan(plan, planView{rows: a.shownRows(rows), approver: approver(w, plan)})
			})
		},
	}
	registerRows(cmd, &rows)
	return cmd
}

// shownRows is how many rows of each kind are shown: all of them where they go
// to a file or another program.
func (a *app) shownRows(all bool) int {
	if all || !a.env.StdoutTerminal {
		return 0
	}
	return fewRows
}

// approver says who must approve a plan where that is not anybody who may
// write.
func approver(w *workspace.Workspace, p *writeback.Plan) string {
	if !w.Policy().SecondApprover || p.HandOver {
		return ""
	}
	return "somebody else than " + p.Author + ", as the profile asks"
}

// request is what a plan is asked for with.
type request struct {
	from, exclude []string
	to            string
	mode          writeback.Mode
	handOver      bool
}

func (a *app) makePlan(ctx context.Context, r request, out string, rows bool) error {
	return a.withSession(ctx, func(w *workspace.Workspace) error {
		a.warnAudit(ctx, w)
		// The group is asked first: a refusal need not wait for a sync.
		group, err := w.Group(ctx, r.to)
		if err != nil {
			return err
		}
		if err := w.MayPlan(group, r.handOver); err != nil {
			return err
		}
		if err := a.readyFor(ctx, w, true, r.from, r.exclude); err != nil {
			return err
		}
		make := w.Plan
		if r.handOver {
			make = w.HandOverPlan
		}
		plan, err := make(ctx, r.from, r.exclude, group.ID, r.mode)
		if err != nil {
			return err
		}
		return a.proposed(ctx, w, plan, out, rows)
	})
}

// proposed writes a new plan to a file, where one is named, and shows it.
func (a *app) proposed(ctx context.Context, w *workspace.Workspace, plan *writeback.Plan, out string, rows bool) error {
	if out != "" {
		if err := writePlan(out, plan); err != nil {
			return err
		}
	}
	view := planView{rows: a.shownRows(rows), approver: approver(w, plan)}
	if !a.flags.machine() {
		// The plan is made and kept. What cannot be told now is told when it is
		// approved.
		view.warning, _ = w.WriteWarning(ctx, plan)
	}
	return a.printPlan(plan, view)
}

func writePlan(path string, plan *writeback.Plan) error {
	data, err := plan.Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return &model.Error{Kind: model.KindFailed, Code: "fileUnwritable", Message: fmt.Sprintf("the plan was kept but not written to a file: %v", err), Remedy: "`rollcall apply " + plan.ID + "` works without the file", Err: err}
	}
	return nil
}

// loadPlan reads a plan by file name or by id.
func (a *app) loadPlan(ctx context.Context, w *workspace.Workspace, fileOrID string) (*writeback.Plan, error) {
	if _, err := os.Stat(fileOrID); errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(fileOrID, `/\.`) {
		return w.LoadPlan(ctx, fileOrID)
	}
	file, err := w.OpenFile(fileOrID)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, &model.Error{Kind: model.KindUsage, Code: "fileUnreadable", Message: fmt.Sprintf("the plan cannot be read: %v", err), Err: err}
	}
	return writeback.Decode(data)
}

func (a *app) planList(ctx context.Context) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		heads, err := w.PlanHeads(ctx)
		if err != nil {
			return err
		}
		t := table{columns: []column{{"id", false}, {"created", false}, {"group", false}, {"mode", false}, {"add", true}, {"remove", true}, {"state", false}, {"author", false}}}
		for _, h := range heads {
			t.rows = append(t.rows, []string{h.ID, h.CreatedAt.UTC().Format("2006-01-02 15:04"), h.Group.DisplayName, string(h.Mode), grouped(h.Additions), grouped(h.Removals), planState(h), h.Author})
		}
		o := output{
			table: t,
			person: func(out io.Writer) error {
				if len(heads) == 0 {
					_, err := fmt.Fprintln(out, "no plans yet: rollcall plan --from ENTRY --to GROUP")
					return err
				}
				return t.print(out)
			},
		}
		if a.flags.format == formatJSON || a.flags.format == formatNDJSON {
			if o.object, o.lines, err = wholePlans(ctx, w, heads); err != nil {
				return err
			}
		}
		return a.print(o)
	})
}

// planState is how far a plan has come, in one word.
func planState(h writeback.PlanHead) string {
	switch {
	case h.HandOver:
		return "hand-over"
	case h.State == "":
		return "proposed"
	}
	return string(h.State)
}

// wholePlans are the plans with their rows, as programs read them.
func wholePlans(ctx context.Context, w *workspace.Workspace, heads []writeback.PlanHead) (object any, lines []any, err error) {
	type listed struct {
		*writeback.Plan
		State string `json:"state"`
	}
	list := make([]listed, len(heads))
	lines = make([]any, len(heads))
	for i, h := range heads {
		plan, err := w.LoadPlan(ctx, h.ID)
		if err != nil {
			return nil, nil, err
		}
		list[i] = listed{plan, planState(h)}
		lines[i] = list[i]
	}
	return map[string]any{"plans": list}, lines, nil
}

func (a *app) printPlan(p *writeback.Plan, view planView) error {
	t := table{columns: []column{{"change", false}, {"userPrincipalName", false}, {"id", false}}}
	for _, r := range p.Add {
		t.rows = append(t.rows, []string{"add", r.UserPrincipalName, r.ID})
	}
	for _, r := range p.Remove {
		t.rows = append(t.rows, []string{"remove", r.UserPrincipalName, r.ID})
	}
	return a.print(output{object: p, lines: []any{p}, table: t, person: func(w io.Writer) error { return view.text(w, p) }})
}
