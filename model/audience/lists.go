package audience

import (
	"iter"

	"rollcall/model/expansion"
)

// Lists are the lists that were read: those of what is included, then of what
// keeps within, then of what excludes, each in the order of its expansion. One
// that several of them reach comes once for each.
func (p *Preview) Lists() iter.Seq[*expansion.Node] {
	results := []*expansion.Result{p.Expansion}
	if p.walked != nil {
		results = []*expansion.Result{p.walked.Results[sideIncluded], p.walked.Results[sideWithin], p.walked.Results[sideExcluded]}
	}
	return func(yield func(*expansion.Node) bool) {
		for _, r := range results {
			for _, n := range r.Nodes {
				if !yield(n) {
					return
				}
			}
		}
	}
}
