package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/workspace"
)

// taskSegmentSets computes who is in which segment; taskDetails looks up what
// is known of one user.
const (
	taskSegmentSets = "directory.segments"
	taskDetails     = "directory.details"
)

// detailsPause is how long the cursor rests before the details follow it. A
// key that is held down repeats faster (every 90 ms where it is slowest, on a
// Mac), and then moves the cursor alone: over SSH the details would cost
// several times as much.
const detailsPause = 120 * time.Millisecond

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

// userFacts are what the details show of a user.
type userFacts struct {
	snapshot *directory.Snapshot
	user     model.User
	manager  string // the manager's name; "" when there is none in the directory
	reports  int
	segments []string
}

type (
	// detailsDueMsg says that the cursor has rested since a move.
	detailsDueMsg struct{ move int }
	detailsMsg    struct{ facts userFacts }
)

// follow makes the details those of the user under the cursor, once the cursor
// rests there.
func (p *directoryPane) follow() tea.Cmd {
	d, id := p.details, p.table.CursorID()
	if id == d.followed {
		return nil
	}
	d.followed = id
	d.move++
	if d.facts.user.ID == "" || id == "" {
		return p.readDetails()
	}
	return p.tasks.after(detailsPause, detailsDueMsg{d.move})
}

// readDetails looks up the user under the cursor, if the details are shown.
func (p *directoryPane) readDetails() tea.Cmd {
	row, ok := p.current()
	if !ok {
		p.tasks.cancel(taskDetails)
		p.details.answered(detailsMsg{})
		return nil
	}
	if !p.isWide() && !p.details.focused {
		return nil
	}
	snapshot, sets := p.rows.snapshot, p.segments
	return p.tasks.run(taskDetails, func(context.Context) tea.Msg {
		return detailsMsg{readFacts(snapshot, row, sets)}
	})
}

func readFacts(s *directory.Snapshot, row int32, sets []segmentSet) userFacts {
	f := userFacts{snapshot: s, user: s.User(row)}
	f.reports = s.Reports(f.user.ID)
	if row, ok := s.ByID(f.user.ManagerID); ok {
		manager := s.User(row)
		f.manager = manager.DisplayName()
	}
	for _, set := range sets {
		if row, ok := set.selection.Snapshot.ByID(f.user.ID); ok && set.selection.Set.Has(row) {
			f.segments = append(f.segments, set.name)
		}
	}
	return f
}

// detailLine is one line of the details. Texts are raw: they are cleaned where
// they are drawn.
type detailLine struct {
	label   string
	value   string
	heading bool
	below   bool    // belongs to the label of the line above
	note    bool    // said of the user, not an attribute's value
	link    tea.Msg // what enter on it does; nil: nothing
}

// Messages of the details' links.
type (
	visitUserMsg    struct{ id string }
	visitReportsMsg struct{ id, name string }
)

// detailGroup are attributes that belong together.
type detailGroup struct {
	heading    string
	attributes []model.AttrID
}

// detailsHead are the attributes that the first lines show.
func detailsHead() []model.AttrID {
	return []model.AttrID{
		model.AttrDisplayName, model.AttrMail, model.AttrUserType, model.AttrAccountEnabled, model.AttrDepartment, model.AttrJobTitle,
		model.AttrOfficeLocation, model.AttrCity, model.AttrState, model.AttrCountry, model.AttrMobilePhone,
	}
}

// detailGroups order the other attributes. One that is in none of them stands
// last.
func detailGroups() []detailGroup {
	return []detailGroup{
		{"Work", []model.AttrID{model.AttrCompanyName, model.AttrEmployeeID, model.AttrEmployeeHireDate}},
		{"Contact", []model.AttrID{
			model.AttrOtherMails, model.AttrBusinessPhone, model.AttrFaxNumber, model.AttrIMAddresses,
			model.AttrStreetAddress, model.AttrPostalCode,
		}},
		{"Proxy addresses", []model.AttrID{model.AttrProxyAddresses}},
		{"Account", []model.AttrID{
			model.AttrUserPrincipalName, model.AttrMailNickname, model.AttrGivenName, model.AttrSurname,
			model.AttrUsageLocation, model.AttrPreferredLanguage, model.AttrPasswordPolicies, model.AttrObjectID,
		}},
		{"Service plans", []model.AttrID{model.AttrAssignedPlans}},
		{"On premises", []model.AttrID{
			model.AttrOnPremisesSyncEnabled, model.AttrOnPremisesDistinguishedName, model.AttrOnPremisesSecurityIdentifier,
		}},
	}
}

