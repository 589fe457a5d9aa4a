package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

func lower(s string) string { return strings.ToLower(s) }

const (
	denied      = "Insufficient privileges to complete the operation."
	already     = "One or more added object references already exist for the following modified properties: 'members'."
	mailEnabled = "Cannot Update a mail-enabled security groups and or distribution list."
	onPremises  = "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."
)

func missing(id string) string {
	return "Resource '" + id + "' does not exist or one of its queried reference-property objects are not present."
}

// writer is a tenant whose token may write memberships.
func writer(t *testing.T, o emulator.Options) *tenant {
	t.Helper()
	o.Consented = append(emulator.ReadScopes(), emulator.WriteScope)
	return signedIn(t, o)
}

func (s *tenant) ref(id string) string { return s.GraphEndpoint() + "/v1.0/directoryObjects/" + id }

func (s *tenant) add(group, id string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, "/groups/"+s.groupID(group)+"/members/$ref", map[string]string{"@odata.id": s.ref(id)})
}

func (s *tenant) bind(group string, ids ...string) answer {
	s.t.Helper()
	refs := make([]string, 0, len(ids))
	for _, id := range ids {
		refs = append(refs, s.ref(id))
	}
	return s.do(http.MethodPatch, "/groups/"+s.groupID(group), map[string]any{"members@odata.bind": refs})
}

func (s *tenant) remove(group, id string) answer {
	s.t.Helper()
	return s.do(http.MethodDelete, "/groups/"+s.groupID(group)+"/members/"+id+"/$ref", nil)
}

// outsiders are n users who are not in a group.
func (s *tenant) outsiders(group string, n int) []string {
	s.t.Helper()
	index := s.groupIndex(group)
	var out []string
	for i := 0; i < s.Tenant().UserSlots() && len(out) < n; i++ {
		if u, ok := s.Tenant().User(i); ok && u.UserType == "Member" && !s.Tenant().IsMember(index, seed.Member{Index: i}) {
			out = append(out, u.ID)
		}
	}
	require.Len(s.t, out, n)
	return out
}

func TestAMemberIsAddedOnceAndRemovedOnce(t *testing.T) {
	s := writer(t, emulator.Options{})
	for _, group := range []string{"sg-sales", "m365-marketing", "sg-cloud-migrated"} {
		id := s.outsiders(group, 1)[0]
		before := s.Tenant().MemberCount(s.groupIndex(group))
		res := s.add(group, id)
		assert.Equal(t, http.StatusNoContent, res.Status, string(res.Body))
		assert.Empty(t, res.Body)
		assert.Equal(t, before+1, s.Tenant().MemberCount(s.groupIndex(group)))
		s.add(group, id).refused(http.StatusBadRequest, "Request_BadRequest", already)
		assert.Equal(t, http.StatusNoContent, s.remove(group, id).Status)
		s.remove(group, id).refused(http.StatusNotFound, "Request_ResourceNotFound", missing(s.groupID(group)))
		assert.Equal(t, before, s.Tenant().MemberCount(s.groupIndex(group)))
	}
	assert.Empty(t, s.Judges().Violations())
}

func TestTheSDKsFormOfTheRemovalWorksToo(t *testing.T) {
	s := writer(t, emulator.Options{})
	id := s.outsiders("sg-sales", 1)[0]
	require.Equal(t, http.StatusNoContent, s.add("sg-sales", id).Status)
	res := s.do(http.MethodDelete, "/groups/"+s.groupID("sg-sales")+"/members/$ref?@id="+s.ref(id), nil)
	assert.Equal(t, http.StatusNoContent, res.Status)
}

