package workspace

import (
	"context"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// Selection is the answer to a rule. Snapshot is the one that the rows of Set
// belong to.
type Selection struct {
	Snapshot    *directory.Snapshot
	Set         *directory.Set
	Diagnostics []rule.Diagnostic // notes and lints
}

// Select compiles a rule and evaluates it over the present snapshot. A rule
// with a fault is a KindUsage error; the diagnostics come back with it.
func (w *Workspace) Select(ctx context.Context, text string) (*Selection, error) {
	selection := &Selection{Snapshot: w.Directory()}
	program, diagnostics, err := rule.Compile(text, w.settings.Schema, w.Now())
	selection.Diagnostics = diagnostics
	if err != nil {
		return selection, err
	}
	selection.Set, err = selection.Snapshot.Select(ctx, program)
	return selection, err
}

// Segments returns the saved segments by name.
func (w *Workspace) Segments(ctx context.Context) ([]Segment, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	return parts.Ledger.Segments(ctx)
}

// Segment returns the saved segment of a name, in any letter case.
func (w *Workspace) Segment(ctx context.Context, name string) (*Segment, error) {
	segments, err := w.Segments(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(segments))
	for i, s := range segments {
		if strings.EqualFold(s.Name, name) {
			return &s, nil
		}
		names[i] = s.Name
	}
	return nil, unknownName("segment", name, names)
}

// SaveSegment checks the rule and saves it under the name, new or not.
func (w *Workspace) SaveSegment(ctx context.Context, name, text string) (*Segment, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	if name, err = savedName("segment", name); err != nil {
		return nil, err
	}
	if _, err := w.CheckRule(text); err != nil {
		return nil, err
	}
	segments, err := parts.Ledger.Segments(ctx)
	if err != nil {
		return nil, err
	}
	now := w.Now().UTC()
	segment := Segment{Name: name, CreatedAt: now, CreatedBy: w.actor()}
	if i := slices.IndexFunc(segments, func(s Segment) bool { return strings.EqualFold(s.Name, name) }); i >= 0 {
		segment = segments[i]
	}
	segment.Rule, segment.ChangedAt, segment.ChangedBy = text, now, w.actor()
	if err := parts.Ledger.SaveSegment(ctx, segment); err != nil {
		return nil, err
	}
	return &segment, w.record(ctx, parts, "segment.save", segment.Name, segment.Rule)
}

// DeleteSegment removes a saved segment.
func (w *Workspace) DeleteSegment(ctx context.Context, name string) error {
	parts, err := w.opened()
	if err != nil {
		return err
	}
	segment, err := w.Segment(ctx, name)
	if err != nil {
		return err
	}
	if err := parts.Ledger.DeleteSegment(ctx, segment.Name); err != nil {
		return err
	}
	return w.record(ctx, parts, "segment.delete", segment.Name, segment.Rule)
}

// CheckRule returns what there is to say about a rule, and the fault that
// keeps it from being used, if any. An empty rule is one: it selects nobody,
// and whoever gives it meant something else.
func (w *Workspace) CheckRule(text string) ([]rule.Diagnostic, error) {
	if strings.TrimSpace(text) == "" {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "ruleEmpty",
			Message: "the rule is empty: it would select nobody",
			Remedy:  "write user.objectId -ne null to select everybody",
		}
	}
	_, diagnostics, err := rule.Compile(text, w.settings.Schema, w.Now())
	return diagnostics, err
}

// EntraRule translates a rule to the one to give a group with dynamic
// membership: its canonical form. A rule that Entra would refuse is a
// KindUsage error.
func (w *Workspace) EntraRule(text string) (string, error) {
	if _, err := w.CheckRule(text); err != nil {
		return "", err
	}
	parsed, _ := rule.Parse(text)
	translated, diagnostics := rule.Entra(parsed)
	for _, d := range diagnostics {
		if d.Severity == rule.Error {
			return "", &model.Error{Kind: model.KindUsage, Code: "ruleNotTranslatable", Message: d.Message, Remedy: d.Suggestion}
		}
	}
	return translated, nil
}
