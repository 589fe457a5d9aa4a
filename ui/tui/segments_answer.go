package tui

import (
	"context"
	"slices"
	"strings"
	"sync"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
	"rollcall/model/workspace"
)

// segmentAnswer is what a rule selects, against what is saved.
type segmentAnswer struct {
	text        string
	selection   *workspace.Selection
	diagnostics []rule.Diagnostic // with what the users make of the rule, once that is known
	mend        *ruleMend         // what one key can do about the first fault; nil: nothing
	failed      *model.Error      // the rule cannot be evaluated
	users       int
	of          int // users in the directory
	compared    bool
	gained      int
	lost        int
	side        segmentSide // whom first lists
	first       []segmentUser
}

// segmentUser is a user of the selection.
type segmentUser struct{ name, mail string }

// segmentSide says which users of a rule are listed.
type segmentSide uint8

const (
	sideSelected segmentSide = iota
	sideGained
	sideLost
)

func (s segmentSide) String() string { return [...]string{"selected", "gained", "lost"}[s] }

// next is the side that a key turns to.
func (s segmentSide) next() segmentSide { return (s + 1) % (sideLost + 1) }

// maxFirstUsers is how many users of a selection are listed.
const maxFirstUsers = 60

type (
	segmentAnswerMsg struct {
		key    string
		answer *segmentAnswer
	}
	// segmentAdviceMsg is what there is to say about a rule that was counted.
	segmentAdviceMsg struct {
		answer      *segmentAnswer
		diagnostics []rule.Diagnostic
	}
)

// ask evaluates the rule under the cursor. A keystroke that comes before the
// answer cancels the evaluation.
func (p *segmentsPane) ask() tea.Cmd {
	p.tasks.cancel(taskSegmentAdvice)
	item := p.current()
	if item == nil {
		p.tasks.cancel(taskSegmentAnswer)
		return nil
	}
	key, text, saved, side := item.key, item.rule(), "", p.side
	if item.saved != nil {
		saved = item.saved.Rule
	}
	p.members = strings.Contains(strings.ToLower(text), "memberof")
	ws, sets := p.ws, p.sets
	return p.tasks.run(taskSegmentAnswer, func(ctx context.Context) tea.Msg {
		a := &segmentAnswer{text: text, side: sideSelected}
		var err error
		a.selection, err = sets.selection(ctx, ws, text, saved == text)
		if ctx.Err() != nil {
			return nil
		}
		a.diagnostics = a.selection.Diagnostics
		a.of = a.selection.Snapshot.Len()
		if err != nil {
			a.failed = model.AsError(err)
			a.mend = mendFault(text, a.diagnostics, ws)
			return segmentAnswerMsg{key, a}
		}
		after := a.selection.Set
		a.users = after.Count()
		listed := after
		if saved != "" && saved != text {
			before, err := sets.selection(ctx, ws, saved, true)
			if ctx.Err() != nil {
				return nil
			}
			if err == nil && before.Snapshot == a.selection.Snapshot {
				gained, lost := after.Minus(before.Set), before.Set.Minus(after)
				a.compared, a.gained, a.lost = true, gained.Count(), lost.Count()
				listed, a.side = sideOf(side, after, gained, lost), side
			}
		}
		a.first = firstUsers(a.selection.Snapshot, listed)
		return segmentAnswerMsg{key, a}
	})
}

// sideOf is the set that a side names.
func sideOf(side segmentSide, selected, gained, lost *directory.Set) *directory.Set {
	switch side {
	case sideGained:
		return gained
	case sideLost:
		return lost
	}
	return selected
}

// firstUsers are the first users of a set by display name.
func firstUsers(s *directory.Snapshot, set *directory.Set) []segmentUser {
	var first []segmentUser
	most := min(set.Count(), maxFirstUsers)
	for _, row := range s.All() {
		if len(first) == most {
			break
		}
		if !set.Has(row) {
			continue
		}
		u := segmentUser{name: named(s.Value(row, model.AttrDisplayName), s.Value(row, model.AttrUserPrincipalName)), mail: s.Value(row, model.AttrMail)}
		if u.mail == "" {
			u.mail = s.Value(row, model.AttrUserPrincipalName)
		}
		first = append(first, u)
	}
	return first
}

// answer shows the count, and asks for advice behind it: the count never waits
// for that.
func (p *segmentsPane) answer(msg segmentAnswerMsg) tea.Cmd {
	item := p.item(msg.key)
	if item == nil {
		return nil
	}
	a := msg.answer
	if old := p.answers[msg.key]; old != nil && old.text == a.text && old.selection.Snapshot == a.selection.Snapshot && a.failed == nil {
		a.diagnostics = old.diagnostics // until the advice comes again
	}
	p.answers[msg.key] = a
	if a.failed != nil || item != p.current() {
		return nil
	}
	ws := p.ws
	return p.tasks.quietly(taskSegmentAdvice, func(ctx context.Context) tea.Msg {
		diagnostics, err := ws.Advise(ctx, a.selection)
		if err != nil {
			return nil // overtaken by the next keystroke
		}
		return segmentAdviceMsg{a, diagnostics}
	})
}

