package directory

import (
	"context"
	"encoding/binary"
	"math/bits"
	"slices"

	"rollcall/model"
)

// Sort orders rows, each of which must occur once, by an attribute, nulls last
// in either direction, ties by display name and then id. Texts are ordered as
// readers of the directory's language expect, whatever begins with neither
// letter nor digit behind the rest; times are ordered as times; of a
// collection the first element counts. It returns a new slice.
func (s *Snapshot) Sort(ctx context.Context, rows []int32, by model.AttrID, descending bool) ([]int32, error) {
	if by == model.AttrObjectID {
		return s.sortByID(rows, descending), ctx.Err()
	}
	c := &s.columns[by]
	ranks, err := c.dictionary.ranking.of(ctx, c.values)
	if err != nil {
		return nil, err
	}
	return s.sortByRank(s.Rows(s.SetOf(rows)), c, ranks, descending), ctx.Err()
}

// sortByID sorts numbers made of the beginning of an id and the place of its
// row among the given ones.
func (s *Snapshot) sortByID(rows []int32, descending bool) []int32 {
	width := bits.Len(uint(len(rows)))
	entries := make([]uint64, len(rows))
	for i, row := range rows {
		k := s.key(row)
		entries[i] = binary.BigEndian.Uint64(k[:])>>width<<width | uint64(i)
	}
	slices.Sort(entries)
	out := make([]int32, len(rows))
	for i, e := range entries {
		out[i] = rows[e&(1<<width-1)]
	}
	for start := 0; start < len(out); {
		end := start + 1
		for end < len(out) && entries[end]>>width == entries[start]>>width {
			end++
		}
		slices.SortFunc(out[start:end], s.compareIDs)
		start = end
	}
	if descending {
		slices.Reverse(out)
	}
	return out
}

// sortByRank orders rows by the ranks of their values, null last, and leaves
// rows of the same rank in the order in which they are given.
func (s *Snapshot) sortByRank(rows []int32, c *column, ranks []uint32, descending bool) []int32 {
	last := uint32(len(ranks))
	placeOf := func(row int32) uint32 {
		switch rank := ranks[c.firstCode(row)]; {
		case rank == nullCode:
			return last
		case descending:
			return last - rank
		default:
			return rank
		}
	}
	out := make([]int32, len(rows))
	if 8*len(rows) < len(ranks) {
		keys := make([]uint64, len(rows))
		for i, row := range rows {
			keys[i] = uint64(placeOf(row))<<32 | uint64(i)
		}
		slices.Sort(keys)
		for i, k := range keys {
			out[i] = rows[uint32(k)]
		}
		return out
	}
	places := make([]uint32, len(rows))
	next := make([]uint32, last+2) // where the next row of a place goes
	for i, row := range rows {
		places[i] = placeOf(row)
		next[places[i]+1]++
	}
	for i := 1; i < len(next); i++ {
		next[i] += next[i-1]
	}
	for i, row := range rows {
		out[next[places[i]]] = row
		next[places[i]]++
	}
	return out
}
