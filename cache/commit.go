package cache

import (
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
			after, err = s.apply(tx, &b)
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
func (s *store) apply(tx *bolt.Tx, b *refresh.Batch) (extent, error) {
	header, after := tx.Bucket(bucketHeader), s.extent
	table, err := s.readNames(header)
	if err != nil {
		return after, err
	}
	if b.Release && after.HeldPages > 0 {
		if err := release(tx, &after); err != nil {
			return after, err
		}
	}
	if len(b.Changes) > 0 {
		s.page = appendPage(s.page[:0], b.Changes, table)
		s.packed = pack(s.packed, s.page)
		if err := after.append(tx, b.Hold, s.packed); err != nil {
			return after, err
		}
	}
	if err := putCursors(tx, b); err != nil {
		return after, err
	}
	names, err := table.stored()
	if err != nil {
		return after, err
	}
	if !s.dirty {
		if err := header.Put(keyClean, []byte{0}); err != nil {
			return after, err
		}
	}
	return after, putHeader(header, &head{names: names, state: b.State, extent: after})
}

// append stores a packed page as the next one, held or in the log. The page
// must not change before the transaction has ended.
func (e *extent) append(tx *bolt.Tx, hold bool, packed []byte) error {
	if hold {
		e.HeldPages++
		return putPage(tx.Bucket(bucketHeld), bucketHeld, e.HeldPages, packed)
	}
	e.LogPages++
	e.LogBytes += int64(len(packed))
	return putPage(tx.Bucket(bucketLog), bucketLog, e.LogPages, packed)
}

func putPage(b *bolt.Bucket, bucket []byte, number int, packed []byte) error {
	b.FillPercent = 1 // pages are appended and never changed
	key := pageKey(number)
	return b.Put(key, seal(bucket, key, packed))
}

func pageKey(number int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(number)) }

// release moves everything held to the end of the log.
func release(tx *bolt.Tx, e *extent) error {
	err := eachPage(context.Background(), tx, bucketHeld, e.HeldPages, func(body []byte) (bool, error) {
		packed := append(make([]byte, sealSize, sealSize+len(body)), body...)
		return true, e.append(tx, false, packed)
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

// putCursors replaces the cursors that the batch names, or drops them all when
// its state is not that of a listing.
func putCursors(tx *bolt.Tx, b *refresh.Batch) error {
	cursors := tx.Bucket(bucketCursors)
	if b.State.Phase != refresh.PhaseReading {
		if first, _ := cursors.Cursor().First(); first == nil {
			return nil
		}
		if err := tx.DeleteBucket(bucketCursors); err != nil {
			return err
		}
		_, err := tx.CreateBucket(bucketCursors)
		return err
	}
	for i := range b.Cursors {
		key := binary.BigEndian.AppendUint32(nil, uint32(b.Cursors[i].Partition))
		if err := putJSON(cursors, bucketCursors, key, &b.Cursors[i]); err != nil {
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
