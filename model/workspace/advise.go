package workspace

import (
	"context"
	"slices"

	"rollcall/model/rule"
)

// Advise returns what there is to say about the rule of a selection: its own
// Diagnostics and, among them in the order of the text, what the users make of
// it, such as a value that nobody has. That takes longer than Select, so a
// screen shows the count before it asks. Nothing is added to a selection
// without a result.
func (w *Workspace) Advise(ctx context.Context, s *Selection) ([]rule.Diagnostic, error) {
	if s.Program == nil || s.Set == nil {
		return s.Diagnostics, nil
	}
	remarks, err := s.Snapshot.Advise(ctx, s.Program, s.Set)
	if err != nil {
		return s.Diagnostics, err
	}
	return rule.Located(s.Program.Rule().Text, slices.Concat(s.Diagnostics, remarks)), nil
}
