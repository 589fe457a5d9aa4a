package directory

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"rollcall/model/internal/parallel"
	"rollcall/model/rule"
)

// decide returns the verdict of a test on each value of a column, by code; of
// null it is 0. The slice must not be changed.
func (c *column) decide(ctx context.Context, l *rule.Leaf) ([]uint8, error) {
	n := c.values.len()
	known := c.dictionary.verdicts.find(l.Key, 0)
	if len(known) > n {
		return known[:n+1], nil
	}
	verdicts := make([]uint8, n+1)
	copy(verdicts, known)
	// The last block of the values decided before may have been filled since.
	first := max(len(known)-1, 0) / textsOfBlock
	size := blocksAtOnce
	if l.Cost > slow {
		size = 1
	}
	err := parallel.Ranges(ctx, len(c.values.blocks)-first, size, func(from, to int) {
		var b blockDecision
		for i := from + first; i < to+first; i++ {
			b.decide(c.values.blocks[i], l, verdicts[i*textsOfBlock+1:])
		}
	})
	if err != nil {
		return nil, err
	}
	if n > smallDictionary {
		c.dictionary.verdicts.keep(l.Key, verdicts)
	}
	return verdicts, nil
}

// slow is the cost of a test, in nanoseconds, from which a block of values
// takes so long that it is looked at the context behind each.
const slow = 100

// blockDecision decides blocks of values one after the other.
type blockDecision struct {
	folded []byte
	ends   []int
}

func (b *blockDecision) decide(values *textBlock, l *rule.Leaf, verdicts []uint8) {
	switch {
	case l.Needs != "":
		b.decideWhere(values, l, verdicts)
		return
	case l.Folded:
		values = values.fold()
	}
	for i := range values.len() {
		if l.Test(values.at(i)) {
			verdicts[i] = 1
		}
	}
}

// decideWhere decides the values that hold what the test needs: the block is
// searched as one text.
func (b *blockDecision) decideWhere(values *textBlock, l *rule.Leaf, verdicts []uint8) {
	b.fold(values)
	needs, text := []byte(l.Needs), ""
	for at, i := 0, 0; ; {
		found := bytes.Index(b.folded[at:], needs)
		if found < 0 {
			return
		}
		at += found
		for b.ends[i] <= at {
			i++
		}
		if at+len(needs) > b.ends[i] {
			at++ // it reaches into the next value
			continue
		}
		start := 0
		if i > 0 {
			start = b.ends[i-1]
		}
		value := values.at(i)
		if l.Folded {
			if text == "" {
				text = string(b.folded) // once for all values
			}
			value = text[start:b.ends[i]]
		}
		if l.Test(value) {
			verdicts[i] = 1
		}
		at = b.ends[i]
	}
}

// fold puts the folded values and their ends side by side.
func (b *blockDecision) fold(values *textBlock) {
	b.folded, b.ends = b.folded[:0], b.ends[:0]
	if isASCII(values.body) {
		b.folded = rule.AppendFold(b.folded, values.body)
		for i := range values.len() {
			b.ends = append(b.ends, values.end(i))
		}
		return
	}
	for i := range values.len() {
		b.folded = rule.AppendFold(b.folded, values.at(i))
		b.ends = append(b.ends, len(b.folded))
	}
}

// verdicts remembers what the last tests answered for the values of a large
// dictionary: while a rule is typed, most of its conditions stay as they are.
type verdicts struct {
	mu   sync.Mutex
	last []decided // the one used last first
}

// decided are the verdicts of a test, by code.
type decided struct {
	key      string
	verdicts []uint8
}

// testsKept is the number of tests that a dictionary remembers, a byte for
// each value.
const testsKept = 4

// find returns the verdicts of a test on at least n values; nil when they are
// not known.
func (v *verdicts) find(key string, n int) []uint8 {
	if key == "" {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	i := slices.IndexFunc(v.last, func(d decided) bool { return d.key == key })
	if i < 0 || len(v.last[i].verdicts) <= n {
		return nil
	}
	found := v.last[i]
	copy(v.last[1:i+1], v.last[:i])
	v.last[0] = found
	return found.verdicts
}

func (v *verdicts) keep(key string, of []uint8) {
	if key == "" {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = slices.DeleteFunc(v.last, func(d decided) bool { return d.key == key })
	v.last = slices.Insert(v.last, 0, decided{key, of})
	v.last = v.last[:min(len(v.last), testsKept)]
}
