package cache

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"time"

	bolt "go.etcd.io/bbolt"

	"rollcall/model/writeback"
)

// bucketWrites holds reservations of write requests, by their time in
// nanoseconds, 8 bytes big endian, and a number that tells equal times apart.
// It is made by the first.
var bucketWrites = []byte("writes")

// keepWrites is how long a reservation is kept: no budget looks back further.
const keepWrites = time.Hour

// Reserve keeps a reservation, and forgets those that are too old to matter.
func (l *Ledger) Reserve(ctx context.Context, r writeback.Reservation) error {
	return l.update(ctx, func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(bucketWrites)
		if err != nil {
			return err
		}
		old := timeKey(r.At.Add(-keepWrites))
		c := bucket.Cursor()
		for k, _ := c.First(); k != nil && string(k) < string(old); k, _ = c.First() {
			if err := c.Delete(); err != nil {
				return err
			}
		}
		number, err := bucket.NextSequence()
		if err != nil {
			return err
		}
		return put(bucket, binary.BigEndian.AppendUint64(timeKey(r.At), number), r)
	})
}

// Reserved returns the reservations made at or after since, oldest first.
func (l *Ledger) Reserved(ctx context.Context, since time.Time) (list []writeback.Reservation, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		bucket := tx.Bucket(bucketWrites)
		if bucket == nil {
			return nil
		}
		c := bucket.Cursor()
		for k, v := c.Seek(timeKey(since)); k != nil; k, v = c.Next() {
			var r writeback.Reservation
			if err := json.Unmarshal(v, &r); err != nil {
				return damage("a reservation of writes: %v", err)
			}
			list = append(list, r)
		}
		return nil
	})
	return list, err
}

func timeKey(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(t.UnixNano(), 0)))
}
