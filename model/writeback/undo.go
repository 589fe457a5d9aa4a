package writeback

import (
	"fmt"
	"time"

	"rollcall/model"
)

// Undo makes the plan that takes a run back: it restores, from the picture
// before the first write, each row that was handed over, whatever the tenant
// answered. members are the group's present direct members. Members that are
// no row of the run stay as they are, and so do rows that it never came to.
//
// The guards hold for it too, but for two: the source of an undo is a picture
// and not an audience, so it may be empty, and a group may become as small as
// it was.
func Undo(run *Run, members []model.Object, g Guards, author string, now time.Time) (*Plan, error) {
	before := make(map[string]bool, len(run.Before))
	for _, r := range run.Before {
		before[r.ID] = true
	}
	present := idSet(members)
	p := &Plan{
		TenantID:  run.Plan.TenantID,
		Group:     run.Plan.Group,
		Mode:      ModeMirror,
		From:      []string{fmt.Sprintf("the members before plan %s", run.Plan.ID)},
		Author:    author,
		CreatedAt: now,
		UndoOf:    run.Plan.ID,
	}
	removing := make(map[string]bool)
	for _, row := range run.Rows {
		switch was, is := before[row.ID], present[row.ID]; {
		case row.State == RowPlanned:
		case was && !is:
			p.Add = append(p.Add, row.Ref)
		case is && !was:
			p.Remove = append(p.Remove, row.Ref)
			removing[row.ID] = true
		}
	}
	for id := range present {
		if !removing[id] {
			p.Keep = append(p.Keep, id)
		}
	}
	p.Unchanged = len(p.Keep)
	after := len(p.Keep) + len(p.Add)
	g.LeastSize = min(g.LeastSize, len(run.Before))
	p.Guards = g.hold(len(p.Add), len(p.Remove), after, after)
	for i := range p.Guards {
		if guard := &p.Guards[i]; guard.Name == GuardEmptySource {
			guard.Limit, guard.Tripped = off, false
		}
	}
	return seal(p)
}
