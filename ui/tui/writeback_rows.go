package tui

import (
	"cmp"
	"slices"
	"strconv"

	"rollcall/model/writeback"
)

// tellsWhy reports whether the filter's rows are read for their reasons.
func (f reviewFilter) tellsWhy() bool { return f == filterSkipped || f == filterFailed }

// isRemarked reports whether more is said of rows than that they are left out.
func (r *review) isRemarked() bool { return r.run != nil || len(r.base.Skipped) > 0 }

// columns are those of the filter: a reason has the room where it is what
// one looks for, and an address where there are no remarks.
func (r *review) columns() []column {
	f := r.filter
	sign, name := column{title: "", width: 1, least: 1}, column{title: "Name", width: 26, least: 14, grows: true}
	reason, address := column{title: "Reason", width: 44, least: 24, grows: true}, column{title: "User principal name", width: 34, least: 18}
	switch {
	case f == filterSkipped && r.out.None(): // what is skipped is named by its address
		return []column{sign, name, reason}
	case f.tellsWhy():
		return []column{sign, name, reason, address}
	}
	address.grows = true
	remark := column{title: "Remark", width: 26, least: 20, grows: true}
	if !r.isRemarked() {
		remark = column{title: "Remark", width: 8, least: 8}
	}
	return []column{sign, name, address, remark}
}

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
	row, th, address, remark := int(r.shown[i]), r.theme, 2, 3
	if r.filter.tellsWhy() {
		address, remark = remark, address
	}
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
		cells[remark] = tableCell{text: s.Reason, style: &th.muted}
		return
	}
	ref := r.ref(row)
	upn := cmp.Or(ref.UserPrincipalName, ref.Mail)
	cells[1] = tableCell{text: named(ref.DisplayName, cmp.Or(upn, ref.ID)), style: style}
	cells[address] = tableCell{text: upn, style: style}
	cells[remark].style = &th.muted
	if r.out.Test(uint(row)) {
		cells[remark].text = "left out"
	}
	if j, ok := r.journal(row); ok {
		cells[remark].text = rowStateText(j)
		switch j.State {
		case writeback.RowDone, writeback.RowAlready:
			cells[remark].style = &th.good
		case writeback.RowFailed:
			cells[remark].style = &th.bad
		case writeback.RowSent:
			cells[remark].style = &th.warn
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
