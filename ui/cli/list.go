package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

func (a *app) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Saved lists of users, imported from a file or picked by hand",
		Long: `A list is a saved, static set of users, and of contacts outside the tenant where
it was imported with them: who is in it does not change with the directory, as
the members of a segment do. Names and addresses of users are always today's.
list:NAME is an ENTRY of preview and plan.`,
		RunE: subcommandNeeded,
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the saved lists", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return a.listList(cmd.Context()) },
		},
		&cobra.Command{
			Use: "show NAME", Short: "Show who is in a list", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeLists,
			RunE: func(cmd *cobra.Command, args []string) error { return a.listShow(cmd.Context(), args[0]) },
		},
		a.listSaveCommand(),
		a.listImportCommand(),
		&cobra.Command{
			Use: "export NAME", Short: "Print a list's members as CSV, or in the format that --format names", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeLists,
			Example: "  rollcall list export Board > board.csv",
			RunE: func(cmd *cobra.Command, args []string) error {
				if a.flags.format == formatTable {
					a.flags.format = formatCSV
				}
				return a.listShow(cmd.Context(), args[0])
			},
		},
		&cobra.Command{
			Use: "delete NAME", Short: "Delete a saved list", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeLists,
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.with(cmd.Context(), func(w *workspace.Workspace) error { return w.DeleteList(cmd.Context(), args[0]) })
			},
		},
	)
	return cmd
}

// completeLists completes the name of a list.
func (a *app) completeLists(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.names(cmd, func(ctx context.Context, w *workspace.Workspace) ([]cobra.Completion, error) {
		return listNames(ctx, w, word, "")
	})
}

func (a *app) listSaveCommand() *cobra.Command {
	var (
		choice  selection
		users   []string
		replace bool
	)
	cmd := &cobra.Command{
		Use:   "save NAME [SEARCH]",
		Short: "Save users as a list",
		Long: `save keeps the users that SEARCH, --where or --segment finds now, as
` + "`rollcall users`" + ` does, and those that --user names. The list stays as it was saved,
whatever the rule would find later.`,
		Example: `  rollcall list save Board --user adele@contoso.com --user bert@contoso.com
  rollcall list save "Sales kick-off" department:sales --where 'user.country -eq "Germany"'
  rollcall list save Board --segment Directors --replace`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, search := args[0], args[1:]
			chosen := len(search) > 0 || cmd.Flags().Changed("where") || choice.segment != ""
			if !chosen && len(users) == 0 {
				return usageError(cmd, errors.New("a list needs users: name them with SEARCH, --where, --segment or --user"))
			}
			return a.withSelection(cmd, &choice, func(w *workspace.Workspace) error {
				var ids []string
				if chosen {
					snapshot, set, err := a.find(cmd.Context(), w, &choice, search)
					if err != nil {
						return err
					}
					for _, row := range rowsOf(snapshot, set) {
						ids = append(ids, snapshot.ID(row))
					}
				}
				for _, user := range users {
					id, err := w.FindUser(user)
					if err != nil {
						return err
					}
					ids = append(ids, id)
				}
				return a.listSave(cmd.Context(), w, name, ids, replace)
			})
		},
	}
	choice.register(cmd)
	a.completeFlag(cmd, "segment", a.completeSegments)
	cmd.Flags().StringArrayVar(&users, "user", nil, "a user by address, user principal name or object id; repeat for several")
	cmd.Flags().BoolVar(&replace, "replace", false, "take the place of the list that has the name")
	return cmd
}

func (a *app) listSave(ctx context.Context, w *workspace.Workspace, name string, ids []string, replace bool) error {
	save := w.SaveList
	if replace {
		save = w.ReplaceList
	}
	list, err := save(ctx, name, ids)
	if exists := (*model.Error)(nil); errors.As(err, &exists) && exists.Code == workspace.CodeListExists {
		told := *exists
		told.Remedy = "choose another name, or take its place with --replace"
		return &told
	}
	if err != nil {
		return err
	}
	return a.print(output{
		object: list, lines: []any{list}, table: savedListsTable([]workspace.List{list}),
		person: func(out io.Writer) error {
			_, err := fmt.Fprintf(out, "%s: %s\n", text.Clean(list.Name), text.Plural(list.Count, "member", "members"))
			return err
		},
	})
}

