package cache

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/refresh"
)

// Layout 1 kept a row for each user. Its header had format, names, state and
// clean as it is now, but nothing sealed, and State.Next was also where an
// interrupted listing went on.
const formatRows = 1

// bucketRows held a record for each row number, 4 bytes big endian. A record
// is one user as bytes:
//
//	crc32c of the rest, 4 bytes little endian
//	object id       reference
//	manager's id    reference
//	fields          each: uvarint name<<1 | collection, then
//	                  scalar: text; collection: uvarint count, texts
//
// A reference is a tag byte and, after refGUID, 16 bytes; after refText, a
// text. Texts and names are those of a page.
var bucketRows = []byte("rows")

const (
	refNone byte = iota
	refGUID
	refText
)

// migrationPage is how many users of layout 1 become one page of the log.
const migrationPage = 999

// migrate converts a file of layout 1: the users become a log of whole
// records.
func (s *store) migrate(tenantID string) error {
	if s.refused != nil {
		return &model.Error{
			Kind: s.refused.Kind, Code: s.refused.Code,
			Message: fmt.Sprintf("%s was written by an older rollcall and cannot be converted: %s", s.path, s.refused.Message),
			Remedy:  s.refused.Remedy, Err: s.refused,
		}
	}
	return s.rewrite(func(d *draft) (*head, error) {
		c := &head{}
		return c, s.db.View(func(tx *bolt.Tx) error { return s.convert(tx, d, c, tenantID) })
	})
}

func (s *store) convert(tx *bolt.Tx, d *draft, c *head, tenantID string) error {
	header, rows := tx.Bucket(bucketHeader), tx.Bucket(bucketRows)
	if rows == nil {
		return damage("a header without rows")
	}
	if err := json.Unmarshal(header.Get(keyState), &c.state); err != nil {
		return damage("the state: %v", err)
	}
	if err := checkTenant(s.path, c.state.TenantID, tenantID); err != nil {
		return err
	}
	if c.state.Phase == refresh.PhaseReading && c.state.Next == "" {
		// A listing that has read nothing, or does not know where to go on.
		*c = head{names: []byte("[]"), state: refresh.State{TenantID: c.state.TenantID, Resync: c.state.Resync}}
		return nil
	}
	table, err := loadNames(s.schema, header.Get(keyNames))
	if err != nil {
		return err
	}
	w := &migration{draft: d, names: table, head: c}
	if err := w.rows(rows); err != nil {
		return err
	}
	if w.users != c.state.Users {
		return damage("%d rows for %d users", w.users, c.state.Users)
	}
	if err := w.cursor(); err != nil {
		return err
	}
	c.names, err = table.stored()
	return err
}

// migration is a conversion in progress.
type migration struct {
	draft *draft
	names *names
	head  *head
	users int
	page  []model.Change
	pages pageWriter
}

func (m *migration) rows(rows *bolt.Bucket) error {
	last := int64(-1)
	err := rows.ForEach(func(key, record []byte) error {
		if len(key) != 4 || int64(binary.BigEndian.Uint32(key)) <= last {
			return damage("row key %x after row %d", key, last)
		}
		last = int64(binary.BigEndian.Uint32(key))
		u, err := readRecord(record, m.names)
		if err != nil {
			return fmt.Errorf("row %d: %w", last, err)
		}
		m.users++
		m.page = append(m.page, u)
		if len(m.page) < migrationPage {
			return nil
		}
		return m.flush()
	})
	if err != nil {
		return err
	}
	return m.flush()
}

// flush adds what has been read to the log.
func (m *migration) flush() error {
	if len(m.page) == 0 {
		return nil
	}
	packed := bytes.Clone(pack(nil, m.pages.write(m.page, m.names)))
	bucket, number := m.head.extent.place(false, len(packed))
	m.page = m.page[:0]
	return m.draft.add(len(packed), func(tx *bolt.Tx) error { return putPage(tx, bucket, number, packed) })
}

// cursor turns the place where an interrupted listing went on into that of its
// one partition.
func (m *migration) cursor() error {
	state := &m.head.state
	if state.Phase != refresh.PhaseReading {
		return nil
	}
	only := refresh.Cursor{Link: state.Next}
	state.Next, state.Serial = "", true
	return m.draft.add(0, func(tx *bolt.Tx) error { return putCursors(tx, []refresh.Cursor{only}) })
}

// readRecord reads a record of layout 1.
func readRecord(record []byte, n *names) (u model.Change, err error) {
	if len(record) < sealSize || binary.LittleEndian.Uint32(record) != checksum(nil, nil, record[sealSize:]) {
		return u, damage("a record's checksum is wrong")
	}
	c := &cursor{body: record[sealSize:], text: string(record[sealSize:])}
	u.Whole = true
	u.ID = c.reference()
	if manager := c.reference(); manager != "" {
		u.Manager = &manager
	}
	for c.at < len(c.body) {
		head := c.uvarint()
		f := model.Field{}
		if head&1 == 0 {
			f.Value = c.next()
		} else {
			f.Values = make([]string, c.count())
			for i := range f.Values {
				f.Values[i] = c.next()
			}
		}
		if head>>1 >= uint64(len(n.list)) {
			c.fail()
		}
		attr, known := n.attr(head >> 1)
		if f.Attr = attr; known {
			u.Fields = append(u.Fields, f)
		}
	}
	if c.bad || u.ID == "" {
		return u, damage("a record makes no sense")
	}
	return u, nil
}

// reference reads an object id as layout 1 wrote it; "" is none.
func (c *cursor) reference() string {
	switch c.byte() {
	case refNone:
		return ""
	case refGUID:
		if len(c.body)-c.at >= 16 {
			c.at += 16
			return string(appendGUID(nil, [16]byte(c.body[c.at-16:])))
		}
	case refText:
		return c.next()
	}
	c.fail()
	return ""
}
