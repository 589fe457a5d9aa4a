package emulator_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
)

const exchangeDefault = "https://outlook.office365.com/.default"

// exchangeToken is the account's token for Exchange.
func (s *tenant) exchangeToken() string {
	s.t.Helper()
	status, code := s.postForm("/"+s.TenantID()+"/oauth2/v2.0/devicecode", url.Values{"client_id": {s.ClientID()}, "scope": {exchangeDefault}})
	require.Equal(s.t, http.StatusOK, status, code)
	require.NoError(s.t, s.Approve(code["user_code"].(string)))
	status, token := s.postForm("/"+s.TenantID()+"/oauth2/v2.0/token", url.Values{
		"client_id": {s.ClientID()}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {code["device_code"].(string)},
	})
	require.Equal(s.t, http.StatusOK, status, token)
	return token["access_token"].(string)
}

func (s *tenant) exchangeAppToken() string {
	s.t.Helper()
	status, token := s.postForm("/"+s.TenantID()+"/oauth2/v2.0/token", url.Values{
		"client_id": {s.ClientID()}, "grant_type": {"client_credentials"}, "client_secret": {s.ClientSecret()}, "scope": {exchangeDefault},
	})
	require.Equal(s.t, http.StatusOK, status, token)
	return token["access_token"].(string)
}

// atExchange is a tenant with a token for Exchange at hand.
func atExchange(t *testing.T, o emulator.Options) *tenant {
	t.Helper()
	o.Consented = append(emulator.ReadScopes(), emulator.ExchangeScope, emulator.EWSScope)
	o.EWS = true
	s := start(t, o)
	s.token = s.exchangeToken()
	return s
}

// documented is the body of Exchange's documentation, as it stands there.
const documented = `{
  "CmdletInput": {
    "CmdletName": "Get-%s",
    "Parameters": {
      "Identity": "%s",
      "ResultSize": "Unlimited"
    }
  }
}`

// post sends bytes to Exchange as a plain HTTP client does.
func (s *tenant) post(target, contentType, body string, headers ...string) answer {
	s.t.Helper()
	if !strings.HasPrefix(target, "https://") {
		target = s.ExchangeEndpoint() + target
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, target, strings.NewReader(body))
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", contentType)
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.client.Do(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return answer{t: s.t, Status: res.StatusCode, Header: res.Header, Body: b}
}

func (s *tenant) adminURL(endpoint string) string {
	return s.ExchangeEndpoint() + "/adminapi/v2.0/" + s.TenantID() + "/" + endpoint
}

func (s *tenant) cmdlet(endpoint, identity string, headers ...string) answer {
	s.t.Helper()
	return s.post(s.adminURL(endpoint), "application/json", fmt.Sprintf(documented, endpoint, identity), headers...)
}

// everyPage reads a listing of the Admin API to its end.
func (s *tenant) everyPage(endpoint, identity string) []map[string]any {
	s.t.Helper()
	page := s.cmdlet(endpoint, identity)
	var out []map[string]any
	for {
		out = append(out, page.rows()...)
		link := page.link("nextLink")
		if link == "" {
			return out
		}
		page = s.post(link, "application/json", fmt.Sprintf(documented, endpoint, identity))
	}
}

const (
	distribution = "DistributionGroupMember"
	dynamic      = "DynamicDistributionGroupMember"
)

func column(rows []map[string]any, name string) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r[name].(string))
	}
	return out
}

