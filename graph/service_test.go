package graph

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

// another is a service on the tenant's own test server, below /adminapi.
func another(t testing.TB, c *tenant, change ...func(*ServiceOptions)) *Service {
	t.Helper()
	o := ServiceOptions{Name: "Exchange Online", Setting: "exchange_endpoint", Root: c.server.URL + "/adminapi/", Resource: "https://outlook.office365.com"}
	for _, f := range change {
		f(&o)
	}
	s, err := c.Service(o)
	require.NoError(t, err)
	return s
}

// into decodes JSON into v.
func into(v any) func([]byte) error {
	return func(body []byte) error { return json.Unmarshal(body, v) }
}

func TestServiceAsksWithItsOwnScopesAndIsInTheActivityLog(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.Equal(t, "POST", r.Method)
		assert.Equal(t, "a question", string(body))
		assert.Equal(t, "text/plain", r.Header.Get("Content-Type"))
		assert.NotEmpty(t, r.Header.Get("client-request-id"))
		assert.Empty(t, r.Header.Get("x-ms-throttle-priority"), "that is Graph's")
		answerJSON(w, 200, "an answer")
	})
	s := another(t, c)
	var got string
	require.NoError(t, s.Post(t.Context(), "/v2.0/tenant/List?$select=a", http.Header{"Content-Type": {"text/plain"}}, []byte("a question"), into(&got)))
	assert.Equal(t, "an answer", got)
	assert.Equal(t, []string{"https://outlook.office365.com/.default"}, c.cred.requests()[0].Scopes)
	require.Len(t, c.Recent(9), 1)
	assert.Equal(t, "/adminapi/v2.0/tenant/List?$select", c.Recent(1)[0].Path)
	assert.Equal(t, "6f1c6c0e-0000-4000-8000-00000000aaaa", c.Recent(1)[0].RequestID)
	assert.Equal(t, 1, c.Traffic().Requests)
	assert.Nil(t, c.transport.claims.Load(), "Graph's own claims are another token's")
	claims, known, err := s.Claims(t.Context())
	require.NoError(t, err)
	assert.True(t, known)
	assert.NotEmpty(t, claims.Delegated)
}

func TestServiceAsksAgainAfterFailuresAndBrokenAnswers(t *testing.T) {
	n := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.Equal(t, "q", string(body), "attempt %d", n+1)
		switch n++; n {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
		case 2:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case 3:
			_, _ = w.Write([]byte(`"cut sho`))
		default:
			answerJSON(w, 200, "whole")
		}
	})
	var got string
	require.NoError(t, another(t, c).Post(t.Context(), "/x", nil, []byte("q"), into(&got)))
	assert.Equal(t, "whole", got)
	assert.Contains(t, c.clock.waits(), 7*time.Second)
	traffic := c.Traffic()
	assert.Equal(t, 4, traffic.Requests)
	assert.Equal(t, 3, traffic.Retried)
	assert.Equal(t, 1, traffic.Throttled)
}

func TestServiceThatThrottlesHoldsBackItselfAndNotGraph(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = w.Write([]byte("7"))
	})
	err := another(t, c).Post(t.Context(), "/x", nil, nil, into(new(string)))
	e := asModelError(t, err)
	assert.Equal(t, model.KindUnavailable, e.Kind)
	assert.Equal(t, c.clock.Now().Add(time.Hour), c.Traffic().WaitUntil, "the later of the gates")
	_, err = c.UserCount(t.Context())
	require.NoError(t, err)
	assert.Empty(t, c.clock.waits(), "neither waited an hour")
}

func TestServiceSaysInItsBodyWhatItsAnswerAmountsTo(t *testing.T) {
	n := 0
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n++; n {
		case 1:
			answerJSON(w, 200, "busy")
		case 2:
			answerJSON(w, 500, "never")
		default:
			t.Error("an answer that amounts to a refusal was asked for again")
		}
	})
	s := another(t, c, func(o *ServiceOptions) {
		o.Reads = func(status int, body []byte) (int, time.Duration) {
			switch {
			case strings.Contains(string(body), "busy"):
				return 429, 11 * time.Second
			case strings.Contains(string(body), "never"):
				return 400, 0
			}
			return status, 0
		}
	})
	err := s.Post(t.Context(), "/x", nil, nil, into(new(string)))
	var refused *Refused
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 500, refused.Status)
	assert.Contains(t, string(refused.Body), "never")
	assert.Equal(t, "6f1c6c0e-0000-4000-8000-00000000aaaa", asModelError(t, err).RequestID)
	assert.Equal(t, []time.Duration{11 * time.Second}, c.clock.waits())
}

