package tui

import (
	"cmp"
	"errors"
	"slices"

	"rollcall/model"
	"rollcall/model/writeback"
)

// review is a plan being read, approved, applied.
type review struct {
	base   *writeback.Plan // as computed
	plan   *writeback.Plan // without the rows left out; nil while it is made
	out    map[string]bool // ids of the rows left out
	edit   int             // counts the changes of out
	filter reviewFilter
	rows   []reviewRow // in the filter

	run    *writeback.Run    // the journal; nil: never applied
	report *writeback.Report // of the last apply in this session
	failed *model.Error      // of the last apply
}

func newReview(plan *writeback.Plan, run *writeback.Run) *review {
	return &review{base: plan, plan: plan, run: run, out: make(map[string]bool)}
}

// id is the plan's: of the one that was applied, else of the one under review.
func (r *review) id() string {
	switch {
	case r.run != nil:
		return r.run.Plan.ID
	case r.plan != nil:
		return r.plan.ID
	}
	return r.base.ID
}

// reviewFilter is which rows are shown.
type reviewFilter uint8

const (
	filterAll reviewFilter = iota
	filterAdditions
	filterRemovals
	filterSkipped
	filterCount
)

func (f reviewFilter) String() string {
	return [...]string{"all", "additions", "removals", "skipped"}[f]
}

// reviewRow is a line of the review: '+' adds, '-' removes, '·' leaves alone.
type reviewRow struct {
	sign   rune
	id     string // object id of the user; of what is skipped its entry
	name   string
	upn    string
	remark string
	state  writeback.RowState // "" before the apply
}

// fill computes the rows of the filter.
func (r *review) fill() {
	states := make(map[string]writeback.Row)
	if r.run != nil {
		for _, row := range r.run.Rows {
			states[row.ID] = row
		}
	}
	r.rows = r.rows[:0]
	take := func(sign rune, ref writeback.Ref, filter reviewFilter) {
		row := reviewRow{sign: sign, id: ref.ID, name: named(ref.DisplayName, ref.UserPrincipalName), upn: ref.UserPrincipalName}
		if r.out[ref.ID] {
			row.sign, row.remark = '·', "left out"
			filter = filterSkipped
		}
		if s, ok := states[ref.ID]; ok {
			row.state = s.State
			row.remark = cmp.Or(s.Reason, rowStateText(s.State))
		}
		if r.filter == filterAll || r.filter == filter {
			r.rows = append(r.rows, row)
		}
	}
	for _, ref := range r.base.Add {
		take('+', ref, filterAdditions)
	}
	for _, ref := range r.base.Remove {
		take('-', ref, filterRemovals)
	}
	if r.filter == filterAll || r.filter == filterSkipped {
		for _, s := range r.base.Skipped {
			r.rows = append(r.rows, reviewRow{sign: '·', id: "\x00" + s.Entry, name: s.Entry, remark: s.Reason})
		}
	}
}

// rowStateText is the journal's word on a row as a person reads it.
func rowStateText(s writeback.RowState) string {
	switch s {
	case writeback.RowPlanned:
		return "not sent"
	case writeback.RowSent:
		return "sent; answer unknown"
	case writeback.RowDone:
		return "✓ done"
	case writeback.RowAlready:
		return "✓ was so already"
	case writeback.RowFailed:
		return "✗ failed"
	}
	return ""
}

func (r *review) row(i int) (reviewRow, bool) {
	if i < 0 || i >= len(r.rows) {
		return reviewRow{}, false
	}
	return r.rows[i], true
}

// leftOut are the ids of the rows left out, sorted, so that equal choices make
// equal plans.
func (r *review) leftOut() []string {
	ids := make([]string, 0, len(r.out))
	for id := range r.out {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// stale reports whether the last apply was refused because the group moved.
func (r *review) stale() (*writeback.Stale, bool) {
	var s *writeback.Stale
	ok := r.failed != nil && errors.As(r.failed.Err, &s)
	return s, ok
}

// applicable says why the plan cannot be approved; "" when it can.
func (r *review) applicable() string {
	switch {
	case r.run != nil && r.run.State == writeback.RunVerified:
		return "the plan was applied and verified; u proposes its undo"
	case r.run != nil:
		return "the plan was begun; r resumes it"
	case r.failed != nil && r.failed.Code == "planStale":
		return "the group has changed since: press c to make the plan again, and read it"
	case r.plan == nil:
		return "the plan without the rows left out is being made"
	case r.plan.Empty():
		return "the plan changes nothing: the group is as it should be"
	}
	for _, g := range r.plan.Guards {
		if g.Tripped && !liftable(g) {
			return guardText(g) + ": no approval lifts this guard"
		}
	}
	return ""
}

// liftable reports whether typing the number lifts the guard.
func liftable(g writeback.GuardResult) bool { return g.Name == "removals" || g.Name == "additions" }

// guardText says in words how a guard stands.
func guardText(g writeback.GuardResult) string {
	switch {
	case g.Name == "leastSize" && g.Tripped:
		return "only " + plural(g.Value, "member", "members") + " would be left, at least " + count(g.Limit) + " must be"
	case g.Name == "leastSize":
		return plural(g.Value, "member", "members") + " after, at least " + count(g.Limit) + " needed"
	case g.Name == "emptySource" && g.Tripped:
		return "the audience holds no user, while members would be removed"
	case g.Name == "emptySource":
		return plural(g.Value, "user", "users") + " in the audience"
	case g.Limit < 0:
		return g.Name + " " + count(g.Value) + ", no limit"
	case g.Limit == 0:
		return g.Name + " " + count(g.Value) + ", none allowed"
	}
	return g.Name + " " + count(g.Value) + " of " + count(g.Limit) + " allowed"
}

// reviewRows shows the review's rows in a table.
type reviewRows struct {
	theme *theme
	rows  []reviewRow
}

func (r reviewRows) Len() int        { return len(r.rows) }
func (r reviewRows) ID(i int) string { return r.rows[i].id }

func (r reviewRows) Find(id string) int {
	return slices.IndexFunc(r.rows, func(row reviewRow) bool { return row.id == id })
}

func (r reviewRows) Cells(i int, cells []tableCell) {
	row, th := r.rows[i], r.theme
	style := &th.skipped
	switch row.sign {
	case '+':
		style = &th.added
	case '-':
		style = &th.removed
	}
	cells[0] = tableCell{text: string(row.sign), style: style}
	cells[1] = tableCell{text: row.name, style: style}
	cells[2] = tableCell{text: row.upn, style: style}
	cells[3] = tableCell{text: row.remark, style: &th.muted}
	switch row.state {
	case writeback.RowDone, writeback.RowAlready:
		cells[3].style = &th.good
	case writeback.RowFailed:
		cells[3].style = &th.bad
	case writeback.RowSent:
		cells[3].style = &th.warn
	}
}
