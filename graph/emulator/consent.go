package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// configuredScopes are the delegated permissions of Graph that the app
// registration lists: what /adminconsent in its v1 form, or /.default, consents
// to.
func configuredScopes() []string {
	return append(ReadScopes(), "Member.Read.Hidden", WriteScope)
}

// consentRequest reads what an admin consent URL asks for. Source: Entra
// documentation, "Admin consent on the Microsoft identity platform" (v2) and
// "Grant tenant-wide admin consent to an application" (v1).
func (a *authority) consentRequest(w http.ResponseWriter, r *http.Request) (scopes []string, ok bool) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil, false
	}
	refused := a.checkClient(r)
	v2 := strings.Contains(r.URL.Path, "/v2.0/")
	switch {
	case refused != nil:
	case v2 && r.PathValue("tenant") == "common":
		refused = a.oauthError(r, 0, "invalid_request", "", 50059, "No tenant-identifying information found in either the request or implied by any provided credentials.", false)
	case v2 && r.Form.Get("scope") == "":
		refused = a.oauthError(r, 0, "invalid_request", "", 900144, "The request body must contain the following parameter: 'scope'.", false)
	case v2 && r.Form.Get("redirect_uri") == "":
		f, _ := lookupFailure(500113)
		refused = a.refusal(r, f, "")
	case r.Form.Get("redirect_uri") != "" && !isLoopbackRedirect(r.Form.Get("redirect_uri")):
		refused = a.oauthError(r, 0, "invalid_request", "", 50011, "The redirect URI '"+r.Form.Get("redirect_uri")+"' specified in the request does not match the redirect URIs configured for the application '"+a.clientID+"'.", false)
	}
	if refused == nil {
		if !v2 {
			return configuredScopes(), true
		}
		of := "" // one resource: that of the scopes so far
		for scope := range strings.FieldsSeq(r.Form.Get("scope")) {
			resource, name := splitScope(scope)
			if isOpenIDScope(scope) {
				continue
			}
			audience, known := a.resourceOf(resource)
			if !known {
				refused = a.oauthError(r, 0, "invalid_resource", "", 500011, "The resource principal named "+resource+" was not found in the tenant named "+a.tenantName+".", false)
				break
			}
			if of != "" && of != audience {
				refused = a.oauthError(r, 0, "invalid_request", "", 28000, "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope "+r.Form.Get("scope")+" is not valid.", false)
				break
			}
			of = audience
			switch {
			case name != ".default":
				scopes = append(scopes, name)
			case audience == exchangeResource:
				scopes = append(scopes, ExchangeScope, EWSScope)
			default:
				scopes = append(scopes, configuredScopes()...)
			}
		}
	}
	if refused != nil {
		writePage(w, refused.status, "Sorry, but we're having trouble signing you in", "<p>"+escape(refused.Text)+"</p>")
		return nil, false
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), true
}

func (a *authority) consentPage(w http.ResponseWriter, r *http.Request) {
	scopes, ok := a.consentRequest(w, r)
	if !ok {
		return
	}
	var list strings.Builder
	for _, scope := range scopes {
		list.WriteString("<li>" + escape(scope))
	}
	writePage(w, http.StatusOK, "Permissions requested",
		`<p>Review for your organization. <b>`+escape(appName)+`</b> would like to use:</p><ul>`+list.String()+`</ul>
<p>If you accept, this app will get access to the specified resources for all users in <b>`+escape(a.tenantName)+`</b>. No one else will be prompted to review these permissions.</p>
<form method="post"><p><button name="action" value="accept">Accept</button> <button name="action" value="cancel">Cancel</button></form>`)
}

func (a *authority) consentAnswer(w http.ResponseWriter, r *http.Request) {
	scopes, ok := a.consentRequest(w, r)
	if !ok {
		return
	}
	answer := url.Values{"admin_consent": {"True"}, "tenant": {a.tenantID}}
	text := "The permissions were granted. You may close this window and go back to the terminal."
	if r.PostForm.Get("action") == "cancel" {
		answer.Set("error", "consent_required")
		answer.Set("error_description", "AADSTS65004: The resource owner or authorization server denied the request.")
		text = "Nothing was granted. You may close this window."
	} else {
		a.consent(scopes...)
		answer.Set("scope", r.Form.Get("scope"))
	}
	if r.Form.Get("redirect_uri") == "" {
		writePage(w, http.StatusOK, appName, "<p>"+escape(text)+"</p>")
		return
	}
	a.redirectBack(w, r, answer)
}
