package tui

import (
	"cmp"
	"slices"
	"strconv"

	"rollcall/model/writeback"
)

// reviewRows shows the rows of a review in a table.
type reviewRows struct {
	theme *theme
	*review
}

func (r reviewRows) Len() int        { return len(r.shown) }
func (r reviewRows) ID(i int) string { return strconv.Itoa(int(r.shown[i])) }

func (r reviewRows) Find(id string) int {
	row, err := strconv.ParseInt(id, 10, 32)
	if err != nil {
		return -1
	}
	if i, ok := slices.BinarySearch(r.shown, int32(row)); ok {
		return i
	}
	return -1
}

func (r reviewRows) Cells(i int, cells []tableCell) {
	row, th := int(r.shown[i]), r.theme
	sign := r.sign(row)
	style := &th.skipped
	switch sign {
	case '+':
		style = &th.added
	case '-':
		style = &th.removed
	}
	cells[0] = tableCell{text: string(sign), style: style}
	if row >= r.rows() {
		s := r.skip(row)
		cells[1] = tableCell{text: s.Entry, style: style}
		cells[3] = tableCell{text: s.Reason, style: &th.muted}
		return
	}
	ref := r.ref(row)
	upn := cmp.Or(ref.UserPrincipalName, ref.Mail)
	cells[1] = tableCell{text: named(ref.DisplayName, cmp.Or(upn, ref.ID)), style: style}
	cells[2] = tableCell{text: upn, style: style}
	cells[3].style = &th.muted
	if r.out.Test(uint(row)) {
		cells[3].text = "left out"
	}
	if j, ok := r.journal(row); ok {
		cells[3].text = rowStateText(j)
		switch j.State {
		case writeback.RowDone, writeback.RowAlready:
			cells[3].style = &th.good
		case writeback.RowFailed:
			cells[3].style = &th.bad
		case writeback.RowSent:
			cells[3].style = &th.warn
		}
	}
}

// rowStateText is the journal's word on a row as a person reads it.
func rowStateText(j *writeback.Row) string {
	switch j.State {
	case writeback.RowPlanned:
		return "not sent"
	case writeback.RowSent:
		return "sent; answer unknown"
	case writeback.RowDone:
		return "✓ done"
	case writeback.RowAlready:
		return "✓ was so already"
	case writeback.RowFailed:
		return "✗ " + cmp.Or(j.Reason, "failed")
	}
	return string(j.State)
}
