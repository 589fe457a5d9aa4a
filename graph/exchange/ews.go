package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"rollcall/graph"
	"rollcall/graph/internal/plain"
	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
)

// scopeEWS is the delegated permission of Exchange Web Services.
const scopeEWS = "EWS.AccessAsUser.All"

// EWS reads the members of lists through ExpandDL of Exchange Web Services. It is
// safe for concurrent use.
//
// A member comes with its name, its address and a coarse type: a list without its
// kind, a user without the object id. Whoever joins them with the directory goes
// by the address. An app is refused: see errAppOnly. Source: Exchange
// documentation, "ExpandDL operation".
type EWS struct {
	service *graph.Service
	worked  atomic.Bool
	canary  canary
}

var (
	_ expansion.Members = (*EWS)(nil)
	_ audience.Finder   = (*EWS)(nil)
)

// NewEWS builds a client of a service that EWSService describes. All it needs to
// know of the account is in the token.
func NewEWS(service *graph.Service) *EWS { return &EWS{service: service} }

// Members implements expansion.Members. A list comes whole, by one request.
func (s *EWS) Members(ctx context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	return round(ctx, questions, &s.worked, func(ctx context.Context, q expansion.Question) expansion.Listing {
		// Exchange Online answers from the members that it has calculated last,
		// Exchange Server from the directory.
		l := expansion.Listing{Source: expansion.SourceEWS, Stored: q.Group.Kind == model.KindDynamicDistribution && IsOnline(s.service.Resource())}
		switch {
		case q.Next != "":
			l.Err = model.AsError(errors.New("exchange: a listing of ExpandDL has one part"))
		case !isAddress(q.Group.Mail):
			l.Err = noIdentity(q.Group)
		default:
			l.Members, l.Err = s.expand(ctx, q.Group.Mail)
		}
		return l
	})
}

// FindList implements audience.Finder: it finds a list that Graph does not know,
// by its address. One without members is not told from an address that is none.
func (s *EWS) FindList(ctx context.Context, identity string) ([]model.Object, error) {
	if !isAddress(identity) {
		return nil, nil
	}
	err := s.canary.learn(ctx, domainOf(identity), s.expand)
	var members []model.Object
	if err == nil {
		members, err = s.expand(ctx, identity)
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && err.Code == codeNotFound:
		return nil, nil
	case err != nil && err.Code != codeIncomplete:
		return nil, unanswerable(err)
	case len(members) == 0 && s.canary.talks():
		return nil, nil
	case !s.canary.trusts(members):
		return nil, incredible("Exchange", identity)
	case len(members) == 1 && strings.EqualFold(members[0].Mail, identity):
		return nil, nil // a mailbox stands for itself
	}
	return []model.Object{dynamicList(identity)}, nil
}

// errAppOnly says why an app does not read through Exchange Web Services.
var errAppOnly = &model.Error{
	Kind: model.KindUsage, Code: "ewsAppOnly",
	Message: "an app is not let into Exchange Web Services here: its permission there, full_access_as_app, opens every mailbox of the tenant",
	Remedy:  `sign in with a device code, or set exchange = "admin-api", whose permission for apps opens no mailbox`,
}

// expand reads the members of one list. Members beside an error are a part.
func (s *EWS) expand(ctx context.Context, address string) ([]model.Object, *model.Error) {
	claims, known, err := s.service.Claims(ctx)
	switch {
	case err != nil:
		return nil, serviceWide(model.AsError(err))
	case known && claims.AppOnly():
		return nil, serviceWide(errAppOnly)
	}
	body, err := expandDL(address)
	if err != nil {
		return nil, model.AsError(err)
	}
	header := http.Header{
		"Content-Type": {"text/xml; charset=utf-8"},
		"Accept":       {"text/xml"},
		"Soapaction":   {`"` + actionExpandDL + `"`},
	}
	if account := claims.Account(); account != "" {
		header.Set("X-AnchorMailbox", account)
	}
	var got *soapAnswer
	err = s.service.Post(ctx, "/Exchange.asmx", header, body, func(body []byte) error {
		var err error
		got, err = parseSOAP(body)
		return err
	})
	if err != nil {
		return nil, s.explain(err, address, !known || holds(claims.Granted(), scopeEWS))
	}
	code, message, _ := got.verdict()
	if code != "NoError" {
		return nil, s.said(code, message, address, &model.Error{Kind: model.KindFailed, Code: code})
	}
	s.worked.Store(true)
	return membersOf(got.Body.Response.Messages[0].Expansion, address)
}

const codeIncomplete = "listIncomplete"

// membersOf are the members that an answer names.
func membersOf(x *soapExpansion, address string) ([]model.Object, *model.Error) {
	incomplete := func(message string) *model.Error {
		return &model.Error{
			Kind: model.KindPartial, Code: codeIncomplete, Message: message,
			Remedy: `set exchange = "admin-api", which lists without this bound, or look at the list in the Exchange admin center`,
		}
	}
	if x == nil {
		return nil, incomplete("Exchange says nothing of the members of " + address)
	}
	members := make([]model.Object, len(x.Mailboxes))
	nameless := 0
	for i, m := range x.Mailboxes {
		members[i] = m.object()
		if members[i].Mail == "" {
			nameless++
		}
	}
	switch {
	case x.Total != nil && *x.Total > len(members):
		return members, incomplete(fmt.Sprintf("Exchange names %d of the %d members of %s", len(members), *x.Total, address))
	case x.Last != nil && !*x.Last:
		return members, incomplete(fmt.Sprintf("Exchange names %d members of %s and says that there are more", len(members), address))
	case nameless > 0:
		return members, incomplete(fmt.Sprintf("Exchange names %d members of %s without an Internet address", nameless, address))
	}
	return members, nil
}

