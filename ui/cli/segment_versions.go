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
	"rollcall/model/directory"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

// maxCompared is how many of those who come, and of those who go, a person is
// shown without asking for the whole list.
const maxCompared = 20

// versionNumber reads the number of a version.
func versionNumber(cmd *cobra.Command, s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, usageError(cmd, fmt.Errorf("a version is a number from 1, not %s", quoted(s)))
	}
	return n, nil
}

func (a *app) segmentVersions(ctx context.Context, name string) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		versions, err := w.SegmentVersions(ctx, name)
		if err != nil {
			return err
		}
		lines := make([]any, len(versions))
		for i, v := range versions {
			lines[i] = v
		}
		t := versionsTable(versions)
		return a.print(output{
			object: map[string]any{"name": versions[0].Name, "versions": versions}, lines: lines, table: t,
			person: func(out io.Writer) error {
				for i, v := range versions {
					t.rows[i][1] = stamp(v.ChangedAt)
				}
				return t.print(out)
			},
		})
	})
}

// versionsTable holds versions, the newest first.
func versionsTable(versions []workspace.Segment) table {
	t := table{columns: []column{{"version", true}, {"changed", false}, {"by", false}, {"change", false}, {"users", true}, {"name", false}, {"rule", false}}}
	for i, v := range versions {
		users := ""
		if v.LastCount != nil {
			users = strconv.Itoa(v.LastCount.Users)
		}
		var former *workspace.Segment
		if i+1 < len(versions) {
			former = &versions[i+1]
		}
		t.rows = append(t.rows, []string{
			strconv.Itoa(v.Version), v.ChangedAt.UTC().Format(time.RFC3339), v.ChangedBy, versionChange(former, v), users, v.Name, v.Rule,
		})
	}
	return t
}

// versionChange names what a version changed.
func versionChange(former *workspace.Segment, v workspace.Segment) string {
	switch {
	case v.Deleted:
		return "deleted"
	case former == nil && v.Version > 1:
		return ""
	case former == nil:
		return "made"
	}
	var parts []string
	if former.Deleted {
		parts = append(parts, "brought back")
	}
	if former.Name != v.Name {
		parts = append(parts, "name")
	}
	if former.Rule != v.Rule {
		parts = append(parts, "rule")
	}
	if former.Note != v.Note {
		parts = append(parts, "note")
	}
	return strings.Join(parts, ", ")
}

func (a *app) segmentRestore(ctx context.Context, name string, version int) error {
	return a.segmentBack(ctx, name, func(w *workspace.Workspace) (*workspace.Segment, error) {
		return w.RestoreSegment(ctx, name, version)
	})
}

func (a *app) segmentUndo(ctx context.Context, name string) error {
	return a.segmentBack(ctx, name, func(w *workspace.Workspace) (*workspace.Segment, error) {
		return w.UndoSegment(ctx, name)
	})
}

// segmentBack goes back in the versions of a segment, and prints what it has
// become and whom that gained and lost.
func (a *app) segmentBack(ctx context.Context, name string, change func(*workspace.Workspace) (*workspace.Segment, error)) error {
	return a.withDirectory(ctx, func(w *workspace.Workspace) error {
		versions, err := w.SegmentVersions(ctx, name)
		if err != nil {
			return err
		}
		former := &versions[0]
		segment, err := change(w)
		if err != nil {
			return err
		}
		if segment != nil {
			return a.printSegment(ctx, w, segment, former, false)
		}
		object := map[string]any{"name": former.Name, "deleted": true}
		return a.print(output{
			object: object, lines: []any{object},
			table: table{columns: []column{{"name", false}, {"deleted", false}}, rows: [][]string{{former.Name, "true"}}},
			person: func(out io.Writer) error {
				_, err := fmt.Fprintf(out, "%s: deleted again\n", text.Clean(former.Name))
				return err
			},
		})
	})
}

// comparison is what a comparison of two rules prints.
type comparison struct {
	with         string // the rule to compare the present one with; "" for versions
	gained, lost bool   // only these
}

