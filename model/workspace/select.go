package workspace

import (
	"cmp"
	"context"
	"fmt"
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
	Program     *rule.Program // as it was evaluated; nil where the rule has a fault
	Set         *directory.Set
	Diagnostics []rule.Diagnostic // notes and lints
}

// Select compiles a rule and evaluates it over the present snapshot. A rule
// with a fault is a KindUsage error; the diagnostics come back with it.
//
// A rule on memberOf asks the tenant for the direct members of its groups, and
// then not again for keptFor: a note says when each was read. That somebody
// must sign in or consent is an error of KindSignIn, that the tenant does not
// answer one of KindUnavailable, a group that it does not have one of
// KindUsage, and one whose members cannot be seen in full one of KindPartial.
func (w *Workspace) Select(ctx context.Context, text string) (*Selection, error) {
	selection := &Selection{Snapshot: w.Directory()}
	program, diagnostics, err := rule.Compile(text, w.Known(), w.Now())
	selection.Diagnostics = diagnostics
	if err != nil {
		return selection, err
	}
	selection.Program = program
	bound, err := w.bind(ctx, program, w.recent)
	if err != nil {
		return selection, err
	}
	selection.Program = bound.program
	if selection.Set, err = selection.Snapshot.Select(ctx, bound.program); err != nil {
		return selection, err
	}
	remarks := slices.Concat(bound.notes(selection.Snapshot), managerRemarks(selection))
	if len(remarks) > 0 {
		selection.Diagnostics = rule.Located(program.Rule().Text, slices.Concat(diagnostics, remarks))
	}
	return selection, nil
}

// Known is the profile's choice of attributes with what the users were read
// without: what the profile has chosen since, and what the tenant refuses.
func (w *Workspace) Known() *model.Schema {
	p := w.Progress()
	return w.settings.Schema.Without(p.Unread, p.Refused)
}

// managerRemarks say whose direct reports a rule selects, or why nobody's.
func managerRemarks(s *Selection) []rule.Diagnostic {
	root, ok := s.Program.Rule().Root.(*rule.DirectReports)
	if !ok {
		return nil
	}
	id, reports := root.Manager.Text, s.Set.Count()
	at := cmp.Or(root.Manager.At, root.At)
	remark := rule.Diagnostic{Severity: rule.Lint, Start: at.Start, End: at.End}
	row, known := s.Snapshot.ByID(id)
	switch {
	case s.Snapshot.Len() == 0:
		return nil
	case !s.Snapshot.HasManagers():
		remark.Message = "no user has a manager in the synced directory, so that nobody has direct reports"
	case !known && reports == 0:
		remark.Message = fmt.Sprintf("no synced user has the object id %.80s", id)
	case !known:
		remark.Message = fmt.Sprintf("no synced user has the object id %.80s, and %s to it", id, count(reports, "user reports", "users report"))
	default:
		name := cmp.Or(s.Snapshot.Value(row, model.AttrDisplayName), id)
		if address := cmp.Or(s.Snapshot.Value(row, model.AttrMail), s.Snapshot.Value(row, model.AttrUserPrincipalName)); address != "" {
			name += " (" + address + ")"
		}
		remark.Severity = rule.Note
		remark.Message = fmt.Sprintf("%s has %s", name, count(reports, "direct report", "direct reports"))
	}
	return []rule.Diagnostic{remark}
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// RuleChange is who comes and who goes where one rule takes another's place.
// The sets are of one snapshot.
type RuleChange struct {
	Snapshot      *directory.Snapshot
	Before, After *directory.Set
	Gained, Lost  *directory.Set
}

// CompareRules evaluates two rules over one snapshot. A rule with a fault is a
// KindUsage error; members of groups are read as Select reads them.
func (w *Workspace) CompareRules(ctx context.Context, before, after string) (*RuleChange, error) {
	change := &RuleChange{Snapshot: w.Directory()}
	for _, side := range []struct {
		text string
		set  **directory.Set
	}{{before, &change.Before}, {after, &change.After}} {
		program, err := w.compile(side.text)
		if err != nil {
			return nil, err
		}
		bound, err := w.bind(ctx, program, w.recent)
		if err != nil {
			return nil, err
		}
		if *side.set, err = change.Snapshot.Select(ctx, bound.program); err != nil {
			return nil, err
		}
	}
	change.Gained, change.Lost = change.After.Minus(change.Before), change.Before.Minus(change.After)
	return change, nil
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
	_, diagnostics, err := rule.Compile(text, w.Known(), w.Now())
	return diagnostics, err
}

// Translate says in another language what a rule says. What the language cannot
// say is a KindUsage error whose message names the first such clause; the
// translation comes back with it, for its diagnostics. system.now means this
// moment where the language has no such word.
func (w *Workspace) Translate(text string, to rule.Dialect) (rule.Translation, error) {
	if diagnostics, err := w.CheckRule(text); err != nil {
		return rule.Translation{Dialect: to, Diagnostics: diagnostics}, err
	}
	parsed, _ := rule.Parse(text)
	translation := rule.Translate(parsed, w.settings.Schema, to, w.Now())
	for _, d := range translation.Diagnostics {
		if d.Severity == rule.Error {
			return translation, &model.Error{
				Kind: model.KindUsage, Code: "ruleNotTranslatable",
				Message: fmt.Sprintf("the rule cannot be said as %s: line %d, column %d: %s", to.Named(), d.Line, d.Column, d.Message),
				Remedy:  d.Suggestion,
			}
		}
	}
	return translation, nil
}
