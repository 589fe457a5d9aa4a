package expansion

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bits-and-blooms/bitset"

	"rollcall/model"
	"rollcall/model/internal/parallel"
)

// reading is what the sources said of the lists that the sides of a walk reach:
// every group and every object once. It knows nothing of depths and recipients,
// which are a side's own.
type reading struct {
	options Options
	asOf    time.Time
	groups  []*listed          // in the order of discovery; listed.index points here
	byID    map[string]*listed // in lower case
	byMail  map[string]*listed // by every address in lower case
	fresh   []*listed          // found since the last round
	objects []model.Object     // distinct, groups left out
	byKey   map[string]int32   // identity key of an object → its index; nil: see keys
	synced  bitset.BitSet      // objects that Join has nothing to tell of
	enabled *[2]bool           // false and true, for all objects to point to
}

// listed is one group as it was read.
type listed struct {
	group    model.Group
	index    int
	same     *listed // the group that this one turned out to be; nil: itself
	source   Source
	stored   bool
	hidden   bool
	err      *model.Error
	instead  *model.Error
	members  []int32 // groups left out: indexes into reading.objects; ascending at the end
	children []*listed
}

// rootEdges is what one root stands for.
type rootEdges struct {
	label  string
	direct []int32 // objects, ascending
	groups []*listed
}

func newReading(o Options) *reading {
	return &reading{
		options: o,
		asOf:    o.Now().UTC(),
		byID:    make(map[string]*listed),
		byMail:  make(map[string]*listed),
		enabled: &[2]bool{false, true},
	}
}

// plant takes the roots of a side in. A root object without an id is the side's
// own: how one entry spells an address is not how another one does.
func (w *reading) plant(side int, roots []Root) []rootEdges {
	own := fmt.Sprintf("side%d:", side)
	n := 0
	for _, r := range roots {
		n += len(r.Objects)
	}
	planted := make([]rootEdges, len(roots))
	for i, r := range roots {
		edges := &planted[i]
		edges.label = r.Label
		if r.Distinct && len(w.objects) == 0 {
			edges.direct = w.adopt(&r)
			continue
		}
		if len(w.objects) == 0 {
			w.objects = make([]model.Object, 0, n)
		}
		edges.direct = make([]int32, 0, len(r.Objects))
		for k := range r.Objects {
			if o := &r.Objects[k]; o.Type == model.ObjectGroup {
				edges.groups = append(edges.groups, w.groupOf(o))
			} else if o.ID == "" {
				edges.direct = append(edges.direct, w.keyed(own+identityKey(o), o))
			} else {
				known := len(w.objects)
				i := w.object(o)
				if r.Synced && int(i) == known {
					w.synced.Set(uint(i))
				}
				edges.direct = append(edges.direct, i)
			}
		}
		edges.direct = distinct(edges.direct)
	}
	return planted
}

// adopt takes the objects of a distinct root in, before there are any others.
func (w *reading) adopt(r *Root) []int32 {
	w.objects = slices.Clip(r.Objects)
	direct := make([]int32, len(r.Objects))
	parallel.All(len(direct), objectsAtOnce, func(from, to int) {
		for i := from; i < to; i++ {
			direct[i] = int32(i)
			w.condense(&w.objects[i])
		}
	})
	for i := range direct {
		if r.Synced {
			w.synced.Set(uint(i))
		}
	}
	return direct
}

// read asks round by round until every group was read to its end.
func (w *reading) read(ctx context.Context, m Members) error {
	type open struct {
		group *listed
		next  string
	}
	var round []open
	read := 0
	for {
		for _, g := range w.fresh {
			round = append(round, open{group: g})
		}
		w.fresh = w.fresh[:0]
		if len(round) == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		w.options.Progress(read, len(w.groups))
		questions := make([]Question, len(round))
		for i, o := range round {
			questions[i] = Question{Group: o.group.group, Next: o.next}
		}
		listings, err := m.Members(ctx, questions)
		if err != nil {
			return err
		}
		if len(listings) != len(questions) {
			return miscounted(len(questions), len(listings))
		}
		var further []open
		for i := range listings {
			g, l := round[i].group, &listings[i]
			w.take(g, l)
			if l.Next != "" && l.Err == nil {
				further = append(further, open{g, l.Next})
				continue
			}
			g.members = slices.Clone(distinct(g.members))
			read++
		}
		round = further
		w.options.Progress(read, len(w.groups))
	}
}

