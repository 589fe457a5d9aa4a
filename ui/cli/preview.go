package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

// previewFlags are what a preview shows beside its numbers.
type previewFlags struct {
	tree, overlap, addresses, approve bool
	why, name                         string
	export                            exportFlags
}

func (a *app) previewCommand() *cobra.Command {
	var (
		within, exclude []string
		show            previewFlags
	)
	cmd := &cobra.Command{
		Use:   "preview ENTRY...",
		Short: "Count who would really receive a message",
		Long: `preview expands lists down to their unique recipients. Entries add up. --within
keeps of them who is in its entry too, or in one of its entries if there are
several; --exclude takes away who is in its entry.

` + entryKinds + `

Which lists can be seen through which service: ` + "`rollcall help sources`" + `.
When a part cannot be read the answer says "incomplete", what is missing and
why, and the exit code is 6.`,
		Example: `  rollcall preview all-staff@contoso.com --tree
  rollcall preview "Sales Team" segment:Partners --exclude leadership@contoso.com --overlap
  rollcall preview all-staff@contoso.com --within 'segment:Sales DE'
  rollcall preview all-staff@contoso.com --why adele.vance@contoso.com
  rollcall preview all-staff@contoso.com --export blocks --per-message 400 > to.txt`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeEntries,
		RunE: func(cmd *cobra.Command, args []string) error {
			if show.name != "" && !show.approve {
				return usageError(cmd, fmt.Errorf("--name names an approved snapshot; use it with --approve"))
			}
			if show.export.as == "" {
				if cmd.Flags().Changed("export") {
					return usageError(cmd, errors.New("--export takes csv, json, lines or blocks, and what it was given is empty"))
				}
				if cmd.Flags().Changed("per-message") {
					return usageError(cmd, errors.New("--per-message is the size of a block; use it with --export blocks"))
				}
			} else {
				if show.tree || show.overlap || show.addresses || show.why != "" {
					return usageError(cmd, errors.New("--export prints the recipients and nothing else; leave out --tree, --overlap, --addresses and --why"))
				}
				if err := show.export.check(a, cmd, "export"); err != nil {
					return err
				}
			}
			return a.preview(cmd.Context(), withinEntries(args, within), exclude, show)
		},
	}
	cmd.Flags().StringArrayVar(&within, "within", nil, "`ENTRY` to keep the audience within; repeat for several, of which one must hold")
	cmd.Flags().StringArrayVar(&exclude, "exclude", nil, "`ENTRY` to leave out; repeat for several")
	cmd.Flags().BoolVar(&show.tree, "tree", false, "show the nested lists as a tree, with who answered for each and what is special about it")
	cmd.Flags().BoolVar(&show.overlap, "overlap", false, "show how many recipients every two entries share")
	cmd.Flags().StringVar(&show.why, "why", "", "show every way by which this `ADDRESS` is reached")
	cmd.Flags().BoolVar(&show.addresses, "addresses", false, "print the addresses")
	cmd.Flags().BoolVar(&show.approve, "approve", false, "keep the recipients as an approved snapshot")
	cmd.Flags().StringVar(&show.name, "name", "", "`NAME` of the approved snapshot")
	show.export.register(cmd, "export", "")
	a.completeFlag(cmd, "within", a.completeEntries)
	a.completeFlag(cmd, "exclude", a.completeEntries)
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
		if err := a.readyFor(ctx, w, show.approve, include, exclude); err != nil { // an approval is somebody's
			return err
		}
		watch, over := a.watch()
		preview, err := w.Preview(ctx, include, exclude, watch)
		over()
		if err != nil {
			return err
		}
		var snapshot *workspace.Snapshot
		if show.approve && preview.Complete() {
			if snapshot, err = w.ApprovePreview(ctx, preview, show.name); err != nil {
				return err
			}
			if show.export.as != "" || show.why != "" { // whose output has no place for it
				defer a.note("%s", approvedText(snapshot))
			}
		}
		switch {
		case show.export.as != "":
			a.noteMissing(preview)
			err = a.export(show.export.recipients(preview.Recipients))
		case show.why != "":
			err = a.printWhy(preview, show.why)
		default:
			err = a.printPreview(preview, snapshot, show)
		}
		if err != nil {
			return err
		}
		err = incompleteError(preview, show.export.as == "" && show.why == "" && a.person())
		if e := model.AsError(err); e != nil && show.approve {
			e.Message += "; it was not approved"
		}
		return err
	})
}

