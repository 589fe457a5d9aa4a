package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// picker is a list in a dialog that narrows as one types: the help and the
// menus are made of it. It knows its entries by their number and by the text
// that is searched.
type picker struct {
	search input
	texts  []string // lower case, one for each entry
	shown  []int    // entries that hold every typed word
	cursor int      // into shown
	offset int      // first of shown that is drawn
	column int      // of the text cursor, after draw
}

func newPicker(placeholder string, texts []string) picker {
	p := picker{texts: texts}
	p.search.placeholder = placeholder
	p.narrow()
	return p
}

func (p *picker) narrow() {
	words := strings.Fields(strings.ToLower(p.search.Value()))
	p.shown, p.cursor, p.offset = p.shown[:0], 0, 0
	for i, text := range p.texts {
		hit := true
		for _, w := range words {
			hit = hit && strings.Contains(text, w)
		}
		if hit {
			p.shown = append(p.shown, i)
		}
	}
}

// handle moves and narrows. It returns the entry that enter chose, -1 while
// none is chosen.
func (p *picker) handle(msg tea.Msg) (chosen int) {
	const page = 10
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "down", "ctrl+n":
			p.move(1)
			return -1
		case "up", "ctrl+p":
			p.move(-1)
			return -1
		case "pgdown":
			p.move(page)
			return -1
		case "pgup":
			p.move(-page)
			return -1
		case "enter":
			if len(p.shown) == 0 {
				return -1
			}
			return p.shown[p.cursor]
		}
	}
	if changed, _ := p.search.Handle(msg); changed {
		p.narrow()
	}
	return -1
}

func (p *picker) move(by int) { p.cursor = min(max(p.cursor+by, 0), max(0, len(p.shown)-1)) }

// draw shows the field and the entries of a box of w × h cells. row draws the
// inside of an entry's line; nothing is said when no entry is left.
func (p *picker) draw(th *theme, w, h int, row func(entry int, selected bool) string, nothing string) string {
	rows := max(1, h-4)
	p.offset = min(max(p.offset, p.cursor-rows+1), p.cursor)
	var b strings.Builder
	line, column := p.search.Draw(th, w-8)
	p.column = column
	b.WriteString(" " + th.key.Render("/") + " " + line + "\n")
	b.WriteString(th.border.Render(strings.Repeat("─", w-2)) + "\n")
	for i := p.offset; i < len(p.shown) && i < p.offset+rows; i++ {
		if i == p.cursor {
			b.WriteString(th.selected.Render(th.fit(" ▸ "+row(p.shown[i], true), w-2)))
		} else {
			b.WriteString("   " + row(p.shown[i], false))
		}
		b.WriteByte('\n')
	}
	if len(p.shown) == 0 {
		b.WriteString("\n   " + th.muted.Render(nothing))
	}
	return b.String()
}

// caret is where the text cursor stands in the dialog's box.
func (p *picker) caret() *tea.Cursor { return tea.NewCursor(4+p.column, 1) }
