package seed

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func eachUser(t *Tenant, yield func(User)) {
	for i := range t.UserSlots() {
		if u, ok := t.User(i); ok {
			yield(u)
		}
	}
}

func TestTheDefaultTenantIsTheDocumentedOne(t *testing.T) {
	tenant := New(Options{})
	assert.Equal(t, "3f1d5a8e-9c27-4b60-8e4d-c0a7050c0de1", tenant.TenantID())
	assert.Equal(t, "contoso.com", tenant.DefaultDomain())
	assert.Equal(t, "contoso.onmicrosoft.com", tenant.InitialDomain())
	assert.Equal(t, "Contoso", tenant.OrganizationName())
	assert.Equal(t, 2000, tenant.UserCount())
	assert.Equal(t, 2000, tenant.UserSlots())
	assert.Equal(t, tenant.TenantID(), New(Options{Users: 2000, Seed: 1}).TenantID())
}

func TestOtherTenantsHaveOtherIDs(t *testing.T) {
	seen := make(map[string]Options)
	for _, o := range []Options{{}, {Users: 1999}, {Seed: 2}, {Users: 1999, Seed: 2}} {
		tenant := New(o)
		for _, id := range []string{tenant.TenantID(), tenant.UserID(5)} {
			if other, ok := seen[id]; ok && other.Seed != o.Seed {
				t.Errorf("%+v and %+v share %s", o, other, id)
			}
			seen[id] = o
		}
	}
	assert.NotEqual(t, New(Options{Users: 1999}).TenantID(), New(Options{}).TenantID())
}

func TestEqualOptionsGiveEqualTenants(t *testing.T) {
	a, b := New(Options{Users: 700, Seed: 9}), New(Options{Users: 700, Seed: 9})
	for i := range a.UserSlots() {
		ua, _ := a.User(i)
		ub, _ := b.User(i)
		require.Equal(t, ua, ub)
	}
	for g := range a.Groups() {
		require.Equal(t, a.groups[g].Group, b.groups[g].Group)
	}
}

// A process that starts anew must serve the objects that another one named.
func TestTheDefaultTenantStaysTheSameFromRunToRun(t *testing.T) {
	tenant := New(Options{})
	u, _ := tenant.User(1000)
	g, _ := tenant.Group(0)
	assert.Equal(t, []string{pinnedAccount, pinnedUserID, pinnedUPN, pinnedGroup}, []string{tenant.UserID(tenant.Account()), u.ID, u.UserPrincipalName, g.ID})
}

func TestTheServiceAccountCanSignIn(t *testing.T) {
	tenant := New(Options{})
	u, ok := tenant.User(tenant.Account())
	require.True(t, ok)
	assert.Equal(t, "rollcall@contoso.com", u.UserPrincipalName)
	assert.Equal(t, "rollcall@contoso.com", u.Mail)
	assert.Equal(t, "Rollcall Service", u.DisplayName)
	assert.Equal(t, "Member", u.UserType)
	assert.Equal(t, "IT", u.Department)
	assert.True(t, u.AccountEnabled)
	assert.Equal(t, -1, u.Manager)
	i, ok := tenant.FindUserByUPN("Rollcall@Contoso.com")
	assert.True(t, ok)
	assert.Equal(t, tenant.Account(), i)
}

func TestEveryUserIsFoundByEachOfItsNames(t *testing.T) {
	for _, users := range []int{1, 2, 30, 2000, 12_000} {
		tenant := New(Options{Users: users, Seed: uint64(users)})
		upns, taken := make(map[string]bool), make(map[string]bool)
		eachUser(tenant, func(u User) {
			upn := strings.ToLower(u.UserPrincipalName)
			require.False(t, upns[upn], "%s is given twice", upn)
			upns[upn] = true
			i, ok := tenant.FindUser(strings.ToUpper(u.ID))
			require.True(t, ok, u.ID)
			require.Equal(t, u.Index, i)
			shouted := strings.ToUpper(u.UserPrincipalName)
			if strings.ToLower(shouted) != upn {
				shouted = upn // the dotless i has no capital of its own
			}
			i, ok = tenant.FindUserByUPN(shouted)
			require.True(t, ok, shouted)
			require.Equal(t, u.Index, i, shouted)
			quick, ok := tenant.UserPrincipalName(u.Index)
			require.True(t, ok)
			require.Equal(t, u.UserPrincipalName, quick)
			for _, address := range addresses(u.ProxyAddresses) {
				require.False(t, taken[address], "%s is given twice", address)
				taken[address] = true
				i, ok := tenant.FindUserByAddress(address)
				require.True(t, ok, address)
				require.Equal(t, u.Index, i, address)
			}
		})
	}
}