func TestADynamicListIsReadInPagesByItsAddress(t *testing.T) {
	s := atExchange(t, emulator.Options{Users: 5000})
	list, _ := s.Tenant().FindDynamicListByAddress("emea-all@contoso.com")
	var want []string
	for m := range s.Tenant().DynamicMembers(list) {
		u, _ := s.Tenant().User(m.Index)
		want = append(want, u.ID)
	}
	require.Greater(t, len(want), 2000)

	first := s.cmdlet(dynamic, "emea-all@contoso.com", "X-AnchorMailbox", "UPN:rollcall@contoso.com")
	require.Len(t, first.rows(), 1000)
	assert.NotEmpty(t, first.Header.Get("request-id"))
	link := first.link("nextLink")
	require.True(t, strings.HasPrefix(link, s.adminURL(dynamic)+"?"), link)
	assert.Equal(t, want, column(s.everyPage(dynamic, "EMEA-all@contoso.onmicrosoft.com"), "ExternalDirectoryObjectId"), "a secondary address in any letter case")

	u, _ := s.Tenant().User(first.indexOf(t, s, 0))
	row := first.rows()[0]
	assert.Equal(t, u.Mail, row["PrimarySmtpAddress"])
	assert.Equal(t, u.DisplayName, row["DisplayName"])
	assert.Equal(t, "UserMailbox", row["RecipientTypeDetails"])
	assert.NotEqual(t, u.ID, row["Guid"])
	assert.Empty(t, s.Judges().Violations())
}

// indexOf is the number of the user in a row.
func (a answer) indexOf(t *testing.T, s *tenant, row int) int {
	t.Helper()
	i, ok := s.Tenant().FindUser(a.rows()[row]["ExternalDirectoryObjectId"].(string))
	require.True(t, ok)
	return i
}

func TestADistributionListShowsItsMembersOneLevelDeep(t *testing.T) {
	s := atExchange(t, emulator.Options{Groups: []seed.CustomGroup{
		{Code: "mixed", DisplayName: "Mixed", Kind: model.KindDistribution, Nested: []string{"all-staff", "mes-vpn", "board", "sg-sales"}, Dynamic: []string{"emea-all"}, Members: []seed.Member{
			{Type: seed.MemberContact, Index: 0},
			{Type: seed.MemberContact, Index: 7},
			{Type: seed.MemberUser, Index: 1},
			{Type: seed.MemberDevice, Index: 1},
			{Type: seed.MemberServicePrincipal, Index: 3},
		}},
	}})
	guest := -1
	for i := range 2000 {
		if u, _ := s.Tenant().User(i); u.UserType == "Guest" {
			guest = i
			break
		}
	}
	mixed, _ := s.Tenant().FindGroupByAddress("mixed@contoso.com")
	s.Tenant().AddMember(mixed, seed.Member{Type: seed.MemberUser, Index: guest})
	want := [][2]string{
		{"MailUniversalDistributionGroup", "MailUniversalDistributionGroup"},
		{"MailUniversalSecurityGroup", "MailUniversalSecurityGroup"},
		{"MailUniversalDistributionGroup", "GroupMailbox"},
		{"Group", "UniversalSecurityGroup"},
		{"DynamicDistributionGroup", "DynamicDistributionGroup"},
		{"MailContact", "MailContact"},
		{"Contact", "Contact"},
		{"UserMailbox", "UserMailbox"},
		{"MailUser", "GuestMailUser"},
	}
	g, _ := s.Tenant().Group(mixed)
	byAddress := s.cmdlet(distribution, "mixed@contoso.com").rows()
	for _, identity := range []string{"Mixed", "mixed", g.ID, strings.ToUpper(g.ID), "MIXED@contoso.com"} {
		assert.Equal(t, byAddress, s.cmdlet(distribution, identity).rows(), identity)
	}
	var got [][2]string
	for _, r := range byAddress {
		got = append(got, [2]string{r["RecipientType"].(string), r["RecipientTypeDetails"].(string)})
	}
	assert.Equal(t, want, got, "devices and applications are no recipients")
	assert.Empty(t, byAddress[4]["ExternalDirectoryObjectId"], "Entra does not know a dynamic list")
	assert.Equal(t, "emea-all@contoso.com", byAddress[4]["PrimarySmtpAddress"])
	assert.Empty(t, byAddress[6]["PrimarySmtpAddress"])

	// The id that Exchange shows of a list leads to it, too.
	staff, _ := s.Tenant().FindGroupByAddress("all-staff@contoso.com")
	a, _ := s.Tenant().Group(staff)
	require.Equal(t, a.ID, byAddress[0]["ExternalDirectoryObjectId"])
	assert.Equal(t, s.cmdlet(distribution, a.Mail).rows(), s.cmdlet(distribution, byAddress[0]["Guid"].(string)).rows())
}

