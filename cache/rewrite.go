package cache

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"
)

// draftTransaction is how many bytes a draft gathers before it writes them:
// bbolt keeps a transaction's pages in memory until it is committed.
const draftTransaction = 16 << 20

// draft is a new file that is to take the place of a present one. It is filled
// in several transactions and only synced at the end, because until then a
// crash leaves a file that nobody reads.
type draft struct {
	boltFile

	mu      sync.Mutex
	pending []func(tx *bolt.Tx) error
	size    int // bytes that are pending
}

// rewritePath is where a draft is made that is to take the place of the file.
func (f *boltFile) rewritePath() string { return f.path + ".rewrite" }

// rewrite makes a new file, which fill fills, and puts it in the place of the
// present one: the rename is the moment of the change. When anything fails
// before it, the present file is as it was. The caller holds mu, or is the only
// one yet.
//
// A file of its own costs no more writing than new buckets in the present one
// would, and leaves no free pages behind: the file ends up as small as its
// contents.
func (s *store) rewrite(fill func(*draft) (*head, error)) error {
	d := &draft{boltFile: boltFile{path: s.rewritePath(), options: s.options}}
	if err := removeFile(d.path); err != nil {
		return err
	}
	defer d.discard()
	if err := d.open(); err != nil {
		return err
	}
	c, err := fill(d)
	if err != nil {
		return err
	}
	if err := d.finish(c); err != nil {
		return err
	}
	if err := s.adopt(&d.boltFile); err != nil {
		return err
	}
	s.takeOver(c.state, c.extent, false)
	return nil
}

// open begins the draft with its buckets.
func (d *draft) open() error {
	db, refused, err := openFile(d.path, d.options)
	if err != nil {
		return err
	}
	d.db = db
	if refused != nil {
		return refused
	}
	db.NoSync = true
	return db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketLog, bucketHeld, bucketCursors, bucketImage} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return nil
	})
}

// add has something of so many bytes written in this or a later transaction. It
// may be called by several goroutines.
func (d *draft) add(size int, write func(tx *bolt.Tx) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending = append(d.pending, write)
	d.size += size
	if d.size < draftTransaction {
		return nil
	}
	return d.flush()
}

// flush writes what is pending. The caller holds mu.
func (d *draft) flush() error {
	err := d.db.Update(func(tx *bolt.Tx) error {
		for _, write := range d.pending {
			if err := write(tx); err != nil {
				return err
			}
		}
		return nil
	})
	clear(d.pending)
	d.pending, d.size = d.pending[:0], 0
	return err
}

// finish writes the rest and the header, and makes all of it durable.
func (d *draft) finish(c *head) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.flush(); err != nil {
		return err
	}
	if err := d.db.Update(func(tx *bolt.Tx) error { return layOut(tx, c) }); err != nil {
		return err
	}
	d.db.NoSync = false
	return d.db.Sync()
}

// discard drops a draft that has not become the current file.
func (d *draft) discard() {
	if d.db == nil {
		return
	}
	_ = guarded(d.db.Close)
	_ = os.Remove(d.path) // or else the next opening does
}

// boltFile is an open file.
type boltFile struct {
	path      string
	options   fileOptions
	db        *bolt.DB     // nil once closed
	exchanges atomic.Int64 // how often another file has taken its place
}

// adopt puts another open file in the place of this one. Both stay open and
// locked meanwhile, so that no other process can come in between.
func (f *boltFile) adopt(fresh *boltFile) error {
	f.exchanges.Add(1)
	if runtime.GOOS == "windows" {
		return f.adoptClosed(fresh)
	}
	if err := os.Rename(fresh.path, f.path); err != nil {
		return err
	}
	syncFolder(f.path)
	former := f.db
	f.db, fresh.db = fresh.db, nil
	// The former file has no name any more: failing to close it changes nothing.
	_ = guarded(former.Close)
	return nil
}

// adoptClosed is adopt where the system cannot rename an open file. Where it
// fails, neither file may be open afterwards.
func (f *boltFile) adoptClosed(fresh *boltFile) error {
	err := errors.Join(fresh.db.Close(), f.db.Close())
	f.db, fresh.db = nil, nil
	if err == nil {
		err = os.Rename(fresh.path, f.path)
	}
	db, refused, openErr := openFile(f.path, f.options)
	if refused != nil {
		openErr = closing(db, refused)
	}
	if openErr == nil {
		f.db = db
	}
	return errors.Join(err, openErr)
}
