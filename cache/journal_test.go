package cache

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

// runUsers are the additions of a run of the tests, and its removals.
const runUsers = 6

func member(i int) model.Object {
	return model.Object{ID: guid(i), Type: model.ObjectUser, UserPrincipalName: fmt.Sprintf("user%06d@contoso.com", i), DisplayName: fmt.Sprintf("User %d", i)}
}

func members(from, to int) []model.Object {
	var out []model.Object
	for i := from; i < to; i++ {
		out = append(out, member(i))
	}
	return out
}

// proposal is the n-th plan of the tests: it mirrors an audience to a group of
// its own, replacing as many members as it says, and trips a guard.
func proposal(n, replaced int) *writeback.Plan {
	rules := writeback.Rules{Guards: writeback.NoGuards()}
	rules.MaxRemovals = 1
	p, err := writeback.New(writeback.Params{
		TenantID: tenantID, Group: model.Group{ID: guid(1_000_000 + n), DisplayName: fmt.Sprintf("sg-%d", n), Kind: model.KindSecurity},
		From: []string{"segment:Sales"}, Members: members(0, replaced+1), Desired: members(replaced, 2*replaced+1),
		Rules: rules, Author: "ada@contoso.com", Now: day().Add(time.Duration(n) * time.Minute),
	})
	if err != nil {
		panic(err)
	}
	return p
}

// begun is the run of a plan as it begins.
func begun(p *writeback.Plan) *writeback.Run {
	run := &writeback.Run{
		Plan: *p, State: writeback.RunOpen, Begun: p.CreatedAt.Add(time.Second), Before: p.Remove,
		Approval: writeback.Approval{By: "bob@contoso.com", From: "bob@laptop", At: p.CreatedAt, AllowRemovals: len(p.Remove), Reason: "left the company"},
	}
	for _, r := range p.Add {
		run.Rows = append(run.Rows, writeback.Row{Ref: r, State: writeback.RowPlanned})
	}
	for _, r := range p.Remove {
		run.Rows = append(run.Rows, writeback.Row{Ref: r, Remove: true, State: writeback.RowPlanned})
	}
	return run
}

// sent are rows as they are kept before they are asked for.
func sent(rows []writeback.Row) []writeback.Row {
	out := make([]writeback.Row, len(rows))
	for i, r := range rows {
		r.State = writeback.RowSent
		out[i] = r
	}
	return out
}

// answered are rows as they are kept when the tenant has answered: with every
// outcome that there is.
func answered(rows []writeback.Row) []writeback.Row {
	out := make([]writeback.Row, len(rows))
	for i, r := range rows {
		r.State, r.RequestID = writeback.RowDone, guid(3_000_000+i)
		switch i % 4 {
		case 2:
			r.State = writeback.RowAlready
		case 3:
			r.State, r.Reason = writeback.RowFailed, "Insufficient privileges to complete the operation."
		}
		out[i] = r
	}
	return out
}

// runSteps are the steps that journalStep does for each run.
const runSteps = 11

// journalStep does the n-th step in the life of one run after another: every
// third ends verified. Each step appends one event to the audit, or makes one
// reservation.
func journalStep(l workspace.Ledger, n int) error {
	ctx, p := context.Background(), proposal(n/runSteps, runUsers)
	run := begun(p)
	adds, removes := run.Rows[:runUsers], run.Rows[runUsers:]
	at := p.CreatedAt.Add(time.Duration(n%runSteps) * time.Second)
	state := writeback.RunPartial
	if n/runSteps%3 == 0 {
		state = writeback.RunVerified
	}
	switch n % runSteps {
	case 0:
		return l.SavePlan(ctx, p, "ada@contoso.com")
	case 1:
		return l.Begin(ctx, run)
	case 3:
		return l.SetRows(ctx, p.ID, at, sent(adds))
	case 4:
		return l.SetRows(ctx, p.ID, at, answered(adds))
	case 5:
		return l.Reopen(ctx, p.ID, "eve@contoso.com", at, nil)
	case 6:
		renewed := run.Approval
		renewed.By, renewed.Reason = "eve@contoso.com", "read again"
		return l.Reopen(ctx, p.ID, "eve@contoso.com", at, &renewed)
	case 8:
		return l.SetRows(ctx, p.ID, at, sent(removes))
	case 9:
		return l.SetRows(ctx, p.ID, at, answered(removes))
	case 10:
		return l.End(ctx, p.ID, state, at)
	default: // 2 and 7: in one hour however many runs there are, so that none is forgotten
		return l.Reserve(ctx, writeback.Reservation{At: day().Add(time.Duration(n) * time.Millisecond), Writes: n})
	}
}

