package directory

import (
	"hash/maphash"
	"maps"
	"slices"

	"rollcall/model"
)

// writer is the directory's changing half. Only the holder of Directory.mu
// uses it. Each snapshot ends an epoch: what was written before is copied
// before it is changed.
type writer struct {
	schema    *model.Schema
	collation *collation
	seed      maphash.Seed
	epoch     uint64
	columns   []columnWriter // by AttrID, then the managers

	ids       []*idChunk
	idsShared bool
	alive     []uint64 // one bit a row: it holds a user
	aliveHeld bool     // a snapshot holds alive
	rows      int32    // row numbers are below it
	free      []int32  // rows without a user
	live      int      // rows with one
	index     *lazy[*hashTable]

	irregular     map[key]string // ids that are no GUIDs
	irregularHeld bool

	order     []int32    // the rows by name, where an image has said so; of the next snapshot
	last      *Snapshot  // the one taken last; nil before the first
	moved     []int32    // rows that were added, removed or renamed since then
	addresses *hashTable // of the last snapshot, kept up to date; nil when nobody has asked for it
	wasted    int        // values and lists that were replaced or removed
}

// idChunk holds the object ids of chunkRows consecutive rows.
type idChunk struct {
	epoch uint64
	keys  [chunkRows]key
}

func newWriter(s *model.Schema, c *collation) *writer {
	w := &writer{
		schema: s, collation: c, seed: maphash.MakeSeed(),
		columns: make([]columnWriter, s.Len()+1), index: &lazy[*hashTable]{},
	}
	for i := range w.columns {
		column := &w.columns[i]
		if partner := dictionaryOf(model.AttrID(i)); int(partner) < i {
			column.dictionary = w.columns[partner].dictionary
		} else {
			column.dictionary = newDictionary(w.seed, w.orderingOf(i))
		}
		if i == s.Len() {
			continue // the manager
		}
		switch s.Attribute(model.AttrID(i)).Type {
		case model.TypeCollection:
			column.lists = &lists{}
		case model.TypePlans: // users of a licence have the same
			column.lists, column.common = &lists{}, &common{}
		}
	}
	for _, a := range searched {
		w.columns[a].dictionary.characters = &characters{}
	}
	return w
}

// orderingOf returns the order of a column's values.
func (w *writer) orderingOf(column int) ordering {
	if column < w.schema.Len() && w.schema.Attribute(model.AttrID(column)).Type == model.TypeTime {
		return chronology{}
	}
	return w.collation
}

// dictionaryOf returns the attribute whose dictionary holds the values of an
// attribute: the mail address of most users is their principal name.
func dictionaryOf(a model.AttrID) model.AttrID {
	if a == model.AttrMail {
		return model.AttrUserPrincipalName
	}
	return a
}

func (w *writer) key(row int32) key { return w.ids[row>>chunkBits].keys[row&(chunkRows-1)] }

// find returns the row of an object id.
func (w *writer) find(k key) (int32, bool) {
	for row := range w.ready().probe(w.hash(k)) {
		if w.isAlive(int32(row)) && w.key(int32(row)) == k {
			return int32(row), true
		}
	}
	return 0, false
}

func (w *writer) hash(k key) uint64 { return maphash.Bytes(w.seed, k[:]) }

// ready returns the index of the object ids, which nobody has made yet when
// the users were restored.
func (w *writer) ready() *hashTable {
	return w.index.get(func() *hashTable { return indexIDs(w.seed, w.ids, w.alive, w.rows) })
}

// indexIDs returns an index of the object ids of the living rows.
func indexIDs(seed maphash.Seed, ids []*idChunk, alive []uint64, rows int32) *hashTable {
	table := newHashTable(int(rows)+int(rows)/4, 0)
	table.fill(func(yield func(uint64, uint32) bool) {
		for row := range rows {
			if alive[row>>6]>>(row&63)&1 == 1 {
				k := &ids[row>>chunkBits].keys[row&(chunkRows-1)]
				yield(maphash.Bytes(seed, k[:]), uint32(row))
			}
		}
	})
	return table
}

func (w *writer) isAlive(row int32) bool { return w.alive[row>>6]>>(row&63)&1 == 1 }

