package directory

import (
	"hash/maphash"
	"math"
	"slices"

	"rollcall/model/rule"
)

// textsOfBlock is the number of texts in each block but the last.
const (
	textsOfBlock = 1 << textBits
	textBits     = 10
)

// textBlock is an immutable run of texts, laid out one behind the other: two
// bytes and the text itself for each, and nothing in them for the garbage
// collector to follow.
type textBlock struct {
	body   string
	narrow []uint16 // where each text ends in body; nil when a number is too large
	wide   []uint32
}

// newTextBlock makes a block of a body and the ends of the texts in it. It
// keeps neither copy nor reference of ends.
func newTextBlock(body string, ends []uint32) *textBlock {
	if len(body) > math.MaxUint16 {
		return &textBlock{body: body, wide: slices.Clone(ends)}
	}
	narrow := make([]uint16, len(ends))
	for i, end := range ends {
		narrow[i] = uint16(end)
	}
	return &textBlock{body: body, narrow: narrow}
}

func (b *textBlock) len() int { return len(b.narrow) + len(b.wide) }

func (b *textBlock) end(i int) int {
	if b.narrow != nil {
		return int(b.narrow[i])
	}
	return int(b.wide[i])
}

// at returns a text. It shares the block's memory.
func (b *textBlock) at(i int) string {
	if i == 0 {
		return b.body[:b.end(0)]
	}
	if b.narrow != nil {
		return b.body[b.narrow[i-1]:b.narrow[i]]
	}
	return b.body[b.wide[i-1]:b.wide[i]]
}

// fold returns a block with the folded texts, the same one where folding
// changes nothing.
func (b *textBlock) fold() *textBlock {
	folded := make([]byte, 0, len(b.body))
	ends, moved := make([]uint32, b.len()), false
	for i := range ends {
		folded = rule.AppendFold(folded, b.at(i))
		ends[i] = uint32(len(folded))
		moved = moved || len(folded) != b.end(i) // to fold can change the length
	}
	switch {
	case moved:
		return newTextBlock(string(folded), ends)
	case string(folded) != b.body:
		return &textBlock{body: string(folded), narrow: b.narrow, wide: b.wide}
	default:
		return b
	}
}

// texts is an immutable list of texts.
type texts struct {
	blocks []*textBlock
	n      int
}

func (t texts) len() int { return t.n }

func (t texts) at(i uint32) string {
	return t.blocks[i>>textBits].at(int(i & (textsOfBlock - 1)))
}

// find returns the number of a text by looking at each.
func (t texts) find(s string) (uint32, bool) {
	for i := range uint32(t.n) {
		if t.at(i) == s {
			return i, true
		}
	}
	return 0, false
}

// arena builds texts by appending.
type arena struct {
	full []*textBlock
	body []byte   // of the block that is being filled
	ends []uint32 // of its texts
	last texts    // the view taken last
}

func (a *arena) len() int { return len(a.full)*textsOfBlock + len(a.ends) }

// add appends a copy of s and returns its number.
func (a *arena) add(s string) uint32 {
	a.body = append(a.body, s...)
	a.ends = append(a.ends, uint32(len(a.body)))
	if len(a.ends) == textsOfBlock {
		a.full = append(a.full, newTextBlock(string(a.body), a.ends))
		a.body, a.ends = a.body[:0], a.ends[:0]
	}
	return uint32(a.len() - 1)
}

// filling returns a text of the block that is being filled, counted from the
// block's beginning.
func (a *arena) filling(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = a.ends[i-1]
	}
	return a.body[start:a.ends[i]]
}

// is reports whether text i is s.
func (a *arena) is(i uint32, s string) bool {
	if block := int(i >> textBits); block < len(a.full) {
		return a.full[block].at(int(i&(textsOfBlock-1))) == s
	}
	return string(a.filling(int(i&(textsOfBlock-1)))) == s
}

// hash returns the hash of text i.
func (a *arena) hash(seed maphash.Seed, i uint32) uint64 {
	if block := int(i >> textBits); block < len(a.full) {
		return maphash.String(seed, a.full[block].at(int(i&(textsOfBlock-1))))
	}
	return maphash.Bytes(seed, a.filling(int(i&(textsOfBlock-1))))
}

// view returns the texts added so far.
func (a *arena) view() texts {
	if n := a.len(); n != a.last.len() {
		blocks := make([]*textBlock, len(a.full), len(a.full)+1)
		copy(blocks, a.full)
		if len(a.ends) > 0 {
			blocks = append(blocks, newTextBlock(string(a.body), a.ends))
		}
		a.last = texts{blocks, n}
	}
	return a.last
}

// adopt makes blocks, all of which but the last must be full, the content of
// an empty arena.
func (a *arena) adopt(blocks []*textBlock) {
	a.full = blocks
	if n := len(blocks); n > 0 && blocks[n-1].len() < textsOfBlock {
		a.full = blocks[:n-1]
		last := blocks[n-1]
		a.body = []byte(last.body)
		for i := range last.len() {
			a.ends = append(a.ends, uint32(last.end(i)))
		}
	}
}
