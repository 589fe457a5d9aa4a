package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
)

// The tasks of the facets.
const (
	taskFacetAttributes = "facets.attributes"
	taskFacetValues     = "facets.values"
)

// facetList is first the attributes with the number of their values, then the
// values of the chosen one with counts and bars.
type facetList struct {
	shared
	width, height int
	table         *table
	attributes    facetAttributes
	chosen        *model.Attribute // nil: the attributes are shown
	values        facetValues
	loading       bool
	failed        *model.Error
}

type (
	facetAttributesMsg struct {
		counts []attributeCount
		err    error
	}
	facetValuesMsg struct {
		facets directory.Facets
		err    error
	}
	// attributeCount is how many values of an attribute there are.
	attributeCount struct {
		attribute model.Attribute
		values    int
		null      int
	}
)

func newFacetList(s shared) *facetList {
	l := &facetList{shared: s, loading: true}
	l.table = newTable(s.theme, l.attributeColumns()...)
	return l
}

func (l *facetList) attributeColumns() []column {
	return []column{
		{title: "Attribute", width: 18, least: 10, grows: true},
		{title: "Values", width: 8, least: 6, right: true},
	}
}

// barWidth is the room for a value's bar.
const barWidth = 8

func (l *facetList) valueColumns() []column {
	return []column{
		{title: "Value", width: 18, least: 10, grows: true},
		{title: "Users", width: 8, least: 6, right: true},
		{title: "", width: barWidth, least: barWidth},
	}
}

func (l *facetList) setSize(width, height int) {
	l.width, l.height = width, height
	l.table.SetSize(width, height)
}

// load counts over the rows that are shown now.
func (l *facetList) load(rows *userRows) tea.Cmd {
	snapshot, shown := rows.snapshot, rows.rows
	if snapshot == nil {
		return nil
	}
	if l.chosen != nil {
		id := l.chosen.ID
		return l.tasks.run(taskFacetValues, func(ctx context.Context) tea.Msg {
			f, err := snapshot.Facets(ctx, id, shown)
			return facetValuesMsg{f, err}
		})
	}
	return l.tasks.run(taskFacetAttributes, func(ctx context.Context) tea.Msg {
		counts, err := countAttributes(ctx, snapshot, shown)
		return facetAttributesMsg{counts, err}
	})
}

// fewValues is how many values an attribute may have without being asked
// whether they group users at all.
const fewValues = 20

// countAttributes leaves out what cannot narrow: attributes of many values or
// moments in time, ones that nobody has, and ones like names and telephone
// numbers that tell all or most users apart.
func countAttributes(ctx context.Context, s *directory.Snapshot, rows []int32) ([]attributeCount, error) {
	var counts []attributeCount
	for _, a := range s.Schema().Synced() {
		if a.Type == model.TypeCollection || a.Type == model.TypeTime || a.ID == model.AttrObjectID {
			continue
		}
		f, err := s.Facets(ctx, a.ID, rows)
		if err != nil {
			return nil, err
		}
		n, users := len(f.Values), len(rows)-f.Null
		if n == 0 || n > 1 && n == users || n > fewValues && 2*n > users {
			continue
		}
		counts = append(counts, attributeCount{a, len(f.Values), f.Null})
	}
	return counts, nil
}

func (l *facetList) answered(msg tea.Msg) {
	l.loading, l.failed = false, nil
	switch msg := msg.(type) {
	case facetAttributesMsg:
		if msg.err != nil {
			l.failed = model.AsError(msg.err)
			return
		}
		l.attributes = msg.counts
		if l.chosen == nil {
			l.table.SetRows(l.attributes)
		}
	case facetValuesMsg:
		if msg.err != nil {
			l.failed = model.AsError(msg.err)
			return
		}
		if l.chosen != nil && msg.facets.Attribute.ID == l.chosen.ID {
			l.values = newFacetValues(l.theme, msg.facets)
			l.table.SetRows(&l.values)
		}
	}
}

