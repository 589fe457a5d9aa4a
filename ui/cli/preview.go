package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

// maxPaths bounds how many ways to one recipient are printed.
const maxPaths = 100

// previewFlags are what a preview shows beside its numbers.
type previewFlags struct {
	tree, addresses, approve bool
	why, name                string
}

func (a *app) previewCommand() *cobra.Command {
	var (
		within, exclude []string
		show            previewFlags
	)
	cmd := &cobra.Command{
		Use:   "preview ENTRY...",
		Short: "Count who would really receive a message",
		Long: `preview expands lists down to their unique recipients. An ENTRY is an address
of the tenant, group:NAME, segment:NAME, list:NAME, snapshot:NAME,
file:PATH.csv or rule:RULE. Entries add up. --within keeps of them who is in
its entry too, or in one of its entries if there are several; --exclude takes
away who is in its entry.

When a part cannot be read the answer says "incomplete", what is missing and
why, and the exit code is 6.`,
		Example: `  rollcall preview all-staff@contoso.com --tree
  rollcall preview sales@contoso.com segment:Partners --exclude leadership@contoso.com
  rollcall preview all-staff@contoso.com --within 'segment:Sales DE'
  rollcall preview all-staff@contoso.com --why adele.vance@contoso.com`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if show.name != "" && !show.approve {
				return usageError(cmd, fmt.Errorf("--name names an approved snapshot; use it with --approve"))
			}
			return a.preview(cmd.Context(), withinEntries(args, within), exclude, show)
		},
	}
	cmd.Flags().StringArrayVar(&within, "within", nil, "entry to keep the audience within; repeat for several, of which one must hold")
	cmd.Flags().StringArrayVar(&exclude, "exclude", nil, "entry to leave out; repeat for several")
	cmd.Flags().BoolVar(&show.tree, "tree", false, "show the nested lists as a tree")
	cmd.Flags().StringVar(&show.why, "why", "", "show every way by which this address is reached")
	cmd.Flags().BoolVar(&show.addresses, "addresses", false, "print the addresses")
	cmd.Flags().BoolVar(&show.approve, "approve", false, "keep the recipients as an approved snapshot")
	cmd.Flags().StringVar(&show.name, "name", "", "name of the approved snapshot")
	return cmd
}

// withinEntries adds the entries that everybody must be in, as audience entries
// say that: with a leading "&".
func withinEntries(entries, within []string) []string {
	all := slices.Clone(entries)
	for _, entry := range within {
		all = append(all, "&"+entry)
	}
	return all
}

func (a *app) preview(ctx context.Context, include, exclude []string, show previewFlags) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		asks, err := anyAsksTenant(ctx, w, include, exclude)
		if err != nil {
			return err
		}
		if asks || show.approve { // an approval is somebody's
			if err := a.signIn(ctx, w); err != nil {
				return err
			}
		}
		if err := a.syncedFor(ctx, w, include, exclude); err != nil {
			return err
		}
		preview, err := w.Preview(ctx, include, exclude, &workspace.Watch{Progress: a.walkProgress()})
		if err != nil {
			return err
		}
		var snapshot *workspace.Snapshot
		if show.approve && preview.Complete() {
			if snapshot, err = w.ApprovePreview(ctx, preview, show.name); err != nil {
				return err
			}
			defer a.note("approved and kept as snapshot %s", snapshot.ID)
		}
		if show.why != "" {
			err = a.printWhy(preview, show.why)
		} else {
			err = a.printPreview(preview, snapshot, show)
		}
		if err != nil {
			return err
		}
		return incompleteError(preview)
	})
}

// anyAsksTenant reports whether the tenant must be asked for one of the entries:
// for the entry itself, or for the members of a group that a rule names.
func anyAsksTenant(ctx context.Context, w *workspace.Workspace, lists ...[]string) (bool, error) {
	asks := false
	for _, list := range lists {
		for _, text := range list {
			entry, err := audience.ParseEntry(text)
			if err != nil {
				return false, err
			}
			source := ""
			switch entry.Kind {
			case audience.EntrySegment:
				segment, err := w.Segment(ctx, entry.Text)
				if err != nil {
					return false, err
				}
				source = segment.Rule
			case audience.EntryRule:
				source = entry.Text
			}
			asks = asks || entry.Remote() || asksTenant(source)
		}
	}
	return asks, nil
}

// syncedFor reads the directory first where an entry is answered from it.
func (a *app) syncedFor(ctx context.Context, w *workspace.Workspace, lists ...[]string) error {
	for _, list := range lists {
		for _, entry := range list {
			parsed, err := audience.ParseEntry(entry)
			if err != nil {
				return err
			}
			if parsed.Kind != audience.EntryAddress && parsed.Kind != audience.EntryGroup {
				return a.synced(ctx, w)
			}
		}
	}
	return nil
}

