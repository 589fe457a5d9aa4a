package writeback

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

const adele = "adele@contoso.com"

// interruptedRun is a run of three additions and two removals that was cut off
// by a refusal of n3, so that it is partial and everything else is done.
func interruptedRun(t *testing.T, g Guards) (*world, *Plan) {
	t.Helper()
	w := newWorld(users("keep1", "keep2", "old1", "old2")...)
	params := w.params(ModeMirror, users("keep1", "keep2", "n1", "n2", "n3")...)
	params.Rules.Guards = g
	p := propose(t, params)
	w.refused["u-n3"] = "the mailbox is moving"
	_, err := Apply(context.Background(), w.deps(), p, approved)
	require.Equal(t, "rowsFailed", model.AsError(err).Code)
	require.Equal(t, []string{"u-keep1", "u-keep2", "u-n1", "u-n2"}, w.ids())
	delete(w.refused, "u-n3")
	w.writes, w.waits = nil, nil
	return w, p
}

func TestWhatOthersTookBackIsToldAndWrittenOnlyAfterAnotherApproval(t *testing.T) {
	w, p := interruptedRun(t, open)
	w.turn("u-n1", false, "others")
	w.turn("u-old1", true, "others")
	w.turn("u-stranger", true, "others")
	w.turn("u-keep1", false, "others")

	for _, news := range []int{2, 0} { // it is told as often as it is asked
		_, err := Resume(context.Background(), w.deps(), p.ID, adele, nil)
		e := model.AsError(err)
		require.NotNil(t, e)
		assert.Equal(t, model.KindGuard, e.Kind)
		assert.Equal(t, "planStale", e.Code)
		assert.Contains(t, e.Message, "2 taken back (n1@contoso.com: removed again, old1@contoso.com: added again)")
		var s *Stale
		require.ErrorAs(t, err, &s)
		require.Len(t, s.TakenBack, 2)
		assert.Equal(t, "u-n1", s.TakenBack[0].ID)
		assert.True(t, s.TakenBack[1].Remove)
		assert.Equal(t, news, s.News)
		assert.Empty(t, s.Joined, "strangers do not stop a run that has begun")
		assert.Empty(t, s.Left)
		assert.Empty(t, w.writes)
		assert.Equal(t, takenBackReason, w.runs[p.ID].Rows[0].Reason, "the journal keeps that it was told")
		assert.Equal(t, RowDone, w.runs[p.ID].Rows[0].State, "it was done")
		assert.Equal(t, approved, w.runs[p.ID].Approval)
	}
	assert.Equal(t, patience[:], w.waits, "late changes are waited for, until they are told")

	w.turn("u-old2", true, "others") // after it was told
	renewed := Approval{By: "bo@contoso.com", At: noon.Add(time.Hour)}
	_, err := Resume(context.Background(), w.deps(), p.ID, "bo@contoso.com", &renewed)
	assert.Equal(t, "planStale", model.AsError(err).Code, "the approval is not for what came after")
	assert.Empty(t, w.writes)
	assert.Equal(t, approved, w.runs[p.ID].Approval)
	assert.Equal(t, append(patience[:], patience[:]...), w.waits, "what came after may be late again")

	w.waits = nil
	w.allowed["u-n1"], w.allowed["u-old1"], w.allowed["u-old2"] = true, true, true
	report, err := Resume(context.Background(), w.deps(), p.ID, "bo@contoso.com", &renewed)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, Added: 2, Removed: 2, AlreadyDone: 1, Verified: true, Members: 5}, report)
	assert.Empty(t, w.waits, "all of it was told before")
	assert.Equal(t, []string{"u-keep2", "u-n1", "u-n2", "u-n3", "u-stranger"}, w.ids())
	assert.Equal(t, renewed, w.runs[p.ID].Approval)
	for _, row := range w.runs[p.ID].Rows {
		assert.Empty(t, row.Reason)
	}
	assert.Empty(t, w.broken)
}

