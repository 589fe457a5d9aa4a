package tui

import (
	"strings"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/handover"
)

// usersCSV is a CSV with a header row of Graph's names and one user a row. The
// elements of a collection stand in one cell, parted by semicolons.
func usersCSV(s *directory.Snapshot, rows []int32, columns []model.AttrID) []byte {
	table := make([][]string, 0, len(rows)+1)
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = s.Schema().Attribute(c).Graph
	}
	table = append(table, header)
	for _, row := range rows {
		cells := make([]string, len(columns))
		user := s.User(row)
		for i, c := range columns {
			cells[i] = strings.Join(user.Values(c), "; ")
		}
		table = append(table, cells)
	}
	return handover.Table(table)
}
