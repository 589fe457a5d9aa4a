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
	schema  *model.Schema
	seed    maphash.Seed
	epoch   uint64
	columns []columnWriter // by AttrID, then the managers' object ids

	ids       []*idChunk
	idsShared bool
	alive     []uint64 // one bit a row: it holds a user
	aliveHeld bool     // a snapshot holds alive
	rows      int32    // row numbers are below it
	free      []int32  // rows without a user
	live      int      // rows with one
	index     *hashTable

	irregular     map[key]string // ids that are no GUIDs
	irregularHeld bool

	wasted int // values and lists that were replaced or removed
}

// idChunk holds the object ids of chunkRows consecutive rows.
type idChunk struct {
	epoch uint64
	keys  [chunkRows]key
}

func newWriter(s *model.Schema, seed maphash.Seed, capacity int) *writer {
	w := &writer{schema: s, seed: seed, columns: make([]columnWriter, s.Len()+1), index: newHashTable(capacity, 0)}
	for i := range w.columns {
		c := &w.columns[i]
		c.dictionary, c.derivation = newDictionary(seed), &derivation{}
		if i < s.Len() && s.Attribute(model.AttrID(i)).Type == model.TypeCollection {
			c.lists = &lists{}
		}
	}
	return w
}

func (w *writer) managers() *columnWriter { return &w.columns[len(w.columns)-1] }

// find returns the row of an object id.
func (w *writer) find(k key) (int32, bool) {
	for row := range w.index.probe(w.hash(k)) {
		if w.isAlive(int32(row)) && w.ids[row>>chunkBits].keys[row&(chunkRows-1)] == k {
			return int32(row), true
		}
	}
	return 0, false
}

func (w *writer) hash(k key) uint64 { return maphash.Bytes(w.seed, k[:]) }

func (w *writer) isAlive(row int32) bool { return w.alive[row>>6]>>(row&63)&1 == 1 }

func (w *writer) setAlive(row int32, alive bool) {
	if w.aliveHeld {
		w.alive, w.aliveHeld = slices.Clone(w.alive), false
	}
	if alive {
		w.alive[row>>6] |= 1 << (row & 63)
		w.live++
	} else {
		w.alive[row>>6] &^= 1 << (row & 63)
		w.live--
	}
}

// add gives an object id a row on which every attribute is null.
func (w *writer) add(id string, k key, regular bool) int32 {
	row := w.room()
	w.setID(row, k)
	w.setAlive(row, true)
	if !regular {
		if w.irregular == nil || w.irregularHeld {
			w.irregular, w.irregularHeld = maps.Clone(w.irregular), false
			if w.irregular == nil {
				w.irregular = map[key]string{}
			}
		}
		w.irregular[k] = id
	}
	if w.index.hasRoom(uint32(row)) {
		w.index.insert(w.hash(k), uint32(row))
	} else {
		w.reindex()
	}
	return row
}

// room returns a row that holds no user and whose attributes are null.
func (w *writer) room() int32 {
	if n := len(w.free); n > 0 {
		row := w.free[n-1]
		w.free = w.free[:n-1]
		for i := range w.columns {
			w.columns[i].set(row, nullCode, w.epoch)
		}
		return row
	}
	row := w.rows
	if row&(chunkRows-1) == 0 {
		for i := range w.columns {
			w.columns[i].grow()
		}
		if w.idsShared {
			w.ids, w.idsShared = slices.Clone(w.ids), false
		}
		w.ids = append(w.ids, &idChunk{epoch: w.epoch})
		if w.aliveHeld {
			w.alive, w.aliveHeld = slices.Clone(w.alive), false
		}
		w.alive = append(w.alive, make([]uint64, chunkRows/64)...)
	}
	w.rows++
	return row
}

func (w *writer) setID(row int32, k key) {
	i := row >> chunkBits
	if c := w.ids[i]; c.epoch != w.epoch {
		if w.idsShared {
			w.ids, w.idsShared = slices.Clone(w.ids), false
		}
		w.ids[i] = &idChunk{epoch: w.epoch, keys: c.keys}
	}
	w.ids[i].keys[row&(chunkRows-1)] = k
}

// reindex replaces the index by one with room for as many users again.
// Snapshots keep the one that they have.
func (w *writer) reindex() {
	w.index = newHashTable(2*w.live, 2*int(w.rows))
	for row := range w.rows {
		if w.isAlive(row) {
			w.index.insert(w.hash(w.ids[row>>chunkBits].keys[row&(chunkRows-1)]), uint32(row))
		}
	}
}

// replace makes the user's row hold the user and nothing else.
func (w *writer) replace(u *model.User) {
	k, regular := keyOf(u.ID)
	row, found := w.find(k)
	if found {
		for i := range w.columns {
			w.columns[i].set(row, nullCode, w.epoch)
		}
	} else {
		row = w.add(u.ID, k, regular)
	}
	for _, f := range u.Fields() {
		w.setField(row, f)
	}
	w.managers().setValue(row, canonicalID(u.ManagerID), w.epoch)
}

