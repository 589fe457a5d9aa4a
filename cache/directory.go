package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
)

// DirectoryOptions say how directory.db is opened.
type DirectoryOptions struct {
	// TenantID is the tenant that the file must belong to; "" when it is not
	// known yet. A file that has no tenant yet belongs to any.
	TenantID string
	Schema   *model.Schema    // nil: the whole catalogue
	Timeout  time.Duration    // how long to wait for another process's lock; 0: a second
	Now      func() time.Time // nil: time.Now
	Command  string           // told to a process that finds the file locked; "": this program's name and command
	// Syncs says that this process keeps the directory in sync by itself, as
	// the screens do: told likewise.
	Syncs bool
	// MaxSize bounds the file, in bytes; 0: the disk alone does.
	MaxSize int
}

func (o DirectoryOptions) withDefaults() DirectoryOptions {
	if o.Schema == nil {
		o.Schema = model.FullSchema()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Command = cmp.Or(o.Command, thisCommand())
	return o
}

// Directory is directory.db, the local copy of the tenant's users. It is a
// refresh.Store. Its methods may be called concurrently; the functions that
// Held, Load and Checkpoint call must not call any of them.
//
// A file that turns out to be damaged, at the opening or later, is renamed to
// directory.db.corrupt-TIME and an empty one takes its place; a file that may
// not be written is opened for reading, and Commit says why: see Notes.
type Directory struct {
	access
	path    string
	options DirectoryOptions

	mu      sync.RWMutex // held for writing where one store takes the place of another
	current *store       // nil once closed
	staging *staging     // nil when none is open
	notes   []string
}

var _ refresh.Store = (*Directory)(nil)

// OpenDirectory opens or creates the file at path, usually
// "PROFILE/directory.db", and its folder. The error is a *model.Error:
// KindLocked when another process holds the file, otherTenant when the file
// belongs to another tenant than the options say.
func OpenDirectory(path string, o DirectoryOptions) (*Directory, error) {
	d := &Directory{path: path, options: o.withDefaults()}
	d.access = access{d.use}
	s, err := openStore(path, d.options)
	if isDamage(err) {
		s, err = d.replaceDamaged(err)
	}
	if err != nil {
		return nil, fileError(path, err)
	}
	state := s.state.Load()
	if err := checkTenant(path, state.TenantID, o.TenantID); err != nil {
		return nil, closing(s.db, err)
	}
	d.current = s
	if s.refused != nil {
		d.notes = append(d.notes, readOnlyNote(path, s.refused))
		return d, nil
	}
	announce(path, d.options.Command, d.options.Syncs, d.options.Now())
	if !state.Resync {
		// Nobody will go on with what an earlier resync may have left.
		staging := boltFile{path: d.stagingPath()}
		if err := errors.Join(removeFile(staging.path), removeFile(staging.rewritePath())); err != nil {
			return nil, errors.Join(fileError(staging.path, err), d.Close())
		}
	}
	return d, nil
}

func readOnlyNote(path string, refused error) string {
	reason := "this account may not write it"
	if errors.Is(refused, syscall.EROFS) {
		reason = "its disk is read-only"
	}
	return fmt.Sprintf("%s was opened for reading only, because %s: users are shown as they were last synced, and a sync is refused", path, reason)
}

func checkTenant(path, stored, wanted string) error {
	if stored == "" || wanted == "" || stored == wanted {
		return nil
	}
	return &model.Error{
		Kind: model.KindFailed, Code: "otherTenant",
		Message: fmt.Sprintf("%s belongs to tenant %s, not to %s", path, stored, wanted),
		Remedy:  "use a profile of its own for each tenant: --profile NAME",
	}
}

// replaceDamaged sets the damaged file aside and begins a new one. The caller
// holds mu, or is the only one yet.
func (d *Directory) replaceDamaged(cause error) (*store, error) {
	aside, err := setAside(d.path, d.options.Now())
	if isRefused(err) {
		return nil, &model.Error{
			Kind: model.KindFailed, Code: workspace.CodeCacheCorrupt,
			Message: fmt.Sprintf("%s is damaged (%v) and cannot be set aside: its folder may not be written", d.path, cause),
			Remedy:  "make the folder writable, or choose another place with --data-dir", Err: errors.Join(cause, err),
		}
	}
	if err != nil {
		return nil, err
	}
	d.notes = append(d.notes, fmt.Sprintf("the local copy of the directory was damaged (%v); it was set aside as %s and the next sync reads the directory again", cause, aside))
	return openStore(d.path, d.options)
}

// setAside renames a damaged file and returns its new name.
func setAside(path string, now time.Time) (string, error) {
	base := path + ".corrupt-" + now.UTC().Format("20060102T150405Z")
	aside := base
	for n := 2; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, os.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
		aside = fmt.Sprintf("%s-%d", base, n)
	}
	if err := os.Rename(path, aside); err != nil {
		return "", err
	}
	syncFolder(path)
	return aside, nil
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Notes tell what an administrator should know about the file: that it was
// damaged and set aside, or that it may only be read. The slice is a copy.
func (d *Directory) Notes() []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return append([]string(nil), d.notes...)
}

