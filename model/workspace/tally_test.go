package workspace_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

// crowd draws users who have few addresses between them: some go by another
// one's, in another letter case, by a proxy address without a type, or have
// none.
func crowd(t *rapid.T) []model.Change {
	addresses := []string{
		"", "ann@contoso.com", "ANN@contoso.com", "bob@contoso.com", "cy@fabrikam.com", "dı@contoso.com", "DI@contoso.com", "İd@contoso.com", "id@contoso.com",
	}
	users := make([]model.Change, rapid.IntRange(1, 14).Draw(t, "users"))
	for i := range users {
		own := fmt.Sprintf("user%d@contoso.com", i)
		mail := rapid.SampledFrom(append([]string{own, own, fmt.Sprintf("user%d@Fabrikam.com", i)}, addresses...)).Draw(t, "mail")
		fields := []model.Field{
			{Attr: model.AttrDisplayName, Value: fmt.Sprintf("User %d", i)},
			{Attr: model.AttrUserPrincipalName, Value: own},
			{Attr: model.AttrDepartment, Value: fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "department"))},
			{Attr: model.AttrCity, Value: fmt.Sprint(rapid.IntRange(0, 1).Draw(t, "city"))},
			{Attr: model.AttrUserType, Value: rapid.SampledFrom([]string{"", "Member", "Guest"}).Draw(t, "type")},
			{Attr: model.AttrAccountEnabled, Value: rapid.SampledFrom([]string{"", "true", "false"}).Draw(t, "enabled")},
			{Attr: model.AttrMobilePhone, Value: rapid.SampledFrom([]string{"", " ", "+1"}).Draw(t, "mobile")},
			{Attr: model.AttrMail, Value: mail},
		}
		var proxies []string
		for range rapid.IntRange(0, 2).Draw(t, "proxies") {
			proxies = append(proxies, rapid.SampledFrom([]string{"smtp:", "SMTP:", "sip:", ""}).Draw(t, "prefix")+rapid.SampledFrom(addresses[1:]).Draw(t, "proxy"))
		}
		if proxies != nil {
			fields = append(fields, model.Field{Attr: model.AttrProxyAddresses, Values: proxies})
		}
		users[i] = model.Change{ID: workspacetest.ID(1000 + i), Fields: fields}
	}
	return users
}

func TestATallyEqualsThePreview(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tenant := workspacetest.Contoso()
		tenant.Users = crowd(rt)
		w := tenant.Workspace()
		require.NoError(rt, w.Open(t.Context()))
		_, err := w.Sync(t.Context(), refresh.Request{})
		require.NoError(rt, err)
		rules := []string{`user.department -eq "0"`, `user.department -ne "1"`, `user.city -eq "0"`, `user.mail -contains "contoso"`, `user.department -eq "none"`}
		_, err = w.SaveSegment(t.Context(), "Saved", rules[0], nil)
		require.NoError(rt, err)
		entry := rapid.Custom(func(t *rapid.T) string {
			if rapid.IntRange(0, 3).Draw(t, "saved") == 0 {
				return "segment:Saved"
			}
			return "rule:" + rapid.SampledFrom(rules).Draw(t, "rule")
		})
		include := []string{entry.Draw(rt, "first")}
		for range rapid.IntRange(0, 3).Draw(rt, "more") {
			include = append(include, rapid.SampledFrom([]string{"", "&", "-"}).Draw(rt, "sign")+entry.Draw(rt, "entry"))
		}

		tally, ok, err := w.Tally(t.Context(), include, nil)
		require.NoError(rt, err)
		require.True(rt, ok)
		var estimates []audience.Estimate
		p, err := w.Preview(t.Context(), include, nil, &workspace.Watch{Estimated: func(e audience.Estimate) { estimates = append(estimates, e) }})
		require.NoError(rt, err)
		require.Equal(rt, p.Tally(), tally, "%v", include)
		require.Equal(rt, []audience.Estimate{{Recipients: tally.Unique, Exact: &tally}}, estimates, "there at once, once the directory has been counted")
	})
}

func TestOnlySegmentsAndRulesOverTheSyncedDirectoryAreTallied(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	for _, include := range [][]string{
		{"all-staff@contoso.com"}, {"rule:" + salesRule, "-bert@contoso.com"}, {"rule:" + memberOf(workspacetest.ListPartners)},
	} {
		_, ok, err := w.Tally(t.Context(), include, nil)
		require.NoError(t, err)
		assert.False(t, ok, "%v", include)
	}
	tally, ok, err := w.Tally(t.Context(), []string{"rule:" + salesRule}, nil)
	require.NoError(t, err)
	require.True(t, ok)
	assert.Equal(t, 3, tally.Unique)
	_, _, err = w.Tally(t.Context(), []string{"segment:Nowhere"}, nil)
	failure(t, err, model.KindUsage, "segmentNotFound")
}

// A preview returns when it is done, whether or not the directory has been
// counted by then; the race detector sees whoever counts on.
func TestThePreviewOfAChangedDirectoryDoesNotWaitForItsCount(t *testing.T) {
	for range 50 {
		w := synced(t, workspacetest.Contoso())
		var estimates []audience.Estimate
		p, err := w.Preview(t.Context(), []string{"rule:" + salesRule}, nil, &workspace.Watch{Estimated: func(e audience.Estimate) { estimates = append(estimates, e) }})
		require.NoError(t, err)
		assert.Equal(t, 3, p.Counts.Unique)
		tally := p.Tally()
		if len(estimates) > 0 {
			assert.Equal(t, []audience.Estimate{{Recipients: 3, Exact: &tally}}, estimates)
		}
	}
}