// take stores what a source said of a group: all of it or a part.
func (w *reading) take(g *listed, l *Listing) {
	g.source, g.err = l.Source, l.Err
	g.stored, g.hidden = g.stored || l.Stored, g.hidden || l.Hidden
	if g.instead == nil {
		g.instead = l.Instead
	}
	g.members = slices.Grow(g.members, len(l.Members))
	for i := range l.Members {
		if o := &l.Members[i]; o.Type == model.ObjectGroup {
			g.children = append(g.children, w.groupOf(o))
		} else {
			g.members = append(g.members, w.object(o))
		}
	}
}

// groupOf returns the group that an object is, new or known. A source may name
// it by its id or, where it has none to give, by its address. A later mention
// that knows the group's properties completes an earlier one that did not.
func (w *reading) groupOf(o *model.Object) *listed {
	id, mail := strings.ToLower(o.ID), strings.ToLower(o.Mail)
	g := w.byMail[mail]
	if id != "" {
		named := g
		if g = w.byID[id]; g == nil && named != nil && named.group.ID == "" {
			g = named
		} else if g != nil && named != nil && named.group.ID == "" && named != g && named.same == nil {
			named.same = g // read by its id and by its address before anybody gave both
		}
	}
	if g == nil {
		g = &listed{index: len(w.groups), group: model.Group{ID: o.ID, DisplayName: o.DisplayName, Mail: o.Mail}}
		w.groups = append(w.groups, g)
		w.fresh = append(w.fresh, g)
	}
	switch {
	case o.Group != nil && (g.group.Kind == "" || g.group.ID == "" && o.Group.ID != ""):
		g.group = *o.Group
		if g.group.ID == "" {
			g.group.ID = o.ID
		}
	case g.group.ID == "":
		g.group.ID = o.ID
	}
	if isName := o.DisplayName != "" && !strings.EqualFold(o.DisplayName, o.Mail); g.group.DisplayName == "" || isName && strings.EqualFold(g.group.DisplayName, g.group.Mail) {
		g.group.DisplayName = o.DisplayName // who finds a list by its address may know no name
	}
	if g.group.Mail == "" {
		g.group.Mail = o.Mail
	}
	w.know(g, id, mail, o.ProxyAddresses)
	return g
}

// know lets a group be found by its id and addresses.
func (w *reading) know(g *listed, id, mail string, proxies []string) {
	if id != "" {
		w.byID[id] = g
	}
	address := func(a string) {
		if known, ok := w.byMail[a]; a != "" && (!ok || known.same == g) {
			w.byMail[a] = g
		}
	}
	address(mail)
	for _, proxy := range proxies {
		if a, ok := smtpAddress(proxy); ok {
			address(a)
		}
	}
}

// object returns the index of a member that is no group. A user who is named by
// an address alone is not the contact of the same address, whichever comes
// first: they are one recipient, for whom the user stands (see represent).
func (w *reading) object(o *model.Object) int32 {
	key := identityKey(o)
	if o.ID == "" && o.Type == model.ObjectUser {
		key = "user:" + key
	}
	if o.ID == "" && o.Type == model.ObjectUser && o.Mail != "" && w.options.JoinAddress != nil && !w.has(key) {
		if synced, ok := w.options.JoinAddress(o.Mail); ok && synced.ID != "" {
			named := *o
			named.ID = synced.ID
			fill(&named, &synced)
			i := w.object(&named)
			w.byKey[key] = i
			return i
		}
	}
	return w.keyed(key, o)
}

// keys returns what objects go by. It is made with the first mention of an
// object that may have been mentioned before: many an audience is one segment.
func (w *reading) keys() map[string]int32 {
	if w.byKey == nil {
		w.byKey = make(map[string]int32, cap(w.objects))
		for i := range w.objects {
			w.byKey[identityKey(&w.objects[i])] = int32(i)
		}
	}
	return w.byKey
}

func (w *reading) has(key string) bool {
	_, ok := w.keys()[key]
	return ok
}

// keyed returns the index of the object that goes by a key.
func (w *reading) keyed(key string, o *model.Object) int32 {
	known := w.keys()
	if i, ok := known[key]; ok {
		merge(&w.objects[i], o)
		return i
	}
	i := int32(len(w.objects))
	w.objects = append(w.objects, *o)
	w.condense(&w.objects[i])
	known[key] = i
	return i
}