func TestSelectionAndResultSizeShapeAPage(t *testing.T) {
	s := atExchange(t, emulator.Options{})
	page := s.post(s.adminURL(dynamic)+"?$select=DisplayName,PrimarySmtpAddress", "application/json", fmt.Sprintf(documented, dynamic, "emea-all@contoso.com"))
	for _, r := range page.rows() {
		require.Len(t, r, 2)
		require.NotEmpty(t, r["PrimarySmtpAddress"])
	}
	body := strings.ReplaceAll(fmt.Sprintf(documented, dynamic, "emea-all@contoso.com"), `"Unlimited"`, "7")
	first := s.post(s.adminURL(dynamic)+"?$select=PrimarySmtpAddress", "application/json; charset=utf-8", body)
	require.Len(t, first.rows(), 7)
	second := s.post(first.link("nextLink"), "application/json", body)
	require.Len(t, second.rows(), 7)
	assert.Len(t, second.rows()[0], 1, "the link keeps the selection")
	assert.NotEqual(t, first.rows(), second.rows())

	s.post(s.adminURL(dynamic)+"?$select=Nickname", "application/json", fmt.Sprintf(documented, dynamic, "emea-all@contoso.com")).denied(http.StatusBadRequest, "BadRequest", "Could not find a property named 'Nickname'")
}

// denied asserts an error of the Admin API.
func (a answer) denied(status int, code, says string) {
	a.t.Helper()
	require.Equal(a.t, status, a.Status, string(a.Body))
	e, ok := a.json()["error"].(map[string]any)
	require.True(a.t, ok, string(a.Body))
	assert.Equal(a.t, code, e["code"])
	assert.Contains(a.t, string(a.Body), says)
}

func TestTheAdminAPIRefusesWhatItsDocumentationSays(t *testing.T) {
	s := atExchange(t, emulator.Options{})
	post := func(endpoint, body string) answer { return s.post(s.adminURL(endpoint), "application/json", body) }
	in := func(cmdlet, parameters string) string {
		return `{"CmdletInput":{"CmdletName":"` + cmdlet + `","Parameters":` + parameters + `}}`
	}
	const good = `{"Identity":"emea-all@contoso.com"}`
	post(dynamic, in("Get-"+dynamic, good)).ok()
	for _, c := range []struct{ endpoint, body, says string }{
		{dynamic, ``, "must contain CmdletInput"},
		{dynamic, `{}`, "must contain CmdletInput"},
		{dynamic, `{"CmdletInput":{"CmdletName":"Get-DynamicDistributionGroupMember","Parameters":{}},"Other":1}`, "must contain CmdletInput"},
		{dynamic, in("Get-"+dynamic, good) + `{}`, "must contain CmdletInput"},
		{dynamic, in("Get-"+distribution, good), "isn't supported by this endpoint"},
		{distribution, in("Remove-"+distribution, good), "isn't supported by this endpoint"},
		{dynamic, in("Get-"+dynamic, `{"Identity":"emea-all@contoso.com","Credential":1}`), "The parameter 'Credential' isn't supported"},
		{dynamic, in("Get-"+dynamic, `{}`), "'Identity' is required"},
		{dynamic, in("Get-"+dynamic, `{"Identity":""}`), "'Identity' is required"},
		{dynamic, in("Get-"+dynamic, `{"Identity":null}`), "'Identity' is required"},
		{dynamic, in("Get-"+dynamic, `{"Identity":"$null"}`), "'Identity' is required"},
		{dynamic, in("Get-"+dynamic, `{"Identity":7}`), "'Identity' takes a text"},
		{dynamic, in("Get-"+dynamic, `{"Identity":"emea-all@contoso.com","ResultSize":0}`), "'ResultSize' takes"},
		{dynamic, in("Get-"+dynamic, `{"Identity":"emea-all@contoso.com","ResultSize":"many"}`), "'ResultSize' takes"},
	} {
		post(c.endpoint, c.body).denied(http.StatusBadRequest, "BadRequest", c.says)
	}
	for _, c := range [][2]string{
		{dynamic, "nobody@contoso.com"},
		{dynamic, "all-staff@contoso.com"},     // no dynamic list
		{dynamic, "EMEA (all)"},                // found by address alone
		{distribution, "emea-all@contoso.com"}, // a dynamic list
		{distribution, "m365-marketing"},       // a Microsoft 365 group
		{distribution, "sg-sales"},             // a plain security group
		{distribution, "rollcall@contoso.com"}, // a mailbox
		{distribution, "3f1d5a8e-9c27-4b60-8e4d-c0a7050c0de1"},
	} {
		s.cmdlet(c[0], c[1]).denied(http.StatusNotFound, "NotFound", "object '"+c[1]+"' couldn't be found")
	}
	s.post(s.adminURL(dynamic), "text/plain", in("Get-"+dynamic, good)).denied(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "text/plain")
	assert.Equal(t, http.StatusMethodNotAllowed, s.get(s.adminURL(dynamic)).Status)
	assert.Equal(t, http.StatusNotFound, s.post(s.adminURL("Recipient"), "application/json", "{}").Status)
	assert.Equal(t, http.StatusNotFound, s.post("/adminapi/beta/"+s.TenantID()+"/"+dynamic, "application/json", "{}").Status)
	for _, endpoint := range []string{"AcceptedDomain", "Mailbox", "MailboxFolderPermission", "OrganizationConfig"} {
		post(endpoint, "{}").denied(http.StatusNotImplemented, "NotImplemented", "not yet supported")
	}
	s.post("/adminapi/v2.0/00000000-0000-0000-0000-000000000000/"+dynamic, "application/json", in("Get-"+dynamic, good)).denied(http.StatusForbidden, "Forbidden", "not the one that the token is for")
}

