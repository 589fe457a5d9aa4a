package cache

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

// mix gives the i-th user a number below n that looks like chance.
func mix(i, salt, n int) int {
	h := (uint64(i)*2 + uint64(salt) + 1) * 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return int((h ^ h>>31) >> 1 % uint64(n))
}

// madeUpName is a name of two or three syllables out of a few thousand.
func madeUpName(n int) string {
	syllables := []string{"an", "bel", "cor", "dra", "el", "fin", "gar", "hol", "is", "jor", "ken", "lam", "mar", "nor", "ol", "pet", "quin", "ras", "sten", "tor"}
	name := ""
	for k := n + 400; k > 0; k /= len(syllables) {
		name += syllables[k%len(syllables)]
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// employee is a change with about what a synced user of a company holds: its
// pages compress as those of the embedded tenant do.
func employee(i int) model.Change {
	manager := guid(mix(i, 0, i/8+1))
	given, family := madeUpName(mix(i, 1, 2000)), madeUpName(mix(i, 2, 6000))
	alias := strings.ToLower(given+"."+family) + strconv.Itoa(i%100)
	upn := alias + "@contoso.com"
	city := mix(i, 3, 120)
	text := func(a model.AttrID, v string) model.Field { return model.Field{Attr: a, Value: v} }
	return model.Change{ID: guid(i), Whole: true, Manager: &manager, Fields: []model.Field{
		text(model.AttrDisplayName, given+" "+family),
		text(model.AttrUserPrincipalName, upn),
		text(model.AttrMail, upn),
		text(model.AttrDepartment, fmt.Sprintf("Department %d", mix(i, 4, 40))),
		text(model.AttrJobTitle, fmt.Sprintf("Title %d", mix(i, 5, 200))),
		text(model.AttrOfficeLocation, fmt.Sprintf("Building %d/%d", city, mix(i, 6, 9))),
		text(model.AttrCompanyName, "Contoso"),
		text(model.AttrCity, fmt.Sprintf("City %d", city)),
		text(model.AttrState, fmt.Sprintf("State %d", city/4)),
		text(model.AttrCountry, fmt.Sprintf("Country %d", city/6)),
		text(model.AttrUsageLocation, "DE"),
		text(model.AttrUserType, "Member"),
		text(model.AttrAccountEnabled, strconv.FormatBool(mix(i, 7, 12) > 0)),
		text(model.AttrMobilePhone, fmt.Sprintf("+49 170 %07d", mix(i, 8, 1e7))),
		text(model.AttrGivenName, given),
		text(model.AttrSurname, family),
		text(model.AttrMailNickname, alias),
		text(model.AttrEmployeeID, fmt.Sprintf("E%07d", mix(i, 9, 1e7))),
		text(model.AttrEmployeeHireDate, fmt.Sprintf("20%02d-%02d-01T00:00:00Z", mix(i, 10, 26), 1+mix(i, 11, 12))),
		text(model.AttrPostalCode, fmt.Sprintf("%05d", 100*city+mix(i, 12, 30))),
		text(model.AttrStreetAddress, fmt.Sprintf("Street %d", mix(i, 13, 300))),
		text(model.AttrPreferredLanguage, "de-DE"),
		{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:" + upn, "smtp:" + alias + "@contoso.onmicrosoft.com"}},
		text(model.AttrExtensionAttribute1, fmt.Sprintf("Cost centre %d", mix(i, 14, 500))),
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
