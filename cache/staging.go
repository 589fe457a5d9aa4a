package cache

import (
	"context"
	"errors"
	"os"
	"runtime"

	"rollcall/model"
	"rollcall/model/refresh"
)

// staging is directory.db.new, which a resync fills while the current file
// stays in use. It is closed together with its Directory.
type staging struct {
	parent *Directory
	table  *table
}

var _ refresh.Staging = (*staging)(nil)

func (d *Directory) stagingPath() string { return d.path + ".new" }

// Stage opens the staging file. One that an interrupted resync has left is
// opened as it is; a damaged one is dropped.
func (d *Directory) Stage(ctx context.Context) (refresh.Staging, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current == nil {
		return nil, closedError(d.path)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if d.staging != nil {
		return d.staging, nil
	}
	path := d.stagingPath()
	t, err := openTable(path, d.options)
	if isDamage(err) {
		if err := removeFile(path); err != nil {
			return nil, fileError(path, err)
		}
		t, err = openTable(path, d.options)
	}
	if err != nil {
		return nil, fileError(path, err)
	}
	d.staging = &staging{parent: d, table: t}
	return d.staging, nil
}

// use runs fn on the staging file as long as it is one. A damaged one is
// dropped, so that the next resync begins anew.
func (s *staging) use(fn func(*table) error) error {
	err := func() error {
		s.parent.mu.RLock()
		defer s.parent.mu.RUnlock()
		if s.parent.staging != s {
			return closedError(s.table.path)
		}
		return fn(s.table)
	}()
	if !isDamage(err) {
		return fileError(s.table.path, err)
	}
	return errors.Join(&model.Error{
		Kind: model.KindFailed, Code: "cacheCorrupt",
		Message: "what a resync had read so far was damaged and has been dropped; the former data is kept",
		Remedy:  "sync: the directory is read again", Err: err,
	}, s.Discard())
}

// State implements refresh.Store.
func (s *staging) State(ctx context.Context) (refresh.State, error) {
	var state refresh.State
	err := s.use(func(t *table) error {
		state = *t.state.Load()
		return ctx.Err()
	})
	return state, err
}

// Commit implements refresh.Store.
func (s *staging) Commit(ctx context.Context, changes []model.Change, state refresh.State) (refresh.Effect, error) {
	var effect refresh.Effect
	err := s.use(func(t *table) (err error) {
		effect, err = t.commit(ctx, changes, state)
		return err
	})
	return effect, err
}

// Users implements refresh.Store.
func (s *staging) Users(ctx context.Context, yield func(*model.User) bool) error {
	return s.use(func(t *table) error { return t.users(ctx, yield) })
}

// Stage implements refresh.Store: there is no staging of a staging.
func (s *staging) Stage(context.Context) (refresh.Staging, error) {
	return nil, &model.Error{Kind: model.KindFailed, Code: "staging", Message: "a resync is under way already"}
}

// Promote implements refresh.Staging. The rename is the moment of the change:
// whatever happens before it leaves the former file, whatever happens after it
// leaves the new one.
func (s *staging) Promote(ctx context.Context) error {
	d := s.parent
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.staging != s {
		return closedError(s.table.path)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.table.db.Sync(); err != nil {
		return fileError(s.table.path, err)
	}
	if runtime.GOOS == "windows" {
		return fileError(d.path, s.promoteClosed())
	}
	// Both files stay open and locked during the rename, so that no other
	// process can come in between.
	if err := os.Rename(s.table.path, d.path); err != nil {
		return fileError(d.path, err)
	}
	syncFolder(d.path)
	former := d.current
	s.table.path = d.path
	d.current, d.staging = s.table, nil
	// The former file has no name any more: failing to close it changes nothing
	// about what has been promoted.
	_ = guarded(former.db.Close)
	return nil
}

// promoteClosed promotes where the system cannot rename an open file.
func (s *staging) promoteClosed() error {
	d := s.parent
	d.staging = nil
	err := errors.Join(s.table.close(), d.current.close())
	if err == nil {
		err = os.Rename(s.table.path, d.path)
	}
	t, openErr := openTable(d.path, d.options)
	d.current = t
	return errors.Join(err, openErr)
}

// Discard implements refresh.Staging.
func (s *staging) Discard() error {
	d := s.parent
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.staging != s {
		return nil
	}
	d.staging = nil
	_ = guarded(s.table.db.Close)
	return fileError(s.table.path, removeFile(s.table.path))
}
