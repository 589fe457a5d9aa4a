package cache

import (
	"bytes"
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
	"rollcall/model/workspace"
)

// filled is a closed file with an image, a log, pages held and cursors, as
// bytes.
func filled(t *testing.T) []byte {
	t.Helper()
	path := directoryPath(t)
	d := openDirectory(t, path)
	for page := range 8 {
		require.NoError(t, commitPage(d, page))
	}
	require.NoError(t, replaceLog(d.current, contents(t, d).save))
	held := refresh.Batch{Changes: []model.Change{{ID: guid(8), Removed: "deleted"}}, State: state(""), Hold: true}
	require.NoError(t, d.Commit(t.Context(), held))
	require.NoError(t, commitPage(d, 8))
	require.NoError(t, commitPage(d, 9))
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
			failure(t, err, workspace.CodeCacheCorrupt)
			require.NoError(t, action())
		}
	}
	seen := users{}
	readUsers := func() (err error) {
		seen, err = read(d)
		return err
	}
	held := 0
	allowed(readUsers)
	allowed(func() error {
		return d.Commit(t.Context(), refresh.Batch{Changes: employees(500, 510), State: state("")})
	})
	for notes := -1; notes != len(d.Notes()); { // what was read before the damage was found does not count
		notes = len(d.Notes())
		allowed(func() error {
			held = 0
			return d.Held(t.Context(), func([]model.Change) bool { held++; return true })
		})
		allowed(func() error {
			_, err := d.Cursors(t.Context())
			return err
		})
		allowed(readUsers)
	}
	if len(d.Notes()) == 0 {
		switch {
		case len(broken) == 0:
			assert.Len(t, seen, 10, "an empty file is a new one")
		default:
			// bbolt keeps the meta page of the commit before: a file whose last
			// one is lost reads as it was then.
			assert.Contains(t, []int{199 + 10, 200 + 10}, len(seen))
			assert.Equal(t, 1, held)
		}
		return false
	}
	assert.Contains(t, []int{0, 10}, len(seen), "of the damaged file nothing is shown")
	assert.Zero(t, held)
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
		return errors.Join(tx.DeleteBucket(bucketHeader), tx.DeleteBucket(bucketLog))
	}))
	require.NoError(t, db.Close())

	d := openDirectory(t, path)
	defer func() { require.NoError(t, d.Close()) }()
	require.Len(t, d.Notes(), 1)
	assert.Contains(t, d.Notes()[0], "no header")
}

// damages are ways in which a file of a few pages, an image and a page held may
// be broken behind the package's back, with what is said of each.
func damages() map[string]struct {
	harm func(tx *bolt.Tx) error
	says string
} {
	bucket := func(name []byte, harm func(b *bolt.Bucket) error) func(tx *bolt.Tx) error {
		return func(tx *bolt.Tx) error { return harm(tx.Bucket(name)) }
	}
	page := func(change func(log *bolt.Bucket) []byte) func(tx *bolt.Tx) error {
		return bucket(bucketLog, func(b *bolt.Bucket) error { return b.Bucket(pageKey(2)).Put(keyPage, change(b)) })
	}
	move := func(from, to []byte) func(b *bolt.Bucket) error {
		return func(b *bolt.Bucket) error {
			return errors.Join(b.Put(to, bytes.Clone(b.Get(from))), b.Delete(from))
		}
	}
	return map[string]struct {
		harm func(tx *bolt.Tx) error
		says string
	}{
		"another page":       {page(func(*bolt.Bucket) []byte { return []byte("not a page") }), "checksum"},
		"a page too short":   {page(func(*bolt.Bucket) []byte { return []byte("x") }), "has 1 bytes"},
		"a page of nonsense": {page(func(*bolt.Bucket) []byte { return sealed(bucketLog, pageKey(2), []byte("nonsense")) }), "page 2 of the log"},
		"the page before":    {page(func(b *bolt.Bucket) []byte { return bytes.Clone(b.Bucket(pageKey(1)).Get(keyPage)) }), "checksum"},
		"an empty page":      {bucket(bucketLog, func(b *bolt.Bucket) error { return b.Bucket(pageKey(2)).Delete(keyPage) }), "is missing"},
		"no page": {bucket(bucketLog, func(b *bolt.Bucket) error {
			return errors.Join(b.DeleteBucket(pageKey(2)), b.Put(pageKey(2), []byte("x")))
		}), "is no bucket"},
		"a gap":                 {bucket(bucketLog, func(b *bolt.Bucket) error { return b.DeleteBucket(pageKey(2)) }), "where page 2 should"},
		"the last page missing": {bucket(bucketLog, func(b *bolt.Bucket) error { return b.DeleteBucket(pageKey(3)) }), "2 pages of the log"},
		"a held page missing":   {bucket(bucketHeld, func(b *bolt.Bucket) error { return b.DeleteBucket(pageKey(1)) }), "0 pages of the held"},
		"a part missing":        {bucket(bucketImage, func(b *bolt.Bucket) error { return b.Delete([]byte(partName(1))) }), "4 parts"},
		"a part renamed":        {bucket(bucketImage, move([]byte(partName(1)), []byte("another"))), "damaged"},
		"a part of nonsense": {bucket(bucketImage, func(b *bolt.Bucket) error {
			key := []byte(partName(1))
			body := make([]byte, len(b.Get(key))-sealSize)
			return b.Put(key, sealed(bucketImage, key, body))
		}), "damaged"},
		"an image of another thing": {bucket(bucketImage, func(b *bolt.Bucket) error {
			key, other := []byte(partName(1)), []byte(partName(2))
			value := bytes.Clone(b.Get(key))
			return errors.Join(b.Put(key, seal(bucketImage, key, bytes.Clone(b.Get(other)))), b.Put(other, seal(bucketImage, other, value[:sealSize+1])))
		}), "parts of"},
		"a cursor astray": {bucket(bucketCursors, func(b *bolt.Bucket) error { return b.Put([]byte{0, 0, 0, 9}, bytes.Clone(b.Get([]byte{0, 0, 0, 1}))) }), "checksum"},
		"no names":        {bucket(bucketHeader, func(b *bolt.Bucket) error { return b.Put(keyNames, []byte("[")) }), "has 1 bytes"},
	}
}