// choose goes from an attribute to its values; from a value it returns the
// narrowing.
func (l *facetList) choose(rows *userRows) (chosen narrowing, cmd tea.Cmd, ok bool) {
	i := l.table.Cursor()
	if i < 0 {
		return narrowing{}, nil, false
	}
	if l.chosen != nil {
		return narrowing{attribute: *l.chosen, value: l.values.list[i].Value}, nil, true
	}
	l.chosen = &l.attributes[i].attribute
	l.loading = true
	l.restart(l.valueColumns(), &facetValues{})
	return narrowing{}, l.load(rows), false
}

// back goes from the values to the attributes.
func (l *facetList) back() bool {
	if l.chosen == nil {
		return false
	}
	from := l.chosen.Rule
	l.chosen, l.loading = nil, false
	l.restart(l.attributeColumns(), l.attributes)
	l.table.moveTo(max(0, l.attributes.Find(from)))
	return true
}

// restart shows other rows from their top.
func (l *facetList) restart(columns []column, rows tableRows) {
	l.table = newTable(l.theme, columns...)
	l.table.SetRows(rows)
	l.table.SetSize(l.width, l.height)
}

func (l *facetList) bindings() []binding {
	list := []binding{{id: "facets.choose", keys: []string{"enter"}, label: "values", help: "Show the values of the attribute"}}
	if l.chosen != nil {
		list[0].label, list[0].help = "narrow", "Show only the users with this value"
	}
	return append(append(list,
		binding{id: "facets.back", keys: []string{"esc"}, label: "back", help: "Back to the attributes, then close"},
		binding{id: "facets.close", keys: []string{"f"}, label: "close", help: "Close the facets"},
	), tableBindings()...)
}

func (l *facetList) draw(width, height int) string {
	title, right := "Facets", ""
	if l.chosen != nil {
		title = "Facets ▸ " + clean(l.chosen.Label)
		right = count(len(l.values.list))
	}
	content := l.table.Draw(true)
	th := l.theme
	switch {
	case l.failed != nil:
		content = th.centred([]string{th.bad.Render("✗ " + clean(l.failed.Message))}, width-2, height-2)
	case l.loading && l.table.Len() == 0:
		content = th.centred([]string{th.muted.Render("Counting …")}, width-2, height-2)
	}
	return th.box(boxText{title: title, right: right}, content, width, height, true)
}

// facetAttributes are the rows of the first list.
type facetAttributes []attributeCount

func (f facetAttributes) Len() int        { return len(f) }
func (f facetAttributes) ID(i int) string { return f[i].attribute.Rule }

func (f facetAttributes) Find(id string) int {
	for i, c := range f {
		if c.attribute.Rule == id {
			return i
		}
	}
	return -1
}

func (f facetAttributes) Cells(i int, cells []tableCell) {
	cells[0].text = f[i].attribute.Label
	cells[1].text = count(f[i].values)
}

// facetValues are the rows of the second list; a null is a value like others.
type facetValues struct {
	list  []directory.Facet
	most  int
	theme *theme
}

func newFacetValues(th *theme, f directory.Facets) facetValues {
	v := facetValues{list: append([]directory.Facet{}, f.Values...), theme: th}
	if f.Null > 0 {
		v.list = append(v.list, directory.Facet{Count: f.Null})
	}
	for _, x := range v.list {
		v.most = max(v.most, x.Count)
	}
	return v
}

func (f *facetValues) Len() int        { return len(f.list) }
func (f *facetValues) ID(i int) string { return f.list[i].Value }

func (f *facetValues) Find(id string) int {
	for i, v := range f.list {
		if v.Value == id {
			return i
		}
	}
	return -1
}

func (f *facetValues) Cells(i int, cells []tableCell) {
	v := f.list[i]
	cells[0].text = v.Value
	if v.Value == "" {
		cells[0] = tableCell{text: "(none)", style: &f.theme.muted}
	}
	cells[1].text = count(v.Count)
	cells[2] = tableCell{text: barText(v.Count, f.most, barWidth), style: &f.theme.barFull}
}
