// Package writeback makes a group equal to an audience, safely: it computes a
// plan, holds it against guards, applies it through a journal so that a crash
// at any moment can be resumed, verifies by reading back, and makes the undo.
//
// Computing is pure. The tenant is reached through the Groups port, the disk
// through the Journal port.
package writeback

import (
	"context"
	"time"

	"rollcall/model"
)

// Groups reads and writes membership in the tenant.
type Groups interface {
	// Group reads a group's own properties by object id.
	Group(ctx context.Context, id string) (model.Group, error)
	// DirectMembers reads the direct members to the end from the consistent
	// store (never with ConsistencyLevel: eventual).
	DirectMembers(ctx context.Context, groupID string) ([]model.Object, error)
	// Owners reads the object ids of a group's owners to the end. Groups that
	// Exchange or on-premises Active Directory masters show none.
	Owners(ctx context.Context, groupID string) ([]string, error)
	// Write adds and removes members. It reports each row through done, in any
	// order and possibly from several goroutines at once, and returns an error
	// only when no more rows can be tried (signed out, cancelled, kept
	// throttling): rows that were not reported are then in doubt and are settled
	// by reading the group again.
	Write(ctx context.Context, groupID string, add, remove []string, done func(RowResult)) error
}

// Outcome is what became of one row.
type Outcome string

const (
	OutcomeDone    Outcome = "done"
	OutcomeAlready Outcome = "already" // it was so before: success
	OutcomeFailed  Outcome = "failed"
)

// RowResult reports one row of a write.
type RowResult struct {
	UserID    string
	Remove    bool
	Outcome   Outcome
	RequestID string       // by which the tenant's own logs know the write; "" when not said
	Err       *model.Error // why it failed
}

// Budget remembers, across processes, how many write requests were sent to the
// tenant lately, so that a run that goes on after a crash does not spend the
// tenant's budget twice. A reservation is durable when Reserve returns, which
// is before its requests are sent.
type Budget interface {
	// Reserved returns the reservations made at or after since, oldest first.
	Reserved(ctx context.Context, since time.Time) ([]Reservation, error)
	Reserve(ctx context.Context, r Reservation) error
}

// Reservation is a number of write requests that may be sent from At on; below
// zero it gives back what was reserved at the same time and never sent.
type Reservation struct {
	At     time.Time `json:"at"`
	Writes int       `json:"writes"`
}

// Mode is how a plan treats members that the audience does not hold.
type Mode string

const (
	ModeMirror Mode = "mirror" // add and remove
	ModeAdd    Mode = "add"    // only add
	ModeRemove Mode = "remove" // only remove
)

func (m Mode) known() bool { return m == ModeMirror || m == ModeAdd || m == ModeRemove }

// Ref names a user in a plan.
type Ref struct {
	ID                string `json:"id"`
	UserPrincipalName string `json:"userPrincipalName"`
	DisplayName       string `json:"displayName,omitempty"`
	Mail              string `json:"mail,omitempty"` // in plans that are handed over, where Exchange goes by it
}

// GroupRef names the target.
type GroupRef struct {
	ID          string          `json:"id"`
	DisplayName string          `json:"displayName"`
	Kind        model.GroupKind `json:"kind"`
	Mail        string          `json:"mail,omitempty"`
}

// Skipped is a part of the audience, or a member, that the plan leaves alone.
type Skipped struct {
	Entry  string `json:"entry"`
	Reason string `json:"reason"`
}

// GuardResult is one guard held against the plan.
type GuardResult struct {
	Name    string `json:"name"`  // see the Guard constants
	Limit   int    `json:"limit"` // -1: no limit
	Value   int    `json:"value"`
	Tripped bool   `json:"tripped"`
}