// object is the model's object. Source: Exchange documentation, "MailboxType".
func (m *soapMailbox) object() model.Object {
	o := model.Object{Type: model.ObjectOther, DisplayName: strings.TrimSpace(m.Name), Mail: bareAddress(strings.TrimSpace(m.EmailAddress))}
	if r := strings.TrimSpace(m.RoutingType); r != "" && !strings.EqualFold(r, "SMTP") {
		o.Mail = "" // a path within Exchange
	}
	switch strings.TrimSpace(m.MailboxType) {
	case "Mailbox":
		o.Type = model.ObjectUser
	case "Contact":
		o.Type = model.ObjectContact
	case "PublicDL":
		o.Type = model.ObjectGroup
	case "GroupMailbox":
		o.Type = model.ObjectGroup
		o.Group = &model.Group{DisplayName: o.DisplayName, Mail: o.Mail, Kind: model.KindMicrosoft365}
	}
	return o
}

// explain turns a failure into what the administrator reads. mayAsk is false
// where the permission is known to be missing.
func (s *EWS) explain(err error, address string, mayAsk bool) *model.Error {
	e := *model.AsError(err)
	var refused *graph.Refused
	if !errors.As(err, &refused) {
		if e.Kind == model.KindSignIn || e.Kind == model.KindUnavailable && e.Code != "answerUnreadable" {
			return serviceWide(&e)
		}
		return &e
	}
	if answer, unreadable := parseSOAP(refused.Body); unreadable == nil {
		code, message, _ := answer.verdict()
		said := s.said(code, message, address, &e)
		if code != "ErrorAccessDenied" {
			return said
		}
		// A fault is of the request, whatever list it asks for.
		if said.Remedy = allowEWS; !mayAsk {
			said.Remedy = consentEWS
		}
		return serviceWide(said)
	}
	online := IsOnline(s.service.Resource())
	switch status := refused.Status; {
	case status == http.StatusForbidden, status == http.StatusUnauthorized && online:
		e.Kind = model.KindSignIn
		e.Message = fmt.Sprintf("Exchange Web Services refuse (HTTP %d)", status)
		if !mayAsk {
			e.Remedy = consentEWS
			break
		}
		e.Remedy = allowEWS
		if online {
			e.Message += "; in Exchange Online they are blocked tenant by tenant since 1 October 2026, and end on 1 April 2027"
			e.Remedy = `set exchange = "admin-api"; until the end an Exchange administrator can allow this app: Set-OrganizationConfig -EwsEnabled $true with the app in its allow list`
		}
	case status == http.StatusUnauthorized:
		e.Remedy = "set exchange_resource to what the Exchange Server's tokens are issued for, its external URL, and check that it trusts Entra tokens (hybrid modern authentication)"
	case status == http.StatusNotFound:
		e.Message = "there are no Exchange Web Services at " + s.service.Host()
		e.Remedy = "check exchange_endpoint in the profile"
	}
	return serviceWide(&e)
}

const (
	consentEWS = "the permission " + scopeEWS + " of Office 365 Exchange Online has not been granted: an administrator must consent to it"
	allowEWS   = "an Exchange administrator must allow Exchange Web Services, and this app in them"
)

// said explains a response code. Source: Exchange documentation, "ResponseCode".
func (s *EWS) said(code, message, address string, e *model.Error) *model.Error {
	e = &model.Error{Kind: model.KindFailed, Code: code, RequestID: e.RequestID, Err: e.Err, Message: "Exchange does not expand " + address + ": " + strings.TrimSuffix(plain.Line(message), ".")}
	if code == "ErrorServerBusy" || slices.Contains(transientCodes(), code) {
		e.Kind = model.KindUnavailable
		e.Remedy = "try again later, or raise --timeout"
		return e
	}
	switch code {
	case "ErrorNameResolutionNoResults", "ErrorInvalidSmtpAddress", "ErrorInvalidMailbox", "ErrorNonExistentMailbox":
		e.Kind, e.Code = model.KindPartial, codeNotFound
		e.Message = "Exchange knows no list " + address
		e.Remedy = "check the address in the Exchange admin center; a list that is hidden from address lists is not found"
	case "ErrorNameResolutionMultipleResults":
		e.Kind, e.Code = model.KindPartial, "listAmbiguous"
		e.Message = "several recipients of Exchange own " + address
		e.Remedy = "an Exchange administrator must give each an address of its own"
	case "ErrorAccessDenied":
		e.Kind = model.KindSignIn
		e.Remedy = "the account may not read this list: ask an Exchange administrator, or sign in with another account"
	default:
		e.Remedy = `try again later; if it stays, set exchange = "admin-api" or "off"`
	}
	return e
}
