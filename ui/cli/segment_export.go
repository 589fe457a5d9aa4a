package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model/rule"
	"rollcall/model/workspace"
)

func (a *app) segmentExportCommand() *cobra.Command {
	var as, source string
	cmd := &cobra.Command{
		Use:   "export NAME --as entra|odata|opath",
		Short: "Print a segment's rule in another language",
		Long: `export says what a segment's rule says in another language, or refuses and
names every clause that the language cannot say. It never says nearly the same.

  entra  the membership rule of a dynamic group
  odata  a $filter for /users of Microsoft Graph
  opath  the recipient filter of a dynamic distribution list

With --rule RULE no segment is needed.`,
		Example: `  rollcall segment export "Sales DE" --as entra
  rollcall segment export --rule 'user.department -eq "Sales"' --as odata`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeSegments,
		RunE: func(cmd *cobra.Command, args []string) error {
			dialect := rule.Dialect(strings.ToLower(as))
			if !slices.Contains(rule.Dialects(), dialect) {
				return usageError(cmd, fmt.Errorf("--as takes entra, odata or opath, not %s", quoted(as)))
			}
			if given := cmd.Flags().Changed("rule"); given == (len(args) == 1) {
				return usageError(cmd, errors.New("export takes the NAME of a segment, or --rule RULE"))
			}
			if len(args) == 1 {
				return a.segmentExport(cmd.Context(), args[0], "", dialect)
			}
			text, err := a.ruleText(cmd.Context(), source)
			if err != nil {
				return err
			}
			return a.segmentExport(cmd.Context(), "", text, dialect)
		},
	}
	cmd.Flags().StringVar(&as, "as", string(rule.Entra), "the language: entra, odata or opath")
	cmd.Flags().StringVar(&source, "rule", "", "translate this rule instead of a segment's")
	return cmd
}

// segmentExport prints the rule of a segment, or where name is "" the one that
// is given, in another language.
func (a *app) segmentExport(ctx context.Context, name, source string, dialect rule.Dialect) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		if name != "" {
			segment, err := w.Segment(ctx, name)
			if err != nil {
				return err
			}
			name, source = segment.Name, segment.Rule
		}
		translation, err := w.Translate(source, dialect)
		object := struct {
			Name        string   `json:"name,omitempty"`
			As          string   `json:"as"`
			Rule        string   `json:"rule"` // in the language of as; "" where it cannot be said
			Advanced    bool     `json:"advanced"`
			Diagnostics []remark `json:"diagnostics"`
		}{name, string(dialect), translation.Text, translation.Advanced, remarks(translation.Diagnostics)}
		if err != nil {
			if a.flags.format == formatJSON || a.flags.format == formatNDJSON {
				err = errors.Join(err, a.print(output{object: object, lines: []any{object}}))
			}
			return a.showFaults(source, translation.Diagnostics, err)
		}
		a.noteRemarks(translation.Diagnostics)
		if translation.Advanced {
			a.note("send it with the header ConsistencyLevel: eventual and with $count=true")
		}
		return a.print(output{
			object: object, lines: []any{object},
			table:  table{columns: []column{{"rule", false}}, rows: [][]string{{translation.Text}}},
			person: func(out io.Writer) error { _, err := fmt.Fprintln(out, translation.Text); return err },
		})
	})
}
