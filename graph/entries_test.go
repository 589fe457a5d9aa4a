package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
)

// entry is an object of the tenant as an administrator may name it.
type entry struct {
	id, name  string
	addresses []string // primary first
	is        func(model.Object) bool
}

func smtp(proxies []string) []string {
	var primary, others []string
	for _, p := range proxies {
		scheme, address, _ := strings.Cut(p, ":")
		switch scheme {
		case "SMTP":
			primary = append(primary, address)
		case "smtp":
			others = append(others, address)
		}
	}
	return append(primary, others...)
}

func isGroup(kind model.GroupKind, dynamic bool) func(model.Object) bool {
	return func(o model.Object) bool {
		return o.Type == model.ObjectGroup && o.Group != nil && o.Group.Kind == kind && o.Group.DynamicMembership == dynamic
	}
}

// firstGroup is the first group of a kind, one with several addresses if there
// is one.
func firstGroup(t *testing.T, tn *seed.Tenant, kind model.GroupKind, dynamic bool) entry {
	var e entry
	for i := range tn.Groups() {
		g, _ := tn.Group(i)
		if k, d := model.ClassifyGroup(g.GroupTypes, g.MailEnabled, g.SecurityEnabled); k != kind || d != dynamic {
			continue
		}
		if addresses := smtp(g.ProxyAddresses); e.id == "" || len(addresses) > len(e.addresses) {
			e = entry{id: g.ID, name: g.DisplayName, addresses: addresses, is: isGroup(kind, dynamic)}
		}
	}
	require.NotEmpty(t, e.id)
	return e
}

func firstUser(t *testing.T, tn *seed.Tenant, addresses int, like func(*seed.User) bool) entry {
	for i := range tn.UserSlots() {
		u, ok := tn.User(i)
		if ok && len(smtp(u.ProxyAddresses)) >= addresses && like(&u) {
			return entry{
				id: u.ID, name: u.DisplayName, addresses: append(smtp(u.ProxyAddresses), u.UserPrincipalName),
				is: func(o model.Object) bool {
					return o.Type == model.ObjectUser && o.UserType == u.UserType && o.AccountEnabled != nil && *o.AccountEnabled == u.AccountEnabled
				},
			}
		}
	}
	t.Fatal("the tenant has no such user")
	return entry{}
}

func TestEveryKindIsReachedByEveryNameItHas(t *testing.T) {
	h := open(t, emulator.Options{})
	tn := h.server.Tenant()
	contact, ok := tn.Contact(0)
	require.True(t, ok)
	for kind, e := range map[string]entry{
		"Microsoft 365 group":         firstGroup(t, tn, model.KindMicrosoft365, false),
		"dynamic Microsoft 365 group": firstGroup(t, tn, model.KindMicrosoft365, true),
		"security group":              firstGroup(t, tn, model.KindSecurity, false),
		"dynamic security group":      firstGroup(t, tn, model.KindSecurity, true),
		"mail-enabled security group": firstGroup(t, tn, model.KindMailEnabledSecurity, false),
		"distribution list":           firstGroup(t, tn, model.KindDistribution, false),
		"member":                      firstUser(t, tn, 2, func(u *seed.User) bool { return u.UserType == "Member" && u.AccountEnabled }),
		"guest":                       firstUser(t, tn, 0, func(u *seed.User) bool { return u.UserType == "Guest" }),
		"disabled account, as a shared mailbox has": firstUser(t, tn, 1, func(u *seed.User) bool { return !u.AccountEnabled && u.Mail != "" }),
		"contact": {
			id: contact.ID, name: contact.DisplayName, addresses: smtp(contact.ProxyAddresses),
			is: func(o model.Object) bool { return o.Type == model.ObjectContact },
		},
	} {
		t.Run(kind, func(t *testing.T) {
			reached := func(how string, found []model.Object, err error) {
				t.Helper()
				require.NoError(t, err, how)
				i := slices.IndexFunc(found, func(o model.Object) bool { return o.ID == e.id })
				if assert.GreaterOrEqual(t, i, 0, how) {
					assert.True(t, e.is(found[i]), "%s: %+v", how, found[i])
				}
			}
			found, err := h.ResolveName(t.Context(), e.id)
			reached("by id", found, err)
			assert.Len(t, found, 1)
			found, err = h.ResolveName(t.Context(), strings.ToUpper(e.name))
			reached("by display name", found, err)
			for _, a := range e.addresses {
				found, err = h.ResolveAddress(t.Context(), strings.ToUpper(a))
				reached("by "+a, found, err)
			}
		})
	}
}

