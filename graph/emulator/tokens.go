package emulator

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// Resources that tokens are made for.
const (
	graphResource    = "https://graph.microsoft.com"
	graphAppID       = "00000003-0000-0000-c000-000000000000"
	exchangeResource = "https://outlook.office365.com"
	exchangeAppID    = "00000002-0000-0ff1-ce00-000000000000"
)

// accessTokenLifetime is what expires_in says. Entra's own is 60 to 90 minutes.
const accessTokenLifetime = 3599 * time.Second

// tokenClaims are the claims that every token of this authority carries. The
// audience is a string as Entra writes it; the library's own would be an array,
// which MSAL cannot read.
type tokenClaims struct {
	jwt.RegisteredClaims
	Audience string `json:"aud"`
}

// GetAudience satisfies jwt.Claims.
func (c tokenClaims) GetAudience() (jwt.ClaimStrings, error) {
	return jwt.ClaimStrings{c.Audience}, nil
}

// accessClaims are an access token's claims, in the v1.0 shape that Graph's
// tokens have.
type accessClaims struct {
	tokenClaims
	TenantID     string   `json:"tid"`
	ObjectID     string   `json:"oid"`
	UPN          string   `json:"upn,omitempty"`
	Name         string   `json:"name,omitempty"`
	AppID        string   `json:"appid"`
	AppName      string   `json:"app_displayname"`
	IdentityType string   `json:"idtyp"`           // user, app
	Scope        string   `json:"scp,omitempty"`   // delegated, space separated
	Roles        []string `json:"roles,omitempty"` // application permissions
	RoleTemplate []string `json:"wids,omitempty"`  // the account's directory roles
	Version      string   `json:"ver"`
	Capabilities []string `json:"xms_cc,omitempty"` // cp1: the client understands claims challenges
}

// permissions are the token's scopes or roles.
func (c *accessClaims) permissions() []string {
	if c.Scope != "" {
		return strings.Fields(c.Scope)
	}
	return c.Roles
}

func (c *accessClaims) appOnly() bool { return c.IdentityType == "app" }

func (c *accessClaims) has(permission string) bool {
	return slices.Contains(c.permissions(), permission)
}

// idClaims are an id_token's claims (v2.0).
type idClaims struct {
	tokenClaims
	TenantID          string `json:"tid"`
	ObjectID          string `json:"oid"`
	PreferredUsername string `json:"preferred_username"`
	Name              string `json:"name"`
	Nonce             string `json:"nonce,omitempty"`
	Version           string `json:"ver"`
}

// signingKey is the RSA key of every tenant in this process. It is made when
// the first token is: that costs a good part of a second on a slow machine, and
// a test suite starts some hundred tenants.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	return rsa.GenerateKey(rand.Reader, 2048)
})

// signer signs the tokens of one tenant. Tenants share a key and are told apart
// by its name: the tokens of one are no good at another.
type signer struct {
	kid string
}

func newSigner() *signer { return &signer{kid: uuid.NewString()} }

func (s *signer) sign(claims jwt.Claims) (string, error) {
	key, err := signingKey()
	if err != nil {
		return "", fmt.Errorf("emulator: signing key: %w", err)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = s.kid
	return t.SignedString(key)
}

// Reasons why Graph refuses a token.
var (
	errTokenExpired = errors.New("expired")
	errTokenInvalid = errors.New("invalid")
)

// verify returns the claims of a token that this signer signed for an audience.
// The error wraps errTokenExpired or errTokenInvalid.
func (s *signer) verify(raw, audience string, now func() time.Time) (*accessClaims, error) {
	claims := &accessClaims{}
	_, err := jwt.ParseWithClaims(raw, claims,
		func(t *jwt.Token) (any, error) {
			if t.Header["kid"] != s.kid {
				return nil, errors.New("the key is not known")
			}
			key, err := signingKey()
			if err != nil {
				return nil, err
			}
			return &key.PublicKey, nil
		},
		jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}),
		jwt.WithTimeFunc(now), jwt.WithAudience(audience), jwt.WithExpirationRequired())
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, fmt.Errorf("%w: %w", errTokenExpired, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errTokenInvalid, err)
	}
	return claims, nil
}

