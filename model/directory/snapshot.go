package directory

import (
	"hash/maphash"
	"sync"

	"rollcall/model"
	"rollcall/model/rule"
)

// Snapshot is an immutable view of the users. Rows are addressed by numbers
// that All, Rows, Search and Sort hand out; they are not contiguous, and a row
// number means the same user in one snapshot only. Its methods may be called
// from any number of goroutines.
type Snapshot struct {
	schema     *model.Schema
	generation uint64
	seed       maphash.Seed
	columns    []column // by AttrID, then the managers' object ids
	ids        []*idChunk
	alive      []uint64
	rows       int32 // row numbers are below it
	live       int
	index      *hashTable
	irregular  map[key]string

	nameOrder    lazy[nameOrder]
	addresses    lazy[*hashTable]
	reportCounts lazy[map[string]int]
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
func (s *Snapshot) ID(row int32) string {
	k := s.key(row)
	if id, ok := s.irregular[k]; ok {
		return id
	}
	return k.String()
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
	u := model.User{ID: s.ID(row), ManagerID: s.managers().first(row)}
	for i := range s.schema.Len() {
		c := &s.columns[i]
		if len(c.chunks) == 0 || c.code(row) == nullCode {
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

func (s *Snapshot) managers() *column { return &s.columns[len(s.columns)-1] }

// ByID finds a row by object id, a GUID in any letter case.
func (s *Snapshot) ByID(id string) (int32, bool) {
	k, _ := keyOf(id)
	return s.byKey(k)
}

func (s *Snapshot) byKey(k key) (int32, bool) {
	for n := range s.index.probe(maphash.Bytes(s.seed, k[:])) {
		// The index is shared with later snapshots: what it finds may be theirs.
		if row := int32(n); row < s.rows && s.isAlive(row) && s.key(row) == k {
			return row, true
		}
	}
	return 0, false
}

// Reports counts the users whose manager is the given user.
func (s *Snapshot) Reports(id string) int {
	counts := s.reportCounts.get(func() map[string]int {
		managers := s.managers()
		byCode := s.countCodes(managers)
		counts := make(map[string]int, len(byCode))
		for code, n := range byCode[1:] {
			if n > 0 {
				counts[managers.value(uint32(code+1))] = n
			}
		}
		return counts
	})
	return counts[canonicalID(id)]
}

// ByAddress finds the rows that own an address: mail, userPrincipalName or any
// proxy address, ignoring case, in the order of the rows.
func (s *Snapshot) ByAddress(address string) []int32 {
	index := s.addresses.get(s.indexAddresses)
	wanted := rule.Fold(address)
	var rows []int32
	for n := range index.probe(maphash.String(s.seed, wanted)) {
		row := int32(n)
		if len(rows) > 0 && rows[len(rows)-1] == row {
			continue
		}
		for owned := range s.addressesOf(row) {
			if owned == wanted {
				rows = append(rows, row)
				break
			}
		}
	}
	return rows
}
