package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/authentication"
	nethttplibrary "github.com/microsoft/kiota-http-go"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// Client talks to one tenant's Graph. It is safe for concurrent use.
type Client struct {
	opts      Options
	root      *url.URL // https://graph.microsoft.com/v1.0
	adapter   *nethttplibrary.NetHttpRequestAdapter
	http      *http.Client
	transport *transport
	users     *userDecoder
	refused   atomic.Pointer[[]string] // properties that the tenant refused to the last Begin
}

var (
	_ refresh.Source    = (*Client)(nil)
	_ expansion.Members = (*Client)(nil)
	_ expansion.Counter = (*Client)(nil)
	_ audience.Resolver = (*Client)(nil)
	_ writeback.Groups  = (*Client)(nil)
	_ workspace.Calls   = (*Client)(nil)
)

// New builds a client. It touches no network.
func New(opts Options) (*Client, error) {
	opts = opts.withDefaults()
	root, err := opts.root()
	if err != nil {
		return nil, err
	}
	if opts.Credential == nil || opts.Schema == nil {
		return nil, errors.New("graph: Options need a Credential and a Schema")
	}
	t := newTransport(opts, root)
	httpClient := &http.Client{Transport: t, CheckRedirect: readsOnly} // no Timeout: see Options.AttemptTimeout
	adapter, err := nethttplibrary.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		&authentication.AnonymousAuthenticationProvider{}, nil, nil, httpClient)
	if err != nil {
		return nil, fmt.Errorf("graph: building the request adapter: %w", err)
	}
	adapter.SetBaseUrl(root.String())
	return &Client{opts: opts, root: root, adapter: adapter, http: httpClient, transport: t, users: newUserDecoder(opts.Schema)}, nil
}

// readsOnly lets nothing but a read follow where an answer sends it. A write
// that is sent elsewhere is refused: what it was approved for is not there.
func readsOnly(req *http.Request, via []*http.Request) error {
	if via[0].Method != http.MethodGet || len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// maxRedirects is how often a read is sent elsewhere before it is an error.
const maxRedirects = 10

// path starts a builder's path parameters: the service root.
func (c *Client) path() map[string]string {
	return map[string]string{"baseurl": c.root.String()}
}

// answer is a successful answer, its body read to the end.
type answer struct {
	status int
	header http.Header
	body   []byte
	// unsure says that the request was sent before, and that it is not known
	// what came of it then.
	unsure bool
}

// send makes one call: the transport repeats it as far as that is safe. An
// answer of 400 and above is a *model.Error.
func (c *Client) send(ctx context.Context, info *abstractions.RequestInformation) (*answer, error) {
	req, err := c.native(ctx, info)
	if err != nil {
		return nil, err
	}
	return c.transport.do(ctx, c.http, req)
}

// do makes one call over client, which carries it by this transport.
func (t *transport) do(ctx context.Context, client *http.Client, req *http.Request) (*answer, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, t.plain(ctx, err)
	}
	read, ok := resp.Body.(*memoryBody)
	if !ok {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("graph: an answer of type %T did not come through the transport", resp.Body)
	}
	body := read.content
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, t.refusal(resp.StatusCode, resp.Header, body)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body, unsure: read.unsure}, nil
}

// native turns what a builder made into an HTTP request whose body can be sent
// again.
func (c *Client) native(ctx context.Context, info *abstractions.RequestInformation) (*http.Request, error) {
	converted, err := c.adapter.ConvertToNativeRequest(ctx, info)
	if err != nil {
		return nil, fmt.Errorf("graph: building the request: %w", err)
	}
	req, ok := converted.(*http.Request)
	if !ok {
		return nil, fmt.Errorf("graph: building the request: unexpected type %T", converted)
	}
	if len(info.Content) > 0 {
		setBody(req, info.Content)
	}
	return req, nil
}

func setBody(req *http.Request, body []byte) {
	req.ContentLength = int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Body, _ = req.GetBody()
}

// plain takes off what net/http wraps around an error: its text holds the
// whole URL, whose query may name people. A cancelled call keeps the context's
// own error.
func (t *transport) plain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var known *model.Error
	if errors.As(err, &known) {
		return known
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return t.noConnection(err)
}

// withParameter adds a query option that a builder does not know, such as
// $deltatoken, to its template.
func withParameter(info *abstractions.RequestInformation, name, value string) error {
	template, rest, ok := strings.Cut(info.UrlTemplate, "{?")
	if !ok {
		return fmt.Errorf("graph: no query in the template %q", info.UrlTemplate)
	}
	key := "%24" + name
	info.UrlTemplate = template + "{?" + key + "," + rest
	info.QueryParametersAny[key] = value
	return nil
}

func ptr[T any](v T) *T { return &v }
