package directory

import (
	"hash/maphash"
	"maps"
	"slices"

	"rollcall/model"
	"rollcall/model/rule"
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
		if i == s.Len() {
			column.dictionary = newDictionary(w.seed, c)
			break
		}
		a := s.Attribute(model.AttrID(i))
		if partner := dictionaryOf(a.ID); partner != a.ID {
			column.dictionary = w.columns[partner].dictionary
		} else {
			column.dictionary = newDictionary(w.seed, orderingOf(a, c))
		}
		if a.Type == model.TypeCollection {
			column.lists = &lists{}
		}
	}
	for _, a := range searched {
		w.columns[a].dictionary.folding.searched = true
	}
	return w
}

// dictionaryOf returns the attribute whose dictionary holds the values of an
// attribute: the mail address of most users is their principal name.
func dictionaryOf(a model.AttrID) model.AttrID {
	if a == model.AttrMail {
		return model.AttrUserPrincipalName
	}
	return a
}

func (w *writer) managers() *columnWriter { return &w.columns[len(w.columns)-1] }

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

// indexIDs returns an index of the object ids of the living rows, with room for
// half as many again.
func indexIDs(seed maphash.Seed, ids []*idChunk, alive []uint64, rows int32) *hashTable {
	table := newHashTable(int(rows)+int(rows)/2, 0)
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

// add gives an object id a row on which every attribute is null.
func (w *writer) add(id string, k key, regular bool) int32 {
	row := w.room()
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
	return row
}

// room returns a row that holds no user and whose attributes are null.
func (w *writer) room() int32 {
	if n := len(w.free); n > 0 {
		row := w.free[n-1]
		w.free = w.free[:n-1]
		w.clear(row)
		return row
	}
	row := w.rows
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
	return row
}

// clear makes every attribute of a row null.
func (w *writer) clear(row int32) {
	for i := range w.columns {
		w.columns[i].set(row, nullCode, w.epoch)
	}
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

// replace makes the user's row hold the user and nothing else.
func (w *writer) replace(u *model.User) {
	k, regular := keyOf(u.ID)
	row, found := w.find(k)
	if found {
		w.clear(row)
	} else {
		row = w.add(u.ID, k, regular)
	}
	for _, f := range u.Fields() {
		w.setField(row, f)
	}
	w.managers().setValue(row, idText(u.ManagerID), w.epoch)
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
	if !changed {
		return false
	}
	if held {
		w.wasted++
	}
	switch f.Attr {
	case model.AttrDisplayName:
		w.moved = append(w.moved, row)
	case model.AttrMail, model.AttrUserPrincipalName, model.AttrProxyAddresses:
		w.indexAddresses(row, f)
	}
	return true
}

// indexAddresses adds the addresses of a field that has changed to the index,
// if there is one.
func (w *writer) indexAddresses(row int32, f model.Field) {
	for _, value := range append([]string{f.Value}, f.Values...) {
		address, ok := addressIn(f.Attr, value)
		switch {
		case !ok || w.addresses == nil:
		case w.addresses.hasRoom(uint32(row)):
			w.addresses.insert(maphash.String(w.seed, rule.Fold(address)), uint32(row))
		default:
			w.addresses = nil
		}
	}
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
		changed = w.managers().setValue(row, idText(*c.Manager), w.epoch) || changed
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
	if !named[model.AttrDisplayName] {
		w.moved = append(w.moved, row)
	}
	return changed
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

// prepare makes ready what a writer that was restored needs for changes, and
// takes over what readers have had computed since the last snapshot.
func (w *writer) prepare(changes []model.Change) {
	if w.last != nil {
		w.addresses = w.last.addresses.Load()
	}
	needed := make([]bool, len(w.columns))
	needed[len(needed)-1] = true
	for i := range changes {
		for _, f := range changes[i].Fields {
			if w.schema.IsSynced(f.Attr) {
				needed[f.Attr] = true
			}
		}
	}
	mustParallel(len(needed)+1, 1, func(i, _ int) {
		switch {
		case i == len(needed):
			w.ready()
		case needed[i]:
			w.columns[i].dictionary.prepare()
		}
	})
}
