package directory

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
)

// An image is a snapshot as named parts: the header, the object ids, and for
// each column its codes, the texts of its dictionary and its lists. Users stand
// in the order of display name, and a dictionary in the order of first
// appearance among them, so that an image holds neither gaps nor values that
// nobody has. Numbers are little-endian.
//
//	header                    JSON, see header
//	ids.P                     the keys of idsOfPart users, 16 bytes each
//	irregular                 of each id that is no GUID: user, length, text
//	COLUMN.codes.P            chunks of codes, chunksOfPart in each part
//	COLUMN.lengths.S          the length of each text of a segment
//	COLUMN.texts.S            the texts of a segment
//	COLUMN.lists.S            of each list of a segment: length, element codes
//
// COLUMN is an attribute's Graph name, or "manager". A chunk of codes is one
// byte, the width of a code in bytes; then, unless the width is zero and every
// code null, a base in four bytes and each row's code less the base, in which
// zero is null. Lengths, counts and elements are varints; an element is the
// signed distance from one more than the element before.
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
	Irregular int // ids that are no GUIDs
	Columns   []columnHeader
}

type columnHeader struct {
	Name       string
	Collection bool  `json:",omitempty"`
	Texts      []int `json:",omitempty"` // by segment
	Lists      []int `json:",omitempty"` // by segment
}

func idsPart(part int) string { return "ids." + strconv.Itoa(part) }

func (c *columnHeader) part(kind string, number int) string {
	return c.Name + "." + kind + "." + strconv.Itoa(number)
}

func (h *header) encode() ([]byte, error) { return json.Marshal(h) }

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

// varints reads numbers from a part of an image.
type varints struct {
	name string
	rest []byte
	err  error
}

// next returns the next number, at most limit. After an error it returns zero.
func (v *varints) next(limit uint64) uint64 {
	n, size := binary.Uvarint(v.rest)
	if v.err == nil && (size <= 0 || n > limit) {
		v.err = partError(v.name, "no number up to %d, %d bytes before its end", limit, len(v.rest))
	}
	if v.err != nil {
		return 0
	}
	v.rest = v.rest[size:]
	return n
}

// signed returns the next signed number.
func (v *varints) signed() int64 {
	n, size := binary.Varint(v.rest)
	if v.err == nil && size <= 0 {
		v.err = partError(v.name, "no number %d bytes before its end", len(v.rest))
	}
	if v.err != nil {
		return 0
	}
	v.rest = v.rest[size:]
	return n
}

// end returns an error unless everything was read.
func (v *varints) end() error {
	if v.err == nil && len(v.rest) > 0 {
		v.err = partError(v.name, "%d bytes too many", len(v.rest))
	}
	return v.err
}
