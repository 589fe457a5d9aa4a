package cache

import (
	"context"
	"errors"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
)

// staging is directory.db.new, which a resync fills while the current file
// stays in use. It is closed together with its Directory.
type staging struct {
	access
	parent *Directory
	store  *store
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
	opened, err := openStore(path, d.options)
	if isDamage(err) {
		if err := removeFile(path); err != nil {
			return nil, fileError(path, err)
		}
		opened, err = openStore(path, d.options)
	}
	if err != nil {
		return nil, fileError(path, err)
	}
	d.staging = &staging{parent: d, store: opened}
	d.staging.access = access{d.staging.use}
	return d.staging, nil
}

// use runs fn on the staging file as long as it is one. A damaged one is
// dropped, so that the next resync begins anew.
func (s *staging) use(fn func(*store) error) error {
	err := func() error {
		s.parent.mu.RLock()
		defer s.parent.mu.RUnlock()
		if s.parent.staging != s {
			return closedError(s.store.path)
		}
		return fn(s.store)
	}()
	if !isDamage(err) {
		return fileError(s.store.path, err)
	}
	return errors.Join(&model.Error{
		Kind: model.KindFailed, Code: workspace.CodeCacheCorrupt,
		Message: "what a resync had read so far was damaged and has been dropped; the former data is kept",
		Remedy:  "sync: the directory is read again", Err: err,
	}, s.Discard())
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
		return closedError(s.store.path)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.store.db.Sync(); err != nil {
		return fileError(s.store.path, err)
	}
	err := d.current.adopt(&s.store.boltFile)
	if err == nil {
		d.current.takeOver(*s.store.state.Load(), s.store.extent, s.store.dirty)
	}
	if s.store.db == nil {
		d.staging = nil
	}
	return fileError(d.path, err)
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
	_ = guarded(s.store.db.Close)
	return fileError(s.store.path, removeFile(s.store.path))
}
