package directory

import (
	"math"

	"rollcall/model"
	"rollcall/model/internal/parallel"
)

// Restore replaces everything by what Save put: get returns a part by its name,
// nil when there is none, and is called by several goroutines. The data that it
// returns is the directory's from then on. Attributes that the schema syncs and
// the parts lack are null; those that it does not sync are dropped. When
// Restore fails, nothing has changed.
//
// The users can be read at once. What only Apply needs is computed in the
// background; an Apply that comes earlier waits for what it needs.
func (d *Directory) Restore(get func(name string) ([]byte, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	table := newWriter(d.schema, d.collation)
	if err := restore(table, get); err != nil {
		return err
	}
	d.table = table
	d.publish(d.Snapshot().generation + 1)
	go d.Snapshot().prepare()
	return nil
}

// restore fills an empty writer from an image.
func restore(w *writer, get func(name string) ([]byte, error)) error {
	r := &restoring{writer: w, get: get}
	data, err := r.part(headerPart)
	if err != nil {
		return err
	}
	if r.header, err = decodeHeader(data); err != nil {
		return err
	}
	columns, err := r.match()
	if err != nil {
		return err
	}
	// The ids prove how many users there are before anything is allocated for
	// each of them.
	if err := r.ids(); err != nil {
		return err
	}
	var jobs []func() error
	for _, c := range columns {
		jobs = append(jobs, c.jobs()...)
	}
	errs := make([]error, len(jobs))
	parallel.All(len(jobs), 1, func(i, _ int) { errs[i] = jobs[i]() })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	for _, c := range columns {
		c.assemble()
	}
	if r.header.Order == w.collation.name() {
		w.order = make([]int32, w.rows)
		for i := range w.order {
			w.order[i] = int32(i)
		}
	}
	return nil
}

// restoring reads one image.
type restoring struct {
	writer *writer
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

// match finds the columns of the image that the writer has.
func (r *restoring) match() ([]*restoredColumn, error) {
	byName := make(map[string]*columnHeader, len(r.header.Columns))
	for i := range r.header.Columns {
		h := &r.header.Columns[i]
		if byName[h.Name] != nil {
			return nil, partError(headerPart, "column %q stands there twice", h.Name)
		}
		byName[h.Name] = h
	}
	var columns []*restoredColumn
	for i := range r.writer.columns {
		h := byName[columnName(r.writer.schema, i)]
		if h == nil {
			continue
		}
		c := &restoredColumn{restoring: r, header: h, writer: &r.writer.columns[i]}
		owner, partner := h, ""
		if i < r.writer.schema.Len() {
			if a := dictionaryOf(model.AttrID(i)); int(a) != i {
				partner = columnName(r.writer.schema, int(a))
				owner = byName[partner]
			}
		}
		if h.Dictionary != partner || owner == nil || h.Collection != (c.writer.lists != nil) {
			return nil, partError(headerPart, "column %q has another form", h.Name)
		}
		var err error
		if c.values, err = total(owner.Texts); err != nil {
			return nil, err
		}
		if c.listed, err = total(h.Lists); err != nil {
			return nil, err
		}
		c.isSorted = i == int(model.AttrDisplayName) && r.header.Order == r.writer.collation.name()
		columns = append(columns, c)
	}
	return columns, nil
}

// total adds up the numbers of what the segments hold.
func total(segments []int) (int, error) {
	sum := 0
	for i, n := range segments {
		if n < 0 || n > math.MaxInt32-sum || n == 0 && i+1 < len(segments) {
			return 0, partError(headerPart, "%d in segment %d", n, i)
		}
		sum += n
	}
	return sum, nil
}

func (r *restoring) ids() error {
	users := r.header.Users
	parts := make([][]byte, (users+idsOfPart-1)/idsOfPart)
	for i := range parts {
		var err error
		if parts[i], err = r.part(idsPart(i)); err != nil {
			return err
		}
		if n := min(idsOfPart, users-i*idsOfPart); len(parts[i]) != n*len(key{}) {
			return partError(idsPart(i), "%d bytes for %d users", len(parts[i]), n)
		}
	}
	w, chunks := r.writer, (users+chunkRows-1)/chunkRows
	const chunksOfPart = idsOfPart / chunkRows
	w.ids = make([]*idChunk, chunks)
	for i := range w.ids {
		c := &idChunk{}
		rest := parts[i/chunksOfPart][i%chunksOfPart*chunkRows*len(key{}):]
		for row := range min(chunkRows, users-i*chunkRows) {
			rest = rest[copy(c.keys[row][:], rest):]
		}
		w.ids[i] = c
	}
	for i := range w.columns {
		w.columns[i].chunks = make([]*chunk, chunks)
	}
	w.rows, w.live = int32(users), users
	w.alive = make([]uint64, chunks*chunkWords)
	for row := range users {
		w.alive[row>>6] |= 1 << (row & 63)
	}
	return r.irregularIDs()
}

func (r *restoring) irregularIDs() error {
	if r.header.Irregular == 0 {
		return nil
	}
	data, err := r.part(irregularPart)
	if err != nil {
		return err
	}
	w := r.writer
	w.irregular = map[key]string{}
	n := numbers{name: irregularPart, rest: data}
	for range r.header.Irregular {
		row := int32(n.next(w.live - 1))
		id := string(n.bytes(n.next(len(n.rest))))
		if n.err != nil {
			return n.err
		}
		k, regular := keyOf(id)
		if regular || w.key(row) != k {
			return partError(irregularPart, "id %q is not user %d's", id, row)
		}
		w.irregular[k] = id
	}
	return n.end()
}
