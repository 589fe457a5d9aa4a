package seed

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/odata"
)

func TestEveryServicePlanHasAnIDAndBelongsToAProductOnce(t *testing.T) {
	service := make(map[string]string)
	for product, plans := range planned {
		for i, p := range plans {
			_, err := uuid.Parse(p.ID)
			require.NoError(t, err, p.Service)
			assert.Len(t, p.ID, idText)
			assert.NotContains(t, plans[:i], p, "product %d", product)
			if other, met := service[p.ID]; met {
				assert.Equal(t, other, p.Service, "two services share %s", p.ID)
			}
			service[p.ID] = p.Service
		}
	}
	assert.Equal(t, "exchange", service["efb87545-963c-4e0d-99df-69c6916d9eb0"])
}

func TestTheDefaultTenantHasEveryKindOfLicence(t *testing.T) {
	tenant := New(Options{})
	count := make(map[string]int)
	eachUser(tenant, func(u User) {
		plans := slices.Collect(u.Licence.Plans())
		if u.Mail == "" || u.UserType == "Guest" || u.Index == serviceAccount {
			require.Empty(t, plans, "%s has no mailbox of the company", u.DisplayName)
			count["none"]++
			return
		}
		require.NotEmpty(t, plans, u.DisplayName)
		switch u.Licence.Product {
		case Microsoft365E5:
			count["E5"]++
		case Microsoft365E3:
			count["E3"]++
		case Microsoft365F3:
			count["F3"]++
		case BusinessPremium:
			count["Business Premium"]++
		}
		ids := make(map[string]bool)
		for _, p := range plans {
			require.False(t, ids[p.ID], "%s has %s twice", u.DisplayName, p.ID)
			ids[p.ID] = true
			require.False(t, p.Assigned.After(today), "%s: assigned tomorrow", u.DisplayName)
			require.Zero(t, p.Assigned.Nanosecond())
			count[p.Status.String()]++
		}
	})
	for name, want := range map[string][2]int{
		"none": {130, 240}, "E5": {350, 700}, "E3": {700, 1200}, "F3": {150, 450}, "Business Premium": {50, 150},
		"Enabled": {18_000, 25_000}, "Warning": {150, 1000}, "Suspended": {50, 500}, "Deleted": {500, 2500},
	} {
		assert.GreaterOrEqual(t, count[name], want[0], name)
		assert.LessOrEqual(t, count[name], want[1], name)
	}
}

func TestWhoMovesGetsTheLicenceOfTheNewDepartment(t *testing.T) {
	tenant := New(Options{})
	tenant.Churn(4, Churn{Moves: 200})
	told := make(map[int]Properties)
	for _, c := range tenant.Changes(0, 0) {
		told[c.User] |= c.Properties
	}
	relicensed := 0
	for i, properties := range told {
		now, _ := tenant.User(i)
		before, _ := New(Options{}).User(i)
		if !properties.Has(assignedPlans) {
			require.Equal(t, before.Licence, now.Licence, "user %d", i)
			continue
		}
		if now.Licence.Former != before.Licence.Product {
			continue // moved twice
		}
		relicensed++
		plans := slices.Collect(now.Licence.Plans())
		for _, old := range planned[before.Licence.Product] {
			at := slices.IndexFunc(plans, func(p AssignedPlan) bool { return p.ServicePlan == old })
			require.GreaterOrEqual(t, at, 0, "a plan that was lost is told")
			require.Equal(t, !slices.Contains(planned[now.Licence.Product], old), plans[at].Status == Deleted)
		}
	}
	assert.Greater(t, relicensed, 20)
}

func TestAFilterSeesThePlansOfAUser(t *testing.T) {
	u := User{Licence: Licence{Product: Microsoft365F3, Off: 1, Assigned: today}}
	v, ok := u.Property("AssignedPlans")
	require.True(t, ok)
	plans := v.([]odata.Object)
	require.Len(t, plans, len(planned[Microsoft365F3]))
	for name, want := range map[string]any{
		"service": "exchange", "SERVICEPLANID": exchangeKiosk.ID, "capabilityStatus": "Deleted", "assignedDateTime": today,
	} {
		got, ok := plans[0].Property(name)
		assert.True(t, ok)
		assert.Equal(t, want, got, name)
	}
	_, ok = plans[0].Property("planName")
	assert.False(t, ok)
	u.Licence = Licence{}
	v, _ = u.Property("assignedPlans")
	assert.Equal(t, []odata.Object{}, v, "none, and not null")
	for range (&Licence{Product: Microsoft365E5}).Plans() {
		break // the rest is not asked for
	}
}
