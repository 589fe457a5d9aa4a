// Package refresh is the sync state machine: it brings the local copy of the
// directory up to date and keeps it so. It reads through the Source port,
// makes what it read durable through the Store port, and applies it to the
// in-memory directory. It knows neither Graph nor bbolt.
//
// A first round takes a delta link that starts now, reads every user in
// parallel partitions, then follows the delta, so that what changed during the
// read is not missed. Later rounds follow the delta alone. A round that the
// service refuses to continue (ErrResync) becomes a full read into a second
// store, which replaces the first one only when it is complete.
//
// A store is a log: pages of changes in the order in which they were read,
// behind an image of the directory as it was when the log was last cut short.
// The directory is what the image and the log add up to.
package refresh

import (
	"context"
	"errors"
	"time"

	"rollcall/model"
	"rollcall/model/directory"
)

// ErrResync is returned by a Source when a delta or next link is no longer
// known to the service (410 Gone, syncStateNotFound): everything must be read
// again.
var ErrResync = errors.New("the sync state has expired and the directory must be read again")

// Source reads users from the tenant. Links are opaque: what a page hands out
// is handed back unchanged.
type Source interface {
	// Begin returns what a full read starts from.
	Begin(ctx context.Context) (Beginning, error)
	// UserCount returns the service's own count of users, eventually consistent.
	UserCount(ctx context.Context) (int, error)
	// Partitions divides the full listing into parts that can be read at the
	// same time, none much larger than size users where that can be had. The
	// parts are disjoint and cover every user as far as the service's counts
	// can prove; where they cannot, or total is 0 because nobody knows, the
	// cover is one partition that lists everything.
	Partitions(ctx context.Context, total, size int) (Cover, error)
	// Users reads one page of a listing: link is a Partition's, or a page's
	// Next. Page.Next is "" after the last one.
	Users(ctx context.Context, link string) (*Page, error)
	// Delta reads one page of a delta round. Exactly one of Page.Next and
	// Page.DeltaLink is set.
	Delta(ctx context.Context, link string) (*Page, error)
}

// Beginning is what a full read starts from.
type Beginning struct {
	DeltaLink string // reports what changes from now on
	// Refused are the Graph names of the wanted attributes that the tenant does
	// not give (501, 400). They are left out: of Partitions, too, which the
	// Source derives from its last Beginning.
	Refused []string
}

// Cover is a way to read every user.
type Cover struct {
	// Key is the attribute that tells the partitions apart: "createdDateTime",
	// "userPrincipalName"; "" for a serial read.
	Key        string
	Partitions []Partition // at least one
	Note       string      // why a serial read was chosen though more was asked for; "" otherwise
}

// Partition is one part of a listing.
type Partition struct {
	Link  string // of its first page
	Users int    // as the service counts them; 0 unknown
}

// Page is one page of a listing or of a delta round.
type Page struct {
	Changes   []model.Change
	Next      string // the next page of the same listing or round
	DeltaLink string // where the next round starts
}

// Phase is what a round is doing.
type Phase string

const (
	PhaseIdle    Phase = "idle"
	PhaseReading Phase = "reading" // the full listing
	PhaseDelta   Phase = "delta"
)

// State is what the store remembers between rounds, committed with the changes
// that it describes. The zero value is an empty store.
type State struct {
	TenantID    string
	Fingerprint string    // model.Schema.Fingerprint of the users
	Attributes  string    // Graph names of the attributes that were asked for, separated by commas; "" of a state from before this was kept
	Refused     string    // Graph names of those that the tenant refused, likewise
	Complete    bool      // a full listing and the delta that follows it have been read to their ends
	Resync      bool      // a resync has begun in the staging store and is not promoted yet
	DeltaLink   string    // where the next delta round starts; "" before the first
	Next        string    // where an interrupted delta round goes on; "" when none
	Phase       Phase     // what an interrupted round was doing
	Serial      bool      // the listing in progress is one partition: no other kind was had, or a parallel one came out short
	StartedAt   time.Time // start of the round in progress
	SyncedAt    time.Time // end of the last complete round; zero when never
	Short       bool      // the service counted more users than there were after the last round
	Held        int       // removals that wait for an administrator's word; see Batch.Hold
	Users       int       // users after the last round that ended
}

// Cursor is how far the reading of one partition has come.
type Cursor struct {
	Partition int    // its number, from 0
	Link      string // of the page to read next; "" when Done
	Done      bool
	Users     int // as the service counted them; 0 unknown
}

