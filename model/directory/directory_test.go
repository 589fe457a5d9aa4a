package directory_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// person makes a user from attribute names and values: collections are split
// at commas.
func person(t testing.TB, id string, pairs ...string) model.User {
	t.Helper()
	u := model.User{ID: id}
	for i := 0; i < len(pairs); i += 2 {
		a, ok := model.FullSchema().ByName(pairs[i])
		require.True(t, ok, pairs[i])
		f := model.Field{Attr: a.ID, Value: pairs[i+1]}
		if a.Type.IsCollection() {
			f = model.Field{Attr: a.ID, Values: strings.Split(pairs[i+1], ",")}
		}
		u.Set(f)
	}
	return u
}

func loaded(t testing.TB, users ...model.User) *directory.Directory {
	t.Helper()
	d := directory.New(model.FullSchema())
	list(d, slices.Values(users))
	return d
}

// list applies users as the pages of a listing do.
func list(d *directory.Directory, users iter.Seq[model.User]) {
	var changes []model.Change
	for u := range users {
		changes = append(changes, model.Change{ID: u.ID, Whole: true, Fields: u.Fields(), Manager: &u.ManagerID})
		if len(changes) == page {
			d.Apply(changes)
			changes = nil
		}
	}
	d.Apply(changes)
}

// small is a tenant with names that differ in script, case and presence.
func small(t testing.TB) *directory.Snapshot {
	t.Helper()
	return loaded(t,
		person(t, objectID(1), "displayName", "Adele Vance", "mail", "adele@contoso.com", "department", "Sales", "title", "Account Executive", "enabled", "true", "proxyAddresses", "SMTP:adele@contoso.com,smtp:avance@contoso.com,x500:/o=adele"),
		person(t, objectID(2), "displayName", "aiko 田中", "mail", "Aiko@Contoso.com", "department", "sales", "title", "Manager", "enabled", "false", "otherMails", "aiko@home.example,aiko@home.example"),
		person(t, objectID(3), "displayName", "Ольга Петрова", "department", "Marketing", "title", "Manager"),
		person(t, objectID(5), "displayName", "Same Name", "userPrincipalName", "same5@contoso.com"),
		person(t, objectID(4), "displayName", "Same Name", "userPrincipalName", "same4@contoso.com", "department", "Sales"),
		person(t, objectID(6), "userPrincipalName", "nameless@contoso.com", "title", "account manager"),
	).Snapshot()
}

// search returns what a search finds among all users, in the order of name.
func search(t testing.TB, s *directory.Snapshot, text string) []int32 {
	t.Helper()
	r, err := s.Search(t.Context(), text, nil, nil)
	require.NoError(t, err)
	require.Equal(t, r.Count(), len(r.Rows()))
	return r.Rows()
}

// numbers gives rows as the last digits of their object ids.
func numbers(s *directory.Snapshot, rows []int32) string {
	var b strings.Builder
	for _, row := range rows {
		id := s.ID(row)
		b.WriteString(id[len(id)-1:])
	}
	return b.String()
}

func TestAllOrdersByNameThenIDWithTheNamelessLast(t *testing.T) {
	s := small(t)
	assert.Equal(t, "124536", numbers(s, s.All()))
}

func TestSearchFindsWhatIsTyped(t *testing.T) {
	s := small(t)
	for text, want := range map[string]string{
		"":                          "124536",
		"   ":                       "124536",
		"adele":                     "1",
		"ADELE":                     "1",
		"contoso":                   "12456",
		"same4":                     "4",
		"ольга":                     "3",
		"田":                         "2",
		"manager":                   "236",
		"manager sales":             "2",
		"manager !sales":            "36",
		"!contoso":                  "3",
		`"account executive"`:       "1",
		`"executive account"`:       "",
		`!"same name"`:              "1236",
		`"account`:                  "16",
		"department:sales":          "124",
		"Title:manager":             "236",
		"user.jobTitle:manager":     "236",
		`title:"account manager"`:   "6",
		`"user principal name":ame`: "456",
		"!department:sales":         "536",
		"enabled:true":              "1",
		"proxyAddresses:avance":     "1",
		"proxyAddresses:x500":       "1",
		"id:000000000003":           "3",
		"department:":               "124536",
		"!":                         "124536",
		"~":                         "124536",
		"~advnc":                    "1",
		"~vnca":                     "",
		"!~sm":                      "3",
		"~department:mktg":          "3",
		"nofield:sales":             "",
		"nobody":                    "",
	} {
		t.Run(text, func(t *testing.T) {
			assert.Equal(t, want, numbers(s, search(t, s, text)))
		})
	}
}

