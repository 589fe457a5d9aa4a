// Package expansion walks nested lists down to their recipients. It reads
// members through the Members port, round by round, each group once, and keeps
// no structure after the result is dropped.
package expansion

import (
	"context"
	"strings"
	"time"

	"rollcall/model"
)

// Members reads the direct members of groups.
type Members interface {
	// Members answers every question with the next part of a group's members,
	// one listing for each, in the given order. It makes one request for each
	// question at most (several of them may share one), so that a round costs
	// its caller the time of one request. A group that could not be read carries
	// its error in the listing; the returned error means that nothing more can
	// be read (signed out, cancelled).
	Members(ctx context.Context, questions []Question) ([]Listing, error)
}

// Question asks for the direct members of a group.
type Question struct {
	Group model.Group
	// Next is where the listing before left off, as it said itself; "" asks from
	// the beginning.
	Next string
}

// Counter counts the members of groups without reading them.
type Counter interface {
	// CountUsers returns for each group, in the given order, how many users it
	// holds, those of nested groups included and each once; -1 for one that
	// cannot be counted. It is an estimate: it comes from an index that may lag
	// behind, and counts users without an address as well.
	CountUsers(ctx context.Context, groups []model.Group) ([]int, error)
}

// Source is a service that can answer for the members of a list.
type Source string

// The sources. They are written so in JSON too.
const (
	SourceGraph         Source = "graph"
	SourceExchangeAdmin Source = "exchange-admin" // Exchange Online Admin API
	SourceEWS           Source = "ews"            // Exchange Web Services, ExpandDL
)

// Label is the source as a person reads it.
func (s Source) Label() string {
	switch s {
	case SourceGraph:
		return "Graph"
	case SourceExchangeAdmin:
		return "Exchange Online"
	case SourceEWS:
		return "Exchange (EWS)"
	default:
		return string(s)
	}
}

// Listing is what a source said of one group: all of its direct members, or a
// part of them.
type Listing struct {
	GroupID string
	Source  Source
	Members []model.Object
	Next    string // where the members go on; "" at their end
	// Stored says that the members are those of the source's last calculation
	// and not of now. Exchange calculates the members of a dynamic distribution
	// list once in 24 hours and does not say when.
	Stored bool
	Hidden bool         // membership is hidden from this account: the members are unknown, not none
	Err    *model.Error // the group was not read, or not to its end: Members may be a part
	// Instead is why the source that should have answered did not, so that
	// another one, which sees less, did.
	Instead *model.Error
}

// Root is where a walk starts: an entry as the administrator wrote it, and the
// objects it stands for (one, except for a segment or a list).
type Root struct {
	Label   string
	Objects []model.Object
	Synced  bool // the users are as Options.Join would tell them
	// Distinct says that the objects are users with ids, and no two of them one,
	// so that they need not be told apart; and that nobody else needs them as they
	// are: the walk may complete them in place.
	Distinct bool
}

// Node is one group in the tree of nested lists. Nodes are shared: a group
// that several lists hold is one node with several parents.
type Node struct {
	Group    model.Group
	Depth    int // shortest distance from a root; a root group has 0
	Parents  []*Node
	Children []*Node
	Direct   int  // direct members, groups included
	Unique   int  // unique recipients that this group reaches, itself and below
	Cycle    bool // it is its own ancestor
	Hidden   bool
	Source   Source
	Stored   bool         // members as the source calculated them last: see Listing
	Err      *model.Error // not read, or in part
	Instead  *model.Error // why the source that sees more did not answer: see Listing

	unknown bool    // something of it or below it could not be read
	index   int     // position in the side's list of groups
	members []int32 // what it lists directly, groups left out: indexes into index.objects, ascending
}

// Empty reports whether the group is known to reach nobody: it was read, and so
// was all below it, and no member has an address.
func (n *Node) Empty() bool { return n.Unique == 0 && !n.unknown }

// Whole reports whether the group and all groups below it could be read in
// full, so that Unique is neither less nor more than there is.
func (n *Node) Whole() bool { return !n.unknown }

// Recipient is one unique address that would receive the message.
type Recipient struct {
	Address  string // primary SMTP address as the directory spells it
	Object   model.Object
	External bool // its domain is none of the tenant's, or it is a contact or guest
	SMS      bool // it has a mobile number
	Disabled bool // its account is disabled; mail may still be delivered
}

// Missing is a part of the answer that could not be had.
type Missing struct {
	Entry  string       // list or entry, as shown
	Reason *model.Error // what happened and what to do
	// Excluded says that the part belongs to an exclusion: without it too few
	// are taken away, so that a count is too high and not too low. A walk does
	// not know what its roots are for; who subtracts one from another sets it.
	Excluded bool
	// Within says that the part belongs to what an audience is kept within:
	// whoever it holds may have been dropped, so that a count is too low.
	Within bool
}

// String is the part and what happened to it; the part is not named twice where
// the reason names it.
func (m Missing) String() string {
	if strings.Contains(m.Reason.Message, m.Entry) {
		return m.Reason.Message
	}
	return m.Entry + ": " + m.Reason.Message
}

// Result is an expansion. It is complete when Missing is empty.
type Result struct {
	Roots      []Root
	Recipients []Recipient // sorted by address
	Nodes      []*Node     // every group, roots first, then by depth and name

	WithoutAddress []model.Object // members that have no address: they receive nothing
	NonRecipients  []model.Object // devices, service principals
	// Duplicates counts how often a recipient is listed again: the memberships
	// (one for each list, or root entry, that names a recipient directly) less
	// the unique recipients. It counts memberships and not paths, whose number
	// grows exponentially where nested lists overlap.
	Duplicates int
	Missing    []Missing
	Notes      []string  // what may be missing and cannot be known, for instance dynamic lists that Graph does not show
	AsOf       time.Time // when the walk began: no membership is older

	index *index
}
