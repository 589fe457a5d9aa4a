package writeback

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
)

// Stale is what moved in a group since a plan was made for it, apart from what
// the plan does. It is the cause (errors.As) of the KindGuard error.
type Stale struct {
	Joined []Ref    // members that the plan knows nothing of
	Left   []string // object ids of members that should have stayed
	// TakenBack are rows that a run of the plan had made right, or found so, and
	// that somebody has turned round since. Of a run that is resumed nothing else
	// is looked at.
	TakenBack []Row
	// News is how many of TakenBack are told for the first time: no approval that
	// was given before covers them.
	News int
}

// takenBackReason is what the journal says of a row that was taken back, once
// it was said to whoever wanted to go on.
const takenBackReason = "taken back by somebody since"

func (s *Stale) Error() string {
	var parts []string
	list := func(verb string, names []string) {
		const most = 5
		if len(names) == 0 {
			return
		}
		text := strings.Join(names[:min(len(names), most)], ", ")
		if more := len(names) - most; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, fmt.Sprintf("%d %s (%s)", len(names), verb, text))
	}
	joined := make([]string, len(s.Joined))
	for i, r := range s.Joined {
		joined[i] = r.name()
	}
	list("joined", joined)
	list("left", s.Left)
	back := make([]string, len(s.TakenBack))
	for i, row := range s.TakenBack {
		verb := "removed again"
		if row.Remove {
			verb = "added again"
		}
		back[i] = row.name() + ": " + verb
	}
	list("taken back", back)
	return strings.Join(parts, ", ")
}

func (r Ref) name() string {
	for _, s := range []string{r.UserPrincipalName, r.DisplayName} {
		if s != "" {
			return s
		}
	}
	return r.ID
}

// checkStale compares the members with those that the plan was computed
// against. Rows of the plan that are right already make it no less valid: they
// are what it would do.
func (p *Plan) checkStale(members []model.Object) error {
	known := make(map[string]bool, p.BaseCount+len(p.Add))
	for _, id := range p.Keep {
		known[id] = true
	}
	for _, list := range [][]Ref{p.Add, p.Remove} {
		for _, r := range list {
			known[r.ID] = true
		}
	}
	var s Stale
	present := make(map[string]bool, len(members))
	for i := range members {
		o := &members[i]
		present[o.ID] = true
		if !known[o.ID] {
			s.Joined = append(s.Joined, refOf(o))
		}
	}
	for _, id := range p.Keep {
		if !present[id] {
			s.Left = append(s.Left, id)
		}
	}
	if len(s.Joined)+len(s.Left) == 0 {
		return nil
	}
	slices.SortFunc(s.Joined, compareRefs)
	return &model.Error{
		Kind: model.KindGuard, Code: "planStale",
		Message: fmt.Sprintf("%s has changed since plan %s was made: %s", p.Group.DisplayName, p.ID, s.Error()),
		Remedy:  "make the plan again and read what it does now",
		Err:     &s,
	}
}

// takenBack refuses to go on with a run of which rows were taken back, until
// somebody who was told of them has approved them again. It looks with patience
// first, and returns the last look. Rows that were told already had that
// patience: another would keep whoever approves them waiting for nothing.
//
// What is told is noted in the journal: a renewed approval covers these rows,
// and none that was taken back after.
func (r *runner) takenBack(ctx context.Context, present map[string]bool, renewed bool) (map[string]bool, error) {
	present, err := r.await(ctx, present, func(row *Row) bool { return row.settled() && !row.TakenBack() })
	if err != nil {
		return present, err
	}
	var s Stale
	var news []Row
	for i := range r.run.Rows {
		row := &r.run.Rows[i]
		if !row.settled() || row.right(present) {
			continue
		}
		if !row.TakenBack() {
			row.Reason = takenBackReason
			news = append(news, *row)
		}
		s.TakenBack = append(s.TakenBack, *row)
	}
	if len(s.TakenBack) == 0 || renewed && len(news) == 0 {
		return present, nil
	}
	s.News = len(news)
	p := &r.run.Plan
	if len(news) > 0 {
		if err := r.Journal.SetRows(ctx, p.ID, r.Now().UTC(), news); err != nil {
			return present, err
		}
	}
	return present, &model.Error{
		Kind: model.KindGuard, Code: "planStale",
		Message: fmt.Sprintf("%s has changed since plan %s was written: %s", p.Group.DisplayName, p.ID, s.Error()),
		Remedy:  "to have that written again, approve the plan anew: " + r.resumeRemedy() + "; to leave it so, make the plan again",
		Err:     &s,
	}
}
