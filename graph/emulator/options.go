package emulator

import (
	"slices"
	"time"

	"rollcall/graph/emulator/seed"
)

// Options choose a tenant and how its server behaves. The zero value serves
// the documented demo tenant without latency, faults or change.
type Options struct {
	Users int    // users of the tenant; default 2,000
	Seed  uint64 // default 1

	Listen  string        // loopback host:port; default 127.0.0.1:0
	Latency time.Duration // added to each Graph answer
	Fault   string        // see ParseFault

	// NullCreated is the share, from 0 to 1, of the users created before June
	// 2018 whose createdDateTime is null.
	NullCreated float64

	// Groups and DynamicLists are there besides the seeded ones. Those that
	// cannot be are a KindUsage error of Start.
	Groups       []seed.CustomGroup
	DynamicLists []seed.CustomDynamicList

	// NoCompression sends every answer as it is, though its client takes gzip.
	NoCompression bool

	// EncodedCounts makes the counts inside a $batch texts in base64. The
	// documentation of batches says so of bodies that are no JSON; samples of
	// Microsoft's read counts as bare numbers, which is the default.
	EncodedCounts bool

	// AutoApprove makes device codes approve themselves this long after they
	// were asked for, and browser sign-ins answer at once, without a page. Zero
	// or less: a person (or Approve) does it.
	AutoApprove time.Duration

	// Churn is the time between two small changes of the directory; zero or
	// less: it changes only on request.
	Churn time.Duration

	// NoAdminAPI makes a tenant in which the preview of the Exchange Online Admin
	// API is not enabled. EWS makes one that still allows Exchange Web Services, as
	// the demo's does: Microsoft blocks them in most since October 2026.
	NoAdminAPI bool
	EWS        bool

	// Consented are the delegated scopes that the organisation has consented to
	// at the start. Nil means ReadScopes.
	Consented []string
	// AppRoles are the application permissions granted to the app. Nil means
	// DefaultAppRoles and ExchangeAppRole.
	AppRoles []string

	// SingleTenant refuses sign-ins through /organizations and /common.
	SingleTenant bool

	// Budget replaces the documented throttling budgets.
	Budget Budget

	// ExchangeBudget replaces the requests to Exchange in 10 s; default 2,000.
	ExchangeBudget int

	// Now is the clock of tokens, codes, delta links and throttling. Nil means
	// time.Now.
	Now func() time.Time

	// InFlight is how long after a 429 a call that arrives still counts as sent
	// before its client could know; default 500ms, which is much for a loopback
	// and little for a machine that is busy with parallel readers.
	InFlight time.Duration
}

// ReadScopes are the delegated scopes that reading the directory needs:
// nothing that writes.
func ReadScopes() []string {
	return []string{"User.Read", "User.Read.All", "GroupMember.Read.All", "OrgContact.Read.All"}
}

// WriteScope is the delegated scope and application permission that changing
// the members of a group needs.
const WriteScope = "GroupMember.ReadWrite.All"

// DefaultAppRoles are the application permissions of Graph that the demo's app
// holds: a scheduler needs no person to consent to a writeback.
func DefaultAppRoles() []string {
	return []string{"User.Read.All", "GroupMember.Read.All", "OrgContact.Read.All", "Organization.Read.All", WriteScope}
}

func (o Options) withDefaults() Options {
	if o.Users == 0 {
		o.Users = 2000
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Consented == nil {
		o.Consented = ReadScopes()
	}
	if o.AppRoles == nil {
		o.AppRoles = append(DefaultAppRoles(), ExchangeAppRole)
	}
	o.Consented, o.AppRoles = slices.Clone(o.Consented), slices.Clone(o.AppRoles)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.InFlight == 0 {
		o.InFlight = 500 * time.Millisecond
	}
	return o
}