func (a *app) segmentCompareCommand() *cobra.Command {
	var show comparison
	cmd := &cobra.Command{
		Use:   "compare NAME [FROM [TO]]",
		Short: "Who is gained and lost between two versions, or by another rule",
		Long: `compare evaluates two rules on the users of now, and says whom the second one
gains and loses against the first. FROM and TO are numbers of versions (see
` + "`rollcall segment versions`" + `); without them, the last version whose rule was
another one stands against the present one.`,
		Example: `  rollcall segment compare "Sales DE"
  rollcall segment compare "Sales DE" 1 3 --lost --format csv
  rollcall segment compare "Sales DE" --with 'user.department -startsWith "Sales"'`,
		Args:              cobra.RangeArgs(1, 3),
		ValidArgsFunction: a.completeSegments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if show.gained && show.lost {
				show.gained, show.lost = false, false // both are everything
			}
			var numbers []int
			for _, arg := range args[1:] {
				n, err := versionNumber(cmd, arg)
				if err != nil {
					return err
				}
				numbers = append(numbers, n)
			}
			if !cmd.Flags().Changed("with") {
				return a.segmentCompare(cmd.Context(), args[0], numbers, nil, show)
			}
			if len(numbers) > 1 {
				return usageError(cmd, errors.New("--with takes the place of TO: give one version at most"))
			}
			rule, err := a.ruleText(cmd.Context(), show.with)
			if err != nil {
				return err
			}
			return a.segmentCompare(cmd.Context(), args[0], numbers, &rule, show)
		},
	}
	cmd.Flags().StringVar(&show.with, "with", "", "compare with this rule instead of a version")
	cmd.Flags().BoolVar(&show.gained, "gained", false, "list only whom the second gains")
	cmd.Flags().BoolVar(&show.lost, "lost", false, "list only whom the second loses")
	return cmd
}

// comparedRule is one side of a comparison.
type comparedRule struct {
	Version int    `json:"version,omitempty"` // 0 of a rule that is not saved
	Rule    string `json:"rule"`
}

func (r comparedRule) String() string {
	if r.Version == 0 {
		return "the other rule"
	}
	return fmt.Sprintf("version %d", r.Version)
}

func (a *app) segmentCompare(ctx context.Context, name string, numbers []int, with *string, show comparison) error {
	return a.withRule(ctx, with, func(w *workspace.Workspace) error {
		versions, err := w.SegmentVersions(ctx, name)
		if err != nil {
			return err
		}
		from, to, err := comparedRules(versions, numbers, with)
		if err != nil {
			return err
		}
		change, err := a.compareRules(ctx, w, from.Rule, to.Rule)
		if err != nil {
			return err
		}
		return a.printComparison(versions[0].Name, from, to, change, show)
	})
}

// comparedRules finds the two rules of a comparison among the versions of a
// segment, the newest first. Against a rule that is given, the present version
// stands where none is named.
func comparedRules(versions []workspace.Segment, numbers []int, with *string) (from, to comparedRule, err error) {
	version := func(n int) (comparedRule, error) {
		i := slices.IndexFunc(versions, func(s workspace.Segment) bool { return s.Version == n })
		if i < 0 {
			return comparedRule{}, &model.Error{
				Kind: model.KindUsage, Code: "versionNotFound",
				Message: fmt.Sprintf("segment %s has no version %d", quoted(versions[0].Name), n),
				Remedy:  fmt.Sprintf("`rollcall segment versions %s` shows them", quoted(versions[0].Name)),
			}
		}
		return comparedRule{n, versions[i].Rule}, nil
	}
	newest := comparedRule{versions[0].Version, versions[0].Rule}
	to = newest
	if with != nil {
		from, to = newest, comparedRule{Rule: *with}
	}
	if len(numbers) > 1 {
		if to, err = version(numbers[1]); err != nil {
			return from, to, err
		}
	}
	if len(numbers) > 0 {
		from, err = version(numbers[0])
		return from, to, err
	}
	if with != nil {
		return from, to, nil
	}
	i := slices.IndexFunc(versions, func(s workspace.Segment) bool { return s.Rule != newest.Rule })
	if i < 0 {
		return from, to, &model.Error{
			Kind: model.KindUsage, Code: "nothingToCompare",
			Message: fmt.Sprintf("segment %s has had one rule only", quoted(versions[0].Name)),
			Remedy:  "compare it with another one: --with RULE",
		}
	}
	return comparedRule{versions[i].Version, versions[i].Rule}, to, nil
}

