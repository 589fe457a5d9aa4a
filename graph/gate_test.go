package graph

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"rollcall/model"
)

// wire answers requests without a network, each after the same time, and
// remembers when they were made.
type wire struct {
	latency time.Duration
	answer  func(n int, r *http.Request) *http.Response // n counts from 1

	mu    sync.Mutex
	began []time.Time
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.began = append(w.began, time.Now())
	n := len(w.began)
	w.mu.Unlock()
	select {
	case <-time.After(w.latency):
		return w.answer(n, r), nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func (w *wire) client(t *testing.T) *Client {
	c, err := New(Options{Endpoint: "https://graph.example/v1.0", Credential: delegated("User.Read.All"), Schema: model.FullSchema(), Transport: w})
	require.NoError(t, err)
	return c
}

func answered(status int, header http.Header, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewBufferString(body)), ContentLength: int64(len(body))}
}

// readAll reads pages with eight readers at once, as a parallel listing does.
func readAll(ctx context.Context, c *Client, pages int) error {
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			for range pages {
				if _, err := c.Users(ctx, c.root.String()+"/users?$skiptoken=x"); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func TestOneThrottledReaderStopsAllAndTheyDoNotReturnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{latency: 100 * time.Millisecond, answer: func(n int, _ *http.Request) *http.Response {
			if n == 20 {
				return answered(429, http.Header{"Retry-After": {"7"}}, "{}")
			}
			return answered(200, nil, `{"value":[{"id":"a"}]}`)
		}}
		c := w.client(t)
		start := time.Now()
		require.NoError(t, readAll(t.Context(), c, 10))
		assert.Len(t, w.began, 8*10+1)

		// Request 20 was refused, when others were answered at the same moment and
		// may have been followed already.
		shut := w.began[19].Add(w.latency)
		after := slices.DeleteFunc(w.began, func(at time.Time) bool { return !at.After(shut) })
		assert.False(t, after[0].Before(shut.Add(7*time.Second)), "nobody asks before the service said")
		moments := make(map[time.Time]int)
		for _, at := range after[:8] {
			assert.False(t, at.After(shut.Add(7*time.Second+spread)), "and nobody waits much longer")
			moments[at]++
		}
		assert.Greater(t, len(moments), 4, "they return one by one")
		assert.Equal(t, 1, c.Traffic().Throttled)
		assert.Less(t, time.Since(start), 10*time.Second)
	})
}

func TestTheWaitIsShownAndEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{latency: time.Millisecond, answer: func(int, *http.Request) *http.Response {
			return answered(429, http.Header{"Retry-After": {"120"}}, "{}")
		}}
		c := w.client(t)
		begun := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- readAll(ctx, c, 1) }()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		assert.True(t, begun.Add(w.latency+120*time.Second).Equal(c.Traffic().WaitUntil))
		assert.Len(t, w.began, 8)
		cancel()
		cancelled := time.Now()
		assert.ErrorIs(t, <-done, context.Canceled)
		assert.Zero(t, time.Since(cancelled))
	})
}
