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
	rows := slices.Concat(p.Add, p.Remove)
	place := make(map[string]int, len(rows))
	for i := range rows {
		place[rows[i].ID] = i
	}
	out := make([]bool, len(rows))
	for _, id := range ids {
		at, ok := place[id]
		switch {
		case !ok || out[at]:
			return nil, &model.Error{
				Kind: model.KindUsage, Code: "rowUnknown",
				Message: fmt.Sprintf("plan %s has no row for the user %s", p.ID, id),
			}
		case at < len(p.Add):
			q.Skipped = append(q.Skipped, Skipped{Entry: rows[at].name(), Reason: leftOut + ": not added"})
		default:
			q.Skipped = append(q.Skipped, Skipped{Entry: rows[at].name(), Reason: leftOut + ": not removed"})
			q.Keep = append(q.Keep, id)
		}
		out[at] = true
	}
	q.Add, q.Remove = taken(p.Add, out[:len(p.Add)]), taken(p.Remove, out[len(p.Add):])
	q.Guards = q.held(q.Guards)
	return seal(&q)
}

// taken are the rows that are not left out.
func taken(rows []Ref, out []bool) []Ref {
	kept := make([]Ref, 0, len(rows))
	for i, r := range rows {
		if !out[i] {
			kept = append(kept, r)
		}
	}
	return kept
}
