package tui

import (
	"strings"

	"rollcall/model"
)

func (p *directoryPane) Draw() string {
	if !p.isWide() {
		switch {
		case p.facets != nil:
			return p.facets.draw(p.width, p.height, p.countText())
		case p.details.focused:
			return p.details.draw(p.width, p.height)
		}
		return p.drawTable(p.width, true)
	}
	table := p.drawTable(p.tableWidth(), p.facets == nil && !p.details.focused)
	if p.facets != nil {
		return beside(table, p.facets.draw(p.sideWidth(), p.height, ""))
	}
	return beside(table, p.details.draw(p.sideWidth(), p.height))
}

func (p *directoryPane) drawTable(width int, focused bool) string {
	content := ""
	if message := p.emptyText(); message != nil {
		content = p.theme.centred(message, width-2, p.height-2)
	} else {
		content = p.table.Draw(focused && !p.typing)
	}
	t := boxText{title: p.breadcrumb(), right: p.countText(), foot: p.stateText(), bottom: p.marksText()}
	// The title gives way to the count.
	room := max(9, width-p.theme.width(t.right)-9)
	if p.typing {
		t.title = p.theme.cut(t.title, max(9, room-leastFilter))
		t.field, p.column = p.drawFilter(room - p.theme.width(t.title) - 2)
		p.column += 1 + 1 + p.theme.width(t.title) + 1
	} else if text := strings.TrimSpace(p.filter.Value()); text != "" {
		t.title += " ▸ / " + clean(text)
	}
	t.title = p.theme.cut(t.title, room)
	return p.theme.box(t, content, width, p.height, focused)
}

// leastFilter is how many cells the breadcrumb leaves for typing.
const leastFilter = 24

// drawFilter is the field in the border, and where its text cursor stands.
func (p *directoryPane) drawFilter(width int) (field string, column int) {
	th := p.theme
	const sign = "▸ / "
	field, column = p.filter.Draw(th, max(1, width-th.width(sign)))
	return th.key.Render(sign) + field, th.width(sign) + column
}

// breadcrumb names what the facets leave.
func (p *directoryPane) breadcrumb() string {
	parts := []string{"Directory"}
	for _, n := range p.narrow {
		parts = append(parts, n.crumb())
	}
	return strings.Join(parts, " ▸ ")
}

func (p *directoryPane) countText() string {
	if p.rows.snapshot == nil || p.rows.snapshot.Len() == 0 {
		return ""
	}
	text := count(len(p.rows.rows)) + " of " + count(p.rows.snapshot.Len())
	if p.shown.isEverybody() {
		text = plural(p.rows.snapshot.Len(), "user", "users")
	}
	if p.slow {
		text = "searching … " + text
	}
	return text
}

func (p *directoryPane) marksText() string {
	if p.table.InRange() {
		from, to, _ := p.table.Range()
		return "range of " + count(to-from) + ": v marks, esc takes back"
	}
	marked := ""
	if n := p.rows.marks.count; n > 0 {
		marked = count(n) + " marked"
	}
	return joinNonEmpty(" · ", p.hiddenOrder(), marked)
}

// hiddenOrder names the order when no column's heading can show it.
func (p *directoryPane) hiddenOrder() string {
	for i, a := range p.rows.attributes {
		if a.ID == p.shown.sortBy && p.table.widths[i] > 0 {
			return ""
		}
	}
	direction := " ▲"
	if p.shown.falling {
		direction = " ▼"
	}
	return "by " + clean(p.ws.Schema().Attribute(p.shown.sortBy).Label) + direction
}

// stateText says in the border how far the rows are from the tenant, while
// that moves.
func (p *directoryPane) stateText() string {
	if p.table.Len() == 0 {
		return "" // the empty table says it
	}
	s := p.ws.Progress()
	switch {
	case p.failed != nil:
		return p.theme.bad.Render("✗ " + clean(p.failed.Message))
	case s.Stale && !s.Running:
		return "data of " + when(s.SyncedAt, p.ws.Now()) + ", to be read again"
	case s.Stale:
		return "data of " + when(s.SyncedAt, p.ws.Now()) + ", being read again"
	case s.Running && s.SyncedAt.IsZero():
		return "still being read"
	}
	return ""
}

// emptyText is what stands in place of rows; nil when there are rows.
func (p *directoryPane) emptyText() []string {
	th := p.theme
	if p.failed != nil && (p.table.Len() == 0 || p.failed.Kind == model.KindUsage) {
		lines := []string{th.bad.Render("✗ " + clean(p.failed.Message))}
		if p.failed.Remedy != "" {
			lines = append(lines, "", clean(p.failed.Remedy))
		}
		return lines
	}
	if p.table.Len() > 0 {
		return nil
	}
	progress := p.ws.Progress()
	switch {
	case p.loaded && !p.shown.isEverybody() && p.rows.snapshot.Len() > 0:
		return []string{"No user matches", "", th.key.Render("esc") + th.muted.Render(" takes the filter and the facets back")}
	case progress.Running:
		return p.readingText(progress)
	case !p.loaded:
		return []string{th.muted.Render("Reading …")}
	case progress.LastError != nil:
		lines := []string{th.bad.Render("✗ The sync failed: " + clean(progress.LastError.Message))}
		if progress.LastError.Remedy != "" {
			lines = append(lines, "", clean(progress.LastError.Remedy))
		}
		return append(lines, "", th.key.Render("5")+th.muted.Render(" shows what happened, ")+th.key.Render("S")+th.muted.Render(" there syncs again"))
	case p.ws.Session() == nil:
		return []string{"Nothing has been synced yet, and nobody is signed in", "", th.key.Render("5 S") + th.muted.Render(" signs in and syncs")}
	case !p.canRead():
		return []string{"The permission to read users has not been granted", "", th.key.Render("5 P") + th.muted.Render(" shows the permissions")}
	case progress.SyncedAt.IsZero():
		return []string{"Nothing has been synced yet", "", th.key.Render("5 S") + th.muted.Render(" syncs now")}
	}
	return []string{"The tenant has no users that this account can read"}
}
