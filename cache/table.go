package cache

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/refresh"
)

// format is the version of directory.db's layout. A file of an older one is
// read again from the tenant, which is what a cache is for; a file of a newer
// one is left alone.
const format = 1

// The buckets of directory.db, and the keys of the header.
var (
	bucketHeader = []byte("header")
	bucketRows   = []byte("rows") // row number, 4 bytes big endian → record

	keyFormat = []byte("format") // uvarint
	keyNames  = []byte("names")  // JSON list of Graph names
	keyState  = []byte("state")  // JSON of refresh.State
	keyClean  = []byte("clean")  // 1 when the file was closed after its last write
)

// fillPercent packs pages of rows that come in ascending order, with a little
// room for the updates that follow.
const fillPercent = 0.9

// rowPageSize is the page size of a new file, in bytes. A user takes about 400
// of them, and the rest of a page that is too small for the next one is lost:
// a sixth of a 4 KiB page, but only a thirtieth of this.
const rowPageSize = 16 << 10

// recordRoom is the room that most records fit in, in bytes.
const recordRoom = 512

// newFileTx is the id of the newest transaction of a file that bbolt has made
// and nobody has committed to. Source: bbolt, DB.init.
const newFileTx = 1

// cancelEvery is how many rows a scan reads between looks at its context.
const cancelEvery = 4096

// table is one open file of users: the current one, or a staging one.
type table struct {
	path   string
	db     *bolt.DB
	schema *model.Schema
	state  atomic.Pointer[refresh.State] // as last committed

	writing sync.Mutex // held for a commit
	rows    *index     // nil until a commit needs it
	dirty   bool       // the file's clean marker is off
}

// openTable opens a file, lays it out when it is new, and reads it through
// when its last process did not close it. Its error wraps errDamaged when the
// file is not worth keeping.
func openTable(path string, o DirectoryOptions) (*table, error) {
	db, err := openFile(path, fileOptions{timeout: o.Timeout, maxSize: o.MaxSize, pageSize: rowPageSize})
	if err != nil {
		return nil, err
	}
	t := &table{path: path, db: db, schema: o.Schema}
	err = guarded(func() error {
		clean, err := t.readHeader()
		if err != nil || clean {
			return err
		}
		t.dirty = true
		return t.buildIndex()
	})
	if err != nil {
		return nil, closing(db, err)
	}
	return t, nil
}

// closing closes a file that is given up because of err. A damaged one may
// panic once more.
func closing(db *bolt.DB, err error) error {
	_ = guarded(db.Close)
	return err
}

