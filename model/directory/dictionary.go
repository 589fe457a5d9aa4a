package directory

import "hash/maphash"

// nullCode stands for null in every column. Codes of values begin at one.
const nullCode = 0

// dictionary gives each distinct value of a column a code: its number in the
// order of first appearance, plus one.
type dictionary struct {
	arena
	seed  maphash.Seed
	index *hashTable // nil until a code is first asked for
}

func newDictionary(seed maphash.Seed) *dictionary {
	return &dictionary{seed: seed}
}

// code returns the code of a value, new or known; the empty text is null.
func (d *dictionary) code(value string) uint32 {
	if value == "" {
		return nullCode
	}
	if d.index == nil {
		d.reindex()
	}
	hash := maphash.String(d.seed, value)
	for i := range d.index.probe(hash) {
		if d.built.at(i) == value {
			return i + 1
		}
	}
	if !d.index.hasRoom(uint32(d.built.len())) {
		d.reindex()
	}
	i := d.add(value)
	d.index.insert(hash, i)
	return i + 1
}

// reindex makes an index with room for as many values again.
func (d *dictionary) reindex() {
	d.index = newHashTable(2*d.built.len(), 0)
	for i := range uint32(d.built.len()) {
		d.index.insert(maphash.String(d.seed, d.built.at(i)), i)
	}
}
