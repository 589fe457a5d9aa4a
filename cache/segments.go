package cache

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
)

// segmentKey makes names that differ in letter case the same segment.
func segmentKey(name string) []byte { return []byte(strings.ToLower(name)) }

// Segments returns the saved segments by name.
func (l *Ledger) Segments(ctx context.Context) (segments []workspace.Segment, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) (err error) {
		segments, err = all[workspace.Segment](tx.Bucket(bucketSegments))
		return err
	})
	return segments, err
}

// SaveSegment stores a segment under its name, in place of one that had it.
func (l *Ledger) SaveSegment(ctx context.Context, s workspace.Segment) error {
	if s.Name == "" {
		return &model.Error{Kind: model.KindUsage, Code: "segmentName", Message: "a segment needs a name"}
	}
	return l.update(ctx, func(tx *bolt.Tx) error {
		return put(tx.Bucket(bucketSegments), segmentKey(s.Name), s)
	})
}

// DeleteSegment removes a segment; the error is of KindUsage when there is none
// of that name.
func (l *Ledger) DeleteSegment(ctx context.Context, name string) error {
	return l.update(ctx, func(tx *bolt.Tx) error {
		segments := tx.Bucket(bucketSegments)
		if name == "" || segments.Get(segmentKey(name)) == nil {
			return &model.Error{
				Kind: model.KindUsage, Code: "segmentNotFound",
				Message: fmt.Sprintf("there is no segment %q", name),
				Remedy:  "rollcall segment list shows the names",
			}
		}
		return segments.Delete(segmentKey(name))
	})
}

// SaveSnapshot keeps an approved preview.
func (l *Ledger) SaveSnapshot(ctx context.Context, s workspace.Snapshot) error {
	if s.ID == "" {
		return &model.Error{Kind: model.KindUsage, Code: "snapshotID", Message: "a snapshot needs an id"}
	}
	return l.update(ctx, func(tx *bolt.Tx) error {
		return put(tx.Bucket(bucketSnapshots), []byte(s.ID), s)
	})
}

// Snapshots returns the kept previews, newest first.
func (l *Ledger) Snapshots(ctx context.Context) (snapshots []workspace.Snapshot, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) (err error) {
		snapshots, err = all[workspace.Snapshot](tx.Bucket(bucketSnapshots))
		return err
	})
	slices.SortFunc(snapshots, func(a, b workspace.Snapshot) int {
		return cmp.Or(b.ApprovedAt.Compare(a.ApprovedAt), cmp.Compare(a.ID, b.ID))
	})
	return snapshots, err
}
