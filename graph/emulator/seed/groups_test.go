package seed

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// group finds a group by its address at the default domain, or else by its
// display name.
func group(t *testing.T, tenant *Tenant, name string) Group {
	t.Helper()
	i, ok := tenant.FindGroupByAddress(name + "@contoso.com")
	if !ok {
		i = slices.IndexFunc(tenant.groups, func(g groupSpec) bool { return g.DisplayName == name })
	}
	g, ok := tenant.Group(i)
	require.True(t, ok, "there is no group %s", name)
	return g
}

func members(tenant *Tenant, g Group) []Member { return slices.Collect(tenant.Members(g.Index)) }

func ofType(kind MemberType, list []Member) []int {
	var out []int
	for _, m := range list {
		if m.Type == kind {
			out = append(out, m.Index)
		}
	}
	return out
}

func TestFixedPointsAreOfTheirKind(t *testing.T) {
	tenant := New(Options{})
	type kind struct {
		unified, dynamic, mail, security, onPremises, roles, restricted, hidden, team bool
	}
	for name, want := range map[string]kind{
		"all-staff":             {mail: true},
		"leadership":            {mail: true},
		"empty":                 {mail: true},
		"partners":              {mail: true},
		"board":                 {unified: true, mail: true, hidden: true},
		"sg-sales":              {security: true},
		"m365-marketing":        {unified: true, mail: true},
		"dyn-engineering":       {dynamic: true, security: true},
		"sg-onprem":             {security: true, onPremises: true},
		"sg-admins":             {security: true, roles: true},
		"mes-vpn":               {mail: true, security: true},
		"sg-finance-restricted": {security: true, restricted: true},
		"project-1":             {unified: true, mail: true, team: true},
		"dyn-guests":            {unified: true, dynamic: true, mail: true},
	} {
		g := group(t, tenant, name)
		assert.Equal(t, want, kind{
			unified: slices.Contains(g.GroupTypes, "Unified"), dynamic: slices.Contains(g.GroupTypes, "DynamicMembership"),
			mail: g.MailEnabled, security: g.SecurityEnabled, onPremises: g.OnPremisesSyncEnabled != nil && *g.OnPremisesSyncEnabled,
			roles: g.IsAssignableToRole, restricted: g.IsManagementRestricted, hidden: g.Visibility == "HiddenMembership",
			team: slices.Contains(g.ResourceProvisioningOptions, "Team"),
		}, name)
		assert.Equal(t, g.MembershipRule != "", want.dynamic, name)
		assert.Equal(t, g.Mail != "", want.mail, name)
	}
	synced := group(t, tenant, "sg-cloud-migrated").OnPremisesSyncEnabled
	require.NotNil(t, synced)
	assert.False(t, *synced, "was synchronised, and is no longer")
}

func TestGroupsAreFoundByEachAddressAndByID(t *testing.T) {
	tenant := New(Options{})
	secondary := 0
	for i := range tenant.Groups() {
		g, _ := tenant.Group(i)
		at, ok := tenant.FindGroup(strings.ToUpper(g.ID))
		assert.True(t, ok)
		assert.Equal(t, i, at)
		for n, address := range addresses(g.ProxyAddresses) {
			at, ok = tenant.FindGroupByAddress(strings.ToUpper(address))
			assert.True(t, ok, address)
			assert.Equal(t, i, at, address)
			_, user := tenant.FindUserByAddress(address)
			assert.False(t, user, "%s is a user's, too", address)
			if n > 1 {
				secondary++
			}
		}
	}
	assert.Positive(t, secondary)
	everyone, ok := tenant.FindGroupByAddress("everyone@contoso.com")
	assert.True(t, ok)
	assert.Equal(t, group(t, tenant, "all-staff").Index, everyone)
	_, ok = tenant.FindGroupByAddress("nobody@contoso.com")
	assert.False(t, ok)
	_, ok = tenant.FindGroup(tenant.UserID(0))
	assert.False(t, ok)
}

