package cache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"rollcall/model/workspace"
)

func TestEveryVersionOfASegmentIsKept(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	sales := workspace.Segment{ID: "s", Version: 1, Name: "Sales", Rule: `user.department -eq "Sales"`, CreatedAt: day(), CreatedBy: "ada"}
	board := workspace.Segment{ID: "sb", Version: 1, Name: "board"}
	renamed := sales
	renamed.Version, renamed.Name, renamed.ChangedBy = 2, "Verkauf", "bob"
	counted := renamed
	counted.LastCount = &workspace.SegmentCount{Users: 3, At: day()}
	for _, s := range []workspace.Segment{sales, board, renamed, counted} {
		require.NoError(t, l.SaveSegment(t.Context(), s))
	}

	l = reopened(t, l)
	segments, err := l.Segments(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []workspace.Segment{board, counted}, segments)
	versions, err := l.SegmentVersions(t.Context(), "s")
	require.NoError(t, err)
	assert.Equal(t, []workspace.Segment{counted, sales}, versions)
	versions, err = l.SegmentVersions(t.Context(), "b")
	require.NoError(t, err)
	assert.Empty(t, versions)
}

func TestSegmentsFromBeforeVersionsGetThem(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	poke(t, l.db, bucketSegments, []byte("sales"), []byte(`{"name":"Sales","rule":"user.objectId -ne null","createdBy":"ada"}`))
	segments, err := l.Segments(t.Context())
	require.NoError(t, err)
	require.Len(t, segments, 1)
	former := segments[0]
	assert.Equal(t, 1, former.Version)
	next := former
	next.Version, next.Name = 2, "Everybody"
	require.NoError(t, l.SaveSegment(t.Context(), next))

	l = reopened(t, l)
	segments, err = l.Segments(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []workspace.Segment{next}, segments)
	versions, err := l.SegmentVersions(t.Context(), former.ID)
	require.NoError(t, err)
	assert.Equal(t, []workspace.Segment{next, former}, versions)
}

func TestASegmentThatAnOlderRollcallSavesAgainIsItsNextVersion(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	old := func(rule string) {
		poke(t, l.db, bucketSegments, []byte("sales"), []byte(`{"name":"Sales","rule":"`+rule+`","createdBy":"ada"}`))
	}
	old("user.objectId -ne null")
	former, err := l.Segments(t.Context())
	require.NoError(t, err)
	next := former[0]
	next.Version, next.Rule = 2, "user.mail -ne null"
	require.NoError(t, l.SaveSegment(t.Context(), next))
	old("user.city -ne null")

	l = reopened(t, l)
	segments, err := l.Segments(t.Context())
	require.NoError(t, err)
	require.Len(t, segments, 1, "a segment is there once")
	assert.Equal(t, 3, segments[0].Version)
	assert.Equal(t, "user.city -ne null", segments[0].Rule)
	last := segments[0]
	last.Version, last.Deleted = 4, true
	require.NoError(t, l.SaveSegment(t.Context(), last))
	versions, err := reopened(t, l).SegmentVersions(t.Context(), last.ID)
	require.NoError(t, err)
	require.Len(t, versions, 4)
	for i, rule := range []string{"user.city -ne null", "user.city -ne null", "user.mail -ne null", "user.objectId -ne null"} {
		assert.Equal(t, rule, versions[i].Rule)
	}
}

func TestAVersionIsNeitherReplacedNorLeftOut(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	first := workspace.Segment{ID: "s", Version: 1, Name: "Sales", Rule: "user.mail -ne null", CreatedAt: day(), ChangedAt: day(), ChangedBy: "ada"}
	require.NoError(t, l.SaveSegment(t.Context(), first))
	second := first
	second.Version, second.Rule = 2, "user.city -ne null"
	require.NoError(t, l.SaveSegment(t.Context(), second))
	for name, change := range map[string]func(*workspace.Segment){
		"another rule":         func(s *workspace.Segment) { s.Rule = "user.objectId -ne null" },
		"another name":         func(s *workspace.Segment) { s.Name = "Verkauf" },
		"another note":         func(s *workspace.Segment) { s.Note = "for the fair" },
		"a deletion":           func(s *workspace.Segment) { s.Deleted = true },
		"by somebody else":     func(s *workspace.Segment) { s.ChangedBy = "bob" },
		"at another time":      func(s *workspace.Segment) { s.ChangedAt = day().Add(time.Second) },
		"the first once more":  func(s *workspace.Segment) { s.Version = 1 },
		"a version is skipped": func(s *workspace.Segment) { s.Version = 4 },
	} {
		t.Run(name, func(t *testing.T) {
			other := second
			change(&other)
			failure(t, l.SaveSegment(t.Context(), other), "segmentChanged")
		})
	}
	for _, s := range []workspace.Segment{{Version: 1, Name: "n"}, {ID: "i", Version: 1}, {ID: "i", Name: "n"}} {
		failure(t, l.SaveSegment(t.Context(), s), "segmentName")
	}
	versions, err := reopened(t, l).SegmentVersions(t.Context(), "s")
	require.NoError(t, err)
	assert.Equal(t, []workspace.Segment{second, first}, versions)
}

