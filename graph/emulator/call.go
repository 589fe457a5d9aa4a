package emulator

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	contentJSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
	contentText = "text/plain"
)

// maxBody bounds a request body: the largest that Graph takes on these routes
// is a batch of 20 small requests.
const maxBody = 4 << 20

// call is one Graph request: one of HTTP's, or one inside a $batch.
type call struct {
	ctx             context.Context
	method          string
	path            string // as it was sent, below the version, for signatures of links
	segments        []string
	query           url.Values
	header          http.Header
	body            []byte
	token           *accessClaims
	requestID       string
	clientRequestID string
	arrived         time.Time // on the tenant's clock
	wrote           []string  // paths of the writes that were served: this call's own, or those of the batch
}

// reply is the answer to a call.
type reply struct {
	status      int
	header      http.Header
	body        []byte
	contentType string
	reusable    bool // body is of graph.pages, and goes back there once it is sent
}

// set adds a header to the answer.
func (p *reply) set(name, value string) {
	if p.header == nil {
		p.header = make(http.Header)
	}
	p.header.Set(name, value)
}

func noContent() *reply { return &reply{status: http.StatusNoContent} }

func jsonReply(body []byte) *reply {
	return &reply{status: http.StatusOK, body: body, contentType: contentJSON}
}

func countReply(n int) *reply {
	return &reply{status: http.StatusOK, body: fmt.Append(nil, n), contentType: contentText}
}

// newCall reads an HTTP request. below is the escaped path under /v1.0/.
func (g *graph) newCall(r *http.Request, below string, arrived time.Time) (*call, error) {
	c := &call{
		ctx:             r.Context(),
		method:          r.Method,
		header:          r.Header,
		requestID:       uuid.NewString(),
		clientRequestID: r.Header.Get("client-request-id"),
		arrived:         arrived,
	}
	if c.clientRequestID == "" {
		c.clientRequestID = c.requestID
	}
	if err := c.locate(below, r.URL.RawQuery); err != nil {
		return c, err
	}
	var err error
	c.body, err = readBody(r)
	return c, err
}

// readBody reads a request body, which the SDK compresses.
func readBody(r *http.Request) ([]byte, error) {
	var from io.Reader = http.MaxBytesReader(nil, r.Body, maxBody)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(from)
		if err != nil {
			return nil, fmt.Errorf("emulator: request body: %w", err)
		}
		from = io.LimitReader(z, maxBody)
	}
	body, err := io.ReadAll(from)
	if err != nil {
		return nil, fmt.Errorf("emulator: request body: %w", err)
	}
	return bytes.TrimSpace(body), nil
}

// locate splits the resource path and the query.
func (c *call) locate(escapedPath, rawQuery string) error {
	// OData separates the options of $expand by semicolons, which ParseQuery
	// takes for an old mistake.
	query, err := url.ParseQuery(strings.ReplaceAll(rawQuery, ";", "%3B"))
	if err != nil {
		return fmt.Errorf("emulator: query: %w", err)
	}
	c.query = query
	c.path = strings.Trim(escapedPath, "/")
	for part := range strings.SplitSeq(c.path, "/") {
		segment, err := url.PathUnescape(part)
		if err != nil {
			return fmt.Errorf("emulator: path: %w", err)
		}
		c.segments = append(c.segments, splitKey(segment)...)
	}
	return nil
}

// casts are the types that a membership can be narrowed to.
var casts = []string{"user", "group", "orgContact", "device", "servicePrincipal", "directoryRole", "application", "administrativeUnit"}

// splitKey brings a path segment to the form that the route table uses: the
// key in parentheses as a segment of its own, functions without parentheses,
// casts as "microsoft.graph.user" whichever alias the client wrote.
func splitKey(segment string) []string {
	name, rest, hasKey := strings.Cut(segment, "(")
	if after, ok := strings.CutPrefix(name, "graph."); ok && slices.Contains(casts, after) {
		name = "microsoft.graph." + after
	}
	if after, ok := strings.CutPrefix(name, "microsoft.graph."); ok && !slices.Contains(casts, after) {
		name = after // a bound function, as in microsoft.graph.delta
	}
	if !hasKey {
		return []string{name}
	}
	key := strings.TrimSuffix(rest, ")")
	if key == "" {
		return []string{name}
	}
	if unquoted, ok := strings.CutPrefix(key, "'"); ok {
		key = strings.ReplaceAll(strings.TrimSuffix(unquoted, "'"), "''", "'")
	}
	return []string{name, key}
}

// resource is the path in its normal form: the same however a client spells
// keys, casts and functions.
func (c *call) resource() string { return strings.Join(c.segments, "/") }

// eventual reports whether the call asks for the index-backed store.
func (c *call) eventual() bool {
	return strings.EqualFold(c.header.Get("ConsistencyLevel"), "eventual")
}

// prefers reports whether a Prefer header names the preference.
func (c *call) prefers(preference string) bool {
	for _, line := range c.header.Values("Prefer") {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), preference) {
				return true
			}
		}
	}
	return false
}
