package directory

import (
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"rollcall/model/rule"
)

// characters remembers which characters occur in the values of a dictionary
// that every search looks into: a value that lacks one need not be read. It is
// filled as far as somebody has asked.
type characters struct {
	mu     sync.Mutex
	blocks []*atomic.Pointer[blockCharacters]
}

// blockCharacters are the characters of a block's texts.
type blockCharacters struct {
	of       *textBlock
	sets     []uint64 // charactersOf the folded texts
	isFolded bool     // each text is its own folded form
}

// of returns what the characters of values are asked by.
func (c *characters) of(values texts) *textCharacters {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.blocks) < len(values.blocks) {
		c.blocks = append(c.blocks, &atomic.Pointer[blockCharacters]{})
	}
	return &textCharacters{values, c.blocks[:len(values.blocks):len(values.blocks)]}
}

// textCharacters are the characters of a list of texts.
type textCharacters struct {
	texts  texts
	blocks []*atomic.Pointer[blockCharacters]
}

// block returns the characters of a block. Two goroutines may compute the same.
func (t *textCharacters) block(i int) *blockCharacters {
	b := t.texts.blocks[i]
	// The last block of a view is replaced while it is being filled.
	if known := t.blocks[i].Load(); known != nil && known.of == b {
		return known
	}
	fresh := b.characters()
	t.blocks[i].Store(fresh)
	return fresh
}

func (b *textBlock) characters() *blockCharacters {
	c := &blockCharacters{of: b, sets: make([]uint64, b.len()), isFolded: true}
	var folded []byte
	for i := range c.sets {
		text := b.at(i)
		folded = rule.AppendFold(folded[:0], text)
		c.isFolded = c.isFolded && string(folded) == text
		set := uint64(0)
		for _, char := range folded {
			set |= characterBits[char]
		}
		c.sets[i] = set
	}
	return c
}

// charactersOf returns the set of the bytes of a folded text: most of those
// that occur in names and addresses have a bit of their own. Whatever contains
// the text has all of its bits.
func charactersOf(folded string) uint64 {
	set := uint64(0)
	for i := range len(folded) {
		set |= 1 << characterBit(folded[i])
	}
	return set
}

// characterBits are the sets of single bytes.
var characterBits = func() (sets [256]uint64) {
	for c := range sets {
		sets[c] = 1 << characterBit(byte(c))
	}
	return sets
}()

// ownBits is the number of bits that stand for one character each.
const ownBits = 26 + 10 + 4

func characterBit(c byte) int {
	switch {
	case 'a' <= c && c <= 'z':
		return int(c - 'a')
	case '0' <= c && c <= '9':
		return 26 + int(c-'0')
	case c == ' ':
		return 36
	case c == '-':
		return 37
	case c == '.':
		return 38
	case c == '@':
		return 39
	case c < utf8.RuneSelf:
		return ownBits + int(c%12)
	default:
		return ownBits + 12 + int(c%12)
	}
}

func isASCII(s string) bool {
	for ; len(s) >= 8; s = s[8:] {
		if s[0]|s[1]|s[2]|s[3]|s[4]|s[5]|s[6]|s[7] >= utf8.RuneSelf {
			return false
		}
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
