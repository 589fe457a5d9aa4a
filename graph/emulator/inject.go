package emulator

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// faultKind is what a oneShot brings about.
type faultKind uint8

const (
	faultAnswer faultKind = iota // a refusal in place of the answer
	faultCut
	faultTruncate
	faultExpire
	faultEmpty
	faultLoop
	faultStale
	faultStranger
	faultGone
	faultLost
	faultReplay
	faultUnanswered
	faultHalfway
	faultTimeout
	faultUnreplicated
)

// oneShot is a fault that a test asked for.
type oneShot struct {
	kind       faultKind
	left       int           // calls still to meet it
	path       string        // prefix of the paths it concerns, with slash
	status     int           // faultAnswer
	retryAfter time.Duration // faultAnswer
}

// faults decides what goes wrong. Its decisions depend on the seed and on the
// order of the requests alone.
type faults struct {
	set Faults

	mu     sync.Mutex
	random *rand.Rand
	queue  []*oneShot
}

func newFaults(set Faults, seed uint64) *faults {
	return &faults{set: set, random: rand.New(rand.NewPCG(seed, 0x666175_6c74))}
}

func (f *faults) chance(p float64) bool {
	if p <= 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.random.Float64() < p
}

func (f *faults) push(o *oneShot) {
	if o.left <= 0 {
		return
	}
	f.mu.Lock()
	f.queue = append(f.queue, o)
	f.mu.Unlock()
}

// next spends the oldest queued fault of a kind that concerns a path.
func (f *faults) next(kind faultKind, path string) *oneShot {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.queue, func(o *oneShot) bool { return o.kind == kind && strings.HasPrefix("/"+path, o.path) })
	if i < 0 {
		return nil
	}
	o := f.queue[i]
	if o.left--; o.left <= 0 {
		f.queue = slices.Delete(f.queue, i, i+1)
	}
	return o
}

// answer returns the refusal that a call meets instead of being served.
func (f *faults) answer(c *call, t *throttle) *graphError {
	if o := f.next(faultAnswer, c.path); o != nil {
		if o.status == http.StatusTooManyRequests {
			return t.tell(c.token.AppID, o.retryAfter)
		}
		return serverFailure(o.status, o.retryAfter)
	}
	if f.chance(f.set.Throttle) {
		f.mu.Lock()
		d := time.Duration((0.5 + 2*f.random.Float64()) * float64(time.Second))
		f.mu.Unlock()
		return t.tell(c.token.AppID, d)
	}
	if f.chance(f.set.Server) {
		statuses := []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
		return serverFailure(statuses[f.below(len(statuses))], 0)
	}
	return nil
}

// serverFailure is a failure that is not the client's.
func serverFailure(status int, retryAfter time.Duration) *graphError {
	code, message := "UnknownError", ""
	switch status {
	case http.StatusInternalServerError:
		code, message = "InternalServerError", "Internal server error."
	case http.StatusBadGateway:
		code, message = "BadGateway", "Bad gateway."
	case http.StatusServiceUnavailable:
		code, message = "ServiceUnavailable", "The service is temporarily unavailable."
	case http.StatusGatewayTimeout:
		code, message = "GatewayTimeout", "The server, while acting as a proxy, did not receive a timely response from the upstream server."
	}
	e := refuse(status, code, message)
	if retryAfter > 0 {
		e.header = http.Header{"Retry-After": {strconv.FormatFloat(retryAfter.Seconds(), 'f', -1, 64)}}
	}
	return e
}

// strikes reports whether a request meets a fault: one that was asked for, or
// by chance.
func (f *faults) strikes(kind faultKind, path string) bool {
	return f.next(kind, path) != nil || f.chance(f.share(kind))
}

// loses reports whether the answer to a request that wrote at these paths is
// lost: at most once a request, however many writes its batch holds.
func (f *faults) loses(paths []string) bool {
	if slices.ContainsFunc(paths, func(path string) bool { return f.next(faultUnanswered, path) != nil }) {
		return true
	}
	return len(paths) > 0 && f.chance(f.set.Unanswered)
}

// share is how often a fault comes by chance.
func (f *faults) share(kind faultKind) float64 {
	switch kind {
	case faultCut:
		return f.set.Cut
	case faultTruncate:
		return f.set.Truncate
	case faultExpire:
		return f.set.Expire
	case faultEmpty:
		return f.set.Empty
	case faultLoop:
		return f.set.Loop
	case faultStale:
		return f.set.Stale
	case faultStranger:
		return f.set.Stranger
	case faultGone:
		return f.set.Gone
	case faultLost:
		return f.set.Lost
	case faultReplay:
		return f.set.Dup
	case faultUnanswered:
		return f.set.Unanswered
	case faultHalfway:
		return f.set.Halfway
	case faultTimeout:
		return f.set.Timeout
	case faultUnreplicated:
		return f.set.Unreplicated
	}
	return 0
}

// below gives a number in [0, n).
func (f *faults) below(n int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.random.IntN(n)
}

// disturb doubles and reorders the records of a delta page.
func disturb[T any](f *faults, records []T) []T {
	if f.set.Dup > 0 {
		var out []T
		for _, r := range records {
			out = append(out, r)
			if f.chance(f.set.Dup) {
				out = append(out, r)
			}
		}
		records = out
	}
	if f.set.Reorder {
		f.mu.Lock()
		f.random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		f.mu.Unlock()
	}
	return records
}

// shuffle puts the answers of a batch in any order.
func (f *faults) shuffle(responses []batchResponse) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.random.Shuffle(len(responses), func(i, j int) { responses[i], responses[j] = responses[j], responses[i] })
}
