package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/workspace"
)

// The widths from which the directory shows details beside its table, and how
// wide these are.
const (
	detailsFrom  = 100
	detailsLeast = 36
	detailsMost  = 48
)

// directoryPane is the table of all synced users with a filter, facets and
// marks, and the details of the user under the cursor.
type directoryPane struct {
	shared
	width, height int

	table   *table
	rows    userRows
	asked   userQuery // the newest query that was started
	loaded  bool      // some query was answered
	stale   bool      // the directory changed while a query ran
	failed  *model.Error
	filter  input
	typing  bool
	column  int         // of the text cursor, after Draw
	narrow  []narrowing // the facets chosen so far
	sortBy  model.AttrID
	falling bool // sorted the other way round

	facets   *facetList // open instead of the details; nil: closed
	segments []segmentSet
	details  userDetails
}

// narrowing is one facet that was chosen.
type narrowing struct {
	attribute model.Attribute
	value     string // "" is: without a value
}

// node is the narrowing as a clause of a rule.
func (n narrowing) node() rule.Node {
	c := &rule.Comparison{Property: n.attribute.Rule, Operator: rule.OpEq}
	switch {
	case n.value == "":
		c.Value = rule.Value{Kind: rule.Null}
	case n.attribute.Type == model.TypeBool:
		c.Value = rule.Value{Kind: rule.Bool, Bool: n.value == "true"}
	default:
		c.Value = rule.TextValue(n.value)
	}
	return c
}

// narrowingRule is the rule that selects what the chosen facets leave; "" when
// none is chosen.
func narrowingRule(list []narrowing) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return rule.Print(list[0].node())
	}
	and := &rule.And{}
	for _, n := range list {
		and.Operands = append(and.Operands, n.node())
	}
	return rule.Print(and)
}

func newDirectoryPane(s shared) *directoryPane {
	p := &directoryPane{shared: s, sortBy: model.AttrDisplayName}
	p.filter.placeholder = "name, address, title or department; !not ~fuzzy field:value"
	p.rows = userRows{attributes: tableAttributes(s.ws.Schema())}
	p.table = newTable(s.theme, p.columns()...)
	return p
}

// tableAttributes are the columns, as far as the profile syncs them.
func tableAttributes(schema *model.Schema) []model.AttrID {
	wanted := []model.AttrID{model.AttrDisplayName, model.AttrDepartment, model.AttrJobTitle, model.AttrOfficeLocation, model.AttrMail}
	return slices.DeleteFunc(wanted, func(a model.AttrID) bool { return !schema.IsSynced(a) })
}

func (p *directoryPane) columns() []column {
	columns := make([]column, len(p.rows.attributes))
	for i, id := range p.rows.attributes {
		a := p.ws.Schema().Attribute(id)
		c := column{title: a.Label, width: a.Width}
		switch id {
		case model.AttrDisplayName:
			c.least, c.grows = 16, true
		case model.AttrDepartment:
			c.least = 13
		case model.AttrJobTitle:
			c.least = 17
		case model.AttrOfficeLocation:
			c.least = 10
		case model.AttrMail:
			c.least, c.grows = 24, true
		}
		if id == p.sortBy {
			c.sort = 1
			if p.falling {
				c.sort = -1
			}
		}
		columns[i] = c
	}
	return columns
}

func (p *directoryPane) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

// layout gives the table its room. The filter's line takes one row of it.
func (p *directoryPane) layout() {
	h := p.height - 2
	if p.filtering() {
		h--
	}
	p.table.SetSize(p.tableWidth()-2, h)
	if p.facets != nil {
		w := p.width - p.tableWidth()
		if w == 0 {
			w = p.width
		}
		p.facets.setSize(w-2, p.height-2)
	}
}

// tableWidth is the table's box; 0 is left for the other one on a narrow
// terminal.
func (p *directoryPane) tableWidth() int {
	if p.width < detailsFrom {
		return p.width
	}
	return p.width - min(max(p.width*3/10, detailsLeast), detailsMost)
}

// filtering reports whether the filter's line is on the screen.
func (p *directoryPane) filtering() bool { return p.typing || p.filter.Value() != "" }

func (p *directoryPane) Enter() tea.Cmd { return tea.Batch(p.refresh(), p.loadSegments()) }

func (p *directoryPane) Typing() bool { return p.typing }

func (p *directoryPane) Cursor() *tea.Cursor {
	if !p.typing {
		return nil
	}
	return tea.NewCursor(4+p.column, 1)
}

