package directory_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/directory"
)

// image is what Save put, by the names of the parts.
type image map[string][]byte

func imageOf(t require.TestingT, s *directory.Snapshot) image {
	m := image{}
	require.NoError(t, s.Save(func(name string, data []byte) error {
		require.NotContains(t, m, name)
		m[name] = bytes.Clone(data)
		if data == nil {
			m[name] = []byte{}
		}
		return nil
	}))
	return m
}

// get gives parts away: whoever restores from them may keep them.
func (m image) get(name string) ([]byte, error) { return bytes.Clone(m[name]), nil }

func restored(t require.TestingT, schema *model.Schema, m image) *directory.Directory {
	d := directory.New(schema)
	require.NoError(t, d.Restore(m.get))
	return d
}

// requireSame holds that two snapshots have the same users in the same order.
func requireSame(t require.TestingT, want, got *directory.Snapshot) {
	require.Equal(t, want.Len(), got.Len())
	for i, row := range want.All() {
		require.Equal(t, want.User(row), got.User(got.All()[i]))
	}
	require.Equal(t, directory.Effect{}, directory.Diff(want, got))
	require.Equal(t, directory.Effect{}, directory.Diff(got, want))
}

func TestWhatIsSavedIsRestoredAndGoesOnTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawnDirectory(t)
		if rapid.Bool().Draw(t, "irregular") {
			manager := "manager without GUID"
			d.Apply([]model.Change{{ID: "no GUID", Manager: &manager}, {ID: strings.Repeat("Ž", 100)}})
		}
		again := restored(t, model.FullSchema(), imageOf(t, d.Snapshot()))
		requireSame(t, d.Snapshot(), again.Snapshot())

		later := rapid.SliceOfN(changes(), 0, 8).Draw(t, "later")
		require.Equal(t, d.Apply(later), again.Apply(later))
		requireSame(t, d.Snapshot(), again.Snapshot())
	})
}

func TestAnImageOfManyUsersIsRestored(t *testing.T) {
	const users = 10_000
	d := loaded(t)
	list(d, syntheticUsers(users))
	long := strings.Repeat("very long ", 60_000)
	d.Apply([]model.Change{
		{ID: syntheticID(3), Removed: "deleted"},
		{ID: syntheticID(4), Fields: []model.Field{{Attr: model.AttrDepartment, Value: long + "1"}}},
		{ID: syntheticID(5), Fields: []model.Field{{Attr: model.AttrDepartment, Value: long + "2"}}},
	})
	again := restored(t, model.FullSchema(), imageOf(t, d.Snapshot()))
	requireSame(t, d.Snapshot(), again.Snapshot())
	for _, address := range []string{syntheticAddress(17), strings.ToUpper(syntheticAddress(9999))} {
		require.Len(t, again.Snapshot().ByAddress(address), 1)
	}
	row, ok := again.Snapshot().ByID(syntheticID(4711))
	require.True(t, ok)
	assert.Equal(t, syntheticAddress(4711), again.Snapshot().Value(row, model.AttrUserPrincipalName))
}

func TestNoPartOfAnImageIsMuchLargerThanAFewMiB(t *testing.T) {
	d := loaded(t)
	list(d, syntheticUsers(10_000))
	var changes []model.Change
	for i := range 10_000 {
		changes = append(changes, model.Change{ID: syntheticID(i), Fields: []model.Field{{Attr: model.AttrStreetAddress, Value: fmt.Sprintf("%01000d", i)}}})
	}
	d.Apply(changes)
	m := imageOf(t, d.Snapshot())
	for name, data := range m {
		assert.LessOrEqual(t, len(data), 5<<20, name)
	}
	requireSame(t, d.Snapshot(), restored(t, model.FullSchema(), m).Snapshot())
}

func TestARestoredDirectoryKeepsWhatItsSchemaSyncs(t *testing.T) {
	m := imageOf(t, small(t))
	schema, err := model.NewSchema("department")
	require.NoError(t, err)
	s := restored(t, schema, m).Snapshot()
	row, ok := s.ByID(objectID(1))
	require.True(t, ok)
	assert.Equal(t, "Sales", s.Value(row, model.AttrDepartment))
	assert.Empty(t, s.Value(row, model.AttrJobTitle))

	s = restored(t, model.FullSchema(), imageOf(t, s)).Snapshot()
	row, ok = s.ByID(objectID(1))
	require.True(t, ok)
	assert.Equal(t, "Sales", s.Value(row, model.AttrDepartment))
	assert.Empty(t, s.Value(row, model.AttrJobTitle))
}

func TestASaveEndsWithTheFirstErrorOfPut(t *testing.T) {
	s := small(t)
	for n := range len(imageOf(t, s)) {
		full := errors.New("disk full")
		puts := 0
		err := s.Save(func(string, []byte) error {
			if puts++; puts > n {
				return full
			}
			return nil
		})
		require.ErrorIs(t, err, full)
		require.Equal(t, n+1, puts)
	}
}

