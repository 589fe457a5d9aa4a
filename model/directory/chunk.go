package directory

import (
	"math"
	"math/bits"
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

// decide looks the codes of the open rows up in a table of verdicts.
func (c *chunk) decide(verdicts []uint8, open, out *rowBits) {
	switch {
	case c.narrow != nil:
		// A table of its own, in which null has its place, spares a comparison
		// for each row.
		var table [math.MaxUint8 + 1]uint8
		copy(table[:], verdicts[min(int(c.base), len(verdicts)):])
		table[nullCode] = verdicts[nullCode]
		decideNarrow((*[chunkRows]uint8)(c.narrow), &table, open, out)
	case c.medium != nil:
		decide(c.medium, c.base, verdicts, open, out)
	default:
		decide(c.wide, 0, verdicts, open, out)
	}
}

// fewRows is the number of rows in a word up to which it is faster to look at
// them one by one.
const fewRows = 8

func decideNarrow(numbers *[chunkRows]uint8, table *[math.MaxUint8 + 1]uint8, open, out *rowBits) {
	for i, rows := range open {
		word := uint64(0)
		if bits.OnesCount64(rows) <= fewRows {
			for ; rows != 0; rows &= rows - 1 {
				bit := bits.TrailingZeros64(rows)
				word |= uint64(table[numbers[i<<6+bit]]) << bit
			}
			out[i] = word
			continue
		}
		of := (*[64]uint8)(numbers[i<<6:])
		for bit := 0; bit < 64; bit += 8 {
			eight := uint64(table[of[bit]]) | uint64(table[of[bit+1]])<<1 | uint64(table[of[bit+2]])<<2 | uint64(table[of[bit+3]])<<3 |
				uint64(table[of[bit+4]])<<4 | uint64(table[of[bit+5]])<<5 | uint64(table[of[bit+6]])<<6 | uint64(table[of[bit+7]])<<7
			word |= eight << bit
		}
		out[i] = word & rows
	}
}

func decide[N uint16 | uint32](numbers []N, base uint32, verdicts []uint8, open, out *rowBits) {
	for i, rows := range open {
		word := uint64(0)
		if bits.OnesCount64(rows) <= fewRows {
			for ; rows != 0; rows &= rows - 1 {
				bit := bits.TrailingZeros64(rows)
				word |= uint64(verdicts[codeOf(numbers[i<<6+bit], base)]) << bit
			}
			out[i] = word
			continue
		}
		for bit, n := range numbers[i*64 : i*64+64] {
			word |= uint64(verdicts[codeOf(n, base)]) << bit
		}
		out[i] = word & rows
	}
}

func codeOf[N uint8 | uint16 | uint32](n N, base uint32) uint32 {
	if n == nullCode {
		return nullCode
	}
	return base + uint32(n)
}

// nulls sets the bits of the rows that are null.
func (c *chunk) nulls(out *rowBits) {
	switch {
	case c.narrow != nil:
		nulls(c.narrow, out)
	case c.medium != nil:
		nulls(c.medium, out)
	default:
		nulls(c.wide, out)
	}
}

func nulls[N uint8 | uint16 | uint32](numbers []N, out *rowBits) {
	for i := range out {
		word := uint64(0)
		for bit, n := range numbers[i*64 : i*64+64] {
			null := uint64(0)
			if n == nullCode {
				null = 1
			}
			word |= null << bit
		}
		out[i] = word
	}
}
