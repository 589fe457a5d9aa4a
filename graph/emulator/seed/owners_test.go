package seed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func (t *Tenant) groupNamed(name string) int {
	for i := range t.Groups() {
		if g, _ := t.Group(i); g.DisplayName == name {
			return i
		}
	}
	return -1
}

func TestOwnersOfTheFixedPointsAreMembersOfTheirDepartmentWhoReceiveMail(t *testing.T) {
	tenant := New(Options{})
	for name, department := range map[string]string{"sg-sales": "Sales", "m365-marketing": "Marketing"} {
		g := tenant.groupNamed(name)
		owners := tenant.Owners(g)
		require.Len(t, owners, 1, name)
		u, ok := tenant.User(owners[0].Index)
		require.True(t, ok)
		assert.True(t, tenant.IsMember(g, owners[0]), name)
		assert.Equal(t, department, u.Department)
		assert.NotEmpty(t, u.Mail)
		assert.True(t, u.AccountEnabled)
		assert.Equal(t, "Member", u.UserType)
		assert.NotEqual(t, tenant.Account(), u.Index, "the account that is signed in owns nothing")
	}
}

func TestGroupsOfExchangeAndOfOnPremisesHaveNoOwners(t *testing.T) {
	tenant := New(Options{Users: 5})
	for i := range tenant.Groups() {
		g, _ := tenant.Group(i)
		synced := g.OnPremisesSyncEnabled != nil && *g.OnPremisesSyncEnabled
		if exchange := g.MailEnabled && (len(g.GroupTypes) == 0 || g.GroupTypes[0] != "Unified"); exchange || synced {
			assert.Empty(t, tenant.Owners(i), g.DisplayName)
		}
		for _, m := range tenant.Owners(i) {
			assert.True(t, tenant.Present(m.Index), g.DisplayName)
		}
	}
}

func TestOwnersComeAndGo(t *testing.T) {
	tenant := New(Options{Groups: []CustomGroup{{Code: "owned", Kind: model.KindSecurity, Owners: []Member{{Index: 7}, {Index: 7}, {MemberServicePrincipal, 1}}}}})
	g := tenant.groupNamed("owned")
	assert.Equal(t, []Member{{Index: 7}, {MemberServicePrincipal, 1}}, tenant.Owners(g))
	assert.False(t, tenant.AddOwner(g, Member{Index: 7}), "is one")
	assert.False(t, tenant.AddOwner(g, Member{Index: 5000}), "is nobody")
	assert.True(t, tenant.AddOwner(g, Member{Index: 8}))
	assert.True(t, tenant.RemoveOwner(g, Member{Index: 7}))
	assert.False(t, tenant.RemoveOwner(g, Member{Index: 7}))
	assert.Equal(t, []Member{{MemberServicePrincipal, 1}, {Index: 8}}, tenant.Owners(g))
	require.True(t, tenant.RemoveUser(8, true))
	assert.Equal(t, []Member{{MemberServicePrincipal, 1}}, tenant.Owners(g))
	assert.False(t, tenant.IsOwner(g, Member{Index: 8}))
	for _, o := range []CustomGroup{
		{Code: "list", Kind: model.KindDistribution, Owners: []Member{{Index: 7}}},
		{Code: "none", Kind: model.KindSecurity, Owners: []Member{{Index: 5000}}},
		{Code: "contact", Kind: model.KindSecurity, Owners: []Member{{MemberContact, 0}}},
	} {
		_, err := Build(Options{Groups: []CustomGroup{o}})
		require.Error(t, err, o.Code)
		assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
	}
}

func TestMembersCanBeReadAsTheyWere(t *testing.T) {
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	tenant := New(Options{Now: func() time.Time { return at }, Groups: []CustomGroup{{Code: "g", Kind: model.KindSecurity, Members: []Member{{Index: 1}, {Index: 2}}}}})
	g := tenant.groupNamed("g")
	times := []time.Time{at}
	want := [][]Member{{{Index: 1}, {Index: 2}}}
	step := func(do func() bool, members ...Member) {
		at = at.Add(time.Second)
		require.True(t, do())
		times, want = append(times, at), append(want, members)
	}
	step(func() bool { return tenant.AddMember(g, Member{Index: 3}) }, Member{Index: 1}, Member{Index: 2}, Member{Index: 3})
	step(func() bool { return tenant.RemoveMemberBy("request", g, Member{Index: 2}) }, Member{Index: 1}, Member{Index: 3})
	step(func() bool { return tenant.RemoveMember(g, Member{Index: 3}) }, Member{Index: 1})
	step(func() bool { return tenant.AddMember(g, Member{Index: 2}) }, Member{Index: 1}, Member{Index: 2})
	for i, when := range times {
		assert.ElementsMatch(t, want[i], tenant.MembersAt(g, when), i)
	}
	changes := tenant.MembershipChanges()
	require.Len(t, changes, 4)
	assert.Equal(t, MembershipChange{At: times[2], Group: g, Member: Member{Index: 2}, Request: "request"}, changes[1])
	assert.False(t, tenant.AddMember(g, Member{Index: 2}), "no change")
	assert.Len(t, tenant.MembershipChanges(), 4)
}

func TestAGroupCanChangeHands(t *testing.T) {
	tenant := New(Options{})
	g := tenant.groupNamed("m365-marketing")
	before, _ := tenant.Group(g)
	require.True(t, tenant.SetRule(g, `user.department -eq "Marketing"`))
	dynamic, _ := tenant.Group(g)
	assert.Equal(t, []string{"Unified", "DynamicMembership"}, dynamic.GroupTypes)
	require.True(t, tenant.SetRule(g, ""))
	after, _ := tenant.Group(g)
	assert.Equal(t, before, after)
	require.True(t, tenant.SetSynced(g, true))
	synced, _ := tenant.Group(g)
	assert.True(t, *synced.OnPremisesSyncEnabled)
	assert.False(t, tenant.SetSynced(-1, true))
}