// walkProgress shows how far a walk is.
func (a *app) walkProgress() func(read, known int) {
	return func(read, known int) {
		a.status(fmt.Sprintf("%s of %s lists read", grouped(read), grouped(known)))
	}
}

// incompleteError says that parts are missing: what they are stands in the
// output already.
func incompleteError(p *audience.Preview) error {
	if p.Complete() {
		return nil
	}
	first := p.Missing[0]
	e := &model.Error{
		Kind: model.KindPartial, Code: "incomplete",
		Message: "incomplete: " + first.String(),
		Remedy:  first.Reason.Remedy,
	}
	if n := len(p.Missing) - 1; n > 0 {
		e.Message += fmt.Sprintf(" (and %d more)", n)
	}
	return e
}

// printPreview prints a preview; snapshot is what was kept of it, nil where it
// was not approved.
func (a *app) printPreview(p *audience.Preview, snapshot *workspace.Snapshot, show previewFlags) error {
	object := struct {
		audience.Summary
		Snapshot string `json:"snapshot,omitempty"`
	}{Summary: p.Summary()}
	if snapshot != nil {
		object.Snapshot = snapshot.ID
	}
	t := table{columns: []column{{"address", false}, {"displayName", false}, {"external", false}, {"disabled", false}, {"sms", false}}}
	var lines []any
	for _, r := range p.Recipients {
		t.rows = append(t.rows, []string{r.Address, r.Object.DisplayName, fmt.Sprint(r.External), fmt.Sprint(r.Disabled), fmt.Sprint(r.SMS)})
		lines = append(lines, struct {
			Address     string `json:"address"`
			ID          string `json:"id,omitempty"`
			DisplayName string `json:"displayName"`
			External    bool   `json:"external"`
			Disabled    bool   `json:"disabled"`
			SMS         bool   `json:"sms"`
		}{r.Address, r.Object.ID, r.Object.DisplayName, r.External, r.Disabled, r.SMS})
	}
	return a.print(output{object: object, lines: lines, table: t, person: func(w io.Writer) error {
		return previewText(w, p, show)
	}})
}

