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
	"hash/maphash"
	"sync"
	"sync/atomic"

	"rollcall/model"
)

// Directory holds the users. Changes are applied one at a time; any number of
// goroutines read snapshots meanwhile. Make one with New.
type Directory struct {
	mu     sync.Mutex // held by the writer
	schema *model.Schema
	seed   maphash.Seed
	table  *writer
	latest atomic.Pointer[Snapshot]
}

// New returns an empty directory of the attributes that the schema syncs.
func New(s *model.Schema) *Directory {
	d := &Directory{schema: s, seed: maphash.MakeSeed()}
	d.table = newWriter(s, d.seed, 0)
	d.publish(0)
	return d
}

// Snapshot returns the present users; it never changes.
func (d *Directory) Snapshot() *Snapshot { return d.latest.Load() }

// Load replaces everything by the users that each yields; of two with the same
// id the later one stays. When each fails, its error is returned and nothing
// has changed.
func (d *Directory) Load(each func(yield func(*model.User) bool) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	table := newWriter(d.schema, d.seed, 0)
	err := each(func(u *model.User) bool {
		table.replace(u)
		return true
	})
	if err != nil {
		return err
	}
	d.table = table
	d.publish(d.Snapshot().generation + 1)
	return nil
}

// Reset drops every user. Snapshots already taken stay readable.
func (d *Directory) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.table = newWriter(d.schema, d.seed, 0)
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
	var effect Effect
	for i := range changes {
		before := d.table.live
		changed := d.table.apply(&changes[i])
		switch {
		case !changed:
		case d.table.live > before:
			effect.Added++
		case d.table.live < before:
			effect.Removed++
		default:
			effect.Updated++
		}
	}
	if effect == (Effect{}) {
		return effect
	}
	if d.table.isWasteful() {
		d.table = d.table.compacted()
	}
	d.publish(d.Snapshot().generation + 1)
	return effect
}

// Adopt replaces everything by the users of another directory of the same
// schema, which must not be used afterwards.
func (d *Directory) Adopt(other *Directory) {
	d.mu.Lock()
	defer d.mu.Unlock()
	other.mu.Lock()
	defer other.mu.Unlock()
	d.table, d.seed = other.table, other.seed
	d.publish(d.Snapshot().generation + 1)
}

func (d *Directory) publish(generation uint64) {
	d.latest.Store(d.table.snapshot(generation))
}