func TestTwoListsOfOneNameAreAmbiguous(t *testing.T) {
	s := atExchange(t, emulator.Options{Groups: []seed.CustomGroup{
		{Code: "a", DisplayName: "Twins", Kind: model.KindDistribution},
		{Code: "b", DisplayName: "Twins", Kind: model.KindMailEnabledSecurity},
	}})
	s.cmdlet(distribution, "Twins").denied(http.StatusBadRequest, "BadRequest", "matches multiple entries")
	assert.Empty(t, s.cmdlet(distribution, "a").rows())
}

func TestTheRoutingHintMustLeadToTheTenant(t *testing.T) {
	s := atExchange(t, emulator.Options{})
	for _, hint := range []string{
		"UPN:rollcall@contoso.com", "AAD-UPN:Rollcall@contoso.com", "rollcall@contoso.com", "SMTP:rollcall@contoso.com",
		"APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@contoso.onmicrosoft.com",
	} {
		s.cmdlet(dynamic, "emea-all@contoso.com", "X-AnchorMailbox", hint).ok()
	}
	for _, hint := range []string{"UPN:jason@fabrikam.com", "jason", "XYZ:rollcall@contoso.com", "APP:SystemMailbox{0}@contoso.com", "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@fabrikam.com"} {
		s.cmdlet(dynamic, "emea-all@contoso.com", "X-AnchorMailbox", hint).denied(http.StatusBadRequest, "ErrorIncorrectRoutingHint", "does not match the target of the request")
	}
}

