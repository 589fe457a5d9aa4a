package refresh

import (
	"context"
	"errors"

	"rollcall/model"
	"rollcall/model/directory"
)

// follow reads the delta up to the present and gives each page to keep, with
// the state behind it; last marks the page behind which there is nothing yet.
// A round that was interrupted ends at its own time, which may be long ago:
// another one follows.
func (r *round) follow(ctx context.Context, t *target, keep func(page *Page, next State, last bool) error) error {
	r.setPhase(PhaseDelta)
	var seen links
	link, resumed := t.state.Next, true
	if link == "" {
		link, resumed = t.state.DeltaLink, false
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
			return err
		}
		next := t.state
		next.Phase, next.Next = PhaseDelta, page.Next
		looped := page.Next != "" && seen.has(page.Next)
		switch {
		case looped:
			next.Next = "" // the next round starts from the delta link again
		case page.Next == "" && page.DeltaLink == "":
			return &model.Error{
				Kind: model.KindUnavailable, Code: "brokenPage",
				Message: "the service sent a page of changes without saying where it goes on",
				Remedy:  "sync again later; it goes on from the last page kept",
			}
		case page.Next == "":
			next.DeltaLink = page.DeltaLink
		}
		last := page.Next == "" && !resumed
		if err := keep(page, next, last); err != nil {
			return err
		}
		r.countPages(1, len(page.Changes))
		switch {
		case looped:
			return pagingLoop()
		case last:
			return nil
		case page.Next == "":
			resumed, seen, link = false, nil, page.DeltaLink
		default:
			link = page.Next
		}
	}
}

// update does a delta round on a complete store. Its pages are held until its
// end is known and the guard has passed them: a round that would take away a
// large part of the directory leaves everything as it was.
func (r *round) update(ctx context.Context, t *target) error {
	var held []model.Change // behind the log: of an interrupted round, or stopped by the guard
	err := t.store.Held(ctx, func(page []model.Change) bool {
		held = append(held, page...)
		return true
	})
	if err != nil {
		return err
	}
	if t.state.Next == "" {
		t.state.StartedAt = r.started
	}
	err = r.follow(ctx, t, func(page *Page, next State, last bool) error {
		held = append(held, page.Changes...)
		if last {
			return r.settle(ctx, t, held, Batch{Changes: page.Changes, State: next})
		}
		return r.commit(ctx, t, Batch{Changes: page.Changes, State: next, Hold: true})
	})
	if err != nil {
		return err
	}
	return r.checkShort(ctx, t)
}

// settle ends a delta round with its last batch: everything held is released
// and applied at once, or stays held where it removes more than the guard lets
// pass.
func (r *round) settle(ctx context.Context, t *target, held []model.Change, b Batch) error {
	b.State.Phase = PhaseIdle
	effect := consequence(t.users.Snapshot(), held)
	if stopped := r.guard.check(ModeDelta, effect.Removed, t.len(), r.request.AllowRemovals); stopped != nil {
		b.Hold, b.State.Held = true, effect.Removed
		if err := r.commit(ctx, t, b); err != nil {
			return err
		}
		r.progress.tell(t.state, r.opts.Schema)
		return stopped
	}
	b.Release, b.State.Held = true, 0
	b.State.SyncedAt, b.State.Users = r.opts.Now(), t.len()+effect.Added-effect.Removed
	if err := r.commit(ctx, t, b); err != nil {
		return err
	}
	r.apply(t, held)
	return nil
}

// consequence counts the users that changes add and remove. The last word
// about a user counts: one who is removed and comes back was never away.
func consequence(users *directory.Snapshot, changes []model.Change) Effect {
	gone := make(map[string]bool, len(changes))
	for i := range changes {
		gone[changes[i].ID] = changes[i].Removed != ""
	}
	var e Effect
	for id, gone := range gone {
		switch _, known := users.ByID(id); {
		case known && gone:
			e.Removed++
		case !known && !gone:
			e.Added++
		}
	}
	return e
}

// links remembers the links of one listing or delta round by themselves.
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
