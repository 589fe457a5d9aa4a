package refresh

import (
	"context"
	"errors"

	"rollcall/model"
	"rollcall/model/directory"
)

// maxRestarts bounds how often one round begins a full read again because the
// service forgot its links meanwhile.
const maxRestarts = 3

// resync reads everything into the staging store and a second directory, holds
// the outcome against the guard, and puts both in the place of main. Until
// then main stays as it is. why is told to the administrator, "" for nothing.
func (r *round) resync(ctx context.Context, main *target, why string) error {
	mode := ModeResync
	if !main.state.Complete {
		mode = ModeInitial // it began anew before it ever ended
	}
	r.setMode(mode)
	if !main.state.Resync {
		mark := main.state
		mark.Resync = true
		if err := r.commit(ctx, main, Batch{State: mark}); err != nil {
			return err
		}
	}
	r.progress.tell(main.state, r.opts.Schema)
	r.publish()
	for range maxRestarts {
		t, staging, err := r.stage(ctx)
		if err != nil {
			return err
		}
		r.result = Result{Mode: mode}
		if why != "" {
			r.note(why)
		}
		r.progress.Pages, r.progress.Read, r.progress.Expected = 0, 0, 0
		err = r.fill(ctx, t)
		if errors.Is(err, ErrResync) {
			if err := staging.Discard(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		return r.replace(ctx, main, t, staging)
	}
	return &model.Error{
		Kind: model.KindUnavailable, Code: "resyncRepeated",
		Message: "the service kept ending the sync while it was running; the former data is kept",
		Remedy:  "sync again later", Err: ErrResync,
	}
}

// stage opens the staging store: what an interrupted resync of the same tenant
// and attributes left there, or else an empty one. A read that ended there was
// stopped by the guard: it is kept for an acceptance, but not for a new full
// read. One that cannot be loaded is read again.
func (r *round) stage(ctx context.Context) (*target, Staging, error) {
	staging, err := r.opts.Store.Stage(ctx)
	if err != nil {
		return nil, nil, err
	}
	state, err := staging.State(ctx)
	if err == nil && r.isUsable(state) {
		var users *directory.Directory
		if users, err = r.loadUsers(ctx, staging); err == nil {
			return &target{store: staging, state: state, users: users}, staging, nil
		}
	}
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if err != nil || state != (State{}) {
		if err := staging.Discard(); err != nil {
			return nil, nil, err
		}
		if staging, err = r.opts.Store.Stage(ctx); err != nil {
			return nil, nil, err
		}
	}
	return &target{store: staging, users: r.opts.Directory.Sibling()}, staging, nil
}

// isUsable reports whether a resync goes on from a staging store with the state.
func (r *round) isUsable(s State) bool {
	afresh := s.Complete && r.request.Full && r.request.AllowRemovals == 0
	return s.TenantID == r.tenant && s.Fingerprint == r.opts.Schema.Fingerprint() && !afresh
}

// replace promotes the staging store if the guard lets it.
func (r *round) replace(ctx context.Context, main, t *target, staging Staging) error {
	effect := directory.Diff(main.users.Snapshot(), t.users.Snapshot())
	if main.state.Complete {
		if stopped := r.guard.check(ModeResync, effect.Removed, main.len(), r.request.AllowRemovals); stopped != nil {
			next := main.state
			next.Held = effect.Removed
			if err := r.commit(ctx, main, Batch{State: next}); err != nil {
				return err
			}
			r.progress.tell(main.state, r.opts.Schema)
			return stopped
		}
	}
	if err := staging.Promote(context.WithoutCancel(ctx)); err != nil {
		r.loaded = false // a failure does not say which of both is the current store
		return err
	}
	main.users.Adopt(t.users)
	main.state = t.state
	r.result.Effect = effect
	return nil
}
