package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model/audience"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

// now is the argument that stands for the tenant as it is.
const now = "now"

func (a *app) snapshotDiffCommand() *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use:   "diff ID|NAME [ID|NAME|now]",
		Short: "Who joined, left and moved since an approved preview",
		Long: `diff compares an approved preview with a later one, or with now: then its
entries are previewed again. Somebody whose address has changed has moved; an
address that another person has now has changed hands.

When a part cannot be read now, whoever seems to have left may be in it: the
answer says so, and the exit code is 6. Two snapshots are compared without
asking the tenant.`,
		Example: `  rollcall snapshot diff "All hands"
  rollcall snapshot diff 2t6mcwyz 7hq4kd2a --format csv`,
		Args: cobra.RangeArgs(1, 2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeSnapshots(cmd, nil, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			with := now
			if len(args) > 1 {
				with = args[1]
			}
			return a.snapshotDiff(cmd.Context(), args[0], with, all)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, fmt.Sprintf("list everybody, not only the first %d of each kind", maxCompared))
	return cmd
}

func (a *app) snapshotDiff(ctx context.Context, from, to string, all bool) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		then, err := w.Snapshot(ctx, from)
		if err != nil {
			return err
		}
		if !strings.EqualFold(to, now) {
			later, err := w.Snapshot(ctx, to)
			if err != nil {
				return err
			}
			return a.printDifference(workspace.CompareSnapshots(then, later), nil, all)
		}
		if err := a.readyFor(ctx, w, false, then.Included(), then.Exclude); err != nil {
			return err
		}
		watch, over := a.watch()
		comparison, preview, err := w.CompareWithNow(ctx, then.ID, watch)
		over()
		if err != nil {
			return err
		}
		if err := a.printDifference(comparison, preview, all); err != nil {
			return err
		}
		return incompleteError(preview, a.person())
	})
}

// difference is one line of a comparison.
type difference struct {
	Change  string `json:"change"`         // joined, left, moved or changedHands
	Address string `json:"address"`        // of now; of who left, the former one
	From    string `json:"from,omitempty"` // of who moved
	ID      string `json:"id,omitempty"`   // of who moved
}

func differences(c *workspace.Comparison) []difference {
	var list []difference
	for _, address := range c.Joined {
		list = append(list, difference{Change: "joined", Address: address})
	}
	for _, address := range c.Left {
		list = append(list, difference{Change: "left", Address: address})
	}
	for _, m := range c.Moved {
		list = append(list, difference{Change: "moved", Address: m.To, From: m.From, ID: m.ID})
	}
	for _, address := range c.ChangedHands {
		list = append(list, difference{Change: "changedHands", Address: address})
	}
	return list
}

// printDifference prints a comparison; p is the preview of now, nil where two
// snapshots were compared.
func (a *app) printDifference(c *workspace.Comparison, p *audience.Preview, all bool) error {
	object := struct {
		*workspace.Comparison
		Unresolved []audience.Unresolved `json:"unresolved"` // the parts that could not be read now
	}{c, []audience.Unresolved{}}
	if p != nil {
		object.Unresolved = p.Summary().Unresolved
	}
	list := differences(c)
	lines := make([]any, len(list))
	t := table{columns: []column{{"change", false}, {"address", false}, {"from", false}, {"id", false}}}
	for i, d := range list {
		lines[i] = d
		t.rows = append(t.rows, []string{d.Change, d.Address, d.From, d.ID})
	}
	return a.print(output{object: object, lines: lines, table: t, person: func(out io.Writer) error {
		return differenceText(out, c, p, list, all)
	}})
}

func differenceText(out io.Writer, c *workspace.Comparison, p *audience.Preview, list []difference, all bool) error {
	b := &strings.Builder{}
	side := func(s workspace.Side) {
		name := now
		if s.ID != "" {
			name = snapshotName(s.ID, s.Name)
		}
		fmt.Fprintf(b, "%s, %s UTC: %s\n", text.Clean(name), stamp(s.At), text.Plural(s.Unique, "recipient", "recipients"))
	}
	side(c.Then)
	side(c.Now)
	if c.Unchanged() {
		fmt.Fprintf(b, "the same %s\n", text.Plural(c.Same, "recipient", "recipients"))
	} else {
		fmt.Fprintf(b, "%s joined, %s left, %s moved, %s the same", grouped(len(c.Joined)), grouped(len(c.Left)), grouped(len(c.Moved)), grouped(c.Same))
		if n := len(c.ChangedHands); n > 0 {
			fmt.Fprintf(b, ", %s changed hands", text.Plural(n, "address", "addresses"))
		}
		b.WriteString("\n")
	}
	signs := map[string]string{"joined": "+", "left": "-", "moved": "~", "changedHands": "!"}
	shown := make(map[string]int)
	for _, d := range list {
		if shown[d.Change]++; !all && shown[d.Change] > maxCompared {
			continue
		}
		line := text.Clean(d.Address)
		switch d.Change {
		case "moved":
			line = text.Clean(d.From) + " → " + line
		case "changedHands":
			line += "  is somebody else now"
		}
		fmt.Fprintf(b, "  %s %s\n", signs[d.Change], line)
	}
	for _, change := range []string{"joined", "left", "moved", "changedHands"} {
		if n := shown[change] - maxCompared; n > 0 && !all {
			fmt.Fprintf(b, "  %s %s more: --all lists everybody\n", signs[change], grouped(n))
		}
	}
	for _, l := range c.Lists {
		fmt.Fprintf(b, "  %s\n", listChange(l))
	}
	if c.Unlike != "" {
		fmt.Fprintf(b, "not comparable in full: %s\n", c.Unlike)
	}
	if p != nil && !p.Complete() {
		fmt.Fprintf(b, "not comparable in full: whoever seems to have left may be in what could not be read now\n")
		missingText(b, p.Missing)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// listChange says what became of a nested list.
func listChange(l workspace.ListChange) string {
	switch {
	case l.Then == nil:
		return fmt.Sprintf("new list %s: %s direct, %s unique", text.Clean(l.Now.DisplayName), grouped(l.Now.Direct), grouped(l.Now.Unique))
	case l.Now == nil:
		return fmt.Sprintf("list %s is gone: it had %s direct, %s unique", text.Clean(l.Then.DisplayName), grouped(l.Then.Direct), grouped(l.Then.Unique))
	default:
		return fmt.Sprintf("list %s: %s direct, %s unique; then %s and %s", text.Clean(l.Now.DisplayName),
			grouped(l.Now.Direct), grouped(l.Now.Unique), grouped(l.Then.Direct), grouped(l.Then.Unique))
	}
}
