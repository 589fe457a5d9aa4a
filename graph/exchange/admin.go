package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"rollcall/graph"
	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
	"rollcall/model/workspace"
)

// Options tell an Admin who asks. The zero value takes all from the token.
type Options struct {
	// Session describes the account that is signed in. It is asked where the
	// token cannot be read, and for the tenant's initial domain where an app
	// asks. Nil does without.
	Session func(ctx context.Context) (*workspace.Session, error)
}

// Admin reads the members of lists through the Exchange Online Admin API, in
// preview since November 2025. It is safe for concurrent use.
//
// An answer comes in pages of 1,000; tokens of next pages are said to expire
// within minutes. A listing whose link has expired begins again, once. Source:
// Exchange documentation, "DistributionGroupMember endpoint in the Exchange
// Online Admin API" and "DynamicDistributionGroupMember endpoint …".
type Admin struct {
	service *graph.Service
	options Options
	worked  atomic.Bool  // the API has answered
	hint    atomic.Int32 // which of the routing hints is right
	canary  canary

	mu      sync.Mutex
	domains map[string]string // initial domain of a tenant, by its id
}

var (
	_ expansion.Members = (*Admin)(nil)
	_ audience.Finder   = (*Admin)(nil)
)

// NewAdmin builds a client of a service that AdminService describes.
func NewAdmin(service *graph.Service, o Options) *Admin {
	return &Admin{service: service, options: o, domains: make(map[string]string)}
}

// Members implements expansion.Members. Every listing of a round is one request,
// but for the very first, which may try another routing hint, and for the first
// dynamic list, before which an address is asked for that cannot exist.
func (a *Admin) Members(ctx context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	return round(ctx, questions, &a.worked, a.list)
}

// list reads the next page of one list.
func (a *Admin) list(ctx context.Context, q expansion.Question) expansion.Listing {
	l := expansion.Listing{Source: expansion.SourceExchangeAdmin, Stored: q.Group.Kind == model.KindDynamicDistribution}
	question, err := a.question(q.Group)
	if err != nil {
		l.Err = err
		return l
	}
	at := cursor{}
	if q.Next != "" {
		var broken error
		if at, broken = parseCursor(q.Next); broken != nil {
			l.Err = model.AsError(broken)
			return l
		}
	}
	question.link = at.link
	if question.dynamic && at.link == "" {
		if l.Err = a.learn(ctx, question.identity); l.Err != nil {
			return l
		}
	}
	p, err := a.ask(ctx, question)
	switch {
	case err != nil && at.link != "" && isExpired(err):
		restart, may := at.again()
		if !may {
			l.Err = err
			return l
		}
		l.Next = restart.String()
		return l
	case err != nil:
		l.Err = err
		return l
	case question.dynamic && at.link == "" && !a.canary.trusts(p.members):
		l.Err = incredible("Exchange Online", question.identity)
		return l
	}
	l.Members = p.members
	if p.next != "" {
		next, err := at.follow(p.next)
		if err != nil {
			l.Err = err
			return l
		}
		l.Next = next.String()
	}
	return l
}

// FindList implements audience.Finder: it finds a dynamic distribution list by
// its address, primary or secondary. The API takes no names and tells none, so
// that the list goes by the address it was asked for.
func (a *Admin) FindList(ctx context.Context, identity string) ([]model.Object, error) {
	if !isAddress(identity) {
		return nil, nil
	}
	if err := a.learn(ctx, identity); err != nil {
		return nil, a.finderError(ctx, err)
	}
	q := question{dynamic: true, identity: identity, size: 1}
	if a.canary.talks() {
		q.size = 0 // only all that it says can be told from what it says of nobody
	}
	p, err := a.ask(ctx, q)
	switch {
	case err != nil && err.Code == codeNotFound:
		return nil, nil
	case err != nil:
		return nil, a.finderError(ctx, err)
	case !a.canary.trusts(p.members):
		return nil, incredible("Exchange Online", identity)
	}
	return []model.Object{dynamicList(identity)}, nil
}

func (a *Admin) finderError(ctx context.Context, err *model.Error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return unanswerable(err)
}

func dynamicList(address string) model.Object {
	return model.Object{Type: model.ObjectGroup, DisplayName: address, Mail: address, Group: &model.Group{
		DisplayName: address, Mail: address, Kind: model.KindDynamicDistribution,
	}}
}

// learn finds out what the API says of an address that does not exist.
func (a *Admin) learn(ctx context.Context, address string) *model.Error {
	return a.canary.learn(ctx, domainOf(address), func(ctx context.Context, nobody string) ([]model.Object, *model.Error) {
		p, err := a.ask(ctx, question{dynamic: true, identity: nobody})
		return p.members, err
	})
}

