package emulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall/graph/emulator/seed"
)

const (
	adminPage     = 1000            // results of a page
	adminLinkLife = 5 * time.Minute // of a nextLink; third parties say 5 to 10
	adminPrefix   = "/adminapi/v2.0"
)

// adminEndpoints are the endpoints of the Admin API that are modelled. Each runs
// the cmdlet of its name, with Get- before it.
var adminEndpoints = map[string]func(*exchange, *call, cmdlet) (*reply, *graphError){
	"DistributionGroupMember":        (*exchange).distributionMembers,
	"DynamicDistributionGroupMember": (*exchange).dynamicMembers,
}

// otherEndpoints are those that Exchange has besides. Source: Exchange
// documentation, "Exchange Online Admin API endpoints reference".
var otherEndpoints = []string{"AcceptedDomain", "Mailbox", "MailboxFolderPermission", "OrganizationConfig"}

func (x *exchange) adminRoute(c *call) exchangeRoute {
	rt := exchangeRoute{name: c.method + " /adminapi (unknown)", answer: (*exchange).noEndpoint, refusal: adminError}
	if len(c.segments) != 4 || !strings.EqualFold(c.segments[1], "v2.0") {
		return rt
	}
	name := c.method + " " + adminPrefix + "/{tenant}/"
	for endpoint := range adminEndpoints {
		if strings.EqualFold(endpoint, c.segments[3]) {
			c.segments[3] = endpoint
			rt.name, rt.answer = name+endpoint, (*exchange).admin
		}
	}
	for _, endpoint := range otherEndpoints {
		if strings.EqualFold(endpoint, c.segments[3]) {
			rt.name, rt.answer = name+endpoint, (*exchange).otherEndpoint
		}
	}
	return rt
}

func (x *exchange) noEndpoint(c *call) (*reply, *graphError) {
	return nil, refuse(http.StatusNotFound, "NotFound", "No HTTP resource was found that matches the request URI '/"+c.path+"'.")
}

func (x *exchange) otherEndpoint(c *call) (*reply, *graphError) {
	if refused := x.admitAdmin(c); refused != nil {
		return nil, refused
	}
	return nil, notSupportedYet()
}

// admitAdmin checks all that does not depend on the endpoint: that the preview
// is there, who asks, which tenant for, and how it was routed.
func (x *exchange) admitAdmin(c *call) *graphError {
	a := x.g.authority
	switch {
	case x.adminAPIOff.Load():
		_, refused := x.noEndpoint(c)
		return refused
	case c.method != http.MethodPost:
		return refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "The requested resource does not support http method '"+c.method+"'.")
	case !strings.EqualFold(c.segments[2], a.tenantID):
		return refuse(http.StatusForbidden, "Forbidden", "The tenant '"+c.segments[2]+"' is not the one that the token is for.")
	case c.token.appOnly() && !x.g.grants(c, []string{ExchangeAppRole}),
		!c.token.appOnly() && !x.g.grants(c, []string{ExchangeScope}):
		return refuse(http.StatusForbidden, "Forbidden", "The token has no permission of the Exchange Online Admin API: "+ExchangeScope+" or, for an app, "+ExchangeAppRole+".")
	case !c.token.appOnly() && !slices.ContainsFunc(recipientReaders, a.hasRole):
		return refuse(http.StatusForbidden, "Forbidden", "The account has no role that may run this cmdlet: it takes "+RoleRecipients+".")
	}
	return x.checkAnchor(c)
}

// checkAnchor refuses a routing hint that leads elsewhere. Without one the
// request is routed by its path: no source says that it is refused. Source of
// the refusal: Microsoft 365 developer blog, "Error improvement for invalid
// X-AnchorMailbox in REST API calls".
func (x *exchange) checkAnchor(c *call) *graphError {
	anchor := c.header.Get("X-AnchorMailbox")
	if anchor == "" {
		return nil
	}
	kind, name, prefixed := strings.Cut(anchor, ":")
	if !prefixed {
		kind, name = "SMTP", anchor
	}
	right := false
	switch strings.ToUpper(kind) {
	case "UPN", "AAD-UPN", "SMTP", "AAD-SMTP":
		right = x.hasMailbox(name)
	case "APP":
		mailbox, domain, _ := strings.Cut(name, "@")
		right = strings.EqualFold(mailbox, "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}") &&
			(slices.Contains(x.g.authority.domains, strings.ToLower(domain)) || strings.EqualFold(domain, x.g.authority.tenantID))
	}
	if !right {
		return refuse(http.StatusBadRequest, "ErrorIncorrectRoutingHint", "The x-anchor mailbox '"+name+"' does not match the target of the request.")
	}
	return nil
}

