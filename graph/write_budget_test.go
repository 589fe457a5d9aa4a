package graph_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph"
	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

// later is a tenant's clock that follows the time of a bubble.
type later struct {
	start time.Time
	past  atomic.Int64
}

func (l *later) Now() time.Time { return l.start.Add(time.Duration(l.past.Load())) }

// bubble carries requests from a bubble, where waits take no time, to a tenant
// outside of it, whose clock it takes along. Nothing of a connection stays
// behind a request: one that waits for the network keeps a bubble's time from
// passing. Each request takes 100 ms of it.
type bubble struct {
	wire  *http.Transport
	clock *later
	born  time.Time

	mu   sync.Mutex
	came []time.Time // when each write did, of those in batches
}

// count notes when the writes of a batch came.
func (b *bubble) count(r *http.Request) error {
	if r.GetBody == nil {
		return nil
	}
	body, err := r.GetBody()
	if err != nil {
		return err
	}
	var batch struct{ Requests []struct{ Method string } }
	if err := json.NewDecoder(body).Decode(&batch); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, q := range batch.Requests {
		if q.Method != http.MethodGet {
			b.came = append(b.came, time.Now())
		}
	}
	return nil
}

func (b *bubble) RoundTrip(r *http.Request) (*http.Response, error) {
	b.clock.past.Store(int64(time.Since(b.born)))
	if err := b.count(r); err != nil {
		return nil, err
	}
	resp, err := b.wire.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	time.Sleep(100 * time.Millisecond)
	return resp, nil
}

// bearer is a credential that has its token.
type bearer struct{ token azcore.AccessToken }

func (b bearer) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return b.token, nil
}

// inBubble runs work with a maker of clients in a bubble. The tenant keeps its
// documented budgets by the time that passes there.
func inBubble(t *testing.T, members, users int, work func(t *testing.T, h *house, group string, client func(writeback.Budget) *graph.Client)) {
	clock := &later{start: time.Now()}
	h := open(t, emulator.Options{Users: users, Groups: []seed.CustomGroup{target(members)}}, clock.Now)
	group := h.groupNamed(t, writable)
	token, err := h.auth.GetToken(t.Context(), policy.TokenRequestOptions{})
	require.NoError(t, err)
	b := &bubble{clock: clock, wire: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: h.server.CertPool(), Time: clock.Now, ClientSessionCache: tls.NewLRUClientSessionCache(0)},
	}}
	synctest.Test(t, func(t *testing.T) {
		b.born = time.Now()
		work(t, h, group, func(budget writeback.Budget) *graph.Client {
			c, err := graph.New(graph.Options{
				Endpoint: h.server.GraphEndpoint(), Credential: bearer{token}, Schema: model.FullSchema(), Transport: b, Budget: budget,
			})
			require.NoError(t, err)
			return c
		})
	})
	assert.Zero(t, h.server.Judges().Throttled)
	assert.Equal(t, h.server.Judges().Writes, len(b.came))
	assert.LessOrEqual(t, graph.MostWrites(b.came), writeback.WriteBudget)
}

func TestNoNumberOfWritesIsEverThrottled(t *testing.T) {
	const removals, additions = 7_000, 60_000
	inBubble(t, removals, removals+additions, func(t *testing.T, h *house, group string, client func(writeback.Budget) *graph.Client) {
		c := client(nil)
		began := time.Now()
		var o outcomes
		require.NoError(t, c.Write(t.Context(), group, h.userIDs(removals, removals+additions), h.userIDs(0, removals), o.done))
		took := time.Since(began)

		require.Len(t, o.rows, removals+additions)
		for id, r := range o.rows {
			require.Equal(t, writeback.OutcomeDone, r.Outcome, "%s %v", id, r.Err)
		}
		assert.Len(t, h.members(t, group), additions)
		assert.Equal(t, additions/writeback.BindSize+removals, h.server.Judges().Writes, "nothing was sent twice")
		assert.Zero(t, c.Traffic().Throttled)
		// 10,000 writes are more than three budgets: the fourth may begin three
		// windows after the first.
		assert.Greater(t, took, 3*writeback.WriteWindow)
		assert.Less(t, took, 3*writeback.WriteWindow+time.Minute)
	})
}

// A process that died leaves its reservations behind; the next one keeps to what
// is left of the budget.
func TestThoseWhoGoOnAfterOthersAreNotThrottledEither(t *testing.T) {
	const removals = 7000
	inBubble(t, removals, removals, func(t *testing.T, h *house, group string, client func(writeback.Budget) *graph.Client) {
		kept := &workspacetest.Ledger{}
		var o outcomes
		for part := range slices.Chunk(h.userIDs(0, removals), 700) {
			require.NoError(t, client(kept).Write(t.Context(), group, nil, part, o.done))
		}
		assert.Len(t, o.rows, removals)
		assert.Empty(t, h.members(t, group))
	})
}
