package tui

// StartRange starts a range at the cursor.
func (t *table) StartRange() {
	if t.Len() > 0 {
		t.anchor, t.anchorID = t.cursor, t.cursorID
	}
}

// Range is the first row of the range and the one behind its last; ok is false
// when none was started.
func (t *table) Range() (from, to int, ok bool) {
	if t.anchor < 0 {
		return 0, 0, false
	}
	return min(t.anchor, t.cursor), max(t.anchor, t.cursor) + 1, true
}

// InRange reports whether a range was started.
func (t *table) InRange() bool { return t.anchor >= 0 }

// CancelRange forgets the range.
func (t *table) CancelRange() { t.anchor = -1 }

func (t *table) inRange(i int) bool {
	from, to, ok := t.Range()
	return ok && from <= i && i < to
}
