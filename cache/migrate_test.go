package cache

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/refresh"
)

const fixtures = "../testdata/cache/"

// unpacked puts a file of an earlier layout at path; see testdata/cache.
func unpacked(t testing.TB, name, path string) string {
	t.Helper()
	packed, err := os.ReadFile(fixtures + name)
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// oldFile puts a file of layout 1 where a directory is opened next.
func oldFile(t testing.TB) (path string) {
	t.Helper()
	return unpacked(t, "directory-layout1.db.gz", filepath.Join(t.TempDir(), "directory.db"))
}

// oldUsers is what that file holds.
func oldUsers(t testing.TB) users {
	t.Helper()
	data, err := os.ReadFile(fixtures + "directory-layout1.json")
	require.NoError(t, err)
	var list []struct {
		ID, ManagerID string
		Attributes    map[string][]string
	}
	require.NoError(t, json.Unmarshal(data, &list))
	out, schema := users{}, model.FullSchema()
	for _, o := range list {
		u := model.User{ID: o.ID, ManagerID: o.ManagerID}
		for name, values := range o.Attributes {
			a, ok := schema.ByGraph(name)
			require.True(t, ok, name)
			f := model.Field{Attr: a.ID, Value: values[0]}
			if a.Type.IsCollection() {
				f = model.Field{Attr: a.ID, Values: values}
			}
			u.Set(f)
		}
		out[u.ID] = u
	}
	require.Len(t, out, 43)
	return out
}

// oldState is what that file's last commit left.
func oldState() refresh.State {
	return refresh.State{
		TenantID: tenantID, Fingerprint: "9bacfb6967611736", Complete: true,
		DeltaLink: "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=after", Phase: refresh.PhaseIdle,
		StartedAt: day(), SyncedAt: day().Add(time.Minute + time.Second), Short: true, Users: 43,
	}
}

// reshape changes a file's header as layout 1 stored it.
func reshape(t testing.TB, path string, change func(s *refresh.State)) {
	t.Helper()
	db, err := bolt.Open(path, fileMode, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		header := tx.Bucket(bucketHeader)
		var s refresh.State
		if err := json.Unmarshal(header.Get(keyState), &s); err != nil {
			return err
		}
		change(&s)
		return put(header, keyState, s)
	}))
	require.NoError(t, db.Close())
}

func TestAFileOfLayout1IsConverted(t *testing.T) {
	path := oldFile(t)
	d := openDirectory(t, path)
	want := oldUsers(t)
	check := func() {
		t.Helper()
		assert.Equal(t, want, contents(t, d))
		got, err := d.State(t.Context())
		require.NoError(t, err)
		assert.Equal(t, oldState(), got)
		cursors, err := d.Cursors(t.Context())
		require.NoError(t, err)
		assert.Empty(t, cursors)
		assert.Empty(t, d.Notes())
	}
	check()
	kill(t, d)
	d = openDirectory(t, path)
	check()
	commit(t, d, oldState(), named("bare", "no longer"))
	assert.Equal(t, "no longer", displayNames(t, d)["bare"])
}

func TestAConvertedListingGoesOnWhereItWas(t *testing.T) {
	path := oldFile(t)
	reshape(t, path, func(s *refresh.State) { s.Phase, s.Next, s.Complete = refresh.PhaseReading, "users?page=3", false })
	d := openDirectory(t, path)
	assert.Equal(t, oldUsers(t), contents(t, d))
	cursors, err := d.Cursors(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []refresh.Cursor{{Link: "users?page=3"}}, cursors)
	want := oldState()
	want.Phase, want.Serial, want.Complete = refresh.PhaseReading, true, false
	got, err := d.State(t.Context())
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestAConvertedListingWithoutAPlaceBeginsAgain(t *testing.T) {
	path := oldFile(t)
	reshape(t, path, func(s *refresh.State) { s.Phase, s.Complete, s.Resync = refresh.PhaseReading, false, true })
	d := openDirectory(t, path)
	assert.Empty(t, contents(t, d))
	got, err := d.State(t.Context())
	require.NoError(t, err)
	assert.Equal(t, refresh.State{TenantID: tenantID, Resync: true}, got)
}

func TestAnInterruptedResyncOfLayout1GoesOn(t *testing.T) {
	path := oldFile(t)
	reshape(t, path, func(s *refresh.State) { s.Resync = true })
	require.NoError(t, os.Rename(oldFile(t), path+".new"))
	d := openDirectory(t, path)
	s := stage(t, d)
	assert.Equal(t, oldUsers(t), contents(t, s))
	require.NoError(t, s.Promote(t.Context()))
	assert.Equal(t, oldUsers(t), contents(t, d))
}

func TestAFileOfLayout1OfAnotherTenantIsRefused(t *testing.T) {
	path := oldFile(t)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = OpenDirectory(path, DirectoryOptions{TenantID: "22222222-2222-2222-2222-222222222222"})
	failure(t, err, "otherTenant")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(before, after), "nothing is changed")
}