// compareRules is Workspace.CompareRules, signed in where that asks the tenant.
func (a *app) compareRules(ctx context.Context, w *workspace.Workspace, before, after string) (*workspace.RuleChange, error) {
	for _, text := range []string{before, after} {
		if err := a.signInFor(ctx, w, text); err != nil {
			return nil, err
		}
	}
	return w.CompareRules(ctx, before, after)
}

// comparedUser is a user who comes or goes, as programs read it.
type comparedUser struct {
	ID                string `json:"id"`
	DisplayName       string `json:"displayName"`
	UserPrincipalName string `json:"userPrincipalName"`
	Mail              string `json:"mail"`
}

// comparedUsers are the users of a set, by display name.
func comparedUsers(s *directory.Snapshot, set *directory.Set) []comparedUser {
	rows := s.Rows(set)
	users := make([]comparedUser, len(rows))
	for i, row := range rows {
		users[i] = comparedUser{s.ID(row), s.Value(row, model.AttrDisplayName), s.Value(row, model.AttrUserPrincipalName), s.Value(row, model.AttrMail)}
	}
	return users
}

func (a *app) printComparison(name string, from, to comparedRule, change *workspace.RuleChange, show comparison) error {
	object := struct {
		Name   string          `json:"name"`
		From   comparedRule    `json:"from"`
		To     comparedRule    `json:"to"`
		Before int             `json:"before"`
		After  int             `json:"after"`
		Gained *[]comparedUser `json:"gained,omitempty"`
		Lost   *[]comparedUser `json:"lost,omitempty"`
	}{Name: name, From: from, To: to, Before: change.Before.Count(), After: change.After.Count()}
	t := table{columns: []column{{"change", false}, {"displayName", false}, {"userPrincipalName", false}, {"mail", false}, {"id", false}}}
	var lines []any
	side := func(word string, set *directory.Set) *[]comparedUser {
		users := comparedUsers(change.Snapshot, set)
		for _, u := range users {
			t.rows = append(t.rows, []string{word, u.DisplayName, u.UserPrincipalName, u.Mail, u.ID})
			lines = append(lines, struct {
				Change string `json:"change"`
				comparedUser
			}{word, u})
		}
		return &users
	}
	if !show.lost {
		object.Gained = side("gained", change.Gained)
	}
	if !show.gained {
		object.Lost = side("lost", change.Lost)
	}
	return a.print(output{
		object: object, lines: lines, table: t,
		person: func(out io.Writer) error {
			if show.gained || show.lost {
				for _, row := range t.rows {
					fmt.Fprintf(out, "%s  %s\n", text.Clean(row[2]), text.Clean(row[1]))
				}
				return nil
			}
			fmt.Fprintf(out, "%s: %s, then %s by %s: %s gained, %s lost\n", text.Clean(name),
				text.Plural(object.Before, "user", "users"), grouped(object.After), to, grouped(len(*object.Gained)), grouped(len(*object.Lost)))
			gained := len(*object.Gained)
			for _, part := range []struct {
				sign string
				rows [][]string
				flag string
			}{{"+", t.rows[:gained], "--gained"}, {"-", t.rows[gained:], "--lost"}} {
				for i, row := range part.rows {
					if i == maxCompared {
						fmt.Fprintf(out, "  %s %s more: %s lists all\n", part.sign, grouped(len(part.rows)-maxCompared), part.flag)
						break
					}
					fmt.Fprintf(out, "  %s %s  %s\n", part.sign, text.Clean(row[1]), text.Clean(row[2]))
				}
			}
			return nil
		},
	})
}
