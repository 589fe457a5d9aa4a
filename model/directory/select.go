package directory

import (
	"context"
	"fmt"
	"slices"

	"rollcall/model"
	"rollcall/model/internal/parallel"
	"rollcall/model/rule"
)

// Select evaluates a compiled rule over all rows. The program must have been
// compiled for the snapshot's schema.
func (s *Snapshot) Select(ctx context.Context, p *rule.Program) (*Set, error) {
	return s.selectPredicate(ctx, p.Root())
}

func (s *Snapshot) selectPredicate(ctx context.Context, p rule.Predicate) (*Set, error) {
	return planner{s, ctx, smallDictionary, costOfRow}.choose(p)
}

// choose returns the rows for which a predicate holds.
func (p planner) choose(of rule.Predicate) (*Set, error) {
	stage, err := p.stage(of)
	if err != nil {
		return nil, err
	}
	rows, err := stage.among(p.ctx, p.alive)
	if err != nil {
		return nil, err
	}
	return newSet(rows), p.ctx.Err()
}

// stage is a part of a rule made ready to be decided.
type stage interface {
	// among returns those of the open rows for which the stage holds, one bit a
	// row. It changes nothing of what it is given, and may return it.
	among(ctx context.Context, open []uint64) ([]uint64, error)
	// forecast says what it is going to cost, and for which share of the rows
	// the stage holds.
	forecast() forecast
}

// forecast is a guess on which nothing but the order of stages rests.
type forecast struct {
	cost  float64 // in nanoseconds, over all rows
	share float64 // of the rows for which the stage holds
}

// shareUnknown is what a condition that nobody has looked at is taken to hold
// for: who narrows rows down writes conditions that few satisfy.
const shareUnknown = 0.1

// planner makes stages of predicates.
type planner struct {
	*Snapshot
	ctx       context.Context
	small     int // a dictionary that has no more values is decided as a whole
	costOfRow int // of looking at the value of a row, in nanoseconds
}

func (p planner) stage(of rule.Predicate) (stage, error) {
	switch of := of.(type) {
	case rule.Constant:
		return always(of), nil
	case rule.Conjunction:
		stages, err := p.stages(of, false)
		slices.SortStableFunc(stages, byRank(func(share float64) float64 { return 1 - share }))
		return allOf(stages), err
	case rule.Disjunction:
		stages, err := p.stages(of, true)
		slices.SortStableFunc(stages, byRank(func(share float64) float64 { return share }))
		return oneOf(stages), err
	case rule.Negation:
		part, err := p.stage(of.Part)
		if table, ok := part.(*tableStage); ok {
			return table.complement(), err
		}
		return noneOf{part}, err
	case rule.Users:
		rows := make([]int32, 0, len(of))
		for i, id := range of {
			if i%1024 == 0 && p.ctx.Err() != nil {
				return nil, p.ctx.Err()
			}
			if row, ok := p.ByID(id); ok {
				rows = append(rows, row)
			}
		}
		return rowStage{p.SetOf(rows)}, nil
	case rule.Reports:
		return rowStage{p.SetOf(p.reports(string(of)))}, nil
	case *rule.Leaf:
		return p.leaf(of)
	default:
		return nil, fmt.Errorf("directory: unknown predicate %T", of)
	}
}

// stages makes stages of the parts of a conjunction or a disjunction. Those that
// look into one small column become one.
func (p planner) stages(parts []rule.Predicate, either bool) ([]stage, error) {
	var stages []stage
	for _, part := range united(parts, either) {
		made, err := p.stage(part)
		if err != nil {
			return nil, err
		}
		table, ok := made.(*tableStage)
		i := -1
		if ok {
			i = slices.IndexFunc(stages, func(s stage) bool {
				known, ok := s.(*tableStage)
				return ok && known.column == table.column
			})
		}
		if i >= 0 {
			stages[i] = stages[i].(*tableStage).join(table, either)
		} else {
			stages = append(stages, made)
		}
	}
	return stages, nil
}

// united makes one of the parts that look for whole values of one attribute, so
// that a large column is looked through once for all of them: of a disjunction
// the comparisons, of a conjunction their complements.
func united(parts []rule.Predicate, either bool) []rule.Predicate {
	wanted := func(part rule.Predicate) *rule.Leaf {
		if n, ok := part.(rule.Negation); ok != either {
			if ok {
				part = n.Part
			}
			if l, ok := part.(*rule.Leaf); ok && len(l.Values) > 0 && !l.Null && l.Quantifier == rule.Any && l.Key != "" {
				return l
			}
		}
		return nil
	}
	alike := make(map[model.AttrID][]*rule.Leaf)
	for _, part := range parts {
		if l := wanted(part); l != nil {
			alike[l.Attr] = append(alike[l.Attr], l)
		}
	}
	var out []rule.Predicate
	for _, part := range parts {
		l := wanted(part)
		switch {
		case l == nil || len(alike[l.Attr]) == 1:
			out = append(out, part)
		case l != alike[l.Attr][0]: // it is in the one that stands for all
		case either:
			out = append(out, rule.EitherOf(alike[l.Attr]))
		default:
			out = append(out, rule.Negation{Part: rule.EitherOf(alike[l.Attr])})
		}
	}
	return out
}

