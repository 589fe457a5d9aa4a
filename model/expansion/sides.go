package expansion

import (
	"slices"
	"strings"

	"github.com/bits-and-blooms/bitset"

	"rollcall/model"
)

// Sides are several expansions over one reading.
type Sides struct {
	Results []*Result // of each side, in the order given

	reading *reading
	roots   [][]rootEdges
}

// Overlap returns, for every two roots of all sides, in the order of the sides
// and of the roots in each, how many unique recipients both reach. The diagonal
// holds what each root reaches by itself. Addresses that the lists of any side
// show to be one owner's are one recipient.
func (s *Sides) Overlap() [][]int {
	var all []rootEdges
	for i, roots := range s.roots {
		if len(roots) > 0 && len(all) == 0 && !slices.ContainsFunc(s.roots[i+1:], func(others []rootEdges) bool { return len(others) > 0 }) {
			return s.Results[i].Overlap() // one side is all there is
		}
		all = append(all, roots...)
	}
	x := s.reading.outline(all)
	x.recipient = fold(x.objects, addressesOf(x.objects, x.present))
	x.recipients = len(x.objects)
	return x.overlap()
}

// Overlap returns, for every two roots in the order of Roots, how many unique
// recipients both reach. The diagonal holds what each root reaches by itself.
func (r *Result) Overlap() [][]int { return r.index.overlap() }

func (x *index) overlap() [][]int {
	reached := make([]*bitset.BitSet, len(x.roots))
	for i := range x.roots {
		reached[i] = x.reachedFrom(&x.roots[i])
	}
	matrix := make([][]int, len(reached))
	for i := range reached {
		matrix[i] = make([]int, len(reached))
		for j := range reached[:i+1] {
			common := int(reached[i].IntersectionCardinality(reached[j]))
			matrix[i][j], matrix[j][i] = common, common
		}
	}
	return matrix
}

// Reached returns for each root, in the order of Roots, the positions in
// Recipients of those that it reaches by itself.
func (r *Result) Reached() []*bitset.BitSet {
	reached := make([]*bitset.BitSet, len(r.index.roots))
	for i := range reached {
		reached[i] = r.index.reachedFrom(&r.index.roots[i])
	}
	return reached
}

// Whole returns for each root, in the order of Roots, whether all that it stands
// for could be read.
func (r *Result) Whole() []bool {
	whole := make([]bool, len(r.index.roots))
	for i := range whole {
		root := &r.index.roots[i]
		whole[i] = !r.index.holdsUnreadable(root.direct) && !slices.ContainsFunc(root.nodes, func(n *Node) bool { return n.unknown })
	}
	return whole
}

// reachedFrom returns the recipients of a root.
func (x *index) reachedFrom(root *rootNodes) *bitset.BitSet {
	set := bitset.New(uint(x.recipients))
	x.eachFrom(root, func(members []int32) {
		for _, m := range members {
			if r := x.recipient[m]; r >= 0 {
				set.Set(uint(r))
			}
		}
	})
	return set
}

// objectsFrom returns the objects of a root.
func (x *index) objectsFrom(root *rootNodes) *bitset.BitSet {
	set := bitset.New(uint(len(x.objects)))
	x.eachFrom(root, func(members []int32) {
		for _, m := range members {
			set.Set(uint(m))
		}
	})
	return set
}

// eachFrom visits what a root and each group below it list directly.
func (x *index) eachFrom(root *rootNodes, visit func(members []int32)) {
	visit(root.direct)
	seen := make([]bool, len(x.nodes))
	var open []*Node
	enter := func(nodes []*Node) {
		for _, n := range nodes {
			if !seen[n.index] {
				seen[n.index] = true
				open = append(open, n)
			}
		}
	}
	for enter(root.nodes); len(open) > 0; {
		n := open[len(open)-1]
		open = open[:len(open)-1]
		visit(n.members)
		enter(n.Children)
	}
}

// CountRoot returns the groups of a root, and how many unique recipients its
// other objects are, without any walk.
func CountRoot(root Root) (groups []model.Group, recipients int) {
	seen := make(map[string]bool)
	for i := range root.Objects {
		switch o := &root.Objects[i]; {
		case o.Group != nil:
			groups = append(groups, *o.Group)
		case o.Type == model.ObjectGroup:
			groups = append(groups, model.Group{ID: o.ID, DisplayName: o.DisplayName, Mail: o.Mail})
		case receives(o) && o.Mail != "":
			seen[strings.ToLower(o.Mail)] = true
		}
	}
	return groups, len(seen)
}

// Any reports whether the result has any object but groups.
func (r *Result) Any() bool {
	if r.index.present == nil {
		return len(r.index.objects) > 0
	}
	return r.index.present.Any()
}
