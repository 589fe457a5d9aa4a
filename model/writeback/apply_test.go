package writeback

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func TestApplyMakesTheGroupEqualAndVerifiesIt(t *testing.T) {
	w := newWorld(append(users("keep", "old1", "old2"), nested("sub"))...)
	p := propose(t, w.params(ModeMirror, users("keep", "n1", "n2", "n3", "n4")...))
	var progress []Progress
	d := w.deps()
	d.Progress = func(p Progress) { progress = append(progress, p) }
	report, err := Apply(context.Background(), d, p, approved)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, Added: 4, Removed: 2, Verified: true, Members: 6}, report)
	assert.Equal(t, []string{"n-sub", "u-keep", "u-n1", "u-n2", "u-n3", "u-n4"}, w.ids())
	assert.Equal(t, Progress{Phase: PhaseReading, Total: 6}, progress[0])
	assert.Equal(t, Progress{Phase: PhaseVerifying, Done: 6, Total: 6}, progress[len(progress)-1])
	for _, early := range w.writes[:4] {
		assert.False(t, early.remove, "additions come first")
	}
	run := w.runs[p.ID]
	assert.Equal(t, RunVerified, run.State)
	assert.Equal(t, noon, run.Ended)
	assert.Equal(t, approved, run.Approval)
	assert.Empty(t, w.broken)
	assert.Empty(t, w.waits, "what shows at once is not waited for")
}

func TestRowsThatAreRightAlreadyAreNotWritten(t *testing.T) {
	w := newWorld(users("old1", "old2")...)
	p := propose(t, w.params(ModeMirror, users("n1", "n2")...))
	w.members["u-n1"] = user("n1")
	delete(w.members, "u-old1")
	report, err := Apply(context.Background(), w.deps(), p, approved)
	require.NoError(t, err)
	assert.Equal(t, 2, report.AlreadyDone)
	assert.Equal(t, []write{{"u-n2", false}, {"u-old2", true}}, w.writes)
}

func TestAChangedGroupMakesThePlanStale(t *testing.T) {
	w := newWorld(users("keep", "old")...)
	p := propose(t, w.params(ModeMirror, users("keep", "new")...))
	w.members["u-joiner"] = user("joiner")
	delete(w.members, "u-keep")
	_, err := Apply(context.Background(), w.deps(), p, approved)
	e := model.AsError(err)
	require.NotNil(t, e)
	assert.Equal(t, model.KindGuard, e.Kind)
	assert.Equal(t, "planStale", e.Code)
	assert.Contains(t, e.Message, "1 joined (joiner@contoso.com), 1 left (u-keep)")
	var moved *Stale
	require.ErrorAs(t, err, &moved)
	assert.Equal(t, []string{"u-keep"}, moved.Left)
	assert.Equal(t, []string{"joiner"}, refNames(moved.Joined))
	assert.Empty(t, w.writes)
	assert.Empty(t, w.runs)
}

func TestALongListOfWhatMovedIsCut(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, user("new")))
	for _, o := range many("joiner", 7) {
		w.members[o.ID] = o
	}
	_, err := Apply(context.Background(), w.deps(), p, approved)
	assert.ErrorContains(t, err, "7 joined (joiner0@contoso.com, joiner1@contoso.com, joiner2@contoso.com, joiner3@contoso.com, joiner4@contoso.com and 2 more)")
}

