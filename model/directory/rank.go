package directory

import (
	"bytes"
	"context"
	"slices"
	"sync"
)

// derivation holds what is computed from a dictionary on demand and grows with
// it. Snapshots of one directory share it; each method answers for at least
// the values that the caller's view has.
type derivation struct {
	ordering ordering
	ranking  ranking
	folding  folding
}

// ranking is the order of values.
type ranking struct {
	mu     sync.Mutex
	ranks  []uint32 // by code; zero for null; nil until somebody asks
	sorted int      // until then, as many values are known to stand in order
}

// known returns the numbers of the values whose order is known, in order.
func (r *ranking) known() []uint32 {
	if r.ranks == nil {
		order := make([]uint32, r.sorted)
		for i := range order {
			order[i] = uint32(i)
		}
		return order
	}
	order := make([]uint32, len(r.ranks)-1)
	for i, rank := range r.ranks[1:] {
		order[rank-1] = uint32(i)
	}
	return order
}

// rank returns a number for each code that grows with the value in the order
// of its kind. The rank of null is zero.
func (d *derivation) rank(ctx context.Context, values texts) ([]uint32, error) {
	r := &d.ranking
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ranks) > values.len() {
		return r.ranks, nil
	}
	known := r.known()
	order, err := sortValues(ctx, d.ordering, values, len(known))
	if err != nil {
		return nil, err
	}
	if len(known) > 0 {
		order = mergeValues(d.ordering, values, known, order)
	}
	r.ranks = make([]uint32, len(order)+1)
	for place, i := range order {
		r.ranks[i+1] = uint32(place) + 1
	}
	return r.ranks, nil
}

// mergeValues puts the few values of one sorted slice of numbers into their
// places among the many of another.
func mergeValues(o ordering, values texts, many, few []uint32) []uint32 {
	k, done := o.keyer()
	defer done()
	out := make([]uint32, 0, len(many)+len(few))
	var key, other []byte
	for _, n := range few {
		value := values.at(n)
		key = k.appendKey(key[:0], value)
		i, _ := slices.BinarySearchFunc(many, n, func(m, _ uint32) int {
			text := values.at(m)
			other = k.appendKey(other[:0], text)
			return compareKeyed(k, other, key, text, value)
		})
		out = append(append(out, many[:i]...), n)
		many = many[i:]
	}
	return append(out, many...)
}

// compareKeyed orders two values by their keys and by what separates values of
// the same key.
func compareKeyed(k keyer, keyA, keyB []byte, a, b string) int {
	if c := bytes.Compare(keyA, keyB); c != 0 {
		return c
	}
	return k.compareTie(a, b)
}
