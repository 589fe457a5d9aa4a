package cache

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/writeback"
)

// reserve makes reservations so many seconds after the tests' day.
func reserve(t *testing.T, l *Ledger, writes int, seconds ...int) {
	t.Helper()
	for _, s := range seconds {
		require.NoError(t, l.Reserve(t.Context(), at(s, writes)))
	}
}

func at(seconds, writes int) writeback.Reservation {
	return writeback.Reservation{At: day().Add(time.Duration(seconds) * time.Second), Writes: writes}
}

func reserved(t *testing.T, l *Ledger, since time.Time) []writeback.Reservation {
	t.Helper()
	list, err := l.Reserved(t.Context(), since)
	require.NoError(t, err)
	return list
}

func TestReservationsOutliveTheProcess(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	assert.Empty(t, reserved(t, l, time.Time{}), "of a ledger that knows none")
	reserve(t, l, 100, 0, 150, 151)
	reserve(t, l, 20, 151, 151)
	reserve(t, l, -7, 151) // gives back

	l = reopened(t, l)
	assert.Equal(t, []writeback.Reservation{at(150, 100), at(151, 100), at(151, 20), at(151, 20), at(151, -7)}, reserved(t, l, day().Add(150*time.Second)), "since includes the time itself; equal times keep their order")
	assert.Empty(t, reserved(t, l, day().Add(151*time.Second+1)))
	assert.Len(t, reserved(t, l, time.Time{}), 6)
}

func TestOldReservationsAreForgotten(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	for i := range 200 {
		reserve(t, l, 1, 60*i)
	}
	list := reserved(t, l, time.Time{})
	require.Len(t, list, 61, "an hour of them, and both ends")
	assert.Equal(t, at(60*139, 1), list[0])
}

func TestReservationsFromBeforeTheClockWasPutBackCountFromThenOn(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	const year = 365 * 24 * 3600
	reserve(t, l, 30, 0, year, year+10)
	assert.Equal(t, []writeback.Reservation{at(year, 30), at(year+10, 30)}, reserved(t, l, time.Time{}), "the wrong clock has forgotten the first")
	reserve(t, l, 5, 20)
	assert.Equal(t, []writeback.Reservation{at(20, 60), at(20, 5)}, reserved(t, l, time.Time{}))
	reserve(t, l, 5, 21)
	assert.Equal(t, []writeback.Reservation{at(20, 60), at(20, 5), at(21, 5)}, reserved(t, l, time.Time{}), "and is moved once")
}

func TestDamagedReservationsAreReported(t *testing.T) {
	for name, key := range map[string][]byte{"in its place": timeKey(day()), "too short a key": {0xff}} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, ledgerPath(t))
			reserve(t, l, 1, -1)
			poke(t, l.db, bucketWrites, key, []byte("{"))
			_, err := l.Reserved(t.Context(), time.Time{})
			failure(t, err, "ledgerCorrupt")
		})
	}
	l := openLedger(t, ledgerPath(t))
	reserve(t, l, 1, 0)
	poke(t, l.db, bucketWrites, timeKey(day().Add(time.Hour)), []byte("{"))
	failure(t, l.Reserve(t.Context(), at(0, 1)), "ledgerCorrupt")
	require.NoError(t, l.db.View(func(tx *bolt.Tx) error {
		assert.Equal(t, 2, tx.Bucket(bucketWrites).Stats().KeyN, "nothing half")
		return nil
	}))
}

func TestALedgerThatMayNotBeWrittenReservesNothing(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	reserve(t, l, 40, 0)
	l = reopened(t, l)
	l.refused = model.AsError(fileError(l.path, syscall.EROFS))
	assert.Equal(t, []writeback.Reservation{at(0, 40)}, reserved(t, l, day()))
	failure(t, l.Reserve(t.Context(), at(1, 1)), "readOnlyDisk")
}
