package directory

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"rollcall/model"
)

// nameOrder is the order of the rows by display name. It is computed when it
// is first asked for, from the order of an earlier snapshot where there is one
// and few rows have moved since.
type nameOrder struct {
	once    sync.Once
	rows    atomic.Pointer[[]int32] // nil until computed
	earlier atomic.Pointer[earlierOrder]
}

// earlierOrder is an order to start from; it is immutable.
type earlierOrder struct {
	rows  []int32
	moved []int32 // that were added, removed or renamed since
}

// follow makes the order of a new snapshot start from that of the one before.
func (o *nameOrder) follow(before *nameOrder, moved []int32, live int) {
	// In this order, since earlier is dropped when rows has been stored.
	earlier, rows := before.earlier.Load(), before.rows.Load()
	switch {
	case rows != nil:
		earlier = &earlierOrder{*rows, moved}
	case earlier != nil:
		earlier = &earlierOrder{earlier.rows, slices.Concat(earlier.moved, moved)}
	default:
		return
	}
	if len(earlier.moved) <= live/8+chunkRows {
		o.earlier.Store(earlier)
	}
}

// All returns the row numbers of all users in the order of display name, then
// of object id; users without a name come last. The slice must not be changed.
func (s *Snapshot) All() []int32 {
	o := &s.nameOrder
	if rows := o.rows.Load(); rows != nil {
		return *rows
	}
	o.once.Do(func() {
		var rows []int32
		if earlier := o.earlier.Load(); earlier != nil {
			rows = s.reorder(earlier)
		} else {
			rows = s.orderByName()
		}
		o.rows.Store(&rows)
		o.earlier.Store(nil)
	})
	return *o.rows.Load()
}

// orderByName sorts all rows.
func (s *Snapshot) orderByName() []int32 {
	names := &s.columns[model.AttrDisplayName]
	ranks, err := names.dictionary.ranking.of(context.Background(), names.values)
	if err != nil {
		panic(err) // unreachable: only a context can end it
	}
	rows := make([]int32, 0, s.live)
	for row := range s.rows {
		if s.isAlive(row) {
			rows = append(rows, row)
		}
	}
	rows = s.sortByRank(rows, names, ranks, false)
	for start := 0; start < len(rows); {
		end := start + 1
		for end < len(rows) && names.code(rows[end]) == names.code(rows[start]) {
			end++
		}
		slices.SortFunc(rows[start:end], s.compareIDs)
		start = end
	}
	return rows
}

// reorder takes the rows that have moved out of an earlier order and puts
// those that are alive into their places.
func (s *Snapshot) reorder(earlier *earlierOrder) []int32 {
	names := &s.columns[model.AttrDisplayName]
	k, done := s.collation.keyer()
	defer done()
	isMoved := make([]uint64, len(s.alive))
	var moved []namedRow
	for _, row := range earlier.moved {
		if bit := uint64(1) << (row & 63); isMoved[row>>6]&bit == 0 {
			isMoved[row>>6] |= bit
			if s.isAlive(row) {
				moved = append(moved, s.named(k, row))
			}
		}
	}
	slices.SortFunc(moved, func(a, b namedRow) int { return s.compareNames(k, a, b) })
	stayed := make([]int32, 0, s.live)
	for _, row := range earlier.rows {
		if isMoved[row>>6]>>(row&63)&1 == 0 {
			stayed = append(stayed, row)
		}
	}
	rows := make([]int32, 0, s.live)
	var key []byte
	for _, m := range moved {
		i, _ := slices.BinarySearchFunc(stayed, m, func(row int32, m namedRow) int {
			name := names.first(row)
			key = k.appendKey(key[:0], name)
			return s.compareNames(k, namedRow{row, name, key}, m)
		})
		rows = append(append(rows, stayed[:i]...), m.row)
		stayed = stayed[i:]
	}
	return append(rows, stayed...)
}

// namedRow is a row with its display name and the name's sort key.
type namedRow struct {
	row  int32
	name string
	key  []byte
}

func (s *Snapshot) named(k keyer, row int32) namedRow {
	name := s.Value(row, model.AttrDisplayName)
	return namedRow{row, name, k.appendKey(nil, name)}
}

func (s *Snapshot) compareNames(k keyer, a, b namedRow) int {
	switch {
	case a.name == b.name:
		return s.compareIDs(a.row, b.row)
	case a.name == "":
		return 1
	case b.name == "":
		return -1
	default:
		return compareKeyed(k, a.key, b.key, a.name, b.name)
	}
}

func (s *Snapshot) compareIDs(a, b int32) int {
	ka, kb := s.key(a), s.key(b)
	return bytes.Compare(ka[:], kb[:])
}
