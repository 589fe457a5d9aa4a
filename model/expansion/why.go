package expansion

import (
	"slices"
	"strings"

	"rollcall/model"
)

// Path is one way on which a recipient is reached.
type Path struct {
	Entry  string       // label of the root
	Groups []*Node      // from the root's own group to the list that names the member; empty when the entry does
	Member model.Object // the object that is listed; another than the recipient's own when addresses folded
}

// String writes the path as entry → list → … → address.
func (p Path) String() string {
	parts := make([]string, 0, len(p.Groups)+2)
	parts = append(parts, p.Entry)
	for _, n := range p.Groups {
		parts = append(parts, n.Name())
	}
	return strings.Join(append(parts, p.Member.Mail), " → ")
}

// stepsPerPath bounds the search for further paths where lists form a dense
// cycle, in which most ways lead nowhere.
const stepsPerPath = 1000

// Why returns the paths from the roots to the recipient that owns an address,
// primary or secondary and of any object that folded into it, in any letter
// case; or that has the object id. A path
// visits no list twice. At most limit paths are returned, short ones first
// where lists differ in depth; cut reports that there may be more. An address
// that receives nothing has no paths.
func (r *Result) Why(address string, limit int) (paths []Path, cut bool) {
	target, ok := r.find(address)
	if !ok {
		return nil, false
	}
	s := &search{index: r.index, limit: limit, steps: stepsPerPath * max(1, limit)}
	s.rootsOf = make(map[*Node][]string)
	for i := range s.index.roots {
		root := &s.index.roots[i]
		for _, m := range root.direct {
			if s.index.recipient[m] == target {
				s.add(Path{Entry: root.label, Member: s.index.objects[m]})
			}
		}
		for _, n := range root.nodes {
			s.rootsOf[n] = append(s.rootsOf[n], root.label)
		}
	}
	for _, n := range r.Nodes {
		for _, m := range n.members {
			if s.index.recipient[m] == target {
				s.member = s.index.objects[m]
				s.climb(n)
			}
		}
		if s.cut {
			break
		}
	}
	return s.paths, s.cut
}

// find returns the recipient that goes by an address or object id: by a primary
// address first, by a secondary one last. It looks at each object, which takes
// less than to index them for one question.
func (r *Result) find(address string) (int32, bool) {
	key := strings.ToLower(strings.TrimSpace(address))
	if key == "" {
		return 0, false
	}
	byID, byProxy := int32(-1), int32(-1)
	for i := range r.index.objects {
		recipient := r.index.recipient[i]
		if recipient < 0 {
			continue
		}
		o := &r.index.objects[i]
		if strings.ToLower(o.Mail) == key {
			return recipient, true
		}
		if byID < 0 && strings.ToLower(o.ID) == key {
			byID = recipient
		}
		for _, proxy := range o.ProxyAddresses {
			if byProxy >= 0 {
				break
			}
			if a, ok := smtpAddress(proxy); ok && a == key {
				byProxy = recipient
			}
		}
	}
	if byID >= 0 {
		return byID, true
	}
	return byProxy, byProxy >= 0
}

// search climbs from the lists that name a recipient to the roots.
type search struct {
	index   *index
	rootsOf map[*Node][]string
	member  model.Object
	below   []*Node // the lists passed so far, the lowest first
	paths   []Path
	limit   int
	steps   int
	cut     bool
}

func (s *search) add(p Path) {
	if len(s.paths) == s.limit {
		s.cut = true
		return
	}
	s.paths = append(s.paths, p)
}

// climb adds every path that goes through n and the lists in below. It tries
// the parents nearest to a root first: the first one climbed always ends.
func (s *search) climb(n *Node) {
	if s.steps--; s.steps < 0 {
		s.cut = true
	}
	if s.cut {
		return
	}
	s.below = append(s.below, n)
	for _, label := range s.rootsOf[n] {
		groups := slices.Clone(s.below)
		slices.Reverse(groups)
		s.add(Path{Entry: label, Groups: groups, Member: s.member})
	}
	parents := slices.Clone(n.Parents)
	slices.SortStableFunc(parents, func(a, b *Node) int { return a.Depth - b.Depth })
	for _, p := range parents {
		if !slices.Contains(s.below, p) {
			s.climb(p)
		}
	}
	s.below = s.below[:len(s.below)-1]
}
