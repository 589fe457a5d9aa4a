package writeback

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"rollcall/model"
)

// batchRows is how many rows are marked as sent, and handed over, at a time.
// After a crash so many are in doubt at most; the port needs a few hundred to
// fill parallel $batch requests.
const batchRows = 500

// patience is how long to wait between two looks at a group whose changes are
// not seen yet. Graph documents no bound for replication.
var patience = [...]time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}

// runner brings one run to its end.
type runner struct {
	Deps
	run    *Run
	byID   map[string]int // row
	sent   map[int]bool   // rows that this call handed over, whatever was answered
	causes map[int]*model.Error
	held   *GuardResult // the guard that held the removals back, nil where none did

	mu       sync.Mutex // guards the rows' states, causes and counts while a write is under way
	progress Progress
}

func newRunner(d Deps, run *Run) *runner {
	r := &runner{Deps: d, run: run, byID: make(map[string]int, len(run.Rows)), sent: make(map[int]bool), causes: make(map[int]*model.Error)}
	for i, row := range run.Rows {
		r.byID[row.ID] = i
	}
	r.progress.Total = len(run.Rows)
	return r
}

// show tells what the run is about, with its rows as they are counted now.
func (r *runner) show(phase Phase) {
	r.progress.Phase, r.progress.Unseen, r.progress.Until = phase, 0, time.Time{}
	r.progress.Done, r.progress.Failed = 0, 0
	for i := range r.run.Rows {
		switch row := &r.run.Rows[i]; {
		case row.settled():
			r.progress.Done++
		case row.State == RowFailed:
			r.progress.Failed++
		}
	}
	r.Progress(r.progress)
}

// finish writes what is not right yet, batch by batch, and reads back.
func (r *runner) finish(ctx context.Context, present map[string]bool) (*Report, error) {
	if err := r.settle(ctx, present); err != nil {
		return nil, err
	}
	r.show(PhaseWriting)
	for _, remove := range []bool{false, true} {
		var batch []int
		for i, row := range r.run.Rows {
			if row.State == RowPlanned && row.Remove == remove {
				batch = append(batch, i)
			}
		}
		// Additions that were refused leave the group smaller than was approved.
		if remove {
			if r.held = r.tooSmall(present, false); r.held != nil {
				break
			}
		}
		for len(batch) > 0 {
			n := min(len(batch), r.batch)
			if err := r.write(ctx, batch[:n], remove); err != nil {
				return r.report(0, 0), r.stopped(err)
			}
			batch = batch[n:]
		}
	}
	return r.verify(ctx)
}

// checkSize holds the least size against the group as it is: others may have
// left it since the plan was made.
func (r *runner) checkSize(present map[string]bool) error {
	if guard := r.tooSmall(present, true); guard != nil {
		held := r.run.Plan
		held.Guards = []GuardResult{*guard}
		return Check(&held, r.run.Approval)
	}
	return nil
}

// tooSmall returns the guard on the least size where the removals to come would
// leave fewer members. Additions count that the group shows or the tenant has
// taken, and those to come only where they are hoped for.
func (r *runner) tooSmall(present map[string]bool, hoped bool) *GuardResult {
	guard := GuardResult{Name: GuardLeastSize, Limit: off, Value: len(present)}
	for _, list := range [][]GuardResult{r.run.Plan.Guards, r.Guards} {
		for _, g := range list {
			if g.Name == GuardLeastSize {
				guard.Limit = max(guard.Limit, g.Limit)
			}
		}
	}
	removals := 0
	for i := range r.run.Rows {
		switch row := &r.run.Rows[i]; {
		case row.right(present):
		case row.Remove:
			removals++
		case hoped || row.settled():
			guard.Value++
		}
	}
	guard.Value -= removals
	if guard.Tripped = guard.trips(removals); guard.Tripped {
		return &guard
	}
	return nil
}

// settle decides by membership which rows are right, before anything is
// written. A row that is not right is planned again, whatever became of it
// before: it was approved and the group is not as approved. (Of one whose
// answer was lost nobody can tell whether it was written and taken back, or
// never written.)
func (r *runner) settle(ctx context.Context, present map[string]bool) error {
	return r.change(ctx, func(row *Row) RowState {
		switch right := row.right(present); {
		case right && (row.State == RowPlanned || row.State == RowAlready):
			return RowAlready
		case right:
			return RowDone
		default:
			return RowPlanned
		}
	})
}

