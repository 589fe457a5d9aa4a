package cache

import (
	"encoding/binary"
	"encoding/hex"

	"rollcall/model"
)

// A page is the changes of one commit as bytes:
//
//	uvarint   how many changes, managers, fields and values follow
//	changes   each:
//	  tag       a byte: see below
//	  id        reference
//	  manager   reference, where the tag says one
//	  removed   text, where the tag says another reason
//	  uvarint   how many fields
//	  fields    each: uvarint name<<2 | kind, then
//	              text: text; collection: uvarint count, texts; null: nothing
//
// A reference is 16 bytes or a text, as the tag says. A text is a uvarint
// length and its bytes. name is an index into the file's own table of Graph
// names, so that the catalogue may change its order.
const (
	tagTextID = 1 << 0 // the id is a text; otherwise 16 bytes
	tagWhole  = 1 << 1

	tagManager        = 3 << 2 // one of the next four
	tagManagerNotSaid = 0 << 2
	tagManagerNone    = 1 << 2
	tagManagerPacked  = 2 << 2
	tagManagerText    = 3 << 2

	tagRemoved        = 3 << 4 // one of the next four
	tagPresent        = 0 << 4
	tagRemovedDeleted = 1 << 4
	tagRemovedChanged = 2 << 4
	tagRemovedText    = 3 << 4
)

// The kinds of a field.
const (
	kindNull = iota
	kindText
	kindCollection
)

// The usual values of model.Change.Removed.
const (
	removedDeleted = "deleted"
	removedChanged = "changed"
)

// guidLen is the length of an object id in Entra's own form.
const guidLen = 36

// appendPage appends the changes as a page. Names that the table lacks are
// added to it.
func appendPage(dst []byte, changes []model.Change, n *names) []byte {
	var managers, fields, values int
	for i := range changes {
		c := &changes[i]
		if c.Manager != nil && *c.Manager != "" {
			managers++
		}
		fields += len(c.Fields)
		for k := range c.Fields {
			values += len(c.Fields[k].Values)
		}
	}
	for _, count := range []int{len(changes), managers, fields, values} {
		dst = binary.AppendUvarint(dst, uint64(count))
	}
	for i := range changes {
		dst = appendChange(dst, &changes[i], n)
	}
	return dst
}

func appendChange(dst []byte, c *model.Change, n *names) []byte {
	at := len(dst)
	dst = append(dst, 0)
	tag := byte(0)
	if c.Whole {
		tag |= tagWhole
	}
	if g, ok := packGUID(c.ID); ok {
		dst = append(dst, g[:]...)
	} else {
		tag |= tagTextID
		dst = appendText(dst, c.ID)
	}
	switch {
	case c.Manager == nil:
	case *c.Manager == "":
		tag |= tagManagerNone
	default:
		if g, ok := packGUID(*c.Manager); ok {
			tag |= tagManagerPacked
			dst = append(dst, g[:]...)
		} else {
			tag |= tagManagerText
			dst = appendText(dst, *c.Manager)
		}
	}
	switch c.Removed {
	case "":
	case removedDeleted:
		tag |= tagRemovedDeleted
	case removedChanged:
		tag |= tagRemovedChanged
	default:
		tag |= tagRemovedText
		dst = appendText(dst, c.Removed)
	}
	dst[at] = tag
	dst = binary.AppendUvarint(dst, uint64(len(c.Fields)))
	for i := range c.Fields {
		dst = appendField(dst, &c.Fields[i], n)
	}
	return dst
}

