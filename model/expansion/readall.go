package expansion

import (
	"context"
	"fmt"

	"rollcall/model"
)

// ReadAll reads the direct members of groups to their ends: one listing for
// each, in the given order, whose Next is empty. Its error is the one that
// Members returned.
func ReadAll(ctx context.Context, m Members, groups []model.Group) ([]Listing, error) {
	m = begin(m)
	listings := make([]Listing, len(groups))
	questions := make([]Question, len(groups))
	open := make([]int, len(groups)) // index in listings of each question
	for i, g := range groups {
		questions[i], open[i] = Question{Group: g}, i
	}
	for len(questions) > 0 {
		parts, err := m.Members(ctx, questions)
		if err != nil {
			return nil, err
		}
		if len(parts) != len(questions) {
			return nil, miscounted(len(questions), len(parts))
		}
		var further []Question
		var still []int
		for k := range parts {
			part, i := &parts[k], open[k]
			listings[i].add(part)
			if part.Next != "" && part.Err == nil {
				further = append(further, Question{Group: questions[k].Group, Next: part.Next})
				still = append(still, i)
			}
		}
		questions, open = further, still
	}
	return listings, nil
}

// add takes a further part in. What one part says of the whole stands.
func (l *Listing) add(part *Listing) {
	members, stored, hidden, instead := l.Members, l.Stored, l.Hidden, l.Instead
	*l = *part
	if len(members) > 0 {
		l.Members = append(members, part.Members...)
	}
	l.Stored, l.Hidden, l.Next = l.Stored || stored, l.Hidden || hidden, ""
	if l.Instead == nil {
		l.Instead = instead
	}
}

func miscounted(questions, listings int) error {
	return fmt.Errorf("expansion: %d questions were asked and %d listings came back", questions, listings)
}
