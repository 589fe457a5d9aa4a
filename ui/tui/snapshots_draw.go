package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/workspace"
)

func (v *snapshotsView) Bindings() []binding {
	if v.opened != nil {
		return v.opened.bindings()
	}
	none := ""
	switch {
	case v.list == nil:
		none = "the snapshots are being read"
	case len(v.list) == 0:
		none = "no preview was approved yet"
	}
	compare, with, help := none, "with now", "Expand the entries again and show who joined, left or moved since"
	if len(v.marked) == 2 {
		with, help = "the two", "Show who joined, left or moved from the earlier marked snapshot to the later one"
	}
	escape := binding{id: "snapshots.back", keys: []string{"esc", "p"}, label: "back", help: "Go back to the preview"}
	if v.comparing() {
		compare = "a comparison is running"
		escape = binding{id: "snapshots.cancel", keys: []string{"esc"}, label: "cancel", help: "Cancel the running comparison"}
	}
	return append([]binding{
		{id: "snapshots.open", keys: []string{"enter"}, label: "addresses", help: "Show the addresses, to search them", disabled: none},
		{id: "snapshots.compare", keys: []string{"d"}, label: with, help: help, disabled: compare},
		{id: "snapshots.mark", keys: []string{"space"}, label: "mark", help: "Mark a snapshot; two marked ones are compared with each other", disabled: none},
		{id: "snapshots.use", keys: []string{"t"}, label: "to", help: "Put the snapshot into the To line", disabled: none},
		{id: "snapshots.export", keys: []string{"e"}, label: "export", help: "Write its addresses into a file", disabled: none},
		escape,
	}, shelfBindings()...)
}

func (v *snapshotsView) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if v.opened != nil {
		cmd, id, handled := v.opened.key(msg)
		switch id {
		case "people.back":
			v.opened = nil
		case "people.export":
			return v.export(v.current().ID), true
		}
		return cmd, handled
	}
	b, ok := find(v.Bindings(), msg)
	if !ok || b.disabled != "" {
		return nil, false
	}
	var cmd tea.Cmd
	switch b.id {
	case "snapshots.back":
		return v.leave(), true
	case "snapshots.cancel":
		v.tasks.cancel(taskSnapshotCompare)
		return toast(levelInfo, "Comparison cancelled; nothing was changed"), true
	case "snapshots.open":
		cmd = v.withSnapshot(v.current().ID, func(s *workspace.Snapshot) tea.Msg { return snapshotOpenedMsg{s} })
	case "snapshots.compare":
		cmd = v.compare()
	case "snapshots.mark":
		v.mark()
	case "snapshots.use":
		return v.use(), true
	case "snapshots.export":
		cmd = v.export(v.current().ID)
	default:
		v.move(b.id, len(v.list), v.page())
	}
	return cmd, true
}

// page is how many snapshots are shown at once.
func (v *snapshotsView) page() int { return max(1, v.height-3) }

func (v *snapshotsView) Draw() string {
	if v.opened != nil {
		return v.opened.draw(v.width, v.height)
	}
	left, right := roomWidths(v.width)
	if right == 0 {
		return v.drawList(left)
	}
	return beside(v.drawList(left), v.drawFacts(right))
}