func TestADamagedFileOfLayout1IsSetAside(t *testing.T) {
	tests := map[string]struct {
		harm func(tx *bolt.Tx) error
		says string
	}{
		"a record":         {func(tx *bolt.Tx) error { return tx.Bucket(bucketRows).Put([]byte{0, 0, 0, 3}, []byte("not a record")) }, "checksum"},
		"a record missing": {func(tx *bolt.Tx) error { return tx.Bucket(bucketRows).Delete([]byte{0, 0, 0, 3}) }, "42 rows for 43 users"},
		"a key":            {func(tx *bolt.Tx) error { return tx.Bucket(bucketRows).Put([]byte{0, 0, 0, 3, 1}, []byte("x")) }, "row key"},
		"no rows":          {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketRows) }, "without rows"},
		"the state":        {func(tx *bolt.Tx) error { return tx.Bucket(bucketHeader).Put(keyState, []byte("{")) }, "the state"},
		"the names":        {func(tx *bolt.Tx) error { return tx.Bucket(bucketHeader).Put(keyNames, []byte("[]")) }, "makes no sense"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			path := oldFile(t)
			db, err := bolt.Open(path, fileMode, nil)
			require.NoError(t, err)
			require.NoError(t, db.Update(tc.harm))
			require.NoError(t, db.Close())
			d := openDirectory(t, path)
			require.Len(t, d.Notes(), 1)
			assert.Contains(t, d.Notes()[0], tc.says)
			assert.NoFileExists(t, path+".rewrite")
			assert.Empty(t, contents(t, d))
		})
	}
}

func TestAConversionWithoutRoomLeavesTheOldFile(t *testing.T) {
	path := oldFile(t)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = OpenDirectory(path, DirectoryOptions{MaxSize: 16 << 10})
	failure(t, err, "diskFull")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(before, after), "nothing is changed")
	assert.NoFileExists(t, path+".rewrite")
	assert.Equal(t, oldUsers(t), contents(t, openDirectory(t, path)))
}

// FuzzReadRecord gives records of layout 1 a right checksum and anything else.
func FuzzReadRecord(f *testing.F) {
	db, err := bolt.Open(oldFile(f), fileMode, nil)
	require.NoError(f, err)
	n := emptyNames(f)
	require.NoError(f, db.View(func(tx *bolt.Tx) (err error) {
		if n, err = loadNames(model.FullSchema(), bytes.Clone(tx.Bucket(bucketHeader).Get(keyNames))); err != nil {
			return err
		}
		return tx.Bucket(bucketRows).ForEach(func(_, record []byte) error {
			f.Add(bytes.Clone(record[sealSize:]))
			return nil
		})
	}))
	require.NoError(f, db.Close())
	f.Fuzz(func(t *testing.T, body []byte) {
		u, err := readRecord(sealed(nil, nil, body), n)
		if err != nil {
			require.ErrorIs(t, err, errDamaged)
			return
		}
		assert.NotEmpty(t, u.ID)
	})
}

// enlarge adds users to a file of layout 1 until it has more than n, and
// returns them all. They are the file's own records with other ids.
func enlarge(t testing.TB, path string, n int) users {
	t.Helper()
	db, err := bolt.Open(path, fileMode, nil)
	require.NoError(t, err)
	want := oldUsers(t)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		rows := tx.Bucket(bucketRows)
		first, record := rows.Cursor().First()
		require.NotNil(t, first)
		body := bytes.Clone(record[sealSize:])
		require.Equal(t, refGUID, body[0])
		like := want[string(appendGUID(nil, [16]byte(body[1:])))]
		for i := range n {
			id := guid(1000 + i)
			g, _ := packGUID(id)
			copy(body[1:], g[:])
			if err := rows.Put(binary.BigEndian.AppendUint32(nil, uint32(1000+i)), sealed(nil, nil, body)); err != nil {
				return err
			}
			u := like.Clone()
			u.ID = id
			want[id] = u
		}
		return nil
	}))
	require.NoError(t, db.Close())
	reshape(t, path, func(s *refresh.State) { s.Users = len(want) })
	return want
}
