package audience

import "rollcall/model/expansion"

// Preview is an audience resolved and expanded: include minus exclude.
type Preview struct {
	Include, Exclude []Entry
	// Expansion of the included entries; its Recipients are before exclusion.
	Expansion *expansion.Result
	// Recipients are what is left after exclusion, sorted by address.
	Recipients []expansion.Recipient
	// Excluded are the recipients that an excluded entry took away.
	Excluded []expansion.Recipient
	// Missing joins what include and exclude could not resolve or read.
	Missing []expansion.Missing
	Notes   []string
}

// Complete reports whether nothing is missing from the answer.
func (p *Preview) Complete() bool { return len(p.Missing) == 0 }
