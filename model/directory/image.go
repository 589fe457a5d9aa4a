package directory

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"

	"rollcall/model"
)

// An image is a snapshot as named parts: the header, the object ids, and for
// each column its codes, the texts of its dictionary and its lists. Users stand
// in the order of display name, and a dictionary in the order of first
// appearance among them, so that an image holds neither gaps nor values that
// nobody has, and the order by name need not be computed. Numbers are
// little-endian.
//
//	header                    JSON, see header
//	ids.P                     the keys of idsOfPart users, 16 bytes each
//	irregular                 of each id that is no GUID: user, length, text
//	COLUMN.codes.P            chunks of codes, chunksOfPart in each part
//	COLUMN.lists.S            of each list of a segment: length, element codes
//	COLUMN.lengths.S          the length of each text of a segment
//	COLUMN.texts.S            the texts of a segment
//
// COLUMN is an attribute's Graph name, or "manager". A chunk of codes is one
// byte, the width of a code in bytes; then, unless the width is zero and every
// code null, a base in four bytes and each row's code less the base, in which
// zero is null. Lengths, counts and elements are varints; an element is the
// signed distance from one more than the element before. Segments of texts but
// the last hold whole blocks.
const (
	imageVersion  = 1
	partSize      = 4 << 20
	idsOfPart     = partSize / 16
	chunksOfPart  = partSize / (4 * chunkRows)
	managerColumn = "manager"
	headerPart    = "header"
	irregularPart = "irregular"
)

// header says what the other parts hold.
type header struct {
	Version   int
	Users     int
	Irregular int    // ids that are no GUIDs
	Order     string // collation.name of the order of the users
	Columns   []columnHeader
}

type columnHeader struct {
	Name       string
	Collection bool   `json:",omitempty"`
	Dictionary string `json:",omitempty"` // the column whose dictionary this one uses, if not its own
	Lists      []int  `json:",omitempty"` // by segment
	Texts      []int  `json:",omitempty"` // by segment
}

func idsPart(part int) string { return "ids." + strconv.Itoa(part) }

func (c *columnHeader) part(kind string, number int) string {
	return c.Name + "." + kind + "." + strconv.Itoa(number)
}

// columnName names a column of a directory in its image; it is "" for a column
// that is not kept.
func columnName(s *model.Schema, column int) string {
	if column == s.Len() {
		return managerColumn
	}
	if id := model.AttrID(column); s.IsSynced(id) && id != model.AttrObjectID {
		return s.Attribute(id).Graph
	}
	return ""
}

func decodeHeader(data []byte) (*header, error) {
	h := &header{}
	if err := json.Unmarshal(data, h); err != nil {
		return nil, fmt.Errorf("directory: header of the image: %w", err)
	}
	if h.Version != imageVersion {
		return nil, fmt.Errorf("directory: the image has version %d, not %d", h.Version, imageVersion)
	}
	if h.Users < 0 || h.Users > 1<<30 {
		return nil, fmt.Errorf("directory: the image has %d users", h.Users)
	}
	return h, nil
}

// partError says that a part of an image is not what it should be.
func partError(name, format string, args ...any) error {
	return fmt.Errorf("directory: part %q of the image: %s", name, fmt.Sprintf(format, args...))
}

// numbers reads varints from a part of an image. After an error it returns
// zeros.
type numbers struct {
	name string
	rest []byte
	err  error
}

// next returns the next number, at most limit.
func (n *numbers) next(limit int) int {
	v, size := binary.Uvarint(n.rest)
	if n.err == nil && (size <= 0 || v > uint64(limit)) {
		n.err = partError(n.name, "no number up to %d, %d bytes before the end", limit, len(n.rest))
	}
	if n.err != nil {
		return 0
	}
	n.rest = n.rest[size:]
	return int(v)
}

// signed returns the next signed number.
func (n *numbers) signed() int64 {
	v, size := binary.Varint(n.rest)
	if n.err == nil && size <= 0 {
		n.err = partError(n.name, "no number, %d bytes before the end", len(n.rest))
	}
	if n.err != nil {
		return 0
	}
	n.rest = n.rest[size:]
	return v
}

// bytes returns the next length bytes.
func (n *numbers) bytes(length int) []byte {
	if n.err == nil && length > len(n.rest) {
		n.err = partError(n.name, "%d bytes of %d", len(n.rest), length)
	}
	if n.err != nil {
		return nil
	}
	out := n.rest[:length]
	n.rest = n.rest[length:]
	return out
}

// end returns an error unless everything was read.
func (n *numbers) end() error {
	if n.err == nil && len(n.rest) > 0 {
		n.err = partError(n.name, "%d bytes too many", len(n.rest))
	}
	return n.err
}
