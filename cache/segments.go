package cache

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
)

// versionKey sorts the versions of a segment behind each other.
func versionKey(id string, version int) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(id), 0), uint64(version))
}

// formerSegments are those that were saved when a name had one version: by name
// in lower case. They get ids, and move to where versions are when they change.
func formerSegments(tx *bolt.Tx) ([]workspace.Segment, error) {
	segments, err := all[workspace.Segment](tx.Bucket(bucketSegments))
	for i := range segments {
		segments[i].ID, segments[i].Version = formerID(segments[i].Name), 1
	}
	return segments, err
}

func formerID(name string) string { return "name:" + strings.ToLower(name) }

// Segments returns the newest version of every segment, of deleted ones too, by
// name.
func (l *Ledger) Segments(ctx context.Context) (segments []workspace.Segment, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		if segments, err = formerSegments(tx); err != nil {
			return err
		}
		versions, err := allVersions(tx, nil)
		for i, v := range versions {
			if i+1 == len(versions) || versions[i+1].ID != v.ID {
				segments = append(segments, v)
			}
		}
		return err
	})
	slices.SortFunc(segments, func(a, b workspace.Segment) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return segments, err
}

// allVersions returns the versions whose keys begin with a prefix, in the order
// of their keys.
func allVersions(tx *bolt.Tx, prefix []byte) ([]workspace.Segment, error) {
	bucket := tx.Bucket(bucketVersions)
	if bucket == nil {
		return nil, nil
	}
	var versions []workspace.Segment
	cursor := bucket.Cursor()
	for k, v := cursor.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		var version workspace.Segment
		if err := json.Unmarshal(v, &version); err != nil {
			return nil, damage("%s: %v", bytes.ToValidUTF8(k, nil), err)
		}
		versions = append(versions, version)
	}
	return versions, nil
}

// SegmentVersions returns every version of a segment, newest first.
func (l *Ledger) SegmentVersions(ctx context.Context, id string) (versions []workspace.Segment, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		former, err := formerSegments(tx)
		if err != nil {
			return err
		}
		versions = slices.DeleteFunc(former, func(s workspace.Segment) bool { return s.ID != id })
		kept, err := allVersions(tx, append([]byte(id), 0))
		versions = append(versions, kept...)
		return err
	})
	slices.Reverse(versions)
	return versions, err
}

// SaveSegment keeps one version of a segment, in place of the one that has its
// id and number.
func (l *Ledger) SaveSegment(ctx context.Context, s workspace.Segment) error {
	if s.ID == "" || s.Name == "" || s.Version < 1 {
		return &model.Error{Kind: model.KindUsage, Code: "segmentName", Message: "a version of a segment needs an id, a name and a number"}
	}
	return l.update(ctx, func(tx *bolt.Tx) error {
		versions, err := tx.CreateBucketIfNotExists(bucketVersions)
		if err != nil {
			return err
		}
		former, err := formerSegments(tx)
		if err != nil {
			return err
		}
		for _, f := range former {
			if f.ID != s.ID {
				continue
			}
			if err := put(versions, versionKey(f.ID, f.Version), f); err != nil {
				return err
			}
			if err := tx.Bucket(bucketSegments).Delete([]byte(strings.ToLower(f.Name))); err != nil {
				return err
			}
		}
		return put(versions, versionKey(s.ID, s.Version), s)
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
