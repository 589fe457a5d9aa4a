package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"rollcall/graph/internal/plain"
	"rollcall/model"
	"rollcall/model/refresh"
)

// envelope is Graph's error body.
type envelope struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Inner   struct {
			RequestID string `json:"request-id"`
		} `json:"innerError"`
	} `json:"error"`
}

// statusError is the HTTP status behind a refusal.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("%d %s", int(s), http.StatusText(int(s))) }

// refusal turns an answer of 300 and above into what the administrator reads.
func (t *transport) refusal(status int, header http.Header, body []byte) *model.Error {
	var env envelope
	_ = json.Unmarshal(body, &env) // a proxy's error page is no JSON: the status must do
	e := &model.Error{
		Kind: model.KindFailed, Code: env.Error.Code, Message: strings.TrimSuffix(plain.Line(env.Error.Message), "."),
		RequestID: env.Error.Inner.RequestID, Err: statusError(status),
	}
	if e.RequestID == "" {
		e.RequestID = header.Get("request-id")
	}
	if e.Code == "" {
		e.Code = fmt.Sprintf("HTTP%d", status)
	}
	if e.Message == "" {
		e.Message = fmt.Sprintf("%s answered %d %s", t.root.Host, status, http.StatusText(status))
	}
	switch {
	case isResync(status, e.Code):
		e.Err = fmt.Errorf("%w: %w", refresh.ErrResync, e.Err)
	case status == http.StatusUnauthorized:
		e.Kind = model.KindSignIn
		e.Message = t.name + " does not accept the sign-in: " + e.Message
		e.Remedy = "run `rollcall signin`"
	case status == http.StatusForbidden:
		e.Kind = model.KindSignIn
		e.Remedy = "the account lacks a permission or an Entra role for this; see what has been granted with `rollcall whoami`"
	case status == http.StatusTooManyRequests || transient(status):
		e.Kind = model.KindUnavailable
		e.Remedy = "try again later, or raise --timeout"
	}
	e.Err = &Refused{Status: status, Body: body, err: e.Err}
	return e
}

// isResync reports the answers that end a delta round or a listing for good.
// Microsoft documents 410, and "a 40X error with codes such as
// syncStateNotFound"; the link of a page that is too old gets a 400.
func isResync(status int, code string) bool {
	if status == http.StatusGone {
		return true
	}
	code = strings.ToLower(code)
	return (status == http.StatusBadRequest || status == http.StatusNotFound) &&
		(strings.Contains(code, "syncstate") || code == "resyncrequired" || code == "directory_expiredpagetoken")
}

// granted returns the scopes or roles of the last token; known is false before
// the first token, and when tokens cannot be read.
func (t *transport) granted() (scopes []string, appOnly, known bool) {
	claims := t.claims.Load()
	if claims == nil {
		return nil, false, false
	}
	return claims.Granted(), claims.AppOnly(), true
}

// holds reports whether one of the scopes has been granted. Unknown counts as
// granted: the service then has the last word.
func (t *transport) holds(scopes ...string) bool {
	granted, _, known := t.granted()
	if !known {
		return true
	}
	return slices.ContainsFunc(scopes, func(s string) bool {
		return slices.ContainsFunc(granted, func(g string) bool { return strings.EqualFold(g, s) })
	})
}

// needing completes a refusal of what needs one of the scopes, least first:
// with the scope granted it is the person who lacks a role.
func (t *transport) needing(err error, scopes ...string) error {
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.KindSignIn || !isForbidden(e) {
		return err
	}
	detailed := *e
	detailed.Remedy = t.remedy(scopes)
	return &detailed
}

func (t *transport) remedy(scopes []string) string {
	_, appOnly, known := t.granted()
	switch {
	case !known:
		return "this needs the permission " + scopes[0] + ", and for a signed-in user an Entra role that allows it"
	case !t.holds(scopes...):
		return "the permission " + scopes[0] + " has not been granted: an administrator must consent to it"
	case appOnly:
		return "the permission " + scopes[0] + " is granted, but this object is closed to the app"
	}
	return "the permission " + scopes[0] + " is granted, so the account lacks an Entra role or the ownership that this needs (for groups: Groups Administrator, or owner)"
}

func isForbidden(e *model.Error) bool {
	return strings.EqualFold(e.Code, "Authorization_RequestDenied") || strings.EqualFold(e.Code, "Forbidden") ||
		strings.EqualFold(e.Code, "accessDenied") || e.Code == "HTTP403"
}

// tokenFailure is the error when no token could be had. The credential has
// repeated what it could, and signin has explained it.
func (t *transport) tokenFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var known *model.Error
	if errors.As(err, &known) {
		return known
	}
	return &model.Error{
		Kind: model.KindSignIn, Code: "signInRequired", Message: "no token could be had for " + t.name,
		Remedy: "run `rollcall signin`", Err: err,
	}
}

// interrupted is the error of an attempt that got no answer.
func (t *transport) interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return t.noConnection(err)
}

func (t *transport) noConnection(err error) *model.Error {
	return plain.NoConnection(t.root.Host, t.setting, err)
}

// keptThrottling ends a call that the gate would hold beyond its patience.
func (t *transport) keptThrottling(c *call) *model.Error {
	now := t.now()
	waited := now.Sub(c.settings.patience.since()).Round(time.Second)
	message := fmt.Sprintf("the service has been throttling for %s and asks to wait %s more", waited, t.gate.until().Sub(now).Round(time.Second))
	return &model.Error{
		Kind: model.KindUnavailable, Code: "TooManyRequests", Message: message,
		Remedy: "try again later, or raise --timeout; what has been read is kept", Err: errPatience,
	}
}

// outOfPatience ends a call whose next repetition would come too late, and says
// how long it has waited.
func (t *transport) outOfPatience(c *call, resp *http.Response, err error) error {
	waited := t.now().Sub(c.settings.patience.since()).Round(100 * time.Millisecond)
	if err != nil {
		if ctxErr := c.req.Context().Err(); ctxErr != nil {
			return ctxErr
		}
		e := t.noConnection(err)
		e.Message += fmt.Sprintf(" (tried for %s)", waited)
		return e
	}
	return &model.Error{
		Kind: model.KindUnavailable, Code: fmt.Sprintf("HTTP%d", resp.StatusCode),
		Message:   fmt.Sprintf("%s has been answering %d %s for %s", t.root.Host, resp.StatusCode, http.StatusText(resp.StatusCode), waited),
		Remedy:    "try again later, or raise --timeout",
		RequestID: resp.Header.Get("request-id"),
	}
}
