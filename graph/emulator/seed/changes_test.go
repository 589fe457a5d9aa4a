package seed

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAnUpdateIsRecordedWithWhatItChanged(t *testing.T) {
	tenant := New(Options{})
	old, _ := tenant.User(30)
	require.True(t, tenant.UpdateUser(30, func(u *User) {
		u.ID, u.Index = "other", 7 // both stay
		u.JobTitle = "Astronaut"
		u.ExtensionAttributes[4] = "VIP+"
		u.Manager = 5
	}))
	u, _ := tenant.User(30)
	assert.Equal(t, "Astronaut", u.JobTitle)
	assert.Equal(t, 30, u.Index)
	assert.Equal(t, tenant.UserID(30), u.ID)
	changes := tenant.Changes(0, 0)
	require.Len(t, changes, 1)
	assert.Equal(t, Change{Seq: 1, User: 30, Kind: UserUpdated, Properties: changes[0].Properties, ManagerChanged: true, FormerManager: old.Manager}, changes[0])
	assert.Equal(t, []string{"jobTitle", "onPremisesExtensionAttributes"}, changes[0].Properties.Names())
	assert.True(t, changes[0].Properties.Has("jobTitle"))
	assert.False(t, changes[0].Properties.Has("mail"))
	assert.False(t, changes[0].Properties.Has("shoeSize"))
	assert.Contains(t, tenant.DirectReports(5), 30)
}

func TestAnUpdateThatChangesNothingIsNotRecorded(t *testing.T) {
	tenant := New(Options{})
	assert.True(t, tenant.UpdateUser(30, func(u *User) { u.JobTitle += "" }))
	assert.Zero(t, tenant.Seq())
	assert.False(t, tenant.UpdateUser(2000, func(*User) { t.Error("there is no such user") }))
}

func TestAnUpdateDoesNotShareItsSlicesWithEarlierAnswers(t *testing.T) {
	tenant := New(Options{})
	require.True(t, tenant.UpdateUser(30, func(u *User) { u.JobTitle = "First" }))
	before, _ := tenant.User(30)
	first := before.ProxyAddresses[0]
	require.True(t, tenant.UpdateUser(30, func(u *User) { u.ProxyAddresses[0] = "SMTP:other@contoso.com" }))
	assert.Equal(t, first, before.ProxyAddresses[0])
}

func TestARenamedUserIsFoundByItsNewNamesOnly(t *testing.T) {
	tenant := New(Options{})
	old, _ := tenant.User(30)
	require.True(t, tenant.UpdateUser(30, func(u *User) {
		u.UserPrincipalName, u.Mail = "New.Name@contoso.com", "New.Name@contoso.com"
		u.ProxyAddresses = []string{"SMTP:New.Name@contoso.com", "smtp:" + old.Mail}
	}))
	i, ok := tenant.FindUserByUPN("new.name@CONTOSO.com")
	assert.True(t, ok)
	assert.Equal(t, 30, i)
	_, ok = tenant.FindUserByUPN(old.UserPrincipalName)
	assert.False(t, ok, "the old UPN is nobody's")
	i, ok = tenant.FindUserByAddress(old.Mail)
	assert.True(t, ok, "the old address is a secondary one")
	assert.Equal(t, 30, i)
	require.True(t, tenant.RemoveUser(30, false))
	for _, name := range []string{"new.name@contoso.com", old.Mail} {
		_, ok = tenant.FindUserByAddress(name)
		assert.False(t, ok, name)
	}
}

