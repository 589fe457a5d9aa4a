package workspace_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// ran is a run of two additions and a removal, with what its plan tripped.
func ran(tripped ...string) *writeback.Run {
	run := &writeback.Run{
		Plan: writeback.Plan{ID: "p", Hash: "h", Group: writeback.GroupRef{DisplayName: "sg-sales"}},
		Rows: []writeback.Row{{State: writeback.RowPlanned}, {State: writeback.RowPlanned}, {Remove: true, State: writeback.RowPlanned}},
	}
	run.Plan.Guards = []writeback.GuardResult{{Name: "quiet"}}
	for _, name := range tripped {
		run.Plan.Guards = append(run.Plan.Guards, writeback.GuardResult{Name: name, Tripped: true})
	}
	return run
}

func TestTheLineOfAnApprovalSaysWhatItLiftsAndWhy(t *testing.T) {
	tests := map[string]struct {
		tripped  []string
		approval writeback.Approval
		want     string
	}{
		"nothing lifted":              {nil, writeback.Approval{By: "ada"}, "plan p: 3 rows to write"},
		"removals":                    {[]string{"removals", "firstMirror"}, writeback.Approval{AllowRemovals: 1, Reason: "left"}, "plan p: 3 rows to write, allows 1 removal against removals, firstMirror, because: left"},
		"both":                        {[]string{"removals", "additions"}, writeback.Approval{AllowAdditions: 2, AllowRemovals: 1, Reason: "new team"}, "plan p: 3 rows to write, allows 2 additions and 1 removal against removals, additions, because: new team"},
		"without a reason":            {[]string{"additions"}, writeback.Approval{AllowAdditions: 2}, "plan p: 3 rows to write, allows 2 additions against additions, because: no reason was given"},
		"a limit of the profile only": {nil, writeback.Approval{AllowAdditions: 2, Reason: "new"}, "plan p: 3 rows to write, allows 2 additions, because: new"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			run := ran(tc.tripped...)
			run.Begun, run.Approval = later, tc.approval
			e := workspace.NoteOf(run).Began(run)
			assert.Equal(t, later, e.At)
			assert.Equal(t, tc.want, e.Detail)
			assert.Equal(t, tc.approval, *e.Approval)
			assert.Equal(t, "h", e.Hash)
			again := workspace.NoteOf(ran(tc.tripped...)).Reopened("eve", later, &tc.approval)
			assert.Equal(t, tc.approval, *again.Approval)
			assert.Equal(t, "eve", again.By)
		})
	}
}

func TestTheLinesOfARunCountItsRows(t *testing.T) {
	run := ran()
	n := workspace.NoteOf(run)
	n.By = "ada"
	set := func(states ...writeback.RowState) workspace.Event {
		former := make([]writeback.RowState, len(states))
		for i, s := range states {
			former[i], run.Rows[i].State = run.Rows[i].State, s
		}
		return n.Set(later, former, run.Rows[:len(states)])
	}
	sent, done, already, failed := writeback.RowSent, writeback.RowDone, writeback.RowAlready, writeback.RowFailed
	e := set(sent, sent)
	assert.Equal(t, "plan p: 2 sent", e.Detail)
	assert.Equal(t, "ada", e.By)
	assert.Equal(t, later, e.At)
	assert.Len(t, e.Rows, 2)
	assert.Equal(t, "plan p: 3 of 3 rows to go", n.Reopened("eve", later, nil).Detail)
	assert.Equal(t, "plan p: 1 done, 1 already so", set(done, already).Detail)
	e = n.EndedIn(writeback.RunPartial, later)
	assert.Equal(t, "plan p: partial, 1 to write, 1 done, 1 already so", e.Detail)
	assert.Equal(t, writeback.RunPartial, e.State)
	assert.Equal(t, "eve", e.By, "who went on with it last")
	assert.Equal(t, "plan p: 1 of 3 rows to go", n.Reopened("ada", later, nil).Detail)
	assert.Equal(t, "plan p: 1 sent, 1 done, 1 failed", set(done, sent, failed).Detail)
	set(done, done, done)
	assert.Equal(t, "plan p: verified, 3 done", n.EndedIn(writeback.RunVerified, later).Detail)
}

// An older rollcall begins runs without a line in the audit. Of such a run only
// what was told since is known.
func TestOfARunThatAnOlderRollcallBeganOnlyWhatWasToldIsCompared(t *testing.T) {
	run := ran()
	run.Rows[0].ID, run.Rows[1].ID, run.Rows[2].ID = "a", "b", "c"
	run.Rows[0].State, run.Rows[1].State = writeback.RowDone, writeback.RowFailed
	run.State = writeback.RunPartial
	var told workspace.ToldRun
	assert.Empty(t, told.Differs(run))
	row := func(id string, s writeback.RowState) workspace.Event {
		return workspace.Event{Action: workspace.ActionRows, Rows: []workspace.RowEvent{{UserID: id, State: s}}}
	}
	told.Tell(workspace.Event{Action: workspace.ActionReopen})
	told.Tell(row("a", writeback.RowSent))
	assert.Equal(t, "the row of user a is done and was sent", told.Differs(run))
	told.Tell(row("a", writeback.RowDone))
	assert.Empty(t, told.Differs(run))
	told.Tell(workspace.Event{Action: workspace.ActionEnd, State: writeback.RunVerified})
	assert.Equal(t, "it is partial and was verified", told.Differs(run))
	run.State = writeback.RunVerified
	assert.Empty(t, told.Differs(run))
	told.Tell(workspace.Event{Action: workspace.ActionReopen, Approval: &writeback.Approval{By: "eve", At: later.Local()}})
	assert.Equal(t, "its approval is another one", told.Differs(run))
	run.Approval = writeback.Approval{By: "eve", At: later}
	assert.Empty(t, told.Differs(run))
	run.Rows = run.Rows[1:]
	assert.Equal(t, "the row of user a is missing", told.Differs(run))
	assert.False(t, told.Begun())
	told.Tell(workspace.Event{Action: workspace.ActionPlan})
	assert.Equal(t, "nobody approved it", told.Differs(run), "an older rollcall does not tell of proposals either")
}

var later = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
