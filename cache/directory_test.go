package cache

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	want := state("")
	want.Users, want.Held, want.Refused, want.Serial = 7, 3, "faxNumber", true
	cursors := []refresh.Cursor{{Partition: 0, Link: "users?page=2", Users: 60}, {Partition: 300, Done: true}}
	require.NoError(t, d.Commit(t.Context(), refresh.Batch{Changes: employees(0, 100), State: want, Cursors: cursors}))
	before := contents(t, d)
	require.NoError(t, d.Close())

	d = openDirectory(t, path)
	assert.Equal(t, before, contents(t, d))
	got, err := d.State(t.Context())
	require.NoError(t, err)
	assert.Equal(t, want, got)
	kept, err := d.Cursors(t.Context())
	require.NoError(t, err)
	assert.Equal(t, cursors, kept)
	all := users{}
	all.apply(employees(0, 100))
	assert.Equal(t, all, before)
	assert.Empty(t, d.Notes())
}

// history is a store's contents as they should be.
type history struct {
	log, held [][]model.Change
	state     refresh.State
	cursors   map[int]refresh.Cursor
}

func (h *history) commit(b refresh.Batch) {
	if b.Release {
		h.log, h.held = append(h.log, h.held...), nil
	}
	switch {
	case len(b.Changes) > 0 && b.Hold:
		h.held = append(h.held, b.Changes)
	case len(b.Changes) > 0:
		h.log = append(h.log, b.Changes)
	}
	h.state = b.State
	if b.State.Phase != refresh.PhaseReading {
		clear(h.cursors)
		return
	}
	for _, c := range b.Cursors {
		h.cursors[c.Partition] = c
	}
}

// check compares a store with what it should be. What the image holds is
// compared by what it adds up to.
func (h *history) check(t require.TestingT, s refresh.Store, imaged int) {
	image, all := users{}, users{}
	for i, page := range h.log {
		all.apply(page)
		if i < imaged {
			image.apply(page)
		}
	}
	restored, log := users{}, [][]model.Change(nil)
	require.NoError(t, s.Load(context.Background(), restored.restore, func(c []model.Change) { log = append(log, c) }))
	assert.Equal(t, image, restored)
	assert.Equal(t, h.log[imaged:], append([][]model.Change{}, log...))
	for _, page := range log {
		restored.apply(page)
	}
	assert.Equal(t, all, restored)

	var held [][]model.Change
	require.NoError(t, s.Held(context.Background(), func(c []model.Change) bool { held = append(held, c); return true }))
	assert.Equal(t, h.held, held)
	got, err := s.State(context.Background())
	require.NoError(t, err)
	assert.Equal(t, h.state, got)
	cursors, err := s.Cursors(context.Background())
	require.NoError(t, err)
	var want []refresh.Cursor
	for _, partition := range slices.Sorted(maps.Keys(h.cursors)) {
		want = append(want, h.cursors[partition])
	}
	assert.Equal(t, want, cursors)
}

// batches draws commits of every kind.
func batches() *rapid.Generator[refresh.Batch] {
	return rapid.Custom(func(t *rapid.T) refresh.Batch {
		b := refresh.Batch{
			State:   state(rapid.StringMatching(`[a-z]{0,3}`).Draw(t, "next")),
			Hold:    rapid.Bool().Draw(t, "hold"),
			Release: rapid.Bool().Draw(t, "release"),
		}
		b.State.Phase = rapid.SampledFrom([]refresh.Phase{refresh.PhaseReading, refresh.PhaseReading, refresh.PhaseDelta, refresh.PhaseIdle}).Draw(t, "phase")
		for range rapid.IntRange(0, 6).Draw(t, "changes") {
			c := named(rapid.SampledFrom([]string{guid(1), guid(2), guid(3), "text-4", "text-5", "TEXT-5"}).Draw(t, "id"), rapid.StringMatching(`[A-C]`).Draw(t, "name"))
			if rapid.Bool().Draw(t, "removed") {
				c = model.Change{ID: c.ID, Removed: "changed"}
			}
			b.Changes = append(b.Changes, c)
		}
		for _, partition := range rapid.SliceOfNDistinct(rapid.IntRange(0, 400), 0, 3, rapid.ID).Draw(t, "partitions") {
			b.Cursors = append(b.Cursors, refresh.Cursor{Partition: partition, Link: rapid.StringMatching(`[a-z]{0,3}`).Draw(t, "link")})
		}
		return b
	})
}

func TestAnyRowOfCommitsAndCheckpointsIsKeptInOrder(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		folder, err := os.MkdirTemp(dir, "")
		require.NoError(t, err)
		path := filepath.Join(folder, "directory.db")
		open := func() *Directory {
			d, err := OpenDirectory(path, DirectoryOptions{Now: day})
			require.NoError(t, err)
			return d
		}
		d := open()
		defer func() { require.NoError(t, d.Close()) }()
		h := &history{cursors: map[int]refresh.Cursor{}, log: [][]model.Change{}}
		imaged := 0
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				require.NoError(t, d.Close())
				d = open()
			case 1:
				u, err := read(d)
				require.NoError(t, err)
				require.NoError(t, replaceLog(d.current, u.save))
				imaged = len(h.log)
			default:
				b := batches().Draw(t, "batch")
				require.NoError(t, d.Commit(context.Background(), b))
				h.commit(b)
			}
		}
		h.check(t, d, imaged)
		assert.Empty(t, d.Notes())
	})
}

