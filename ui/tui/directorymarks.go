package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/bits-and-blooms/bitset"

	"rollcall/model/directory"
)

// userMarks are the marked users: one bit for each row of a snapshot, so that a
// million of them take 125 KB. It is immutable: a change returns another one,
// and a command may read one while keys are pressed. The zero value marks
// nobody.
type userMarks struct {
	snapshot *directory.Snapshot // the one whose rows are meant; nil when nobody is marked
	rows     *bitset.BitSet
	count    int
}

// markRows marks rows of a snapshot.
func markRows(s *directory.Snapshot, rows []int32) userMarks {
	if len(rows) == 0 {
		return userMarks{}
	}
	set := bitset.New(0)
	for _, row := range rows {
		set.Set(uint(row))
	}
	return userMarks{snapshot: s, rows: set, count: int(set.Count())}
}

func (m userMarks) has(row int32) bool { return m.rows != nil && m.rows.Test(uint(row)) }

// toggled marks a row of s, or takes its mark back. The marks must be of s.
func (m userMarks) toggled(s *directory.Snapshot, row int32) userMarks {
	if m.rows == nil {
		return markRows(s, []int32{row})
	}
	return newMarks(s, m.rows.Clone().Flip(uint(row)))
}

// with is everybody whom either marks. Both must be of one snapshot.
func (m userMarks) with(more userMarks) userMarks {
	switch {
	case m.rows == nil:
		return more
	case more.rows == nil:
		return m
	}
	return newMarks(m.snapshot, m.rows.Union(more.rows))
}

func newMarks(s *directory.Snapshot, set *bitset.BitSet) userMarks {
	if set.None() {
		return userMarks{}
	}
	return userMarks{snapshot: s, rows: set, count: int(set.Count())}
}

// isOf reports whether the marks are of the snapshot, as no marks are of any.
func (m userMarks) isOf(s *directory.Snapshot) bool { return m.rows == nil || m.snapshot == s }

// on finds the marked users in another snapshot. Who is gone from it is no
// longer marked.
func (m userMarks) on(ctx context.Context, s *directory.Snapshot) (userMarks, error) {
	if m.isOf(s) {
		return m, nil
	}
	set := bitset.New(m.rows.Len())
	for n := range m.rows.EachSet() {
		if n&0xfff == 0 && ctx.Err() != nil {
			return userMarks{}, ctx.Err()
		}
		if row, ok := s.ByID(m.snapshot.ID(int32(n))); ok {
			set.Set(uint(row))
		}
	}
	return newMarks(s, set), nil
}

// list returns the marked rows in the order of display name.
func (m userMarks) list() []int32 {
	if m.rows == nil {
		return nil
	}
	rows := make([]int32, 0, m.count)
	for _, row := range m.snapshot.All() {
		if m.has(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// marksMsg marks users besides those that are marked.
type marksMsg struct{ marks userMarks }

// markShown marks the shown rows from one to before another. A million of them
// take some milliseconds, so it is a task.
func (p *directoryPane) markShown(from, to int) tea.Cmd {
	snapshot, rows := p.rows.snapshot, p.rows.rows[from:to]
	return p.marking(func(context.Context) (userMarks, error) { return markRows(snapshot, rows), nil })
}

// marking runs what finds users to mark. None of these tasks stops another:
// each adds to the marks.
func (p *directoryPane) marking(find func(context.Context) (userMarks, error)) tea.Cmd {
	p.markings++
	return p.tasks.run("directory.marks."+count(p.markings), func(ctx context.Context) tea.Msg {
		marks, err := find(ctx)
		if err != nil {
			return nil // cancelled: the screens are being closed
		}
		return marksMsg{marks}
	})
}

// addMarks takes the answer of markShown. When the directory changed meanwhile,
// the users are looked up in the newer snapshot first.
func (p *directoryPane) addMarks(msg marksMsg) tea.Cmd {
	if snapshot := p.rows.snapshot; !msg.marks.isOf(snapshot) {
		return p.marking(func(ctx context.Context) (userMarks, error) { return msg.marks.on(ctx, snapshot) })
	}
	p.rows.marks = p.rows.marks.with(msg.marks)
	return nil
}

// toggleMark marks or unmarks the user under the cursor, and moves on. An open
// range is marked as a whole.
func (p *directoryPane) toggleMark() {
	if _, _, ok := p.table.Range(); ok {
		p.takeRange()
		return
	}
	i := p.table.Cursor()
	if i < 0 {
		return
	}
	p.rows.marks = p.rows.marks.toggled(p.rows.snapshot, p.rows.rows[i])
	p.table.Handle(press("down"))
}

// takeRange marks an open range before something is done with the marked users:
// who has marked a range by eye means those in it. It waits for the marking,
// some milliseconds for a million users.
func (p *directoryPane) takeRange() {
	from, to, ok := p.table.Range()
	if !ok {
		return
	}
	p.table.CancelRange()
	p.rows.marks = p.rows.marks.with(markRows(p.rows.snapshot, p.rows.rows[from:to]))
}

// toggleRange starts a range at the cursor; the second time it marks the range.
func (p *directoryPane) toggleRange() tea.Cmd {
	from, to, ok := p.table.Range()
	if !ok {
		p.table.StartRange()
		return nil
	}
	p.table.CancelRange()
	return p.markShown(from, to)
}