// Batch is what one commit makes durable.
type Batch struct {
	Changes []model.Change // in order; appended to the log
	State   State          // replaces the former one
	// Cursors replace those of the same partitions. Where State.Phase is not
	// PhaseReading, every cursor is dropped.
	Cursors []Cursor
	// Hold keeps the changes behind the log, where Load does not see them:
	// nothing that a delta round brings counts before its end is known and the
	// guard has passed it.
	Hold bool
	// Release appends everything held to the log, before Changes.
	Release bool
}

// Store keeps the log, its image and the state. Each Commit is one
// transaction: after a crash the store holds all of it or none.
type Store interface {
	State(ctx context.Context) (State, error)
	// Cursors returns the cursors by partition.
	Cursors(ctx context.Context) ([]Cursor, error)
	Commit(ctx context.Context, b Batch) error
	// Held calls yield with each page held, in order, until it returns false.
	Held(ctx context.Context, yield func([]model.Change) bool) error
	// Load hands over everything committed: the image, if there is one, to
	// restore, then each page of the log in order to apply. Nothing held is
	// among it. Get gives a part of the image by its name and may be called by
	// several goroutines until restore returns; an unknown name is nil. An error
	// of restore is returned as damage of the store.
	Load(ctx context.Context, restore func(get func(name string) ([]byte, error)) error, apply func([]model.Change)) error
	// Checkpoint offers to replace the image and the log by an image of the
	// directory as it is now, everything committed included. The store declines
	// where that would not pay; otherwise it calls save once, which puts every
	// part. A crash meanwhile leaves the former image and log.
	Checkpoint(ctx context.Context, save func(put func(name string, data []byte) error) error) error
	// Stage opens the second store of a resync: the one that an interrupted
	// resync left behind, or else an empty one. The first stays readable.
	Stage(ctx context.Context) (Staging, error)
}

// Staging is a store that is not yet the current one.
type Staging interface {
	Store
	// Promote makes it the current store and drops the former. The staging
	// must not be used afterwards.
	Promote(ctx context.Context) error
	// Discard drops it.
	Discard() error
}

// Effect counts what a round changed.
type Effect = directory.Effect

// Mode is what a round turned out to be.
type Mode string

const (
	ModeInitial Mode = "initial"
	ModeDelta   Mode = "delta"
	ModeResync  Mode = "resync"
)

// Result is the outcome of a round that ended well.
type Result struct {
	Mode  Mode
	Users int // users after the round
	Effect
	Pages   int
	Elapsed time.Duration

	// Joined says that the round ran for another caller, whose result this is.
	Joined bool
	// Expected is the service's own count where the round could not reach it:
	// Expected - Users are missing. 0 when nothing is known to be missing.
	Expected int
	// Refused are the Graph names of the attributes that the tenant does not
	// give; they are null for every user.
	Refused []string
	// Notes say what the administrator should know about a round that ended
	// well: a count that was not reached or not answered, attributes left out,
	// a serial read where a parallel one was hoped for.
	Notes []string
}

// Missing is how many users the service counts beyond those that it listed.
func (r Result) Missing() int { return max(0, r.Expected-r.Users) }

// Progress is a snapshot of a running round, pulled by whoever shows it.
type Progress struct {
	Running    bool
	Mode       Mode
	Phase      Phase
	Read       int // users read in this round
	Expected   int // the service's count; 0 when unknown
	Pages      int
	Partitions int // of the listing being read; 0 before it is known
	Done       int // partitions read to their ends
	StartedAt  time.Time
	LastError  *model.Error // of the last round; nil when it ended well
	LastRound  Result       // zero when none ended yet
	SyncedAt   time.Time    // end of the last complete round
	// Unread are the Graph names of attributes that the profile has chosen since
	// the users were read, Refused those that the tenant does not give: what is
	// null of them says nothing.
	Unread, Refused []string
	// Stale says that the data is older than it looks: the service has
	// forgotten where the last round ended, and everything is being read again.
	Stale bool
	Held  int // removals that wait for an administrator's word
}

type foregroundKey struct{}

// Foreground marks the calls of a round that an administrator waits for. A
// Source gives them precedence over those that a schedule began.
func Foreground(ctx context.Context) context.Context {
	return context.WithValue(ctx, foregroundKey{}, true)
}

// IsForeground reports whether ctx comes from Foreground.
func IsForeground(ctx context.Context) bool { return ctx.Value(foregroundKey{}) != nil }
