package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// The logs as rows of tables, newest first. A line has no id of its own:
// what it says serves as one, so that the cursor stays on it when newer lines
// arrive above.

// logTime writes a log line's time: the seconds matter there.
func logTime(t, now time.Time) string {
	t = t.In(now.Location())
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("2 Jan 15:04")
}

type callRows struct {
	list  []workspace.Call
	now   time.Time
	theme *theme
}

func (r *callRows) Len() int { return len(r.list) }

func (r *callRows) ID(i int) string {
	c := r.list[i]
	return strconv.FormatInt(c.At.UnixNano(), 36) + c.RequestID + strconv.Itoa(c.Attempt) + c.Path
}

func (r *callRows) Find(id string) int { return findID(r, id) }

func (r *callRows) Cells(i int, cells []tableCell) {
	c := r.list[i]
	cells[0] = tableCell{text: logTime(c.At, r.now), style: &r.theme.muted}
	cells[1].text = c.Method + " " + c.Path
	cells[2].text = statusText(c)
	switch {
	case c.Status >= 500 || c.Status == 0:
		cells[2].style = &r.theme.bad
	case c.Status >= 400:
		cells[2].style = &r.theme.warn
	}
	cells[3].text = max(c.Elapsed.Round(time.Millisecond), time.Millisecond).String()
	cells[4] = tableCell{text: c.Note, style: &r.theme.warn}
	cells[5] = tableCell{text: c.RequestID, style: &r.theme.muted}
}

// statusText is the HTTP status, or that there was no answer.
func statusText(c workspace.Call) string {
	if c.Status == 0 {
		return "none"
	}
	return strconv.Itoa(c.Status)
}

// notice is a toast that was shown.
type notice struct {
	id     int
	at     time.Time
	level  level
	text   string
	detail string // a stack; "" mostly
}

type noticeRows struct {
	list  []notice // newest first
	last  int
	now   time.Time
	theme *theme
}

func (r *noticeRows) Len() int           { return len(r.list) }
func (r *noticeRows) ID(i int) string    { return strconv.Itoa(r.list[i].id) }
func (r *noticeRows) Find(id string) int { return findID(r, id) }

func (r *noticeRows) Cells(i int, cells []tableCell) {
	n := r.list[i]
	cells[0] = tableCell{text: logTime(n.at, r.now), style: &r.theme.muted}
	cells[1].text = [...]string{"·", "✓", "!", "✗"}[n.level]
	cells[1].style = [...]*lipgloss.Style{&r.theme.accent, &r.theme.good, &r.theme.warn, &r.theme.bad}[n.level]
	cells[2].text = n.text
}

type eventRows struct {
	list []workspace.Event // oldest first, as the ledger gives them
	now  time.Time
}

func (r *eventRows) Len() int { return len(r.list) }

// at is the event of a row: the newest stands first.
func (r *eventRows) at(i int) workspace.Event { return r.list[len(r.list)-1-i] }

func (r *eventRows) ID(i int) string {
	e := r.at(i)
	return strconv.FormatInt(e.At.UnixNano(), 36) + e.Action + e.Subject
}

func (r *eventRows) Find(id string) int { return findID(r, id) }

func (r *eventRows) Cells(i int, cells []tableCell) {
	e := r.at(i)
	cells[0].text = logTime(e.At, r.now)
	cells[1].text = e.Action
	cells[2].text = e.Subject
	cells[3].text = e.By
	// The plan's id stands in front of every line of its run; enter shows it.
	cells[4].text = strings.TrimPrefix(e.Detail, "plan "+e.PlanID+": ")
}

func findID(r tableRows, id string) int {
	for i := range r.Len() {
		if r.ID(i) == id {
			return i
		}
	}
	return -1
}

