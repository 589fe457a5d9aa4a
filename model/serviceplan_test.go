package model

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAServicePlanIsOneText(t *testing.T) {
	for text, plan := range map[string]ServicePlan{
		"exchange/Enabled/efb87545-963c-4e0d-99df-69c6916d9eb0": {Service: "exchange", CapabilityStatus: "Enabled", ServicePlanID: "efb87545-963c-4e0d-99df-69c6916d9eb0"},
		"a/b/Deleted/1": {Service: "a/b", CapabilityStatus: "Deleted", ServicePlanID: "1"},
		"a//Deleted/1":  {Service: "a/", CapabilityStatus: "Deleted", ServicePlanID: "1"},
		"exchange//":    {Service: "exchange"},
		"/Warning/":     {CapabilityStatus: "Warning"},
		"//1":           {ServicePlanID: "1"},
		"//":            {},
	} {
		assert.Equal(t, text, plan.String())
		assert.Equal(t, "x"+text, string(plan.AppendText([]byte("x"))))
		read, ok := ParseServicePlan(text)
		assert.True(t, ok, text)
		assert.Equal(t, plan, read, text)
	}
}

func TestATextWithoutThreePartsIsNoServicePlan(t *testing.T) {
	for _, text := range []string{"", "exchange", "/", "exchange/Enabled", "SMTP:a@contoso.com"} {
		_, ok := ParseServicePlan(text)
		assert.False(t, ok, text)
	}
}

func TestAnyServicePlanIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.Custom(func(t *rapid.T) string { return strings.ReplaceAll(rapid.String().Draw(t, "part"), "/", "") })
		plan := ServicePlan{
			Service: rapid.String().Draw(t, "service"), CapabilityStatus: part.Draw(t, "status"), ServicePlanID: part.Draw(t, "id"),
		}
		read, ok := ParseServicePlan(plan.String())
		require.True(t, ok)
		require.Equal(t, plan, read)
	})
}

func TestPlansAreToldByTheirCondition(t *testing.T) {
	values := []string{
		"SharePoint/Enabled/1", "exchange/Enabled/2", "SCO/Deleted/3", "exchange/Enabled/4", "Sway/Deleted/5", "exchange/Deleted/6",
		"Bing/Odd/7", "Adallom/Warning/8", "/Enabled/9", "no plan", "//",
	}
	assert.Equal(t, []PlanServices{
		{"Enabled", []string{"9", "exchange ×2", "SharePoint"}},
		{"Warning", []string{"Adallom"}},
		{"Deleted", []string{"exchange", "SCO", "Sway"}},
		{"Odd", []string{"Bing"}},
		{"Unknown", []string{"no plan", "unnamed"}},
	}, PlansByStatus(values))
	assert.Equal(t, "9, exchange ×2, SharePoint; Warning: Adallom; Deleted: exchange, SCO, Sway; Odd: Bing; Unknown: no plan, unnamed", PlansText(values))
	assert.Empty(t, PlansByStatus(nil))
	assert.Empty(t, PlansText(nil))
}

func TestPlansAreSyncedByRequest(t *testing.T) {
	byDefault := DefaultSchema()
	assert.False(t, byDefault.IsSynced(AttrAssignedPlans))
	assert.NotContains(t, byDefault.Select(), "assignedPlans")
	assert.Len(t, byDefault.Synced(), len(Catalogue())-1, "nothing else is by request")
	for _, name := range []string{"assignedPlans", "user.assignedplans", "Assigned plans"} {
		named, err := NewSchema(name)
		require.NoError(t, err)
		assert.True(t, named.IsSynced(AttrAssignedPlans), name)
		assert.Contains(t, named.Select(), "assignedPlans")
		assert.False(t, named.IsSynced(AttrCity), "a profile that names attributes syncs those")
	}
	assert.True(t, FullSchema().IsSynced(AttrAssignedPlans))
	assert.Len(t, FullSchema().Synced(), len(Catalogue()))
	assert.NotEqual(t, byDefault.Fingerprint(), FullSchema().Fingerprint())
}

// Caches were filled under it before there were plans: with another one they
// would all be read again.
func TestTheDefaultChoiceKeepsItsFingerprint(t *testing.T) {
	assert.Equal(t, "0797b00189de7aba", DefaultSchema().Fingerprint())
}

func TestPlansAreACollection(t *testing.T) {
	a, ok := FullSchema().ByGraph("assignedPlans")
	require.True(t, ok)
	assert.True(t, a.Type.IsCollection())
	assert.True(t, TypeCollection.IsCollection())
	for _, single := range []Type{TypeString, TypeBool, TypeTime} {
		assert.False(t, single.IsCollection())
	}
}