func (v *snapshotsView) drawList(width int) string {
	th := v.theme
	inner := width - 2
	t := boxText{title: "Snapshots"}
	switch {
	case v.failed != nil:
		return th.box(t, drawFailure(th, v.failed, inner-2, ""), width, v.height, true)
	case v.list == nil:
		return th.box(t, "\n"+th.muted.Render("  Loading…"), width, v.height, true)
	case len(v.list) == 0:
		return th.box(t, hintLines(th, inner, th.text.Render("No preview was approved yet."), "",
			th.muted.Render("esc goes back; expand an audience there, and a approves it.")), width, v.height, true)
	}
	t.right = plural(len(v.list), "snapshot", "snapshots")
	if len(v.marked) > 0 {
		t.bottom = count(len(v.marked)) + " of 2 marked"
	}
	const whenWidth, uniqueWidth = 12, 9
	byWidth := 0
	if inner >= 70 {
		byWidth = 22
	}
	name := max(8, inner-2-whenWidth-1-uniqueWidth-1-byWidth-1)
	cells := func(when, what, unique, by string) string {
		text := th.cell(when, whenWidth) + " " + th.cell(what, name) + " " + th.cellRight(unique, uniqueWidth)
		if byWidth > 0 {
			text += "  " + th.cell(by, byWidth-1)
		}
		return text
	}
	lines := []string{th.heading.Render("  " + cells("Approved", "Name, or entries", "Unique", "By"))}
	for i := v.top; i < min(len(v.list), v.top+v.page()); i++ {
		s := &v.list[i]
		title := s.Name
		if title == "" {
			title = entriesText(s)
		}
		row := cells(when(s.ApprovedAt, v.ws.Now()), title, count(s.Count), s.ApprovedBy)
		mark := " "
		for _, id := range v.marked {
			if id == s.ID {
				mark = "●"
			}
		}
		if i == v.cursor {
			lines = append(lines, th.selected.Render(th.fit("▸"+mark+row, inner)))
		} else {
			lines = append(lines, " "+th.marked.Render(mark)+th.text.Render(row))
		}
	}
	return th.box(t, strings.Join(lines, "\n"), width, v.height, true)
}

// drawSnapshotFacts explains the snapshot under the cursor.
func (v *snapshotsView) drawFacts(width int) string {
	th := v.theme
	s := v.current()
	if s == nil {
		return th.box(boxText{title: "Snapshot"}, "", width, v.height, false)
	}
	inner := width - 3
	lines := v.factLines(s, inner)
	if v.comparing() {
		lines = append([]string{th.accent.Render("Expanding again…"), v.comparisonProgress(inner), th.muted.Render("esc cancels"), ""}, lines...)
	}
	return th.box(boxText{title: "Snapshot " + s.ID}, " "+strings.Join(lines, "\n "), width, v.height, false)
}

func (v *snapshotsView) comparisonProgress(width int) string {
	th, walk := v.theme, v.walk
	if walk == nil || walk.known.Load() == 0 {
		return th.muted.Render("Looking up the entries…")
	}
	return th.muted.Render(th.cut(count(int(walk.read.Load()))+" of "+plural(int(walk.known.Load()), "list", "lists")+" read", width))
}

func (v *snapshotsView) factLines(s *workspace.Snapshot, width int) []string {
	th, now := v.theme, v.ws.Now()
	var lines []string
	add := func(text string) {
		for _, l := range wrap(th, clean(text), width) {
			lines = append(lines, th.text.Render(l))
		}
	}
	mute := func(text string) {
		for _, l := range wrap(th, clean(text), width) {
			lines = append(lines, th.muted.Render(l))
		}
	}
	if s.Name != "" {
		lines = append(lines, th.accent.Render(th.cut(clean(s.Name), width)))
	}
	add(entriesText(s))
	lines = append(lines, "")
	number := func(label string, n int) {
		text := th.cut(th.cellRight(count(n), 8)+"  "+label, width)
		if n == 0 {
			lines = append(lines, th.muted.Render(text))
		} else {
			lines = append(lines, th.text.Render(text))
		}
	}
	number("unique", s.Count)
	if c := s.Counts; c != nil {
		number("internal", c.Internal)
		number("external", c.External)
		number("disabled accounts", c.Disabled)
		number("reachable by SMS", c.SMS)
		number("without address", c.WithoutAddress)
		number("duplicates", c.Duplicates)
		if len(s.Exclude) > 0 {
			number("taken away", c.Excluded)
		}
		if len(s.Within) > 0 {
			number("fall outside", c.Outside)
		}
	}
	lines = append(lines, "")
	mute("approved " + when(s.ApprovedAt, now) + " by " + s.ApprovedBy)
	if !s.AsOf.IsZero() {
		mute("lists read " + when(s.AsOf, now))
	}
	if !s.SyncedAt.IsZero() {
		mute("users synced " + when(s.SyncedAt, now))
	}
	if len(s.Sources) > 0 {
		names := make([]string, len(s.Sources))
		for i, source := range s.Sources {
			names[i] = source.Label()
		}
		mute("answered by " + strings.Join(names, ", "))
	}
	return lines
}