// lines are who the user is, whom they belong to, the segments that hold them,
// and every attribute that is not null.
func (f *userFacts) lines(schema *model.Schema) []detailLine {
	u := &f.user
	if u.ID == "" {
		return nil
	}
	address := u.Value(model.AttrMail)
	if address == "" {
		address = u.Value(model.AttrUserPrincipalName)
	}
	lines := []detailLine{{value: address}, {value: accountState(u), note: true}}
	if position := joinNonEmpty(" · ", u.Value(model.AttrDepartment), u.Value(model.AttrJobTitle)); position != "" {
		lines = append(lines, detailLine{value: position})
	}
	lines = append(lines, detailLine{})
	if office := place(u.Value(model.AttrOfficeLocation), u.Value(model.AttrCity), u.Value(model.AttrState), u.Value(model.AttrCountry)); office != "" {
		lines = append(lines, detailLine{label: "Office", value: office})
	}
	lines = append(lines, f.managerLine(), f.reportsLine())
	if mobile := u.Value(model.AttrMobilePhone); mobile != "" {
		lines = append(lines, detailLine{label: "Mobile", value: mobile})
	}
	if u.Value(model.AttrMail) == "" {
		lines = append(lines, detailLine{label: "Mail", value: "none: no list can reach this user", note: true})
	}
	lines = append(lines, f.segmentLines()...)
	listed := map[model.AttrID]bool{}
	for _, a := range detailsHead() {
		listed[a] = true
	}
	for _, g := range detailGroups() {
		for _, a := range g.attributes {
			listed[a] = true
		}
		lines = append(lines, groupLines(g, u, schema)...)
	}
	var extensions, others []model.AttrID
	for _, a := range schema.Synced() {
		switch {
		case listed[a.ID]:
		case strings.HasPrefix(a.Rule, "extension"):
			extensions = append(extensions, a.ID)
		default:
			others = append(others, a.ID)
		}
	}
	lines = append(lines, groupLines(detailGroup{"Extension attributes", extensions}, u, schema)...)
	return append(lines, groupLines(detailGroup{"Others", others}, u, schema)...)
}

func groupLines(g detailGroup, u *model.User, schema *model.Schema) []detailLine {
	var lines []detailLine
	for _, id := range g.attributes {
		if !schema.IsSynced(id) {
			continue
		}
		a := schema.Attribute(id)
		label := strings.Replace(a.Label, "extensionAttribute", "attribute ", 1)
		switch id {
		case model.AttrProxyAddresses, model.AttrAssignedPlans:
			label = "" // the heading says it
		case model.AttrUserPrincipalName:
			label = "Signs in as"
		}
		for i, v := range shownValues(a, u.Values(id)) {
			line := detailLine{label: label, value: v}
			if i > 0 && label != "" {
				line.label, line.below = "", true
			}
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]detailLine{{}, {value: g.heading, heading: true}}, lines...)
}

func (f *userFacts) managerLine() detailLine {
	id := f.user.ManagerID
	switch {
	case id == "":
		return detailLine{label: "Manager", value: "none", note: true}
	case f.manager == "":
		return detailLine{label: "Manager", value: "not in the directory", note: true}
	}
	return detailLine{label: "Manager", value: f.manager, link: visitUserMsg{id}}
}

func (f *userFacts) reportsLine() detailLine {
	line := detailLine{label: "Reports", value: count(f.reports)}
	if f.reports > 0 {
		line.link = visitReportsMsg{f.user.ID, f.user.DisplayName()}
	}
	return line
}

func (f *userFacts) segmentLines() []detailLine {
	if len(f.segments) == 0 {
		return []detailLine{{label: "Segments", value: "none", note: true}}
	}
	lines := make([]detailLine, len(f.segments))
	for i, name := range f.segments {
		lines[i] = detailLine{value: name, below: true}
	}
	lines[0].label = "Segments"
	return lines
}

// accountState is member or guest, and whether the account is disabled.
func accountState(u *model.User) string {
	kind := strings.ToLower(u.Value(model.AttrUserType))
	if u.Value(model.AttrAccountEnabled) == "false" {
		return joinNonEmpty(" · ", kind, "account disabled")
	}
	return kind
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
