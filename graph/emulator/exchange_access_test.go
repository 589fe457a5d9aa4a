package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
)

func TestExchangeAsksForItsOwnPermissionsAndRoles(t *testing.T) {
	s := start(t, emulator.Options{})
	status, refused := s.postForm("/"+s.TenantID()+"/oauth2/v2.0/devicecode", url.Values{"client_id": {s.ClientID()}, "scope": {exchangeDefault}})
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, s.Approve(refused["user_code"].(string)))
	status, refused = s.postForm("/"+s.TenantID()+"/oauth2/v2.0/token", url.Values{
		"client_id": {s.ClientID()}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {refused["device_code"].(string)},
	})
	require.Equal(t, http.StatusBadRequest, status)
	assert.Contains(t, refused["error_description"], "AADSTS65001", "nothing of Exchange is consented to at the start")

	s.token = ""
	assert.Equal(t, http.StatusUnauthorized, s.cmdlet(dynamic, "emea-all@contoso.com").Status)
	s.token = s.delegatedToken()
	foreign := s.cmdlet(dynamic, "emea-all@contoso.com")
	assert.Equal(t, http.StatusUnauthorized, foreign.Status, "a token for Graph")
	assert.Contains(t, foreign.Header.Get("WWW-Authenticate"), `client_id="00000002-0000-0ff1-ce00-000000000000"`)

	s.Consent(emulator.EWSScope)
	s.token = s.exchangeToken()
	s.cmdlet(dynamic, "emea-all@contoso.com").denied(http.StatusForbidden, "Forbidden", "no permission")
	s.Consent(emulator.ExchangeScope)
	s.token = s.exchangeToken()
	s.cmdlet(dynamic, "emea-all@contoso.com").ok()
	for _, c := range []struct {
		role   string
		status int
	}{
		{emulator.RoleGroups, http.StatusForbidden},
		{"Exchange Administrator", http.StatusOK},
		{"Exchange Recipient Administrator", http.StatusOK},
		{emulator.RoleRecipients, http.StatusOK},
	} {
		require.NoError(t, s.SetRoles(c.role))
		assert.Equal(t, c.status, s.cmdlet(dynamic, "emea-all@contoso.com").Status, c.role)
	}
	require.NoError(t, s.SetRoles())
	s.cmdlet(dynamic, "emea-all@contoso.com").denied(http.StatusForbidden, "Forbidden", "Recipient Management")

	s.token = s.exchangeAppToken()
	s.cmdlet(dynamic, "emea-all@contoso.com", "X-AnchorMailbox", "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@contoso.onmicrosoft.com").ok()
	s.SetAppRoles(emulator.DefaultAppRoles()...)
	s.token = s.exchangeAppToken()
	s.cmdlet(dynamic, "emea-all@contoso.com").denied(http.StatusForbidden, "Forbidden", "no permission")

	s.SetAppRoles(emulator.ExchangeAppRole)
	s.token = s.exchangeAppToken()
	s.EnableAdminAPI(false)
	s.cmdlet(dynamic, "emea-all@contoso.com").denied(http.StatusNotFound, "NotFound", "No HTTP resource")
	assert.Contains(t, s.Judges().UsedScopes, emulator.ExchangeScope)
	assert.Contains(t, s.Judges().UsedScopes, emulator.ExchangeAppRole)
}

func TestATenantWithoutThePreviewHasNoAdminAPI(t *testing.T) {
	s := atExchange(t, emulator.Options{NoAdminAPI: true})
	s.cmdlet(dynamic, "emea-all@contoso.com").denied(http.StatusNotFound, "NotFound", "No HTTP resource")
	s.EnableAdminAPI(true)
	s.cmdlet(dynamic, "emea-all@contoso.com").ok()
}

func TestConsentIsGivenForOneResourceAtATime(t *testing.T) {
	s := start(t, emulator.Options{})
	consent := func(scope string) int {
		res, err := s.client.PostForm(s.URL()+"/"+s.TenantID()+"/v2.0/adminconsent?"+url.Values{
			"client_id": {s.ClientID()}, "scope": {scope}, "redirect_uri": {"http://localhost"},
		}.Encode(), url.Values{"action": {"accept"}})
		require.NoError(t, err)
		defer res.Body.Close()
		return res.StatusCode
	}
	assert.Equal(t, http.StatusBadRequest, consent("https://outlook.office365.com/Exchange.ManageV2 https://graph.microsoft.com/User.Read.All"))
	assert.Equal(t, http.StatusFound, consent("https://outlook.office365.com/Exchange.ManageV2 offline_access"))
	s.token = s.exchangeToken()
	s.cmdlet(dynamic, "emea-all@contoso.com").ok()
}

func TestFaultsAndThrottlingOfExchange(t *testing.T) {
	at := newClock()
	s := atExchange(t, emulator.Options{Now: at.Now, ExchangeBudget: 10, InFlight: time.Millisecond})
	ask := func() answer { return s.cmdlet(dynamic, "us-mailboxes@contoso.com") }
	s.FailNext(1, http.StatusServiceUnavailable, 2*time.Second, "/adminapi")
	down := ask()
	assert.Equal(t, http.StatusServiceUnavailable, down.Status)
	assert.Equal(t, "2", down.Header.Get("Retry-After"))
	s.TruncateNext(1, "/adminapi")
	assert.False(t, json.Valid(ask().Body))
	s.ExpireNext(1, "/adminapi")
	assert.Equal(t, http.StatusUnauthorized, ask().Status)
	s.token = s.exchangeToken()
	s.CutNext(1, "/adminapi")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.adminURL(dynamic), strings.NewReader("{}"))
	require.NoError(t, err)
	req.GetBody = nil
	_, err = s.client.Do(req)
	require.Error(t, err)

	s.FailNext(1, http.StatusTooManyRequests, 3*time.Second, "/adminapi")
	told := ask()
	assert.Equal(t, http.StatusTooManyRequests, told.Status)
	assert.Equal(t, "3", told.Header.Get("Retry-After"))
	at.Advance(4 * time.Second)
	ask().ok()
	assert.Empty(t, s.Judges().EarlyCalls)

	for range 12 {
		told = ask()
	}
	assert.Equal(t, http.StatusTooManyRequests, told.Status, "the budget is spent")
	at.Advance(100 * time.Millisecond)
	ask()
	assert.NotEmpty(t, s.Judges().EarlyCalls)
	graph := s.delegatedToken()
	s.token = graph
	s.get("/me").ok() // Graph's budget is another

	j := s.Judges()
	assert.Positive(t, j.Exchange)
	assert.Equal(t, 1, j.Requests)
	i := slices.IndexFunc(j.Routes, func(r emulator.RouteCount) bool {
		return r.Route == "POST /adminapi/v2.0/{tenant}/DynamicDistributionGroupMember"
	})
	require.GreaterOrEqual(t, i, 0, "%v", j.Routes)
	assert.Zero(t, j.Routes[i].ResourceUnits)
	assert.Contains(t, j.String(), "requests to Exchange")
}
