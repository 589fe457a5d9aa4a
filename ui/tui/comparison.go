package tui

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"rollcall/model/audience"
	"rollcall/model/handover"
	"rollcall/model/workspace"
)

// comparisonDialog shows who joined, who left and whose address moved between
// two sets of recipients. There may be a million of them: only the lines in the
// window are made.
type comparisonDialog struct {
	shared
	c      *workspace.Comparison
	only   comparisonPart
	top    int
	height int // lines of the window when it was drawn last
}

// comparisonPart is what the list shows.
type comparisonPart uint8

const (
	partAll comparisonPart = iota
	partJoined
	partLeft
	partMoved
	partHands
	partLists
	partCount
)

func newComparisonDialog(s shared, c *workspace.Comparison) *comparisonDialog {
	return &comparisonDialog{shared: s, c: c}
}

// size is how many lines a part has.
func (d *comparisonDialog) size(p comparisonPart) int {
	switch p {
	case partJoined:
		return len(d.c.Joined)
	case partLeft:
		return len(d.c.Left)
	case partMoved:
		return len(d.c.Moved)
	case partHands:
		return len(d.c.ChangedHands)
	case partLists:
		return len(d.c.Lists)
	}
	return len(d.c.Joined) + len(d.c.Left) + len(d.c.Moved) + len(d.c.ChangedHands) + len(d.c.Lists)
}

// at is the part that holds a line of the whole, and its place there.
func (d *comparisonDialog) at(i int) (comparisonPart, int) {
	if d.only != partAll {
		return d.only, i
	}
	for p := partJoined; p < partLists; p++ {
		if n := d.size(p); i < n {
			return p, i
		} else {
			i -= n
		}
	}
	return partLists, i
}

func (d *comparisonDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil, false
	}
	b, ok := find(d.Bindings(), key)
	if !ok || b.disabled != "" {
		return nil, false
	}
	switch b.id {
	case "comparison.close":
		return nil, true
	case "comparison.part":
		d.turn()
	case "comparison.export":
		return emit(dialogMsg{d.export()}), false
	case "comparison.down":
		d.top++
	case "comparison.up":
		d.top--
	case "comparison.half":
		d.top += max(1, d.height/2)
	case "comparison.halfUp":
		d.top -= max(1, d.height/2)
	case "comparison.first":
		d.top = 0
	case "comparison.last":
		d.top = d.size(d.only)
	}
	d.top = max(0, min(d.top, d.size(d.only)-d.height))
	return nil, false
}

// turn shows the next part that is not empty, and after the last one all again.
func (d *comparisonDialog) turn() {
	d.top = 0
	for d.only = (d.only + 1) % partCount; d.only != partAll && d.size(d.only) == 0; {
		d.only = (d.only + 1) % partCount
	}
}

func (d *comparisonDialog) Bindings() []binding {
	nothing := ""
	if d.size(partAll) == 0 {
		nothing = "nothing differs"
	}
	return []binding{
		{id: "comparison.close", keys: []string{"esc", "q", "enter"}, label: "close", help: "Close"},
		{id: "comparison.part", keys: []string{"tab"}, label: "one kind", help: "List only who joined, who left, or who moved; then all again", disabled: nothing},
		{id: "comparison.export", keys: []string{"e"}, label: "export", help: "Write every change into a CSV file", disabled: nothing},
		{id: "comparison.down", keys: []string{"down", "j"}, help: "Scroll down"},
		{id: "comparison.up", keys: []string{"up", "k"}, help: "Scroll up"},
		{id: "comparison.half", keys: []string{"ctrl+d", "pgdown"}, help: "Half a page down"},
		{id: "comparison.halfUp", keys: []string{"ctrl+u", "pgup"}, help: "Half a page up"},
		{id: "comparison.first", keys: []string{"g", "home"}, help: "First change"},
		{id: "comparison.last", keys: []string{"G", "end"}, help: "Last change"},
	}
}

func (d *comparisonDialog) Cursor() *tea.Cursor { return nil }

func (d *comparisonDialog) Draw(width, height int) string {
	th, c := d.theme, d.c
	w := min(width, 96)
	inner := w - 4
	lines := []string{
		th.muted.Render("Then  ") + d.sideText(c.Then, inner-6),
		th.muted.Render("Now   ") + d.sideText(c.Now, inner-6),
		"",
		th.cut(d.countLine(), inner),
	}
	if !c.Complete {
		for _, l := range wrap(th, "! INCOMPLETE: a part of one side could not be read. Who seems to have left may be in it", inner) {
			lines = append(lines, th.bad.Render(l))
		}
	}
	if c.Unlike != "" {
		for _, l := range wrap(th, "! NOT ALIKE: "+clean(c.Unlike), inner) {
			lines = append(lines, th.bad.Render(l))
		}
	}
	lines = append(lines, "")
	if d.size(partAll) == 0 {
		lines = append(lines, th.good.Render("The same recipients as then."))
	}
	n := d.size(d.only)
	d.height = max(1, min(n, height-2-len(lines)))
	d.top = max(0, min(d.top, n-d.height))
	for i := d.top; i < min(n, d.top+d.height); i++ {
		lines = append(lines, d.line(i, inner))
	}
	t := boxText{title: d.title()}
	if n > d.height {
		t.bottom = fmt.Sprintf("%s–%s of %s", count(d.top+1), count(d.top+d.height), count(n))
	}
	return th.box(t, " "+strings.Join(lines, "\n "), w, min(height, len(lines)+2), true)
}