func (p *directoryPane) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return p.key(msg)
	case tea.PasteMsg:
		if p.typing {
			return p.edit(msg)
		}
	case directoryChangedMsg:
		return tea.Batch(p.refresh(), p.loadSegments()), true
	case segmentsChangedMsg:
		return p.loadSegments(), true
	case userRowsMsg:
		return p.answered(msg), true
	case sortByMsg:
		return p.sort(msg.by), true
	case segmentSetsMsg:
		p.segments = msg.sets
	case facetAttributesMsg, facetValuesMsg:
		if p.facets != nil {
			p.facets.answered(msg)
		}
	}
	return nil, false
}

// query asks for the rows that the filter, the facets and the order leave. A
// newer query stops the older one.
func (p *directoryPane) query() tea.Cmd {
	p.stale = false
	p.asked = userQuery{
		rule: narrowingRule(p.narrow), text: strings.TrimSpace(p.filter.Value()),
		sortBy: p.sortBy, falling: p.falling,
	}
	return p.asked.run(p.shared)
}

// refresh asks again because the directory changed. While a query runs it
// waits for that one, so that a sync that changes the directory all the time
// never starves the table.
func (p *directoryPane) refresh() tea.Cmd {
	if p.tasks.busy(taskUsers) {
		p.stale = true
		return nil
	}
	return p.query()
}

func (p *directoryPane) answered(msg userRowsMsg) tea.Cmd {
	p.failed = nil
	switch {
	case msg.err == nil:
		p.loaded = true
		p.rows.snapshot, p.rows.rows = msg.snapshot, msg.rows
		p.table.SetRows(&p.rows)
		p.details.forget()
	default:
		p.failed = model.AsError(msg.err)
	}
	var cmds []tea.Cmd
	if p.facets != nil {
		cmds = append(cmds, p.facets.load(&p.rows))
	}
	if p.stale {
		cmds = append(cmds, p.query())
	}
	return tea.Batch(cmds...)
}

// sortByMsg is the choice of the sort menu.
type sortByMsg struct{ by model.AttrID }

// sort orders by an attribute; the same one again the other way round.
func (p *directoryPane) sort(by model.AttrID) tea.Cmd {
	if by == p.sortBy {
		p.falling = !p.falling
	} else {
		p.sortBy, p.falling = by, false
	}
	p.table.SetColumns(p.columns())
	return p.query()
}

// sortMenu offers every synced attribute of one value.
func (p *directoryPane) sortMenu() dialog {
	var items []menuItem
	cursor := 0
	for _, a := range p.ws.Schema().Synced() {
		if a.Type == model.TypeCollection {
			continue
		}
		it := menuItem{label: a.Label, msg: sortByMsg{a.ID}}
		if a.ID == p.sortBy {
			cursor = len(items)
			it.detail = "▲ reverse"
			if p.falling {
				it.detail = "▼ reverse"
			}
		}
		items = append(items, it)
	}
	return newMenuDialog(p.shared, "Sort by", items, cursor)
}

// current is the user under the cursor.
func (p *directoryPane) current() (model.User, bool) {
	i := p.table.Cursor()
	if i < 0 {
		return model.User{}, false
	}
	return p.rows.snapshot.User(p.rows.rows[i]), true
}

// targets are the audience entries of the marked users, or of the one under
// the cursor: addresses as long as they can be read, else a rule.
func (p *directoryPane) targets() []string {
	var ids []string
	for id := range p.table.MarkedIDs {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		if id := p.table.CursorID(); id != "" {
			ids = []string{id}
		}
	}
	slices.Sort(ids)
	if addresses := p.addresses(ids); addresses != nil {
		return addresses
	}
	c := &rule.Comparison{Property: "objectId", Operator: rule.OpIn, Value: rule.ListValue(ids...)}
	return []string{"rule:" + rule.Print(c)}
}

// mostAddresses is how many marked users are written as addresses.
const mostAddresses = 20

// addresses are the mail addresses of users, or nil when there are too many or
// one has none.
func (p *directoryPane) addresses(ids []string) []string {
	if len(ids) > mostAddresses || p.rows.snapshot == nil {
		return nil
	}
	var out []string
	for _, id := range ids {
		row, ok := p.rows.snapshot.ByID(id)
		if !ok {
			continue
		}
		mail := p.rows.snapshot.Value(row, model.AttrMail)
		if mail == "" {
			return nil
		}
		out = append(out, mail)
	}
	slices.Sort(out)
	return out
}

// missing says why there are no rows to act on.
func (p *directoryPane) missing() string {
	if p.table.Len() == 0 {
		return "There is no user to do that with"
	}
	return ""
}

// canRead reports whether the session may read users at all.
func (p *directoryPane) canRead() bool { return p.ws.Can(workspace.CapabilityDirectory) }