func TestAllStaffReachesEverybodyWithAnAddress(t *testing.T) {
	for _, o := range []Options{{}, {Users: 50}, {Users: 5000, Seed: 3}} {
		tenant := New(o)
		tenant.Churn(1, Churn{Hires: 20, Leavers: 10, Moves: 20, Renames: 10})
		want := make(map[string]struct{})
		eachUser(tenant, func(u User) {
			if u.Mail != "" {
				want[strings.ToLower(u.Mail)] = struct{}{}
			}
		})
		all := group(t, tenant, "all-staff")
		assert.Equal(t, want, tenant.Reach(all.Index, false), "through Graph's eyes")
		assert.Equal(t, want, tenant.Reach(all.Index, true), "with its dynamic list")
	}
}

// depth is the number of lists on the longest way down that visits none twice.
func depth(tenant *Tenant, g int, above map[int]bool) int {
	if above[g] {
		return 0
	}
	above[g] = true
	defer delete(above, g)
	deepest := 0
	for _, inside := range ofType(MemberGroup, slices.Collect(tenant.Members(g))) {
		deepest = max(deepest, depth(tenant, inside, above))
	}
	return deepest + 1
}

func TestAllStaffIsDeepAndOverlaps(t *testing.T) {
	tenant := New(Options{})
	all := group(t, tenant, "all-staff")
	assert.Equal(t, 7, depth(tenant, all.Index, map[int]bool{}))
	assert.Contains(t, members(tenant, all), Member{MemberDynamicList, emeaAll})

	engineers := tenant.Reach(group(t, tenant, "berlin-firmware").Index, false)
	require.NotEmpty(t, engineers)
	for _, inside := range ofType(MemberGroup, members(tenant, all)) {
		g, _ := tenant.Group(inside)
		if g.MailNickname == "staff-emea" {
			continue
		}
		for address := range engineers {
			assert.NotContains(t, tenant.Reach(inside, false), address, "only the deepest list holds them")
		}
	}
	emea := tenant.Reach(group(t, tenant, "staff-emea").Index, false)
	overlap := 0
	for address := range tenant.Reach(group(t, tenant, "dept-sales").Index, false) {
		if _, both := emea[address]; both {
			overlap++
		}
	}
	assert.Greater(t, overlap, 50)
}

func TestLeadershipHasACycle(t *testing.T) {
	tenant := New(Options{})
	start := group(t, tenant, "leadership").Index
	back := false
	seen := map[int]bool{}
	var walk func(int)
	walk = func(g int) {
		if seen[g] {
			return
		}
		seen[g] = true
		for _, inside := range ofType(MemberGroup, slices.Collect(tenant.Members(g))) {
			back = back || inside == start
			walk(inside)
		}
	}
	walk(start)
	assert.True(t, back)
	assert.Len(t, seen, 5)
	assert.NotEmpty(t, tenant.Reach(start, false))
}

func TestEmptyReachesNobodyAndBoardIsSmall(t *testing.T) {
	tenant := New(Options{})
	assert.Empty(t, tenant.Reach(group(t, tenant, "empty").Index, true))
	board := members(tenant, group(t, tenant, "board"))
	assert.Len(t, board, 7)
	assert.Len(t, ofType(MemberUser, board), 7, "a Microsoft 365 group holds users only")
}

func TestPartnersAreContactsAndGuestsOfWhomSomeShareAnAddress(t *testing.T) {
	tenant := New(Options{})
	g := group(t, tenant, "partners")
	list := members(tenant, g)
	guests := ofType(MemberUser, list)
	require.Len(t, ofType(MemberContact, list), tenant.Contacts())
	require.NotEmpty(t, guests)
	for _, i := range guests {
		u, _ := tenant.User(i)
		assert.Equal(t, "Guest", u.UserType)
	}
	assert.Less(t, len(tenant.Reach(g.Index, false)), len(list)-1, "fewer addresses than members, though only one has none")
}

