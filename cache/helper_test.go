package cache

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"rollcall/model"
	"rollcall/model/refresh"
)

const tenantID = "11111111-1111-1111-1111-111111111111"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(playRole(role))
	}
	goleak.VerifyTestMain(m)
}

// day is the clock of the tests.
func day() time.Time { return time.Date(2026, 11, 8, 2, 3, 4, 0, time.UTC) }

func openDirectory(t testing.TB, path string) *Directory {
	t.Helper()
	d, err := OpenDirectory(path, DirectoryOptions{Now: day, Timeout: 50 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func directoryPath(t testing.TB) string { return filepath.Join(t.TempDir(), "profile", "directory.db") }

// guid is the i-th made-up object id.
func guid(i int) string { return fmt.Sprintf("%08x-89ab-4cde-8f01-23456789abcd", uint32(i)*2654435761) }

// employee is a change with about what a synced user of a company holds.
func employee(i int) model.Change {
	manager := guid(i / 8)
	upn := fmt.Sprintf("given%d.family%d@contoso.com", i, i%997)
	text := func(a model.AttrID, v string) model.Field { return model.Field{Attr: a, Value: v} }
	return model.Change{ID: guid(i), Whole: true, Manager: &manager, Fields: []model.Field{
		text(model.AttrDisplayName, fmt.Sprintf("Given%d Family%d", i, i%997)),
		text(model.AttrUserPrincipalName, upn),
		text(model.AttrMail, upn),
		text(model.AttrDepartment, fmt.Sprintf("Department %d", i%40)),
		text(model.AttrJobTitle, fmt.Sprintf("Title %d", i%200)),
		text(model.AttrOfficeLocation, fmt.Sprintf("Building %d", i%60)),
		text(model.AttrCompanyName, "Contoso"),
		text(model.AttrCity, fmt.Sprintf("City %d", i%120)),
		text(model.AttrState, fmt.Sprintf("State %d", i%30)),
		text(model.AttrCountry, fmt.Sprintf("Country %d", i%20)),
		text(model.AttrUsageLocation, "DE"),
		text(model.AttrUserType, "Member"),
		text(model.AttrAccountEnabled, "true"),
		text(model.AttrMobilePhone, fmt.Sprintf("+49 170 %07d", i)),
		text(model.AttrGivenName, fmt.Sprintf("Given%d", i)),
		text(model.AttrSurname, fmt.Sprintf("Family%d", i%997)),
		text(model.AttrMailNickname, fmt.Sprintf("given%d.family%d", i, i%997)),
		text(model.AttrEmployeeID, fmt.Sprintf("E%07d", i)),
		text(model.AttrEmployeeHireDate, "2019-04-01T00:00:00Z"),
		text(model.AttrPostalCode, fmt.Sprintf("%05d", i%9999)),
		text(model.AttrStreetAddress, fmt.Sprintf("Street %d", i%300)),
		text(model.AttrPreferredLanguage, "de-DE"),
		{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:" + upn, fmt.Sprintf("smtp:g%d@contoso.onmicrosoft.com", i)}},
		text(model.AttrExtensionAttribute1, fmt.Sprintf("Cost centre %d", i%500)),
		text(model.AttrExtensionAttribute1+1, "Full-time"),
	}}
}

func employees(from, to int) []model.Change {
	var out []model.Change
	for i := from; i < to; i++ {
		out = append(out, employee(i))
	}
	return out
}

func named(id, name string) model.Change {
	return model.Change{ID: id, Fields: []model.Field{{Attr: model.AttrDisplayName, Value: name}}}
}

// state is that of a listing in progress; next tells it from another one.
func state(next string) refresh.State {
	return refresh.State{TenantID: tenantID, Fingerprint: "f", DeltaLink: "delta", Next: next, Phase: refresh.PhaseReading, StartedAt: day()}
}

func commit(t testing.TB, s refresh.Store, next refresh.State, changes ...model.Change) {
	t.Helper()
	require.NoError(t, s.Commit(t.Context(), refresh.Batch{Changes: changes, State: next}))
}

// users is what a directory is in these tests: by object id.
type users map[string]model.User

func (u users) apply(changes []model.Change) {
	for _, c := range changes {
		if c.Removed != "" {
			delete(u, c.ID)
			continue
		}
		user := u[c.ID]
		user = user.Clone()
		user.Apply(c)
		u[c.ID] = user
	}
}

// imageParts is how many parts the users are saved in.
const imageParts = 5

func partName(n int) string { return fmt.Sprintf("users/%d", n) }

// save puts the users as parts of JSON.
func (u users) save(put func(string, []byte) error) error {
	parts := make([][]model.Change, imageParts)
	for i, id := range slices.Sorted(maps.Keys(u)) {
		user := u[id]
		parts[i%imageParts] = append(parts[i%imageParts], model.Change{ID: id, Manager: &user.ManagerID, Fields: user.Fields(), Whole: true})
	}
	for i, part := range parts {
		data, err := json.Marshal(part)
		if err != nil {
			return err
		}
		if err := put(partName(i), data); err != nil {
			return err
		}
	}
	return nil
}

// restore gets the parts in parallel, as the directory does.
func (u users) restore(get func(string) ([]byte, error)) error {
	parts := make([][]model.Change, imageParts)
	var g errgroup.Group
	for i := range parts {
		g.Go(func() error {
			data, err := get(partName(i))
			if err != nil {
				return err
			}
			return json.Unmarshal(data, &parts[i])
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, part := range parts {
		u.apply(part)
	}
	return nil
}

// read loads a store.
func read(s refresh.Store) (users, error) {
	u := users{}
	err := s.Load(context.Background(), u.restore, u.apply)
	return u, err
}

// contents is every user that a store adds up to.
func contents(t testing.TB, s refresh.Store) users {
	t.Helper()
	u, err := read(s)
	require.NoError(t, err)
	return u
}

// displayNames is what a store holds: id → display name.
func displayNames(t testing.TB, s refresh.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	for id, u := range contents(t, s) {
		out[id] = u.Value(model.AttrDisplayName)
	}
	return out
}

// heldPages is how many pages a store holds back, and their changes.
func heldPages(t testing.TB, s refresh.Store) (pages int, changes []model.Change) {
	t.Helper()
	require.NoError(t, s.Held(t.Context(), func(c []model.Change) bool {
		pages++
		changes = append(changes, c...)
		return true
	}))
	return pages, changes
}

// replaceLog makes a checkpoint that the store might decline.
func replaceLog(s *store, save func(put func(string, []byte) error) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replaceLog(context.Background(), save)
}

// kill lets go of a directory's files as a killed process does.
func kill(t testing.TB, d *Directory) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.staging != nil {
		require.NoError(t, d.staging.store.db.Close())
	}
	require.NoError(t, d.current.db.Close())
	d.current, d.staging = nil, nil
}

// failure asserts that an error is a *model.Error of a code and returns it.
func failure(t testing.TB, err error, code string) *model.Error {
	t.Helper()
	var e *model.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
	return e
}
