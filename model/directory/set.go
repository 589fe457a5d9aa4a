package directory

import (
	"iter"
	"math/bits"
)

// Set is a set of rows of one snapshot. It is immutable.
type Set struct {
	words []uint64 // one bit a row
	count int
}

func newSet(words []uint64) *Set {
	s := &Set{words: words}
	for _, w := range words {
		s.count += bits.OnesCount64(w)
	}
	return s
}

// Count is the number of rows in the set.
func (s *Set) Count() int { return s.count }

// Has reports whether the row is in the set.
func (s *Set) Has(row int32) bool {
	i := int(row >> 6)
	return row >= 0 && i < len(s.words) && s.words[i]>>(row&63)&1 == 1
}

// And returns the rows that are in both sets of one snapshot.
func (s *Set) And(o *Set) *Set { return s.with(o, func(a, b uint64) uint64 { return a & b }) }

// Or returns the rows that are in either of two sets of one snapshot.
func (s *Set) Or(o *Set) *Set { return s.with(o, func(a, b uint64) uint64 { return a | b }) }

// Minus returns the rows that are in this set of one snapshot and not in the
// other.
func (s *Set) Minus(o *Set) *Set { return s.with(o, func(a, b uint64) uint64 { return a &^ b }) }

func (s *Set) with(o *Set, join func(a, b uint64) uint64) *Set {
	words := make([]uint64, len(s.words))
	for i := range words {
		words[i] = join(s.words[i], o.words[i])
	}
	return newSet(words)
}

// All yields the rows in the order of their numbers.
func (s *Set) All() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i, w := range s.words {
			for ; w != 0; w &= w - 1 {
				if !yield(int32(i<<6 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// SetOf returns the set of the given rows.
func (s *Snapshot) SetOf(rows []int32) *Set {
	words := make([]uint64, len(s.alive))
	for _, row := range rows {
		words[row>>6] |= 1 << (row & 63)
	}
	return newSet(words)
}

// Filter returns those of the rows that are in the set, in their order.
func (s *Set) Filter(rows []int32) []int32 {
	out, n := make([]int32, min(len(rows), s.count)+1), 0
	for _, row := range rows {
		// Without a branch, which could not be foreseen: the place is kept by
		// moving on from it.
		out[n] = row
		n += int(s.words[row>>6] >> (row & 63) & 1)
	}
	return out[:n]
}

// Rows returns the rows of a set in the order of display name.
func (s *Snapshot) Rows(set *Set) []int32 { return set.Filter(s.All()) }
