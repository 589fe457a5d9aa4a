package tui

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// segmentAnswer is what a rule selects, against what is saved.
type segmentAnswer struct {
	text        string
	diagnostics []rule.Diagnostic
	failed      *model.Error // the rule cannot be evaluated
	users       int
	of          int // users in the directory
	compared    bool
	gained      int
	lost        int
	first       []segmentUser
}

// segmentUser is a user of the selection.
type segmentUser struct{ name, mail, note string }

// maxFirstUsers is how many users of a selection are listed.
const maxFirstUsers = 60

type segmentAnswerMsg struct {
	key    string
	answer *segmentAnswer
}

// ask evaluates the rule under the cursor. A keystroke that comes before the
// answer cancels the evaluation.
func (p *segmentsPane) ask() tea.Cmd {
	item := p.current()
	if item == nil {
		p.tasks.cancel(taskSegmentAnswer)
		return nil
	}
	key, text, saved := item.key, item.rule(), ""
	if item.saved != nil {
		saved = item.saved.Rule
	}
	ws := p.ws
	return p.tasks.run(taskSegmentAnswer, func(ctx context.Context) tea.Msg {
		a := &segmentAnswer{text: text}
		selection, err := ws.Select(ctx, text)
		if ctx.Err() != nil {
			return nil
		}
		if selection != nil {
			a.diagnostics = selection.Diagnostics
			a.of = selection.Snapshot.Len()
		}
		if err != nil {
			a.failed = model.AsError(err)
			return segmentAnswerMsg{key, a}
		}
		a.users = selection.Set.Count()
		a.firstUsers(selection.Snapshot, selection.Set)
		if saved != "" && saved != text {
			program, _, err := rule.Compile(saved, ws.Schema(), ws.Now())
			if err == nil {
				var before *directory.Set
				if before, err = selection.Snapshot.Select(ctx, program); err == nil {
					a.compare(before, selection.Set)
				}
			}
			if ctx.Err() != nil {
				return nil
			}
		}
		return segmentAnswerMsg{key, a}
	})
}

func (a *segmentAnswer) compare(before, after *directory.Set) {
	a.compared = true
	for row := range after.All() {
		if !before.Has(row) {
			a.gained++
		}
	}
	a.lost = before.Count() - (after.Count() - a.gained)
}

func (a *segmentAnswer) firstUsers(s *directory.Snapshot, set *directory.Set) {
	for _, row := range s.All() {
		if !set.Has(row) {
			continue
		}
		u := segmentUser{name: named(s.Value(row, model.AttrDisplayName), s.Value(row, model.AttrUserPrincipalName)), mail: s.Value(row, model.AttrMail), note: s.Value(row, model.AttrDepartment)}
		if u.mail == "" {
			u.mail = s.Value(row, model.AttrUserPrincipalName)
		}
		a.first = append(a.first, u)
		if len(a.first) == maxFirstUsers {
			return
		}
	}
}

func (p *segmentsPane) answer(msg segmentAnswerMsg) {
	if p.item(msg.key) != nil {
		p.answers[msg.key] = msg.answer
	}
}

// fault is the first error in the rule's text, if there is one.
func (a *segmentAnswer) fault() (rule.Diagnostic, bool) { return firstFault(a.diagnostics) }

func firstFault(diagnostics []rule.Diagnostic) (rule.Diagnostic, bool) {
	i := slices.IndexFunc(diagnostics, func(d rule.Diagnostic) bool { return d.Severity == rule.Error })
	if i < 0 {
		return rule.Diagnostic{}, false
	}
	return diagnostics[i], true
}

// faultText says in one sentence why a rule cannot be evaluated.
func faultText(diagnostics []rule.Diagnostic, err error) string {
	if fault, ok := firstFault(diagnostics); ok {
		return fault.Message
	}
	return model.AsError(err).Message
}