func TestSearchLooksAmongTheGivenUsers(t *testing.T) {
	s := small(t)
	for among, want := range map[string]string{"manager": "2", "": "124", "nobody": ""} {
		r, err := s.Search(t.Context(), "sales", s.SetOf(search(t, s, among)), nil)
		require.NoError(t, err)
		assert.Equal(t, want, numbers(s, r.Rows()), among)
	}
}

func TestSearchRefusesAFieldThatIsNotSynced(t *testing.T) {
	schema, err := model.NewSchema("department")
	require.NoError(t, err)
	_, err = directory.New(schema).Snapshot().Search(t.Context(), "city:praha", nil, nil)
	e := model.AsError(err)
	require.NotNil(t, e)
	assert.Equal(t, model.KindUsage, e.Kind)
	assert.Contains(t, e.Remedy, `"city"`)
}

func TestSortPutsNullsLastInBothDirections(t *testing.T) {
	s := small(t)
	for _, c := range []struct {
		by         string
		descending bool
		want       string
	}{
		{"department", false, "314256"},
		{"department", true, "214356"},
		{"title", false, "162345"},
		{"displayName", true, "345216"},
		{"id", false, "123456"},
		{"id", true, "654321"},
		{"proxyAddresses", false, "124536"},
		{"city", true, "124536"},
	} {
		t.Run(fmt.Sprintf("%s descending %t", c.by, c.descending), func(t *testing.T) {
			a, ok := s.Schema().ByName(c.by)
			require.True(t, ok)
			before := slices.Clone(s.All())
			rows, err := s.Sort(t.Context(), s.All(), a.ID, c.descending)
			require.NoError(t, err)
			assert.Equal(t, c.want, numbers(s, rows))
			assert.Equal(t, before, s.All(), "the given rows stay as they are")
		})
	}
}

func TestFacetsCountUsersByValue(t *testing.T) {
	s := small(t)
	f, err := s.Facets(t.Context(), model.AttrDepartment, nil)
	require.NoError(t, err)
	assert.Equal(t, []directory.Facet{{Value: "Sales", Count: 2}, {Value: "Marketing", Count: 1}, {Value: "sales", Count: 1}}, f.Values)
	assert.Equal(t, 2, f.Null)
	assert.Equal(t, "Department", f.Attribute.Label)

	f, err = s.Facets(t.Context(), model.AttrDepartment, search(t, s, "manager"))
	require.NoError(t, err)
	assert.Equal(t, []directory.Facet{{Value: "Marketing", Count: 1}, {Value: "sales", Count: 1}}, f.Values)
	assert.Equal(t, 1, f.Null)
}

func TestFacetsOfACollectionCountAnElementOnceForEachUser(t *testing.T) {
	s := small(t)
	f, err := s.Facets(t.Context(), model.AttrOtherMails, nil)
	require.NoError(t, err)
	assert.Equal(t, []directory.Facet{{Value: "aiko@home.example", Count: 1}}, f.Values)
	assert.Equal(t, 5, f.Null)
}

func TestFacetsOfTheObjectIDListEachUser(t *testing.T) {
	s := small(t)
	f, err := s.Facets(t.Context(), model.AttrObjectID, nil)
	require.NoError(t, err)
	assert.Len(t, f.Values, 6)
	assert.Zero(t, f.Null)
}

