// Package workspace is what both faces of rollcall call: one profile's opened
// tenant, with everything an administrator can do to it. The screens and the
// commands hold a Workspace and nothing below it.
//
// It is built of ports, which main plugs to graph and cache.
package workspace

import (
	"context"
	"time"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/directory"
	"rollcall/model/expansion"
	"rollcall/model/refresh"
	"rollcall/model/rule"
	"rollcall/model/writeback"
)

func unwritten() { panic("unwritten") }

// Session is a signed-in account in a tenant.
type Session struct {
	TenantID   string
	TenantName string // display name of the organization, or its initial domain
	Domain     string // initial domain: contoso.onmicrosoft.com
	Account    string // user principal name; the app's display name or id when AppOnly
	AppOnly    bool
	Scopes     []string // granted delegated scopes, or application roles when AppOnly
}

// DeviceCode is what the administrator needs to finish a device-code sign-in.
type DeviceCode struct {
	UserCode        string
	VerificationURL string
	Message         string
	ExpiresAt       time.Time
}

// Capability is something rollcall can do, and the permission that it needs.
type Capability struct {
	ID       string   // "directory", "groups", "contacts", "hiddenMembers", "write"
	Label    string   // "Read all users' full profiles"
	Scope    string   // least permission: "User.Read.All"
	Accepts  []string // higher permissions that serve as well
	Pane     string   // which pane needs it
	Why      string   // what it is for
	Never    string   // what is never done with it
	Granted  bool
	Optional bool // rollcall works without it, with less
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
}

// Calls gives the activity log of the transport.
type Calls interface {
	Traffic() Traffic
	// Recent returns up to n of the last calls, newest first.
	Recent(n int) []Call
}

// Segment is a saved rule.
type Segment struct {
	Name      string    `json:"name"`
	Rule      string    `json:"rule"`
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy"`
	ChangedAt time.Time `json:"changedAt"`
	ChangedBy string    `json:"changedBy"`
}

// Snapshot is the approved outcome of a preview.
type Snapshot struct {
	ID         string    `json:"id"`
	Name       string    `json:"name,omitempty"`
	Entries    []string  `json:"entries"`
	Exclude    []string  `json:"exclude,omitempty"`
	Addresses  []string  `json:"addresses"`
	ApprovedBy string    `json:"approvedBy"`
	ApprovedAt time.Time `json:"approvedAt"`
}

// Event is one line of the audit: what was done, by whom.
type Event struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Action  string    `json:"action"` // "sync", "preview.approve", "plan.apply", …
	Subject string    `json:"subject"`
	Detail  string    `json:"detail,omitempty"`
}

// Ledger keeps what must never be lost. Each method is durable when it returns.
type Ledger interface {
	writeback.Journal

	Segments(ctx context.Context) ([]Segment, error) // by name
	SaveSegment(ctx context.Context, s Segment) error
	DeleteSegment(ctx context.Context, name string) error // KindUsage error when unknown

	SaveSnapshot(ctx context.Context, s Snapshot) error
	Snapshots(ctx context.Context) ([]Snapshot, error) // newest first

	Record(ctx context.Context, e Event) error
	Events(ctx context.Context, since time.Time) ([]Event, error) // oldest first
}

// Parts are the ports and settings that a workspace is built of.
type Parts struct {
	Profile  string
	Schema   *model.Schema
	Guards   writeback.Guards
	Auth     Auth
	Source   refresh.Source
	Store    refresh.Store
	Ledger   Ledger
	Members  expansion.Members
	Resolver audience.Resolver
	Groups   writeback.Groups
	Calls    Calls
	Now      func() time.Time
	Close    func() error // closes the files; called once by Workspace.Close
}

// Workspace is one profile's opened tenant.
type Workspace struct{}

// New builds a workspace. It touches neither disk nor network: call Open.
func New(p Parts) *Workspace { unwritten(); return nil }

// Open loads the cached directory into memory. It needs no session.
func (w *Workspace) Open(ctx context.Context) error { unwritten(); return nil }

// Close waits for the background sync and closes the files.
func (w *Workspace) Close() error { unwritten(); return nil }

func (w *Workspace) Profile() string          { unwritten(); return "" }
func (w *Workspace) Schema() *model.Schema    { unwritten(); return nil }
func (w *Workspace) Auth() Auth               { unwritten(); return nil }
func (w *Workspace) Calls() Calls             { unwritten(); return nil }
func (w *Workspace) Now() time.Time           { unwritten(); return time.Time{} }
func (w *Workspace) Guards() writeback.Guards { unwritten(); return writeback.Guards{} }

// Session is the last known session, nil when nobody is signed in.
func (w *Workspace) Session() *Session { unwritten(); return nil }

