package signin_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/signin"
	"rollcall/model"
)

const (
	exchangeResource = "https://outlook.office365.com"
	manageScope      = "Exchange.ManageV2"
	ewsScope         = "EWS.AccessAsUser.All"
)

// withExchange is a profile that asks Exchange.
func withExchange(o *signin.Options) {
	o.Exchange, o.ExchangeScopes = exchangeResource, []string{manageScope, "Exchange.ManageAsAppV2"}
}

// ofExchange asks for a token for Exchange as its client does.
func ofExchange() policy.TokenRequestOptions {
	return policy.TokenRequestOptions{Scopes: []string{exchangeResource + "/.default"}}
}

func TestASessionTellsWhatExchangeGrantsAndNothingThatIsCalledAlike(t *testing.T) {
	tn := start(t, emulator.Options{Consented: append(emulator.ReadScopes(), manageScope, ewsScope)})
	s, err := tn.auth(t, withExchange).SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	assert.Subset(t, s.Scopes, append(emulator.ReadScopes(), manageScope))
	assert.NotContains(t, s.Scopes, ewsScope, "it is not what the profile chose")

	s, err = tn.auth(t).SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	assert.NotContains(t, s.Scopes, manageScope, "Exchange is not asked where the profile does not ask it")
}

func TestWithoutConsentToExchangeEverythingElseWorks(t *testing.T) {
	tn := start(t, emulator.Options{})
	a := tn.auth(t, withExchange)
	s, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	assert.Subset(t, s.Scopes, emulator.ReadScopes())
	assert.NotContains(t, s.Scopes, manageScope)

	_, err = a.GetToken(t.Context(), ofExchange())
	e := asModelError(t, err)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Equal(t, "AADSTS65001", e.Code)
	assert.Contains(t, e.Message, "nobody has consented to Exchange.ManageV2 (AADSTS65001: ")
	assert.Contains(t, e.Remedy, "an administrator consents to Exchange.ManageV2: ")
	page := consentPage(t, e.Remedy)
	assert.Equal(t, exchangeResource+"/"+manageScope, page.Query().Get("scope"), "the page is of Exchange alone")

	tn.clock.Advance(2 * time.Hour)
	s, err = a.Session(t.Context())
	require.NoError(t, err, "the refusal has cost Graph nothing")
	assert.Subset(t, s.Scopes, emulator.ReadScopes())
}

// consentPage finds the page in a remedy.
func consentPage(t *testing.T, remedy string) *url.URL {
	t.Helper()
	_, text, found := strings.Cut(remedy, ": https://")
	require.True(t, found, remedy)
	text, _, _ = strings.Cut(text, "; ")
	page, err := url.Parse("https://" + text)
	require.NoError(t, err)
	return page
}

func TestAConsentToExchangeShowsAfterRenewingAlone(t *testing.T) {
	tn := start(t, emulator.Options{})
	a := tn.auth(t, withExchange)
	_, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)

	// The administrator opens the page that the session names and accepts.
	client := &http.Client{Transport: tn.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.PostForm(a.ConsentURL([]string{manageScope}), url.Values{"action": {"accept"}})
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusFound, response.StatusCode)

	s, err := a.Renew(t.Context())
	require.NoError(t, err)
	assert.Contains(t, s.Scopes, manageScope)
	first, err := a.GetToken(t.Context(), ofExchange())
	require.NoError(t, err)
	_, err = a.Renew(t.Context())
	require.NoError(t, err)
	second, err := a.GetToken(t.Context(), ofExchange())
	require.NoError(t, err)
	assert.NotEqual(t, first.Token, second.Token, "the token of before the consent would be used until it ends")
}

func TestAnAppsRoleOfExchangeIsInItsSessionAndShowsAfterRenewing(t *testing.T) {
	tn := start(t, emulator.Options{AppRoles: emulator.DefaultAppRoles()})
	a := tn.auth(t, withExchange, secret(tn.ClientSecret()))
	s, err := a.Session(t.Context())
	require.NoError(t, err)
	assert.NotContains(t, s.Scopes, emulator.ExchangeAppRole)
	tn.SetAppRoles(append(emulator.DefaultAppRoles(), emulator.ExchangeAppRole)...)
	s, err = a.Renew(t.Context())
	require.NoError(t, err)
	assert.Subset(t, s.Scopes, append(emulator.DefaultAppRoles(), emulator.ExchangeAppRole))
}