// byRank orders stages by what it costs to settle a row; settled is the share
// of the rows that a stage with the given share settles.
func byRank(settled func(share float64) float64) func(a, b stage) int {
	rank := func(s stage) float64 {
		f := s.forecast()
		return f.cost / (settled(f.share) + 1e-3)
	}
	return func(a, b stage) int {
		switch x, y := rank(a), rank(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		default:
			return 0
		}
	}
}

// always holds for every row or for none.
type always bool

func (a always) among(_ context.Context, open []uint64) ([]uint64, error) {
	if a {
		return open, nil
	}
	return make([]uint64, len(open)), nil
}

func (a always) forecast() forecast {
	if a {
		return forecast{share: 1}
	}
	return forecast{}
}

// allOf holds where all stages do.
type allOf []stage

func (s allOf) among(ctx context.Context, open []uint64) ([]uint64, error) {
	for _, part := range s {
		if !slices.ContainsFunc(open, isSet) {
			break
		}
		var err error
		if open, err = part.among(ctx, open); err != nil {
			return nil, err
		}
	}
	return open, nil
}

func (s allOf) forecast() forecast {
	f := forecast{share: 1}
	for _, part := range s {
		of := part.forecast()
		f.cost += f.share * of.cost
		f.share *= of.share
	}
	return f
}

// oneOf holds where one stage does.
type oneOf []stage

func (s oneOf) among(ctx context.Context, open []uint64) ([]uint64, error) {
	found := make([]uint64, len(open))
	open = slices.Clone(open)
	for _, part := range s {
		if !slices.ContainsFunc(open, isSet) {
			break
		}
		rows, err := part.among(ctx, open)
		if err != nil {
			return nil, err
		}
		for i, w := range rows {
			found[i] |= w
			open[i] &^= w
		}
	}
	return found, nil
}

func (s oneOf) forecast() forecast {
	f, rest := forecast{}, 1.0
	for _, part := range s {
		of := part.forecast()
		f.cost += rest * of.cost
		rest *= 1 - of.share
	}
	f.share = 1 - rest
	return f
}

func isSet(w uint64) bool { return w != 0 }

// noneOf holds where the stage does not.
type noneOf struct{ stage }

func (n noneOf) among(ctx context.Context, open []uint64) ([]uint64, error) {
	rows, err := n.stage.among(ctx, open)
	if err != nil {
		return nil, err
	}
	out := make([]uint64, len(open))
	for i, w := range rows {
		out[i] = open[i] &^ w
	}
	return out, nil
}

func (n noneOf) forecast() forecast {
	f := n.stage.forecast()
	f.share = 1 - f.share
	return f
}

// rowStage holds for the rows of a set.
type rowStage struct{ set *Set }

func (r rowStage) among(_ context.Context, open []uint64) ([]uint64, error) {
	out := make([]uint64, len(open))
	for i, w := range r.set.words {
		out[i] = open[i] & w
	}
	return out, nil
}

func (r rowStage) forecast() forecast { return forecast{} }

// leaf makes a stage of a condition on one attribute.
func (p planner) leaf(l *rule.Leaf) (stage, error) {
	if l.Attr == model.AttrObjectID {
		return p.idLeaf(l), nil
	}
	c := &p.columns[l.Attr]
	if l.Values != nil && len(l.Values) == 0 {
		if l.Null {
			return &nullStage{p.Snapshot, c}, nil
		}
		return always(false), nil
	}
	if c.values.len() > p.small || c.lists != nil && c.lists.len() > p.small {
		return &valueStage{p.Snapshot, c, l, p.costOfRow}, nil
	}
	verdicts, err := c.decide(p.ctx, l)
	if err != nil {
		return nil, err
	}
	if c.lists != nil {
		verdicts = c.lists.combine(verdicts, l.Quantifier)
	}
	return newTableStage(p.Snapshot, c, withNull(verdicts, l.Null)), nil
}

// idLeaf makes a stage of a condition on the object id, which is never null.
func (p planner) idLeaf(l *rule.Leaf) stage {
	test := func(id []byte) bool { return l.Test(string(id)) }
	if l.Folded {
		test = func(id []byte) bool { return l.Test(rule.Fold(string(id))) }
	}
	if l.Values == nil {
		return &idStage{p.Snapshot, test}
	}
	var rows []int32
	for _, id := range l.Values {
		k, regular := keyOf(id)
		if !regular && len(p.irregular) > 0 {
			return &idStage{p.Snapshot, test}
		}
		if row, ok := p.byKey(k); ok && regular {
			rows = append(rows, row)
		}
	}
	return rowStage{p.SetOf(rows)}
}

// combine turns verdicts by element into verdicts by list.
func (l *lists) combine(byElement []uint8, q rule.Quantifier) []uint8 {
	verdicts := make([]uint8, l.len()+1)
	parallel.All(l.len(), 1<<14, func(from, to int) {
		for code := from + 1; code <= to; code++ {
			verdicts[code] = l.verdict(uint32(code), byElement, q)
		}
	})
	return verdicts
}

// verdict decides a list by the verdicts of its elements.
func (l *lists) verdict(code uint32, byElement []uint8, q rule.Quantifier) uint8 {
	decisive := uint8(1)
	if q == rule.All {
		decisive = 0
	}
	for _, e := range l.at(code) {
		if byElement[e] == decisive {
			return decisive
		}
	}
	return 1 - decisive
}
