// Package workspace is what both faces of rollcall call: one profile's opened
// tenant, with everything an administrator can do to it. The screens and the
// commands hold a Workspace and nothing below it.
//
// It is built of ports, which main plugs to graph and cache.
package workspace

import (
	"context"
	"time"

	"rollcall/model/audience"
	"rollcall/model/expansion"
	"rollcall/model/writeback"
)

// Session is a signed-in account in a tenant.
type Session struct {
	TenantID   string
	TenantName string // display name of the organization, or its initial domain
	Domain     string // initial domain: contoso.onmicrosoft.com
	Account    string // user principal name; the app's display name or id when AppOnly
	AppOnly    bool
	Scopes     []string // granted delegated scopes, or application roles when AppOnly
	AccountID  string   // object id of the account, or of the app's service principal; "" when not said
	Roles      []string // template ids of the account's directory roles, as the token names them
}

// DeviceCode is what the administrator needs to finish a device-code sign-in.
type DeviceCode struct {
	UserCode        string
	VerificationURL string
	Message         string
	ExpiresAt       time.Time
}

// Auth signs in to the tenant.
type Auth interface {
	// Session returns the session that a cached token or an app's own
	// credential gives, without asking anybody. Its error is of KindSignIn when
	// an administrator must sign in, KindUnavailable when nothing could be
	// reached.
	Session(ctx context.Context) (*Session, error)
	// SignIn runs the device-code flow: prompt is called once with the code.
	SignIn(ctx context.Context, prompt func(DeviceCode)) (*Session, error)
	// ConsentURL is the admin-consent page for the app with the given scopes.
	ConsentURL(scopes []string) string
	// Renew asks for a fresh token, so that a consent given meanwhile shows.
	Renew(ctx context.Context) (*Session, error)
}

// Call is one request to the tenant, as the activity log shows it.
type Call struct {
	At        time.Time
	Method    string
	Path      string // without host, and without query values
	Status    int
	RequestID string
	Elapsed   time.Duration
	Attempt   int    // 1 for the first
	Note      string // "waited 2.1 s: 429"
}

// Traffic is what the transport counted since the start.
type Traffic struct {
	Requests  int
	Throttled int // answers of 429
	Retried   int
	WaitUntil time.Time // the shared gate is closed until then; zero when open
	// PacedUntil is when the next write may be sent that the budget of writes
	// holds back; zero when none waits. Nobody was throttled for it.
	PacedUntil time.Time
}

// Calls gives the activity log of the transport.
type Calls interface {
	Traffic() Traffic
	// Recent returns up to n of the last calls, newest first.
	Recent(n int) []Call
}

// Segment is a saved rule: one version of it, the newest where nothing else is
// said.
type Segment struct {
	ID        string        `json:"id"`      // stays when the name changes
	Version   int           `json:"version"` // 1 for the first
	Name      string        `json:"name"`
	Rule      string        `json:"rule"`
	Note      string        `json:"note,omitempty"`
	CreatedAt time.Time     `json:"createdAt"` // of the first version
	CreatedBy string        `json:"createdBy"`
	ChangedAt time.Time     `json:"changedAt"` // of this version
	ChangedBy string        `json:"changedBy"`
	Deleted   bool          `json:"deleted,omitempty"` // this version is the deletion; it keeps name, rule and note
	LastCount *SegmentCount `json:"lastCount,omitempty"`
}

// SegmentCount is how many users a rule selected when it was last counted.
type SegmentCount struct {
	Users int       `json:"users"`
	At    time.Time `json:"at"`
}

// List is a saved, static set of contacts.
type List struct {
	Name      string    `json:"name"`
	Count     int       `json:"count"` // members
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy"`
	ChangedAt time.Time `json:"changedAt"`
	ChangedBy string    `json:"changedBy"`
	File      string    `json:"file,omitempty"` // base name of the file that was imported last; "" of a list picked by hand
	Members   []Contact `json:"-"`              // in the order in which they were saved; nil where only the list is asked for
}

// Contact is a member of a list as it was when the list was saved.
type Contact struct {
	ID          string `json:"id"` // object id; "" of somebody outside the tenant, who goes by Mail
	DisplayName string `json:"displayName,omitempty"`
	Mail        string `json:"mail,omitempty"`   // primary address; "" when the user had none
	Mobile      string `json:"mobile,omitempty"` // of somebody outside the tenant; a user's own is in the directory
}

