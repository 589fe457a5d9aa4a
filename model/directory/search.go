package directory

import (
	"context"

	"rollcall/model/rule"
)

// Search narrows rows by what an administrator types after "/": words that all
// must occur (name, address, title, department), "!word" not, "~word" fuzzy,
// "field:value", "several words". rows nil means all. The rows keep their
// given order. A field that the profile does not sync is a KindUsage error; a
// word with a colon whose first part is no field is searched as it stands.
func (s *Snapshot) Search(ctx context.Context, text string, rows []int32) ([]int32, error) {
	if rows == nil {
		rows = s.All()
	}
	terms, err := parseQuery(text, s.schema)
	if err != nil || len(terms) == 0 {
		return rows, err
	}
	all := make(conjunction, len(terms))
	for i := range terms {
		if all[i], err = s.termCondition(ctx, &terms[i]); err != nil {
			return nil, err
		}
	}
	set, err := s.evaluate(ctx, all)
	if err != nil {
		return nil, err
	}
	out := make([]int32, 0, min(len(rows), set.Count()))
	for _, row := range rows {
		if set.Has(row) {
			out = append(out, row)
		}
	}
	return out, nil
}

// termCondition holds where one of the term's attributes matches.
func (s *Snapshot) termCondition(ctx context.Context, t *term) (condition, error) {
	either := make(disjunction, len(t.attrs))
	for i, a := range t.attrs {
		var err error
		if either[i], err = s.leaf(ctx, &rule.Leaf{Attr: a, Test: t.matches, Folded: true}); err != nil {
			return nil, err
		}
	}
	if t.negate {
		return negation{either}, nil
	}
	return either, nil
}
