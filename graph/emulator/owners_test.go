package emulator_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
)

// owned is a tenant with a group of three owners, one of them an application.
func owned() emulator.Options {
	return emulator.Options{Groups: []seed.CustomGroup{{
		Code: "owned", Kind: model.KindSecurity, Members: []seed.Member{{Index: 10}},
		Owners: []seed.Member{{Index: 10}, {Type: seed.MemberServicePrincipal, Index: 2}, {Index: 11}},
	}}}
}

func TestOwnersAreListedInPages(t *testing.T) {
	s := signedIn(t, owned())
	path := "/groups/" + s.groupID("owned") + "/owners"
	want := []any{s.Tenant().UserID(10), s.Tenant().UserID(11)}
	var got []any
	for _, row := range s.all(path + "?$select=id,displayName&$top=1") {
		assert.Equal(t, "#microsoft.graph.user", row["@odata.type"])
		assert.NotEmpty(t, row["displayName"])
		assert.NotContains(t, row, "mail")
		got = append(got, row["id"])
	}
	assert.Equal(t, want, got, "v1.0 lists no applications among owners")
	res := s.batch(request("1", "GET", path+"?$select=id"))["1"]
	require.Equal(t, http.StatusOK, res.Status)
	assert.Len(t, res.Body.(map[string]any)["value"], 2)
	assert.Equal(t, "1", res.Headers["x-ms-resource-unit"])
	assert.Equal(t, "2", string(s.get(path+"/$count", "ConsistencyLevel", "eventual").Body))
	assert.Len(t, s.get(path+"/microsoft.graph.user").rows(), 2)
	s.get("/groups/none/owners").refused(http.StatusNotFound, "Request_ResourceNotFound", missing("none"))
	assert.Contains(t, s.Judges().UsedScopes, "GroupMember.Read.All")
}

func TestGroupsKeptElsewhereShowNoOwners(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	for _, group := range []string{"all-staff", "mes-vpn", "sg-onprem"} {
		_, err := s.AddOwner(group+"@contoso.com", s.Tenant().UserID(5))
		if err != nil {
			_, err = s.AddOwner(group, s.Tenant().UserID(5))
		}
		require.NoError(t, err)
		assert.Empty(t, s.get("/groups/"+s.groupID(group)+"/owners").rows(), group)
	}
	for _, group := range []string{"sg-sales", "m365-marketing"} {
		assert.Len(t, s.get("/groups/"+s.groupID(group)+"/owners").rows(), 1, group)
	}
}

func TestOwnersNeedThePermissionToReadMembers(t *testing.T) {
	s := signedIn(t, emulator.Options{Consented: []string{"User.Read.All", "GroupMember.ReadBasic.All"}})
	path := "/groups/" + s.groupID("sg-sales")
	assert.Equal(t, http.StatusOK, s.get(path+"/members?$select=id").Status)
	s.get(path+"/owners").refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
}

func TestAnOwnerWritesItsGroupWithoutARole(t *testing.T) {
	s := writer(t, emulator.Options{})
	require.NoError(t, s.SetRoles())
	id := s.outsiders("sg-sales", 1)[0]
	s.add("sg-sales", id).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	me := s.Tenant().UserID(s.Tenant().Account())
	changed, err := s.AddOwner("sg-sales", me)
	require.NoError(t, err)
	require.True(t, changed)
	assert.Equal(t, http.StatusNoContent, s.add("sg-sales", id).Status)
	assert.Equal(t, http.StatusNoContent, s.remove("sg-sales", id).Status)
	s.add("m365-marketing", id).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	changed, err = s.RemoveOwner("sg-sales", me)
	require.NoError(t, err)
	require.True(t, changed)
	s.add("sg-sales", id).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
}

func TestAGroupThatRefusesGuestsTakesNobodyOfTheRequest(t *testing.T) {
	s := writer(t, emulator.Options{Groups: []seed.CustomGroup{{Code: "staff-only", Kind: model.KindMicrosoft365, NoGuests: true}}})
	var guest string
	for i := range s.Tenant().UserSlots() {
		if u, ok := s.Tenant().User(i); ok && u.UserType == "Guest" {
			guest = u.ID
			break
		}
	}
	require.NotEmpty(t, guest)
	staff := s.outsiders("staff-only", 1)[0]
	for _, res := range []answer{s.add("staff-only", guest), s.bind("staff-only", staff, guest)} {
		assert.Equal(t, http.StatusForbidden, res.Status)
		assert.Contains(t, string(res.Body), "Guests users are not allowed to join")
	}
	assert.Zero(t, s.Tenant().MemberCount(s.groupIndex("staff-only")))
	assert.Equal(t, http.StatusNoContent, s.add("staff-only", staff).Status)
	assert.Equal(t, http.StatusNoContent, s.add("m365-marketing", guest).Status)
}

func TestOwnersAreWrittenWithThePermissionForGroups(t *testing.T) {
	s := writer(t, owned())
	path := "/groups/" + s.groupID("owned") + "/owners/"
	first, second, third := s.Tenant().UserID(10), s.Tenant().UserID(11), s.Tenant().UserID(12)
	add := func(id string) answer {
		return s.do(http.MethodPost, path+"$ref", map[string]string{"@odata.id": s.ref(id)})
	}
	remove := func(id string) answer { return s.do(http.MethodDelete, path+id+"/$ref", nil) }
	add(third).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	remove(first).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)

	s.Consent("Group.ReadWrite.All")
	s.token = s.delegatedToken()
	assert.Equal(t, http.StatusNoContent, add(third).Status)
	add(third).refused(http.StatusBadRequest, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'owners'.")
	assert.Equal(t, http.StatusBadRequest, add(s.groupID("sg-sales")).Status)
	assert.Equal(t, http.StatusNoContent, remove(first).Status)
	remove(first).refused(http.StatusNotFound, "Request_ResourceNotFound", missing(s.groupID("owned")))
	assert.Equal(t, http.StatusNoContent, remove(second).Status)
	remove(third).refused(http.StatusBadRequest, "Request_BadRequest", "The group must have at least one owner, hence this owner cannot be removed.")
	log := s.MembershipChanges()
	require.Len(t, log, 3)
	for _, c := range log {
		assert.True(t, c.Owner)
		assert.NotEmpty(t, c.RequestID)
	}
	assert.True(t, s.isMember("owned", first), "an owner who goes stays a member")
}
