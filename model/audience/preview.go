package audience

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"rollcall/model"
	"rollcall/model/expansion"
)

// Preview is an audience resolved and expanded: what is included, of that what
// is within, less what is excluded.
type Preview struct {
	Entries []Entry // as given, those that exclude and keep within among them
	// Expansion of the included entries alone: its Recipients are before
	// anybody fell outside or was excluded.
	Expansion *expansion.Result
	// Recipients are what is left, sorted by address.
	Recipients []expansion.Recipient
	// Outside are the recipients that no entry with an "&" holds, sorted by
	// address; nobody where there is no such entry.
	Outside []expansion.Recipient
	// Excluded are the recipients that are within, and that an excluded entry
	// took away, sorted by address.
	Excluded []expansion.Recipient
	// WithoutAddress are the members that are left and have no address.
	WithoutAddress []model.Object
	// NonRecipients are the devices and service principals that are left: they
	// are members and receive no mail.
	NonRecipients []model.Object
	// Missing joins what could not be resolved or read: parts of inclusions, of
	// what the audience is kept within (see expansion.Missing.Within), and of
	// exclusions (see expansion.Missing.Excluded). Without parts of exclusions
	// there are at least as many recipients as counted, with nothing else, at
	// most as many; with both, neither.
	Missing []expansion.Missing
	// Departed are the members of saved lists that have left the directory:
	// they receive nothing, and no group can hold them.
	Departed []Departed
	Notes    []string
	Counts   Counts
	// Contributions are of each entry, in the order of Entries.
	Contributions []Contribution
	// Requests is what the preview cost, where the caller counts them.
	Requests int
	// SyncedAt is when the directory that answered was last brought up to date,
	// where the caller says it.
	SyncedAt time.Time

	objects []model.Object
	left    []int32 // of each recipient: its position in Expansion.Recipients; nil: its own
	walked  *expansion.Sides
	root    []int // of each entry: its position among the roots of its side; -1 unresolved
}

// Departed is a member of a saved list whom the directory no longer holds.
type Departed struct {
	Entry  Entry
	Object model.Object // as it was when the list was saved
	// Outside says that the entry includes, and that what the audience is kept
	// within does not hold the object. A rule may hold it: nobody can tell.
	Outside bool
}

// Counts are the parts of the number of recipients.
type Counts struct {
	Unique   int `json:"unique"`
	Internal int `json:"internal"`
	External int `json:"external"` // guests, contacts and addresses of foreign domains
	Guests   int `json:"guests"`   // among the external ones
	SMS      int `json:"sms"`      // with a mobile number
	Disabled int `json:"-"`        // with a disabled account
}

// Complete reports whether nothing is missing from the answer.
func (p *Preview) Complete() bool { return len(p.Missing) == 0 }

// Objects are the distinct objects of the audience that are left, those
// without an address and those that receive nothing included: what a group
// should hold. The slice must not be changed.
func (p *Preview) Objects() []model.Object { return p.objects }

func count(recipients []expansion.Recipient) Counts {
	c := Counts{Unique: len(recipients)}
	for i := range recipients {
		r := &recipients[i]
		if r.External {
			c.External++
		} else {
			c.Internal++
		}
		if strings.EqualFold(r.Object.UserType, "Guest") {
			c.Guests++
		}
		if r.SMS {
			c.SMS++
		}
		if r.Disabled {
			c.Disabled++
		}
	}
	return c
}

// DomainCount is a domain of external recipients and how many have it.
type DomainCount struct {
	Domain string `json:"domain"` // in lower case
	Count  int    `json:"count"`
}

// ExternalDomains counts the external recipients by the domains of their
// addresses, the most frequent first.
func (p *Preview) ExternalDomains() []DomainCount {
	counts := make(map[string]int)
	for i := range p.Recipients {
		if r := &p.Recipients[i]; r.External {
			counts[strings.ToLower(r.Address[strings.LastIndexByte(r.Address, '@')+1:])]++
		}
	}
	domains := make([]DomainCount, 0, len(counts))
	for _, domain := range slices.Sorted(maps.Keys(counts)) {
		domains = append(domains, DomainCount{domain, counts[domain]})
	}
	slices.SortStableFunc(domains, func(a, b DomainCount) int { return cmp.Compare(b.Count, a.Count) })
	return domains
}
