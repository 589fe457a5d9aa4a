package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/model/workspace"
	"rollcall/model/writeback"
	"rollcall/ui/text"
)

func (a *app) logCommand() *cobra.Command {
	var (
		since, plan string
		rows        bool
	)
	cmd := &cobra.Command{
		Use:   "log",
		Short: "What was done with this profile, and by whom",
		Long: `log shows what was done, by whom, with the request ids under which the tenant's
own logs know the writes. Each event holds a hash of the one before it: log
follows that chain to its end, and a line that was changed or taken out ends it
with exit code 1.`,
		Example: "  rollcall log --since 24h\n  rollcall log --plan 3f9a0c21b7de --rows\n  rollcall log --since 2026-11-01 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			from, err := parseSince(since, a.env.Now())
			if err != nil {
				return usageError(cmd, err)
			}
			return a.with(ctx, func(w *workspace.Workspace) error {
				// The whole chain is followed, whatever of it is shown. A log that
				// somebody has mended by hand is worse than none: it is shown, and
				// the exit code says so.
				whole, broken := w.CountAudit(ctx)
				events, err := w.Events(ctx, from)
				if err != nil {
					return err
				}
				if plan != "" {
					events = slices.DeleteFunc(events, func(e workspace.Event) bool { return e.PlanID != plan })
				}
				none := "nothing yet"
				switch {
				case plan != "":
					none = "nothing that is known of plan " + text.Clean(plan) + "; `rollcall plan list` shows the ids"
				case since != "":
					none = "nothing since " + from.UTC().Format("2006-01-02 15:04 UTC")
				}
				if err := a.printEvents(ctx, w, events, none, rows); err != nil || broken != nil {
					return firstError(err, broken)
				}
				a.note("audit chain whole: %s", text.Plural(whole, "event", "events"))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "a duration (24h), a date or an RFC 3339 `time`")
	cmd.Flags().StringVar(&plan, "plan", "", "only what was done with the plan of this `ID`")
	cmd.Flags().BoolVar(&rows, "rows", false, "list the rows of each event, with their request ids")
	return cmd
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
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

// printEvents prints events, or for a person none where there are none.
func (a *app) printEvents(ctx context.Context, w *workspace.Workspace, events []workspace.Event, none string, rows bool) error {
	columns := []column{{"time", false}, {"by", false}, {"action", false}, {"subject", false}, {"detail", false}, {"requestIds", false}}
	t := table{columns: columns}
	lines := make([]any, len(events))
	for i, e := range events {
		lines[i] = e
		t.rows = append(t.rows, append(eventCells(e), strings.Join(requestIDs(e), " ")))
	}
	return a.print(output{
		object: map[string]any{"events": events},
		lines:  lines,
		table:  t,
		person: func(out io.Writer) error {
			if len(events) == 0 {
				_, err := fmt.Fprintln(out, none)
				return err
			}
			return a.eventText(ctx, w, out, events, rows)
		},
	})
}

func eventCells(e workspace.Event) []string {
	return []string{e.At.UTC().Format(time.RFC3339), e.By, e.Action, e.Subject, e.Detail}
}

// fewRequests are the request ids that are shown with the line of an event.
const fewRequests = 2

// requestIDs are those of an event's rows, each once: a request may have
// written many.
func requestIDs(e workspace.Event) []string {
	var ids []string
	known := make(map[string]bool)
	for _, r := range e.Rows {
		if r.RequestID != "" && !known[r.RequestID] {
			known[r.RequestID] = true
			ids = append(ids, r.RequestID)
		}
	}
	return ids
}

// eventText writes the log for a person: a line for each event, and below it,
// where they are asked for, its rows.
func (a *app) eventText(ctx context.Context, w *workspace.Workspace, out io.Writer, events []workspace.Event, rows bool) error {
	b := &strings.Builder{}
	t := table{columns: []column{{"time", false}, {"by", false}, {"action", false}, {"subject", false}, {"detail", false}}}
	below := make([]string, len(events)) // what stands under each line
	plans := make(map[string]map[string]writeback.Ref)
	for i, e := range events {
		cells := eventCells(e)
		ids := requestIDs(e)
		switch {
		case rows:
			below[i] = approvalLine(e.Approval)
			for _, r := range e.Rows {
				below[i] += rowLine(r, a.planRefs(ctx, w, plans, e.PlanID))
			}
		case len(ids) > fewRequests:
			cells[4] += fmt.Sprintf(" (%s requests)", grouped(len(ids)))
		case len(ids) > 0:
			cells[4] += fmt.Sprintf(" (request %s)", strings.Join(ids, ", "))
		}
		t.rows = append(t.rows, cells)
	}
	if err := t.print(b); err != nil {
		return err
	}
	head, body, _ := strings.Cut(b.String(), "\n")
	if _, err := fmt.Fprintln(out, head); err != nil {
		return err
	}
	i := 0
	for line := range strings.Lines(body) {
		if _, err := io.WriteString(out, line+below[i]); err != nil {
			return err
		}
		i++
	}
	return nil
}

// approvalLine says who approved a plan and from where; "" where nobody did.
func approvalLine(a *writeback.Approval) string {
	if a == nil {
		return ""
	}
	line := "  approved by " + text.Clean(a.By)
	if a.From != "" {
		line += " from " + text.Clean(a.From)
	}
	return line + " at " + a.At.UTC().Format(time.RFC3339) + "\n"
}

// rowLine is a row of an event: "  + adele@contoso.com: done (request …)".
func rowLine(r workspace.RowEvent, names map[string]writeback.Ref) string {
	sign, name := "+", r.UserID
	if r.Remove {
		sign = "-"
	}
	if ref, ok := names[r.UserID]; ok {
		name = refName(ref)
	}
	line := fmt.Sprintf("  %s %s: %s", sign, text.Clean(name), r.State)
	if r.Reason != "" {
		line += ", " + text.Clean(r.Reason)
	}
	if r.RequestID != "" {
		line += " (request " + text.Clean(r.RequestID) + ")"
	}
	return line + "\n"
}

// planRefs are the users of a plan's rows by their ids. A plan that cannot be
// read names nobody: the log is shown all the same.
func (a *app) planRefs(ctx context.Context, w *workspace.Workspace, known map[string]map[string]writeback.Ref, planID string) map[string]writeback.Ref {
	refs, ok := known[planID]
	if ok {
		return refs
	}
	refs = make(map[string]writeback.Ref)
	if plan, err := w.LoadPlan(ctx, planID); err == nil {
		for _, r := range slices.Concat(plan.Add, plan.Remove) {
			refs[r.ID] = r
		}
	}
	known[planID] = refs
	return refs
}