func TestApplyingAgainIsAnApprovalOfWhatWasTold(t *testing.T) {
	w, p := interruptedRun(t, open)
	w.turn("u-n1", false, "others")
	second := Approval{By: "bo@contoso.com", At: noon.Add(time.Hour)}
	_, err := Apply(context.Background(), w.deps(), p, second)
	require.Equal(t, "planStale", model.AsError(err).Code)
	w.allowed["u-n1"] = true
	_, err = Apply(context.Background(), w.deps(), p, second)
	require.NoError(t, err)
	assert.Equal(t, second, w.runs[p.ID].Approval)
	assert.Empty(t, w.broken)
}

func TestWhatOthersPutRightAgainIsTakenBackNoMore(t *testing.T) {
	w, p := interruptedRun(t, open)
	w.turn("u-n1", false, "others")
	_, err := Resume(context.Background(), w.deps(), p.ID, adele, nil)
	require.Equal(t, "planStale", model.AsError(err).Code)
	w.turn("u-n1", true, "others")
	_, err = Resume(context.Background(), w.deps(), p.ID, adele, nil)
	require.NoError(t, err)
	assert.Equal(t, []write{{"u-n3", false}}, w.writes)
	assert.Empty(t, w.runs[p.ID].Rows[0].Reason)
}

func TestALateLookIsNotTakenForATakingBack(t *testing.T) {
	w, p := interruptedRun(t, open)
	w.shown, w.lag = users("keep1", "keep2", "old1", "old2"), len(patience)
	report, err := Resume(context.Background(), w.deps(), p.ID, adele, nil)
	require.NoError(t, err)
	assert.True(t, report.Verified)
	assert.Equal(t, patience[:], w.waits)
	assert.Equal(t, []write{{"u-n3", false}}, w.writes)
}

func TestAGroupThatOthersHaveLeftIsNotMadeSmallerThanTheGuardAllows(t *testing.T) {
	w := newWorld(users("keep1", "keep2", "old1", "old2")...)
	params := w.params(ModeMirror, users("keep1", "keep2", "n1")...)
	params.Rules.Guards = limits(-1, -1, 3)
	p := propose(t, params)
	w.steps = 5 // Run, Group, DirectMembers, Begin, sent: then death
	_, err := Apply(context.Background(), w.deps(), p, approved)
	require.ErrorIs(t, err, errDead)
	w.steps, w.writes = -1, nil
	w.turn("u-keep1", false, "others")
	before := *w.runs[p.ID]
	_, err = Resume(context.Background(), w.deps(), p.ID, adele, nil)
	e := model.AsError(err)
	assert.Equal(t, "guardLeastSize", e.Code)
	assert.Equal(t, model.KindGuard, e.Kind)
	assert.Contains(t, e.Message, "2 members left where at least 3 must be")
	assert.Empty(t, w.writes)
	assert.Equal(t, before, *w.runs[p.ID])

	w.turn("u-stranger", true, "others")
	_, err = Resume(context.Background(), w.deps(), p.ID, adele, nil)
	require.NoError(t, err, "the group is large enough again")
}

func TestThePresentLeastSizeHoldsBesideThePlansOwn(t *testing.T) {
	w := newWorld(users("keep", "old")...)
	p := propose(t, w.params(ModeMirror, user("keep")))
	d := w.deps()
	d.Guards = []GuardResult{{Name: GuardLeastSize, Limit: 2}}
	_, err := Apply(context.Background(), d, p, approved)
	assert.Equal(t, "guardLeastSize", model.AsError(err).Code)
	assert.Empty(t, w.runs)
}

func TestRowsThatAreRightAlreadyShrinkNothing(t *testing.T) {
	w := newWorld(users("keep", "old1", "old2")...)
	params := w.params(ModeMirror, users("keep", "n1")...)
	params.Rules.Guards = limits(-1, -1, 2)
	p := propose(t, params)
	w.turn("u-old1", false, "others")
	w.turn("u-old2", false, "others")
	report, err := Apply(context.Background(), w.deps(), p, approved)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, Added: 1, AlreadyDone: 2, Verified: true, Members: 2}, report)
}