func (d *comparisonDialog) title() string {
	return "Since " + clean(snapshotTitle(d.c.Then.Name, d.c.Then.ID))
}

// sideText is a side in a line: when it was, what it is, how many.
func (d *comparisonDialog) sideText(s workspace.Side, width int) string {
	th := d.theme
	what := "lists read"
	if s.ID != "" {
		what = "approved"
		if s.Name != "" {
			what += " as " + clean(s.Name)
		}
	}
	return th.cut(th.text.Render(th.cellRight(count(s.Unique), 9)+"  ")+th.muted.Render(what+" "+s.At.Local().Format("2006-01-02 15:04 MST")), width)
}

// countLine says how many changed in each way; the kind that is listed stands
// out by its brackets.
func (d *comparisonDialog) countLine() string {
	th, c := d.theme, d.c
	var parts []string
	add := func(p comparisonPart, style lipgloss.Style, text string) {
		if d.only == p {
			text = "[" + text + "]"
		}
		parts = append(parts, style.Render(text))
	}
	add(partJoined, th.added, "+ "+count(len(c.Joined))+" joined")
	add(partLeft, th.removed, "- "+count(len(c.Left))+" left")
	add(partMoved, th.warn, "→ "+count(len(c.Moved))+" moved")
	if len(c.ChangedHands) > 0 {
		add(partHands, th.warn, "⇄ "+count(len(c.ChangedHands))+" changed hands")
	}
	if len(c.Lists) > 0 {
		add(partLists, th.text, "○ "+plural(len(c.Lists), "list", "lists"))
	}
	parts = append(parts, th.muted.Render("= "+count(c.Same)+" the same"))
	return strings.Join(parts, "  ")
}

func (d *comparisonDialog) line(i, width int) string {
	th, c := d.theme, d.c
	part, k := d.at(i)
	switch part {
	case partJoined:
		return th.added.Render(th.cut("+ "+clean(c.Joined[k]), width))
	case partLeft:
		return th.removed.Render(th.cut("- "+clean(c.Left[k]), width))
	case partMoved:
		m := c.Moved[k]
		half := max(8, (width-5)/2)
		return th.warn.Render(th.cut("→ "+th.cut(clean(m.From), half)+" → "+clean(m.To), width))
	case partHands:
		return th.warn.Render(th.cut("⇄ "+clean(c.ChangedHands[k])+", another person's now", width))
	}
	return th.text.Render(th.cut("○ "+listChangeText(c.Lists[k]), width))
}

func listChangeText(l workspace.ListChange) string {
	figures := func(g *audience.GroupSummary) string {
		return count(g.Direct) + " direct, " + count(g.Unique) + " unique"
	}
	name := func(g *audience.GroupSummary) string { return clean(cmp.Or(g.DisplayName, g.Mail, g.ID)) }
	switch {
	case l.Then == nil:
		return name(l.Now) + ": new, " + figures(l.Now)
	case l.Now == nil:
		return name(l.Then) + ": gone, was " + figures(l.Then)
	}
	return name(l.Now) + ": " + figures(l.Then) + " → " + figures(l.Now)
}

// export writes every change.
func (d *comparisonDialog) export() dialog {
	c := d.c
	lead := "Write " + plural(d.size(partAll)-len(c.Lists), "change", "changes") + " of recipients as CSV into a new file."
	if !c.Complete {
		lead += " One side is INCOMPLETE, and so will the file be."
	}
	return exportDialog(d.shared, "Export the comparison", lead, fileName("changes since "+snapshotTitle(c.Then.Name, c.Then.ID), "csv"), func(string) []exportFile {
		return []exportFile{{content: comparisonCSV(c)}}
	})
}

// comparisonCSV has one change a row.
func comparisonCSV(c *workspace.Comparison) []byte {
	rows := [][]string{{"change", "address", "formerAddress", "id"}}
	for _, a := range c.Joined {
		rows = append(rows, []string{"joined", a, "", ""})
	}
	for _, a := range c.Left {
		rows = append(rows, []string{"left", a, "", ""})
	}
	for _, m := range c.Moved {
		rows = append(rows, []string{"moved", m.To, m.From, m.ID})
	}
	for _, a := range c.ChangedHands {
		rows = append(rows, []string{"changedHands", a, "", ""})
	}
	return handover.Table(rows)
}

// snapshotTitle names a snapshot: by its name, or else by its id.
func snapshotTitle(name, id string) string {
	if name == "" {
		return "snapshot " + id
	}
	return name
}
