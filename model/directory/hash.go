package directory

import (
	"iter"
	"math/bits"
	"sync/atomic"
)

// hashTable is an open-addressing table from hashes to numbers, four bytes for
// each slot. It stores no keys: the caller verifies each candidate, and the
// bits that the numbers leave free hold a part of the hash, so that few
// candidates are false. Entries are only ever added, so that one writer may
// insert while others probe; an entry that no longer holds is found out by the
// verification.
type hashTable struct {
	slots      []atomic.Uint32 // part of the hash, then number plus one; zero is empty
	numberBits int
	used       int
}

// newHashTable returns a table with room for n entries whose numbers are below
// limit.
func newHashTable(n, limit int) *hashTable {
	size := 64
	for size < 2*n {
		size *= 2
	}
	return &hashTable{slots: make([]atomic.Uint32, size), numberBits: bits.Len(uint(max(size, limit)))}
}

// hasRoom reports whether another entry with the number can be inserted;
// otherwise the table is to be replaced by a larger one.
func (t *hashTable) hasRoom(number uint32) bool {
	return 8*t.used < 5*len(t.slots) && uint64(number)+1 < 1<<t.numberBits
}

// insert adds a number under a hash. There must be room.
func (t *hashTable) insert(hash uint64, number uint32) {
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for t.slots[i].Load() != 0 {
		i = (i + 1) & mask
	}
	t.slots[i].Store(t.tag(hash) | (number + 1))
	t.used++
}

// tag is the part of the hash that a slot holds above the number.
func (t *hashTable) tag(hash uint64) uint32 {
	return uint32(hash>>32) >> t.numberBits << t.numberBits
}

// probe yields the numbers that may have been inserted under the hash.
func (t *hashTable) probe(hash uint64) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		mask, tag := uint64(len(t.slots)-1), t.tag(hash)
		for i := hash & mask; ; i = (i + 1) & mask {
			slot := t.slots[i].Load()
			if slot == 0 {
				return
			}
			if slot>>t.numberBits<<t.numberBits == tag && !yield(slot-tag-1) {
				return
			}
		}
	}
}
