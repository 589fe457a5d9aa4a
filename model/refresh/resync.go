package refresh

import (
	"context"
	"errors"
	"hash/maphash"

	"rollcall/model"
)

// resync reads everything into the staging store, holds the outcome against
// the guard, and puts it in the place of main. Until then main stays as it is,
// and so does the sink.
func (r *round) resync(ctx context.Context, main *target) error {
	mode := ModeResync
	if !main.state.Complete {
		mode = ModeInitial // it began anew before it ever ended
	}
	r.setMode(mode)
	if !main.state.Resync {
		mark := main.state
		mark.Resync = true
		if err := r.commit(ctx, main, nil, mark); err != nil {
			return err
		}
	}
	for range maxRestarts {
		staging, state, err := r.stage(ctx)
		if err != nil {
			return err
		}
		r.result.Pages, r.result.Effect, r.result.Expected, r.result.Notes = 0, Effect{}, 0, nil
		r.progress.Pages, r.progress.Read = 0, 0
		t := &target{store: staging, state: state}
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

// stage opens the staging store and empties it unless it holds an interrupted
// read of the same tenant and attributes. A read that ended there was held by
// the guard: it is kept for an acceptance, but not for a new full read.
func (r *round) stage(ctx context.Context) (Staging, State, error) {
	staging, err := r.opts.Store.Stage(ctx)
	if err != nil {
		return nil, State{}, err
	}
	state, err := staging.State(ctx)
	if err != nil {
		return nil, State{}, err
	}
	if state == (State{}) {
		return staging, state, nil
	}
	same := state.TenantID == r.tenant && state.Fingerprint == r.opts.Schema.Fingerprint()
	held := state.Complete && r.request.Full && r.request.AllowRemovals == 0
	if same && !held {
		return staging, state, nil
	}
	if err := staging.Discard(); err != nil {
		return nil, State{}, err
	}
	staging, err = r.opts.Store.Stage(ctx)
	return staging, State{}, err
}

// replace promotes the staging store if the guard lets it.
func (r *round) replace(ctx context.Context, main, t *target, staging Staging) error {
	effect, err := compare(ctx, main.store, staging)
	if err != nil {
		return err
	}
	if main.state.Complete {
		if err := r.guard.check(effect.Removed, main.state.Users, r.request.AllowRemovals); err != nil {
			return err
		}
	}
	if err := staging.Promote(ctx); err != nil {
		return err
	}
	main.state = t.state
	r.result.Effect = effect
	r.progress.SyncedAt = t.state.SyncedAt
	if main.sink == nil {
		return nil
	}
	// The store has the new data for good: the sink follows it even when the
	// caller has lost interest meanwhile.
	loading := context.WithoutCancel(ctx)
	return main.sink.Load(func(yield func(*model.User) bool) error { return main.store.Users(loading, yield) })
}

// compare counts what separates the users of two stores. It holds one id and
// one hash for each user of the first.
func compare(ctx context.Context, before, after Store) (Effect, error) {
	seed := maphash.MakeSeed()
	known := map[string]uint64{}
	err := before.Users(ctx, func(u *model.User) bool {
		known[u.ID] = digest(seed, u)
		return true
	})
	if err != nil {
		return Effect{}, err
	}
	var e Effect
	err = after.Users(ctx, func(u *model.User) bool {
		sum, ok := known[u.ID]
		switch {
		case !ok:
			e.Added++
		case sum != digest(seed, u):
			e.Updated++
		}
		delete(known, u.ID)
		return true
	})
	e.Removed = len(known)
	return e, err
}

// digest is a hash of everything that a user holds. Each part ends with a byte
// that no UTF-8 text contains, so that neighbours do not run together.
func digest(seed maphash.Seed, u *model.User) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	part := func(s string) {
		_, _ = h.WriteString(s) // maphash never fails
		_ = h.WriteByte(0xff)
	}
	part(u.ManagerID)
	for _, f := range u.Fields() {
		_ = h.WriteByte(byte(f.Attr))
		part(f.Value)
		for _, v := range f.Values {
			part(v)
		}
		_ = h.WriteByte(0xfe)
	}
	return h.Sum64()
}
