package emulator_test

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
)

func claimsOf(t *testing.T, token string) jwt.MapClaims {
	t.Helper()
	claims := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(token, claims)
	require.NoError(t, err)
	return claims
}

func TestADeviceCodeCredentialSignsInAndRenewsSilently(t *testing.T) {
	s := start(t, emulator.Options{})
	cred := s.deviceCode(nil)
	ctx := t.Context()
	request := policy.TokenRequestOptions{Scopes: []string{graphScope}, EnableCAE: true}

	_, err := cred.GetToken(ctx, request)
	var required *azidentity.AuthenticationRequiredError
	require.ErrorAs(t, err, &required, "nobody has signed in yet")

	record, err := cred.Authenticate(ctx, &request)
	require.NoError(t, err)
	assert.Equal(t, s.TenantID(), record.TenantID)
	assert.Equal(t, "rollcall@contoso.com", record.Username)
	assert.NotEmpty(t, record.HomeAccountID)

	first, err := cred.GetToken(ctx, request)
	require.NoError(t, err)
	claims := claimsOf(t, first.Token)
	assert.Equal(t, s.TenantID(), claims["tid"])
	assert.Equal(t, "rollcall@contoso.com", claims["upn"])
	assert.Equal(t, s.ClientID(), claims["appid"])
	assert.ElementsMatch(t, emulator.ReadScopes(), strings.Fields(claims["scp"].(string)))
	assert.InDelta(t, time.Hour.Seconds(), time.Until(first.ExpiresOn).Seconds(), 60)

	// A claims challenge makes MSAL use the refresh token.
	request.Claims = `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`
	second, err := cred.GetToken(ctx, request)
	require.NoError(t, err)
	assert.NotEqual(t, first.Token, second.Token)
}

func TestConsentShowsInTheNextTokenAndNotInTheOld(t *testing.T) {
	s := start(t, emulator.Options{})
	cred := s.deviceCode(nil)
	ctx := t.Context()
	write := policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/" + emulator.WriteScope}}

	read := policy.TokenRequestOptions{Scopes: []string{graphScope}}
	_, err := cred.Authenticate(ctx, &read)
	require.NoError(t, err)
	_, err = cred.Authenticate(ctx, &write)
	require.Error(t, err)
	assert.Contains(t, s.failed.body, "AADSTS65001")
	assert.Contains(t, s.failed.body, `"suberror":"consent_required"`)

	s.Consent(emulator.WriteScope)
	_, err = cred.Authenticate(ctx, &write)
	require.NoError(t, err)
	token, err := cred.GetToken(ctx, write)
	require.NoError(t, err)
	assert.Contains(t, claimsOf(t, token.Token)["scp"], emulator.WriteScope)

	s.WithdrawConsent(emulator.WriteScope)
	write.Claims = `{"access_token":{}}` // past the cache
	_, err = cred.GetToken(ctx, write)
	require.Error(t, err)
}

func TestAClientSecretCredentialGetsTheAppRoles(t *testing.T) {
	s := start(t, emulator.Options{})
	token, err := s.secretCredential(s.ClientSecret()).GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphScope}})
	require.NoError(t, err)
	claims := claimsOf(t, token.Token)
	assert.Equal(t, "app", claims["idtyp"])
	assert.NotContains(t, claims, "scp")
	assert.Contains(t, claims["roles"], emulator.WriteScope)

	_, err = s.secretCredential("wrong").GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphScope}})
	var failed *azidentity.AuthenticationFailedError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, http.StatusUnauthorized, failed.RawResponse.StatusCode)
	require.ErrorContains(t, err, "AADSTS7000215")
}