func TestByAddressKnowsMailPrincipalNameAndSMTPProxies(t *testing.T) {
	s := small(t)
	for address, want := range map[string]string{
		"adele@contoso.com":       "1",
		"AVANCE@contoso.com":      "1",
		"aiko@contoso.com":        "2",
		"same5@CONTOSO.com":       "5",
		"/o=adele":                "",
		"aiko@home.example":       "",
		"nobody@contoso.com":      "",
		"smtp:avance@contoso.com": "",
	} {
		t.Run(address, func(t *testing.T) {
			assert.Equal(t, want, numbers(s, s.ByAddress(address)))
		})
	}
}

func TestAnAddressOfTwoUsersFindsBoth(t *testing.T) {
	s := loaded(t,
		person(t, objectID(1), "mail", "shared@contoso.com"),
		person(t, objectID(2), "proxyAddresses", "smtp:Shared@contoso.com"),
	).Snapshot()
	assert.ElementsMatch(t, []byte("12"), []byte(numbers(s, s.ByAddress("shared@contoso.com"))))
}

func TestIDsAreFoundInAnyLetterCaseAndNeedNotBeGUIDs(t *testing.T) {
	const guid = "62E19B97-8B3D-4D4A-A106-4CE66896A863"
	d := loaded(t, person(t, guid, "city", "Praha"), person(t, "User-7", "city", "Brno"))
	s := d.Snapshot()
	row, ok := s.ByID(strings.ToLower(guid))
	require.True(t, ok)
	assert.Equal(t, strings.ToLower(guid), s.ID(row))
	row, ok = s.ByID("User-7")
	require.True(t, ok)
	assert.Equal(t, "User-7", s.ID(row))
	_, ok = s.ByID("user-7")
	assert.False(t, ok)

	d.Apply([]model.Change{{ID: "User-7", Removed: "deleted"}, {ID: "User-8"}})
	row, ok = d.Snapshot().ByID("User-8")
	require.True(t, ok)
	assert.Equal(t, "User-8", d.Snapshot().ID(row))
	_, ok = d.Snapshot().ByID("User-7")
	assert.False(t, ok)
	_, ok = s.ByID("User-7")
	assert.True(t, ok, "the snapshot taken before still has it")
}

func TestOfTwoWholeUsersTheLastStays(t *testing.T) {
	d := loaded(t, person(t, objectID(1), "city", "Praha", "state", "A", "otherMails", "a@b.example"))
	generation := d.Snapshot().Generation()
	effect := d.Apply([]model.Change{
		{ID: objectID(1), Whole: true, Fields: []model.Field{{Attr: model.AttrCity, Value: "Brno"}, {Attr: model.AttrDepartment, Value: "Sales"}}},
		{ID: objectID(1), Whole: true, Fields: []model.Field{{Attr: model.AttrCity, Value: "Plzeň"}}},
	})
	assert.Equal(t, directory.Effect{Updated: 2}, effect)
	s := d.Snapshot()
	require.Equal(t, 1, s.Len())
	assert.Greater(t, s.Generation(), generation)
	assert.Equal(t, person(t, objectID(1), "city", "Plzeň"), s.User(s.All()[0]))
}

func TestEffectsCountWhatChangedSomething(t *testing.T) {
	city := func(v string) []model.Field { return []model.Field{{Attr: model.AttrCity, Value: v}} }
	d := loaded(t, person(t, objectID(1), "city", "Praha"), person(t, objectID(2)))
	assert.Equal(t, directory.Effect{Added: 2, Updated: 2, Removed: 2}, d.Apply([]model.Change{
		{ID: objectID(1), Fields: city("Praha")}, // the same
		{ID: objectID(1), Fields: city("Brno")},
		{ID: objectID(1), Fields: city("Praha")},
		{ID: objectID(2), Removed: "changed"},
		{ID: objectID(2), Removed: "deleted"}, // already gone
		{ID: objectID(3), Fields: city("Brno")},
		{ID: objectID(3), Removed: "deleted"},
		{ID: objectID(4)}, // on the row of the one before
		{ID: objectID(5), Removed: "deleted"},
	}))
	s := d.Snapshot()
	require.Equal(t, 2, s.Len())
	row, ok := s.ByID(objectID(4))
	require.True(t, ok)
	assert.Equal(t, model.User{ID: objectID(4)}, s.User(row))
}

