package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/workspace"
)

// taskSegmentSets computes who is in which segment.
const taskSegmentSets = "directory.segments"

// segmentSet is the users of a saved segment.
type segmentSet struct {
	name      string
	selection *workspace.Selection
}

type segmentSetsMsg struct{ sets []segmentSet }

// loadSegments computes every saved segment once for each change of the
// directory, so that moving the cursor only looks up.
func (p *directoryPane) loadSegments() tea.Cmd {
	if p.tasks.busy(taskSegmentSets) {
		return nil // the answer is newer than what is shown now; the next change asks again
	}
	return p.tasks.run(taskSegmentSets, func(ctx context.Context) tea.Msg {
		saved, err := p.ws.Segments(ctx)
		if err != nil {
			return segmentSetsMsg{} // the Segments pane says why
		}
		var sets []segmentSet
		for _, s := range saved {
			if selection, err := p.ws.Select(ctx, s.Rule); err == nil {
				sets = append(sets, segmentSet{s.Name, selection})
			}
		}
		return segmentSetsMsg{sets}
	})
}

// segmentsOf names the segments that hold a user.
func (p *directoryPane) segmentsOf(id string) []string {
	var names []string
	for _, s := range p.segments {
		if row, ok := s.selection.Snapshot.ByID(id); ok && s.selection.Set.Has(row) {
			names = append(names, s.name)
		}
	}
	return names
}

// userDetails is what takes a scan to know of the user under the cursor.
type userDetails struct {
	id      string
	reports int
}

// forget makes the next look-up scan again.
func (d *userDetails) forget() { d.id = "" }

func (d *userDetails) reportsOf(s *directory.Snapshot, id string) int {
	if d.id != id {
		d.id, d.reports = id, s.Reports(id)
	}
	return d.reports
}

// drawDetails shows the user under the cursor.
func (p *directoryPane) drawDetails(width int) string {
	user, ok := p.current()
	if !ok {
		return p.theme.box(boxText{}, "", width, p.height, false)
	}
	lines := p.detailLines(&user, width-4)
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(" " + l + "\n")
	}
	return p.theme.box(boxText{title: clean(user.DisplayName())}, b.String(), width, p.height, false)
}

// detailLabelWidth is the room for the labels of the details.
const detailLabelWidth = 11

// detailLines are who the user is, where, whom they belong to, how they are
// reached, and the segments that hold them.
func (p *directoryPane) detailLines(user *model.User, width int) []string {
	th := p.theme
	value := func(a model.AttrID) string { return clean(user.Value(a)) }
	address := value(model.AttrMail)
	if address == "" {
		address = value(model.AttrUserPrincipalName)
	}
	lines := []string{
		th.accent.Render(th.cut(address, width)),
		th.cut(joinNonEmpty(" · ", accountState(user), value(model.AttrCompanyName)), width),
		"",
	}
	if position := joinNonEmpty(" · ", value(model.AttrDepartment), value(model.AttrJobTitle)); position != "" {
		lines = append(append(lines, wrap(th, position, width)...), "")
	}
	item := func(label, text string) {
		if text == "" {
			return
		}
		for i, l := range wrap(th, text, max(1, width-detailLabelWidth)) {
			if i > 0 {
				label = ""
			}
			lines = append(lines, th.muted.Render(th.fit(label, detailLabelWidth))+th.cut(l, width-detailLabelWidth))
		}
	}
	item("Office", place(value(model.AttrOfficeLocation), value(model.AttrCity), value(model.AttrState), value(model.AttrCountry)))
	item("Manager", p.managerName(user.ManagerID))
	item("Reports", count(p.details.reportsOf(p.rows.snapshot, user.ID)))
	item("Mobile", value(model.AttrMobilePhone))
	item("Telephone", value(model.AttrBusinessPhone))
	if mail := value(model.AttrMail); mail == "" {
		item("Mail", "none: no list can reach this user")
	} else if upn := value(model.AttrUserPrincipalName); !strings.EqualFold(upn, mail) {
		item("Signs in as", upn)
	}
	names := p.segmentsOf(user.ID)
	for i, n := range names {
		names[i] = clean(n)
	}
	lines = append(lines, "")
	if len(names) == 0 {
		item("Segments", "none")
	} else {
		item("Segments", strings.Join(names, " · "))
	}
	return lines
}

// accountState is member or guest, and whether the account is disabled.
func accountState(u *model.User) string {
	kind := clean(strings.ToLower(u.Value(model.AttrUserType)))
	if u.Value(model.AttrAccountEnabled) == "false" {
		return joinNonEmpty(" · ", kind, "account disabled")
	}
	return kind
}

func (p *directoryPane) managerName(id string) string {
	if id == "" {
		return "none"
	}
	row, ok := p.rows.snapshot.ByID(id)
	if !ok {
		return "not in the directory"
	}
	manager := p.rows.snapshot.User(row)
	return clean(manager.DisplayName())
}

// place joins the parts of a place from small to large. One that is named
// twice in a row, as where the office bears its city's name, stands once.
func place(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
	return strings.Join(slices.CompactFunc(parts, strings.EqualFold), ", ")
}

// joinNonEmpty joins the texts that are there.
func joinNonEmpty(sep string, texts ...string) string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, sep)
}

// showDetails opens every attribute of the user under the cursor.
func (p *directoryPane) showDetails() tea.Cmd {
	user, ok := p.current()
	if !ok {
		return nil
	}
	th := p.theme
	const labelWidth = 22
	lines := append([]string{""}, p.detailLines(&user, 80)...)
	lines = append(lines, "", th.heading.Render("Attributes"))
	for _, a := range p.ws.Schema().Synced() {
		for i, v := range user.Values(a.ID) {
			label := a.Label
			if i > 0 {
				label = ""
			}
			lines = append(lines, th.muted.Render(th.fit(label, labelWidth))+clean(v))
		}
	}
	lines = append(lines, "")
	return emit(dialogMsg{&textDialog{shared: p.shared, title: clean(user.DisplayName()), lines: lines, copied: user.Value(model.AttrMail)}})
}

func (p *directoryPane) copyAddress() tea.Cmd {
	user, ok := p.current()
	if !ok {
		return nil
	}
	address := user.Value(model.AttrMail)
	if address == "" {
		return toast(levelWarn, user.DisplayName()+" has no address")
	}
	return emit(copyMsg{text: address, what: address})
}