func TestOfTwoWhoChangeOneVersionOnlyOneDoes(t *testing.T) {
	const writers = 8
	l := openLedger(t, ledgerPath(t))
	require.NoError(t, l.SaveSegment(t.Context(), workspace.Segment{ID: "s", Version: 1, Name: "Sales"}))
	errs := make([]error, writers)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			if err := l.SaveSegment(t.Context(), workspace.Segment{ID: fmt.Sprint(i), Version: 1, Name: fmt.Sprint("own ", i)}); err != nil {
				errs[i] = err
				return
			}
			errs[i] = l.SaveSegment(t.Context(), workspace.Segment{ID: "s", Version: 2, Name: "Sales", ChangedBy: fmt.Sprint(i)})
		})
	}
	all.Wait()
	won := -1
	for i, err := range errs {
		if err == nil {
			require.Negative(t, won, "%d and %d have both changed it", won, i)
			won = i
		} else {
			failure(t, err, "segmentChanged")
		}
	}
	require.GreaterOrEqual(t, won, 0)
	l = reopened(t, l)
	versions, err := l.SegmentVersions(t.Context(), "s")
	require.NoError(t, err)
	require.Len(t, versions, 2)
	assert.Equal(t, fmt.Sprint(won), versions[0].ChangedBy)
	segments, err := l.Segments(t.Context())
	require.NoError(t, err)
	assert.Len(t, segments, 1+writers)
}

func TestADamagedVersionOfASegmentIsReported(t *testing.T) {
	for name, harm := range map[string]func(versions *bolt.Bucket) error{
		"it is mangled":   func(b *bolt.Bucket) error { return b.Put(versionKey("s", 2), []byte("{")) },
		"it is lost":      func(b *bolt.Bucket) error { return b.Delete(versionKey("s", 2)) },
		"it is another's": func(b *bolt.Bucket) error { return b.Put(versionKey("s", 2), b.Get(versionKey("s", 3))) },
	} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, ledgerPath(t))
			for v := range 3 {
				require.NoError(t, l.SaveSegment(t.Context(), workspace.Segment{ID: "s", Version: v + 1, Name: "Sales"}))
			}
			require.NoError(t, l.db.Update(func(tx *bolt.Tx) error { return harm(tx.Bucket(bucketVersions)) }))
			_, err := l.SegmentVersions(t.Context(), "s")
			failure(t, err, "ledgerCorrupt")
			failure(t, l.SaveSegment(t.Context(), workspace.Segment{ID: "s", Version: 4, Name: "Sales"}), "ledgerCorrupt")
		})
	}
}

// savedVersion is what roleRules saves as the n-th: each segment gets three
// versions, the last of which deletes it.
func savedVersion(n int) workspace.Segment {
	return workspace.Segment{
		ID: fmt.Sprintf("s%d", n/3), Version: n%3 + 1, Name: fmt.Sprintf("segment %d", n/3),
		Rule: fmt.Sprintf("user.city -eq \"%d\"", n), ChangedBy: "ada", Deleted: n%3 == 2,
	}
}

// saveUntilKilled goes on after the last version. Each line that it writes says
// one that is durable.
func saveUntilKilled(path string) error {
	l, err := OpenLedger(path, LedgerOptions{})
	if err != nil {
		return err
	}
	n, err := savedVersions(l)
	for ; err == nil; n++ {
		if err = l.SaveSegment(context.Background(), savedVersion(n)); err == nil {
			fmt.Println(n)
		}
	}
	return err
}

// savedVersions counts the versions of all segments, and fails where one is not
// what was saved.
func savedVersions(l *Ledger) (n int, err error) {
	segments, err := l.Segments(context.Background())
	for _, s := range segments {
		versions, err := l.SegmentVersions(context.Background(), s.ID)
		if err != nil {
			return 0, err
		}
		for _, v := range versions {
			i, err := strconv.Atoi(v.ID[1:])
			if err != nil {
				return 0, err
			}
			if v != savedVersion(3*i+v.Version-1) {
				return 0, fmt.Errorf("%+v is not what was saved", v)
			}
		}
		n += len(versions)
	}
	return n, err
}

// TestAProcessKilledAtAnyMomentLosesNoVersion kills a process that saves
// versions at random moments. ROLLCALL_SOAK=1 kills 200 times instead of 6.
func TestAProcessKilledAtAnyMomentLosesNoVersion(t *testing.T) {
	kills := 6
	if os.Getenv("ROLLCALL_SOAK") == "1" {
		kills = 200
	}
	path := directoryPath(t)
	random := rand.New(rand.NewPCG(1, 2))
	for range kills {
		said := killed(t, player(t, roleRules, path), random, 9, 1_000_000)
		l := openLedger(t, filepath.Join(filepath.Dir(path), "ledger.db"))
		kept, err := savedVersions(l)
		require.NoError(t, err)
		require.Contains(t, []int{said + 1, said + 2}, kept, "all that was said, and what it may have been about to say")
		require.NoError(t, l.Close())
	}
}

func TestAFullDiskLosesNoVersion(t *testing.T) {
	path := ledgerPath(t)
	l, err := OpenLedger(path, LedgerOptions{MaxSize: 1 << 20})
	require.NoError(t, err)
	n := 0
	for ; err == nil; n++ {
		require.Less(t, n, 100_000)
		err = l.SaveSegment(t.Context(), savedVersion(n))
	}
	failure(t, err, "diskFull")
	kept, err := savedVersions(l)
	require.NoError(t, err)
	assert.Equal(t, n-1, kept)
	require.NoError(t, l.Close())

	l = openLedger(t, path) // with room again
	require.NoError(t, l.SaveSegment(t.Context(), savedVersion(n-1)))
	kept, err = savedVersions(l)
	require.NoError(t, err)
	assert.Equal(t, n, kept)
}