// change gives rows the state that next says, and writes down those that change
// by it.
func (r *runner) change(ctx context.Context, next func(*Row) RowState) error {
	var changed []Row
	for i := range r.run.Rows {
		row := &r.run.Rows[i]
		state := next(row)
		if state == row.State && (row.Reason == "" || state == RowFailed) {
			continue
		}
		if state == RowPlanned {
			row.RequestID = ""
		}
		row.State, row.Reason = state, ""
		changed = append(changed, *row)
	}
	if len(changed) == 0 {
		return nil
	}
	return r.Journal.SetRows(ctx, r.run.Plan.ID, r.Now().UTC(), changed)
}

// write hands one batch over. The rows are in the journal as sent before, and
// with their outcome after; a cancelled context does not keep the outcome from
// being written down.
func (r *runner) write(ctx context.Context, batch []int, remove bool) error {
	ids := make([]string, len(batch))
	for k, i := range batch {
		r.run.Rows[i].State = RowSent
		ids[k] = r.run.Rows[i].ID
	}
	if err := r.Journal.SetRows(ctx, r.run.Plan.ID, r.Now().UTC(), r.rowsOf(batch)); err != nil {
		return err
	}
	add, gone := ids, []string(nil)
	if remove {
		add, gone = nil, ids
	}
	for _, i := range batch {
		r.sent[i] = true
	}
	writeErr := r.Groups.Write(ctx, r.run.Plan.Group.ID, add, gone, r.note)
	answered := slices.DeleteFunc(r.rowsOf(batch), func(row Row) bool { return row.State == RowSent })
	if len(answered) == 0 {
		return writeErr
	}
	if err := r.Journal.SetRows(context.WithoutCancel(ctx), r.run.Plan.ID, r.Now().UTC(), answered); err != nil {
		return err
	}
	return writeErr
}

// note takes the outcome of one row.
func (r *runner) note(result RowResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, ok := r.byID[result.UserID]
	if !ok || r.run.Rows[i].State != RowSent || r.run.Rows[i].Remove != result.Remove {
		return
	}
	row := &r.run.Rows[i]
	row.RequestID = result.RequestID
	switch result.Outcome {
	case OutcomeDone:
		row.State = RowDone
		r.progress.Done++
	case OutcomeAlready:
		row.State = RowAlready
		r.progress.Done++
	case OutcomeFailed:
		cause := result.Err
		if cause == nil {
			cause = &model.Error{Code: "rowFailed", Message: "the tenant refused it and gave no reason"}
		}
		row.State, row.Reason = RowFailed, cause.Message
		row.RequestID = cmp.Or(row.RequestID, cause.RequestID)
		r.causes[i] = cause
		r.progress.Failed++
	default:
		return
	}
	r.Progress(r.progress)
}

func (r *runner) rowsOf(batch []int) []Row {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := make([]Row, len(batch))
	for k, i := range batch {
		rows[k] = r.run.Rows[i]
	}
	return rows
}

// stopped explains an error that ended the writing.
func (r *runner) stopped(err error) error {
	cause := model.AsError(err)
	left := 0
	for _, row := range r.run.Rows {
		if row.State == RowPlanned || row.State == RowSent {
			left++
		}
	}
	e := &model.Error{
		Kind: model.KindPartial, Code: "applyStopped",
		Message:   fmt.Sprintf("plan %s stopped with %d of %d rows to go: %s", r.run.Plan.ID, left, len(r.run.Rows), cause.Message),
		Remedy:    r.resumeRemedy(),
		RequestID: cause.RequestID,
		Err:       err,
	}
	switch cause.Kind {
	case model.KindInterrupted:
		e.Kind = model.KindInterrupted
	case model.KindSignIn:
		e.Remedy = cause.Remedy + "; then " + e.Remedy
	}
	if cause.Code == "diskFull" {
		e.Remedy = "free some space, then " + e.Remedy
	}
	return e
}

func (r *runner) resumeRemedy() string {
	return "rollcall resume " + r.run.Plan.ID
}

// report counts the rows of the run: see Report. unseen is how many of them
// reading back did not show.
func (r *runner) report(members, unseen int) *Report {
	report := &Report{PlanID: r.run.Plan.ID, Members: members, Unseen: unseen}
	for i, row := range r.run.Rows {
		switch {
		case row.State == RowAlready, row.State == RowDone && !r.sent[i]:
			report.AlreadyDone++
		case row.State == RowDone && row.Remove:
			report.Removed++
		case row.State == RowDone:
			report.Added++
		case row.State == RowFailed:
			report.Failed = append(report.Failed, Failure{Ref: row.Ref, Remove: row.Remove, Err: r.causes[i]})
		default:
			report.Left++
		}
	}
	return report
}
