package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/model/workspace"
	"rollcall/ui/text"
)

func (a *app) snapshotCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "snapshot",
		Short: "Approved previews: who was approved, compared with now, exported",
		Long: `A snapshot is what ` + "`rollcall preview ENTRY... --approve --name NAME`" + ` keeps: the
addresses, what they were made of, who approved them and when. It never
changes. A NAME stands for the newest snapshot that has it. snapshot:NAME is an
ENTRY of preview and plan.`,
		RunE: subcommandNeeded,
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the approved previews, newest first", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return a.snapshotList(cmd.Context()) },
		},
		a.snapshotShowCommand(),
		a.snapshotDiffCommand(),
		a.snapshotExportCommand(),
	)
	return cmd
}

// headed is a snapshot as a list of several shows it.
type headed struct {
	workspace.Snapshot
	// In the place of the snapshot's own, of which a list has none.
	Addresses any `json:"addresses,omitempty"`
	Lists     any `json:"lists,omitempty"`
}

func (a *app) snapshotList(ctx context.Context) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		snapshots, err := w.Snapshots(ctx)
		if err != nil {
			return err
		}
		heads := make([]headed, len(snapshots))
		lines := make([]any, len(snapshots))
		t := table{columns: []column{{"id", false}, {"name", false}, {"recipients", true}, {"approved", false}, {"by", false}, {"entries", false}}}
		for i, s := range snapshots {
			heads[i] = headed{Snapshot: s}
			lines[i] = heads[i]
			t.rows = append(t.rows, []string{s.ID, s.Name, strconv.Itoa(s.Count), s.ApprovedAt.UTC().Format(time.RFC3339), s.ApprovedBy, snapshotEntries(&s)})
		}
		return a.print(output{
			object: map[string]any{"snapshots": heads}, lines: lines, table: t,
			person: func(out io.Writer) error {
				if len(snapshots) == 0 {
					_, err := fmt.Fprintln(out, "no snapshots yet: rollcall preview ENTRY... --approve --name NAME")
					return err
				}
				for i, s := range snapshots {
					t.rows[i][2], t.rows[i][3] = grouped(s.Count), stamp(s.ApprovedAt)
				}
				return t.print(out)
			},
		})
	})
}

// snapshotEntries says on one line what a snapshot was made of.
func snapshotEntries(s *workspace.Snapshot) string {
	line := strings.Join(s.Entries, ", ")
	if len(s.Within) > 0 {
		line += " within " + strings.Join(s.Within, " or ")
	}
	if len(s.Exclude) > 0 {
		line += " without " + strings.Join(s.Exclude, ", ")
	}
	return line
}

func (a *app) snapshotShowCommand() *cobra.Command {
	addresses := false
	cmd := &cobra.Command{
		Use: "show ID|NAME", Short: "Show an approved preview", Args: cobra.ExactArgs(1),
		ValidArgsFunction: a.completeSnapshots,
		Example:           "  rollcall snapshot show \"All hands\"\n  rollcall snapshot show \"All hands\" --addresses",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.snapshotShow(cmd.Context(), args[0], addresses)
		},
	}
	cmd.Flags().BoolVar(&addresses, "addresses", false, "print the addresses")
	return cmd
}

func (a *app) snapshotShow(ctx context.Context, idOrName string, addresses bool) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		s, err := w.Snapshot(ctx, idOrName)
		if err != nil {
			return err
		}
		t := table{columns: []column{{"address", false}, {"id", false}}}
		lines := make([]any, len(s.Addresses))
		for i, address := range s.Addresses {
			id := ""
			if i < len(s.ObjectIDs) {
				id = s.ObjectIDs[i]
			}
			t.rows = append(t.rows, []string{address, id})
			lines[i] = struct {
				Address string `json:"address"`
				ID      string `json:"id,omitempty"`
			}{address, id}
		}
		return a.print(output{object: s, lines: lines, table: t, person: func(out io.Writer) error {
			return snapshotText(out, s, addresses)
		}})
	})
}

func snapshotText(out io.Writer, s *workspace.Snapshot, addresses bool) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s: %s\n", text.Clean(snapshotName(s.ID, s.Name)), text.Plural(len(s.Addresses), "unique recipient", "unique recipients"))
	fmt.Fprintf(b, "  approved %s UTC by %s\n", stamp(s.ApprovedAt), text.Clean(s.ApprovedBy))
	fmt.Fprintf(b, "  %s\n", text.Clean(snapshotEntries(s)))
	if c := s.Counts; c != nil {
		fmt.Fprintf(b, "  %s internal, %s external, %s by SMS, %s with a disabled account\n",
			grouped(c.Internal), grouped(c.External), grouped(c.SMS), grouped(c.Disabled))
		fmt.Fprintf(b, "  %s without an address, %s, %s excluded\n",
			text.Plural(c.WithoutAddress, "member", "members"), text.Plural(c.Duplicates, "duplicate", "duplicates"), grouped(c.Excluded))
		if c.Outside > 0 {
			fmt.Fprintf(b, "  %s outside what the audience was kept within\n", text.Plural(c.Outside, "recipient", "recipients"))
		}
	}
	var ages []string
	if len(s.Sources) > 0 {
		labels := make([]string, len(s.Sources))
		for i, source := range s.Sources {
			labels[i] = source.Label()
		}
		line := "lists by " + strings.Join(labels, " and ")
		if !s.AsOf.IsZero() {
			line += ", " + stamp(s.AsOf) + " UTC"
		}
		ages = append(ages, line)
	}
	if !s.SyncedAt.IsZero() {
		ages = append(ages, "directory of "+stamp(s.SyncedAt)+" UTC")
	}
	if len(ages) > 0 {
		fmt.Fprintf(b, "  %s\n", strings.Join(ages, "; "))
	}
	if len(s.Lists) > 0 {
		t := &table{columns: []column{{"list", false}, {"kind", false}, {"depth", true}, {"direct", true}, {"unique", true}}}
		for _, g := range s.Lists {
			t.rows = append(t.rows, []string{g.DisplayName, g.Kind.Label(), strconv.Itoa(g.Depth), grouped(g.Direct), grouped(g.Unique)})
		}
		must(t.print(b))
	}
	if addresses {
		for _, address := range s.Addresses {
			fmt.Fprintln(b, text.Clean(address))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// snapshotName names a snapshot to a person: several may have one name.
func snapshotName(id, name string) string {
	if name == "" {
		return id
	}
	return name + " (" + id + ")"
}

func (a *app) snapshotExportCommand() *cobra.Command {
	var form exportFlags
	cmd := &cobra.Command{
		Use:   "export ID|NAME",
		Short: "Print the addresses of an approved preview for another program",
		Long: `export prints the addresses of an approved preview as they were approved.

  csv     for a spreadsheet: address and object id; no cell is a formula
  json    the same for programs
  lines   one address a line
  blocks  addresses with ";" between them, a line for the To field of each
          message, none longer than --per-message says, and an empty line
          between two`,
		Example: `  rollcall snapshot export "All hands" > all-hands.csv
  rollcall snapshot export "All hands" --as blocks --per-message 400`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeSnapshots,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := form.check(a, cmd, "as"); err != nil {
				return err
			}
			return a.with(cmd.Context(), func(w *workspace.Workspace) error {
				s, err := w.Snapshot(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.export(form.addresses(s.Addresses, s.ObjectIDs))
			})
		},
	}
	form.register(cmd, "as", "csv")
	return cmd
}
