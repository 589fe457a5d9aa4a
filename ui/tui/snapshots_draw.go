package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/workspace"
)

func (p *previewPane) snapshotsBindings() []binding {
	v := p.snapshots
	if o := v.opened; o != nil {
		return p.openSnapshotBindings()
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
	if p.comparing() {
		compare = "a comparison is running"
		escape = binding{id: "snapshots.cancel", keys: []string{"esc"}, label: "cancel", help: "Cancel the running comparison"}
	}
	return []binding{
		{id: "snapshots.open", keys: []string{"enter"}, label: "addresses", help: "Show the addresses, to search them", disabled: none},
		{id: "snapshots.compare", keys: []string{"d"}, label: with, help: help, disabled: compare},
		{id: "snapshots.mark", keys: []string{"space"}, label: "mark", help: "Mark a snapshot; two marked ones are compared with each other", disabled: none},
		{id: "snapshots.use", keys: []string{"t"}, label: "to", help: "Put the snapshot into the To line", disabled: none},
		{id: "snapshots.export", keys: []string{"e"}, label: "export", help: "Write its addresses into a file", disabled: none},
		escape,
		{id: "snapshots.down", keys: []string{"down", "j"}, help: "Earlier snapshot"},
		{id: "snapshots.up", keys: []string{"up", "k"}, help: "Later snapshot"},
		{id: "snapshots.first", keys: []string{"g", "home"}, help: "Newest snapshot"},
		{id: "snapshots.last", keys: []string{"G", "end"}, help: "Oldest snapshot"},
	}
}

func (p *previewPane) openSnapshotBindings() []binding {
	if p.snapshots.opened.searching {
		return []binding{
			{id: "snapshot.searchCancel", keys: []string{"esc"}, label: "clear", help: "Show all addresses again"},
			{id: "snapshot.searchDone", keys: []string{"enter"}, label: "keep", help: "Keep the search and go to the addresses"},
		}
	}
	return append([]binding{
		{id: "snapshot.back", keys: []string{"esc", "enter"}, label: "back", help: "Go back to the snapshots"},
		{id: "snapshot.search", keys: []string{"/"}, label: "search", help: "Search the addresses"},
		{id: "snapshot.export", keys: []string{"e"}, label: "export", help: "Write the addresses into a file"},
		{id: "snapshot.copy", keys: []string{"y"}, label: "copy", help: "Copy the address under the cursor"},
	}, tableBindings()...)
}

func (p *previewPane) snapshotsKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	v := p.snapshots
	if v.opened != nil {
		return p.openSnapshotKey(msg)
	}
	b, ok := find(p.snapshotsBindings(), msg)
	if !ok || b.disabled != "" {
		return nil, false
	}
	var cmd tea.Cmd
	switch b.id {
	case "snapshots.back":
		p.closeSnapshots()
		return nil, true
	case "snapshots.cancel":
		p.tasks.cancel(taskSnapshotCompare)
		return toast(levelInfo, "Comparison cancelled; nothing was changed"), true
	case "snapshots.open":
		cmd = p.withSnapshot(v.current().ID, func(s *workspace.Snapshot) tea.Msg { return snapshotOpenedMsg{s} })
	case "snapshots.compare":
		cmd = p.compareSnapshots()
	case "snapshots.mark":
		v.mark()
	case "snapshots.use":
		return p.useSnapshot(), true
	case "snapshots.export":
		cmd = p.exportSnapshot(v.current().ID)
	case "snapshots.down":
		v.cursor++
	case "snapshots.up":
		v.cursor--
	case "snapshots.first":
		v.cursor = 0
	case "snapshots.last":
		v.cursor = len(v.list) - 1
	}
	v.follow(p.snapshotRows())
	return cmd, true
}

func (p *previewPane) openSnapshotKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	o := p.snapshots.opened
	if o.searching {
		switch msg.String() {
		case "enter", "down", "tab":
			o.searching = false
			p.layout()
			return nil, true
		case "esc":
			o.searching = false
			o.search.SetValue("")
			p.layout()
			return p.searchSnapshot(), true
		}
		changed, handled := o.search.Handle(msg)
		if changed {
			return p.searchSnapshot(), true
		}
		return nil, handled
	}
	b, ok := find(p.openSnapshotBindings(), msg)
	if !ok || b.disabled != "" {
		return nil, false
	}
	switch b.id {
	case "snapshot.back":
		p.tasks.cancel(taskSnapshotSearch)
		p.snapshots.opened = nil
	case "snapshot.search":
		o.searching = true
		p.layout()
	case "snapshot.export":
		return p.exportSnapshot(o.snapshot.ID), true
	case "snapshot.copy":
		return emit(copyMsg{text: o.table.CursorID(), what: "Address"}), true
	default:
		o.table.Handle(msg)
	}
	return nil, true
}