// use runs fn on the current store. When its file turns out to be damaged, an
// empty one takes its place and the error says so.
func (d *Directory) use(fn func(*store) error) error {
	d.mu.RLock()
	s := d.current
	if s == nil {
		d.mu.RUnlock()
		return closedError(d.path)
	}
	exchanges := s.exchanges.Load()
	err := func() error {
		defer d.mu.RUnlock()
		return fn(s)
	}()
	if !isDamage(err) {
		return fileError(d.path, err)
	}
	return d.heal(s, exchanges, err)
}

// heal replaces a damaged file, unless another one has taken its place since
// it had been exchanged so many times.
func (d *Directory) heal(damaged *store, exchanges int64, cause error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current == damaged && damaged.exchanges.Load() == exchanges {
		d.current = nil
		_ = guarded(damaged.db.Close)
		s, err := d.replaceDamaged(cause)
		if err != nil {
			return fileError(d.path, err)
		}
		d.current = s
	}
	return &model.Error{
		Kind: model.KindFailed, Code: workspace.CodeCacheCorrupt,
		Message: "the local copy of the directory was damaged and has been set aside",
		Remedy:  "sync: the directory is read again", Err: cause,
	}
}

// Close closes the file and lets go of it. Further calls do nothing.
func (d *Directory) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current == nil {
		return nil
	}
	var staged error
	if d.staging != nil {
		staged = d.staging.store.close()
		d.staging = nil
	}
	if d.current.refused == nil {
		withdraw(d.path)
	}
	err := errors.Join(staged, d.current.close())
	d.current = nil
	return fileError(d.path, err)
}

// access implements refresh.Store, but for Stage, by way of a function that
// finds the store to use and deals with its damage.
type access struct {
	use func(fn func(*store) error) error
}

// State implements refresh.Store: what was last committed.
func (a access) State(ctx context.Context) (state refresh.State, err error) {
	err = a.use(func(s *store) error {
		state = *s.state.Load()
		return ctx.Err()
	})
	return state, err
}

// Cursors implements refresh.Store.
func (a access) Cursors(ctx context.Context) (cursors []refresh.Cursor, err error) {
	err = a.use(func(s *store) (err error) {
		cursors, err = s.cursors(ctx)
		return err
	})
	return cursors, err
}

// Commit implements refresh.Store.
func (a access) Commit(ctx context.Context, b refresh.Batch) error {
	return a.use(func(s *store) error { return s.commit(ctx, b) })
}

// Held implements refresh.Store.
func (a access) Held(ctx context.Context, yield func([]model.Change) bool) error {
	return a.use(func(s *store) error { return s.held(ctx, yield) })
}

// Load implements refresh.Store.
func (a access) Load(ctx context.Context, restore func(get func(name string) ([]byte, error)) error, apply func([]model.Change)) error {
	return a.use(func(s *store) error { return s.load(ctx, restore, apply) })
}

// Checkpoint implements refresh.Store. Nothing can be read or committed until
// it returns.
func (a access) Checkpoint(ctx context.Context, save func(put func(name string, data []byte) error) error) error {
	return a.use(func(s *store) error { return s.checkpoint(ctx, save) })
}
