package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// scopeSet is what one grant covers.
type scopeSet struct {
	audience string   // aud of the access token
	prefix   string   // of the resource as the client wrote it, with slash; "" for bare Graph scopes
	granted  []string // short names, sorted
	asked    []string // as the client wrote them; MSAL wants each back
	openID   bool
	offline  bool
}

// qualified are the granted scopes as the scope field of a token answer writes
// them: with the resource where the client gave one.
func (s scopeSet) qualified() []string {
	out := make([]string, 0, len(s.granted)+3)
	if s.openID {
		out = append(out, "openid", "profile", "email")
	}
	for _, name := range s.granted {
		out = append(out, s.prefix+name)
	}
	for _, scope := range s.asked {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, scope) }) {
			out = append(out, scope)
		}
	}
	return out
}

// resourceOf maps a scope's resource part to the audience of its tokens. The
// server's own address counts as Graph: clients that derive the scope from the
// endpoint ask for it.
func (a *authority) resourceOf(resource string) (audience string, ok bool) {
	resource = strings.TrimSuffix(resource, "/")
	switch resource {
	case "", graphResource, graphAppID, a.baseURL:
		return graphResource, true
	case exchangeResource, exchangeAppID:
		return exchangeResource, true
	}
	return "", false
}

// splitScope cuts "https://graph.microsoft.com/User.Read" into its resource
// and its short name.
func splitScope(scope string) (resource, name string) {
	if i := strings.LastIndexByte(scope, '/'); i >= 0 {
		return scope[:i], scope[i+1:]
	}
	return "", scope
}

// isOpenIDScope reports whether a scope is of the protocol rather than of a
// resource.
func isOpenIDScope(scope string) bool {
	return slices.Contains([]string{"openid", "profile", "email", "offline_access"}, scope)
}

// resolveScopes works out what a delegated request gets. A scope by name that
// nobody consented to is AADSTS65001; .default gives all that is consented, and
// so does any other request: Entra puts every consented scope of the resource
// into the token.
func (a *authority) resolveScopes(r *http.Request, requested string) (scopeSet, *oauthError) {
	var set scopeSet
	var asked []string
	byDefault := false
	for scope := range strings.FieldsSeq(requested) {
		if isOpenIDScope(scope) {
			set.openID = set.openID || scope != "offline_access"
			set.offline = set.offline || scope == "offline_access"
			continue
		}
		set.asked = append(set.asked, scope)
		resource, name := splitScope(scope)
		audience, ok := a.resourceOf(resource)
		if !ok {
			return set, a.oauthError(r, 0, "invalid_resource", "", 500011, "The resource principal named "+resource+" was not found in the tenant named "+a.tenantName+". This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.", false)
		}
		if set.audience != "" && set.audience != audience {
			return set, a.oauthError(r, 0, "invalid_request", "", 28000, "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope "+requested+" is not valid.", false)
		}
		set.audience = audience
		if resource != "" {
			set.prefix = strings.TrimSuffix(resource, "/") + "/"
		}
		if name == ".default" {
			byDefault = true
		} else {
			asked = append(asked, name)
		}
	}
	if set.audience == "" {
		set.audience = graphResource
	}

	a.mu.Lock()
	for _, scope := range a.consented {
		if ofExchange(scope) == (set.audience == exchangeResource) {
			set.granted = append(set.granted, scope)
		}
	}
	a.mu.Unlock()
	slices.Sort(set.granted)

	missing := slices.ContainsFunc(asked, func(name string) bool {
		return !slices.ContainsFunc(set.granted, func(g string) bool { return strings.EqualFold(g, name) })
	})
	if missing || (byDefault && len(set.granted) == 0) {
		f, _ := lookupFailure(65001)
		return set, a.refusal(r, f, r.PathValue("tenant"))
	}
	return set, nil
}

// consent adds delegated scopes to what the organisation has consented to.
func (a *authority) consent(scopes ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, scope := range scopes {
		if _, name := splitScope(scope); !slices.Contains(a.consented, name) {
			a.consented = append(a.consented, name)
		}
	}
}

// withdraw takes consent back. Tokens that are out keep their scopes.
func (a *authority) withdraw(scopes ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.consented = slices.DeleteFunc(a.consented, func(s string) bool { return slices.Contains(scopes, s) })
}
