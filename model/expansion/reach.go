package expansion

import (
	"slices"

	"github.com/bits-and-blooms/bitset"
)

// reach sets Unique, unknown and Cycle of every node. Groups that hold each other reach
// the same recipients, so the groups are condensed to their strongly connected
// components, and the sets of those are joined from the leaves upward. A set
// is dropped as soon as no list above needs it any more.
func (x *index) reach() {
	components := condense(x.nodes)
	sets := make([]*bitset.BitSet, len(components.members))
	awaited := make([]int, len(components.members)) // components above that have not taken the set yet
	for _, below := range components.below {
		for _, b := range below {
			awaited[b]++
		}
	}
	var spare []*bitset.BitSet
	size := uint(x.recipients)
	for c, members := range components.members { // below before above
		var set *bitset.BitSet
		if n := len(spare); n > 0 {
			set, spare = spare[n-1].ClearAll(), spare[:n-1]
		} else {
			set = bitset.New(size)
		}
		for _, n := range members {
			for _, m := range x.nodes[n].members {
				if r := x.recipient[m]; r >= 0 {
					set.Set(uint(r))
				}
			}
		}
		for _, b := range components.below[c] {
			set.InPlaceUnion(sets[b])
			if awaited[b]--; awaited[b] == 0 {
				spare, sets[b] = append(spare, sets[b]), nil
			}
		}
		unknown := slices.ContainsFunc(members, func(n int) bool { return x.isUnknown(x.nodes[n]) }) ||
			slices.ContainsFunc(components.below[c], func(b int) bool { return x.nodes[components.members[b][0]].unknown })
		unique := int(set.Count())
		for _, n := range members {
			x.nodes[n].Unique, x.nodes[n].unknown = unique, unknown
			x.nodes[n].Cycle = len(members) > 1 || slices.Contains(x.nodes[n].Children, x.nodes[n])
		}
		if awaited[c] == 0 {
			spare = append(spare, set)
			continue
		}
		sets[c] = set
	}
}

// isUnknown reports whether a group's own members could not all be read.
func (x *index) isUnknown(n *Node) bool {
	return n.Err != nil || n.Hidden || n.Instead != nil || x.holdsUnreadable(n.members)
}

// holdsUnreadable reports whether one of the members may be a recipient that
// nobody can see.
func (x *index) holdsUnreadable(members []int32) bool {
	return slices.ContainsFunc(members, func(m int32) bool { return x.objects[m].Limited && unreadable(&x.objects[m]) })
}

// components are the strongly connected components of the groups, each before
// those that hold it.
type components struct {
	of      []int   // group → component
	members [][]int // component → groups
	below   [][]int // component → components that it holds directly, each once
}

// condense finds the components by Tarjan's algorithm. It keeps its own stack:
// the nesting of lists is foreign input.
func condense(nodes []*Node) components {
	const unseen = -1
	result := components{of: make([]int, len(nodes))}
	var (
		order = make([]int, len(nodes)) // of discovery
		low   = make([]int, len(nodes))
		next  = make([]int, len(nodes)) // the child to look at next
		open  []int                     // groups that have no component yet
		path  []int
		seen  int
	)
	for i := range nodes {
		order[i], result.of[i] = unseen, unseen
	}
	enter := func(n int) {
		order[n], low[n] = seen, seen
		seen++
		open = append(open, n)
		path = append(path, n)
	}
	for root := range nodes {
		if order[root] != unseen {
			continue
		}
		enter(root)
		for len(path) > 0 {
			n := path[len(path)-1]
			if next[n] < len(nodes[n].Children) {
				child := nodes[n].Children[next[n]].index
				next[n]++
				switch {
				case order[child] == unseen:
					enter(child)
				case result.of[child] == unseen:
					low[n] = min(low[n], order[child])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				above := path[len(path)-1]
				low[above] = min(low[above], low[n])
			}
			if low[n] == order[n] {
				open = result.close(n, open)
			}
		}
	}
	result.link(nodes)
	return result
}

// close makes a component of the open groups from n on.
func (c *components) close(n int, open []int) []int {
	at := len(open) - 1
	for open[at] != n {
		at--
	}
	for _, m := range open[at:] {
		c.of[m] = len(c.members)
	}
	c.members = append(c.members, slices.Clone(open[at:]))
	return open[:at]
}

// link finds what each component holds directly.
func (c *components) link(nodes []*Node) {
	c.below = make([][]int, len(c.members))
	lastAbove := make([]int, len(c.members)) // the component that was linked to this one last, plus one
	for i, members := range c.members {
		for _, n := range members {
			for _, child := range nodes[n].Children {
				if b := c.of[child.index]; b != i && lastAbove[b] != i+1 {
					lastAbove[b] = i + 1
					c.below[i] = append(c.below[i], b)
				}
			}
		}
	}
}
