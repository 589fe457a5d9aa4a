package audience

import (
	"rollcall/model"
	"rollcall/model/expansion"
)

// Preview is an audience resolved and expanded: include minus exclude.
type Preview struct {
	Entries []Entry // as given, those that exclude among them
	// Expansion of the included entries; its Recipients are before exclusion.
	Expansion *expansion.Result
	// Recipients are what is left after exclusion, sorted by address.
	Recipients []expansion.Recipient
	// Excluded are the recipients that an excluded entry took away, sorted by
	// address.
	Excluded []expansion.Recipient
	// WithoutAddress are the members that are left and have no address.
	WithoutAddress []model.Object
	// NonRecipients are the devices and service principals that are left: they
	// are members and receive no mail.
	NonRecipients []model.Object
	// Missing joins what include and exclude could not resolve or read, the
	// parts of exclusions (see expansion.Missing.Excluded) last. Where only
	// inclusions are incomplete there are at least as many recipients as
	// counted, where only exclusions are, at most as many; with both, neither.
	Missing []expansion.Missing
	// Departed are the members of saved lists that have left the directory:
	// they receive nothing, and no group can hold them.
	Departed []Departed
	Notes    []string
	Counts   Counts
	// Requests is what the preview cost, where the caller counts them.
	Requests int

	objects []model.Object
}

// Departed is a member of a saved list whom the directory no longer holds.
type Departed struct {
	Entry  Entry
	Object model.Object // as it was when the list was saved
}

// Counts are the parts of the number of recipients.
type Counts struct {
	Unique   int `json:"unique"`
	Internal int `json:"internal"`
	External int `json:"external"` // guests, contacts and addresses of foreign domains
	SMS      int `json:"sms"`      // with a mobile number
	Disabled int `json:"-"`        // with a disabled account
}

// Complete reports whether nothing is missing from the answer.
func (p *Preview) Complete() bool { return len(p.Missing) == 0 }

// Objects are the distinct objects of the audience after exclusion, those
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
		if r.SMS {
			c.SMS++
		}
		if r.Disabled {
			c.Disabled++
		}
	}
	return c
}
