package writeback

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

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

// inOrder returns the places of n texts in ascending order of these, equal ones
// in the order in which they stand.
func inOrder(n int, text func(int) string) []place {
	places := make([]place, n)
	for i := range places { // by itself, so that the processor reads ahead
		places[i] = place{prefixOf(text(i)), int32(i)}
	}
	return sorted(places, text)
}

// sorted sorts places by their prefixes, and equal ones as inOrder says.
func sorted(places []place, text func(int) string) []place {
	n, counts := len(places), new([8][256]int32)
	for i := range places {
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
	return places
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

// listing is a list of objects in ascending order of their ids. It holds places
// and no pointers, which the garbage collector would follow.
type listing struct {
	objects []model.Object
	places  []place
	// rest are the latter halves of ids that are GUIDs, whose former halves are
	// then the prefixes: two such lists are compared without reading an id again.
	// nil where one of the ids is something else.
	rest []uint64
}

// listed puts objects in order, each id once: pages may repeat an object where
// they meet. Ids are compared as the GUIDs that they are where guids says so and
// all of them are.
func listed(objects []model.Object, guids bool) *listing {
	l := &listing{objects: objects}
	id := func(i int) string { return objects[i].ID }
	if l.places, l.rest = make([]place, len(objects)), make([]uint64, len(objects)); !guids || !l.pack() {
		l.places, l.rest = inOrder(len(objects), id), nil
	} else {
		l.places = sorted(l.places, id)
	}
	l.places = slices.CompactFunc(l.places, func(a, b place) bool {
		return a.prefix == b.prefix && objects[a.at].ID == objects[b.at].ID
	})
	return l
}

// bothListed lists two lists that are to be walked side by side.
func bothListed(first, second []model.Object) (a, b *listing) {
	for _, guids := range []bool{true, false} {
		var sorting sync.WaitGroup
		sorting.Go(func() { b = listed(second, guids) })
		a = listed(first, guids)
		sorting.Wait()
		if (a.rest == nil) == (b.rest == nil) {
			break
		}
	}
	return a, b
}

// pack fills the places and the rest from ids that are GUIDs in small letters,
// which sort as their numbers do. It reports whether all of them are.
func (l *listing) pack() bool {
	for i := range l.objects {
		former, latter, ok := packGUID(l.objects[i].ID)
		if !ok {
			return false
		}
		l.places[i], l.rest[i] = place{former, int32(i)}, latter
	}
	return true
}

// packGUID reads a GUID in small letters as two numbers.
func packGUID(id string) (former, latter uint64, ok bool) {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return 0, 0, false
	}
	bad := byte(0)
	digits := func(n uint64, s string) uint64 {
		for i := range len(s) {
			d := hexDigit[s[i]]
			bad |= d
			n = n<<4 | uint64(d&0xf)
		}
		return n
	}
	former = digits(digits(digits(0, id[:8]), id[9:13]), id[14:18])
	latter = digits(digits(0, id[19:23]), id[24:])
	return former, latter, bad&noDigit == 0
}

// noDigit marks what is no hexadecimal digit in small letters.
const noDigit = 0x80

var hexDigit = func() (values [256]byte) {
	for c := range values {
		values[c] = noDigit
	}
	for d, c := range "0123456789abcdef" {
		values[c] = byte(d)
	}
	return values
}()

// next takes the first object off the list and returns where it stands.
func (l *listing) next() int32 {
	at := l.places[0].at
	l.places = l.places[1:]
	return at
}

// compare compares the ids of two lists' first objects, either both of GUIDs or
// neither. It reads them only where what they begin with does not tell them
// apart.
func (l *listing) compare(m *listing) int {
	a, b := l.places[0], m.places[0]
	if c := cmp.Compare(a.prefix, b.prefix); c != 0 {
		return c
	}
	if l.rest != nil {
		return cmp.Compare(l.rest[a.at], m.rest[b.at])
	}
	return strings.Compare(l.objects[a.at].ID, m.objects[b.at].ID)
}

// none stands for an object that a list does not have.
const none = -1

// sideBySide calls each for every id that stands in one of two lists, with
// where its object stands in either, or none.
func sideBySide(members, wanted *listing, each func(member, wanted int32)) {
	for len(members.places) > 0 && len(wanted.places) > 0 {
		switch c := members.compare(wanted); {
		case c < 0:
			each(members.next(), none)
		case c > 0:
			each(none, wanted.next())
		default:
			each(members.next(), wanted.next())
		}
	}
	for len(members.places) > 0 {
		each(members.next(), none)
	}
	for len(wanted.places) > 0 {
		each(none, wanted.next())
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
	ordered := make([]string, len(texts))
	for i, p := range inOrder(len(texts), func(i int) string { return texts[i] }) {
		ordered[i] = texts[p.at]
	}
	return ordered
}

// refsInOrder returns the rows in the order of a plan: see compareRefs.
func refsInOrder(refs []Ref) []Ref {
	byID := inOrder(len(refs), func(i int) string { return refs[i].ID })
	names := make([]string, len(refs)) // in lower case, once for all comparisons
	for i, p := range byID {
		names[i] = strings.ToLower(refs[p.at].UserPrincipalName)
	}
	ordered := make([]Ref, len(refs))
	for i, p := range inOrder(len(names), func(i int) string { return names[i] }) {
		ordered[i] = refs[byID[p.at].at]
	}
	return ordered
}

// idsOfAll returns the ids of the objects at these places, in one piece of
// memory: they are walked several times, and do not hold on to the pages that
// they came in.
func idsOfAll(objects []model.Object, at []int32) []string {
	size := 0
	for _, i := range at {
		size += len(objects[i].ID)
	}
	var b strings.Builder
	b.Grow(size)
	for _, i := range at {
		b.WriteString(objects[i].ID)
	}
	all, ids := b.String(), make([]string, len(at))
	for k, i := range at {
		n := len(objects[i].ID)
		ids[k], all = all[:n], all[n:]
	}
	return ids
}
