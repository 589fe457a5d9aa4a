package signin

import (
	"net/url"
	"strings"
)

// ConsentURL implements workspace.Auth. For a signed-in user it is the v2 page
// with exactly the given scopes, of one resource: where the first is one of
// Exchange's they are Exchange's, and Graph's otherwise, and those of the other
// are left out. An app's roles can only be consented to as they stand in its
// registration, which is what the v1 page does. Source: Entra documentation,
// "Admin consent on the Microsoft identity platform".
func (a *Auth) ConsentURL(scopes []string) string {
	query := url.Values{"client_id": {a.opts.ClientID}, "redirect_uri": {a.opts.RedirectURI}}
	path := "/adminconsent"
	if !a.opts.Method.AppOnly() {
		path = "/v2.0/adminconsent"
		resource, exchange := a.opts.Resource, len(scopes) > 0 && a.isExchangeScope(scopes[0])
		if exchange {
			resource = a.opts.Exchange
		}
		full := make([]string, 0, len(scopes))
		for _, scope := range scopes {
			if a.isExchangeScope(scope) != exchange {
				continue
			}
			if !strings.Contains(scope, "://") {
				scope = resource + "/" + scope
			}
			full = append(full, scope)
		}
		if len(full) == 0 {
			full = []string{a.opts.Resource + "/.default"}
		}
		query.Set("scope", strings.Join(full, " "))
	}
	// A plus sign means a space in forms only; terminals and chat programs that
	// rewrite URLs are safer with %20.
	return a.authority() + path + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}
