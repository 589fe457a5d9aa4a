package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/handover"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
	"rollcall/ui/text"
)

func (a *app) planCommand() *cobra.Command {
	var (
		from, within, exclude []string
		to, mode, out         string
	)
	cmd := &cobra.Command{
		Use:   "plan --from ENTRY... --to GROUP",
		Short: "Compute what makes a group equal to an audience; changes nothing",
		Long: `plan reads the group's members, compares them with the audience and proposes
additions and removals. Nothing is written until ` + "`rollcall apply`" + ` is told to.
An ENTRY, --within and --exclude are as for ` + "`rollcall preview`" + `.

The mode says what happens to members that the audience does not hold: mirror
removes them, add leaves them, remove only removes.`,
		Example: `  rollcall plan --from segment:Sales --to sg-sales
  rollcall plan --from sales@contoso.com --exclude file:leavers.csv --to sg-sales --mode add --out sales.json`,
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
			return a.makePlan(cmd.Context(), withinEntries(from, within), exclude, to, m, out)
		},
	}
	cmd.Flags().StringArrayVar(&from, "from", nil, "`ENTRY` of the audience; repeat for several")
	cmd.Flags().StringArrayVar(&within, "within", nil, "`ENTRY` to keep the audience within; repeat for several, of which one must hold")
	cmd.Flags().StringArrayVar(&exclude, "exclude", nil, "`ENTRY` to leave out; repeat for several")
	cmd.Flags().StringVar(&to, "to", "", "the group: address, display name or object id")
	cmd.Flags().StringVar(&mode, "mode", string(writeback.ModeMirror), "mirror, add or remove")
	cmd.Flags().StringVar(&out, "out", "", "also write the plan to this file")
	for _, flag := range []string{"from", "within", "exclude"} {
		a.completeFlag(cmd, flag, a.completeEntries)
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "show FILE|ID", Short: "Show a plan", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.with(cmd.Context(), func(w *workspace.Workspace) error {
					plan, err := a.loadPlan(cmd.Context(), w, args[0])
					if err != nil {
						return err
					}
					return a.printPlan(plan)
				})
			},
		},
		&cobra.Command{
			Use: "list", Short: "List the plans of this profile, newest first", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return a.planList(cmd.Context()) },
		},
		a.planExportCommand(),
	)
	return cmd
}

func (a *app) makePlan(ctx context.Context, from, exclude []string, to string, mode writeback.Mode, out string) error {
	return a.withSession(ctx, func(w *workspace.Workspace) error {
		// The group is asked first: a refusal need not wait for a sync.
		group, err := w.Group(ctx, to)
		if err != nil {
			return err
		}
		if refusal := group.WriteRefusal(); refusal != nil {
			return refusal
		}
		if err := a.readyFor(ctx, w, true, from, exclude); err != nil {
			return err
		}
		plan, err := w.Plan(ctx, from, exclude, group.ID, mode)
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
		plans, err := w.Plans(ctx)
		if err != nil {
			return err
		}
		t := table{columns: []column{{"id", false}, {"created", false}, {"group", false}, {"mode", false}, {"add", true}, {"remove", true}, {"state", false}}}
		type listed struct {
			writeback.Plan
			State string `json:"state"`
		}
		list := make([]listed, len(plans))
		lines := make([]any, len(plans))
		for i, p := range plans {
			state := "proposed"
			run, err := w.Run(ctx, p.ID)
			if err != nil {
				return err
			}
			if run != nil {
				state = string(run.State)
			}
			list[i] = listed{p, state}
			lines[i] = list[i]
			t.rows = append(t.rows, []string{p.ID, p.CreatedAt.UTC().Format("2006-01-02 15:04"), p.Group.DisplayName, string(p.Mode), grouped(len(p.Add)), grouped(len(p.Remove)), state})
		}
		return a.print(output{
			object: map[string]any{"plans": list}, lines: lines, table: t,
			person: func(out io.Writer) error {
				if len(plans) == 0 {
					_, err := fmt.Fprintln(out, "no plans yet: rollcall plan --from ENTRY --to GROUP")
					return err
				}
				return t.print(out)
			},
		})
	})
}

func (a *app) printPlan(p *writeback.Plan) error {
	t := table{columns: []column{{"change", false}, {"userPrincipalName", false}, {"id", false}}}
	for _, r := range p.Add {
		t.rows = append(t.rows, []string{"add", r.UserPrincipalName, r.ID})
	}
	for _, r := range p.Remove {
		t.rows = append(t.rows, []string{"remove", r.UserPrincipalName, r.ID})
	}
	return a.print(output{object: p, lines: []any{p}, table: t, person: func(w io.Writer) error { return planText(w, p) }})
}