func TestRemovalsAreHeldBackWhereTheAdditionsDidNotComeAbout(t *testing.T) {
	w := newWorld(users("old1", "old2")...)
	params := w.params(ModeMirror, users("n1", "n2", "n3")...)
	params.Rules.Guards = limits(-1, -1, 2)
	p := propose(t, params)
	w.refused["u-n1"], w.refused["u-n2"] = "guests are not allowed", "guests are not allowed"
	report, err := Apply(context.Background(), w.deps(), p, approved)
	e := model.AsError(err)
	require.NotNil(t, e)
	assert.Equal(t, model.KindPartial, e.Kind)
	assert.Equal(t, "rowsFailed", e.Code)
	assert.Contains(t, e.Message, "held back: 2 removals, which would leave 1 member where at least 2 must be")
	assert.Equal(t, 1, report.Added)
	assert.Len(t, report.Failed, 2)
	assert.Equal(t, 2, report.Left)
	assert.Equal(t, []string{"u-n3", "u-old1", "u-old2"}, w.ids())
	assert.Equal(t, RunPartial, w.runs[p.ID].State)
	assert.Empty(t, w.waits, "what was not asked for is not waited for")

	clear(w.refused)
	report, err = Resume(context.Background(), w.deps(), p.ID, adele, nil)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, Added: 2, Removed: 2, AlreadyDone: 1, Verified: true, Members: 3}, report)
}

func TestAJournalWithOtherRowsThanWereApprovedWritesNothing(t *testing.T) {
	spoils := map[string]func(*Run){
		"a row more":         func(r *Run) { r.Rows = append(r.Rows, Row{Ref: Ref{ID: "u-boss"}, Remove: true}) },
		"a row fewer":        func(r *Run) { r.Rows = r.Rows[1:] },
		"a row twice":        func(r *Run) { r.Rows[1] = r.Rows[0] },
		"a row turned round": func(r *Run) { r.Rows[0].Remove = !r.Rows[0].Remove },
	}
	for name, spoil := range spoils {
		t.Run(name, func(t *testing.T) {
			w, p := interruptedRun(t, open)
			spoil(w.runs[p.ID])
			_, err := Resume(context.Background(), w.deps(), p.ID, adele, nil)
			assert.Equal(t, "journalDamaged", model.AsError(err).Code)
			_, err = Apply(context.Background(), w.deps(), p, approved)
			assert.Equal(t, "journalDamaged", model.AsError(err).Code)
			assert.Empty(t, w.writes)
		})
	}
}

func TestAnApprovalIsForOnePlan(t *testing.T) {
	w, p := interruptedRun(t, open)
	other := propose(t, newWorld(users("boss")...).params(ModeRemove, user("nobody")))
	w.runs[p.ID].Plan = *other
	_, err := Apply(context.Background(), w.deps(), p, approved)
	assert.Equal(t, "planExists", model.AsError(err).Code)
	assert.Empty(t, w.writes)
}

func TestAPlanToHandOverIsNotApplied(t *testing.T) {
	w := newWorld(users("old")...)
	params := w.params(ModeMirror, user("new"))
	params.HandOver = true
	p := propose(t, params)
	_, err := Apply(context.Background(), w.deps(), p, approved)
	e := model.AsError(err)
	require.NotNil(t, e)
	assert.Equal(t, model.KindGuard, e.Kind)
	assert.Equal(t, "planHandOver", e.Code)
	assert.Contains(t, e.Remedy, "rollcall plan export "+p.ID)
	assert.Empty(t, w.writes)
	assert.Empty(t, w.runs)
}

