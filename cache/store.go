package cache

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/refresh"
)

// format is the version of directory.db's layout. Layout 1 is converted at the
// opening (see migrate.go); a file of a newer layout is left alone.
const format = 2

// The buckets of directory.db, and the keys of the header. All values but
// those of keyFormat and keyClean are sealed.
var (
	bucketHeader  = []byte("header")
	bucketLog     = []byte("log")     // number, 8 bytes big endian from 1 → bucket with keyPage
	bucketHeld    = []byte("held")    // likewise
	bucketCursors = []byte("cursors") // partition, 4 bytes big endian → JSON of refresh.Cursor
	bucketImage   = []byte("image")   // name of a part → packed data

	keyFormat = []byte("format") // uvarint
	keyNames  = []byte("names")  // JSON list of Graph names
	keyState  = []byte("state")  // JSON of refresh.State
	keyExtent = []byte("extent") // JSON of extent
	keyClean  = []byte("clean")  // 1 when the file was closed after its last write

	keyPage = []byte("page") // packed page
)

// newFileTx is the id of the newest transaction of a file that bbolt has made
// and nobody has committed to. Source: bbolt, DB.init.
const newFileTx = 1

// extent is how much of everything a file holds: what is there must add up to
// it. Bytes are those of the stored values.
type extent struct {
	LogPages   int
	LogBytes   int64
	HeldPages  int
	ImageParts int
	ImageBytes int64
}

// store is one open file of users: the current one, or a staging one.
type store struct {
	schema *model.Schema
	state  atomic.Pointer[refresh.State] // as last committed

	mu sync.RWMutex // held for writing by whoever changes the file or what follows
	boltFile
	refused *model.Error // why the file may only be read; nil when it may be written
	extent  extent       // as last committed
	dirty   bool         // the file's clean marker is off
	pages   pageWriter
	packed  []byte // room for a packed page
}

// openStore opens a file, lays it out when it is new, converts it when it is
// old, and reads it through when its last process did not close it. Its error
// wraps errDamaged when the file is not worth keeping.
func openStore(path string, o DirectoryOptions) (*store, error) {
	s := &store{boltFile: boltFile{path: path, options: fileOptions{timeout: o.Timeout, maxSize: o.MaxSize}}, schema: o.Schema}
	var err error
	if s.db, s.refused, err = openFile(path, s.options); err != nil {
		return nil, err
	}
	if err := guarded(func() error { return s.prepare(o.TenantID) }); err != nil {
		return nil, closing(s.db, err)
	}
	return s, nil
}

// closing closes a file that is given up because of err. A damaged one may
// panic once more.
func closing(db *bolt.DB, err error) error {
	_ = guarded(db.Close)
	return err
}

// prepare makes an open file ready for use. One of another tenant than the
// given one, if any, is not converted.
func (s *store) prepare(tenantID string) error {
	if s.refused == nil {
		if err := removeFile(s.rewritePath()); err != nil { // of a process that was killed
			return err
		}
	}
	version, err := s.version()
	switch {
	case err != nil:
		return err
	case version == 0 && s.refused != nil:
		return s.refused
	case version == 0:
		err = s.db.Update(func(tx *bolt.Tx) error { return layOut(tx, &head{names: []byte("[]")}) })
	case version == formatRows:
		err = s.migrate(tenantID)
	case version > format:
		err = &model.Error{
			Kind: model.KindFailed, Code: "newerFile",
			Message: fmt.Sprintf("%s was written by a newer rollcall (layout %d; this one knows %d)", s.path, version, format),
			Remedy:  "use the newer rollcall, or delete the file: the next sync reads the directory again",
		}
	}
	if err != nil {
		return err
	}
	clean, err := s.readHeader()
	if err != nil || clean {
		return err
	}
	s.dirty = true
	return s.verify()
}