func TestNamesThatNobodyHasAreNotFound(t *testing.T) {
	tenant := New(Options{Users: 300})
	for _, name := range []string{
		"", "@", "rollcall", "rollcall@fabrikam.com", "nobody@contoso.com", "no.body@contoso.com", "anna.müller99999999999@contoso.com",
		"anna.bauer0@contoso.com", "anna.bauer1@contoso.com", "e1@contoso.com", "e9999999@contoso.com", "#EXT#@contoso.onmicrosoft.com",
		"anja.bauer_fabrikam.com#EXT#@contoso.com", "all-staff@contoso.com",
	} {
		_, ok := tenant.FindUserByUPN(name)
		assert.False(t, ok, "UPN %q", name)
		_, ok = tenant.FindUserByAddress(name)
		assert.False(t, ok && name != "rollcall@contoso.com", "address %q", name)
	}
	larger := New(Options{Users: 5000})
	u, _ := larger.User(4000)
	_, ok := tenant.FindUser(u.ID)
	assert.False(t, ok, "a user that only a larger tenant has")
}

func TestTheDefaultTenantHoldsEveryKindOfUser(t *testing.T) {
	tenant := New(Options{})
	count := make(map[string]int)
	distinct := make(map[string]map[string]bool)
	seen := func(attribute, value string) {
		if distinct[attribute] == nil {
			distinct[attribute] = make(map[string]bool)
		}
		distinct[attribute][value] = true
	}
	tally := func(name string, is bool) {
		if is {
			count[name]++
		}
	}
	eachUser(tenant, func(u User) {
		member := u.UserType == "Member"
		tally("guest", !member)
		tally("disabled", !u.AccountEnabled)
		tally("no mail", u.Mail == "")
		tally("mobile", u.MobilePhone != "")
		tally("on premises", u.OnPremisesSyncEnabled)
		tally("no department", member && u.Department == "")
		tally("no office", member && u.OfficeLocation == "")
		tally("no title", member && u.JobTitle == "")
		tally("numbered", strings.ContainsAny(u.MailNickname, "23456789"))
		tally("apostrophe", strings.Contains(u.UserPrincipalName, "'"))
		tally("not ASCII", strings.ContainsFunc(u.UserPrincipalName, func(r rune) bool { return r > unicode.MaxASCII }))
		tally("cost centre", u.ExtensionAttributes[extCostCentre-1] != "")
		tally("address with capitals", u.Mail != strings.ToLower(u.Mail))
		if member {
			seen("department", u.Department)
			seen("company", u.CompanyName)
			seen("country", u.Country)
			seen("language", u.PreferredLanguage)
		}
	})
	for name, want := range map[string][2]int{
		"guest": {90, 160}, "disabled": {50, 110}, "no mail": {35, 90}, "mobile": {1050, 1350}, "on premises": {400, 1100},
		"no department": {8, 40}, "no office": {10, 60}, "no title": {15, 90}, "numbered": {50, 500},
		"apostrophe": {5, 80}, "not ASCII": {3, 40}, "cost centre": {1500, 1900}, "address with capitals": {30, 160},
	} {
		assert.GreaterOrEqual(t, count[name], want[0], name)
		assert.LessOrEqual(t, count[name], want[1], name)
	}
	assert.Len(t, distinct["department"], 13, "twelve and null")
	assert.GreaterOrEqual(t, len(distinct["company"]), 3)
	assert.GreaterOrEqual(t, len(distinct["country"]), 15)
	assert.GreaterOrEqual(t, len(distinct["language"]), 15)
}

