package cache

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

func openLedger(t testing.TB, path string) *Ledger {
	t.Helper()
	l, err := OpenLedger(path, LedgerOptions{Now: day, Timeout: 50 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func ledgerPath(t testing.TB) string { return filepath.Join(t.TempDir(), "profile", "ledger.db") }

// reopened closes a ledger and opens it again.
func reopened(t testing.TB, l *Ledger) *Ledger {
	t.Helper()
	require.NoError(t, l.Close())
	return openLedger(t, l.path)
}

// poke writes a value behind the package's back.
func poke(t testing.TB, db *bolt.DB, bucket, key, value []byte) {
	t.Helper()
	require.NoError(t, db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucket).Put(key, value) }))
}

func plan(id string, age time.Duration) *writeback.Plan {
	return &writeback.Plan{
		ID: id, TenantID: tenantID, Hash: "hash of " + id, CreatedAt: day().Add(-age),
		Group: writeback.GroupRef{ID: guid(1), DisplayName: "sg-sales"}, Mode: writeback.ModeMirror,
		Add: []writeback.Ref{{ID: guid(2)}}, Remove: []writeback.Ref{{ID: guid(3)}}, Skipped: []writeback.Skipped{}, Guards: []writeback.GuardResult{},
	}
}

func TestPlansAreKeptAndNeverReplaced(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	require.NoError(t, l.SavePlan(t.Context(), plan("old", time.Hour), "adele@contoso.com"))
	require.NoError(t, l.SavePlan(t.Context(), plan("new", 0), "adele@contoso.com"))
	require.NoError(t, l.SavePlan(t.Context(), plan("new", 0), "adele@contoso.com"), "the same plan again is no harm")
	changed := plan("old", time.Hour)
	changed.Hash = "another"
	failure(t, l.SavePlan(t.Context(), changed, "adele@contoso.com"), "planExists")

	l = reopened(t, l)
	heads, err := l.PlanHeads(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []writeback.PlanHead{plan("new", 0).Head(), plan("old", time.Hour).Head()}, heads)
	got, err := l.Plan(t.Context(), "old")
	require.NoError(t, err)
	assert.Equal(t, plan("old", time.Hour), got)
	_, err = l.Plan(t.Context(), "unknown")
	assert.Equal(t, model.KindUsage, failure(t, err, "planNotFound").Kind)
}

func TestAJournalKeepsItsRowsInTheirOrder(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	row := func(id string, remove bool, s writeback.RowState) writeback.Row {
		return writeback.Row{Ref: writeback.Ref{ID: id, UserPrincipalName: id + "@contoso.com"}, Remove: remove, State: s}
	}
	run := &writeback.Run{
		Plan: *plan("p", 0), Approval: writeback.Approval{By: "ada", At: day(), AllowRemovals: 1},
		Before: []writeback.Ref{{ID: "z"}, {ID: "a"}}, State: writeback.RunOpen, Begun: day(),
		Rows: []writeback.Row{row("z", false, writeback.RowPlanned), row("a", false, writeback.RowPlanned), row("a", true, writeback.RowPlanned), row("m", true, writeback.RowPlanned)},
	}
	got, err := l.Run(t.Context(), "p")
	require.NoError(t, err)
	assert.Nil(t, got, "a plan that was never begun has no run")

	require.NoError(t, l.Begin(t.Context(), run))
	failure(t, l.Begin(t.Context(), run), "runExists")
	failed := row("m", true, writeback.RowFailed)
	failed.Reason = "Insufficient privileges"
	require.NoError(t, l.SetRows(t.Context(), "p", day(), []writeback.Row{row("a", true, writeback.RowDone), failed}))
	require.NoError(t, l.End(t.Context(), "p", writeback.RunPartial, day().Add(time.Minute)))

	run.Rows[2].State, run.Rows[3] = writeback.RowDone, failed
	run.State, run.Ended = writeback.RunPartial, day().Add(time.Minute)
	got, err = reopened(t, l).Run(t.Context(), "p")
	require.NoError(t, err)
	assert.Equal(t, run, got)
}

func TestTheJournalRefusesWhatItDoesNotHold(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	failure(t, l.SetRows(t.Context(), "p", day(), nil), "runNotFound")
	failure(t, l.End(t.Context(), "p", writeback.RunVerified, day()), "runNotFound")
	require.NoError(t, l.Begin(t.Context(), &writeback.Run{Plan: *plan("p", 0), Rows: []writeback.Row{{Ref: writeback.Ref{ID: "a"}, State: writeback.RowPlanned}}}))
	err := l.SetRows(t.Context(), "p", day(), []writeback.Row{
		{Ref: writeback.Ref{ID: "a"}, State: writeback.RowDone}, {Ref: writeback.Ref{ID: "stranger"}, State: writeback.RowDone},
	})
	failure(t, err, "rowNotFound")
	run, err := l.Run(t.Context(), "p")
	require.NoError(t, err)
	assert.Equal(t, writeback.RowPlanned, run.Rows[0].State, "all rows of a call are stored, or none")
}

