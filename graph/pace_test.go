package graph

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

// locked is a budget on a disk that somebody else holds.
type locked struct {
	workspacetest.Ledger
	err error
}

func (l *locked) Reserve(context.Context, writeback.Reservation) error { return l.err }

// scribe answers batches of writes after 100 ms of virtual time, and remembers
// when each write came.
type scribe struct {
	t      testing.TB
	answer func(n int, q innerRequest) innerAnswer // n counts the writes from 1; nil answers 204

	mu   sync.Mutex
	came []time.Time
}

func (s *scribe) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var batch struct{ Requests []innerRequest }
	if !assert.NoError(s.t, json.Unmarshal(body, &batch)) {
		return nil, errors.New("no batch")
	}
	var answers []object
	s.mu.Lock()
	for _, q := range batch.Requests {
		s.came = append(s.came, time.Now())
		a := innerAnswer{status: http.StatusNoContent}
		if s.answer != nil {
			a = s.answer(len(s.came), q)
		}
		answers = append(answers, object{"id": q.ID, "status": a.status, "headers": a.headers, "body": a.body})
	}
	s.mu.Unlock()
	select {
	case <-time.After(100 * time.Millisecond):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	text, err := json.Marshal(object{"responses": answers})
	return answered(http.StatusOK, nil, string(text)), err
}

// MostWrites is the largest number of writes that any window of the tenant's
// saw, of writes that came at these times, in order.
func MostWrites(came []time.Time) (most int) {
	from := 0
	for i, at := range came {
		for at.Sub(came[from]) >= writeback.WriteWindow {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

func (s *scribe) writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.came)
}

func (s *scribe) client(change ...func(*Options)) *Client {
	o := Options{Endpoint: "https://graph.example/v1.0", Credential: delegated(scopeWrite), Schema: model.FullSchema(), Transport: s}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	require.NoError(s.t, err)
	return c
}

func TestWritesWaitForTheBudgetAndNotLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scribe{t: t}
		c := s.client()
		var r results
		begun := time.Now()
		require.NoError(t, c.Write(t.Context(), groupID, nil, ids(0, 7000), r.done))
		assert.Len(t, r.rows, 7000)
		assert.LessOrEqual(t, MostWrites(s.came), writeback.WriteBudget)
		took := time.Since(begun)
		assert.Greater(t, took, 2*writeback.WriteWindow)
		assert.Less(t, took, 2*writeback.WriteWindow+15*time.Second)
		assert.Less(t, s.came[writeback.WriteBudget-1].Sub(begun), 3*time.Second, "full speed as long as the budget lasts")
		assert.Zero(t, c.Traffic().Throttled)
		assert.Zero(t, c.Traffic().PacedUntil)
	})
}

func TestTwentyAdditionsTakeOneWriteOfTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scribe{t: t}
		c := s.client()
		var r results
		begun := time.Now()
		require.NoError(t, c.Write(t.Context(), groupID, ids(0, 10_000), nil, r.done))
		assert.Len(t, r.rows, 10_000)
		assert.Equal(t, 500, s.writes())
		assert.Less(t, time.Since(begun), 3*time.Second)
	})
}

func TestTheWaitForTheBudgetIsShownAndEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scribe{t: t}
		c := s.client()
		ctx, cancel := context.WithCancel(t.Context())
		var r results
		done := make(chan error)
		go func() { done <- c.Write(ctx, groupID, nil, ids(0, 4000), r.done) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, writeback.WriteBudget, s.writes())
		left := time.Until(c.Traffic().PacedUntil)
		assert.Greater(t, left, 80*time.Second)
		assert.Less(t, left, writeback.WriteWindow)
		assert.Zero(t, c.Traffic().WaitUntil, "nobody is throttled")
		cancel()
		cancelled := time.Now()
		require.ErrorIs(t, <-done, context.Canceled)
		assert.Zero(t, time.Since(cancelled))
		assert.Zero(t, c.Traffic().PacedUntil)
		assert.Len(t, r.rows, writeback.WriteBudget, "what was answered is reported, and nothing else")
		assert.Equal(t, writeback.WriteBudget, s.writes())
	})
}

// The patience is for a service that fails. A call that waits for its own budget
// has all of it left when its turn has come.
func TestWaitingForTheBudgetUsesUpNoPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := 0
		s := &scribe{t: t, answer: func(n int, _ innerRequest) innerAnswer {
			if n > writeback.WriteBudget && failed < 60 {
				failed++
				return innerAnswer{status: http.StatusServiceUnavailable, body: graphError("ServiceUnavailable", "x")}
			}
			return innerAnswer{status: http.StatusNoContent}
		}}
		c := s.client(func(o *Options) { o.Timeout = 20 * time.Second })
		var r results
		require.NoError(t, c.Write(t.Context(), groupID, nil, ids(0, writeback.WriteBudget+40), r.done))
		assert.Len(t, r.rows, writeback.WriteBudget+40)
		assert.LessOrEqual(t, MostWrites(s.came), writeback.WriteBudget)
	})
}

func TestAGateThatClosesDuringTheWaitForTheBudgetFindsThePatienceWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scribe{t: t}
		c := s.client(func(o *Options) { o.Timeout = 20 * time.Second })
		time.AfterFunc(writeback.WriteWindow, func() { c.transport.gate.shut(15 * time.Second) })
		var r results
		require.NoError(t, c.Write(t.Context(), groupID, nil, ids(0, writeback.WriteBudget+40), r.done))
		assert.Len(t, r.rows, writeback.WriteBudget+40)
		assert.GreaterOrEqual(t, s.came[writeback.WriteBudget].Sub(s.came[0]), writeback.WriteWindow+15*time.Second)
	})
}

