package directory

import (
	"hash/maphash"
	"iter"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/internal/parallel"
	"rollcall/model/rule"
)

// addressed are the attributes that hold a user's addresses.
var addressed = [...]model.AttrID{model.AttrMail, model.AttrUserPrincipalName, model.AttrProxyAddresses}

// addressIn returns the address in a value of one of the addressed attributes;
// of the proxy addresses only those of SMTP hold one.
func addressIn(a model.AttrID, value string) (string, bool) {
	const prefix = "smtp:"
	if a != model.AttrProxyAddresses {
		return value, value != ""
	}
	if len(value) <= len(prefix) || !strings.EqualFold(value[:len(prefix)], prefix) {
		return "", false
	}
	return value[len(prefix):], true
}

// addressesOf yields the addresses of a row. One may come twice.
func (s *Snapshot) addressesOf(row int32) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, a := range addressed {
			c := &s.columns[a]
			for e := range c.elements(row) {
				if address, ok := addressIn(a, c.value(e)); ok && !yield(address) {
					return
				}
			}
		}
	}
}

// ByAddress finds the rows that own an address: mail, userPrincipalName or any
// SMTP proxy address, ignoring case, in the order of the rows.
func (s *Snapshot) ByAddress(address string) []int32 {
	var rows []int32
	for n := range s.addressIndex().probe(maphash.String(s.seed, rule.Fold(address))) {
		// The index is shared with other snapshots: what it finds may be theirs.
		row := int32(n)
		if row >= s.rows || !s.isAlive(row) || slices.Contains(rows, row) {
			continue
		}
		for owned := range s.addressesOf(row) {
			if strings.EqualFold(owned, address) {
				rows = append(rows, row)
				break
			}
		}
	}
	slices.Sort(rows)
	return rows
}

// ByPrincipalName finds the row with a userPrincipalName, ignoring case.
func (s *Snapshot) ByPrincipalName(name string) (int32, bool) {
	for _, row := range s.ByAddress(name) {
		if strings.EqualFold(s.Value(row, model.AttrUserPrincipalName), name) {
			return row, true
		}
	}
	return 0, false
}

// addressIndex returns the index of the addresses, which is made when it is
// first asked for; from then on the writer keeps it up to date.
func (s *Snapshot) addressIndex() *hashTable {
	if index := s.addresses.Load(); index != nil {
		return index
	}
	s.addressing.Do(func() { s.addresses.Store(s.indexAddresses()) })
	return s.addresses.Load()
}

// indexAddresses puts each row under the hashes of its addresses, once for
// each different hash.
func (s *Snapshot) indexAddresses() *hashTable {
	type entry struct {
		hash uint64
		row  int32
	}
	found := make([][]entry, len(s.ids))
	parallel.All(len(s.ids), 1, func(chunk, _ int) {
		entries := make([]entry, 0, 2*chunkRows)
		var folded []byte
		for row := range s.rowsOf(chunk) {
			first := len(entries)
		address:
			for address := range s.addressesOf(row) {
				folded = rule.AppendFold(folded[:0], address)
				hash := maphash.Bytes(s.seed, folded)
				for _, known := range entries[first:] {
					if known.hash == hash {
						continue address
					}
				}
				entries = append(entries, entry{hash, row})
			}
		}
		found[chunk] = entries
	})
	n := 0
	for _, entries := range found {
		n += len(entries)
	}
	index := newHashTable(n+n/8, int(s.rows)+int(s.rows)/8)
	parallel.All(len(found), 1, func(chunk, _ int) {
		index.fill(func(yield func(uint64, uint32) bool) {
			for _, e := range found[chunk] {
				yield(e.hash, uint32(e.row))
			}
		})
	})
	return index
}
