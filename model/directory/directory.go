// Package directory is the in-memory directory: columns of dictionary-encoded
// attributes, read through immutable snapshots, changed by applying deltas.
//
// Each attribute is a column of codes into an append-only dictionary of its
// distinct values, cut into chunks of rows. A change copies the chunks that it
// touches and leaves the rest to be shared with the snapshots already taken.
// What depends on a value alone (a clause of a rule, a search term, the place
// in a sort order) is computed once for each distinct value.
package directory

import (
	"sync"
	"sync/atomic"

	"golang.org/x/text/language"

	"rollcall/model"
)

// Directory holds the users. Changes are applied one at a time; any number of
// goroutines read snapshots meanwhile. Make one with New.
type Directory struct {
	mu        sync.Mutex // held by the writer
	schema    *model.Schema
	collation *collation
	table     *writer
	latest    atomic.Pointer[Snapshot]
}

// Option changes how a directory is made.
type Option func(*Directory)

// Language sorts texts as readers of a language expect. Without it, the root
// of the Unicode collation algorithm applies.
func Language(tag language.Tag) Option {
	return func(d *Directory) { d.collation = newCollation(orderOf(tag)) }
}

// New returns an empty directory of the attributes that the schema syncs.
func New(s *model.Schema, options ...Option) *Directory {
	d := &Directory{schema: s, collation: newCollation(language.Und)}
	for _, o := range options {
		o(d)
	}
	d.table = newWriter(s, d.collation)
	d.publish(0)
	return d
}

// Snapshot returns the present users; it never changes.
func (d *Directory) Snapshot() *Snapshot { return d.latest.Load() }

// Reset drops every user. Snapshots already taken stay readable.
func (d *Directory) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.table = newWriter(d.schema, d.collation)
	d.publish(d.Snapshot().generation + 1)
}

// Effect counts what changes did to the users. A user that was changed several
// times counts each time; a change that changed nothing does not count.
type Effect struct{ Added, Updated, Removed int }

// Apply merges changes, in order, and publishes a new snapshot. Changes that
// change nothing, such as a replayed delta, leave the present snapshot in place.
func (d *Directory) Apply(changes []model.Change) Effect {
	d.mu.Lock()
	defer d.mu.Unlock()
	effect := d.table.apply(changes)
	if effect == (Effect{}) {
		return effect
	}
	d.publish(d.Snapshot().generation + 1)
	if d.table.isWasteful() {
		d.compact()
	}
	return effect
}

// Sibling returns an empty directory of the same schema and language.
func (d *Directory) Sibling() *Directory {
	sibling := &Directory{schema: d.schema, collation: d.collation}
	sibling.table = newWriter(d.schema, d.collation)
	sibling.publish(0)
	return sibling
}

// Adopt replaces everything by the users of another directory of the same
// schema, which must not be used afterwards. That of a Sibling stays sorted.
func (d *Directory) Adopt(other *Directory) {
	d.mu.Lock()
	defer d.mu.Unlock()
	other.mu.Lock()
	defer other.mu.Unlock()
	d.table = other.table
	d.table.collate(d.collation)
	d.publish(d.Snapshot().generation + 1)
}

// compact replaces the users by themselves, as an image keeps them: without the
// values and rows that are no longer used.
func (d *Directory) compact() {
	image := map[string][]byte{}
	err := d.Snapshot().Save(func(name string, data []byte) error {
		image[name] = append([]byte{}, data...)
		return nil
	})
	table := newWriter(d.schema, d.collation)
	if err == nil {
		err = restore(table, func(name string) ([]byte, error) { return image[name], nil })
	}
	if err != nil {
		panic(err) // unreachable: the image is the directory's own
	}
	d.table = table
	d.publish(d.Snapshot().generation + 1)
	go d.Snapshot().prepare()
}

func (d *Directory) publish(generation uint64) {
	d.latest.Store(d.table.snapshot(generation))
}
