package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/roster"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

// importFlags are what `list import` takes beside the name and the file.
type importFlags struct {
	columns             []string
	delimiter, encoding string
	header, noHeader    bool
	outside             bool
	dryRun, yes, all    bool
	allowRemovals       int
}

func (a *app) listImportCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import NAME FILE.csv",
		Short: "Save the users whom a CSV file names as a list, or bring the list up to date",
		Long: `import reads a CSV file as an HR system exports it, finds the user whom each row
names, and saves them as a list. FILE "-" is the input.

Encoding (UTF-8, UTF-16, Windows-1252), delimiter (comma, semicolon, tab, pipe),
headings and columns are recognised and shown; --column, --delimiter, --encoding,
--header and --no-header overrule what was recognised. A row is matched by object
id, user principal name, mail, proxy address or employee id; where several of
them name different users it is ambiguous and left out.

A file that cannot be read to its end changes nothing. Rows that name nobody or
are ambiguous are listed with their lines, the others are imported, and the exit
code is 6. With --outside, rows with an address of a foreign domain are kept as
contacts outside the tenant.

A new list is saved at once. Of a list that is there the changes are shown first,
and written with --yes or when "yes" is typed. Nothing at all is written where
nothing changed, so that the same command may run from a scheduler. An import
that would remove more than 10 members that are more than 20 percent of the list
is stopped: the file may have been cut off. --allow-removals N allows it.`,
		Example: `  rollcall list import Staff staff.csv
  rollcall list import Staff staff.csv --column address=Email --column employeeId=PersNr
  rollcall list import Partners partners.csv --outside --dry-run
  0 3 * * *  rollcall sync && rollcall list import Staff /srv/hr/staff.csv --yes     (crontab)
  ExecStart=/usr/bin/rollcall list import Staff /srv/hr/staff.csv --yes              (systemd)`,
		Args: cobra.ExactArgs(2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return []cobra.Completion{"csv", "txt"}, cobra.ShellCompDirectiveFilterFileExt
			}
			return a.completeLists(cmd, args, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options()
			if err != nil {
				return usageError(cmd, err)
			}
			return a.withDirectory(cmd.Context(), func(w *workspace.Workspace) error {
				return a.listImport(cmd.Context(), w, args[0], args[1], o, &f)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.columns, "column", nil, "COLUMN=HEADING or COLUMN=NUMBER; columns are objectId, userPrincipalName, address, employeeId, mobile, name, givenName, familyName; COLUMN= has none; repeat for several")
	flags.StringVar(&f.delimiter, "delimiter", "auto", "comma, semicolon, tab, pipe or auto")
	flags.StringVar(&f.encoding, "encoding", "auto", "utf-8, utf-16, utf-16le, utf-16be, windows-1252 or auto")
	flags.BoolVar(&f.header, "header", false, "the file begins with headings, whatever they look like")
	flags.BoolVar(&f.noHeader, "no-header", false, "the file has no headings")
	a.completeFlag(cmd, "delimiter", cobra.FixedCompletions([]cobra.Completion{"auto", "comma", "semicolon", "tab", "pipe"}, cobra.ShellCompDirectiveNoFileComp))
	a.completeFlag(cmd, "encoding", cobra.FixedCompletions([]cobra.Completion{"auto", "utf-8", "utf-16", "windows-1252"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.MarkFlagsMutuallyExclusive("header", "no-header")
	flags.BoolVar(&f.outside, "outside", false, "keep rows with an address of a foreign domain as contacts outside the tenant")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show what the import would do, with its exit code, and write nothing")
	flags.BoolVar(&f.yes, "yes", false, "change a list that is there without asking")
	flags.IntVar(&f.allowRemovals, "allow-removals", 0, "lift the guard on removals up to this number")
	flags.BoolVar(&f.all, "all", false, "print all rows that are left out and all changes, not the first ones")
	return cmd
}

// options reads the flags that overrule what is recognised.
func (f *importFlags) options() (o roster.Options, err error) {
	if f.allowRemovals < 0 {
		return o, errors.New("a number of members cannot be negative")
	}
	if o.Delimiter, err = roster.ParseDelimiter(f.delimiter); err != nil {
		return o, err
	}
	if o.Encoding, err = roster.ParseEncoding(f.encoding); err != nil {
		return o, err
	}
	switch {
	case f.header:
		o.Header = roster.HeaderYes
	case f.noHeader:
		o.Header = roster.HeaderNo
	}
	o.Outside = f.outside
	o.Columns = make(map[roster.Column]string, len(f.columns))
	for _, pair := range f.columns {
		name, heading, ok := strings.Cut(pair, "=")
		if !ok {
			return o, fmt.Errorf("--column takes COLUMN=HEADING or COLUMN=NUMBER, not %s", quoted(pair))
		}
		column, err := roster.ParseColumn(name)
		if err != nil {
			return o, err
		}
		if _, twice := o.Columns[column]; twice {
			return o, fmt.Errorf("--column names %s twice", column)
		}
		o.Columns[column] = heading
	}
	return o, nil
}

// stdinFile is the argument in whose place a file is read from the input, and
// stdinName what messages call it.
const (
	stdinFile = "-"
	stdinName = "standard input"
)

func (a *app) listImport(ctx context.Context, w *workspace.Workspace, name, path string, o roster.Options, f *importFlags) error {
	var (
		plan *workspace.Import
		err  error
	)
	if path == stdinFile {
		if a.env.StdinTerminal {
			a.note("type the rows, then end them with ctrl-d")
		}
		plan, err = w.PlanImportFrom(ctx, name, interruptible{ctx, a.env.Stdin}, stdinName, o)
	} else {
		plan, err = w.PlanImport(ctx, name, path, o)
	}
	if ctx.Err() != nil {
		return ctx.Err() // whatever the reading made of it
	}
	if err != nil {
		return err
	}
	shown := importOutput{Import: plan, app: a, all: f.all, dryRun: f.dryRun}
	if !a.flags.machine() {
		if err := shown.preview(a.env.Stdout); err != nil {
			return err
		}
	}
	refused := plan.Guard(f.allowRemovals)
	if refused == nil && !f.dryRun && !plan.New() && !plan.Empty() && !f.yes {
		refused = a.askImport(ctx, plan, path == stdinFile)
	}
	if refused == nil && !f.dryRun {
		if _, err := w.ApplyImport(ctx, plan, f.allowRemovals); err != nil {
			return err
		}
		shown.written = !plan.Empty()
	}
	if err := shown.print(); err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	return plan.Partial()
}

// askImport takes an exact yes to the changes of a list that is there.
func (a *app) askImport(ctx context.Context, plan *workspace.Import, inputTaken bool) error {
	denied := &model.Error{Kind: model.KindGuard, Code: "notApproved", Message: "the changes were not approved; nothing was changed"}
	if inputTaken || a.flags.machine() || !a.env.StdinTerminal || !a.env.StderrTerminal {
		denied.Remedy = "there is nobody to ask: read the changes above, then use --yes"
		return denied
	}
	fmt.Fprintf(a.env.Stderr, "Change the list %s? Only \"yes\" approves: ", text.Clean(plan.Name))
	answer, err := a.readLine(ctx)
	if err != nil {
		return err
	}
	if answer != "yes" {
		return denied
	}
	return nil
}

// importOutput is an import as it is printed.
type importOutput struct {
	*workspace.Import
	app     *app
	all     bool
	dryRun  bool
	written bool
}

// print writes what programs read, and to a person what came of it: the rest
// stands there already.
func (o *importOutput) print() error {
	rows := o.rows()
	lines := make([]any, len(rows))
	t := table{columns: []column{{"line", true}, {"result", false}, {"value", false}, {"id", false}, {"firstLine", true}, {"reason", false}}}
	for i, r := range rows {
		lines[i] = r
		t.rows = append(t.rows, r.cells())
	}
	return o.app.print(output{object: o.object(), lines: lines, table: t, person: func(w io.Writer) error {
		_, err := fmt.Fprintln(w, o.outcome())
		return err
	}})
}

func (o *importOutput) outcome() string {
	name, members := text.Clean(o.Name), text.Plural(len(o.Members), "member", "members")
	switch {
	case o.written && o.New():
		return fmt.Sprintf("Saved %s: %s.", name, members)
	case o.written:
		return fmt.Sprintf("Changed %s: %s.", name, members)
	case o.Empty():
		return fmt.Sprintf("Nothing changed: %s has %s already.", name, members)
	case o.dryRun:
		return "Nothing was written: this was a dry run."
	}
	return "Nothing was written."
}
