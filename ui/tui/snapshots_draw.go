package tui

import (
	"cmp"
	"slices"
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
		v.move(b.id)
	}
	return cmd, true
}

func (v *snapshotsView) Draw() string { return v.draw(v.drawList, v.drawFacts) }

func (v *snapshotsView) drawList(width int) string {
	th := v.theme
	t := boxText{title: "Snapshots", right: plural(len(v.list), "snapshot", "snapshots")}
	if len(v.marked) > 0 {
		t.bottom = count(len(v.marked)) + " of 2 marked"
	}
	const whenWidth, uniqueWidth = 12, 9
	byWidth := 0
	if width >= 72 {
		byWidth = 22
	}
	name := max(8, width-4-whenWidth-1-uniqueWidth-1-byWidth-1)
	cells := func(when, what, unique, by string) string {
		text := th.cell(when, whenWidth) + " " + th.cell(what, name) + " " + th.cellRight(unique, uniqueWidth)
		if byWidth > 0 {
			text += "  " + th.cell(by, byWidth-1)
		}
		return text
	}
	empty := []string{
		th.text.Render("No preview was approved yet."), "",
		th.muted.Render("esc goes back; expand an audience there, and a approves it."),
	}
	return v.drawRows(t, width, empty, cells("Approved", "Name, or entries", "Unique", "By"), func(s *workspace.Snapshot) (mark, text string) {
		mark = " "
		if slices.Contains(v.marked, s.ID) {
			mark = "●"
		}
		return mark, cells(when(s.ApprovedAt, v.ws.Now()), cmp.Or(s.Name, entriesText(s)), count(s.Count), s.ApprovedBy)
	})
}

// drawFacts explains the snapshot under the cursor.
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