// kept is what a ledger has of plans.
type kept struct {
	heads    []writeback.PlanHead
	runs     []*writeback.Run // of the plans, in the order of heads; nil where none was begun
	mirrored []bool           // likewise
	events   []workspace.Event
	reserved []writeback.Reservation
}

// keptIn reads what a ledger has of plans, which must be whole, and how many
// steps of journalStep that are.
func keptIn(t *testing.T, l workspace.Ledger) (k kept, steps int) {
	t.Helper()
	ctx := t.Context()
	var err error
	k.heads, err = l.PlanHeads(ctx)
	require.NoError(t, err)
	for _, head := range k.heads {
		run, err := l.Run(ctx, head.ID)
		require.NoError(t, err)
		mirrored, err := l.Mirrored(ctx, head.Group.ID)
		require.NoError(t, err)
		k.runs, k.mirrored = append(k.runs, run), append(k.mirrored, mirrored)
	}
	k.events, err = l.Events(ctx, time.Time{})
	require.NoError(t, err)
	k.reserved, err = l.Reserved(ctx, time.Time{})
	require.NoError(t, err)
	n, err := l.VerifyAudit(ctx)
	require.NoError(t, err)
	require.Len(t, k.events, n)
	return k, n + len(k.reserved)
}

func TestEachStepOfARunKeepsItsRecordAndItsEvent(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	inMemory := &workspacetest.Ledger{}
	for n := range 3 * runSteps {
		require.NoError(t, journalStep(l, n))
		require.NoError(t, journalStep(inMemory, n))
		if n%4 == 0 {
			l = reopened(t, l)
		}
		got, steps := keptIn(t, l)
		want, _ := keptIn(t, inMemory)
		require.Equal(t, want, got, "step %d", n)
		require.Equal(t, n+1, steps)
	}
}

func TestTheAuditTellsARunFromItsProposalToItsEnd(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	for n := range runSteps {
		require.NoError(t, journalStep(l, n))
	}
	got, _ := keptIn(t, l)
	id := got.heads[0].ID
	var lines []string
	for _, e := range got.events {
		assert.Equal(t, id, e.PlanID)
		assert.Equal(t, "sg-0", e.Subject)
		lines = append(lines, e.By+" "+e.Action+" "+e.Detail)
	}
	assert.Equal(t, []string{
		"ada@contoso.com plan plan " + id + ": 6 to add, 6 to remove",
		"bob@contoso.com plan.approve plan " + id + ": 12 rows to write, allows 6 removals against removals, because: left the company",
		"bob@contoso.com plan.rows plan " + id + ": 6 sent",
		"bob@contoso.com plan.rows plan " + id + ": 4 done, 1 already so, 1 failed",
		"eve@contoso.com plan.reopen plan " + id + ": 7 of 12 rows to go",
		"eve@contoso.com plan.reopen plan " + id + ": 7 of 12 rows to go, approved anew, allows 6 removals against removals, because: read again",
		"eve@contoso.com plan.rows plan " + id + ": 6 sent",
		"eve@contoso.com plan.rows plan " + id + ": 4 done, 1 already so, 1 failed",
		"eve@contoso.com plan.end plan " + id + ": verified, 8 done, 2 already so, 2 failed",
	}, lines)
	approved := got.events[1]
	assert.Equal(t, proposal(0, runUsers).Hash, approved.Hash)
	assert.Equal(t, begun(proposal(0, runUsers)).Approval, *approved.Approval)
	assert.Equal(t, workspace.RowEvent{
		UserID: guid(runUsers + 4), State: writeback.RowFailed,
		Reason: "Insufficient privileges to complete the operation.", RequestID: guid(3_000_003),
	}, got.events[3].Rows[3])
	assert.Equal(t, writeback.RunVerified, got.events[8].State)
}

// TestAProcessKilledAtAnyMomentLeavesJournalAndAuditWhole kills a process that
// writes one run after another at random moments. What it said to have done
// must be there, and nothing else but the step that it may have been about to
// say: of each, journal, audit and budget, or nothing. ROLLCALL_SOAK=1 kills
// 300 times instead of 6.
func TestAProcessKilledAtAnyMomentLeavesJournalAndAuditWhole(t *testing.T) {
	kills := 6
	if os.Getenv("ROLLCALL_SOAK") == "1" {
		kills = 300
	}
	path := directoryPath(t)
	random := rand.New(rand.NewPCG(5, 6))
	inMemory, done, unsaid := &workspacetest.Ledger{}, 0, 0
	for range kills {
		said := killed(t, player(t, roleJournal, path), random, 7, 1_500_000)
		l := openLedger(t, filepath.Join(filepath.Dir(path), "ledger.db"))
		got, steps := keptIn(t, l)
		require.Contains(t, []int{said, said + 1}, steps)
		unsaid += steps - said
		for ; done < steps; done++ {
			require.NoError(t, journalStep(inMemory, done))
		}
		want, _ := keptIn(t, inMemory)
		require.Equal(t, want, got)
		require.NoError(t, l.Close())
	}
	t.Logf("%d steps; %d times between the end of a step and its word", done, unsaid)
}

