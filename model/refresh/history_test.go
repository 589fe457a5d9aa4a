package refresh_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/refresh"
)

// TestEveryHistoryEndsEqualToTheTenant lets the tenant change between and
// during the rounds, repeats and reorders what it answers, forgets links, and
// ends the process at any moment. A last quiet round must leave the store and
// the sink equal to the tenant.
func TestEveryHistoryEndsEqualToTheTenant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		off := refresh.Guard{Percent: -1, Users: -1}
		b := newBench(rapid.IntRange(0, 12).Draw(t, "users"))
		b.guard = &off
		b.tenant.pageSize = rapid.IntRange(1, 4).Draw(t, "page size")
		h := history{
			bench:  b,
			random: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)),
			change: rapid.Float64Range(0, 0.6).Draw(t, "change"),
			crash:  rapid.Float64Range(0, 0.2).Draw(t, "crash"),
			forget: rapid.Float64Range(0, 0.1).Draw(t, "forget"),
		}
		b.tenant.before = func(string) { h.live() }
		b.tenant.rewrite = h.disturb
		b.store.crash = func(string) error {
			if h.random.Float64() < h.crash {
				return errCrash
			}
			return nil
		}
		runner := b.runner()
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			h.live()
			if _, err := runner.Run(context.Background(), h.random.Float64() < 0.1); err != nil {
				// The process is gone: another one loads what is stored.
				b.sink.users = b.store.names()
				runner = b.runner()
			}
		}
		b.tenant.before, b.store.crash = nil, nil
		h.forget = 0
		result, err := runner.Run(context.Background(), false)
		require.NoError(t, err)
		assert.Equal(t, len(b.tenant.users), result.Users)
		assert.Equal(t, b.tenant.users, b.store.names(), "the store")
		assert.Equal(t, b.tenant.users, b.sink.users, "the sink")
	})
}

type history struct {
	*bench
	random                *rand.Rand
	change, crash, forget float64
	names                 int
}

// live lets the tenant change a little.
func (h *history) live() {
	for h.random.Float64() < h.change {
		id := fmt.Sprintf("user-%04d", h.random.IntN(16))
		if h.random.IntN(3) == 0 {
			h.tenant.remove(id)
			continue
		}
		h.names++
		h.tenant.put(id, fmt.Sprintf("Name %d", h.names+1000))
	}
	if h.random.Float64() < h.forget {
		h.tenant.forget()
	}
	if h.random.Float64() < h.forget {
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
		if h.random.IntN(3) == 0 {
			p.Changes = append(p.Changes, c)
		}
	}
	id := fmt.Sprintf("user-%04d", h.random.IntN(16))
	if name, ok := h.tenant.users[id]; ok {
		p.Changes = append(p.Changes, present(id, name))
	}
	p.Changes = append(p.Changes, model.Change{ID: "never-seen", Removed: "deleted"})
	h.random.Shuffle(len(p.Changes), func(i, j int) {
		p.Changes[i], p.Changes[j] = p.Changes[j], p.Changes[i]
	})
}