// approvedText says what an approval kept.
func approvedText(s *workspace.Snapshot) string {
	if s.Name == "" {
		return "approved and kept as snapshot " + s.ID
	}
	return fmt.Sprintf("approved and kept as snapshot %s (%s)", s.ID, text.Clean(s.Name))
}

// person reports whether somebody reads the output as it is printed.
func (a *app) person() bool { return a.env.StdoutTerminal && !a.flags.machine() }

// readyFor signs in where the tenant must be asked for one of the entries, or
// where a session is wanted in any case, and reads the directory where an entry
// is answered from it. Of the members that Exchange lists the directory alone
// tells who has a mobile number, who is a guest, and whose account is disabled.
func (a *app) readyFor(ctx context.Context, w *workspace.Workspace, session bool, lists ...[]string) error {
	asks, err := anyAsksTenant(ctx, w, lists...)
	if err != nil {
		return err
	}
	if asks || session {
		if err := a.signIn(ctx, w); err != nil {
			return err
		}
	}
	connection, err := a.connection()
	if err != nil {
		return err
	}
	if asks && connection.Exchange != "" {
		return a.synced(ctx, w)
	}
	return a.syncedFor(ctx, w, lists...)
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
			if !parsed.Remote() {
				return a.synced(ctx, w)
			}
		}
	}
	return nil
}

// watch follows a preview on a terminal: a quick estimate, until the exact
// number takes its place, and how far the lists are read. Call over when the
// preview has returned.
func (a *app) watch() (watch *workspace.Watch, over func()) {
	var (
		mu             sync.Mutex // an estimate comes from another goroutine
		estimate, read string
	)
	show := func() {
		switch {
		case estimate == "":
			a.status(read)
		case read == "":
			a.status(estimate)
		default:
			a.status(estimate + "  " + read)
		}
	}
	watch = &workspace.Watch{
		Progress: func(done, known int) {
			mu.Lock()
			defer mu.Unlock()
			read = fmt.Sprintf("%s of %s read", grouped(done), text.Plural(known, "list", "lists"))
			show()
		},
		Estimated: func(e audience.Estimate) {
			mu.Lock()
			defer mu.Unlock()
			estimate = estimateText(e)
			show()
		},
	}
	return watch, func() {
		mu.Lock()
		defer mu.Unlock()
		a.status("")
	}
}

// estimateText is an estimate that an exact number will take the place of, or
// the exact number itself where naming the recipients takes longer.
func estimateText(e audience.Estimate) string {
	if e.Exact != nil {
		return text.Plural(e.Recipients, "unique recipient", "unique recipients") + ", names follow …"
	}
	line := "≈ " + grouped(e.Recipients)
	if e.Unknown > 0 {
		line += " and whoever is in " + text.Plural(e.Unknown, "more list", "more lists")
	}
	return line + " …"
}

// incompleteError says that parts are missing. Told is that a person has just
// read what they are.
func incompleteError(p *audience.Preview, told bool) error {
	if p.Complete() {
		return nil
	}
	if told {
		return &model.Error{
			Kind: model.KindPartial, Code: "incomplete",
			Message: fmt.Sprintf("incomplete: %s missing, as said above", text.Plural(len(p.Missing), "part is", "parts are")),
		}
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

// noteMissing tells a person what is missing from an output that has no place
// for it. The first part stands in the error that ends the command.
func (a *app) noteMissing(p *audience.Preview) {
	for i, m := range p.Missing {
		if i > 0 {
			a.note("missing: %s", text.Clean(m.String()))
		}
	}
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
		if err := previewText(w, p, show); err != nil || snapshot == nil {
			return err
		}
		_, err := fmt.Fprintln(w, approvedText(snapshot))
		return err
	}})
}
