package workspace

import (
	"context"
	"slices"
	"strings"
)

// DeletedSegments returns the segments that UndoSegment or RestoreSegment can
// bring back by name, the one that was deleted last first: of several that had
// a name only the last, and none whose name another segment has now.
func (w *Workspace) DeletedSegments(ctx context.Context) ([]Segment, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	all, err := parts.Ledger.Segments(ctx)
	if err != nil {
		return nil, err
	}
	taken := make(map[string]bool)
	var deleted []Segment
	for _, s := range all {
		if s.Deleted {
			deleted = append(deleted, s)
		} else {
			taken[strings.ToLower(s.Name)] = true
		}
	}
	slices.SortStableFunc(deleted, func(a, b Segment) int { return b.ChangedAt.Compare(a.ChangedAt) })
	return slices.DeleteFunc(deleted, func(s Segment) bool {
		name := strings.ToLower(s.Name)
		hidden := taken[name]
		taken[name] = true
		return hidden
	}), nil
}