func TestServiceSendsNothingOutsideOfItsRoot(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		t.Error("something was sent")
		w.WriteHeader(http.StatusTeapot)
	})
	s := another(t, c)
	for link, code := range map[string]string{
		"https://evil.example/adminapi/v2.0/x":             "foreignHost",
		"http://" + s.Host() + "/adminapi/v2.0/x":          "foreignHost",
		"//evil.example/adminapi":                          "foreignPath", // a path below the root, and not a clean one
		c.server.URL + "/v1.0/users":                       "foreignPath",
		c.server.URL + "/adminapi/../v1.0/users":           "foreignPath",
		c.server.URL + "/adminapi/v2.0/%2e%2e/%2e%2e/user": "foreignPath",
		c.server.URL + "/adminapiary":                      "foreignPath",
		"adminapi/v2.0":                                    "foreignHost",
		"https://[":                                        "linkUnreadable",
	} {
		err := s.Post(t.Context(), link, nil, nil, into(new(string)))
		assert.Equal(t, code, asModelError(t, err).Code, link)
	}
	assert.Empty(t, c.cred.requests(), "no token was taken for it")
}

func TestLinksMayNameTheDefaultPort(t *testing.T) {
	for root, hosts := range map[string]map[string]bool{
		"https://outlook.office365.com":     {"https://outlook.office365.com:443": true, "https://Outlook.Office365.com": true, "https://outlook.office365.com:4430": false, "http://outlook.office365.com:443": false, "https://outlook.office365.com:80": false},
		"https://outlook.office365.com:443": {"https://outlook.office365.com": true, "https://outlook.office365.com:8443": false},
		"https://127.0.0.1:8443":            {"https://127.0.0.1": false, "https://127.0.0.1:443": false},
	} {
		s := another(t, serve(t, nil), func(o *ServiceOptions) { o.Root = root + "/adminapi" })
		for host, own := range hosts {
			_, err := s.target(host + "/adminapi/v2.0/x?$skiptoken=y")
			assert.Equal(t, own, err == nil, "%s of %s", host, root)
		}
	}
}

func TestServiceFollowsNoRedirect(t *testing.T) {
	n := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n++
		http.Redirect(w, r, "/v1.0/elsewhere", http.StatusTemporaryRedirect)
	})
	err := another(t, c).Post(t.Context(), "/x", nil, []byte("q"), into(new(string)))
	var refused *Refused
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, http.StatusTemporaryRedirect, refused.Status)
	assert.Equal(t, 1, n)
}

func TestServiceNamesItselfInItsRefusals(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 401, graphError("", "no")) })
	err := another(t, c).Post(t.Context(), "/x", nil, nil, into(new(string)))
	assert.Equal(t, "Exchange Online does not accept the sign-in: no", asModelError(t, err).Message)
	c.server.Close()
	err = another(t, c).Post(t.Context(), "/x", nil, nil, into(new(string)))
	assert.Contains(t, asModelError(t, err).Remedy, "exchange_endpoint")
	c.cred.err = errors.New("no")
	_, _, err = another(t, c).Claims(t.Context())
	assert.Equal(t, "no token could be had for Exchange Online", asModelError(t, err).Message)
}

func TestServiceNeedsAnHTTPSRoot(t *testing.T) {
	c := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, root := range []string{"", "outlook.office365.com", "http://outlook.office365.com", "https://user@outlook.office365.com", "https://outlook.office365.com/?x=1", "https://["} {
		_, err := c.Service(ServiceOptions{Name: "Exchange", Setting: "exchange_endpoint", Root: root})
		e := asModelError(t, err)
		assert.Equal(t, model.KindUsage, e.Kind, root)
		assert.Contains(t, e.Remedy, "exchange_endpoint")
	}
}
