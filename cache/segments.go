package cache

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
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
// A rollcall of that time may save one again after that: then it comes behind
// the versions that there are.
func formerSegments(tx *bolt.Tx) ([]workspace.Segment, error) {
	segments, err := all[workspace.Segment](tx.Bucket(bucketSegments))
	for i := range segments {
		s := &segments[i]
		s.ID, s.Version = formerID(s.Name), 1
		if err == nil {
			var moved []workspace.Segment
			moved, err = movedVersions(tx, append([]byte(s.ID), 0))
			if n := len(moved); n > 0 {
				s.Version = moved[n-1].Version + 1
			}
		}
	}
	return segments, err
}

func formerID(name string) string { return "name:" + strings.ToLower(name) }

// movedVersions returns the versions that are kept as such and whose keys begin
// with a prefix, in the order of their keys: by id, and then the oldest first.
func movedVersions(tx *bolt.Tx, prefix []byte) ([]workspace.Segment, error) {
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
		if !bytes.Equal(k, versionKey(version.ID, version.Version)) {
			return nil, damage("%s: it holds version %d of another segment, %s", bytes.ToValidUTF8(k, nil), version.Version, version.ID)
		}
		versions = append(versions, version)
	}
	return versions, nil
}

// Segments returns the newest version of every segment, of deleted ones too, by
// name.
func (l *Ledger) Segments(ctx context.Context) (segments []workspace.Segment, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		newest := make(map[string]workspace.Segment)
		versions, err := movedVersions(tx, nil)
		if err != nil {
			return err
		}
		former, err := formerSegments(tx)
		for _, v := range slices.Concat(versions, former) {
			newest[v.ID] = v
		}
		segments = slices.Collect(maps.Values(newest))
		return err
	})
	slices.SortFunc(segments, func(a, b workspace.Segment) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return segments, err
}

// SegmentVersions returns every version of a segment, newest first.
func (l *Ledger) SegmentVersions(ctx context.Context, id string) (versions []workspace.Segment, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		versions, err = versionsOf(tx, id)
		return err
	})
	slices.Reverse(versions)
	return versions, err
}

// versionsOf returns every version of a segment, oldest first: the first at 0.
func versionsOf(tx *bolt.Tx, id string) ([]workspace.Segment, error) {
	versions, err := movedVersions(tx, append([]byte(id), 0))
	if err != nil {
		return nil, err
	}
	former, err := formerSegments(tx)
	versions = append(versions, slices.DeleteFunc(former, func(s workspace.Segment) bool { return s.ID != id })...)
	for i, v := range versions {
		if err == nil && v.Version != i+1 {
			err = damage("version %d of the segment %s is missing", i+1, id)
		}
	}
	return versions, err
}

// SaveSegment keeps one version of a segment: the next one, or one that there
// is with another LastCount. Whatever else would replace a version, or leave
// one out, is refused: it was made from what is no longer the newest.
func (l *Ledger) SaveSegment(ctx context.Context, s workspace.Segment) error {
	if s.ID == "" || s.Name == "" || s.Version < 1 {
		return &model.Error{Kind: model.KindUsage, Code: "segmentName", Message: "a version of a segment needs an id, a name and a number"}
	}
	return l.update(ctx, func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(bucketVersions)
		if err != nil {
			return err
		}
		versions, err := versionsOf(tx, s.ID)
		if err != nil {
			return err
		}
		if s.Version > len(versions)+1 || s.Version <= len(versions) && !sameVersion(versions[s.Version-1], s) {
			return &model.Error{
				Kind: model.KindFailed, Code: "segmentChanged",
				Message: fmt.Sprintf("segment %q has changed meanwhile: it has %d versions, and this would be version %d", s.Name, len(versions), s.Version),
				Remedy:  "look at its versions, and make the change again",
			}
		}
		for _, v := range versions {
			key := versionKey(v.ID, v.Version)
			if bucket.Get(key) != nil {
				continue
			}
			if err := put(bucket, key, v); err != nil {
				return err
			}
			if err := tx.Bucket(bucketSegments).Delete([]byte(strings.ToLower(v.Name))); err != nil {
				return err
			}
		}
		return put(bucket, versionKey(s.ID, s.Version), s)
	})
}

// sameVersion reports whether two say the same but for when who was counted.
func sameVersion(a, b workspace.Segment) bool {
	return a.Name == b.Name && a.Rule == b.Rule && a.Note == b.Note && a.Deleted == b.Deleted &&
		a.CreatedBy == b.CreatedBy && a.CreatedAt.Equal(b.CreatedAt) && a.ChangedBy == b.ChangedBy && a.ChangedAt.Equal(b.ChangedAt)
}
