package emulator

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/seed"
)

// bubble is a tenant without a network, for tests in which time stands still
// while anybody works.
type bubble struct {
	*Server
	t     *testing.T
	token string
}

func newBubble(t *testing.T, o Options) *bubble {
	o = o.withDefaults()
	set, err := ParseFault(o.Fault)
	require.NoError(t, err)
	s := &Server{options: o, url: "https://tenant.test", tenant: seed.New(seed.Options{Users: o.Users, Seed: o.Seed})}
	require.NoError(t, s.assemble(set))
	token, err := s.authority.issueAppOnly(graphResource, nil)
	require.NoError(t, err)
	return &bubble{s, t, token.AccessToken}
}

func (b *bubble) get(path string) *http.Response {
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, "/v1.0"+path, nil)
	r.Header.Set("Authorization", "Bearer "+b.token)
	w := httptest.NewRecorder()
	b.graph.ServeHTTP(w, r)
	return w.Result()
}

func TestTheLatencyIsOfEachRequestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, Options{Users: 50, Latency: 70 * time.Millisecond, Fault: "latency=30ms"})
		start := time.Now()
		var readers sync.WaitGroup
		for range 40 {
			readers.Go(func() {
				assert.Equal(t, http.StatusOK, b.get("/users?$top=5").StatusCode)
				assert.Equal(t, 100*time.Millisecond, time.Since(start))
			})
		}
		readers.Wait()
	})
}

func TestCallsThatWereOnTheirWayAtA429AreNotEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const latency = 3 * time.Second // much longer than what InFlight forgives
		b := newBubble(t, Options{Users: 50, Latency: latency})
		b.FailNext(1, http.StatusTooManyRequests, 10*time.Second, "/users")
		var readers sync.WaitGroup
		for n := range 8 { // each sent a while after the one before, all before the first is answered
			readers.Go(func() {
				time.Sleep(time.Duration(n) * latency / 8)
				b.get("/users?$top=5")
			})
		}
		readers.Wait()
		assert.Empty(t, b.Judges().EarlyCalls)

		b.get("/users?$top=5")
		assert.Len(t, b.Judges().EarlyCalls, 1, "every reader has heard of it by now")
		time.Sleep(10 * time.Second)
		b.get("/users?$top=5")
		assert.Len(t, b.Judges().EarlyCalls, 1)
	})
}

// Parallel readers that wait as they are told get all that the budget gives,
// and no more: 8,000 units in 10 seconds, at two for a page with the manager.
func TestParallelReadersShareTheDocumentedBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, Options{Users: 600, Latency: time.Millisecond})
		const pages, readers = 6000, 8
		start := time.Now()
		var (
			mu    sync.Mutex
			left  = pages
			until time.Time // what the readers have been told, and tell each other
		)
		take := func() (wait time.Duration, more bool) {
			mu.Lock()
			defer mu.Unlock()
			if wait = time.Until(until); wait > 0 {
				return wait, true
			}
			left--
			return 0, left >= 0
		}
		var group sync.WaitGroup
		for range readers {
			group.Go(func() {
				for {
					wait, more := take()
					if !more {
						return
					}
					if wait > 0 {
						time.Sleep(wait)
						continue
					}
					res := b.get("/users?$top=20&$select=id&$expand=" + url.QueryEscape("manager($select=id)"))
					if res.StatusCode != http.StatusTooManyRequests {
						require.Equal(t, http.StatusOK, res.StatusCode)
						continue
					}
					seconds, err := strconv.ParseFloat(res.Header.Get("Retry-After"), 64)
					require.NoError(t, err)
					mu.Lock()
					left++
					if told := time.Now().Add(time.Duration(seconds * float64(time.Second))); told.After(until) {
						until = told
					}
					mu.Unlock()
				}
			})
		}
		group.Wait()
		judges := b.Judges()
		assert.Empty(t, judges.Violations())
		assert.Positive(t, judges.Throttled)
		assert.Equal(t, 2*pages, judges.ResourceUnits)
		// A full bucket at the start, the rest as it comes in: 4,000 units at
		// 800 a second.
		assert.InDelta(t, 5, time.Since(start).Seconds(), 1.5)
	})
}