func TestTheAuditIsAChain(t *testing.T) {
	event := func(i int) workspace.Event {
		return workspace.Event{At: day().Add(time.Duration(i) * time.Minute), By: "ada", Action: "plan.apply", Subject: fmt.Sprintf("<plan %d>", i)}
	}
	link := func(i byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, i} }
	tests := map[string]struct {
		tamper func(*bolt.Tx) error
		intact int // events before the break
		broken bool
	}{
		"untouched": {func(*bolt.Tx) error { return nil }, 5, false},
		"an event is changed": {func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketEvents)
			return b.Put(link(3), bytes.Replace(b.Get(link(3)), []byte("plan 2"), []byte("plan 9"), 1))
		}, 2, true},
		"an event is left out": {func(tx *bolt.Tx) error { return tx.Bucket(bucketEvents).Delete(link(2)) }, 1, true},
		"the last is left out": {func(tx *bolt.Tx) error { return tx.Bucket(bucketEvents).Delete(link(5)) }, 4, true},
		"two change places": {func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketEvents)
			two, three := bytes.Clone(b.Get(link(2))), bytes.Clone(b.Get(link(3)))
			if err := b.Put(link(2), three); err != nil {
				return err
			}
			return b.Put(link(3), two)
		}, 1, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, ledgerPath(t))
			for i := range 5 {
				require.NoError(t, l.Record(t.Context(), event(i)))
			}
			l = reopened(t, l)
			require.NoError(t, l.db.Update(tc.tamper))
			n, err := l.VerifyAudit(t.Context())
			assert.Equal(t, tc.intact, n)
			if !tc.broken {
				require.NoError(t, err)
				events, err := l.Events(t.Context(), day().Add(3*time.Minute))
				require.NoError(t, err)
				assert.Equal(t, []workspace.Event{event(3), event(4)}, events)
				return
			}
			e := failure(t, err, "auditBroken")
			assert.Contains(t, e.Message, fmt.Sprintf("event %d", tc.intact+1))
		})
	}
}

func TestALedgerBelongsToTheFirstTenantThatItIsBoundTo(t *testing.T) {
	const other = "22222222-2222-2222-2222-222222222222"
	path := ledgerPath(t)
	mistyped, err := OpenLedger(path, LedgerOptions{TenantID: other})
	require.NoError(t, err, "a file that is nobody's may be opened for any tenant")
	require.NoError(t, mistyped.Close())

	l, err := OpenLedger(path, LedgerOptions{TenantID: tenantID})
	require.NoError(t, err, "opening alone binds to nobody")
	require.NoError(t, l.Bind(t.Context(), tenantID))
	require.NoError(t, l.Bind(t.Context(), tenantID))
	failure(t, l.Bind(t.Context(), other), "otherTenant")
	require.NoError(t, l.Close())
	_, err = OpenLedger(path, LedgerOptions{TenantID: other})
	failure(t, err, "otherTenant")
	require.NoError(t, openLedger(t, path).Close(), "who does not know the tenant yet may open it")
}

func TestADamagedLedgerIsReportedAndLeftAsItIs(t *testing.T) {
	path := ledgerPath(t)
	l := openLedger(t, path)
	require.NoError(t, l.SaveSegment(t.Context(), workspace.Segment{ID: "s", Version: 1, Name: "sales"}))
	require.NoError(t, l.Close())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, broken := range map[string][]byte{
		"both meta pages overwritten": append(make([]byte, 8192), data[8192:]...),
		"cut off":                     data[:5000],
		"something else":              []byte("segments: none\n"),
		"emptied":                     {},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, broken, 0o600))
			_, err := OpenLedger(path, LedgerOptions{})
			e := failure(t, err, "ledgerCorrupt")
			assert.Contains(t, e.Message, path)
			assert.NotEmpty(t, e.Remedy)
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, broken, after)
		})
	}
}

func TestALedgerOfAnotherLayoutIsLeftAsItIs(t *testing.T) {
	path := ledgerPath(t)
	l := openLedger(t, path)
	poke(t, l.db, bucketHeader, keyFormat, []byte{ledgerFormat + 1})
	require.NoError(t, l.Close())
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = OpenLedger(path, LedgerOptions{})
	assert.Contains(t, failure(t, err, "newerFile").Message, "layout 3; this one knows 2")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
}

func TestANewLedgerLeavesNothingElseInItsFolder(t *testing.T) {
	path := ledgerPath(t)
	require.NoError(t, openLedger(t, path).Close())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, filepath.Base(path), entries[0].Name())
	info, err := entries[0].Info()
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestADamagedValueOfTheLedgerIsReported(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	require.NoError(t, l.SavePlan(t.Context(), plan("p", 0), "adele@contoso.com"))
	poke(t, l.db, bucketPlans, []byte("p"), []byte("{"))
	_, err := l.Plan(t.Context(), "p")
	failure(t, err, "ledgerCorrupt")
}

func TestALedgerClosesOnce(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	failure(t, l.Record(t.Context(), workspace.Event{}), "closed")
	_, err := l.Segments(t.Context())
	failure(t, err, "closed")
}
