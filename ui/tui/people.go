package tui

import (
	"context"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
)

// people are those whom a snapshot or a saved list holds. There may be a
// million of them: what a line shows is looked up when it is drawn.
type people struct {
	title, foot string
	addresses   []string
	ids         []string // object ids, in the same order; shorter, or "", where they are not known
	names       []string // for those whom the directory does not hold; may be shorter
	remarks     []string // may be shorter
}

// peopleView shows people in a table, and searches them.
type peopleView struct {
	shared
	*people
	table     *table
	search    input
	searching bool
}

const taskPeopleSearch = "people.search"

// peopleSearchedMsg answers a search.
type peopleSearchedMsg struct {
	people *people
	shown  []int32 // nil: all
}

func newPeopleView(s shared, p *people) *peopleView {
	columns := []column{
		{title: "Address", width: 36, least: 20, grows: true},
		{title: "Name today", width: 24, least: 12, grows: true},
	}
	if len(p.remarks) > 0 {
		columns = append(columns, column{title: "Remarks", width: 22, least: 10})
	}
	v := &peopleView{shared: s, people: p, table: newTable(s.theme, columns...)}
	v.search.placeholder = "part of an address or name"
	v.show(nil)
	return v
}

func (v *peopleView) show(shown []int32) {
	v.table.SetRows(&peopleRows{shared: v.shared, people: v.people, shown: shown})
}

// answered takes the answer of a search.
func (v *peopleView) answered(msg peopleSearchedMsg) {
	if msg.people == v.people {
		v.show(msg.shown)
	}
}

// find shows those whose address or name holds every word of the search.
func (v *peopleView) find() tea.Cmd {
	p, rows, words := v.people, &peopleRows{shared: v.shared, people: v.people}, strings.Fields(strings.ToLower(v.search.Value()))
	return v.tasks.run(taskPeopleSearch, func(ctx context.Context) tea.Msg {
		if len(words) == 0 {
			return peopleSearchedMsg{p, nil}
		}
		shown := make([]int32, 0, 64)
		for i, address := range p.addresses {
			if i%4096 == 0 && ctx.Err() != nil {
				return nil // overtaken by the next keystroke
			}
			text := strings.ToLower(address + "\n" + rows.name(i))
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
				shown = append(shown, int32(i))
			}
		}
		return peopleSearchedMsg{p, shown}
	})
}

func (v *peopleView) bindings() []binding {
	if v.searching {
		return []binding{
			{id: "people.searchCancel", keys: []string{"esc"}, label: "clear", help: "Show all of them again"},
			{id: "people.searchDone", keys: []string{"enter"}, label: "keep", help: "Keep the search and go to the addresses"},
		}
	}
	return append([]binding{
		{id: "people.back", keys: []string{"esc", "enter"}, label: "back", help: "Go back"},
		{id: "people.search", keys: []string{"/"}, label: "search", help: "Search the addresses and names"},
		{id: "people.export", keys: []string{"e"}, label: "export", help: "Write the addresses into a file"},
		{id: "people.copy", keys: []string{"y"}, label: "copy", help: "Copy the address under the cursor"},
	}, tableBindings()...)
}

// key handles a key but "people.back" and "people.export", which the owner
// does: it gets their ids.
func (v *peopleView) key(msg tea.KeyPressMsg) (cmd tea.Cmd, id string, handled bool) {
	if v.searching {
		switch msg.String() {
		case "enter", "down", "tab":
			v.searching = false
			return nil, "", true
		case "esc":
			v.searching = false
			v.search.SetValue("")
			return v.find(), "", true
		}
		changed, handled := v.search.Handle(msg)
		if changed {
			return v.find(), "", true
		}
		return nil, "", handled
	}
	b, ok := find(v.bindings(), msg)
	switch {
	case !ok || b.disabled != "":
		return nil, "", false
	case b.id == "people.search":
		v.searching = true
	case b.id == "people.copy":
		return emit(copyMsg{text: v.address(), what: "Address"}), "", true
	case b.id == "people.back", b.id == "people.export":
		return nil, b.id, true
	default:
		v.table.Handle(msg)
	}
	return nil, "", true
}

// address is the one under the cursor.
func (v *peopleView) address() string {
	if i := v.table.Cursor(); i >= 0 {
		return v.addresses[v.table.rows.(*peopleRows).at(i)]
	}
	return ""
}

func (v *peopleView) isSearched() bool { return v.searching || v.search.Value() != "" }

func (v *peopleView) draw(width, height int) string {
	th := v.theme
	inner, rows := width-2, height-2
	t := boxText{title: clean(v.title), right: count(len(v.addresses)), foot: clean(v.foot)}
	if n := v.table.Len(); n != len(v.addresses) {
		t.right = count(n) + " of " + t.right
	}
	var lines []string
	if v.isSearched() {
		field, _ := v.search.Draw(th, inner-4)
		lines = append(lines, " "+th.key.Render("/")+" "+field)
		rows--
	}
	v.table.SetSize(max(1, inner), max(1, rows))
	switch {
	case len(v.addresses) == 0:
		lines = append(lines, "", th.muted.Render("  Nobody is in it."))
	case v.table.Len() == 0:
		lines = append(lines, "", th.text.Render("  Nobody matches the search."))
	default:
		lines = append(lines, v.table.Draw(!v.searching))
	}
	return th.box(t, strings.Join(lines, "\n"), width, height, true)
}

// cursor is in the search of a view of the given width.
func (v *peopleView) cursor(width int) *tea.Cursor {
	if !v.searching {
		return nil
	}
	_, column := v.search.Draw(v.theme, width-6)
	return tea.NewCursor(4+column, 1)
}

// peopleRows are people as a table shows them.
type peopleRows struct {
	shared
	*people
	shown []int32 // nil: all
}

func (r *peopleRows) Len() int {
	if r.shown == nil {
		return len(r.addresses)
	}
	return len(r.shown)
}

func (r *peopleRows) at(i int) int {
	if r.shown == nil {
		return i
	}
	return int(r.shown[i])
}

// ID is the place: two people may share an address, or have none.
func (r *peopleRows) ID(i int) string { return strconv.Itoa(r.at(i)) }

func (r *peopleRows) Find(id string) int {
	i, err := strconv.Atoi(id)
	found := err == nil && i < len(r.addresses)
	if found && r.shown != nil {
		i, found = slices.BinarySearch(r.shown, int32(i))
	}
	if !found {
		return -1
	}
	return i
}

// name is what the directory calls somebody today, or what is known instead.
func (r *peopleRows) name(i int) string {
	if i < len(r.ids) && r.ids[i] != "" {
		directory := r.ws.Directory()
		if row, ok := directory.ByID(r.ids[i]); ok {
			return directory.Value(row, model.AttrDisplayName)
		}
	}
	if i < len(r.names) {
		return r.names[i]
	}
	return ""
}

func (r *peopleRows) Cells(i int, cells []tableCell) {
	i = r.at(i)
	cells[0].text = named(r.addresses[i], "no address")
	cells[1].text = r.name(i)
	if len(cells) > 2 {
		cells[2] = tableCell{style: &r.theme.warn}
		if i < len(r.remarks) {
			cells[2].text = r.remarks[i]
		}
	}
}
