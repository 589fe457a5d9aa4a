package emulator

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
)

// graph is the tenant's Microsoft Graph.
type graph struct {
	now       func() time.Time
	baseURL   string // without trailing slash or version
	latency   time.Duration
	tenant    *seed.Tenant
	authority *authority
	throttle  *throttle
	faults    *faults
	ledger    *ledger
	links     *links
	routes    []route
	shapes    *shapes
	table     odata.Table    // what can be asked of users
	pages     spares[[]byte] // memory of pages
	gzip      compressor

	encodedCounts bool
	sorted        listings[int32]       // by sortKey and the state of the directory
	expanded      listings[seed.Member] // by group and what the token may see
	rounds        listings[userChange]  // by the changes that a delta round goes from and to
	writes        sync.Mutex            // held while members are checked and changed

	mu      sync.Mutex
	boot    string              // names this run in delta tokens
	revoked map[string]struct{} // ids of tokens that are spent
}

// ServeHTTP answers one HTTP request below /v1.0/.
func (g *graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.ledger.request()
	arrived := g.now() // before the latency, which the client sees behind its request
	below := strings.TrimPrefix(r.URL.EscapedPath(), "/v1.0/")
	if !g.pause(r.Context()) {
		return
	}
	c, err := g.newCall(r, below, arrived)
	if err != nil {
		_ = g.write(w, c, c.errorReply(refuse(http.StatusBadRequest, "BadRequest", err.Error())))
		return
	}
	if g.faults.strikes(faultCut, c.path) {
		panic(http.ErrAbortHandler) // how net/http lets a handler break the connection
	}
	if refused := g.authenticate(c); refused != nil {
		_ = g.write(w, c, c.errorReply(refused))
		return
	}
	var answer *reply
	if c.method == http.MethodPost && c.resource() == "$batch" {
		answer = g.batch(c)
	} else {
		answer = g.serve(c)
	}
	if g.faults.loses(c.wrote) {
		panic(http.ErrAbortHandler)
	}
	// A write that failed may still be under way.
	if err := g.write(w, c, answer); err == nil && answer.reusable {
		g.pages.put(answer.body)
	}
}

