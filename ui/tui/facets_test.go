package tui

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/directory"
)

func TestSeveralFacetsCombineAndAreTakenBackOneByOne(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("f", "enter", "space", "down", "space") // two departments
		s.shows("● Engineering")
		s.golden("facets-several" + suffix)
		s.press("esc", "down", "enter", "enter") // and a title
		s.shows("department: Engineering, Finance ▸ title: ")
		s.shows("15 of 60")
		s.press("f")
		s.shows("● Department: Engineering, Finance"[:20])
		s.golden("facets-narrowed" + suffix)
		s.press("g", "x", "f")
		s.hides("department:")
		s.shows("Directory ▸ title: Controller")
		s.press("esc")
		s.shows("60 users")
	})
}

func TestAChosenValueIsTakenBackWhereItWasChosen(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("f", "enter", "space")
		s.shows("15 of 60")
		s.press("space")
		s.shows("60 users")
		s.press("space", "enter", "f", "enter", "enter") // enter adds, and never takes back
		s.shows("Directory ▸ department: Engineering")
		s.shows("15 of 60")
	})
}

func TestUsersWithoutAValueAreAFacet(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("f", "enter", "G", "enter")
		s.shows("Directory ▸ department: (none)")
		s.shows("15 of 60")
		row, ok := s.directory().current()
		require.True(t, ok)
		assert.Empty(t, s.directory().rows.snapshot.Value(row, model.AttrDepartment))
	})
}

func TestTheValuesOfAFacetAreSearched(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("f", "down", "down", "enter", "/", "u", "e", "n")
		s.shows("Facets ▸ Office ▸ / uen")
		s.shows("No value matches")
		s.press("backspace", "backspace", "backspace", "p", "r", "a")
		s.golden("facets-search" + suffix)
		s.press("enter", "enter")
		s.shows("Directory ▸ office: Prague")
		s.press("f", "enter", "/", "5", "q", "esc")
		s.shows("München")
	})
}

func TestFacetsFollowTheFilterAndTheSync(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("/", "m", "e", "m", "b", "e", "r", "enter", "f", "enter")
		s.shows("Directory ▸ / member")
		values := s.directory().facets.values
		total := 0
		for _, v := range values.list {
			total += v.Count
		}
		assert.Equal(t, s.directory().rows.Len(), total)
	})
}

func TestAttributesThatTellUsersApartAreNoFacets(t *testing.T) {
	d := directory.New(model.FullSchema())
	var changes []model.Change
	for i := range 3 * sampleSize {
		u := testUser(i, "Member "+count(i), []string{"Sales", "Finance"}[i%2], "Engineer", "Office "+count(i%1000), "Czechia")
		changes = append(changes, wholeUser(&u))
	}
	d.Apply(changes)
	s := d.Snapshot()
	named := narrowing{attribute: s.Schema().Attribute(model.AttrDisplayName), values: []string{"Member 1"}}
	for name, test := range map[string]struct {
		rows   []int32
		narrow []narrowing
		want   []model.AttrID
	}{
		"many users, by a sample":        {s.All(), nil, []model.AttrID{model.AttrDepartment, model.AttrOfficeLocation}},
		"some users, all of them":        {s.All()[:sampleSize], nil, []model.AttrID{model.AttrDepartment, model.AttrOfficeLocation}},
		"what narrows stands first":      {s.All(), []narrowing{named}, []model.AttrID{model.AttrDisplayName, model.AttrDepartment, model.AttrOfficeLocation}},
		"no users have nothing to count": {nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if test.rows == nil {
				test.rows = []int32{}
			}
			counts, err := countAttributes(t.Context(), s, test.rows, test.narrow)
			require.NoError(t, err)
			var got []model.AttrID
			for _, c := range counts {
				got = append(got, c.attribute.ID)
			}
			assert.Equal(t, test.want, got)
		})
	}
}
