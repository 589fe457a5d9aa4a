package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

// demoApproval is how long the demo shows its device code before it approves
// itself: long enough to be read.
const demoApproval = 1500 * time.Millisecond

// screens opens the screens on the flags' connection.
func (a *app) screens(ctx context.Context) error {
	if !a.env.StdinTerminal || !a.env.StdoutTerminal || a.env.Getenv("TERM") == "dumb" {
		return &model.Error{
			Kind: model.KindUsage, Code: "noTerminal",
			Message: "the screens need a terminal",
			Remedy:  "each pane has a command that does the same: rollcall users, segment, preview, plan, apply",
		}
	}
	connection, err := a.connection()
	if err != nil {
		return err
	}
	connection.Screens = true
	if connection.Demo != nil {
		connection.Demo.Approve, connection.Demo.Write, connection.Demo.Consented = demoApproval, false, ""
	}
	w := a.env.Open(connection)
	return errors.Join(a.env.Screens(ctx, connection, w), w.Close())
}

func (a *app) demoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Open the screens on an embedded tenant; needs no account and no network",
		Long: `demo opens the screens on a tenant that is served inside this process: sign-in,
sync, lists and groups are real requests to it over HTTPS. Nothing leaves this
machine.`,
		Example: "  rollcall demo\n  rollcall demo --users 100000\n  rollcall demo --latency 80ms --fault 429=0.02",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return subcommandNeeded(cmd, args)
			}
			a.flags.demo = true
			return a.screens(cmd.Context())
		},
	}
	a.flags.registerTenant(cmd.Flags(), "")
	cmd.Flags().DurationVar(&a.flags.tenant.Churn, "churn", 0, "let somebody join, leave, move or be renamed this often")
	cmd.AddCommand(a.serveCommand())
	return cmd
}

func (a *app) serveCommand() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the embedded tenant over HTTPS on a loopback address",
		Long: `serve prints one NAME=value line for each environment variable that a client
needs, and serves until it is interrupted. Then it says what the client did:
calls made before a Retry-After had passed, links that were never handed out,
permissions granted and not needed, and requests by route.

--fault takes items separated by commas, with shares of the requests:
  latency=20ms  429  5xx  cut  truncate  expire   of any request
  lag=5s                                          of members: listed as they were then
  unanswered  timeout                             of writes: done, but no answer, or 504
  halfway                                         of batches of writes: some done, no answer
  unreplicated                                    of writes: as if the group were new
  absent400                                       of removals of nobody: 400, not 404
  empty  loop  stale                              of pages of users
  dup  reorder  stranger  gone  lost              of delta rounds
  everybody                                       of Exchange asked for a list that is not there
  501=NAME+NAME  400=NAME+NAME                    properties that are refused

While it serves, it can be changed with curl and no token:
  POST /demo/users/remove?percent=20&hard=true
  POST /demo/users/change?hires=1&leavers=1&moves=1&renames=1&restores=1
  POST /demo/resync?links=1
  POST /demo/lists/recalculate   (the members of dynamic lists, else once a day)
  POST /demo/users/delete?user=NAME&hard=true
  POST /demo/groups/members/add?group=NAME&member=NAME      (or remove)
  POST /demo/groups/owners/add?group=NAME&member=NAME       (or remove)
  POST /demo/groups/change?group=NAME&synced=true           (or &rule=RULE)
  GET  /demo/groups/changes?group=NAME   (who came and left, and by which request)`,
		Example: `  rollcall demo serve --listen 127.0.0.1:8443
  rollcall demo serve --users 1000000 --fault 429=0.02,dup=0.1,501=faxNumber
  curl --cacert "$SSL_CERT_FILE" -X POST "$ROLLCALL_GRAPH_ENDPOINT/demo/users/remove?percent=20"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if share := a.flags.tenant.NullCreated; !(share >= 0 && share <= 1) {
				return usageError(cmd, fmt.Errorf("--null-created takes a share from 0 to 1, not %g", share))
			}
			serve := Serve{Demo: a.flags.tenant, Listen: listen}
			serve.Approve = demoApproval
			report, err := a.env.Serve(cmd.Context(), serve, func(variables []Variable) {
				for _, v := range variables {
					fmt.Fprintf(a.env.Stdout, "%s=%s\n", v.Name, v.Value)
				}
			})
			if report != "" {
				fmt.Fprintln(a.env.Stderr, report)
			}
			// An interrupt is how a server ends, not a failure of it.
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "loopback address and port; port 0 picks a free one")
	a.flags.registerTenant(cmd.Flags(), "")
	cmd.Flags().DurationVar(&a.flags.tenant.Churn, "churn", 0, "let somebody join, leave, move or be renamed this often")
	cmd.Flags().Float64Var(&a.flags.tenant.NullCreated, "null-created", 0, "share of the users of before June 2018 without a createdDateTime")
	cmd.Flags().BoolVar(&a.flags.tenant.NoCompression, "no-compression", false, "answer without gzip, though the client takes it")
	return cmd
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			object := map[string]string{"version": a.env.Version}
			return a.print(output{
				object: object, lines: []any{object},
				table:  table{columns: []column{{"version", false}}, rows: [][]string{{a.env.Version}}},
				person: func(w io.Writer) error { _, err := fmt.Fprintln(w, "rollcall", a.env.Version); return err },
			})
		},
	}
}

func (a *app) signInCommand() *cobra.Command {
	return &cobra.Command{
		Use: "signin", Short: "Sign in by device code and say what was granted", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withSession(cmd.Context(), func(w *workspace.Workspace) error { return a.printSession(w) })
		},
	}
}

func (a *app) printSession(w *workspace.Workspace) error {
	session := w.Session()
	t := table{columns: []column{{"permission", false}, {"granted", false}, {"for", false}}}
	type permission struct {
		Scope   string `json:"scope"`
		Granted bool   `json:"granted"`
		Why     string `json:"why"`
	}
	var permissions []permission
	for _, c := range w.Capabilities() {
		permissions = append(permissions, permission{c.Scope, c.Granted, c.Why})
		granted := "no"
		if c.Granted {
			granted = "yes"
		}
		t.rows = append(t.rows, []string{c.Scope, granted, c.Label})
	}
	object := struct {
		Account     string       `json:"account"`
		AppOnly     bool         `json:"appOnly"`
		TenantID    string       `json:"tenantId"`
		TenantName  string       `json:"tenantName"`
		Permissions []permission `json:"permissions"`
	}{session.Account, session.AppOnly, session.TenantID, session.TenantName, permissions}
	if !a.flags.machine() {
		fmt.Fprintf(a.env.Stdout, "%s in %s (%s)\n", text.Clean(session.Account), text.Clean(session.TenantName), session.TenantID)
	}
	return a.print(output{object: object, lines: []any{object}, table: t})
}
