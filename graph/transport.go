package graph

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/uuid"

	"rollcall/graph/internal/plain"
	"rollcall/graph/signin"
	"rollcall/model"
	"rollcall/model/workspace"
)

const (
	// maxRepeats bounds the repetitions after server errors and broken
	// connections. A throttled call is bounded by its patience alone.
	maxRepeats = 6
	// maxDials bounds the repetitions when no connection can be made: offline
	// should be said soon.
	maxDials = 2
	// maxAnswer bounds an answer's body in bytes; a page of 999 users with every
	// attribute has some 3 MB.
	maxAnswer = 256 << 20
)

// errPatience ends a call that has been kept waiting for too long.
var errPatience = errors.New("the service kept throttling")

// transport sends requests with a token, to the configured host only, and
// repeats them where that is safe. Its errors are *model.Error or the
// context's own. Answers come with their bodies in memory, so that a broken
// body counts as a broken attempt.
type transport struct {
	base    http.RoundTripper
	root    *url.URL
	name    string // of the service, as its refusals call it
	setting string // of the profile, that names the host
	cred    azcore.TokenCredential
	scopes  []string
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	timeout time.Duration // patience of a call
	attempt time.Duration // of one attempt

	gate   gate
	pace   *pace                                                      // of writes
	calls  *callLog                                                   // shared by all services of a tenant
	reads  func(status int, body []byte) (as int, wait time.Duration) // see ServiceOptions.Reads; nil takes the status as it is
	usual  atomic.Int64                                               // bytes of the last answer that did not name its length
	claims atomic.Pointer[signin.Claims]                              // of the last token; nil while unknown
	demand atomic.Pointer[string]                                     // claims that the next token must be asked with; nil when any will do
}

func newTransport(o Options, root *url.URL) *transport {
	t := &transport{
		base: o.Transport, root: root, name: "Graph", setting: "graph_endpoint",
		cred: o.Credential, scopes: o.Scopes, now: o.Now, sleep: o.Sleep,
		timeout: o.Timeout, attempt: o.AttemptTimeout,
		gate:  gate{now: o.Now, sleep: o.Sleep, jitter: o.Jitter},
		pace:  newPace(o),
		calls: &callLog{},
	}
	t.calls.gates = []*gate{&t.gate}
	return t
}

// callSettings say how a call is to be treated; they travel in its context.
type callSettings struct {
	priority   string // x-ms-throttle-priority: "low" is throttled first; "" says nothing
	repeatable bool   // may be sent twice although it is no GET
	note       string // for the activity log
	earlier    int    // attempts made before, whose answers could not be read
	writes     int    // what each attempt takes of the budget of writes; a request outside of batches is counted by its method

	patience *patience       // of the call that the request is a part of; nil: the request's own
	wanted   context.Context // ends with the call's own, and when what has not been sent is not wanted any more; nil: the call's own
}

// waiting is the context in which a call waits before it is sent.
func (s *callSettings) waiting(ctx context.Context) context.Context {
	if s.wanted != nil {
		return s.wanted
	}
	return ctx
}

type settingsKey struct{}

func settingsOf(ctx context.Context) callSettings {
	s, _ := ctx.Value(settingsKey{}).(callSettings)
	return s
}

func withSettings(ctx context.Context, change func(*callSettings)) context.Context {
	s := settingsOf(ctx)
	change(&s)
	return context.WithValue(ctx, settingsKey{}, s)
}

const (
	priorityLow  = "low"  // background sync
	priorityHigh = "high" // somebody is waiting
)

func withPriority(ctx context.Context, priority string) context.Context {
	return withSettings(ctx, func(s *callSettings) { s.priority = priority })
}

// call is the state of one RoundTrip over its attempts.
type call struct {
	req       *http.Request
	settings  callSettings
	attempt   int
	repeats   int // after server errors and broken connections
	dials     int // of those, without a connection
	throttles int
	renewals  int    // forced by a 401; at most one
	unsure    bool   // an attempt may have had its effect although no answer told so
	claims    string // for the next token: a challenge, or a demand for a fresh one
	note      string // for the log entry of the next attempt
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.allow(req); err != nil {
		return nil, err
	}
	c := &call{req: req, settings: settingsOf(t.begun(req.Context()))}
	for {
		asked := t.now()
		token, err := t.token(c) // before the gate: this may take its time
		if err != nil {
			return nil, t.tokenFailure(req.Context(), err)
		}
		c.settings.patience.excuse(t.now().Sub(asked))
		if err := t.admit(c); err != nil {
			if errors.Is(err, errPatience) {
				return nil, t.keptThrottling(c)
			}
			return nil, err
		}
		resp, err := t.once(c, token)
		wait, again := t.judge(c, resp, err)
		if !again {
			if err != nil {
				return nil, t.interrupted(req.Context(), err)
			}
			return resp, nil
		}
		if wait == 0 {
			continue // at once, or when the gate opens
		}
		if !t.now().Add(wait).Before(t.deadline(c)) {
			return nil, t.outOfPatience(c, resp, err)
		}
		if err := t.sleep(req.Context(), wait); err != nil {
			return nil, err
		}
	}
}

