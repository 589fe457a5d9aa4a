package directory

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"runtime"
	"slices"
	"sync"
)

// sortValues returns the numbers of the values from a number on, in order.
//
// Keys are made once for each value and compared eight bytes at a time: a sort
// moves numbers and follows a reference only where those are equal.
func sortValues(ctx context.Context, o ordering, values texts, from int) ([]uint32, error) {
	s := &valueSort{ordering: o, values: values, from: from}
	n := values.len() - from
	s.keys, s.starts = make([][]byte, (n+keysAtOnce-1)/keysAtOnce), make([]uint32, n)
	entries := make([]sortEntry, n)
	if err := inParallel(ctx, n, keysAtOnce, func(from, to int) { s.makeKeys(entries, from, to) }); err != nil {
		return nil, err
	}
	s.sort(entries, make([]sortEntry, n), runtime.GOMAXPROCS(0))
	order := make([]uint32, n)
	for i, e := range entries {
		order[i] = e.number
	}
	return order, ctx.Err()
}

// keysAtOnce is the number of keys that share an allocation.
const keysAtOnce = 1 << 14

// sortEntry is a value on its way to its place.
type sortEntry struct {
	window uint64 // eight bytes of the key
	number uint32
}

type valueSort struct {
	ordering ordering
	values   texts
	from     int
	keys     [][]byte // keysAtOnce keys in each
	starts   []uint32 // of the keys in their slice
}

// makeKeys makes the keys of a range that shares an allocation.
func (s *valueSort) makeKeys(entries []sortEntry, from, to int) {
	k, done := s.ordering.keyer()
	defer done()
	var keys []byte
	for i := from; i < to; i++ {
		s.starts[i] = uint32(len(keys))
		keys = k.appendKey(keys, s.values.at(uint32(s.from+i)))
		entries[i] = sortEntry{windowOf(keys[s.starts[i]:], 0), uint32(s.from + i)}
	}
	s.keys[from/keysAtOnce] = keys
}

func (s *valueSort) key(number uint32) []byte {
	i := int(number) - s.from
	keys := s.keys[i/keysAtOnce]
	if i+1 < len(s.starts) && (i+1)%keysAtOnce != 0 {
		keys = keys[:s.starts[i+1]]
	}
	return keys[s.starts[i]:]
}

// windowOf returns eight bytes of a key, filled up with zeros. Since no key is
// the beginning of another one, a key that ends in a window equals every key
// with the same one.
func windowOf(key []byte, depth int) uint64 {
	if len(key) >= depth+8 {
		return binary.BigEndian.Uint64(key[depth:])
	}
	var window [8]byte
	copy(window[:], key[min(depth, len(key)):])
	return binary.BigEndian.Uint64(window[:])
}

// sort sorts halves side by side and merges them.
func (s *valueSort) sort(entries, scratch []sortEntry, workers int) {
	half := len(entries) / 2
	if workers < 2 || half < keysAtOnce {
		k, done := s.ordering.keyer()
		defer done()
		s.sortRun(k, entries, 0)
		return
	}
	var left sync.WaitGroup
	left.Go(func() { s.sort(entries[:half], scratch[:half], workers/2) })
	s.sort(entries[half:], scratch[half:], workers-workers/2)
	left.Wait()

	k, done := s.ordering.keyer()
	defer done()
	a, b, out := entries[:half], entries[half:], scratch[:0]
	for len(a) > 0 && len(b) > 0 {
		if s.compare(k, a[0], b[0]) < 0 {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	copy(entries, append(append(out, a...), b...))
}

func (s *valueSort) compare(k keyer, a, b sortEntry) int {
	if c := cmp.Compare(a.window, b.window); c != 0 {
		return c
	}
	if c := bytes.Compare(s.key(a.number), s.key(b.number)); c != 0 {
		return c
	}
	return k.compareTie(s.values.at(a.number), s.values.at(b.number))
}

// sortRun sorts entries whose keys agree in the first depth bytes and whose
// windows are what follows.
func (s *valueSort) sortRun(k keyer, entries []sortEntry, depth int) {
	slices.SortFunc(entries, func(a, b sortEntry) int { return cmp.Compare(a.window, b.window) })
	for start := 0; start < len(entries); {
		end := start + 1
		for end < len(entries) && entries[end].window == entries[start].window {
			end++
		}
		if run := entries[start:end]; len(run) > 1 {
			s.sortAlike(k, run, depth+8)
		}
		start = end
	}
}

// sortAlike sorts entries whose keys agree in the first depth bytes and whose
// windows, which stay as they are, lie before that.
func (s *valueSort) sortAlike(k keyer, run []sortEntry, depth int) {
	if len(s.key(run[0].number)) <= depth {
		slices.SortFunc(run, func(a, b sortEntry) int {
			return k.compareTie(s.values.at(a.number), s.values.at(b.number))
		})
		return
	}
	window := run[0].window
	for i := range run {
		run[i].window = windowOf(s.key(run[i].number), depth)
	}
	s.sortRun(k, run, depth)
	for i := range run {
		run[i].window = window
	}
}
