package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"rollcall/graph/internal/plain"
)

// maxAnswer bounds what is read of an answer of the authority, in bytes. Key
// sets are its longest ones, at some 20 KB.
const maxAnswer = 1 << 20

// entraError is the error body of Entra's OAuth endpoints.
type entraError struct {
	Code          string `json:"error"`
	Description   string `json:"error_description"`
	Numbers       []int  `json:"error_codes"`
	CorrelationID string `json:"correlation_id"`
	status        int
}

// observation is what the wire showed during one call of a credential.
// azidentity answers most failures of a silent sign-in with one and the same
// "authentication required": the observation knows the cause.
type observation struct {
	mu        sync.Mutex
	asked     bool // a request was made
	network   error
	entra     *entraError
	expiresIn time.Duration // of the device code; 0 when none was issued
}

type observationKey struct{}

func observe(ctx context.Context) (context.Context, *observation) {
	o := &observation{}
	return context.WithValue(ctx, observationKey{}, o), o
}

// failure is what the last request ended in: asked is false when there was none.
func (o *observation) failure() (asked bool, entra *entraError, network error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked, o.entra, o.network
}

func (o *observation) codeLifetime() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.expiresIn
}

// wire carries azidentity's requests. It sends secrets and refresh tokens to
// the configured authority only, follows no redirect with them, and notes what
// it saw in the context's observation.
type wire struct {
	base  http.RoundTripper
	hosts []string // allowed, lower case
}

func newWire(base http.RoundTripper, authorityHost string) *wire {
	host := strings.ToLower(strings.TrimPrefix(authorityHost, "https://"))
	hosts := []string{host}
	if isMicrosofts(host) {
		hosts = knownAuthorities()
	}
	return &wire{base: base, hosts: hosts}
}

func isMicrosofts(host string) bool { return slices.Contains(knownAuthorities(), host) }

// errForeignHost is returned for a request that would leave the authority.
var errForeignHost = errors.New("refused to send a sign-in request to another host")

// Do implements policy.Transporter.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	seen, _ := req.Context().Value(observationKey{}).(*observation)
	if seen == nil {
		seen = &observation{}
	}
	if req.URL.Scheme != "https" || !slices.Contains(w.hosts, strings.ToLower(req.URL.Host)) {
		return nil, fmt.Errorf("%w: %s", errForeignHost, req.URL.Host)
	}
	resp, err := w.base.RoundTrip(req)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		_ = resp.Body.Close()
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	seen.asked = true
	seen.network, seen.entra = err, nil
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		e := &entraError{status: resp.StatusCode}
		if json.Unmarshal(body, e) != nil {
			e = &entraError{status: resp.StatusCode}
		}
		seen.entra = e
	case strings.HasSuffix(req.URL.Path, "/devicecode"):
		var code struct {
			ExpiresIn int `json:"expires_in"` // seconds
		}
		if json.Unmarshal(body, &code) == nil {
			seen.expiresIn = time.Duration(code.ExpiresIn) * time.Second
		}
	}
	return resp, nil
}

// retries are azcore's settings for the authority: a few quick ones, none when
// no connection can be made, because then the answer is "offline" and it
// should come at once.
func retries() policy.RetryOptions {
	return policy.RetryOptions{
		MaxRetries:    3,
		RetryDelay:    400 * time.Millisecond,
		MaxRetryDelay: 10 * time.Second,
		ShouldRetry: func(resp *http.Response, err error) bool {
			if err != nil {
				return !errors.Is(err, errForeignHost) && !errors.Is(err, context.Canceled) &&
					!plain.IsDial(err) && !plain.IsCertificate(err)
			}
			return transient(resp.StatusCode)
		},
	}
}

func transient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
