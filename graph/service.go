package graph

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"rollcall/graph/signin"
	"rollcall/model"
)

// ServiceOptions describe another service of the tenant.
type ServiceOptions struct {
	Name    string // as messages call it: "Exchange Online"
	Setting string // key of the profile that names its host: "exchange_endpoint"
	// Root is the https URL below which every request goes. The token goes to its
	// host and no other.
	Root string
	// Resource is what tokens are issued for: "https://outlook.office365.com".
	Resource string
	// Reads is asked what an answer amounts to, for a service that says in the
	// body what others say by the status: as is the status to go by, wait what
	// the service asks to wait. An answer that amounts to 429 closes the gate,
	// one that amounts to 500 and above is asked for again. nil goes by the
	// status.
	Reads func(status int, body []byte) (as int, wait time.Duration)
}

// Service is another service of the tenant, called with the manners that Graph
// is called with: a token for each attempt and for one host only, a gate,
// repetitions within a patience. Its calls are in the activity log of the
// Client that it comes from. It is safe for concurrent use.
type Service struct {
	transport *transport
	http      *http.Client
}

// Service returns a service that is called over the client's connections, with
// its credential, clock and patience. It touches no network. A Root that is no
// https URL is a KindUsage error.
func (c *Client) Service(o ServiceOptions) (*Service, error) {
	root, err := url.Parse(strings.TrimRight(o.Root, "/"))
	if err != nil || root.Scheme != "https" || root.Host == "" || root.User != nil || root.RawQuery != "" || root.Fragment != "" {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "endpointInvalid", Message: fmt.Sprintf("the endpoint of %s is no https URL: %s", o.Name, o.Root),
			Remedy: "set " + o.Setting + " to something like https://outlook.office365.com", Err: err,
		}
	}
	opts := c.opts
	opts.Scopes = []string{o.Resource + "/.default"}
	t := newTransport(opts, root)
	t.name, t.setting, t.reads, t.calls = o.Name, o.Setting, o.Reads, c.transport.calls
	t.calls.watch(&t.gate)
	return &Service{transport: t, http: &http.Client{
		Transport: t,
		// An answer that sends elsewhere is a refusal: a question that was meant
		// for this service is asked of no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Host is the host that the service's tokens go to.
func (s *Service) Host() string { return s.transport.root.Host }

// Refused is the cause of an error of Post: what the service answered.
type Refused struct {
	Status int
	Body   []byte
	err    error
}

func (r *Refused) Error() string { return r.err.Error() }

// Unwrap returns what the error would be without the body.
func (r *Refused) Unwrap() error { return r.err }

// Post asks a question that changes nothing, so that it may be asked again.
// link is a path below the root, beginning with a slash, or a URL that the
// service named; one outside of the root is refused before anything is sent.
// decode gets the body of each answer below 300 until it takes one: a broken
// body is asked for again a few times.
//
// An answer of 300 and above is a *model.Error with the request id, and a
// *Refused in its chain.
func (s *Service) Post(ctx context.Context, link string, header http.Header, body []byte, decode func([]byte) error) error {
	target, err := s.target(link)
	if err != nil {
		return err
	}
	ctx = withSettings(ctx, func(c *callSettings) { c.repeatable = true })
	_, err = readable(ctx, s.transport, func(ctx context.Context) (*answer, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("graph: building the request: %w", err)
		}
		for name, values := range header {
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
		setBody(req, body)
		return s.transport.do(ctx, s.http, req)
	}, func(body []byte) (struct{}, error) { return struct{}{}, decode(body) })
	return err
}

// target is where a link leads, within the root.
func (s *Service) target(link string) (*url.URL, error) {
	if strings.HasPrefix(link, "/") {
		link = s.transport.root.String() + link
	}
	return s.transport.below(link)
}

// Claims are those of the service's token: who asks, and with which
// permissions. known is false when the token cannot be read, which nothing but
// what is shown or suggested may depend on.
func (s *Service) Claims(ctx context.Context) (claims signin.Claims, known bool, err error) {
	token, err := s.transport.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: s.transport.scopes, EnableCAE: true})
	if err != nil {
		return signin.Claims{}, false, s.transport.tokenFailure(ctx, err)
	}
	claims, known = signin.ParseClaims(token.Token)
	return claims, known, nil
}

// Resource is what the service's tokens are issued for.
func (s *Service) Resource() string { return strings.TrimSuffix(s.transport.scopes[0], "/.default") }
