package directory

import (
	"slices"
	"strings"
)

// blockSize is the number of bytes that an arena allocates at a time.
const blockSize = 1 << 18

// maxBlocks is the number of blocks that a place can tell apart.
const maxBlocks = 1 << 32 / blockSize

// texts is an immutable list of texts, laid out one behind the other in
// blocks: four bytes and the text itself for each, and nothing in them for the
// garbage collector to follow.
type texts struct {
	// starts are the places of the texts: block number times blockSize plus
	// the offset in the block. A text ends where the next one begins, or with
	// its block.
	starts []uint32
	blocks []string
}

func (t texts) len() int { return len(t.starts) }

// at returns a text. It shares the block's memory.
func (t texts) at(i uint32) string {
	start := t.starts[i]
	block := t.blocks[start/blockSize]
	if next := int(i) + 1; next < len(t.starts) && t.starts[next]/blockSize == start/blockSize {
		return block[start%blockSize : t.starts[next]%blockSize]
	}
	return block[start%blockSize:]
}

// containing calls found, in order, with the number of each text of a block
// that contains part, which must not be empty. It searches the block as a
// whole and then asks which text a hit lies in.
func (t texts) containing(block int, part string, found func(i uint32)) {
	body := t.blocks[block]
	place := func(offset int) uint32 { return uint32(block*blockSize + min(offset, blockSize-1)) }
	rest, _ := slices.BinarySearch(t.starts, place(0))
	for at := 0; ; {
		hit := strings.Index(body[at:], part)
		if hit < 0 {
			return
		}
		at += hit
		behind, exact := slices.BinarySearch(t.starts[rest:], place(at))
		if !exact {
			behind--
		}
		rest += behind
		start, text := int(t.starts[rest]%blockSize), t.at(uint32(rest))
		if end := start + len(text); at+len(part) <= end {
			found(uint32(rest))
			at = end
		} else {
			at++ // it reaches from one text into the next
		}
	}
}

// arena builds texts by appending. Blocks are allocated at their final size
// and never move, so that a view taken earlier stays valid while later texts
// are written behind it.
type arena struct {
	built texts
	block strings.Builder // the last block
	last  texts           // the view taken last
}

// add appends a copy of s and returns its number.
func (a *arena) add(s string) uint32 {
	if a.block.Cap() == 0 || a.block.Len()+len(s) > blockSize {
		// A text that is larger than a block gets one to itself.
		a.block = strings.Builder{}
		a.block.Grow(max(len(s), blockSize))
		a.built.blocks = append(a.built.blocks, "")
	}
	block := len(a.built.blocks) - 1
	a.built.starts = append(a.built.starts, uint32(block*blockSize+a.block.Len()))
	a.block.WriteString(s)
	a.built.blocks[block] = a.block.String()
	return uint32(len(a.built.starts) - 1)
}

// view returns the texts added so far.
func (a *arena) view() texts {
	if n := a.built.len(); n != a.last.len() {
		a.last = texts{starts: a.built.starts[:n:n], blocks: slices.Clone(a.built.blocks)}
	}
	return a.last
}
