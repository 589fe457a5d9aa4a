package emulator_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
)

func TestATokenThatWillNotDoIsA401WithAChallenge(t *testing.T) {
	now := newClock()
	s := signedIn(t, emulator.Options{Now: now.Now})
	good := s.token

	s.token = ""
	res := s.get("/users")
	res.refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty.")
	assert.Contains(t, res.Header.Get("WWW-Authenticate"), "authorization_uri=")

	s.token = "garbage"
	s.get("/users").refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "IDX14100: JWT is not well formed, there are no dots (.).")

	s.token = good[:len(good)-4] + "AAAA"
	s.get("/users").refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure.")

	s.token = good
	require.Equal(t, http.StatusOK, s.get("/users?$top=1").Status)
	now.Advance(2 * 3600e9)
	s.get("/users").refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
}

func TestEveryAnswerNamesItsRequest(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	res := s.get("/users?$top=1", "client-request-id", "11111111-1111-1111-1111-111111111111")
	assert.Equal(t, "11111111-1111-1111-1111-111111111111", res.Header.Get("client-request-id"))
	assert.NotEmpty(t, res.Header.Get("request-id"))
	assert.NotEmpty(t, res.Header.Get("Date"))
	assert.Equal(t, "1", res.Header.Get("x-ms-resource-unit"))
	assert.True(t, strings.HasPrefix(res.Header.Get("Content-Type"), "application/json"))
	assert.Equal(t, "2", s.get("/users").Header.Get("x-ms-resource-unit"))
}

