package tui

import (
	"fmt"
	"strings"
	"time"

	"rollcall/model/refresh"
)

func (p *directoryPane) Draw() string {
	if p.width >= detailsFrom {
		w := p.tableWidth()
		side := p.width - w
		if p.facets != nil {
			return beside(p.drawTable(w, false), p.facets.draw(side, p.height))
		}
		return beside(p.drawTable(w, true), p.drawDetails(side))
	}
	if p.facets != nil {
		return p.facets.draw(p.width, p.height)
	}
	return p.drawTable(p.width, true)
}

func (p *directoryPane) drawTable(width int, focused bool) string {
	var b strings.Builder
	inner := width - 2
	if p.filtering() {
		b.WriteString(p.drawFilter(inner) + "\n")
	}
	height := p.height - 2
	if p.filtering() {
		height--
	}
	if message := p.emptyText(); message != nil {
		b.WriteString(p.theme.centred(message, inner, height))
	} else {
		b.WriteString(p.table.Draw(focused && !p.typing))
	}
	return p.theme.box(boxText{title: p.title(width), right: p.countText(), bottom: p.marksText()}, b.String(), width, p.height, focused)
}

func (p *directoryPane) drawFilter(width int) string {
	th := p.theme
	line, column := p.filter.Draw(th, max(1, width-4))
	p.column = column
	sign := th.muted
	if p.typing {
		sign = th.key
	}
	return " " + sign.Render("/") + " " + line
}

// title names the facets chosen so far.
func (p *directoryPane) title(width int) string {
	title := "Directory"
	for _, n := range p.narrow {
		value := n.value
		if value == "" {
			value = "(none)"
		}
		title += " ▸ " + strings.ToLower(n.attribute.Label[:1]) + n.attribute.Label[1:] + ": " + clean(value)
	}
	return p.theme.cut(title, max(9, width-len(p.countText())-8))
}

func (p *directoryPane) countText() string {
	if p.rows.snapshot == nil || p.rows.snapshot.Len() == 0 {
		return ""
	}
	shown, all := len(p.rows.rows), p.rows.snapshot.Len()
	if shown == all && len(p.narrow) == 0 && p.filter.Value() == "" {
		return plural(all, "user", "users")
	}
	return count(shown) + " of " + count(all)
}

func (p *directoryPane) marksText() string {
	if p.table.InRange() {
		return "range: v marks, esc takes back"
	}
	marked := ""
	if n := p.table.Marks(); n > 0 {
		marked = count(n) + " marked"
	}
	return joinNonEmpty(" · ", p.hiddenOrder(), marked)
}

// hiddenOrder names the order when no column's heading can show it.
func (p *directoryPane) hiddenOrder() string {
	for i, id := range p.rows.attributes {
		if id == p.sortBy && p.table.widths[i] > 0 {
			return ""
		}
	}
	direction := " ▲"
	if p.falling {
		direction = " ▼"
	}
	return "by " + clean(p.ws.Schema().Attribute(p.sortBy).Label) + direction
}

// emptyText is what stands in place of rows; nil when there are rows.
func (p *directoryPane) emptyText() []string {
	th := p.theme
	switch {
	case p.failed != nil:
		lines := []string{th.bad.Render("✗ " + clean(p.failed.Message))}
		if p.failed.Remedy != "" {
			lines = append(lines, "", clean(p.failed.Remedy))
		}
		return lines
	case p.table.Len() > 0:
		return nil
	}
	progress := p.ws.Progress()
	everybody := len(p.narrow) == 0 && p.filter.Value() == ""
	switch {
	case everybody && progress.Running:
		return p.readingText(progress)
	case !p.loaded:
		return []string{th.muted.Render("Reading …")}
	case !everybody:
		return []string{"No user matches", "", th.key.Render("esc") + th.muted.Render(" takes the filter and the facets back")}
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

// readingText shows the first sync while there are no rows yet.
func (p *directoryPane) readingText(progress refresh.Progress) []string {
	th := p.theme
	lines := []string{"Reading the directory", ""}
	if progress.Expected > 0 {
		lines = append(lines, th.progress(progress.Read, progress.Expected, 36), "",
			th.muted.Render(fmt.Sprintf("%s of %s%s", count(progress.Read), plural(progress.Expected, "user", "users"), rateText(progress, p.ws.Now()))))
	}
	return lines
}

// rateText is how fast a running sync reads: " · 850/s".
func rateText(p refresh.Progress, now time.Time) string {
	elapsed := now.Sub(p.StartedAt)
	if elapsed < time.Second/2 || p.Read == 0 {
		return ""
	}
	return fmt.Sprintf(" · %s/s", count(int(float64(p.Read)/elapsed.Seconds())))
}
