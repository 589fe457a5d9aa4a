package writeback

import (
	"fmt"
	"slices"

	"rollcall/model"
)

// leftOut is the reason of a row that the reviewer left out.
const leftOut = "left out in the review"

// Without returns a new plan that leaves the rows of the given users out: who
// would have been added stays out, who would have been removed stays a member.
// Everything else is as it was, the base included, so the new plan goes stale
// when the old one does. The limits of its guards are the old plan's, held
// against what is left. An id that has no row is a KindUsage error.
func (p *Plan) Without(ids ...string) (*Plan, error) {
	q := *p
	q.ID, q.Hash = "", ""
	q.Keep, q.Skipped = slices.Clone(p.Keep), slices.Clone(p.Skipped)
	for _, id := range ids {
		isRow := func(r Ref) bool { return r.ID == id }
		switch add, remove := slices.IndexFunc(q.Add, isRow), slices.IndexFunc(q.Remove, isRow); {
		case add >= 0:
			q.Skipped = append(q.Skipped, Skipped{Entry: q.Add[add].name(), Reason: leftOut + ": not added"})
			q.Add = slices.Delete(slices.Clone(q.Add), add, add+1)
		case remove >= 0:
			q.Skipped = append(q.Skipped, Skipped{Entry: q.Remove[remove].name(), Reason: leftOut + ": not removed"})
			q.Remove = slices.Delete(slices.Clone(q.Remove), remove, remove+1)
			q.Keep = append(q.Keep, id)
		default:
			return nil, &model.Error{
				Kind: model.KindUsage, Code: "rowUnknown",
				Message: fmt.Sprintf("plan %s has no row for the user %s", p.ID, id),
			}
		}
	}
	q.Guards = q.held(q.Guards)
	return seal(&q)
}
