package writeback

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"rollcall/model"
)

// A plan is in order throughout: a group of 200,000 is compared, hashed and
// checked by walking sorted lists side by side, which takes a fraction of what
// maps of as many ids do.

// place is a text's position in its list, and the eight bytes that it begins
// with as a number that sorts as they do.
type place struct {
	prefix uint64
	at     int32
}

// inOrder returns the positions of n texts in ascending order of these, equal
// ones in the order in which they stand.
func inOrder(n int, text func(int) string) []int32 {
	places, counts := make([]place, n), new([8][256]int32)
	for i := range places {
		places[i] = place{prefixOf(text(i)), int32(i)}
		for b, p := 0, places[i].prefix; b < 8; b, p = b+1, p>>8 {
			counts[b][p&0xff]++
		}
	}
	spare := make([]place, n)
	for b := range counts {
		places, spare = byByte(places, spare, b, &counts[b])
	}
	for from := 0; from < n; {
		to := from + 1
		for to < n && places[to].prefix == places[from].prefix {
			to++
		}
		if to-from > 1 {
			slices.SortFunc(places[from:to], func(a, b place) int {
				return cmp.Or(strings.Compare(text(int(a.at)), text(int(b.at))), cmp.Compare(a.at, b.at))
			})
		}
		from = to
	}
	order := make([]int32, n)
	for i, p := range places {
		order[i] = p.at
	}
	return order
}

// byByte sorts by the b-th byte of the prefixes, the lowest first, and leaves
// equal ones as they are. It returns the sorted list and one to sort into next.
func byByte(places, spare []place, b int, counts *[256]int32) (sorted, free []place) {
	var from [256]int32
	sum := int32(0)
	for value, n := range counts {
		if int(n) == len(places) {
			return places, spare // they all have it
		}
		from[value] = sum
		sum += n
	}
	for _, p := range places {
		value := p.prefix >> (8 * b) & 0xff
		spare[from[value]] = p
		from[value]++
	}
	return spare, places
}

func prefixOf(s string) uint64 {
	if len(s) < 8 {
		var first [8]byte
		copy(first[:], s)
		return binary.BigEndian.Uint64(first[:])
	}
	return uint64(s[7]) | uint64(s[6])<<8 | uint64(s[5])<<16 | uint64(s[4])<<24 |
		uint64(s[3])<<32 | uint64(s[2])<<40 | uint64(s[1])<<48 | uint64(s[0])<<56
}

// objectsInOrder returns the objects in ascending order of their ids, each id
// once: pages may repeat an object where they meet.
func objectsInOrder(objects []model.Object) []*model.Object {
	ordered := make([]*model.Object, 0, len(objects))
	for _, at := range inOrder(len(objects), func(i int) string { return objects[i].ID }) {
		o := &objects[at]
		if n := len(ordered); n == 0 || ordered[n-1].ID != o.ID {
			ordered = append(ordered, o)
		}
	}
	return ordered
}

// sideBySide calls each for every id that stands in one of two ordered lists:
// with the object of either, or nil where a list does not have it.
func sideBySide(members, wanted []*model.Object, each func(member, wanted *model.Object)) {
	for len(members) > 0 && len(wanted) > 0 {
		switch c := strings.Compare(members[0].ID, wanted[0].ID); {
		case c < 0:
			each(members[0], nil)
			members = members[1:]
		case c > 0:
			each(nil, wanted[0])
			wanted = wanted[1:]
		default:
			each(members[0], wanted[0])
			members, wanted = members[1:], wanted[1:]
		}
	}
	for _, o := range members {
		each(o, nil)
	}
	for _, o := range wanted {
		each(nil, o)
	}
}

// idsInOrder returns the rows' ids in ascending order.
func idsInOrder(rows ...[]Ref) []string {
	var ids []string
	for _, list := range rows {
		for i := range list {
			ids = append(ids, list[i].ID)
		}
	}
	return textsInOrder(ids)
}

// textsInOrder returns the texts in ascending order, and never nil.
func textsInOrder(texts []string) []string {
	if len(texts) > 0 && slices.IsSorted(texts) {
		return texts
	}
	return sortedBy(texts, func(s *string) string { return *s })
}

// refsInOrder returns the rows in the order of a plan: see compareRefs.
func refsInOrder(refs []Ref) []Ref {
	type named struct {
		name string // in lower case, once for all comparisons
		ref  Ref
	}
	list := make([]named, len(refs))
	for i, r := range refs {
		list[i] = named{strings.ToLower(r.UserPrincipalName), r}
	}
	list = sortedBy(list, func(n *named) string { return n.ref.ID })
	list = sortedBy(list, func(n *named) string { return n.name })
	for i := range list {
		refs[i] = list[i].ref
	}
	return refs
}

// together returns the texts in one piece of memory, as they will be walked
// several times; and so that they do not hold on to the pages they came in.
func together(texts []string) []string {
	all := strings.Join(texts, "")
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i], all = all[:len(s)], all[len(s):]
	}
	return out
}

// sortedBy returns the elements in ascending order of a text of theirs, those
// with the same one as they stand.
func sortedBy[T any](list []T, text func(*T) string) []T {
	ordered := make([]T, len(list))
	for i, at := range inOrder(len(list), func(i int) string { return text(&list[i]) }) {
		ordered[i] = list[at]
	}
	return ordered
}
