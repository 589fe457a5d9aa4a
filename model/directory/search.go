package directory

import (
	"context"

	"rollcall/model"
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
		if t.fuzzy || a == model.AttrObjectID {
			either[i], err = s.leaf(ctx, &rule.Leaf{Attr: a, Test: t.matches, Folded: true})
		} else {
			either[i], err = s.containing(ctx, &s.columns[a], t.text)
		}
		if err != nil {
			return nil, err
		}
	}
	if t.negate {
		return negation{either}, nil
	}
	return either, nil
}

// containing holds where a value of the column contains the folded text.
func (s *Snapshot) containing(ctx context.Context, c *column, folded string) (condition, error) {
	verdicts := make([]uint8, c.values.len()+1)
	values := c.derivation.fold(c.values)
	err := inParallel(ctx, len(values.blocks), 1, func(block, _ int) {
		values.containing(block, folded, func(i uint32) {
			// Later snapshots may have folded values that this one does not know.
			if code := int(i) + 1; code < len(verdicts) {
				verdicts[code] = 1
			}
		})
	})
	if c.lists != nil {
		verdicts = c.lists.combine(verdicts, rule.Any)
	}
	return &scan{c, verdicts}, err
}
