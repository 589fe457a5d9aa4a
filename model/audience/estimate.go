package audience

import (
	"context"
	"slices"
	"sync"

	"rollcall/model"
	"rollcall/model/expansion"
)

// Estimate is what an audience's lists hold by a quick count, before their
// members are read: the sum over what is included. Whoever is in several lists
// is counted several times, nobody is excluded yet, and of mail contacts and
// users without an address nothing is known.
type Estimate struct {
	Recipients int
	Unknown    int // included lists that no quick count knows
	// Exact are the figures of the outcome itself, where they can be told before
	// the recipients are named; then Recipients is their Unique. Nil elsewhere.
	Exact *Tally
}

// quickCount is an Estimate on its way.
type quickCount struct {
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// estimate counts what is included while the lists are read, and calls found
// with it. Without a list among what is included the exact numbers are there
// as soon.
func (r *resolution) estimate(ctx context.Context, found func(Estimate)) *quickCount {
	ctx, cancel := context.WithCancel(ctx)
	counting := &quickCount{cancel: cancel}
	isGroup := func(o model.Object) bool { return o.Type == model.ObjectGroup }
	if found == nil || r.ports.Counter == nil || !slices.ContainsFunc(r.roots[sideIncluded], func(root expansion.Root) bool {
		return slices.ContainsFunc(root.Objects, isGroup)
	}) {
		return counting
	}
	var e Estimate
	var groups []model.Group
	for _, root := range r.roots[sideIncluded] {
		lists, recipients := expansion.CountRoot(root)
		groups = append(groups, lists...)
		e.Recipients += recipients
	}
	counting.running.Go(func() {
		counts, err := r.ports.Counter.CountUsers(ctx, groups)
		if err != nil || len(counts) != len(groups) {
			return
		}
		for _, n := range counts {
			if n < 0 {
				e.Unknown++
				continue
			}
			e.Recipients += n
		}
		if ctx.Err() == nil && (e.Unknown < len(groups) || e.Recipients > 0) {
			found(e)
		}
	})
	return counting
}

// end stops counting: nothing is found any more once it has returned.
func (c *quickCount) end() {
	c.cancel()
	c.running.Wait()
}
