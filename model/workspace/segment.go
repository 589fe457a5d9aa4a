package workspace

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
)

// Segments returns the saved segments by name.
func (w *Workspace) Segments(ctx context.Context) ([]Segment, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	segments, err := parts.Ledger.Segments(ctx)
	return slices.DeleteFunc(segments, func(s Segment) bool { return s.Deleted }), err
}

// Segment returns the saved segment of a name, in any letter case.
func (w *Workspace) Segment(ctx context.Context, name string) (*Segment, error) {
	segments, err := w.Segments(ctx)
	if err != nil {
		return nil, err
	}
	return findSegment(segments, name)
}

func findSegment(segments []Segment, name string) (*Segment, error) {
	names := make([]string, len(segments))
	for i, s := range segments {
		if strings.EqualFold(s.Name, strings.TrimSpace(name)) {
			return &s, nil
		}
		names[i] = s.Name
	}
	return nil, unknownName("segment", name, names)
}

// SaveSegment checks the rule and saves it under the name, new or not: as the
// next version of a segment that there is. A nil note is as it was. What
// changes nothing makes no version.
func (w *Workspace) SaveSegment(ctx context.Context, name, text string, note *string) (*Segment, error) {
	name, err := savedName("segment", name)
	if err != nil {
		return nil, err
	}
	if _, err := w.CheckRule(text); err != nil {
		return nil, err
	}
	return w.changeSegment(ctx, "segment.save", func(present []Segment) (Segment, error) {
		segment := Segment{ID: newID(), Name: name}
		if i := slices.IndexFunc(present, func(s Segment) bool { return strings.EqualFold(s.Name, name) }); i >= 0 {
			segment = present[i]
		}
		segment.Rule = text
		if note != nil {
			segment.Note = *note
		}
		return segment, nil
	})
}

// RenameSegment gives a segment another name, as its next version. A name that
// another segment has is a KindUsage error of code CodeSegmentExists.
func (w *Workspace) RenameSegment(ctx context.Context, name, to string) (*Segment, error) {
	to, err := savedName("segment", to)
	if err != nil {
		return nil, err
	}
	return w.changeSegment(ctx, "segment.rename", func(present []Segment) (Segment, error) {
		segment, err := findSegment(present, name)
		if err != nil {
			return Segment{}, err
		}
		segment.Name = to
		return *segment, nil
	})
}

// CodeSegmentExists is the code of the KindUsage error of a segment whose name
// is taken.
const CodeSegmentExists = "segmentExists"

// DeleteSegment takes a segment away. Its versions are kept, and UndoSegment
// brings it back.
func (w *Workspace) DeleteSegment(ctx context.Context, name string) error {
	_, err := w.changeSegment(ctx, "segment.delete", func(present []Segment) (Segment, error) {
		segment, err := findSegment(present, name)
		if err != nil {
			return Segment{}, err
		}
		segment.Deleted = true
		return *segment, nil
	})
	return err
}

// SegmentVersions returns every version of a segment, newest first: of the one
// that has the name, else of the one that was deleted last under it.
func (w *Workspace) SegmentVersions(ctx context.Context, name string) ([]Segment, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	segments, err := parts.Ledger.Segments(ctx)
	if err != nil {
		return nil, err
	}
	segment, err := segmentOrDeleted(segments, name)
	if err != nil {
		return nil, err
	}
	return parts.Ledger.SegmentVersions(ctx, segment.ID)
}

// segmentOrDeleted finds a segment by its name, else the one that was deleted
// last under it.
func segmentOrDeleted(segments []Segment, name string) (*Segment, error) {
	var present []Segment
	var deleted *Segment
	for _, s := range segments {
		switch {
		case !s.Deleted:
			present = append(present, s)
		case strings.EqualFold(s.Name, strings.TrimSpace(name)) && (deleted == nil || s.ChangedAt.After(deleted.ChangedAt)):
			deleted = &s
		}
	}
	segment, err := findSegment(present, name)
	if err != nil && deleted != nil {
		return deleted, nil
	}
	return segment, err
}