// condense lets an object keep one copy of what it has several times, and of
// what nearly every object has: an answer spells each anew.
func (w *reading) condense(o *model.Object) {
	if len(o.ProxyAddresses) > 0 {
		if first := o.ProxyAddresses[0]; strings.HasSuffix(first, o.Mail) {
			o.Mail = first[len(first)-len(o.Mail):]
		}
	}
	if o.UserPrincipalName == o.Mail {
		o.UserPrincipalName = o.Mail
	}
	for _, known := range [...]string{"Member", "Guest"} {
		if o.UserType == known {
			o.UserType = known
		}
	}
	if o.AccountEnabled != nil {
		enabled := &w.enabled[0]
		if *o.AccountEnabled {
			enabled = &w.enabled[1]
		}
		o.AccountEnabled = enabled
	}
}

// join ends the reading: users are completed from the synced directory, and the
// groups that turned out to be one are made one.
func (w *reading) join() {
	w.byKey, w.byID, w.byMail, w.fresh = nil, nil, nil, nil
	if spare := cap(w.objects) - len(w.objects); spare > len(w.objects)/64 {
		w.objects = slices.Clone(w.objects) // without what growing left over
	}
	if w.options.Join != nil {
		for i := range w.objects {
			if !w.synced.Test(uint(i)) {
				complete(&w.objects[i], w.options.Join)
			}
		}
	}
	for _, g := range w.groups {
		if g.same == nil {
			continue
		}
		s := g.self()
		s.members = distinct(append(s.members, g.members...))
		s.children = append(s.children, g.children...)
		if (s.err != nil || s.hidden) && g.err == nil && !g.hidden {
			s.source, s.stored, s.hidden, s.err, s.instead = g.source, g.stored, g.hidden, g.err, g.instead
		}
	}
}

// self is the group that this one turned out to be.
func (g *listed) self() *listed {
	for g.same != nil {
		g = g.same
	}
	return g
}

// outline makes the nodes of one side: the groups that its roots reach, by the
// shortest way.
func (w *reading) outline(planted []rootEdges) *index {
	x := &index{roots: make([]rootNodes, len(planted)), objects: w.objects}
	byGroup := make([]*Node, len(w.groups))
	of := make([]*listed, 0, len(w.groups)) // of each node
	enter := func(g *listed, depth int) *Node {
		g = g.self()
		n := byGroup[g.index]
		if n == nil {
			n = &Node{
				Group: g.group, Depth: depth, Hidden: g.hidden, Source: g.source, Stored: g.stored, Err: g.err, Instead: g.instead,
				index: len(x.nodes), members: g.members,
			}
			byGroup[g.index] = n
			x.nodes = append(x.nodes, n)
			of = append(of, g)
		}
		return n
	}
	for i, root := range planted {
		r := &x.roots[i]
		r.label, r.direct = root.label, root.direct
		for _, g := range root.groups {
			r.nodes = append(r.nodes, enter(g, 0))
		}
		r.nodes = distinctNodes(r.nodes)
	}
	for at := 0; at < len(x.nodes); at++ { // in the order of depth
		n := x.nodes[at]
		for _, g := range of[at].children {
			n.Children = append(n.Children, enter(g, n.Depth+1))
		}
		n.Children = distinctNodes(n.Children)
		n.Direct = len(n.members) + len(n.Children)
		for _, c := range n.Children {
			c.Parents = append(c.Parents, n)
		}
	}
	for _, n := range x.nodes {
		slices.SortFunc(n.Parents, compareNodes)
	}
	x.present = w.present(x)
	return x
}

// present are the objects that a side reaches; nil where it reaches all.
func (w *reading) present(x *index) *bitset.BitSet {
	set := bitset.New(uint(len(w.objects)))
	take := func(members []int32) {
		for _, m := range members {
			set.Set(uint(m))
		}
	}
	for i := range x.roots {
		take(x.roots[i].direct)
	}
	for _, n := range x.nodes {
		take(n.members)
	}
	if set.All() {
		return nil
	}
	return set
}

func distinctNodes(list []*Node) []*Node {
	slices.SortFunc(list, compareNodes)
	return slices.Compact(list)
}