func TestNothingIsWrittenWithoutARight(t *testing.T) {
	fresh := func() (*world, *Plan) {
		w := newWorld(users("old")...)
		p, err := New(w.params(ModeMirror, user("new")))
		require.NoError(t, err)
		return w, p
	}
	tests := []struct {
		name, code string
		spoil      func(w *world, p *Plan, a *Approval)
	}{
		{"not approved", "notApproved", func(_ *world, _ *Plan, a *Approval) { a.By = "" }},
		{"a changed plan", "planChanged", func(_ *world, p *Plan, _ *Approval) { p.Add[0].ID = "u-boss" }},
		{"the group became dynamic", "groupDynamic", func(w *world, _ *Plan, _ *Approval) { w.group.DynamicMembership = true }},
		{"the group is gone", "groupNotFound", func(w *world, _ *Plan, _ *Approval) { w.group.ID = "g-2" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, p := fresh()
			a := approved
			tt.spoil(w, p, &a)
			report, err := Apply(context.Background(), w.deps(), p, a)
			require.Error(t, err)
			assert.Equal(t, tt.code, model.AsError(err).Code)
			assert.Nil(t, report)
			assert.Empty(t, w.writes)
			assert.Empty(t, w.runs)
		})
	}
}

func TestGuardsHoldInApplyAndInResume(t *testing.T) {
	w := newWorld(many("old", 3)...)
	params := w.params(ModeMirror, user("new"))
	params.Rules.Guards = limits(2, -1, -1)
	p := propose(t, params)
	_, err := Apply(context.Background(), w.deps(), p, approved)
	assert.Equal(t, "guardRemovals", model.AsError(err).Code)
	assert.Empty(t, w.writes)

	lifted := approved
	lifted.AllowRemovals = 3
	w.steps = 6
	_, err = Apply(context.Background(), w.deps(), p, lifted)
	require.Error(t, err)
	w.steps, w.writes = -1, nil
	w.runs[p.ID].Approval.AllowRemovals = 0
	_, err = Resume(context.Background(), w.deps(), p.ID, "adele@contoso.com", nil)
	assert.Equal(t, "guardRemovals", model.AsError(err).Code)
	assert.Empty(t, w.writes)

	w.runs[p.ID].Approval = lifted
	report, err := Resume(context.Background(), w.deps(), p.ID, "adele@contoso.com", nil)
	require.NoError(t, err)
	assert.Equal(t, 3, report.Removed)
}

func TestAChangeThatShowsLateIsWaitedFor(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, user("new")))
	w.lag = len(patience)
	report, err := Apply(context.Background(), w.deps(), p, approved)
	require.NoError(t, err)
	assert.True(t, report.Verified)
	assert.Equal(t, patience[:], w.waits)
}

func TestAChangeThatNeverShowsIsNotCalledVerified(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, user("new")))
	w.lag = len(patience) + 1
	report, err := Apply(context.Background(), w.deps(), p, approved)
	e := model.AsError(err)
	require.NotNil(t, e)
	assert.Equal(t, model.KindPartial, e.Kind)
	assert.Equal(t, "notVerified", e.Code)
	assert.False(t, report.Verified)
	assert.Len(t, w.waits, len(patience))
	assert.Equal(t, RunPartial, w.runs[p.ID].State)
	assert.Equal(t, RowDone, w.runs[p.ID].Rows[0].State, "the tenant took it")
	assert.Equal(t, &Report{PlanID: p.ID, Added: 1, Unseen: 1}, report)
	assert.Contains(t, e.Message, "written, and not seen in the group yet: 1 of the 1 row")

	w.writes = nil
	report, err = Resume(context.Background(), w.deps(), p.ID, "adele@contoso.com", nil)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, AlreadyDone: 1, Verified: true, Members: 1}, report, "an earlier call wrote it")
	assert.Empty(t, w.writes, "it shows by now")
}

// refusing fails some rows for good.
type refusing struct {
	tenant
	refuse map[string]string
}

func (r refusing) Write(ctx context.Context, groupID string, add, remove []string, done func(RowResult)) error {
	var rest []string
	for _, id := range add {
		if reason, ok := r.refuse[id]; ok {
			done(RowResult{UserID: id, Outcome: OutcomeFailed, Err: &model.Error{Kind: model.KindFailed, Code: "refused", Message: reason, RequestID: "r-1"}})
		} else {
			rest = append(rest, id)
		}
	}
	return r.tenant.Write(ctx, groupID, rest, remove, done)
}

