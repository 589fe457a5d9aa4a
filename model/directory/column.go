package directory

import (
	"encoding/binary"
	"iter"
	"slices"
)

// column is an immutable view of one attribute: a code for each row.
//
// Of a scalar the code is that of a value in the dictionary. Of a collection
// it is that of a list, and the list holds codes of the dictionary.
type column struct {
	chunks     []*chunk // nil: every row of the chunk is null
	values     texts    // by code minus one
	lists      *lists   // nil of a scalar
	dictionary *dictionary
}

// code returns the row's code; of a collection the code of its list.
func (c *column) code(row int32) uint32 {
	chunk := c.chunks[row>>chunkBits]
	if chunk == nil {
		return nullCode
	}
	return chunk.at(int(row & (chunkRows - 1)))
}

// codes is the number of codes: one more than there are values or lists.
func (c *column) codes() int {
	if c.lists != nil {
		return c.lists.len() + 1
	}
	return c.values.len() + 1
}

// value returns the text of a scalar's code, "" for null.
func (c *column) value(code uint32) string {
	if code == nullCode {
		return ""
	}
	return c.values.at(code - 1)
}

// firstCode returns the code of the row's value, or of the first element of
// its collection.
func (c *column) firstCode(row int32) uint32 {
	code := c.code(row)
	if c.lists != nil && code != nullCode {
		return c.lists.at(code)[0]
	}
	return code
}

// first returns the row's value, or the first element of its collection.
func (c *column) first(row int32) string { return c.value(c.firstCode(row)) }

// elements yields the codes of the row's values, of a scalar at most one.
func (c *column) elements(row int32) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		code := c.code(row)
		switch {
		case code == nullCode:
		case c.lists == nil:
			yield(code)
		default:
			for _, e := range c.lists.at(code) {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// all returns the row's elements; nil is null.
func (c *column) all(row int32) []string {
	code := c.code(row)
	switch {
	case code == nullCode:
		return nil
	case c.lists == nil:
		return []string{c.value(code)}
	}
	elements := c.lists.at(code)
	out := make([]string, len(elements))
	for i, e := range elements {
		out[i] = c.value(e)
	}
	return out
}

// lists holds the distinct collections of a column, each as a range of
// element codes. It only grows; a view is a copy of the struct.
type lists struct {
	ends  []uint32 // by list code minus one; a list begins where the one before ends
	codes []uint32 // of the elements in the dictionary, never null
}

func (l *lists) len() int { return len(l.ends) }

// at returns the element codes of a list, at least one.
func (l *lists) at(code uint32) []uint32 {
	start := uint32(0)
	if code > 1 {
		start = l.ends[code-2]
	}
	return l.codes[start:l.ends[code-1]]
}

func (l *lists) add(elements []uint32) uint32 {
	l.codes = append(l.codes, elements...)
	l.ends = append(l.ends, uint32(len(l.codes)))
	return uint32(len(l.ends))
}

// append adds the lists of another column, under the codes that follow.
func (l *lists) append(o lists) {
	for _, end := range o.ends {
		l.ends = append(l.ends, uint32(len(l.codes))+end)
	}
	l.codes = append(l.codes, o.codes...)
}

// columnWriter changes a column without disturbing the views handed out: a
// chunk that a view holds is copied before its first change.
type columnWriter struct {
	chunks     []*chunk
	shared     bool // a view holds the slice of chunks
	dictionary *dictionary
	lists      *lists // nil of a scalar
	common     *common
}

// common finds the lists that are there, in a column where many users have the
// same.
type common struct {
	codes  map[string]uint32 // by the elements, in four bytes each; nil: not read yet
	buffer []byte
}

// maxCommon bounds the lists that are found again. Who has this many distinct
// ones has few in common.
const maxCommon = 1 << 16

func (c *common) key(elements []uint32) []byte {
	c.buffer = c.buffer[:0]
	for _, e := range elements {
		c.buffer = binary.LittleEndian.AppendUint32(c.buffer, e)
	}
	return c.buffer
}

// add returns the code of a list, which it adds unless it is there.
func (c *common) add(l *lists, elements []uint32) uint32 {
	if c.codes == nil {
		c.codes = make(map[string]uint32)
		for i := range min(l.len(), maxCommon) {
			code := uint32(i + 1)
			c.codes[string(c.key(l.at(code)))] = code
		}
	}
	key := c.key(elements)
	if code, ok := c.codes[string(key)]; ok {
		return code
	}
	code := l.add(elements)
	if len(c.codes) < maxCommon {
		c.codes[string(key)] = code
	}
	return code
}

// grow makes room for another chunk of rows.
func (w *columnWriter) grow() {
	w.own()
	w.chunks = append(w.chunks, nil)
}

func (w *columnWriter) own() {
	if w.shared {
		w.chunks, w.shared = slices.Clone(w.chunks), false
	}
}

func (w *columnWriter) code(row int32) uint32 {
	if c := w.chunks[row>>chunkBits]; c != nil {
		return c.at(int(row & (chunkRows - 1)))
	}
	return nullCode
}

// set stores a code and reports whether it differs from the one before.
func (w *columnWriter) set(row int32, code uint32, epoch uint64) bool {
	if w.code(row) == code {
		return false
	}
	at := row >> chunkBits
	c := w.chunks[at]
	if c == nil || c.epoch != epoch || !c.holds(code) {
		switch {
		case c == nil:
			c = newChunk(code, code)
		case !c.holds(code):
			c = c.widened(code)
		default:
			c = c.clone()
		}
		c.epoch = epoch
		w.own()
		w.chunks[at] = c
	}
	c.set(int(row&(chunkRows-1)), code)
	return true
}

// setCodes stores the codes of the row's values, of a scalar at most one, and
// reports whether they differ from those before.
func (w *columnWriter) setCodes(row int32, codes []uint32, epoch uint64) bool {
	switch {
	case len(codes) == 0:
		return w.set(row, nullCode, epoch)
	case w.lists == nil:
		return w.set(row, codes[0], epoch)
	}
	if old := w.code(row); old != nullCode && slices.Equal(w.lists.at(old), codes) {
		return false
	}
	if w.common != nil {
		return w.set(row, w.common.add(w.lists, codes), epoch)
	}
	return w.set(row, w.lists.add(codes), epoch)
}

// view returns the column as it is now.
func (w *columnWriter) view() column {
	w.shared = true
	c := column{chunks: w.chunks, values: w.dictionary.view(), dictionary: w.dictionary}
	if w.lists != nil {
		lists := *w.lists
		c.lists = &lists
	}
	return c
}
