package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/workspace"
)

// taskUsers is the query that fills the directory's table.
const taskUsers = "directory.rows"

// userRows are rows of a directory snapshot as a table shows them.
type userRows struct {
	snapshot   *directory.Snapshot
	rows       []int32
	attributes []model.Attribute // the columns
	marks      userMarks         // of snapshot
	places     map[string]int    // of rows that were looked up beforehand; -1: not among them
}

func (r *userRows) Len() int          { return len(r.rows) }
func (r *userRows) ID(i int) string   { return r.snapshot.ID(r.rows[i]) }
func (r *userRows) Marked(i int) bool { return r.marks.has(r.rows[i]) }

// Find looks at every row for an id that was not looked up beforehand.
func (r *userRows) Find(id string) int {
	if i, ok := r.places[id]; ok {
		return i
	}
	return r.place(id)
}

func (r *userRows) place(id string) int {
	if r.snapshot == nil {
		return -1
	}
	row, ok := r.snapshot.ByID(id)
	if !ok {
		return -1
	}
	return slices.Index(r.rows, row)
}

func (r *userRows) Cells(i int, cells []tableCell) {
	row := r.rows[i]
	for c, a := range r.attributes {
		if a.Type == model.TypePlans {
			cells[c].text = model.PlansText(r.snapshot.Values(row, a.ID))
			continue
		}
		cells[c].text = shownValue(a, r.snapshot.Value(row, a.ID))
		if a.ID == model.AttrDisplayName {
			cells[c].text = named(cells[c].text, r.snapshot.Value(row, model.AttrUserPrincipalName))
		}
	}
}

// shownValue writes a value for people: of a time at midnight the day is
// enough.
func shownValue(a model.Attribute, value string) string {
	if a.Type == model.TypeTime {
		if day, ok := strings.CutSuffix(value, "T00:00:00Z"); ok {
			return day
		}
	}
	return value
}

// shownValues writes all values of an attribute for people: of service plans
// the services, a text for each condition.
func shownValues(a model.Attribute, values []string) []string {
	var shown []string
	if a.Type == model.TypePlans {
		for _, p := range model.PlansByStatus(values) {
			shown = append(shown, p.String())
		}
		return shown
	}
	for _, v := range values {
		shown = append(shown, shownValue(a, v))
	}
	return shown
}

// named is a display name, or what stands for one that is blank.
func named(displayName, otherwise string) string {
	if strings.TrimSpace(displayName) == "" {
		return otherwise
	}
	return displayName
}

// userQuery says which users in which order.
type userQuery struct {
	narrow  []narrowing
	text    string // as typed after /
	sortBy  model.AttrID
	falling bool
}

// isEverybody reports whether the query leaves nobody out.
func (q userQuery) isEverybody() bool { return len(q.narrow) == 0 && q.text == "" }

func (q userQuery) equal(o userQuery) bool {
	return q.text == o.text && q.sortBy == o.sortBy && q.falling == o.falling && slices.EqualFunc(q.narrow, o.narrow, narrowing.equal)
}

// userBase is everybody whom the facets leave, in order: what a search begins
// with. It is kept, so that a keystroke does not sort again.
type userBase struct {
	snapshot *directory.Snapshot
	query    userQuery // without its text
	rows     []int32
	among    *directory.Set    // of rows; nil is everybody
	found    *directory.Result // the search before, which the next one may go on from
}

func (b userBase) serves(s *directory.Snapshot, q userQuery) bool {
	q.text = ""
	return b.snapshot == s && b.query.equal(q)
}

// userRowsMsg answers a query.
type userRowsMsg struct {
	query userQuery
	base  userBase
	rows  userRows
	asked userMarks // the marks as they were when the query began
	err   error
}

// run answers the query as a task. It starts from the base of the query before,
// where that serves, and carries the marks over to the snapshot that it
// answers from. ids are looked up among the rows.
func (q userQuery) run(s shared, base userBase, marks userMarks, ids ...string) tea.Cmd {
	return s.tasks.run(taskUsers, func(ctx context.Context) tea.Msg {
		msg := userRowsMsg{query: q, asked: marks}
		snapshot := s.ws.Directory()
		if !base.serves(snapshot, q) {
			base, msg.err = q.base(ctx, s.ws)
		}
		if msg.err == nil {
			msg.base, snapshot = base, base.snapshot
			msg.rows = userRows{snapshot: snapshot, rows: base.rows}
		}
		if msg.err == nil && q.text != "" {
			var found *directory.Result
			if found, msg.err = snapshot.Search(ctx, q.text, base.among, base.found); msg.err == nil {
				msg.base.found = found
				msg.rows.rows = found.Filter(base.rows)
			}
		}
		if msg.err == nil {
			msg.rows.marks, msg.err = marks.on(ctx, snapshot)
		}
		if msg.err != nil {
			return msg
		}
		msg.rows.places = make(map[string]int, len(ids))
		for _, id := range ids {
			msg.rows.places[id] = msg.rows.place(id)
		}
		return msg
	})
}

// base selects and sorts, without the text.
func (q userQuery) base(ctx context.Context, ws *workspace.Workspace) (userBase, error) {
	snapshot, rows, err := narrowed(ctx, ws, q.narrow)
	if err != nil {
		return userBase{}, err
	}
	if q.sortBy != model.AttrDisplayName || q.falling {
		if rows, err = snapshot.Sort(ctx, rows, q.sortBy, q.falling); err != nil {
			return userBase{}, err
		}
	}
	q.text = ""
	base := userBase{snapshot: snapshot, query: q, rows: rows}
	if len(q.narrow) > 0 {
		base.among = snapshot.SetOf(rows)
	}
	return base, nil
}

// anyOrder is the users of the query in no particular order.
func (q userQuery) anyOrder(ctx context.Context, ws *workspace.Workspace) (*directory.Snapshot, []int32, error) {
	snapshot, rows, err := narrowed(ctx, ws, q.narrow)
	if err != nil || q.text == "" {
		return snapshot, rows, err
	}
	found, err := snapshot.Search(ctx, q.text, snapshot.SetOf(rows), nil)
	if err != nil {
		return nil, nil, err
	}
	return snapshot, found.Filter(rows), nil
}
