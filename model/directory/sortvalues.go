package directory

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"

	"rollcall/model/internal/parallel"
)

// sortValues sorts the numbers of values by the order of the values.
//
// Keys are made once for each value and compared eight bytes at a time: a sort
// moves these, and follows a reference only where they are equal.
func sortValues(ctx context.Context, o ordering, values texts, numbers []uint32) error {
	s := &valueSort{ordering: o, values: values}
	s.keys = make([][]byte, (len(numbers)+keysAtOnce-1)/keysAtOnce)
	entries := make([]sortEntry, len(numbers))
	common := make([]int, len(s.keys))
	if err := parallel.Ranges(ctx, len(numbers), keysAtOnce, func(from, to int) {
		common[from/keysAtOnce] = s.makeKeys(from/keysAtOnce, entries[from:to], numbers[from:to])
	}); err != nil {
		return err
	}
	depth := s.commonPrefix(common)
	if err := parallel.Ranges(ctx, len(entries), keysAtOnce, func(from, to int) {
		for i := from; i < to; i++ {
			entries[i].window = s.window(entries[i], depth)
		}
	}); err != nil {
		return err
	}
	s.sort(entries, depth, parallel.Workers(ctx))
	for i, e := range entries {
		numbers[i] = s.number(e)
	}
	return ctx.Err()
}

// keysAtOnce is the number of keys that share an allocation.
const keysAtOnce = 1 << 14

// sortEntry is a value on its way to its place.
type sortEntry struct {
	window uint64 // eight bytes of the key, zeros behind its end
	at     uint64 // the key's allocation, and in the low half its place there
}

// valueSort sorts values by their keys.
type valueSort struct {
	ordering ordering
	values   texts
	keys     [][]byte // of each value four bytes, its number; then its key and a zero
}

// makeKeys makes the keys of values that share an allocation, and returns how
// many bytes all of them begin with.
func (s *valueSort) makeKeys(allocation int, entries []sortEntry, numbers []uint32) int {
	k, done := s.ordering.keyer()
	defer done()
	size := 8 // so that the last key can be read in windows
	for _, n := range numbers {
		size += 4 + len(s.values.at(n)) + 2
	}
	keys, common := make([]byte, 0, size), 0
	var first []byte
	for i, n := range numbers {
		start := len(keys)
		entries[i].at = uint64(allocation)<<32 | uint64(start)
		keys = binary.LittleEndian.AppendUint32(keys, n)
		keys = append(k.appendKey(keys, s.values.at(n)), 0)
		if key := keys[start+4 : len(keys)-1]; i == 0 {
			first, common = bytes.Clone(key), len(key)
		} else {
			common = commonPrefix(first[:common], key)
		}
	}
	s.keys[allocation] = append(keys, make([]byte, 8)...)
	return common
}

func commonPrefix(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// commonPrefix returns how many bytes all keys begin with, given the same for
// each allocation. A sort need not look at them.
func (s *valueSort) commonPrefix(common []int) int {
	if len(s.keys) == 0 {
		return 0
	}
	first := s.keys[0][4 : 4+common[0]]
	for i, n := range common {
		first = first[:commonPrefix(first, s.keys[i][4:4+n])]
	}
	return len(first)
}

func (s *valueSort) number(e sortEntry) uint32 {
	return binary.LittleEndian.Uint32(s.keys[e.at>>32][uint32(e.at):])
}

// window returns the eight bytes of a key from a depth on that the key reaches.
func (s *valueSort) window(e sortEntry, depth int) uint64 {
	w := binary.BigEndian.Uint64(s.keys[e.at>>32][int(uint32(e.at))+4+depth:])
	if end := firstZero(w); end < 8 {
		w &^= ^uint64(0) >> (8 * end) // what follows is another value's
	}
	return w
}

// firstZero returns the place of the first byte that is zero, 8 when none is.
func firstZero(window uint64) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	// The lowest zero is marked exactly; so that it is the first one, the bytes
	// are turned around.
	w := bits.ReverseBytes64(window)
	return bits.TrailingZeros64((w-ones)&^w&highs) / 8
}

// sort sorts entries whose keys agree in the first depth bytes and whose
// windows are what follows, with as many goroutines as there are workers.
func (s *valueSort) sort(entries []sortEntry, depth, workers int) {
	if workers < 2 || len(entries) < keysAtOnce {
		slices.SortFunc(entries, func(a, b sortEntry) int { return cmp.Compare(a.window, b.window) })
		for start := 0; start < len(entries); {
			end := start + 1
			for end < len(entries) && entries[end].window == entries[start].window {
				end++
			}
			s.sortAlike(entries[start:end], depth+8, 1)
			start = end
		}
		return
	}
	less, equal := partition(entries)
	var rest sync.WaitGroup
	rest.Go(func() { s.sort(entries[:less], depth, workers/2) })
	s.sort(entries[equal:], depth, workers-workers/2)
	rest.Wait()
	s.sortAlike(entries[less:equal], depth+8, workers)
}

// sortAlike sorts entries whose keys agree in the first depth bytes and whose
// windows, which stay as they are, end there.
func (s *valueSort) sortAlike(run []sortEntry, depth, workers int) {
	if len(run) < 2 {
		return
	}
	window := run[0].window
	if firstZero(window) < 8 {
		k, done := s.ordering.keyer()
		defer done()
		slices.SortFunc(run, func(a, b sortEntry) int {
			return k.compareTie(s.values.at(s.number(a)), s.values.at(s.number(b)))
		})
		return
	}
	for i := range run {
		run[i].window = s.window(run[i], depth)
	}
	s.sort(run, depth, workers)
	for i := range run {
		run[i].window = window
	}
}

// partition moves the entries around the median of a sample: those below less
// have smaller windows, those from equal on larger ones.
func partition(entries []sortEntry) (less, equal int) {
	var sample [255]uint64
	for i := range sample {
		sample[i] = entries[i*(len(entries)/len(sample))].window
	}
	slices.Sort(sample[:])
	pivot := sample[len(sample)/2]
	equal = len(entries)
	for i := 0; i < equal; {
		switch e := entries[i]; {
		case e.window < pivot:
			entries[i], entries[less] = entries[less], e
			less++
			i++
		case e.window > pivot:
			equal--
			entries[i], entries[equal] = entries[equal], e
		default:
			i++
		}
	}
	return less, equal
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
