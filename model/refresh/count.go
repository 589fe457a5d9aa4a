package refresh

import (
	"context"
	"fmt"

	"rollcall/model"
)

// expect asks for the service's count before a full read: the progress needs
// it, and the read is held against it. A count that is refused is not fatal.
func (r *round) expect(ctx context.Context) error {
	n, err := r.opts.Source.UserCount(ctx)
	if err != nil {
		return r.uncounted(ctx, err)
	}
	r.expected = n
	r.progress.Expected = n
	r.publish()
	return nil
}

// checkCount compares the users of a finished full read with the service's
// count. That count is eventually consistent, so it is asked again before a
// shortfall is reported; and again after each delta round, until it is reached.
func (r *round) checkCount(ctx context.Context, t *target) error {
	if t.state.Users >= r.expected && !t.state.Short {
		return nil
	}
	n, err := r.opts.Source.UserCount(ctx)
	if err != nil {
		return r.uncounted(ctx, err)
	}
	next := t.state
	next.Short = t.state.Users < n
	if next.Short {
		r.result.Expected = n
		r.note(fmt.Sprintf("the service counts %d users and %d were read: %d are missing, or its count lags behind", n, t.state.Users, n-t.state.Users))
	}
	if next.Short == t.state.Short {
		return nil
	}
	return r.commit(ctx, t, nil, next)
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

func (r *round) note(text string) { r.result.Notes = append(r.result.Notes, text) }