// cmdlet is a request of the Admin API that was read.
type cmdlet struct {
	identity string
	size     int // of a page
	digest   string
}

// readCmdlet reads the body. Source: Exchange documentation, "Get started with
// the Exchange Online Admin API" and the endpoints' pages: any other cmdlet and
// any other parameter is an error.
func (x *exchange) readCmdlet(c *call) (cmdlet, *graphError) {
	bad := func(message string) (cmdlet, *graphError) {
		return cmdlet{}, refuse(http.StatusBadRequest, "BadRequest", message)
	}
	if media, _, _ := strings.Cut(c.header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(media), "application/json") {
		return cmdlet{}, refuse(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The request entity's media type '"+media+"' is not supported for this resource.")
	}
	var body struct {
		CmdletInput *struct {
			CmdletName string
			Parameters map[string]json.RawMessage
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&body) != nil || decoder.More() || body.CmdletInput == nil {
		return bad("The request body must contain CmdletInput with CmdletName and Parameters.")
	}
	in := body.CmdletInput
	if want := "Get-" + c.segments[3]; !strings.EqualFold(in.CmdletName, want) {
		return bad("The cmdlet '" + in.CmdletName + "' isn't supported by this endpoint, which runs " + want + ".")
	}
	digest := sha256.Sum256(c.body)
	out := cmdlet{size: adminPage, digest: hex.EncodeToString(digest[:8])}
	for name, value := range in.Parameters {
		switch {
		case strings.EqualFold(name, "Identity"):
			if json.Unmarshal(value, &out.identity) != nil {
				return bad("The parameter 'Identity' takes a text.")
			}
		case strings.EqualFold(name, "ResultSize"):
			n, ok := resultSize(value)
			if !ok {
				return bad("The parameter 'ResultSize' takes a whole number above 0, or \"Unlimited\".")
			}
			out.size = min(n, adminPage)
		default:
			return bad("The parameter '" + name + "' isn't supported by this endpoint.")
		}
	}
	out.identity = strings.TrimSpace(out.identity)
	if (out.identity == "" || out.identity == "$null") && !x.g.faults.set.Everybody {
		return bad("The parameter 'Identity' is required.")
	}
	return out, nil
}

func resultSize(value json.RawMessage) (int, bool) {
	var n int
	if json.Unmarshal(value, &n) == nil {
		return n, n > 0
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		return 0, false
	}
	if strings.EqualFold(text, "Unlimited") {
		return math.MaxInt, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0
}

// admin answers a call of a modelled endpoint.
func (x *exchange) admin(c *call) (*reply, *graphError) {
	if refused := x.admitAdmin(c); refused != nil {
		return nil, refused
	}
	in, refused := x.readCmdlet(c)
	if refused != nil {
		return nil, refused
	}
	return adminEndpoints[c.segments[3]](x, c, in)
}

// distributionMembers answers Get-DistributionGroupMember: of a distribution
// list or a mail-enabled security group, read from the directory as it is.
func (x *exchange) distributionMembers(c *call, in cmdlet) (*reply, *graphError) {
	matches := x.findDistribution(in.identity)
	switch {
	case len(matches) == 0 && x.g.faults.set.Everybody:
		return x.everybody(c, in)
	case len(matches) == 0:
		return nil, noRecipient(in.identity)
	case len(matches) > 1:
		return nil, cmdletError(http.StatusBadRequest, "BadRequest", "ManagementObjectAmbiguousException", "The operation couldn't be performed because '"+in.identity+"' matches multiple entries.")
	}
	return x.page(c, in, 0, func(from int64, n int) ([]seed.Member, int64) { return x.g.tenant.MembersFrom(matches[0], from, n) })
}

// dynamicMembers answers Get-DynamicDistributionGroupMember: the members that
// were last worked out.
func (x *exchange) dynamicMembers(c *call, in cmdlet) (*reply, *graphError) {
	list, ok := x.g.tenant.FindDynamicListByAddress(in.identity)
	switch {
	case !ok && x.g.faults.set.Everybody:
		return x.everybody(c, in)
	case !ok:
		return nil, noRecipient(in.identity)
	}
	stored := x.lists.of(list)
	return x.page(c, in, stored.number, func(from int64, n int) ([]seed.Member, int64) {
		start := min(int(from), len(stored.members))
		end := min(start+n, len(stored.members))
		if end == len(stored.members) {
			return stored.members[start:end], -1
		}
		return stored.members[start:end], int64(end)
	})
}

// everybody answers what the cmdlet's documentation warns of: "$null or a
// non-existent value for the Identity parameter returns all objects".
func (x *exchange) everybody(c *call, in cmdlet) (*reply, *graphError) {
	return x.page(c, in, 0, func(from int64, n int) ([]seed.Member, int64) { return x.g.tenant.SelectFrom(anyRecipient(), from, n) })
}

func noRecipient(identity string) *graphError {
	return cmdletError(http.StatusNotFound, "NotFound", "ManagementObjectNotFoundException", "The operation couldn't be performed because object '"+identity+"' couldn't be found on 'AM0PR01A0001.EURPR01A001.PROD.OUTLOOK.COM'.")
}

// page writes a page of recipients. stored is the number of the calculation
// that they come from; 0 for none.
func (x *exchange) page(c *call, in cmdlet, stored uint64, from func(position int64, n int) ([]seed.Member, int64)) (*reply, *graphError) {
	g := x.g
	start, refused := x.resume(c, in, stored)
	if refused != nil {
		return nil, refused
	}
	columns, refused := recipientColumns(c.query.Get("$select"))
	if refused != nil {
		return nil, refused
	}
	buffer, _ := g.pages.get()
	o := beginObject(buffer[:0])
	o.string("@odata.context", g.baseURL+adminPrefix+"/"+c.segments[2]+"/$metadata#Recipient")
	o.name("value")
	page := &collection{b: append(o.b, '[')}
	next := start.Offset
	for next >= 0 && page.rows < in.size {
		var some []seed.Member
		some, next = from(next, in.size-page.rows)
		for _, m := range some {
			if r, ok := x.recipient(m); ok {
				page.row()
				page.b = x.append(page.b, &r, columns)
			}
		}
	}
	link := ""
	if next >= 0 {
		link = x.nextLink(c, position{Offset: next, Issued: g.now().Unix(), Body: in.digest, Stored: stored})
	}
	return page.end("@odata.nextLink", link), nil
}

// nextLink is the URL of the next page: a POST with the same body goes there.
func (x *exchange) nextLink(c *call, p position) string {
	query := make(url.Values, len(c.query)+1)
	for name, values := range c.query {
		if !slices.Contains(continuation, name) {
			query[name] = values
		}
	}
	query.Set("$skiptoken", x.g.links.token(c.resource(), query, p))
	return x.g.baseURL + "/" + c.path + "?" + encodeQuery(query)
}

// resume is the position that a link leads to: the start without one.
func (x *exchange) resume(c *call, in cmdlet, stored uint64) (position, *graphError) {
	if !c.query.Has("$skiptoken") {
		return position{}, nil
	}
	p, ok := x.g.links.open(c.resource(), c.query, c.query.Get("$skiptoken"))
	switch {
	case !ok || p.Issued == 0:
		x.g.ledger.foreignLink(c)
		return p, refuse(http.StatusBadRequest, "InvalidSkipToken", "The skip token is not valid.")
	case p.Body != in.digest:
		return p, refuse(http.StatusBadRequest, "InvalidSkipToken", "The skip token was made for another request body.")
	case p.Stored != stored, x.g.now().Sub(time.Unix(p.Issued, 0)) >= adminLinkLife, x.g.faults.strikes(faultStale, c.path):
		return p, refuse(http.StatusBadRequest, "ExpiredSkipToken", "The skip token has expired.")
	}
	return p, nil
}
