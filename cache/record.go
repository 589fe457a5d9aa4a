package cache

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"

	"rollcall/model"
)

// A record is one user as bytes:
//
//	crc32c of the rest, 4 bytes little endian (bbolt has no checksum of its own)
//	object id       reference
//	manager's id    reference
//	fields          each: uvarint(name<<1 | collection), then
//	                  scalar: text; collection: uvarint count, texts
//
// A reference is a tag byte and, after refGUID, 16 bytes; after refText, a
// text. A text is a uvarint length and its bytes. name is an index into the
// file's own table of Graph names, so that the catalogue may change its order.
const (
	refNone byte = iota
	refGUID
	refText
)

const checksumSize = 4

// castagnoli is the polynomial that processors compute in hardware.
func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// damage is the error of bytes that rollcall did not write this way.
func damage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errDamaged, fmt.Sprintf(format, args...))
}

// appendRecord appends the user's record to dst. Names that the table lacks
// are added to it.
func appendRecord(dst []byte, u *model.User, n *names) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, checksumSize)...)
	dst = appendReference(dst, u.ID)
	dst = appendReference(dst, u.ManagerID)
	for _, f := range u.Fields() {
		name := uint64(n.index(f.Attr)) << 1
		if len(f.Values) == 0 {
			dst = binary.AppendUvarint(dst, name)
			dst = appendText(dst, f.Value)
			continue
		}
		dst = binary.AppendUvarint(dst, name|1)
		dst = binary.AppendUvarint(dst, uint64(len(f.Values)))
		for _, v := range f.Values {
			dst = appendText(dst, v)
		}
	}
	binary.LittleEndian.PutUint32(dst[start:], castagnoli(dst[start+checksumSize:]))
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendReference(dst []byte, id string) []byte {
	if id == "" {
		return append(dst, refNone)
	}
	if g, ok := packGUID(id); ok {
		return append(append(dst, refGUID), g[:]...)
	}
	return appendText(append(dst, refText), id)
}

// decoder turns records into users. Its buffers are reused from one to the next.
type decoder struct {
	names *names
	text  []byte
	user  model.User
}

// decode reads one record. The user it returns is the decoder's own and valid
// until the next call; its texts stay valid, and share one allocation.
func (d *decoder) decode(record []byte) (*model.User, error) {
	body, err := verified(record)
	if err != nil {
		return nil, err
	}
	// Every text of the record is made of one string: the two ids, unpacked,
	// and then the record's own bytes.
	d.text = d.text[:0]
	if d.text, body, err = expandReference(d.text, body); err != nil {
		return nil, err
	}
	idEnd := len(d.text)
	if d.text, body, err = expandReference(d.text, body); err != nil {
		return nil, err
	}
	managerEnd := len(d.text)
	d.text = append(d.text, body...)
	text := string(d.text)
	d.reset()
	d.user.ID, d.user.ManagerID = text[:idEnd], text[idEnd:managerEnd]
	if d.user.ID == "" {
		return nil, damage("a user without an id")
	}
	return &d.user, d.fields(body, text[managerEnd:])
}

// reset empties the user and keeps its room: fields go from the last to the
// first, so that none has to move.
func (d *decoder) reset() {
	fields := d.user.Fields()
	for i := len(fields) - 1; i >= 0; i-- {
		d.user.Set(model.Field{Attr: fields[i].Attr})
	}
}

// fields reads the fields out of body; text is the same bytes as a string.
func (d *decoder) fields(body []byte, text string) error {
	c := cursor{body: body, text: text}
	for c.at < len(body) {
		head := c.uvarint()
		attr, known := d.names.attr(head >> 1)
		f := model.Field{Attr: attr}
		if head&1 == 0 {
			f.Value = c.next()
		} else {
			n := c.uvarint()
			if n > uint64(len(body)-c.at) { // each text takes a byte at least
				return damage("a collection of %d values in %d bytes", n, len(body)-c.at)
			}
			f.Values = make([]string, n)
			for i := range f.Values {
				f.Values[i] = c.next()
			}
		}
		if c.bad {
			return damage("a record is cut off")
		}
		if head>>1 >= uint64(len(d.names.list)) {
			return damage("attribute %d of %d", head>>1, len(d.names.list))
		}
		if known {
			d.user.Set(f)
		}
	}
	return nil
}

// cursor walks a record's fields. A length that does not fit sets bad, after
// which every answer is empty.
type cursor struct {
	body []byte
	text string
	at   int
	bad  bool
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.body[c.at:])
	if n <= 0 {
		c.bad = true
		c.at = len(c.body)
		return 0
	}
	c.at += n
	return v
}

func (c *cursor) next() string {
	n := c.uvarint()
	if n > uint64(len(c.body)-c.at) {
		c.bad = true
		c.at = len(c.body)
		return ""
	}
	s := c.text[c.at : c.at+int(n)]
	c.at += int(n)
	return s
}

// recordID checks a record and returns no more of it than the user's id.
func recordID(record []byte) (string, error) {
	body, err := verified(record)
	if err != nil {
		return "", err
	}
	id, _, err := expandReference(make([]byte, 0, 36), body)
	return string(id), err
}

// verified returns a record's body if its checksum is right.
func verified(record []byte) ([]byte, error) {
	if len(record) < checksumSize {
		return nil, damage("a record of %d bytes", len(record))
	}
	body := record[checksumSize:]
	if binary.LittleEndian.Uint32(record) != castagnoli(body) {
		return nil, damage("a record's checksum is wrong")
	}
	return body, nil
}

// expandReference appends the id that body begins with and returns the rest.
func expandReference(dst, body []byte) (id, rest []byte, err error) {
	if len(body) == 0 {
		return nil, nil, damage("a record is cut off")
	}
	tag, body := body[0], body[1:]
	switch tag {
	case refNone:
		return dst, body, nil
	case refGUID:
		if len(body) < 16 {
			return nil, nil, damage("a record is cut off")
		}
		return appendGUID(dst, [16]byte(body)), body[16:], nil
	case refText:
		n, used := binary.Uvarint(body)
		if used <= 0 || n > uint64(len(body)-used) {
			return nil, nil, damage("a record is cut off")
		}
		body = body[used:]
		return append(dst, body[:n]...), body[n:], nil
	default:
		return nil, nil, damage("a reference of kind %d", tag)
	}
}

// packGUID packs the form that Entra writes, 36 characters in lower case. Any
// other text is not packed, so that what comes out is what went in.
func packGUID(s string) (g [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
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
