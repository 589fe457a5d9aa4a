package tui

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bits-and-blooms/bitset"

	"rollcall/model"
	"rollcall/model/writeback"
)

// review is a plan being read, approved, applied. Its rows go by number: first
// the additions, then the removals, then what is skipped. A plan may have
// hundreds of thousands of them, so nothing is kept for each but a bit and its
// place among the rows that are shown.
type review struct {
	base     *writeback.Plan // as computed
	plan     *writeback.Plan // the newest without the rows left out
	deriving bool            // another one is being made
	edit     int             // counts the changes of out
	made     int             // the edit that plan is of
	skips    []int32         // base.Skipped by reason, then as computed

	out                *bitset.BitSet // rows left out
	outAdds, outRemove int

	filter    reviewFilter
	search    input
	searching bool
	hits      []int32 // rows that hold the searched words, ascending; nil: all
	shown     []int32 // rows in the filter and among the hits, ascending

	limits  map[string]int // of the guards as they are now, by name; nil until asked
	warning string         // that the account may lack the role to write; "" mostly
	asking  bool           // the approval is being looked into

	run     *writeback.Run // the journal; nil: never applied
	outcome outcome        // of run
	report  *writeback.Report
	failed  *model.Error // of the last apply, or why it may not be approved
	renew   bool         // resuming needs a new approval
}

// newReview orders the rows of a plan: with many it takes some time, so make it
// in a task.
func newReview(plan *writeback.Plan, run *writeback.Run) *review {
	r := &review{base: plan, plan: plan, out: bitset.New(0), skips: make([]int32, len(plan.Skipped))}
	r.search.placeholder = "part of a name, address or reason"
	for i := range r.skips {
		r.skips[i] = int32(i)
	}
	slices.SortStableFunc(r.skips, func(a, b int32) int {
		return strings.Compare(plan.Skipped[a].Reason, plan.Skipped[b].Reason)
	})
	r.adopt(run, newOutcome(run))
	r.fill()
	return r
}

// adopt takes the journal as it is now.
func (r *review) adopt(run *writeback.Run, o outcome) { r.run, r.outcome = run, o }

// id is the plan's: of the one that was applied, else of the one under review.
func (r *review) id() string {
	if r.run != nil {
		return r.run.Plan.ID
	}
	return r.plan.ID
}

// current reports whether plan has what was left out last.
func (r *review) current() bool { return r.made == r.edit }

// reviewFilter is which rows are shown.
type reviewFilter uint8

const (
	filterAll reviewFilter = iota
	filterAdditions
	filterRemovals
	filterSkipped
	filterFailed
	filterCount
)

func (f reviewFilter) String() string {
	return [...]string{"all", "additions", "removals", "skipped", "failed"}[f]
}

// of is how many rows the filter shows, whatever is searched.
func (r *review) of(f reviewFilter) int {
	switch f {
	case filterAdditions:
		return len(r.base.Add) - r.outAdds
	case filterRemovals:
		return len(r.base.Remove) - r.outRemove
	case filterSkipped:
		return len(r.base.Skipped) + r.outAdds + r.outRemove
	case filterFailed:
		return r.outcome.failed
	}
	return r.rows() + len(r.base.Skipped)
}

// nextFilter is the one after the present one; failed rows are a filter once
// there are any.
func (r *review) nextFilter(delta int) {
	filters := int(filterCount)
	if r.outcome.failed == 0 {
		filters--
	}
	r.filter = reviewFilter((int(r.filter) + delta + filters) % filters)
}

// rows is how many additions and removals were computed.
func (r *review) rows() int { return len(r.base.Add) + len(r.base.Remove) }

// ref is the user of an addition or removal.
func (r *review) ref(row int) *writeback.Ref {
	if n := len(r.base.Add); row >= n {
		return &r.base.Remove[row-n]
	}
	return &r.base.Add[row]
}

// skip is what a row behind the additions and removals skips.
func (r *review) skip(row int) *writeback.Skipped { return &r.base.Skipped[r.skips[row-r.rows()]] }

// sign is '+' for a row that adds, '-' for one that removes, '·' for one that
// leaves alone.
func (r *review) sign(row int) rune {
	switch {
	case row >= r.rows() || r.out.Test(uint(row)):
		return '·'
	case row < len(r.base.Add):
		return '+'
	}
	return '-'
}

// fill computes the rows that are shown.
func (r *review) fill() {
	r.shown = r.shown[:0]
	if r.hits != nil {
		for _, row := range r.hits {
			if r.shows(int(row)) {
				r.shown = append(r.shown, row)
			}
		}
		return
	}
	for row := range r.rows() + len(r.base.Skipped) {
		if r.shows(row) {
			r.shown = append(r.shown, int32(row))
		}
	}
}

