package directory

import (
	"hash/maphash"
	"iter"
	"sync"
	"sync/atomic"

	"rollcall/model"
)

// Snapshot is an immutable view of the users. Rows are addressed by numbers
// that All, Rows, Search and Sort hand out; they are not contiguous, and a row
// number means the same user in one snapshot only. Its methods may be called
// from any number of goroutines.
type Snapshot struct {
	schema     *model.Schema
	generation uint64
	seed       maphash.Seed
	collation  *collation
	columns    []column // by AttrID, then the managers
	ids        []*idChunk
	alive      []uint64
	rows       int32 // row numbers are below it
	live       int
	index      *lazy[*hashTable]
	irregular  map[key]string

	mailboxes  mailboxes
	nameOrder  nameOrder
	addressing sync.Once
	addresses  atomic.Pointer[hashTable] // nil until somebody asks
}

// lazy is a value that is computed when it is first asked for.
type lazy[T any] struct {
	once  sync.Once
	value T
}

func (l *lazy[T]) get(compute func() T) T {
	l.once.Do(func() { l.value = compute() })
	return l.value
}

// Schema returns the attributes.
func (s *Snapshot) Schema() *model.Schema { return s.schema }

// Generation grows with every change of the directory.
func (s *Snapshot) Generation() uint64 { return s.generation }

// Len is the number of users.
func (s *Snapshot) Len() int { return s.live }

// ID returns the object id of a row.
func (s *Snapshot) ID(row int32) string { return string(s.appendID(make([]byte, 0, 36), row)) }

func (s *Snapshot) appendID(b []byte, row int32) []byte {
	k := s.key(row)
	if len(s.irregular) > 0 {
		if id, ok := s.irregular[k]; ok {
			return append(b, id...)
		}
	}
	return k.appendText(b)
}

func (s *Snapshot) key(row int32) key { return s.ids[row>>chunkBits].keys[row&(chunkRows-1)] }

func (s *Snapshot) isAlive(row int32) bool { return s.alive[row>>6]>>(row&63)&1 == 1 }

// Value returns a scalar attribute of a row ("" is null), or the first element
// of a collection.
func (s *Snapshot) Value(row int32, a model.AttrID) string {
	if a == model.AttrObjectID {
		return s.ID(row)
	}
	return s.columns[a].first(row)
}

// Values returns the elements of a row's collection, or the one value of a
// scalar; nil is null.
func (s *Snapshot) Values(row int32, a model.AttrID) []string {
	if a == model.AttrObjectID {
		return []string{s.ID(row)}
	}
	return s.columns[a].all(row)
}

// User returns a copy of a row with all its attributes.
func (s *Snapshot) User(row int32) model.User {
	u := model.User{ID: s.ID(row), ManagerID: s.ManagerID(row)}
	for i := range s.schema.Len() {
		c := &s.columns[i]
		if c.code(row) == nullCode {
			continue
		}
		f := model.Field{Attr: model.AttrID(i)}
		if c.lists != nil {
			f.Values = c.all(row)
		} else {
			f.Value = c.first(row)
		}
		u.Set(f)
	}
	return u
}

// ByID finds a row by object id, a GUID in any letter case.
func (s *Snapshot) ByID(id string) (int32, bool) {
	k, _ := keyOf(id)
	return s.byKey(k)
}

func (s *Snapshot) byKey(k key) (int32, bool) {
	for n := range s.idIndex().probe(maphash.Bytes(s.seed, k[:])) {
		// The index is shared with later snapshots: what it finds may be theirs.
		if row := int32(n); row < s.rows && s.isAlive(row) && s.key(row) == k {
			return row, true
		}
	}
	return 0, false
}

// rowsOf yields the rows of a chunk that hold a user.
func (s *Snapshot) rowsOf(chunk int) iter.Seq[int32] {
	return (*rowBits)(s.alive[chunk*chunkWords:]).rows(chunk)
}

func (s *Snapshot) idIndex() *hashTable {
	return s.index.get(func() *hashTable { return indexIDs(s.seed, s.ids, s.alive, s.rows) })
}

// prepare makes ready what restored users need for the first search and the
// first change. It leaves the other processors to whoever shows the users.
func (s *Snapshot) prepare() {
	for _, a := range searched {
		c := &s.columns[a]
		known := c.dictionary.characters.of(c.values)
		for i := range c.values.blocks {
			known.block(i)
		}
	}
	s.idIndex()
	for i := range s.columns {
		s.columns[i].dictionary.prepare()
	}
}
