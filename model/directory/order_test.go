package directory_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// compareValues orders two texts as Sort promises: null last either way.
func compareValues(x, y string, descending bool) int {
	switch {
	case x == "" && y == "":
		return 0
	case x == "":
		return 1
	case y == "":
		return -1
	case descending:
		x, y = y, x
	}
	return cmp.Or(
		cmp.Compare(noise(x), noise(y)),
		collate.New(language.Und, collate.IgnoreCase, collate.IgnoreDiacritics).CompareString(x, y),
		collate.New(language.Und, collate.IgnoreCase).CompareString(x, y),
		cmp.Compare(x, y),
	)
}

// noise is 1 for a text that begins with neither letter nor digit: such texts
// come last.
func noise(s string) int {
	if r, _ := utf8.DecodeRuneInString(s); unicode.In(r, unicode.L, unicode.Nd) {
		return 0
	}
	return 1
}

// drawnDirectory is a directory after a random history.
func drawnDirectory(t *rapid.T) *directory.Directory {
	d := directory.New(model.FullSchema())
	for _, batch := range rapid.SliceOfN(rapid.SliceOfN(changes(), 0, 8), 0, 6).Draw(t, "history") {
		d.Apply(batch)
	}
	return d
}

func TestSortAgreesWithComparingTheValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawnDirectory(t)
		// An older snapshot must sort right by what a later one has prepared.
		old := d.Snapshot()
		d.Apply(rapid.SliceOfN(changes(), 0, 8).Draw(t, "later"))
		by := rapid.SampledFrom(attributes).Draw(t, "attribute")
		descending := rapid.Bool().Draw(t, "descending")
		for _, s := range []*directory.Snapshot{d.Snapshot(), old} {
			want := slices.Clone(s.All())
			slices.SortFunc(want, func(x, y int32) int {
				return cmp.Or(
					compareValues(s.Value(x, by), s.Value(y, by), descending),
					compareValues(s.Value(x, model.AttrDisplayName), s.Value(y, model.AttrDisplayName), false),
					cmp.Compare(s.ID(x), s.ID(y)),
				)
			})
			given := rapid.Permutation(s.All()).Draw(t, "given")
			got, err := s.Sort(t.Context(), given, by, descending)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

func TestSearchAgreesWithLookingAtEachUser(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawnDirectory(t).Snapshot()
		word := rapid.SampledFrom([]string{"sales", "SALES US", "s", "ольга", "σίσυφος", "田", "kelvin"}).Draw(t, "word")
		field := rapid.SampledFrom([]string{"", "department:", "otherMails:", "country:"}).Draw(t, "field")
		negated := rapid.Bool().Draw(t, "negated")
		text := field + `"` + word + `"`
		if negated {
			text = "!" + text
		}
		var want []int32
		for _, row := range s.All() {
			values := []string{s.Value(row, model.AttrDisplayName), s.Value(row, model.AttrDepartment)}
			if a, ok := s.Schema().ByName(strings.TrimSuffix(field, ":")); ok {
				values = s.Values(row, a.ID)
			}
			found := slices.ContainsFunc(values, func(v string) bool { return strings.Contains(rule.Fold(v), rule.Fold(word)) })
			if found != negated {
				want = append(want, row)
			}
		}
		r, err := s.Search(t.Context(), text, nil, nil)
		require.NoError(t, err)
		got := r.Rows()
		require.ElementsMatch(t, want, got)
		require.True(t, slices.IsSortedFunc(got, func(x, y int32) int { return cmp.Compare(slices.Index(s.All(), x), slices.Index(s.All(), y)) }))
	})
}

func TestNamesThatBeginWithNoLetterOrDigitComeLast(t *testing.T) {
	d := directory.New(model.FullSchema())
	for i, name := range []string{"\x1b[2JClara", "zoe", "=SUM(1)", "Ada", "42nd Street", "東京"} {
		d.Apply([]model.Change{{ID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i), Fields: []model.Field{{Attr: model.AttrDisplayName, Value: name}}}})
	}
	s := d.Snapshot()
	var names []string
	for _, row := range s.All() {
		names = append(names, s.Value(row, model.AttrDisplayName))
	}
	assert.Equal(t, []string{"42nd Street", "Ada", "zoe", "東京", "\x1b[2JClara", "=SUM(1)"}, names)
}

