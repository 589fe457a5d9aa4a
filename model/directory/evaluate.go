package directory

import (
	"context"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// chunkWords is the number of words that hold one bit for each row of a chunk.
const chunkWords = chunkRows / 64

// rowBits holds one bit for each row of a chunk.
type rowBits [chunkWords]uint64

// condition decides the rows of one chunk. Bits of rows without a user are
// undefined.
type condition interface {
	decide(chunk int, out *rowBits)
}

// constant holds for every row or for none.
type constant bool

// conjunction holds where all conditions do.
type conjunction []condition

// disjunction holds where one condition does.
type disjunction []condition

// negation holds where the condition does not.
type negation struct{ of condition }

// scan looks the code of each row up in a table of verdicts.
type scan struct {
	column   *column
	verdicts []uint8 // by code: 1 holds, 0 does not
}

// idScan tests the object ids of some rows.
type idScan struct {
	snapshot *Snapshot
	rows     []uint64
	test     func(id []byte) bool
}

// rowSet holds for the rows of a set.
type rowSet struct{ set *Set }

func (r rowSet) decide(chunk int, out *rowBits) {
	copy(out[:], r.set.words[chunk*chunkWords:(chunk+1)*chunkWords])
}

func (c constant) decide(_ int, out *rowBits) { out.fill(bool(c)) }

func (c conjunction) decide(chunk int, out *rowBits) {
	out.fill(true)
	var part rowBits
	for _, condition := range c {
		condition.decide(chunk, &part)
		some := uint64(0)
		for i := range out {
			out[i] &= part[i]
			some |= out[i]
		}
		if some == 0 {
			return
		}
	}
}

func (d disjunction) decide(chunk int, out *rowBits) {
	out.fill(false)
	var part rowBits
	for _, condition := range d {
		condition.decide(chunk, &part)
		for i := range out {
			out[i] |= part[i]
		}
	}
}

func (n negation) decide(chunk int, out *rowBits) {
	n.of.decide(chunk, out)
	for i := range out {
		out[i] = ^out[i]
	}
}

func (s *scan) decide(chunk int, out *rowBits) {
	if c := s.column.chunks[chunk]; c != nil {
		c.decide(s.verdicts, out)
	} else {
		out.fill(s.verdicts[nullCode] != 0)
	}
}

func (s *idScan) decide(chunk int, out *rowBits) {
	out.fill(false)
	var id []byte
	for row := range rowsOf(s.rows, chunk) {
		if id = s.snapshot.appendID(id[:0], row); s.test(id) {
			out[row>>6%chunkWords] |= 1 << (row & 63)
		}
	}
}

func (b *rowBits) fill(set bool) {
	word := uint64(0)
	if set {
		word = ^word
	}
	for i := range b {
		b[i] = word
	}
}

// evaluate decides a condition for every user, chunks in parallel.
func (s *Snapshot) evaluate(ctx context.Context, c condition) (*Set, error) {
	words := make([]uint64, len(s.alive))
	err := inParallel(ctx, len(s.ids), 1, func(chunk, _ int) {
		var out rowBits
		c.decide(chunk, &out)
		first := chunk * chunkWords
		for i, w := range out {
			words[first+i] = w & s.alive[first+i]
		}
	})
	if err != nil {
		return nil, err
	}
	return newSet(words), nil
}

// inParallel calls work for consecutive ranges of at most size numbers that
// make up [0, n), on as many goroutines as there are processors, until the
// context ends. It returns when all calls have.
func inParallel(ctx context.Context, n, size int, work func(from, to int)) error {
	ranges := (n + size - 1) / size
	var next atomic.Int64
	var g errgroup.Group
	for range min(runtime.GOMAXPROCS(0), ranges) {
		g.Go(func() error {
			for {
				r := int(next.Add(1)) - 1
				if err := ctx.Err(); err != nil || r >= ranges {
					return err
				}
				work(r*size, min((r+1)*size, n))
			}
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}