// setField stores what the schema syncs and reports whether that changed
// anything.
func (w *writer) setField(row int32, f model.Field) bool {
	if !w.schema.IsSynced(f.Attr) || f.Attr == model.AttrObjectID {
		return false
	}
	c := &w.columns[f.Attr]
	held := c.code(row) != nullCode
	changed := false
	switch {
	case c.lists == nil && len(f.Values) > 0:
		changed = c.setValue(row, f.Values[0], w.epoch)
	case c.lists == nil:
		changed = c.setValue(row, f.Value, w.epoch)
	case len(f.Values) > 0:
		changed = c.setValues(row, f.Values, w.epoch)
	default:
		changed = c.setValues(row, []string{f.Value}, w.epoch)
	}
	if held && changed {
		w.wasted++
	}
	return changed
}

// apply merges one change and reports whether it changed anything.
func (w *writer) apply(c *model.Change) bool {
	k, regular := keyOf(c.ID)
	row, found := w.find(k)
	if c.Removed != "" {
		if found {
			w.remove(row, k, regular)
		}
		return found
	}
	changed := !found
	if !found {
		row = w.add(c.ID, k, regular)
	}
	if c.Whole && found {
		changed = w.clearOthers(row, c) || changed
	}
	for _, f := range c.Fields {
		changed = w.setField(row, f) || changed
	}
	if c.Manager != nil {
		changed = w.managers().setValue(row, canonicalID(*c.Manager), w.epoch) || changed
	}
	return changed
}

// clearOthers makes null what a change does not name, and reports whether that
// changed anything.
func (w *writer) clearOthers(row int32, c *model.Change) bool {
	named := make([]bool, len(w.columns))
	for _, f := range c.Fields {
		named[f.Attr] = true
	}
	named[len(named)-1] = c.Manager != nil
	changed := false
	for i := range w.columns {
		if !named[i] && w.columns[i].set(row, nullCode, w.epoch) {
			w.wasted++
			changed = true
		}
	}
	return changed
}

func (w *writer) remove(row int32, k key, regular bool) {
	w.setAlive(row, false)
	w.free = append(w.free, row)
	w.wasted += len(w.columns) / 4 // about as many attributes of a user have a value of its own
	if !regular {
		if w.irregularHeld {
			w.irregular, w.irregularHeld = maps.Clone(w.irregular), false
		}
		delete(w.irregular, k)
	}
}

// isWasteful reports whether so much was replaced or removed that a rewrite
// without it pays.
func (w *writer) isWasteful() bool {
	const tolerated = 1 << 16
	return w.wasted > max(tolerated, 2*w.live) || int(w.rows)-w.live > max(tolerated, w.live)
}

// compacted returns a writer with the same users on rows without gaps and
// dictionaries without values that no user has.
func (w *writer) compacted() *writer {
	fresh := newWriter(w.schema, w.seed, w.live)
	rows := make([]int32, 0, w.live) // old row numbers, by new ones
	for row := range w.rows {
		if !w.isAlive(row) {
			continue
		}
		k := w.ids[row>>chunkBits].keys[row&(chunkRows-1)]
		id, irregular := w.irregular[k]
		fresh.add(id, k, !irregular)
		rows = append(rows, row)
	}
	for i := range w.columns {
		fresh.columns[i].copyRows(&w.columns[i], rows, fresh.epoch)
	}
	return fresh
}

// copyRows fills an empty column from the given rows of another one.
func (w *columnWriter) copyRows(from *columnWriter, rows []int32, epoch uint64) {
	codes := make([]uint32, from.dictionary.built.len()+1) // new codes, by old ones
	translate := func(old uint32) uint32 {
		if codes[old] == nullCode {
			codes[old] = w.dictionary.code(from.dictionary.built.at(old - 1))
		}
		return codes[old]
	}
	for row, old := range rows {
		code := from.code(old)
		switch {
		case code == nullCode:
			continue
		case from.lists == nil:
			code = translate(code)
		default:
			w.scratch = w.scratch[:0]
			for _, e := range from.lists.at(code) {
				w.scratch = append(w.scratch, translate(e))
			}
			code = w.lists.add(w.scratch)
		}
		w.set(int32(row), code, epoch)
	}
}

// snapshot ends the epoch and returns what has been written.
func (w *writer) snapshot(generation uint64) *Snapshot {
	s := &Snapshot{
		schema: w.schema, generation: generation, seed: w.seed,
		columns: make([]column, len(w.columns)),
		ids:     w.ids, alive: w.alive, live: w.live, index: w.index, irregular: w.irregular,
		rows: w.rows,
	}
	for i := range w.columns {
		s.columns[i] = w.columns[i].view()
	}
	w.idsShared, w.aliveHeld, w.irregularHeld = true, true, true
	w.epoch++
	return s
}