// Plan is an immutable proposal. Its JSON is canonical; Hash covers everything
// else, so a changed file is refused.
type Plan struct {
	ID        string        `json:"id"`
	TenantID  string        `json:"tenantId"`
	Group     GroupRef      `json:"group"`
	Mode      Mode          `json:"mode"`
	From      []string      `json:"from"`              // entries as written
	Exclude   []string      `json:"exclude,omitempty"` // entries as written
	Base      string        `json:"base"`              // fingerprint of the members it was computed against: "sha256:…"
	BaseCount int           `json:"baseCount"`         // how many those were
	Add       []Ref         `json:"add"`
	Remove    []Ref         `json:"remove"`
	Keep      []string      `json:"keep"`      // object ids of the direct members that stay, whatever they are, ascending
	Unchanged int           `json:"unchanged"` // members that the audience holds as well; in an undo, every member that stays
	Skipped   []Skipped     `json:"skipped"`
	Guards    []GuardResult `json:"guards"`
	Author    string        `json:"author"`
	CreatedAt time.Time     `json:"createdAt"`
	UndoOf    string        `json:"undoOf,omitempty"`
	HandOver  bool          `json:"handOver,omitempty"` // for somebody to make by hand in Exchange: it cannot be applied
	Hash      string        `json:"hash"`
}

// Guards are the limits of a plan. A negative limit is off; 0 allows none.
type Guards struct {
	MaxRemovals      int // most removals in one plan
	MaxAdditions     int // most additions in one plan
	RemovalsPercent  int // most removals, of the members before, in percent
	AdditionsPercent int // most additions, of the members before, in percent
	LeastSize        int // fewest members the group may be left with by removals
	FirstRemovals    int // most removals of the first plan that measures a group by an audience
}

// DefaultGuards are the limits of a profile that says nothing.
func DefaultGuards() Guards {
	return Guards{MaxRemovals: 50, MaxAdditions: 1000, RemovalsPercent: 20, AdditionsPercent: off, LeastSize: 1, FirstRemovals: 0}
}

// NoGuards holds nothing but what no profile can lift.
func NoGuards() Guards {
	return Guards{MaxRemovals: off, MaxAdditions: off, RemovalsPercent: off, AdditionsPercent: off, LeastSize: off, FirstRemovals: off}
}

// Rules are how the members of a group may be changed.
type Rules struct {
	Guards
	SkipGuests     bool     // guests of the audience are left alone: neither added nor removed
	SkipDisabled   bool     // so are users with a disabled account
	RemoveOwners   bool     // owners of the group are removed like any other member; else they are left alone
	ProtectedUsers []string // never removed: object ids, user principal names or addresses, in any letter case
}

// DefaultRules are those of a profile that says nothing.
func DefaultRules() Rules { return Rules{Guards: DefaultGuards()} }

// Policy is what a profile says of writing groups.
type Policy struct {
	Rules                            // of groups that have none of their own
	Groups          map[string]Rules // by object id, address or display name, in lower case
	ProtectedGroups []string         // never written: object ids, addresses or display names, in any letter case
	SecondApprover  bool             // the author of a plan cannot approve it
}

// DefaultPolicy is that of a profile that says nothing.
func DefaultPolicy() Policy { return Policy{Rules: DefaultRules()} }

// Approval says who allowed a plan, and what was lifted for it.
type Approval struct {
	By             string    `json:"by"`             // the signed-in account, or the app
	From           string    `json:"from,omitempty"` // account of the operating system and machine: "ada@laptop"
	At             time.Time `json:"at"`
	AllowAdditions int       `json:"allowAdditions,omitempty"` // the number typed to lift the guards on additions
	AllowRemovals  int       `json:"allowRemovals,omitempty"`  // likewise on removals
	Reason         string    `json:"reason,omitempty"`         // why a guard was lifted
}

// RowState is the journal's word on one row.
type RowState string

const (
	RowPlanned RowState = "planned"
	RowSent    RowState = "sent" // asked of the tenant; the answer is not known
	RowDone    RowState = "done"
	RowAlready RowState = "already"
	RowFailed  RowState = "failed"
)

