package directory

import (
	"context"

	"rollcall/model/internal/parallel"
	"rollcall/model/rule"
)

// valueMatcher decides which values of a dictionary satisfy a term, leaving
// negate aside.
type valueMatcher struct {
	term       *term
	values     texts
	characters *textCharacters // nil where they are not kept
}

func newValueMatcher(t *term, c *column) *valueMatcher {
	m := &valueMatcher{term: t, values: c.values}
	if c.dictionary.characters != nil {
		m.characters = c.dictionary.characters.of(c.values)
	}
	return m
}

// all returns the verdict of each code.
func (m *valueMatcher) all(ctx context.Context) ([]uint8, error) {
	verdicts := make([]uint8, m.values.len()+1)
	return verdicts, parallel.Ranges(ctx, len(m.values.blocks), blocksAtOnce, func(from, to int) {
		var folded []byte
		for i := from; i < to; i++ {
			m.block(i).decide(verdicts[i*textsOfBlock+1:], &folded)
		}
	})
}

// matches reports whether the value of a code that is not null matches; folded
// is room for its folded form.
func (m *valueMatcher) matches(code uint32, folded *[]byte) bool {
	b, i := m.block(int(code-1)>>textBits), int(code-1)&(textsOfBlock-1)
	if b.characters == nil {
		return b.reads(i, folded)
	}
	needed := m.term.characters
	return b.characters.sets[i]&needed == needed && (m.term.isSingle || b.reads(i, folded))
}

func (m *valueMatcher) block(i int) blockMatcher {
	b := blockMatcher{term: m.term, texts: m.values.blocks[i]}
	if m.characters != nil {
		b.characters = m.characters.block(i)
	}
	return b
}

// blockMatcher decides the values of a block.
type blockMatcher struct {
	term       *term
	texts      *textBlock
	characters *blockCharacters // nil where they are not kept
}

// decide sets the verdicts of the values that match.
func (b blockMatcher) decide(verdicts []uint8, folded *[]byte) {
	if b.characters == nil {
		for i := range b.texts.len() {
			if b.reads(i, folded) {
				verdicts[i] = 1
			}
		}
		return
	}
	needed := b.term.characters
	for i, set := range b.characters.sets {
		if set&needed == needed && (b.term.isSingle || b.reads(i, folded)) {
			verdicts[i] = 1
		}
	}
}

// reads reports whether a value matches by reading it.
func (b blockMatcher) reads(i int, folded *[]byte) bool {
	if b.characters != nil && b.characters.isFolded {
		*folded = append((*folded)[:0], b.texts.at(i)...)
	} else {
		*folded = rule.AppendFold((*folded)[:0], b.texts.at(i))
	}
	return b.term.matches(*folded)
}
