package refresh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/model"
	"rollcall/model/directory"
)

// round is one round in progress. Only the goroutine that leads it touches it.
type round struct {
	*Runner
	request  Request
	tenant   string
	started  time.Time
	begun    bool // Source.Begin was called in this round
	result   Result
	progress Progress
}

// target is a store that a round fills, with its state as last committed and
// the directory that the store adds up to.
type target struct {
	store Store
	state State
	users *directory.Directory
	main  bool // the current store; its effects are the round's
}

// len is the number of users that the target holds.
func (t *target) len() int { return t.users.Snapshot().Len() }

// publish makes the round's progress visible to whoever pulls it.
func (r *round) publish() {
	p := r.progress
	r.Runner.progress.Store(&p)
}

func (r *round) setMode(m Mode) {
	r.result.Mode, r.progress.Mode = m, m
	r.publish()
}

func (r *round) setPhase(p Phase) {
	r.progress.Phase = p
	r.publish()
}

// countPages adds committed pages to the progress.
func (r *round) countPages(pages, records int) {
	r.result.Pages += pages
	r.progress.Pages += pages
	r.progress.Read += records
	r.publish()
}

// note adds a line for the administrator, once.
func (r *round) note(text string) {
	if !slices.Contains(r.result.Notes, text) {
		r.result.Notes = append(r.result.Notes, text)
	}
}

// run decides what the round is, does it, and falls back to a resync where the
// service has forgotten the links.
func (r *round) run(ctx context.Context) error {
	if !r.loaded {
		if err := r.load(ctx); err != nil {
			return err
		}
	}
	state, err := r.opts.Store.State(ctx)
	if err != nil {
		return err
	}
	if state.TenantID != "" && state.TenantID != r.tenant {
		return &model.Error{
			Kind: model.KindFailed, Code: "otherTenant",
			Message: fmt.Sprintf("the local copy belongs to tenant %s, not to %s", state.TenantID, r.tenant),
			Remedy:  "use another profile for the other tenant, or delete this profile's directory.db",
		}
	}
	r.progress.tell(state, r.opts.Schema)
	main := &target{store: r.opts.Store, state: state, users: r.opts.Directory, main: true}

	why, needed := r.needsResync(main)
	switch {
	case needed:
		err = r.resync(ctx, main, why)
	case state.Complete:
		r.setMode(ModeDelta)
		err = r.update(ctx, main)
	default:
		r.setMode(ModeInitial)
		err = r.fill(ctx, main)
	}
	if errors.Is(err, ErrResync) && !needed {
		err = r.resync(ctx, main, "the service no longer knows where the last sync ended, so that everything was read again")
	}
	if err != nil {
		return err
	}
	r.result.Users = main.state.Users
	r.result.Refused = main.state.refused()
	r.progress.tell(main.state, r.opts.Schema)
	r.checkpoint(ctx)
	return nil
}

// needsResync reports whether the delta cannot bring the target up to date, or
// may not, and why where the administrator has not asked for it.
func (r *round) needsResync(t *target) (why string, needed bool) {
	s := t.state
	switch {
	case s.DeltaLink == "":
		return "", false
	case s.Resync:
		return "", true // it has begun, and said why
	case s.Fingerprint != r.opts.Schema.Fingerprint():
		return "the choice of attributes has changed, so that everything was read again", true
	case s.Complete && r.request.Full:
		return "", true
	case s.Complete && s.Users != t.len():
		return fmt.Sprintf("the local copy holds %d users where there should be %d, so that everything was read again", t.len(), s.Users), true
	}
	return "", false
}

// commit makes a batch durable. What was fetched is kept even when the caller
// has lost interest meanwhile.
func (r *round) commit(ctx context.Context, t *target, b Batch) error {
	if err := t.store.Commit(context.WithoutCancel(ctx), b); err != nil {
		if t.main {
			r.loaded = false // a failure does not say that nothing was written
		}
		return err
	}
	t.state = b.State
	return nil
}

// keep makes a batch durable and applies its changes to the target's users.
func (r *round) keep(ctx context.Context, t *target, b Batch) error {
	if err := r.commit(ctx, t, b); err != nil {
		return err
	}
	r.apply(t, b.Changes)
	return nil
}

func (r *round) apply(t *target, changes []model.Change) {
	effect := t.users.Apply(changes)
	if t.main {
		r.result.Added += effect.Added
		r.result.Updated += effect.Updated
		r.result.Removed += effect.Removed
	}
}

// checkpoint offers the store to replace its log by an image. A store that
// fails has kept its log: nothing is lost.
func (r *round) checkpoint(ctx context.Context) {
	err := r.opts.Store.Checkpoint(ctx, r.opts.Directory.Snapshot().Save)
	if err != nil && ctx.Err() == nil {
		r.note("the local copy could not be written in its short form, and takes longer to open: " + model.AsError(err).Message)
	}
}

// refused are the attributes that the state names as refused; nil for none.
func (s State) refused() []string { return names(s.Refused) }

func names(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// unread are the attributes of a schema that the users were read without.
func (s State) unread(schema *model.Schema) []string {
	if s.DeltaLink == "" || s.Fingerprint == schema.Fingerprint() {
		return nil
	}
	read := names(s.Attributes)
	var unread []string
	for _, a := range schema.Synced() {
		if !a.IsRequired() && !slices.Contains(read, a.Graph) {
			unread = append(unread, a.Graph)
		}
	}
	return unread
}

// tell takes over what the state says to whoever looks at the progress.
func (p *Progress) tell(s State, schema *model.Schema) {
	p.SyncedAt, p.Held, p.Stale = s.SyncedAt, s.Held, s.Complete && s.Resync
	p.Unread, p.Refused = s.unread(schema), s.refused()
}
