package signin_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/emulatortest"
	"rollcall/graph/signin"
	"rollcall/model"
	"rollcall/model/workspace"
)

func TestMain(m *testing.M) { emulatortest.Main(m) }

// clock is a time that only the test moves.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(time.Now().UnixNano()) // azidentity has no other clock than the system's
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.ns.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.ns.Add(int64(d)) }

// memory is a Store.
type memory struct {
	mu   sync.Mutex
	data []byte
	err  error
}

func (m *memory) LoadRecord(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data, nil
}

func (m *memory) SaveRecord(_ context.Context, record []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.data = record
	}
	return m.err
}

type tenant struct {
	*emulator.Server
	clock     *clock
	transport *http.Transport
}

func start(t *testing.T, o emulator.Options) *tenant {
	t.Helper()
	c := newClock()
	o.Now, o.Users = c.Now, 50
	server, err := emulator.Start(context.Background(), o)
	require.NoError(t, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: server.CertPool()}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close() // some tests have closed it
	})
	return &tenant{Server: server, clock: c, transport: transport}
}

// auth builds an Auth of the tenant; change adjusts its options.
func (tn *tenant) auth(t *testing.T, change ...func(*signin.Options)) *signin.Auth {
	t.Helper()
	o := signin.Options{
		Tenant: tn.TenantID(), ClientID: tn.ClientID(), AuthorityHost: tn.AuthorityHost(), Transport: tn.transport, Now: tn.clock.Now,
	}
	for _, f := range change {
		f(&o)
	}
	a, err := signin.New(o)
	require.NoError(t, err)
	return a
}

func secret(value string) func(*signin.Options) {
	return func(o *signin.Options) {
		o.Method, o.ClientSecret = signin.MethodClientSecret, signin.Secret(value)
	}
}

// approve is a person who enters each code at once.
func (tn *tenant) approve(t *testing.T) func(workspace.DeviceCode) {
	return func(d workspace.DeviceCode) { assert.NoError(t, tn.Approve(d.UserCode)) }
}

func asModelError(t *testing.T, err error) *model.Error {
	t.Helper()
	var e *model.Error
	require.ErrorAs(t, err, &e)
	assert.NotContains(t, e.Message, "\n")
	assert.NotContains(t, e.Remedy, "\n")
	return e
}

func TestDeviceCodeSignInAndSilentReuse(t *testing.T) {
	tn := start(t, emulator.Options{})
	store := &memory{}
	a := tn.auth(t, func(o *signin.Options) {
		o.Store = store
		o.Organization = func(context.Context) (string, string, error) { return "Contoso", "contoso.onmicrosoft.com", nil }
	})
	_, err := a.Session(t.Context())
	e := asModelError(t, err)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Equal(t, "signInRequired", e.Code)

	var shown workspace.DeviceCode
	s, err := a.SignIn(t.Context(), func(d workspace.DeviceCode) {
		shown = d
		tn.approve(t)(d)
	})
	require.NoError(t, err)
	assert.Equal(t, tn.TenantID(), s.TenantID)
	assert.Equal(t, "Contoso", s.TenantName)
	assert.Equal(t, "contoso.onmicrosoft.com", s.Domain)
	assert.Contains(t, s.Account, "@contoso.com")
	assert.False(t, s.AppOnly)
	assert.Contains(t, s.Scopes, "User.Read.All")
	assert.NotContains(t, s.Scopes, "GroupMember.ReadWrite.All")

	assert.NotEmpty(t, shown.UserCode)
	assert.Contains(t, shown.VerificationURL, "/devicelogin")
	assert.Contains(t, shown.Message, shown.UserCode)
	assert.Equal(t, tn.clock.Now().Add(15*time.Minute), shown.ExpiresAt, "as long as the service said")

	again, err := a.Session(t.Context())
	require.NoError(t, err)
	assert.Equal(t, s, again)

	var record map[string]string
	require.NoError(t, json.Unmarshal(store.data, &record))
	assert.Equal(t, s.Account, record["username"])
	assert.Empty(t, a.Volatile() == "", "tokens in memory are not kept")
}

func TestExpiredTokenIsRefreshedWithoutAsking(t *testing.T) {
	tn := start(t, emulator.Options{})
	a := tn.auth(t)
	_, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	first, err := a.GetToken(t.Context(), policy.TokenRequestOptions{})
	require.NoError(t, err)
	held, err := a.GetToken(t.Context(), policy.TokenRequestOptions{})
	require.NoError(t, err)
	assert.Equal(t, first.Token, held.Token)
	fresh, err := a.GetToken(t.Context(), policy.TokenRequestOptions{Claims: signin.FreshClaims(tn.clock.Now())})
	require.NoError(t, err)
	assert.NotEqual(t, first.Token, fresh.Token)
	later, err := a.GetToken(t.Context(), policy.TokenRequestOptions{})
	require.NoError(t, err)
	assert.Equal(t, fresh.Token, later.Token, "the newest token is the one that is used")
}

