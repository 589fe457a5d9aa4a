package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
)

// taskActivity reads the logs that the activity pane shows.
const taskActivity = "activity"

// activityPane shows the sync, every call to the tenant, the notices and the
// audit.
type activityPane struct {
	shared
	width, height int
	syncHeight    int  // of the box above the log, frame included
	visible       bool // the pane is on the screen, so that a running sync refreshes it

	view    activityView
	tables  [activityViews]*table
	calls   callRows
	notices noticeRows
	events  eventRows
	failed  *model.Error

	brokenAudit *model.Error // the chain of the audit does not hold; nil mostly
}

// activityView is one of the logs.
type activityView uint8

const (
	viewCalls activityView = iota
	viewNotices
	viewAudit
	activityViews
)

// What of the logs is shown: the newest.
const (
	callsShown  = 500
	noticesKept = 500
	auditPeriod = 90 * 24 * time.Hour
)

type activityMsg struct {
	calls  []workspace.Call
	events []workspace.Event
	err    error
}

func newActivityPane(s shared) *activityPane {
	p := &activityPane{shared: s}
	clock := column{title: "Time", width: 12, least: 8}
	p.tables = [activityViews]*table{
		viewCalls: newTable(s.theme, clock, column{title: "Call", width: 32, least: 30, grows: true},
			column{title: "Status", width: 6, least: 6, right: true}, column{title: "Took", width: 8, least: 7, right: true},
			column{title: "Note", width: 14, least: 10}, column{title: "Request id", width: 36, least: 12}),
		viewNotices: newTable(s.theme, clock, column{title: "", width: 1, least: 1}, column{title: "Notice", width: 60, least: 20, grows: true}),
		viewAudit: newTable(s.theme, clock, column{title: "Action", width: 18, least: 12}, column{title: "Subject", width: 18, least: 10, grows: true},
			column{title: "By", width: 22, least: 10}, column{title: "Detail", width: 36, least: 18, grows: true}),
	}
	p.calls.theme, p.notices.theme = s.theme, s.theme
	p.refreshTables()
	return p
}

// note keeps a notice.
func (p *activityPane) note(at time.Time, l level, text, detail string) {
	p.notices.last++
	n := notice{id: p.notices.last, at: at, level: l, text: text, detail: detail}
	p.notices.list = append([]notice{n}, p.notices.list...)
	if len(p.notices.list) > noticesKept {
		p.notices.list = p.notices.list[:noticesKept]
	}
	p.tables[viewNotices].SetRows(&p.notices)
}

func (p *activityPane) refreshTables() {
	now := p.ws.Now()
	p.calls.now, p.notices.now, p.events.now = now, now, now
	p.tables[viewCalls].SetRows(&p.calls)
	p.tables[viewNotices].SetRows(&p.notices)
	p.tables[viewAudit].SetRows(&p.events)
}

func (p *activityPane) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

// layout gives the box of the sync the lines that it needs, and the log the
// rest.
func (p *activityPane) layout() {
	p.syncHeight = min(len(p.syncLines()), max(leastSyncLines, p.height/2-2)) + 2
	for _, t := range p.tables {
		t.SetSize(p.width-2, p.logHeight()-2)
	}
}

// logHeight is that of the log's box, frame included.
func (p *activityPane) logHeight() int {
	return max(2, p.height-p.syncHeight-len(brokenAuditLines(p.theme, p.brokenAudit, p.width)))
}

func (p *activityPane) Enter() tea.Cmd {
	p.layout()
	return p.load()
}

func (p *activityPane) load() tea.Cmd {
	if p.tasks.busy(taskActivity) {
		return nil
	}
	since := p.ws.Now().Add(-auditPeriod)
	return p.tasks.run(taskActivity, func(ctx context.Context) tea.Msg {
		events, err := p.ws.Events(ctx, since)
		return activityMsg{p.ws.RecentCalls(callsShown), events, err}
	})
}