// Row is one addition or removal in the journal.
type Row struct {
	Ref
	Remove    bool     `json:"remove,omitempty"`
	State     RowState `json:"state"`
	Reason    string   `json:"reason,omitempty"`
	RequestID string   `json:"requestId,omitempty"` // of the write that brought it into its state
}

// RunState is how far an applied plan has come.
type RunState string

const (
	RunOpen     RunState = "open"     // begun; resume goes on
	RunPartial  RunState = "partial"  // ended with failed rows; resume tries them again
	RunVerified RunState = "verified" // ended, and the group was read back as wanted
)

// Run is the journal of one applied plan.
type Run struct {
	Plan     Plan      `json:"plan"`
	Approval Approval  `json:"approval"`
	Before   []Ref     `json:"before"` // the members before the first write: what undo restores
	Rows     []Row     `json:"rows"`
	State    RunState  `json:"state"`
	Begun    time.Time `json:"begun"`
	Ended    time.Time `json:"ended,omitzero"`
}

// Verified reports whether the run has come to its end, so that nothing of its
// plan is left to write or to approve. A nil run, one that never began, has not.
func (r *Run) Verified() bool { return r != nil && r.State == RunVerified }

// PlanHead is a plan without its rows, of which there may be many, and how far
// its run has come.
type PlanHead struct {
	ID        string    `json:"id"`
	Group     GroupRef  `json:"group"`
	Mode      Mode      `json:"mode"`
	From      []string  `json:"from"`
	Exclude   []string  `json:"exclude,omitempty"`
	Additions int       `json:"additions"`
	Removals  int       `json:"removals"`
	Unchanged int       `json:"unchanged"`
	Skipped   int       `json:"skipped"`
	Author    string    `json:"author"`
	CreatedAt time.Time `json:"createdAt"`
	UndoOf    string    `json:"undoOf,omitempty"`
	HandOver  bool      `json:"handOver,omitempty"`
	Hash      string    `json:"hash"`
	State     RunState  `json:"state,omitempty"` // "" when it was never begun
	Ended     time.Time `json:"ended,omitzero"`  // when its run last ended
}

// Head is the plan's head, as of one that was never begun.
func (p *Plan) Head() PlanHead {
	return PlanHead{
		ID: p.ID, Group: p.Group, Mode: p.Mode, From: p.From, Exclude: p.Exclude,
		Additions: len(p.Add), Removals: len(p.Remove), Unchanged: p.Unchanged, Skipped: len(p.Skipped),
		Author: p.Author, CreatedAt: p.CreatedAt, UndoOf: p.UndoOf, HandOver: p.HandOver, Hash: p.Hash,
	}
}

// Empty reports whether the plan changes nothing.
func (h PlanHead) Empty() bool { return h.Additions+h.Removals == 0 }

// Journal is the write-ahead record. Each method is durable when it returns,
// and what it keeps and its line in the audit are kept together or not at all.
type Journal interface {
	// SavePlan keeps a plan that somebody has proposed.
	SavePlan(ctx context.Context, p *Plan, by string) error
	Plan(ctx context.Context, id string) (*Plan, error) // KindUsage error when unknown
	// Mirrored reports whether a run that measured the group by an audience, in
	// any mode but ModeAdd, was verified.
	Mirrored(ctx context.Context, groupID string) (bool, error)

	// Begin opens the run of an approved plan.
	Begin(ctx context.Context, run *Run) error
	// Reopen notes that somebody goes on with a run, with a new approval where
	// one was needed; it then replaces the run's own.
	Reopen(ctx context.Context, planID, by string, at time.Time, renewed *Approval) error
	SetRows(ctx context.Context, planID string, at time.Time, rows []Row) error
	End(ctx context.Context, planID string, state RunState, at time.Time) error
	Run(ctx context.Context, planID string) (*Run, error) // nil when never begun
}