// Snapshot is the approved outcome of a preview.
type Snapshot struct {
	ID         string    `json:"id"`
	Name       string    `json:"name,omitempty"`
	Entries    []string  `json:"entries"`          // what was included
	Within     []string  `json:"within,omitempty"` // what it was kept within
	Exclude    []string  `json:"exclude,omitempty"`
	Count      int       `json:"count"`     // of the addresses
	Addresses  []string  `json:"addresses"` // sorted; nil where only the head is asked for
	ApprovedBy string    `json:"approvedBy"`
	ApprovedAt time.Time `json:"approvedAt"`

	// ObjectIDs are those of Addresses, in their order: an address that moved is
	// told from one that left by it. "" is somebody of whom only the address is
	// known. Snapshots of older versions have none.
	ObjectIDs []string        `json:"objectIds,omitempty"`
	Counts    *SnapshotCounts `json:"counts,omitempty"` // nil in snapshots of older versions
	// Sources are the services that answered for the members of lists, of those
	// that exclude and keep within as well: each once, in the order of their first
	// use.
	Sources  []expansion.Source `json:"sources,omitempty"`
	AsOf     time.Time          `json:"asOf,omitzero"`     // when the lists were read: no membership is older, but for those that Exchange had calculated
	SyncedAt time.Time          `json:"syncedAt,omitzero"` // when the synced directory was last brought up to date
	// Lists are the nested lists, kept only where the profile says so. Nil says
	// that they were not, or that only the head is asked for.
	Lists []audience.GroupSummary `json:"lists"`
}

// SnapshotCounts are the figures of an approved preview.
type SnapshotCounts struct {
	audience.Counts
	Disabled       int `json:"disabled"` // with a disabled account; among those of Counts
	WithoutAddress int `json:"withoutAddress"`
	NonRecipients  int `json:"nonRecipients"`
	Duplicates     int `json:"duplicates"`
	Excluded       int `json:"excluded"`
	Outside        int `json:"outside"`
}

// Event is one line of the audit: what was done, by whom.
type Event struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Action  string    `json:"action"` // "sync", "preview.approve", "plan.approve", …
	Subject string    `json:"subject"`
	Detail  string    `json:"detail,omitempty"`

	// Of plans.
	PlanID   string              `json:"planId,omitempty"`
	Hash     string              `json:"hash,omitempty"` // the plan's own, where it was proposed or approved
	Approval *writeback.Approval `json:"approval,omitempty"`
	Before   string              `json:"before,omitempty"` // fingerprint of the members before its run's first write
	Rows     []RowEvent          `json:"rows,omitempty"`   // what became of rows of its run
	State    writeback.RunState  `json:"state,omitempty"`  // in which its run ended
}

// RowEvent is a row of a run as it changed.
type RowEvent struct {
	UserID    string             `json:"userId"`
	Remove    bool               `json:"remove,omitempty"`
	State     writeback.RowState `json:"state"`
	Reason    string             `json:"reason,omitempty"`
	RequestID string             `json:"requestId,omitempty"`
}

// Ledger keeps what must never be lost. Each method is durable when it returns.
type Ledger interface {
	writeback.Journal
	writeback.Budget

	// PlanHeads returns the heads of the kept plans, newest first.
	PlanHeads(ctx context.Context) ([]writeback.PlanHead, error)

	// Bind makes the ledger the tenant's own, once somebody has signed in to it.
	// One that belongs to another tenant is refused.
	Bind(ctx context.Context, tenantID string) error

	// Segments returns the newest version of every segment, of deleted ones too,
	// by name.
	Segments(ctx context.Context) ([]Segment, error)
	// SegmentVersions returns every version of a segment, newest first; none of
	// an unknown id.
	SegmentVersions(ctx context.Context, id string) ([]Segment, error)
	// SaveSegment keeps one version of a segment: the next one, or the newest
	// again with another LastCount. Every other version stays. One that was made
	// from what is no longer the newest is refused.
	SaveSegment(ctx context.Context, s Segment) error

	Lists(ctx context.Context) ([]List, error) // by name, without members
	// List returns a list with its members; a KindUsage error when unknown.
	List(ctx context.Context, name string) (List, error)
	// SaveList keeps a list with its members, in place of one that has the name
	// in any letter case.
	SaveList(ctx context.Context, l List) error
	DeleteList(ctx context.Context, name string) error // KindUsage error when unknown

	// SaveSnapshot keeps an approved preview, for good.
	SaveSnapshot(ctx context.Context, s Snapshot) error
	// Snapshots returns the heads of the approved previews, newest first: without
	// Addresses, ObjectIDs and Lists, of which there may be many.
	Snapshots(ctx context.Context) ([]Snapshot, error)
	// Snapshot returns a whole one by its id, as it was saved; a KindUsage error
	// when unknown.
	Snapshot(ctx context.Context, id string) (Snapshot, error)

	Record(ctx context.Context, e Event) error
	Events(ctx context.Context, since time.Time) ([]Event, error) // oldest first
	// VerifyAudit returns how many events are in order. Its error is of code
	// "auditBroken", naming the first that was changed or is missing, or, where
	// all are in order, "journalBroken": a run is not as they tell it.
	VerifyAudit(ctx context.Context) (events int, err error)
}
