package audience

import (
	"time"

	"rollcall/model"
	"rollcall/model/expansion"
)

// Summary is a preview as the command line's JSON shows it.
type Summary struct {
	Recipients     Counts         `json:"recipients"`
	WithoutAddress int            `json:"withoutAddress"`
	NonRecipients  int            `json:"nonRecipients"` // devices and service principals
	Disabled       int            `json:"disabled"`
	Duplicates     int            `json:"duplicates"`
	Excluded       int            `json:"excluded"`
	Outside        int            `json:"outside"`
	Groups         []GroupSummary `json:"groups"`
	Unresolved     []Unresolved   `json:"unresolved"`
	Departed       []Leaver       `json:"departed"`
	// Contributions are of each entry, in the order in which they were given,
	// the exclusions last where the command line takes them apart.
	Contributions []ContributionSummary `json:"contributions"`
	// Overlap is a square: how many recipients every two entries both reach, in
	// the order of Contributions. The diagonal holds what each reaches by itself.
	Overlap         [][]int       `json:"overlap"`
	ExternalDomains []DomainCount `json:"externalDomains"`
	Notes           []string      `json:"notes"`
	Complete        bool          `json:"complete"`
	AsOf            time.Time     `json:"asOf"`
	Requests        int           `json:"requests"`
	Addresses       []string      `json:"addresses"`
}

// GroupSummary is one list of the tree, before anybody fell outside or was
// excluded.
type GroupSummary struct {
	ID          string           `json:"id"`
	DisplayName string           `json:"displayName"`
	Mail        string           `json:"mail"`
	Kind        model.GroupKind  `json:"kind"`
	Depth       int              `json:"depth"`
	Direct      int              `json:"direct"`
	Unique      int              `json:"unique"`
	Cycle       bool             `json:"cycle"`
	Hidden      bool             `json:"hidden"`
	Source      expansion.Source `json:"source"`
	Stored      bool             `json:"stored"` // members as the source calculated them last, not as of now
	Empty       bool             `json:"empty"`  // it is known to reach nobody
	// Reason is why the list could not be read in full, Remedy what to do.
	Reason string `json:"reason,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// ContributionSummary is a Contribution as the command line's JSON shows it.
type ContributionSummary struct {
	Entry      string `json:"entry"`
	Exclude    bool   `json:"exclude"`
	Within     bool   `json:"within"`
	Recipients int    `json:"recipients"`
	Alone      int    `json:"alone"`
	Unresolved bool   `json:"unresolved"`
	Partial    bool   `json:"partial"`
}

// Unresolved is a part that is missing, and why.
type Unresolved struct {
	Entry  string `json:"entry"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy,omitempty"`
	// Excluded says that the part belongs to an exclusion, so that fewer and not
	// more may be left than counted.
	Excluded bool `json:"excluded"`
	// Within says that the part belongs to what the audience is kept within, so
	// that more and not fewer may be left than counted.
	Within bool `json:"within"`
}

// Leaver is a member of a saved list who has left the directory.
type Leaver struct {
	Entry       string `json:"entry"`
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Mail        string `json:"mail"` // when the list was saved
}

// Summary returns the preview's figures. Its lists are empty, never nil.
func (p *Preview) Summary() Summary {
	s := Summary{
		Recipients:      p.Counts,
		WithoutAddress:  len(p.WithoutAddress),
		NonRecipients:   len(p.NonRecipients),
		Disabled:        p.Counts.Disabled,
		Duplicates:      p.Expansion.Duplicates,
		Excluded:        len(p.Excluded),
		Outside:         len(p.Outside),
		Groups:          p.Groups(),
		Unresolved:      make([]Unresolved, 0, len(p.Missing)),
		Departed:        make([]Leaver, 0, len(p.Departed)),
		Contributions:   make([]ContributionSummary, 0, len(p.Contributions)),
		Overlap:         p.Overlap(),
		ExternalDomains: p.ExternalDomains(),
		Notes:           append([]string{}, p.Notes...),
		Complete:        p.Complete(),
		AsOf:            p.Expansion.AsOf,
		Requests:        p.Requests,
		Addresses:       make([]string, len(p.Recipients)),
	}
	for i := range p.Contributions {
		c := &p.Contributions[i]
		s.Contributions = append(s.Contributions, ContributionSummary{
			Entry: c.Entry.String(), Exclude: c.Entry.Exclude, Within: c.Entry.Within,
			Recipients: c.Recipients, Alone: c.Alone, Unresolved: c.Unresolved, Partial: c.Partial,
		})
	}
	for _, m := range p.Missing {
		s.Unresolved = append(s.Unresolved, Unresolved{Entry: m.Entry, Reason: m.Reason.Message, Remedy: m.Reason.Remedy, Excluded: m.Excluded, Within: m.Within})
	}
	for _, d := range p.Departed {
		s.Departed = append(s.Departed, Leaver{Entry: d.Entry.String(), ID: d.Object.ID, DisplayName: d.Object.DisplayName, Mail: d.Object.Mail})
	}
	for i := range p.Recipients {
		s.Addresses[i] = p.Recipients[i].Address
	}
	return s
}

// Groups are the lists of what is included, in the order of the expansion: an
// empty slice, never nil, where there are none.
func (p *Preview) Groups() []GroupSummary {
	groups := make([]GroupSummary, 0, len(p.Expansion.Nodes))
	for _, n := range p.Expansion.Nodes {
		g := GroupSummary{
			ID: n.Group.ID, DisplayName: n.Group.DisplayName, Mail: n.Group.Mail, Kind: n.Group.Kind,
			Depth: n.Depth, Direct: n.Direct, Unique: n.Unique, Cycle: n.Cycle, Hidden: n.Hidden, Source: n.Source,
			Stored: n.Stored, Empty: n.Empty(),
		}
		if reason := n.Unread(); reason != nil {
			g.Reason, g.Remedy = reason.Message, reason.Remedy
		}
		groups = append(groups, g)
	}
	return groups
}
