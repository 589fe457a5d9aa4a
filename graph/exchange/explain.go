package exchange

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rollcall/graph"
	"rollcall/model"
)

// Permissions of the Admin API. Source: Exchange documentation, "Authentication
// and authorization for the Exchange Online Admin API".
const (
	scopeAdmin = "Exchange.ManageV2"      // delegated
	roleAdmin  = "Exchange.ManageAsAppV2" // of an app
)

const codeNotFound = "listNotFound"

// explain turns a failure into what the administrator reads. Anything but a list
// that is not there, or a single list that could not be read, is of the service
// as a whole.
func (a *Admin) explain(err error, q question, who caller) *model.Error {
	e := *model.AsError(err)
	var refused *graph.Refused
	if !errors.As(err, &refused) {
		if e.Kind == model.KindSignIn || e.Kind == model.KindUnavailable && e.Code != "answerUnreadable" {
			return serviceWide(&e)
		}
		return &e
	}
	switch status := refused.Status; {
	case isWrongHint(err):
		e.Kind = model.KindFailed
		e.Message = "Exchange Online does not find the way to the account's mailbox: " + e.Message
		e.Remedy = "sign in with an account of this tenant that has a mailbox"
	case status == http.StatusUnauthorized:
		e.Kind = model.KindSignIn
		e.Remedy = "run `rollcall signin`; " + who.needs()
	case status == http.StatusForbidden:
		e.Kind = model.KindSignIn
		e.Message = "Exchange Online refuses: " + e.Message
		e.Remedy = who.needs()
	case isNotThere(refused.Body), status == http.StatusNotFound && q.link == "" && a.worked.Load():
		return &model.Error{
			Kind: model.KindPartial, Code: codeNotFound,
			Message: fmt.Sprintf("Exchange Online knows no %s %s", q.kind().Label(), q.identity),
			Remedy:  "check the address in the Exchange admin center; it may have been deleted or renamed since it was listed", RequestID: e.RequestID, Err: e.Err,
		}
	case status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusGone:
		if a.worked.Load() {
			e.Message = fmt.Sprintf("Exchange Online does not list %s: %s", q.identity, e.Message)
			e.Remedy = cmp.Or(e.Remedy, "try again later; if it stays, check the list in the Exchange admin center")
			return &e
		}
		e.Message = fmt.Sprintf("the Exchange Online Admin API does not take the question (HTTP %d): %s", status, e.Message)
		e.Remedy = "the API is in preview and not enabled in every tenant: if it stays, check the list's address in the Exchange admin center"
	case status >= http.StatusInternalServerError && a.worked.Load():
		return &e
	}
	return serviceWide(&e)
}

func (q question) kind() model.GroupKind {
	if q.dynamic {
		return model.KindDynamicDistribution
	}
	return model.KindDistribution
}

// needs says what a caller whom Exchange refuses lacks. Source: Exchange
// documentation, "Authentication and authorization for the Exchange Online Admin
// API", role-based access control.
func (c caller) needs() string {
	permission, role := scopeAdmin, "the account lacks a role: add it to the role group Recipient Management in Exchange, or give it the Entra role Exchange Administrator"
	if c.appOnly {
		permission, role = roleAdmin, "the app lacks a role: add its service principal to the role group Recipient Management in Exchange, or give it the Entra role Exchange Administrator"
	}
	switch {
	case !c.known:
		return "this needs the permission " + permission + " of Office 365 Exchange Online, and the role Recipient Management or Exchange Administrator"
	case !holds(c.scopes, permission):
		return "the permission " + permission + " of Office 365 Exchange Online has not been granted: an administrator must consent to it"
	}
	return "the permission " + permission + " is granted, so " + role
}

// holds reports whether a permission is among those granted.
func holds(granted []string, permission string) bool {
	return slices.ContainsFunc(granted, func(s string) bool { return strings.EqualFold(s, permission) })
}

// isWrongHint reports that X-AnchorMailbox named the wrong place. Source:
// Microsoft 365 developer blog, "Error improvement for invalid X-AnchorMailbox in
// REST API calls".
func isWrongHint(err error) bool {
	var e *model.Error
	return errors.As(err, &e) && e.Code == "ErrorIncorrectRoutingHint"
}

// isNotThere reports that Exchange says of a list that it does not exist. The
// HTTP status alone does not tell it from an API that is not enabled. Exchange
// puts the cmdlet's exception into the error's message or its details.
func isNotThere(body []byte) bool {
	var envelope struct{ Error json.RawMessage }
	if json.Unmarshal(body, &envelope) != nil {
		return false
	}
	said := bytes.ToLower(envelope.Error)
	for _, marker := range []string{"managementobjectnotfound", "couldn't be found", `couldn\u0027t be found`, "couldn’t be found", "could not be found on"} {
		if bytes.Contains(said, []byte(marker)) {
			return true
		}
	}
	return false
}
