package directory

import (
	"math/bits"
	"slices"
	"sync/atomic"

	"rollcall/model/internal/parallel"
)

// Diff counts what separates the users of two snapshots of one schema. A user
// of both counts as updated when an attribute or the manager differs.
func Diff(before, after *Snapshot) Effect {
	partners := make([]int32, after.rows) // row of before, by row of after; -1 none
	var added atomic.Int64
	parallel.All(int(after.rows), chunkRows, func(from, to int) {
		for row := int32(from); row < int32(to); row++ {
			partners[row] = -1
			if !after.isAlive(row) {
				continue
			}
			if partner, ok := before.byKey(after.key(row)); ok {
				partners[row] = partner
			} else {
				added.Add(1)
			}
		}
	})
	different := make([]atomic.Uint64, len(after.alive))
	parallel.All(len(after.columns), 1, func(i, _ int) {
		t := newTranslation(&before.columns[i], &after.columns[i])
		for row, partner := range partners {
			if partner >= 0 && !t.equal(partner, int32(row)) {
				different[row>>6].Or(1 << (row & 63))
			}
		}
	})
	effect := Effect{Added: int(added.Load())}
	for i := range different {
		effect.Updated += bits.OnesCount64(different[i].Load())
	}
	effect.Removed = before.live - (after.live - effect.Added)
	return effect
}

// translation compares the cells of two columns with dictionaries of their
// own: it remembers which codes have turned out to mean the same text.
type translation struct {
	before, after *column
	same          []uint32 // codes of after, by those of before
}

func newTranslation(before, after *column) *translation {
	return &translation{before, after, make([]uint32, before.values.len()+1)}
}

// equal compares a row of before with one of after.
func (t *translation) equal(rowBefore, rowAfter int32) bool {
	before, after := t.before.code(rowBefore), t.after.code(rowAfter)
	if before == nullCode || after == nullCode {
		return before == after
	}
	if t.before.lists == nil {
		return t.equalValues(before, after)
	}
	return slices.EqualFunc(t.before.lists.at(before), t.after.lists.at(after), t.equalValues)
}

func (t *translation) equalValues(before, after uint32) bool {
	if t.same[before] == after {
		return true
	}
	equal := t.before.value(before) == t.after.value(after)
	if equal {
		t.same[before] = after
	}
	return equal
}