// planText writes a plan for a person: what would change, what would not and
// why, the guards, and the sum.
func planText(w io.Writer, p *writeback.Plan) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "Plan %s: %s %s (%s)\n", p.ID, p.Mode, text.Clean(p.Group.DisplayName), p.Group.Kind.Label())
	var from, within []string
	for _, entry := range p.From {
		if rest, ok := strings.CutPrefix(entry, "&"); ok {
			within = append(within, rest)
		} else {
			from = append(from, entry)
		}
	}
	fmt.Fprintf(b, "  from %s", text.Clean(strings.Join(from, ", ")))
	if len(within) > 0 {
		fmt.Fprintf(b, " within %s", text.Clean(strings.Join(within, " and ")))
	}
	if len(p.Exclude) > 0 {
		fmt.Fprintf(b, " without %s", text.Clean(strings.Join(p.Exclude, ", ")))
	}
	b.WriteString("\n")
	section := func(sign string, refs []writeback.Ref) {
		for _, r := range refs {
			name := r.UserPrincipalName
			if name == "" {
				name = r.ID
			}
			fmt.Fprintf(b, "  %s %s\n", sign, text.Clean(name))
		}
	}
	section("+", p.Add)
	section("-", p.Remove)
	for _, s := range p.Skipped {
		fmt.Fprintf(b, "  · %s: %s\n", text.Clean(s.Entry), text.Clean(s.Reason))
	}
	for _, g := range p.Guards {
		if g.Tripped {
			fmt.Fprintf(b, "  ! %s\n", guardText(g))
		}
	}
	if p.Empty() {
		fmt.Fprintf(b, "No changes: the group already equals the audience (%s members).\n", grouped(p.BaseCount))
	} else {
		fmt.Fprintf(b, "%s to add, %s to remove, %s unchanged, %s skipped: %s members now, %s then.\n",
			grouped(len(p.Add)), grouped(len(p.Remove)), grouped(p.Unchanged), grouped(len(p.Skipped)),
			grouped(p.BaseCount), grouped(p.BaseCount+len(p.Add)-len(p.Remove)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// guardText says what a guard allows and what the plan has.
func guardText(g writeback.GuardResult) string {
	if g.Limit < 0 {
		return fmt.Sprintf("guard %s: %s, no limit", g.Name, grouped(g.Value))
	}
	return fmt.Sprintf("guard %s: %s, limit %s", g.Name, grouped(g.Value), grouped(g.Limit))
}

func (a *app) planExportCommand() *cobra.Command {
	var as, dir string
	cmd := &cobra.Command{
		Use:   "export FILE|ID --as csv|powershell",
		Short: "Write a plan as files for somebody who may write",
		Long: `export writes the plan for somebody who holds the permission that you lack: as
the CSVs that the Entra admin center takes under Members › Bulk operations, or
as a PowerShell script for the Microsoft Graph module.`,
		Example: "  rollcall plan export 3f9a0c21b7de --as csv --out .\n  rollcall plan export sales.json --as powershell > sales.ps1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), func(w *workspace.Workspace) error {
				plan, err := a.loadPlan(cmd.Context(), w, args[0])
				if err != nil {
					return err
				}
				switch as {
				case "csv":
					return a.exportBulk(plan, dir)
				case "powershell":
					_, err := a.env.Stdout.Write(handover.PowerShell(plan))
					return err
				}
				return usageError(cmd, fmt.Errorf("--as takes csv or powershell, not %s", quoted(as)))
			})
		},
	}
	cmd.Flags().StringVar(&as, "as", "csv", "csv or powershell")
	cmd.Flags().StringVar(&dir, "out", ".", "folder for the CSV files")
	return cmd
}

func (a *app) exportBulk(plan *writeback.Plan, dir string) error {
	for _, file := range []struct {
		name string
		data []byte
	}{
		{plan.ID + "-import.csv", handover.BulkMembers(plan.Add)},
		{plan.ID + "-remove.csv", handover.BulkMembers(plan.Remove)},
	} {
		if file.data == nil {
			continue
		}
		path := filepath.Join(dir, file.name)
		if err := os.WriteFile(path, file.data, 0o600); err != nil {
			return &model.Error{Kind: model.KindFailed, Code: "fileUnwritable", Message: fmt.Sprintf("the file cannot be written: %v", err), Err: err}
		}
		fmt.Fprintln(a.env.Stdout, path)
	}
	return nil
}
