package workspace_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

func TestAnAudienceIsKeptWithinItsEntries(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	saved(t, w, "Sales", salesRule)
	for name, test := range map[string]struct {
		include, exclude, want []string
		outside, excluded      int
	}{
		"a list within a segment":     {[]string{"all-staff@contoso.com", "&segment:Sales"}, nil, []string{"adele@contoso.com", "bert@contoso.com"}, 1, 0},
		"a segment within a group":    {[]string{"segment:Sales", "& group:sg-sales"}, nil, []string{"bert@contoso.com"}, 2, 0},
		"within either of two":        {[]string{"rule:user.mail -ne null", "&group:sg-sales", "&adele@contoso.com"}, nil, []string{"adele@contoso.com", "bert@contoso.com", "chandra@contoso.com"}, 1, 0},
		"less what is excluded":       {[]string{"rule:user.mail -ne null", "&segment:Sales"}, []string{"partners@contoso.com"}, []string{"adele@contoso.com", "dora@contoso.com"}, 1, 1},
		"within nobody":               {[]string{"segment:Sales", `&rule:user.department -eq "Nobody"`}, nil, []string{}, 3, 0},
		"within a foreign address":    {[]string{"partners@contoso.com", "&fergus@fabrikam.com"}, nil, []string{"fergus@fabrikam.com"}, 1, 0},
		"within an address of a file": {[]string{"segment:Sales", "&" + file(t, "mail\nADELE@contoso.com\nx@fabrikam.com\n")}, nil, []string{"adele@contoso.com"}, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := w.Preview(t.Context(), test.include, test.exclude, nil)
			require.NoError(t, err)
			assert.True(t, p.Complete(), "%v", p.Missing)
			assert.Equal(t, test.want, addresses(p))
			assert.Len(t, p.Outside, test.outside)
			assert.Equal(t, test.outside, p.Summary().Outside)
			assert.Len(t, p.Excluded, test.excluded)
			assert.Len(t, p.Objects(), len(test.want))
		})
	}
}

func TestAnAudienceOfNothingButLimitsIsAUsageError(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	before := len(tenant.Asked("Resolve"))
	_, err := w.Preview(t.Context(), []string{"&all-staff@contoso.com", "-adele@contoso.com"}, nil, nil)
	e := failure(t, err, model.KindUsage, "nothingIncluded")
	assert.Contains(t, e.Message, "kept within all-staff@contoso.com")
	assert.Contains(t, e.Remedy, "without the &")
	_, err = w.Preview(t.Context(), []string{"all-staff@contoso.com"}, []string{"&partners@contoso.com"}, nil)
	assert.Contains(t, failure(t, err, model.KindUsage, "entryInvalid").Message, "among what is excluded")
	assert.Len(t, tenant.Asked("Resolve"), before)
}

func TestAPlanIsKeptWithinItsEntries(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	saved(t, w, "Sales", salesRule)
	plan, err := w.Plan(t.Context(), []string{"all-staff@contoso.com", "&segment:Sales"}, nil, "sg-sales", writeback.ModeMirror)
	require.NoError(t, err)
	require.Len(t, plan.Add, 1)
	assert.Equal(t, workspacetest.ID(workspacetest.Adele), plan.Add[0].ID)
	require.Len(t, plan.Remove, 1)
	assert.Equal(t, workspacetest.ID(workspacetest.Chandra), plan.Remove[0].ID)
	assert.Equal(t, []string{"all-staff@contoso.com", "&segment:Sales"}, plan.From)

	_, err = w.Plan(t.Context(), []string{"rule:" + salesRule, "&board@contoso.com"}, nil, "sg-sales", writeback.ModeMirror)
	e := failure(t, err, model.KindGuard, "audienceIncomplete")
	assert.Contains(t, e.Message, "Board")
}

