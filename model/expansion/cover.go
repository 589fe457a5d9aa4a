package expansion

import (
	"iter"
	"slices"
	"strings"

	"github.com/bits-and-blooms/bitset"

	"rollcall/model"
)

// Objects returns every distinct object that the walk found, groups left out:
// recipients with all that folded into them, those without an address, those
// that are no recipients and those of which only the id could be read. The
// slice must not be changed.
func (r *Result) Objects() []model.Object {
	if r.index.present == nil {
		return r.index.objects
	}
	objects := make([]model.Object, 0, r.index.present.Count())
	for i := range r.index.present.EachSet() {
		objects = append(objects, r.index.objects[i])
	}
	return objects
}

// owners finds the objects of a result by what they go by.
type owners struct {
	byID      map[string]int32
	primary   map[string]int32 // in lower case → the first object in a chain
	secondary map[string]int32 // every proxy address in lower case → the first claim in a chain
	same      []int32          // object → the next one with the same primary address, or -1
	claims    []claim
}

// claim is one proxy address of an object.
type claim struct {
	object int32
	next   int32 // of the same address, or -1
}

func (x *index) indexOwners() *owners {
	w := &owners{
		byID:      make(map[string]int32, len(x.objects)),
		primary:   make(map[string]int32, x.recipients),
		secondary: make(map[string]int32, x.recipients),
		same:      make([]int32, len(x.objects)),
	}
	for i := range x.objects {
		w.same[i] = -1
		if !x.has(i) {
			continue
		}
		o := &x.objects[i]
		if o.ID != "" {
			w.byID[strings.ToLower(o.ID)] = int32(i)
		}
		if x.recipient[i] < 0 {
			continue
		}
		mail := strings.ToLower(o.Mail)
		if first, ok := w.primary[mail]; ok {
			w.same[i] = first
		}
		w.primary[mail] = int32(i)
		for _, proxy := range o.ProxyAddresses {
			if a, ok := smtpAddress(proxy); ok {
				c := claim{object: int32(i), next: -1}
				if first, ok := w.secondary[a]; ok {
					c.next = first
				}
				w.secondary[a] = int32(len(w.claims))
				w.claims = append(w.claims, c)
			}
		}
	}
	return w
}

// withPrimary returns the recipients' objects whose primary address it is.
func (w *owners) withPrimary(address string) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		i, ok := w.primary[address]
		for ; ok && i >= 0; i = w.same[i] {
			if !yield(i) {
				return
			}
		}
	}
}

// withProxy returns the recipients' objects that have it among all of theirs.
func (w *owners) withProxy(address string) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		c, ok := w.secondary[address]
		for ; ok && c >= 0; c = w.claims[c].next {
			if !yield(w.claims[c].object) {
				return
			}
		}
	}
}

// held returns the objects that are what o is: by the object id, or by a
// primary address of one that is an address of the other. One may come twice.
func (w *owners) held(o *model.Object) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		if o.ID != "" {
			if i, ok := w.byID[strings.ToLower(o.ID)]; ok && !yield(i) {
				return
			}
		}
		if o.Mail != "" {
			mail := strings.ToLower(o.Mail)
			for i := range w.withPrimary(mail) {
				if !yield(i) {
					return
				}
			}
			for i := range w.withProxy(mail) {
				if !yield(i) {
					return
				}
			}
		}
		for _, proxy := range o.ProxyAddresses {
			if a, ok := smtpAddress(proxy); ok {
				for i := range w.withPrimary(a) {
					if !yield(i) {
						return
					}
				}
			}
		}
	}
}

// Cover answers whether an object is among those of a result, and by which of
// its roots.
type Cover struct {
	owners *owners
	roots  []*bitset.BitSet // objects that each root reaches; nil until somebody asks
	index  *index
}

// Cover returns the test for membership in the result.
func (r *Result) Cover() *Cover { return &Cover{owners: r.index.owners(), index: r.index} }

// Holds reports whether the result has the object: by its object id, or by a
// primary address of one that is an address of the other.
func (c *Cover) Holds(o *model.Object) bool {
	for range c.owners.held(o) {
		return true
	}
	return false
}

// HeldBy returns which roots, by their positions in Roots and ascending, reach
// an object in the same sense. It is not safe for concurrent use.
func (c *Cover) HeldBy(o *model.Object) []int {
	if c.roots == nil {
		c.roots = make([]*bitset.BitSet, len(c.index.roots))
		for i := range c.roots {
			c.roots[i] = c.index.objectsFrom(&c.index.roots[i])
		}
	}
	var roots []int
	for i := range c.owners.held(o) {
		for k, set := range c.roots {
			if set.Test(uint(i)) && !slices.Contains(roots, k) {
				roots = append(roots, k)
			}
		}
	}
	slices.Sort(roots)
	return roots
}
