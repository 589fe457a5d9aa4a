package tui

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/audience"
)

// missingConsent is the capability whose permission the answer, or the failure
// instead of one, says that it lacks; "" when it lacks none.
func (p *previewPane) missingConsent() string {
	reasons := []*model.Error{p.failed}
	if p.failed == nil && p.outcome != nil {
		for _, m := range p.preview().Missing {
			reasons = append(reasons, m.Reason)
		}
	}
	for _, r := range reasons {
		if missing := missingFor(p.shared, r); missing != "" {
			return missing
		}
	}
	return ""
}

// missingFor is the capability whose permission a failure says that it lacks;
// "" when it lacks none.
func missingFor(s shared, failed *model.Error) string {
	if failed == nil {
		return ""
	}
	for _, c := range s.ws.Capabilities() {
		if !c.Granted && strings.Contains(failed.Message+" "+failed.Remedy, c.Scope) {
			return c.ID
		}
	}
	return ""
}

// askConsent opens the permission that is missing. The audience is expanded
// again once it is granted.
func (p *previewPane) askConsent() tea.Cmd {
	p.awaited = p.missingConsent()
	return emit(consentMsg{p.awaited})
}

// consented expands the audience again when what it waited for was granted.
func (p *previewPane) consented() tea.Cmd {
	if p.awaited == "" || !p.ws.Can(p.awaited) {
		return nil
	}
	p.awaited = ""
	return p.expand()
}

// previewReplaceMsg puts one entry in the place of another and expands again.
type previewReplaceMsg struct{ entry, by string }

// candidates are the entries that name nothing or several things, each with
// what may be meant.
func (p *previewPane) candidates() []*audience.Candidates {
	if p.outcome == nil || p.edited() {
		return nil
	}
	var all []*audience.Candidates
	for _, m := range p.preview().Missing {
		var c *audience.Candidates
		if errors.As(m.Reason, &c) && len(c.List) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// chooseCandidate lets the first open entry be named; the others follow once
// the audience was expanded again.
func (p *previewPane) chooseCandidate() tea.Cmd {
	c := p.candidates()[0]
	items := make([]menuItem, len(c.List))
	for i, one := range c.List {
		items[i] = menuItem{label: one.Name, detail: one.Note, msg: previewReplaceMsg{entry: c.Entry.String(), by: one.Text}}
	}
	return emit(dialogMsg{newMenuDialog(p.shared, "Which "+clean(c.Entry.String())+"?", items, 0)})
}

// replaceEntry mends the To line.
func (p *previewPane) replaceEntry(msg previewReplaceMsg) tea.Cmd {
	line := p.to.Value()
	for _, e := range splitEntries(line) {
		parsed, err := audience.ParseEntry(e.text)
		if err == nil && parsed.String() == msg.entry {
			line, _ = replaceEntry(line, e, msg.by)
			p.to.SetValue(line)
			return p.expand()
		}
	}
	return nil
}