// TestNamesAreOrderedAsTheLanguageDoes holds the shortcut for texts in ASCII
// against package collate: Czech sorts "ch" behind "h", Danish "aa" like "å".
func TestNamesAreOrderedAsTheLanguageDoes(t *testing.T) {
	letters := []string{"a", "aa", "c", "h", "ch", "C", "d", "z", "dz", "s", "zs", "l", "y", "w", "v", "å", "ä", "č", "é", "e", "ß", "ss", "щ", "田", "中", "0", "9", "-", "'", " ", ",", "\u0301", "\x01"}
	for _, tag := range []string{"und", "cs", "da", "de-u-co-phonebk", "es-u-co-trad", "hu", "hr", "sv", "lt", "cy", "ja"} {
		t.Run(tag, func(t *testing.T) {
			language := language.MustParse(tag)
			loose, accents := collate.New(language, collate.IgnoreCase, collate.IgnoreDiacritics), collate.New(language, collate.IgnoreCase)
			rapid.Check(t, func(t *rapid.T) {
				d := directory.New(model.FullSchema(), directory.Language(language))
				names := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string {
					return strings.Join(rapid.SliceOfN(rapid.SampledFrom(letters), 1, 6).Draw(t, "letters"), "")
				}), 2, 12, rapid.ID).Draw(t, "names")
				for i, name := range names {
					d.Apply([]model.Change{{ID: objectID(i), Fields: []model.Field{{Attr: model.AttrDisplayName, Value: name}}}})
					if i == len(names)/2 {
						d.Snapshot().All() // the rest is put in its place
					}
				}
				slices.SortFunc(names, func(x, y string) int {
					return cmp.Or(cmp.Compare(noise(x), noise(y)), loose.CompareString(x, y), accents.CompareString(x, y), cmp.Compare(x, y))
				})
				var got []string
				s := d.Snapshot()
				for _, row := range s.All() {
					got = append(got, s.Value(row, model.AttrDisplayName))
				}
				require.Equal(t, names, got)
			})
		})
	}
}

func TestValuesWithLongCommonBeginningsAreOrdered(t *testing.T) {
	var changes []model.Change
	want := map[string]bool{}
	for i := range 60_000 {
		city := fmt.Sprintf("%s %06d", strings.Repeat("x", i%3*9), i*7919%60_000)
		if i%2 == 0 {
			city = strings.ToUpper(city)
		}
		if i%5 == 0 {
			city = "ž" + city
		}
		changes = append(changes, model.Change{ID: objectID(i), Fields: []model.Field{{Attr: model.AttrCity, Value: city}}})
		want[city] = true
	}
	d := directory.New(model.FullSchema())
	d.Apply(changes)
	s := d.Snapshot()
	rows, err := s.Sort(t.Context(), s.All(), model.AttrCity, false)
	require.NoError(t, err)
	loose := collate.New(language.Und, collate.IgnoreCase, collate.IgnoreDiacritics)
	for i := range rows[1:] {
		x, y := s.Value(rows[i], model.AttrCity), s.Value(rows[i+1], model.AttrCity)
		c := cmp.Or(cmp.Compare(noise(x), noise(y)), loose.CompareString(x, y), cmp.Compare(x, y))
		require.LessOrEqual(t, c, 0, "%q %q", x, y)
		delete(want, x)
	}
	assert.Len(t, want, 1, "each value but the last was met")
}

func TestTimesAreOrderedAsTimes(t *testing.T) {
	d := directory.New(model.FullSchema())
	for i, hired := range []string{"2026-03-01T00:00:00Z", "soon", "2026-03-01T00:30:00+01:00", "", "0999-01-01T00:00:00Z", "2026-03-01T00:00:00.5Z"} {
		d.Apply([]model.Change{{ID: objectID(i), Fields: []model.Field{{Attr: model.AttrEmployeeHireDate, Value: hired}}}})
	}
	s := d.Snapshot()
	rows, err := s.Sort(t.Context(), s.All(), model.AttrEmployeeHireDate, false)
	require.NoError(t, err)
	assert.Equal(t, "420513", numbers(s, rows))
}
