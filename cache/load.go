package cache

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/refresh"
)

// cursors implements refresh.Store.
func (s *store) cursors(ctx context.Context) (cursors []refresh.Cursor, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) (err error) {
		cursors, err = readCursors(tx)
		return err
	})
	return cursors, err
}

func readCursors(tx *bolt.Tx) (cursors []refresh.Cursor, err error) {
	err = tx.Bucket(bucketCursors).ForEach(func(key, value []byte) error {
		var c refresh.Cursor
		if err := getJSON(bucketCursors, key, value, &c); err != nil {
			return err
		}
		if len(key) != 4 || int64(binary.BigEndian.Uint32(key)) != int64(c.Partition) {
			return damage("the cursor of partition %d at %x", c.Partition, key)
		}
		cursors = append(cursors, c)
		return nil
	})
	return cursors, err
}

// held implements refresh.Store.
func (s *store) held(ctx context.Context, yield func([]model.Change) bool) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.changes(ctx, bucketHeld, s.extent.HeldPages, yield)
}

// load implements refresh.Store. Until it returns nobody can change the file,
// so that what several transactions read fits together.
func (s *store) load(ctx context.Context, restore func(get func(string) ([]byte, error)) error, apply func([]model.Change)) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.extent.ImageParts > 0 {
		if err := s.restore(ctx, restore); err != nil {
			return err
		}
	}
	return s.changes(ctx, bucketLog, s.extent.LogPages, func(changes []model.Change) bool {
		apply(changes)
		return true
	})
}

// restore hands the image over.
func (s *store) restore(ctx context.Context, restore func(get func(string) ([]byte, error)) error) error {
	if err := s.viewLocked(ctx, func(tx *bolt.Tx) error { return checkImage(tx, s.extent) }); err != nil {
		return err
	}
	err := restore(func(name string) ([]byte, error) { return s.part(ctx, name) })
	if err == nil || isDamage(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: the image: %w", errDamaged, err)
}

// part reads a part of the image; nil when there is none of that name. It may
// be called by several goroutines, which bbolt wants to have a transaction
// each.
func (s *store) part(ctx context.Context, name string) (data []byte, err error) {
	err = s.viewLocked(ctx, func(tx *bolt.Tx) error {
		key := []byte(name)
		value := tx.Bucket(bucketImage).Get(key)
		if value == nil {
			return nil
		}
		body, err := unseal(bucketImage, key, value)
		if err != nil {
			return err
		}
		data, err = unpack([]byte{}, body)
		return err
	})
	return data, err
}

// checkImage makes sure that no part of the image is missing.
func checkImage(tx *bolt.Tx, e extent) error {
	parts, size := 0, int64(0)
	err := tx.Bucket(bucketImage).ForEach(func(_, value []byte) error {
		parts++
		size += int64(len(value))
		return nil
	})
	if err == nil && (parts != e.ImageParts || size != e.ImageBytes) {
		return damage("the image has %d parts of %d bytes and should have %d of %d", parts, size, e.ImageParts, e.ImageBytes)
	}
	return err
}

// changes calls yield with each page of a bucket. The caller holds mu.
func (s *store) changes(ctx context.Context, bucket []byte, pages int, yield func([]model.Change) bool) error {
	return s.viewLocked(ctx, func(tx *bolt.Tx) error {
		names, err := s.readNames(tx.Bucket(bucketHeader))
		if err != nil {
			return err
		}
		var room []byte
		return eachPage(ctx, tx, bucket, pages, func(value []byte) (bool, error) {
			page, err := unpack(room, value[sealSize:])
			if err != nil {
				return false, err
			}
			room = page
			changes, err := readPage(page, names)
			if err != nil {
				return false, err
			}
			return foreign(func() bool { return yield(changes) }), nil
		})
	})
}

// eachPage calls visit with each packed page of a bucket until it wants no
// more. That the pages are numbered without a gap, and as many as there should
// be, is part of their being undamaged. A nil visit only checks.
func eachPage(ctx context.Context, tx *bolt.Tx, bucket []byte, pages int, visit func(packed []byte) (more bool, err error)) error {
	number := 0
	all := tx.Bucket(bucket)
	c := all.Cursor()
	for key, _ := c.First(); key != nil; key, _ = c.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		number++
		if !bytes.Equal(key, pageKey(number)) {
			return damage("%s %x stands where page %d should", bucket, key, number)
		}
		own := all.Bucket(key)
		if own == nil {
			return damage("%s %x is no bucket", bucket, key)
		}
		packed := own.Get(keyPage)
		if _, err := unseal(bucket, key, packed); err != nil {
			return err
		}
		if visit == nil {
			continue
		}
		if more, err := visit(packed); err != nil {
			return fmt.Errorf("page %d of the %s: %w", number, bucket, err)
		} else if !more {
			return nil
		}
	}
	if number != pages {
		return damage("%d pages of the %s, and there should be %d", number, bucket, pages)
	}
	return nil
}

// view runs fn in a transaction that reads.
func (s *store) view(ctx context.Context, fn func(*bolt.Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.viewLocked(ctx, fn)
}

// viewLocked is view for callers that hold mu.
func (s *store) viewLocked(ctx context.Context, fn func(*bolt.Tx) error) error {
	if s.db == nil {
		return closedError(s.path)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return guarded(func() error { return s.db.View(fn) })
}
