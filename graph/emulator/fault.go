package emulator

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"rollcall/model"
)

// Faults are how often a tenant misbehaves. Probabilities are per Graph
// request, from 0 to 1; inner requests of a $batch are throttled and failed on
// their own.
type Faults struct {
	Latency  time.Duration // added to each answer
	Throttle float64       // 429 with a fractional Retry-After between 0.5 and 2.5 s
	Server   float64       // 500, 502, 503 or 504
	Cut      float64       // the connection breaks before an answer
	Truncate float64       // the body ends half-way, cleanly: valid HTTP, broken JSON
	Expire   float64       // the access token is from now on an expired one: 401
	Dup      float64       // a delta record comes twice, or again in the next round
	Reorder  bool          // the records of a delta page come in any order
}

// ParseFault reads a fault specification: items separated by commas, each a
// name with a value, in any order.
//
//	latency=20ms,429=0.05,5xx=0.02,cut=0.01,truncate=0.01,expire=0.01,dup=0.1,reorder
//
// The values are the fields of Faults. An unknown name or a value out of range
// is a KindUsage error.
func ParseFault(spec string) (Faults, error) {
	var f Faults
	if strings.TrimSpace(spec) == "" {
		return f, nil
	}
	chances := map[string]*float64{
		"429": &f.Throttle, "5xx": &f.Server, "cut": &f.Cut,
		"truncate": &f.Truncate, "expire": &f.Expire, "dup": &f.Dup,
	}
	bad := func(format string, args ...any) (Faults, error) {
		return Faults{}, &model.Error{
			Kind: model.KindUsage, Code: "faultSpec", Message: "fault specification: " + fmt.Sprintf(format, args...),
			Remedy: "write for example latency=20ms,429=0.05,5xx=0.02,cut=0.01,truncate=0.01,expire=0.01,dup=0.1,reorder",
		}
	}
	for item := range strings.SplitSeq(spec, ",") {
		name, value, hasValue := strings.Cut(strings.TrimSpace(item), "=")
		switch chance, known := chances[name]; {
		case name == "reorder" && !hasValue:
			f.Reorder = true
		case name == "reorder":
			return bad("reorder takes no value")
		case name == "latency":
			d, err := time.ParseDuration(value)
			if err != nil || d < 0 {
				return bad("latency needs a duration such as 20ms, not %q", value)
			}
			f.Latency = d
		case known:
			p, err := strconv.ParseFloat(value, 64)
			if err != nil || !(p >= 0 && p <= 1) {
				return bad("%s needs a share from 0 to 1, not %q", name, value)
			}
			*chance = p
		default:
			return bad("there is no fault %q", name)
		}
	}
	return f, nil
}

// faultKind is what a oneShot brings about.
type faultKind uint8

const (
	faultAnswer faultKind = iota // a refusal in place of the answer
	faultCut
	faultTruncate
	faultExpire
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
		f.mu.Lock()
		status := statuses[f.random.IntN(len(statuses))]
		f.mu.Unlock()
		return serverFailure(status, 0)
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

// cuts reports whether the connection of a request breaks.
func (f *faults) cuts(path string) bool {
	return f.next(faultCut, path) != nil || f.chance(f.set.Cut)
}

// truncates reports whether an answer's body ends early.
func (f *faults) truncates(path string) bool {
	return f.next(faultTruncate, path) != nil || f.chance(f.set.Truncate)
}

// expires reports whether the token of a request is spent.
func (f *faults) expires(path string) bool {
	return f.next(faultExpire, path) != nil || f.chance(f.set.Expire)
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
