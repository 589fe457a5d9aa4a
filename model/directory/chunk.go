package directory

import (
	"math"
	"slices"
)

const (
	chunkRows = 4096
	chunkBits = 12
)

// chunk holds the codes of chunkRows consecutive rows, in as few bytes as their
// distance from each other allows. Exactly one of the slices is not nil.
type chunk struct {
	epoch  uint64 // of the writer that may still change it
	base   uint32 // a stored number that is not zero is a code less the base
	narrow []uint8
	medium []uint16
	wide   []uint32
}

// newChunk returns a chunk of nulls that can hold codes from lowest, which is
// not null, to highest.
func newChunk(lowest, highest uint32) *chunk {
	// What the width has to spare is left half below and half above the codes,
	// so that a run of new codes does not need a new chunk each time.
	base := func(limit uint32) uint32 {
		return lowest - 1 - min(lowest-1, (limit-(highest-lowest+1))/2)
	}
	switch span := highest - lowest; {
	case span < math.MaxUint8:
		return &chunk{base: base(math.MaxUint8), narrow: make([]uint8, chunkRows)}
	case span < math.MaxUint16:
		return &chunk{base: base(math.MaxUint16), medium: make([]uint16, chunkRows)}
	default:
		return &chunk{wide: make([]uint32, chunkRows)}
	}
}

func (c *chunk) clone() *chunk {
	return &chunk{base: c.base, narrow: slices.Clone(c.narrow), medium: slices.Clone(c.medium), wide: slices.Clone(c.wide)}
}

// at returns the code of the i-th row.
func (c *chunk) at(i int) uint32 {
	var n uint32
	switch {
	case c.narrow != nil:
		n = uint32(c.narrow[i])
	case c.medium != nil:
		n = uint32(c.medium[i])
	default:
		n = c.wide[i]
	}
	if n == nullCode {
		return nullCode
	}
	return c.base + n
}

// holds reports whether the code can be stored.
func (c *chunk) holds(code uint32) bool {
	if code == nullCode {
		return true
	}
	if code <= c.base {
		return false
	}
	switch n := code - c.base; {
	case c.narrow != nil:
		return n <= math.MaxUint8
	case c.medium != nil:
		return n <= math.MaxUint16
	default:
		return true
	}
}

// set stores a code that the chunk holds.
func (c *chunk) set(i int, code uint32) {
	if code != nullCode {
		code -= c.base
	}
	switch {
	case c.narrow != nil:
		c.narrow[i] = uint8(code)
	case c.medium != nil:
		c.medium[i] = uint16(code)
	default:
		c.wide[i] = code
	}
}

// widened returns a copy that holds the code as well.
func (c *chunk) widened(code uint32) *chunk {
	lowest, highest := code, code
	for i := range chunkRows {
		if known := c.at(i); known != nullCode {
			lowest, highest = min(lowest, known), max(highest, known)
		}
	}
	fresh := newChunk(lowest, highest)
	for i := range chunkRows {
		fresh.set(i, c.at(i))
	}
	return fresh
}

// count adds the number of rows on each code.
func (c *chunk) count(counts []int) {
	switch {
	case c.narrow != nil:
		count(c.narrow, c.base, counts)
	case c.medium != nil:
		count(c.medium, c.base, counts)
	default:
		count(c.wide, c.base, counts)
	}
}

func count[N uint8 | uint16 | uint32](numbers []N, base uint32, counts []int) {
	for _, n := range numbers {
		code := base + uint32(n)
		if n == nullCode {
			code = nullCode
		}
		counts[code]++
	}
}

// decide looks the code of each row up in a table of verdicts.
func (c *chunk) decide(verdicts []uint8, out *rowBits) {
	switch {
	case c.narrow != nil:
		decide(c.narrow, c.base, verdicts, out)
	case c.medium != nil:
		decide(c.medium, c.base, verdicts, out)
	default:
		decide(c.wide, c.base, verdicts, out)
	}
}

func decide[N uint8 | uint16 | uint32](numbers []N, base uint32, verdicts []uint8, out *rowBits) {
	for i := range out {
		word := uint64(0)
		for bit, n := range numbers[i*64 : i*64+64] {
			code := base + uint32(n)
			if n == nullCode {
				code = nullCode
			}
			word |= uint64(verdicts[code]) << bit
		}
		out[i] = word
	}
}