func TestABindAddsAllOrNone(t *testing.T) {
	s := writer(t, emulator.Options{})
	ids := s.outsiders("sg-sales", 21)
	before := s.Tenant().MemberCount(s.groupIndex("sg-sales"))
	s.bind("sg-sales", ids...).refused(http.StatusBadRequest, "Request_BadRequest", "A resource cannot contain more than 20 link changes")

	unknown := "00000000-0000-0000-0000-000000000000"
	s.bind("sg-sales", append([]string{unknown}, ids[:3]...)...).refused(http.StatusNotFound, "Request_ResourceNotFound", missing(unknown))
	assert.Equal(t, before, s.Tenant().MemberCount(s.groupIndex("sg-sales")))

	require.Equal(t, http.StatusNoContent, s.bind("sg-sales", ids[0]).Status)
	s.bind("sg-sales", ids[:20]...).refused(http.StatusBadRequest, "Request_BadRequest", already)
	assert.Equal(t, before+1, s.Tenant().MemberCount(s.groupIndex("sg-sales")))
	assert.Equal(t, http.StatusNoContent, s.bind("sg-sales", ids[1:21]...).Status)
	assert.Equal(t, before+21, s.Tenant().MemberCount(s.groupIndex("sg-sales")))
	s.bind("sg-sales", ids[0], ids[0]).refused(http.StatusBadRequest, "Request_BadRequest", already)
}

func TestEachKindOfGroupRefusesInItsOwnWords(t *testing.T) {
	s := writer(t, emulator.Options{})
	user := s.Tenant().UserID(5)
	for group, want := range map[string]struct {
		status        int
		code, message string
	}{
		"all-staff":             {http.StatusBadRequest, "Request_BadRequest", mailEnabled},
		"mes-vpn":               {http.StatusBadRequest, "Request_BadRequest", mailEnabled},
		"sg-onprem":             {http.StatusBadRequest, "Request_BadRequest", onPremises},
		"dyn-engineering":       {http.StatusForbidden, "Authorization_RequestDenied", denied},
		"sg-admins":             {http.StatusForbidden, "Authorization_RequestDenied", denied},
		"sg-finance-restricted": {http.StatusForbidden, "Authorization_RequestDenied", denied},
	} {
		t.Run(group, func(t *testing.T) {
			s.t = t
			count := s.Tenant().MemberCount(s.groupIndex(group))
			s.add(group, user).refused(want.status, want.code, want.message)
			s.bind(group, user).refused(want.status, want.code, want.message)
			s.remove(group, user).refused(want.status, want.code, want.message)
			assert.Equal(t, count, s.Tenant().MemberCount(s.groupIndex(group)))
		})
	}
}

func TestARoleAssignableGroupNeedsScopeAndRole(t *testing.T) {
	s := writer(t, emulator.Options{})
	id := s.outsiders("sg-admins", 1)[0]
	s.Consent("RoleManagement.ReadWrite.Directory")
	s.token = s.delegatedToken()
	s.add("sg-admins", id).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	require.NoError(t, s.SetRoles("Privileged Role Administrator", "Groups Administrator"))
	assert.Equal(t, http.StatusNoContent, s.add("sg-admins", id).Status)
}

func TestWritingNeedsTheScopeAndThePersonsRole(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	id := s.outsiders("sg-sales", 1)[0]
	s.add("sg-sales", id).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)

	s.Consent(emulator.WriteScope)
	s.token = s.delegatedToken()
	require.NoError(t, s.SetRoles("Exchange Administrator"))
	s.add("sg-sales", id).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	assert.Equal(t, http.StatusNoContent, s.add("m365-marketing", s.outsiders("m365-marketing", 1)[0]).Status)
	require.NoError(t, s.SetRoles(emulator.RoleGroups))
	assert.Equal(t, http.StatusNoContent, s.add("sg-sales", id).Status)

	app := appOnly(t, emulator.Options{})
	assert.Equal(t, http.StatusNoContent, app.add("sg-sales", app.outsiders("sg-sales", 1)[0]).Status, "an app needs no role")
}

func TestOnlyTheDocumentedTypesCanBeMembers(t *testing.T) {
	s := writer(t, emulator.Options{})
	contact, ok := s.Tenant().Contact(0)
	require.True(t, ok)
	assert.Equal(t, http.StatusNoContent, s.add("sg-sales", contact.ID).Status)
	assert.Equal(t, http.StatusBadRequest, s.add("m365-marketing", contact.ID).Status)
	assert.Equal(t, http.StatusNoContent, s.add("sg-sales", s.groupID("sg-cloud-migrated")).Status)
	assert.Equal(t, http.StatusBadRequest, s.add("sg-sales", s.groupID("m365-marketing")).Status)
}

