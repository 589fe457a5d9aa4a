package directory

import (
	"hash/maphash"
	"iter"
	"sync/atomic"

	"rollcall/model"
	"rollcall/model/internal/parallel"
	"rollcall/model/rule"
)

// batch merges changes column by column: columns are independent of each
// other, and what the changes of one column touch lies close together.
type batch struct {
	*writer
	changes []model.Change
	steps   []step
	cells   [][]cell      // by column, in the order of the changes
	changed []atomic.Bool // by change

	replaced atomic.Int64 // values that were replaced
	full     atomic.Bool  // there was no room for an address
}

// step is what a change does to its row.
type step struct {
	row     int32
	outcome outcome
	whole   bool // what the change does not name becomes null
}

type outcome uint8

const (
	nothing outcome = iota
	added
	merged
	removed
)

// cell is what a change does to one attribute of its row.
type cell struct {
	change int32
	field  *model.Field // nil makes null
}

// apply merges changes, in order.
func (w *writer) apply(changes []model.Change) Effect {
	if w.last != nil {
		w.addresses = w.last.addresses.Load() // somebody may have asked for it
	}
	b := &batch{
		writer: w, changes: changes, steps: make([]step, len(changes)),
		cells: make([][]cell, len(w.columns)), changed: make([]atomic.Bool, len(changes)),
	}
	b.locate()
	b.gather()
	parallel.All(len(w.columns), 1, func(i, _ int) { b.setShared(i) })
	w.wasted += int(b.replaced.Load())
	if b.full.Load() {
		w.addresses = nil
	}
	var effect Effect
	for i, s := range b.steps {
		switch {
		case s.outcome == added:
			effect.Added++
		case s.outcome == removed:
			effect.Removed++
		case b.changed[i].Load():
			effect.Updated++
		}
	}
	return effect
}

// locate gives each change its row.
func (b *batch) locate() {
	type identity struct {
		key     key
		regular bool
	}
	ids, hashes := make([]identity, len(b.changes)), make([]uint64, len(b.changes))
	for i := range b.changes {
		k, regular := keyOf(b.changes[i].ID)
		ids[i], hashes[i] = identity{k, regular}, b.hash(k)
	}
	b.ready().touch(hashes)
	for i := range b.changes {
		c, s, id := &b.changes[i], &b.steps[i], ids[i]
		row, found := b.find(id.key)
		switch {
		case c.Removed != "" && found:
			b.remove(row, id.key, id.regular)
			s.outcome = removed
		case c.Removed != "":
		case found:
			*s = step{row, merged, c.Whole}
		default:
			row, used := b.add(c.ID, id.key, id.regular)
			*s = step{row, added, used}
		}
	}
}

// gather sorts the fields of the changes by columns.
func (b *batch) gather() {
	managers := make([]model.Field, len(b.changes))
	named := make([]bool, len(b.columns))
	put := func(column, change int, f *model.Field) {
		if b.cells[column] == nil {
			b.cells[column] = make([]cell, 0, len(b.changes))
		}
		b.cells[column] = append(b.cells[column], cell{int32(change), f})
		named[column] = true
	}
	for i := range b.changes {
		c, s := &b.changes[i], &b.steps[i]
		if s.outcome != added && s.outcome != merged {
			continue
		}
		clear(named)
		for j := range c.Fields {
			if a := c.Fields[j].Attr; b.schema.IsSynced(a) && a != model.AttrObjectID {
				put(int(a), i, &c.Fields[j])
			}
		}
		if c.Manager != nil {
			managers[i].Value = idText(*c.Manager)
			put(len(b.columns)-1, i, &managers[i])
		}
		if s.whole {
			for column, isNamed := range named {
				if !isNamed {
					put(column, i, nil)
				}
			}
		}
	}
}

// setShared changes the columns that share a dictionary with the given one,
// unless it is not the first of them.
func (b *batch) setShared(first int) {
	for i := range b.columns {
		if b.columns[i].dictionary == b.columns[first].dictionary {
			if i < first {
				return
			}
			b.set(i)
		}
	}
}

// set changes a column.
func (b *batch) set(column int) {
	c, cells := &b.columns[column], b.cells[column]
	if len(cells) == 0 {
		return
	}
	// The index is looked at for many values before it is changed for any: see
	// hashTable.fill.
	c.dictionary.prepare()
	hashes := make([]uint64, 0, len(cells))
	for _, cell := range cells {
		for value := range cell.values(c.lists != nil) {
			hashes = append(hashes, maphash.String(b.seed, value))
		}
	}
	c.dictionary.index.touch(hashes)
	var codes []uint32
	for _, cell := range cells {
		codes = codes[:0]
		for value := range cell.values(c.lists != nil) {
			codes = append(codes, c.dictionary.code(value, hashes[0]))
			hashes = hashes[1:]
		}
		row := b.steps[cell.change].row
		held := c.code(row) != nullCode
		if !c.setCodes(row, codes, b.epoch) {
			continue
		}
		b.changed[cell.change].Store(true)
		if held {
			b.replaced.Add(1)
		}
		switch a := model.AttrID(column); a {
		case model.AttrDisplayName:
			b.moved = append(b.moved, row)
		case model.AttrMail, model.AttrUserPrincipalName, model.AttrProxyAddresses:
			b.indexAddresses(a, row, cell)
		}
	}
}

// values yields the values that are not null, of a scalar at most one.
func (c cell) values(collection bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		switch {
		case c.field == nil:
		case len(c.field.Values) == 0:
			if c.field.Value != "" {
				yield(c.field.Value)
			}
		default:
			for i, v := range c.field.Values {
				if i > 0 && !collection || v != "" && !yield(v) {
					return
				}
			}
		}
	}
}

// indexAddresses adds the addresses of a cell that has changed to the index,
// if there is one.
func (b *batch) indexAddresses(a model.AttrID, row int32, c cell) {
	if b.addresses == nil {
		return
	}
	for value := range c.values(true) {
		address, ok := addressIn(a, value)
		switch {
		case !ok:
		case b.addresses.hasRoom(uint32(row)):
			b.addresses.insert(maphash.String(b.seed, rule.Fold(address)), uint32(row))
		default:
			b.full.Store(true)
		}
	}
}
