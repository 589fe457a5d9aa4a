package directory

import (
	"context"

	"rollcall/model/rule"
)

// Advise returns what the users make of a rule, as lints in the order of the
// text. The set is what Select has found for the program.
func (s *Snapshot) Advise(ctx context.Context, p *rule.Program, selected *Set) ([]rule.Diagnostic, error) {
	r := p.Rule()
	remark := rule.Diagnostic{Severity: rule.Lint, End: len(r.Text)}
	switch {
	case s.live == 0:
		return nil, ctx.Err()
	case selected.Count() == 0:
		remark.Message = "the rule selects nobody today"
	case selected.Count() == s.live:
		remark.Message = "the rule selects everybody today"
	default:
		return nil, ctx.Err()
	}
	return rule.Located(r.Text, []rule.Diagnostic{remark}), ctx.Err()
}
