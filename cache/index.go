package cache

// index finds a user's row by object id. It is not stored: random keys would
// make a bulk load ten times slower, and rebuilding it is one scan.
type index struct {
	guids map[[16]byte]uint32
	texts map[string]uint32 // ids of any other form
}

func newIndex(users int) *index {
	return &index{guids: make(map[[16]byte]uint32, users), texts: map[string]uint32{}}
}

func (x *index) find(id string) (row uint32, ok bool) {
	if g, packed := packGUID(id); packed {
		row, ok = x.guids[g]
		return row, ok
	}
	row, ok = x.texts[id]
	return row, ok
}

func (x *index) set(id string, row uint32) {
	if g, packed := packGUID(id); packed {
		x.guids[g] = row
		return
	}
	x.texts[id] = row
}

func (x *index) remove(id string) {
	if g, packed := packGUID(id); packed {
		delete(x.guids, g)
		return
	}
	delete(x.texts, id)
}
