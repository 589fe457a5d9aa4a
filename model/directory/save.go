package directory

import (
	"encoding/binary"
	"encoding/json"
)

// Save puts the snapshot as named parts, none of them much larger than a few
// MiB. put must not keep data.
func (s *Snapshot) Save(put func(name string, data []byte) error) error {
	save := &saving{
		snapshot: s, put: put, rows: s.All(),
		header: header{Version: imageVersion, Users: s.live, Order: s.collation.name()},
	}
	if err := save.ids(); err != nil {
		return err
	}
	saved := map[*dictionary]bool{}
	for i := range s.columns {
		if d := s.columns[i].dictionary; columnName(s.schema, i) != "" && !saved[d] {
			saved[d] = true
			if err := save.columnsOf(d); err != nil {
				return err
			}
		}
	}
	data, err := json.Marshal(save.header)
	if err != nil {
		return err
	}
	return put(headerPart, data)
}

// saving writes one image.
type saving struct {
	snapshot *Snapshot
	put      func(name string, data []byte) error
	header   header
	rows     []int32 // in the order of the image
	buffer   []byte
	lists    renumbering
	values   renumbering
}

// renumbering numbers codes in the order of their first appearance.
type renumbering struct {
	fresh []uint32 // codes in the image, by those of the snapshot
	used  []uint32 // codes of the snapshot, in the order of the image
}

// reset forgets all numbers and makes room for n codes.
func (r *renumbering) reset(n int) {
	if cap(r.fresh) < n {
		r.fresh = make([]uint32, n)
	}
	r.fresh, r.used = r.fresh[:n], r.used[:0]
	clear(r.fresh)
}

func (r *renumbering) code(code uint32) uint32 {
	if code == nullCode {
		return nullCode
	}
	if r.fresh[code] == nullCode {
		r.used = append(r.used, code)
		r.fresh[code] = uint32(len(r.used))
	}
	return r.fresh[code]
}

// flush puts the buffer as a part and empties it.
func (s *saving) flush(name string) error {
	err := s.put(name, s.buffer)
	s.buffer = s.buffer[:0]
	return err
}

func (s *saving) ids() error {
	for from := 0; from < len(s.rows); from += idsOfPart {
		for _, row := range s.rows[from:min(from+idsOfPart, len(s.rows))] {
			k := s.snapshot.key(row)
			s.buffer = append(s.buffer, k[:]...)
		}
		if err := s.flush(idsPart(from / idsOfPart)); err != nil {
			return err
		}
	}
	if len(s.snapshot.irregular) == 0 {
		return nil
	}
	for i, row := range s.rows {
		if id, ok := s.snapshot.irregular[s.snapshot.key(row)]; ok {
			s.buffer = binary.AppendUvarint(s.buffer, uint64(i))
			s.buffer = binary.AppendUvarint(s.buffer, uint64(len(id)))
			s.buffer = append(s.buffer, id...)
			s.header.Irregular++
		}
	}
	return s.flush(irregularPart)
}

// columnsOf puts the columns that share a dictionary, and the dictionary
// behind the last of them.
func (s *saving) columnsOf(d *dictionary) error {
	var owner *columnHeader
	var values texts
	for i := range s.snapshot.columns {
		c, h := &s.snapshot.columns[i], &columnHeader{Name: columnName(s.snapshot.schema, i)}
		if c.dictionary != d || h.Name == "" {
			continue
		}
		if owner == nil {
			owner, values = h, c.values
			s.values.reset(c.values.len() + 1)
		} else {
			h.Dictionary = owner.Name
		}
		if err := s.column(c, h); err != nil {
			return err
		}
		if h != owner {
			s.header.Columns = append(s.header.Columns, *h)
		}
	}
	if err := s.texts(values, owner); err != nil {
		return err
	}
	s.header.Columns = append(s.header.Columns, *owner)
	return nil
}

func (s *saving) column(c *column, h *columnHeader) error {
	if c.lists == nil {
		return s.codes(c, h, &s.values)
	}
	h.Collection = true
	s.lists.reset(c.lists.len() + 1)
	if err := s.codes(c, h, &s.lists); err != nil {
		return err
	}
	return s.elements(c.lists, h)
}

// codes puts the codes of a column.
func (s *saving) codes(c *column, h *columnHeader, renumbering *renumbering) error {
	codes := make([]uint32, 0, chunkRows)
	for from := 0; from < len(s.rows); from += chunkRows {
		codes = codes[:0]
		for _, row := range s.rows[from:min(from+chunkRows, len(s.rows))] {
			codes = append(codes, renumbering.code(c.code(row)))
		}
		s.buffer = appendChunk(s.buffer, codes)
		chunk := from / chunkRows
		if chunk%chunksOfPart == chunksOfPart-1 || from+chunkRows >= len(s.rows) {
			if err := s.flush(h.part("codes", chunk/chunksOfPart)); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendChunk appends codes in as few bytes as their distance allows.
func appendChunk(b []byte, codes []uint32) []byte {
	lowest, highest := ^uint32(0), uint32(0)
	for _, code := range codes {
		if code != nullCode {
			lowest, highest = min(lowest, code), max(highest, code)
		}
	}
	if highest == nullCode {
		return append(b, 0)
	}
	base, width := lowest-1, 4
	for width > 1 && (highest-base)>>(8*(width-1)) == 0 {
		width--
	}
	b = append(b, byte(width))
	b = binary.LittleEndian.AppendUint32(b, base)
	for _, code := range codes {
		if code != nullCode {
			code -= base
		}
		for range width {
			b = append(b, byte(code))
			code >>= 8
		}
	}
	return b
}

// elements puts the lists that are used.
func (s *saving) elements(l *lists, h *columnHeader) error {
	n, expected := 0, int64(1)
	for i, list := range s.lists.used {
		elements := l.at(list)
		s.buffer = binary.AppendUvarint(s.buffer, uint64(len(elements)))
		for _, e := range elements {
			code := int64(s.values.code(e))
			s.buffer = binary.AppendVarint(s.buffer, code-expected)
			expected = code + 1
		}
		n++
		if len(s.buffer) >= partSize || i+1 == len(s.lists.used) {
			if err := s.flush(h.part("lists", len(h.Lists))); err != nil {
				return err
			}
			h.Lists, n, expected = append(h.Lists, n), 0, 1
		}
	}
	return nil
}

// texts puts the values that are used.
func (s *saving) texts(values texts, h *columnHeader) error {
	var lengths []byte
	n := 0
	for i, code := range s.values.used {
		text := values.at(code - 1)
		lengths = binary.AppendUvarint(lengths, uint64(len(text)))
		s.buffer = append(s.buffer, text...)
		n++
		isFull := n%textsOfBlock == 0 && len(s.buffer) >= partSize*3/4
		if !isFull && i+1 < len(s.values.used) {
			continue
		}
		if err := s.put(h.part("lengths", len(h.Texts)), lengths); err != nil {
			return err
		}
		if err := s.flush(h.part("texts", len(h.Texts))); err != nil {
			return err
		}
		h.Texts, n, lengths = append(h.Texts, n), 0, lengths[:0]
	}
	return nil
}