func TestALinkIsBoundToItsBodyAndGrowsOld(t *testing.T) {
	at := newClock()
	s := atExchange(t, emulator.Options{Now: at.Now})
	body := func(size int) string {
		return strings.ReplaceAll(fmt.Sprintf(documented, dynamic, "emea-all@contoso.com"), `"Unlimited"`, fmt.Sprint(size))
	}
	link := s.post(s.adminURL(dynamic), "application/json", body(5)).link("nextLink")
	s.post(link, "application/json", body(6)).denied(http.StatusBadRequest, "InvalidSkipToken", "another request body")
	at.Advance(4 * time.Minute)
	s.post(link, "application/json", body(5)).ok()
	at.Advance(time.Minute)
	s.post(link, "application/json", body(5)).denied(http.StatusBadRequest, "ExpiredSkipToken", "expired")
	assert.Empty(t, s.Judges().ForeignLinks)

	s.post(s.adminURL(dynamic)+"?$skiptoken=made-up", "application/json", body(5)).denied(http.StatusBadRequest, "InvalidSkipToken", "not valid")
	s.post(strings.ReplaceAll(link, dynamic, distribution), "application/json", strings.ReplaceAll(body(5), dynamic, distribution)).denied(http.StatusNotFound, "NotFound", "couldn't be found")
	assert.Len(t, s.Judges().ForeignLinks, 1)

	fresh := s.post(s.adminURL(dynamic), "application/json", body(5)).link("nextLink")
	s.ExpireLinksNext(1)
	s.post(fresh, "application/json", body(5)).denied(http.StatusBadRequest, "ExpiredSkipToken", "expired")
	s.RecalculateLists()
	s.post(fresh, "application/json", body(5)).denied(http.StatusBadRequest, "ExpiredSkipToken", "expired")
}

func TestTheMembersOfADynamicListAreThoseOfTheDay(t *testing.T) {
	at := newClock()
	s := atExchange(t, emulator.Options{Now: at.Now})
	ids := func() []string {
		return column(s.everyPage(dynamic, "emea-all@contoso.com"), "ExternalDirectoryObjectId")
	}
	live := func() []string { return s.expanded("emea-all@contoso.com") }
	before := ids()
	mover := -1
	for i := 2; mover < 0; i++ {
		if u, _ := s.Tenant().User(i); u.Mail != "" && u.UserType == "Member" && u.ExtensionAttributes[2] == "AMER" {
			mover = i
		}
	}
	moves := func(to string) {
		s.Tenant().UpdateUser(mover, func(u *seed.User) { u.ExtensionAttributes[2] = to })
	}
	moves("EMEA")
	assert.Equal(t, before, ids(), "as it was worked out")
	assert.Len(t, live(), len(before)+1, "Exchange Web Services look at the directory")
	at.Advance(23 * time.Hour)
	s.token = s.exchangeToken()
	assert.Equal(t, before, ids())
	at.Advance(time.Hour)
	s.token = s.exchangeToken()
	assert.Len(t, ids(), len(before)+1)

	moves("AMER")
	assert.Len(t, ids(), len(before)+1)
	s.RecalculateLists()
	assert.Equal(t, before, ids())
	moves("EMEA")
	status, done := s.control("/demo/lists/recalculate")
	assert.Equal(t, http.StatusOK, status, done)
	assert.Len(t, ids(), len(before)+1)

	// Who has left since is in the calculation, but there is no recipient to show.
	i, _ := s.Tenant().FindUser(before[0])
	s.Tenant().RemoveUser(i, false)
	assert.Len(t, ids(), len(before))
}

func TestANonExistentIdentityMayAnswerWithEverybody(t *testing.T) {
	s := atExchange(t, emulator.Options{Fault: "everybody"})
	everybody := map[string]bool{}
	for i := range s.Tenant().UserSlots() {
		if u, ok := s.Tenant().User(i); ok && u.Mail != "" {
			everybody[u.ID] = true
		}
	}
	for i := range s.Tenant().Contacts() {
		if c, _ := s.Tenant().Contact(i); c.Mail != "" {
			everybody[c.ID] = true
		}
	}
	for _, identity := range []string{"nobody@contoso.com", "", "$null"} {
		for _, endpoint := range []string{dynamic, distribution} {
			rows := s.everyPage(endpoint, identity)
			assert.Len(t, rows, len(everybody), identity)
			for _, id := range column(rows, "ExternalDirectoryObjectId") {
				require.True(t, everybody[id])
			}
		}
	}
	assert.Less(t, len(s.everyPage(dynamic, "emea-all@contoso.com")), len(everybody))
	_, err := emulator.ParseFault("everybody=1")
	assert.Error(t, err)
}