// previewText writes a preview for a person: the number, its parts, the lists,
// what is missing.
func previewText(w io.Writer, p *audience.Preview, show previewFlags) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s%s\n", text.Plural(p.Counts.Unique, "unique recipient", "unique recipients"), bounds(p.Missing))
	fmt.Fprintf(b, "  %s internal, %s external, %s by SMS, %s with a disabled account\n",
		grouped(p.Counts.Internal), grouped(p.Counts.External), grouped(p.Counts.SMS), grouped(p.Counts.Disabled))
	fmt.Fprintf(b, "  %s without an address, %s, %s excluded\n",
		text.Plural(len(p.WithoutAddress), "member", "members"), text.Plural(p.Expansion.Duplicates, "duplicate", "duplicates"), grouped(len(p.Excluded)))
	if n := len(p.Outside); n > 0 {
		fmt.Fprintf(b, "  %s outside what the audience is kept within\n", text.Plural(n, "recipient", "recipients"))
	}
	if n := len(p.NonRecipients); n > 0 {
		fmt.Fprintf(b, "  %s nothing: devices and service principals\n", text.Plural(n, "member receives", "members receive"))
	}
	if show.tree {
		shown := make(map[*expansion.Node]bool)
		for _, n := range p.Expansion.Nodes {
			if n.Depth == 0 {
				treeText(b, n, 0, shown)
			}
		}
	} else if len(p.Expansion.Nodes) > 0 {
		listsTable(p.Expansion.Nodes).print(b)
	}
	if show.addresses {
		for _, r := range p.Recipients {
			fmt.Fprintln(b, text.Clean(r.Address))
		}
	}
	for _, m := range p.Missing {
		part := "missing"
		switch {
		case m.Excluded:
			part = "missing exclusion"
		case m.Within:
			part = "missing of what it is kept within"
		}
		fmt.Fprintf(b, "%s: %s\n", part, text.Clean(m.String()))
	}
	for _, n := range p.Notes {
		fmt.Fprintf(b, "note: %s\n", text.Clean(n))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// bounds says of an incomplete count on which side of the truth it lies: what
// an entry did not yield could only add, what an exclusion did not yield could
// only take away.
func bounds(missing []expansion.Missing) string {
	exclusions := 0
	for _, m := range missing {
		if m.Excluded {
			exclusions++
		}
	}
	switch exclusions {
	case 0:
		if len(missing) == 0 {
			return ""
		}
		return " — incomplete: at least this many"
	case len(missing):
		return " — incomplete: at most this many"
	default:
		return " — incomplete: there may be more or fewer"
	}
}

func listsTable(nodes []*expansion.Node) *table {
	t := &table{columns: []column{{"list", false}, {"kind", false}, {"depth", true}, {"direct", true}, {"unique", true}, {"", false}}}
	for _, n := range nodes {
		t.rows = append(t.rows, []string{n.Group.DisplayName, n.Group.Kind.Label(), fmt.Sprint(n.Depth), nodeCount(n, n.Direct), nodeCount(n, n.Unique), nodeMarks(n)})
	}
	return t
}

// nodeCount is a count, or a question mark where it is not known.
func nodeCount(n *expansion.Node, count int) string {
	if n.Hidden {
		return "?"
	}
	return grouped(count)
}

// nodeMarks are the words beside a list that needs attention.
func nodeMarks(n *expansion.Node) string {
	var marks []string
	if n.Cycle {
		marks = append(marks, "cycle")
	}
	if n.Hidden {
		marks = append(marks, "hidden membership")
	}
	if n.Err != nil && !n.Hidden {
		marks = append(marks, "not read to its end")
	}
	if n.Err == nil && !n.Hidden && n.Unique == 0 {
		marks = append(marks, "reaches nobody")
	}
	return strings.Join(marks, ", ")
}

// treeText writes a list and those below it. A list that stands in the tree
// already, above itself or elsewhere, is named and not entered again.
func treeText(b *strings.Builder, n *expansion.Node, depth int, shown map[*expansion.Node]bool) {
	marks := nodeMarks(n)
	again := shown[n]
	if again && len(n.Children) > 0 {
		marks = strings.TrimPrefix(marks+", shown above", ", ")
	}
	fmt.Fprintf(b, "%s%s  %s direct, %s unique", strings.Repeat("  ", depth+1), text.Clean(n.Group.DisplayName), nodeCount(n, n.Direct), nodeCount(n, n.Unique))
	if marks != "" {
		fmt.Fprintf(b, "  [%s]", marks)
	}
	b.WriteString("\n")
	if again {
		return
	}
	shown[n] = true
	for _, child := range n.Children {
		treeText(b, child, depth+1, shown)
	}
}

func (a *app) printWhy(p *audience.Preview, address string) error {
	paths, cut := p.Expansion.Why(address, maxPaths)
	if len(paths) == 0 {
		// What was not read may hold the address.
		if err := incompleteError(p); err != nil {
			return err
		}
		return &model.Error{Kind: model.KindUsage, Code: "notARecipient", Message: quoted(address) + " is not reached by these entries"}
	}
	texts := make([]string, len(paths))
	t := table{columns: []column{{"path", false}}}
	lines := make([]any, len(paths))
	for i, path := range paths {
		texts[i] = path.String()
		t.rows = append(t.rows, []string{texts[i]})
		lines[i] = map[string]string{"path": texts[i]}
	}
	member := paths[0].Member
	excluded, outside := holds(p.Excluded, address, member), holds(p.Outside, address, member)
	return a.print(output{
		object: struct {
			Address  string   `json:"address"`
			Excluded bool     `json:"excluded"` // reached by the paths, and taken away by an exclusion
			Outside  bool     `json:"outside"`  // reached by the paths, and outside what the audience is kept within
			Paths    []string `json:"paths"`
			Cut      bool     `json:"cut"`
		}{address, excluded, outside, texts, cut},
		lines: lines, table: t,
		person: func(w io.Writer) error {
			if outside {
				fmt.Fprintf(w, "%s is reached as below, but is outside what the audience is kept within: it would not receive the message\n", text.Clean(address))
			}
			if excluded {
				fmt.Fprintf(w, "%s is reached as below, but an exclusion takes it away: it would not receive the message\n", text.Clean(address))
			}
			for _, line := range texts {
				fmt.Fprintln(w, text.Clean(line))
			}
			if cut {
				fmt.Fprintf(w, "only the first %d ways are shown\n", maxPaths)
			}
			return nil
		},
	})
}

// holds reports whether the recipient that goes by an address, and that a
// member stands for, is one of those that were taken away.
func holds(taken []expansion.Recipient, address string, member model.Object) bool {
	return slices.ContainsFunc(taken, func(r expansion.Recipient) bool {
		return strings.EqualFold(r.Address, address) || r.Object.ID == address || r.Object.ID != "" && r.Object.ID == member.ID
	})
}
