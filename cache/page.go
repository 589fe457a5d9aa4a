package cache

import (
	"encoding/binary"
	"encoding/hex"

	"rollcall/model"
)

// A page is the changes of one commit as bytes. What is alike stands together,
// which S2 compresses better and in four fifths of the time:
//
//	uvarint   how many changes, managers, fields and values follow
//	uvarint   length of the shapes in bytes
//	tags      a byte for each change: see below
//	ids       16 bytes for each object id, and for each manager's, that its
//	          change's tag calls packed
//	shapes    for each change: uvarint, how many fields; for each of them:
//	          uvarint name<<2 | kind; for a collection: uvarint, how many values
//	texts     for each change: id, manager and reason of the removal, where its
//	          tag calls them texts; the values of its fields
//
// A text is a uvarint length and its bytes. name is an index into the file's
// own table of Graph names, so that the catalogue may change its order.
const (
	tagTextID = 1 << 0 // the id is a text; otherwise it is packed
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

// The lengths of an object id in Entra's own form, and packed.
const (
	guidLen   = 36
	packedLen = 16
)

// pageWriter turns changes into pages. It keeps its room from one to the next.
type pageWriter struct {
	page, tags, ids, shapes, texts []byte
}

// write returns the changes as a page, which is valid until the next call.
// Names that the table lacks are added to it.
func (w *pageWriter) write(changes []model.Change, n *names) []byte {
	w.tags, w.ids, w.shapes, w.texts = w.tags[:0], w.ids[:0], w.shapes[:0], w.texts[:0]
	managers, fields, values := 0, 0, 0
	for i := range changes {
		c := &changes[i]
		if c.Manager != nil {
			managers++
		}
		fields += len(c.Fields)
		w.change(c)
		w.shapes = binary.AppendUvarint(w.shapes, uint64(len(c.Fields)))
		for k := range c.Fields {
			values += len(c.Fields[k].Values)
			w.field(&c.Fields[k], n)
		}
	}
	w.page = w.page[:0]
	for _, count := range []int{len(changes), managers, fields, values, len(w.shapes)} {
		w.page = binary.AppendUvarint(w.page, uint64(count))
	}
	for _, section := range [][]byte{w.tags, w.ids, w.shapes, w.texts} {
		w.page = append(w.page, section...)
	}
	return w.page
}

// change writes everything of a change but its fields.
func (w *pageWriter) change(c *model.Change) {
	tag := byte(0)
	if c.Whole {
		tag |= tagWhole
	}
	if !w.id(c.ID) {
		tag |= tagTextID
	}
	switch {
	case c.Manager == nil:
	case *c.Manager == "":
		tag |= tagManagerNone
	case w.id(*c.Manager):
		tag |= tagManagerPacked
	default:
		tag |= tagManagerText
	}
	switch c.Removed {
	case "":
	case removedDeleted:
		tag |= tagRemovedDeleted
	case removedChanged:
		tag |= tagRemovedChanged
	default:
		tag |= tagRemovedText
		w.text(c.Removed)
	}
	w.tags = append(w.tags, tag)
}

// id writes an object id and reports whether it could be packed.
func (w *pageWriter) id(id string) bool {
	g, ok := packGUID(id)
	if ok {
		w.ids = append(w.ids, g[:]...)
	} else {
		w.text(id)
	}
	return ok
}

func (w *pageWriter) field(f *model.Field, n *names) {
	kind := kindNull
	switch {
	case f.Values != nil:
		kind = kindCollection
	case f.Value != "":
		kind = kindText
		w.text(f.Value)
	}
	w.shapes = binary.AppendUvarint(w.shapes, uint64(n.index(f.Attr))<<2|uint64(kind))
	if kind == kindCollection {
		w.shapes = binary.AppendUvarint(w.shapes, uint64(len(f.Values)))
		for _, v := range f.Values {
			w.text(v)
		}
	}
}

func (w *pageWriter) text(s string) {
	w.texts = append(binary.AppendUvarint(w.texts, uint64(len(s))), s...)
}

// pageReader is a page that is being read.
type pageReader struct {
	names        *names
	tags, shapes cursor
	ids          []byte // packed
	texts        cursor
	bad          bool

	// What the changes point into. None of these may grow beyond the room that
	// it has from the beginning.
	managers []string
	fields   []model.Field
	values   []string

	guids  []byte    // what was packed, guidLen each
	wanted []*string // where those go
}

// readPage reads a whole page. The changes and their texts share a few
// allocations, and nothing with the page.
func readPage(page []byte, n *names) ([]model.Change, error) {
	head := cursor{body: page}
	var changes, managers, fields, values int
	for _, count := range []*int{&changes, &managers, &fields, &values} {
		*count = head.count()
	}
	shapes := head.count()
	r := &pageReader{
		names: n, tags: head.cut(changes),
		managers: make([]string, 0, managers), fields: make([]model.Field, 0, fields), values: make([]string, 0, values),
	}
	packed := 0
	for _, tag := range r.tags.body {
		if tag&tagTextID == 0 {
			packed++
		}
		if tag&tagManager == tagManagerPacked {
			packed++
		}
	}
	r.ids = head.cut(packedLen * packed).body
	r.guids = make([]byte, 0, guidLen*packed)
	r.wanted = make([]*string, 0, packed)
	r.shapes = head.cut(shapes)
	r.texts = head.cut(len(head.body) - head.at)
	if head.bad {
		return nil, damage("a page of %d bytes is too short for what it should hold", len(page))
	}
	r.texts.text = string(r.texts.body)

	out := make([]model.Change, changes)
	for i := range out {
		r.change(&out[i])
	}
	if r.bad || r.shapes.unfinished() || r.texts.unfinished() {
		return nil, damage("a page of %d changes makes no sense", len(out))
	}
	guids := string(r.guids)
	for i, p := range r.wanted {
		*p = guids[i*guidLen : (i+1)*guidLen]
	}
	return out, nil
}

// change reads one change.
func (r *pageReader) change(c *model.Change) {
	tag := r.tags.byte()
	c.Whole = tag&tagWhole != 0
	r.id(&c.ID, tag&tagTextID != 0)
	if tag&tagManager != tagManagerNotSaid {
		if len(r.managers) == cap(r.managers) {
			r.bad = true
			return
		}
		r.managers = append(r.managers, "")
		c.Manager = &r.managers[len(r.managers)-1]
		if tag&tagManager != tagManagerNone {
			r.id(c.Manager, tag&tagManager == tagManagerText)
		}
	}
	switch tag & tagRemoved {
	case tagPresent:
	case tagRemovedDeleted:
		c.Removed = removedDeleted
	case tagRemovedChanged:
		c.Removed = removedChanged
	case tagRemovedText:
		c.Removed = r.texts.next()
	}
	from := len(r.fields)
	for range r.shapes.count() {
		r.field()
	}
	if to := len(r.fields); to > from {
		c.Fields = r.fields[from:to:to]
	}
}

// id reads an object id. A packed one gets its text when the whole page has
// been read.
func (r *pageReader) id(id *string, isText bool) {
	if isText {
		*id = r.texts.next()
		r.bad = r.bad || *id == ""
		return
	}
	r.guids = appendGUID(r.guids, [packedLen]byte(r.ids))
	r.ids = r.ids[packedLen:]
	r.wanted = append(r.wanted, id)
}

// field reads one field. One whose attribute this schema lacks is passed over.
func (r *pageReader) field() {
	head := r.shapes.uvarint()
	var f model.Field
	attr, known := r.names.attr(head >> 2)
	f.Attr = attr
	switch head & 3 {
	case kindNull:
	case kindText:
		f.Value = r.texts.next()
	case kindCollection:
		n, from := r.shapes.uvarint(), len(r.values)
		if n > uint64(cap(r.values)-from) {
			r.bad = true
			return
		}
		for range n {
			r.values = append(r.values, r.texts.next())
		}
		f.Values = r.values[from:len(r.values):len(r.values)]
	default:
		r.bad = true
	}
	switch {
	case head>>2 >= uint64(len(r.names.list)) || len(r.fields) == cap(r.fields):
		r.bad = true
	case known:
		r.fields = append(r.fields, f)
	}
}

// cursor walks over bytes. Whatever does not fit sets bad, after which every
// answer is empty.
type cursor struct {
	body []byte
	text string // the same bytes, for next
	at   int
	bad  bool
}

func (c *cursor) fail() { c.bad, c.at = true, len(c.body) }

// unfinished reports whether the bytes did not fit or were not all used.
func (c *cursor) unfinished() bool { return c.bad || c.at != len(c.body) }

// cut returns the next n bytes as a cursor of their own.
func (c *cursor) cut(n int) cursor {
	if n > len(c.body)-c.at {
		c.fail()
		return cursor{}
	}
	c.at += n
	return cursor{body: c.body[c.at-n : c.at]}
}

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
