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
	attributes []model.AttrID // the columns
}

func (r *userRows) Len() int        { return len(r.rows) }
func (r *userRows) ID(i int) string { return r.snapshot.ID(r.rows[i]) }

func (r *userRows) Find(id string) int {
	row, ok := r.snapshot.ByID(id)
	if !ok {
		return -1
	}
	return slices.Index(r.rows, row)
}

func (r *userRows) Cells(i int, cells []tableCell) {
	row := r.rows[i]
	for c, a := range r.attributes {
		cells[c].text = r.snapshot.Value(row, a)
		if a == model.AttrDisplayName {
			cells[c].text = named(cells[c].text, r.snapshot.Value(row, model.AttrUserPrincipalName))
		}
	}
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
	rule    string // "" is everybody
	text    string // as typed after /
	sortBy  model.AttrID
	falling bool
}

type userRowsMsg struct {
	snapshot *directory.Snapshot
	rows     []int32
	err      error
}

func (q userQuery) run(s shared) tea.Cmd {
	return s.tasks.run(taskUsers, func(ctx context.Context) tea.Msg {
		snapshot, rows, err := q.rows(ctx, s.ws)
		return userRowsMsg{snapshot, rows, err}
	})
}

func (q userQuery) rows(ctx context.Context, ws *workspace.Workspace) (*directory.Snapshot, []int32, error) {
	snapshot := ws.Directory()
	rows := snapshot.All()
	var err error
	if q.rule != "" {
		selection, err := ws.Select(ctx, q.rule)
		if err != nil {
			return nil, nil, err
		}
		snapshot, rows = selection.Snapshot, selection.Snapshot.Rows(selection.Set)
	}
	if q.text != "" {
		if rows, err = snapshot.Search(ctx, q.text, rows); err != nil {
			return nil, nil, err
		}
	}
	if q.sortBy != model.AttrDisplayName || q.falling {
		if rows, err = snapshot.Sort(ctx, rows, q.sortBy, q.falling); err != nil {
			return nil, nil, err
		}
	}
	return snapshot, rows, nil
}