func TestAUserWhoIsGoneFailsAsAnAdditionAndNotAsARemoval(t *testing.T) {
	w := newWorld(users("old1", "old2")...)
	p := propose(t, w.params(ModeMirror, users("n1", "n2")...))
	w.refused["u-n1"] = "Resource 'u-n1' does not exist"
	gone := false
	w.meddle = func() { // after the look, before the write
		if !gone && w.runs[p.ID] != nil {
			gone = true
			w.turn("u-old1", false, "others")
		}
	}
	report, err := Apply(context.Background(), w.deps(), p, approved)
	e := model.AsError(err)
	assert.Equal(t, "rowsFailed", e.Code)
	assert.Contains(t, e.Message, "does not exist")
	assert.Equal(t, 1, report.Added)
	assert.Equal(t, 1, report.Removed)
	assert.Equal(t, 1, report.AlreadyDone)
	assert.Equal(t, []string{"u-n2"}, w.ids())
	rows := w.runs[p.ID].Rows
	assert.Equal(t, RowFailed, rows[0].State)
	assert.Equal(t, "Resource 'u-n1' does not exist", rows[0].Reason)
	assert.NotEmpty(t, rows[0].RequestID)
	assert.Equal(t, RowAlready, rows[2].State)
}

func TestARowThatOthersDidIsNotSaidToBeDone(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, users("n1", "n2", "n3", "n4")...))
	w.steps = 9 // Run, Group, DirectMembers, Begin, sent, three rows, answers: then death
	_, err := Apply(context.Background(), w.deps(), p, approved)
	require.ErrorIs(t, err, errDead)
	w.steps = -1
	w.turn("u-n4", true, "others")
	report, err := Resume(context.Background(), w.deps(), p.ID, adele, nil)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, AlreadyDone: 4, Verified: true, Members: 4}, report)
	row := w.runs[p.ID].Rows[3]
	assert.Equal(t, RowAlready, row.State)
	assert.Empty(t, row.RequestID, "no write of ours brought it about")

	undo, err := Undo(w.runs[p.ID], w.present(), open, adele, noon)
	require.NoError(t, err)
	assert.Equal(t, []string{"n1", "n2", "n3"}, refNames(undo.Remove), "and an undo leaves it")
}

func TestEveryGoingOnIsInTheJournal(t *testing.T) {
	w, p := interruptedRun(t, open)
	d := w.deps()
	j := &reopenings{journal: journal{w}}
	d.Journal = j
	_, err := Resume(context.Background(), d, p.ID, "bo@contoso.com", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"bo@contoso.com"}, j.by)

	_, err = Resume(context.Background(), d, p.ID, "bo@contoso.com", nil)
	require.NoError(t, err)
	assert.Len(t, j.by, 1, "nobody goes on with a run that is at its end")
}

type reopenings struct {
	journal
	by []string
}

func (r *reopenings) Reopen(ctx context.Context, planID, by string, at time.Time, renewed *Approval) error {
	r.by = append(r.by, by)
	return r.journal.Reopen(ctx, planID, by, at, renewed)
}

func TestEveryWaitIsShown(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, users("n1", "n2")...))
	w.lag = 2
	var seen []Progress
	d := w.deps()
	d.Progress = func(p Progress) {
		if len(seen) == 0 || seen[len(seen)-1] != p {
			seen = append(seen, p)
		}
	}
	_, err := Apply(context.Background(), d, p, approved)
	require.NoError(t, err)
	assert.Equal(t, []Progress{
		{Phase: PhaseReading, Total: 2},
		{Phase: PhaseWriting, Total: 2},
		{Phase: PhaseWriting, Done: 1, Total: 2},
		{Phase: PhaseWriting, Done: 2, Total: 2},
		{Phase: PhaseVerifying, Done: 2, Total: 2},
		{Phase: PhaseVerifying, Done: 2, Total: 2, Unseen: 2, Until: noon.Add(patience[0])},
		{Phase: PhaseVerifying, Done: 2, Total: 2, Unseen: 2},
		{Phase: PhaseVerifying, Done: 2, Total: 2, Unseen: 2, Until: noon.Add(patience[1])},
		{Phase: PhaseVerifying, Done: 2, Total: 2, Unseen: 2},
		{Phase: PhaseVerifying, Done: 2, Total: 2},
	}, seen)
}

// losing loses every request of a row, or its answer, without an error.
type losing struct {
	tenant
	lost map[string]bool
}

func (l losing) Write(ctx context.Context, groupID string, add, remove []string, done func(RowResult)) error {
	var rest []string
	for _, id := range add {
		if !l.lost[id] {
			rest = append(rest, id)
		}
	}
	return l.tenant.Write(ctx, groupID, rest, remove, done)
}