func TestADamagedImageIsRefusedAndChangesNothing(t *testing.T) {
	whole := imageOf(t, small(t))
	header := func(edit func(h map[string]any)) image {
		m := maps.Clone(whole)
		var h map[string]any
		require.NoError(t, json.Unmarshal(m["header"], &h))
		edit(h)
		m["header"], _ = json.Marshal(h)
		return m
	}
	damaged := map[string]image{
		"another version": header(func(h map[string]any) { h["Version"] = 2 }),
		"more users":      header(func(h map[string]any) { h["Users"] = 7 }),
		"fewer users":     header(func(h map[string]any) { h["Users"] = 5 }),
		"negative users":  header(func(h map[string]any) { h["Users"] = -1 }),
		"a column twice": header(func(h map[string]any) {
			columns := h["Columns"].([]any)
			h["Columns"] = append(columns, columns[0])
		}),
		"huge counts": header(func(h map[string]any) {
			h["Columns"].([]any)[0].(map[string]any)["Texts"] = []int{1 << 60}
		}),
		"no header": {},
	}
	for name, data := range whole {
		for what, wrong := range map[string][]byte{"missing": nil, "cut": data[:max(0, len(data)-1)], "longer": append(bytes.Clone(data), 1)} {
			if len(data) > 0 || wrong != nil && what != "cut" {
				m := maps.Clone(whole)
				m[name] = wrong
				damaged[name+" "+what] = m
			}
		}
	}
	for what, m := range damaged {
		t.Run(what, func(t *testing.T) {
			d := loaded(t, person(t, objectID(9)))
			before := d.Snapshot()
			require.Error(t, d.Restore(m.get))
			assert.Same(t, before, d.Snapshot())
		})
	}

	lost := errors.New("read error")
	err := directory.New(model.FullSchema()).Restore(func(name string) ([]byte, error) {
		if strings.Contains(name, "codes") {
			return nil, lost
		}
		return whole.get(name)
	})
	require.ErrorIs(t, err, lost)
}

// FuzzRestore feeds Restore parts that nobody saved: it may refuse them, and
// otherwise everything must be readable.
func FuzzRestore(f *testing.F) {
	whole := imageOf(f, small(f))
	names := slices.Sorted(maps.Keys(whole))
	for i, name := range names {
		f.Add(i, whole[name])
	}
	f.Fuzz(func(t *testing.T, part int, data []byte) {
		m := maps.Clone(whole)
		m[names[max(part, -part-1)%len(names)]] = data
		d := directory.New(model.FullSchema())
		if d.Restore(m.get) != nil {
			return
		}
		s := d.Snapshot()
		for _, row := range s.All() {
			u := s.User(row)
			s.ByAddress(u.Value(model.AttrMail))
			s.Reports(u.ID)
			d.Apply([]model.Change{{ID: u.ID, Fields: u.Fields()}})
		}
		_, err := s.Search(t.Context(), "a !b ~c proxyAddresses:d", nil, nil)
		require.NoError(t, err)
		_, err = s.Sort(t.Context(), s.All(), model.AttrProxyAddresses, true)
		require.NoError(t, err)
		imageOf(t, s)
	})
}

func TestDiffAgreesWithComparingUserByUser(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawnDirectory(t)
		before, after := d.Snapshot(), drawnDirectory(t).Snapshot()
		if rapid.Bool().Draw(t, "same origin") {
			d.Apply(rapid.SliceOfN(changes(), 0, 8).Draw(t, "later"))
			after = d.Snapshot()
		}
		var want directory.Effect
		for _, row := range before.All() {
			u := before.User(row)
			switch partner, ok := after.ByID(u.ID); {
			case !ok:
				want.Removed++
			case !assert.ObjectsAreEqual(u, after.User(partner)):
				want.Updated++
			}
		}
		want.Added = after.Len() - (before.Len() - want.Removed)
		require.Equal(t, want, directory.Diff(before, after))
	})
}

func TestAnAdoptedDirectoryGoesOnInAnothersPlace(t *testing.T) {
	d := loaded(t, person(t, objectID(1), "city", "Praha"))
	before := d.Snapshot()
	other := loaded(t, person(t, objectID(2), "city", "Brno"))
	d.Adopt(other)
	assert.Equal(t, 1, before.Len())
	assert.Greater(t, d.Snapshot().Generation(), before.Generation())
	d.Apply([]model.Change{{ID: objectID(2), Fields: []model.Field{{Attr: model.AttrState, Value: "JM"}}}, {ID: objectID(3)}})
	s := d.Snapshot()
	require.Equal(t, 2, s.Len())
	row, ok := s.ByID(objectID(2))
	require.True(t, ok)
	u := s.User(row)
	assert.Equal(t, "Brno", u.Value(model.AttrCity))
	assert.Equal(t, "JM", u.Value(model.AttrState))
}

func TestAnAdoptedDirectorySortsAsItsNewOwner(t *testing.T) {
	users := func(d *directory.Directory) *directory.Directory {
		for i, name := range []string{"Cihla", "Hora", "Chata"} {
			d.Apply([]model.Change{{ID: objectID(i), Fields: []model.Field{{Attr: model.AttrDisplayName, Value: name}}}})
		}
		return d
	}
	names := func(d *directory.Directory) (names []string) {
		for _, row := range d.Snapshot().All() {
			names = append(names, d.Snapshot().Value(row, model.AttrDisplayName))
		}
		return names
	}
	czech := directory.New(model.FullSchema(), directory.Language(language.Czech))
	root := users(directory.New(model.FullSchema()))
	require.Equal(t, []string{"Chata", "Cihla", "Hora"}, names(root))
	m := imageOf(t, root.Snapshot())
	czech.Adopt(root)
	assert.Equal(t, []string{"Cihla", "Hora", "Chata"}, names(czech))
	assert.Equal(t, []string{"Cihla", "Hora", "Chata"}, names(users(czech.Sibling())))

	require.NoError(t, czech.Restore(m.get))
	assert.Equal(t, []string{"Cihla", "Hora", "Chata"}, names(czech), "the order of an image in another language does not count")
	rows, err := czech.Snapshot().Sort(t.Context(), czech.Snapshot().All(), model.AttrDisplayName, true)
	require.NoError(t, err)
	assert.Equal(t, "Chata", czech.Snapshot().Value(rows[0], model.AttrDisplayName))
}
