package directory

import (
	"context"
	"fmt"
	"slices"

	"rollcall/model"
	"rollcall/model/rule"
)

// Select evaluates a compiled rule over all rows. The program must have been
// compiled for the snapshot's schema.
func (s *Snapshot) Select(ctx context.Context, p *rule.Program) (*Set, error) {
	c, err := s.condition(ctx, p.Root())
	if err != nil {
		return nil, err
	}
	return s.evaluate(ctx, c)
}

func (s *Snapshot) condition(ctx context.Context, p rule.Predicate) (condition, error) {
	switch p := p.(type) {
	case rule.Constant:
		return constant(p), nil
	case rule.Conjunction:
		parts, err := s.conditions(ctx, p)
		return conjunction(parts), err
	case rule.Disjunction:
		parts, err := s.conditions(ctx, p)
		return disjunction(parts), err
	case rule.Negation:
		part, err := s.condition(ctx, p.Part)
		return negation{part}, err
	case rule.Users:
		rows := make([]int32, 0, len(p))
		for _, id := range p {
			if row, ok := s.ByID(id); ok {
				rows = append(rows, row)
			}
		}
		return rowSet{s.SetOf(rows)}, nil
	case rule.Reports:
		return rowSet{s.SetOf(s.reports(string(p)))}, nil
	case *rule.Leaf:
		return s.leaf(ctx, p)
	default:
		return nil, fmt.Errorf("directory: unknown predicate %T", p)
	}
}

func (s *Snapshot) conditions(ctx context.Context, parts []rule.Predicate) ([]condition, error) {
	out := make([]condition, len(parts))
	for i, p := range parts {
		c, err := s.condition(ctx, p)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

func (s *Snapshot) leaf(ctx context.Context, l *rule.Leaf) (condition, error) {
	if l.Attr == model.AttrObjectID {
		return &idScan{s, s.alive, func(id []byte) bool {
			if l.Folded {
				return l.Test(rule.Fold(string(id)))
			}
			return l.Test(string(id))
		}}, nil
	}
	c := &s.columns[l.Attr]
	verdicts := make([]uint8, c.values.len()+1)
	err := inParallel(ctx, len(c.values.blocks), blocksAtOnce, func(from, to int) {
		for i := from; i < to; i++ {
			values := c.values.blocks[i]
			if l.Folded {
				values = values.fold()
			}
			for j := range values.len() {
				if l.Test(values.at(j)) {
					verdicts[i*textsOfBlock+j+1] = 1
				}
			}
		}
	})
	if c.lists != nil {
		verdicts = c.lists.combine(verdicts, l.Quantifier)
	}
	if l.Null {
		verdicts[nullCode] = 1
	}
	return &scan{c, verdicts}, err
}

// combine turns verdicts by element into verdicts by list.
func (l *lists) combine(byElement []uint8, q rule.Quantifier) []uint8 {
	verdicts := make([]uint8, l.len()+1)
	decisive := uint8(1)
	if q == rule.All {
		decisive = 0
	}
	for code := 1; code < len(verdicts); code++ {
		verdicts[code] = 1 - decisive
		if slices.ContainsFunc(l.at(uint32(code)), func(e uint32) bool { return byElement[e] == decisive }) {
			verdicts[code] = decisive
		}
	}
	return verdicts
}
