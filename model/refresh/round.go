package refresh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollcall/model"
)

// maxRestarts bounds how often one round begins a full read again because the
// service forgot its links meanwhile.
const maxRestarts = 3

// round is one round in progress. Only the goroutine that leads it touches it.
type round struct {
	*Runner
	request  Request
	tenant   string
	started  time.Time
	expected int // the service's count at the start of a full read; 0 unknown
	result   Result
	progress Progress
}

// target is the store that a round fills, with its state as last committed.
type target struct {
	store Store
	state State
	sink  Sink // nil when nobody follows: staging, or no sink at all
	main  bool // the current store; its effects are the round's
}

// publish makes the round's progress visible to whoever pulls it.
func (r *round) publish() {
	p := r.progress
	r.Runner.progress.Store(&p)
}

// run decides what the round is, does it, and falls back to a resync where the
// service has forgotten the links.
func (r *round) run(ctx context.Context) error {
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
	r.progress.SyncedAt = state.SyncedAt
	main := &target{store: r.opts.Store, state: state, sink: r.opts.Sink, main: true}

	switch begun := state.DeltaLink != ""; {
	case begun && r.needsResync(state):
		err = ErrResync
	case begun && state.Complete:
		r.setMode(ModeDelta)
		if err = r.follow(ctx, main); err == nil {
			err = r.checkCount(ctx, main)
		}
	default:
		r.setMode(ModeInitial)
		if !begun && main.sink != nil {
			// The store may have lost rows that the sink still holds: a damaged
			// file that was set aside.
			main.sink.Reset()
		}
		err = r.fill(ctx, main)
	}
	if errors.Is(err, ErrResync) {
		err = r.resync(ctx, main)
	}
	if err != nil {
		return err
	}
	r.result.Users = main.state.Users
	return nil
}

func (r *round) needsResync(s State) bool {
	return s.Resync || s.Fingerprint != r.opts.Schema.Fingerprint() || (r.request.Full && s.Complete)
}

func (r *round) setMode(m Mode) {
	r.result.Mode, r.progress.Mode = m, m
	r.publish()
}

func (r *round) setPhase(p Phase) {
	r.progress.Phase = p
	r.publish()
}

// commit stores one page with the state that follows it, and tells the sink.
func (r *round) commit(ctx context.Context, t *target, changes []model.Change, next State) error {
	effect, err := t.store.Commit(ctx, changes, next)
	if err != nil {
		return err
	}
	next.Users = t.state.Users + effect.Added - effect.Removed
	t.state = next
	if t.main {
		r.result.Added += effect.Added
		r.result.Updated += effect.Updated
		r.result.Removed += effect.Removed
	}
	if t.sink != nil && len(changes) > 0 {
		t.sink.Apply(changes)
	}
	return nil
}

// countPage adds a committed page to the progress.
func (r *round) countPage(records int) {
	r.result.Pages++
	r.progress.Pages++
	r.progress.Read += records
	r.publish()
}

// fill does a first round: a delta link from now, the full listing, the delta.
// It goes on where the target's state says.
func (r *round) fill(ctx context.Context, t *target) error {
	if err := r.expect(ctx); err != nil {
		return err
	}
	if t.state.DeltaLink == "" {
		link, err := r.opts.Source.DeltaLatest(ctx)
		if err != nil {
			return err
		}
		begin := State{
			TenantID: r.tenant, Fingerprint: r.opts.Schema.Fingerprint(),
			DeltaLink: link, Phase: PhaseReading, StartedAt: r.started,
		}
		if err := r.commit(ctx, t, nil, begin); err != nil {
			return err
		}
	}
	if t.state.Phase == PhaseReading {
		if err := r.read(ctx, t); err != nil {
			return err
		}
	}
	if err := r.follow(ctx, t); err != nil {
		return err
	}
	return r.checkCount(ctx, t)
}

// read reads the full listing to its end.
func (r *round) read(ctx context.Context, t *target) error {
	r.progress.Read = t.state.Users // those that an interrupted read has stored
	r.setPhase(PhaseReading)
	var seen links
	for link := t.state.Next; ; link = t.state.Next {
		seen.add(link)
		page, err := r.opts.Source.Users(ctx, link)
		if err != nil {
			return err
		}
		next := t.state
		next.Next = page.Next
		looped := page.Next != "" && seen.has(page.Next)
		switch {
		case looped:
			next.Next = "" // the next round reads from the first page again
		case page.Next == "":
			next.Phase = PhaseDelta
		}
		if err := r.commit(ctx, t, page.Changes, next); err != nil {
			return err
		}
		r.countPage(len(page.Changes))
		if looped {
			return pagingLoop()
		}
		if page.Next == "" {
			return nil
		}
	}
}

// follow brings the target up to the present by the delta. A round that was
// interrupted ends at its own time, which may be long ago: another one follows.
func (r *round) follow(ctx context.Context, t *target) error {
	r.setPhase(PhaseDelta)
	for {
		resumed, err := r.followOnce(ctx, t)
		if err != nil || !resumed {
			return err
		}
	}
}

// followOnce reads one delta round to its end. It reports whether that was the
// rest of an interrupted one.
func (r *round) followOnce(ctx context.Context, t *target) (resumed bool, err error) {
	var seen links
	resumed = t.state.Next != ""
	link := t.state.DeltaLink
	if resumed {
		link = t.state.Next
	} else if t.state.Complete {
		t.state.StartedAt = r.started
	}
	for {
		seen.add(link)
		page, err := r.opts.Source.Delta(ctx, link)
		if errors.Is(err, ErrResync) && resumed {
			// The page link has expired; the round's own link may live longer,
			// and following it again is harmless.
			resumed, seen, link = false, nil, t.state.DeltaLink
			continue
		}
		if err != nil {
			return resumed, err
		}
		next := t.state
		next.Phase, next.Next = PhaseDelta, page.Next
		looped := page.Next != "" && seen.has(page.Next)
		switch {
		case looped:
			next.Next = "" // the next round starts from the delta link again
		case page.Next == "" && page.DeltaLink == "":
			return resumed, &model.Error{
				Kind: model.KindUnavailable, Code: "brokenPage",
				Message: "the service sent a page of changes without saying where it goes on",
				Remedy:  "sync again later; it goes on from the last page kept",
			}
		case page.Next == "":
			next.DeltaLink, next.Phase = page.DeltaLink, PhaseIdle
			next.Complete = true
			if !resumed {
				next.SyncedAt = r.opts.Now()
			}
		}
		if err := r.commit(ctx, t, page.Changes, next); err != nil {
			return resumed, err
		}
		r.countPage(len(page.Changes))
		switch {
		case looped:
			return resumed, pagingLoop()
		case page.Next == "":
			if t.main {
				r.progress.SyncedAt = next.SyncedAt
			}
			return resumed, nil
		}
		link = page.Next
	}
}

// links remembers the links of one round by themselves.
type links map[string]struct{}

func (l *links) add(link string) {
	if *l == nil {
		*l = links{}
	}
	(*l)[link] = struct{}{}
}

func (l links) has(link string) bool { _, ok := l[link]; return ok }

func pagingLoop() error {
	return &model.Error{
		Kind: model.KindUnavailable, Code: "pagingLoop",
		Message: "the service handed out a page link that it had handed out before in the same round",
		Remedy:  "sync again later; nothing that was read is lost",
	}
}
