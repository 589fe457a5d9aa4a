package signin

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Claims is what an access token says of itself. Microsoft documents Graph's
// tokens as opaque to clients, so nothing may depend on them but what is shown
// or suggested.
type Claims struct {
	TenantID          string   `json:"tid"`
	ObjectID          string   `json:"oid"` // of the user, or of the app's service principal
	UPN               string   `json:"upn"`
	PreferredUsername string   `json:"preferred_username"`
	UniqueName        string   `json:"unique_name"`
	AppID             string   `json:"appid"`
	AuthorizedParty   string   `json:"azp"`
	AppName           string   `json:"app_displayname"`
	IdentityType      string   `json:"idtyp"` // "user" or "app"
	Delegated         string   `json:"scp"`   // granted scopes, space-separated
	Roles             []string `json:"roles"` // granted application roles
	// DirectoryRoles are template ids of Entra roles that hold in the whole
	// tenant, and not of those scoped to an administrative unit. That there are
	// none here is no proof that the account has none: no claim is promised.
	// Source: Entra documentation, "Access token claims reference", wids.
	DirectoryRoles []string `json:"wids"`
}

// ParseClaims reads a token's claims without verifying its signature: the
// client is not the one who is to be convinced. It reports false for a token
// that is not a JWT.
func ParseClaims(token string) (Claims, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return Claims{}, false
	}
	var c Claims
	if json.Unmarshal(payload, &c) != nil {
		return Claims{}, false
	}
	return c, true
}

// AppOnly reports whether the token stands for the app and not for a user.
func (c Claims) AppOnly() bool {
	return c.IdentityType == "app" || (c.IdentityType == "" && c.Delegated == "" && len(c.Roles) > 0)
}

// Granted are the delegated scopes, or the application roles of an app.
func (c Claims) Granted() []string {
	if c.AppOnly() {
		return c.Roles
	}
	return strings.Fields(c.Delegated)
}

// Account names who is signed in: a user principal name, or an app's display
// name or id.
func (c Claims) Account() string {
	candidates := []string{c.UPN, c.PreferredUsername, c.UniqueName}
	if c.AppOnly() {
		candidates = []string{c.AppName, c.AppID, c.AuthorizedParty}
	}
	for _, name := range candidates {
		if name != "" {
			return name
		}
	}
	return ""
}

// FreshClaims is a claims request that no cached token can satisfy: a token
// not valid before now. It has the form of Entra's continuous access
// evaluation challenges; MSAL leaves its access-token cache aside for any
// claims and redeems the refresh token.
func FreshClaims(now time.Time) string {
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, now.Unix())
}