// RestoreSegment makes a former version of a segment its next one. It brings
// back a deleted segment, too.
func (w *Workspace) RestoreSegment(ctx context.Context, name string, version int) (*Segment, error) {
	versions, err := w.SegmentVersions(ctx, name)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(versions, func(s Segment) bool { return s.Version == version && !s.Deleted })
	if i < 0 {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "versionNotFound",
			Message: fmt.Sprintf("segment %q has no version %d that can be restored", name, version),
			Remedy:  fmt.Sprintf("`rollcall segment versions %q` shows them", name),
		}
	}
	return w.changeSegment(ctx, "segment.restore", func([]Segment) (Segment, error) {
		restored := versions[0]
		restored.Name, restored.Rule, restored.Note, restored.Deleted = versions[i].Name, versions[i].Rule, versions[i].Note, false
		return restored, nil
	})
}

// UndoSegment takes back the last change of a segment: of its rule, its note or
// its name, or its deletion. Undoing again takes that back.
func (w *Workspace) UndoSegment(ctx context.Context, name string) (*Segment, error) {
	versions, err := w.SegmentVersions(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(versions) < 2 {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "nothingToUndo",
			Message: fmt.Sprintf("segment %q was not changed since it was made", versions[0].Name),
			Remedy:  fmt.Sprintf("`rollcall segment delete %q` takes it away", versions[0].Name),
		}
	}
	former := versions[1]
	if former.Deleted {
		return nil, w.DeleteSegment(ctx, name)
	}
	return w.RestoreSegment(ctx, name, former.Version)
}

// changeSegment saves what change makes of the present segments as the next
// version of it, and records that. Nothing is saved when nothing is changed.
func (w *Workspace) changeSegment(ctx context.Context, action string, change func(present []Segment) (Segment, error)) (*Segment, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	w.segments.Lock()
	defer w.segments.Unlock()
	all, err := parts.Ledger.Segments(ctx)
	if err != nil {
		return nil, err
	}
	next, err := change(slices.DeleteFunc(slices.Clone(all), func(s Segment) bool { return s.Deleted }))
	if err != nil {
		return nil, err
	}
	taken := func(s Segment) bool { return !s.Deleted && s.ID != next.ID && strings.EqualFold(s.Name, next.Name) }
	if !next.Deleted && slices.ContainsFunc(all, taken) {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: CodeSegmentExists,
			Message: fmt.Sprintf("there is a segment %q already", next.Name),
			Remedy:  "choose another name, or rename that one first",
		}
	}
	now := w.Now().UTC()
	before := Segment{CreatedAt: now, CreatedBy: w.actor()}
	if i := slices.IndexFunc(all, func(s Segment) bool { return s.ID == next.ID }); i >= 0 {
		before = all[i]
	}
	if before.Version > 0 && before.Name == next.Name && before.Rule == next.Rule && before.Note == next.Note && before.Deleted == next.Deleted {
		return &before, nil
	}
	if before.Rule != next.Rule {
		next.LastCount = nil
	}
	next.Version, next.CreatedAt, next.CreatedBy = before.Version+1, before.CreatedAt, before.CreatedBy
	next.ChangedAt, next.ChangedBy = now, w.actor()
	if err := parts.Ledger.SaveSegment(ctx, next); err != nil {
		return nil, err
	}
	detail := next.Rule
	if before.Version > 0 && before.Name != next.Name {
		detail = fmt.Sprintf("was %q", before.Name)
	}
	return &next, w.record(ctx, parts, action, next.Name, detail)
}

// CountSegments keeps how many users each of the segments, by id, selects now.
// Counting is no change: it makes no version and is not recorded.
func (w *Workspace) CountSegments(ctx context.Context, users map[string]int) error {
	parts, err := w.opened()
	if err != nil {
		return err
	}
	w.segments.Lock()
	defer w.segments.Unlock()
	all, err := parts.Ledger.Segments(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		n, counted := users[s.ID]
		if !counted || s.LastCount != nil && s.LastCount.Users == n {
			continue
		}
		s.LastCount = &SegmentCount{Users: n, At: w.Now().UTC()}
		if err := parts.Ledger.SaveSegment(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
