package graph

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"rollcall/model"
	"rollcall/model/writeback"
)

const publicEndpoint = "https://graph.microsoft.com/v1.0"

// Options configure a Client. Credential and Schema are needed, the rest has
// defaults.
type Options struct {
	// Endpoint is the service root with its version; "" is the public cloud's.
	// A URL without a path gets /v1.0. The token goes to its host and no other.
	Endpoint string
	// Credential gives the tokens. It must cache them: it is asked before every
	// attempt.
	Credential azcore.TokenCredential
	// Scopes are passed to the credential; empty leaves the choice to it.
	Scopes []string
	// Schema says which user properties are read.
	Schema *model.Schema
	// Transport carries the requests and holds the connection pool and the
	// trusted roots; nil is a copy of http.DefaultTransport with room for the
	// client's parallel requests.
	Transport http.RoundTripper
	// Timeout is the patience of one call (a page, a batch), its attempts, waits
	// and repetitions included: it ends earlier where the next wait would not fit
	// in. The time that the credential takes is not counted: it has a patience
	// of its own. 0 is ten minutes, four windows of the write limit.
	Timeout time.Duration
	// AttemptTimeout bounds one attempt, its body included; 0 is one minute. What
	// is left of the patience bounds it as well.
	AttemptTimeout time.Duration
	// Budget remembers the write requests of earlier processes; nil remembers
	// those of this client alone.
	Budget writeback.Budget
	// Now and Sleep are the clock; nil is the real one. Sleep returns the
	// context's error when it is cancelled.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
	// Jitter draws a random part of a wait, in [0, limit); nil is uniform.
	Jitter func(limit time.Duration) time.Duration
}

// parallelism bounds the requests that one call of a port has under way.
const parallelism = 6

func (o Options) withDefaults() Options {
	if o.Endpoint == "" {
		o.Endpoint = publicEndpoint
	}
	if o.Transport == nil {
		base := http.DefaultTransport.(*http.Transport).Clone()
		base.MaxIdleConnsPerHost = 2 * parallelism
		o.Transport = base
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Minute
	}
	if o.AttemptTimeout == 0 {
		o.AttemptTimeout = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Jitter == nil {
		o.Jitter = uniform
	}
	return o
}

// root is the parsed service root without a trailing slash.
func (o Options) root() (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(o.Endpoint, "/"))
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "endpointInvalid", Message: "the Graph endpoint is not an https URL: " + o.Endpoint,
			Remedy: "set graph_endpoint to something like " + publicEndpoint, Err: err,
		}
	}
	if u.Path == "" {
		u.Path = "/v1.0"
	}
	return u, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func uniform(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	return rand.N(limit)
}

// Resource is what tokens for an endpoint are issued for: the endpoint's own
// host in Microsoft's national clouds, and the public cloud's for every other
// endpoint, such as a proxy or an embedded tenant. Source: Graph documentation,
// "National cloud deployments".
func Resource(endpoint string) string {
	const public = "https://graph.microsoft.com"
	u, err := url.Parse(endpoint)
	if err != nil {
		return public
	}
	switch host := strings.ToLower(u.Hostname()); host {
	case "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn":
		return "https://" + host
	}
	return public
}
