package cache

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
)

// bucketHeads has the head of each snapshot: it without its addresses and what
// goes with them, of which there may be many.
var bucketHeads = []byte("snapshotHeads")

func snapshotHeads() *headBucket[workspace.Snapshot] {
	return &headBucket[workspace.Snapshot]{
		name: bucketHeads, values: bucketSnapshots, what: "snapshot",
		id: func(s *workspace.Snapshot) string { return s.ID },
		read: func(tx *bolt.Tx, key []byte) (workspace.Snapshot, error) {
			s, err := readSnapshot(tx, key)
			return headOf(s), err
		},
	}
}

// SaveSnapshot keeps an approved preview. What is kept is never replaced.
func (l *Ledger) SaveSnapshot(ctx context.Context, s workspace.Snapshot) error {
	if s.ID == "" {
		return &model.Error{Kind: model.KindUsage, Code: "snapshotID", Message: "a snapshot needs an id"}
	}
	if len(s.ObjectIDs) > 0 && len(s.ObjectIDs) != len(s.Addresses) {
		return &model.Error{Kind: model.KindUsage, Code: "snapshotIDs", Message: fmt.Sprintf("a snapshot of %d addresses has %d object ids", len(s.Addresses), len(s.ObjectIDs))}
	}
	s.Count = len(s.Addresses)
	return l.update(ctx, func(tx *bolt.Tx) error {
		bucket := tx.Bucket(bucketSnapshots)
		if bucket.Get([]byte(s.ID)) != nil {
			return &model.Error{Kind: model.KindFailed, Code: "snapshotExists", Message: fmt.Sprintf("there is a snapshot %s already", s.ID), Remedy: "approve the preview again"}
		}
		if err := put(bucket, []byte(s.ID), s); err != nil {
			return err
		}
		return snapshotHeads().put(tx, headOf(s))
	})
}

func headOf(s workspace.Snapshot) workspace.Snapshot {
	s.Addresses, s.ObjectIDs, s.Lists = nil, nil, nil
	return s
}

// Snapshots returns the heads of the kept previews, newest first.
func (l *Ledger) Snapshots(ctx context.Context) ([]workspace.Snapshot, error) {
	heads, err := snapshotHeads().all(ctx, l, nil)
	slices.SortFunc(heads, func(a, b workspace.Snapshot) int {
		return cmp.Or(b.ApprovedAt.Compare(a.ApprovedAt), cmp.Compare(a.ID, b.ID))
	})
	return heads, err
}

// Snapshot returns a kept preview with its addresses; the error is of KindUsage
// when there is none of that id.
func (l *Ledger) Snapshot(ctx context.Context, id string) (s workspace.Snapshot, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		if id == "" || tx.Bucket(bucketSnapshots).Get([]byte(id)) == nil {
			return &model.Error{
				Kind: model.KindUsage, Code: "snapshotNotFound",
				Message: fmt.Sprintf("there is no snapshot %q", id),
				Remedy:  "`rollcall snapshot list` shows the saved ones",
			}
		}
		s, err = readSnapshot(tx, []byte(id))
		return err
	})
	if err != nil {
		return workspace.Snapshot{}, err
	}
	return s, nil
}

// readSnapshot reads a whole snapshot that is there.
func readSnapshot(tx *bolt.Tx, key []byte) (s workspace.Snapshot, err error) {
	if _, err := get(tx.Bucket(bucketSnapshots), key, &s); err != nil {
		return s, err
	}
	s.Count = cmp.Or(s.Count, len(s.Addresses)) // former versions did not count
	switch {
	case s.ID != string(key):
		err = damage("%s: it holds the snapshot %s", bytes.ToValidUTF8(key, nil), s.ID)
	case s.Count != len(s.Addresses):
		err = damage("the snapshot %s has %d addresses and should have %d", s.ID, len(s.Addresses), s.Count)
	case len(s.ObjectIDs) > 0 && len(s.ObjectIDs) != len(s.Addresses):
		err = damage("the snapshot %s has %d addresses and %d object ids", s.ID, len(s.Addresses), len(s.ObjectIDs))
	}
	return s, err
}
