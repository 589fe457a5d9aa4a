package cache

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/refresh"
)

// filled is a closed file with some history, as bytes.
func filled(t *testing.T) []byte {
	t.Helper()
	path := directoryPath(t)
	d := openDirectory(t, path)
	for page := range 10 {
		require.NoError(t, commitPage(d, page))
	}
	commit(t, d, state(""), model.Change{ID: guid(7), Removed: "deleted"})
	require.NoError(t, d.Close())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// TestDamageAnywhereIsNoticedOrHarmless overwrites bytes of the file at random
// places. Whatever the package answers then is either what was stored, or an
// empty directory together with the word that the file was set aside.
func TestDamageAnywhereIsNoticedOrHarmless(t *testing.T) {
	data := filled(t)
	random := rand.New(rand.NewPCG(3, 4))
	rounds := 150
	if os.Getenv("ROLLCALL_SOAK") == "1" {
		rounds = 5000
	}
	noticed := 0
	for range rounds {
		broken := append([]byte(nil), data...)
		switch at := random.IntN(len(broken)); random.IntN(3) {
		case 0:
			broken[at] ^= 1 << random.IntN(8)
		case 1:
			clear(broken[at:min(len(broken), at+1+random.IntN(9000))])
		default:
			broken = broken[:at]
		}
		if checkBroken(t, broken) {
			noticed++
		}
	}
	assert.Greater(t, noticed, rounds/10, "the damage must reach something that matters")
}

// checkBroken uses a damaged file and reports whether that was noticed.
func checkBroken(t *testing.T, broken []byte) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "directory.db")
	require.NoError(t, os.WriteFile(path, broken, 0o600))
	d, err := OpenDirectory(path, DirectoryOptions{Now: day})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()

	// allowed repeats an action that was stopped by damage: an empty file has
	// taken the place of the damaged one, and that one works.
	allowed := func(action func() error) {
		if err := action(); err != nil {
			failure(t, err, "cacheCorrupt")
			require.NoError(t, action())
		}
	}
	seen := 0
	read := func() error {
		seen = 0
		return d.Users(t.Context(), func(*model.User) bool { seen++; return true })
	}
	allowed(read)
	allowed(func() error {
		_, err := d.Commit(t.Context(), employees(500, 510), state(""))
		return err
	})
	allowed(read)
	if len(d.Notes()) == 0 {
		switch {
		case len(broken) == 0:
			assert.Equal(t, 10, seen, "an empty file is a new one")
		default:
			// bbolt keeps the meta page of the commit before: a file whose last
			// one is lost reads as it was then.
			assert.Contains(t, []int{199 + 10, 200 + 10}, seen)
		}
		return false
	}
	assert.Contains(t, []int{0, 10}, seen, "of the damaged file nothing is shown")
	aside, err := filepath.Glob(path + ".corrupt-*")
	require.NoError(t, err)
	assert.Len(t, aside, len(d.Notes()))
	assert.Contains(t, d.Notes()[0], aside[0])
	return true
}

func TestAFileThatHasLostItsHeaderIsNotTakenForANewOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "directory.db")
	require.NoError(t, os.WriteFile(path, filled(t), 0o600))
	db, err := bolt.Open(path, fileMode, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		return errors.Join(tx.DeleteBucket(bucketHeader), tx.DeleteBucket(bucketRows))
	}))
	require.NoError(t, db.Close())

	d := openDirectory(t, path)
	defer func() { require.NoError(t, d.Close()) }()
	require.Len(t, d.Notes(), 1)
	assert.Contains(t, d.Notes()[0], "no header")
}

func TestDamageFoundLaterIsHealedToo(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), employees(0, 50)...)
	poke(t, d.current.db, bucketRows, rowKey(7), []byte("not a record"))

	err := d.Users(t.Context(), func(*model.User) bool { return true })
	e := failure(t, err, "cacheCorrupt")
	require.ErrorIs(t, e, errDamaged)
	assert.Equal(t, []string{"the local copy of the directory was damaged (row 7: the file is damaged: a record's checksum is wrong); it was set aside as " +
		path + ".corrupt-20261108T020304Z and the next sync reads the directory again"}, d.Notes())
	s, err := d.State(t.Context())
	require.NoError(t, err)
	assert.Equal(t, refresh.State{}, s, "the next round begins anew")
	commit(t, d, state(""), named("a", "A"))
	assert.Equal(t, map[string]string{"a": "A"}, displayNames(t, d))
}

func TestAFileThatWasNotClosedIsReadThroughAtTheOpening(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), employees(0, 50)...)
	poke(t, d.current.db, bucketRows, rowKey(7), []byte("not a record"))
	d.mu.Lock()
	require.NoError(t, d.current.db.Close()) // as a killed process leaves it
	d.current = nil
	d.mu.Unlock()

	d = openDirectory(t, path)
	assert.Len(t, d.Notes(), 1)
	assert.Empty(t, contents(t, d))
}