func TestAFailedRowIsListedAndDoesNotStopTheOthers(t *testing.T) {
	w := newWorld(users("old")...)
	p := propose(t, w.params(ModeMirror, users("guest", "n1", "n2", "n3")...))
	d := w.deps()
	d.Groups = refusing{tenant{w}, map[string]string{"u-guest": "guests are not allowed in this group"}}
	report, err := Apply(context.Background(), d, p, approved)
	e := model.AsError(err)
	require.NotNil(t, e)
	assert.Equal(t, model.KindPartial, e.Kind)
	assert.Contains(t, e.Message, "1 of the 5 rows")
	assert.Contains(t, e.Message, "guests are not allowed")
	assert.Equal(t, "r-1", e.RequestID)
	assert.Equal(t, 3, report.Added)
	assert.Equal(t, 1, report.Removed)
	assert.False(t, report.Verified)

	data, err := json.Marshal(report)
	require.NoError(t, err)
	assert.JSONEq(t, `{"planId":"`+p.ID+`","added":3,"removed":1,"alreadyDone":0,
		"failed":[{"id":"u-guest","reason":"guests are not allowed in this group"}],"verified":false,"members":3,"requests":0}`, string(data))

	run := w.runs[p.ID]
	assert.Equal(t, RunPartial, run.State)
	report, err = Resume(context.Background(), w.deps(), p.ID, "adele@contoso.com", nil)
	require.NoError(t, err, "the refusal was lifted meanwhile")
	assert.Equal(t, &Report{PlanID: p.ID, Added: 1, AlreadyDone: 4, Verified: true, Members: 4}, report)
	assert.Equal(t, []string{"u-guest", "u-n1", "u-n2", "u-n3"}, w.ids())
}

func TestAWriteThatCannotBeReadBackIsNotLost(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, user("new")))
	cut := &model.Error{Kind: model.KindSignIn, Code: "expired", Message: "the session has expired", Remedy: "sign in again"}
	d := w.deps()
	d.Groups = unreadableAfterWrite{tenant{w}, cut}
	report, err := Apply(context.Background(), d, p, approved)
	require.ErrorIs(t, err, cut)
	e := model.AsError(err)
	assert.Equal(t, model.KindPartial, e.Kind)
	assert.Equal(t, "sign in again; then rollcall resume "+p.ID, e.Remedy)
	assert.Equal(t, 1, report.Added)
	assert.False(t, report.Verified)
	assert.Equal(t, RunOpen, w.runs[p.ID].State)
}

type unreadableAfterWrite struct {
	tenant
	err error
}

func (u unreadableAfterWrite) DirectMembers(ctx context.Context, id string) ([]model.Object, error) {
	if len(u.writes) > 0 {
		return nil, u.err
	}
	return u.tenant.DirectMembers(ctx, id)
}

func TestAPlanThatWasAppliedIsNotAppliedOverLaterChanges(t *testing.T) {
	w := newWorld(users("old")...)
	p := propose(t, w.params(ModeMirror, user("new")))
	_, err := Apply(context.Background(), w.deps(), p, approved)
	require.NoError(t, err)
	w.members["u-old"], w.writes = user("old"), nil
	_, err = Apply(context.Background(), w.deps(), p, approved)
	assert.Equal(t, "planSpent", model.AsError(err).Code)
	assert.Empty(t, w.writes)
}

func TestAPlanThatWasAppliedNeedsNoGuardLiftedAgain(t *testing.T) {
	w := newWorld(many("old", 3)...)
	params := w.params(ModeMirror, user("new"))
	params.Rules.Guards = limits(2, -1, -1)
	p := propose(t, params)
	lifted := approved
	lifted.AllowRemovals = 3
	_, err := Apply(context.Background(), w.deps(), p, lifted)
	require.NoError(t, err)

	w.writes = nil
	report, err := Apply(context.Background(), w.deps(), p, approved)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, AlreadyDone: 4, Verified: true, Members: 1}, report)
	assert.Empty(t, w.writes)

	w.runs[p.ID].State = RunPartial
	_, err = Apply(context.Background(), w.deps(), p, approved)
	assert.Equal(t, "guardRemovals", model.AsError(err).Code, "a run that has not ended may write")
}

