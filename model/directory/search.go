package directory

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"rollcall/model"
	"rollcall/model/rule"
)

// Result is what a search found in a snapshot.
type Result struct {
	*Set
	snapshot *Snapshot
	among    *Set
	terms    []*term
}

// Rows returns the rows found in the order of display name.
func (r *Result) Rows() []int32 { return r.snapshot.Rows(r.Set) }

// Search finds users by what an administrator types after "/": words that all
// must occur (name, address, title, department), "!word" not, "~word" fuzzy,
// "field:value", "several words". It looks among the given users; nil means
// all. A field that the profile does not sync is a KindUsage error; a word
// with a colon whose first part is no field is searched as it stands.
//
// The result of an earlier search makes this one faster where the text goes on
// from there; any result, or nil, gives the same answer.
func (s *Snapshot) Search(ctx context.Context, text string, among *Set, earlier *Result) (*Result, error) {
	terms, err := parseQuery(text, s.schema)
	if err != nil {
		return nil, err
	}
	r := &Result{snapshot: s, among: among, terms: terms}
	search := &searching{Snapshot: s, rows: slices.Clone(s.alive)}
	if among != nil {
		for i, w := range among.words {
			search.rows[i] &= w
		}
	}
	if earlier != nil && earlier.snapshot == s && earlier.among == among && goesOn(terms, earlier.terms) {
		search.rows = slices.Clone(earlier.words)
		terms = slices.DeleteFunc(slices.Clone(terms), func(t *term) bool {
			return slices.ContainsFunc(earlier.terms, t.equal)
		})
	}
	for _, t := range terms {
		if err := search.narrow(ctx, t); err != nil {
			return nil, err
		}
	}
	r.Set = newSet(search.rows)
	return r, ctx.Err()
}

// searching is a search under way.
type searching struct {
	*Snapshot
	rows []uint64 // that satisfy the terms so far
}

// narrow takes out the rows that do not satisfy a term.
func (s *searching) narrow(ctx context.Context, t *term) error {
	open, found := slices.Clone(s.rows), make([]uint64, len(s.rows))
	if slices.Contains(t.attrs, model.AttrObjectID) {
		test := t.matches // a GUID is folded
		if len(s.irregular) > 0 {
			test = func(id []byte) bool { return t.matches(rule.AppendFold(nil, string(id))) }
		}
		if err := s.move(ctx, &idScan{s.Snapshot, test}, open, found); err != nil {
			return err
		}
	} else {
		for _, columns := range s.columnsOf(t) {
			if err := s.find(ctx, t, columns, open, found); err != nil {
				return err
			}
		}
	}
	for i := range s.rows {
		if t.negate {
			s.rows[i] &^= found[i]
		} else {
			s.rows[i] = found[i]
		}
	}
	return nil
}

// columnsOf returns the columns that a term looks into, those that share a
// dictionary side by side, small dictionaries first.
func (s *Snapshot) columnsOf(t *term) [][]*column {
	var groups [][]*column
	for _, a := range t.attrs {
		c := &s.columns[a]
		i := slices.IndexFunc(groups, func(g []*column) bool { return g[0].dictionary == c.dictionary })
		if i < 0 {
			groups = append(groups, []*column{c})
		} else {
			groups[i] = append(groups[i], c)
		}
	}
	slices.SortFunc(groups, func(a, b []*column) int { return cmp.Compare(a[0].values.len(), b[0].values.len()) })
	return groups
}

// blocksAtOnce is the number of blocks of text that are looked at between two
// looks at the context.
const blocksAtOnce = 8

// lookupCost is how many values of a dictionary, one behind the other, are
// looked at in the time that it takes to look up a single row's.
const lookupCost = 4

// find moves the rows in one of whose columns, which share a dictionary, a
// value matches from open to found. While many rows are open it is cheapest to
// look at each value of the dictionary once; when few are left, at theirs.
func (s *searching) find(ctx context.Context, t *term, columns []*column, open, found []uint64) error {
	values := newValueMatcher(t, columns[0])
	n := 0
	for _, w := range open {
		n += bits.OnesCount64(w)
	}
	var either disjunction
	if lookupCost*n < values.values.len() {
		for _, c := range columns {
			either = append(either, &lookup{c, values})
		}
	} else {
		verdicts, err := values.all(ctx)
		if err != nil || !slices.Contains(verdicts, 1) {
			return err
		}
		for _, c := range columns {
			byCode := verdicts
			if c.lists != nil {
				byCode = c.lists.combine(verdicts, rule.Any)
			}
			either = append(either, &scan{c, byCode})
		}
	}
	return s.move(ctx, either, open, found)
}

// move moves the rows for which a condition holds from open to found.
func (s *searching) move(ctx context.Context, c condition, open, found []uint64) error {
	rows, err := s.filter(ctx, open, c)
	for i, w := range rows {
		found[i] |= w
		open[i] &^= w
	}
	return err
}

// lookup tests the values of open rows.
type lookup struct {
	column *column
	values *valueMatcher
}

func (l *lookup) decide(chunk int, open, out *rowBits) {
	var folded []byte
	clear(out[:])
	for row := range open.rows(chunk) {
		for e := range l.column.elements(row) {
			if l.values.matches(e, &folded) {
				out.set(row)
				break
			}
		}
	}
}
