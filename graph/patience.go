package graph

import (
	"context"
	"sync"
	"time"
)

// patience is how long a call, which may take several requests, bears with the
// service. What it waits for on this side of the wire, a token or its turn in
// the budget of writes, is no failure of the service and does not count.
type patience struct {
	mu    sync.Mutex
	began time.Time // moved on by what does not count
}

func (p *patience) excuse(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.began = p.began.Add(d)
}

func (p *patience) since() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.began
}

// begun starts the patience of a call that may take several requests; one that
// runs goes on.
func (t *transport) begun(ctx context.Context) context.Context {
	return withSettings(ctx, func(s *callSettings) {
		if s.patience == nil {
			s.patience = &patience{began: t.now()}
		}
	})
}

// pause waits d before a call of begun goes on. It reports false, at once, when
// the wait would outlast the patience; the error is the context's, or says that
// the call is not wanted any more.
func (t *transport) pause(ctx context.Context, d time.Duration) (fits bool, err error) {
	s := settingsOf(ctx)
	if !t.now().Add(d).Before(s.patience.since().Add(t.timeout)) {
		return false, nil
	}
	if d == 0 {
		return true, nil
	}
	return true, t.sleep(s.waiting(ctx), d)
}
