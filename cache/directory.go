package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"rollcall/model"
	"rollcall/model/refresh"
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
// refresh.Store. Its methods may be called concurrently; the function that
// Users calls must not call any of them.
//
// A file that turns out to be damaged, at the opening or later, is renamed to
// directory.db.corrupt-TIME and an empty one takes its place: see Notes.
type Directory struct {
	path    string
	options DirectoryOptions

	mu      sync.RWMutex // held for writing where the file itself is exchanged
	current *table       // nil once closed
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
	t, err := openTable(path, d.options)
	if isDamage(err) {
		t, err = d.replaceDamaged(err)
	}
	if err != nil {
		return nil, fileError(path, err)
	}
	state := t.state.Load()
	if err := checkTenant(path, state.TenantID, o.TenantID); err != nil {
		return nil, closing(t.db, err)
	}
	d.current = t
	announce(path, d.options.Command, d.options.Syncs, d.options.Now())
	if !state.Resync {
		// Nobody will go on with what an earlier resync may have left.
		if err := removeFile(d.stagingPath()); err != nil {
			return nil, errors.Join(fileError(d.stagingPath(), err), d.Close())
		}
	}
	return d, nil
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
func (d *Directory) replaceDamaged(cause error) (*table, error) {
	aside, err := setAside(d.path, d.options.Now())
	if err != nil {
		return nil, err
	}
	d.notes = append(d.notes, fmt.Sprintf("the local copy of the directory was damaged (%v); it was set aside as %s and the next sync reads the directory again", cause, aside))
	return openTable(d.path, d.options)
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
// damaged and set aside. The slice is a copy.
func (d *Directory) Notes() []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return append([]string(nil), d.notes...)
}

// State returns what was last committed.
func (d *Directory) State(ctx context.Context) (refresh.State, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.current == nil {
		return refresh.State{}, closedError(d.path)
	}
	return *d.current.state.Load(), ctx.Err()
}

// Commit implements refresh.Store.
func (d *Directory) Commit(ctx context.Context, changes []model.Change, state refresh.State) (refresh.Effect, error) {
	var effect refresh.Effect
	err := d.use(func(t *table) (err error) {
		effect, err = t.commit(ctx, changes, state)
		return err
	})
	return effect, err
}

// Users implements refresh.Store. The texts of a user stay valid after the
// call, but share one allocation: whoever keeps a few of them clones those.
func (d *Directory) Users(ctx context.Context, yield func(*model.User) bool) error {
	return d.use(func(t *table) error { return t.users(ctx, yield) })
}

// use runs fn on the current file. When that turns out to be damaged, an empty
// one takes its place and the error says so.
func (d *Directory) use(fn func(*table) error) error {
	d.mu.RLock()
	t := d.current
	if t == nil {
		d.mu.RUnlock()
		return closedError(d.path)
	}
	err := func() error {
		defer d.mu.RUnlock()
		return fn(t)
	}()
	if !isDamage(err) {
		return fileError(d.path, err)
	}
	return d.heal(t, err)
}

// heal replaces a damaged file, unless another caller has done so already.
func (d *Directory) heal(damaged *table, cause error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current == damaged {
		d.current = nil
		_ = guarded(damaged.db.Close)
		t, err := d.replaceDamaged(cause)
		if err != nil {
			return fileError(d.path, err)
		}
		d.current = t
	}
	return &model.Error{
		Kind: model.KindFailed, Code: "cacheCorrupt",
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
		staged = d.staging.table.close()
		d.staging = nil
	}
	withdraw(d.path)
	err := errors.Join(staged, d.current.close())
	d.current = nil
	return fileError(d.path, err)
}
