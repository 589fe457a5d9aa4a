package directory

import (
	"context"

	"rollcall/model/rule"
)

// SelectByValues is Select as it is for columns of many values, by looking at
// each value or at those of the rows.
func (s *Snapshot) SelectByValues(ctx context.Context, p *rule.Program, ofRows bool) (*Set, error) {
	plan := planner{s, ctx, 0, 1 << 20}
	if ofRows {
		plan.costOfRow = -1 << 20
	}
	return plan.choose(p.Root())
}
