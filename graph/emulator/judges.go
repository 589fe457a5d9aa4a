package emulator

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// RouteCount is how often a route was called and what it cost.
type RouteCount struct {
	Route         string // "GET /users/{id}", "POST /EWS/Exchange.asmx ExpandDL"; inner requests of a $batch count as their own
	Requests      int
	ResourceUnits int
	Writes        int
	Failed        int // answers of 400 and above
}

// Judges is a snapshot of what the tenant saw of its clients' manners.
type Judges struct {
	EarlyCalls    []string // calls made before a Retry-After had passed
	ForeignLinks  []string // next or delta links that were never handed out
	UserDeletes   []string // DELETEs that remove a user, or another object, where the token has the right to
	UnusedScopes  []string // permissions that went out in a token and that no request needed
	UsedScopes    []string
	Routes        []RouteCount // by route; those of Exchange cost no resource units
	Requests      int          // HTTP requests to Graph
	Exchange      int          // HTTP requests to Exchange
	ResourceUnits int
	Writes        int
	Throttled     int // answers of 429, inner ones included
}

// Violations are the lines that a test suite must fail on: calls before a
// Retry-After had passed, links never handed out, and DELETEs on users.
func (j Judges) Violations() []string {
	var out []string
	for _, c := range j.EarlyCalls {
		out = append(out, "called before Retry-After had passed: "+c)
	}
	for _, c := range j.ForeignLinks {
		out = append(out, "link was never handed out: "+c)
	}
	for _, c := range j.UserDeletes {
		out = append(out, "DELETE on a user: "+c)
	}
	return out
}

// String is the report that `demo serve` prints when it ends.
func (j Judges) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "requests %d · resource units %d · writes %d · throttled %d", j.Requests, j.ResourceUnits, j.Writes, j.Throttled)
	if j.Exchange > 0 {
		fmt.Fprintf(&b, " · requests to Exchange %d", j.Exchange)
	}
	b.WriteByte('\n')
	for _, r := range j.Routes {
		fmt.Fprintf(&b, "  %-58s %7d requests %8d RU", r.Route, r.Requests, r.ResourceUnits)
		if r.Writes > 0 {
			fmt.Fprintf(&b, " %6d writes", r.Writes)
		}
		if r.Failed > 0 {
			fmt.Fprintf(&b, " %6d failed", r.Failed)
		}
		b.WriteByte('\n')
	}
	verdict := func(what string, found []string) {
		fmt.Fprintf(&b, "%s: %d\n", what, len(found))
		for _, f := range found {
			fmt.Fprintf(&b, "  %s\n", f)
		}
	}
	verdict("calls before a Retry-After had passed", j.EarlyCalls)
	verdict("links that were never handed out", j.ForeignLinks)
	verdict("scopes granted and never needed", j.UnusedScopes)
	verdict("DELETEs on users", j.UserDeletes)
	return b.String()
}

// ledger counts while the server runs.
type ledger struct {
	mu        sync.Mutex
	early     []string
	foreign   []string
	deletes   []string
	routes    map[string]*RouteCount
	needed    map[string]struct{}
	requests  int
	exchange  int
	throttled int
}

func newLedger() *ledger {
	return &ledger{routes: make(map[string]*RouteCount), needed: make(map[string]struct{})}
}

func (l *ledger) request() {
	l.mu.Lock()
	l.requests++
	l.mu.Unlock()
}

func (l *ledger) exchangeRequest() {
	l.mu.Lock()
	l.exchange++
	l.mu.Unlock()
}

// answered books one call, inner ones included.
func (l *ledger) answered(route string, status int, spent cost) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.routes[route]
	if r == nil {
		r = &RouteCount{Route: route}
		l.routes[route] = r
	}
	r.Requests++
	r.ResourceUnits += spent.units
	r.Writes += spent.writes
	if status >= 400 {
		r.Failed++
	}
	if status == 429 {
		l.throttled++
	}
}

func (l *ledger) earlyCall(c *call, until time.Time) {
	l.note(&l.early, fmt.Sprintf("%s /%s at %s, %s before", c.method, c.path, c.arrived.UTC().Format(time.RFC3339Nano), until.Sub(c.arrived)))
}

func (l *ledger) foreignLink(c *call) { l.note(&l.foreign, c.method+" /"+c.path) }

func (l *ledger) userDelete(c *call) { l.note(&l.deletes, c.method+" /"+c.path) }

func (l *ledger) note(list *[]string, line string) {
	l.mu.Lock()
	*list = append(*list, line)
	l.mu.Unlock()
}

// need books that a request could not have done without the permission.
func (l *ledger) need(permission string) {
	l.mu.Lock()
	l.needed[permission] = struct{}{}
	l.mu.Unlock()
}

func (l *ledger) snapshot(granted map[string]struct{}) Judges {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := Judges{
		EarlyCalls:   slices.Clone(l.early),
		ForeignLinks: slices.Clone(l.foreign),
		UserDeletes:  slices.Clone(l.deletes),
		Requests:     l.requests,
		Exchange:     l.exchange,
		Throttled:    l.throttled,
		UsedScopes:   slices.Sorted(maps.Keys(l.needed)),
	}
	for scope := range granted {
		if _, ok := l.needed[scope]; !ok {
			j.UnusedScopes = append(j.UnusedScopes, scope)
		}
	}
	slices.Sort(j.UnusedScopes)
	for _, r := range l.routes {
		j.Routes = append(j.Routes, *r)
		j.ResourceUnits += r.ResourceUnits
		j.Writes += r.Writes
	}
	slices.SortFunc(j.Routes, func(a, b RouteCount) int { return cmp.Compare(a.Route, b.Route) })
	return j
}
