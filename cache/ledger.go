package cache

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
)

// ledgerFormat is the version of ledger.db's layout. A file of layout 1 is one
// that knows no run in its present form (see journal.go): it is used as it is,
// and gets the version with its first such run. Rollcalls that know layout 1
// alone leave the file alone from then on.
const ledgerFormat = 2

// The buckets of ledger.db. Values are JSON.
var (
	bucketSegments  = []byte("segments")  // name in lower case → workspace.Segment, as saved before there were versions
	bucketVersions  = []byte("versions")  // segment id, 0, version in 8 bytes big endian → workspace.Segment; made by the first
	bucketSnapshots = []byte("snapshots") // id → workspace.Snapshot
	bucketPlans     = []byte("plans")     // id → writeback.Plan
	bucketRuns      = []byte("runs")      // plan id → bucket: see journal.go
	bucketEvents    = []byte("events")    // number, 8 bytes big endian → link of the chain

	keyTenant = []byte("tenant") // in the header
)

// LedgerOptions say how ledger.db is opened.
type LedgerOptions struct {
	// TenantID is the tenant that the file must belong to, if it belongs to one
	// yet (see Bind); "" when it is not known.
	TenantID string
	Timeout  time.Duration    // how long to wait for another process's lock; 0: a second
	Now      func() time.Time // nil: time.Now
	Command  string           // told to a process that finds the file locked; "": this program's name and command
	Syncs    bool             // this process syncs by itself, as the screens do: told likewise
	MaxSize  int              // bounds the file, in bytes; 0: the disk alone does
}

// Ledger is ledger.db: what administrators made and did. It is a
// workspace.Ledger. Every method is durable when it returns, and may be called
// concurrently. A damaged ledger is reported and never replaced; one that may
// not be written is opened for reading, and what would change it says why.
type Ledger struct {
	path string

	refused *model.Error // why the file may only be read; nil when it may be written

	mu sync.RWMutex // held for writing to close
	db *bolt.DB     // nil once closed
}

var _ workspace.Ledger = (*Ledger)(nil)

// OpenLedger opens or creates the file at path, usually "PROFILE/ledger.db",
// and its folder. The error is a *model.Error: KindLocked when another process
// holds the file, ledgerCorrupt when it is damaged, otherTenant when it belongs
// to another tenant than the options say.
func OpenLedger(path string, o LedgerOptions) (*Ledger, error) {
	if err := createLedger(path, o); err != nil {
		return nil, ledgerError(path, err)
	}
	db, refused, err := openFile(path, o.file())
	if err != nil {
		return nil, ledgerError(path, err)
	}
	l := &Ledger{path: path, refused: refused, db: db}
	if err := guarded(func() error { return l.prepare(o.TenantID) }); err != nil {
		return nil, closing(db, ledgerError(path, err))
	}
	if refused != nil {
		return l, nil
	}
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	announce(path, cmp.Or(o.Command, thisCommand()), o.Syncs, now())
	return l, nil
}

func (o LedgerOptions) file() fileOptions {
	return fileOptions{timeout: o.Timeout, maxSize: o.MaxSize}
}

// createLedger makes the file where there is none. It is whole before it gets
// its name, so that one that has the name and is empty has lost what it held.
func createLedger(path string, o LedgerOptions) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.Size() == 0:
		return damage("it is empty")
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // 0600
	if err != nil {
		return err
	}
	fresh := file.Name()
	defer os.Remove(fresh)
	if err := file.Close(); err != nil {
		return err
	}
	db, _, err := openFile(fresh, o.file())
	if err != nil {
		return err
	}
	if err := errors.Join(layOutLedger(db), db.Close()); err != nil {
		return err
	}
	// Unlike a rename, a link never takes the place of what another process
	// has made meanwhile. Not every file system has links.
	if err := os.Link(fresh, path); err != nil && !errors.Is(err, os.ErrExist) {
		if err := os.Rename(fresh, path); err != nil {
			return err
		}
	}
	syncFolder(path)
	return nil
}

func layOutLedger(db *bolt.DB) error {
	return db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketHeader, bucketSegments, bucketSnapshots, bucketPlans, bucketRuns, bucketEvents} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return setLedgerFormat(tx)
	})
}

