package directory

import (
	"context"
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"rollcall/model"
	"rollcall/model/internal/parallel"
	"rollcall/model/rule"
)

// Mailboxes tells of every row what counts where a message goes to it, as sets
// of rows. It is made once for a snapshot, and immutable.
type Mailboxes struct {
	Addressed *Set // have a primary address: mail is not null
	// Shared have an address, mail, user principal name or proxy address, that may
	// be one of another row's as well. What the other rows go by is theirs alone.
	Shared   *Set
	Guests   *Set         // of Addressed
	Mobile   *Set         // of Addressed: with a mobile number
	Disabled *Set         // of Addressed
	Domains  []MailDomain // of those who are addressed and no guests, by name
}

// MailDomain is a domain of primary addresses.
type MailDomain struct {
	Name string // in lower case
	Rows *Set
}

// Mailboxes reads a million rows in a second or two when it is first asked of a
// snapshot, and leaves a processor to others meanwhile. Its error is the
// context's: the reading goes on by itself then, for whoever asks next.
func (s *Snapshot) Mailboxes(ctx context.Context) (*Mailboxes, error) {
	s.mailboxes.begin.Do(func() {
		s.mailboxes.made = make(chan struct{})
		go func() {
			s.mailboxes.value.Store(s.readMailboxes())
			close(s.mailboxes.made)
		}()
	})
	select {
	case <-s.mailboxes.made:
		return s.mailboxes.value.Load(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// KnowsMailboxes reports whether Mailboxes answers at once.
func (s *Snapshot) KnowsMailboxes() bool { return s.mailboxes.value.Load() != nil }

// mailboxes are on their way once begin has run.
type mailboxes struct {
	begin sync.Once
	made  chan struct{}
	value atomic.Pointer[Mailboxes]
}

func (s *Snapshot) readMailboxes() *Mailboxes {
	addressed, shared, guests, mobile, disabled := s.words(), s.words(), s.words(), s.words(), s.words()
	index := s.addressIndex()
	domains := make([]map[string][]int32, len(s.ids)) // of each chunk
	odd := make([][]string, len(s.ids))
	_ = parallel.Ranges(parallel.Background(context.Background()), len(s.ids), 1, func(chunk, _ int) { // nothing ends it
		found := make(map[string][]int32)
		domains[chunk] = found
		var folded []byte
		for row := range s.rowsOf(chunk) {
			set := func(words []uint64) { words[row>>6] |= 1 << (row & 63) }
			if s.isShared(index, row, &folded) {
				set(shared)
			}
			for address := range s.oddAddresses(row) {
				set(shared)
				odd[chunk] = append(odd[chunk], address)
			}
			mail := s.Value(row, model.AttrMail)
			if mail == "" {
				continue
			}
			set(addressed)
			if strings.EqualFold(s.Value(row, model.AttrUserType), "Guest") {
				set(guests)
			} else {
				domain := mail[strings.LastIndexByte(mail, '@')+1:]
				found[domain] = append(found[domain], row)
			}
			if strings.TrimSpace(s.Value(row, model.AttrMobilePhone)) != "" {
				set(mobile)
			}
			if s.Value(row, model.AttrAccountEnabled) == "false" {
				set(disabled)
			}
		}
	})
	for _, address := range slices.Concat(odd...) {
		for _, row := range s.ByAddress(strings.ToLower(address)) {
			shared[row>>6] |= 1 << (row & 63)
		}
	}
	m := &Mailboxes{
		Addressed: newSet(addressed), Shared: newSet(shared), Guests: newSet(guests), Mobile: newSet(mobile), Disabled: newSet(disabled),
	}
	byName := make(map[string][]uint64)
	for _, found := range domains {
		for domain, rows := range found {
			name := strings.ToLower(domain)
			if byName[name] == nil {
				byName[name] = s.words()
			}
			for _, row := range rows {
				byName[name][row>>6] |= 1 << (row & 63)
			}
		}
	}
	for name, words := range byName {
		m.Domains = append(m.Domains, MailDomain{strings.Clone(name), newSet(words)})
	}
	slices.SortFunc(m.Domains, func(a, b MailDomain) int { return strings.Compare(a.Name, b.Name) })
	return m
}

// words are those of an empty set.
func (s *Snapshot) words() []uint64 { return make([]uint64, len(s.alive)) }

// oddAddresses yields the addresses of a row that the index does not find by
// every spelling: outside of ASCII there is more than one way to fold letter
// case, and a proxy address without a type may be one of SMTP.
func (s *Snapshot) oddAddresses(row int32) iter.Seq[string] {
	return func(yield func(string) bool) {
		proxies := &s.columns[model.AttrProxyAddresses]
		for e := range proxies.elements(row) {
			if v := proxies.value(e); !strings.Contains(v, ":") && !yield(v) {
				return
			}
		}
		for address := range s.addressesOf(row) {
			if !isASCII(address) && !yield(address) {
				return
			}
		}
	}
}

// isShared reports whether an address of a row is another row's too.
func (s *Snapshot) isShared(index *hashTable, row int32, folded *[]byte) bool {
	for address := range s.addressesOf(row) {
		*folded = rule.AppendFold((*folded)[:0], address)
		for n := range index.probe(maphash.Bytes(s.seed, *folded)) {
			other := int32(n)
			if other == row || other >= s.rows || !s.isAlive(other) {
				continue
			}
			for owned := range s.addressesOf(other) {
				if strings.EqualFold(owned, address) {
					return true
				}
			}
		}
	}
	return false
}

// CountAnd is the number of rows that are in both sets of one snapshot.
func (s *Set) CountAnd(o *Set) int {
	n := 0
	for i, w := range s.words {
		n += bits.OnesCount64(w & o.words[i])
	}
	return n
}
