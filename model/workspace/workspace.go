package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"golang.org/x/text/language"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/directory"
	"rollcall/model/expansion"
	"rollcall/model/refresh"
	"rollcall/model/writeback"
)

// Settings are what is known of a profile before any file or host is touched.
type Settings struct {
	Profile  string
	Schema   *model.Schema    // nil: the whole catalogue
	Language language.Tag     // in whose order texts are sorted; zero: that of the root of all languages
	Policy   writeback.Policy // of writing groups
	Removals *refresh.Guard   // of a sync; nil: refresh.DefaultGuard

	// Exchange is the service that is asked for lists that Graph cannot see, or
	// not in full: expansion.SourceExchangeAdmin or SourceEWS; "" asks none.
	Exchange expansion.Source
	// KeepStructure keeps the nested lists of an approved preview with it.
	// Without it nothing of a list's structure is written anywhere.
	KeepStructure bool

	Now func() time.Time // nil: time.Now
	// Wait waits between two looks at a group that does not show its changes yet.
	// nil waits by the clock.
	Wait func(ctx context.Context, d time.Duration) error

	// OpenFile opens a file that an administrator named in an entry, for
	// reading; nil refuses all.
	OpenFile func(path string) (io.ReadCloser, error)

	// Open opens the files and makes the clients. It runs once, inside
	// Workspace.Open, so that a screen can be drawn before it.
	Open func(ctx context.Context) (*Parts, error)
}

// Parts are the opened ports of a profile.
type Parts struct {
	Auth    Auth
	Source  refresh.Source
	Store   refresh.Store
	Ledger  Ledger
	Members expansion.Members
	// Memberships reads the members of groups that a rule on memberOf names. It is
	// Graph alone: Entra computes such a rule from its own directory, whatever
	// Exchange knows of a list besides, and it is to select the same users whether
	// Exchange is asked or not. Nil: Members.
	Memberships expansion.Members
	Resolver    audience.Resolver
	Finder      audience.Finder   // of lists that Exchange alone knows; nil where it is not asked
	Counter     expansion.Counter // for estimates; nil does without
	// ExchangeNotice is to be said wherever Exchange was asked: that the service
	// will be ended. "" says nothing.
	ExchangeNotice string
	Groups         writeback.Groups
	Calls          Calls
	Operator       string       // whoever runs this process, as the audit names them while nobody is signed in: "adele@laptop"
	Notes          []string     // what opening has to say: a corrupt cache was set aside, tokens cannot be kept
	Close          func() error // closes files and connections; may be nil
}

// Workspace is one profile's opened tenant. Its methods may be called from any
// goroutine.
type Workspace struct {
	settings  Settings
	directory *directory.Directory

	opening sync.Mutex // held while opening: mu is not, so that a screen can be drawn meanwhile

	mu      sync.RWMutex
	parts   *Parts
	runner  *refresh.Runner
	session *Session
	domains []string // verified domains, once asked

	segments sync.Mutex // held from reading the segments to saving one of them

	memberships memberships // for rules on memberOf

	principals principals // for previews that the tenant is not asked for

	rounds rounds
}

