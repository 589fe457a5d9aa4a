package graph

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// gate holds all calls of a tenant back while the service asks to wait. The
// limits count per app and tenant, and calls made meanwhile count too, so one
// throttled call must slow all. Source: Graph documentation, "Throttling
// guidance".
type gate struct {
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
	jitter func(time.Duration) time.Duration

	mu   sync.Mutex
	open time.Time // calls may pass from then on
}

// shut closes the gate for d from now, unless it is closed for longer already.
func (g *gate) shut(d time.Duration) {
	until := g.now().Add(d)
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.open) {
		g.open = until
	}
}

func (g *gate) until() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

// pass waits until the gate is open, plus a little for each caller of its own,
// so that those who waited do not leave in one burst. A gate that opens no
// sooner than the deadline is not waited for: pass then returns errPatience at
// once. No wait ends after the deadline.
func (g *gate) pass(ctx context.Context, deadline time.Time) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		open, now := g.until(), g.now()
		if !open.After(now) {
			return nil
		}
		if !open.Before(deadline) {
			return errPatience
		}
		wait := open.Sub(now)
		if apart := wait + g.jitter(spread); now.Add(apart).Before(deadline) {
			wait = apart
		}
		if err := g.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// spread is the width of the burst after a gate opens.
const spread = 500 * time.Millisecond

// retryAfter reads a Retry-After header: seconds, which Graph sends with
// fractions, or an HTTP date. It is rounded up to whole seconds: the service
// counts a call that comes early against the quota.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if s, err := strconv.ParseFloat(value, 64); err == nil {
		if math.IsNaN(s) || s <= 0 {
			return 0, false
		}
		return time.Duration(math.Ceil(min(s, maxRetryAfter.Seconds()))) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	d := at.Sub(now)
	if d <= 0 {
		return 0, false
	}
	return min(d.Truncate(time.Second)+time.Second, maxRetryAfter), true
}

// maxRetryAfter keeps an absurd header within what a time can hold; any
// patience ends before it.
const maxRetryAfter = 24 * time.Hour

const (
	firstBackoff = 500 * time.Millisecond
	lastBackoff  = 30 * time.Second
)

// backoff is the wait before repetition n (1, 2, …) when the service named
// none: doubling and capped, half of it random.
func (g *gate) backoff(n int) time.Duration {
	d := lastBackoff
	if n < 8 {
		d = min(firstBackoff<<(n-1), lastBackoff)
	}
	return d/2 + g.jitter(d/2)
}
