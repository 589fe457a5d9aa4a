package emulator

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/graph/emulator/seed"
)

// appName is the display name of the app registration.
const appName = "rollcall"

// authority is the tenant's sign-in service.
type authority struct {
	now        func() time.Time
	baseURL    string // without trailing slash
	tenantID   string
	tenantName string // the organisation's, as error texts quote it
	domains    []string

	clientID, clientSecret string
	servicePrincipalID     string
	account                seed.User
	singleTenant           bool
	autoApprove            time.Duration
	signer                 *signer

	mu            sync.Mutex
	consented     []string               // delegated scopes
	appRoles      []string               // application permissions
	roles         []string               // directory roles of the account
	granted       map[string]struct{}    // permissions that went out in a token
	issued        []string               // ids of the access tokens that went out
	devices       map[string]*deviceCode // by device_code
	codes         map[string]*authCode   // by code
	refresh       map[string]*refreshToken
	provoked      []*provocation
	notAssigned   bool // the account is not assigned to the app, which requires it
	noPublicFlows bool
}

// routes registers the endpoints. The first segment of most is the tenant.
func (a *authority) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /common/discovery/instance", a.instanceDiscovery)
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", a.openIDConfiguration)
	mux.HandleFunc("GET /{tenant}/.well-known/openid-configuration", a.openIDConfiguration)
	mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", a.keys)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", a.deviceCodeRequest)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", a.tokenRequest)
	mux.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", a.authorizePage)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/authorize", a.authorizeAnswer)
	mux.HandleFunc("GET /{tenant}/oauth2/v2.0/logout", a.logoutPage)
	mux.HandleFunc("GET /{tenant}/oauth2/deviceauth", a.deviceLoginPage)
	mux.HandleFunc("POST /{tenant}/oauth2/deviceauth", a.deviceLoginAnswer)
	mux.HandleFunc("GET /devicelogin", a.deviceLoginPage)
	mux.HandleFunc("POST /devicelogin", a.deviceLoginAnswer)
	mux.HandleFunc("GET /{tenant}/adminconsent", a.consentPage)
	mux.HandleFunc("POST /{tenant}/adminconsent", a.consentAnswer)
	mux.HandleFunc("GET /{tenant}/v2.0/adminconsent", a.consentPage)
	mux.HandleFunc("POST /{tenant}/v2.0/adminconsent", a.consentAnswer)
	mux.HandleFunc("GET /error", a.errorPage)
}

// isTenantAlias reports whether a tenant segment names no tenant in particular.
func isTenantAlias(tenant string) bool {
	return tenant == "organizations" || tenant == "common"
}

// knowsTenant reports whether a path's tenant segment leads here.
func (a *authority) knowsTenant(tenant string) bool {
	tenant = strings.ToLower(tenant)
	return isTenantAlias(tenant) || tenant == a.tenantID || slices.Contains(a.domains, tenant)
}

func (a *authority) issuer(tenant string) string { return a.baseURL + "/" + tenant + "/v2.0" }

// checkTenant refuses a tenant that is not this one.
func (a *authority) checkTenant(r *http.Request) *oauthError {
	tenant := r.PathValue("tenant")
	if !a.knowsTenant(tenant) {
		f, _ := lookupFailure(90002)
		return a.refusal(r, f, tenant)
	}
	return nil
}

// checkClient refuses another app, or this one where it may not sign in.
func (a *authority) checkClient(r *http.Request) *oauthError {
	if err := a.checkTenant(r); err != nil {
		return err
	}
	tenant := r.PathValue("tenant")
	switch {
	case r.Form.Get("client_id") == "":
		return a.oauthError(r, 0, "invalid_request", "", 900144, "The request body must contain the following parameter: 'client_id'.", false)
	case !strings.EqualFold(r.Form.Get("client_id"), a.clientID):
		f, _ := lookupFailure(700016)
		return a.refusal(r, f, tenant)
	case a.singleTenant && isTenantAlias(tenant):
		f, _ := lookupFailure(50194)
		return a.refusal(r, f, tenant)
	}
	return a.provokedAt(r, stageStart)
}

// provokedAt spends a provoked failure of the stage, if there is one.
func (a *authority) provokedAt(r *http.Request, s stage) *oauthError {
	a.mu.Lock()
	i := slices.IndexFunc(a.provoked, func(p *provocation) bool { return p.failure.stage == s })
	if i < 0 {
		a.mu.Unlock()
		return nil
	}
	p := a.provoked[i]
	if p.left > 0 {
		if p.left--; p.left == 0 {
			a.provoked = slices.Delete(a.provoked, i, i+1)
		}
	}
	a.mu.Unlock()
	return a.refusal(r, p.failure, r.PathValue("tenant"))
}

func (a *authority) instanceDiscovery(w http.ResponseWriter, r *http.Request) {
	endpoint := r.URL.Query().Get("authorization_endpoint")
	host := strings.TrimPrefix(a.baseURL, "https://")
	rest, ok := strings.CutPrefix(endpoint, a.baseURL+"/")
	tenant, _, _ := strings.Cut(rest, "/")
	if !ok {
		_ = r.ParseForm()
		a.oauthError(r, 0, "invalid_instance", "", 50049, "Unknown or invalid instance.", false).write(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": a.baseURL + "/" + tenant + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{{
			"preferred_network": host, "preferred_cache": host, "aliases": []string{host},
		}},
	})
}

func (a *authority) openIDConfiguration(w http.ResponseWriter, r *http.Request) {
	if err := a.checkTenant(r); err != nil {
		err.Code = "invalid_tenant"
		err.write(w)
		return
	}
	tenant := r.PathValue("tenant")
	base := a.baseURL + "/" + tenant
	issuer := a.issuer(a.tenantID)
	if isTenantAlias(tenant) {
		issuer = a.issuer("{tenantid}")
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"device_authorization_endpoint":         base + "/oauth2/v2.0/devicecode",
		"end_session_endpoint":                  base + "/oauth2/v2.0/logout",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		"response_modes_supported":              []string{"query", "form_post"},
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver"},
		"msgraph_host":                          strings.TrimPrefix(a.baseURL, "https://"),
		"tenant_region_scope":                   "EU",
	})
}

func (a *authority) keys(w http.ResponseWriter, r *http.Request) {
	if err := a.checkTenant(r); err != nil {
		err.write(w)
		return
	}
	set, err := a.signer.jwks(a.issuer(a.tenantID))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, set)
}

// noteGranted remembers an access token and the permissions in it.
func (a *authority) noteGranted(tokenID string, permissions []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.issued = append(a.issued, tokenID)
	for _, p := range permissions {
		a.granted[p] = struct{}{}
	}
}

// unassigned reports whether the app requires an assignment that the account
// does not have.
func (a *authority) unassigned() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.notAssigned
}

// consentedScopes are the delegated scopes that the organisation consented to.
func (a *authority) consentedScopes() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.consented)
}
