package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// askDialog asks for one line of text.
type askDialog struct {
	theme    *theme
	title    string
	lead     string // one or two sentences above the field
	field    input
	hint     string // what enter does: "writes the file"
	problem  string // why the text was not taken
	submit   func(text string) (cmd tea.Cmd, problem string)
	cursorAt *tea.Cursor
}

func (d *askDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "esc":
			return nil, true
		case "enter":
			cmd, problem := d.submit(strings.TrimSpace(d.field.Value()))
			d.problem = problem
			return cmd, problem == ""
		}
	}
	if changed, _ := d.field.Handle(msg); changed {
		d.problem = ""
	}
	return nil, false
}

func (d *askDialog) Bindings() []binding {
	return []binding{
		{id: "ask.submit", keys: []string{"enter"}, label: d.hint, help: "Take the text"},
		{id: "ask.cancel", keys: []string{"esc"}, label: "cancel", help: "Close without doing anything"},
	}
}

func (d *askDialog) Cursor() *tea.Cursor { return d.cursorAt }

func (d *askDialog) Draw(width, _ int) string {
	th := d.theme
	w := min(approvalWidth, width)
	inner := w - 4
	lines := wrap(th, d.lead, inner)
	lines = append(lines, "")
	field, column := d.field.Draw(th, inner-2)
	d.cursorAt = tea.NewCursor(2+2+column, 1+len(lines))
	lines = append(lines, th.accent.Render("▸ ")+field, "")
	if d.problem != "" {
		for _, l := range wrap(th, d.problem, inner) {
			lines = append(lines, th.bad.Render(l))
		}
	} else {
		lines = append(lines, th.muted.Render(th.cut("enter "+d.hint+" · esc cancels", inner)))
	}
	return th.box(boxText{title: d.title}, " "+strings.Join(lines, "\n "), w, len(lines)+2, true)
}