// runUntilKilled goes on after the last step. Each line that it writes says how
// many are durable.
func runUntilKilled(path string) error {
	ctx := context.Background()
	l, err := OpenLedger(path, LedgerOptions{})
	if err != nil {
		return err
	}
	n, err := l.VerifyAudit(ctx)
	if err != nil {
		return err
	}
	list, err := l.Reserved(ctx, time.Time{})
	for n += len(list); err == nil; n++ {
		if err = journalStep(l, n); err == nil {
			fmt.Println(n + 1)
		}
	}
	return err
}

func TestAFullDiskLeavesNoStepOfARunHalf(t *testing.T) {
	path := ledgerPath(t)
	l, err := OpenLedger(path, LedgerOptions{MaxSize: 1 << 20})
	require.NoError(t, err)
	run := begun(proposal(0, 100))
	inMemory := &workspacetest.Ledger{}
	for _, l := range []workspace.Ledger{l, inMemory} {
		require.NoError(t, l.SavePlan(t.Context(), &run.Plan, "ada@contoso.com"))
		require.NoError(t, l.Begin(t.Context(), run))
	}
	set := func(l workspace.Ledger, n int) error {
		rows := sent(run.Rows)
		if n%2 == 1 {
			rows = answered(run.Rows)
		}
		return l.SetRows(t.Context(), run.Plan.ID, day().Add(time.Duration(n)*time.Second), rows)
	}
	steps := 0
	for {
		require.Less(t, steps, 100)
		if err = set(l, steps); err != nil {
			break
		}
		require.NoError(t, set(inMemory, steps))
		steps++
	}
	failure(t, err, "diskFull")
	require.Positive(t, steps)
	want, _ := keptIn(t, inMemory)
	got, _ := keptIn(t, l)
	require.Equal(t, want, got)
	require.NoError(t, l.Close())

	l = openLedger(t, path) // with room again
	require.NoError(t, set(l, steps))
	require.NoError(t, set(inMemory, steps))
	want, _ = keptIn(t, inMemory)
	got, _ = keptIn(t, l)
	assert.Equal(t, want, got)
}

