package directory

import (
	"bytes"
	"context"
	"slices"

	"rollcall/model"
)

// nameOrder is the order of the users by display name.
type nameOrder struct {
	rows  []int32  // by place
	place []uint32 // by row
}

// All returns the row numbers of all users in the order of display name, then
// of object id; users without a name come last. The slice must not be changed.
func (s *Snapshot) All() []int32 { return s.byName().rows }

// byName counts the users on each rank of a name and so knows their places.
func (s *Snapshot) byName() nameOrder {
	return s.nameOrder.get(func() nameOrder {
		names := &s.columns[model.AttrDisplayName]
		ranks := names.derivation.rank(names.values)
		slot := func(row int32) uint32 {
			if rank := ranks[names.code(row)]; rank != nullCode {
				return rank - 1
			}
			return uint32(len(ranks)) - 1
		}
		next := make([]uint32, len(ranks)+1) // where the next user of a slot goes
		for row := range s.rows {
			if s.isAlive(row) {
				next[slot(row)+1]++
			}
		}
		for i := 1; i < len(next); i++ {
			next[i] += next[i-1]
		}
		order := nameOrder{rows: make([]int32, s.live), place: make([]uint32, s.rows)}
		for row := range s.rows {
			if s.isAlive(row) {
				i := slot(row)
				order.rows[next[i]] = row
				next[i]++
			}
		}
		start := uint32(0)
		for _, end := range next[:len(ranks)] {
			if end-start > 1 {
				slices.SortFunc(order.rows[start:end], s.compareIDs)
			}
			start = end
		}
		for i, row := range order.rows {
			order.place[row] = uint32(i)
		}
		return order
	})
}

func (s *Snapshot) compareIDs(a, b int32) int {
	ka, kb := s.key(a), s.key(b)
	return bytes.Compare(ka[:], kb[:])
}

// sortKey orders by rank, or against it, with null last in both directions,
// then by tie.
func sortKey(rank uint32, descending bool, tie uint32) uint64 {
	switch {
	case rank == nullCode:
		rank = ^uint32(0)
	case descending:
		rank = ^uint32(0) - rank
	}
	return uint64(rank)<<32 | uint64(tie)
}

// Sort orders rows by an attribute, nulls last in either direction, ties by
// display name and then id. Texts are ordered by their folded form; of a
// collection the first element counts. It returns a new slice.
func (s *Snapshot) Sort(ctx context.Context, rows []int32, by model.AttrID, descending bool) ([]int32, error) {
	if by == model.AttrObjectID {
		out := slices.Clone(rows)
		slices.SortFunc(out, func(a, b int32) int {
			if descending {
				a, b = b, a
			}
			return s.compareIDs(a, b)
		})
		return out, ctx.Err()
	}
	order := s.byName()
	c := &s.columns[by]
	ranks := c.derivation.rank(c.values)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	keys := make([]uint64, len(rows))
	for i, row := range rows {
		code := c.code(row)
		if c.lists != nil && code != nullCode {
			code = c.lists.at(code)[0]
		}
		keys[i] = sortKey(ranks[code], descending, order.place[row])
	}
	slices.Sort(keys)
	out := make([]int32, len(keys))
	for i, k := range keys {
		out[i] = order.rows[uint32(k)]
	}
	return out, ctx.Err()
}
