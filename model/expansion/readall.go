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
			before := listings[i].Members
			listings[i] = *part
			listings[i].Members = append(before, part.Members...)
			if part.Next != "" && part.Err == nil {
				further = append(further, Question{Group: questions[k].Group, Next: part.Next})
				still = append(still, i)
			}
			listings[i].Next = ""
		}
		questions, open = further, still
	}
	return listings, nil
}

func miscounted(questions, listings int) error {
	return fmt.Errorf("expansion: %d questions were asked and %d listings came back", questions, listings)
}