func TestAReferenceNamesItsObjectInAnyOfTheFormsThatGraphTakes(t *testing.T) {
	s := writer(t, emulator.Options{})
	ids := s.outsiders("sg-sales", 8)
	add := func(ref string) answer {
		return s.do(http.MethodPost, "/groups/"+s.groupID("sg-sales")+"/members/$ref", map[string]string{"@odata.id": ref})
	}
	for i, form := range []string{
		s.URL() + "/v1.0/directoryObjects/", s.URL() + "/v1.0/users/", s.URL() + "/beta/users/",
		"https://graph.microsoft.com/v1.0/directoryObjects/", "https://graph.microsoft.com/v1.0/users/",
	} {
		assert.Equal(t, http.StatusNoContent, add(form+ids[i]).Status, form)
	}
	assert.Equal(t, http.StatusNoContent, add("https://graph.microsoft.com/v1.0/directoryObjects('"+ids[5]+"')").Status)
	assert.Equal(t, http.StatusNoContent, add("https://graph.microsoft.com/v1.0/groups/"+s.groupID("sg-cloud-migrated")).Status)
	for _, form := range []string{
		ids[6], "", "/users/" + ids[6], "https://evil.example/v1.0/directoryObjects/" + ids[6], "https://graph.microsoft.com/directoryObjects/" + ids[6],
		"https://graph.microsoft.com.evil.example/v1.0/users/" + ids[6], "https://graph.microsoft.com/v1.0/users/" + ids[6] + "/manager",
		"http://graph.microsoft.com/v1.0/users/" + ids[6], s.URL() + "/v1.0/users/%zz",
	} {
		res := add(form)
		res.refused(http.StatusBadRequest, "BadRequest", "Invalid URL format specified in payload.")
	}
	add(s.URL()+"/v1.0/groups/"+ids[6]).refused(http.StatusNotFound, "Request_ResourceNotFound", missing(ids[6])) // is a user
	add(s.URL()+"/v1.0/people/"+ids[6]).refused(http.StatusBadRequest, "BadRequest", "Resource not found for the segment 'people'.")
	assert.False(t, s.isMember("sg-sales", ids[6]))
}

func TestWhatIsGoneIsNeitherAddedNorRemoved(t *testing.T) {
	s := writer(t, emulator.Options{})
	id := s.outsiders("sg-sales", 1)[0]
	require.Equal(t, http.StatusNoContent, s.add("sg-sales", id).Status)
	require.NoError(t, s.RemoveUser(id, false))
	s.remove("sg-sales", id).refused(http.StatusNotFound, "Request_ResourceNotFound", missing(id))
	s.add("sg-sales", id).refused(http.StatusNotFound, "Request_ResourceNotFound", missing(id))
	s.do(http.MethodDelete, "/groups/none/members/"+id+"/$ref", nil).refused(http.StatusNotFound, "Request_ResourceNotFound", missing("none"))
}

func TestThePermissionForMembersWritesNothingElseOfAGroup(t *testing.T) {
	s := writer(t, emulator.Options{})
	path := "/groups/" + s.groupID("sg-sales")
	id := s.outsiders("sg-sales", 1)[0]
	for _, body := range []map[string]any{
		{"displayName": "mine"},
		{"displayName": "mine", "members@odata.bind": []string{s.ref(id)}},
		{"owners@odata.bind": []string{s.ref(id)}},
	} {
		s.do(http.MethodPatch, path, body).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	}
	s.Consent("Group.ReadWrite.All")
	s.token = s.delegatedToken()
	assert.Equal(t, http.StatusNotImplemented, s.do(http.MethodPatch, path, map[string]any{"displayName": "mine"}).Status)
	assert.False(t, s.isMember("sg-sales", id))

	contained := func(res answer) {
		res.refused(http.StatusBadRequest, "BadRequest", "Write requests are only supported on contained entities")
	}
	contained(s.do(http.MethodPost, path+"/members", map[string]any{"@odata.id": s.ref(id)}))
	for method, target := range map[string]string{"PUT": path + "/members", "POST": "/users", "PATCH": path + "/members/$ref", "GET": path + "/members/" + id + "/$ref"} {
		assert.Equal(t, http.StatusMethodNotAllowed, s.do(method, target, map[string]any{}).Status, method)
	}
	res := s.do(http.MethodPost, path+"/members/$ref", nil)
	res.refused(http.StatusBadRequest, "Request_BadRequest", "Empty Payload. JSON content expected.")
}

