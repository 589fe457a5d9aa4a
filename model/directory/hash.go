package directory

import (
	"iter"
	"math/bits"
	"sync/atomic"
)

// hashTable is an open-addressing table from hashes to numbers, four bytes for
// each slot. It stores no keys: the caller verifies each candidate, and the
// bits that the numbers leave free hold a part of the hash, so that few
// candidates are false. Entries are only ever added, so that several
// goroutines may insert and probe at the same time; an entry that no longer
// holds is found out by the verification.
type hashTable struct {
	slots      []atomic.Uint32 // part of the hash, then number plus one; zero is empty
	numberBits int
	used       atomic.Int64
}

// newHashTable returns a table with room for n entries whose numbers are below
// limit, and for an eighth more.
func newHashTable(n, limit int) *hashTable {
	size := max(64, n+n/2)
	return &hashTable{slots: make([]atomic.Uint32, size), numberBits: bits.Len(uint(max(size, limit)))}
}

// hasRoom reports whether another entry with the number can be inserted;
// otherwise the table is to be replaced by a larger one.
func (t *hashTable) hasRoom(number uint32) bool {
	return 4*int(t.used.Load()) < 3*len(t.slots) && uint64(number)+1 < 1<<t.numberBits
}

// insert adds a number under a hash. There must be room.
func (t *hashTable) insert(hash uint64, number uint32) {
	entry := t.tag(hash) | (number + 1)
	for i := t.slot(hash); !t.slots[i].CompareAndSwap(0, entry); {
		i = t.after(i)
	}
	t.used.Add(1)
}

// fill adds many numbers under their hashes. There must be room. It looks at
// the slots of some hundred hashes before it stores anything: they lie far
// apart, and the processor fetches them side by side until the first store.
func (t *hashTable) fill(entries iter.Seq2[uint64, uint32]) {
	type entry struct {
		hash   uint64
		number uint32
	}
	pending := make([]entry, 0, 256)
	insert := func() {
		for _, e := range pending {
			t.slots[t.slot(e.hash)].Load()
		}
		for _, e := range pending {
			t.insert(e.hash, e.number)
		}
		pending = pending[:0]
	}
	for hash, number := range entries {
		if pending = append(pending, entry{hash, number}); len(pending) == cap(pending) {
			insert()
		}
	}
	insert()
}

// touch looks at the slots of hashes that are about to be probed: see fill.
func (t *hashTable) touch(hashes []uint64) {
	for _, hash := range hashes {
		t.slots[t.slot(hash)].Load()
	}
}

// slot is where the search for a hash begins: the low half of the hash, scaled
// to the number of slots.
func (t *hashTable) slot(hash uint64) int {
	return int(uint64(uint32(hash)) * uint64(len(t.slots)) >> 32)
}

func (t *hashTable) after(slot int) int {
	if slot++; slot < len(t.slots) {
		return slot
	}
	return 0
}

// tag is the part of the hash that a slot holds above the number.
func (t *hashTable) tag(hash uint64) uint32 {
	return uint32(hash>>32) >> t.numberBits << t.numberBits
}

// probe yields the numbers that may have been inserted under the hash.
func (t *hashTable) probe(hash uint64) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		tag := t.tag(hash)
		for i := t.slot(hash); ; i = t.after(i) {
			entry := t.slots[i].Load()
			if entry == 0 {
				return
			}
			if entry>>t.numberBits<<t.numberBits == tag && !yield(entry-tag-1) {
				return
			}
		}
	}
}
