package emulator

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// authorizePage begins an authorization-code sign-in. Source: Entra
// documentation, "OAuth 2.0 authorization code flow".
func (a *authority) authorizePage(w http.ResponseWriter, r *http.Request) {
	if !a.authorizeAllowed(w, r) {
		return
	}
	if a.autoApprove > 0 {
		a.authorizeGrant(w, r)
		return
	}
	// The form posts back to the same URL: the parameters stay in its query.
	writePage(w, http.StatusOK, "Sign in",
		`<p>Sign in to <b>`+escape(appName)+`</b> as</p>
<form method="post"><p><button name="action" value="approve">`+escape(a.account.UserPrincipalName)+`</button>
<button name="action" value="decline">Cancel</button></form>`)
}

// authorizeAllowed checks what a browser may not be sent back for: where the
// redirect cannot be trusted, the error is shown instead.
func (a *authority) authorizeAllowed(w http.ResponseWriter, r *http.Request) bool {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	refused := a.checkClient(r)
	switch {
	case refused != nil:
	case r.Form.Get("response_type") != "code":
		refused = a.oauthError(r, 0, "unsupported_response_type", "", 70005, "The app returned an unsupported response type.", false)
	case r.Form.Get("redirect_uri") == "":
		f, _ := lookupFailure(500113)
		refused = a.refusal(r, f, "")
	case !isLoopbackRedirect(r.Form.Get("redirect_uri")):
		refused = a.oauthError(r, 0, "invalid_request", "", 50011, fmt.Sprintf("The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'.", r.Form.Get("redirect_uri"), a.clientID), false)
	case r.Form.Get("code_challenge") != "" && r.Form.Get("code_challenge_method") != "S256":
		refused = a.oauthError(r, 0, "invalid_request", "", 501491, "Invalid size or method of Code_Challenge parameter.", false)
	}
	if refused != nil {
		writePage(w, refused.status, "Sorry, but we're having trouble signing you in", "<p>"+escape(refused.Text)+"</p>")
		return false
	}
	return true
}

// isLoopbackRedirect reports whether a redirect is the registered
// http://localhost, on any port and path.
func isLoopbackRedirect(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}

func (a *authority) authorizeAnswer(w http.ResponseWriter, r *http.Request) {
	if !a.authorizeAllowed(w, r) {
		return
	}
	if r.PostForm.Get("action") != "approve" {
		a.redirectBack(w, r, url.Values{
			"error":             {"access_denied"},
			"error_subcode":     {"cancel"},
			"error_description": {"AADSTS65004: User declined to consent to access the app."},
		})
		return
	}
	a.authorizeGrant(w, r)
}

// authorizeGrant sends the browser back with a code, or with the failure that
// Entra shows at this point.
func (a *authority) authorizeGrant(w http.ResponseWriter, r *http.Request) {
	if refused := a.browserFailure(r); refused != nil {
		a.redirectBack(w, r, url.Values{"error": {refused.Code}, "error_description": {refused.Text}})
		return
	}
	code := "1." + rand.Text() + rand.Text()
	a.mu.Lock()
	a.codes[code] = &authCode{
		scope:       r.Form.Get("scope"),
		redirectURI: r.Form.Get("redirect_uri"),
		challenge:   r.Form.Get("code_challenge"),
		nonce:       r.Form.Get("nonce"),
		issued:      a.now(),
	}
	a.mu.Unlock()
	a.redirectBack(w, r, url.Values{"code": {code}})
}

// browserFailure spends a provoked failure that a browser sign-in is told at
// the redirect.
func (a *authority) browserFailure(r *http.Request) *oauthError {
	a.mu.Lock()
	atBrowse := false
	for _, p := range a.provoked {
		if p.failure.stage == stageRedeem {
			atBrowse = p.failure.atBrowse
			break
		}
	}
	a.mu.Unlock()
	switch {
	case atBrowse:
		return a.provokedAt(r, stageRedeem)
	case a.unassigned():
		f, _ := lookupFailure(50105)
		return a.refusal(r, f, "")
	}
	_, refused := a.resolveScopes(r, r.Form.Get("scope"))
	return refused
}

// redirectBack answers in the response mode that the client asked for.
func (a *authority) redirectBack(w http.ResponseWriter, r *http.Request, answer url.Values) {
	if state := r.Form.Get("state"); state != "" {
		answer.Set("state", state)
	}
	target := r.Form.Get("redirect_uri")
	if r.Form.Get("response_mode") == "form_post" {
		var form strings.Builder
		fmt.Fprintf(&form, `<form method="post" action="%s">`, escape(target))
		for name := range answer {
			fmt.Fprintf(&form, `<input type="hidden" name="%s" value="%s">`, escape(name), escape(answer.Get(name)))
		}
		form.WriteString(`<button>Continue</button></form><script>document.forms[0].submit()</script>`)
		writePage(w, http.StatusOK, "Working...", form.String())
		return
	}
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	http.Redirect(w, r, target+separator+answer.Encode(), http.StatusFound)
}

func (a *authority) logoutPage(w http.ResponseWriter, r *http.Request) {
	writePage(w, http.StatusOK, "You signed out of your account", "<p>It's a good idea to close all browser windows.</p>")
}

func (a *authority) errorPage(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("code")
	for _, f := range failures {
		if fmt.Sprint(f.code) == code {
			writePage(w, http.StatusOK, "AADSTS"+code, "<p>"+escape(f.text)+"</p>")
			return
		}
	}
	writePage(w, http.StatusNotFound, "Error code not found", "<p>"+escape(code)+"</p>")
}
