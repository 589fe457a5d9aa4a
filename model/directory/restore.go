package directory

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"unsafe"

	"rollcall/model"
)

// Restore replaces everything by what Save put: get returns a part by its name,
// nil when there is none, and is called by several goroutines. The data that it
// returns is the directory's from then on. Attributes that the schema syncs and
// the parts lack are null; those that it does not sync are dropped. When
// Restore fails, nothing has changed.
func (d *Directory) Restore(get func(name string) ([]byte, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	table, err := restored(newWriter(d.schema, d.seed, 0), get)
	if err != nil {
		return err
	}
	d.table = table
	d.publish(d.Snapshot().generation + 1)
	return nil
}

// restoring reads one image.
type restoring struct {
	get    func(name string) ([]byte, error)
	header *header
}

// part returns a part that must exist.
func (r *restoring) part(name string) ([]byte, error) {
	data, err := r.get(name)
	if err == nil && data == nil {
		err = partError(name, "is missing")
	}
	return data, err
}

func restored(w *writer, get func(name string) ([]byte, error)) (*writer, error) {
	r := &restoring{get: get}
	data, err := r.part(headerPart)
	if err != nil {
		return nil, err
	}
	if r.header, err = decodeHeader(data); err != nil {
		return nil, err
	}
	columns := make([]*columnHeader, len(w.columns)) // nil: the image lacks it
	for i := range r.header.Columns {
		h := &r.header.Columns[i]
		at := len(w.columns) - 1
		if h.Name != managerColumn {
			a, ok := w.schema.ByGraph(h.Name)
			if !ok || !w.schema.IsSynced(a.ID) || a.ID == model.AttrObjectID {
				continue
			}
			at = int(a.ID)
		}
		if columns[at] != nil || h.Collection != (w.columns[at].lists != nil) {
			return nil, partError(headerPart, "column %q stands there twice or has another type", h.Name)
		}
		columns[at] = h
	}

	n := r.header.Users
	w.rows, w.live = int32(n), n
	chunks := (n + chunkRows - 1) / chunkRows
	w.alive = make([]uint64, chunks*chunkWords)
	for row := range n {
		w.alive[row>>6] |= 1 << (row & 63)
	}
	errs := make([]error, len(columns)+1)
	err = inParallel(context.Background(), len(errs), 1, func(i, _ int) {
		if i == len(columns) {
			errs[i] = r.ids(w, chunks)
			return
		}
		c := &w.columns[i]
		c.chunks = make([]*chunk, chunks)
		if columns[i] != nil {
			errs[i] = r.column(c, columns[i])
		}
	})
	if err = errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	w.reindex()
	return w, nil
}

func (r *restoring) ids(w *writer, chunks int) error {
	w.ids = make([]*idChunk, chunks)
	for i := range w.ids {
		w.ids[i] = &idChunk{}
	}
	for from := 0; from < r.header.Users; from += idsOfPart {
		name, n := idsPart(from/idsOfPart), min(idsOfPart, r.header.Users-from)
		data, err := r.part(name)
		if err != nil {
			return err
		}
		if len(data) != n*len(key{}) {
			return partError(name, "%d bytes for %d users", len(data), n)
		}
		for row := from; row < from+n; row++ {
			data = data[copy(w.ids[row>>chunkBits].keys[row&(chunkRows-1)][:], data):]
		}
	}
	if r.header.Irregular == 0 {
		return nil
	}
	data, err := r.part(irregularPart)
	if err != nil {
		return err
	}
	w.irregular = map[key]string{}
	numbers := varints{name: irregularPart, rest: data}
	for range r.header.Irregular {
		row := numbers.next(uint64(r.header.Users))
		length := numbers.next(uint64(len(numbers.rest)))
		if numbers.err != nil || length > uint64(len(numbers.rest)) || row >= uint64(r.header.Users) {
			return partError(irregularPart, "is cut short")
		}
		id := string(numbers.rest[:length])
		numbers.rest = numbers.rest[length:]
		k, regular := keyOf(id)
		if regular || w.ids[row>>chunkBits].keys[row&(chunkRows-1)] != k {
			return partError(irregularPart, "id %q is not user %d's", id, row)
		}
		w.irregular[k] = id
	}
	return numbers.end()
}

func (r *restoring) column(c *columnWriter, h *columnHeader) error {
	if err := r.texts(&c.dictionary.arena, h); err != nil {
		return err
	}
	limit := c.dictionary.built.len()
	if c.lists != nil {
		if err := r.lists(c.lists, h, limit); err != nil {
			return err
		}
		limit = c.lists.len()
	}
	return r.codes(c.chunks, h, limit)
}

// texts reads the dictionary. The blocks share the memory of the parts.
func (r *restoring) texts(a *arena, h *columnHeader) error {
	for segment, n := range h.Texts {
		name := h.part("texts", segment)
		body, err := r.part(name)
		if err != nil {
			return err
		}
		lengths, err := r.part(h.part("lengths", segment))
		if err != nil {
			return err
		}
		if n < 0 || n > len(lengths) {
			return partError(name, "%d texts cannot have %d bytes of lengths", n, len(lengths))
		}
		a.built.starts = slices.Grow(a.built.starts, n)
		numbers := varints{name: h.part("lengths", segment), rest: lengths}
		all := unsafe.String(unsafe.SliceData(body), len(body)) // nobody writes to it
		blockAt, at := 0, 0
		closeBlock := func() {
			if at > blockAt {
				a.built.blocks = append(a.built.blocks, all[blockAt:at])
			}
			blockAt = at
		}
		for range n {
			length := int(numbers.next(uint64(len(body) - at)))
			if length == 0 {
				return errors.Join(numbers.err, partError(name, "an empty text"))
			}
			if at+length-blockAt > blockSize {
				closeBlock()
			}
			if len(a.built.blocks) >= maxBlocks {
				return partError(name, "more than %d blocks of text", maxBlocks)
			}
			a.built.starts = append(a.built.starts, uint32(len(a.built.blocks)*blockSize+at-blockAt))
			at += length
		}
		if err := numbers.end(); err != nil {
			return err
		}
		if at != len(body) {
			return partError(name, "%d bytes for texts of %d", len(body), at)
		}
		closeBlock()
	}
	return nil
}

func (r *restoring) lists(l *lists, h *columnHeader, values int) error {
	for segment, n := range h.Lists {
		name := h.part("lists", segment)
		data, err := r.part(name)
		if err != nil {
			return err
		}
		if n < 0 || n > len(data) {
			return partError(name, "%d lists cannot have %d bytes", n, len(data))
		}
		l.ends = slices.Grow(l.ends, n)
		l.elements = slices.Grow(l.elements, len(data)-n)
		numbers, expected := varints{name: name, rest: data}, int64(1)
		for range n {
			length := numbers.next(uint64(len(numbers.rest)))
			if length == 0 {
				return errors.Join(numbers.err, partError(name, "an empty list"))
			}
			for range length {
				code := expected + numbers.signed()
				if numbers.err != nil || code < 1 || code > int64(values) {
					return errors.Join(numbers.err, partError(name, "element %d of %d values", code, values))
				}
				l.elements = append(l.elements, uint32(code))
				expected = code + 1
			}
			l.ends = append(l.ends, uint32(len(l.elements)))
		}
		if err := numbers.end(); err != nil {
			return err
		}
	}
	return nil
}

// codes reads the chunks of a column; each code is at most limit.
func (r *restoring) codes(chunks []*chunk, h *columnHeader, limit int) error {
	for from := 0; from < len(chunks); from += chunksOfPart {
		name := h.part("codes", from/chunksOfPart)
		data, err := r.part(name)
		if err != nil {
			return err
		}
		for i := from; i < min(from+chunksOfPart, len(chunks)); i++ {
			rows := min(chunkRows, r.header.Users-i*chunkRows)
			if chunks[i], data, err = decodeChunk(name, data, rows, limit); err != nil {
				return err
			}
		}
		if len(data) > 0 {
			return partError(name, "%d bytes too many", len(data))
		}
	}
	return nil
}

// decodeChunk reads what appendChunk wrote and returns what is left of data.
func decodeChunk(name string, data []byte, rows, limit int) (*chunk, []byte, error) {
	if len(data) == 0 {
		return nil, nil, partError(name, "is cut short")
	}
	width := int(data[0])
	if width == 0 {
		return nil, data[1:], nil
	}
	if width > 4 || len(data) < 5+width*rows {
		return nil, nil, partError(name, "%d codes of %d bytes do not stand in %d", rows, width, len(data))
	}
	base := binary.LittleEndian.Uint32(data[1:])
	c, codes := &chunk{}, data[5:5+width*rows]
	highest := uint32(0)
	for row := range rows {
		code := uint32(0)
		for i, b := range codes[row*width : row*width+width] {
			code |= uint32(b) << (8 * i)
		}
		if code != nullCode {
			highest = max(highest, code)
			c.codes[row] = base + code
		}
	}
	if uint64(base)+uint64(highest) > uint64(limit) {
		return nil, nil, partError(name, "code %d of %d", uint64(base)+uint64(highest), limit)
	}
	return c, data[5+width*rows:], nil
}