func TestAWritesAnswerNamesItsRequest(t *testing.T) {
	s := writer(t, emulator.Options{})
	const mine = "11111111-2222-3333-4444-555555555555"
	body := map[string]string{"@odata.id": s.ref(s.outsiders("sg-sales", 1)[0])}
	for _, status := range []int{http.StatusNoContent, http.StatusBadRequest} {
		res := s.do(http.MethodPost, "/groups/"+s.groupID("sg-sales")+"/members/$ref", body, "client-request-id", mine)
		require.Equal(t, status, res.Status)
		assert.NotEmpty(t, res.Header.Get("request-id"))
		assert.Equal(t, mine, res.Header.Get("client-request-id"))
		assert.NotEmpty(t, res.Header.Get("Date"))
		if status == http.StatusNoContent {
			assert.Equal(t, "1", res.Header.Get("x-ms-resource-unit"))
			continue
		}
		assert.Equal(t, "0", res.Header.Get("x-ms-resource-unit"), "a refusal costs nothing")
		inner := res.json()["error"].(map[string]any)["innerError"].(map[string]any)
		assert.Equal(t, res.Header.Get("request-id"), inner["request-id"])
		assert.Equal(t, mine, inner["client-request-id"])
	}
}

func TestTheTrapWithoutRefIsRefusedAndNoted(t *testing.T) {
	s := writer(t, emulator.Options{})
	t.Cleanup(s.ForgiveDeletes)
	user := s.Tenant().UserID(5)
	count := s.Tenant().UserCount()
	s.do(http.MethodDelete, "/groups/"+s.groupID("sg-sales")+"/members/"+user, nil).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	s.do(http.MethodDelete, "/users/"+user, nil).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	s.do(http.MethodDelete, "/directoryObjects/"+user, nil).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	s.do(http.MethodDelete, "/groups/"+s.groupID("sg-sales"), nil).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	assert.Equal(t, http.StatusForbidden, s.batch(request("1", http.MethodDelete, "/users/"+user))["1"].Status)
	assert.Equal(t, count, s.Tenant().UserCount())
	assert.Len(t, s.Judges().UserDeletes, 5)
	assert.Len(t, s.Judges().Violations(), 5)
}

func TestTheTrapDeletesTheUserWhereTheTokenMay(t *testing.T) {
	s := start(t, emulator.Options{Consented: append(emulator.ReadScopes(), emulator.WriteScope, "User.ReadWrite.All")})
	t.Cleanup(s.ForgiveDeletes)
	s.token = s.delegatedToken()
	index := s.groupIndex("sg-sales")
	for m := range s.Tenant().Members(index) {
		id := s.Tenant().ID(m)
		assert.Equal(t, http.StatusNoContent, s.do(http.MethodDelete, "/groups/"+s.groupID("sg-sales")+"/members/"+id, nil).Status)
		_, there := s.Tenant().Find(id)
		assert.False(t, there)
		break
	}
	assert.Len(t, s.Judges().Violations(), 1)
}

func TestEveryDeleteWithoutRefIsInTheProcesssLog(t *testing.T) {
	s := writer(t, emulator.Options{})
	user := s.Tenant().UserID(5)
	before, none := emulator.Deletes()
	require.Empty(t, none)
	s.remove("sg-sales", user)
	s.do(http.MethodDelete, "/groups/"+s.groupID("sg-sales")+"/members", nil).refused(http.StatusBadRequest, "BadRequest", "Write requests are only supported on contained entities")
	s.do(http.MethodDelete, "/nonsense", nil)
	s.batch(request("1", "delete", "/users/"+user+"?$select=id"), request("2", "GET", "/me"), request("3", "DELETE", "/groups/g/members/u/$ref"))
	s.do(http.MethodPost, "/$batch", map[string]any{"requests": []any{request("1", "DELETE", "/contacts/c"), request("1", "GET", "/me")}}) // refused as a whole
	after, stray := emulator.Deletes()
	assert.Equal(t, 6, after-before)
	assert.Equal(t, []string{"/v1.0/groups/" + s.groupID("sg-sales") + "/members", "/v1.0/nonsense", "/users/" + user, "/contacts/c"}, stray)
	s.ForgiveDeletes()
	_, stray = emulator.Deletes()
	assert.Empty(t, stray)
}