func TestAMemberWhoHasLeftTheDirectoryIsKeptInAGroupUnlessItIsOutside(t *testing.T) {
	for name, test := range map[string]struct {
		within  []string
		removed bool
	}{
		"nothing to be within":             {nil, false},
		"a rule, which cannot judge":       {[]string{`&rule:user.displayName -startsWith "Bert"`}, false},
		"a list that holds the member":     {[]string{"&list:Both"}, false},
		"a list that does not":             {[]string{"&list:Bert"}, true},
		"a list that does not, and a rule": {[]string{"&list:Bert", `&rule:user.displayName -startsWith "Bert"`}, false},
		"a group that holds the member":    {[]string{"&group:sg-sales"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := workspacetest.Contoso()
			w := synced(t, tenant)
			for list, members := range map[string][]int{"Sellers": {workspacetest.Bert, workspacetest.Chandra}, "Both": {workspacetest.Bert, workspacetest.Chandra}, "Bert": {workspacetest.Bert}} {
				_, err := w.SaveList(t.Context(), list, ids(members...))
				require.NoError(t, err)
			}
			tenant.Changes = []model.Change{{ID: workspacetest.ID(workspacetest.Chandra), Removed: "deleted"}}
			_, err := w.Sync(t.Context(), refresh.Request{AllowRemovals: 1})
			require.NoError(t, err)
			plan, err := w.Plan(t.Context(), append([]string{"list:Sellers"}, test.within...), nil, "sg-sales", writeback.ModeMirror)
			require.NoError(t, err)
			assert.Len(t, plan.Remove, map[bool]int{true: 1, false: 0}[test.removed])
			assert.Empty(t, plan.Add)
			assert.Empty(t, plan.Skipped)
		})
	}
}

// approved keeps a preview of entries under a name.
func approved(t *testing.T, w *workspace.Workspace, name string, entries ...string) *workspace.Snapshot {
	t.Helper()
	p, err := w.Preview(t.Context(), entries, nil, nil)
	require.NoError(t, err)
	s, err := w.ApprovePreview(t.Context(), p, name)
	require.NoError(t, err)
	return s
}

