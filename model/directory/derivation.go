package directory

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"rollcall/model/rule"
)

// derivation holds what is computed from a dictionary on demand and grows with
// it. Snapshots of one directory share it; each method answers for at least
// the values that the caller's view has.
type derivation struct {
	mu     sync.Mutex
	folded arena
	order  []uint32 // value numbers by folded text, then by text
	ranks  []uint32 // place in order, by code; zero for null
}

// fold returns the folded forms of the values, under their numbers.
func (d *derivation) fold(values texts) texts {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.foldLocked(values)
}

func (d *derivation) foldLocked(values texts) texts {
	for i := d.folded.built.len(); i < values.len(); i++ {
		d.folded.add(rule.Fold(values.at(uint32(i))))
	}
	return d.folded.view()
}

// rank returns a number for each code that grows with the value: values that
// begin with a letter or digit come first, since the others are mostly noise;
// then values are ordered by their folded form, then as they are. The rank of
// null is zero.
func (d *derivation) rank(values texts) []uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	known := len(d.order)
	if known >= values.len() && d.ranks != nil {
		return d.ranks
	}
	folded := d.foldLocked(values)
	order := make([]uint32, 0, values.len())
	for i := known; i < values.len(); i++ {
		order = append(order, uint32(i))
	}
	compare := func(a, b uint32) int {
		return compareValues(folded.at(a), folded.at(b), values.at(a), values.at(b))
	}
	slices.SortFunc(order, compare)
	d.order = merge(d.order, order, compare)
	ranks := make([]uint32, values.len()+1)
	for place, i := range d.order {
		ranks[i+1] = uint32(place) + 1
	}
	d.ranks = ranks
	return ranks
}

// compareValues orders two values by their folded and their own form.
func compareValues(foldedA, foldedB, a, b string) int {
	if wordA, wordB := isWord(foldedA), isWord(foldedB); wordA != wordB {
		if wordA {
			return -1
		}
		return 1
	}
	if c := strings.Compare(foldedA, foldedB); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// isWord reports whether text begins with a letter or a digit.
func isWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// merge puts the few of one sorted slice into their places among the many of
// another. The result is a new slice.
func merge(many, few []uint32, compare func(x, y uint32) int) []uint32 {
	out := make([]uint32, 0, len(many)+len(few))
	for _, n := range few {
		i, _ := slices.BinarySearchFunc(many, n, compare)
		out = append(append(out, many[:i]...), n)
		many = many[i:]
	}
	return append(out, many...)
}
