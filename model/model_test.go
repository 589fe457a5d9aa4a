package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEveryKindHasTheExitCodeOfTheContract(t *testing.T) {
	for kind, code := range map[Kind]int{
		KindFailed: 1, KindUsage: 2, KindGuard: 3, KindSignIn: 4, KindUnavailable: 5, KindPartial: 6, KindLocked: 75, KindInterrupted: 130,
	} {
		assert.Equal(t, code, kind.ExitCode())
	}
}

func TestAsErrorKeepsWhatAnErrorSaysOfItself(t *testing.T) {
	original := &Error{Kind: KindGuard, Message: "stopped"}
	assert.Same(t, original, AsError(fmt.Errorf("while applying: %w", original)))
	assert.Equal(t, KindInterrupted, AsError(fmt.Errorf("reading: %w", context.Canceled)).Kind)
	assert.Equal(t, KindUnavailable, AsError(context.DeadlineExceeded).Kind)
	assert.Equal(t, &Error{Kind: KindFailed, Code: "failed", Message: "odd", Err: errors.New("odd")}, AsError(errors.New("odd")))
	assert.Nil(t, AsError(nil))
}

func TestTheCatalogueNamesEachAttributeOnce(t *testing.T) {
	rules, graphs := map[string]bool{}, map[string]bool{}
	for i, a := range Catalogue() {
		assert.Equal(t, AttrID(i), a.ID)
		assert.False(t, rules[strings.ToLower(a.Rule)], a.Rule)
		assert.False(t, graphs[strings.ToLower(a.Graph)], a.Graph)
		assert.NotEmpty(t, a.Label)
		assert.Positive(t, a.Width)
		rules[strings.ToLower(a.Rule)], graphs[strings.ToLower(a.Graph)] = true, true
	}
	assert.Len(t, Catalogue(), 48)
}

func TestASchemaSyncsWhatIsNamedAndWhatCountingNeeds(t *testing.T) {
	s, err := NewSchema("user.department", "mobilePhone", "ExtensionAttribute3")
	require.NoError(t, err)
	assert.True(t, s.IsSynced(AttrDepartment))
	assert.True(t, s.IsSynced(AttrMail), "without an address nobody can be counted")
	assert.False(t, s.IsSynced(AttrCity))
	assert.Contains(t, s.Select(), "onPremisesExtensionAttributes")
	assert.Equal(t, "id", s.Select()[0])
	assert.Equal(t, len(s.Select()), len(slices.Compact(slices.Sorted(slices.Values(s.Select())))), "each property once")

	_, err = NewSchema("departmnt")
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, KindUsage, e.Kind)
	assert.Contains(t, e.Remedy, `"department"`)
}

func TestTheFingerprintFollowsTheChoiceAndNotItsOrder(t *testing.T) {
	ab, _ := NewSchema("city", "state")
	ba, _ := NewSchema("state", "city")
	a, _ := NewSchema("city")
	assert.Equal(t, ab.Fingerprint(), ba.Fingerprint())
	assert.NotEqual(t, ab.Fingerprint(), a.Fingerprint())
}

func TestAnAttributeIsFoundByEachOfItsNames(t *testing.T) {
	s := FullSchema()
	for _, name := range []string{"mobile", "mobilePhone", "MOBILEPHONE", "user.mobile", " Mobile "} {
		a, ok := s.ByName(name)
		require.True(t, ok, name)
		assert.Equal(t, AttrMobilePhone, a.ID)
	}
	_, ok := s.ByName("phone")
	assert.False(t, ok)
}

func TestADirectoryExtensionIsAnAttributeLikeAnyOther(t *testing.T) {
	const costCenter = "extension_c272a57b722d4eb29bfe327874ae79cb_costCenter"
	s, err := NewSchema("city", "User.extension_C272A57B722D4EB29BFE327874AE79CB_costCenter", costCenter, "extension_00000000000000000000000000000001_x_y")
	require.NoError(t, err)
	require.Equal(t, len(Catalogue())+2, s.Len(), "named twice is one attribute")
	for _, name := range []string{costCenter, "user." + costCenter, strings.ToUpper(costCenter), "costcenter"} {
		a, ok := s.ByName(name)
		require.True(t, ok, name)
		assert.Equal(t, AttrID(len(Catalogue())), a.ID)
		assert.Equal(t, costCenter, a.Graph)
		assert.Equal(t, costCenter, a.Rule)
		assert.Equal(t, "costCenter", a.Label)
		assert.True(t, a.IsExtension())
		assert.True(t, s.IsSynced(a.ID))
	}
	assert.Contains(t, s.Select(), costCenter)
	assert.Equal(t, costCenter, s.Nearest("extension_c272a57b722d4eb29bfe327874ae79cb_costcentre"))
	city, _ := s.ByName("city")
	assert.False(t, city.IsExtension())

	without, _ := NewSchema("city")
	again, _ := NewSchema("extension_00000000000000000000000000000001_X_Y", costCenter, "city")
	assert.NotEqual(t, without.Fingerprint(), s.Fingerprint())
	assert.Equal(t, s.Fingerprint(), again.Fingerprint(), "neither the order nor the letter case counts")
}