func TestNamesThatNobodyHasAreFoundNowhere(t *testing.T) {
	h := open(t, emulator.Options{Users: 50})
	for _, name := range []string{"nobody at all", "o'nobody", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "%00", "a or b') or (1 eq 1"} {
		found, err := h.ResolveName(t.Context(), name)
		require.NoError(t, err, name)
		assert.Empty(t, found, name)
	}
}

func TestAGroupAndAContactOfOneNameAreBothCandidates(t *testing.T) {
	contact, _ := seed.New(seed.Options{Users: 50}).Contact(3)
	h := open(t, emulator.Options{Users: 50, Groups: []seed.CustomGroup{
		{Code: "twin-1", DisplayName: contact.DisplayName, Kind: model.KindDistribution},
		{Code: "twin-2", DisplayName: contact.DisplayName, Kind: model.KindSecurity},
	}})
	found, err := h.ResolveName(t.Context(), contact.DisplayName)
	require.NoError(t, err)
	if assert.Len(t, found, 3) {
		assert.Contains(t, idsOf(found), contact.ID)
	}
}

// More than a page of 100.
func TestAllCandidatesOfANameAreNamed(t *testing.T) {
	custom := make([]seed.CustomGroup, 0, 130)
	for i := range 130 {
		custom = append(custom, seed.CustomGroup{Code: fmt.Sprintf("twin-%d", i), DisplayName: "Twins", Kind: model.KindSecurity})
	}
	h := open(t, emulator.Options{Users: 50, Groups: custom})
	found, err := h.ResolveName(t.Context(), "twins")
	require.NoError(t, err)
	assert.Len(t, found, 130)
	found, err = h.ResolveGroup(t.Context(), "twins")
	require.NoError(t, err)
	assert.Len(t, found, 130)
}

func TestListsAreClassifiedByTheirAddresses(t *testing.T) {
	h := open(t, emulator.Options{Users: 200})
	tn := h.server.Tenant()
	var addresses, want []string
	for i := range tn.Groups() {
		g, _ := tn.Group(i)
		for _, a := range smtp(g.ProxyAddresses) {
			addresses, want = append(addresses, strings.ToUpper(a)), append(want, g.ID)
		}
	}
	dynamic := tn.DynamicLists()
	require.NotEmpty(t, dynamic)
	for _, d := range dynamic {
		addresses, want = append(addresses, d.Mail), append(want, "")
	}
	user, _ := tn.User(0)
	addresses, want = append(addresses, user.Mail), append(want, "")
	requests, _ := h.requestsOf(func() {
		found, err := h.Classify(t.Context(), addresses)
		require.NoError(t, err)
		assert.Equal(t, want, idsOf(found))
	})
	t.Logf("%d addresses, %d requests", len(addresses), requests)
	assert.LessOrEqual(t, requests, len(addresses)/150+1)
}

func TestCountsAreThoseOfTheTenant(t *testing.T) {
	h := open(t, emulator.Options{Users: 800})
	tn := h.server.Tenant()
	groups := everyGroup(tn)
	counts, err := h.CountUsers(t.Context(), groups)
	require.NoError(t, err)
	for i, n := range counts {
		if groups[i].HiddenMembership {
			assert.Equal(t, -1, n, "hidden members are unknown, not none")
			continue
		}
		assert.Equal(t, len(usersBelow(tn, i)), n, "%d", i)
	}
}

// usersBelow are the users of a group and of those nested in it, as far as their
// members are not hidden.
func usersBelow(tn *seed.Tenant, group int) map[int]bool {
	users, seen := make(map[int]bool), map[int]bool{group: true}
	for queue := []int{group}; len(queue) > 0; queue = queue[1:] {
		if g, _ := tn.Group(queue[0]); g.Visibility == "HiddenMembership" {
			continue
		}
		for m := range tn.Members(queue[0]) {
			switch {
			case m.Type == seed.MemberUser:
				users[m.Index] = true
			case m.Type == seed.MemberGroup && !seen[m.Index]:
				seen[m.Index] = true
				queue = append(queue, m.Index)
			}
		}
	}
	return users
}
