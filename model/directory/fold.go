package directory

import (
	"context"
	"strings"
	"sync"

	"rollcall/model/rule"
)

// folding is the folded form of a dictionary.
type folding struct {
	mu     sync.Mutex
	blocks []foldedBlock
}

// foldedBlock is a block with its folded form.
type foldedBlock struct{ of, folded *textBlock }

// fold returns the folded forms of the values, under their numbers.
func (d *derivation) fold(ctx context.Context, values texts) (texts, error) {
	f := &d.folding
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.blocks) < len(values.blocks) {
		f.blocks = append(f.blocks, foldedBlock{})
	}
	err := inParallel(ctx, len(values.blocks), 1, func(i, _ int) {
		// The last block of a view is replaced while it is being filled.
		if b := values.blocks[i]; f.blocks[i].of != b {
			f.blocks[i] = foldedBlock{b, b.fold()}
		}
	})
	folded := texts{blocks: make([]*textBlock, len(values.blocks)), n: values.n}
	for i := range folded.blocks {
		folded.blocks[i] = f.blocks[i].folded
	}
	return folded, err
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
	var folded strings.Builder
	folded.Grow(len(b.body))
	ends, moved := make([]uint32, b.len()), false
	for i := range ends {
		folded.WriteString(rule.Fold(b.at(i)))
		ends[i] = uint32(folded.Len())
		moved = moved || folded.Len() != b.end(i)
	}
	switch body := folded.String(); {
	case moved:
		return newTextBlock(body, ends)
	case body != b.body:
		return &textBlock{body: body, narrow: b.narrow, wide: b.wide}
	default:
		return b
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