func TestWhatIsNoDirectoryExtensionIsRefusedWithTheForm(t *testing.T) {
	for _, name := range []string{
		"extension_c272a57b722d4eb29bfe327874ae79c_short", "extension_c272a57b-722d-4eb2-9bfe-327874ae79cb_hyphens",
		"extension_c272a57b722d4eb29bfe327874ae79cb_", "extension_c272a57b722d4eb29bfe327874ae79cb_a,b", "extension_costCenter",
	} {
		_, err := NewSchema(name)
		var e *Error
		require.ErrorAs(t, err, &e, name)
		assert.Equal(t, "attributeUnknown", e.Code)
		assert.Contains(t, e.Remedy, "32 digits")
	}
}

func TestThereAreNoMoreExtensionsThanIds(t *testing.T) {
	var names []string
	for i := range 256 - len(Catalogue()) {
		names = append(names, fmt.Sprintf("extension_c272a57b722d4eb29bfe327874ae79cb_n%d", i))
	}
	s, err := NewSchema(names...)
	require.NoError(t, err)
	last, _ := s.ByName(names[len(names)-1])
	assert.Equal(t, AttrID(255), last.ID)

	_, err = NewSchema(append(names, "extension_c272a57b722d4eb29bfe327874ae79cb_more")...)
	assert.Equal(t, "attributesTooMany", AsError(err).Code)
}

func TestNearestSuggestsOnlyWhatIsNear(t *testing.T) {
	words := []string{"department", "displayName", "country"}
	assert.Equal(t, "department", Nearest("departmnt", words))
	assert.Equal(t, "department", Nearest("deparmtent", words))
	assert.Equal(t, "country", Nearest("COUNTY", words))
	assert.Empty(t, Nearest("shoeSize", words))
	assert.Empty(t, Nearest("", words))
}

// TestAUserHoldsWhatWasSetLast compares User with a plain map under random
// settings and clearings.
func TestAUserHoldsWhatWasSetLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var u User
		want := map[AttrID]string{}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			a := AttrID(rapid.IntRange(0, int(attrCatalogueLen)-1).Draw(t, "attribute"))
			if a == AttrObjectID {
				continue
			}
			v := rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "value")
			u.Apply(Change{ID: "id", Fields: []Field{{Attr: a, Value: v}}})
			if v == "" {
				delete(want, a)
			} else {
				want[a] = v
			}
		}
		assert.Len(t, u.Fields(), len(want))
		assert.True(t, slices.IsSortedFunc(u.Fields(), func(a, b Field) int { return int(a.Attr) - int(b.Attr) }))
		for a, v := range want {
			assert.Equal(t, v, u.Value(a))
		}
	})
}

func TestAnAbsentManagerIsUnchangedAndANullOneCleared(t *testing.T) {
	boss, nobody := "boss", ""
	u := User{}
	u.Apply(Change{ID: "id", Manager: &boss})
	u.Apply(Change{ID: "id", Fields: []Field{{Attr: AttrCity, Value: "Prague"}}})
	assert.Equal(t, "boss", u.ManagerID)
	u.Apply(Change{ID: "id", Manager: &nobody})
	assert.Empty(t, u.ManagerID)
}

func TestAWholeRecordClearsWhatItDoesNotName(t *testing.T) {
	boss := "boss"
	u := User{}
	u.Apply(Change{ID: "id", Fields: []Field{{Attr: AttrCity, Value: "Prague"}, {Attr: AttrState, Value: "Bohemia"}}, Manager: &boss})
	u.Apply(Change{ID: "id", Whole: true, Fields: []Field{{Attr: AttrState, Value: "Moravia"}}})
	assert.Equal(t, []Field{{Attr: AttrState, Value: "Moravia"}}, u.Fields())
	assert.Empty(t, u.ManagerID)
}

func TestACloneDoesNotShareItsFields(t *testing.T) {
	u := User{ID: "id"}
	u.Set(Field{Attr: AttrCity, Value: "Prague"})
	c := u.Clone()
	c.Set(Field{Attr: AttrCity, Value: "Oslo"})
	assert.Equal(t, "Prague", u.Value(AttrCity))
}

func TestTheNameToShowIsNeverEmpty(t *testing.T) {
	u := User{ID: "id"}
	assert.Equal(t, "id", u.DisplayName())
	u.Set(Field{Attr: AttrUserPrincipalName, Value: "a@contoso.com"})
	u.Set(Field{Attr: AttrDisplayName, Value: "  "})
	assert.Equal(t, "a@contoso.com", u.DisplayName())
}