// showLine opens everything that is known of the line under the cursor.
func (p *activityPane) showLine() dialog {
	th := p.theme
	i := p.tables[p.view].Cursor()
	d := &textDialog{shared: p.shared}
	item := func(label, value string) {
		if value != "" {
			d.lines = append(d.lines, th.muted.Render(th.fit(label, 12))+clean(value))
		}
	}
	const full = "2006-01-02 15:04:05.000 MST"
	switch p.view {
	case viewCalls:
		c := p.calls.list[i]
		d.title, d.copied = "Call", c.RequestID
		item("Time", c.At.In(p.ws.Now().Location()).Format(full))
		item("Call", c.Method+" "+c.Path)
		item("Status", statusText(c))
		item("Took", c.Elapsed.String())
		item("Attempt", strconv.Itoa(c.Attempt))
		item("Request id", c.RequestID)
		item("Note", c.Note)
	case viewNotices:
		n := p.notices.list[i]
		d.title, d.copied = "Notice", n.text
		item("Time", n.at.In(p.ws.Now().Location()).Format(full))
		d.lines = append(d.lines, "", clean(n.text), "")
		for l := range strings.Lines(n.detail) {
			d.lines = append(d.lines, th.muted.Render(clean(strings.TrimRight(strings.ReplaceAll(l, "\t", "  "), "\n"))))
		}
	default:
		e := p.events.at(i)
		d.title, d.copied = "Audit", fmt.Sprintf("%s %s %s %s %s", e.At.Format(time.RFC3339), e.By, e.Action, e.Subject, e.Detail)
		item("Time", e.At.In(p.ws.Now().Location()).Format(full))
		item("By", e.By)
		item("Action", e.Action)
		item("Subject", e.Subject)
		item("Detail", e.Detail)
		p.showPlanEvent(d, e, item)
	}
	return d
}

// showPlanEvent adds what the audit says of a plan besides its line: the
// approval, and the rows with the request ids that the tenant's own logs show.
func (p *activityPane) showPlanEvent(d *textDialog, e workspace.Event, item func(label, value string)) {
	item("Plan", e.PlanID)
	item("Hash", e.Hash)
	if a := e.Approval; a != nil {
		item("Approved", p.local(a.At).Format("2006-01-02 15:04:05 MST")+" by "+a.By)
		item("From", a.From)
		if a.AllowAdditions > 0 {
			item("Allowed", plural(a.AllowAdditions, "addition", "additions"))
		}
		if a.AllowRemovals > 0 {
			item("Allowed", plural(a.AllowRemovals, "removal", "removals"))
		}
		item("Reason", a.Reason)
	}
	if len(e.Rows) == 0 {
		return
	}
	th, snapshot, facts := p.theme, p.ws.Directory(), append(d.lines, "")
	d.lines = nil
	d.lay = func(width int) []string {
		var lines []string
		for _, f := range facts {
			lines = append(lines, wrap(th, f, width)...)
		}
		for _, r := range e.Rows {
			name := r.UserID
			if row, ok := snapshot.ByID(r.UserID); ok {
				name = named(snapshot.Value(row, model.AttrUserPrincipalName), name)
			}
			sign, style := "+", th.added
			if r.Remove {
				sign, style = "-", th.removed
			}
			state := rowStateText(&writeback.Row{State: r.State, Reason: r.Reason})
			if r.State == writeback.RowSent {
				state = "sent" // what became of it stands in a later line
			}
			line := style.Render(sign+" "+th.cell(name, auditNameWidth)) + "  " + th.text.Render(clean(state))
			id := clean(r.RequestID)
			switch {
			case id == "":
				lines = append(lines, th.cut(line, width))
			case th.width(line)+2+th.width(id) <= width:
				lines = append(lines, line+"  "+th.muted.Render(id))
			default: // a request id is not cut: it is what one searches for
				lines = append(append(lines, wrap(th, line, width)...), "    "+th.muted.Render(id))
			}
		}
		return lines
	}
}

// auditNameWidth is the room for a user's name in a row of the audit.
const auditNameWidth = 32
