package directory

import (
	"math/bits"
	"slices"
)

// tally says how many users have each value of a column.
type tally struct {
	codes  []uint32 // of the values that somebody has, ascending
	counts []int    // of those users, by code where dense, else by place in codes
	dense  bool
	null   int // users without a value
}

// count is the number of users who have a value that somebody has.
func (t *tally) count(code uint32) int {
	if t.dense {
		return t.counts[code]
	}
	i, _ := slices.BinarySearch(t.codes, code)
	return t.counts[i]
}

// tally counts the values of a column among rows; nil means all. An element
// that stands in a list twice counts once.
func (s *Snapshot) tally(c *column, rows []int32) tally {
	if rows != nil && 8*len(rows) < c.values.len() {
		return c.tallyFew(rows)
	}
	var counts []int
	if rows == nil {
		counts = s.countCodes(c)
	} else {
		counts = make([]int, c.codes())
		for _, row := range rows {
			counts[c.code(row)]++
		}
	}
	t := tally{null: counts[nullCode], counts: counts, dense: true}
	if c.lists != nil {
		t.counts = c.lists.countElements(counts, c.values.len())
	}
	for code, n := range t.counts {
		if code != nullCode && n > 0 {
			t.codes = append(t.codes, uint32(code))
		}
	}
	return t
}

// tallyFew counts without looking at values that nobody has.
func (c *column) tallyFew(rows []int32) tally {
	var t tally
	var all, own []uint32
	for _, row := range rows {
		own = slices.AppendSeq(own[:0], c.elements(row))
		if len(own) == 0 {
			t.null++
			continue
		}
		slices.Sort(own)
		all = append(all, slices.Compact(own)...)
	}
	slices.Sort(all)
	for i, code := range all {
		if i == 0 || code != all[i-1] {
			t.codes, t.counts = append(t.codes, code), append(t.counts, 0)
		}
		t.counts[len(t.counts)-1]++
	}
	return t
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

// countElements turns counts by list into counts by element.
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
