package refresh_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/refresh"
)

// TestEveryHistoryEndsEqualToTheTenant lets the tenant change between and
// during the rounds, repeats and reorders what it answers, hides users from a
// parallel listing, refuses its count, forgets links, and ends the process at
// any moment. A last quiet round must leave the directory and the store equal
// to the tenant.
func TestEveryHistoryEndsEqualToTheTenant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBench(rapid.IntRange(0, 24).Draw(t, "users"))
		off := refresh.Guard{Percent: -1, Users: -1}
		if guarded := rapid.Bool().Draw(t, "guarded"); !guarded {
			b.guard = &off
		}
		b.store.Declined = rapid.IntRange(0, 8).Draw(t, "pages that are no image")
		b.tenant.pageSize = rapid.IntRange(1, 4).Draw(t, "page size")
		b.tenant.partitions = rapid.IntRange(0, 10).Draw(t, "partitions")
		h := &history{
			bench:  b,
			random: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)),
			change: rapid.Float64Range(0, 0.6).Draw(t, "change"),
			crash:  rapid.Float64Range(0, 0.2).Draw(t, "crash"),
			forget: rapid.Float64Range(0, 0.1).Draw(t, "forget"),
			refuse: rapid.Float64Range(0, 0.5).Draw(t, "refused counts"),
		}
		b.tenant.before = func(string) { h.live() }
		b.tenant.rewrite = h.disturb
		b.tenant.fail = h.refuseCount
		b.store.Crash = h.end
		if rapid.Bool().Draw(t, "hidden users") {
			b.tenant.hidden = func(id string) bool { return id[len(id)-1] == '3' }
		}
		runner := b.process(t)
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			h.live()
			_, err := runner.Do(t.Context(), h.request())
			if err != nil && h.happens(0.5) {
				// The process is gone, or goes on in spite of it.
				b.store.Crash = nil
				runner = b.process(t)
				b.store.Crash = h.end
			}
			if err == nil {
				assert.Equal(t, b.stored(t), namesOf(b.users), "after each round")
			}
		}
		b.tenant.before, b.store.Crash, b.tenant.fail = nil, nil, nil
		result, err := runner.Do(t.Context(), refresh.Request{AllowRemovals: 1 << 20})
		require.NoError(t, err)
		if b.tenant.hidden != nil && result.Users != len(b.tenant.names()) {
			// The count that would have shown the gap was refused at the time,
			// or the users were created meanwhile and made up for it.
			result, err = runner.Do(t.Context(), refresh.Request{Full: true, AllowRemovals: 1 << 20})
			require.NoError(t, err)
		}
		assert.Equal(t, len(b.tenant.names()), result.Users)
		b.holds(t)
	})
}

// history is what happens to a bench. Its methods are called by the readers,
// too.
type history struct {
	*bench
	mu                            sync.Mutex
	random                        *rand.Rand
	change, crash, forget, refuse float64
}

func (h *history) happens(p float64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.random.Float64() < p
}

func (h *history) number(n int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.random.IntN(n)
}

func (h *history) request() refresh.Request {
	return refresh.Request{Full: h.happens(0.1), AllowRemovals: h.number(30)}
}

// live lets the tenant change a little.
func (h *history) live() {
	for h.happens(h.change) {
		id := fmt.Sprintf("user-%04d", h.number(32))
		if h.number(3) == 0 {
			h.tenant.remove(id)
			continue
		}
		h.tenant.put(id, fmt.Sprintf("Name %d", h.number(1000)))
	}
	if h.happens(h.forget) {
		h.tenant.forget()
	}
	if h.happens(h.forget) {
		h.tenant.forgetPages()
	}
}

// disturb repeats records of a delta page, adds replays and unknown removals,
// and changes the order.
func (h *history) disturb(call string, p *refresh.Page) {
	if call != "delta" {
		return
	}
	for _, c := range p.Changes {
		if h.number(3) == 0 {
			p.Changes = append(p.Changes, c)
		}
	}
	id := fmt.Sprintf("user-%04d", h.number(32))
	if name, ok := h.tenant.users[id]; ok {
		p.Changes = append(p.Changes, present(id, name))
	}
	p.Changes = append(p.Changes, model.Change{ID: "never-seen", Removed: "deleted"})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.random.Shuffle(len(p.Changes), func(i, j int) {
		p.Changes[i], p.Changes[j] = p.Changes[j], p.Changes[i]
	})
}

func (h *history) refuseCount(call, _ string) error {
	if call == "count" && h.happens(h.refuse) {
		return &model.Error{Kind: model.KindUnavailable, Message: "no $count today"}
	}
	return nil
}

// end ends the process at any change of the store.
func (h *history) end(string) error {
	if h.happens(h.crash) {
		return errCrash
	}
	return nil
}
