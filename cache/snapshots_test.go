package cache

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"rollcall/model/audience"
	"rollcall/model/expansion"
	"rollcall/model/workspace"
)

// snapshotOf returns a snapshot of n addresses, each with its object id.
func snapshotOf(id string, n int) workspace.Snapshot {
	s := workspace.Snapshot{
		ID: id, Name: "All hands", Entries: []string{"all-staff@contoso.com"}, Exclude: []string{"list:Board"},
		Count: n, Addresses: []string{}, ApprovedBy: "ada", ApprovedAt: day(), AsOf: day().Add(-time.Minute), SyncedAt: day().Add(-time.Hour),
		Counts:  &workspace.SnapshotCounts{Counts: audience.Counts{Unique: n, Internal: n}, WithoutAddress: 3},
		Sources: []expansion.Source{expansion.SourceGraph},
		Lists:   []audience.GroupSummary{{ID: guid(1), Mail: "all-staff@contoso.com", Direct: n, Unique: n, Source: expansion.SourceGraph}},
	}
	for i := range n {
		s.Addresses = append(s.Addresses, fmt.Sprintf("user%06d@contoso.com", i))
		s.ObjectIDs = append(s.ObjectIDs, guid(i))
	}
	return s
}

func TestSnapshotsAreListedByTheirHeadsNewestFirstAndReadWhole(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	snapshots, err := l.Snapshots(t.Context())
	require.NoError(t, err)
	assert.Empty(t, snapshots)

	var saved []workspace.Snapshot
	for i, id := range []string{"b", "a", "c"} {
		s := snapshotOf(id, 100*i)
		s.ApprovedAt = day().Add(time.Duration(i) * time.Hour)
		require.NoError(t, l.SaveSnapshot(t.Context(), s))
		saved = append(saved, s)
	}
	l = reopened(t, l)
	for _, want := range saved {
		got, err := l.Snapshot(t.Context(), want.ID)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	snapshots, err = l.Snapshots(t.Context())
	require.NoError(t, err)
	for i := range saved {
		saved[i].Addresses, saved[i].ObjectIDs, saved[i].Lists = nil, nil, nil
	}
	assert.Equal(t, []workspace.Snapshot{saved[2], saved[1], saved[0]}, snapshots)
}

func TestAnUnknownSnapshotIsAUsageError(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	for _, id := range []string{"", "nowhere"} {
		_, err := l.Snapshot(t.Context(), id)
		assert.Contains(t, failure(t, err, "snapshotNotFound").Remedy, "rollcall snapshot list")
	}
}

func TestASnapshotIsNeverReplacedNorKeptInParts(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	require.NoError(t, l.SaveSnapshot(t.Context(), snapshotOf("a", 3)))
	failure(t, l.SaveSnapshot(t.Context(), snapshotOf("a", 2)), "snapshotExists")
	failure(t, l.SaveSnapshot(t.Context(), snapshotOf("", 2)), "snapshotID")
	torn := snapshotOf("b", 3)
	torn.ObjectIDs = torn.ObjectIDs[:2]
	failure(t, l.SaveSnapshot(t.Context(), torn), "snapshotIDs")

	snapshots, err := reopened(t, l).Snapshots(t.Context())
	require.NoError(t, err)
	require.Len(t, snapshots, 1)
	assert.Equal(t, 3, snapshots[0].Count)
}

func TestSnapshotsOfAFormerVersionAreReadAndStayReadableForIt(t *testing.T) {
	path := unpacked(t, "ledger-snapshots.db.gz", ledgerPath(t))
	before := formerValues(t, path)
	hands := workspace.Snapshot{
		ID: "qz7kd2mw", Name: "All hands", Entries: []string{"all-staff@contoso.com"}, Exclude: []string{"partners@contoso.com"},
		Count: 3, ApprovedBy: "admin@contoso.com", ApprovedAt: day(),
	}
	sales := workspace.Snapshot{
		ID: "b3xv5tqa", Entries: []string{`rule:user.department -eq "Sales"`}, Within: []string{"leadership@contoso.com"},
		ApprovedBy: "operator@laptop", ApprovedAt: day().Add(time.Hour),
	}
	l := openLedger(t, path)
	for range 2 { // by the second time they have heads
		snapshots, err := l.Snapshots(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []workspace.Snapshot{sales, hands}, snapshots)
		l = reopened(t, l)
	}
	require.NoError(t, l.view(t.Context(), func(tx *bolt.Tx) error {
		assert.Equal(t, 2, tx.Bucket(bucketHeads).Stats().KeyN)
		return nil
	}))
	whole, err := l.Snapshot(t.Context(), hands.ID)
	require.NoError(t, err)
	assert.Equal(t, []string{"adele@contoso.com", "bert@contoso.com", "dora@contoso.com"}, whole.Addresses)
	assert.Nil(t, whole.ObjectIDs)
	assert.Nil(t, whole.Counts)

	require.NoError(t, l.SaveSnapshot(t.Context(), snapshotOf("new", 2)))
	require.NoError(t, l.Close())
	after := formerValues(t, path)
	for id, value := range before {
		assert.Equal(t, value, after[id])
	}
	assert.Contains(t, after["new"], `"addresses":["user000000@contoso.com","user000001@contoso.com"]`, "where a former version looks for it")

	// It saves another one, of which this version has no head.
	old := openLedger(t, path)
	poke(t, old.db, bucketSnapshots, []byte("late"), []byte(`{"id":"late","entries":["x@contoso.com"],"addresses":["x@contoso.com"],"approvedBy":"ada","approvedAt":"2026-11-09T00:00:00Z"}`))
	snapshots, err := old.Snapshots(t.Context())
	require.NoError(t, err)
	require.Len(t, snapshots, 4)
	assert.Equal(t, "late", snapshots[0].ID)
	assert.Equal(t, 1, snapshots[0].Count)
}

// formerValues are the snapshots where former versions keep them, by id.
func formerValues(t *testing.T, path string) map[string]string {
	t.Helper()
	l, err := OpenLedger(path, LedgerOptions{Timeout: 50 * time.Millisecond})
	require.NoError(t, err)
	values := map[string]string{}
	require.NoError(t, l.view(t.Context(), func(tx *bolt.Tx) error {
		return tx.Bucket(bucketSnapshots).ForEach(func(k, v []byte) error {
			values[string(k)] = string(v)
			return nil
		})
	}))
	require.NoError(t, l.Close())
	return values
}

func TestADamagedSnapshotIsReportedAndNotShortened(t *testing.T) {
	for name, harm := range map[string]func(*bolt.Tx) error{
		"it is mangled":              func(tx *bolt.Tx) error { return tx.Bucket(bucketSnapshots).Put([]byte("a"), []byte("{")) },
		"it is another's":            func(tx *bolt.Tx) error { return put(tx.Bucket(bucketSnapshots), []byte("a"), snapshotOf("b", 3)) },
		"an address of it is lost":   func(tx *bolt.Tx) error { return put(tx.Bucket(bucketSnapshots), []byte("a"), shortened()) },
		"an object id of it is lost": func(tx *bolt.Tx) error { return put(tx.Bucket(bucketSnapshots), []byte("a"), torn()) },
	} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, ledgerPath(t))
			require.NoError(t, l.SaveSnapshot(t.Context(), snapshotOf("a", 3)))
			require.NoError(t, l.db.Update(harm))
			_, err := l.Snapshot(t.Context(), "a")
			failure(t, err, "ledgerCorrupt")
			require.NoError(t, l.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketHeads).Delete([]byte("a")) }))
			_, err = l.Snapshots(t.Context())
			failure(t, err, "ledgerCorrupt")
		})
	}
	for name, head := range map[string]string{"its head is mangled": "{", "its head is another's": `{"id":"b"}`} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, ledgerPath(t))
			require.NoError(t, l.SaveSnapshot(t.Context(), snapshotOf("a", 3)))
			poke(t, l.db, bucketHeads, []byte("a"), []byte(head))
			_, err := l.Snapshots(t.Context())
			failure(t, err, "ledgerCorrupt")
		})
	}
}

func shortened() workspace.Snapshot {
	s := snapshotOf("a", 2)
	s.Count = 3
	return s
}

func torn() workspace.Snapshot {
	s := snapshotOf("a", 3)
	s.ObjectIDs = s.ObjectIDs[:2]
	return s
}

// BenchmarkSnapshots measures a ledger of 100 snapshots of 100,000 addresses:
// all heads, and one whole.
func BenchmarkSnapshots(b *testing.B) {
	l := openLedger(b, ledgerPath(b))
	for i := range 100 {
		require.NoError(b, l.SaveSnapshot(b.Context(), snapshotOf(fmt.Sprintf("s%02d", i), 100_000)))
	}
	b.Run("heads", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			heads, err := l.Snapshots(b.Context())
			require.NoError(b, err)
			require.Len(b, heads, 100)
		}
	})
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s, err := l.Snapshot(b.Context(), "s42")
			require.NoError(b, err)
			require.Len(b, s.Addresses, 100_000)
		}
	})
}
