package writeback

import (
	"context"
	"fmt"

	"rollcall/model"
)

// verify reads the group back until every row is seen or patience ends, and
// closes the run.
func (r *runner) verify(ctx context.Context) (*Report, error) {
	var members []model.Object
	for attempt := 0; ; attempt++ {
		var err error
		if members, err = r.Groups.DirectMembers(ctx, r.run.Plan.Group.ID); err != nil {
			return r.report(len(members), false), r.stopped(err)
		}
		if r.unseen(members) == 0 || attempt == len(patience) {
			break
		}
		if err := r.Wait(ctx, patience[attempt]); err != nil {
			return r.report(len(members), false), r.stopped(err)
		}
	}
	unseen, err := r.confirm(ctx, members)
	if err != nil {
		return r.report(len(members), false), r.stopped(err)
	}
	report := r.report(len(members), false)
	report.Verified = unseen == 0 && len(report.Failed) == 0
	state := RunPartial
	if report.Verified {
		state = RunVerified
	}
	if err := r.Journal.End(context.WithoutCancel(ctx), r.run.Plan.ID, state, r.Now().UTC()); err != nil {
		return report, r.stopped(err)
	}
	return report, r.shortfall(report, unseen)
}

// unseen counts the rows that the tenant took and the group does not show.
func (r *runner) unseen(members []model.Object) int {
	present, n := idSet(members), 0
	for _, row := range r.run.Rows {
		if row.State != RowFailed && present[row.ID] == row.Remove {
			n++
		}
	}
	return n
}

// confirm writes down what reading back has shown. A row that is seen is done
// even where its answer was lost or said otherwise; one that is not seen is in
// doubt again.
func (r *runner) confirm(ctx context.Context, members []model.Object) (unseen int, err error) {
	present := idSet(members)
	var changed []Row
	for i := range r.run.Rows {
		row := &r.run.Rows[i]
		right := present[row.ID] != row.Remove
		state := row.State
		switch {
		case right && (state == RowSent || state == RowFailed):
			state = RowDone
		case !right && state != RowFailed:
			state = RowSent
			unseen++
		}
		if state != row.State {
			row.State, row.Reason = state, ""
			changed = append(changed, *row)
		}
	}
	if len(changed) == 0 {
		return unseen, nil
	}
	return unseen, r.Journal.SetRows(context.WithoutCancel(ctx), r.run.Plan.ID, r.Now().UTC(), changed)
}

// shortfall is the error of a run that ended short of its plan, nil when it
// reached it.
func (r *runner) shortfall(report *Report, unseen int) error {
	id := r.run.Plan.ID
	switch {
	case len(report.Failed) > 0:
		first := report.Failed[0]
		return &model.Error{
			Kind: model.KindPartial, Code: "rowsFailed",
			Message:   fmt.Sprintf("%d of the %d rows of plan %s failed, first %s: %s", len(report.Failed), len(r.run.Rows), id, first.Ref.name(), first.Err.Message),
			Remedy:    "mend the cause, then " + r.resumeRemedy(),
			RequestID: first.Err.RequestID,
			Err:       first.Err,
		}
	case unseen > 0:
		return &model.Error{
			Kind: model.KindPartial, Code: "notVerified",
			Message: fmt.Sprintf("plan %s is written, and %d of its rows do not show in the group yet", id, unseen),
			Remedy:  "the tenant may still replicate; look again in a while: " + r.resumeRemedy(),
		}
	}
	return nil
}
