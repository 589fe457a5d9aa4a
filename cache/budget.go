package cache

import (
	"bytes"
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
// What was reserved for a later time was reserved before the clock was put
// back: it is kept as of r.At, or it would count until that time has come.
func (l *Ledger) Reserve(ctx context.Context, r writeback.Reservation) error {
	return l.update(ctx, func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(bucketWrites)
		if err != nil {
			return err
		}
		old, now := timeKey(r.At.Add(-keepWrites)), timeKey(r.At)
		c := bucket.Cursor()
		for k, _ := c.First(); k != nil && bytes.Compare(k, old) < 0; k, _ = c.First() {
			if err := c.Delete(); err != nil {
				return err
			}
		}
		later := writeback.Reservation{At: r.At}
		for k, v := c.Last(); k != nil && bytes.Compare(timeOf(k), now) > 0; k, v = c.Last() {
			former, err := reservation(v)
			if err != nil {
				return err
			}
			later.Writes += former.Writes
			if err := c.Delete(); err != nil {
				return err
			}
		}
		if later.Writes != 0 {
			if err := putReservation(bucket, later); err != nil {
				return err
			}
		}
		return putReservation(bucket, r)
	})
}

func putReservation(bucket *bolt.Bucket, r writeback.Reservation) error {
	number, err := bucket.NextSequence()
	if err != nil {
		return err
	}
	return put(bucket, binary.BigEndian.AppendUint64(timeKey(r.At), number), r)
}

func reservation(value []byte) (r writeback.Reservation, err error) {
	if err := json.Unmarshal(value, &r); err != nil {
		return r, damage("a reservation of writes: %v", err)
	}
	return r, nil
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
			r, err := reservation(v)
			if err != nil {
				return err
			}
			list = append(list, r)
		}
		return nil
	})
	return list, err
}

// timeOf is the time in a key.
func timeOf(key []byte) []byte { return key[:min(len(key), 8)] }

func timeKey(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(t.UnixNano(), 0)))
}