// New builds a workspace. It touches neither disk nor network: call Open.
func New(s Settings) *Workspace {
	if s.Schema == nil {
		s.Schema = model.FullSchema()
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	return &Workspace{settings: s, directory: directory.New(s.Schema, directory.Language(s.Language))}
}

// Open opens the profile's files and loads the cached directory into memory.
// It needs no session and no network.
func (w *Workspace) Open(ctx context.Context) error {
	w.opening.Lock()
	defer w.opening.Unlock()
	if _, err := w.opened(); err == nil {
		return nil
	}
	parts, err := w.settings.Open(ctx)
	if err != nil {
		return err
	}
	runner := refresh.New(refresh.Options{
		Source:    parts.Source,
		Store:     parts.Store,
		Directory: w.directory,
		Schema:    w.settings.Schema,
		Guard:     w.settings.Removals,
		TenantID:  w.tenantID,
		Now:       w.settings.Now,
	})
	err = runner.Restore(ctx)
	if damaged := (*model.Error)(nil); errors.As(err, &damaged) && damaged.Code == CodeCacheCorrupt {
		// The store has set the damaged file aside and begun an empty one.
		parts.Notes = append(parts.Notes, damaged.Message)
		err = runner.Restore(ctx)
	}
	if err != nil {
		return errors.Join(err, closeParts(parts))
	}
	w.mu.Lock()
	w.parts, w.runner = parts, runner
	w.mu.Unlock()
	return nil
}

// CodeCacheCorrupt is the code of a store's error when its file was damaged
// and has been replaced by an empty one.
const CodeCacheCorrupt = "cacheCorrupt"

// The codes of a KindLocked error: some process holds the profile's files, or
// one that keeps the directory in sync by itself.
const (
	CodeLocked          = "locked"
	CodeLockedBySyncing = "lockedBySyncing"
)

// Close closes the files. Cancel the context of running calls first and wait
// for them.
func (w *Workspace) Close() error {
	w.opening.Lock()
	defer w.opening.Unlock()
	w.memberships.close()
	w.mu.Lock()
	parts := w.parts
	w.parts = nil
	w.mu.Unlock()
	if parts == nil {
		return nil
	}
	return closeParts(parts)
}

func closeParts(p *Parts) error {
	if p.Close == nil {
		return nil
	}
	return p.Close()
}

// opened returns the parts, or an error before Open and after Close.
func (w *Workspace) opened() (*Parts, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.parts == nil {
		return nil, &model.Error{Kind: model.KindFailed, Code: "notOpen", Message: "the profile is not open"}
	}
	return w.parts, nil
}

// Profile is the profile's name.
func (w *Workspace) Profile() string { return w.settings.Profile }

// Schema is the profile's choice of attributes.
func (w *Workspace) Schema() *model.Schema { return w.settings.Schema }

// KeepsStructure reports whether an approved preview is kept with its nested
// lists.
func (w *Workspace) KeepsStructure() bool { return w.settings.KeepStructure }

// Now is the workspace's clock.
func (w *Workspace) Now() time.Time { return w.settings.Now() }

// OpenFile opens a file that an administrator named, for reading. Its error is
// of KindUsage.
func (w *Workspace) OpenFile(path string) (io.ReadCloser, error) {
	err := errors.New("files cannot be read here")
	if w.settings.OpenFile != nil {
		var file io.ReadCloser
		if file, err = w.settings.OpenFile(path); err == nil {
			return file, nil
		}
	}
	reason := err.Error()
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		reason = e.Path + ": " + e.Err.Error() // without the name of a system call
	}
	return nil, &model.Error{Kind: model.KindUsage, Code: "fileUnreadable", Message: "the file cannot be read: " + reason, Err: err}
}

// Notes is what opening the profile had to say; nil before Open.
func (w *Workspace) Notes() []string {
	parts, err := w.opened()
	if err != nil {
		return nil
	}
	return parts.Notes
}

// Traffic is what the transport counted since the start.
func (w *Workspace) Traffic() Traffic {
	parts, err := w.opened()
	if err != nil || parts.Calls == nil {
		return Traffic{}
	}
	return parts.Calls.Traffic()
}

// RecentCalls returns up to n of the last calls to the tenant, newest first.
func (w *Workspace) RecentCalls(n int) []Call {
	parts, err := w.opened()
	if err != nil || parts.Calls == nil {
		return nil
	}
	return parts.Calls.Recent(n)
}

// Directory is the present snapshot of the synced users.
func (w *Workspace) Directory() *directory.Snapshot { return w.directory.Snapshot() }

