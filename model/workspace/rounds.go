package workspace

import (
	"context"
	"sync"
)

// rounds are the calls of Sync and the rounds of Background that run now, so
// that they can be stopped from elsewhere. The zero value holds none.
type rounds struct {
	mu      sync.Mutex
	last    int
	cancels map[int]context.CancelFunc
}

// begin returns a context that stop ends; done must be called.
func (r *rounds) begin(ctx context.Context) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancels == nil {
		r.cancels = map[int]context.CancelFunc{}
	}
	r.last++
	id := r.last
	r.cancels[id] = cancel
	return ctx, func() {
		r.mu.Lock()
		delete(r.cancels, id)
		r.mu.Unlock()
		cancel()
	}
}

func (r *rounds) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cancel := range r.cancels {
		cancel()
	}
}

// CancelSync ends the running round, whoever asked for it: Sync and the ended
// of Background report KindInterrupted. What was read is kept, the next round
// goes on from there, and the schedule waits for its next night.
func (w *Workspace) CancelSync() { w.rounds.stop() }