func TestGroupsAreClassifiedByTheirOwnProperties(t *testing.T) {
	for _, test := range []struct {
		types          []string
		mail, security bool
		kind           GroupKind
		dynamic        bool
	}{
		{[]string{"Unified"}, true, false, KindMicrosoft365, false},
		{[]string{"Unified", "DynamicMembership"}, true, false, KindMicrosoft365, true},
		{nil, false, true, KindSecurity, false},
		{[]string{"DynamicMembership"}, false, true, KindSecurity, true},
		{nil, true, true, KindMailEnabledSecurity, false},
		{nil, true, false, KindDistribution, false},
	} {
		kind, dynamic := ClassifyGroup(test.types, test.mail, test.security)
		assert.Equal(t, test.kind, kind, "%+v", test)
		assert.Equal(t, test.dynamic, dynamic, "%+v", test)
	}
}

func TestOnlyAssignedCloudGroupsCanBeWritten(t *testing.T) {
	for name, group := range map[string]Group{
		"groupDynamic":             {Kind: KindSecurity, DynamicMembership: true},
		"groupOnPremises":          {Kind: KindSecurity, OnPremisesSync: true},
		"groupDistribution":        {Kind: KindDistribution},
		"groupMailEnabledSecurity": {Kind: KindMailEnabledSecurity},
		"groupDynamicDistribution": {Kind: KindDynamicDistribution},
		"groupRoleAssignable":      {Kind: KindSecurity, RoleAssignable: true},
		"groupManagementRestricted": {
			Kind: KindMicrosoft365, ManagementRestricted: true,
		},
	} {
		refusal := group.WriteRefusal()
		require.NotNil(t, refusal, name)
		assert.Equal(t, name, refusal.Code)
		assert.Equal(t, KindGuard, refusal.Kind)
		assert.NotEmpty(t, refusal.Remedy, "a refusal names the alternative")
	}
	for _, kind := range []GroupKind{KindSecurity, KindMicrosoft365} {
		assert.Nil(t, (&Group{Kind: kind, HiddenMembership: true, Team: true}).WriteRefusal())
	}
}

func TestARefusalSaysWhatToDoInstead(t *testing.T) {
	for name, test := range map[string]struct {
		group   Group
		remedy  []string
		handOut bool // somebody can change it in Exchange
	}{
		"distribution list":             {Group{Kind: KindDistribution}, []string{"--hand-over", "Add-DistributionGroupMember", "security or Microsoft 365 group"}, true},
		"mail-enabled security group":   {Group{Kind: KindMailEnabledSecurity}, []string{"--hand-over", "Remove-DistributionGroupMember"}, true},
		"synced distribution list":      {Group{Kind: KindDistribution, OnPremisesSync: true}, []string{"Active Directory"}, false},
		"synced security group":         {Group{Kind: KindSecurity, OnPremisesSync: true}, []string{"Active Directory", "cloud group"}, false},
		"dynamic group":                 {Group{Kind: KindMicrosoft365, DynamicMembership: true}, []string{"membership rule", "--as entra"}, false},
		"dynamic distribution list":     {Group{Kind: KindDynamicDistribution}, []string{"recipient filter", "--as opath"}, false},
		"role-assignable group":         {Group{Kind: KindSecurity, RoleAssignable: true}, []string{"Privileged Role Administrator"}, false},
		"restricted management":         {Group{Kind: KindSecurity, ManagementRestricted: true}, []string{"role is scoped to that unit"}, false},
		"role-assignable and dynamic":   {Group{Kind: KindSecurity, RoleAssignable: true, DynamicMembership: true}, []string{"membership rule"}, false},
		"synced, in a restricted unit":  {Group{Kind: KindSecurity, OnPremisesSync: true, ManagementRestricted: true}, []string{"Active Directory"}, false},
		"distribution list of the unit": {Group{Kind: KindDistribution, ManagementRestricted: true}, []string{"role is scoped"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.group.DisplayName = "sales"
			refusal := test.group.WriteRefusal()
			require.NotNil(t, refusal)
			assert.Equal(t, KindGuard, refusal.Kind)
			assert.True(t, strings.HasPrefix(refusal.Message, "sales "), refusal.Message)
			for _, text := range test.remedy {
				assert.Contains(t, refusal.Remedy, text)
			}
			assert.Equal(t, test.handOut, strings.Contains(refusal.Remedy, "--hand-over"))
			assert.Equal(t, test.handOut, test.group.HandOverRefusal() == nil)
		})
	}
	for _, kind := range []GroupKind{KindSecurity, KindMicrosoft365} {
		assert.Nil(t, (&Group{Kind: kind}).HandOverRefusal())
		assert.False(t, kind.InExchange())
	}
}

func TestASchemaTellsWhatItsUsersWereReadWithout(t *testing.T) {
	s, err := NewSchema("city", "state", "department")
	require.NoError(t, err)
	assert.Same(t, s, s.Without(nil, []string{"country"}), "what is not synced cannot be lacking")
	lacking := s.Without([]string{"City"}, []string{"state", "skills"})
	assert.Equal(t, LackUnread, lacking.Lack(AttrCity))
	assert.Equal(t, LackRefused, lacking.Lack(AttrState))
	assert.Equal(t, LackNothing, lacking.Lack(AttrDepartment))
	assert.Equal(t, LackNothing, s.Lack(AttrCity), "the schema itself is as it was")
	assert.Equal(t, s.Fingerprint(), lacking.Fingerprint())
}