func (a *app) listList(ctx context.Context) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		lists, err := w.Lists(ctx)
		if err != nil {
			return err
		}
		lines := make([]any, len(lists))
		for i, l := range lists {
			lines[i] = l
		}
		t := savedListsTable(lists)
		return a.print(output{
			object: map[string]any{"lists": append([]workspace.List{}, lists...)}, lines: lines, table: t,
			person: func(out io.Writer) error {
				if len(lists) == 0 {
					_, err := fmt.Fprintln(out, "no lists yet: rollcall list import NAME FILE.csv, or rollcall list save NAME --user ADDRESS")
					return err
				}
				return t.print(out)
			},
		})
	})
}

func savedListsTable(lists []workspace.List) table {
	t := table{columns: []column{{"name", false}, {"members", true}, {"changed", false}, {"by", false}, {"file", false}}}
	for _, l := range lists {
		t.rows = append(t.rows, []string{l.Name, strconv.Itoa(l.Count), l.ChangedAt.UTC().Format(time.RFC3339), l.ChangedBy, l.File})
	}
	return t
}

// listMember is a member of a list as programs read it.
type listMember struct {
	ID                string `json:"id"` // "" of a contact outside the tenant
	DisplayName       string `json:"displayName"`
	UserPrincipalName string `json:"userPrincipalName"`
	Mail              string `json:"mail"`
	Departed          bool   `json:"departed"` // has left the directory: the other values are those of the day when the list was saved
	Mobile            string `json:"mobile"`
	Outside           bool   `json:"outside"` // a contact outside the tenant
}

// standing says of a member what a person should know.
func (m *listMember) standing() string {
	switch {
	case m.Departed:
		return "has left the directory"
	case m.Outside:
		return "outside the tenant"
	}
	return ""
}

func (a *app) listShow(ctx context.Context, name string) error {
	return a.withDirectory(ctx, func(w *workspace.Workspace) error {
		list, err := w.ResolveList(ctx, name)
		if err != nil {
			return err
		}
		members := make([]listMember, 0, list.Count)
		outside := 0
		add := func(objects []model.Object, departed bool) {
			for _, o := range objects {
				if o.ID == "" {
					outside++
				}
				members = append(members, listMember{o.ID, o.DisplayName, o.UserPrincipalName, o.Mail, departed, o.MobilePhone, o.ID == ""})
			}
		}
		add(list.Present, false)
		add(list.Departed, true)
		lines := make([]any, len(members))
		t := table{columns: []column{{"id", false}, {"displayName", false}, {"userPrincipalName", false}, {"mail", false}, {"departed", false}, {"mobile", false}, {"outside", false}}}
		person := table{columns: []column{{"name", false}, {"mail", false}, {"", false}}}
		if outside > 0 {
			person.columns = []column{{"name", false}, {"mail", false}, {"mobile", false}, {"", false}}
		}
		for i, m := range members {
			lines[i] = m
			t.rows = append(t.rows, []string{m.ID, m.DisplayName, m.UserPrincipalName, m.Mail, strconv.FormatBool(m.Departed), m.Mobile, strconv.FormatBool(m.Outside)})
			if outside > 0 {
				person.rows = append(person.rows, []string{m.DisplayName, m.Mail, m.Mobile, m.standing()})
			} else {
				person.rows = append(person.rows, []string{m.DisplayName, m.Mail, m.standing()})
			}
		}
		return a.print(output{
			object: struct {
				workspace.List
				Departed int          `json:"departed"`
				Outside  int          `json:"outside"`
				Members  []listMember `json:"members"`
			}{list.List, len(list.Departed), outside, members},
			lines: lines, table: t,
			person: func(out io.Writer) error {
				fmt.Fprintf(out, "%s: %s", text.Clean(list.Name), text.Plural(list.Count, "member", "members"))
				if outside > 0 {
					fmt.Fprintf(out, ", %s outside the tenant", grouped(outside))
				}
				if n := len(list.Departed); n > 0 {
					fmt.Fprintf(out, ", %s left the directory", text.Plural(n, "has", "have"))
				}
				fmt.Fprintln(out)
				if list.File != "" {
					fmt.Fprintf(out, "imported from %s, changed %s\n", text.Clean(list.File), list.ChangedAt.UTC().Format(time.RFC3339))
				}
				return person.print(out)
			},
		})
	})
}
