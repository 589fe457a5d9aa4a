package refresh

import (
	"context"
	"fmt"
	"strings"

	"rollcall/model"
)

const (
	// minPartition is the least number of users that is worth a partition: about
	// five pages, of which the last is half empty.
	minPartition = 5000
	// partitionsPerReader lets a reader that drew small partitions take over
	// the work of one that drew large ones.
	partitionsPerReader = 4
)

// fill does a first round: a delta link from now, the full listing, the delta.
// It goes on where the target's state says. A parallel listing that turns out
// to lack users is followed by a serial one into the same store: merging is
// idempotent, and the delta link is older than either.
func (r *round) fill(ctx context.Context, t *target) error {
	if t.state.DeltaLink == "" {
		if err := r.begin(ctx, t); err != nil {
			return err
		}
	}
	for {
		if t.state.Phase == PhaseReading {
			if err := r.read(ctx, t); err != nil {
				return err
			}
		}
		counted, err := r.catchUpAndCount(ctx, t)
		if err != nil {
			return err
		}
		short := t.len() < counted
		if short && !t.state.Serial && !t.state.Complete {
			r.note(fmt.Sprintf("reading in parallel gave %d of %d users, so that everything was read again in one listing", t.len(), counted))
			if err := r.beginSerial(ctx, t); err != nil {
				return err
			}
			continue
		}
		return r.finish(ctx, t, counted)
	}
}

// begin asks for everything that a full read starts from, and commits it at
// once: a round that is interrupted before has nothing to go on from.
func (r *round) begin(ctx context.Context, t *target) error {
	if t.main {
		// The store may have lost users that the directory still holds: a
		// damaged file that was set aside.
		t.users.Reset()
	}
	count := r.countAhead(ctx)
	begun, err := r.opts.Source.Begin(ctx)
	total, refusal := count()
	if err != nil {
		return err
	}
	r.begun = true
	if refusal != nil {
		if err := r.uncounted(ctx, refusal); err != nil {
			return err
		}
	}
	r.progress.Expected = total
	r.publish()
	cover, err := r.opts.Source.Partitions(ctx, total, max(minPartition, total/(partitionsPerReader*readers)))
	if err != nil {
		return err
	}
	if cover.Note != "" {
		r.note(cover.Note)
	}
	var attributes []string
	for _, a := range r.opts.Schema.Synced() {
		attributes = append(attributes, a.Graph)
	}
	return r.commit(ctx, t, Batch{
		State: State{
			TenantID: r.tenant, Fingerprint: r.opts.Schema.Fingerprint(), Attributes: strings.Join(attributes, ","), Refused: strings.Join(begun.Refused, ","),
			DeltaLink: begun.DeltaLink, Phase: PhaseReading, Serial: len(cover.Partitions) == 1, StartedAt: r.started,
		},
		Cursors: cursors(cover),
	})
}

// beginSerial starts one listing of everything.
func (r *round) beginSerial(ctx context.Context, t *target) error {
	if !r.begun {
		// The Source of an earlier process knew what the tenant refuses. The
		// delta link is not wanted: the older one covers the first listing, too.
		if _, err := r.opts.Source.Begin(ctx); err != nil {
			return err
		}
		r.begun = true
	}
	cover, err := r.opts.Source.Partitions(ctx, 0, 0)
	if err != nil {
		return err
	}
	next := t.state
	next.Phase, next.Serial = PhaseReading, true
	return r.commit(ctx, t, Batch{State: next, Cursors: cursors(cover)})
}

func cursors(c Cover) []Cursor {
	out := make([]Cursor, len(c.Partitions))
	for i, p := range c.Partitions {
		out[i] = Cursor{Partition: i, Link: p.Link, Users: p.Users}
	}
	return out
}

// catchUp follows the delta and keeps each page as it comes.
func (r *round) catchUp(ctx context.Context, t *target) error {
	return r.follow(ctx, t, func(page *Page, next State, _ bool) error {
		return r.keep(ctx, t, Batch{Changes: page.Changes, State: next})
	})
}

// finish marks the target complete. counted is the service's count, 0 when it
// gave none.
func (r *round) finish(ctx context.Context, t *target, counted int) error {
	next := t.state
	next.Complete, next.Phase, next.Serial, next.Held = true, PhaseIdle, false, 0
	next.SyncedAt, next.Users = r.opts.Now(), t.len()
	next.Short = next.Users < counted
	if next.Short {
		r.missing(counted, next.Users)
	}
	if refused := next.refused(); refused != nil {
		r.note("the tenant does not give these attributes, which stay empty until a full sync is given them: " + strings.Join(refused, ", "))
	}
	return r.commit(ctx, t, Batch{State: next})
}

// countAhead asks for the service's count beside something else; 0 with an error.
func (r *round) countAhead(ctx context.Context) (answer func() (int, error)) {
	return ahead(func() (int, error) { return r.opts.Source.UserCount(ctx) })
}

// catchUpAndCount follows the delta behind a listing and returns the count that
// the users of the target are held against, 0 when the service gives none. It
// is asked for meanwhile, when users may come or go: before a shortfall is
// believed, the changes are followed once more, and the smaller of two counts
// stands.
func (r *round) catchUpAndCount(ctx context.Context, t *target) (int, error) {
	count := r.countAhead(ctx)
	err := r.catchUp(ctx, t)
	first, refusal := count()
	switch {
	case err != nil:
		return 0, err
	case refusal != nil:
		return 0, r.uncounted(ctx, refusal)
	case t.len() >= first:
		return first, nil
	}
	if err := r.catchUp(ctx, t); err != nil {
		return 0, err
	}
	second, err := r.opts.Source.UserCount(ctx)
	if err != nil {
		return 0, r.uncounted(ctx, err)
	}
	return min(first, second), nil
}

// checkShort asks after a delta round whether the service's count, which was
// not reached before, is reached by now.
func (r *round) checkShort(ctx context.Context, t *target) error {
	if !t.state.Short {
		return nil
	}
	n, err := r.opts.Source.UserCount(ctx)
	if err != nil {
		return r.uncounted(ctx, err)
	}
	if t.state.Users < n {
		r.missing(n, t.state.Users)
		return nil
	}
	next := t.state
	next.Short = false
	return r.commit(ctx, t, Batch{State: next})
}

// missing reports that the service counts more users than there are.
func (r *round) missing(counted, users int) {
	r.result.Expected = counted
	r.note(fmt.Sprintf("the service counts %d users and %d were read: %d are missing, or its count lags behind", counted, users, counted-users))
}

// uncounted notes that the count could not be checked; only the caller's own
// interruption ends the round.
func (r *round) uncounted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.note("the number of users could not be checked: " + model.AsError(err).Message)
	return nil
}