func TestRenewShowsWhatHasBeenConsentedMeanwhile(t *testing.T) {
	tn := start(t, emulator.Options{})
	a := tn.auth(t)
	_, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	tn.Consent(emulator.WriteScope)
	s, err := a.Session(t.Context())
	require.NoError(t, err)
	assert.NotContains(t, s.Scopes, emulator.WriteScope, "a token keeps the scopes that it was issued with")
	s, err = a.Renew(t.Context())
	require.NoError(t, err)
	assert.Contains(t, s.Scopes, emulator.WriteScope)
	s, err = a.Session(t.Context())
	require.NoError(t, err)
	assert.Contains(t, s.Scopes, emulator.WriteScope)
}

func TestASessionNamesTheAccountAndItsRoles(t *testing.T) {
	const groupsAdministrator = "fdd7a751-b60b-444a-984c-02652fe8fa1c"
	tn := start(t, emulator.Options{})
	a := tn.auth(t)
	s, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	assert.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, s.AccountID)
	assert.Equal(t, []string{groupsAdministrator}, s.Roles)

	require.NoError(t, tn.SetRoles())
	renewed, err := a.Renew(t.Context())
	require.NoError(t, err)
	assert.Equal(t, s.AccountID, renewed.AccountID)
	assert.Empty(t, renewed.Roles, "what was taken away shows in a fresh token")

	app, err := tn.auth(t, secret(tn.ClientSecret())).Session(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, app.AccountID, "of the service principal")
	assert.NotEqual(t, s.AccountID, app.AccountID)
}

func TestAppSignsInByItself(t *testing.T) {
	tn := start(t, emulator.Options{})
	a := tn.auth(t, secret(tn.ClientSecret()))
	s, err := a.Session(t.Context())
	require.NoError(t, err)
	assert.True(t, s.AppOnly)
	assert.ElementsMatch(t, emulator.DefaultAppRoles(), s.Scopes)
	assert.NotEmpty(t, s.Account)

	tn.SetAppRoles("User.Read.All")
	s, err = a.SignIn(t.Context(), func(workspace.DeviceCode) { t.Error("there is nobody to ask") })
	require.NoError(t, err)
	assert.Equal(t, []string{"User.Read.All"}, s.Scopes)
}

func TestWrongSecretIsOneClearLine(t *testing.T) {
	tn := start(t, emulator.Options{})
	const wrong = "hunter2-and-more"
	_, err := tn.auth(t, secret(wrong)).Session(t.Context())
	e := asModelError(t, err)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Equal(t, "AADSTS7000215", e.Code)
	assert.True(t, strings.HasPrefix(e.Message, "the client secret is wrong (AADSTS7000215: Invalid client secret provided"), e.Message)
	assert.NotEmpty(t, e.RequestID)
	assert.Contains(t, e.Remedy, "AZURE_CLIENT_SECRET")
	assert.Contains(t, e.Remedy, "https://login.microsoftonline.com/error?code=7000215")
	for _, text := range []string{fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e), e.Message, e.Remedy} {
		assert.NotContains(t, text, wrong)
		assert.NotContains(t, text, "{\"error")
	}
}

func TestEachFailureIsExplained(t *testing.T) {
	tn := start(t, emulator.Options{})
	for _, code := range []int{
		65001, 65004, 90094, 90093, 650056, 650057, 700016, 90002, 50194, 50105, 7000218, 50020, 50034, 51004, 16000, 50057,
		50072, 50074, 50076, 50079, 50097, 50129, 53000, 53001, 53003, 530035, 50134, 50173, 70008, 70043, 700082, 500011,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			defer tn.Relent()
			require.NoError(t, tn.Provoke(code, -1))
			_, err := tn.auth(t).SignIn(t.Context(), func(d workspace.DeviceCode) { _ = tn.Approve(d.UserCode) })
			e := asModelError(t, err)
			assert.Equal(t, model.KindSignIn, e.Kind)
			assert.Equal(t, fmt.Sprintf("AADSTS%d", code), e.Code)
			assert.Contains(t, e.Message, fmt.Sprintf("(AADSTS%d: ", code), "Entra's own line is kept behind what it means")
			assert.NotContains(t, e.Message, "Trace ID")
			assert.NotEmpty(t, e.RequestID)
			assert.Contains(t, e.Remedy, fmt.Sprintf("error?code=%d", code))
			if code == 65001 || code == 90094 {
				assert.Contains(t, e.Remedy, "/v2.0/adminconsent?")
			}
		})
	}
}

