package cache

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/refresh"
)

func TestWhatIsCommittedIsThereAfterReopening(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	want := state("users?page=2")
	assert.Equal(t, refresh.Effect{Added: 100}, commit(t, d, want, employees(0, 100)...))
	before := contents(t, d)
	require.NoError(t, d.Close())

	d = openDirectory(t, path)
	assert.Equal(t, before, contents(t, d))
	got, err := d.State(t.Context())
	require.NoError(t, err)
	want.Users = 100
	assert.Equal(t, want, got)
	u := contents(t, d)[guid(42)]
	assert.Equal(t, "Given42 Family42", u.DisplayName())
	assert.Equal(t, guid(5), u.ManagerID)
	assert.Equal(t, []string{"SMTP:given42.family42@contoso.com", "smtp:g42@contoso.onmicrosoft.com"}, u.Values(model.AttrProxyAddresses))
	assert.Empty(t, d.Notes())
}

func TestACommitAppliesItsChangesInOrder(t *testing.T) {
	null := model.Change{ID: "a", Fields: []model.Field{{Attr: model.AttrDisplayName}}}
	gone := func(id string) model.Change { return model.Change{ID: id, Removed: "deleted"} }
	tests := map[string]struct {
		changes []model.Change
		effect  refresh.Effect
		want    map[string]string
	}{
		"nothing":                               {nil, refresh.Effect{}, map[string]string{"a": "A", "b": "B"}},
		"a replay":                              {[]model.Change{named("a", "A")}, refresh.Effect{}, map[string]string{"a": "A", "b": "B"}},
		"an update":                             {[]model.Change{named("a", "A2")}, refresh.Effect{Updated: 1}, map[string]string{"a": "A2", "b": "B"}},
		"the last of two wins":                  {[]model.Change{named("a", "A2"), named("a", "A3")}, refresh.Effect{Updated: 1}, map[string]string{"a": "A3", "b": "B"}},
		"there and back again":                  {[]model.Change{named("a", "A2"), named("a", "A")}, refresh.Effect{}, map[string]string{"a": "A", "b": "B"}},
		"a null clears":                         {[]model.Change{null}, refresh.Effect{Updated: 1}, map[string]string{"a": "", "b": "B"}},
		"a removal":                             {[]model.Change{gone("a")}, refresh.Effect{Removed: 1}, map[string]string{"b": "B"}},
		"a removal of nobody":                   {[]model.Change{gone("z")}, refresh.Effect{}, map[string]string{"a": "A", "b": "B"}},
		"a new user":                            {[]model.Change{named("c", "C")}, refresh.Effect{Added: 1}, map[string]string{"a": "A", "b": "B", "c": "C"}},
		"a new user who is gone at once":        {[]model.Change{named("c", "C"), gone("c")}, refresh.Effect{}, map[string]string{"a": "A", "b": "B"}},
		"a user who is removed and comes back":  {[]model.Change{gone("a"), named("a", "A2")}, refresh.Effect{Updated: 1}, map[string]string{"a": "A2", "b": "B"}},
		"a removal and a new one, then removed": {[]model.Change{gone("a"), named("c", "C"), gone("c")}, refresh.Effect{Removed: 1}, map[string]string{"b": "B"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := openDirectory(t, directoryPath(t))
			commit(t, d, state(""), named("a", "A"), named("b", "B"))
			assert.Equal(t, tc.effect, commit(t, d, state(""), tc.changes...))
			assert.Equal(t, tc.want, displayNames(t, d))
			s, err := d.State(t.Context())
			require.NoError(t, err)
			assert.Equal(t, len(tc.want), s.Users)
		})
	}
}