func TestRemovingAManagerMovesTheReports(t *testing.T) {
	tenant := New(Options{})
	boss := tenant.DirectReports(2)[0]
	reports := tenant.DirectReports(boss)
	require.NotEmpty(t, reports)
	require.True(t, tenant.RemoveUser(boss, false))
	assert.False(t, tenant.RemoveUser(boss, false), "only once")
	_, ok := tenant.User(boss)
	assert.False(t, ok)
	changes := tenant.Changes(0, 0)
	require.Len(t, changes, 1+len(reports))
	assert.Equal(t, Change{Seq: 1, User: boss, Kind: UserSoftDeleted}, changes[0])
	for i, r := range reports {
		assert.Equal(t, Change{Seq: uint64(i) + 2, User: r, Kind: UserUpdated, ManagerChanged: true, FormerManager: boss}, changes[i+1])
		u, _ := tenant.User(r)
		assert.Equal(t, 2, u.Manager)
	}
	assert.Subset(t, tenant.DirectReports(2), reports)
	assert.Empty(t, tenant.DirectReports(boss))
	assert.NotEmpty(t, tenant.UserID(boss), "a delta still names it")
}

func TestAHireHasEverythingThatAUserHas(t *testing.T) {
	tenant := New(Options{Users: 50})
	for range 60 {
		i := tenant.HireUser()
		u, ok := tenant.User(i)
		require.True(t, ok)
		found, ok := tenant.FindUserByUPN(u.UserPrincipalName)
		require.True(t, ok)
		assert.Equal(t, i, found)
		c := tenant.Changes(tenant.Seq()-1, 0)[0]
		assert.Equal(t, UserHired, c.Kind)
		assert.Equal(t, i, c.User)
		assert.True(t, c.Properties.Has("displayName"))
	}
	assert.Equal(t, 110, tenant.UserCount())
	assert.EqualValues(t, 60, tenant.Seq())
}

func TestTheLogIsReadInParts(t *testing.T) {
	tenant := New(Options{Users: 50})
	for range 10 {
		tenant.HireUser()
	}
	part := tenant.Changes(3, 4)
	require.Len(t, part, 4)
	assert.EqualValues(t, 4, part[0].Seq)
	assert.EqualValues(t, 7, part[3].Seq)
	assert.Len(t, tenant.Changes(8, 100), 2)
	assert.Empty(t, tenant.Changes(10, 0))
	assert.Empty(t, tenant.Changes(99, 0))
}

// replayed is what a reader of the log knows of a user.
type replayed struct {
	user    User
	manager int
}

// A reader that applies what each entry of the log names, taking the values
// from the tenant as it is then, ends with the tenant as it is.
func TestTheLogTellsEveryChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tenant := New(Options{Users: 60, Seed: rapid.Uint64Range(1, 9).Draw(t, "seed")})
		known := make(map[int]replayed)
		eachUser(tenant, func(u User) { known[u.Index] = replayed{u, u.Manager} })
		seq := uint64(0)
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			tenant.Churn(rapid.Uint64().Draw(t, "churn"), Churn{
				Hires: rapid.IntRange(0, 4).Draw(t, "hires"), Leavers: rapid.IntRange(0, 4).Draw(t, "leavers"),
				Moves: rapid.IntRange(0, 4).Draw(t, "moves"), Renames: rapid.IntRange(0, 4).Draw(t, "renames"),
			})
			for _, c := range tenant.Changes(seq, 0) {
				if seq++; c.Seq != seq {
					t.Fatalf("change %d follows %d", c.Seq, seq-1)
				}
				u, present := tenant.User(c.User)
				if c.Kind == UserSoftDeleted || c.Kind == UserHardDeleted {
					delete(known, c.User)
				} else if present {
					apply(known, c, u)
				}
			}
			compare(t, tenant, known)
		}
	})
}

func apply(known map[int]replayed, c Change, now User) {
	k := known[c.User]
	if c.Kind == UserHired {
		k = replayed{User{Index: now.Index}, noManager}
	}
	for i, p := range userProperties {
		if c.Properties>>i&1 == 1 {
			set(&k.user, &now, p.name)
		}
	}
	if c.ManagerChanged {
		k.manager = now.Manager
	}
	known[c.User] = k
}

