package emulator

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// refreshTokenLifetime is how long an unused refresh token lives.
const refreshTokenLifetime = 90 * 24 * time.Hour

// authCodeLifetime is how long an authorization code can be redeemed.
const authCodeLifetime = 10 * time.Minute

// grantInfo is what a delegated token is made from.
type grantInfo struct {
	scopes       scopeSet
	nonce        string
	capabilities []string // xms_cc values of the claims parameter
}

// authCode is an authorization code that waits to be redeemed.
type authCode struct {
	scope       string
	redirectURI string
	challenge   string // S256 of the verifier; "" when the client sent none
	nonce       string
	issued      time.Time
}

// refreshToken is opaque to clients. Each answer holds a new one; the old stays
// good until it expires or is revoked, as Entra's do.
type refreshToken struct {
	issued time.Time
}

func (a *authority) tokenRequest(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if id, secret, ok := r.BasicAuth(); ok && r.PostForm.Get("client_id") == "" {
		r.Form.Set("client_id", id)
		r.PostForm.Set("client_secret", secret)
	}
	if err := a.checkClient(r); err != nil {
		err.write(w)
		return
	}
	var res *tokenResponse
	var refused *oauthError
	switch grant := r.PostForm.Get("grant_type"); grant {
	case "urn:ietf:params:oauth:grant-type:device_code", "device_code":
		res, refused = a.redeemDeviceCode(r)
	case "authorization_code":
		res, refused = a.redeemAuthCode(r)
	case "refresh_token":
		res, refused = a.redeemRefreshToken(r)
	case "client_credentials":
		res, refused = a.clientCredentials(r)
	default:
		refused = a.oauthError(r, 0, "unsupported_grant_type", "", 70003, "The app requested an unsupported grant type '"+grant+"'.", false)
	}
	if refused != nil {
		refused.write(w)
		return
	}
	writeJSON(w, http.StatusOK, res)
}

// delegate issues tokens for what the account approved.
func (a *authority) delegate(r *http.Request, scope, nonce string) (*tokenResponse, *oauthError) {
	if err := a.provokedAt(r, stageRedeem); err != nil {
		return nil, err
	}
	if a.unassigned() {
		f, _ := lookupFailure(50105)
		return nil, a.refusal(r, f, "")
	}
	scopes, refused := a.resolveScopes(r, scope)
	if refused != nil {
		return nil, refused
	}
	res, err := a.issueDelegated(grantInfo{scopes: scopes, nonce: nonce, capabilities: capabilitiesOf(r.PostForm.Get("claims"))})
	if err != nil {
		return nil, a.oauthError(r, http.StatusInternalServerError, "server_error", "", 90033, err.Error(), false)
	}
	return res, nil
}

// capabilitiesOf reads the xms_cc values from a claims parameter. Anything else
// in it, or anything unreadable, is not this tenant's business.
func capabilitiesOf(claims string) []string {
	var v struct {
		AccessToken struct {
			Capabilities struct {
				Values []string `json:"values"`
			} `json:"xms_cc"`
		} `json:"access_token"`
	}
	if json.Unmarshal([]byte(claims), &v) != nil {
		return nil
	}
	return v.AccessToken.Capabilities.Values
}

func (a *authority) redeemAuthCode(r *http.Request) (*tokenResponse, *oauthError) {
	code := r.PostForm.Get("code")
	a.mu.Lock()
	c, ok := a.codes[code]
	delete(a.codes, code) // a code is good once
	a.mu.Unlock()
	switch {
	case !ok:
		return nil, a.oauthError(r, 0, "invalid_grant", "", 9002313, "Invalid request. Request is malformed or invalid.", false)
	case a.now().Sub(c.issued) >= authCodeLifetime:
		f, _ := lookupFailure(70008)
		return nil, a.refusal(r, f, "")
	case r.PostForm.Get("redirect_uri") != c.redirectURI:
		return nil, a.oauthError(r, 0, "invalid_grant", "", 50011, "The redirect URI specified in the request does not match the one the code was sent to.", false)
	case r.PostForm.Get("client_secret") != "" && !a.knowsSecret(r.PostForm.Get("client_secret")):
		f, _ := lookupFailure(7000215)
		return nil, a.refusal(r, f, "")
	case c.challenge == "" && r.PostForm.Get("client_secret") == "":
		return nil, a.oauthError(r, 0, "invalid_request", "", 9002325, "Proof Key for Code Exchange is required for cross-origin authorization code redemption.", false)
	case c.challenge != "" && !verifierMatches(r.PostForm.Get("code_verifier"), c.challenge):
		return nil, a.oauthError(r, 0, "invalid_grant", "", 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.", false)
	}
	scope := r.PostForm.Get("scope")
	if scope == "" {
		scope = c.scope
	}
	return a.delegate(r, scope, c.nonce)
}

func (a *authority) knowsSecret(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(secret), []byte(a.clientSecret)) == 1
}

func verifierMatches(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

func (a *authority) newRefreshToken() string {
	token := "1." + rand.Text() + rand.Text() + rand.Text()
	a.mu.Lock()
	a.refresh[token] = &refreshToken{issued: a.now()}
	a.mu.Unlock()
	return token
}

func (a *authority) redeemRefreshToken(r *http.Request) (*tokenResponse, *oauthError) {
	a.mu.Lock()
	t, ok := a.refresh[r.PostForm.Get("refresh_token")]
	a.mu.Unlock()
	number := 0
	switch {
	case !ok:
		number = 50173
	case a.now().Sub(t.issued) >= refreshTokenLifetime:
		number = 700082
	}
	if number != 0 {
		f, _ := lookupFailure(number)
		return nil, a.refusal(r, f, "")
	}
	return a.delegate(r, r.PostForm.Get("scope"), "")
}

func (a *authority) clientCredentials(r *http.Request) (*tokenResponse, *oauthError) {
	secret := r.PostForm.Get("client_secret")
	if secret == "" {
		if r.PostForm.Get("client_assertion") != "" {
			return nil, a.oauthError(r, http.StatusUnauthorized, "invalid_client", "", 700027, "The certificate with identifier used to sign the client assertion is not registered on application.", false)
		}
		f, _ := lookupFailure(7000218)
		return nil, a.refusal(r, f, "")
	}
	if !a.knowsSecret(secret) {
		f, _ := lookupFailure(7000215)
		return nil, a.refusal(r, f, "")
	}
	if err := a.provokedAt(r, stageRedeem); err != nil {
		return nil, err
	}
	// MSAL adds the OpenID scopes, which mean nothing to an app.
	scopes := slices.DeleteFunc(strings.Fields(r.PostForm.Get("scope")), isOpenIDScope)
	scope := strings.Join(scopes, " ")
	resource, name := splitScope(scope)
	if len(scopes) != 1 || name != ".default" || resource == "" {
		return nil, a.oauthError(r, 0, "invalid_scope", "", 1002012, "The provided value for scope "+scope+" is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", false)
	}
	audience, ok := a.resourceOf(resource)
	if !ok {
		return nil, a.oauthError(r, 0, "invalid_resource", "", 500011, "The resource principal named "+resource+" was not found in the tenant named "+a.tenantName+".", false)
	}
	res, err := a.issueAppOnly(audience, capabilitiesOf(r.PostForm.Get("claims")))
	if err != nil {
		return nil, a.oauthError(r, http.StatusInternalServerError, "server_error", "", 90033, err.Error(), false)
	}
	return res, nil
}