func TestAnyRowOfCommitsEqualsAPlainMap(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		folder, err := os.MkdirTemp(dir, "")
		require.NoError(t, err)
		path := filepath.Join(folder, "directory.db")
		d, err := OpenDirectory(path, DirectoryOptions{Now: day})
		require.NoError(t, err)
		defer func() { require.NoError(t, d.Close()) }()
		want := map[string]string{}
		id := rapid.SampledFrom([]string{guid(1), guid(2), guid(3), "text-4", "text-5", "TEXT-5"})
		for range rapid.IntRange(1, 8).Draw(t, "commits") {
			var changes []model.Change
			var e refresh.Effect
			before := maps.Clone(want)
			for range rapid.IntRange(0, 6).Draw(t, "changes") {
				who := id.Draw(t, "id")
				if rapid.Bool().Draw(t, "removed") {
					changes = append(changes, model.Change{ID: who, Removed: "changed"})
					delete(want, who)
					continue
				}
				name := rapid.StringMatching(`[A-C]`).Draw(t, "name")
				changes = append(changes, named(who, name))
				want[who] = name
			}
			for who, name := range want {
				switch was, ok := before[who]; {
				case !ok:
					e.Added++
				case was != name:
					e.Updated++
				}
			}
			for who := range before {
				if _, ok := want[who]; !ok {
					e.Removed++
				}
			}
			got, err := d.Commit(context.Background(), changes, state(""))
			require.NoError(t, err)
			assert.Equal(t, e, got)
			if rapid.Bool().Draw(t, "reopen") {
				require.NoError(t, d.Close())
				d, err = OpenDirectory(path, DirectoryOptions{Now: day})
				require.NoError(t, err)
			}
		}
		got := map[string]string{}
		require.NoError(t, d.Users(context.Background(), func(u *model.User) bool {
			got[u.ID] = u.Value(model.AttrDisplayName)
			return true
		}))
		assert.Equal(t, want, got)
	})
}

func TestTheFileOfAnotherTenantIsRefused(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "A"))
	require.NoError(t, d.Close())

	_, err := OpenDirectory(path, DirectoryOptions{TenantID: "22222222-2222-2222-2222-222222222222"})
	e := failure(t, err, "otherTenant")
	assert.Contains(t, e.Message, tenantID)

	d, err = OpenDirectory(path, DirectoryOptions{TenantID: tenantID})
	require.NoError(t, err)
	assert.Len(t, contents(t, d), 1)
	require.NoError(t, d.Close())
}

func TestAFileOfANewerLayoutIsLeftAlone(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "A"))
	poke(t, d.current.db, bucketHeader, keyFormat, []byte{format + 1})
	require.NoError(t, d.Close())
	_, err := OpenDirectory(path, DirectoryOptions{})
	failure(t, err, "newerFile")
	assert.FileExists(t, path)
}

func TestFilesBelongToTheirOwnerOnly(t *testing.T) {
	path := directoryPath(t)
	require.NoError(t, openDirectory(t, path).Close())
	require.NoError(t, os.Chmod(path, 0o644))
	openDirectory(t, path)
	ledger := openLedger(t, filepath.Join(filepath.Dir(path), "ledger.db"))
	_ = ledger
	for name, want := range map[string]os.FileMode{".": 0o700, "directory.db": 0o600, "directory.lock": 0o600, "ledger.db": 0o600, "ledger.lock": 0o600} {
		info, err := os.Stat(filepath.Join(filepath.Dir(path), name))
		require.NoError(t, err)
		assert.Equal(t, want, info.Mode().Perm(), name)
	}
}

func TestClosingTwiceIsHarmlessAndUseAfterwardsIsAnError(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	assert.NoFileExists(t, filepath.Join(filepath.Dir(path), "directory.lock"))
	_, err := d.Commit(t.Context(), nil, refresh.State{})
	failure(t, err, "closed")
	_, err = d.State(t.Context())
	failure(t, err, "closed")
	_, err = d.Stage(t.Context())
	failure(t, err, "closed")
	failure(t, d.Users(t.Context(), func(*model.User) bool { return true }), "closed")
}

func TestAScanStopsWhenItIsToldTo(t *testing.T) {
	d := openDirectory(t, directoryPath(t))
	commit(t, d, state(""), employees(0, 50)...)
	seen := 0
	require.NoError(t, d.Users(t.Context(), func(*model.User) bool { seen++; return seen < 7 }))
	assert.Equal(t, 7, seen)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, d.Users(ctx, func(*model.User) bool { return true }), context.Canceled)
	_, err := d.Commit(ctx, employees(50, 60), state("later"))
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, contents(t, d), 50)
}

func TestAPanicOfTheReaderIsNotTakenForDamage(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "A"))
	assert.PanicsWithValue(t, "a bug above", func() {
		_ = d.Users(t.Context(), func(*model.User) bool { panic("a bug above") })
	})
	assert.Len(t, contents(t, d), 1)
	assert.Empty(t, d.Notes())
}
