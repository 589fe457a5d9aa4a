package tui

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/directory"
)

// testDirectory holds numbered users.
func testDirectory(numbers ...int) *directory.Directory {
	d := directory.New(model.FullSchema())
	var changes []model.Change
	for _, n := range numbers {
		u := testUser(n, "Member "+count(n), "Sales", "Engineer", "Prague", "Czechia")
		changes = append(changes, wholeUser(&u))
	}
	d.Apply(changes)
	return d
}

func TestMarksFollowTheirUsersIntoAnyLaterDirectory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfNDistinct(rapid.IntRange(1, 200), 1, 60, rapid.ID).Draw(t, "users")
		later := rapid.SliceOfNDistinct(rapid.IntRange(1, 200), 0, 60, rapid.ID).Draw(t, "users later")
		before, after := testDirectory(numbers...).Snapshot(), testDirectory(later...).Snapshot()
		marked := map[string]bool{}
		var marks userMarks
		for _, n := range rapid.SliceOf(rapid.SampledFrom(numbers)).Draw(t, "toggled") {
			u := testUser(n, "", "", "", "", "")
			row, ok := before.ByID(u.ID)
			require.True(t, ok)
			marks = marks.toggled(before, row)
			marked[u.ID] = !marked[u.ID]
		}
		carried, err := marks.on(t.Context(), after)
		require.NoError(t, err)
		for _, s := range []struct {
			snapshot *directory.Snapshot
			marks    userMarks
		}{{before, marks}, {after, carried}} {
			n := 0
			for _, row := range s.snapshot.All() {
				require.Equal(t, marked[s.snapshot.ID(row)], s.marks.has(row))
				if s.marks.has(row) {
					n++
				}
			}
			require.Equal(t, n, s.marks.count)
			require.Len(t, s.marks.list(), n)
			require.Equal(t, n == 0, s.marks.rows == nil, "nobody marked is the zero value")
		}
	})
}

func TestMarkingShownUsersAddsToTheMarks(t *testing.T) {
	s := testDirectory(1, 2, 3, 4).Snapshot()
	rows := s.All()
	marks := markRows(s, rows[:2]).with(markRows(s, rows[1:3])).with(userMarks{})
	assert.Equal(t, 3, marks.count)
	assert.Equal(t, rows[:3], marks.list())
	assert.Equal(t, userMarks{}, markRows(s, nil))
}

func TestMarksSurviveSortFilterAndSync(t *testing.T) {
	tenant := func() *fakeTenant {
		t := livingTenant()
		t.changes = []model.Change{{ID: t.users[0].ID, Removed: "deleted"}}
		return t
	}
	onScreen(t, tenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		p := s.directory()
		ids := func() []string {
			ids := chosenUsers{p.rows.snapshot, p.rows.marks, nil}.ids()
			slices.Sort(ids)
			return ids
		}
		s.press("space", "j", "v", "j", "j", "v") // Adele Vance, then three others
		s.shows("4 marked")
		before := ids()
		s.press("s", "t", "i", "t", "enter")
		s.shows("Title ▲")
		assert.Equal(t, before, ids())
		s.press("/", "z", "z", "z", "enter")
		s.shows("No user matches")
		s.shows("4 marked")
		s.press("esc", "5", "S")
		s.press("1")
		s.shows("59 users")
		s.shows("3 marked")
		assert.Equal(t, before[1:], ids(), "whoever left is marked no longer")
	})
}

func TestTheCursorStaysOnItsUserThroughSortFilterAndSync(t *testing.T) {
	tenant := func() *fakeTenant {
		t := livingTenant()
		t.changes = []model.Change{{ID: t.users[0].ID, Removed: "deleted"}}
		return t
	}
	onScreen(t, tenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		p := s.directory()
		at := func() string { return p.rows.snapshot.Value(p.rows.rows[p.table.Cursor()], model.AttrDisplayName) }
		s.press("G", "k", "k", "k")
		name := at()
		s.press("s", "o", "f", "f", "enter")
		assert.Equal(t, name, at())
		s.press("s", "enter")
		assert.Equal(t, name, at())
		s.press("/")
		s.press("m", "e", "m", "b", "e", "r", "space", "0")
		assert.Contains(t, at(), "Member 0", "the filter leaves the user out")
		s.press("esc")
		assert.Equal(t, name, at(), "and here the user is again")
		s.press("5", "S", "1")
		s.shows("59 users")
		assert.Equal(t, name, at())
	})
}

func TestAnOpenRangeCountsAsMarked(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("g", "v", "j", "j", "L")
		s.shows("Save 3 marked users")
		s.press("esc")
		s.shows("3 marked")
		s.press("j", "v", "j", "space")
		s.shows("5 marked")
		s.hides("range")
	})
}

func TestARangeIsMarkedInTheOrderShownAndEscForgetsIt(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("s", "d", "e", "p", "enter", "g", "v", "G")
		s.shows("range of 60")
		s.press("esc")
		s.hides("range")
		s.hides("marked")
		s.press("v", "k", "k", "v")
		s.shows("3 marked")
		s.press("*")
		s.shows("60 marked")
		s.press("space")
		s.shows("59 marked")
		s.press("u")
		s.hides("marked")
		s.press("u")
		s.shows("Nobody is marked")
	})
}
