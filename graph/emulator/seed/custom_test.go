package seed

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func TestCustomGroupsStandBehindTheSeededOnesAndNestAnything(t *testing.T) {
	tenant, err := Build(Options{
		DynamicLists: []CustomDynamicList{{Code: "dyn-a", Filter: "Company -eq 'Contoso'"}},
		Groups: []CustomGroup{
			{Code: "first", DisplayName: "The first", Kind: model.KindDistribution, Nested: []string{"second", "all-staff"}, Dynamic: []string{"dyn-a", "emea-all"}, Members: []Member{{MemberUser, 5}, {MemberContact, 3}, {MemberUser, 5}}},
			{Code: "second", Kind: model.KindMailEnabledSecurity, Nested: []string{"first", "third"}},
			{Code: "third", Kind: model.KindSecurity, Members: []Member{{MemberUser, 9}, {MemberDevice, 2}}},
			{Code: "fourth", Kind: model.KindMicrosoft365, Hidden: true, Members: []Member{{MemberUser, 10}}},
		},
	})
	require.NoError(t, err)
	plain := New(Options{})
	require.Equal(t, plain.Groups()+4, tenant.Groups())
	for i := range plain.Groups() {
		want, _ := plain.Group(i)
		got, _ := tenant.Group(i)
		require.Equal(t, want, got)
	}
	at := func(code string) int {
		i, ok := tenant.FindGroupByAddress(code + "@contoso.com")
		require.True(t, ok, code)
		return i
	}
	first, second := at("first"), at("second")
	third := second + 1
	assert.Equal(t, []Member{{MemberGroup, second}, {MemberGroup, at("all-staff")}, {MemberDynamicList, 3}, {MemberDynamicList, emeaAll}, {MemberUser, 5}, {MemberContact, 3}},
		slices.Collect(tenant.Members(first)))
	assert.Equal(t, []Member{{MemberGroup, first}, {MemberGroup, third}}, slices.Collect(tenant.Members(second)))

	for code, want := range map[string]model.GroupKind{"first": model.KindDistribution, "second": model.KindMailEnabledSecurity, "fourth": model.KindMicrosoft365} {
		g, _ := tenant.Group(at(code))
		kind, dynamic := model.ClassifyGroup(g.GroupTypes, g.MailEnabled, g.SecurityEnabled)
		assert.Equal(t, want, kind, code)
		assert.False(t, dynamic)
		assert.Equal(t, code == "fourth", g.Visibility == "HiddenMembership")
	}
	g, _ := tenant.Group(third)
	assert.Equal(t, "third", g.DisplayName)
	assert.Empty(t, g.Mail, "a plain security group has no address")
	kind, _ := model.ClassifyGroup(g.GroupTypes, g.MailEnabled, g.SecurityEnabled)
	assert.Equal(t, model.KindSecurity, kind)

	g, _ = tenant.Group(first)
	assert.Equal(t, "The first", g.DisplayName)
	list, ok := tenant.FindDynamicListByAddress("DYN-A@contoso.com")
	require.True(t, ok)
	assert.Equal(t, "Company -eq 'Contoso'", tenant.DynamicLists()[list].RecipientFilter)
	assert.True(t, tenant.IsMember(first, Member{MemberContact, 3}))
	assert.False(t, tenant.IsMember(first, Member{MemberContact, 4}))
}

func TestCustomGroupsThatCannotBeAreRefused(t *testing.T) {
	list := func(code string) CustomGroup { return CustomGroup{Code: code, Kind: model.KindDistribution} }
	dynamic := func(code string) CustomDynamicList {
		return CustomDynamicList{Code: code, Filter: "Company -eq 'Contoso'"}
	}
	for name, o := range map[string]Options{
		"a code twice":                             {Groups: []CustomGroup{list("a"), list("A")}},
		"a seeded code":                            {Groups: []CustomGroup{list("all-staff")}},
		"a seeded alias":                           {Groups: []CustomGroup{list("everyone")}},
		"a seeded name without address":            {Groups: []CustomGroup{list("sg-sales")}},
		"a user's address":                         {Groups: []CustomGroup{list("rollcall")}},
		"a dynamic list's code":                    {Groups: []CustomGroup{list("emea-all")}},
		"a code that is no local part":             {Groups: []CustomGroup{list("a b")}},
		"no code":                                  {Groups: []CustomGroup{list("")}},
		"an unknown code inside":                   {Groups: []CustomGroup{{Code: "a", Kind: model.KindDistribution, Nested: []string{"nobody"}}}},
		"an unknown dynamic list inside":           {Groups: []CustomGroup{{Code: "a", Kind: model.KindDistribution, Dynamic: []string{"nobody"}}}},
		"a user that is not there":                 {Groups: []CustomGroup{{Code: "a", Kind: model.KindDistribution, Members: []Member{{MemberUser, 2000}}}}},
		"hidden members of a list":                 {Groups: []CustomGroup{{Code: "a", Kind: model.KindDistribution, Hidden: true}}},
		"a dynamic list in a plain security group": {Groups: []CustomGroup{{Code: "a", Kind: model.KindSecurity, Dynamic: []string{"emea-all"}}}},
		"a dynamic list in a Microsoft 365 group":  {Groups: []CustomGroup{{Code: "a", Kind: model.KindMicrosoft365, Members: []Member{{MemberDynamicList, 0}}}}},
		"a dynamic list as a group":                {Groups: []CustomGroup{{Code: "a", Kind: model.KindDynamicDistribution}}},
		"no kind":                                  {Groups: []CustomGroup{{Code: "a"}}},
		"a dynamic list of a group's code":         {DynamicLists: []CustomDynamicList{dynamic("all-staff")}},
		"a dynamic list twice":                     {DynamicLists: []CustomDynamicList{dynamic("d"), dynamic("D")}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Build(o)
			var known *model.Error
			require.True(t, errors.As(err, &known), "%v", err)
			assert.Equal(t, model.KindUsage, known.Kind)
		})
	}
}

// BenchmarkBuildWithCustomGroups builds 500 groups of 120 members each.
func BenchmarkBuildWithCustomGroups(b *testing.B) {
	groups := make([]CustomGroup, 500)
	for i := range groups {
		groups[i] = CustomGroup{Code: fmt.Sprintf("g%d", i), Kind: model.KindDistribution}
		for n := range 120 {
			groups[i].Members = append(groups[i].Members, Member{MemberUser, (i*120 + n) % 20_000})
		}
		if i > 0 {
			groups[i].Nested = []string{fmt.Sprintf("g%d", i/2)}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Build(Options{Users: 20_000, Groups: groups}); err != nil {
			b.Fatal(err)
		}
	}
}
