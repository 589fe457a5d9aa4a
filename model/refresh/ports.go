// Package refresh is the sync state machine: it brings the local copy of the
// directory up to date and keeps it so. It reads through the Source port,
// commits through the Store port and knows neither Graph nor bbolt.
//
// A first round takes a delta link that starts now, reads every user, then
// follows the delta, so that what changed during the read is not missed. Later
// rounds follow the delta alone. A round that the service refuses to continue
// (ErrResync) becomes a full read into a second copy, which replaces the first
// one only when it is complete.
package refresh

import (
	"context"
	"errors"
	"time"

	"rollcall/model"
)

// ErrResync is returned by a Source when a delta or next link is no longer
// known to the service (410 Gone, syncStateNotFound): everything must be read
// again.
var ErrResync = errors.New("the sync state has expired and the directory must be read again")

// Source reads users from the tenant. Links are opaque: what a page hands out
// is handed back unchanged.
type Source interface {
	// DeltaLatest returns a delta link that reports what changes from now on.
	DeltaLatest(ctx context.Context) (deltaLink string, err error)
	// UserCount returns the service's own count of users, eventually consistent.
	UserCount(ctx context.Context) (int, error)
	// Users reads one page of the full listing; link is "" for the first page.
	// Page.Next is "" after the last one.
	Users(ctx context.Context, link string) (*Page, error)
	// Delta reads one page of a delta round. Exactly one of Page.Next and
	// Page.DeltaLink is set.
	Delta(ctx context.Context, link string) (*Page, error)
}

// Page is one page of a listing or of a delta round.
type Page struct {
	Changes   []model.Change
	Next      string // the next page of the same round
	DeltaLink string // where the next round starts
}

// Phase is what a round is doing.
type Phase string

const (
	PhaseIdle    Phase = "idle"
	PhaseReading Phase = "reading" // the full listing
	PhaseDelta   Phase = "delta"
)

// State is what the store remembers between rounds, committed with the rows it
// describes. The zero value is an empty store.
type State struct {
	TenantID    string
	Fingerprint string    // model.Schema.Fingerprint of the rows
	Complete    bool      // a full listing and the delta that follows it have been read to their ends
	Resync      bool      // a resync has begun in the staging store and is not promoted yet
	DeltaLink   string    // where the next delta round starts; "" before the first
	Next        string    // where an interrupted read or round goes on; "" when none
	Phase       Phase     // which of the two Next belongs to
	StartedAt   time.Time // start of the round in progress
	SyncedAt    time.Time // end of the last complete round; zero when never
	Short       bool      // the service counted more users than there were after the last round
	Users       int       // users stored; the store counts them, what Commit is given is ignored
}

// Store keeps the users and the state. Each Commit is one transaction: after a
// crash the store holds all of it or none.
type Store interface {
	State(ctx context.Context) (State, error)
	// Commit applies the changes in order and replaces the state. It returns
	// what the changes did; a removal of an unknown id does nothing.
	Commit(ctx context.Context, changes []model.Change, state State) (Effect, error)
	// Stage opens the second store of a resync: the one that an interrupted
	// resync left behind, or else an empty one. The first stays readable.
	Stage(ctx context.Context) (Staging, error)
	// Users calls yield for every stored user, in no order, until it returns
	// false. The user is valid during the call only: Clone to keep it.
	Users(ctx context.Context, yield func(*model.User) bool) error
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

// Effect counts what a commit changed.
type Effect struct{ Added, Updated, Removed int }

// Sink receives each committed page, so that the in-memory directory follows
// the store.
type Sink interface {
	// Reset announces that everything known is void and a first read follows.
	Reset()
	Apply(changes []model.Change)
	// Load replaces everything at once by the users that each yields, which are
	// valid during the call only: nobody may see a part of a tenant and take it
	// for the whole. When each fails, its error is returned and nothing has
	// changed.
	Load(each func(yield func(*model.User) bool) error) error
}

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

	// Expected is the service's own count where the round could not reach it:
	// Expected - Users are missing. 0 when nothing is known to be missing.
	Expected int
	// Notes say what the administrator should know about a round that ended
	// well: a count that was not reached or not answered.
	Notes []string
}

// Missing is how many users the service counts beyond those that it listed.
func (r Result) Missing() int { return max(0, r.Expected-r.Users) }

// Progress is a snapshot of a running round, pulled by whoever shows it.
type Progress struct {
	Running   bool
	Mode      Mode
	Phase     Phase
	Read      int // users read in this round
	Expected  int // the service's count; 0 when unknown
	Pages     int
	StartedAt time.Time
	LastError *model.Error // of the last round; nil when it ended well
	LastRound Result       // zero when none ended yet
	SyncedAt  time.Time    // end of the last complete round
}