func setLedgerFormat(tx *bolt.Tx) error {
	return tx.Bucket(bucketHeader).Put(keyFormat, binary.AppendUvarint(nil, ledgerFormat))
}

// prepare checks the header. Opening a ledger changes nothing in it.
func (l *Ledger) prepare(tenantID string) error {
	return l.db.View(func(tx *bolt.Tx) error {
		header := tx.Bucket(bucketHeader)
		if header == nil {
			return damage("no header")
		}
		if err := checkLedgerFormat(l.path, header.Get(keyFormat)); err != nil {
			return err
		}
		return checkTenant(l.path, string(header.Get(keyTenant)), tenantID)
	})
}

// Bind makes the file the tenant's own, for good. A file of another tenant is
// refused.
func (l *Ledger) Bind(ctx context.Context, tenantID string) error {
	bound := false
	err := l.view(ctx, func(tx *bolt.Tx) error {
		stored := tx.Bucket(bucketHeader).Get(keyTenant)
		bound = len(stored) > 0
		return checkTenant(l.path, string(stored), tenantID)
	})
	if err != nil || bound {
		return err
	}
	return l.update(ctx, func(tx *bolt.Tx) error { return tx.Bucket(bucketHeader).Put(keyTenant, []byte(tenantID)) })
}

func checkLedgerFormat(path string, stored []byte) error {
	if v, n := binary.Uvarint(stored); n <= 0 {
		return damage("no version of the layout")
	} else if v == 0 || v > ledgerFormat {
		return &model.Error{
			Kind: model.KindFailed, Code: "newerFile",
			Message: fmt.Sprintf("%s was written by another version of rollcall (layout %d; this one knows %d)", path, v, ledgerFormat),
			Remedy:  "use the newest rollcall; the file was not touched",
		}
	}
	return nil
}

// ledgerError is fileError, but for damage: a ledger cannot be read again from
// anywhere.
func ledgerError(path string, err error) error {
	if !isDamage(err) {
		return fileError(path, err)
	}
	return &model.Error{
		Kind: model.KindFailed, Code: "ledgerCorrupt",
		Message: fmt.Sprintf("the ledger %s is damaged and was left as it is (%v)", path, err),
		Remedy:  "copy the file to a safe place, then put back a backup; or, to begin a new ledger, move it away: segments, plans and the audit stay in the moved file",
		Err:     err,
	}
}

// Close closes the file and lets go of it. Further calls do nothing.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.db == nil {
		return nil
	}
	if l.refused == nil {
		withdraw(l.path)
	}
	err := guarded(l.db.Close)
	l.db = nil
	return ledgerError(l.path, err)
}

func (l *Ledger) view(ctx context.Context, fn func(*bolt.Tx) error) error {
	return l.use(ctx, func(db *bolt.DB) error { return db.View(fn) })
}

func (l *Ledger) update(ctx context.Context, fn func(*bolt.Tx) error) error {
	if l.refused != nil {
		return l.refused
	}
	return l.use(ctx, func(db *bolt.DB) error { return db.Update(fn) })
}

func (l *Ledger) use(ctx context.Context, fn func(*bolt.DB) error) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.db == nil {
		return closedError(l.path)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return ledgerError(l.path, guarded(func() error { return fn(l.db) }))
}

// put stores a value as JSON.
func put(b *bolt.Bucket, key []byte, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return b.Put(key, data)
}

// get reads a JSON value; false when there is none.
func get(b *bolt.Bucket, key []byte, value any) (bool, error) {
	data := b.Get(key)
	if data == nil {
		return false, nil
	}
	if err := json.Unmarshal(data, value); err != nil {
		return false, damage("%s: %v", bytes.ToValidUTF8(key, nil), err)
	}
	return true, nil
}

// all reads every value of a bucket, in the order of the keys.
func all[T any](b *bolt.Bucket) ([]T, error) {
	var out []T
	err := b.ForEach(func(k, v []byte) error {
		var value T
		if err := json.Unmarshal(v, &value); err != nil {
			return damage("%s: %v", bytes.ToValidUTF8(k, nil), err)
		}
		out = append(out, value)
		return nil
	})
	return out, err
}
