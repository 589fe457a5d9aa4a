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

// Prepare waits for what a restored directory makes ready in the background.
func (s *Snapshot) Prepare() { s.prepare() }

// Forget forgets what earlier rules have left behind.
func (s *Snapshot) Forget() {
	for i := range s.columns {
		v := &s.columns[i].dictionary.verdicts
		v.mu.Lock()
		v.last = nil
		v.mu.Unlock()
	}
}