// version reads the version of the layout; 0 is a file that holds nothing yet.
func (s *store) version() (version uint64, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		header := tx.Bucket(bucketHeader)
		if header == nil {
			// The layout is a file's first commit: a file that has seen any and
			// has no header has lost it.
			if tx.ID() > newFileTx {
				return damage("no header")
			}
			return nil
		}
		v, n := binary.Uvarint(header.Get(keyFormat))
		if n <= 0 || v == 0 {
			return damage("no version of the layout")
		}
		version = v
		return nil
	})
	return version, err
}

// head is what a file's header says.
type head struct {
	names  []byte // as names.stored makes them; nil leaves what is there
	state  refresh.State
	extent extent
}

// layOut makes the buckets that a file lacks and writes its header.
func layOut(tx *bolt.Tx, c *head) error {
	for _, name := range [][]byte{bucketLog, bucketHeld, bucketCursors, bucketImage, bucketHeader} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	header := tx.Bucket(bucketHeader)
	if err := header.Put(keyFormat, binary.AppendUvarint(nil, format)); err != nil {
		return err
	}
	if err := header.Put(keyClean, []byte{1}); err != nil {
		return err
	}
	return c.put(header)
}

// put writes the head.
func (c *head) put(header *bolt.Bucket) error {
	if c.names != nil {
		if err := header.Put(keyNames, sealed(bucketHeader, keyNames, c.names)); err != nil {
			return err
		}
	}
	if err := putJSON(header, bucketHeader, keyState, &c.state); err != nil {
		return err
	}
	return putJSON(header, bucketHeader, keyExtent, &c.extent)
}

func putJSON(b *bolt.Bucket, bucket, key []byte, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return b.Put(key, sealed(bucket, key, data))
}

func getJSON(bucket, key, value []byte, into any) error {
	data, err := unseal(bucket, key, value)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return damage("%s %q: %v", bucket, key, err)
	}
	return nil
}

// readHeader loads the state and the extent.
func (s *store) readHeader() (clean bool, err error) {
	var state refresh.State
	err = s.db.View(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketLog, bucketHeld, bucketCursors, bucketImage} {
			if tx.Bucket(name) == nil {
				return damage("no bucket %q", name)
			}
		}
		header := tx.Bucket(bucketHeader)
		clean = bytes.Equal(header.Get(keyClean), []byte{1})
		if err := getJSON(bucketHeader, keyState, header.Get(keyState), &state); err != nil {
			return err
		}
		return getJSON(bucketHeader, keyExtent, header.Get(keyExtent), &s.extent)
	})
	s.state.Store(&state)
	return clean, err
}

// takeOver makes what another file holds the store's own.
func (s *store) takeOver(state refresh.State, e extent, dirty bool) {
	s.state.Store(&state)
	s.extent, s.dirty = e, dirty
}

// verify reads the whole file and so proves that it is undamaged.
func (s *store) verify() error {
	return s.db.View(func(tx *bolt.Tx) error {
		ctx := context.Background()
		if err := eachPage(ctx, tx, bucketLog, s.extent.LogPages, nil); err != nil {
			return err
		}
		if err := eachPage(ctx, tx, bucketHeld, s.extent.HeldPages, nil); err != nil {
			return err
		}
		if _, err := readCursors(tx); err != nil {
			return err
		}
		if err := checkImage(tx, s.extent); err != nil {
			return err
		}
		return tx.Bucket(bucketImage).ForEach(func(name, value []byte) error {
			_, err := unseal(bucketImage, name, value)
			return err
		})
	})
}

// close marks the file as closed in order and lets go of it.
func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return nil
	}
	var err error
	if s.dirty && s.refused == nil {
		err = guarded(func() error {
			return s.db.Update(func(tx *bolt.Tx) error {
				return tx.Bucket(bucketHeader).Put(keyClean, []byte{1})
			})
		})
	}
	if closeErr := guarded(s.db.Close); err == nil {
		err = closeErr
	}
	s.db = nil
	return err
}