// Connect reuses a session silently; SignIn asks. Both remember the session.
func (w *Workspace) Connect(ctx context.Context) (*Session, error) { unwritten(); return nil, nil }
func (w *Workspace) SignIn(ctx context.Context, prompt func(DeviceCode)) (*Session, error) {
	unwritten()
	return nil, nil
}
func (w *Workspace) Renew(ctx context.Context) (*Session, error) { unwritten(); return nil, nil }

// Capabilities lists what rollcall can do with the session's permissions.
func (w *Workspace) Capabilities() []Capability { unwritten(); return nil }

// CanWrite reports whether the session holds the permission to write groups.
func (w *Workspace) CanWrite() bool { unwritten(); return false }

// Sync runs one round to its end; full reads everything again. While another
// round runs it waits for that one. Progress is pulled at any time.
func (w *Workspace) Sync(ctx context.Context, full bool) (refresh.Result, error) {
	unwritten()
	return refresh.Result{}, nil
}
func (w *Workspace) Progress() refresh.Progress { unwritten(); return refresh.Progress{} }

// Directory is the present snapshot of the synced users.
func (w *Workspace) Directory() *directory.Snapshot { unwritten(); return nil }

// Select compiles and evaluates a rule over the present snapshot.
func (w *Workspace) Select(ctx context.Context, text string) (*Selection, error) {
	unwritten()
	return nil, nil
}

// Selection is the answer to a rule. Snapshot is the one the rows belong to.
type Selection struct {
	Snapshot    *directory.Snapshot
	Set         *directory.Set
	Diagnostics []rule.Diagnostic
}

func (w *Workspace) Segments(ctx context.Context) ([]Segment, error) { unwritten(); return nil, nil }
func (w *Workspace) Segment(ctx context.Context, name string) (*Segment, error) {
	unwritten()
	return nil, nil
}

// SaveSegment checks the rule and saves it under the name, new or not.
func (w *Workspace) SaveSegment(ctx context.Context, name, text string) (*Segment, error) {
	unwritten()
	return nil, nil
}
func (w *Workspace) DeleteSegment(ctx context.Context, name string) error { unwritten(); return nil }

// Preview expands an audience. A preview with missing parts is returned
// together with no error: see Preview.Complete.
func (w *Workspace) Preview(ctx context.Context, include, exclude []string) (*audience.Preview, error) {
	unwritten()
	return nil, nil
}

// ApprovePreview keeps the recipients as a snapshot. An incomplete preview is refused.
func (w *Workspace) ApprovePreview(ctx context.Context, p *audience.Preview, name string) (*Snapshot, error) {
	unwritten()
	return nil, nil
}
func (w *Workspace) Snapshots(ctx context.Context) ([]Snapshot, error) { unwritten(); return nil, nil }

// Group resolves one group by address, display name or object id. None and
// several are KindUsage errors that name the candidates.
func (w *Workspace) Group(ctx context.Context, nameOrID string) (*model.Group, error) {
	unwritten()
	return nil, nil
}

// Plan computes and keeps a plan. A group that cannot be written is refused
// before anything is read (KindGuard).
func (w *Workspace) Plan(ctx context.Context, include, exclude []string, group string, mode writeback.Mode) (*writeback.Plan, error) {
	unwritten()
	return nil, nil
}
func (w *Workspace) Plans(ctx context.Context) ([]writeback.Plan, error) {
	unwritten()
	return nil, nil
}
func (w *Workspace) LoadPlan(ctx context.Context, id string) (*writeback.Plan, error) {
	unwritten()
	return nil, nil
}

// Run is the journal of a plan, nil when it was never applied.
func (w *Workspace) Run(ctx context.Context, planID string) (*writeback.Run, error) {
	unwritten()
	return nil, nil
}

// Apply writes an approved plan, verifies it, and records it. Progress counts rows.
func (w *Workspace) Apply(ctx context.Context, p *writeback.Plan, a writeback.Approval, progress func(writeback.Progress)) (*writeback.Report, error) {
	unwritten()
	return nil, nil
}

// Resume finishes a run that was interrupted, or tries its failed rows again.
func (w *Workspace) Resume(ctx context.Context, planID string, progress func(writeback.Progress)) (*writeback.Report, error) {
	unwritten()
	return nil, nil
}

// Undo proposes the plan that takes an applied plan back.
func (w *Workspace) Undo(ctx context.Context, planID string) (*writeback.Plan, error) {
	unwritten()
	return nil, nil
}

func (w *Workspace) Events(ctx context.Context, since time.Time) ([]Event, error) {
	unwritten()
	return nil, nil
}
