package cache

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// A checkpoint writes everything that the image and the log hold once more, and
// saves a start the reading of the log. It is declined until the log is larger
// than
//   - firstCheckpoint, where there is no image yet: some 7,500 users;
//   - otherwise leastCheckpoint, and 1/checkpointFraction of the image: what
//     checkpoints write then stays below nine times what is committed.
//
// Sizes are those on the disk.
const (
	firstCheckpoint    = 1 << 20
	leastCheckpoint    = 4 << 20
	checkpointFraction = 8
)

// isCheckpointDue reports whether the log is worth a checkpoint.
func (e extent) isCheckpointDue() bool {
	if e.ImageParts == 0 {
		return e.LogBytes > firstCheckpoint
	}
	return e.LogBytes > max(leastCheckpoint, e.ImageBytes/checkpointFraction)
}

// checkpoint implements refresh.Store. Nothing can be committed meanwhile.
func (s *store) checkpoint(ctx context.Context, save func(put func(string, []byte) error) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return closedError(s.path)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.refused != nil || !s.extent.isCheckpointDue() {
		return nil
	}
	return s.replaceLog(ctx, save)
}

// replaceLog puts what save saves in the place of the image and the log. The
// caller holds mu.
func (s *store) replaceLog(ctx context.Context, save func(put func(string, []byte) error) error) error {
	return s.rewrite(func(d *draft) (*head, error) {
		image := &image{draft: d, names: map[string]struct{}{}}
		if err := save(func(name string, data []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return image.put(name, data)
		}); err != nil {
			return nil, err
		}
		c := &head{state: *s.state.Load(), extent: extent{
			HeldPages: s.extent.HeldPages, ImageParts: len(image.names), ImageBytes: image.bytes,
		}}
		return c, guarded(func() error {
			return s.db.View(func(tx *bolt.Tx) (err error) {
				c.names, err = unseal(bucketHeader, keyNames, tx.Bucket(bucketHeader).Get(keyNames))
				if err != nil {
					return err
				}
				c.names = bytes.Clone(c.names)
				if err := d.copyHeld(ctx, tx, s.extent.HeldPages); err != nil {
					return err
				}
				return d.copyCursors(tx)
			})
		})
	})
}

func (d *draft) copyHeld(ctx context.Context, from *bolt.Tx, pages int) error {
	var copied extent
	return eachPage(ctx, from, bucketHeld, pages, func(packed []byte) (bool, error) {
		bucket, number := copied.place(true, len(packed))
		packed = bytes.Clone(packed)
		return true, d.add(len(packed), func(tx *bolt.Tx) error { return putPage(tx, bucket, number, packed) })
	})
}

func (d *draft) copyCursors(from *bolt.Tx) error {
	cursors, err := readCursors(from)
	if err != nil {
		return err
	}
	return d.add(0, func(tx *bolt.Tx) error { return putCursors(tx, cursors) })
}

// image is one that is being written.
type image struct {
	draft *draft

	mu    sync.Mutex
	names map[string]struct{}
	bytes int64  // of the values
	room  []byte // for a packed part; nil while somebody uses it
}

// put adds a part. It may be called by several goroutines, each of which
// compresses its own.
func (i *image) put(name string, data []byte) error {
	i.mu.Lock()
	room := i.room
	i.room = nil
	i.mu.Unlock()

	key := []byte(name)
	room = pack(room, data)
	packed := seal(bucketImage, key, bytes.Clone(room))

	i.mu.Lock()
	_, twice := i.names[name]
	i.names[name] = struct{}{}
	i.bytes += int64(len(packed))
	i.room = room
	i.mu.Unlock()
	if twice {
		return fmt.Errorf("the image has two parts of the name %q", name)
	}
	return i.draft.add(len(packed), func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketImage)
		b.FillPercent = 1
		return b.Put(key, packed)
	})
}
