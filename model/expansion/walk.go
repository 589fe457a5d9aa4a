package expansion

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"rollcall/model"
)

// Options tune a walk. The zero value works.
type Options struct {
	// Domains are the tenant's verified domains. With none given a recipient's
	// domain cannot make it external; being a guest or a contact still does.
	Domains []string
	// Join returns the synced user of an object id. It fills what a member
	// list leaves out, above all when the service returns ids only.
	Join func(id string) (model.Object, bool)
	// JoinAddress returns the synced user who owns an address. It stands in for
	// Join where a source names a user by the address alone.
	JoinAddress func(address string) (model.Object, bool)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Progress is called on the walk's own goroutine before and after each
	// round with the groups read to their ends and the groups known so far.
	Progress func(groupsRead, groupsKnown int)
}

// Walk expands the roots down to recipients. It reads in rounds: each asks, by
// one call of Members, for all groups that the round before has found and for
// all listings that go on. A group is read once, so that cycles end and a list
// that several lists hold costs one read.
//
// What could not be had is in Result.Missing and makes no error. The error is
// the one that Members returned, or the context's: nothing more can be read.
func Walk(ctx context.Context, m Members, roots []Root, o Options) (*Result, error) {
	sides, err := WalkSides(ctx, m, [][]Root{roots}, o)
	if err != nil {
		return nil, err
	}
	return sides.Results[0], nil
}

// WalkSides expands several sets of roots over one reading: a group that more
// than one of them reaches is read once. Each side is then judged by itself, as
// if it had been walked alone; but what one side's lists tell of an object, its
// address above all, serves every side.
func WalkSides(ctx context.Context, m Members, sides [][]Root, o Options) (*Sides, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	w := newReading(o)
	planted := make([][]rootEdges, len(sides))
	for i, roots := range sides {
		planted[i] = w.plant(i, roots)
	}
	if err := w.read(ctx, begin(m)); err != nil {
		return nil, err
	}
	w.join()
	s := &Sides{reading: w, roots: planted, Results: make([]*Result, len(sides))}
	for i, roots := range sides {
		s.Results[i] = w.result(roots, planted[i])
	}
	return s, nil
}

// distinct sorts indexes and drops repetitions: a page boundary may repeat a
// member, and that is not a second membership.
func distinct(list []int32) []int32 {
	slices.Sort(list)
	return slices.Clip(slices.Compact(list))
}

// compareNodes orders by name and then by id: the order in which a service
// lists members means nothing.
func compareNodes(a, b *Node) int {
	return cmp.Or(
		strings.Compare(strings.ToLower(a.Name()), strings.ToLower(b.Name())),
		strings.Compare(a.Group.ID, b.Group.ID),
		strings.Compare(a.Group.Mail, b.Group.Mail),
		cmp.Compare(a.index, b.index),
	)
}

// Name is the name to show for the group: its display name, or failing that
// its address or id.
func (n *Node) Name() string { return nameOf(&n.Group) }

func nameOf(g *model.Group) string {
	for _, s := range []string{g.DisplayName, g.Mail} {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return g.ID
}
