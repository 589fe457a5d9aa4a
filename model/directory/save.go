package directory

import (
	"encoding/binary"

	"rollcall/model"
)

// Save puts the snapshot as named parts, none of them much larger than a few
// MiB. put must not keep data.
func (s *Snapshot) Save(put func(name string, data []byte) error) error {
	save := &saving{snapshot: s, put: put, rows: s.All()}
	h := &header{Version: imageVersion, Users: s.live}
	if err := save.ids(h); err != nil {
		return err
	}
	for i := range s.columns {
		column := columnHeader{Name: managerColumn}
		if i < s.schema.Len() {
			id := model.AttrID(i)
			if !s.schema.IsSynced(id) || id == model.AttrObjectID {
				continue
			}
			column.Name = s.schema.Attribute(id).Graph
		}
		if err := save.column(&s.columns[i], &column); err != nil {
			return err
		}
		h.Columns = append(h.Columns, column)
	}
	data, err := h.encode()
	if err != nil {
		return err
	}
	return put(headerPart, data)
}

// saving writes one image.
type saving struct {
	snapshot *Snapshot
	put      func(name string, data []byte) error
	rows     []int32 // in the order of the image
	buffer   []byte
	fresh    []uint32 // codes in the image, by those of the snapshot
}

// flush puts the buffer as a part and empties it.
func (s *saving) flush(name string) error {
	err := s.put(name, s.buffer)
	s.buffer = s.buffer[:0]
	return err
}

func (s *saving) ids(h *header) error {
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
			h.Irregular++
		}
	}
	return s.flush(irregularPart)
}

func (s *saving) column(c *column, h *columnHeader) error {
	h.Collection = c.lists != nil
	used, err := s.codes(c, h)
	if err != nil {
		return err
	}
	if c.lists != nil {
		if used, err = s.lists(c, h, used); err != nil {
			return err
		}
	}
	return s.texts(c.values, h, used)
}

// renumber gives the next number to a code that is met for the first time.
func (s *saving) renumber(code uint32, used *[]uint32) uint32 {
	if s.fresh[code] == nullCode {
		*used = append(*used, code)
		s.fresh[code] = uint32(len(*used))
	}
	return s.fresh[code]
}

func (s *saving) prepareCodes(n int) {
	if cap(s.fresh) < n {
		s.fresh = make([]uint32, n)
	}
	s.fresh = s.fresh[:n]
	clear(s.fresh)
}

// codes puts the codes of a column and returns those that are used, in the
// order of their first appearance.
func (s *saving) codes(c *column, h *columnHeader) (used []uint32, err error) {
	s.prepareCodes(c.codes())
	codes := make([]uint32, 0, chunkRows)
	for from := 0; from < len(s.rows); from += chunkRows {
		codes = codes[:0]
		for _, row := range s.rows[from:min(from+chunkRows, len(s.rows))] {
			code := c.code(row)
			if code != nullCode {
				code = s.renumber(code, &used)
			}
			codes = append(codes, code)
		}
		s.buffer = appendChunk(s.buffer, codes)
		chunk := from/chunkRows + 1
		if chunk%chunksOfPart == 0 || from+chunkRows >= len(s.rows) {
			if err := s.flush(h.part("codes", (chunk-1)/chunksOfPart)); err != nil {
				return nil, err
			}
		}
	}
	return used, nil
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
	base := lowest - 1
	width := 4
	switch distance := highest - base; {
	case distance < 1<<8:
		width = 1
	case distance < 1<<16:
		width = 2
	case distance < 1<<24:
		width = 3
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

// lists puts the used lists and returns the codes of their elements in the
// order of first appearance.
func (s *saving) lists(c *column, h *columnHeader, lists []uint32) (used []uint32, err error) {
	s.prepareCodes(c.values.len() + 1)
	n, expected := 0, int64(1)
	for i, list := range lists {
		elements := c.lists.at(list)
		s.buffer = binary.AppendUvarint(s.buffer, uint64(len(elements)))
		for _, e := range elements {
			code := int64(s.renumber(e, &used))
			s.buffer = binary.AppendVarint(s.buffer, code-expected)
			expected = code + 1
		}
		n++
		if len(s.buffer) >= partSize || i+1 == len(lists) {
			if err := s.flush(h.part("lists", len(h.Lists))); err != nil {
				return nil, err
			}
			h.Lists, n, expected = append(h.Lists, n), 0, 1
		}
	}
	return used, nil
}

// texts puts the texts of the used codes, in that order.
func (s *saving) texts(values texts, h *columnHeader, used []uint32) error {
	var lengths []byte
	n := 0
	for i, code := range used {
		text := values.at(code - 1)
		lengths = binary.AppendUvarint(lengths, uint64(len(text)))
		s.buffer = append(s.buffer, text...)
		n++
		if len(s.buffer) < partSize-blockSize && i+1 < len(used) {
			continue
		}
		if err := s.flush(h.part("texts", len(h.Texts))); err != nil {
			return err
		}
		if err := s.put(h.part("lengths", len(h.Texts)), lengths); err != nil {
			return err
		}
		h.Texts, n, lengths = append(h.Texts, n), 0, lengths[:0]
	}
	return nil
}