func TestAResumedRunCountsWhatItWroteApartFromWhatWasWrittenBefore(t *testing.T) {
	w := newWorld(users("old")...)
	p := propose(t, w.params(ModeMirror, users("n1", "n2", "n3", "n4")...))
	w.steps = 9 // Run, Group, DirectMembers, Begin, sent, three rows, answers: then death
	report, err := Apply(context.Background(), w.deps(), p, approved)
	require.ErrorIs(t, err, errDead)
	assert.Equal(t, 3, report.Added)

	w.steps, w.writes = -1, nil
	report, err = Resume(context.Background(), w.deps(), p.ID, "adele@contoso.com", nil)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, Added: 1, Removed: 1, AlreadyDone: 3, Verified: true, Members: 4}, report)
	assert.Len(t, w.writes, 2)
}

func TestAnEmptyPlanAppliesToNothing(t *testing.T) {
	w := newWorld(users("a")...)
	p := propose(t, w.params(ModeMirror, user("a")))
	report, err := Apply(context.Background(), w.deps(), p, approved)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, Verified: true, Members: 1}, report)
	assert.Empty(t, w.writes)
}

func TestAPlanThatWasNeverAppliedCannotBeResumed(t *testing.T) {
	_, err := Resume(context.Background(), newWorld().deps(), "0123456789ab", "adele@contoso.com", nil)
	assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
}

func TestAnUndoKeepsWhatOthersHaveDone(t *testing.T) {
	w := newWorld(users("old1", "old2", "keep")...)
	p := propose(t, w.params(ModeMirror, users("keep", "n1", "n2")...))
	_, err := Apply(context.Background(), w.deps(), p, approved)
	require.NoError(t, err)
	w.members["u-joiner"] = user("joiner")
	delete(w.members, "u-n1")          // taken out by somebody
	w.members["u-old1"] = user("old1") // put back by somebody
	delete(w.members, "u-keep")        // left
	undo, err := Undo(w.runs[p.ID], w.present(), DefaultGuards(), "adele", noon)
	require.NoError(t, err)
	assert.Equal(t, []string{"old2"}, refNames(undo.Add))
	assert.Equal(t, []string{"n2"}, refNames(undo.Remove))
	assert.Equal(t, 2, undo.Unchanged, "joiner and old1: members that are no row of the run count as well")
	assert.Equal(t, p.ID, undo.UndoOf)
	assert.NotEqual(t, p.ID, undo.ID)
	_, err = Apply(context.Background(), w.deps(), undo, approved)
	require.NoError(t, err)
	assert.Equal(t, []string{"u-joiner", "u-old1", "u-old2"}, w.ids())
}

func TestAnUndoMayEmptyAGroupThatWasEmptyButIsGuardedElse(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, many("new", 3)...))
	_, err := Apply(context.Background(), w.deps(), p, approved)
	require.NoError(t, err)
	undo, err := Undo(w.runs[p.ID], w.present(), DefaultGuards(), "adele", noon)
	require.NoError(t, err)
	assert.NoError(t, Check(undo, approved))

	undo, err = Undo(w.runs[p.ID], w.present(), limits(2, -1, -1), "adele", noon)
	require.NoError(t, err)
	assert.Equal(t, "guardRemovals", model.AsError(Check(undo, approved)).Code)
}