// deadline is when the patience of a call ends.
func (t *transport) deadline(c *call) time.Time { return c.settings.patience.since().Add(t.timeout) }

// admit waits until the next attempt may be sent: until the gate is open, and
// until the budget holds what it writes, each time it is sent.
func (t *transport) admit(c *call) error {
	open := func(ctx context.Context) error { return t.gate.pass(ctx, t.deadline(c)) }
	ctx := c.settings.waiting(c.req.Context())
	err := open(ctx) // before its turn, so that none holds up the others here
	n := c.writes()
	if err != nil || n == 0 {
		return err
	}
	waited, err := t.pace.take(ctx, n, c.settings.patience, open)
	if waited >= time.Second {
		c.note = joinNotes(c.note, fmt.Sprintf("waited %s: budget of writes", seconds(waited)))
	}
	return err
}

// writes is what an attempt takes of the budget of writes.
func (c *call) writes() int {
	switch {
	case c.settings.writes > 0:
		return c.settings.writes
	case c.req.Method == http.MethodGet, c.req.Method == http.MethodHead, c.req.Method == http.MethodPost && c.settings.repeatable:
		return 0
	}
	return 1
}

// refOnly is the only path that may be deleted: a group's reference to a
// member, never the member.
var refOnly = regexp.MustCompile(`^/groups/([^/]+)/members/([^/]+)/\$ref$`)

// isMemberRef reports whether a path below the service root is a reference to
// a member.
func isMemberRef(path string) bool {
	m := refOnly.FindStringSubmatch(path)
	return m != nil && isGUID(m[1]) && isGUID(m[2])
}

func isGUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// allow refuses what must never leave: a token to another host, and a DELETE
// of anything but a reference.
func (t *transport) allow(req *http.Request) error {
	if !t.own(req.URL) {
		return t.foreignHost(req.URL)
	}
	if strings.EqualFold(req.Method, http.MethodDelete) && !t.deletesMemberRef(req.URL) {
		return &model.Error{Kind: model.KindFailed, Code: "deleteRefused", Message: "refused to delete anything but a group's reference to a member"}
	}
	return nil
}

// deletesMemberRef reports whether a URL is, as it is written on the wire, that
// of a reference to a member and nothing besides.
func (t *transport) deletesMemberRef(u *url.URL) bool {
	path, inside := strings.CutPrefix(u.EscapedPath(), t.root.EscapedPath())
	return inside && isMemberRef(path) && u.Opaque == "" && u.RawQuery == "" && !u.ForceQuery
}

// own reports whether a URL is of the host that the token belongs to. Exchange
// names the default port in links that it writes.
func (t *transport) own(u *url.URL) bool {
	return u.Scheme == t.root.Scheme && strings.EqualFold(withoutPort443(u.Host), withoutPort443(t.root.Host))
}

// withoutPort443 is a host of an https URL without the port that it has anyway.
func withoutPort443(host string) string { return strings.TrimSuffix(host, ":443") }

func (t *transport) foreignHost(u *url.URL) *model.Error {
	return &model.Error{
		Kind: model.KindFailed, Code: "foreignHost",
		Message: fmt.Sprintf("the service named a link to another host, %s://%s; nothing was sent to it", plain.Line(u.Scheme), plain.Line(u.Host)),
		Remedy:  "check " + t.setting + " in the profile, and whether a proxy changes the answers",
	}
}

// token takes a token for the next attempt: a cached one, unless the last
// attempt or another call found that it is no longer accepted.
func (t *transport) token(c *call) (string, error) {
	if demanded := t.demand.Swap(nil); demanded != nil && c.claims == "" {
		c.claims = *demanded
	}
	token, err := t.cred.GetToken(c.req.Context(), policy.TokenRequestOptions{Scopes: t.scopes, Claims: c.claims, EnableCAE: true})
	if err != nil {
		return "", err
	}
	c.claims = ""
	if claims, ok := signin.ParseClaims(token.Token); ok {
		t.claims.Store(&claims)
	}
	return token.Token, nil
}

