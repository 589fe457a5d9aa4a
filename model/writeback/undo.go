package writeback

import (
	"slices"
	"time"

	"rollcall/model"
)

// UndoParams are what the way back of a run is computed from.
type UndoParams struct {
	Run     *Run
	Members []model.Object // present direct members, read to the end
	Owners  []string       // object ids of the group's owners
	Rules   Rules
	Author  string
	Now     time.Time
}

// UndoneBy reports whether a plan does nothing but restore what the run may have
// changed, to the picture before its first write.
func (r *Run) UndoneBy(p *Plan) bool {
	if p.UndoOf != r.Plan.ID || p.Group.ID != r.Plan.Group.ID {
		return false
	}
	was := make(map[string]bool, len(r.Rows))
	for i := range r.Rows {
		was[r.Rows[i].ID] = false
	}
	for i := range r.Before {
		if _, ok := was[r.Before[i].ID]; ok {
			was[r.Before[i].ID] = true
		}
	}
	restores := func(rows []Ref, member bool) bool {
		return !slices.ContainsFunc(rows, func(ref Ref) bool {
			before, ok := was[ref.ID]
			return !ok || before != member
		})
	}
	return restores(p.Add, true) && restores(p.Remove, false)
}

// NewUndo makes the plan that takes a run back: it restores, from the picture
// before the first write, each row that was handed over, whatever the tenant
// answered. Members that are no row of the run stay as they are, and so do
// rows that it never came to, or found right when it did.
//
// The guards hold for it too, but for those that ask for an audience: the
// source of an undo is a picture, so it may be empty, it mirrors nothing for
// the first time, and a group may become as small as it was. Nobody is removed
// whom the rules protect by now. Guests and disabled accounts are taken back
// like others: what the profile wants left alone was changed before.
func NewUndo(u UndoParams) (*Plan, error) {
	run := u.Run
	before := make(map[string]bool, len(run.Before))
	for _, r := range run.Before {
		before[r.ID] = true
	}
	present := make(map[string]*model.Object, len(u.Members))
	for i := range u.Members {
		present[u.Members[i].ID] = &u.Members[i]
	}
	p := &Plan{
		TenantID:  run.Plan.TenantID,
		Group:     run.Plan.Group,
		Mode:      ModeMirror,
		From:      []string{"the members before plan " + run.Plan.ID},
		Author:    u.Author,
		CreatedAt: u.Now,
		UndoOf:    run.Plan.ID,
	}
	rules := newSpared(u.Rules, u.Owners)
	removing := make(map[string]bool)
	for i := range run.Rows {
		row := &run.Rows[i]
		if !row.handedOver() {
			continue
		}
		was, o := before[row.ID], present[row.ID]
		switch {
		case was && o == nil:
			p.Add = append(p.Add, row.Ref)
		case was || o == nil:
		default:
			if reason := rules.keeps(o); reason != "" {
				p.Skipped = append(p.Skipped, Skipped{Entry: row.name(), Reason: reason})
				continue
			}
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
	guards := u.Rules.Guards
	guards.LeastSize = min(guards.LeastSize, len(run.Before))
	p.Guards = []GuardResult{{Name: GuardEmptySource, Value: len(p.Keep) + len(p.Add)}}
	p.Guards = guards.Hold(p, false)
	return seal(p)
}