func TestAJournalThatFailsStopsTheWriting(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, user("new")))
	full := errors.New("no space left on device")
	d := w.deps()
	d.Journal = fullDisk{journal{w}, full}
	_, err := Apply(context.Background(), d, p, approved)
	require.ErrorIs(t, err, full)
	assert.Empty(t, w.writes, "what is not in the journal is not sent")

	d.Journal = fullDisk{journal{w}, &model.Error{Kind: model.KindFailed, Code: "diskFull", Message: "there is no room on the disk", Err: full}}
	_, err = Apply(context.Background(), d, p, approved)
	require.ErrorIs(t, err, full)
	assert.Equal(t, "free some space, then rollcall resume "+p.ID, model.AsError(err).Remedy)
}

type fullDisk struct {
	journal
	err error
}

func (f fullDisk) SetRows(context.Context, string, time.Time, []Row) error { return f.err }

// untrue does what it is told and says that it has not.
type untrue struct{ tenant }

func (u untrue) Write(ctx context.Context, groupID string, add, remove []string, done func(RowResult)) error {
	return u.tenant.Write(ctx, groupID, add, remove, func(r RowResult) {
		r.Outcome, r.Err = OutcomeFailed, &model.Error{Kind: model.KindFailed, Message: "bad gateway"}
		done(r)
	})
}

func TestReadingBackOverrulesAnAnswer(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, user("new")))
	d := w.deps()
	d.Groups = untrue{tenant{w}}
	report, err := Apply(context.Background(), d, p, approved)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, Added: 1, Verified: true, Members: 1}, report)
	assert.Equal(t, RowDone, w.runs[p.ID].Rows[0].State)
	assert.Empty(t, w.runs[p.ID].Rows[0].Reason)
}

// cancelling is interrupted when the first row is answered.
type cancelling struct {
	tenant
	cancel context.CancelFunc
}

func (c cancelling) Write(ctx context.Context, groupID string, add, remove []string, done func(RowResult)) error {
	if err := c.tenant.Write(ctx, groupID, add[:1], nil, done); err != nil {
		return err
	}
	c.cancel()
	return ctx.Err()
}

func TestAnInterruptedWriteStillWritesDownItsAnswers(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, users("n1", "n2")...))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	d := w.deps()
	d.Groups = cancelling{tenant{w}, cancel}
	report, err := Apply(ctx, d, p, approved)
	assert.Equal(t, model.KindInterrupted, model.AsError(err).Kind)
	assert.Equal(t, 1, report.Added)
	assert.Equal(t, RowDone, w.runs[p.ID].Rows[0].State)
	assert.Equal(t, RowSent, w.runs[p.ID].Rows[1].State)
}

func TestAnUndoLeavesRowsAloneThatItsRunNeverCameTo(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, users("n1", "n2", "n3", "n4")...))
	w.steps = 9 // Run, Group, DirectMembers, Begin, sent, three rows, answers: then death
	_, err := Apply(context.Background(), w.deps(), p, approved)
	require.ErrorIs(t, err, errDead)
	w.members["u-n4"] = user("n4") // by somebody
	undo, err := Undo(w.runs[p.ID], w.present(), open, "adele", noon)
	require.NoError(t, err)
	assert.Equal(t, []string{"n1", "n2", "n3"}, refNames(undo.Remove))
}

// stuttering reports every row twice.
type stuttering struct{ tenant }

func (s stuttering) Write(ctx context.Context, groupID string, add, remove []string, done func(RowResult)) error {
	return s.tenant.Write(ctx, groupID, add, remove, func(r RowResult) {
		done(r)
		done(RowResult{UserID: r.UserID, Remove: r.Remove, Outcome: OutcomeFailed})
		done(RowResult{UserID: "u-nobody", Outcome: OutcomeDone})
	})
}

func TestARowCountsOnceHoweverOftenItIsReported(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, users("n1", "n2")...))
	var last Progress
	d := w.deps()
	d.Groups, d.Progress = stuttering{tenant{w}}, func(p Progress) { last = p }
	report, err := Apply(context.Background(), d, p, approved)
	require.NoError(t, err)
	assert.Equal(t, 2, report.Added)
	assert.Equal(t, Progress{Phase: PhaseVerifying, Done: 2, Total: 2}, last)
}
