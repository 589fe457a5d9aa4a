package directory

import (
	"context"
	"iter"
	"math/bits"

	"rollcall/model/internal/parallel"
)

// chunkWords is the number of words that hold one bit for each row of a chunk.
const chunkWords = chunkRows / 64

// rowBits holds one bit for each row of a chunk.
type rowBits [chunkWords]uint64

// condition decides the open rows of one chunk. It leaves the bits of other
// rows unset.
type condition interface {
	decide(chunk int, open, out *rowBits)
}

// disjunction holds where one condition does.
type disjunction []condition

// scan looks the code of each row up in a table of verdicts.
type scan struct {
	column   *column
	verdicts []uint8 // by code: 1 holds, 0 does not
}

// idScan tests the object ids.
type idScan struct {
	snapshot *Snapshot
	test     func(id []byte) bool
}

func (d disjunction) decide(chunk int, open, out *rowBits) {
	clear(out[:])
	var part rowBits
	for _, condition := range d {
		condition.decide(chunk, open, &part)
		for i := range out {
			out[i] |= part[i]
		}
	}
}

func (s *scan) decide(chunk int, open, out *rowBits) {
	switch c := s.column.chunks[chunk]; {
	case c != nil:
		c.decide(s.verdicts, open, out)
	case s.verdicts[nullCode] != 0:
		*out = *open
	default:
		clear(out[:])
	}
}

func (s *idScan) decide(chunk int, open, out *rowBits) {
	clear(out[:])
	var id []byte
	for row := range open.rows(chunk) {
		if id = s.snapshot.appendID(id[:0], row); s.test(id) {
			out.set(row)
		}
	}
}

// set sets the bit of a row.
func (b *rowBits) set(row int32) { b[row>>6%chunkWords] |= 1 << (row & 63) }

// rows yields the rows of a chunk whose bits are set.
func (b *rowBits) rows(chunk int) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i, w := range b {
			for ; w != 0; w &= w - 1 {
				if !yield(int32(chunk<<chunkBits + i<<6 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// filter returns those of the open rows for which a condition holds, deciding
// chunks in parallel.
func (s *Snapshot) filter(ctx context.Context, open []uint64, c condition) ([]uint64, error) {
	rows := make([]uint64, len(open))
	return rows, parallel.Ranges(ctx, len(s.ids), 1, func(chunk, _ int) {
		first := chunk * chunkWords
		open := (*rowBits)(open[first:])
		if *open != (rowBits{}) {
			c.decide(chunk, open, (*rowBits)(rows[first:]))
		}
	})
}

// Background marks the context of work that nobody waits for: it leaves a
// processor to what somebody does wait for, where there is more than one.
func Background(ctx context.Context) context.Context { return parallel.Background(ctx) }