func TestAScopeThatIsMissingIsA403(t *testing.T) {
	s := signedIn(t, emulator.Options{Consented: []string{"User.Read"}})
	require.Equal(t, http.StatusOK, s.get("/me").Status)
	for _, path := range []string{"/users", "/users/delta", "/groups", "/contacts", "/servicePrincipals", "/oauth2PermissionGrants", "/directoryRoles"} {
		s.get(path).refused(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
}

func TestPagesOfUsersHoldEveryUserOnce(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	first := s.get("/users")
	assert.Len(t, first.rows(), 100, "the default page")

	ids := map[string]bool{}
	for _, u := range s.all("/users?$top=999&$select=id,department,accountEnabled,onPremisesExtensionAttributes,proxyAddresses") {
		assert.NotContains(t, u, "displayName")
		assert.Contains(t, u, "department")
		assert.IsType(t, true, u["accountEnabled"])
		assert.Len(t, u["onPremisesExtensionAttributes"], 15)
		assert.IsType(t, []any{}, u["proxyAddresses"])
		ids[u["id"].(string)] = true
	}
	assert.Len(t, ids, s.Tenant().UserCount())

	s.get("/users?$top=1000").refused(http.StatusBadRequest, "Request_UnsupportedQuery", "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.")
}

func TestThePageThatEndsWithTheLastUserHasNoNextLink(t *testing.T) {
	s := signedIn(t, emulator.Options{Users: 200})
	page := s.get("/users?$top=" + strconv.Itoa(s.Tenant().UserCount()))
	assert.Len(t, page.rows(), s.Tenant().UserCount())
	assert.Empty(t, page.link("nextLink"))
}

func TestCountsNeedTheHeaderAndAreSilentlyMissingWithoutIt(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	s.get("/users/$count").refused(http.StatusBadRequest, "Request_BadRequest", "$count is not currently supported.")
	count := s.get("/users/$count", "ConsistencyLevel", "eventual")
	assert.Equal(t, strconv.Itoa(s.Tenant().UserCount()), string(count.Body))
	assert.Equal(t, "text/plain", count.Header.Get("Content-Type"))

	assert.NotContains(t, s.get("/users?$count=true&$top=1").ok(), "@odata.count")
	page := s.get("/users?$count=true&$top=1", "ConsistencyLevel", "eventual")
	assert.EqualValues(t, s.Tenant().UserCount(), page.ok()["@odata.count"])
	assert.NotContains(t, s.get(page.link("nextLink"), "ConsistencyLevel", "eventual").ok(), "@odata.count", "the first page has it")
}

func TestPartitionsByNameSumUpToTheCount(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	sum := 0
	for _, prefix := range "abcdefghijklmnopqrstuvwxyz0123456789_-'.#!" {
		literal := strings.ReplaceAll(string(prefix), "'", "''")
		for _, u := range s.all("/users?$top=999&$select=id,userPrincipalName&$filter=" + url.QueryEscape("startswith(userPrincipalName,'"+literal+"')")) {
			assert.Equal(t, strings.ToLower(string(prefix)), strings.ToLower(u["userPrincipalName"].(string)[:1]))
			sum++
		}
	}
	latin := 0
	for i := range s.Tenant().UserSlots() {
		if u, ok := s.Tenant().User(i); ok && u.UserPrincipalName[0] < 0x80 {
			latin++
		}
	}
	assert.Equal(t, latin, sum)
}

func TestAFilterOnAnIndexedPropertyFindsTheUser(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	u, ok := s.Tenant().User(100)
	require.True(t, ok)
	for _, filter := range []string{
		"id eq '" + u.ID + "'",
		"id in ('" + u.ID + "')",
		"userPrincipalName eq '" + strings.ReplaceAll(u.UserPrincipalName, "'", "''") + "'",
	} {
		rows := s.all("/users?$filter=" + url.QueryEscape(filter))
		require.Len(t, rows, 1, filter)
		assert.Equal(t, u.ID, rows[0]["id"])
	}
	s.get("/users?$filter="+url.QueryEscape("id ge '"+u.ID+"'")).refused(http.StatusBadRequest, "Request_UnsupportedQuery", "The request uses a filter property that is not indexed")
	s.get("/users?$filter="+url.QueryEscape("department ne 'Sales'")).refused(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
}

func TestASortedListingKeepsItsOrderAcrossPages(t *testing.T) {
	s := signedIn(t, emulator.Options{Users: 300})
	rows := s.all("/users?$orderby=displayName&$top=70&$select=displayName")
	require.Len(t, rows, s.Tenant().UserCount())
	for i := 1; i < len(rows); i++ {
		before, after := strings.ToLower(rows[i-1]["displayName"].(string)), strings.ToLower(rows[i]["displayName"].(string))
		assert.LessOrEqual(t, before, after)
	}
}

func TestSearchFindsByNameWithTheHeaderOnly(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	search := "/users?$select=displayName&$search=" + url.QueryEscape(`"displayName:rollcall"`)
	s.get(search).refused(http.StatusBadRequest, "Request_UnsupportedQuery", "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
	rows := s.all(search, "ConsistencyLevel", "eventual")
	require.Len(t, rows, 1)
	assert.Equal(t, "Rollcall Service", rows[0]["displayName"])
}

func TestSelectingWhatUsersDoNotHaveIsRefused(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	s.get("/users?$select=shoeSize").refused(http.StatusBadRequest, "BadRequest", "Parsing OData Select and Expand failed: Could not find a property named 'shoeSize' on type 'microsoft.graph.user'.")
	s.get("/users?$select=skills").refused(http.StatusNotImplemented, "NotImplemented", "This operation target is not yet supported.")
	assert.Equal(t, http.StatusForbidden, s.get("/users?$select=signInActivity").Status)
	rows := s.get("/users?$top=1&$select=extension_0123456789abcdef0123456789abcdef_costCenter,assignedPlans").rows()
	assert.Equal(t, map[string]any{"extension_0123456789abcdef0123456789abcdef_costCenter": nil, "assignedPlans": []any{}}, rows[0])
}

func TestAUserIsReadByIDOrNameAndHasAManager(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	account, ok := s.Tenant().User(s.Tenant().Account())
	require.True(t, ok)
	var managed int
	for managed = range s.Tenant().UserSlots() {
		if u, there := s.Tenant().User(managed); there && u.Manager >= 0 {
			break
		}
	}
	u, _ := s.Tenant().User(managed)
	manager, _ := s.Tenant().User(u.Manager)

	assert.Equal(t, u.DisplayName, s.get("/users/" + u.ID).ok()["displayName"])
	assert.Equal(t, u.ID, s.get("/users/" + url.PathEscape(u.UserPrincipalName)).ok()["id"])
	assert.Equal(t, u.ID, s.get("/users('" + u.ID + "')").ok()["id"])
	assert.Equal(t, account.ID, s.get("/me").ok()["id"])
	assert.Equal(t, manager.ID, s.get("/users/" + u.ID + "/manager").ok()["id"])

	expanded := s.get("/users/" + u.ID + "?$select=id&$expand=manager($select=id,displayName)").ok()
	assert.Equal(t, map[string]any{"@odata.type": "#microsoft.graph.user", "id": manager.ID, "displayName": manager.DisplayName}, expanded["manager"])

	reports := s.all("/users/" + manager.ID + "/directReports?$select=id")
	assert.Len(t, reports, len(s.Tenant().DirectReports(manager.Index)))

	none := "00000000-0000-0000-0000-000000000000"
	s.get("/users/"+none).refused(http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+none+"' does not exist or one of its queried reference-property objects are not present.")
}

func TestTheChainOfManagersEndsAtTheTop(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	rows := s.all("/users?$top=999&$count=true&$select=id&$expand=manager($levels=max;$select=id)", "ConsistencyLevel", "eventual")
	deepest := 0
	for _, row := range rows {
		depth := 0
		for at, ok := row["manager"].(map[string]any); ok; at, ok = at["manager"].(map[string]any) {
			depth++
		}
		deepest = max(deepest, depth)
	}
	assert.Greater(t, deepest, 2)
}

func TestBasicProfilesAreAllThatReadBasicShows(t *testing.T) {
	s := signedIn(t, emulator.Options{Consented: []string{"User.ReadBasic.All"}})
	row := s.get("/users?$top=1&$select=displayName,department").rows()[0]
	assert.NotEmpty(t, row["displayName"])
	assert.Nil(t, row["department"])
}

func TestAnAppHasNoMe(t *testing.T) {
	s := appOnly(t, emulator.Options{AppRoles: []string{"User.Read.All"}})
	s.get("/me").refused(http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow.")
	s.get("/groups").refused(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	assert.Equal(t, http.StatusOK, s.get("/users").Status)
}

func TestTheAccountsRolesAreAmongItsMemberships(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	rows := s.all("/me/memberOf")
	require.NotEmpty(t, rows)
	assert.Equal(t, "Groups Administrator", rows[0]["displayName"])
	assert.Equal(t, "fdd7a751-b60b-444a-984c-02652fe8fa1c", rows[0]["roleTemplateId"])
	assert.Equal(t, "#microsoft.graph.directoryRole", rows[0]["@odata.type"])

	require.NoError(t, s.SetRoles())
	assert.Empty(t, s.all("/me/memberOf/microsoft.graph.directoryRole"))
	require.Error(t, s.SetRoles("Janitor"))
}

func TestTheActivatedRolesAreListed(t *testing.T) {
	s := signedIn(t, emulator.Options{Consented: []string{"RoleManagement.Read.Directory"}})
	names := map[any]any{}
	for _, role := range s.all("/directoryRoles") {
		names[role["displayName"]] = role["roleTemplateId"]
	}
	assert.Equal(t, "62e90394-69f5-4237-9190-012177145e10", names["Global Administrator"])
	assert.Contains(t, names, "Privileged Role Administrator")
}

func TestTheOrganizationNamesItsDomains(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	org := s.get("/organization").rows()[0]
	assert.Equal(t, s.TenantID(), org["id"])
	assert.Len(t, org["verifiedDomains"], 2)
	assert.Equal(t, org["displayName"], s.get("/organization/" + s.TenantID()).ok()["displayName"])
}

func TestTheAppsRegistrationCanBeInspected(t *testing.T) {
	s := signedIn(t, emulator.Options{Consented: append(emulator.ReadScopes(), "Directory.Read.All")})
	sp := s.get("/servicePrincipals(appId='" + s.ClientID() + "')?$select=id,appRoleAssignmentRequired").ok()
	id := sp["id"].(string)
	assert.Equal(t, true, sp["appRoleAssignmentRequired"])
	assert.Len(t, s.all("/servicePrincipals/"+id+"/appRoleAssignedTo"), 1)

	s.SetAssigned(false)
	assert.Empty(t, s.all("/servicePrincipals/"+id+"/appRoleAssignedTo"))

	grants := s.all("/oauth2PermissionGrants?$filter=" + url.QueryEscape("clientId eq '"+id+"'"))
	require.Len(t, grants, 1)
	assert.Contains(t, grants[0]["scope"], "Directory.Read.All")
	assert.Empty(t, s.all("/oauth2PermissionGrants?$filter="+url.QueryEscape("clientId eq 'x'")))
}

func TestUnknownSegmentsAndMethodsAreRefused(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	s.get("/usrs").refused(http.StatusBadRequest, "BadRequest", "Resource not found for the segment 'usrs'.")
	assert.Equal(t, http.StatusMethodNotAllowed, s.do(http.MethodPut, "/users", nil).Status)
	s.get("/groups/delta").refused(http.StatusNotImplemented, "NotImplemented", "This operation target is not yet supported.")
}