func TestSgSalesIsNotExactlyTheSalesDepartment(t *testing.T) {
	tenant := New(Options{})
	var inBoth, extra, missing int
	g := group(t, tenant, "sg-sales")
	eachUser(tenant, func(u User) {
		switch member := tenant.IsMember(g.Index, Member{MemberUser, u.Index}); {
		case member && u.Department == "Sales":
			inBoth++
		case member:
			extra++
		case u.Department == "Sales":
			missing++
		}
	})
	assert.Greater(t, inBoth, 200)
	assert.Positive(t, extra)
	assert.Greater(t, missing, 10)
}

func TestADynamicGroupFollowsItsRule(t *testing.T) {
	tenant := New(Options{})
	g := group(t, tenant, "dyn-engineering")
	require.Equal(t, `(user.department -eq "Engineering") -and (user.accountEnabled -eq true)`, g.MembershipRule)
	check := func() {
		eachUser(tenant, func(u User) {
			want := strings.EqualFold(u.Department, "Engineering") && u.AccountEnabled
			assert.Equal(t, want, tenant.IsMember(g.Index, Member{MemberUser, u.Index}), "user %d", u.Index)
		})
	}
	check()
	tenant.Churn(4, Churn{Moves: 200})
	check()
}

func TestAnAssignedGroupKeepsThoseWhoMove(t *testing.T) {
	tenant := New(Options{})
	g := group(t, tenant, "sg-sales")
	before := members(tenant, g)
	tenant.Churn(4, Churn{Hires: 100, Moves: 300})
	assert.Equal(t, before, members(tenant, g))
}

func TestGuestsHaveTheirDynamicGroup(t *testing.T) {
	tenant := New(Options{})
	g := group(t, tenant, "dyn-guests")
	require.Equal(t, `user.userType -eq "Guest"`, g.MembershipRule)
	eachUser(tenant, func(u User) {
		assert.Equal(t, u.UserType == "Guest", tenant.IsMember(g.Index, Member{MemberUser, u.Index}))
	})
}

func TestDisplayNamesMayBeAmbiguousButIDsAndAliasesAreNot(t *testing.T) {
	tenant := New(Options{})
	names, ids := make(map[string]int), make(map[string]int)
	for i := range tenant.Groups() {
		g, _ := tenant.Group(i)
		names[g.DisplayName]++
		ids[g.ID]++
		ids[g.MailNickname]++
	}
	maps.DeleteFunc(names, func(_ string, n int) bool { return n == 1 })
	assert.Equal(t, map[string]int{"Project Phoenix": 2}, names)
	maps.DeleteFunc(ids, func(_ string, n int) bool { return n == 1 })
	assert.Empty(t, ids)
	assert.GreaterOrEqual(t, tenant.Groups(), 60)
	assert.LessOrEqual(t, tenant.Groups(), 120)
}

func TestGroupsHoldOnlyWhatTheirKindMay(t *testing.T) {
	tenant := New(Options{})
	types := make(map[MemberType]bool)
	for i := range tenant.Groups() {
		g, _ := tenant.Group(i)
		unified := slices.Contains(g.GroupTypes, "Unified")
		for m := range tenant.Members(i) {
			types[m.Type] = true
			switch {
			case unified:
				assert.Equal(t, MemberUser, m.Type, "%s holds something else than users", g.DisplayName)
			case m.Type == MemberGroup && !g.MailEnabled:
				inside, _ := tenant.Group(m.Index)
				assert.True(t, inside.SecurityEnabled && len(inside.GroupTypes) == 0, "%s is nested in a security group", inside.DisplayName)
			case m.Type == MemberDynamicList:
				assert.True(t, g.MailEnabled)
			}
		}
	}
	assert.Len(t, types, 6, "every type of member occurs")
}