func TestWhatIsNotWrittenIsToldApartFromWhatIsNotSeen(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, users("n1", "n2", "n3")...))
	d := w.deps()
	d.Groups = losing{tenant{w}, map[string]bool{"u-n2": true}}
	report, err := Apply(context.Background(), d, p, approved)
	e := model.AsError(err)
	require.NotNil(t, e)
	assert.Equal(t, "notWritten", e.Code)
	assert.Contains(t, e.Message, "not written: 1 of the 3 rows")
	assert.NotContains(t, e.Message, "not seen")
	assert.Equal(t, &Report{PlanID: p.ID, Added: 2, Left: 1, Members: 2}, report)
	assert.Equal(t, RowSent, w.runs[p.ID].Rows[1].State)
	assert.Equal(t, patience[:], w.waits, "it may have been written")

	report, err = Resume(context.Background(), w.deps(), p.ID, adele, nil)
	require.NoError(t, err, "of a row in doubt nobody can say that it was taken back")
	assert.Equal(t, &Report{PlanID: p.ID, Added: 1, AlreadyDone: 2, Verified: true, Members: 3}, report)
}

// muted does what it is told and answers nothing.
type muted struct{ tenant }

func (m muted) Write(ctx context.Context, groupID string, add, remove []string, _ func(RowResult)) error {
	return m.tenant.Write(ctx, groupID, add, remove, func(RowResult) {})
}

func TestWhatIsSeenIsDoneThoughNobodyAnswered(t *testing.T) {
	w := newWorld(users("old")...)
	p := propose(t, w.params(ModeMirror, users("n1", "n2")...))
	d := w.deps()
	d.Groups = muted{tenant{w}}
	report, err := Apply(context.Background(), d, p, approved)
	require.NoError(t, err)
	assert.Equal(t, &Report{PlanID: p.ID, Added: 2, Removed: 1, Verified: true, Members: 2}, report)
	for _, row := range w.runs[p.ID].Rows {
		assert.Equal(t, RowDone, row.State)
		assert.Empty(t, row.RequestID)
	}
}

// misnaming answers for a removal when it was asked for an addition.
type misnaming struct{ tenant }

func (m misnaming) Write(ctx context.Context, groupID string, add, remove []string, done func(RowResult)) error {
	return m.tenant.Write(ctx, groupID, add, remove, func(r RowResult) {
		done(RowResult{UserID: r.UserID, Remove: !r.Remove, Outcome: OutcomeFailed})
		done(r)
	})
}

func TestAnAnswerForAnotherRowCountsForNone(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, user("new")))
	failed := false
	d := w.deps()
	d.Groups, d.Progress = misnaming{tenant{w}}, func(p Progress) { failed = failed || p.Failed > 0 }
	_, err := Apply(context.Background(), d, p, approved)
	require.NoError(t, err)
	assert.False(t, failed)
}

// hurried is interrupted as soon as the group was read back.
type hurried struct {
	tenant
	cancel context.CancelFunc
}

func (h hurried) DirectMembers(ctx context.Context, id string) ([]model.Object, error) {
	members, err := h.tenant.DirectMembers(ctx, id)
	if len(h.writes) > 0 {
		h.cancel()
	}
	return members, err
}

type hurriedAndMuted struct{ hurried }

func (h hurriedAndMuted) Write(ctx context.Context, groupID string, add, remove []string, done func(RowResult)) error {
	return muted{h.tenant}.Write(ctx, groupID, add, remove, done)
}

func TestWhatWasReadBackIsWrittenDownThoughItIsInterrupted(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, users("n1", "n2")...))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	d := w.deps()
	d.Groups = hurried{tenant{w}, cancel}
	report, err := Apply(ctx, d, p, approved)
	require.NoError(t, err)
	assert.True(t, report.Verified)
	assert.Equal(t, RunVerified, w.runs[p.ID].State)

	w = newWorld()
	p = propose(t, w.params(ModeMirror, users("n1", "n2")...))
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	d = w.deps()
	d.Groups = hurriedAndMuted{hurried{tenant{w}, cancel}}
	_, err = Apply(ctx, d, p, approved)
	require.NoError(t, err)
	assert.Equal(t, RowDone, w.runs[p.ID].Rows[0].State, "seen, and never answered")
}