func TestASnapshotStandsForWhoHasItsAddressesToday(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	first := approved(t, w, "All hands", "adele@contoso.com", "dora@contoso.com")
	second := approved(t, w, "all hands", "all-staff@contoso.com", "&rule:"+salesRule)
	assert.Equal(t, []string{"rule:" + salesRule}, second.Within)
	assert.Equal(t, []string{"all-staff@contoso.com"}, second.Entries)
	third := approved(t, w, "", "partners@contoso.com")

	preview := func(entries ...string) *audience.Preview {
		p, err := w.Preview(t.Context(), entries, nil, nil)
		require.NoError(t, err)
		return p
	}
	assert.Equal(t, []string{"adele@contoso.com", "bert@contoso.com"}, addresses(preview("snapshot:ALL HANDS")), "the newest of the name")
	assert.Equal(t, []string{"adele@contoso.com", "dora@contoso.com"}, addresses(preview("snapshot: "+strings.ToUpper(first.ID))))
	p := preview("snapshot:"+third.ID, "-snapshot:All hands")
	assert.Equal(t, []string{"fergus@fabrikam.com"}, addresses(p))
	assert.Equal(t, 1, p.Counts.External)
	assert.Equal(t, []string{"bert@contoso.com"}, addresses(preview("rule:"+salesRule, "&snapshot:"+third.ID)))

	tenant.Changes = []model.Change{
		{ID: workspacetest.ID(workspacetest.Adele), Fields: []model.Field{
			{Attr: model.AttrMail, Value: "adele.vance@contoso.com"},
			{Attr: model.AttrUserPrincipalName, Value: "adele.vance@contoso.com"},
			{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:adele.vance@contoso.com", "smtp:adele@contoso.com"}},
		}},
		{ID: workspacetest.ID(workspacetest.Dora), Removed: "deleted"},
	}
	_, err := w.Sync(t.Context(), refresh.Request{AllowRemovals: 1})
	require.NoError(t, err)
	p = preview("snapshot:" + first.ID)
	assert.Equal(t, []string{"adele.vance@contoso.com", "dora@contoso.com"}, addresses(p))
	assert.Equal(t, workspacetest.ID(workspacetest.Adele), p.Recipients[0].Object.ID)
	assert.Equal(t, model.ObjectContact, p.Recipients[1].Object.Type, "an address of nobody's is somebody outside")
}

func TestASnapshotIsOfTheEntriesThatItWasApprovedOf(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	kept := approved(t, w, "", "all-staff@contoso.com", "group:sg-sales", "&rule:"+salesRule, "-dora@contoso.com")
	for name, test := range map[string]struct {
		entries []string
		is      bool
	}{
		"the same":                    {[]string{"all-staff@contoso.com", "group:sg-sales", "&rule:" + salesRule, "-dora@contoso.com"}, true},
		"in another order and case":   {[]string{"-Dora@contoso.com", "& RULE: " + salesRule, "GROUP:SG-Sales", "ALL-STAFF@contoso.com", "group:sg-sales"}, true},
		"without the limit":           {[]string{"all-staff@contoso.com", "group:sg-sales", "-dora@contoso.com"}, false},
		"with the limit included":     {[]string{"all-staff@contoso.com", "group:sg-sales", "rule:" + salesRule, "-dora@contoso.com"}, false},
		"without the exclusion":       {[]string{"all-staff@contoso.com", "group:sg-sales", "&rule:" + salesRule}, false},
		"with another exclusion":      {[]string{"all-staff@contoso.com", "group:sg-sales", "&rule:" + salesRule, "-dora@contoso.com", "-bert@contoso.com"}, false},
		"with the exclusion as limit": {[]string{"all-staff@contoso.com", "group:sg-sales", "&rule:" + salesRule, "&dora@contoso.com"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var entries []audience.Entry
			for _, text := range test.entries {
				e, err := audience.ParseEntry(text)
				require.NoError(t, err)
				entries = append(entries, e)
			}
			assert.Equal(t, test.is, kept.IsOf(entries))
		})
	}
}

func TestAnUnknownSnapshotIsAUsageErrorThatNamesTheNearestOne(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	approved(t, w, "All hands", "adele@contoso.com")
	_, err := w.Preview(t.Context(), []string{"snapshot:All hand"}, nil, nil)
	assert.Equal(t, `did you mean "All hands"?`, failure(t, err, model.KindUsage, "snapshotNotFound").Remedy)
	_, err = w.Preview(t.Context(), []string{"adele@contoso.com", "&snapshot:zebra"}, nil, nil)
	assert.Contains(t, failure(t, err, model.KindUsage, "snapshotNotFound").Remedy, "`rollcall snapshot list`")
}

func TestASnapshotAddressGoesToWhoeverGetsTheMail(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	approved(t, w, "Bert", "bert@contoso.com")
	named := []model.Field{{Attr: model.AttrUserPrincipalName, Value: "bert@contoso.com"}}
	tenant.Changes = []model.Change{{ID: workspacetest.ID(workspacetest.Dora), Fields: named}}
	_, err := w.Sync(t.Context(), refresh.Request{})
	require.NoError(t, err)
	p, err := w.Preview(t.Context(), []string{"snapshot:Bert"}, nil, nil)
	require.NoError(t, err)
	require.Len(t, p.Recipients, 1)
	assert.Equal(t, workspacetest.ID(workspacetest.Bert), p.Recipients[0].Object.ID)

	tenant.Changes[0].Fields = append(named, model.Field{Attr: model.AttrMail, Value: "bert@contoso.com"})
	_, err = w.Sync(t.Context(), refresh.Request{})
	require.NoError(t, err)
	_, err = w.Preview(t.Context(), []string{"snapshot:Bert"}, nil, nil)
	failure(t, err, model.KindUsage, "userAmbiguous")
}
