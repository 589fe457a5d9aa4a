package graph

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/model/workspace"
)

// callsKept is how many calls the activity log remembers.
const callsKept = 1000

// callLog is a ring of the last calls, with counters over all of them.
type callLog struct {
	mu      sync.Mutex
	ring    []workspace.Call
	next    int // where the next call goes once the ring is full
	traffic workspace.Traffic
	gates   []*gate // of every service that records here
}

func (l *callLog) record(call workspace.Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.traffic.Requests++
	if call.Attempt > 1 {
		l.traffic.Retried++
	}
	if len(l.ring) < callsKept {
		l.ring = append(l.ring, call)
		return
	}
	l.ring[l.next] = call
	l.next = (l.next + 1) % callsKept
}

// throttled counts an answer of 429, inside a $batch or not.
func (l *callLog) throttled() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.traffic.Throttled++
}

// watch makes the log tell how long a gate is closed.
func (l *callLog) watch(g *gate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gates = append(l.gates, g)
}

// Recent implements workspace.Calls.
func (c *Client) Recent(n int) []workspace.Call {
	l := c.transport.calls
	l.mu.Lock()
	defer l.mu.Unlock()
	ordered := slices.Concat(l.ring[l.next:], l.ring[:l.next])
	slices.Reverse(ordered)
	return ordered[:min(max(n, 0), len(ordered))]
}

// Traffic implements workspace.Calls.
func (c *Client) Traffic() workspace.Traffic {
	l := c.transport.calls
	l.mu.Lock()
	t := l.traffic
	gates := l.gates
	l.mu.Unlock()
	now := c.opts.Now()
	for _, g := range gates {
		if until := g.until(); until.After(now) && until.After(t.WaitUntil) {
			t.WaitUntil = until
		}
	}
	t.PacedUntil = c.transport.pace.until()
	return t
}

// loggedPath is a URL as the activity log shows it: the path, and the names of
// its query options without their values, which hold addresses and tokens.
func loggedPath(u *url.URL) string {
	names := make([]string, 0, 4)
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil && decoded != "" {
			names = append(names, decoded)
		}
	}
	if len(names) == 0 {
		return u.Path
	}
	return u.Path + "?" + strings.Join(names, "&")
}

func seconds(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