// once makes one attempt and reads its answer to the end.
func (t *transport) once(c *call, token string) (*http.Response, error) {
	c.attempt++
	ctx, cancel := context.WithTimeout(c.req.Context(), min(t.attempt, t.deadline(c).Sub(t.now())))
	defer cancel()
	req := c.req.Clone(ctx)
	if c.req.GetBody != nil {
		body, err := c.req.GetBody()
		if err != nil {
			return nil, err
		}
		req.Body = body
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("client-request-id", uuid.NewString())
	if c.settings.priority != "" {
		req.Header.Set("x-ms-throttle-priority", c.settings.priority)
	}
	entry := workspace.Call{At: t.now(), Method: req.Method, Path: loggedPath(req.URL), Attempt: c.settings.earlier + c.attempt, Note: joinNotes(c.settings.note, c.note)}
	c.note = ""
	defer func() {
		entry.Elapsed = t.now().Sub(entry.At)
		t.calls.record(entry)
	}()
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		entry.Note = joinNotes(entry.Note, plain.NetworkCause(err))
		return nil, err
	}
	entry.Status, entry.RequestID = resp.StatusCode, resp.Header.Get("request-id")
	body, err := t.readBody(resp)
	if err != nil {
		entry.Note = joinNotes(entry.Note, "the answer broke off: "+plain.NetworkCause(err))
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	resp.Request = c.req
	resp.Body = &memoryBody{Reader: *bytes.NewReader(body), content: body, unsure: c.unsure}
	return resp, nil
}

// maxRoom bounds the memory that is taken for an answer before it is there.
const maxRoom = 8 << 20

// readBody reads an answer to its end and closes it. Compressed answers do not
// name their length: they get the room that the one before needed, as pages of
// one listing are much alike.
func (t *transport) readBody(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	room := resp.ContentLength
	if room < 0 {
		room = t.usual.Load()
	}
	buffer := bytes.NewBuffer(make([]byte, 0, min(room, maxRoom)+bytes.MinRead))
	n, err := buffer.ReadFrom(io.LimitReader(resp.Body, maxAnswer))
	if resp.ContentLength < 0 {
		t.usual.Store(n)
	}
	return buffer.Bytes(), err
}

// memoryBody is the body of an answer that has been read.
type memoryBody struct {
	bytes.Reader
	content []byte
	unsure  bool // see answer
}

func (*memoryBody) Close() error { return nil }

// judge decides whether an attempt is repeated, and after what wait.
func (t *transport) judge(c *call, resp *http.Response, err error) (wait time.Duration, again bool) {
	if c.req.Context().Err() != nil {
		return 0, false
	}
	if err != nil {
		return t.judgeError(c, err)
	}
	status := resp.StatusCode
	asked, named := retryAfter(resp.Header, t.now())
	if body, ok := resp.Body.(*memoryBody); ok && t.reads != nil {
		var wait time.Duration
		if status, wait = t.reads(status, body.content); wait > asked {
			asked, named = min(wait, maxRetryAfter), true
		}
	}
	switch {
	case status == http.StatusTooManyRequests:
		c.throttles++
		t.calls.throttled()
		if !named {
			asked = t.gate.backoff(c.throttles)
		}
		t.gate.shut(asked)
		c.note = fmt.Sprintf("waited %s: %d", seconds(asked), status)
		return 0, true // the gate waits
	case status == http.StatusUnauthorized && c.renewals == 0:
		// A cached token may have expired or been revoked since it was cached:
		// one fresh one, as the challenge asks for it.
		c.claims = challenge(resp.Header)
		if c.claims == "" {
			c.claims = signin.FreshClaims(t.now())
		}
		c.note = "renewed the token: 401"
		c.renewals++
		return 0, true
	case !transient(status) || !c.canRepeat():
		return 0, false
	}
	c.repeats++
	c.unsure = true
	if named {
		t.gate.shut(asked)
		c.note = fmt.Sprintf("waited %s: %d", seconds(asked), status)
		return 0, true
	}
	wait = t.gate.backoff(c.repeats)
	c.note = fmt.Sprintf("waited %s: %d", seconds(wait), status)
	return wait, true
}

func (t *transport) judgeError(c *call, err error) (wait time.Duration, again bool) {
	switch {
	case plain.IsCertificate(err):
		return 0, false
	case plain.IsDial(err): // before anything was sent
		if c.dials >= maxDials {
			return 0, false
		}
		c.dials++
	case !c.canRepeat():
		return 0, false
	default:
		c.unsure = true
	}
	c.repeats++
	wait = t.gate.backoff(c.repeats)
	c.note = fmt.Sprintf("waited %s: %s", seconds(wait), plain.NetworkCause(err))
	return wait, true
}

// canRepeat reports whether an attempt whose fate is not known may be made
// again.
func (c *call) canRepeat() bool {
	if c.repeats >= maxRepeats {
		return false
	}
	// The transport lets no DELETE pass but that of a reference, and what is not
	// there cannot be removed twice.
	return c.settings.repeatable || c.req.Method == http.MethodGet || c.req.Method == http.MethodDelete
}

func transient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

var claimsParameter = regexp.MustCompile(`(?i)\bclaims="([^"]*)"`)

// challenge is the claims request of a continuous access evaluation challenge,
// "" when the header holds none.
func challenge(h http.Header) string {
	for _, value := range h.Values("WWW-Authenticate") {
		m := claimsParameter.FindStringSubmatch(value)
		if m == nil {
			continue
		}
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
			if decoded, err := encoding.DecodeString(m[1]); err == nil {
				return string(decoded)
			}
		}
	}
	return ""
}

func joinNotes(notes ...string) string {
	out := ""
	for _, n := range notes {
		switch {
		case n == "":
		case out == "":
			out = n
		default:
			out += "; " + n
		}
	}
	return out
}

// demandFresh makes the next attempt take a token past the cache.
func (t *transport) demandFresh(claims string) { t.demand.Store(&claims) }