// jwks is the document that jwks_uri names.
func (s *signer) jwks(issuer string) (any, error) {
	key, err := signingKey()
	if err != nil {
		return nil, err
	}
	enc := base64.RawURLEncoding
	return map[string]any{"keys": []map[string]any{{
		"kty":    "RSA",
		"use":    "sig",
		"alg":    "RS256",
		"kid":    s.kid,
		"n":      enc.EncodeToString(key.N.Bytes()),
		"e":      enc.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		"issuer": issuer,
	}}}, nil
}

// clientInfo is what MSAL makes an account's home id from.
func clientInfo(objectID, tenantID string) string {
	b, err := json.Marshal(map[string]string{"uid": objectID, "utid": tenantID})
	if err != nil {
		panic(err) // unreachable: two strings
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// tokenResponse is the success answer of the token endpoint.
type tokenResponse struct {
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope,omitempty"`
	ExpiresIn    int    `json:"expires_in"`
	ExtExpiresIn int    `json:"ext_expires_in"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	ClientInfo   string `json:"client_info,omitempty"`
}

// claims begins a token.
func (a *authority) claims(issuer, audience, subject string) tokenClaims {
	now := a.now()
	return tokenClaims{
		Audience: audience,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Subject:   subject,
			IssuedAt:  jwt.NewNumericDate(now),
			NotBefore: jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(accessTokenLifetime)),
			ID:        uuid.NewString(),
		},
	}
}

// tokenIssuer is the iss of access tokens, which Graph gets in the v1.0 form.
func (a *authority) tokenIssuer() string { return "https://sts.windows.net/" + a.tenantID + "/" }

// issueDelegated answers a grant that the account approved.
func (a *authority) issueDelegated(g grantInfo) (*tokenResponse, error) {
	scopes := g.scopes.granted
	claims := &accessClaims{
		tokenClaims:  a.claims(a.tokenIssuer(), g.scopes.audience, a.account.ID),
		TenantID:     a.tenantID,
		ObjectID:     a.account.ID,
		UPN:          a.account.UserPrincipalName,
		Name:         a.account.DisplayName,
		AppID:        a.clientID,
		AppName:      appName,
		IdentityType: "user",
		Scope:        strings.Join(scopes, " "),
		RoleTemplate: a.wids(),
		Version:      "1.0",
		Capabilities: g.capabilities,
	}
	access, err := a.signer.sign(claims)
	if err != nil {
		return nil, err
	}
	res := &tokenResponse{
		TokenType:    "Bearer",
		Scope:        strings.Join(g.scopes.qualified(), " "),
		ExpiresIn:    int(accessTokenLifetime.Seconds()),
		ExtExpiresIn: int(accessTokenLifetime.Seconds()),
		AccessToken:  access,
		ClientInfo:   clientInfo(a.account.ID, a.tenantID),
	}
	if g.scopes.openID {
		res.IDToken, err = a.signer.sign(&idClaims{
			tokenClaims:       a.claims(a.issuer(a.tenantID), a.clientID, a.account.ID),
			TenantID:          a.tenantID,
			ObjectID:          a.account.ID,
			PreferredUsername: a.account.UserPrincipalName,
			Name:              a.account.DisplayName,
			Nonce:             g.nonce,
			Version:           "2.0",
		})
		if err != nil {
			return nil, err
		}
	}
	if g.scopes.offline {
		res.RefreshToken = a.newRefreshToken()
	}
	a.noteGranted(claims.ID, scopes)
	return res, nil
}

// issueAppOnly answers a client-credentials grant.
func (a *authority) issueAppOnly(audience string, capabilities []string) (*tokenResponse, error) {
	var roles []string
	a.mu.Lock()
	for _, role := range a.appRoles {
		if ofExchange(role) == (audience == exchangeResource) {
			roles = append(roles, role)
		}
	}
	a.mu.Unlock()
	claims := &accessClaims{
		tokenClaims:  a.claims(a.tokenIssuer(), audience, a.servicePrincipalID),
		TenantID:     a.tenantID,
		ObjectID:     a.servicePrincipalID,
		AppID:        a.clientID,
		AppName:      appName,
		IdentityType: "app",
		Roles:        roles,
		Version:      "1.0",
		Capabilities: capabilities,
	}
	access, err := a.signer.sign(claims)
	if err != nil {
		return nil, err
	}
	a.noteGranted(claims.ID, roles)
	return &tokenResponse{
		TokenType:    "Bearer",
		ExpiresIn:    int(accessTokenLifetime.Seconds()),
		ExtExpiresIn: int(accessTokenLifetime.Seconds()),
		AccessToken:  access,
	}, nil
}
