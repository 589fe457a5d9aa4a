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
	// level with the groups read and the groups known so far.
	Progress func(groupsRead, groupsKnown int)
}

// Walk expands the roots down to recipients. It reads level by level, with one
// call of Members for all new groups of a level, and each group once, so that
// cycles end and a list that several lists hold costs one read.
//
// What could not be had is in Result.Missing and makes no error. The error is
// the one that Members returned, or the context's: nothing more can be read.
func Walk(ctx context.Context, m Members, roots []Root, o Options) (*Result, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	w := &walker{
		options:  o,
		asOf:     o.Now().UTC(),
		byKey:    make(map[string]int32),
		nodeByID: make(map[string]*Node),
	}
	m = begin(m)
	level := w.plant(roots)
	read := 0
	for depth := 1; len(level) > 0; depth++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		o.Progress(read, len(w.nodes))
		groups := make([]model.Group, len(level))
		for i, n := range level {
			groups[i] = n.Group
		}
		listings, err := ReadAll(ctx, m, groups)
		if err != nil {
			return nil, err
		}
		var next []*Node
		for i := range listings {
			next = append(next, w.take(level[i], &listings[i], depth)...)
		}
		read += len(level)
		level = next
		o.Progress(read, len(w.nodes))
	}
	return w.result(roots), nil
}

// walker gathers the graph of nested lists.
type walker struct {
	options  Options
	asOf     time.Time
	nodes    []*Node // in the order of discovery; Node.index points here
	nodeByID map[string]*Node
	objects  []model.Object   // distinct, groups left out
	byKey    map[string]int32 // identity key of an object → its index
	roots    []rootEdges
}

// rootEdges is what one root stands for.
type rootEdges struct {
	label  string
	direct []int32 // objects, ascending
	nodes  []*Node
}

// plant takes the roots in and returns the groups among them.
func (w *walker) plant(roots []Root) []*Node {
	var level []*Node
	for _, r := range roots {
		edges := rootEdges{label: r.Label}
		for i := range r.Objects {
			o := &r.Objects[i]
			if o.Type != model.ObjectGroup {
				edges.direct = append(edges.direct, w.object(o))
				continue
			}
			n, isNew := w.node(o, 0)
			if isNew {
				level = append(level, n)
			}
			edges.nodes = append(edges.nodes, n)
		}
		edges.direct = distinct(edges.direct)
		edges.nodes = distinctNodes(edges.nodes)
		w.roots = append(w.roots, edges)
	}
	return level
}

// take stores what a source said of a group and returns the groups that were
// not known before.
func (w *walker) take(n *Node, l *Listing, depth int) []*Node {
	n.Source, n.Stored, n.Hidden, n.Err, n.Instead = l.Source, l.Stored, l.Hidden, l.Err, l.Instead
	n.members = make([]int32, 0, len(l.Members))
	var found []*Node
	for i := range l.Members {
		o := &l.Members[i]
		if o.Type != model.ObjectGroup {
			n.members = append(n.members, w.object(o))
			continue
		}
		child, isNew := w.node(o, depth)
		if isNew {
			found = append(found, child)
		}
		n.Children = append(n.Children, child)
	}
	n.members = distinct(n.members)
	n.Children = distinctNodes(n.Children)
	n.Direct = len(n.members) + len(n.Children)
	for _, c := range n.Children {
		c.Parents = append(c.Parents, n)
	}
	return found
}

// node returns the node of a group, new or known. A later mention that knows
// the group's properties completes an earlier one that did not.
func (w *walker) node(o *model.Object, depth int) (n *Node, isNew bool) {
	key := identityKey(o)
	n, known := w.nodeByID[key]
	if !known {
		n = &Node{Depth: depth, index: len(w.nodes), Group: model.Group{ID: o.ID, DisplayName: o.DisplayName, Mail: o.Mail}}
		w.nodes = append(w.nodes, n)
		w.nodeByID[key] = n
	}
	if o.Group != nil && n.Group.Kind == "" {
		n.Group = *o.Group
	}
	if n.Group.DisplayName == "" {
		n.Group.DisplayName = o.DisplayName
	}
	return n, !known
}

// object returns the index of a member that is no group.
func (w *walker) object(o *model.Object) int32 {
	key := identityKey(o)
	if i, ok := w.byKey[key]; ok {
		merge(&w.objects[i], o)
		return i
	}
	i := int32(len(w.objects))
	w.objects = append(w.objects, *o)
	w.byKey[key] = i
	return i
}

// distinct sorts indexes and drops repetitions: a page boundary may repeat a
// member, and that is not a second membership.
func distinct(list []int32) []int32 {
	slices.Sort(list)
	return slices.Clip(slices.Compact(list))
}

func distinctNodes(list []*Node) []*Node {
	slices.SortFunc(list, compareNodes)
	return slices.Compact(list)
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
