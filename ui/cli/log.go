package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"rollcall/model/workspace"
)

func (a *app) logCommand() *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use:     "log",
		Short:   "What was done with this profile, and by whom",
		Example: "  rollcall log --since 24h\n  rollcall log --since 2026-11-01 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := parseSince(since, a.env.Now())
			if err != nil {
				return usageError(cmd, err)
			}
			return a.with(cmd.Context(), func(w *workspace.Workspace) error {
				events, err := w.Events(cmd.Context(), from)
				if err != nil {
					return err
				}
				if err := a.printEvents(events); err != nil {
					return err
				}
				// A log that somebody has mended by hand is worse than none: it is
				// shown, and the exit code says so.
				return w.VerifyAudit(cmd.Context())
			})
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "a duration (24h), a date or an RFC 3339 time")
	return cmd
}

// parseSince reads a point in time: nothing is the beginning.
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since takes a duration (24h), a date (2026-11-01) or an RFC 3339 time, not %s", quoted(s))
}

func (a *app) printEvents(events []workspace.Event) error {
	t := table{columns: []column{{"time", false}, {"by", false}, {"action", false}, {"subject", false}, {"detail", false}}}
	lines := make([]any, len(events))
	for i, e := range events {
		lines[i] = e
		t.rows = append(t.rows, []string{e.At.UTC().Format(time.RFC3339), e.By, e.Action, e.Subject, e.Detail})
	}
	return a.print(output{
		object: map[string]any{"events": events},
		lines:  lines,
		table:  t,
		person: func(w io.Writer) error {
			if len(events) == 0 {
				_, err := fmt.Fprintln(w, "nothing yet")
				return err
			}
			return t.print(w)
		},
	})
}
