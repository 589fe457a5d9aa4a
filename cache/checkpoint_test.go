package cache

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"rollcall/model"
	"rollcall/model/refresh"
)

func TestACheckpointIsDeclinedUntilItPays(t *testing.T) {
	const mib = 1 << 20
	tests := map[string]struct {
		extent extent
		due    bool
	}{
		"nothing":                                  {extent{}, false},
		"a small log and no image":                 {extent{LogPages: 5, LogBytes: mib}, false},
		"a log of thousands and no image":          {extent{LogPages: 9, LogBytes: mib + 1}, true},
		"a log that an image makes small":          {extent{LogBytes: 4 * mib, ImageParts: 3, ImageBytes: mib}, false},
		"a log larger than a small image is worth": {extent{LogBytes: 4*mib + 1, ImageParts: 3, ImageBytes: mib}, true},
		"an eighth of a large image":               {extent{LogBytes: 20 * mib, ImageParts: 3, ImageBytes: 160 * mib}, false},
		"more than an eighth":                      {extent{LogBytes: 20*mib + 1, ImageParts: 3, ImageBytes: 160 * mib}, true},
		"much held is no reason":                   {extent{HeldPages: 1000}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.due, tc.extent.isCheckpointDue()) })
	}
}

func TestACheckpointTakesThePlaceOfTheLog(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	for from := 0; !d.current.extent.isCheckpointDue(); from += benchPage {
		commit(t, d, state(""), employees(from, from+benchPage)...)
	}
	before := contents(t, d)
	require.NoError(t, d.Checkpoint(t.Context(), before.save))
	assert.Zero(t, d.current.extent.LogPages)
	assert.Equal(t, imageParts, d.current.extent.ImageParts)
	require.NoError(t, d.Checkpoint(t.Context(), func(func(string, []byte) error) error { panic("declined") }))

	assert.Equal(t, before, contents(t, d))
	after := model.Change{ID: guid(7), Removed: "deleted"}
	commit(t, d, state(""), after)
	before.apply([]model.Change{after})
	require.NoError(t, d.Close())
	d = openDirectory(t, path)
	assert.Equal(t, before, contents(t, d))
	assert.NoFileExists(t, d.current.rewritePath())
	assert.Empty(t, d.Notes())
}

func TestPartsOfAnyKindComeBack(t *testing.T) {
	noise := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	parts := map[string][]byte{"noise": noise, "zeros": make([]byte, 3<<20), "empty": {}, "one": {7}, "columns/ä/codes": []byte("x")}
	for i := range 20 { // more than one transaction's worth
		parts[fmt.Sprintf("noise/%d", i)] = noise[i<<10:]
	}
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "A"))
	require.NoError(t, replaceLog(d.current, func(put func(string, []byte) error) error {
		var g errgroup.Group
		for name, data := range parts {
			g.Go(func() error {
				scratch := append([]byte{}, data...)
				defer clear(scratch) // put must not keep it
				return put(name, scratch)
			})
		}
		return g.Wait()
	}))
	require.NoError(t, d.Close())

	d = openDirectory(t, path)
	require.NoError(t, d.Load(t.Context(), func(get func(string) ([]byte, error)) error {
		var g errgroup.Group
		for name, want := range parts {
			g.Go(func() error {
				got, err := get(name)
				assert.NotNil(t, got, name)
				assert.True(t, string(want) == string(got), name)
				return err
			})
		}
		unknown, err := get("unknown")
		assert.Nil(t, unknown)
		return errors.Join(err, g.Wait())
	}, users{}.apply))
}

func TestACheckpointThatFailsChangesNothing(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state("here"), employees(0, 50)...)
	before := contents(t, d)
	refused := errors.New("no more")
	tests := map[string]struct {
		save func(put func(string, []byte) error) error
		want string
	}{
		"the directory gives up": {func(put func(string, []byte) error) error {
			return errors.Join(put("a", []byte("a")), refused)
		}, "no more"},
		"two parts of a name": {func(put func(string, []byte) error) error {
			return errors.Join(put("a", []byte("a")), put("a", []byte("b")))
		}, `two parts of the name "a"`},
		"a part without a name": {func(put func(string, []byte) error) error {
			return put("", []byte("a"))
		}, "key required"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, replaceLog(d.current, tc.save), tc.want)
			assert.Equal(t, before, contents(t, d))
			assert.NoFileExists(t, d.current.rewritePath())
			commit(t, d, state("here"), named(guid(1), name))
			before.apply([]model.Change{named(guid(1), name)})
		})
	}
	assert.Empty(t, d.Notes())
}

func TestACheckpointKeepsWhatIsHeldAndTheCursors(t *testing.T) {
	d := openDirectory(t, directoryPath(t))
	h := &history{cursors: map[int]refresh.Cursor{}}
	for _, b := range []refresh.Batch{
		{Changes: employees(0, 30), State: state(""), Cursors: []refresh.Cursor{{Partition: 4, Link: "x"}}},
		{Changes: []model.Change{{ID: guid(1), Removed: "deleted"}}, State: state(""), Hold: true},
		{Changes: []model.Change{{ID: guid(2), Removed: "deleted"}}, State: state("y"), Hold: true},
	} {
		require.NoError(t, d.Commit(t.Context(), b))
		h.commit(b)
	}
	require.NoError(t, replaceLog(d.current, contents(t, d).save))
	h.check(t, d, 1)
	b := refresh.Batch{Changes: []model.Change{named(guid(1), "back")}, State: state(""), Release: true}
	require.NoError(t, d.Commit(t.Context(), b))
	h.commit(b)
	h.check(t, d, 1)
}

