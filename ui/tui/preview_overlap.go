package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/audience"
)

// overlapDialog shows what each entry adds to the audience, and how many
// recipients every two entries have in common. Entries go by a letter in the
// matrix, which scrolls in both directions.
type overlapDialog struct {
	shared
	entries []audience.Contribution
	matrix  [][]int // by entry, in the same order
	unique  int     // recipients of the audience
	left    int     // first column of the matrix that is shown
	shown   int     // columns that were shown last
	scroll  scroller
}

const taskOverlap = "preview.overlap"

// showOverlap counts in the background: a million recipients take a moment.
func (p *previewPane) showOverlap() tea.Cmd {
	sh, preview := p.shared, p.preview()
	return p.tasks.run(taskOverlap, func(context.Context) tea.Msg {
		return dialogMsg{&overlapDialog{
			shared: sh, entries: preview.Contributions, matrix: preview.Overlap(), unique: len(preview.Recipients),
			shown: min(len(preview.Contributions), overlapLeast),
		}}
	})
}

// entryLetter names an entry in the matrix: A to Z, then AA, AB and so on.
func entryLetter(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

func (d *overlapDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil, false
	}
	b, ok := find(d.Bindings(), key)
	if !ok || b.disabled != "" {
		return nil, false
	}
	switch b.id {
	case "overlap.close":
		return nil, true
	case "overlap.right":
		d.left++
	case "overlap.left":
		d.left--
	default:
		d.scroll.Handle(key)
	}
	d.left = max(0, min(d.left, len(d.entries)-d.shown))
	return nil, false
}

func (d *overlapDialog) Bindings() []binding {
	sideways, columns := "", "columns"
	if d.shown >= len(d.entries) {
		sideways, columns = "every column is shown", ""
	}
	return []binding{
		{id: "overlap.close", keys: []string{"esc", "q", "enter", "o"}, label: "close", help: "Close"},
		{id: "overlap.right", keys: []string{"right", "l"}, label: columns, help: "Show the columns further right", disabled: sideways},
		{id: "overlap.left", keys: []string{"left", "h"}, help: "Show the columns further left", disabled: sideways},
		{id: "overlap.down", keys: []string{"down", "j", "pgdown", "ctrl+d"}, label: "scroll", help: "Scroll down"},
		{id: "overlap.up", keys: []string{"up", "k", "pgup", "ctrl+u"}, help: "Scroll up"},
	}
}

func (d *overlapDialog) Cursor() *tea.Cursor { return nil }

const (
	overlapLetter = 4 // width of an entry's letter
	overlapCell   = 9 // width of a figure and the blank before it
	overlapLeast  = 7 // columns that fit wherever the whole screen does
)

func (d *overlapDialog) Draw(width, height int) string {
	w := min(width, 100)
	inner := w - 4
	lines := append(d.contributionLines(inner), "")
	lines = append(lines, d.matrixLines(inner)...)
	h := min(height, len(lines)+2)
	text := d.scroll.Draw(d.theme, lines, inner, max(1, h-2))
	t := boxText{
		title: "What each entry adds, and what they share", right: plural(d.unique, "recipient", "recipients"),
		foot: d.place(), bottom: d.scroll.Place(),
	}
	return d.theme.box(t, indent(text), w, h, true)
}

// place says which columns of the matrix are shown.
func (d *overlapDialog) place() string {
	if d.shown >= len(d.entries) {
		return ""
	}
	return fmt.Sprintf("columns %s–%s of %s", entryLetter(d.left), entryLetter(d.left+d.shown-1), entryLetter(len(d.entries)-1))
}

// contributionLines are the legend of the matrix too.
func (d *overlapDialog) contributionLines(width int) []string {
	th := d.theme
	name := max(10, width-overlapLetter-2*overlapCell-2)
	row := func(letter, entry, reaches, alone string) string {
		return th.cell(letter, overlapLetter) + th.cell(entry, name) + " " + th.cellRight(reaches, overlapCell) + " " + th.cellRight(alone, overlapCell)
	}
	lines := []string{th.heading.Render(row("", "Entry", "Reaches", "Alone"))}
	for i, c := range d.entries {
		entry := c.Entry.String()
		switch {
		case c.Entry.Exclude:
			entry = "-" + entry
		case c.Entry.Within:
			entry = "&" + entry
		}
		if c.Unknown() {
			lines = append(lines, th.bad.Render(row(entryLetter(i), entry, "?", "?")))
			continue
		}
		lines = append(lines, th.text.Render(row(entryLetter(i), entry, count(c.Recipients), count(c.Alone))))
	}
	alone := "Alone: who would not be in the audience without the entry; of a - entry, who would be in it; of a & entry, who would fall outside."
	lines = append(lines, "")
	for _, l := range wrap(th, alone, width) {
		lines = append(lines, th.muted.Render(l))
	}
	return lines
}

// matrixLines are the recipients that every two entries both reach.
func (d *overlapDialog) matrixLines(width int) []string {
	th := d.theme
	n := len(d.entries)
	d.shown = min(n, max(1, (width-overlapLetter)/overlapCell))
	d.left = max(0, min(d.left, n-d.shown))
	lines := []string{th.heading.Render("In both")}
	var head strings.Builder
	head.WriteString(spaces(overlapLetter))
	for j := d.left; j < d.left+d.shown; j++ {
		head.WriteString(th.cellRight(entryLetter(j), overlapCell))
	}
	lines = append(lines, th.heading.Render(head.String()))
	for i := range n {
		var b strings.Builder
		b.WriteString(th.heading.Render(th.cell(entryLetter(i), overlapLetter)))
		for j := d.left; j < d.left+d.shown; j++ {
			text, style := count(d.matrix[i][j]), th.text
			switch {
			case d.entries[i].Unknown() || d.entries[j].Unknown():
				text, style = "?", th.bad
			case i == j:
				style = th.accent
			case d.matrix[i][j] == 0:
				text, style = "·", th.muted
			}
			b.WriteString(style.Render(th.cellRight(text, overlapCell)))
		}
		lines = append(lines, b.String())
	}
	return lines
}
