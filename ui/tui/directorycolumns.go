package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
)

// startColumns are the columns before any were chosen, as far as the profile
// syncs them.
func startColumns(schema *model.Schema) []model.AttrID {
	wanted := []model.AttrID{model.AttrDisplayName, model.AttrDepartment, model.AttrJobTitle, model.AttrOfficeLocation, model.AttrMail}
	return slices.DeleteFunc(wanted, func(a model.AttrID) bool { return !schema.IsSynced(a) })
}

// everyColumn is the chosen columns, then every other synced attribute.
func (p *directoryPane) everyColumn() []model.AttrID {
	all := slices.Clone(p.columns)
	for _, a := range p.ws.Schema().Synced() {
		if !slices.Contains(p.columns, a.ID) {
			all = append(all, a.ID)
		}
	}
	return all
}

// setColumns gives the table its columns. The heading shows the order of the
// rows that are there.
func (p *directoryPane) setColumns() {
	columns := make([]column, len(p.columns))
	p.rows.attributes = make([]model.Attribute, len(p.columns))
	for i, id := range p.columns {
		a := p.ws.Schema().Attribute(id)
		c := column{title: a.Label, width: max(a.Width, len(a.Label)+2)}
		switch id {
		case model.AttrDisplayName:
			c.least, c.grows = 16, true
		case model.AttrDepartment:
			c.least = 13
		case model.AttrJobTitle:
			c.least = 17
		case model.AttrOfficeLocation:
			c.least = 10
		case model.AttrMail, model.AttrUserPrincipalName:
			c.least, c.grows = 24, true
		}
		if id == p.shown.sortBy {
			c.sort = 1
			if p.shown.falling {
				c.sort = -1
			}
		}
		columns[i], p.rows.attributes[i] = c, a
	}
	p.table.SetColumns(columns)
}

// columnsMsg is the choice of the columns dialog.
type columnsMsg struct{ columns []model.AttrID }

// columnsDialog chooses and orders the columns.
type columnsDialog struct {
	shared
	list    []model.AttrID // the chosen ones first, in their order
	chosen  int            // how many of list are chosen
	visible int            // how many columns the table had room for when the dialog opened
	cursor  int
	offset  int
}

func newColumnsDialog(p *directoryPane) *columnsDialog {
	d := &columnsDialog{shared: p.shared, list: p.everyColumn(), chosen: len(p.columns)}
	for _, w := range p.table.widths {
		if w > 0 {
			d.visible++
		}
	}
	return d
}

func (d *columnsDialog) Bindings() []binding {
	list := []binding{
		{id: "columns.apply", keys: []string{"enter"}, label: "apply", help: "Show these columns"},
		{id: "columns.choose", keys: []string{"space"}, label: "show/hide", help: "Show the column, or leave it out"},
		{id: "columns.left", keys: []string{"K"}, label: "left", help: "Move the column one to the left"},
		{id: "columns.right", keys: []string{"J"}, label: "right", help: "Move the column one to the right"},
		{id: "columns.cancel", keys: []string{"esc"}, label: "cancel", help: "Leave the columns as they were"},
		{id: "columns.reset", keys: []string{"u"}, help: "Take the columns of the start"},
	}
	return append(list, tableBindings()...)
}

func (d *columnsDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil, false
	}
	b, ok := find(d.Bindings(), k)
	if !ok {
		return nil, false
	}
	const page = 10
	switch b.id {
	case "columns.apply":
		return emit(columnsMsg{slices.Clone(d.list[:d.chosen])}), true
	case "columns.cancel":
		return nil, true
	case "columns.choose":
		return d.toggle(), false
	case "columns.left":
		d.swap(d.cursor - 1)
	case "columns.right":
		d.swap(d.cursor + 1)
	case "columns.reset":
		d.reset()
	case "table.down":
		d.cursor++
	case "table.up":
		d.cursor--
	case "table.pageDown", "table.halfDown":
		d.cursor += page
	case "table.pageUp", "table.halfUp":
		d.cursor -= page
	case "table.first":
		d.cursor = 0
	case "table.last":
		d.cursor = len(d.list) - 1
	}
	d.cursor = min(max(d.cursor, 0), len(d.list)-1)
	return nil, false
}

// toggle shows the column under the cursor as the last one, or leaves it out.
func (d *columnsDialog) toggle() tea.Cmd {
	id := d.list[d.cursor]
	switch {
	case d.cursor >= d.chosen:
		d.list = slices.Insert(slices.Delete(d.list, d.cursor, d.cursor+1), d.chosen, id)
		d.cursor, d.chosen = d.chosen, d.chosen+1
	case d.chosen == 1:
		return toast(levelInfo, "A table needs a column")
	default:
		d.list = slices.Insert(slices.Delete(d.list, d.cursor, d.cursor+1), d.chosen-1, id)
		d.chosen--
	}
	return nil
}

// swap moves the column under the cursor to another place among the chosen.
func (d *columnsDialog) swap(to int) {
	if d.cursor < d.chosen && to >= 0 && to < d.chosen {
		d.list[d.cursor], d.list[to] = d.list[to], d.list[d.cursor]
		d.cursor = to
	}
}

func (d *columnsDialog) reset() {
	start := startColumns(d.ws.Schema())
	rest := slices.DeleteFunc(d.list, func(a model.AttrID) bool { return slices.Contains(start, a) })
	slices.Sort(rest)
	d.list, d.chosen, d.cursor = append(start, rest...), len(start), 0
}

func (d *columnsDialog) Draw(width, height int) string {
	th := d.theme
	w, h := min(width, 48), min(height, len(d.list)+3)
	rows := max(1, h-2)
	d.offset = min(max(d.offset, d.cursor-rows+1), d.cursor)
	var b strings.Builder
	for i := d.offset; i < min(len(d.list), d.offset+rows); i++ {
		sign, note := "○", ""
		if i < d.chosen {
			sign = "●"
			if i >= d.visible {
				note = "no room now"
			}
		}
		line := sign + " " + th.cell(d.ws.Schema().Attribute(d.list[i]).Label, w-9-th.width(note)) + " " + note
		switch {
		case i == d.cursor:
			b.WriteString(th.selected.Render(th.fit(" ▸ "+line, w-2)))
		case i < d.chosen:
			b.WriteString("   " + line)
		default:
			b.WriteString("   " + th.muted.Render(line))
		}
		b.WriteByte('\n')
	}
	return th.box(boxText{title: "Columns", right: fmt.Sprintf("%d of %d", d.chosen, len(d.list))}, b.String(), w, h, true)
}

func (d *columnsDialog) Cursor() *tea.Cursor { return nil }
