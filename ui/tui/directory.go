package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
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

	// What is shown.
	table  *table
	rows   userRows
	shown  userQuery // that rows answer
	base   userBase  // that rows were searched in
	loaded bool      // some query was answered
	failed *model.Error

	// What is asked for.
	filter  input
	typing  bool
	column  int         // of the text cursor, after Draw
	narrow  []narrowing // the breadcrumb
	sortBy  model.AttrID
	falling bool      // sorted the other way round
	asked   userQuery // the newest query
	queries int       // started so far
	stale   bool      // the directory changed while the query ran
	slow    bool      // the query has run for longer than querySlow
	toTop   bool      // its answer is looked at from the top

	columns  []model.AttrID
	facets   *facetList // open instead of the details; nil: closed
	details  *userDetails
	segments []segmentSet
	jumps    []jump
	markings int // tasks that have marked users so far
}

func newDirectoryPane(s shared) *directoryPane {
	p := &directoryPane{shared: s, sortBy: model.AttrDisplayName, columns: startColumns(s.ws.Schema()), details: &userDetails{theme: s.theme, schema: s.ws.Schema()}}
	p.filter.placeholder = "name, address, title or department; !not ~fuzzy field:value"
	p.asked = p.query()
	p.table = newTable(s.theme)
	p.show(userRows{}, p.asked)
	return p
}

func (p *directoryPane) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

// layout gives each part its room.
func (p *directoryPane) layout() {
	p.table.SetSize(p.tableWidth()-2, p.height-2)
	if p.facets != nil {
		p.facets.setSize(p.sideWidth()-2, p.height-2)
	}
	p.details.setSize(p.sideWidth()-2, p.height-2)
}

// isWide reports whether there is room for a box beside the table.
func (p *directoryPane) isWide() bool { return p.width >= detailsFrom }

// tableWidth is the table's box.
func (p *directoryPane) tableWidth() int {
	if !p.isWide() {
		return p.width
	}
	return p.width - min(max(p.width*3/10, detailsLeast), detailsMost)
}

// sideWidth is the box of details or facets: on a narrow terminal it takes the
// table's place.
func (p *directoryPane) sideWidth() int {
	if !p.isWide() {
		return p.width
	}
	return p.width - p.tableWidth()
}

func (p *directoryPane) Enter() tea.Cmd { return tea.Batch(p.refresh(), p.loadSegments()) }

func (p *directoryPane) Typing() bool { return p.typing || p.facets != nil && p.facets.typing }

func (p *directoryPane) Cursor() *tea.Cursor {
	switch {
	case p.typing:
		return tea.NewCursor(p.column, 0)
	case p.facets != nil && p.facets.typing:
		return tea.NewCursor(p.width-p.sideWidth()+p.facets.column, 0)
	}
	return nil
}

func (p *directoryPane) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, handled := p.key(msg)
		return tea.Batch(cmd, p.follow()), handled
	case tea.PasteMsg:
		return p.paste(msg)
	case directoryChangedMsg:
		return tea.Batch(p.refresh(), p.loadSegments()), true
	case segmentsChangedMsg:
		return p.loadSegments(), true
	case userRowsMsg:
		return p.answered(msg), true
	case querySlowMsg:
		p.slow = msg.query == p.queries && p.tasks.busy(taskUsers) && !p.asked.equal(p.shown)
	case marksMsg:
		return p.addMarks(msg), true
	case sortByMsg:
		return p.sort(msg.by), true
	case columnsMsg:
		p.columns = msg.columns
		p.setColumns()
	case segmentSetsMsg:
		p.segments = msg.sets
		return p.readDetails(), true
	case detailsDueMsg:
		if msg.move == p.details.move {
			return p.readDetails(), true
		}
	case detailsMsg:
		p.details.answered(msg)
	case visitUserMsg:
		return p.visitUser(msg.id), true
	case visitReportsMsg:
		return p.visitReports(msg.id, msg.name), true
	case listSavedMsg:
		return p.listSaved(msg), true
	case listRefusedMsg:
		return p.listRefused(msg), true
	case facetAttributesMsg, facetValuesMsg, facetMatchesMsg:
		if p.facets != nil {
			p.facets.answered(msg)
		}
	}
	return nil, false
}

// querySlow is how long a query may run before the screen says that it runs.
const querySlow = 150 * time.Millisecond

type querySlowMsg struct{ query int }

// query is what the filter, the breadcrumb and the order ask for now.
func (p *directoryPane) query() userQuery {
	return userQuery{
		narrow: p.narrow, text: strings.TrimSpace(p.filter.Value()),
		sortBy: p.sortBy, falling: p.falling,
	}
}

