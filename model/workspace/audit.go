package workspace

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"rollcall/model"
	"rollcall/model/writeback"
)

// The actions that the audit tells of plans. A ledger writes each in the
// transaction that does what it tells.
const (
	ActionPlan    = "plan"         // it was proposed
	ActionApprove = "plan.approve" // it was approved, and its run began
	ActionReopen  = "plan.reopen"  // somebody went on with its run
	ActionRows    = "plan.rows"    // rows were sent, or something became of them
	ActionEnd     = "plan.end"     // its run came to an end
)

// ProposedEvent is the line of the audit for a plan that somebody proposed.
func ProposedEvent(p *writeback.Plan, by string) Event {
	return Event{
		At: p.CreatedAt, By: by, Action: ActionPlan, Subject: p.Group.DisplayName,
		Detail: fmt.Sprintf("plan %s: %d to add, %d to remove", p.ID, len(p.Add), len(p.Remove)),
		PlanID: p.ID, Hash: p.Hash,
	}
}

// RunNote is what the audit's lines of a run need to know of it, however many
// rows it has.
type RunNote struct {
	PlanID  string                     `json:"planId"`
	Hash    string                     `json:"hash"`
	Group   string                     `json:"group"`             // display name
	By      string                     `json:"by"`                // who began it, or went on with it last
	Tripped []string                   `json:"tripped,omitempty"` // guards of the plan that its approval lifts
	Rows    map[writeback.RowState]int `json:"rows"`              // how many are in each state
}

// NoteOf is the note of a run as it is.
func NoteOf(run *writeback.Run) *RunNote {
	n := &RunNote{
		PlanID: run.Plan.ID, Hash: run.Plan.Hash, Group: run.Plan.Group.DisplayName,
		By: run.Approval.By, Rows: make(map[writeback.RowState]int),
	}
	for _, g := range run.Plan.Guards {
		if g.Tripped {
			n.Tripped = append(n.Tripped, g.Name)
		}
	}
	for _, row := range run.Rows {
		n.Rows[row.State]++
	}
	return n
}

// Began is the line for the approval of the plan, with which its run begins.
func (n *RunNote) Began(run *writeback.Run) Event {
	approval := run.Approval
	e := n.event(ActionApprove, run.Begun, count(n.total(), "row", "rows")+" to write"+n.lifted(approval))
	e.Hash, e.Approval, e.Before = n.Hash, &approval, beforeOf(run)
	return e
}

// beforeOf is the fingerprint of the picture that an undo of the run restores.
func beforeOf(run *writeback.Run) string {
	ids := make([]string, len(run.Before))
	for i := range run.Before {
		ids[i] = run.Before[i].ID
	}
	return writeback.Fingerprint(ids)
}

// Reopened is the line for somebody who goes on with the run; renewed is nil
// where its former approval holds.
func (n *RunNote) Reopened(by string, at time.Time, renewed *writeback.Approval) Event {
	n.By = by
	left := n.total() - n.Rows[writeback.RowDone] - n.Rows[writeback.RowAlready]
	e := n.event(ActionReopen, at, fmt.Sprintf("%d of %s to go", left, count(n.total(), "row", "rows")))
	if renewed != nil {
		approval := *renewed
		e.Detail += ", approved anew" + n.lifted(approval)
		e.Hash, e.Approval = n.Hash, &approval
	}
	return e
}

// Set is the line for rows that changed; former are their states before, in
// the same order.
func (n *RunNote) Set(at time.Time, former []writeback.RowState, rows []writeback.Row) Event {
	counts, back := make(map[writeback.RowState]int), 0
	events := make([]RowEvent, len(rows))
	for i, r := range rows {
		n.Rows[former[i]]--
		n.Rows[r.State]++
		counts[r.State]++
		if r.TakenBack() {
			back++
		}
		events[i] = RowEvent{UserID: r.ID, Remove: r.Remove, State: r.State, Reason: r.Reason, RequestID: r.RequestID}
	}
	detail := countRows(counts)
	if back > 0 && back == len(rows) { // their state is what it was
		detail = fmt.Sprintf("%d taken back by somebody since", back)
	}
	e := n.event(ActionRows, at, detail)
	e.Rows = events
	return e
}

// EndedIn is the line for the state in which the run came to an end.
func (n *RunNote) EndedIn(state writeback.RunState, at time.Time) Event {
	e := n.event(ActionEnd, at, fmt.Sprintf("%s, %s", state, countRows(n.Rows)))
	e.State = state
	return e
}

func (n *RunNote) event(action string, at time.Time, detail string) Event {
	return Event{At: at, By: n.By, Action: action, Subject: n.Group, Detail: "plan " + n.PlanID + ": " + detail, PlanID: n.PlanID}
}

func (n *RunNote) total() (rows int) {
	for _, in := range n.Rows {
		rows += in
	}
	return rows
}