func TestAccountsWereMadeByTheThousandOnAFewDays(t *testing.T) {
	tenant := New(Options{Users: 50_000})
	hours, years := make(map[int64]int), make(map[int]int)
	eachUser(tenant, func(u User) {
		require.False(t, u.CreatedDateTime.IsZero(), "none is unknown unless asked for")
		require.Zero(t, u.CreatedDateTime.Nanosecond(), "whole seconds")
		require.Equal(t, time.UTC, u.CreatedDateTime.Location())
		require.True(t, u.CreatedDateTime.Before(today))
		quick, ok := tenant.CreatedDateTime(u.Index)
		require.True(t, ok)
		require.Equal(t, u.CreatedDateTime, quick)
		hours[u.CreatedDateTime.Unix()/3600]++
		years[u.CreatedDateTime.Year()]++
	})
	busy := 0
	for _, n := range hours {
		if n >= 1000 {
			busy++
		}
	}
	assert.GreaterOrEqual(t, busy, 5, "hours with a thousand accounts")
	for year := 2018; year <= 2026; year++ {
		assert.Greater(t, years[year], 500, "accounts made in %d", year)
	}
	hired := tenant.HireUser()
	later := tenant.HireUser()
	first, _ := tenant.CreatedDateTime(hired)
	second, _ := tenant.CreatedDateTime(later)
	assert.True(t, today.Before(first) && first.Before(second), "whoever is hired is the newest")
}

func TestAShareOfTheOldestAccountsHasNoCreationTime(t *testing.T) {
	without, with := New(Options{NullCreated: 0.4}), New(Options{})
	null, old := 0, 0
	for i := range with.UserSlots() {
		known, _ := with.CreatedDateTime(i)
		at, _ := without.CreatedDateTime(i)
		if known.Before(unknownBefore) {
			old++
		}
		if at.IsZero() {
			null++
			assert.True(t, known.Before(unknownBefore))
			continue
		}
		assert.Equal(t, known, at)
	}
	assert.InDelta(t, 0.4, float64(null)/float64(old), 0.05)
	all := New(Options{NullCreated: 1})
	at, _ := all.CreatedDateTime(2)
	known, _ := with.CreatedDateTime(2)
	assert.Equal(t, known.Before(unknownBefore), at.IsZero())
}

func TestDirectoryExtensionsAreSetForSomeMembers(t *testing.T) {
	tenant := New(Options{})
	set := make([]int, extensionCount)
	eachUser(tenant, func(u User) {
		for i, name := range DirectoryExtensions() {
			v, ok := u.Property(name)
			require.True(t, ok, name)
			if v != nil {
				assert.Equal(t, u.Extensions[i], v)
				assert.Equal(t, "Member", u.UserType)
				set[i]++
			}
		}
	})
	for i, n := range set {
		assert.Greater(t, n, 100, DirectoryExtensions()[i])
		assert.Less(t, n, 1900, DirectoryExtensions()[i])
	}
}

func TestNamesComeInTenScripts(t *testing.T) {
	tenant := New(Options{})
	scripts := map[string]*unicode.RangeTable{
		"Latin": unicode.Latin, "Cyrillic": unicode.Cyrillic, "Greek": unicode.Greek, "Arabic": unicode.Arabic, "Hebrew": unicode.Hebrew,
		"Devanagari": unicode.Devanagari, "Thai": unicode.Thai, "Han": unicode.Han, "Kana": unicode.Hiragana, "Hangul": unicode.Hangul,
	}
	found := make(map[string]int)
	eachUser(tenant, func(u User) {
		for name, table := range scripts {
			if strings.ContainsFunc(u.DisplayName, func(r rune) bool { return unicode.Is(table, r) }) {
				found[name]++
			}
		}
	})
	for name := range scripts {
		assert.GreaterOrEqual(t, found[name], 10, name)
	}
}