// pause waits out the tenant's latency; false when the client went away.
func (g *graph) pause(ctx context.Context) bool {
	d := g.latency + g.faults.set.Latency
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// serve answers one call, from HTTP or from a batch, through throttling,
// permissions and its handler.
func (g *graph) serve(c *call) *reply {
	rt, arguments, refused := g.match(c)
	if refused != nil {
		g.ledger.answered(c.method+" (unknown)", refused.status, cost{})
		return c.errorReply(refused)
	}
	spend := rt.priced(c)
	if until, disregarded := g.throttle.early(c.token.AppID, c, spend); disregarded {
		g.ledger.earlyCall(c, until)
	}
	if refused = g.faults.answer(c, g.throttle); refused == nil {
		refused = g.throttle.admit(c.token.AppID, c, spend)
	}
	if refused != nil {
		g.ledger.answered(rt.name(), refused.status, cost{})
		return c.errorReply(refused)
	}
	answer := g.handle(rt, c, arguments)
	if spend.writes > 0 && answer.status < http.StatusBadRequest {
		c.wrote = append(c.wrote, c.path)
		if g.faults.strikes(faultTimeout, c.path) {
			answer = c.errorReply(serverFailure(http.StatusGatewayTimeout, 0))
		}
	}
	if answer.status == http.StatusBadRequest || answer.status == http.StatusForbidden {
		g.throttle.refund(c.token.AppID, spend.units)
		spend.units = 0
	}
	g.ledger.answered(rt.name(), answer.status, spend)
	answer.set("x-ms-resource-unit", strconv.Itoa(spend.units))
	if share, high := g.throttle.percentage(c.token.AppID); high {
		answer.set("x-ms-throttle-limit-percentage", share)
	}
	return answer
}

// handle checks the route's permissions and runs it.
func (g *graph) handle(rt *route, c *call, arguments []string) *reply {
	if refused := g.authorize(rt, c); refused != nil {
		return c.errorReply(refused)
	}
	answer, refused := rt.handler(g, c, arguments)
	if refused != nil {
		return c.errorReply(refused)
	}
	return answer
}

// authenticate reads the bearer token of a call to Graph.
func (g *graph) authenticate(c *call) *graphError { return g.bearer(c, graphResource, g.challenge) }

// challenger makes a service's 401.
type challenger func(claims, code, message string) *graphError

// bearer reads the bearer token of a call, or says why it will not do.
func (g *graph) bearer(c *call, audience string, challenge challenger) *graphError {
	raw, ok := strings.CutPrefix(c.header.Get("Authorization"), "Bearer ")
	if !ok || raw == "" {
		return challenge("", "InvalidAuthenticationToken", "Access token is empty.")
	}
	claims, err := g.authority.signer.verify(raw, audience, g.now)
	switch {
	case errors.Is(err, errTokenExpired):
		return challenge("", "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
	case err != nil && strings.Count(raw, ".") != 2:
		return challenge("", "InvalidAuthenticationToken", "IDX14100: JWT is not well formed, there are no dots (.).")
	case err != nil && strings.Contains(err.Error(), "audience"):
		return challenge("", "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
	case err != nil:
		return challenge("", "InvalidAuthenticationToken", "Access token validation failure.")
	}
	c.token = claims
	if g.faults.strikes(faultExpire, c.path) {
		g.revoke(claims.ID)
	}
	if g.spent(claims) {
		return g.revokedToken(claims, challenge)
	}
	return nil
}

func (g *graph) revoke(id string) {
	g.mu.Lock()
	g.revoked[id] = struct{}{}
	g.mu.Unlock()
}

func (g *graph) spent(claims *accessClaims) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, ok := g.revoked[claims.ID]
	return ok
}

// revokedToken refuses a token before its time. A client that says it
// understands claims challenges (cp1) gets one, as with continuous access
// evaluation; to others the token is simply expired.
func (g *graph) revokedToken(claims *accessClaims, refuse challenger) *graphError {
	for _, capability := range claims.Capabilities {
		if strings.EqualFold(capability, "cp1") {
			challenge := `{"access_token":{"nbf":{"essential":true,"value":"` + strconv.FormatInt(g.now().Unix(), 10) + `"}}}`
			return refuse(base64.StdEncoding.EncodeToString([]byte(challenge)),
				"InvalidAuthenticationToken", "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp")
		}
	}
	return refuse("", "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
}

// challenge is a 401 with its WWW-Authenticate header.
func (g *graph) challenge(claims, code, message string) *graphError {
	value := `Bearer realm="", authorization_uri="` + g.baseURL + `/common/oauth2/authorize", client_id="` + graphAppID + `"`
	if claims != "" {
		value += `, error="insufficient_claims", claims="` + claims + `"`
	}
	e := refuse(http.StatusUnauthorized, code, message)
	e.header = http.Header{"Www-Authenticate": {value}}
	return e
}

// write sends an answer with the headers that each of Graph's has. An error
// says that the client is gone: there is nobody to tell.
func (g *graph) write(w http.ResponseWriter, c *call, p *reply) error {
	h := w.Header()
	for name, values := range p.header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	h.Set("request-id", c.requestID)
	h.Set("client-request-id", c.clientRequestID)
	h.Set("Date", httpDate(g.now()))
	h.Set("Cache-Control", "no-cache")
	h.Set("OData-Version", "4.0")
	body := p.body
	if len(body) > 0 {
		h.Set("Content-Type", p.contentType)
	}
	if len(body) > 0 && p.status == http.StatusOK && g.faults.strikes(faultTruncate, c.path) {
		// Half of it, and a clean end: what a broken middlebox makes of it.
		body = bytes.Clone(body[:len(body)/2])
	}
	coded, done := g.gzip.compress(c.header, body)
	if coded != nil {
		h.Set("Content-Encoding", "gzip")
		body = coded
	}
	h.Set("Vary", "Accept-Encoding")
	if p.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(p.status)
	_, err := w.Write(body)
	if coded != nil && err == nil {
		done()
	}
	return err
}

// objectID makes the id of an object that the directory does not hold.
func (g *graph) objectID(kind, name string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(g.tenant.TenantID()+"/"+kind+"/"+name)).String()
}
