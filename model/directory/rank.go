package directory

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// ranking is the order of the values of a dictionary as far as it is known.
// Snapshots of one directory share it.
type ranking struct {
	ordering ordering
	mu       sync.Mutex
	ranks    []uint32 // by code; zero for null; nil until somebody asks
	sorted   int      // until then, as many values are known to stand in order
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

// of returns a number for each code that grows with the value, at least for
// the given values. The rank of null is zero.
func (r *ranking) of(ctx context.Context, values texts) ([]uint32, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ranks) > values.len() {
		return r.ranks, nil
	}
	known := r.known()
	order := make([]uint32, values.len()-len(known))
	for i := range order {
		order[i] = uint32(len(known) + i)
	}
	if err := sortValues(ctx, r.ordering, values, order); err != nil {
		return nil, err
	}
	if len(known) > 0 {
		order = mergeValues(r.ordering, values, known, order)
	}
	r.ranks = make([]uint32, len(order)+1)
	for place, i := range order {
		r.ranks[i+1] = uint32(place) + 1
	}
	return r.ranks, nil
}

// sort sorts the codes of values that are not null. For few of many values it
// does not rank all.
func (r *ranking) sort(ctx context.Context, values texts, codes []uint32) error {
	if 8*len(codes) < values.len() {
		for i := range codes {
			codes[i]--
		}
		err := sortValues(ctx, r.ordering, values, codes)
		for i := range codes {
			codes[i]++
		}
		return err
	}
	ranks, err := r.of(ctx, values)
	if err != nil {
		return err
	}
	slices.SortFunc(codes, func(a, b uint32) int { return cmp.Compare(ranks[a], ranks[b]) })
	return ctx.Err()
}
