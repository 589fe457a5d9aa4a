package seed

import (
	"strconv"
	"strings"
)

// slab composes the texts and lists of one user in two pieces of memory: taken
// one by one, they would make the allocator the largest cost of a page. What
// was handed out stays as it is. The zero value is ready for use.
type slab struct {
	text  strings.Builder
	lists []string
}

// Sizes that hold what most users have.
const (
	slabText  = 480
	slabLists = 6
)

// join returns the parts as one text.
func (s *slab) join(parts ...string) string {
	from := s.text.Len()
	s.write(parts...)
	return s.since(from)
}

// write adds to the text that since returns.
func (s *slab) write(parts ...string) {
	for _, p := range parts {
		s.text.WriteString(p)
	}
}

// id returns an object id as a text.
func (s *slab) id(text [idText]byte) string {
	from := s.text.Len()
	s.text.Write(text[:])
	return s.since(from)
}

// digits writes a number with leading zeros up to a width.
func (s *slab) digits(n, width int) {
	var digits [20]byte
	b := strconv.AppendInt(digits[:0], int64(n), 10)
	for range width - len(b) {
		s.text.WriteByte('0')
	}
	s.text.Write(b)
}

// numbered returns a prefix and a number with leading zeros up to a width.
func (s *slab) numbered(prefix string, n, width int) string {
	from := s.text.Len()
	s.write(prefix)
	s.digits(n, width)
	return s.since(from)
}

// grow makes room for a whole user.
func (s *slab) grow() {
	s.text.Grow(slabText)
	s.lists = make([]string, 0, slabLists)
}

// since returns what was written after a mark that text.Len gave.
func (s *slab) since(from int) string { return s.text.String()[from:] }

// list returns the values as a list of its own.
func (s *slab) list(values ...string) []string {
	from := len(s.lists)
	s.lists = append(s.lists, values...)
	return s.lists[from:len(s.lists):len(s.lists)]
}
