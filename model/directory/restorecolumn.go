package directory

import (
	"encoding/binary"
	"slices"
	"unsafe"
)

// restoredColumn reads one column of an image. Its parts are read in any order;
// each is checked against what the header says of the others.
type restoredColumn struct {
	*restoring
	header   *columnHeader
	writer   *columnWriter
	values   int  // in the dictionary
	listed   int  // lists
	isSorted bool // the dictionary stands in the order of its values

	lists  []lists        // by segment
	blocks [][]*textBlock // by segment
}

// jobs returns what can be done side by side.
func (c *restoredColumn) jobs() []func() error {
	var jobs []func() error
	for part := range (len(c.writer.chunks) + chunksOfPart - 1) / chunksOfPart {
		jobs = append(jobs, func() error { return c.readCodes(part) })
	}
	if c.header.Collection {
		c.lists = make([]lists, len(c.header.Lists))
		for segment := range c.lists {
			jobs = append(jobs, func() error { return c.readLists(segment) })
		}
	}
	if c.header.Dictionary == "" {
		c.blocks = make([][]*textBlock, len(c.header.Texts))
		for segment := range c.blocks {
			jobs = append(jobs, func() error { return c.readTexts(segment) })
		}
	}
	return jobs
}

// assemble puts together what the jobs have read.
func (c *restoredColumn) assemble() {
	if len(c.lists) == 1 {
		*c.writer.lists = c.lists[0]
	} else {
		for _, l := range c.lists {
			c.writer.lists.append(l)
		}
	}
	if c.header.Dictionary == "" {
		d := c.writer.dictionary
		d.adopt(slices.Concat(c.blocks...))
		if c.isSorted {
			d.ranking.sorted = c.values
		}
	}
}

// readCodes reads a part with chunks of codes.
func (c *restoredColumn) readCodes(part int) error {
	name := c.header.part("codes", part)
	data, err := c.part(name)
	if err != nil {
		return err
	}
	limit := c.values
	if c.header.Collection {
		limit = c.listed
	}
	users := c.restoring.header.Users
	n := &numbers{name: name, rest: data}
	for i := part * chunksOfPart; i < min((part+1)*chunksOfPart, len(c.writer.chunks)); i++ {
		c.writer.chunks[i] = readChunk(n, min(chunkRows, users-i*chunkRows), limit)
	}
	return n.end()
}

// readChunk reads what appendChunk wrote: rows codes that are at most limit.
func readChunk(n *numbers, rows, limit int) *chunk {
	var width int
	if b := n.bytes(1); n.err == nil {
		width = int(b[0])
	}
	if width == 0 {
		return nil
	}
	if width > 4 {
		n.err = partError(n.name, "codes of %d bytes", width)
		return nil
	}
	head := n.bytes(4)
	data := n.bytes(width * rows)
	if n.err != nil {
		return nil
	}
	c, highest := &chunk{base: binary.LittleEndian.Uint32(head)}, uint32(0)
	switch width {
	case 1:
		c.narrow = make([]uint8, chunkRows)
		copy(c.narrow, data)
		highest = uint32(slices.Max(data))
	case 2:
		c.medium = make([]uint16, chunkRows)
		for row := range rows {
			code := binary.LittleEndian.Uint16(data[2*row:])
			c.medium[row] = code
			highest = max(highest, uint32(code))
		}
	default:
		c.wide = make([]uint32, chunkRows)
		for row := range rows {
			code := uint32(0)
			for i, b := range data[width*row : width*row+width] {
				code |= uint32(b) << (8 * i)
			}
			if code != nullCode {
				highest = max(highest, code)
				c.wide[row] = c.base + code
			}
		}
	}
	if uint64(c.base)+uint64(highest) > uint64(limit) {
		n.err = partError(n.name, "code %d of %d", uint64(c.base)+uint64(highest), limit)
	}
	if c.wide != nil {
		c.base = 0
	}
	return c
}

// readLists reads a segment of lists.
func (c *restoredColumn) readLists(segment int) error {
	name, count := c.header.part("lists", segment), c.header.Lists[segment]
	data, err := c.part(name)
	if err != nil {
		return err
	}
	if count > len(data) {
		return partError(name, "%d lists in %d bytes", count, len(data))
	}
	l := lists{ends: make([]uint32, 0, count), codes: make([]uint32, 0, len(data)-count)}
	n, expected := &numbers{name: name, rest: data}, int64(1)
	for range count {
		length := n.next(len(n.rest))
		if length == 0 && n.err == nil {
			n.err = partError(name, "an empty list")
		}
		for range length {
			code := expected + n.signed()
			if n.err == nil && (code < 1 || code > int64(c.values)) {
				n.err = partError(name, "element %d of %d", code, c.values)
			}
			if n.err != nil {
				return n.err
			}
			l.codes = append(l.codes, uint32(code))
			expected = code + 1
		}
		l.ends = append(l.ends, uint32(len(l.codes)))
	}
	c.lists[segment] = lists{ends: l.ends, codes: slices.Clip(l.codes)}
	return n.end()
}

// readTexts reads a segment of texts. Its blocks share the memory of the part.
func (c *restoredColumn) readTexts(segment int) error {
	name, count := c.header.part("texts", segment), c.header.Texts[segment]
	data, err := c.part(name)
	if err != nil {
		return err
	}
	lengths, err := c.part(c.header.part("lengths", segment))
	if err != nil {
		return err
	}
	if count > len(lengths) || count%textsOfBlock != 0 && segment+1 < len(c.blocks) {
		return partError(name, "%d texts", count)
	}
	body := unsafe.String(unsafe.SliceData(data), len(data)) // nobody writes to it any more
	n := &numbers{name: c.header.part("lengths", segment), rest: lengths}
	blocks := make([]*textBlock, 0, (count+textsOfBlock-1)/textsOfBlock)
	ends := make([]uint32, 0, textsOfBlock)
	start, at := 0, 0
	for i := range count {
		length := n.next(len(body) - at)
		if length == 0 && n.err == nil {
			n.err = partError(name, "an empty text")
		}
		at += length
		ends = append(ends, uint32(at-start))
		if len(ends) == textsOfBlock || i+1 == count {
			blocks = append(blocks, newTextBlock(body[start:at], ends))
			start, ends = at, ends[:0]
		}
	}
	if n.err == nil && at != len(body) {
		n.err = partError(name, "texts of %d bytes in %d", at, len(body))
	}
	c.blocks[segment] = blocks
	return n.end()
}