// paced is a tenant whose budget of writes is used up after the first row.
type paced struct {
	tenant
	waiting chan struct{}
}

func (p paced) Write(ctx context.Context, groupID string, add, remove []string, done func(RowResult)) error {
	if err := p.tenant.Write(ctx, groupID, add[:1], nil, done); err != nil {
		return err
	}
	close(p.waiting)
	<-ctx.Done() // 150 seconds, or until somebody has enough of it
	return ctx.Err()
}

func TestAWaitForTheBudgetOfWritesEndsWhenItIsCancelled(t *testing.T) {
	w := newWorld()
	p := propose(t, w.params(ModeMirror, users("n1", "n2", "n3", "n4")...))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	d := w.deps()
	waiting := make(chan struct{})
	d.Groups = paced{tenant{w}, waiting}
	go func() {
		<-waiting
		cancel()
	}()
	report, err := Apply(ctx, d, p, approved)
	e := model.AsError(err)
	require.NotNil(t, e)
	assert.Equal(t, model.KindInterrupted, e.Kind)
	assert.Equal(t, "rollcall resume "+p.ID, e.Remedy)
	assert.Equal(t, 1, report.Added)
	assert.Equal(t, 3, report.Left)
	var states []RowState
	for _, row := range w.runs[p.ID].Rows {
		states = append(states, row.State)
	}
	assert.Equal(t, []RowState{RowDone, RowSent, RowSent, RowPlanned}, states)
	assert.Equal(t, RunOpen, w.runs[p.ID].State)

	report, err = Resume(context.Background(), w.deps(), p.ID, adele, nil)
	require.NoError(t, err)
	assert.Equal(t, 3, report.Added)
}

// instant is a tenant and a journal that do nothing but count.
type instant struct {
	Journal
	members      []model.Object
	transactions int
	rows         int
}

func (i *instant) Group(context.Context, string) (model.Group, error) {
	return newWorld().group, nil
}

func (i *instant) DirectMembers(context.Context, string) ([]model.Object, error) {
	return i.members, nil
}

func (i *instant) Owners(context.Context, string) ([]string, error) { return nil, nil }

func (i *instant) Write(_ context.Context, _ string, add, _ []string, done func(RowResult)) error {
	for _, id := range add {
		i.members = append(i.members, model.Object{ID: id, Type: model.ObjectUser})
		done(RowResult{UserID: id, Outcome: OutcomeDone})
	}
	return nil
}

func (i *instant) Run(context.Context, string) (*Run, error) { return nil, nil }

func (i *instant) Begin(context.Context, *Run) error { i.transactions++; return nil }

func (i *instant) SetRows(_ context.Context, _ string, _ time.Time, rows []Row) error {
	i.transactions++
	i.rows += len(rows)
	return nil
}

func (i *instant) End(context.Context, string, RunState, time.Time) error {
	i.transactions++
	return nil
}

func TestAPlanOfTenThousandRowsCostsFewTransactions(t *testing.T) {
	const rows = 10_000
	p := propose(t, newWorld().params(ModeMirror, many("new", rows)...))
	tenant := &instant{}
	report, err := Apply(context.Background(), Deps{Groups: tenant, Journal: tenant}, p, approved)
	require.NoError(t, err)
	assert.Equal(t, rows, report.Added)
	assert.Equal(t, 2+2*rows/batchRows, tenant.transactions)
	assert.Equal(t, 2*rows, tenant.rows, "each row is written down as sent, and with what became of it")
}

func BenchmarkApply(b *testing.B) {
	for _, rows := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			p, err := New(newWorld().params(ModeMirror, many("new", rows)...))
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				tenant := &instant{}
				if _, err := Apply(context.Background(), Deps{Groups: tenant, Journal: tenant}, p, approved); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*rows), "µs/row")
		})
	}
}