// set copies one property, and those that Graph does not show apart.
func set(to, from *User, name string) {
	v := *from
	switch name {
	case "displayName":
		to.DisplayName = v.DisplayName
	case "userPrincipalName":
		to.UserPrincipalName = v.UserPrincipalName
	case "mail":
		to.Mail = v.Mail
	case "department":
		to.Department = v.Department
	case "jobTitle":
		to.JobTitle = v.JobTitle
	case "officeLocation":
		to.OfficeLocation = v.OfficeLocation
	case "surname":
		to.Surname = v.Surname
	case "proxyAddresses":
		to.ProxyAddresses = v.ProxyAddresses
	case assignedPlans:
		to.Licence = v.Licence
	case extensionAttributes:
		to.ExtensionAttributes = v.ExtensionAttributes
	}
}

func compare(t *rapid.T, tenant *Tenant, known map[int]replayed) {
	if len(known) != tenant.UserCount() {
		t.Fatalf("the reader knows %d users of %d", len(known), tenant.UserCount())
	}
	eachUser(tenant, func(u User) {
		k, ok := known[u.Index]
		if !ok {
			t.Fatalf("the reader does not know user %d", u.Index)
		}
		if k.manager != u.Manager {
			t.Fatalf("user %d: manager %d, the reader has %d", u.Index, u.Manager, k.manager)
		}
		if u.Manager != noManager {
			if _, ok := tenant.User(u.Manager); !ok {
				t.Fatalf("user %d is led by %d, who left", u.Index, u.Manager)
			}
		}
		if k.user.Licence != u.Licence {
			t.Fatalf("user %d: %+v, the reader has %+v", u.Index, u.Licence, k.user.Licence)
		}
		for _, pair := range [][2]string{
			{k.user.DisplayName, u.DisplayName},
			{k.user.UserPrincipalName, u.UserPrincipalName},
			{k.user.Mail, u.Mail},
			{k.user.Department, u.Department},
			{k.user.JobTitle, u.JobTitle},
			{k.user.OfficeLocation, u.OfficeLocation},
			{k.user.Surname, u.Surname},
			{strings.Join(k.user.ProxyAddresses, " "), strings.Join(u.ProxyAddresses, " ")},
			{strings.Join(k.user.ExtensionAttributes[:], " "), strings.Join(u.ExtensionAttributes[:], " ")},
		} {
			if pair[0] != pair[1] {
				t.Fatalf("user %d: %q, the reader has %q", u.Index, pair[1], pair[0])
			}
		}
	})
}

func TestChurnDoesWhatItSaysAndDoesItAgain(t *testing.T) {
	ask := Churn{Hires: 12, Leavers: 7, Moves: 9, Renames: 5}
	a, b := New(Options{}), New(Options{})
	assert.Equal(t, ask, a.Churn(42, ask))
	assert.Equal(t, ask, b.Churn(42, ask))
	assert.Equal(t, a.Changes(0, 0), b.Changes(0, 0))
	assert.Equal(t, 2000+12-7, a.UserCount())
	kinds := make(map[ChangeKind]int)
	renamed := 0
	for _, c := range a.Changes(0, 0) {
		kinds[c.Kind]++
		if c.Properties.Has("userPrincipalName") && c.Kind == UserUpdated {
			renamed++
		}
	}
	assert.Equal(t, 12, kinds[UserHired])
	assert.Equal(t, 7, kinds[UserSoftDeleted]+kinds[UserHardDeleted])
	assert.Equal(t, 5, renamed)
	c := New(Options{})
	c.Churn(43, ask)
	assert.NotEqual(t, a.Changes(0, 0), c.Changes(0, 0))
}

func TestChurnStopsWhenNobodyIsLeft(t *testing.T) {
	tenant := New(Options{Users: 3})
	assert.Zero(t, tenant.Churn(1, Churn{Leavers: 10}).Leavers)
	assert.Equal(t, 3, tenant.UserCount())
}
