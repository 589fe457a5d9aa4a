package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// The tasks of the facets.
const (
	taskFacetAttributes = "facets.attributes"
	taskFacetValues     = "facets.values"
	taskFacetMatches    = "facets.matches"
)

// facetList is first the attributes with the number of their values, then the
// values of the chosen one with counts and bars.
type facetList struct {
	shared
	width, height int
	table         *table
	narrow        []narrowing // what the rows are narrowed to
	attributes    facetAttributes
	chosen        *model.Attribute // nil: the attributes are shown
	values        facetValues
	loading       bool
	failed        *model.Error

	search input
	typing bool
	column int // of the text cursor, after draw
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
	// facetMatchesMsg are the values that hold the searched text, as indexes.
	facetMatchesMsg struct {
		attribute model.AttrID
		shown     []int
	}
	// attributeCount is how many values of an attribute there are.
	attributeCount struct {
		attribute model.Attribute
		values    int
	}
)

func newFacetList(s shared) *facetList {
	l := &facetList{shared: s, loading: true}
	l.attributes.theme = s.theme
	l.search.placeholder = "search the values"
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

// load counts for the rows that are shown now. The values of an attribute are
// counted among the users whom the other facets and the filter leave: so
// another value can be chosen besides the one that is.
func (l *facetList) load(q userQuery, rows userRows) tea.Cmd {
	l.narrow = q.narrow
	l.attributes.narrow = q.narrow
	if rows.snapshot == nil {
		return nil
	}
	snapshot, shown := rows.snapshot, rows.rows
	if l.chosen == nil {
		narrow := q.narrow
		return l.tasks.run(taskFacetAttributes, func(ctx context.Context) tea.Msg {
			counts, err := countAttributes(ctx, snapshot, shown, narrow)
			return facetAttributesMsg{counts, err}
		})
	}
	id, ws := l.chosen.ID, l.ws
	l.values.chosen = nil
	if n, narrowed := narrowedBy(q.narrow, id); narrowed {
		l.values.chosen = n.values
		shown = nil
	}
	others := userQuery{narrow: without(q.narrow, id), text: q.text}
	return l.tasks.run(taskFacetValues, func(ctx context.Context) tea.Msg {
		var err error
		if shown == nil {
			snapshot, shown, err = others.anyOrder(ctx, ws)
		}
		if err != nil {
			return facetValuesMsg{err: err}
		}
		f, err := snapshot.Facets(ctx, id, shown)
		return facetValuesMsg{f, err}
	})
}

// fewValues is how many values an attribute may have without being asked
// whether they group users at all.
const fewValues = 20

// countAttributes leaves out what cannot narrow: moments in time, attributes
// that nobody has or in which all are alike, and ones like names and telephone
// numbers that tell all or most users apart. Those that the rows are narrowed to stand first, whatever
// they have.
func countAttributes(ctx context.Context, s *directory.Snapshot, rows []int32, narrow []narrowing) ([]attributeCount, error) {
	var first, counts []attributeCount
	sample := sampled(rows)
	for _, a := range s.Schema().Synced() {
		if a.Type.IsCollection() || a.Type == model.TypeTime || a.ID == model.AttrObjectID {
			continue
		}
		_, narrowed := narrowedBy(narrow, a.ID)
		if unique, err := tellsApart(ctx, s, a.ID, sample); err != nil || unique && !narrowed {
			if err != nil {
				return nil, err
			}
			continue
		}
		f, err := s.Facets(ctx, a.ID, rows)
		if err != nil {
			return nil, err
		}
		n, users := len(f.Values), len(rows)-f.Null
		switch {
		case narrowed:
			first = append(first, attributeCount{a, n})
		case n == 0 || n == 1 && f.Null == 0 || n > 1 && n == users || n > fewValues && 2*n > users:
		default:
			counts = append(counts, attributeCount{a, n})
		}
	}
	return append(first, counts...), nil
}

// sampleSize is how many users are looked at to see whether an attribute tells
// them apart. Where ten users share each value, a sample of so many holds
// dozens of pairs.
const sampleSize = 4000

// sampled are rows from all over.
func sampled(rows []int32) []int32 {
	if len(rows) <= 2*sampleSize {
		return nil // as quick to look at all
	}
	sample := make([]int32, sampleSize)
	for i := range sample {
		sample[i] = rows[i*(len(rows)/sampleSize)]
	}
	return sample
}

// tellsApart reports whether next to no two users of a sample share a value:
// to count a million values takes long, and nobody narrows by one of them.
func tellsApart(ctx context.Context, s *directory.Snapshot, a model.AttrID, sample []int32) (bool, error) {
	if sample == nil {
		return false, nil
	}
	f, err := s.Facets(ctx, a, sample)
	users := len(sample) - f.Null
	return users >= sampleSize/20 && len(f.Values) >= users-users/200, err
}

func (l *facetList) answered(msg tea.Msg) {
	switch msg := msg.(type) {
	case facetAttributesMsg:
		l.loading, l.failed = false, model.AsError(msg.err)
		if msg.err != nil {
			return
		}
		l.attributes.list = msg.counts
		if l.chosen == nil {
			l.table.SetRows(&l.attributes)
		}
	case facetValuesMsg:
		l.loading, l.failed = false, model.AsError(msg.err)
		if msg.err == nil && l.chosen != nil && msg.facets.Attribute.ID == l.chosen.ID {
			chosen := l.values.chosen
			l.values = newFacetValues(l.theme, msg.facets)
			l.values.chosen = chosen
			l.table.SetRows(&l.values)
		}
	case facetMatchesMsg:
		if l.chosen != nil && msg.attribute == l.chosen.ID {
			l.values.shown = msg.shown
			l.table.SetRows(&l.values)
		}
	}
}

// match looks for the searched text among the values: there may be a hundred
// thousand of them.
func (l *facetList) match() tea.Cmd {
	id, list, text := l.chosen.ID, l.values.list, rule.Fold(l.search.Value())
	return l.tasks.run(taskFacetMatches, func(ctx context.Context) tea.Msg {
		if text == "" {
			return facetMatchesMsg{attribute: id}
		}
		shown := []int{}
		for i, f := range list {
			if i&0xfff == 0 && ctx.Err() != nil {
				return nil
			}
			if strings.Contains(rule.Fold(facetText(f.Value)), text) {
				shown = append(shown, i)
			}
		}
		return facetMatchesMsg{id, shown}
	})
}

// value is the one under the cursor.
func (l *facetList) value() (string, bool) {
	i := l.table.Cursor()
	if l.chosen == nil || i < 0 {
		return "", false
	}
	return l.values.at(i).Value, true
}

// attribute is the one under the cursor.
func (l *facetList) attribute() (model.Attribute, bool) {
	i := l.table.Cursor()
	if l.chosen != nil || i < 0 {
		return model.Attribute{}, false
	}
	return l.attributes.list[i].attribute, true
}

// open goes from the attribute under the cursor to its values.
func (l *facetList) open(q userQuery, rows userRows) tea.Cmd {
	a, ok := l.attribute()
	if !ok {
		return nil
	}
	l.chosen, l.loading = &a, true
	l.values = facetValues{theme: l.theme}
	l.restart(l.valueColumns(), &l.values)
	return l.load(q, rows)
}

// back goes from the values to the attributes.
func (l *facetList) back(q userQuery, rows userRows) tea.Cmd {
	from := l.chosen.Rule
	l.chosen, l.loading = nil, false
	l.search.SetValue("")
	l.restart(l.attributeColumns(), &l.attributes)
	l.table.Want(from)
	return l.load(q, rows)
}

// restart shows other rows from their top.
func (l *facetList) restart(columns []column, rows tableRows) {
	l.table = newTable(l.theme, columns...)
	l.table.SetSize(l.width, l.height)
	l.table.SetRows(rows)
}

func (l *facetList) draw(width, height int, counted string) string {
	th := l.theme
	t := boxText{title: "Facets", right: counted}
	content := l.table.Draw(!l.typing)
	if l.chosen != nil {
		t.title = "Facets ▸ " + clean(l.chosen.Label)
		t.right = joinNonEmpty(" · ", counted, count(len(l.values.list)))
	}
	switch {
	case l.typing:
		const sign = "▸ / "
		t.right = ""
		field, column := l.search.Draw(th, max(1, width-th.width(t.title)-th.width(sign)-9))
		t.field, l.column = th.key.Render(sign)+field, 3+th.width(t.title)+th.width(sign)+column
	case l.search.Value() != "":
		t.title += " ▸ / " + clean(l.search.Value())
		t.right = count(l.values.Len()) + " of " + count(len(l.values.list))
	}
	switch {
	case l.failed != nil:
		content = th.centred([]string{th.bad.Render("✗ " + clean(l.failed.Message))}, width-2, height-2)
	case l.loading && l.table.Len() == 0:
		content = th.centred([]string{th.muted.Render("Counting …")}, width-2, height-2)
	case l.table.Len() == 0 && l.search.Value() != "":
		content = th.centred([]string{"No value matches"}, width-2, height-2)
	case l.table.Len() == 0:
		content = th.centred([]string{"Nothing to narrow by"}, width-2, height-2)
	}
	return th.box(t, content, width, height, true)
}

// facetAttributes are the rows of the first list.
type facetAttributes struct {
	theme  *theme
	list   []attributeCount
	narrow []narrowing
}

func (f *facetAttributes) Len() int        { return len(f.list) }
func (f *facetAttributes) ID(i int) string { return f.list[i].attribute.Rule }

func (f *facetAttributes) Find(id string) int {
	return slices.IndexFunc(f.list, func(c attributeCount) bool { return c.attribute.Rule == id })
}

func (f *facetAttributes) Marked(i int) bool {
	_, narrowed := narrowedBy(f.narrow, f.list[i].attribute.ID)
	return narrowed
}

func (f *facetAttributes) Cells(i int, cells []tableCell) {
	c := f.list[i]
	cells[0].text = c.attribute.Label
	cells[1].text = count(c.values)
	if n, narrowed := narrowedBy(f.narrow, c.attribute.ID); narrowed {
		cells[0] = tableCell{text: c.attribute.Label + ": " + n.valueText(), style: &f.theme.accent}
	}
}

// facetValues are the rows of the second list; a null is a value like others.
type facetValues struct {
	theme  *theme
	list   []directory.Facet
	shown  []int // indexes into list that match the search; nil: all
	chosen []string
	most   int
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

func (f *facetValues) Len() int {
	if f.shown != nil {
		return len(f.shown)
	}
	return len(f.list)
}

func (f *facetValues) at(i int) directory.Facet {
	if f.shown != nil {
		i = f.shown[i]
	}
	return f.list[i]
}

func (f *facetValues) ID(i int) string { return f.at(i).Value }

func (f *facetValues) Find(id string) int {
	for i := range f.Len() {
		if f.at(i).Value == id {
			return i
		}
	}
	return -1
}

func (f *facetValues) Marked(i int) bool { return slices.Contains(f.chosen, f.at(i).Value) }

func (f *facetValues) Cells(i int, cells []tableCell) {
	v := f.at(i)
	cells[0].text = facetText(v.Value)
	if v.Value == "" {
		cells[0].style = &f.theme.muted
	}
	cells[1].text = count(v.Count)
	cells[2] = tableCell{text: barText(v.Count, f.most, barWidth), style: &f.theme.barFull}
}
