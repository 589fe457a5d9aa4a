package emulator_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

// groupID is the id of the group with an address or, failing that, a name.
func (s *tenant) groupID(name string) string {
	s.t.Helper()
	for i := range s.Tenant().Groups() {
		g, ok := s.Tenant().Group(i)
		if ok && (g.Mail == name+"@contoso.com" || g.DisplayName == name) {
			return g.ID
		}
	}
	s.t.Fatalf("there is no group %s", name)
	return ""
}

func (s *tenant) groupIndex(name string) int {
	s.t.Helper()
	i, ok := s.Tenant().FindGroup(s.groupID(name))
	require.True(s.t, ok)
	return i
}

func TestAListIsFoundByAnyOfItsAddresses(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	for _, filter := range []string{
		"mail eq 'all-staff@contoso.com'",
		"proxyAddresses/any(p:p eq 'smtp:everyone@contoso.com')",
	} {
		rows := s.all("/groups?$select=id,mail,groupTypes,mailEnabled,securityEnabled&$filter=" + url.QueryEscape(filter))
		require.Len(t, rows, 1, filter)
		assert.Equal(t, "all-staff@contoso.com", rows[0]["mail"])
		assert.Equal(t, []any{}, rows[0]["groupTypes"])
	}
	require.Len(t, s.all("/groups?$filter="+url.QueryEscape("displayName eq 'sg-sales'")), 1)
	assert.Empty(t, s.all("/groups?$filter="+url.QueryEscape("mail eq 'emea-all@contoso.com'")), "Graph does not know dynamic lists")
	count := s.get("/groups/$count", "ConsistencyLevel", "eventual")
	assert.Equal(t, strconv.Itoa(s.Tenant().Groups()), string(count.Body))
}

func TestAGroupShowsWhatItIs(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	dynamic := s.get("/groups/" + s.groupID("dyn-engineering")).ok()
	assert.Equal(t, []any{"DynamicMembership"}, dynamic["groupTypes"])
	assert.Equal(t, "On", dynamic["membershipRuleProcessingState"])
	assert.NotContains(t, dynamic, "isManagementRestricted", "only with $select")
	assert.Equal(t, true, s.get("/groups/" + s.groupID("sg-onprem")).ok()["onPremisesSyncEnabled"])
	assert.Nil(t, s.get("/groups/" + s.groupID("sg-sales")).ok()["onPremisesSyncEnabled"])
	assert.Equal(t, true, s.get("/groups/" + s.groupID("sg-finance-restricted") + "?$select=isManagementRestricted").ok()["isManagementRestricted"])
	expanded := s.get("/groups/" + s.groupID("sg-sales") + "?$select=id&$expand=members($select=id)").ok()
	assert.Len(t, expanded["members"], 20, "an expanded collection is cut without a word")
}

func TestOnlyAnExpansionShowsServicePrincipals(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	group := "/groups/" + s.groupID("sg-automation")
	expanded := s.get(group + "?$select=id&$expand=members($select=id)").ok()["members"].([]any)
	assert.Len(t, expanded, s.Tenant().MemberCount(s.groupIndex("sg-automation")))
	listed := s.all(group + "/members?$select=id")
	assert.Less(t, len(listed), len(expanded))
	for _, m := range listed {
		assert.NotEqual(t, "#microsoft.graph.servicePrincipal", m["@odata.type"])
	}
}

func TestMembersComeWithTheirTypesAcrossPages(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	for _, name := range []string{"all-staff", "leadership", "partners", "empty", "sg-sales", "berlin-engineering"} {
		index := s.groupIndex(name)
		var want []string
		for m := range s.Tenant().Members(index) {
			if m.Type != seed.MemberDynamicList && m.Type != seed.MemberServicePrincipal {
				want = append(want, s.Tenant().ID(m))
			}
		}
		var got []string
		for _, row := range s.all("/groups/" + s.groupID(name) + "/members?$top=7&$select=id,displayName,mail") {
			assert.Contains(t, []any{"#microsoft.graph.user", "#microsoft.graph.group", "#microsoft.graph.orgContact"}, row["@odata.type"])
			assert.NotEmpty(t, row["displayName"])
			got = append(got, row["id"].(string))
		}
		assert.Equal(t, want, got, name)
	}
}

func TestTransitiveMembersAreASetWithoutEnd(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	for _, name := range []string{"all-staff", "leadership"} {
		id := s.groupID(name)
		rows := s.all("/groups/" + id + "/transitiveMembers?$top=500&$select=id,mail")
		seen := map[string]bool{}
		users := 0
		addresses := map[string]struct{}{}
		for _, row := range rows {
			assert.False(t, seen[row["id"].(string)], "each object once")
			seen[row["id"].(string)] = true
			if row["@odata.type"] == "#microsoft.graph.user" {
				users++
			}
			if mail, ok := row["mail"].(string); ok && row["@odata.type"] != "#microsoft.graph.group" {
				addresses[lower(mail)] = struct{}{}
			}
		}
		assert.Equal(t, s.Tenant().Reach(s.groupIndex(name), false), addresses, name)

		count := s.get("/groups/"+id+"/transitiveMembers/microsoft.graph.user/$count", "ConsistencyLevel", "eventual")
		assert.Equal(t, strconv.Itoa(users), string(count.Body))
		s.get("/groups/"+id+"/transitiveMembers/$count").refused(http.StatusBadRequest, "Request_BadRequest", "$count is not currently supported.")
	}
}