// lifted says what an approval allows beyond the guards, and why.
func (n *RunNote) lifted(a writeback.Approval) string {
	var allows []string
	if a.AllowAdditions > 0 {
		allows = append(allows, count(a.AllowAdditions, "addition", "additions"))
	}
	if a.AllowRemovals > 0 {
		allows = append(allows, count(a.AllowRemovals, "removal", "removals"))
	}
	if len(allows) == 0 {
		return ""
	}
	text := ", allows " + strings.Join(allows, " and ")
	if len(n.Tripped) > 0 {
		text += " against " + strings.Join(n.Tripped, ", ")
	}
	return text + ", because: " + cmp.Or(a.Reason, "no reason was given")
}

// countRows says how many rows are in each state: "480 done, 20 already so".
func countRows(rows map[writeback.RowState]int) string {
	var parts []string
	for _, s := range []struct {
		state writeback.RowState
		word  string
	}{
		{writeback.RowPlanned, "to write"},
		{writeback.RowSent, "sent"},
		{writeback.RowDone, "done"},
		{writeback.RowAlready, "already so"},
		{writeback.RowFailed, "failed"},
	} {
		if n := rows[s.state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.word))
		}
	}
	if len(parts) == 0 {
		return "no rows"
	}
	return strings.Join(parts, ", ")
}

// ToldRun is a run as the audit tells it: what its lines add up to. The zero
// value is one of which nothing was told.
type ToldRun struct {
	proposed bool // the plan: an older rollcall does not tell that either
	whole    bool // from its beginning: an older rollcall tells nothing of runs
	hash     string
	approval *writeback.Approval
	before   string // fingerprint of the members before the first write; "" where it is not told
	state    writeback.RunState
	rows     map[rowKey]RowEvent // that were ever written
}

type rowKey struct {
	userID string
	remove bool
}

// Tell takes the next line that the audit has of the run's plan.
func (t *ToldRun) Tell(e Event) {
	switch e.Action {
	case ActionPlan:
		t.proposed = true
	case ActionApprove:
		*t = ToldRun{proposed: true, whole: true, hash: e.Hash, approval: e.Approval, before: e.Before, state: writeback.RunOpen}
	case ActionReopen:
		if e.Approval != nil {
			t.approval = e.Approval
		}
	case ActionRows:
		if t.rows == nil {
			t.rows = make(map[rowKey]RowEvent, len(e.Rows))
		}
		for _, r := range e.Rows {
			t.rows[rowKey{r.UserID, r.Remove}] = r
		}
	case ActionEnd:
		t.state = e.State
	}
}

// Begun reports whether the audit tells that the run was begun.
func (t *ToldRun) Begun() bool { return t.whole }

// Differs says in what the journal of the run is not as the audit tells it, ""
// where nothing is. Of a run that an older rollcall began, only what was told
// since is compared.
func (t *ToldRun) Differs(run *writeback.Run) string {
	if t.proposed && !t.whole {
		return "nobody approved it"
	}
	if t.whole && (run.Plan.Hash != t.hash || changed(&run.Plan)) {
		return "its plan is another one than was approved"
	}
	if t.approval != nil && !sameApproval(run.Approval, *t.approval) {
		return "its approval is another one"
	}
	if t.before != "" && beforeOf(run) != t.before {
		return "the members before it are others"
	}
	if t.state != "" && run.State != t.state {
		return fmt.Sprintf("it is %s and was %s", run.State, t.state)
	}
	return t.rowsDiffer(run)
}

// changed reports whether a plan is not as it was made. What else Verify finds
// may be a matter of the version that made it.
func changed(p *writeback.Plan) bool {
	err := p.Verify()
	return err != nil && model.AsError(err).Code == "planChanged"
}

func (t *ToldRun) rowsDiffer(run *writeback.Run) string {
	left := make(map[rowKey]bool)
	if t.whole {
		for _, r := range run.Plan.Add {
			left[rowKey{r.ID, false}] = true
		}
		for _, r := range run.Plan.Remove {
			left[rowKey{r.ID, true}] = true
		}
	} else {
		for key := range t.rows {
			left[key] = true
		}
	}
	for _, r := range run.Rows {
		key := rowKey{r.ID, r.Remove}
		told, ever := t.rows[key]
		switch {
		case t.whole && !left[key]:
			return fmt.Sprintf("the plan has no row for user %s", r.ID)
		case !ever && !t.whole:
			continue
		case !ever:
			told.State = writeback.RowPlanned
		}
		if r.State != told.State || r.Reason != told.Reason || r.RequestID != told.RequestID {
			return fmt.Sprintf("the row of user %s is %s and was %s", r.ID, r.State, told.State)
		}
		delete(left, key)
	}
	for key := range left {
		return fmt.Sprintf("the row of user %s is missing", key.userID)
	}
	return ""
}

func sameApproval(a, b writeback.Approval) bool {
	at := a.At.Equal(b.At)
	a.At, b.At = time.Time{}, time.Time{}
	return at && a == b
}
