package workspace

import (
	"fmt"

	"rollcall/model/writeback"
)

// ProposedEvent is the line of the audit for a plan that somebody proposed.
func ProposedEvent(p *writeback.Plan, by string) Event {
	return Event{
		At: p.CreatedAt, By: by, Action: "plan", Subject: p.Group.DisplayName,
		Detail: fmt.Sprintf("plan %s: %d to add, %d to remove", p.ID, len(p.Add), len(p.Remove)),
		PlanID: p.ID, Hash: p.Hash,
	}
}
