package directory

import (
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"rollcall/model"
	"rollcall/model/rule"
)

// searched are the attributes that a word without a field is looked up in.
var searched = [...]model.AttrID{
	model.AttrDisplayName, model.AttrMail, model.AttrUserPrincipalName,
	model.AttrJobTitle, model.AttrDepartment,
}

// foldedBytes is the size up to which the folded form of any dictionary is
// kept. Of a larger one it is kept where a search needs it at each keystroke.
const foldedBytes = 4 << 20

// folding is the folded form of a dictionary as far as it is known. Its slots
// are filled by whoever needs them; two goroutines may fill the same one.
type folding struct {
	searched bool
	mu       sync.Mutex
	blocks   []*atomic.Pointer[foldedBlock]
}

// foldedBlock is a block with its folded form.
type foldedBlock struct {
	of, folded *textBlock
	// characters are the charactersOf each folded text; nil where no search
	// needs them.
	characters []uint64
}

// foldedTexts are the folded forms of values, under their numbers. Blocks are
// folded when they are first asked for.
type foldedTexts struct {
	values   texts
	searched bool
	blocks   []*atomic.Pointer[foldedBlock] // nil when they are not kept
}

func (f *folding) of(values texts) *foldedTexts {
	t := &foldedTexts{values: values, searched: f.searched}
	size := 0
	for _, b := range values.blocks {
		size += len(b.body)
	}
	if !f.searched && size > foldedBytes {
		return t
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.blocks) < len(values.blocks) {
		f.blocks = append(f.blocks, &atomic.Pointer[foldedBlock]{})
	}
	t.blocks = f.blocks[:len(values.blocks):len(values.blocks)]
	return t
}

// block returns the folded form of a block.
func (t *foldedTexts) block(i int) *foldedBlock {
	b := t.values.blocks[i]
	if t.blocks != nil {
		// The last block of a view is replaced while it is being filled.
		if known := t.blocks[i].Load(); known != nil && known.of == b {
			return known
		}
	}
	fresh := &foldedBlock{of: b, folded: b.fold()}
	if t.searched {
		fresh.characters = fresh.folded.characters()
	}
	if t.blocks != nil {
		t.blocks[i].Store(fresh)
	}
	return fresh
}

func (t *foldedTexts) at(i uint32) string {
	return t.block(int(i >> textBits)).folded.at(int(i & (textsOfBlock - 1)))
}

// fold returns a block with the folded texts. It shares what is the same.
func (b *textBlock) fold() *textBlock {
	if isASCII(b.body) {
		if body := rule.Fold(b.body); body != b.body {
			return &textBlock{body: body, narrow: b.narrow, wide: b.wide}
		}
		return b
	}
	// Folding can change the length of a text.
	folded := make([]byte, 0, len(b.body))
	ends, moved := make([]uint32, b.len()), false
	for i := range ends {
		folded = rule.AppendFold(folded, b.at(i))
		ends[i] = uint32(len(folded))
		moved = moved || len(folded) != b.end(i)
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

// characters returns the charactersOf each text.
func (b *textBlock) characters() []uint64 {
	var bits [256]uint64
	for c := range bits {
		bits[c] = 1 << characterBit(byte(c))
	}
	out := make([]uint64, b.len())
	for i := range out {
		set := uint64(0)
		for _, c := range []byte(b.at(i)) {
			set |= bits[c]
		}
		out[i] = set
	}
	return out
}

// charactersOf returns the set of the bytes of a folded text: a bit for each
// ASCII letter and digit, the others shared. Whatever contains the text has all
// of its bits.
func charactersOf(folded string) uint64 {
	set := uint64(0)
	for i := range len(folded) {
		set |= 1 << characterBit(folded[i])
	}
	return set
}

func characterBit(c byte) int {
	switch {
	case 'a' <= c && c <= 'z':
		return int(c - 'a')
	case '0' <= c && c <= '9':
		return 26 + int(c-'0')
	case c < utf8.RuneSelf:
		return 36 + int((c^c>>4)&15)
	default:
		return 52 + int(c)%12
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