func (p *activityPane) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return p.key(msg)
	case activityMsg:
		p.calls.list = msg.calls
		p.events.list = msg.events
		p.failed = nil
		if msg.err != nil {
			p.failed = model.AsError(msg.err)
		}
		p.refreshTables()
	case auditVerifiedMsg:
		p.brokenAudit = msg.broken
		p.layout()
	case syncProgressMsg:
		if p.visible {
			p.layout()
			return p.load(), true
		}
	}
	return nil, false
}

func (p *activityPane) Bindings() []binding {
	running, reading := "", ""
	if s := p.ws.Progress(); s.Running {
		running = "A sync is running already"
		if s.Mode != refresh.ModeDelta {
			reading = "The whole directory is being read already"
		}
	}
	list := []binding{
		{id: "activity.sync", keys: []string{"S"}, label: "sync now", help: "Sync what changed since the last time", disabled: running},
		{id: "activity.full", keys: []string{"F"}, label: "full sync", help: "Read the whole directory again", disabled: reading},
		{id: "activity.next", keys: []string{"tab"}, label: "next log", help: "Go to the next log: calls, notices, audit"},
		{id: "activity.previous", keys: []string{"shift+tab"}, help: "Go to the log before"},
		{id: "activity.show", keys: []string{"enter"}, label: "show", help: "Show everything about the line"},
		{id: "activity.permissions", keys: []string{"P"}, label: "permissions", help: "Show what is granted, what is missing, and why it is asked for"},
	}
	if p.tables[p.view].Len() == 0 {
		list[4].disabled = "There is no line to show"
	}
	if p.ws.Session() == nil {
		list[5].disabled = "Nobody is signed in; S signs in"
	}
	return append(list, tableBindings()...)
}

func (p *activityPane) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.tables[p.view].Handle(msg) {
		return nil, true
	}
	b, ok := find(p.Bindings(), msg)
	if !ok {
		return nil, false
	}
	switch b.id {
	case "activity.sync":
		return emit(startSyncMsg{}), true
	case "activity.full":
		return emit(startSyncMsg{refresh.Request{Full: true}}), true
	case "activity.next":
		p.view = (p.view + 1) % activityViews
	case "activity.previous":
		p.view = (p.view + activityViews - 1) % activityViews
	case "activity.permissions":
		return emit(consentMsg{}), true
	case "activity.show":
		return emit(dialogMsg{p.showLine()}), true
	}
	return nil, true
}

func (p *activityPane) Typing() bool        { return false }
func (p *activityPane) Cursor() *tea.Cursor { return nil }

func (p *activityPane) Draw() string {
	th := p.theme
	log := p.tables[p.view].Draw(true)
	if message := p.emptyText(); message != nil {
		log = th.centred(message, p.width-2, p.logHeight()-2)
	}
	right := count(p.tables[p.view].Len())
	banner := ""
	for _, l := range brokenAuditLines(th, p.brokenAudit, p.width) {
		banner += l + "\n"
	}
	return banner + th.box(boxText{title: "Sync", right: p.trafficText()}, joinLines(p.syncLines()), p.width, p.syncHeight, false) + "\n" +
		th.box(boxText{title: p.viewTitle(), right: right}, log, p.width, p.logHeight(), true)
}

func (p *activityPane) emptyText() []string {
	th := p.theme
	switch {
	case p.view == viewAudit && p.failed != nil:
		return []string{th.bad.Render("✗ " + clean(sentence(p.failed)))}
	case p.tables[p.view].Len() > 0:
		return nil
	}
	return []string{th.muted.Render([...]string{"No call to the tenant yet", "No notice yet", "Nothing was done in the last 90 days"}[p.view])}
}

// viewTitle names the logs, the shown one first among equals.
func (p *activityPane) viewTitle() string {
	names := [activityViews]string{"Calls", "Notices", "Audit"}
	for i, n := range names {
		if activityView(i) == p.view {
			names[i] = "▸ " + n
		}
	}
	return strings.Join(names[:], "  ")
}