func appendField(dst []byte, f *model.Field, n *names) []byte {
	name := uint64(n.index(f.Attr)) << 2
	switch {
	case f.Values != nil:
		dst = binary.AppendUvarint(dst, name|kindCollection)
		dst = binary.AppendUvarint(dst, uint64(len(f.Values)))
		for _, v := range f.Values {
			dst = appendText(dst, v)
		}
		return dst
	case f.Value == "":
		return binary.AppendUvarint(dst, name|kindNull)
	}
	return appendText(binary.AppendUvarint(dst, name|kindText), f.Value)
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// pageReader turns a page into changes. The changes and their texts share a
// few allocations, and nothing with the reader.
type pageReader struct {
	cursor
	names  *names
	guids  []byte    // object ids, guidLen each
	wanted []*string // where those go
}

// readPage reads a whole page.
func readPage(page []byte, n *names) ([]model.Change, error) {
	r := &pageReader{cursor: cursor{body: page, text: string(page)}, names: n}
	changes := make([]model.Change, r.count())
	managers := make([]string, 0, r.count())
	fields := make([]model.Field, 0, r.count())
	values := make([]string, 0, r.count())
	r.guids = make([]byte, 0, guidLen*(len(changes)+cap(managers)))
	r.wanted = make([]*string, 0, len(changes)+cap(managers))
	for i := range changes {
		r.change(&changes[i], &managers, &fields, &values)
		if r.bad {
			return nil, damage("change %d of %d makes no sense", i, len(changes))
		}
	}
	if r.bad || r.at != len(page) {
		return nil, damage("a page of %d bytes ends after %d", len(page), r.at)
	}
	guids := string(r.guids)
	for i, p := range r.wanted {
		*p = guids[i*guidLen : (i+1)*guidLen]
	}
	return changes, nil
}

// change reads one change. What it needs of managers, fields and values must
// fit into their capacity: changes that are read already point into them.
func (r *pageReader) change(c *model.Change, managers *[]string, fields *[]model.Field, values *[]string) {
	tag := r.byte()
	c.Whole = tag&tagWhole != 0
	r.reference(&c.ID, tag&tagTextID != 0)
	switch tag & tagManager {
	case tagManagerNotSaid:
	case tagManagerNone:
		c.Manager = new(string)
	default:
		if len(*managers) == cap(*managers) {
			r.bad = true
			return
		}
		*managers = append(*managers, "")
		c.Manager = &(*managers)[len(*managers)-1]
		r.reference(c.Manager, tag&tagManager == tagManagerText)
	}
	switch tag & tagRemoved {
	case tagPresent:
	case tagRemovedDeleted:
		c.Removed = removedDeleted
	case tagRemovedChanged:
		c.Removed = removedChanged
	case tagRemovedText:
		c.Removed = r.next()
	}
	from := len(*fields)
	for range r.count() {
		f, known := r.field(values)
		if r.bad || len(*fields) == cap(*fields) {
			r.bad = true
			return
		}
		if known {
			*fields = append(*fields, f)
		}
	}
	if to := len(*fields); to > from {
		c.Fields = (*fields)[from:to:to]
	}
}

// reference reads an object id, of which 16 bytes get their text only when the
// whole page has been read.
func (r *pageReader) reference(id *string, isText bool) {
	if isText {
		*id = r.next()
		r.bad = r.bad || *id == ""
		return
	}
	if len(r.body)-r.at < 16 {
		r.fail()
		return
	}
	r.guids = appendGUID(r.guids, [16]byte(r.body[r.at:]))
	r.wanted = append(r.wanted, id)
	r.at += 16
}

// field reads one field; known is false when this schema lacks its attribute.
func (r *pageReader) field(values *[]string) (f model.Field, known bool) {
	head := r.uvarint()
	if head>>2 >= uint64(len(r.names.list)) {
		r.fail()
		return f, false
	}
	f.Attr, known = r.names.attr(head >> 2)
	switch head & 3 {
	case kindNull:
	case kindText:
		f.Value = r.next()
	case kindCollection:
		n, from := r.count(), len(*values)
		if n > cap(*values)-from {
			r.fail()
			return f, false
		}
		for range n {
			*values = append(*values, r.next())
		}
		f.Values = (*values)[from : from+n : from+n]
	default:
		r.fail()
	}
	return f, known
}

// cursor walks over bytes, and over the same bytes as a string. Whatever does
// not fit sets bad, after which every answer is empty.
type cursor struct {
	body []byte
	text string
	at   int
	bad  bool
}

func (c *cursor) fail() { c.bad, c.at = true, len(c.body) }

func (c *cursor) byte() byte {
	if c.at >= len(c.body) {
		c.fail()
		return 0
	}
	c.at++
	return c.body[c.at-1]
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.body[c.at:])
	if n <= 0 {
		c.fail()
		return 0
	}
	c.at += n
	return v
}

// count reads how many of something follow, each of a byte at least.
func (c *cursor) count() int {
	n := c.uvarint()
	if n > uint64(len(c.body)-c.at) {
		c.fail()
		return 0
	}
	return int(n)
}

func (c *cursor) next() string {
	n := c.count()
	s := c.text[c.at : c.at+n]
	c.at += n
	return s
}

// packGUID packs the form that Entra writes, 36 characters in lower case. Any
// other text is not packed, so that what comes out is what went in.
func packGUID(s string) (g [16]byte, ok bool) {
	if len(s) != guidLen || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, false
	}
	n := 0
	for i := 0; i < len(s); {
		if s[i] == '-' && (i == 8 || i == 13 || i == 18 || i == 23) {
			i++
			continue
		}
		hi, lo := nibble(s[i]), nibble(s[i+1])
		if hi > 15 || lo > 15 {
			return g, false
		}
		g[n] = hi<<4 | lo
		n++
		i += 2
	}
	return g, true
}

func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

func appendGUID(dst []byte, g [16]byte) []byte {
	for i, part := range [][]byte{g[:4], g[4:6], g[6:8], g[8:10], g[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}