// browse does what a browser does with a sign-in page: presses a button, and
// submits the form that comes back to the client's own listener.
func browse(t *testing.T, s *tenant, page, button string) {
	res, err := s.client.Get(page)
	if !assert.NoError(t, err) {
		return
	}
	res.Body.Close()
	assert.Equal(t, http.StatusOK, res.StatusCode)
	res, err = s.client.PostForm(page, url.Values{"action": {button}})
	if !assert.NoError(t, err) {
		return
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	assert.NoError(t, err)
	action := regexp.MustCompile(`action="([^"]*)"`).FindSubmatch(body)
	if !assert.NotNil(t, action, "%s", body) {
		return
	}
	form := url.Values{}
	for _, field := range regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`).FindAllSubmatch(body, -1) {
		form.Set(string(field[1]), html.UnescapeString(string(field[2])))
	}
	res, err = s.client.PostForm(html.UnescapeString(string(action[1])), form)
	if assert.NoError(t, err) {
		res.Body.Close()
	}
}

func TestABrowserSignsInWithCodeAndPKCE(t *testing.T) {
	s := start(t, emulator.Options{})
	// MSAL is what InteractiveBrowserCredential uses; it lets a test play the
	// browser.
	client, err := public.New(s.ClientID(), public.WithAuthority(s.AuthorityHost()+s.TenantID()), public.WithHTTPClient(s.client), public.WithInstanceDiscovery(false))
	require.NoError(t, err)
	sign := func(button string) (public.AuthResult, error) {
		done := make(chan struct{})
		defer func() { <-done }()
		return client.AcquireTokenInteractive(t.Context(), []string{graphScope}, public.WithOpenURL(func(page string) error {
			go func() {
				defer close(done)
				browse(t, s, page, button)
			}()
			return nil
		}))
	}

	result, err := sign("approve")
	require.NoError(t, err)
	assert.Equal(t, "rollcall@contoso.com", result.Account.PreferredUsername)
	assert.NotEmpty(t, claimsOf(t, result.AccessToken)["scp"])

	silent, err := client.AcquireTokenSilent(t.Context(), []string{graphScope}, public.WithSilentAccount(result.Account), public.WithClaims(`{"access_token":{}}`))
	require.NoError(t, err)
	assert.NotEqual(t, result.AccessToken, silent.AccessToken)

	_, err = sign("decline")
	require.ErrorContains(t, err, "AADSTS65004")

	require.NoError(t, s.Provoke(53003, 1))
	_, err = sign("approve")
	require.ErrorContains(t, err, "AADSTS53003")
}

func TestAnAuthorizationCodeIsGoodOnceAndForItsVerifierOnly(t *testing.T) {
	s := start(t, emulator.Options{AutoApprove: time.Millisecond})
	// S256 of the verifier in RFC 7636, appendix B.
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	code := func() string {
		page := s.URL() + "/organizations/oauth2/v2.0/authorize?" + url.Values{
			"client_id": {s.ClientID()}, "response_type": {"code"}, "redirect_uri": {"http://localhost:1/x"}, "state": {"42"},
			"scope": {"openid " + graphScope}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
		}.Encode()
		res, err := s.client.Get(page)
		require.NoError(t, err)
		res.Body.Close()
		to, err := res.Location()
		require.NoError(t, err)
		assert.Equal(t, "42", to.Query().Get("state"))
		return to.Query().Get("code")
	}
	redeem := func(code, verifier string) (int, map[string]any) {
		return s.postForm("/organizations/oauth2/v2.0/token", url.Values{
			"client_id": {s.ClientID()}, "grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier}, "redirect_uri": {"http://localhost:1/x"},
		})
	}
	status, got := redeem(code(), "guessed")
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Equal(t, "invalid_grant", got["error"])

	good := code()
	status, got = redeem(good, verifier)
	require.Equal(t, http.StatusOK, status, got)
	assert.NotEmpty(t, got["id_token"])
	assert.NotContains(t, got, "refresh_token", "offline_access was not asked for")
	status, _ = redeem(good, verifier)
	assert.Equal(t, http.StatusBadRequest, status)

	status, got = s.postForm("/organizations/oauth2/v2.0/token", url.Values{
		"client_id": {s.ClientID()}, "grant_type": {"authorization_code"}, "code": {code()}, "code_verifier": {verifier}, "redirect_uri": {"http://localhost:1/x"},
		"client_secret": {"guessed"},
	})
	assert.Equal(t, http.StatusUnauthorized, status)
	assert.Equal(t, "invalid_client", got["error"])
}

func TestAForeignRedirectIsShownAnErrorAndNotFollowed(t *testing.T) {
	s := start(t, emulator.Options{})
	res, err := s.client.Get(s.URL() + "/common/oauth2/v2.0/authorize?response_type=code&redirect_uri=https://evil.example/&client_id=" + s.ClientID())
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, res.StatusCode)
	assert.Contains(t, string(body), "AADSTS50011")
}

func TestDeviceCodePollingFollowsTheDocumentedStates(t *testing.T) {
	now := newClock()
	s := start(t, emulator.Options{Now: now.Now})
	base := "/" + s.TenantID() + "/oauth2/v2.0/"
	begin := func() (device, user string) {
		status, code := s.postForm(base+"devicecode", url.Values{"client_id": {s.ClientID()}, "scope": {graphScope}})
		require.Equal(t, http.StatusOK, status)
		assert.EqualValues(t, 900, code["expires_in"])
		assert.EqualValues(t, 5, code["interval"])
		assert.Contains(t, code["message"], code["user_code"])
		return code["device_code"].(string), code["user_code"].(string)
	}
	poll := func(device string) (string, []any) {
		status, got := s.postForm(base+"token", url.Values{"client_id": {s.ClientID()}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {device}})
		if status == http.StatusOK {
			return "", nil
		}
		require.Equal(t, http.StatusBadRequest, status)
		for _, key := range []string{"error_description", "timestamp", "trace_id", "correlation_id"} {
			assert.NotEmpty(t, got[key], key)
		}
		return got["error"].(string), got["error_codes"].([]any)
	}
	expect := func(device, code string, number int) {
		t.Helper()
		got, numbers := poll(device)
		assert.Equal(t, code, got)
		assert.Equal(t, []any{float64(number)}, numbers)
	}

	device, user := begin()
	expect(device, "authorization_pending", 70016)
	require.Error(t, s.Approve("WRONGCODE"))
	require.NoError(t, s.Approve(strings.ToLower(user)))
	got, _ := poll(device)
	assert.Empty(t, got, "approved")
	expect(device, "bad_verification_code", 70018) // spent

	device, user = begin()
	require.NoError(t, s.Decline(user))
	expect(device, "authorization_declined", 70021)

	device, user = begin()
	now.Advance(15 * time.Minute)
	require.Error(t, s.Approve(user))
	expect(device, "expired_token", 70019)
}

func TestADeviceCodeApprovesItselfInTheDemo(t *testing.T) {
	now := newClock()
	s := start(t, emulator.Options{Now: now.Now, AutoApprove: 2 * time.Second})
	base := "/" + s.TenantID() + "/oauth2/v2.0/"
	_, code := s.postForm(base+"devicecode", url.Values{"client_id": {s.ClientID()}})
	form := url.Values{"client_id": {s.ClientID()}, "grant_type": {"device_code"}, "device_code": {code["device_code"].(string)}}
	status, _ := s.postForm(base+"token", form)
	assert.Equal(t, http.StatusBadRequest, status)
	now.Advance(2 * time.Second)
	status, _ = s.postForm(base+"token", form)
	assert.Equal(t, http.StatusOK, status)
}

func TestThePageForTheCodeFinishesASignIn(t *testing.T) {
	s := start(t, emulator.Options{})
	cred := s.deviceCode(func(o *azidentity.DeviceCodeCredentialOptions) {
		o.UserPrompt = func(_ context.Context, m azidentity.DeviceCodeMessage) error {
			res, err := s.client.Get(m.VerificationURL)
			if err != nil {
				return err
			}
			res.Body.Close()
			res, err = s.client.PostForm(m.VerificationURL, url.Values{"otc": {m.UserCode}, "action": {"approve"}})
			if err != nil {
				return err
			}
			defer res.Body.Close()
			if res.StatusCode != http.StatusOK {
				return fmt.Errorf("page answered %s", res.Status)
			}
			return nil
		}
	})
	_, err := cred.Authenticate(t.Context(), &policy.TokenRequestOptions{Scopes: []string{graphScope}})
	require.NoError(t, err)
}

func TestEachDocumentedFailureReachesTheCredential(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, number := range []int{65001, 65004, 90094, 650056, 700016, 90002, 50105, 7000218, 53003, 50076, 500011, 530035} {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			require.NoError(t, s.Provoke(number, 1))
			body := s.signIn(nil)
			assert.Contains(t, body, fmt.Sprintf("AADSTS%d: ", number))
			assert.Contains(t, body, "Trace ID: ")
			assert.Contains(t, body, fmt.Sprintf(`"error_codes":[%d]`, number))
			assert.Equal(t, 1, strings.Count(body, "{"), "a placeholder was left")
			assert.Empty(t, s.signIn(nil), "one failure was asked for")
		})
	}
	require.Error(t, s.Provoke(12345, 1))

	require.NoError(t, s.Provoke(53003, -1))
	for range 2 {
		assert.Contains(t, s.signIn(nil), "AADSTS53003")
	}
	s.Relent()
	assert.Empty(t, s.signIn(nil))
}

func TestSwitchesOfTheRegistrationHold(t *testing.T) {
	s := start(t, emulator.Options{SingleTenant: true})

	s.AllowPublicClientFlows(false)
	assert.Contains(t, s.signIn(nil), "AADSTS7000218")
	s.AllowPublicClientFlows(true)

	s.SetAssigned(false)
	assert.Contains(t, s.signIn(nil), "AADSTS50105")
	s.SetAssigned(true)

	for name, change := range map[string]func(*azidentity.DeviceCodeCredentialOptions){
		"AADSTS50194":  func(o *azidentity.DeviceCodeCredentialOptions) { o.TenantID = "organizations" },
		"AADSTS700016": func(o *azidentity.DeviceCodeCredentialOptions) { o.ClientID = "11111111-2222-3333-4444-555555555555" },
		"AADSTS90002":  func(o *azidentity.DeviceCodeCredentialOptions) { o.TenantID = "fabrikam.com" },
	} {
		assert.Contains(t, s.signIn(change), name)
	}
}

func TestRevokedSessionsNeedANewSignIn(t *testing.T) {
	s := start(t, emulator.Options{})
	cred := s.deviceCode(nil)
	request := policy.TokenRequestOptions{Scopes: []string{graphScope}}
	_, err := cred.Authenticate(t.Context(), &request)
	require.NoError(t, err)
	token, err := cred.GetToken(t.Context(), request)
	require.NoError(t, err)
	s.token = token.Token
	require.Equal(t, http.StatusOK, s.get("/me").Status)

	s.RevokeSessions()
	assert.Equal(t, http.StatusUnauthorized, s.get("/me").Status)
	request.Claims = `{"access_token":{}}`
	_, err = cred.GetToken(t.Context(), request)
	var required *azidentity.AuthenticationRequiredError
	require.ErrorAs(t, err, &required)
}

func TestAdminConsentGrantsAndAnswersTheRedirect(t *testing.T) {
	s := start(t, emulator.Options{Consented: []string{}})
	consent := func(page, action string) *http.Response {
		t.Helper()
		res, err := s.client.Get(page)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, http.StatusOK, res.StatusCode)
		res, err = s.client.PostForm(page, url.Values{"action": {action}})
		require.NoError(t, err)
		res.Body.Close()
		return res
	}
	v2 := s.URL() + "/organizations/v2.0/adminconsent?" + url.Values{
		"client_id": {s.ClientID()}, "redirect_uri": {"http://localhost:1/done"}, "state": {"7"},
		"scope": {"https://graph.microsoft.com/User.Read.All https://graph.microsoft.com/GroupMember.Read.All"},
	}.Encode()
	to, err := consent(v2, "cancel").Location()
	require.NoError(t, err)
	assert.Equal(t, "consent_required", to.Query().Get("error"))
	assert.Contains(t, to.Query().Get("error_description"), "AADSTS65004")

	to, err = consent(v2, "accept").Location()
	require.NoError(t, err)
	assert.Equal(t, "True", to.Query().Get("admin_consent"))
	assert.Equal(t, s.TenantID(), to.Query().Get("tenant"))
	assert.Equal(t, "7", to.Query().Get("state"))
	s.token = s.delegatedToken()
	assert.ElementsMatch(t, []string{"User.Read.All", "GroupMember.Read.All"}, strings.Fields(claimsOf(t, s.token)["scp"].(string)))

	v1 := s.URL() + "/" + s.TenantID() + "/adminconsent?client_id=" + s.ClientID()
	assert.Equal(t, http.StatusOK, consent(v1, "accept").StatusCode)
	assert.Contains(t, claimsOf(t, s.delegatedToken())["scp"], emulator.WriteScope)
}

func TestDiscoveryLeadsToThisAuthority(t *testing.T) {
	s := start(t, emulator.Options{})
	res, err := s.client.Get(s.URL() + "/common/discovery/instance?api-version=1.1&authorization_endpoint=" + url.QueryEscape(s.URL()+"/"+s.TenantID()+"/oauth2/v2.0/authorize"))
	require.NoError(t, err)
	defer res.Body.Close()
	var discovery struct {
		Endpoint string `json:"tenant_discovery_endpoint"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&discovery))

	res, err = s.client.Get(discovery.Endpoint)
	require.NoError(t, err)
	defer res.Body.Close()
	var config map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&config))
	assert.Equal(t, s.URL()+"/"+s.TenantID()+"/v2.0", config["issuer"])

	res, err = s.client.Get(config["jwks_uri"].(string))
	require.NoError(t, err)
	defer res.Body.Close()
	var keys struct{ Keys []map[string]any }
	require.NoError(t, json.NewDecoder(res.Body).Decode(&keys))
	require.Len(t, keys.Keys, 1)
	part := func(name string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(keys.Keys[0][name].(string))
		require.NoError(t, err)
		return new(big.Int).SetBytes(b)
	}
	token, err := jwt.Parse(s.appToken(), func(token *jwt.Token) (any, error) {
		assert.Equal(t, token.Header["kid"], keys.Keys[0]["kid"])
		return &rsa.PublicKey{N: part("n"), E: int(part("e").Int64())}, nil
	}, jwt.WithValidMethods([]string{"RS256"}))
	require.NoError(t, err, "the published key verifies the signature")
	assert.True(t, token.Valid)
}

func TestATokenOfAnotherTenantIsRefused(t *testing.T) {
	s := start(t, emulator.Options{Users: 50})
	s.token = start(t, emulator.Options{Users: 50, Seed: 2}).appToken()
	s.get("/users").refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure.")
}

func TestTheServerStaysOnLoopback(t *testing.T) {
	_, err := emulator.Start(t.Context(), emulator.Options{Listen: "0.0.0.0:0"})
	require.ErrorContains(t, err, "not a loopback address")
}

func TestACancelledContextStopsTheServer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := emulator.Start(ctx, emulator.Options{})
	require.NoError(t, err)
	cancel()
	require.NoError(t, s.Close())
	client := s.Client()
	_, err = client.Get(s.URL())
	require.Error(t, err)
	assert.False(t, errors.Is(err, context.Canceled))
}
