package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

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
		Long: `A segment is a name for a rule, in the syntax of Entra's dynamic membership
rules. Who is in it follows the directory. segment:NAME is an ENTRY of preview
and plan. Every change is kept as a version, and can be taken back.

In the place of a RULE, - reads it from the input.`,
		RunE: subcommandNeeded,
	}
	cmd.AddCommand(
		a.segmentListCommand(),
		&cobra.Command{
			Use: "show NAME", Short: "Show a segment's rule, its present count and advice on it", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeSegments,
			RunE: func(cmd *cobra.Command, args []string) error { return a.segmentShow(cmd.Context(), args[0]) },
		},
		a.segmentSaveCommand(),
		&cobra.Command{
			Use: "rename NAME NEW", Short: "Give a segment another name", Args: cobra.ExactArgs(2), ValidArgsFunction: a.completeSegments,
			RunE: func(cmd *cobra.Command, args []string) error { return a.segmentRename(cmd.Context(), args[0], args[1]) },
		},
		&cobra.Command{
			Use: "delete NAME", Short: "Delete a saved segment; undo brings it back", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeSegments,
			RunE: func(cmd *cobra.Command, args []string) error { return a.segmentDelete(cmd.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "undo NAME", Short: "Take back the last change of a segment, or its deletion", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeSegments,
			Long: `undo takes back the last change of a segment: of its rule, its note or its
name, or its deletion. Undoing again takes that back.`,
			RunE: func(cmd *cobra.Command, args []string) error { return a.segmentUndo(cmd.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "versions NAME", Short: "List every version of a segment, newest first", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeSegments,
			RunE: func(cmd *cobra.Command, args []string) error { return a.segmentVersions(cmd.Context(), args[0]) },
		},
		a.segmentCompareCommand(),
		&cobra.Command{
			Use: "restore NAME VERSION", Short: "Make a former version of a segment the present one", Args: cobra.ExactArgs(2), ValidArgsFunction: a.completeSegments,
			RunE: func(cmd *cobra.Command, args []string) error {
				version, err := versionNumber(cmd, args[1])
				if err != nil {
					return err
				}
				return a.segmentRestore(cmd.Context(), args[0], version)
			},
		},
		&cobra.Command{
			Use: "check RULE", Short: "Check a rule and count whom it selects, without saving it", Args: cobra.ExactArgs(1),
			Long: `check reads a rule and says everything that there is to say about it: each
fault with its place, notes on what was read forgivingly, and advice. A rule
with a fault ends with exit code 2. In JSON, start and end count bytes.`,
			Example: "  rollcall segment check 'user.department -eq \"Sales\"'\n  rollcall segment check - < rule.txt",
			RunE:    func(cmd *cobra.Command, args []string) error { return a.segmentCheck(cmd.Context(), args[0]) },
		},
		a.segmentExportCommand(),
	)
	return cmd
}

// segmentObject is a segment with its present count, or the fault that keeps
// its rule from being evaluated.
type segmentObject struct {
	workspace.Segment
	Count       *int         `json:"count"`
	Fault       string       `json:"fault,omitempty"`
	Diagnostics []remark     `json:"diagnostics,omitzero"` // of one segment, not of a list
	Change      *countChange `json:"change,omitempty"`     // where another rule took the place of one
}

// countChange is what another rule changes, in users.
type countChange struct {
	Before int `json:"before"`
	After  int `json:"after"`
	Gained int `json:"gained"`
	Lost   int `json:"lost"`
}

// stamp is a time in a table for a person.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// lastCount says how many users a segment had when it was last counted, where
// that was another number than now.
func lastCount(s workspace.Segment, now *int) string {
	if s.LastCount == nil || now != nil && s.LastCount.Users == *now {
		return ""
	}
	return fmt.Sprintf("%s on %s", grouped(s.LastCount.Users), stamp(s.LastCount.At))
}

func (a *app) segmentListCommand() *cobra.Command {
	deleted := false
	cmd := &cobra.Command{
		Use: "list", Short: "List saved segments with their present counts", Args: cobra.NoArgs,
		Example: "  rollcall segment list\n  rollcall segment list --deleted",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if deleted {
				return a.segmentListDeleted(cmd.Context())
			}
			return a.segmentList(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&deleted, "deleted", false, "list the deleted ones, which `segment undo` brings back")
	return cmd
}

func (a *app) segmentListDeleted(ctx context.Context) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		segments, err := w.DeletedSegments(ctx)
		if err != nil {
			return err
		}
		t := table{columns: []column{{"name", false}, {"id", false}, {"deleted", false}, {"by", false}, {"rule", false}}}
		lines := make([]any, len(segments))
		for i, s := range segments {
			lines[i] = s
			t.rows = append(t.rows, []string{s.Name, s.ID, stamp(s.ChangedAt), s.ChangedBy, s.Rule})
		}
		return a.print(output{
			object: map[string]any{"segments": lines}, lines: lines, table: t,
			person: func(out io.Writer) error {
				if len(segments) == 0 {
					_, err := fmt.Fprintln(out, "no segment was deleted")
					return err
				}
				return t.print(out)
			},
		})
	})
}

func (a *app) segmentList(ctx context.Context) error {
	return a.withDirectory(ctx, func(w *workspace.Workspace) error {
		segments, err := w.Segments(ctx)
		if err != nil {
			return err
		}
		objects := make([]segmentObject, len(segments))
		lines := make([]any, len(segments))
		counts := make(map[workspace.VersionID]int, len(segments))
		for i, s := range segments {
			objects[i] = segmentObject{Segment: s}
			selected, err := a.selectListed(ctx, w, s.Rule)
			var fault *model.Error
			switch {
			case err == nil:
				n := selected.Set.Count()
				objects[i].Count, counts[s.VersionID()] = &n, n
			case errors.As(err, &fault) && fault.Kind != model.KindInterrupted:
				// One rule that cannot be evaluated, of an attribute that is no
				// longer synced or of a group that cannot be read, must not hide the
				// others.
				objects[i].Fault = fault.Message
			default:
				return err
			}
			lines[i] = objects[i]
		}
		err = a.print(output{
			object: map[string]any{"segments": objects},
			lines:  lines,
			table:  segmentsTable(objects),
			person: func(out io.Writer) error {
				if len(segments) == 0 {
					_, err := fmt.Fprintln(out, "no segments yet: rollcall segment save NAME RULE")
					return err
				}
				return segmentsForAPerson(objects).print(out)
			},
		})
		return errors.Join(err, keepCounts(ctx, w, counts))
	})
}

// selectListed is selectRule that asks nobody to sign in: whoever wants a list
// has not asked for the members of a group.
func (a *app) selectListed(ctx context.Context, w *workspace.Workspace, text string) (*workspace.Selection, error) {
	if a.flags.demo { // where nobody is asked
		return a.selectRule(ctx, w, text)
	}
	if asksTenant(text) && w.Session() == nil {
		if _, err := w.Connect(ctx); err != nil {
			return nil, err
		}
	}
	return w.Select(ctx, text)
}

// segmentsTable is for spreadsheets: every fact in its own column.
func segmentsTable(objects []segmentObject) table {
	t := table{columns: []column{
		{"name", false},
		{"users", true},
		{"rule", false},
		{"version", true},
		{"changed", false},
		{"by", false},
		{"lastUsers", true},
		{"lastCounted", false},
		{"note", false},
		{"fault", false},
	}}
	for _, o := range objects {
		users, lastUsers, lastCounted := "", "", ""
		if o.Count != nil {
			users = strconv.Itoa(*o.Count)
		}
		if o.LastCount != nil {
			lastUsers, lastCounted = strconv.Itoa(o.LastCount.Users), o.LastCount.At.UTC().Format(time.RFC3339)
		}
		t.rows = append(t.rows, []string{
			o.Name, users, o.Rule, strconv.Itoa(o.Version), o.ChangedAt.UTC().Format(time.RFC3339), o.ChangedBy,
			lastUsers, lastCounted, o.Note, o.Fault,
		})
	}
	return t
}

// segmentsForAPerson leaves out what is the same as the count of now.
func segmentsForAPerson(objects []segmentObject) *table {
	t := &table{columns: []column{{"name", false}, {"users", true}, {"before", false}, {"changed", false}, {"by", false}, {"rule", false}}}
	counted := false
	for _, o := range objects {
		users, rule := "?", o.Rule
		if o.Count != nil {
			users = grouped(*o.Count)
		}
		if o.Fault != "" {
			rule += "  (" + o.Fault + ")"
		}
		before := lastCount(o.Segment, o.Count)
		counted = counted || before != ""
		t.rows = append(t.rows, []string{o.Name, users, before, stamp(o.ChangedAt), o.ChangedBy, rule})
	}
	if !counted {
		t.columns = slices.Delete(t.columns, 2, 3)
		for i := range t.rows {
			t.rows[i] = slices.Delete(t.rows[i], 2, 3)
		}
	}
	return t
}

// keepCounts keeps what was counted, so that the next look can say what has
// changed. Where the files may only be read, nothing is kept and nothing said:
// nobody has asked for it.
func keepCounts(ctx context.Context, w *workspace.Workspace, counts map[workspace.VersionID]int) error {
	err := w.CountSegments(ctx, counts)
	if e := (*model.Error)(nil); errors.As(err, &e) && (e.Kind == model.KindLocked || e.Code == "permissionDenied") {
		return nil
	}
	return err
}

func (a *app) segmentShow(ctx context.Context, name string) error {
	return a.withDirectory(ctx, func(w *workspace.Workspace) error {
		segment, err := w.Segment(ctx, name)
		if err != nil {
			return err
		}
		return a.printSegment(ctx, w, segment, nil, true)
	})
}

func (a *app) segmentSaveCommand() *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "save NAME RULE", Short: "Save a rule under a name, as the next version of what has it", Args: cobra.ExactArgs(2),
		Example: `  rollcall segment save "Sales DE" 'user.department -eq "Sales" -and user.country -eq "Germany"'
  rollcall segment save "Sales DE" - --note "asked for by marketing" < rule.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			rule, err := a.ruleText(cmd.Context(), args[1])
			if err != nil {
				return err
			}
			var text *string // as it was
			if cmd.Flags().Changed("note") {
				text = &note
			}
			return a.segmentSave(cmd.Context(), args[0], rule, text)
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "what the segment is for; without the flag it stays as it was")
	return cmd
}

func (a *app) segmentSave(ctx context.Context, name, rule string, note *string) error {
	return a.withRule(ctx, &rule, func(w *workspace.Workspace) error {
		former, err := w.Segment(ctx, name)
		if err != nil && model.AsError(err).Kind != model.KindUsage {
			return err
		}
		segment, err := w.SaveSegment(ctx, name, rule, note)
		if err != nil {
			return err
		}
		return a.printSegment(ctx, w, segment, former, false)
	})
}

// changeFrom counts who comes and who goes since a former version: nil where
// there is none of another rule, or where its rule can no longer be evaluated.
func (a *app) changeFrom(ctx context.Context, w *workspace.Workspace, former, segment *workspace.Segment) (*countChange, error) {
	if former == nil || former.Rule == segment.Rule {
		return nil, nil
	}
	change, err := a.compareRules(ctx, w, former.Rule, segment.Rule)
	if e := (*model.Error)(nil); errors.As(err, &e) && e.Kind != model.KindInterrupted {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &countChange{change.Before.Count(), change.After.Count(), change.Gained.Count(), change.Lost.Count()}, nil
}

// printSegment prints a segment with its present count, and, where it has just
// been changed, what that did to the users of the former version. A rule that
// cannot be evaluated is printed too, and the error says why. Every fact of the
// segment is told to a person who asks for all.
func (a *app) printSegment(ctx context.Context, w *workspace.Workspace, segment, former *workspace.Segment, all bool) error {
	object := segmentObject{Segment: *segment, Diagnostics: []remark{}}
	var diagnostics []rule.Diagnostic
	selected, fault := a.selectRule(ctx, w, segment.Rule)
	if fault == nil {
		count := selected.Set.Count()
		object.Count = &count
		var err error
		if diagnostics, err = w.Advise(ctx, selected); err != nil {
			return err
		}
		if object.Change, err = a.changeFrom(ctx, w, former, segment); err != nil {
			return err
		}
	} else {
		var e *model.Error
		if !errors.As(fault, &e) || e.Kind == model.KindInterrupted {
			return fault
		}
		object.Fault = e.Message
		if selected != nil {
			diagnostics = selected.Diagnostics
		}
	}
	object.Diagnostics = remarks(diagnostics)
	err := a.print(output{
		object: object, lines: []any{object},
		table: segmentsTable([]segmentObject{object}),
		person: func(out io.Writer) error {
			return segmentText(out, object, diagnostics, w.Directory().Len(), all)
		},
	})
	if err != nil {
		return err
	}
	if fault != nil {
		return a.showFaults(segment.Rule, diagnostics, fault)
	}
	return keepCounts(ctx, w, map[workspace.VersionID]int{segment.VersionID(): *object.Count})
}

func segmentText(out io.Writer, o segmentObject, diagnostics []rule.Diagnostic, users int, all bool) error {
	b := &strings.Builder{}
	count := "not counted"
	if o.Count != nil {
		count = fmt.Sprintf("%s of %s users", grouped(*o.Count), grouped(users))
	}
	fmt.Fprintf(b, "%s: %s\n", text.Clean(o.Name), count)
	for line := range strings.Lines(o.Rule) {
		fmt.Fprintf(b, "  %s\n", text.Clean(strings.TrimRight(line, "\r\n")))
	}
	if o.Change != nil {
		fmt.Fprintf(b, "  before: %s; %s gained, %s lost\n", text.Plural(o.Change.Before, "user", "users"), grouped(o.Change.Gained), grouped(o.Change.Lost))
	}
	if all {
		if last := lastCount(o.Segment, o.Count); last != "" {
			fmt.Fprintf(b, "  counted before: %s\n", last)
		}
		if o.Note != "" {
			fmt.Fprintf(b, "  note: %s\n", text.Clean(o.Note))
		}
		fmt.Fprintf(b, "  version %d of %s by %s; made %s by %s\n", o.Version, stamp(o.ChangedAt), text.Clean(o.ChangedBy), stamp(o.CreatedAt), text.Clean(o.CreatedBy))
	}
	for _, d := range diagnostics {
		if d.Severity != rule.Error {
			fmt.Fprintf(b, "  %s\n", remarkText(d))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (a *app) segmentRename(ctx context.Context, name, to string) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		segment, err := w.RenameSegment(ctx, name, to)
		if err != nil {
			return err
		}
		return a.print(output{
			object: segment, lines: []any{segment},
			table: versionsTable([]workspace.Segment{*segment}),
			person: func(out io.Writer) error {
				_, err := fmt.Fprintf(out, "the segment is now named %s\n", text.Clean(segment.Name))
				return err
			},
		})
	})
}

func (a *app) segmentDelete(ctx context.Context, name string) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		if err := w.DeleteSegment(ctx, name); err != nil {
			return err
		}
		a.note("`rollcall segment undo %s` brings it back", quoted(name))
		return nil
	})
}

func (a *app) segmentCheck(ctx context.Context, argument string) error {
	source, err := a.ruleText(ctx, argument)
	if err != nil {
		return err
	}
	return a.with(ctx, func(w *workspace.Workspace) error {
		if diagnostics, err := w.CheckRule(source); err != nil {
			return a.refuseCheck(source, diagnostics, err)
		}
		if err := a.synced(ctx, w); err != nil {
			return err
		}
		selected, err := a.selectRule(ctx, w, source)
		if err != nil {
			return err
		}
		diagnostics, err := w.Advise(ctx, selected)
		if err != nil {
			return err
		}
		count := selected.Set.Count()
		object := checked{true, &count, remarks(diagnostics)}
		return a.print(output{
			object: object, lines: []any{object},
			table: table{columns: []column{{"users", true}}, rows: [][]string{{fmt.Sprint(count)}}},
			person: func(out io.Writer) error {
				_, err := fmt.Fprintf(out, "the rule selects %s of %s users\n", grouped(count), grouped(selected.Snapshot.Len()))
				for _, d := range diagnostics {
					fmt.Fprintln(out, "  "+remarkText(d))
				}
				return err
			},
		})
	})
}

// checked is what a check has found.
type checked struct {
	Valid       bool     `json:"valid"`
	Count       *int     `json:"count"` // null where the rule has a fault
	Diagnostics []remark `json:"diagnostics"`
}

// refuseCheck gives programs every fault, and a person too.
func (a *app) refuseCheck(source string, diagnostics []rule.Diagnostic, err error) error {
	if a.flags.format == formatJSON || a.flags.format == formatNDJSON {
		object := checked{Diagnostics: remarks(diagnostics)}
		return errors.Join(err, a.print(output{object: object, lines: []any{object}}))
	}
	return a.showFaults(source, diagnostics, err)
}
