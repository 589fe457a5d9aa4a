package directory

import (
	"hash/maphash"
	"iter"
	"strings"

	"rollcall/model"
	"rollcall/model/rule"
)

// addressesOf yields the folded mail addresses of a row: mail,
// userPrincipalName and the SMTP proxy addresses. One may come twice.
func (s *Snapshot) addressesOf(row int32) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, a := range [...]model.AttrID{model.AttrMail, model.AttrUserPrincipalName} {
			if v := s.columns[a].first(row); v != "" && !yield(rule.Fold(v)) {
				return
			}
		}
		proxies := &s.columns[model.AttrProxyAddresses]
		code := proxies.code(row)
		if code == nullCode {
			return
		}
		for _, e := range proxies.lists.at(code) {
			if address, ok := strings.CutPrefix(rule.Fold(proxies.value(e)), "smtp:"); ok && !yield(address) {
				return
			}
		}
	}
}

// indexAddresses puts each row under the hashes of its addresses, once for
// each different hash.
func (s *Snapshot) indexAddresses() *hashTable {
	type entry struct {
		hash uint64
		row  int32
	}
	entries := make([]entry, 0, 2*s.live)
	for row := range s.rows {
		if !s.isAlive(row) {
			continue
		}
		first := len(entries)
	address:
		for address := range s.addressesOf(row) {
			hash := maphash.String(s.seed, address)
			for _, known := range entries[first:] {
				if known.hash == hash {
					continue address
				}
			}
			entries = append(entries, entry{hash, row})
		}
	}
	table := newHashTable(len(entries), int(s.rows))
	for _, e := range entries {
		table.insert(e.hash, uint32(e.row))
	}
	return table
}