func TestDeclinedAndExpiredCodes(t *testing.T) {
	tn := start(t, emulator.Options{})
	_, err := tn.auth(t).SignIn(t.Context(), func(d workspace.DeviceCode) { assert.NoError(t, tn.Decline(d.UserCode)) })
	e := asModelError(t, err)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Contains(t, e.Message, "declined")

	_, err = tn.auth(t).SignIn(t.Context(), func(workspace.DeviceCode) { tn.clock.Advance(time.Hour) })
	e = asModelError(t, err)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Contains(t, e.Message, "the code expired before it was entered")
}

func TestRevokedSessionAsksToSignInAgain(t *testing.T) {
	tn := start(t, emulator.Options{})
	a := tn.auth(t)
	_, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	tn.RevokeSessions()
	_, err = a.Renew(t.Context())
	e := asModelError(t, err)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Equal(t, "AADSTS50173", e.Code, "the cause, not just that a sign-in is needed")
}

func TestOfflineIsNotSignedOut(t *testing.T) {
	tn := start(t, emulator.Options{})
	never := tn.auth(t)
	before := tn.auth(t)
	_, err := before.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	app := tn.auth(t, secret(tn.ClientSecret()))
	require.NoError(t, tn.Close())

	for name, ask := range map[string]func() error{
		"never signed in":       func() error { _, err := never.Session(t.Context()); return err },
		"signing in":            func() error { _, err := never.SignIn(t.Context(), nil); return err },
		"with a refresh token":  func() error { _, err := before.Renew(t.Context()); return err },
		"an app":                func() error { _, err := app.Session(t.Context()); return err },
		"a token of some other": func() error { _, err := never.GetToken(t.Context(), policy.TokenRequestOptions{}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			e := asModelError(t, ask())
			assert.Equal(t, model.KindUnavailable, e.Kind)
			assert.Equal(t, "noConnection", e.Code)
			assert.Equal(t, "no connection to "+strings.TrimPrefix(tn.URL(), "https://")+": connect: connection refused", e.Message)
		})
	}
	s, err := before.Session(t.Context())
	require.NoError(t, err, "a token that is still good needs no network")
	assert.NotEmpty(t, s.Account)
}

func TestATokenThatDoesNotComeIsWaitedForWithinThePatience(t *testing.T) {
	tn := start(t, emulator.Options{})
	for name, tc := range map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		says   string
	}{
		"hanging": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, " within 2s"},
		// The first repetition of azcore comes after some 0.4 s.
		"failing": {func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 500, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}, " within 2s (HTTP 500)"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			a := tn.auth(t, secret(tn.ClientSecret()), func(o *signin.Options) {
				o.Timeout = 100 * time.Millisecond
				o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					if asked.Add(1) == 1 {
						tn.clock.Advance(2 * time.Second)
					}
					return tc.answer(r)
				})
			})
			_, err := a.Session(t.Context())
			e := asModelError(t, err)
			assert.Equal(t, model.KindUnavailable, e.Kind)
			assert.Equal(t, "signInUnavailable", e.Code)
			assert.Equal(t, "the sign-in service at "+strings.TrimPrefix(tn.URL(), "https://")+" gave no token"+tc.says, e.Message)
			assert.EqualValues(t, 1, asked.Load(), "a repetition would come too late")
		})
	}
}

func TestASessionDoesNotWaitLongForItsTenantsName(t *testing.T) {
	tn := start(t, emulator.Options{})
	asked := false
	a := tn.auth(t, secret(tn.ClientSecret()), func(o *signin.Options) {
		o.Timeout = time.Minute
		o.Organization = func(ctx context.Context) (string, string, error) {
			asked = true
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Less(t, time.Until(deadline), o.Timeout/4)
			return "", "", context.DeadlineExceeded
		}
	})
	s, err := a.Session(t.Context())
	require.NoError(t, err)
	assert.True(t, asked)
	assert.Equal(t, tn.TenantID(), s.TenantName, "the id stands in for the name")
}

func TestWaitingForACodeHoldsNobodyBack(t *testing.T) {
	tn := start(t, emulator.Options{})
	a := tn.auth(t)
	_, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = a.SignIn(ctx, func(workspace.DeviceCode) {
		_, err := a.GetToken(t.Context(), policy.TokenRequestOptions{Claims: signin.FreshClaims(tn.clock.Now())})
		assert.NoError(t, err)
		cancel()
	})
	require.ErrorIs(t, err, context.Canceled)
	_, err = a.Session(t.Context())
	assert.NoError(t, err, "a sign-in that was given up leaves the old one in place")
}

func TestAccountThatCannotBeSavedIsSaid(t *testing.T) {
	tn := start(t, emulator.Options{})
	a := tn.auth(t, func(o *signin.Options) { o.Store = &memory{err: errors.New("disk full")} })
	_, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	assert.Contains(t, a.Volatile(), "disk full")
}

