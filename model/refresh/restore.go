package refresh

import (
	"context"

	"rollcall/model"
	"rollcall/model/directory"
)

// Restore loads what is stored into the directory, and tells by Progress when
// the last round ended. Call it before any round. When it fails, the directory
// has not changed; where the store has set a damaged file aside, Restore can be
// called again and finds an empty one.
func (r *Runner) Restore(ctx context.Context) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	state, err := r.opts.Store.State(ctx)
	if err != nil {
		return err
	}
	p := Progress{Phase: PhaseIdle}
	p.tell(state, r.opts.Schema)
	r.progress.Store(&p)
	// A log that took long to load would do so at each start until a round
	// ends. A store that fails to shorten it has kept it, and the round's own
	// offer reports what is wrong.
	_ = r.opts.Store.Checkpoint(ctx, r.opts.Directory.Snapshot().Save)
	return nil
}

// load makes the directory what the store adds up to.
func (r *Runner) load(ctx context.Context) error {
	users, err := r.loadUsers(ctx, r.opts.Store)
	if err != nil {
		return err
	}
	r.opts.Directory.Adopt(users)
	r.loaded = true
	return nil
}

// loadUsers returns the directory that a store adds up to.
func (r *Runner) loadUsers(ctx context.Context, store Store) (*directory.Directory, error) {
	users := r.opts.Directory.Sibling()
	err := store.Load(ctx, users.Restore, func(changes []model.Change) { users.Apply(changes) })
	return users, err
}
