package writeback

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"rollcall/model"
)

// verify reads the group back until every row is seen or patience ends, and
// closes the run.
func (r *runner) verify(ctx context.Context) (*Report, error) {
	r.show(PhaseVerifying)
	present, err := r.look(ctx)
	if err == nil {
		present, err = r.await(ctx, present, func(row *Row) bool { return row.State != RowFailed && row.State != RowPlanned })
	}
	if err != nil {
		return r.report(len(present), 0), r.stopped(err)
	}
	if err := r.confirm(context.WithoutCancel(ctx), present); err != nil {
		return r.report(len(present), 0), r.stopped(err)
	}
	r.show(PhaseVerifying)
	report := r.report(len(present), r.missing(present, (*Row).settled))
	report.Verified = report.Unseen+report.Left+len(report.Failed) == 0
	state := RunPartial
	if report.Verified {
		state = RunVerified
	}
	if err := r.Journal.End(context.WithoutCancel(ctx), r.run.Plan.ID, state, r.Now().UTC()); err != nil {
		return report, r.stopped(err)
	}
	return report, r.shortfall(report)
}

// look reads who is in the group.
func (r *runner) look(ctx context.Context) (map[string]bool, error) {
	members, err := r.Groups.DirectMembers(ctx, r.run.Plan.Group.ID)
	return idSet(members), err
}

// await looks at the group again until every row that is expected to be right
// is seen so, or patience ends. It returns the last look.
func (r *runner) await(ctx context.Context, present map[string]bool, expected func(*Row) bool) (map[string]bool, error) {
	for _, pause := range patience {
		unseen := r.missing(present, expected)
		if unseen == 0 {
			break
		}
		r.progress.Unseen, r.progress.Until = unseen, r.Now().Add(pause)
		r.Progress(r.progress)
		if err := r.Wait(ctx, pause); err != nil {
			return present, err
		}
		r.progress.Until = time.Time{}
		r.Progress(r.progress)
		next, err := r.look(ctx)
		if err != nil {
			return present, err
		}
		present = next
	}
	return present, nil
}

// missing counts the rows that are expected to be right and are not.
func (r *runner) missing(present map[string]bool, expected func(*Row) bool) (n int) {
	for i := range r.run.Rows {
		if row := &r.run.Rows[i]; expected(row) && !row.right(present) {
			n++
		}
	}
	return n
}

// confirm writes down what reading back has shown. A row that is seen is done
// even where its answer was lost or said otherwise. One that the tenant took
// and that is not seen stays done: it was written, and whoever goes on with the
// run finds out whether it is late or was taken back.
func (r *runner) confirm(ctx context.Context, present map[string]bool) error {
	return r.change(ctx, func(row *Row) RowState {
		switch {
		case !row.right(present):
			return row.State
		case row.State == RowSent || row.State == RowFailed:
			return RowDone
		case row.State == RowPlanned:
			return RowAlready
		}
		return row.State
	})
}

// shortfall is the error of a run that ended short of its plan, nil when it
// reached it. What is written and not seen is told apart from what is not
// written.
func (r *runner) shortfall(report *Report) error {
	e := &model.Error{Kind: model.KindPartial, Remedy: r.resumeRemedy()}
	var what []string
	say := func(code, format string, args ...any) {
		e.Code = cmp.Or(e.Code, code)
		what = append(what, fmt.Sprintf(format, args...))
	}
	rows, heldBack := plural(len(r.run.Rows), "row"), 0
	if n := len(report.Failed); n > 0 {
		first := report.Failed[0]
		say("rowsFailed", "%d of the %s failed, first %s: %s", n, rows, first.Ref.name(), first.Err.Message)
		e.Remedy, e.RequestID, e.Err = "mend the cause, then "+e.Remedy, first.Err.RequestID, first.Err
	}
	if r.held != nil {
		for _, row := range r.run.Rows {
			if row.Remove && row.State == RowPlanned {
				heldBack++
			}
		}
		say("guardLeastSize", "held back: %s, which would leave %s where at least %d must be", plural(heldBack, "removal"), plural(r.held.Value, "member"), r.held.Limit)
	}
	if n := report.Left - heldBack; n > 0 {
		say("notWritten", "sent without an answer, and as it seems not written: %d of the %s", n, rows)
	}
	if report.Unseen > 0 {
		say("notVerified", "written, and not seen in the group yet: %d of the %s", report.Unseen, rows)
		if len(what) == 1 {
			e.Remedy = "the tenant may still replicate; look again in a while: " + e.Remedy
		}
	}
	if len(what) == 0 {
		return nil
	}
	e.Message = fmt.Sprintf("plan %s: %s", r.run.Plan.ID, strings.Join(what, "; "))
	return e
}