// roundTripper is a transport made of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnswerThatCannotBeReadGivesNothingAway(t *testing.T) {
	tn := start(t, emulator.Options{})
	a := tn.auth(t, secret(tn.ClientSecret()), func(o *signin.Options) {
		base := o.Transport
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := base.RoundTrip(r)
			if err == nil && strings.HasSuffix(r.URL.Path, "/token") {
				_ = resp.Body.Close()
				resp.Body = io.NopCloser(bytes.NewReader([]byte(`{"access_token":"eyJ-top-secret","expires_in":"oops`)))
			}
			return resp, err
		})
	})
	_, err := a.Session(t.Context())
	e := asModelError(t, err)
	assert.Equal(t, "signInUnreadable", e.Code)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		assert.NotContains(t, fmt.Sprintf("%+v", cause), "top-secret")
	}
}

func TestSecretsStayWithTheAuthority(t *testing.T) {
	tn := start(t, emulator.Options{})
	var foreign atomic.Int32
	a := tn.auth(t, secret(tn.ClientSecret()), func(o *signin.Options) {
		base := o.Transport
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "evil.example" {
				foreign.Add(1)
			}
			resp, err := base.RoundTrip(r)
			if err == nil && strings.HasSuffix(r.URL.Path, "/openid-configuration") {
				var doc map[string]any
				assert.NoError(t, json.NewDecoder(resp.Body).Decode(&doc))
				_ = resp.Body.Close()
				doc["token_endpoint"] = "https://evil.example/token"
				body, _ := json.Marshal(doc)
				resp.Body = io.NopCloser(bytes.NewReader(body))
			}
			return resp, err
		})
	})
	_, err := a.Session(t.Context())
	require.Error(t, err)
	assert.Zero(t, foreign.Load())
}

func TestConsentPages(t *testing.T) {
	const tenantID, clientID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	user, err := signin.New(signin.Options{Tenant: tenantID, ClientID: clientID})
	require.NoError(t, err)
	page, err := url.Parse(user.ConsentURL([]string{"User.Read.All", "GroupMember.Read.All"}))
	require.NoError(t, err)
	assert.Equal(t, "https://login.microsoftonline.com/"+tenantID+"/v2.0/adminconsent", page.Scheme+"://"+page.Host+page.Path)
	assert.Equal(t, "https://graph.microsoft.com/User.Read.All https://graph.microsoft.com/GroupMember.Read.All", page.Query().Get("scope"))
	assert.Equal(t, clientID, page.Query().Get("client_id"))
	assert.Equal(t, "http://localhost", page.Query().Get("redirect_uri"))
	assert.NotContains(t, page.RawQuery, "+")

	app, err := signin.New(signin.Options{Tenant: tenantID, ClientID: clientID, Method: signin.MethodClientSecret, ClientSecret: "x"})
	require.NoError(t, err)
	page, err = url.Parse(app.ConsentURL([]string{"User.Read.All"}))
	require.NoError(t, err)
	assert.Equal(t, "/"+tenantID+"/adminconsent", page.Path)
	assert.Empty(t, page.Query().Get("scope"), "roles are consented to as the registration lists them")
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		o    signin.Options
		code string
	}{
		"no tenant":      {signin.Options{ClientID: "c"}, "tenantMissing"},
		"no client":      {signin.Options{Tenant: "t"}, "clientIdMissing"},
		"plain http":     {signin.Options{Tenant: "t", ClientID: "c", AuthorityHost: "http://login.example"}, "authorityInvalid"},
		"no secret":      {signin.Options{Tenant: "t", ClientID: "c", Method: signin.MethodClientSecret}, "clientSecretMissing"},
		"no certificate": {signin.Options{Tenant: "t", ClientID: "c", Method: signin.MethodClientCertificate}, "certificateMissing"},
		"unknown method": {signin.Options{Tenant: "t", ClientID: "c", Method: "telepathy"}, "authUnknown"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := signin.New(tc.o)
			e := asModelError(t, err)
			assert.Equal(t, model.KindUsage, e.Kind)
			assert.Equal(t, tc.code, e.Code)
		})
	}
	a, err := signin.New(signin.Options{Tenant: "t", ClientID: "c", Method: signin.MethodClientCertificate, CertificatePath: "does-not-exist.pem"})
	require.NoError(t, err)
	_, err = a.Session(t.Context())
	assert.Equal(t, "certificateUnreadable", asModelError(t, err).Code)
}

func TestSecretsDoNotPrint(t *testing.T) {
	o := signin.Options{ClientSecret: "hunter2", CertificatePassword: "hunter2"}
	data, err := json.Marshal(o.ClientSecret)
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprint(o), fmt.Sprintf("%+v", o), fmt.Sprintf("%#v", o), fmt.Sprintf("%s %q", o.ClientSecret, o.ClientSecret), string(data)} {
		assert.NotContains(t, text, "hunter2")
	}
}