func TestWhatACrashedCheckpointLeavesIsRemoved(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), employees(0, 50)...)
	before := contents(t, d)
	kill(t, d)
	for _, leftover := range []string{path + ".rewrite", path + ".new.rewrite"} {
		require.NoError(t, os.WriteFile(leftover, []byte("half of an image"), 0o600))
	}
	d = openDirectory(t, path)
	assert.Equal(t, before, contents(t, d))
	assert.NoFileExists(t, path+".rewrite")
	assert.NoFileExists(t, path+".new.rewrite")
	assert.Empty(t, d.Notes())
}

func TestACheckpointWithoutRoomKeepsTheFormerImageAndTheLog(t *testing.T) {
	d, err := OpenDirectory(directoryPath(t), DirectoryOptions{Now: day, MaxSize: 1 << 20})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	commit(t, d, state(""), employees(0, 500)...)
	before := contents(t, d)
	require.NoError(t, replaceLog(d.current, before.save))
	commit(t, d, state(""), named("a", "A"))
	before.apply([]model.Change{named("a", "A")})

	noise := make([]byte, 2<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	err = d.use(func(s *store) error {
		return replaceLog(s, func(put func(string, []byte) error) error { return put("noise", noise) })
	})
	assert.Contains(t, failure(t, err, "diskFull").Remedy, "try again")
	assert.Equal(t, before, contents(t, d))
	assert.NoFileExists(t, d.current.rewritePath())
	commit(t, d, state(""), named("b", "B"))
	assert.Len(t, contents(t, d), 502)
	assert.Empty(t, d.Notes())
}

func TestACheckpointWhereOpenFilesCannotBeRenamed(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "A"))
	fresh := openDirectory(t, path+".other")
	commit(t, fresh, state("b"), named("b", "B"))
	require.NoError(t, d.current.adoptClosed(&fresh.current.boltFile))
	d.current.takeOver(*fresh.current.state.Load(), fresh.current.extent, true)
	assert.Equal(t, map[string]string{"b": "B"}, displayNames(t, d))
	commit(t, d, state(""), named("c", "C"))
	require.NoError(t, d.Close())
	d = openDirectory(t, path)
	assert.Equal(t, map[string]string{"b": "B", "c": "C"}, displayNames(t, d))
}

// TestReadersAndWritersMayMeet runs everything at once for the race detector.
func TestReadersAndWritersMayMeet(t *testing.T) {
	d := openDirectory(t, directoryPath(t))
	commit(t, d, state(""), employees(0, 20)...)
	first := contents(t, d)
	var g errgroup.Group
	for writer := range 2 {
		g.Go(func() error {
			for i := range 20 {
				if err := d.Commit(t.Context(), refresh.Batch{Changes: []model.Change{named(guid(i), fmt.Sprint(writer))}, State: state("")}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		for range 10 {
			err := d.use(func(s *store) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				return s.replaceLog(t.Context(), first.save)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	for range 2 {
		g.Go(func() error {
			for range 20 {
				u, err := read(d)
				if err != nil {
					return err
				}
				if len(u) != 20 {
					return fmt.Errorf("%d users", len(u))
				}
				if _, err := d.State(t.Context()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	assert.Empty(t, d.Notes())
}

// TestTheFileStaysFlat commits rounds of changes and makes checkpoints for as
// long as it takes to write the users many times over. ROLLCALL_SOAK=1 does it
// for 2,000 rounds instead of 40.
func TestTheFileStaysFlat(t *testing.T) {
	rounds := 40
	if os.Getenv("ROLLCALL_SOAK") == "1" {
		rounds = 2000
	}
	path := directoryPath(t)
	d := openDirectory(t, path)
	const tenant = 8 * benchPage
	directory := users{}
	for from := 0; from < tenant; from += benchPage {
		page := employees(from, from+benchPage)
		commit(t, d, state(""), page...)
		directory.apply(page)
	}
	require.NoError(t, d.Checkpoint(t.Context(), directory.save))
	first := size(t, path)
	random := rand.New(rand.NewPCG(5, 6))
	largest, checkpoints := int64(0), 0
	for round := range rounds {
		for page := range 3 { // a delta round: held first, then released
			var changes []model.Change
			for range benchPage {
				change := employee(random.IntN(tenant))
				change.Fields[0].Value = fmt.Sprintf("Renamed %d %d", round, page)
				changes = append(changes, change)
			}
			require.NoError(t, d.Commit(t.Context(), refresh.Batch{Changes: changes, State: state(""), Hold: true}))
			directory.apply(changes)
		}
		require.NoError(t, d.Commit(t.Context(), refresh.Batch{State: state(""), Release: true}))
		require.NoError(t, d.Checkpoint(t.Context(), func(put func(string, []byte) error) error {
			checkpoints++
			return directory.save(put)
		}))
		largest = max(largest, size(t, path))
	}
	assert.Greater(t, checkpoints, rounds/20)
	// The log may grow by leastCheckpoint and a round before it is cut, and a
	// released page leaves the one that was held behind.
	assert.Less(t, largest, first+2*leastCheckpoint+growth)
	assert.Equal(t, directory, contents(t, d))
	t.Logf("%d rounds, %d checkpoints: %d bytes at first, %d at most", rounds, checkpoints, first, largest)
}

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}
