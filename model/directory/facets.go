package directory

import (
	"cmp"
	"context"
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
		f.Values = make([]Facet, len(rows))
		for i, row := range s.sortByID(rows, false) {
			f.Values[i] = Facet{Value: s.ID(row), Count: 1}
		}
		return f, ctx.Err()
	}
	c := &s.columns[a]
	t := s.tally(c, rows)
	f.Null = t.null
	if err := ctx.Err(); err != nil {
		return f, err
	}
	order := slices.Clone(t.codes)
	if err := c.dictionary.ranking.sort(ctx, c.values, order); err != nil {
		return f, err
	}
	f.Values = make([]Facet, len(order))
	for i, code := range order {
		f.Values[i] = Facet{Value: c.value(code), Count: t.count(code)}
	}
	slices.SortStableFunc(f.Values, func(a, b Facet) int { return cmp.Compare(b.Count, a.Count) })
	return f, ctx.Err()
}
