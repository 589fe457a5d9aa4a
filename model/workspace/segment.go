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
	return present(segments), err
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
	return w.changeSegment(ctx, "segment.save", func(l segmentLedger) (Segment, error) {
		segment := Segment{ID: newID(), Name: name}
		if i := slices.IndexFunc(l.present, func(s Segment) bool { return strings.EqualFold(s.Name, name) }); i >= 0 {
			segment = l.present[i]
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
	return w.changeSegment(ctx, "segment.rename", func(l segmentLedger) (Segment, error) {
		segment, err := findSegment(l.present, name)
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
	_, err := w.changeSegment(ctx, "segment.delete", func(l segmentLedger) (Segment, error) {
		segment, err := findSegment(l.present, name)
		if err != nil {
			return Segment{}, err
		}
		segment.Deleted = true
		return *segment, nil
	})
	return err
}

// SegmentVersions returns every version of a segment, newest first: of the one
// that has the name, else of the one that was deleted last under it, else of
// the one that has it as its id. By id those are found whose name another has
// by now.
func (w *Workspace) SegmentVersions(ctx context.Context, name string) ([]Segment, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	all, err := parts.Ledger.Segments(ctx)
	if err != nil {
		return nil, err
	}
	return segmentLedger{parts.Ledger, all, present(all)}.versions(ctx, name)
}

// RestoreSegment makes a former version of a segment its next one. It brings
// back a deleted segment, too. Segments are found as by SegmentVersions; a name
// that another segment has meanwhile is a KindUsage error of code
// CodeSegmentExists.
func (w *Workspace) RestoreSegment(ctx context.Context, name string, version int) (*Segment, error) {
	return w.changeSegment(ctx, "segment.restore", func(l segmentLedger) (Segment, error) {
		versions, err := l.versions(ctx, name)
		if err != nil {
			return Segment{}, err
		}
		i := slices.IndexFunc(versions, func(s Segment) bool { return s.Version == version && !s.Deleted })
		if i < 0 {
			return Segment{}, &model.Error{
				Kind: model.KindUsage, Code: "versionNotFound",
				Message: fmt.Sprintf("segment %q has no version %d that can be restored", versions[0].Name, version),
				Remedy:  fmt.Sprintf("`rollcall segment versions %q` shows them", name),
			}
		}
		return versions[0].as(versions[i]), nil
	})
}

// UndoSegment takes back the last change of a segment: of its rule, its note or
// its name, or its deletion; undoing again takes that back. It returns the
// segment as it is then, nil where undoing has deleted it again. Segments are
// found as by SegmentVersions.
func (w *Workspace) UndoSegment(ctx context.Context, name string) (*Segment, error) {
	segment, err := w.changeSegment(ctx, "segment.undo", func(l segmentLedger) (Segment, error) {
		versions, err := l.versions(ctx, name)
		if err != nil {
			return Segment{}, err
		}
		if len(versions) < 2 {
			unchanged := &model.Error{
				Kind: model.KindUsage, Code: "nothingToUndo",
				Message: fmt.Sprintf("segment %q was not changed since it was made", versions[0].Name),
				Remedy:  fmt.Sprintf("`rollcall segment delete %q` takes it away", versions[0].Name),
			}
			if slices.ContainsFunc(l.all, func(s Segment) bool { return s.Deleted && strings.EqualFold(s.Name, versions[0].Name) }) {
				unchanged.Remedy = fmt.Sprintf("one of this name was deleted before: `rollcall segment rename %q NAME`, then undo brings that back", versions[0].Name)
			}
			return Segment{}, unchanged
		}
		return versions[0].as(versions[1]), nil
	})
	if err == nil && segment.Deleted {
		return nil, nil
	}
	return segment, err
}

// as is a segment that says what another version of it does.
func (s Segment) as(other Segment) Segment {
	s.Name, s.Rule, s.Note, s.Deleted = other.Name, other.Rule, other.Note, other.Deleted
	return s
}

// says reports whether two versions of a segment say the same.
func (s Segment) says(other Segment) bool {
	return s.Name == other.Name && s.Rule == other.Rule && s.Note == other.Note && s.Deleted == other.Deleted
}

// segmentLedger is a ledger with its segments as they are while one is changed.
type segmentLedger struct {
	Ledger
	all, present []Segment // newest versions
}

// present leaves the deleted segments out.
func present(all []Segment) []Segment {
	return slices.DeleteFunc(slices.Clone(all), func(s Segment) bool { return s.Deleted })
}

// versions returns the versions of the segment that SegmentVersions describes,
// newest first, at least one.
func (l segmentLedger) versions(ctx context.Context, name string) ([]Segment, error) {
	segment, unknown := findSegment(l.present, name)
	if unknown != nil {
		for _, s := range l.all {
			if s.Deleted && strings.EqualFold(s.Name, strings.TrimSpace(name)) && (segment == nil || s.ChangedAt.After(segment.ChangedAt)) {
				segment = &s
			}
		}
	}
	if segment == nil {
		i := slices.IndexFunc(l.all, func(s Segment) bool { return s.ID == strings.TrimSpace(name) })
		if i < 0 {
			return nil, unknown
		}
		segment = &l.all[i]
	}
	return l.SegmentVersions(ctx, segment.ID)
}

// changeSegment saves what change makes of the segments as the next version of
// one of them, and records that. Nothing is saved when nothing is changed.
func (w *Workspace) changeSegment(ctx context.Context, action string, change func(segmentLedger) (Segment, error)) (*Segment, error) {
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
	next, err := change(segmentLedger{parts.Ledger, all, present(all)})
	if err != nil {
		return nil, err
	}
	taken := func(s Segment) bool { return !s.Deleted && s.ID != next.ID && strings.EqualFold(s.Name, next.Name) }
	if i := slices.IndexFunc(all, taken); i >= 0 && !next.Deleted {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: CodeSegmentExists,
			Message: fmt.Sprintf("there is a segment %q already", all[i].Name),
			Remedy:  fmt.Sprintf("choose another name, or rename that one first: `rollcall segment rename %q NAME`", all[i].Name),
		}
	}
	now := w.Now().UTC()
	before := Segment{CreatedAt: now, CreatedBy: w.actor()}
	if i := slices.IndexFunc(all, func(s Segment) bool { return s.ID == next.ID }); i >= 0 {
		before = all[i]
	}
	if before.Version > 0 && before.says(next) {
		return &before, nil
	}
	next.LastCount = nil
	if before.Rule == next.Rule {
		next.LastCount = before.LastCount
	}
	next.Version, next.CreatedAt, next.CreatedBy = before.Version+1, before.CreatedAt, before.CreatedBy
	next.ChangedAt, next.ChangedBy = now, w.actor()
	if err := parts.Ledger.SaveSegment(ctx, next); err != nil {
		return nil, err
	}
	return &next, w.record(ctx, parts, action, next.Name, changeDetail(before, next))
}

// changeDetail says for the audit what a version of a segment changed: what it
// is, and what it was.
func changeDetail(before, next Segment) string {
	var parts []string
	switch {
	case next.Deleted:
		return next.Rule
	case before.Version == 0:
		parts = append(parts, next.Rule)
	case before.Deleted:
		parts = append(parts, "brought back: "+next.Rule)
	case before.Rule != next.Rule:
		parts = append(parts, next.Rule+"; was "+before.Rule)
	}
	if before.Version > 0 && before.Name != next.Name {
		parts = append(parts, fmt.Sprintf("was named %q", before.Name))
	}
	if before.Note != next.Note {
		note := fmt.Sprintf("note %q", next.Note)
		if before.Note != "" {
			note += fmt.Sprintf(", was %q", before.Note)
		}
		parts = append(parts, note)
	}
	return strings.Join(parts, "; ")
}

// VersionID names one version of a segment.
type VersionID struct {
	ID      string // of the segment
	Version int
}

// VersionID names the version that the segment is.
func (s Segment) VersionID() VersionID { return VersionID{s.ID, s.Version} }

// CountSegments keeps how many users each of the versions selects now: of those
// that are a segment's newest, for another may have been saved meanwhile.
// Counting is no change: it makes no version and is not recorded.
func (w *Workspace) CountSegments(ctx context.Context, users map[VersionID]int) error {
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
		n, counted := users[s.VersionID()]
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
