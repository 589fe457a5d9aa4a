package directory

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"rollcall/model"
)

// Facet is a distinct value with the number of users that have it.
type Facet struct {
	Value string
	Count int
}

// Facets are the distinct values of an attribute.
type Facets struct {
	Attribute model.Attribute
	Values    []Facet // most frequent first, ties by value
	Null      int     // users without a value
}

// Facets counts the values of an attribute among rows; nil means all. Of a
// collection each element counts, once for each user.
func (s *Snapshot) Facets(ctx context.Context, a model.AttrID, rows []int32) (Facets, error) {
	f := Facets{Attribute: s.schema.Attribute(a)}
	if a == model.AttrObjectID {
		if rows == nil {
			rows = s.All()
		}
		for _, row := range rows {
			f.Values = append(f.Values, Facet{Value: s.ID(row), Count: 1})
		}
		slices.SortFunc(f.Values, func(a, b Facet) int { return cmp.Compare(a.Value, b.Value) })
		return f, ctx.Err()
	}
	c := &s.columns[a]
	var counts []int
	if rows == nil {
		counts = s.countCodes(c)
	} else {
		counts = make([]int, c.codes())
		for _, row := range rows {
			counts[c.code(row)]++
		}
	}
	f.Null = counts[nullCode]
	if c.lists != nil {
		counts = c.lists.countElements(counts, c.values.len())
	}
	if err := ctx.Err(); err != nil {
		return f, err
	}
	ranks, err := c.dictionary.derivation.rank(ctx, c.values)
	if err != nil {
		return f, err
	}
	var codes []uint32
	for code, n := range counts {
		if code != nullCode && n > 0 {
			codes = append(codes, uint32(code))
		}
	}
	slices.SortFunc(codes, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(ranks[a], ranks[b]))
	})
	f.Values = make([]Facet, len(codes))
	for i, code := range codes {
		f.Values[i] = Facet{Value: c.value(code), Count: counts[code]}
	}
	return f, ctx.Err()
}

// countCodes counts the users on each code of a column, null included.
func (s *Snapshot) countCodes(c *column) []int {
	counts := make([]int, c.codes())
	for i, chunk := range c.chunks {
		if chunk == nil {
			for range s.rowsOf(i) {
				counts[nullCode]++
			}
			continue
		}
		chunk.count(counts)
		for word, alive := range s.alive[i*chunkWords : (i+1)*chunkWords] {
			for dead := ^alive; dead != 0; dead &= dead - 1 {
				counts[chunk.at(word<<6+bits.TrailingZeros64(dead))]--
			}
		}
	}
	return counts
}

// countElements turns counts by list into counts by element; an element that
// stands in a list twice counts once.
func (l *lists) countElements(byList []int, values int) []int {
	counts := make([]int, values+1)
	for code := 1; code < len(byList); code++ {
		if byList[code] == 0 {
			continue
		}
		elements := l.at(uint32(code))
		for i, e := range elements {
			if !slices.Contains(elements[:i], e) {
				counts[e] += byList[code]
			}
		}
	}
	return counts
}