// ask asks for the rows. A newer query stops the older one.
func (p *directoryPane) ask() tea.Cmd {
	p.stale, p.slow = false, false
	p.asked = p.query()
	p.queries++
	return tea.Batch(
		p.asked.run(p.shared, p.base, p.rows.marks, p.table.wanted, p.table.anchorID),
		p.tasks.after(querySlow, querySlowMsg{p.queries}),
	)
}

// refresh asks again because the directory changed. While a query runs it
// waits for that one, so that a sync that changes the directory all the time
// never starves the table.
func (p *directoryPane) refresh() tea.Cmd {
	if p.tasks.busy(taskUsers) {
		p.stale = true
		return nil
	}
	return p.ask()
}

func (p *directoryPane) answered(msg userRowsMsg) tea.Cmd {
	p.slow = false
	if msg.err != nil {
		p.failed = model.AsError(msg.err)
		return p.again()
	}
	marks := p.rows.marks
	switch {
	case marks.isOf(msg.rows.snapshot):
		msg.rows.marks = marks
	case marks.rows != msg.asked.rows:
		return p.ask() // somebody was marked meanwhile, in the older snapshot
	}
	p.failed, p.loaded, p.base = nil, true, msg.base
	p.show(msg.rows, msg.query)
	if p.toTop {
		p.toTop = false
		if p.table.IsAstray() {
			p.table.toTop()
		}
	}
	cmds := []tea.Cmd{p.again(), p.follow()}
	if p.facets != nil {
		cmds = append(cmds, p.facets.load(p.shown, p.rows))
	}
	if p.details.isOld(p.rows.snapshot) {
		cmds = append(cmds, p.readDetails())
	}
	return tea.Batch(cmds...)
}

// again asks once more when the directory changed while the query ran.
func (p *directoryPane) again() tea.Cmd {
	if p.stale {
		return p.ask()
	}
	return nil
}

// show puts rows into the table, with the query that they answer: the headings
// speak of what is shown, not of what was asked for.
func (p *directoryPane) show(rows userRows, q userQuery) {
	p.rows, p.shown = rows, q
	p.setColumns()
	p.table.SetRows(&p.rows)
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
	return p.ask()
}

// sortMenu offers the columns, then every other synced attribute.
func (p *directoryPane) sortMenu() dialog {
	var items []menuItem
	cursor := 0
	for _, id := range p.everyColumn() {
		it := menuItem{label: p.ws.Schema().Attribute(id).Label, msg: sortByMsg{id}}
		if id == p.sortBy {
			cursor = len(items)
			it.detail = "▲ enter reverses"
			if p.falling {
				it.detail = "▼ enter reverses"
			}
		}
		items = append(items, it)
	}
	return newMenuDialog(p.shared, "Sort by", items, cursor)
}

// current is the user under the cursor.
func (p *directoryPane) current() (row int32, ok bool) {
	i := p.table.Cursor()
	if i < 0 {
		return 0, false
	}
	return p.rows.rows[i], true
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

// jump is a place that was left for a manager or for somebody's reports.
type jump struct {
	narrow []narrowing
	text   string
	user   string // object id under the cursor
}

// maxJumps is how many places are remembered.
const maxJumps = 50

// leave remembers the present place.
func (p *directoryPane) leave() {
	p.jumps = append(p.jumps, jump{p.narrow, p.filter.Value(), p.table.CursorID()})
	if len(p.jumps) > maxJumps {
		p.jumps = p.jumps[1:]
	}
}

// visitUser puts the cursor on a user. Where the filter or the breadcrumb hide
// the user, they are taken back.
func (p *directoryPane) visitUser(id string) tea.Cmd {
	p.leave()
	if p.table.Want(id) {
		return p.follow()
	}
	p.narrow = nil
	p.filter.SetValue("")
	return p.ask()
}

// visitReports shows the direct reports of a user.
func (p *directoryPane) visitReports(id, name string) tea.Cmd {
	p.leave()
	p.narrow = []narrowing{{manager: id, managerName: name}}
	p.filter.SetValue("")
	p.toTop = true
	return p.ask()
}

// jumpBack goes to the place before the last jump.
func (p *directoryPane) jumpBack() tea.Cmd {
	last := p.jumps[len(p.jumps)-1]
	p.jumps = p.jumps[:len(p.jumps)-1]
	p.narrow = last.narrow
	p.filter.SetValue(last.text)
	p.table.Want(last.user)
	return p.ask()
}