// breakable is an open directory of three pages, an image and a page held.
func breakable(t *testing.T, path string) *Directory {
	t.Helper()
	d := openDirectory(t, path)
	commit(t, d, state(""), employees(0, 50)...)
	require.NoError(t, replaceLog(d.current, contents(t, d).save))
	for page := range 3 {
		commit(t, d, state(""), employees(50+page, 51+page)...)
	}
	require.NoError(t, d.Commit(t.Context(), refresh.Batch{
		Changes: employees(60, 61), State: state(""), Hold: true, Cursors: []refresh.Cursor{{Partition: 1}},
	}))
	return d
}

// readAll reads everything that a store has.
func readAll(t *testing.T, d *Directory) error {
	_, err := read(d)
	if err == nil {
		err = d.Held(t.Context(), func([]model.Change) bool { return true })
	}
	if err == nil {
		_, err = d.Cursors(t.Context())
	}
	return err
}

func TestDamageFoundLaterIsHealedToo(t *testing.T) {
	for name, tc := range damages() {
		t.Run(name, func(t *testing.T) {
			path := directoryPath(t)
			d := breakable(t, path)
			require.NoError(t, d.current.db.Update(tc.harm))

			e := failure(t, readAll(t, d), workspace.CodeCacheCorrupt)
			require.ErrorIs(t, e, errDamaged)
			require.Len(t, d.Notes(), 1)
			assert.Contains(t, d.Notes()[0], tc.says)
			assert.Contains(t, d.Notes()[0], "it was set aside as "+path+".corrupt-20261108T020304Z and the next sync reads the directory again")
			s, err := d.State(t.Context())
			require.NoError(t, err)
			assert.Equal(t, refresh.State{}, s, "the next round begins anew")
			commit(t, d, state(""), named("a", "A"))
			assert.Equal(t, map[string]string{"a": "A"}, displayNames(t, d))
		})
	}
}

func TestAnImageThatCannotBeRestoredIsDamage(t *testing.T) {
	d := breakable(t, directoryPath(t))
	unfit := errors.New("codes beyond the dictionary")
	err := d.Load(t.Context(), func(func(string) ([]byte, error)) error { return unfit }, users{}.apply)
	require.ErrorIs(t, failure(t, err, workspace.CodeCacheCorrupt), unfit)
	require.Len(t, d.Notes(), 1)
	assert.Contains(t, d.Notes()[0], "codes beyond the dictionary")
}

func TestAFileThatWasNotClosedIsReadThroughAtTheOpening(t *testing.T) {
	for name, tc := range damages() {
		t.Run(name, func(t *testing.T) {
			path := directoryPath(t)
			d := breakable(t, path)
			require.NoError(t, d.current.db.Update(tc.harm))
			kill(t, d)

			d = openDirectory(t, path)
			if name == "no names" || name == "a page of nonsense" || name == "a part of nonsense" {
				// Only who reads them can tell: their checksums are right.
				require.Error(t, readAll(t, d))
			}
			assert.Len(t, d.Notes(), 1)
			assert.Empty(t, contents(t, d))
		})
	}
}