// shows reports whether a row is in the filter.
func (r *review) shows(row int) bool {
	switch r.filter {
	case filterAdditions:
		return r.sign(row) == '+'
	case filterRemovals:
		return r.sign(row) == '-'
	case filterSkipped:
		return r.sign(row) == '·'
	case filterFailed:
		j, ok := r.journal(row)
		return ok && j.State == writeback.RowFailed
	}
	return true
}

// journal is what became of an addition or removal.
func (r *review) journal(row int) (*writeback.Row, bool) {
	if r.run == nil || row >= r.rows() {
		return nil, false
	}
	at, ok := r.outcome.rows[r.ref(row).ID]
	if !ok {
		return nil, false
	}
	return &r.run.Rows[at], true
}

// flip leaves rows out, or takes them in again when all of them are out. It
// reports whether there was one that could be.
func (r *review) flip(rows []int32) bool {
	all, some := true, false
	for _, row := range rows {
		if int(row) < r.rows() {
			some = true
			all = all && r.out.Test(uint(row))
		}
	}
	for _, row := range rows {
		if int(row) < r.rows() && r.out.Test(uint(row)) == all {
			r.out.Flip(uint(row))
			delta := 1
			if all {
				delta = -1
			}
			if int(row) < len(r.base.Add) {
				r.outAdds += delta
			} else {
				r.outRemove += delta
			}
		}
	}
	if some {
		r.edit++
	}
	return some
}

// leftOut are the ids of the rows left out, in the order of the rows, so that
// equal choices make equal plans.
func leftOut(base *writeback.Plan, out *bitset.BitSet) []string {
	ids := make([]string, 0, out.Count())
	for row := range out.EachSet() {
		if n := uint(len(base.Add)); row < n {
			ids = append(ids, base.Add[row].ID)
		} else {
			ids = append(ids, base.Remove[row-n].ID)
		}
	}
	return ids
}

// find are the rows of which the name, the address or the reason holds every
// word; nil of no words. It reads nothing that keys change.
func (r *review) find(ctx context.Context, words []string) ([]int32, error) {
	if len(words) == 0 {
		return nil, nil
	}
	hits := make([]int32, 0, 64)
	for row := range r.rows() + len(r.base.Skipped) {
		if row%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var fields [3]string
		if row < r.rows() {
			ref := r.ref(row)
			fields = [3]string{ref.DisplayName, ref.UserPrincipalName, ref.Mail}
		} else {
			s := r.skip(row)
			fields = [3]string{s.Entry, s.Reason}
		}
		if holdsWords(fields, words) {
			hits = append(hits, int32(row))
		}
	}
	return hits, nil
}

// holdsWords reports whether each word, in lower case, is in one of the fields.
func holdsWords(fields [3]string, words []string) bool {
	for i, f := range fields {
		fields[i] = strings.ToLower(f)
	}
	return !slices.ContainsFunc(words, func(w string) bool {
		return !strings.Contains(fields[0], w) && !strings.Contains(fields[1], w) && !strings.Contains(fields[2], w)
	})
}

// additions and removals are what the plan does without the rows left out,
// whether that plan is made already or not.
func (r *review) additions() int { return len(r.base.Add) - r.outAdds }
func (r *review) removals() int  { return len(r.base.Remove) - r.outRemove }

// isEmpty reports whether nothing is left to do.
func (r *review) isEmpty() bool { return r.additions()+r.removals() == 0 }

// isStale reports whether the last apply was refused because the group moved.
func (r *review) isStale() (*writeback.Stale, bool) {
	var s *writeback.Stale
	ok := r.failed != nil && errors.As(r.failed.Err, &s)
	return s, ok
}

// outcome is what became of the rows of a run.
type outcome struct {
	added, removed, already, failed, left int

	rows     map[string]int32 // places in the run's rows, by object id
	failures []failure        // most rows first
}

// failure is one reason for which rows failed.
type failure struct {
	reason string
	rows   int
	first  string // a user whom it befell
}

// newOutcome counts the rows of a run; with many it takes some time.
func newOutcome(run *writeback.Run) outcome {
	var o outcome
	if run == nil {
		return o
	}
	o.rows = make(map[string]int32, len(run.Rows))
	reasons := make(map[string]int)
	for i := range run.Rows {
		row := &run.Rows[i]
		o.rows[row.ID] = int32(i)
		switch {
		case row.State == writeback.RowDone && row.Remove:
			o.removed++
		case row.State == writeback.RowDone:
			o.added++
		case row.State == writeback.RowAlready:
			o.already++
		case row.State == writeback.RowFailed:
			o.failed++
			at, ok := reasons[row.Reason]
			if !ok {
				at = len(o.failures)
				reasons[row.Reason] = at
				o.failures = append(o.failures, failure{reason: row.Reason, first: named(row.UserPrincipalName, row.ID)})
			}
			o.failures[at].rows++
		default:
			o.left++
		}
	}
	slices.SortStableFunc(o.failures, func(a, b failure) int { return cmp.Compare(b.rows, a.rows) })
	return o
}
