package audience

import (
	"github.com/bits-and-blooms/bitset"

	"rollcall/model/expansion"
)

// Contribution is what one entry does to the audience.
type Contribution struct {
	Entry Entry
	// Recipients are the unique recipients that the entry reaches by itself.
	Recipients int
	// Alone is how many recipients of the audience would not be there without the
	// entry; of one that excludes, how many would be there without it; of one that
	// keeps within, how many would fall outside if only the others of its kind
	// kept within.
	Alone int
	// Unresolved says that the entry could not be resolved: its numbers are 0
	// because nothing is known.
	Unresolved bool
	// Partial says that not all of the entry could be read: its numbers are of
	// what could.
	Partial bool
}

// Unknown reports whether nothing is known of whom the entry reaches: its numbers
// are 0, and do not mean nobody.
func (c *Contribution) Unknown() bool { return c.Unresolved || c.Partial && c.Recipients == 0 }

// contribute counts what each entry does; covers are those of the sides that
// have one.
func (p *Preview) contribute(covers [sides]*expansion.Cover) {
	var recipients, alone [sides][]int
	var whole [sides][]bool
	for i, result := range p.walked.Results {
		whole[i] = result.Whole()
		reached := result.Reached()
		recipients[i], alone[i] = make([]int, len(reached)), make([]int, len(reached))
		for k, set := range reached {
			recipients[i][k] = int(set.Count())
		}
		if i == sideIncluded {
			alone[i] = aloneAmong(reached, p.remaining())
		}
	}
	for side, held := range map[int][]expansion.Recipient{sideWithin: p.Recipients, sideExcluded: p.Excluded} {
		if covers[side] == nil {
			continue
		}
		for i := range held {
			if by := covers[side].HeldBy(&held[i].Object); len(by) == 1 {
				alone[side][by[0]]++
			}
		}
	}
	p.Contributions = make([]Contribution, len(p.Entries))
	for i, e := range p.Entries {
		c := &p.Contributions[i]
		if c.Entry = e; p.root[i] < 0 {
			c.Unresolved = true
			continue
		}
		c.Partial = !whole[e.side()][p.root[i]]
		c.Recipients, c.Alone = recipients[e.side()][p.root[i]], alone[e.side()][p.root[i]]
	}
}

// remaining are the recipients that are left, by their positions in
// Expansion.Recipients; nil where all are.
func (p *Preview) remaining() *bitset.BitSet {
	if p.left == nil {
		return nil
	}
	set := bitset.New(uint(len(p.Expansion.Recipients)))
	for _, i := range p.left {
		set.Set(uint(i))
	}
	return set
}

// aloneAmong counts for each set the members that no other set has, among those
// that are left (nil: all are).
func aloneAmong(reached []*bitset.BitSet, left *bitset.BitSet) []int {
	var once, more bitset.BitSet
	for _, set := range reached {
		more.InPlaceUnion(once.Intersection(set))
		once.InPlaceUnion(set)
	}
	counts := make([]int, len(reached))
	for i, set := range reached {
		single := set.Difference(&more)
		if left != nil {
			single.InPlaceIntersection(left)
		}
		counts[i] = int(single.Count())
	}
	return counts
}

// Overlap returns how many unique recipients every two entries both reach, in
// the order of Entries, whatever the entries are for: nobody is excluded or
// outside here. The diagonal holds what each entry reaches by itself. Addresses
// that any entry shows to be one owner's are one recipient. An entry that could
// not be resolved shares none. It is computed anew by each call.
func (p *Preview) Overlap() [][]int {
	bySide := p.walked.Overlap()
	var first [sides]int // position of each side's first root
	for i := 1; i < sides; i++ {
		first[i] = first[i-1] + len(p.walked.Results[i-1].Roots)
	}
	matrix := make([][]int, len(p.Entries))
	for i, a := range p.Entries {
		matrix[i] = make([]int, len(p.Entries))
		for j, b := range p.Entries {
			if p.root[i] >= 0 && p.root[j] >= 0 {
				matrix[i][j] = bySide[first[a.side()]+p.root[i]][first[b.side()]+p.root[j]]
			}
		}
	}
	return matrix
}