func TestATenantWithoutExchangeIsExplained(t *testing.T) {
	tn := start(t, emulator.Options{})
	a := tn.auth(t, func(o *signin.Options) {
		o.Exchange, o.ExchangeScopes = "https://mail.contoso.com/", []string{ewsScope}
	})
	_, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	_, err = a.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://mail.contoso.com/.default"}})
	e := asModelError(t, err)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Equal(t, "AADSTS500011", e.Code)
	assert.Contains(t, e.Message, "the tenant has no Exchange Online, or does not know it as https://mail.contoso.com")
	assert.Contains(t, e.Remedy, "exchange_resource")
	assert.Contains(t, e.Remedy, `exchange = "off"`)
}

// gated holds the requests for a token for Exchange back.
type gated struct {
	base  http.RoundTripper
	ahead func(*http.Request) error // called with each; its error is the answer
}

func (g *gated) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		if strings.Contains(string(body), url.QueryEscape(exchangeResource)) {
			if err := g.ahead(req); err != nil {
				return nil, err
			}
		}
	}
	return g.base.RoundTrip(req)
}

func TestASessionDoesNotWaitLongForExchange(t *testing.T) {
	tn := start(t, emulator.Options{})
	asked := false
	a := tn.auth(t, withExchange, func(o *signin.Options) {
		o.Timeout = time.Minute
		o.Transport = &gated{base: tn.transport, ahead: func(req *http.Request) error {
			asked = true
			deadline, ok := req.Context().Deadline()
			assert.True(t, ok)
			assert.Less(t, time.Until(deadline), o.Timeout/4)
			return &net.OpError{Op: "dial", Err: errors.New("unreachable")}
		}}
	})
	s, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	assert.True(t, asked)
	assert.Subset(t, s.Scopes, emulator.ReadScopes())
}

func TestASessionThatIsCancelledWhileExchangeIsAskedIsNone(t *testing.T) {
	tn := start(t, emulator.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	a := tn.auth(t, withExchange, func(o *signin.Options) {
		o.Transport = &gated{base: tn.transport, ahead: func(req *http.Request) error {
			cancel()
			return req.Context().Err()
		}}
	})
	_, err := a.SignIn(ctx, tn.approve(t))
	assert.ErrorIs(t, err, context.Canceled)
}

func TestWhoHasATokenDoesNotWaitBehindWhoAsksExchange(t *testing.T) {
	tn := start(t, emulator.Options{})
	reached, release := make(chan struct{}), make(chan struct{})
	a := tn.auth(t, func(o *signin.Options) {
		o.Transport = &gated{base: tn.transport, ahead: func(*http.Request) error {
			close(reached)
			<-release
			return &net.OpError{Op: "dial", Err: errors.New("unreachable")}
		}}
	})
	_, err := a.SignIn(t.Context(), tn.approve(t))
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := a.GetToken(t.Context(), ofExchange())
		done <- err
	}()
	<-reached
	_, err = a.GetToken(t.Context(), policy.TokenRequestOptions{})
	assert.NoError(t, err, "Graph's token is there")
	close(release)
	assert.Error(t, <-done)
}

func TestAConsentPageIsOfOneResource(t *testing.T) {
	a, err := signin.New(signin.Options{Tenant: "contoso.com", ClientID: "app", Exchange: exchangeResource + "/", ExchangeScopes: []string{manageScope}})
	require.NoError(t, err)
	for name, test := range map[string]struct {
		scopes []string
		want   string
	}{
		"Graph's":                 {[]string{"User.Read.All"}, "https://graph.microsoft.com/User.Read.All"},
		"Exchange's":              {[]string{manageScope}, exchangeResource + "/" + manageScope},
		"the first is Graph's":    {[]string{"User.Read.All", manageScope}, "https://graph.microsoft.com/User.Read.All"},
		"the first is Exchange's": {[]string{manageScope, "User.Read.All"}, exchangeResource + "/" + manageScope},
		"none is all of Graph's":  {nil, "https://graph.microsoft.com/.default"},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := url.Parse(a.ConsentURL(test.scopes))
			require.NoError(t, err)
			assert.Equal(t, test.want, page.Query().Get("scope"))
		})
	}
}