func TestResetDropsEveryUserButNotTheSnapshotsTaken(t *testing.T) {
	d := loaded(t, person(t, objectID(1)))
	before := d.Snapshot()
	d.Reset()
	assert.Zero(t, d.Snapshot().Len())
	assert.Greater(t, d.Snapshot().Generation(), before.Generation())
	assert.Equal(t, 1, before.Len())
}

func TestAReplayedDeltaLeavesTheSnapshotInPlace(t *testing.T) {
	manager := objectID(9)
	changes := []model.Change{
		{ID: objectID(1), Manager: &manager, Fields: []model.Field{{Attr: model.AttrCity, Value: "Praha"}, {Attr: model.AttrOtherMails, Values: []string{"a", "b"}}}},
		{ID: objectID(2), Removed: "changed"},
	}
	d := directory.New(model.FullSchema())
	d.Apply(changes)
	before := d.Snapshot()
	d.Apply(changes)
	assert.Same(t, before, d.Snapshot())
}

func TestAttributesThatAreNotSyncedAreNotKept(t *testing.T) {
	schema, err := model.NewSchema("department")
	require.NoError(t, err)
	d := directory.New(schema)
	d.Apply([]model.Change{{ID: objectID(1), Fields: []model.Field{{Attr: model.AttrCity, Value: "Praha"}, {Attr: model.AttrDepartment, Value: "Sales"}}}})
	s := d.Snapshot()
	assert.Empty(t, s.Value(s.All()[0], model.AttrCity))
	assert.Equal(t, "Sales", s.Value(s.All()[0], model.AttrDepartment))
}