func TestWhatIsHeldCountsOnlyWhenItIsReleased(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "A"))
	hold := refresh.Batch{Changes: []model.Change{named("a", "A2"), {ID: "b", Removed: "deleted"}}, State: state(""), Hold: true}
	require.NoError(t, d.Commit(t.Context(), hold))
	hold.Changes = []model.Change{named("a", "A3")}
	require.NoError(t, d.Commit(t.Context(), hold))
	commit(t, d, state(""), named("c", "C"))
	require.NoError(t, d.Close())

	d = openDirectory(t, path)
	assert.Equal(t, map[string]string{"a": "A", "c": "C"}, displayNames(t, d))
	pages, changes := heldPages(t, d)
	assert.Equal(t, 2, pages)
	assert.Equal(t, []model.Change{named("a", "A2"), {ID: "b", Removed: "deleted"}, named("a", "A3")}, changes)
	require.NoError(t, d.Held(t.Context(), func([]model.Change) bool { pages++; return false }))
	assert.Equal(t, 3, pages, "no more than was wanted")

	require.NoError(t, d.Commit(t.Context(), refresh.Batch{Changes: []model.Change{named("c", "C2")}, State: state(""), Release: true}))
	assert.Equal(t, map[string]string{"a": "A3", "c": "C2"}, displayNames(t, d))
	pages, _ = heldPages(t, d)
	assert.Zero(t, pages)
}

func TestAChangeWithoutAnIDIsRefused(t *testing.T) {
	d := openDirectory(t, directoryPath(t))
	require.Error(t, d.Commit(t.Context(), refresh.Batch{Changes: []model.Change{named("a", "A"), named("", "B")}}))
	assert.Empty(t, contents(t, d))
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
	openLedger(t, filepath.Join(filepath.Dir(path), "ledger.db"))
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
	failure(t, d.Commit(t.Context(), refresh.Batch{}), "closed")
	_, err := d.State(t.Context())
	failure(t, err, "closed")
	_, err = d.Cursors(t.Context())
	failure(t, err, "closed")
	_, err = d.Stage(t.Context())
	failure(t, err, "closed")
	_, err = read(d)
	failure(t, err, "closed")
	failure(t, d.Checkpoint(t.Context(), users{}.save), "closed")
}

func TestAnInterruptedCallerIsNotTakenForDamage(t *testing.T) {
	d := openDirectory(t, directoryPath(t))
	commit(t, d, state(""), employees(0, 50)...)
	commit(t, d, state(""), employees(50, 60)...)
	require.NoError(t, replaceLog(d.current, contents(t, d).save))
	commit(t, d, state(""), employees(60, 70)...)
	commit(t, d, state(""), employees(70, 80)...)

	ctx, cancel := context.WithCancel(t.Context())
	pages := 0
	err := d.Load(ctx, users{}.restore, func([]model.Change) { pages++; cancel() })
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, pages)
	require.ErrorIs(t, d.Load(ctx, users{}.restore, users{}.apply), context.Canceled)
	require.ErrorIs(t, d.Held(ctx, func([]model.Change) bool { return true }), context.Canceled)
	require.ErrorIs(t, d.Commit(ctx, refresh.Batch{Changes: employees(80, 90), State: state("later")}), context.Canceled)
	require.ErrorIs(t, d.Checkpoint(ctx, users{}.save), context.Canceled)

	ctx, cancel = context.WithCancel(t.Context())
	err = d.Load(ctx, func(get func(string) ([]byte, error)) error {
		cancel()
		_, err := get(partName(0))
		return err
	}, users{}.apply)
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, contents(t, d), 80)
	assert.Empty(t, d.Notes())
}

func TestAPanicOfTheReaderIsNotTakenForDamage(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "A"))
	require.NoError(t, replaceLog(d.current, contents(t, d).save))
	commit(t, d, state(""), named("b", "B"))
	require.NoError(t, d.Commit(t.Context(), refresh.Batch{Changes: []model.Change{named("c", "C")}, Hold: true}))
	bug := func() { panic("a bug above") }
	for name, call := range map[string]func() error{
		"restore": func() error {
			return d.Load(t.Context(), func(func(string) ([]byte, error)) error { bug(); return nil }, users{}.apply)
		},
		"apply": func() error { return d.Load(t.Context(), users{}.restore, func([]model.Change) { bug() }) },
		"held":  func() error { return d.Held(t.Context(), func([]model.Change) bool { bug(); return true }) },
		"save": func() error {
			return replaceLog(d.current, func(func(string, []byte) error) error { bug(); return nil })
		},
	} {
		assert.PanicsWithValue(t, "a bug above", func() { _ = call() }, name)
	}
	assert.Len(t, contents(t, d), 2)
	assert.NoFileExists(t, d.current.rewritePath())
	assert.Empty(t, d.Notes())
}
