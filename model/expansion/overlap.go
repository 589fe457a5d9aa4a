package expansion

import "github.com/bits-and-blooms/bitset"

// Overlap returns, for every two roots in the order of Roots, how many unique
// recipients both reach. The diagonal holds what each root reaches by itself.
func (r *Result) Overlap() [][]int {
	reached := make([]*bitset.BitSet, len(r.index.roots))
	for i := range r.index.roots {
		reached[i] = r.index.reachedFrom(&r.index.roots[i])
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

// reachedFrom returns the recipients of a root.
func (x *index) reachedFrom(root *rootEdges) *bitset.BitSet {
	set := bitset.New(uint(x.recipients))
	take := func(members []int32) {
		for _, m := range members {
			if r := x.recipient[m]; r >= 0 {
				set.Set(uint(r))
			}
		}
	}
	take(root.direct)
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
		take(n.members)
		enter(n.Children)
	}
	return set
}
