package graph

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

// inTurn answers the first calls with the given handlers, one each, and all
// later ones with the last.
func inTurn(handlers ...http.HandlerFunc) (http.HandlerFunc, *atomic.Int32) {
	var n atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		i := int(n.Add(1)) - 1
		handlers[min(i, len(handlers)-1)](w, r)
	}, &n
}

func refuse(status int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		answerJSON(w, status, graphError("Code", "text."))
	}
}

func count(n string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, n) }
}

func cut(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func TestThrottledCallWaitsTheFractionRoundedUp(t *testing.T) {
	handler, calls := inTurn(refuse(429, "Retry-After", "2.128"), count("7"))
	c := serve(t, handler)
	n, err := c.UserCount(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 7, n)
	assert.EqualValues(t, 2, calls.Load())
	assert.Equal(t, []time.Duration{3 * time.Second}, c.clock.waits())
	traffic := c.Traffic()
	assert.Equal(t, 2, traffic.Requests)
	assert.Equal(t, 1, traffic.Throttled)
	assert.Equal(t, 1, traffic.Retried)
	assert.True(t, traffic.WaitUntil.IsZero(), "the wait is over")
	assert.Contains(t, c.Recent(1)[0].Note, "waited 3s: 429")
}

func TestRetryAfterForms(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 500_000_000, time.UTC)
	for value, want := range map[string]time.Duration{
		"1":                             time.Second,
		"0.2":                           time.Second,
		"150":                           150 * time.Second,
		"Sun, 22 Nov 2026 09:00:10 GMT": 10 * time.Second,
		"1e300":                         maxRetryAfter,
	} {
		got, ok := retryAfter(http.Header{"Retry-After": {value}}, now)
		assert.True(t, ok, value)
		assert.Equal(t, want, got, value)
	}
	for _, value := range []string{"", "0", "-3", "NaN", "soon", "Sun, 22 Nov 2026 08:59:00 GMT"} {
		_, ok := retryAfter(http.Header{"Retry-After": {value}}, now)
		assert.False(t, ok, "%q names no wait", value)
	}
}

func TestOneThrottledCallHoldsTheOthersBack(t *testing.T) {
	handler, calls := inTurn(refuse(429, "Retry-After", "30"), count("1"))
	c := serve(t, handler, func(o *Options) { o.Timeout = 20 * time.Second })
	_, err := c.UserCount(t.Context())
	require.Error(t, err, "30 s is beyond this client's patience")
	assert.False(t, c.Traffic().WaitUntil.IsZero())
	_, err = c.UserCount(t.Context())
	e := asModelError(t, err)
	assert.Equal(t, model.KindUnavailable, e.Kind)
	assert.EqualValues(t, 1, calls.Load(), "the second call must not have been made at all")
}

func TestThrottlingBeyondThePatienceSaysHowLong(t *testing.T) {
	handler, _ := inTurn(refuse(429, "Retry-After", "100"))
	c := serve(t, handler)
	began := c.clock.Now()
	_, err := c.UserCount(t.Context())
	e := asModelError(t, err)
	assert.Equal(t, model.KindUnavailable, e.Kind)
	assert.Equal(t, "TooManyRequests", e.Code)
	assert.Regexp(t, `^the service has been throttling for \d+m\d+s and asks to wait 1m40s more$`, e.Message)
	assert.LessOrEqual(t, c.clock.Now().Sub(began), 10*time.Minute)
}

func TestNoWaitOutlastsThePatience(t *testing.T) {
	unreadable := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }
	const patience = 5 * time.Second
	for name, tc := range map[string]struct {
		answer     http.HandlerFunc
		code, says string
		requests   int32
	}{
		// Waits of 0.25, 0.5, 1 and 2 s: the next one, of 4 s, does not fit.
		"server errors": {refuse(500), "HTTP500", "500 Internal Server Error for 3.8s", 5},
		"broken":        {cut, "noConnection", "(tried for 3.8s)", 5},
		"throttled":     {refuse(429, "Retry-After", "2"), "TooManyRequests", "throttling for 4s and asks to wait 2s more", 3},
		"opens too late": {
			refuse(429, "Retry-After", "5"), "TooManyRequests", "throttling for 0s and asks to wait 5s more", 1,
		},
		"unreadable": {unreadable, "answerUnreadable", "cannot be read", maxMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			handler, calls := inTurn(tc.answer)
			c := serve(t, handler, func(o *Options) {
				o.Timeout = patience
			})
			began := c.clock.Now()
			_, err := c.UserCount(t.Context())
			e := asModelError(t, err)
			assert.Equal(t, model.KindUnavailable, e.Kind)
			assert.Equal(t, tc.code, e.Code)
			assert.Contains(t, e.Message, tc.says)
			assert.Less(t, c.clock.Now().Sub(began), patience)
			if name != "broken" { // net/http itself repeats one on a connection that it had kept
				assert.Equal(t, tc.requests, calls.Load())
			}
		})
	}
}

