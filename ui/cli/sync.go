package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

func (a *app) syncCommand() *cobra.Command {
	var request refresh.Request
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Bring the local copy of the directory up to date once",
		Long: `sync reads what changed since the last time, or everything when there was no
last time. It is made for cron and systemd timers: interrupted, it goes on
where it stopped.`,
		Example: "  rollcall sync\n  rollcall sync --full --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := a.withSession(cmd.Context(), func(w *workspace.Workspace) error {
				result, err := a.sync(cmd.Context(), w, request)
				if err != nil {
					return err
				}
				if err := a.printSync(result, w.Traffic()); err != nil {
					return err
				}
				if n := result.Missing(); n > 0 {
					return &model.Error{
						Kind: model.KindPartial, Code: "incomplete",
						Message: fmt.Sprintf("incomplete: the service counts %s users, %s more than it listed", grouped(result.Expected), grouped(n)),
						Remedy:  "its count may lag behind: sync again in some minutes, with --full if the difference stays",
					}
				}
				return nil
			})
			if locked := (*model.Error)(nil); errors.As(err, &locked) && locked.Code == workspace.CodeLockedBySyncing {
				a.note("nothing to do: %s, and it syncs by itself", locked.Message)
				return nil
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&request.Full, "full", false, "read everything again")
	cmd.Flags().IntVar(&request.AllowRemovals, "allow-removals", 0, "accept that a full read removes up to this many users")
	return cmd
}

func (a *app) printSync(r refresh.Result, t workspace.Traffic) error {
	object := struct {
		Mode      refresh.Mode `json:"mode"`
		Users     int          `json:"users"`
		Added     int          `json:"added"`
		Updated   int          `json:"updated"`
		Removed   int          `json:"removed"`
		Requests  int          `json:"requests"`
		Throttled int          `json:"throttled"`
		Retried   int          `json:"retried"`
		ElapsedMs int64        `json:"elapsedMs"`
		Notes     []string     `json:"notes,omitempty"`
	}{r.Mode, r.Users, r.Added, r.Updated, r.Removed, t.Requests, t.Throttled, t.Retried, r.Elapsed.Milliseconds(), r.Notes}
	return a.print(output{
		object: object,
		lines:  []any{object},
		table: table{
			columns: []column{{"mode", false}, {"users", true}, {"added", true}, {"updated", true}, {"removed", true}, {"requests", true}},
			rows:    [][]string{{string(r.Mode), fmt.Sprint(r.Users), fmt.Sprint(r.Added), fmt.Sprint(r.Updated), fmt.Sprint(r.Removed), fmt.Sprint(t.Requests)}},
		},
		person: func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s users (%s: %s added, %s updated, %s removed) in %s with %s requests\n",
				grouped(r.Users), r.Mode, grouped(r.Added), grouped(r.Updated), grouped(r.Removed), r.Elapsed.Round(time.Millisecond), grouped(t.Requests))
			for _, note := range r.Notes {
				fmt.Fprintln(w, "note: "+text.Clean(note))
			}
			return err
		},
	})
}