func TestACancelledContextStopsTheWork(t *testing.T) {
	s := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, _, err := rule.Compile(`user.department -eq "Sales"`, s.Schema(), evaluatedAt)
	require.NoError(t, err)
	_, err = s.Select(ctx, p)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Search(ctx, "sales", nil, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Sort(ctx, s.All(), model.AttrDepartment, false)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Facets(ctx, model.AttrDepartment, nil)
	require.ErrorIs(t, err, context.Canceled)
}

func TestASetYieldsItsRows(t *testing.T) {
	s := small(t)
	p, _, err := rule.Compile(`user.department -eq "Sales"`, s.Schema(), evaluatedAt)
	require.NoError(t, err)
	set, err := s.Select(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, 3, set.Count())
	assert.ElementsMatch(t, s.Rows(set), slices.Collect(set.All()))
	assert.False(t, set.Has(-1))
	assert.False(t, set.Has(1<<30))
}

func TestValuesOfAnyLengthAreKeptAndFound(t *testing.T) {
	long := strings.Repeat("very long ", 60_000)
	s := loaded(t,
		person(t, objectID(1), "department", "before", "otherMails", long+"x"),
		person(t, objectID(2), "department", long+"two"),
		person(t, objectID(3), "department", "after"),
		person(t, objectID(4), "department", long+"four"),
		person(t, objectID(5), "department", "last"),
	).Snapshot()
	for text, want := range map[string]string{"before": "1", "after": "3", "two": "2", "four": "4", "last": "5", "very": "24", "wo after": "", "otherMails:x": "1"} {
		if !strings.Contains(text, ":") {
			text = `"` + text + `"`
		}
		rows := search(t, s, text)
		assert.ElementsMatch(t, []byte(want), []byte(numbers(s, rows)), text)
	}
	row, _ := s.ByID(objectID(5))
	assert.Equal(t, "last", s.Value(row, model.AttrDepartment))
	row, _ = s.ByID(objectID(4))
	assert.Equal(t, long+"four", s.Value(row, model.AttrDepartment))
}

func TestAPartThatReachesFromOneValueIntoTheNextIsNotFound(t *testing.T) {
	s := loaded(t,
		person(t, objectID(1), "department", "xab"),
		person(t, objectID(2), "department", "bax"),
		person(t, objectID(3), "department", "abba"),
	).Snapshot()
	assert.Equal(t, "3", numbers(s, search(t, s, "abba")))
	assert.Equal(t, "3", numbers(s, search(t, s, "abb")))
}

func TestAnEmptyDirectoryAnswers(t *testing.T) {
	s := directory.New(model.FullSchema()).Snapshot()
	assert.Empty(t, s.All())
	assert.Empty(t, s.ByAddress("a@b.c"))
	assert.Zero(t, s.Reports(objectID(1)))
	p, _, err := rule.Compile(`user.department -eq null -and user.otherMails -all (_ -eq "a")`, s.Schema(), evaluatedAt)
	require.NoError(t, err)
	set, err := s.Select(t.Context(), p)
	require.NoError(t, err)
	assert.Zero(t, set.Count())
	f, err := s.Facets(t.Context(), model.AttrDepartment, nil)
	require.NoError(t, err)
	assert.Empty(t, f.Values)
}

// TestManyUsersComeAndGo crosses chunks, blocks of text and compactions.
func TestManyUsersComeAndGo(t *testing.T) {
	const users, moved = 10_000, 150_000
	d := directory.New(model.FullSchema())
	list(d, syntheticUsers(users))
	first := d.Snapshot()
	city := func(n int) string { return fmt.Sprintf("%s %d", strings.Repeat("long ", 20), n) }
	want := map[string]string{}
	for start := 0; start < moved; start += 2_000 {
		var changes []model.Change
		for n := start; n < start+2_000; n++ {
			id := syntheticID(n % users)
			changes = append(changes, model.Change{ID: id, Fields: []model.Field{{Attr: model.AttrCity, Value: city(n)}, {Attr: model.AttrOtherMails, Values: []string{city(n), "x"}}}})
			want[id] = city(n)
		}
		gone, fresh := syntheticID(start%users), objectID(start)
		changes = append(changes, model.Change{ID: gone, Removed: "deleted"}, model.Change{ID: fresh, Fields: []model.Field{{Attr: model.AttrCity, Value: "new"}}})
		delete(want, gone)
		want[fresh] = "new"
		d.Apply(changes)
	}
	s := d.Snapshot()
	require.Equal(t, len(want), s.Len())
	for id, city := range want {
		row, ok := s.ByID(id)
		require.True(t, ok)
		require.Equal(t, city, s.Value(row, model.AttrCity))
		if city != "new" {
			require.Equal(t, []string{city, "x"}, s.Values(row, model.AttrOtherMails))
		}
	}
	for n := range users {
		row, ok := first.ByID(syntheticID(n))
		require.True(t, ok)
		require.Equal(t, fmt.Sprintf("%08d", n), first.Value(row, model.AttrEmployeeID))
	}
}

func TestReadersAndTheWriterDoNotDisturbEachOther(t *testing.T) {
	const users, rounds = 6_000, 20
	d := directory.New(model.FullSchema())
	list(d, syntheticUsers(users))
	p, _, err := rule.Compile(`user.department -eq "Sales" -or user.proxyAddresses -any (_ -contains "u00")`, model.FullSchema(), evaluatedAt)
	require.NoError(t, err)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				s := d.Snapshot()
				set, err := s.Select(t.Context(), p)
				assert.NoError(t, err)
				assert.Len(t, s.Rows(set), set.Count())
				r, err := s.Search(t.Context(), "ade", nil, nil)
				assert.NoError(t, err)
				rows := r.Rows()
				_, err = s.Sort(t.Context(), rows, model.AttrJobTitle, true)
				assert.NoError(t, err)
				_, err = s.Facets(t.Context(), model.AttrCity, rows)
				assert.NoError(t, err)
				if row, ok := s.ByID(syntheticID(17)); assert.True(t, ok) {
					assert.Contains(t, s.ByAddress(syntheticAddress(17)), row)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for round := range rounds {
		var changes []model.Change
		for i := range 50 {
			changes = append(changes,
				model.Change{ID: syntheticID(users + 50*round + i), Fields: []model.Field{{Attr: model.AttrDisplayName, Value: fmt.Sprintf("Adele %d %d", round, i)}}},
				model.Change{ID: syntheticID(100 + 50*round + i), Removed: "deleted"},
				model.Change{ID: syntheticID(i), Fields: []model.Field{{Attr: model.AttrJobTitle, Value: fmt.Sprintf("Title %d %d", round, i)}}})
		}
		d.Apply(changes)
	}
	close(done)
	readers.Wait()
	assert.Equal(t, users, d.Snapshot().Len())
}

func TestAUserIsFoundByPrincipalNameAlone(t *testing.T) {
	s := loaded(t,
		person(t, objectID(1), "userPrincipalName", "a@contoso.com", "mail", "b@contoso.com"),
		person(t, objectID(2), "userPrincipalName", "B@contoso.com", "proxyAddresses", "smtp:c@contoso.com"),
	).Snapshot()
	row, ok := s.ByPrincipalName("b@CONTOSO.com")
	require.True(t, ok)
	assert.Equal(t, objectID(2), s.ID(row))
	_, ok = s.ByPrincipalName("c@contoso.com")
	assert.False(t, ok, "an alias is no principal name")
}

func TestReportsAreListedInTheOrderOfName(t *testing.T) {
	manager, irregular := strings.ToUpper("0a000000-0000-4000-8000-000000000001"), "the boss"
	named := func(n int, name, manager string) model.Change {
		return model.Change{ID: objectID(n), Manager: &manager, Fields: []model.Field{{Attr: model.AttrDisplayName, Value: name}}}
	}
	d := directory.New(model.FullSchema())
	d.Apply([]model.Change{
		named(1, "Zoe", manager), named(2, "", manager), named(3, "Éva", manager),
		named(4, "Eva", irregular), named(5, "Adele", manager), named(6, "Nobody", ""),
	})
	s := d.Snapshot()
	assert.Equal(t, "5312", numbers(s, s.DirectReports(manager)))
	assert.Equal(t, 4, s.Reports(strings.ToLower(manager)))
	assert.Equal(t, "4", numbers(s, s.DirectReports(irregular)))
	assert.Empty(t, s.DirectReports(""))
	row, ok := s.ByID(objectID(4))
	require.True(t, ok)
	assert.Equal(t, irregular, s.ManagerID(row))

	d.Apply([]model.Change{{ID: objectID(5), Removed: "deleted"}})
	assert.Equal(t, "312", numbers(d.Snapshot(), d.Snapshot().DirectReports(manager)))
	assert.Equal(t, "5312", numbers(s, s.DirectReports(manager)))
}

func TestAddressesThatChangeAreFoundByTheNewOnes(t *testing.T) {
	d := loaded(t, person(t, objectID(1), "mail", "old@contoso.com"), person(t, objectID(2), "mail", "other@contoso.com"))
	before := d.Snapshot()
	require.Len(t, before.ByAddress("old@contoso.com"), 1) // from now on the index is kept up to date
	var changes []model.Change
	for i := range 2_000 {
		changes = append(changes, model.Change{ID: objectID(10 + i), Fields: []model.Field{{Attr: model.AttrProxyAddresses, Values: []string{fmt.Sprintf("SMTP:U%d@contoso.com", i)}}}})
	}
	d.Apply(append(changes[:10:10], model.Change{ID: objectID(1), Fields: []model.Field{{Attr: model.AttrMail, Value: "New@contoso.com"}}}))
	d.Apply(changes[10:]) // more than the index has room for
	s := d.Snapshot()
	assert.Equal(t, "1", numbers(s, s.ByAddress("new@contoso.com")))
	assert.Empty(t, s.ByAddress("old@contoso.com"))
	for i := range changes {
		require.Len(t, s.ByAddress(fmt.Sprintf("u%d@contoso.com", i)), 1)
	}
	assert.Equal(t, "1", numbers(before, before.ByAddress("old@contoso.com")))
	assert.Empty(t, before.ByAddress("new@contoso.com"))
}