// Sync runs one round to its end, for an administrator who waits for it. While
// another round runs it waits for that one and shares its result.
func (w *Workspace) Sync(ctx context.Context, request refresh.Request) (refresh.Result, error) {
	return w.sync(refresh.Foreground(ctx), request)
}

// sync runs a round or joins one, and records the one that it ran.
func (w *Workspace) sync(ctx context.Context, request refresh.Request) (refresh.Result, error) {
	parts, err := w.opened()
	if err != nil {
		return refresh.Result{}, err
	}
	if err := w.signedIn(ctx); err != nil {
		return refresh.Result{}, err
	}
	session := w.Session()
	if err := w.require(CapabilityDirectory); err != nil {
		return refresh.Result{}, err
	}
	ctx, done := w.rounds.begin(ctx)
	defer done()
	result, err := w.runner.Do(ctx, request)
	if err != nil || result.Joined {
		return result, err
	}
	detail := fmt.Sprintf("%s: %d users", result.Mode, result.Users)
	if request.AllowRemovals > 0 {
		detail += fmt.Sprintf(", %d removed of %d accepted", result.Removed, request.AllowRemovals)
	}
	return result, w.record(ctx, parts, "sync", session.TenantID, detail)
}

// Background keeps the directory in sync by a schedule until ctx ends. It
// blocks: give it a goroutine. Each round joins one that runs already, and is
// recorded. Where there is no session yet a round is due at once, and signs in
// silently; one that could not reach the tenant is tried again after a pause,
// so that a start without a network becomes a session and a sync when there is
// one. began and ended are called around each round, by that goroutine; between
// them Progress tells how far it has come.
func (w *Workspace) Background(ctx context.Context, s refresh.Schedule, began func(), ended func(refresh.Result, error)) error {
	if _, err := w.opened(); err != nil {
		return err
	}
	s.AtOnce = s.AtOnce || w.Session() == nil
	w.runner.Background(ctx, s, func(ctx context.Context) error {
		began()
		result, err := w.sync(ctx, refresh.Request{})
		ended(result, err)
		return err
	})
	return nil
}

// Progress is the state of the running round, or of the last one.
func (w *Workspace) Progress() refresh.Progress {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.runner == nil {
		return refresh.Progress{Phase: refresh.PhaseIdle}
	}
	return w.runner.Progress()
}

// Synced reports whether the directory has been read to its end at least once.
func (w *Workspace) Synced() bool { return !w.Progress().SyncedAt.IsZero() }

// VerifyAudit fails when a line of the audit was changed or removed.
func (w *Workspace) VerifyAudit(ctx context.Context) error {
	_, err := w.CountAudit(ctx)
	return err
}

// CountAudit is VerifyAudit, and returns how many lines are in order.
func (w *Workspace) CountAudit(ctx context.Context) (events int, err error) {
	parts, err := w.opened()
	if err != nil {
		return 0, err
	}
	return parts.Ledger.VerifyAudit(ctx)
}

// Events returns the audit since a time, oldest first.
func (w *Workspace) Events(ctx context.Context, since time.Time) ([]Event, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	return parts.Ledger.Events(ctx, since)
}

// record adds a line to the audit in the name of the session's account. It is
// written even when the context has ended: what it says has happened.
func (w *Workspace) record(ctx context.Context, parts *Parts, action, subject, detail string) error {
	return parts.Ledger.Record(context.WithoutCancel(ctx), Event{At: w.Now().UTC(), By: w.actor(), Action: action, Subject: subject, Detail: detail})
}

func (w *Workspace) actor() string {
	w.mu.RLock()
	defer w.mu.RUnlock()
	switch {
	case w.session != nil:
		return w.session.Account
	case w.parts != nil:
		return w.parts.Operator
	}
	return ""
}

// tenantID is the session's tenant, "" before sign-in.
func (w *Workspace) tenantID() string {
	if s := w.Session(); s != nil {
		return s.TenantID
	}
	return ""
}