func TestHostileNamesAreInEveryTenantOfSomeSize(t *testing.T) {
	tenant := New(Options{Users: 160, Seed: 5})
	all := ""
	for i := range tenant.UserSlots() {
		u, _ := tenant.User(i)
		all += u.DisplayName + "|"
	}
	for what, part := range map[string]string{
		"escape sequence": "\x1b[31m", "clipboard": "\x1b]52;", "right-to-left override": "\u202e", "newline": "\r\n", "zero width": "\u200b",
		"formula": "|=HYPERLINK(", "emoji of several code points": "👩‍👩‍👧‍👦", "C1 control": "\u009b", "the longest name": strings.Repeat("Long", 64),
	} {
		assert.Contains(t, all, part, what)
	}
}

func TestManagersFormOneTree(t *testing.T) {
	tenant := New(Options{})
	reports := make(map[int][]int)
	eachUser(tenant, func(u User) {
		if u.Manager != noManager {
			reports[u.Manager] = append(reports[u.Manager], u.Index)
		}
		if u.Manager == noManager {
			assert.True(t, u.UserType == "Guest" || u.Index <= chiefExecutive, "user %d has no manager", u.Index)
			return
		}
		boss, steps := u, 0
		for boss.Manager != noManager {
			boss, _ = tenant.User(boss.Manager)
			require.Equal(t, "Member", boss.UserType)
			steps++
			require.Less(t, steps, 12, "the chain above user %d does not end", u.Index)
		}
		assert.Equal(t, chiefExecutive, boss.Index)
	})
	for i := range tenant.UserSlots() {
		assert.Equal(t, reports[i], tenant.DirectReports(i), "reports of user %d", i)
	}
	assert.Len(t, reports[chiefExecutive], len(tenant.departments))
}

func TestReportsAreTheInverseOfManagersWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tenant := New(Options{Users: 150, Seed: rapid.Uint64Range(1, 9).Draw(t, "seed")})
		tenant.Churn(rapid.Uint64().Draw(t, "churn"), Churn{Hires: 10, Moves: 15, Leavers: 30})
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, 159), 0, 40).Draw(t, "further leavers") {
			tenant.RemoveUser(i, true)
		}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, 159), 0, 5).Draw(t, "guests now") {
			tenant.UpdateUser(i, func(u *User) { u.UserType = "Guest" })
		}
		reports := make(map[int][]int)
		eachUser(tenant, func(u User) {
			if u.Manager != noManager {
				reports[u.Manager] = append(reports[u.Manager], u.Index)
			}
		})
		for i := range tenant.UserSlots() {
			if got := tenant.DirectReports(i); !slices.Equal(reports[i], got) {
				t.Fatalf("user %d: %v name it as manager, the reports are %v", i, reports[i], got)
			}
		}
	})
}

func TestPropertiesHaveTheirGraphNames(t *testing.T) {
	tenant := New(Options{})
	u, _ := tenant.User(8)
	for name, want := range map[string]any{
		"id": u.ID, "DISPLAYNAME": u.DisplayName, "accountEnabled": true, "createdDateTime": u.CreatedDateTime,
		"proxyAddresses": u.ProxyAddresses, "otherMails": []string{}, "faxNumber": nil,
		"onPremisesExtensionAttributes/extensionAttribute3": "EMEA", "onPremisesExtensionAttributes/extensionAttribute9": nil,
	} {
		got, ok := u.Property(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, got, name)
	}
	all, _ := u.Property("onPremisesExtensionAttributes")
	assert.Len(t, all, 15)
	assert.Equal(t, "EMEA", all.(map[string]any)["extensionAttribute3"])
	for _, name := range []string{"shoeSize", "mail/x", "onPremisesExtensionAttributes/extensionAttribute16", ""} {
		_, ok := u.Property(name)
		assert.False(t, ok, name)
	}
	for _, name := range UserPropertyNames() {
		_, ok := u.Property(name)
		assert.True(t, ok, name)
	}
}

// What the default tenant has always held.
const (
	pinnedAccount = "ed7fb433-2a99-4b60-9c35-3fa78bdafc26"
	pinnedUserID  = "64ef0ed0-55f5-49cb-bbe7-f711d33aa95f"
	pinnedUPN     = "lukas.neumann@contoso.com"
	pinnedGroup   = "8ed73ace-b371-448c-8760-41c82c2da122"
)