// question is one request.
type question struct {
	dynamic  bool
	identity string
	size     int    // results wanted; 0 is all of them, in pages
	link     string // of a further page
}

// question asks for a list by its address, or failing that, for one that Entra
// knows, by its object id.
func (a *Admin) question(g model.Group) (question, *model.Error) {
	q := question{dynamic: g.Kind == model.KindDynamicDistribution, identity: g.Mail}
	switch {
	case isAddress(g.Mail):
		return q, nil
	case !q.dynamic && len(g.ID) == 36 && uuid.Validate(g.ID) == nil:
		q.identity = g.ID
		return q, nil
	}
	return q, noIdentity(g)
}

func (q question) endpoint() string {
	if q.dynamic {
		return "DynamicDistributionGroupMember"
	}
	return "DistributionGroupMember"
}

func (q question) body() ([]byte, error) {
	var body struct {
		CmdletInput struct {
			CmdletName string
			Parameters struct {
				Identity   string
				ResultSize any
			}
		}
	}
	in := &body.CmdletInput
	in.CmdletName, in.Parameters.Identity = "Get-"+q.endpoint(), q.identity
	// A number would end the listing there, as it does in PowerShell.
	if in.Parameters.ResultSize = any("Unlimited"); q.size > 0 {
		in.Parameters.ResultSize = q.size
	}
	return json.Marshal(body)
}

// ask makes one request, and a second one where the routing hint was wrong.
func (a *Admin) ask(ctx context.Context, q question) (page, *model.Error) {
	who, err := a.caller(ctx)
	if err != nil {
		return page{}, a.explain(err, q, who)
	}
	body, err := q.body()
	if err != nil {
		return page{}, model.AsError(err)
	}
	link := q.link
	if link == "" {
		link = "/" + who.tenantID + "/" + q.endpoint() + "?$select=" + selected
	}
	for {
		hint := a.hint.Load()
		header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
		if len(who.anchors) > 0 {
			header.Set("X-AnchorMailbox", who.anchors[int(hint)%len(who.anchors)])
		}
		var p page
		err := a.service.Post(ctx, link, header, body, p.decode)
		if err == nil {
			a.worked.Store(true)
			return p, nil
		}
		if !isWrongHint(err) || int(hint)+1 >= len(who.anchors) {
			return page{}, a.explain(err, q, who)
		}
		a.hint.CompareAndSwap(hint, hint+1)
	}
}

// caller is who asks.
type caller struct {
	tenantID string
	appOnly  bool
	scopes   []string // granted
	known    bool     // scopes are those of the token
	anchors  []string // routing hints, the likeliest first
}

var errNoTenant = &model.Error{
	Kind: model.KindSignIn, Code: "tenantUnknown", Message: "the tenant's id is not known, which Exchange must be asked with",
	Remedy: "set tenant in the profile to the tenant id, a GUID",
}

// caller reads the token, and asks the session for what it does not say.
func (a *Admin) caller(ctx context.Context) (caller, error) {
	claims, known, err := a.service.Claims(ctx)
	if err != nil {
		return caller{}, err
	}
	who := caller{tenantID: claims.TenantID, appOnly: claims.AppOnly(), scopes: claims.Granted(), known: known}
	account := claims.Account()
	if a.options.Session != nil && (!known || who.tenantID == "" || account == "" && !who.appOnly) {
		s, err := a.options.Session(ctx)
		if err != nil {
			return caller{}, err
		}
		who.tenantID, account, who.appOnly = s.TenantID, s.Account, s.AppOnly
	}
	if uuid.Validate(who.tenantID) != nil {
		return who, errNoTenant
	}
	if who.appOnly {
		who.anchors = []string{systemMailbox + a.initialDomain(ctx, who.tenantID)}
	} else if account != "" {
		who.anchors = []string{"UPN:" + account, "AAD-UPN:" + account}
	}
	return who, nil
}

// systemMailbox is a mailbox that every organisation has: the routing hint of an
// app. It, and that of a user, are what clients in the field send.
const systemMailbox = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@"

// initialDomain is the tenant's first domain, or its id where it is not known.
func (a *Admin) initialDomain(ctx context.Context, tenantID string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if domain := a.domains[tenantID]; domain != "" || a.options.Session == nil {
		return first(text(domain), text(tenantID))
	}
	s, err := a.options.Session(ctx)
	if err != nil || s.Domain == "" {
		return tenantID
	}
	a.domains[tenantID] = s.Domain
	return s.Domain
}

// isExpired reports a refusal that a link may have got for its age. What
// Exchange says of such a link is not documented.
func isExpired(err error) bool {
	var refused *graph.Refused
	return errors.As(err, &refused) && (refused.Status == http.StatusBadRequest || refused.Status == http.StatusNotFound || refused.Status == http.StatusGone)
}
