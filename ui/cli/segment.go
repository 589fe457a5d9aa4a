package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

func (a *app) segmentCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "segment",
		Short: "Saved membership rules",
		RunE:  subcommandNeeded,
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List saved segments with their present counts", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return a.segmentList(cmd.Context()) },
		},
		&cobra.Command{
			Use: "show NAME", Short: "Show a segment's rule and present count", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return a.segmentShow(cmd.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "save NAME RULE", Short: "Save a rule under a name", Args: cobra.ExactArgs(2),
			Example: `  rollcall segment save "Sales DE" 'user.department -eq "Sales" -and user.country -eq "Germany"'`,
			RunE:    func(cmd *cobra.Command, args []string) error { return a.segmentSave(cmd.Context(), args[0], args[1]) },
		},
		&cobra.Command{
			Use: "delete NAME", Short: "Delete a saved segment", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.with(cmd.Context(), func(w *workspace.Workspace) error { return w.DeleteSegment(cmd.Context(), args[0]) })
			},
		},
		&cobra.Command{
			Use: "check RULE", Short: "Check a rule and count whom it selects, without saving it", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return a.segmentCheck(cmd.Context(), args[0]) },
		},
		a.segmentExportCommand(),
	)
	return cmd
}

// segmentObject is a segment with its present count, or the fault that keeps
// its rule from being evaluated.
type segmentObject struct {
	workspace.Segment
	Count *int   `json:"count"`
	Fault string `json:"fault,omitempty"`
}

func (a *app) segmentList(ctx context.Context) error {
	return a.withDirectory(ctx, func(w *workspace.Workspace) error {
		segments, err := w.Segments(ctx)
		if err != nil {
			return err
		}
		t := table{columns: []column{{"name", false}, {"users", true}, {"rule", false}}}
		objects := make([]segmentObject, len(segments))
		lines := make([]any, len(segments))
		for i, s := range segments {
			objects[i] = segmentObject{Segment: s}
			count, err := countRule(ctx, w, s.Rule)
			var fault *model.Error
			switch {
			case err == nil:
				objects[i].Count = &count
				t.rows = append(t.rows, []string{s.Name, grouped(count), s.Rule})
			case errors.As(err, &fault) && fault.Kind == model.KindUsage:
				// One broken rule, of an attribute that is no longer synced say,
				// must not hide the others.
				objects[i].Fault = fault.Message
				t.rows = append(t.rows, []string{s.Name, "?", s.Rule + "  (" + fault.Message + ")"})
			default:
				return err
			}
			lines[i] = objects[i]
		}
		return a.print(output{
			object: map[string]any{"segments": objects},
			lines:  lines,
			table:  t,
			person: func(out io.Writer) error {
				if len(segments) == 0 {
					_, err := fmt.Fprintln(out, "no segments yet: rollcall segment save NAME RULE")
					return err
				}
				return t.print(out)
			},
		})
	})
}

func countRule(ctx context.Context, w *workspace.Workspace, text string) (int, error) {
	selected, err := w.Select(ctx, text)
	if err != nil {
		return 0, err
	}
	return selected.Set.Count(), nil
}

func (a *app) segmentShow(ctx context.Context, name string) error {
	return a.withDirectory(ctx, func(w *workspace.Workspace) error {
		segment, err := w.Segment(ctx, name)
		if err != nil {
			return err
		}
		return a.printSegment(ctx, w, segment)
	})
}

func (a *app) segmentSave(ctx context.Context, name, rule string) error {
	return a.withRule(ctx, &rule, func(w *workspace.Workspace) error {
		segment, err := w.SaveSegment(ctx, name, rule, nil)
		if err != nil {
			return err
		}
		return a.printSegment(ctx, w, segment)
	})
}

func (a *app) printSegment(ctx context.Context, w *workspace.Workspace, segment *workspace.Segment) error {
	selected, err := w.Select(ctx, segment.Rule)
	if err != nil {
		return err
	}
	count := selected.Set.Count()
	object := segmentObject{Segment: *segment, Count: &count}
	return a.print(output{
		object: object, lines: []any{object},
		table: table{
			columns: []column{{"name", false}, {"users", true}, {"rule", false}},
			rows:    [][]string{{segment.Name, fmt.Sprint(count), segment.Rule}},
		},
		person: func(out io.Writer) error {
			_, err := fmt.Fprintf(out, "%s: %s of %s users\n  %s\n", text.Clean(segment.Name), grouped(count), grouped(selected.Snapshot.Len()), text.Clean(segment.Rule))
			for _, d := range selected.Diagnostics {
				fmt.Fprintln(out, "  note: "+text.Clean(d.Message))
			}
			return err
		},
	})
}