func TestRepetitionsOfAnUnreadableAnswerShareOnePatience(t *testing.T) {
	// Three server errors take 1.75 s of the 2 s; the answer that follows is
	// unreadable, and to ask for it again would take 0.25 s more.
	handler, calls := inTurn(refuse(500), refuse(500), refuse(500), func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html>")
	})
	c := serve(t, handler, func(o *Options) { o.Timeout = 2 * time.Second })
	_, err := c.UserCount(t.Context())
	e := asModelError(t, err)
	assert.Equal(t, "answerUnreadable", e.Code)
	assert.Equal(t, model.KindUnavailable, e.Kind)
	assert.EqualValues(t, 4, calls.Load())
	assert.Equal(t, []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}, c.clock.waits())
}

func TestTheSpreadAfterAGateStaysWithinThePatience(t *testing.T) {
	handler, calls := inTurn(refuse(429, "Retry-After", "4"), count("1"))
	c := serve(t, handler, func(o *Options) {
		o.Timeout = 4200 * time.Millisecond
		o.Jitter = func(limit time.Duration) time.Duration { return limit }
	})
	_, err := c.UserCount(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 2, calls.Load())
	assert.Equal(t, []time.Duration{4 * time.Second}, c.clock.waits())
}

func TestAHangingAttemptEndsWithThePatience(t *testing.T) {
	handler, _ := inTurn(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // an empty answer might still arrive
	})
	c := serve(t, handler, func(o *Options) {
		o.Timeout, o.AttemptTimeout = 100*time.Millisecond, time.Hour
	})
	_, err := c.UserCount(t.Context())
	e := asModelError(t, err)
	assert.Equal(t, model.KindUnavailable, e.Kind)
	assert.Contains(t, e.Message, "no answer in time")
}

func TestServerErrorsAreRepeatedForReadsOnly(t *testing.T) {
	for _, status := range []int{408, 500, 502, 503, 504} {
		handler, calls := inTurn(refuse(status), count("1"))
		c := serve(t, handler)
		_, err := c.UserCount(t.Context())
		require.NoError(t, err, "%d", status)
		assert.EqualValues(t, 2, calls.Load())

		handler, calls = inTurn(refuse(status), count("1"))
		c = serve(t, handler)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.root.String()+"/groups", nil)
		require.NoError(t, err)
		setBody(req, []byte(`{}`))
		resp, err := c.transport.RoundTrip(req)
		require.NoError(t, err)
		assert.Equal(t, status, resp.StatusCode)
		assert.EqualValues(t, 1, calls.Load(), "a write whose fate is unknown must not be sent twice")
	}
}

func TestThrottledWriteIsSentAgainWithItsBody(t *testing.T) {
	var mu sync.Mutex
	var bodies []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		bodies = append(bodies, string(body))
		first := len(bodies) == 1
		mu.Unlock()
		if first {
			refuse(429, "Retry-After", "1")(w, r)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.root.String()+"/groups", nil)
	require.NoError(t, err)
	setBody(req, []byte(`{"a":1}`))
	resp, err := c.transport.RoundTrip(req)
	require.NoError(t, err)
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)
	assert.Equal(t, []string{`{"a":1}`, `{"a":1}`}, bodies)
}

func TestBrokenConnectionsAreRepeatedForReads(t *testing.T) {
	handler, calls := inTurn(cut, cut, count("1"))
	c := serve(t, handler)
	_, err := c.UserCount(t.Context())
	require.NoError(t, err)
	assert.GreaterOrEqual(t, calls.Load(), int32(3))
}

func TestAnswerThatBreaksOffIsReadAgain(t *testing.T) {
	handler, _ := inTurn(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		_, _ = io.WriteString(w, `{"value":[`)
	}, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 200, page(object{"id": guid(1)}))
	})
	c := serve(t, handler)
	p, err := c.Users(t.Context(), c.listing(t))
	require.NoError(t, err)
	assert.Len(t, p.Changes, 1)
}