// readHeader loads the state. It lays out a file that holds nothing yet.
func (t *table) readHeader() (clean bool, err error) {
	var state refresh.State
	empty := false
	err = t.db.View(func(tx *bolt.Tx) error {
		header := tx.Bucket(bucketHeader)
		if header == nil {
			// The layout is a file's first commit: a file that has seen any and
			// has no header has lost it.
			empty = tx.Bucket(bucketRows) == nil && tx.ID() <= newFileTx
			if !empty {
				return damage("no header")
			}
			return nil
		}
		if err := checkFormat(t.path, header.Get(keyFormat)); err != nil {
			return err
		}
		if tx.Bucket(bucketRows) == nil {
			return damage("a header without rows")
		}
		clean = bytes.Equal(header.Get(keyClean), []byte{1})
		if err := json.Unmarshal(header.Get(keyState), &state); err != nil {
			return damage("the state: %v", err)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	t.state.Store(&state)
	if empty {
		return true, t.layOut()
	}
	return clean, nil
}

func checkFormat(path string, stored []byte) error {
	v, n := binary.Uvarint(stored)
	switch {
	case n <= 0:
		return damage("no version of the layout")
	case v > format:
		return &model.Error{
			Kind: model.KindFailed, Code: "newerFile",
			Message: fmt.Sprintf("%s was written by a newer rollcall (layout %d; this one knows %d)", path, v, format),
			Remedy:  "use the newer rollcall, or delete the file: the next sync reads the directory again",
		}
	case v < format:
		return damage("layout %d is no longer read", v)
	}
	return nil
}

// layOut writes the header of an empty file.
func (t *table) layOut() error {
	return t.db.Update(func(tx *bolt.Tx) error {
		if _, err := tx.CreateBucket(bucketRows); err != nil {
			return err
		}
		header, err := tx.CreateBucket(bucketHeader)
		if err != nil {
			return err
		}
		if err := header.Put(keyFormat, binary.AppendUvarint(nil, format)); err != nil {
			return err
		}
		if err := header.Put(keyNames, []byte("[]")); err != nil {
			return err
		}
		if err := putState(header, &refresh.State{}); err != nil {
			return err
		}
		return header.Put(keyClean, []byte{1})
	})
}

func putState(header *bolt.Bucket, s *refresh.State) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return header.Put(keyState, data)
}

// buildIndex reads every row, and so proves that every row is whole.
func (t *table) buildIndex() error {
	rows := newIndex(t.state.Load().Users)
	err := t.scan(context.Background(), func(_ *bolt.Bucket, row uint32, record []byte) (bool, error) {
		id, err := recordID(record)
		rows.set(id, row)
		return true, err
	})
	if err != nil {
		return err
	}
	t.rows = rows
	return nil
}

// users calls yield for each user in the order of the rows.
func (t *table) users(ctx context.Context, yield func(*model.User) bool) error {
	return guarded(func() error {
		var d *decoder
		return t.scan(ctx, func(header *bolt.Bucket, _ uint32, record []byte) (bool, error) {
			if d == nil {
				n, err := loadNames(t.schema, header.Get(keyNames))
				if err != nil {
					return false, err
				}
				d = &decoder{names: n}
			}
			u, err := d.decode(record)
			if err != nil {
				return false, err
			}
			return foreign(func() bool { return yield(u) }), nil
		})
	})
}

// scan calls visit for each row in one transaction, whose header it hands along.
// That there are as many rows as the state says is part of their being
// undamaged.
func (t *table) scan(ctx context.Context, visit func(header *bolt.Bucket, row uint32, record []byte) (more bool, err error)) error {
	return t.db.View(func(tx *bolt.Tx) error {
		header := tx.Bucket(bucketHeader)
		var state refresh.State
		if err := json.Unmarshal(header.Get(keyState), &state); err != nil {
			return damage("the state: %v", err)
		}
		seen := 0
		last := int64(-1)
		c := tx.Bucket(bucketRows).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if seen%cancelEvery == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if len(k) != 4 || int64(binary.BigEndian.Uint32(k)) <= last {
				return damage("row key %x after row %d", k, last)
			}
			row := binary.BigEndian.Uint32(k)
			last = int64(row)
			seen++
			more, err := visit(header, row, v)
			if err != nil {
				return fmt.Errorf("row %d: %w", row, err)
			}
			if !more {
				return nil
			}
		}
		if seen != state.Users {
			return damage("%d rows for %d users", seen, state.Users)
		}
		return nil
	})
}

// commit applies the changes and replaces the state, all or nothing.
func (t *table) commit(ctx context.Context, changes []model.Change, next refresh.State) (refresh.Effect, error) {
	t.writing.Lock()
	defer t.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return refresh.Effect{}, err
	}
	var m *merge
	err := guarded(func() error {
		if t.rows == nil && len(changes) > 0 {
			if err := t.buildIndex(); err != nil {
				return err
			}
		}
		return t.db.Update(func(tx *bolt.Tx) (err error) {
			m, err = t.apply(tx, changes, &next)
			return err
		})
	})
	if err != nil {
		return refresh.Effect{}, err
	}
	for id, p := range m.pending {
		switch {
		case p.gone() && p.stored != nil:
			t.rows.remove(id)
		case !p.gone():
			t.rows.set(id, p.row)
		}
	}
	t.dirty = true
	t.state.Store(&next)
	return m.effect, nil
}