// snapshotRows is how many snapshots are shown at once.
func (p *previewPane) snapshotRows() int { return max(1, p.height-3) }

func (p *previewPane) drawSnapshots() string {
	v := p.snapshots
	if v.opened != nil {
		return p.drawOpenSnapshot()
	}
	_, _, left, right := p.rects()
	if right > 0 {
		right += 4 // the facts are words, not numbers
		left -= 4
	}
	out := p.drawSnapshotList(left)
	if right == 0 {
		return out
	}
	return beside(out, p.drawSnapshotFacts(right))
}

func (p *previewPane) drawSnapshotList(width int) string {
	th, v := p.theme, p.snapshots
	inner := width - 2
	t := boxText{title: "Snapshots"}
	switch {
	case v.failed != nil:
		return th.box(t, drawFailure(th, v.failed, inner-2, ""), width, p.height, true)
	case v.list == nil:
		return th.box(t, "\n"+th.muted.Render("  Loading…"), width, p.height, true)
	case len(v.list) == 0:
		return th.box(t, hintLines(th, inner, th.text.Render("No preview was approved yet."), "",
			th.muted.Render("esc goes back; expand an audience there, and a approves it.")), width, p.height, true)
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
	for i := v.top; i < min(len(v.list), v.top+p.snapshotRows()); i++ {
		s := &v.list[i]
		title := s.Name
		if title == "" {
			title = entriesText(s)
		}
		row := cells(when(s.ApprovedAt, p.ws.Now()), title, count(s.Count), s.ApprovedBy)
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
	return th.box(t, strings.Join(lines, "\n"), width, p.height, true)
}

// drawSnapshotFacts explains the snapshot under the cursor.
func (p *previewPane) drawSnapshotFacts(width int) string {
	th, v := p.theme, p.snapshots
	s := v.current()
	if s == nil {
		return th.box(boxText{title: "Snapshot"}, "", width, p.height, false)
	}
	inner := width - 3
	lines := p.snapshotFacts(s, inner)
	if p.comparing() {
		lines = append([]string{th.accent.Render("Expanding again…"), p.comparisonProgress(inner), th.muted.Render("esc cancels"), ""}, lines...)
	}
	return th.box(boxText{title: "Snapshot " + s.ID}, " "+strings.Join(lines, "\n "), width, p.height, false)
}

func (p *previewPane) comparisonProgress(width int) string {
	th, walk := p.theme, p.snapshots.walk
	if walk == nil || walk.known.Load() == 0 {
		return th.muted.Render("Looking up the entries…")
	}
	return th.muted.Render(th.cut(count(int(walk.read.Load()))+" of "+plural(int(walk.known.Load()), "list", "lists")+" read", width))
}

func (p *previewPane) snapshotFacts(s *workspace.Snapshot, width int) []string {
	th, now := p.theme, p.ws.Now()
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

func (p *previewPane) drawOpenSnapshot() string {
	th, o := p.theme, p.snapshots.opened
	inner := p.width - 2
	t := boxText{title: clean(snapshotTitle(o.snapshot.Name, o.snapshot.ID)), right: count(len(o.snapshot.Addresses))}
	if n := o.table.Len(); n != len(o.snapshot.Addresses) {
		t.right = count(n) + " of " + t.right
	}
	t.foot = "approved " + when(o.snapshot.ApprovedAt, p.ws.Now()) + " by " + clean(o.snapshot.ApprovedBy)
	var lines []string
	if o.isSearched() {
		field, _ := o.search.Draw(th, inner-4)
		lines = append(lines, " "+th.key.Render("/")+" "+field)
	}
	switch {
	case len(o.snapshot.Addresses) == 0:
		lines = append(lines, "", th.muted.Render("  Nobody was in it."))
	case o.table.Len() == 0:
		lines = append(lines, "", th.text.Render("  No address matches the search."))
	default:
		lines = append(lines, o.table.Draw(!o.searching))
	}
	return th.box(t, strings.Join(lines, "\n"), p.width, p.height, true)
}

func (o *openSnapshot) isSearched() bool { return o.searching || o.search.Value() != "" }

func (o *openSnapshot) layout(width, height int) {
	rows := height - 2
	if o.isSearched() {
		rows--
	}
	o.table.SetSize(max(1, width-2), max(1, rows))
}

// snapshotsCursor is in the search.
func (p *previewPane) snapshotsCursor() *tea.Cursor {
	if o := p.snapshots.opened; o != nil && o.searching {
		_, column := o.search.Draw(p.theme, p.width-6)
		return tea.NewCursor(4+column, 1)
	}
	return nil
}