func TestPlansAndRunsOfAFormerVersionGoOn(t *testing.T) {
	const verified, partial, proposed = "3488b9e958c3", "f84e2d70cf4e", "422fa4ff3bfc"
	l := openLedger(t, unpacked(t, "ledger-runs.db.gz", ledgerPath(t)))
	for n := range 3 { // without heads where they cannot be kept, without them, and with them
		l = reopened(t, l)
		if n == 0 {
			l.refused = &model.Error{Kind: model.KindFailed, Code: "readOnlyDisk"}
		}
		heads, err := l.PlanHeads(t.Context())
		require.NoError(t, err)
		require.Len(t, heads, 3)
		assert.Equal(t, []string{proposed, partial, verified}, []string{heads[0].ID, heads[1].ID, heads[2].ID})
		assert.Equal(t, []writeback.RunState{"", writeback.RunPartial, writeback.RunVerified}, []writeback.RunState{heads[0].State, heads[1].State, heads[2].State})
		assert.Equal(t, []int{4, 2}, []int{heads[1].Additions, heads[1].Removals})
		for i, want := range []bool{false, false, true} {
			mirrored, err := l.Mirrored(t.Context(), heads[i].Group.ID)
			require.NoError(t, err)
			assert.Equal(t, want, mirrored, heads[i].ID)
		}
		require.NoError(t, l.view(t.Context(), func(tx *bolt.Tx) error {
			assert.Equal(t, n > 0, tx.Bucket(bucketPlanHeads) != nil)
			return nil
		}))
	}
	events, err := l.VerifyAudit(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, events)

	before, err := l.Run(t.Context(), partial)
	require.NoError(t, err)
	assert.Equal(t, []writeback.RowState{writeback.RowDone, writeback.RowFailed, writeback.RowSent, writeback.RowPlanned}, []writeback.RowState{before.Rows[0].State, before.Rows[1].State, before.Rows[2].State, before.Rows[3].State})
	assert.EqualValues(t, 1, formatOf(t, l), "a rollcall that wrote it can still read it")
	at := day()
	require.NoError(t, l.SetRows(t.Context(), partial, at, nil))
	require.NoError(t, l.SetRows(t.Context(), partial, at, nil))
	assert.EqualValues(t, 2, formatOf(t, l), "and cannot from here on")
	require.NoError(t, l.Reopen(t.Context(), partial, "eve@contoso.com", at, nil))
	require.NoError(t, l.SetRows(t.Context(), partial, at, answered(before.Rows[:2])))
	require.NoError(t, l.End(t.Context(), partial, writeback.RunPartial, at))
	require.NoError(t, l.Reserve(t.Context(), writeback.Reservation{At: at, Writes: 1}))
	_, err = l.VerifyAudit(t.Context())
	require.NoError(t, err)
	told, err := l.Events(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Len(t, told, 6)
	assert.Equal(t, "plan "+partial+": 5 of 6 rows to go", told[3].Detail)
	assert.Equal(t, "plan "+partial+": partial, 3 to write, 1 sent, 2 done", told[5].Detail)
	assert.Equal(t, "eve@contoso.com", told[4].By)
	assert.Equal(t, "sg-bbbb", told[4].Subject)
	after, err := l.Run(t.Context(), partial)
	require.NoError(t, err)
	before.Ended = at
	copy(before.Rows, answered(before.Rows[:2]))
	assert.Equal(t, before, after)
}

func TestADamagedJournalIsReported(t *testing.T) {
	p := proposal(0, runUsers)
	first := begun(p).Rows[0]
	for name, harm := range map[string]func(journal *bolt.Bucket) error{
		"a row is missing":           func(b *bolt.Bucket) error { return b.Bucket(bucketJournalRows).Delete(placeKey(0)) },
		"another row is in place":    func(b *bolt.Bucket) error { return b.Bucket(bucketPlaces).Put(rowIdentity(first), placeKey(1)) },
		"a row is nonsense":          func(b *bolt.Bucket) error { return b.Bucket(bucketJournalRows).Put(placeKey(0), []byte("{")) },
		"there is no note":           func(b *bolt.Bucket) error { return b.Delete(keyNote) },
		"the rows are missing":       func(b *bolt.Bucket) error { return b.DeleteBucket(bucketJournalRows) },
		"what the run is is missing": func(b *bolt.Bucket) error { return b.DeleteBucket(bucketAbout) },
		"the places are missing":     func(b *bolt.Bucket) error { return b.DeleteBucket(bucketPlaces) },
	} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, ledgerPath(t))
			for n := range 3 {
				require.NoError(t, journalStep(l, n))
			}
			require.NoError(t, l.db.Update(func(tx *bolt.Tx) error { return harm(tx.Bucket(bucketRuns).Bucket([]byte(p.ID))) }))
			failure(t, l.SetRows(t.Context(), p.ID, day(), []writeback.Row{first}), "ledgerCorrupt")
			events, err := l.Events(t.Context(), time.Time{})
			require.NoError(t, err)
			assert.Len(t, events, 2, "and nothing is told that was not done")
		})
	}
}

func formatOf(t *testing.T, l *Ledger) (format uint64) {
	t.Helper()
	require.NoError(t, l.view(t.Context(), func(tx *bolt.Tx) error {
		format, _ = binary.Uvarint(tx.Bucket(bucketHeader).Get(keyFormat))
		return nil
	}))
	return format
}

func TestAGroupIsMeasuredByAVerifiedRunThatMayRemove(t *testing.T) {
	tests := map[string]struct {
		mode   writeback.Mode
		undoOf string
		state  writeback.RunState
		want   bool
	}{
		"a verified mirror":      {writeback.ModeMirror, "", writeback.RunVerified, true},
		"one that failed partly": {writeback.ModeMirror, "", writeback.RunPartial, false},
		"one that is open":       {writeback.ModeMirror, "", writeback.RunOpen, false},
		"additions":              {writeback.ModeAdd, "", writeback.RunVerified, false},
		"removals alone":         {writeback.ModeRemove, "", writeback.RunVerified, true},
		"an undo":                {writeback.ModeMirror, "another", writeback.RunVerified, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, ledgerPath(t))
			p := plan("p", 0)
			p.Mode, p.UndoOf = tc.mode, tc.undoOf
			require.NoError(t, l.Begin(t.Context(), &writeback.Run{Plan: *p, State: tc.state}))
			for group, want := range map[string]bool{p.Group.ID: tc.want, guid(7): false} {
				mirrored, err := l.Mirrored(t.Context(), group)
				require.NoError(t, err)
				assert.Equal(t, want, mirrored)
			}
		})
	}
}