func TestWhatIsSentAgainTakesOfTheBudgetAgain(t *testing.T) {
	for name, refusal := range map[string]innerAnswer{
		"failed on the service's side": {status: 503, body: graphError("ServiceUnavailable", "x")},
		"throttled":                    {status: 429, headers: map[string]string{"Retry-After": "1"}, body: graphError("TooManyRequests", "x")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				met := make(map[string]bool)
				s := &scribe{t: t, answer: func(n int, q innerRequest) innerAnswer {
					if n%3 == 0 && !met[q.URL] {
						met[q.URL] = true
						return refusal
					}
					return innerAnswer{status: http.StatusNoContent}
				}}
				c := s.client()
				var r results
				require.NoError(t, c.Write(t.Context(), groupID, nil, ids(0, 2500), r.done))
				assert.Len(t, r.rows, 2500)
				assert.Greater(t, s.writes(), writeback.WriteBudget)
				assert.LessOrEqual(t, MostWrites(s.came), writeback.WriteBudget)
			})
		})
	}
}

func TestAClientKnowsWhatAnEarlierOneSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, kept := &scribe{t: t}, &workspacetest.Ledger{}
		budget := func(o *Options) { o.Budget = kept }
		var r results
		require.NoError(t, s.client(budget).Write(t.Context(), groupID, nil, ids(0, 2900), r.done))
		began := time.Now()
		require.NoError(t, s.client(budget).Write(t.Context(), groupID, nil, ids(2900, 3200), r.done))
		assert.Len(t, r.rows, 3200)
		assert.LessOrEqual(t, MostWrites(s.came), writeback.WriteBudget)
		assert.Greater(t, time.Since(began), 100*time.Second)
	})
}

func TestNothingIsWrittenThatCannotBeNotedDown(t *testing.T) {
	s := &scribe{t: t}
	c := s.client(func(o *Options) {
		o.Budget = &locked{err: &model.Error{Kind: model.KindLocked, Code: "profileLocked", Message: "another rollcall holds the ledger", Remedy: "wait"}}
	})
	err := c.Write(t.Context(), groupID, ids(0, 100), nil, func(writeback.RowResult) { t.Error("nothing was written") })
	e := asModelError(t, err)
	assert.Equal(t, model.KindLocked, e.Kind)
	assert.Contains(t, e.Message, "was not sent: another rollcall holds the ledger")
	assert.Zero(t, s.writes())
}

// A write that has ended does not go on for those who still wait for the budget.
func TestNobodyWaitsForTheBudgetOfAWriteThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scribe{t: t, answer: func(n int, _ innerRequest) innerAnswer {
			if n > writeback.WriteBudget-10 {
				return innerAnswer{status: http.StatusForbidden, body: graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")}
			}
			return innerAnswer{status: http.StatusNoContent}
		}}
		c := s.client(with(delegated("User.Read")))
		var r results
		begun := time.Now()
		err := c.Write(t.Context(), groupID, nil, ids(0, 4000), r.done)
		assert.Equal(t, codeConsentMissing, asModelError(t, err).Code)
		assert.Less(t, time.Since(begun), 5*time.Second)
		assert.Equal(t, writeback.WriteBudget, s.writes())
		assert.Len(t, r.rows, writeback.WriteBudget, "refused rows are reported, and those that were not sent are not")
	})
}

// Nor for those who have been asked to wait.
func TestNobodyWaitsOutAThrottlingOfAWriteThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scribe{t: t, answer: func(n int, _ innerRequest) innerAnswer {
			switch {
			case n <= batchSize:
				return innerAnswer{status: http.StatusTooManyRequests, headers: map[string]string{"Retry-After": "120"}, body: graphError("TooManyRequests", "x")}
			case n <= 2*batchSize:
				return innerAnswer{status: http.StatusForbidden, body: graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")}
			}
			return innerAnswer{status: http.StatusNoContent}
		}}
		c := s.client(with(delegated("User.Read")))
		var r results
		begun := time.Now()
		err := c.Write(t.Context(), groupID, nil, ids(0, 1000), r.done)
		assert.Equal(t, codeConsentMissing, asModelError(t, err).Code)
		assert.Less(t, time.Since(begun), 5*time.Second)
		assert.Equal(t, s.writes()-batchSize, len(r.rows), "of the throttled ones nothing is said")
	})
}

// Writes are counted whatever carries them.
func TestASingleWriteTakesOfTheBudgetToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &wire{answer: func(_ int, r *http.Request) *http.Response {
			if r.Method == http.MethodGet {
				return answered(http.StatusOK, nil, "1")
			}
			return answered(http.StatusNoContent, nil, "")
		}}
		c := s.client(t)
		for range writeback.WriteBudget {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, c.root.String()+"/groups/"+guid(1)+"/members/"+guid(2)+"/$ref", nil)
			require.NoError(t, err)
			_, err = c.transport.RoundTrip(req)
			require.NoError(t, err)
		}
		begun := time.Now()
		_, err := c.UserCount(t.Context())
		require.NoError(t, err)
		assert.Zero(t, time.Since(begun), "a question takes nothing of it")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, c.root.String()+"/groups/"+guid(1), nil)
		require.NoError(t, err)
		_, err = c.transport.RoundTrip(req)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(begun), writeback.WriteWindow)
		assert.Contains(t, c.Recent(1)[0].Note, "budget of writes")
	})
}
