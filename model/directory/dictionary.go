package directory

import (
	"hash/maphash"
	"sync"
)

// nullCode stands for null in every column. Codes of values begin at one.
const nullCode = 0

// dictionary gives each distinct value of a column a code: its number in the
// order of first appearance, plus one. Columns whose values are mostly the
// same share one.
type dictionary struct {
	arena
	ranking    ranking
	verdicts   verdicts
	characters *characters // nil where no search without a field looks
	seed       maphash.Seed
	indexed    sync.Once
	index      *hashTable // nil until prepared
}

func newDictionary(seed maphash.Seed, order ordering) *dictionary {
	return &dictionary{seed: seed, ranking: ranking{ordering: order}}
}

// code returns the code of a value that is not null, new or known, with the
// hash. The dictionary must be prepared.
func (d *dictionary) code(value string, hash uint64) uint32 {
	for i := range d.index.probe(hash) {
		if d.is(i, value) {
			return i + 1
		}
	}
	if !d.index.hasRoom(uint32(d.len())) {
		d.reindex(d.len() + d.len()/2)
	}
	i := d.add(value)
	d.index.insert(hash, i)
	return i + 1
}

// prepare makes the dictionary ready for code. Any goroutine may do so before
// the writer does.
func (d *dictionary) prepare() {
	d.indexed.Do(func() { d.reindex(d.len()) })
}

// reindex makes an index with room for as many values.
func (d *dictionary) reindex(room int) {
	index := newHashTable(room, 0)
	index.fill(func(yield func(uint64, uint32) bool) {
		for i := range uint32(d.len()) {
			yield(d.hash(d.seed, i), i)
		}
	})
	d.index = index
}
