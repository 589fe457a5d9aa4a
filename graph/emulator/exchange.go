package emulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// exchange is the tenant's Exchange Online: the Admin API and Exchange Web
// Services. It shares the directory, the sign-in, the faults and the judges with
// Graph; its throttling is its own.
type exchange struct {
	g        *graph
	throttle *throttle
	lists    *calculations

	adminAPIOff, ewsOff atomic.Bool // what the tenant does not offer
}

// exchangeBudget is the requests that one app may make in unitWindow. Microsoft
// publishes no figure for either service.
const exchangeBudget = 2000

func newExchange(o Options, g *graph) *exchange {
	t := newThrottle(o, g.tenant.UserCount, g.tenant.TenantID())
	t.budget = Budget{Units: cmp.Or(o.ExchangeBudget, exchangeBudget)}
	x := &exchange{g: g, throttle: t, lists: newCalculations(g.tenant, o.Now)}
	x.adminAPIOff.Store(o.NoAdminAPI)
	x.ewsOff.Store(!o.EWS)
	return x
}

// Exchange's permissions. Source: Exchange documentation, "Authentication and
// authorization for the Exchange Online Admin API"; "Authenticate an EWS
// application by using OAuth".
const (
	ExchangeScope   = "Exchange.ManageV2"
	ExchangeAppRole = "Exchange.ManageAsAppV2"
	EWSScope        = "EWS.AccessAsUser.All"
	ewsAppRole      = "full_access_as_app"
)

// exchangePermissions are of Exchange Online; the rest belongs to Graph.
var exchangePermissions = []string{ExchangeScope, ExchangeAppRole, EWSScope, ewsAppRole}

func ofExchange(permission string) bool { return slices.Contains(exchangePermissions, permission) }

// isExchange reports whether a path is one of Exchange's, in any letter case as
// IIS takes it.
func isExchange(path string) bool {
	lower := strings.ToLower(path)
	return strings.HasPrefix(lower, "/adminapi/") || strings.HasPrefix(lower, "/ews/")
}

// exchangeRoute is one of the operations that are served.
type exchangeRoute struct {
	name    string // as the judges book it
	answer  func(x *exchange, c *call) (*reply, *graphError)
	refusal func(c *call, e *graphError) *reply // how the service words an error
}

// ServeHTTP answers one request to Exchange.
func (x *exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := x.g
	g.ledger.exchangeRequest()
	arrived := g.now()
	if !g.pause(r.Context()) {
		return
	}
	c, err := g.newCall(r, strings.TrimPrefix(r.URL.EscapedPath(), "/"), arrived)
	rt := x.route(c)
	if err != nil {
		_ = g.write(w, c, rt.refusal(c, refuse(http.StatusBadRequest, "BadRequest", err.Error())))
		return
	}
	if g.faults.strikes(faultCut, c.path) {
		panic(http.ErrAbortHandler) // how net/http lets a handler break the connection
	}
	if refused := g.bearer(c, exchangeResource, x.challenge); refused != nil {
		// The front door answers, which knows neither service's error bodies.
		_ = g.write(w, c, &reply{status: refused.status, header: refused.header})
		return
	}
	answer := x.serve(rt, c)
	// A write that failed may still be under way.
	if err := g.write(w, c, answer); err == nil && answer.reusable {
		g.pages.put(answer.body)
	}
}

// serve answers one call through throttling, faults and its handler.
func (x *exchange) serve(rt exchangeRoute, c *call) *reply {
	g, spend := x.g, cost{units: 1}
	if until, disregarded := x.throttle.early(c.token.AppID, c, spend); disregarded {
		g.ledger.earlyCall(c, until)
	}
	refused := g.faults.answer(c, x.throttle)
	if refused == nil {
		refused = x.throttle.admit(c.token.AppID, c, spend)
	}
	var answer *reply
	if refused == nil {
		answer, refused = rt.answer(x, c)
	}
	status := http.StatusOK
	if refused != nil {
		answer, status = rt.refusal(c, refused), refused.status
	}
	// Resource units are Graph's: Exchange counts none.
	g.ledger.answered(rt.name, status, cost{})
	return answer
}

// route finds out which service and operation a call is for.
func (x *exchange) route(c *call) exchangeRoute {
	if len(c.segments) > 0 && strings.EqualFold(c.segments[0], "ews") {
		return x.ewsRoute(c)
	}
	return x.adminRoute(c)
}

// challenge is a 401 of Exchange.
func (x *exchange) challenge(claims, _, message string) *graphError {
	value := `Bearer client_id="` + exchangeAppID + `", trusted_issuers="00000001-0000-0000-c000-000000000000@*", token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="` + x.g.baseURL + `/common/oauth2/authorize", error="invalid_token"`
	if claims != "" {
		value = `Bearer realm="", authorization_uri="` + x.g.baseURL + `/common/oauth2/authorize", client_id="` + exchangeAppID + `", error="insufficient_claims", claims="` + claims + `"`
	}
	e := refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", message)
	e.header = http.Header{"Www-Authenticate": {value}}
	e.header.Set("x-ms-diagnostics", `2000003;reason="`+message+`";error_category="invalid_token"`)
	return e
}

// adminError is an error body of the Admin API. What the cmdlet said stands in
// the details, as "id|type of the exception|text". Source: answers that Exchange
// Online PowerShell, which calls an older version of the API, prints.
func adminError(c *call, e *graphError) *reply {
	body := map[string]any{
		"code": e.code, "message": e.message,
		"innererror": map[string]any{"message": e.message, "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException"},
	}
	if e.detail != "" {
		body["message"] = "Error executing cmdlet"
		body["details"] = []map[string]any{{"code": "Context", "target": "", "message": e.detail}}
	}
	raw, err := json.Marshal(map[string]any{"error": body})
	if err != nil {
		panic(err) // unreachable: strings only
	}
	return &reply{status: e.status, header: e.header, body: raw, contentType: contentJSON}
}

// cmdletError is a failure of a cmdlet rather than of the API.
func cmdletError(status int, code, exception, text string) *graphError {
	e := refuse(status, code, text)
	e.detail = "Ex6F9304|Microsoft.Exchange.Configuration.Tasks." + exception + "|" + text
	return e
}

// hasMailbox reports whether an address or name to sign in with leads to a
// mailbox of the tenant.
func (x *exchange) hasMailbox(name string) bool {
	t := x.g.tenant
	i, ok := t.FindUserByUPN(name)
	if !ok {
		i, ok = t.FindUserByAddress(name)
	}
	if !ok {
		return false
	}
	u, ok := t.User(i)
	return ok && u.Mail != "" && u.UserType != "Guest"
}

// backOff is the wait in a refusal's Retry-After.
func backOff(e *graphError) time.Duration {
	seconds, err := strconv.ParseFloat(e.header.Get("Retry-After"), 64)
	if err != nil {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
