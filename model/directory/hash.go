package directory

import (
	"iter"
	"sync/atomic"
)

// hashTable is an open-addressing table from hashes to numbers, four bytes for
// each slot. It stores no keys: the caller verifies each candidate. Entries are
// only ever added, so that one writer may insert while others probe; an entry
// that no longer holds is found out by the verification.
type hashTable struct {
	slots []atomic.Uint32 // number plus one; zero is empty
	used  int
}

// newHashTable returns a table that takes n entries before it is full.
func newHashTable(n int) *hashTable {
	size := 64
	for size < 2*n {
		size *= 2
	}
	return &hashTable{slots: make([]atomic.Uint32, size)}
}

// isFull reports whether the table should be replaced by a larger one.
func (t *hashTable) isFull() bool { return 8*t.used >= 5*len(t.slots) }

// insert adds a number under a hash. The table must not be full.
func (t *hashTable) insert(hash uint64, number uint32) {
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for t.slots[i].Load() != 0 {
		i = (i + 1) & mask
	}
	t.slots[i].Store(number + 1)
	t.used++
}

// probe yields the numbers that may have been inserted under the hash.
func (t *hashTable) probe(hash uint64) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		mask := uint64(len(t.slots) - 1)
		for i := hash & mask; ; i = (i + 1) & mask {
			n := t.slots[i].Load()
			if n == 0 || !yield(n-1) {
				return
			}
		}
	}
}
