package directory

import (
	"slices"
)

const (
	chunkRows = 4096
	chunkBits = 12
)

// chunk holds the codes of chunkRows consecutive rows.
type chunk struct {
	epoch uint64 // of the writer that may still change it
	codes [chunkRows]uint32
}

// column is an immutable view of one attribute: a code for each row.
//
// Of a scalar the code is that of a value in the dictionary. Of a collection
// it is that of a list, and the list holds codes of the dictionary.
type column struct {
	chunks     []*chunk // nil: every row of the chunk is null
	values     texts    // by code minus one
	lists      *lists   // nil of a scalar
	derivation *derivation
}

// code returns the row's code; of a collection the code of its list.
func (c *column) code(row int32) uint32 {
	chunk := c.chunks[row>>chunkBits]
	if chunk == nil {
		return nullCode
	}
	return chunk.codes[row&(chunkRows-1)]
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

// first returns the row's value, or the first element of its collection.
func (c *column) first(row int32) string {
	code := c.code(row)
	if c.lists != nil && code != nullCode {
		code = c.lists.at(code)[0]
	}
	return c.value(code)
}

// all returns the row's elements; nil is null.
func (c *column) all(row int32) []string {
	code := c.code(row)
	if code == nullCode {
		return nil
	}
	if c.lists == nil {
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
	ends     []uint32 // by list code minus one; a list begins where the one before ends
	elements []uint32 // codes of the dictionary, never null
}

func (l *lists) len() int { return len(l.ends) }

// at returns the element codes of a list, at least one.
func (l *lists) at(code uint32) []uint32 {
	start := uint32(0)
	if code > 1 {
		start = l.ends[code-2]
	}
	return l.elements[start:l.ends[code-1]]
}

func (l *lists) add(elements []uint32) uint32 {
	l.elements = append(l.elements, elements...)
	l.ends = append(l.ends, uint32(len(l.elements)))
	return uint32(len(l.ends))
}

// columnWriter changes a column without disturbing the views handed out: a
// chunk that a view holds is copied before its first change.
type columnWriter struct {
	chunks     []*chunk
	shared     bool // a view holds the slice of chunks
	dictionary *dictionary
	lists      *lists // nil of a scalar
	derivation *derivation
	scratch    []uint32
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
		return c.codes[row&(chunkRows-1)]
	}
	return nullCode
}

// set stores a code and reports whether it differs from the one before.
func (w *columnWriter) set(row int32, code uint32, epoch uint64) bool {
	if w.code(row) == code {
		return false
	}
	i := row >> chunkBits
	c := w.chunks[i]
	if c == nil || c.epoch != epoch {
		fresh := &chunk{epoch: epoch}
		if c != nil {
			fresh.codes = c.codes
		}
		w.own()
		w.chunks[i], c = fresh, fresh
	}
	c.codes[row&(chunkRows-1)] = code
	return true
}

// setValue stores a scalar; "" is null.
func (w *columnWriter) setValue(row int32, value string, epoch uint64) bool {
	return w.set(row, w.dictionary.code(value), epoch)
}

// setValues stores a collection. Empty elements are dropped.
func (w *columnWriter) setValues(row int32, values []string, epoch uint64) bool {
	codes := w.scratch[:0]
	for _, v := range values {
		if code := w.dictionary.code(v); code != nullCode {
			codes = append(codes, code)
		}
	}
	w.scratch = codes
	if len(codes) == 0 {
		return w.set(row, nullCode, epoch)
	}
	if old := w.code(row); old != nullCode && slices.Equal(w.lists.at(old), codes) {
		return false
	}
	return w.set(row, w.lists.add(codes), epoch)
}

// view returns the column as it is now.
func (w *columnWriter) view() column {
	w.shared = true
	c := column{chunks: w.chunks, values: w.dictionary.view(), derivation: w.derivation}
	if w.lists != nil {
		lists := *w.lists
		c.lists = &lists
	}
	return c
}
