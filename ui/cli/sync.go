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
where it stopped. A sync that would remove more users than the profile's guard
lets pass changes nothing and exits 3; --allow-removals accepts their number.`,
		Example: "  rollcall sync\n  rollcall sync --full --json\n  rollcall sync --allow-removals 1200",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if request.AllowRemovals < 0 {
				return usageError(cmd, errors.New("a number of removals cannot be negative"))
			}
			err := a.withSession(cmd.Context(), func(w *workspace.Workspace) error {
				result, err := a.sync(cmd.Context(), w, request)
				if err != nil {
					return acceptable(err)
				}
				if err := a.printSync(result, w.Traffic()); err != nil {
					return err
				}
				for _, note := range result.Notes {
					a.note("note: %s", text.Clean(note))
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
	cmd.Flags().IntVar(&request.AllowRemovals, "allow-removals", 0, "accept that the sync removes up to this many users")
	return cmd
}

// acceptable adds to a refusal of the guard what accepts the removals.
func acceptable(err error) error {
	var e *model.Error
	var removals *refresh.RemovalsError
	if !errors.As(err, &e) || !errors.As(err, &removals) {
		return err
	}
	told := *e
	told.Remedy = fmt.Sprintf("look whether users were deleted in the tenant or a permission was lost; where it is right: rollcall sync --allow-removals %d", removals.Removals)
	return &told
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
		Missing   int          `json:"missing,omitempty"` // users that the service counts and did not list
		Refused   []string     `json:"refused,omitempty"` // Graph names of attributes that the tenant does not give
		Notes     []string     `json:"notes,omitempty"`
	}{r.Mode, r.Users, r.Added, r.Updated, r.Removed, t.Requests, t.Throttled, t.Retried, r.Elapsed.Milliseconds(), r.Missing(), r.Refused, r.Notes}
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
			return err
		},
	})
}
