package cache

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	bolt "go.etcd.io/bbolt"

	"rollcall/model/refresh"
)

// commit implements refresh.Store.
func (s *store) commit(ctx context.Context, b refresh.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.writable(ctx); err != nil {
		return err
	}
	for i := range b.Changes {
		if b.Changes[i].ID == "" {
			return errors.New("a change without an object id")
		}
	}
	var after extent
	err := guarded(func() error {
		return s.db.Update(func(tx *bolt.Tx) (err error) {
			after, err = s.apply(ctx, tx, &b)
			return err
		})
	})
	if err != nil {
		return err
	}
	s.extent, s.dirty = after, true
	s.state.Store(&b.State)
	return nil
}

// writable reports why the file cannot be changed, if it cannot. The caller
// holds mu.
func (s *store) writable(ctx context.Context) error {
	switch {
	case s.db == nil:
		return closedError(s.path)
	case s.refused != nil:
		return s.refused
	}
	return ctx.Err()
}

// apply does a commit's work inside its transaction and returns what the file
// holds after it.
func (s *store) apply(ctx context.Context, tx *bolt.Tx, b *refresh.Batch) (extent, error) {
	header, after := tx.Bucket(bucketHeader), s.extent
	table, err := s.readNames(header)
	if err != nil {
		return after, err
	}
	if b.Release && after.HeldPages > 0 {
		if err := release(ctx, tx, &after); err != nil {
			return after, err
		}
	}
	if len(b.Changes) > 0 {
		s.packed = pack(s.packed, s.pages.write(b.Changes, table))
		bucket, number := after.place(b.Hold, len(s.packed))
		if err := putPage(tx, bucket, number, s.packed); err != nil {
			return after, err
		}
	}
	if b.State.Phase == refresh.PhaseReading {
		err = putCursors(tx, b.Cursors)
	} else {
		err = dropCursors(tx)
	}
	if err != nil {
		return after, err
	}
	if !s.dirty {
		if err := header.Put(keyClean, []byte{0}); err != nil {
			return after, err
		}
	}
	next := head{state: b.State, extent: after}
	if table.grown {
		if next.names, err = table.stored(); err != nil {
			return after, err
		}
	}
	return after, next.put(header)
}

// place counts one more page of so many bytes, held or in the log, and returns
// where it belongs.
func (e *extent) place(hold bool, size int) (bucket []byte, number int) {
	if hold {
		e.HeldPages++
		return bucketHeld, e.HeldPages
	}
	e.LogPages++
	e.LogBytes += int64(size)
	return bucketLog, e.LogPages
}

// putPage seals and stores a packed page, which must not change before the
// transaction has ended. It gives the page a bucket of its own: were it a value
// of the common one, bbolt would write it again with each of the next few
// pages, because a leaf is not split before it holds five values, however large
// they are.
func putPage(tx *bolt.Tx, bucket []byte, number int, packed []byte) error {
	b := tx.Bucket(bucket)
	b.FillPercent = 1 // pages are appended and never changed
	key := pageKey(number)
	own, err := b.CreateBucket(key)
	if err != nil {
		return err
	}
	return own.Put(keyPage, seal(bucket, key, packed))
}

func pageKey(number int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(number)) }

// release moves everything held to the end of the log.
func release(ctx context.Context, tx *bolt.Tx, e *extent) error {
	err := eachPage(ctx, tx, bucketHeld, e.HeldPages, func(value []byte) (bool, error) {
		bucket, number := e.place(false, len(value))
		return true, putPage(tx, bucket, number, bytes.Clone(value))
	})
	if err != nil {
		return err
	}
	e.HeldPages = 0
	if err := tx.DeleteBucket(bucketHeld); err != nil {
		return err
	}
	_, err = tx.CreateBucket(bucketHeld)
	return err
}

// dropCursors forgets every cursor.
func dropCursors(tx *bolt.Tx) error {
	if first, _ := tx.Bucket(bucketCursors).Cursor().First(); first == nil {
		return nil
	}
	if err := tx.DeleteBucket(bucketCursors); err != nil {
		return err
	}
	_, err := tx.CreateBucket(bucketCursors)
	return err
}

// putCursors replaces the cursors of the same partitions.
func putCursors(tx *bolt.Tx, cursors []refresh.Cursor) error {
	for _, c := range cursors {
		key := binary.BigEndian.AppendUint32(nil, uint32(c.Partition))
		if err := putJSON(tx.Bucket(bucketCursors), bucketCursors, key, c); err != nil {
			return err
		}
	}
	return nil
}

// readNames reads the file's table of attributes.
func (s *store) readNames(header *bolt.Bucket) (*names, error) {
	stored, err := unseal(bucketHeader, keyNames, header.Get(keyNames))
	if err != nil {
		return nil, err
	}
	return loadNames(s.schema, stored)
}
