package graph

import (
	"context"
	"sync"
	"time"

	"rollcall/model"
	"rollcall/model/writeback"
)

// pace holds writes back while the tenant's budget for them is spent.
type pace struct {
	pacer *writeback.Pacer
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
	// turn has one place. Who holds it has the next write, so that one call
	// alone waits for the budget and those behind it come in their order.
	turn chan struct{}

	mu    sync.Mutex
	ready time.Time // when the next write may be sent; zero when none waits
}

func newPace(o Options) *pace {
	return &pace{pacer: writeback.NewPacer(o.Budget, o.Now), now: o.Now, sleep: o.Sleep, turn: make(chan struct{}, 1)}
}

// take takes n writes out of the budget, as soon as it holds them, and returns
// how long that took, which is no burden on the call's patience. They must be
// sent at once: open is called before each attempt and returns when nothing else
// keeps them back.
func (p *pace) take(ctx context.Context, n int, call *patience, open func(context.Context) error) (waited time.Duration, err error) {
	count := func(since time.Time) {
		d := p.now().Sub(since)
		waited += d
		call.excuse(d)
	}
	asked := p.now()
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-p.turn }()
	count(asked)
	for {
		if err := open(ctx); err != nil {
			return waited, err
		}
		wait, err := p.pacer.Take(ctx, n)
		switch {
		case ctx.Err() != nil:
			return waited, ctx.Err()
		case err != nil:
			return waited, budgetFailure(err)
		case wait <= 0:
			return waited, nil
		}
		began := p.now()
		p.expect(began.Add(wait))
		err = p.sleep(ctx, wait)
		p.expect(time.Time{})
		count(began)
		if err != nil {
			return waited, err
		}
	}
}

func (p *pace) expect(ready time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = ready
}

func (p *pace) until() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ready
}

// budgetFailure says that nothing was written since it could not be noted down.
func budgetFailure(err error) *model.Error {
	e := *model.AsError(err)
	e.Message = "the write could not be noted down, so it was not sent: " + e.Message
	return &e
}
