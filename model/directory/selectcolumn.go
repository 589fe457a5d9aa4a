package directory

import (
	"context"
	"math/bits"

	"rollcall/model/rule"
)

// smallDictionary is the number of values up to which it takes less time to
// decide all of them than to think about which.
const smallDictionary = 1 << 14

// tableStage holds where the code of a column has the verdict 1.
type tableStage struct {
	snapshot *Snapshot
	column   *column
	verdicts []uint8 // by code
}

func newTableStage(s *Snapshot, c *column, verdicts []uint8) *tableStage {
	return &tableStage{s, c, verdicts}
}

func (t *tableStage) among(ctx context.Context, open []uint64) ([]uint64, error) {
	return t.snapshot.filter(ctx, open, &scan{t.column, t.verdicts})
}

// forecast takes a look at rows here and there.
func (t *tableStage) forecast() forecast {
	const looks = 512
	seen, held := 0, 0
	for row := int32(0); row < t.snapshot.rows; row += max(t.snapshot.rows/looks, 1) {
		if t.snapshot.isAlive(row) {
			seen++
			held += int(t.verdicts[t.column.code(row)])
		}
	}
	return forecast{cost: float64(t.snapshot.live), share: float64(held) / float64(max(seen, 1))}
}

func (t *tableStage) complement() *tableStage {
	verdicts := make([]uint8, len(t.verdicts))
	for i, v := range t.verdicts {
		verdicts[i] = 1 - v
	}
	return newTableStage(t.snapshot, t.column, verdicts)
}

// join returns the disjunction, or the conjunction, of two stages on one column.
func (t *tableStage) join(o *tableStage, either bool) *tableStage {
	verdicts := make([]uint8, len(t.verdicts))
	for i, v := range t.verdicts {
		if either {
			verdicts[i] = v | o.verdicts[i]
		} else {
			verdicts[i] = v & o.verdicts[i]
		}
	}
	return newTableStage(t.snapshot, t.column, verdicts)
}

// nullStage holds where a column is null.
type nullStage struct {
	snapshot *Snapshot
	column   *column
}

func (n *nullStage) among(ctx context.Context, open []uint64) ([]uint64, error) {
	return n.snapshot.filter(ctx, open, n)
}

func (n *nullStage) forecast() forecast {
	return forecast{cost: float64(n.snapshot.live), share: shareUnknown}
}

func (n *nullStage) decide(chunk int, open, out *rowBits) {
	c := n.column.chunks[chunk]
	if c == nil {
		*out = *open
		return
	}
	c.nulls(out)
	for i, w := range open {
		out[i] &= w
	}
}

// valueStage tests the values of a large column.
type valueStage struct {
	snapshot  *Snapshot
	column    *column
	leaf      *rule.Leaf
	costOfRow int // see planner
}

// What looking at a value costs besides its test, in nanoseconds: one behind
// the other in a dictionary, and that of a row.
const (
	costOfValue = 5
	costOfRow   = 40
)

func (v *valueStage) forecast() forecast {
	f := forecast{cost: float64(v.snapshot.live), share: shareUnknown}
	if v.column.dictionary.verdicts.find(v.leaf.Key, v.column.values.len()) == nil {
		f.cost += float64(v.column.values.len()) * float64(costOfValue+v.leaf.Cost)
	}
	return f
}

// among decides each value of the column once, or, when few rows are open,
// theirs.
func (v *valueStage) among(ctx context.Context, open []uint64) ([]uint64, error) {
	rows := 0
	for _, w := range open {
		rows += bits.OnesCount64(w)
	}
	c, l := v.column, v.leaf
	if rows*(v.costOfRow+l.Cost) < c.values.len()*(costOfValue+l.Cost) &&
		c.dictionary.verdicts.find(l.Key, c.values.len()) == nil {
		return v.snapshot.filter(ctx, open, &rowTest{c, l})
	}
	verdicts, err := c.decide(ctx, l)
	if err != nil {
		return nil, err
	}
	if c.lists != nil {
		return v.snapshot.filter(ctx, open, &listScan{c, l, verdicts})
	}
	return v.snapshot.filter(ctx, open, &scan{c, withNull(verdicts, l.Null)})
}

// withNull returns the verdicts with the one of null. They are not changed.
func withNull(verdicts []uint8, null bool) []uint8 {
	if !null {
		return verdicts
	}
	verdicts = append(make([]uint8, 0, len(verdicts)), verdicts...)
	verdicts[nullCode] = 1
	return verdicts
}

// listScan decides rows by the verdicts of the elements of their lists.
type listScan struct {
	column   *column
	leaf     *rule.Leaf
	verdicts []uint8 // by element
}

func (s *listScan) decide(chunk int, open, out *rowBits) {
	null := uint8(0)
	if s.leaf.Null {
		null = 1
	}
	c := s.column.chunks[chunk]
	for i, w := range open {
		out[i] = 0
		for ; w != 0; w &= w - 1 {
			bit, verdict := bits.TrailingZeros64(w), null
			if c != nil {
				if code := c.at(i<<6 + bit); code != nullCode {
					verdict = s.column.lists.verdict(code, s.verdicts, s.leaf.Quantifier)
				}
			}
			out[i] |= uint64(verdict) << bit
		}
	}
}

// rowTest tests the values of rows.
type rowTest struct {
	column *column
	leaf   *rule.Leaf
}

func (t *rowTest) decide(chunk int, open, out *rowBits) {
	clear(out[:])
	decisive := t.leaf.Quantifier == rule.Any || t.column.lists == nil
	for row := range open.rows(chunk) {
		holds, isNull := !decisive, true
		for e := range t.column.elements(row) {
			isNull = false
			value := t.column.value(e)
			if t.leaf.Folded {
				value = rule.Fold(value)
			}
			if t.leaf.Test(value) == decisive {
				holds = decisive
				break
			}
		}
		if isNull {
			holds = t.leaf.Null
		}
		if holds {
			out.set(row)
		}
	}
}

// idStage tests the object ids.
type idStage struct {
	snapshot *Snapshot
	test     func(id []byte) bool
}

func (s *idStage) among(ctx context.Context, open []uint64) ([]uint64, error) {
	return s.snapshot.filter(ctx, open, &idScan{s.snapshot, s.test})
}

func (s *idStage) forecast() forecast {
	return forecast{cost: 100 * float64(s.snapshot.live), share: shareUnknown}
}
