package refresh

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"rollcall/model"
)

// Schedule says when Background runs rounds by itself.
type Schedule struct {
	Nightly Nightly
	// Jitter is the most that a nightly round is delayed by, at random.
	Jitter time.Duration
	// MaxAge is how old the data may be at the start before a round runs at
	// once; 0 means a day. A night that was missed is caught up earlier.
	MaxAge time.Duration
	// AtOnce has a round run at the start whatever the age of the data.
	AtOnce bool
}

// Nightly is a time of day, local to the clock that the Runner was given. The
// zero value is no nightly round.
type Nightly struct {
	Hour, Minute int
	On           bool
}

// DefaultSchedule is a round each night at two o'clock, or up to half an hour
// later.
func DefaultSchedule() Schedule {
	return Schedule{Nightly: Nightly{Hour: 2, On: true}, Jitter: 30 * time.Minute}
}

// String is the time of day as "HH:MM", or "off".
func (n Nightly) String() string {
	if !n.On {
		return "off"
	}
	return fmt.Sprintf("%02d:%02d", n.Hour, n.Minute)
}

// ParseNightly reads "HH:MM", "off" or "". Its error is of KindUsage.
func ParseNightly(s string) (Nightly, error) {
	if s == "" || s == "off" {
		return Nightly{}, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return Nightly{}, &model.Error{
			Kind: model.KindUsage, Code: "nightly",
			Message: fmt.Sprintf("%q is not a time of day", s),
			Remedy:  `write "HH:MM", as in "02:00", or "off"`, Err: err,
		}
	}
	return Nightly{Hour: t.Hour(), Minute: t.Minute(), On: true}, nil
}

// next is the first such time of day after t, on t's own calendar: a day on
// which the clocks change keeps it.
func (n Nightly) next(t time.Time) time.Time {
	at := time.Date(t.Year(), t.Month(), t.Day(), n.Hour, n.Minute, 0, 0, t.Location())
	if !at.After(t) {
		at = time.Date(t.Year(), t.Month(), t.Day()+1, n.Hour, n.Minute, 0, 0, t.Location())
	}
	return at
}

const (
	day = 24 * time.Hour
	// recheck bounds how long a timer runs. A sleeping machine stops timers but
	// not the wall clock, which shows soon after it wakes that a night was missed.
	recheck = 5 * time.Minute
	// firstRetry is the pause after a failed round; it doubles up to lastRetry:
	// so soon is it noticed that the network has come back. A round that cannot
	// go on asks for one page, or none.
	firstRetry = time.Minute
	lastRetry  = 15 * time.Minute
)

// Background has rounds run by the schedule until ctx ends: at once when the
// data is older than MaxAge, was never read or has missed a night, and then
// each night. It blocks: give it a goroutine. round runs a due one, by Run or
// by what wraps it. One that failed because the service could not be reached is
// tried again after a growing pause; one that needs an administrator (to sign
// in, to answer the guard) waits for the next night or for Run. Outcomes are
// told by Progress.
func (r *Runner) Background(ctx context.Context, s Schedule, round func(context.Context) error) {
	due, ok := r.firstDue(ctx, s)
	retry := firstRetry
	for ok {
		if !r.sleepUntil(ctx, due) {
			return
		}
		err := round(ctx)
		if ctx.Err() != nil {
			return
		}
		due, ok = r.nextDue(s)
		if err == nil || !passes(err) {
			retry = firstRetry
			continue
		}
		if again := r.wall().Add(retry); !ok || again.Before(due) {
			due, ok = again, true
		}
		retry = min(2*retry, lastRetry)
	}
}

// passes reports whether trying again later may help by itself.
func passes(err error) bool {
	k := model.AsError(err).Kind
	return k == model.KindUnavailable || k == model.KindFailed
}

// firstDue is when the first round is due; false is never.
func (r *Runner) firstDue(ctx context.Context, s Schedule) (time.Time, bool) {
	now := r.wall()
	state, err := r.opts.Store.State(ctx)
	if err != nil {
		return now, true // the round itself reports what is wrong with the store
	}
	synced := state.SyncedAt.In(now.Location())
	old := synced.IsZero() || now.Sub(synced) > cmp.Or(s.MaxAge, day)
	missed := s.Nightly.On && !s.Nightly.next(synced).After(now)
	if s.AtOnce || old || missed {
		return now, true
	}
	return r.nextDue(s)
}

// nextDue is when the next nightly round is due; false when there is none.
func (r *Runner) nextDue(s Schedule) (time.Time, bool) {
	if !s.Nightly.On {
		return time.Time{}, false
	}
	at := s.Nightly.next(r.wall())
	if s.Jitter > 0 {
		at = at.Add(r.opts.Jitter(s.Jitter))
	}
	return at, true
}

// sleepUntil waits for a time of the wall clock; false when ctx ended first.
func (r *Runner) sleepUntil(ctx context.Context, due time.Time) bool {
	for {
		left := due.Sub(r.wall())
		if left <= 0 {
			return ctx.Err() == nil
		}
		timer := time.NewTimer(min(left, recheck))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}

// wall is the present time without its monotonic reading, which stops while
// the machine sleeps.
func (r *Runner) wall() time.Time { return r.opts.Now().Round(0) }

func uniform(limit time.Duration) time.Duration { return rand.N(limit) }