func (w *writer) setAlive(row int32, alive bool) {
	w.ownAlive()
	if alive {
		w.alive[row>>6] |= 1 << (row & 63)
		w.live++
	} else {
		w.alive[row>>6] &^= 1 << (row & 63)
		w.live--
	}
	w.moved = append(w.moved, row)
}

func (w *writer) ownAlive() {
	if w.aliveHeld {
		w.alive, w.aliveHeld = slices.Clone(w.alive), false
	}
}

// add gives an object id a row, and says whether the row held a user before:
// then its attributes are to be made null.
func (w *writer) add(id string, k key, regular bool) (row int32, used bool) {
	row, used = w.room()
	w.setID(row, k)
	w.setAlive(row, true)
	if !regular {
		w.ownIrregular()
		w.irregular[k] = id
	}
	if index := w.ready(); index.hasRoom(uint32(row)) {
		index.insert(w.hash(k), uint32(row))
	} else {
		// Snapshots keep the one that they have.
		w.index = &lazy[*hashTable]{}
		w.ready()
	}
	return row, used
}

// room returns a row that holds no user, and whether it held one before: then
// its attributes are to be made null.
func (w *writer) room() (row int32, used bool) {
	if n := len(w.free); n > 0 {
		row = w.free[n-1]
		w.free = w.free[:n-1]
		return row, true
	}
	row = w.rows
	if row&(chunkRows-1) == 0 {
		for i := range w.columns {
			w.columns[i].grow()
		}
		w.ownIDs()
		w.ids = append(w.ids, &idChunk{epoch: w.epoch})
		w.ownAlive()
		w.alive = append(w.alive, make([]uint64, chunkWords)...)
	}
	w.rows++
	return row, false
}

func (w *writer) ownIDs() {
	if w.idsShared {
		w.ids, w.idsShared = slices.Clone(w.ids), false
	}
}

func (w *writer) setID(row int32, k key) {
	i := row >> chunkBits
	if c := w.ids[i]; c.epoch != w.epoch {
		w.ownIDs()
		w.ids[i] = &idChunk{epoch: w.epoch, keys: c.keys}
	}
	w.ids[i].keys[row&(chunkRows-1)] = k
}

func (w *writer) ownIrregular() {
	switch {
	case w.irregular == nil:
		w.irregular = map[key]string{}
	case w.irregularHeld:
		w.irregular = maps.Clone(w.irregular)
	}
	w.irregularHeld = false
}

func (w *writer) remove(row int32, k key, regular bool) {
	w.setAlive(row, false)
	w.free = append(w.free, row)
	w.wasted += len(w.columns) / 4 // about as many attributes of a user have a value of its own
	if !regular {
		w.ownIrregular()
		delete(w.irregular, k)
	}
}

// collate sorts by another collation from now on. Nobody may read the
// snapshots taken before.
func (w *writer) collate(c *collation) {
	if w.collation.name() == c.name() {
		return
	}
	w.collation, w.order, w.last = c, nil, nil
	for i := range w.columns {
		w.columns[i].dictionary.ranking = ranking{ordering: w.orderingOf(i)}
	}
}

// isWasteful reports whether so much was replaced or removed that a rewrite
// without it pays.
func (w *writer) isWasteful() bool {
	const tolerated = 1 << 16
	return w.wasted > max(tolerated, 2*w.live) || int(w.rows)-w.live > max(tolerated, w.live)
}

// snapshot ends the epoch and returns what has been written.
func (w *writer) snapshot(generation uint64) *Snapshot {
	s := &Snapshot{
		schema: w.schema, collation: w.collation, generation: generation, seed: w.seed,
		columns: make([]column, len(w.columns)),
		ids:     w.ids, alive: w.alive, live: w.live, index: w.index, irregular: w.irregular,
		rows: w.rows,
	}
	for i := range w.columns {
		s.columns[i] = w.columns[i].view()
	}
	w.idsShared, w.aliveHeld, w.irregularHeld = true, true, true
	w.epoch++

	switch {
	case w.order != nil:
		order := w.order
		s.nameOrder.rows.Store(&order)
	case w.last != nil:
		s.nameOrder.follow(&w.last.nameOrder, w.moved, w.live)
	}
	if w.addresses != nil {
		s.addresses.Store(w.addresses)
	}
	w.last, w.moved, w.order = s, nil, nil
	return s
}