// textHolds reads a recipient filter of the seeded form by itself.
func textHolds(t *testing.T, filter string, u *User) bool {
	t.Helper()
	clauses := regexp.MustCompile(`\((\w+) -eq '([^']*)'\)`).FindAllStringSubmatch(filter, -1)
	var rebuilt []string
	holds := true
	for _, c := range clauses {
		rebuilt = append(rebuilt, c[0])
		value := ""
		switch c[1] {
		case "RecipientTypeDetails":
			switch {
			case u.Mail != "" && u.UserType == "Member":
				value = "UserMailbox"
			case u.Mail != "":
				value = "GuestMailUser"
			}
		case "CustomAttribute3":
			value = u.ExtensionAttributes[2]
		case "CountryOrRegion":
			if value = u.Country; value == "United States" {
				value = "US" // Exchange knows countries by their codes
			}
		case "Company":
			value = u.CompanyName
		default:
			t.Fatalf("no such recipient property: %s", c[1])
		}
		holds = holds && strings.EqualFold(value, c[2])
	}
	require.Equal(t, filter, "("+strings.Join(rebuilt, " -and ")+")")
	return holds
}

func TestDynamicListsSelectWhatTheirFilterSays(t *testing.T) {
	tenant := New(Options{})
	tenant.Churn(2, Churn{Hires: 30, Moves: 150, Leavers: 30})
	for i, list := range tenant.DynamicLists() {
		var want []Member
		eachUser(tenant, func(u User) {
			if textHolds(t, list.RecipientFilter, &u) {
				want = append(want, Member{MemberUser, u.Index})
			}
		})
		require.NotEmpty(t, want)
		assert.Equal(t, want, slices.Collect(tenant.DynamicMembers(i)), list.Mail)
		at, ok := tenant.FindDynamicListByAddress(strings.ToUpper(list.Mail))
		assert.True(t, ok)
		assert.Equal(t, i, at)
		_, ok = tenant.FindGroupByAddress(list.Mail)
		assert.False(t, ok, "Graph does not know %s", list.Mail)
	}
	assert.Equal(t, "emea-all@contoso.com", tenant.DynamicLists()[emeaAll].Mail)
}

func TestContactsDevicesAndApplicationsAreFoundAgain(t *testing.T) {
	tenant := New(Options{})
	shared, withoutAddress := 0, 0
	for i := range tenant.Contacts() {
		c, ok := tenant.Contact(i)
		require.True(t, ok)
		at, ok := tenant.FindContact(c.ID)
		assert.True(t, ok)
		assert.Equal(t, i, at)
		if c.Mail == "" {
			withoutAddress++
			continue
		}
		at, ok = tenant.FindContactByAddress(strings.ToUpper(c.Mail))
		assert.True(t, ok, c.Mail)
		assert.Equal(t, i, at, c.Mail)
		if _, ok := tenant.FindUserByAddress(c.Mail); ok {
			shared++
		}
	}
	assert.Equal(t, 1, withoutAddress)
	assert.Equal(t, tenant.Contacts()/sharedContactEvery, shared)
	for i := range tenant.Devices() {
		d, _ := tenant.Device(i)
		at, ok := tenant.FindDevice(d.ID)
		assert.True(t, ok)
		assert.Equal(t, i, at)
	}
	for i := range tenant.ServicePrincipals() {
		s, _ := tenant.ServicePrincipal(i)
		at, ok := tenant.FindServicePrincipal(s.ID)
		assert.True(t, ok)
		assert.Equal(t, i, at)
		at, ok = tenant.FindServicePrincipalByAppID(strings.ToUpper(s.AppID))
		assert.True(t, ok)
		assert.Equal(t, i, at)
	}
	_, ok := tenant.Contact(tenant.Contacts())
	assert.False(t, ok)
	_, ok = tenant.FindServicePrincipalByAppID("00000000-0000-0000-0000-000000000000")
	assert.False(t, ok)
}