func TestACastNeedsTheAdvancedParametersWithAnyOther(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	cast := "/groups/" + s.groupID("leadership") + "/members/graph.group"
	assert.NotEmpty(t, s.all(cast))
	s.get(cast+"?$select=id").refused(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
	page := s.get(cast+"?$select=id&$count=true", "ConsistencyLevel", "eventual")
	assert.EqualValues(t, len(page.rows()), page.ok()["@odata.count"])
	for _, row := range page.rows() {
		assert.Equal(t, "#microsoft.graph.group", row["@odata.type"])
	}
	assert.Equal(t, http.StatusBadRequest, s.get("/groups/"+s.groupID("m365-marketing")+"/members/microsoft.graph.group").Status)
}

func TestATypeThatMayNotBeReadComesWithLimitedInformation(t *testing.T) {
	s := signedIn(t, emulator.Options{Consented: []string{"GroupMember.Read.All", "User.Read.All"}})
	limited := 0
	for _, row := range s.all("/groups/" + s.groupID("partners") + "/members?$top=999&$select=id,displayName,mail") {
		require.NotEmpty(t, row["id"])
		if row["@odata.type"] == "#microsoft.graph.orgContact" {
			limited++
			assert.Nil(t, row["mail"])
			assert.Contains(t, row, "mail")
		} else {
			assert.NotNil(t, row["mail"])
		}
	}
	assert.Positive(t, limited)
}

func TestAHiddenMembershipIsEmptyWithoutThePermission(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	board := "/groups/" + s.groupID("board") + "/members"
	assert.Equal(t, "HiddenMembership", s.get("/groups/" + s.groupID("board")).ok()["visibility"])
	assert.Empty(t, s.all(board))
	assert.Equal(t, "0", string(s.get(board+"/$count", "ConsistencyLevel", "eventual").Body))
	s.Consent("Member.Read.Hidden")
	s.token = s.delegatedToken()
	assert.Len(t, s.all(board), s.Tenant().MemberCount(s.groupIndex("board")))
}

func TestContactsAreFoundAndRead(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	contact, ok := s.Tenant().Contact(0)
	require.True(t, ok)
	assert.Equal(t, contact.Mail, s.get("/contacts/" + contact.ID).ok()["mail"])
	rows := s.all("/contacts?$select=id,mail&$filter=" + url.QueryEscape("mail eq '"+contact.Mail+"'"))
	require.Len(t, rows, 1)
	assert.Equal(t, contact.ID, rows[0]["id"])
	assert.Len(t, s.all("/contacts?$top=999"), s.Tenant().Contacts())
	assert.Equal(t, strconv.Itoa(s.Tenant().Contacts()), string(s.get("/contacts/$count", "ConsistencyLevel", "eventual").Body))
}

func TestObjectsAreReadByTheirIDsWhateverTheirType(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	user, group := s.Tenant().UserID(10), s.groupID("sg-sales")
	res := s.do(http.MethodPost, "/directoryObjects/getByIds?$select=id", map[string]any{"ids": []string{user, group, "00000000-0000-0000-0000-000000000000"}})
	types := []any{}
	for _, row := range res.rows() {
		types = append(types, row["@odata.type"])
	}
	assert.ElementsMatch(t, []any{"#microsoft.graph.user", "#microsoft.graph.group"}, types)
	assert.Equal(t, "2", res.Header.Get("x-ms-resource-unit"))
	assert.Equal(t, "#microsoft.graph.user", s.get("/directoryObjects/" + user).ok()["@odata.type"])
}

func TestAUsersGroupsAreTheOnesThatListIt(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	member := s.all("/groups/" + s.groupID("sg-sales") + "/members?$top=1")[0]["id"].(string)
	var ids []any
	for _, row := range s.all("/users/" + member + "/memberOf?$top=999&$select=id") {
		ids = append(ids, row["id"])
	}
	assert.True(t, slices.Contains(ids, any(s.groupID("sg-sales"))))
}

func TestAnotherTokensListingDoesNotShowHiddenMembers(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	board := "/groups/" + s.groupID("board") + "/transitiveMembers?$top=1&$select=id"
	reader := s.token
	s.Consent("Member.Read.Hidden")
	s.token = s.delegatedToken()
	next := s.get(board).link("nextLink")
	require.NotEmpty(t, next)
	s.token = reader
	assert.Empty(t, s.get(next).rows())
}
