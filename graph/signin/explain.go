package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"rollcall/graph/internal/plain"
	"rollcall/model"
)

var errNotInteractive = errors.New("a prompt was asked for where nobody can answer it")

var aadstsNumber = regexp.MustCompile(`AADSTS(\d+)`)

// explain turns a failure of a credential into what the administrator reads.
//
// The text of err is never used: azidentity prints the whole HTTP answer, and
// MSAL prints the body of an answer that it cannot parse, which may hold a
// token. exchange says that the token was to be one for Exchange.
func (a *Auth) explain(ctx context.Context, err error, seen *observation, exchange bool) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	asked, entra, network := seen.failure()
	var required *azidentity.AuthenticationRequiredError
	switch {
	case errors.Is(err, errForeignHost):
		return &model.Error{
			Kind: model.KindFailed, Code: "foreignHost", Message: "the sign-in service named another host; nothing was sent to it",
			Remedy: "check authority_host in the profile",
		}
	case network != nil:
		return a.offline(network)
	case errors.Is(err, context.DeadlineExceeded):
		return codeExpired()
	case entra != nil:
		return a.explainEntra(entra, exchange)
	case errors.As(err, &required):
		if !asked {
			if failure := a.probe(ctx); failure != nil {
				return failure
			}
		}
		return &model.Error{
			Kind: model.KindSignIn, Code: "signInRequired", Message: "nobody is signed in to " + a.opts.Tenant,
			Remedy: "run `rollcall signin`", Err: required,
		}
	}
	return &model.Error{
		Kind: model.KindFailed, Code: "signInUnreadable",
		Message: "the sign-in service at " + a.host() + " gave an answer that could not be read",
		Remedy:  "check authority_host, and whether a proxy changes the answers",
	}
}

// outOfPatience explains a request for a token that was not answered within
// Options.Timeout, and says how long it has taken.
func (a *Auth) outOfPatience(ctx context.Context, began time.Time, seen *observation) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	waited := a.opts.Now().Sub(began).Round(100 * time.Millisecond)
	e := &model.Error{
		Kind: model.KindUnavailable, Code: "signInUnavailable",
		Message: fmt.Sprintf("the sign-in service at %s gave no token within %s", a.host(), waited),
		Remedy:  "try again in a few minutes, or raise --timeout",
	}
	if _, entra, _ := seen.failure(); entra != nil {
		e.Message += fmt.Sprintf(" (HTTP %d)", entra.status)
		e.RequestID = entra.CorrelationID
	}
	return e
}

// misconfigured explains an error of a credential's constructor: it has seen
// settings only, no answer.
func (a *Auth) misconfigured(err error) error {
	var known *model.Error
	if errors.As(err, &known) {
		return known
	}
	return &model.Error{
		Kind: model.KindUsage, Code: "signInSettings", Message: "the sign-in settings are not usable: " + a.redact(plain.Line(err.Error())),
		Remedy: "check tenant, client_id and authority_host of the profile", Err: err,
	}
}

func (a *Auth) host() string { return strings.TrimPrefix(a.opts.AuthorityHost, "https://") }

// offline explains a request that got no answer.
func (a *Auth) offline(err error) *model.Error {
	return plain.NoConnection(a.host(), "authority_host", err)
}

func codeExpired() *model.Error {
	return &model.Error{
		Kind: model.KindSignIn, Code: "expired_token", Message: "the code expired before it was entered",
		Remedy: "sign in again to get a new code",
	}
}

// explainEntra explains an error body. The number only chooses the help text;
// Entra's own line is always kept.
func (a *Auth) explainEntra(e *entraError, exchange bool) *model.Error {
	if e.status == http.StatusTooManyRequests || e.status >= http.StatusInternalServerError || e.Code == "temporarily_unavailable" {
		return &model.Error{
			Kind: model.KindUnavailable, Code: "signInUnavailable",
			Message: fmt.Sprintf("the sign-in service at %s is not available (HTTP %d)", a.host(), e.status),
			Remedy:  "try again in a few minutes", RequestID: e.CorrelationID,
		}
	}
	out := &model.Error{Kind: model.KindSignIn, Code: e.Code, RequestID: e.CorrelationID}
	line := a.redact(plain.Line(firstLine(e.Description)))
	number := e.number()
	if number != "" {
		out.Code = "AADSTS" + number
	}
	help, ok := helpFor(number, e.Code)
	var granting []string // what the consent page is to grant; nil: all of Graph's
	if exchange {
		if special, known := a.helpForExchange(number); known {
			help, ok = special, true
		}
		granting = a.opts.ExchangeScopes
	}
	switch {
	case ok && line != "":
		out.Message = help.means + " (" + line + ")"
	case ok:
		out.Message = help.means
	case line != "":
		out.Message = "sign-in failed: " + line
	case e.Code != "":
		out.Message = "sign-in failed: " + plain.Line(e.Code)
	default:
		out.Code = "signInRefused"
		out.Message = fmt.Sprintf("the sign-in service at %s refused the request (HTTP %d)", a.host(), e.status)
	}
	out.Remedy = help.remedy
	if help.consent {
		out.Remedy += ": " + a.ConsentURL(granting[:min(1, len(granting))])
	}
	if number != "" {
		out.Remedy = strings.TrimPrefix(out.Remedy+"; see "+publicAuthority+"/error?code="+number, "; ")
	}
	return out
}

// number is the AADSTS number, "" when the body names none.
func (e *entraError) number() string {
	if m := aadstsNumber.FindStringSubmatch(e.Description); m != nil {
		return m[1]
	}
	if len(e.Numbers) > 0 {
		return strconv.Itoa(e.Numbers[0])
	}
	return ""
}

// redact takes the configured secrets out of a text that the service wrote.
func (a *Auth) redact(s string) string {
	for _, secret := range []Secret{a.opts.ClientSecret, a.opts.CertificatePassword} {
		if secret != "" {
			s = strings.ReplaceAll(s, string(secret), "[secret]")
		}
	}
	return s
}

// firstLine cuts off the trace and correlation ids that Entra appends: on new
// lines, or behind the sentence in newer answers.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	s, _, _ = strings.Cut(s, " Trace ID:")
	return strings.TrimSuffix(strings.TrimSpace(s), ".")
}