// apply does a commit's work inside its transaction and completes the state.
func (t *table) apply(tx *bolt.Tx, changes []model.Change, next *refresh.State) (*merge, error) {
	header, rows := tx.Bucket(bucketHeader), tx.Bucket(bucketRows)
	rows.FillPercent = fillPercent
	n, err := loadNames(t.schema, header.Get(keyNames))
	if err != nil {
		return nil, err
	}
	m := &merge{table: t, rows: rows, decoder: decoder{names: n}, pending: map[string]*pending{}}
	for _, c := range changes {
		if err := m.add(c); err != nil {
			return nil, err
		}
	}
	if err := m.write(); err != nil {
		return nil, err
	}
	if n.grown {
		data, err := n.stored()
		if err != nil {
			return nil, err
		}
		if err := header.Put(keyNames, data); err != nil {
			return nil, err
		}
	}
	if !t.dirty {
		if err := header.Put(keyClean, []byte{0}); err != nil {
			return nil, err
		}
	}
	next.Users = t.state.Load().Users + m.effect.Added - m.effect.Removed
	return m, putState(header, next)
}

// merge gathers what a commit's changes make of each user that they name, so
// that each row is read and written once, in the order of the rows.
type merge struct {
	table   *table
	rows    *bolt.Bucket
	decoder decoder
	pending map[string]*pending
	order   []*pending // as first named
	effect  refresh.Effect
}

// pending is a user in a commit.
type pending struct {
	row    uint32
	stored []byte // the record before; nil for a new user. Valid in the transaction
	user   model.User
	exists bool // after the changes so far
}

func (p *pending) gone() bool { return !p.exists }

func (m *merge) add(c model.Change) error {
	if c.ID == "" {
		return fmt.Errorf("a change without an object id")
	}
	p, ok := m.pending[c.ID]
	if !ok {
		var err error
		if p, err = m.load(c.ID); err != nil {
			return err
		}
		m.pending[c.ID] = p
		m.order = append(m.order, p)
	}
	if c.Removed != "" {
		p.user, p.exists = model.User{}, false
		return nil
	}
	p.user.Apply(c)
	p.exists = true
	return nil
}

// load finds a user's present record.
func (m *merge) load(id string) (*pending, error) {
	row, ok := m.table.rows.find(id)
	if !ok {
		return &pending{}, nil
	}
	record := m.rows.Get(rowKey(row))
	if record == nil {
		return nil, damage("row %d is missing", row)
	}
	u, err := m.decoder.decode(record)
	if err != nil {
		return nil, fmt.Errorf("row %d: %w", row, err)
	}
	return &pending{row: row, stored: record, user: u.Clone(), exists: true}, nil
}

// write stores the outcome: updates and removals by row, then the new users.
func (m *merge) write() error {
	old := make([]*pending, 0, len(m.order))
	for _, p := range m.order {
		if p.stored != nil {
			old = append(old, p)
		}
	}
	slices.SortFunc(old, func(a, b *pending) int { return cmp.Compare(a.row, b.row) })
	for _, p := range old {
		if err := m.rewrite(p); err != nil {
			return err
		}
	}
	for _, p := range m.order {
		if p.stored != nil || p.gone() {
			continue
		}
		seq, err := m.rows.NextSequence()
		if err != nil {
			return err
		}
		if seq > math.MaxUint32 {
			return fmt.Errorf("the file has used up its row numbers; a full sync begins a new one")
		}
		p.row = uint32(seq)
		if err := m.rows.Put(rowKey(p.row), appendRecord(make([]byte, 0, recordRoom), &p.user, m.decoder.names)); err != nil {
			return err
		}
		m.effect.Added++
	}
	return nil
}

// rewrite stores what became of a user that had a row. A replay that changes
// nothing writes nothing.
func (m *merge) rewrite(p *pending) error {
	if p.gone() {
		m.effect.Removed++
		return m.rows.Delete(rowKey(p.row))
	}
	record := appendRecord(make([]byte, 0, recordRoom), &p.user, m.decoder.names)
	if bytes.Equal(record, p.stored) {
		return nil
	}
	m.effect.Updated++
	return m.rows.Put(rowKey(p.row), record)
}

func rowKey(row uint32) []byte { return binary.BigEndian.AppendUint32(nil, row) }

// close marks the file as closed in order and lets go of it.
func (t *table) close() error {
	var err error
	if t.dirty {
		err = guarded(func() error {
			return t.db.Update(func(tx *bolt.Tx) error {
				return tx.Bucket(bucketHeader).Put(keyClean, []byte{1})
			})
		})
	}
	if closeErr := guarded(t.db.Close); err == nil {
		err = closeErr
	}
	return err
}