// advised shows what there is to say about a rule that was counted.
func (p *segmentsPane) advised(msg segmentAdviceMsg) {
	msg.answer.diagnostics = msg.diagnostics
}

// ruleMend is a change of a rule's text that one key makes.
type ruleMend struct {
	start, end int // bytes of the text that give way
	with       string
	label      string // for the screen: "Sales (204)"
}

// mendValue takes the nearest value in place of one that nobody has: of several
// the one next to a byte of the text, the first where that is negative.
func mendValue(diagnostics []rule.Diagnostic, at int) *ruleMend {
	var m *ruleMend
	least := 0
	for _, d := range diagnostics {
		if len(d.Nearest) == 0 || d.End <= d.Start {
			continue
		}
		away := max(d.Start-at, at-d.End, 0)
		if m == nil || at >= 0 && away < least {
			near := d.Nearest[0]
			m = &ruleMend{start: d.Start, end: d.End, with: rule.TextValue(near.Value).String(), label: near.Value + " (" + count(near.Users) + ")"}
			least = away
		}
	}
	return m
}

// place is where in the rule's text the editor's cursor is; -1 where nobody
// edits, or that cannot be told.
func (e *segmentEditor) place() int {
	switch {
	case e == nil:
		return -1
	case e.inText:
		return e.text.at
	case e.cell == cellValue && e.field.Value() != "":
		return strings.LastIndex(e.text.Value(), e.field.Value())
	}
	return -1
}

// mendFault takes what a fault suggests in place of its span, where the rule
// then has fewer faults: not every suggestion is a text to put there.
func mendFault(text string, diagnostics []rule.Diagnostic, ws *workspace.Workspace) *ruleMend {
	fault, ok := firstFault(diagnostics)
	if !ok || fault.Suggestion == "" || fault.End <= fault.Start || fault.End > len(text) {
		return nil
	}
	m := &ruleMend{start: fault.Start, end: fault.End, with: fault.Suggestion, label: fault.Suggestion}
	_, after, _ := rule.Compile(m.apply(text), ws.Schema(), ws.Now())
	if faults(after) >= faults(diagnostics) {
		return nil
	}
	return m
}

func (m *ruleMend) apply(text string) string { return text[:m.start] + m.with + text[m.end:] }

func faults(diagnostics []rule.Diagnostic) int {
	n := 0
	for _, d := range diagnostics {
		if d.Severity == rule.Error {
			n++
		}
	}
	return n
}

// mend is what the key does about the rule under the cursor; nil: nothing.
func (p *segmentsPane) mend() *ruleMend {
	item := p.current()
	if item == nil {
		return nil
	}
	a := p.answers[item.key]
	switch {
	case a == nil || a.text != item.rule():
		return nil
	case a.failed != nil:
		return a.mend
	}
	return mendValue(a.diagnostics, p.editor.place())
}

// takeMend puts the suggestion into the rule's text.
func (p *segmentsPane) takeMend() tea.Cmd {
	m := p.mend()
	if m == nil {
		return toast(levelInfo, "There is no suggestion to take")
	}
	var open tea.Cmd
	if p.editor == nil {
		open = p.edit()
	}
	e := p.editor
	e.text.replace(m.start, m.end, m.with)
	e.fromText()
	e.load()
	return tea.Batch(open, p.ask())
}

// turnSide lists the users of the next side.
func (p *segmentsPane) turnSide() tea.Cmd {
	p.side = p.side.next()
	return p.ask()
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

// ruleSets keeps what saved rules select in the present snapshot, so that a
// keystroke does not evaluate them again. The zero value is empty.
type ruleSets struct {
	mu       sync.Mutex
	snapshot *directory.Snapshot
	kept     map[string]*workspace.Selection // by text
}

// selection evaluates a rule, or takes what is kept. Only what is to be kept
// is; what depends on the moment is not.
func (r *ruleSets) selection(ctx context.Context, ws *workspace.Workspace, text string, keep bool) (*workspace.Selection, error) {
	snapshot := ws.Directory()
	r.mu.Lock()
	if r.snapshot != snapshot {
		r.snapshot, r.kept = snapshot, make(map[string]*workspace.Selection)
	}
	kept := r.kept[text]
	r.mu.Unlock()
	if kept != nil {
		return kept, nil
	}
	selection, err := ws.Select(ctx, text)
	if err != nil || !keep || dependsOnMoment(selection) {
		return selection, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.snapshot == selection.Snapshot {
		r.kept[text] = selection
	}
	return selection, nil
}

// dependsOnMoment reports whether the rule may select others soon although the
// directory stays as it is: it speaks of now, or of the members of groups.
func dependsOnMoment(s *workspace.Selection) bool {
	return len(s.Program.Groups()) > 0 || strings.Contains(strings.ToLower(s.Program.Rule().Text), "system.now")
}