func (a *app) segmentCheck(ctx context.Context, rule string) error {
	return a.withRule(ctx, &rule, func(w *workspace.Workspace) error {
		selected, err := w.Select(ctx, rule)
		if err != nil {
			return err
		}
		count := selected.Set.Count()
		object := struct {
			Valid       bool     `json:"valid"`
			Count       int      `json:"count"`
			Diagnostics []string `json:"diagnostics"`
		}{true, count, messages(selected.Diagnostics)}
		return a.print(output{
			object: object, lines: []any{object},
			table: table{columns: []column{{"users", true}}, rows: [][]string{{fmt.Sprint(count)}}},
			person: func(out io.Writer) error {
				_, err := fmt.Fprintf(out, "the rule selects %s of %s users\n", grouped(count), grouped(w.Directory().Len()))
				for _, m := range object.Diagnostics {
					fmt.Fprintln(out, "  note: "+text.Clean(m))
				}
				return err
			},
		})
	})
}

func messages(diagnostics []rule.Diagnostic) []string {
	list := make([]string, len(diagnostics))
	for i, d := range diagnostics {
		list[i] = d.Message
	}
	return list
}

// withRule is withDirectory for a rule that somebody has just written: a fault
// is shown before anything is read. A nil rule is none.
func (a *app) withRule(ctx context.Context, rule *string, run func(*workspace.Workspace) error) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		if rule != nil {
			if diagnostics, err := w.CheckRule(*rule); err != nil {
				return a.showFault(*rule, diagnostics, err)
			}
		}
		if err := a.synced(ctx, w); err != nil {
			return err
		}
		return run(w)
	})
}

// showFault points at the first fault under the rule's text, for a person. The
// error itself is printed by Run.
func (a *app) showFault(source string, diagnostics []rule.Diagnostic, err error) error {
	i := slices.IndexFunc(diagnostics, func(d rule.Diagnostic) bool { return d.Severity == rule.Error })
	if i < 0 || a.flags.machine() || strings.Contains(source, "\n") {
		return err
	}
	// Of a long rule only the end of what stands before the fault is shown, and
	// the beginning of the fault and of what follows.
	const around = 60
	d := diagnostics[i]
	before, fault, after := []rune(text.Clean(source[:d.Start])), []rune(text.Clean(source[d.Start:d.End])), []rune(text.Clean(source[d.End:]))
	if n := len(before) - around; n > 0 {
		before = append([]rune("…"), before[n:]...)
	}
	if len(fault) > around {
		fault, after = append(fault[:around:around], '…'), nil
	}
	if len(after) > around {
		after = append(after[:around:around], '…')
	}
	indent, span := text.Width(string(before)), max(1, text.Width(string(fault)))
	fmt.Fprintf(a.env.Stderr, "  %s%s%s\n  %s%s\n", string(before), string(fault), string(after), strings.Repeat(" ", indent), strings.Repeat("^", span))
	return err
}

func (a *app) segmentExportCommand() *cobra.Command {
	var as string
	cmd := &cobra.Command{
		Use:     "export NAME --as entra",
		Short:   "Print a segment's rule in another language",
		Example: `  rollcall segment export "Sales DE" --as entra`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if as != "entra" {
				return usageError(cmd, fmt.Errorf("--as takes entra, not %s", quoted(as)))
			}
			return a.with(cmd.Context(), func(w *workspace.Workspace) error {
				segment, err := w.Segment(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				translation, err := w.Translate(segment.Rule, rule.Entra)
				if err != nil {
					return err
				}
				object := map[string]string{"name": segment.Name, "as": as, "rule": translation.Text}
				return a.print(output{
					object: object, lines: []any{object},
					table:  table{columns: []column{{"rule", false}}, rows: [][]string{{translation.Text}}},
					person: func(out io.Writer) error { _, err := fmt.Fprintln(out, translation.Text); return err },
				})
			})
		},
	}
	cmd.Flags().StringVar(&as, "as", "entra", "the language: entra (dynamic membership rule)")
	return cmd
}
