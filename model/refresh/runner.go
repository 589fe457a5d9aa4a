package refresh

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"rollcall/model"
	"rollcall/model/directory"
)

// Options are what a Runner works with. Guard, Now and Jitter may be left out.
type Options struct {
	Source    Source
	Store     Store
	Directory *directory.Directory // of Schema; nobody else may change it
	Schema    *model.Schema
	// TenantID returns the id of the tenant that Source reads. It is asked at
	// the start of each round, since it may not be known before sign-in. A
	// store that holds another tenant is refused.
	TenantID func() string
	Guard    *Guard           // nil: DefaultGuard
	Now      func() time.Time // nil: time.Now
	// Jitter returns a random part of limit, which spreads the nightly rounds
	// of many installations. nil: uniformly random.
	Jitter func(limit time.Duration) time.Duration
}

// Request is what a caller wants of a round.
type Request struct {
	Full bool // read everything again even where the delta would do
	// AllowRemovals lifts the guard for up to so many removals, because an
	// administrator has seen that number and accepted it.
	AllowRemovals int
}

// covers reports whether a round of q gives a caller of p what it asked for.
func (q Request) covers(p Request) bool {
	return (q.Full || !p.Full) && q.AllowRemovals >= p.AllowRemovals
}

// Runner runs rounds, one at a time. Its methods may be called concurrently.
type Runner struct {
	opts     Options
	guard    Guard
	progress atomic.Pointer[Progress]

	// loaded says that the directory is what the store adds up to. Restore, and
	// then whoever leads a round, may touch it.
	loaded bool

	mu      sync.Mutex
	current *flight
}

// flight is a running round, which later callers can join.
type flight struct {
	request Request
	done    chan struct{} // closed when the others are set
	result  Result
	err     error
	// unfinished says that the round ended by its own caller's context, or by
	// a panic: its error is no answer for anybody else.
	unfinished bool
}

// New returns a Runner. It touches neither store nor source.
func New(o Options) *Runner {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = uniform
	}
	guard := DefaultGuard()
	if o.Guard != nil {
		guard = *o.Guard
	}
	r := &Runner{opts: o, guard: guard}
	r.progress.Store(&Progress{Phase: PhaseIdle})
	return r
}

// Run brings the store up to date: see Do.
func (r *Runner) Run(ctx context.Context, full bool) (Result, error) {
	return r.Do(ctx, Request{Full: full})
}

// Do runs one round to its end. While another round runs, Do waits for it and
// shares its outcome (Result.Joined), unless the request asks for more than that round does or
// the context of that round's own caller ended: then it runs one of its own.
// The error is a *model.Error. Whatever was committed before it is kept, and
// the next round goes on from there.
func (r *Runner) Do(ctx context.Context, q Request) (Result, error) {
	for {
		r.mu.Lock()
		f := r.current
		if f == nil {
			f = &flight{request: q, done: make(chan struct{})}
			r.current = f
			r.mu.Unlock()
			return r.lead(ctx, f)
		}
		r.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return Result{}, model.AsError(ctx.Err())
		}
		if f.request.covers(q) && !f.unfinished {
			shared := f.result
			shared.Joined = f.err == nil
			return shared, f.err
		}
	}
}

// lead runs the round of f and hands its outcome to whoever waits for it.
func (r *Runner) lead(ctx context.Context, f *flight) (Result, error) {
	defer func() {
		r.mu.Lock()
		r.current = nil
		r.mu.Unlock()
		close(f.done)
	}()
	f.unfinished = true // unless the round returns
	result, err := r.round(ctx, f.request)
	f.result, f.err = result, err
	f.unfinished = err != nil && ctx.Err() != nil
	return f.result, f.err
}

// round runs one round and publishes its progress and outcome.
func (r *Runner) round(ctx context.Context, q Request) (result Result, err error) {
	last := r.Progress()
	rd := &round{Runner: r, request: q, started: r.opts.Now(), tenant: r.opts.TenantID()}
	rd.progress = Progress{
		Running: true, Phase: PhaseIdle, StartedAt: rd.started,
		LastRound: last.LastRound, SyncedAt: last.SyncedAt, Stale: last.Stale, Held: last.Held,
	}
	defer func() {
		p := rd.progress
		p.Running, p.Phase = false, PhaseIdle
		p.LastError = model.AsError(err)
		if err == nil {
			p.LastRound = result
		}
		r.progress.Store(&p)
	}()
	rd.publish()
	if e := rd.run(ctx); e != nil {
		return Result{}, model.AsError(e)
	}
	rd.result.Elapsed = r.opts.Now().Sub(rd.started)
	return rd.result, nil
}

// Progress is a snapshot of the running round, or of the last one. It takes no
// lock and can be called for every frame.
func (r *Runner) Progress() Progress { return *r.progress.Load() }
