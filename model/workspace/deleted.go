package workspace

import (
	"context"
	"slices"
)

// DeletedSegments returns the deleted segments, the one that was deleted last
// first. UndoSegment and RestoreSegment bring each back by its ID, unless
// another segment has its name now; by its name only the last that had it.
func (w *Workspace) DeletedSegments(ctx context.Context) ([]Segment, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	all, err := parts.Ledger.Segments(ctx)
	if err != nil {
		return nil, err
	}
	deleted := slices.DeleteFunc(slices.Clone(all), func(s Segment) bool { return !s.Deleted })
	slices.SortStableFunc(deleted, func(a, b Segment) int { return b.ChangedAt.Compare(a.ChangedAt) })
	return deleted, nil
}
