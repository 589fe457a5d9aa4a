package emulator

import (
	"cmp"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The documented budgets of one app in one tenant. Source: Graph
// documentation, "Microsoft Graph service-specific throttling limits",
// identity and access.
const (
	unitWindow  = 10 * time.Second
	writeBudget = 3000 // requests a writeWindow
	writeWindow = 150 * time.Second
)

// unitBudget is the resource units a unitWindow of a tenant of that size.
func unitBudget(users int) int {
	switch {
	case users < 50:
		return 3500
	case users <= 500:
		return 5000
	default:
		return 8000
	}
}

// cost is what a call takes from the budgets.
type cost struct {
	units, writes int
}

// priced applies the modifiers of the documented table to a route's base cost.
func (rt *route) priced(c *call) cost {
	if c.method != http.MethodGet && !rt.read {
		return cost{units: 1, writes: 1}
	}
	units := rt.cost
	if units == 0 {
		units = 1
	}
	if c.query.Has("$select") {
		units--
		if rt.pattern == "directoryObjects/getByIds" {
			units = 2
		}
	}
	if c.query.Has("$expand") {
		units++
	}
	if top, err := strconv.Atoi(c.query.Get("$top")); err == nil && top < 20 {
		units--
	}
	return cost{units: max(units, 1)}
}

// bucket is a token bucket that can owe: calls made while it is empty count
// against it too, so that hammering prolongs the wait.
type bucket struct {
	capacity float64
	rate     float64 // a second
	level    float64
	at       time.Time
}

func newBucket(capacity int, window time.Duration, now time.Time) *bucket {
	return &bucket{capacity: float64(capacity), rate: float64(capacity) / window.Seconds(), level: float64(capacity), at: now}
}

// take spends n when the bucket, less a reserve, holds it. Otherwise it says
// how long until it will, by when a twentieth of the bucket has come back too:
// a client let in again for a single call would only be refused at the next.
func (b *bucket) take(n int, reserve float64, now time.Time) (wait time.Duration, ok bool) {
	// Parallel calls come in any order: time does not run backwards for them.
	if elapsed := now.Sub(b.at).Seconds(); elapsed > 0 {
		b.level = min(b.capacity, b.level+elapsed*b.rate)
		b.at = now
	}
	need := float64(n)
	if b.level-reserve >= need {
		b.level -= need
		return 0, true
	}
	b.level = max(b.level-need, -b.capacity/4)
	missing := max(need, b.capacity/20) + reserve - b.level
	return time.Duration(missing / b.rate * float64(time.Second)), false
}

// used is the share of the budget that is spent, 0 to 1.
func (b *bucket) used() float64 { return 1 - b.level/b.capacity }

// throttle keeps the budgets of the tenant's apps and remembers which waits
// clients have been told.
type throttle struct {
	now      func() time.Time
	inFlight time.Duration
	users    func() int
	tenant   string

	budget Budget

	mu   sync.Mutex
	apps map[string]*appBudget
}

// Budget replaces the documented budgets of one app in one tenant. A zero
// field keeps the documented one.
type Budget struct {
	Units  int // resource units in 10 s
	Writes int // requests in 150 s
}

type appBudget struct {
	units, writes *bucket
	told          map[string]wait // by throttle information
}

// wait is a Retry-After that was handed out.
type wait struct {
	issued, until time.Time
}

func newThrottle(o Options, users func() int, tenant string) *throttle {
	return &throttle{now: o.Now, inFlight: o.InFlight, users: users, tenant: tenant, budget: o.Budget, apps: make(map[string]*appBudget)}
}

func (t *throttle) app(id string) *appBudget {
	b := t.apps[id]
	if b == nil {
		now := t.now()
		b = &appBudget{
			units:  newBucket(cmp.Or(t.budget.Units, unitBudget(t.users())), unitWindow, now),
			writes: newBucket(cmp.Or(t.budget.Writes, writeBudget), writeWindow, now),
			told:   make(map[string]wait),
		}
		t.apps[id] = b
	}
	return b
}

// Values of x-ms-throttle-information.
const (
	unitLimit  = "ResourceUnitLimitExceeded"
	writeLimit = "WriteLimitExceeded"
)

// early returns the wait that a call disregards. A call that can have left its
// client before the 429 arrived there is forgiven; a write limit concerns
// writes alone.
func (t *throttle) early(appID string, c *call, spend cost) (until time.Time, disregarded bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for information, w := range t.app(appID).told {
		if information == writeLimit && spend.writes == 0 {
			continue
		}
		if c.arrived.After(w.issued.Add(t.inFlight)) && c.arrived.Before(w.until) {
			return w.until, true
		}
	}
	return time.Time{}, false
}

// admit spends a call's cost or returns the 429 that refuses it.
func (t *throttle) admit(appID string, c *call, spend cost) *graphError {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.app(appID)
	var reserve float64
	if strings.EqualFold(c.header.Get("x-ms-throttle-priority"), "low") {
		reserve = 0.1
	}
	if spend.writes > 0 {
		if d, ok := b.writes.take(spend.writes, reserve*b.writes.capacity, c.arrived); !ok {
			return t.refuse(b, appID, writeLimit, d)
		}
	}
	if d, ok := b.units.take(spend.units, reserve*b.units.capacity, c.arrived); !ok {
		if spend.writes > 0 {
			b.writes.level += float64(spend.writes) // nothing was written
		}
		return t.refuse(b, appID, unitLimit, d)
	}
	return nil
}

// refund gives units back: answers of 400 and 403 cost none, as measured by a
// third party.
func (t *throttle) refund(appID string, units int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.app(appID).units
	b.level = min(b.capacity, b.level+float64(units))
}

// tell makes a 429 on request, outside any budget.
func (t *throttle) tell(appID string, d time.Duration) *graphError {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.refuse(t.app(appID), appID, unitLimit, d)
}

// refuse is the 429; t.mu is held.
func (t *throttle) refuse(b *appBudget, appID, information string, d time.Duration) *graphError {
	now := t.now()
	// The client reads three decimals: what it is told must not be less than
	// what is kept.
	d = time.Duration(math.Ceil(d.Seconds()*1000)) * time.Millisecond
	w := wait{issued: now, until: now.Add(d)}
	if before := b.told[information]; before.until.After(w.until) {
		w.until = before.until // a shorter wait does not shorten the one told before
	}
	b.told[information] = w
	e := refuse(http.StatusTooManyRequests, "TooManyRequests", "Please retry again later.")
	e.header = http.Header{}
	e.header.Set("Retry-After", strconv.FormatFloat(d.Seconds(), 'f', -1, 64))
	e.header.Set("x-ms-throttle-scope", "Tenant_Application/ReadWrite/"+appID+"/"+t.tenant)
	e.header.Set("x-ms-throttle-information", information)
	return e
}

// percentage is the value of x-ms-throttle-limit-percentage, which is sent
// above 80 % only.
func (t *throttle) percentage(appID string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.app(appID)
	used := max(b.units.used(), b.writes.used())
	if used <= 0.8 {
		return "", false
	}
	return strconv.FormatFloat(used, 'f', 2, 64), true
}