func TestCustomGroupsOfAnEmulatorThatCannotBeAreRefused(t *testing.T) {
	_, err := emulator.Start(t.Context(), emulator.Options{Groups: []seed.CustomGroup{{Code: "a", Kind: model.KindDistribution, Nested: []string{"nobody"}}}})
	var refused *model.Error
	require.True(t, errors.As(err, &refused))
	assert.Equal(t, model.KindUsage, refused.Kind)
	_, err = emulator.Start(t.Context(), emulator.Options{DynamicLists: []seed.CustomDynamicList{{Code: "a", Filter: "Company -eq"}}})
	require.True(t, errors.As(err, &refused))
	assert.Equal(t, model.KindUsage, refused.Kind)
}

// What the documentation promises of all-staff is the same whether Graph or
// Exchange is asked: who emea-all selects is in one of the lists besides.
func TestAllStaffReachesTheSamePeopleThroughGraphAndExchange(t *testing.T) {
	s := atExchange(t, emulator.Options{})
	reach := func(address string) map[string]bool {
		reached, seen := map[string]bool{}, map[string]bool{}
		var visit func(endpoint, address string)
		visit = func(endpoint, address string) {
			if seen[address] {
				return
			}
			seen[address] = true
			for _, r := range s.everyPage(endpoint, address) {
				mail := strings.ToLower(r["PrimarySmtpAddress"].(string))
				switch details := r["RecipientTypeDetails"]; {
				case details == "DynamicDistributionGroup":
					visit(dynamic, mail)
				case details == "MailUniversalDistributionGroup" || details == "MailUniversalSecurityGroup":
					visit(distribution, mail)
				case mail != "":
					reached[mail] = true
				}
			}
		}
		visit(distribution, address)
		return reached
	}
	for address, want := range map[string]int{"all-staff@contoso.com": 1938, "empty@contoso.com": 0} {
		g, _ := s.Tenant().FindGroupByAddress(address)
		assert.Len(t, reach(address), want, address)
		assert.Len(t, s.Tenant().Reach(g, false), want, "what Graph shows of %s", address)
		assert.Len(t, s.Tenant().Reach(g, true), want, "what is there of %s", address)
	}
	g, _ := s.Tenant().FindGroupByAddress("partners@contoso.com")
	assert.Len(t, reach("partners@contoso.com"), len(s.Tenant().Reach(g, true)))
	assert.Empty(t, s.Judges().Violations())
}

func BenchmarkAdminPage(b *testing.B) {
	s, err := emulator.Start(b.Context(), emulator.Options{Users: 20_000, ExchangeBudget: 1 << 30})
	require.NoError(b, err)
	client := s.Client()
	b.Cleanup(func() {
		client.CloseIdleConnections()
		assert.NoError(b, s.Close())
	})
	token := struct {
		Access string `json:"access_token"`
	}{}
	res, err := client.PostForm(s.URL()+"/"+s.TenantID()+"/oauth2/v2.0/token", url.Values{
		"client_id": {s.ClientID()}, "grant_type": {"client_credentials"}, "client_secret": {s.ClientSecret()}, "scope": {exchangeDefault},
	})
	require.NoError(b, err)
	require.NoError(b, json.NewDecoder(res.Body).Decode(&token))
	res.Body.Close()
	body := fmt.Sprintf(documented, dynamic, "emea-all@contoso.com")
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.ExchangeEndpoint()+"/adminapi/v2.0/"+s.TenantID()+"/"+dynamic+"?$select=PrimarySmtpAddress,ExternalDirectoryObjectId,RecipientTypeDetails,DisplayName", bytes.NewReader([]byte(body)))
		require.NoError(b, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+token.Access)
		res, err := client.Do(req)
		require.NoError(b, err)
		n, err := io.Copy(io.Discard, res.Body)
		require.NoError(b, err)
		res.Body.Close()
		require.Equal(b, http.StatusOK, res.StatusCode)
		b.SetBytes(n)
	}
}
