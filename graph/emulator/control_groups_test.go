package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
)

func TestGroupsCanBeChangedFromOutside(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	u, ok := s.Tenant().User(s.outsiderIndex("sg-sales"))
	require.True(t, ok)
	query := "?group=sg-sales&member=" + url.QueryEscape(u.UserPrincipalName)
	for _, step := range []struct{ path, want string }{
		{"/demo/groups/members/add", "member added: true"},
		{"/demo/groups/members/add", "member added: false"},
		{"/demo/groups/members/remove", "member removed: true"},
		{"/demo/groups/owners/add", "owner added: true"},
		{"/demo/groups/owners/remove", "owner removed: true"},
		{"/demo/groups/owners/remove", "owner removed: false"},
	} {
		status, done := s.control(step.path + query)
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, step.want, done)
	}
	var log []emulator.MembershipChange
	for _, target := range []string{"/demo/groups/changes", "/demo/groups/changes?group=sg-sales", "/demo/groups/changes?group=empty@contoso.com"} {
		res, err := s.client.Get(s.URL() + target)
		require.NoError(t, err)
		lines := json.NewDecoder(res.Body)
		for lines.More() {
			var c emulator.MembershipChange
			require.NoError(t, lines.Decode(&c))
			log = append(log, c)
		}
		res.Body.Close()
	}
	require.Len(t, log, 8, "all, those of the group, none")
	assert.Equal(t, log[:4], log[4:])
	assert.Equal(t, emulator.MembershipChange{At: log[3].At, GroupID: s.groupID("sg-sales"), MemberID: u.ID, Owner: true}, log[3])

	for _, path := range []string{
		"/demo/groups/members/add?group=sg-sales&member=nobody", "/demo/groups/members/add?group=none&member=" + u.ID,
		"/demo/groups/members/add?group=Project+Phoenix&member=" + u.ID, // two are called so
		"/demo/groups/change?group=sg-sales", "/demo/groups/change?group=sg-sales&synced=often", "/demo/groups/change?group=none&synced=true",
		"/demo/groups/change?group=none&rule=r", "/demo/users/delete?user=nobody", "/demo/users/delete?user=" + u.ID + "&hard=very",
		"/demo/users/delete?user=" + s.groupID("sg-sales"),
	} {
		status, _ := s.control(path)
		assert.Equal(t, http.StatusBadRequest, status, path)
	}
	status, _ := s.control("/demo/users/delete?hard=true&user=" + u.ID)
	assert.Equal(t, http.StatusOK, status)
	assert.False(t, s.Tenant().Present(u.Index))
}

func (s *tenant) outsiderIndex(group string) int {
	s.t.Helper()
	return s.userIndex(s.outsiders(group, 1)[0])
}

func TestAGroupThatSomebodyElseKeepsFromNowOnRefusesWrites(t *testing.T) {
	s := writer(t, emulator.Options{})
	id := s.outsiders("sg-sales", 1)[0]
	path := "/groups/" + s.groupID("sg-sales")
	count := s.Tenant().MemberCount(s.groupIndex("sg-sales"))

	_, done := s.control("/demo/groups/change?group=sg-sales&rule=" + url.QueryEscape(`user.department -eq "Sales"`))
	assert.Equal(t, "rule set: sg-sales", done)
	grp := s.get(path).ok()
	assert.Equal(t, []any{"DynamicMembership"}, grp["groupTypes"])
	assert.Equal(t, `user.department -eq "Sales"`, grp["membershipRule"])
	s.add("sg-sales", id).refused(http.StatusForbidden, "Authorization_RequestDenied", denied)
	require.NoError(t, s.MakeDynamic("sg-sales", ""))

	_, done = s.control("/demo/groups/change?group=sg-sales&synced=true")
	assert.Equal(t, "synchronised from on premises: true", done)
	assert.Equal(t, true, s.get(path).ok()["onPremisesSyncEnabled"])
	assert.Empty(t, s.get(path+"/owners").rows())
	s.add("sg-sales", id).refused(http.StatusBadRequest, "Request_BadRequest", onPremises)
	require.NoError(t, s.MakeSynced("sg-sales", false))
	assert.Equal(t, count, s.Tenant().MemberCount(s.groupIndex("sg-sales")))
	assert.Equal(t, http.StatusNoContent, s.add("sg-sales", id).Status)
}
