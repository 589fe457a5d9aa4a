package tui

// Marks are kept by id, so that they survive sorting, filtering and a sync.

// Marked reports whether the id is marked.
func (t *table) Marked(id string) bool {
	_, ok := t.marks[id]
	return ok
}

// Marks is the number of marked rows, also of those not shown now.
func (t *table) Marks() int { return len(t.marks) }

// MarkedIDs calls yield for each marked id, in no order.
func (t *table) MarkedIDs(yield func(id string) bool) {
	for id := range t.marks {
		if !yield(id) {
			return
		}
	}
}

// ToggleMark marks or unmarks the row under the cursor and moves on.
func (t *table) ToggleMark() {
	if t.Len() == 0 {
		return
	}
	if t.Marked(t.cursorID) {
		delete(t.marks, t.cursorID)
	} else {
		t.marks[t.cursorID] = struct{}{}
	}
	t.moved = true
	t.moveTo(t.cursor + 1)
}

// ToggleRange starts a range at the cursor; the second time it marks the range.
func (t *table) ToggleRange() {
	if t.Len() == 0 {
		return
	}
	if t.anchor < 0 {
		t.anchor = t.cursor
		return
	}
	for i := min(t.anchor, t.cursor); i <= max(t.anchor, t.cursor); i++ {
		t.marks[t.rows.ID(i)] = struct{}{}
	}
	t.anchor = -1
}

// InRange reports whether a range was started and not yet marked.
func (t *table) InRange() bool { return t.anchor >= 0 }

// CancelRange forgets a started range.
func (t *table) CancelRange() { t.anchor = -1 }

// MarkAll marks every row that is shown.
func (t *table) MarkAll() {
	for i := range t.Len() {
		t.marks[t.rows.ID(i)] = struct{}{}
	}
}

// ClearMarks unmarks every row.
func (t *table) ClearMarks() {
	clear(t.marks)
	t.anchor = -1
}