func TestServerErrorsEndInUnavailable(t *testing.T) {
	handler, calls := inTurn(refuse(503))
	c := serve(t, handler)
	_, err := c.UserCount(t.Context())
	assert.Equal(t, model.KindUnavailable, asModelError(t, err).Kind)
	assert.EqualValues(t, maxRepeats+1, calls.Load())
}

func TestThrottledCallsShareOneConnection(t *testing.T) {
	var opened, n atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%2 == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(429)
			_, _ = io.WriteString(w, strings.Repeat("x", 20_000))
			return
		}
		count("1")(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	cl := newClock()
	c, err := New(Options{Endpoint: server.URL, Credential: delegated("User.Read.All"), Schema: model.FullSchema(), Transport: server.Client().Transport, Now: cl.Now, Sleep: cl.Sleep})
	require.NoError(t, err)
	for range 20 {
		_, err := c.UserCount(t.Context())
		require.NoError(t, err)
	}
	assert.EqualValues(t, 1, opened.Load())
}

func TestRefusedTokenIsRenewedOnceAsTheChallengeAsks(t *testing.T) {
	claims := `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`
	challenge := `Bearer realm="", error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
	handler, _ := inTurn(refuse(401, "WWW-Authenticate", challenge), count("1"))
	c := serve(t, handler)
	_, err := c.UserCount(t.Context())
	require.NoError(t, err)
	asked := c.cred.requests()
	require.Len(t, asked, 2)
	assert.Empty(t, asked[0].Claims)
	assert.Equal(t, claims, asked[1].Claims)
	assert.True(t, asked[0].EnableCAE)

	handler, calls := inTurn(refuse(401))
	c = serve(t, handler)
	_, err = c.UserCount(t.Context())
	assert.Equal(t, model.KindSignIn, asModelError(t, err).Kind)
	assert.EqualValues(t, 2, calls.Load())
	assert.NotEmpty(t, c.cred.requests()[1].Claims, "a cached token would be refused again")
}

func TestTokenGoesToTheConfiguredHostOnly(t *testing.T) {
	var reached atomic.Int32
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(other.Close)
	var link string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/$count") {
			http.Redirect(w, r, other.URL+"/steal", http.StatusTemporaryRedirect)
			return
		}
		p := page(object{"id": guid(1)})
		p["@odata.nextLink"] = link
		answerJSON(w, 200, p)
	})
	for _, link = range []string{other.URL + "/v1.0/users?$skiptoken=x", strings.Replace(c.server.URL, "https", "http", 1) + "/v1.0/users"} {
		_, err := c.Users(t.Context(), c.listing(t))
		e := asModelError(t, err)
		assert.Equal(t, model.KindFailed, e.Kind)
		assert.Equal(t, "foreignHost", e.Code)

		// The same link out of a store is one of a former endpoint: nothing is
		// sent to it either, and the directory is read again.
		_, err = c.Users(t.Context(), link)
		assert.ErrorIs(t, err, refresh.ErrResync)
		_, err = c.Delta(t.Context(), link)
		assert.ErrorIs(t, err, refresh.ErrResync)
	}
	_, err := c.UserCount(t.Context())
	e := asModelError(t, err)
	assert.Equal(t, "foreignHost", e.Code)
	assert.Contains(t, e.Message, strings.TrimPrefix(other.URL, "https://"))
	assert.Zero(t, reached.Load())
}

func TestNoConnectionIsSaidInOneLine(t *testing.T) {
	c := serve(t, count("1"))
	c.server.Close()
	_, err := c.UserCount(t.Context())
	e := asModelError(t, err)
	assert.Equal(t, model.KindUnavailable, e.Kind)
	assert.Equal(t, "no connection to "+c.root.Host+": connect: connection refused", e.Message)
	assert.Len(t, c.Recent(100), maxDials+1)
}

func TestUntrustedCertificateIsNotTriedAgain(t *testing.T) {
	c := serve(t, count("1"), func(o *Options) { o.Transport = &http.Transport{} })
	_, err := c.UserCount(t.Context())
	e := asModelError(t, err)
	assert.Contains(t, e.Remedy, "SSL_CERT_FILE")
	assert.Len(t, c.Recent(100), 1)
}

func TestCancelledCallKeepsTheContextsError(t *testing.T) {
	handler, _ := inTurn(refuse(429, "Retry-After", "5"))
	c := serve(t, handler)
	ctx, cancel := context.WithCancel(t.Context())
	c.transport.gate.sleep = func(context.Context, time.Duration) error {
		cancel()
		return ctx.Err()
	}
	_, err := c.UserCount(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, model.KindInterrupted, model.AsError(err).Kind)
}

func TestHangingAttemptEndsAndIsRepeated(t *testing.T) {
	handler, _ := inTurn(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, count("1"))
	c := serve(t, handler, func(o *Options) { o.AttemptTimeout = 200 * time.Millisecond })
	n, err := c.UserCount(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

func TestCredentialsExplanationIsPassedOn(t *testing.T) {
	cred := delegated("")
	cred.err = &model.Error{Kind: model.KindSignIn, Code: "AADSTS700082", Message: "expired"}
	c := serve(t, count("1"), with(cred))
	_, err := c.UserCount(t.Context())
	assert.Equal(t, "AADSTS700082", asModelError(t, err).Code)
	cred.err = errors.New("some credential's own text")
	_, err = c.UserCount(t.Context())
	assert.Equal(t, model.KindSignIn, asModelError(t, err).Kind)
}

func TestForbiddenTellsScopeFromRole(t *testing.T) {
	denied := func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 403, graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation."))
	}
	for name, tc := range map[string]struct {
		cred *credential
		want string
	}{
		"scope missing": {delegated("openid"), "has not been granted"},
		"role missing":  {delegated("User.Read.All"), "lacks an Entra role"},
		"app":           {application("User.Read.All"), "closed to the app"},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, denied, with(tc.cred))
			_, err := c.Users(t.Context(), c.listing(t))
			e := asModelError(t, err)
			assert.Equal(t, model.KindSignIn, e.Kind)
			assert.Equal(t, "Insufficient privileges to complete the operation", e.Message)
			assert.Contains(t, e.Remedy, tc.want)
			assert.Equal(t, "22e0aabc-0000-4000-8000-000000000000", e.RequestID)
		})
	}
}

func TestExpiredSyncStateIsResync(t *testing.T) {
	for _, tc := range []struct {
		status int
		code   string
		want   bool
	}{
		{410, "anything", true},
		{400, "syncStateNotFound", true},
		{404, "SyncStateNotFound", true},
		{400, "resyncRequired", true},
		{400, "Directory_ExpiredPageToken", true},
		{400, "Request_BadRequest", false},
		{404, "Request_ResourceNotFound", false},
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, tc.status, graphError(tc.code, "text")) })
		_, err := c.Delta(t.Context(), c.root.String()+"/users/delta?$deltatoken=old")
		assert.Equal(t, tc.want, errors.Is(err, refresh.ErrResync), "%d %s", tc.status, tc.code)
	}
}

func TestActivityLogHoldsNoValuesAndForgetsTheOldest(t *testing.T) {
	c := serve(t, count("1"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.root.String()+"/users?$filter=mail%20eq%20%27ann@contoso.com%27&%24select=id", nil)
	require.NoError(t, err)
	_, err = c.transport.RoundTrip(req)
	require.NoError(t, err)
	call := c.Recent(1)[0]
	assert.Equal(t, "/v1.0/users?$filter&$select", call.Path)
	assert.Equal(t, 200, call.Status)
	assert.Equal(t, 1, call.Attempt)

	log := c.transport.calls
	for range callsKept {
		last := call
		last.Path = "/later"
		log.record(last)
	}
	newest := call
	newest.Path = "/newest"
	log.record(newest)
	all := c.Recent(callsKept + 10)
	assert.Len(t, all, callsKept)
	assert.Equal(t, "/newest", all[0].Path)
	assert.Equal(t, "/later", all[callsKept-1].Path)
	assert.Empty(t, c.Recent(-1))
}

func TestPriorityFollowsWhoIsWaiting(t *testing.T) {
	var got sync.Map
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got.Store(r.URL.Path, r.Header.Get("x-ms-throttle-priority"))
		answerJSON(w, 200, page())
	})
	_, err := c.Users(t.Context(), c.listing(t))
	require.NoError(t, err)
	_, _ = c.Domains(t.Context())
	low, _ := got.Load("/v1.0/users")
	high, _ := got.Load("/v1.0/organization")
	assert.Equal(t, "low", low)
	assert.Equal(t, "high", high)

	_, err = c.Users(refresh.Foreground(t.Context()), c.listing(t))
	require.NoError(t, err)
	awaited, _ := got.Load("/v1.0/users")
	assert.Equal(t, "high", awaited)
}
