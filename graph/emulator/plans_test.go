package emulator_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

// plansOf is a user's assignedPlans as they stand in an answer.
func plansOf(u *seed.User) []any {
	plans := []any{}
	for p := range u.Licence.Plans() {
		plans = append(plans, map[string]any{
			"assignedDateTime": p.Assigned.Format("2006-01-02T15:04:05Z"), "capabilityStatus": p.Status.String(),
			"service": p.Service, "servicePlanId": p.ID,
		})
	}
	return plans
}

func licensed(p seed.Product) func(seed.User) bool {
	return func(u seed.User) bool { return u.Licence.Product == p }
}

func TestPlansAreReadWhereTheyAreSelected(t *testing.T) {
	s := signedIn(t, emulator.Options{Users: 300})
	for _, row := range s.all("/users?$top=120&$select=id,assignedPlans") {
		i, ok := s.Tenant().FindUser(row["id"].(string))
		require.True(t, ok)
		u, _ := s.Tenant().User(i)
		require.Equal(t, plansOf(&u), row["assignedPlans"])
	}
	assert.NotContains(t, s.get("/users?$top=1").rows()[0], "assignedPlans", "by default they are not returned")
	u := s.aUser(licensed(seed.Microsoft365E5))
	assert.Equal(t, plansOf(&u), s.get("/users/" + u.ID + "?$select=assignedPlans").ok()["assignedPlans"])
}

func TestADeltaRoundTellsPlansThatChanged(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	const selected = "/users/delta?$select=displayName,assignedPlans"
	records, _ := s.round(selected)
	unlicensed := s.aUser(licensed(seed.NoProduct))
	for _, r := range records {
		i, _ := s.Tenant().FindUser(r["id"].(string))
		u, _ := s.Tenant().User(i)
		if u.Licence.Product == seed.NoProduct {
			require.NotContains(t, r, "assignedPlans", "what was never set is absent")
		} else {
			require.Equal(t, plansOf(&u), r["assignedPlans"])
		}
	}

	link := s.get(selected + "&$deltatoken=latest").link("deltaLink")
	raised, lost, moved := s.aUser(licensed(seed.Microsoft365E3)), s.aUser(licensed(seed.Microsoft365F3)), s.aUser(licensed(seed.Microsoft365E5))
	s.Tenant().UpdateUser(raised.Index, func(u *seed.User) { u.Licence.Product, u.Licence.Former = seed.Microsoft365E5, u.Licence.Product })
	s.Tenant().UpdateUser(lost.Index, func(u *seed.User) { u.Licence = seed.Licence{} })
	s.Tenant().UpdateUser(moved.Index, func(u *seed.User) { u.City = "Brno" })
	s.Tenant().UpdateUser(unlicensed.Index, func(u *seed.User) { u.DisplayName = "Nobody" })
	raised, _ = s.Tenant().User(raised.Index)
	records, link = s.round(link)
	require.Len(t, records, 3, "the city is not selected")
	assert.Equal(t, plansOf(&raised), records[0]["assignedPlans"])
	assert.Equal(t, []any{}, records[1]["assignedPlans"])
	assert.NotContains(t, records[2], "assignedPlans")
	records, _ = s.round(link)
	assert.Empty(t, records)
}

func TestAMoveFromOutsideTellsItsPlans(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	link := s.get("/users/delta?$select=assignedPlans&$deltatoken=latest").link("deltaLink")
	status, _ := s.control("/demo/users/change?moves=60")
	require.Equal(t, http.StatusOK, status)
	records, _ := s.round(link)
	require.NotEmpty(t, records)
	for _, r := range records {
		i, _ := s.Tenant().FindUser(r["id"].(string))
		u, _ := s.Tenant().User(i)
		assert.Equal(t, plansOf(&u), r["assignedPlans"])
	}
}

func TestUsersAreFilteredByTheirPlans(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	const teams = "57ff2da0-773e-42df-b2af-ffb7a2317929"
	has := func(matches func(seed.AssignedPlan) bool) func(*seed.User) bool {
		return func(u *seed.User) bool { return slices.ContainsFunc(slices.Collect(u.Licence.Plans()), matches) }
	}
	for name, test := range map[string]struct {
		filter  string
		matches func(*seed.User) bool
	}{
		"plan and status": {
			`assignedPlans/any(p:p/servicePlanId eq ` + teams + ` and p/capabilityStatus eq 'Enabled')`,
			has(func(p seed.AssignedPlan) bool { return p.ID == teams && p.Status == seed.Enabled }),
		},
		"service": {`assignedPlans/any(p:p/service eq 'PowerBI')`, has(func(p seed.AssignedPlan) bool { return p.Service == "PowerBI" })},
		"not": {
			`not(assignedPlans/any(p:p/service eq 'exchange' and p/capabilityStatus ne 'Deleted'))`,
			func(u *seed.User) bool {
				return !has(func(p seed.AssignedPlan) bool { return p.Service == "exchange" && p.Status != seed.Deleted })(u)
			},
		},
		"no plans":         {`assignedPlans/$count eq 0`, func(u *seed.User) bool { return u.Licence.Product == seed.NoProduct }},
		"with other parts": {`department eq 'Sales' and assignedPlans/any(p:p/capabilityStatus eq 'Warning')`, func(u *seed.User) bool { return u.Department == "Sales" && u.Licence.Status == seed.Warning }},
	} {
		t.Run(name, func(t *testing.T) {
			var want []any
			for i := range s.Tenant().UserSlots() {
				if u, ok := s.Tenant().User(i); ok && test.matches(&u) {
					want = append(want, u.ID)
				}
			}
			query := "/users?$top=999&$select=id&$filter=" + url.QueryEscape(test.filter)
			s.get(query).refused(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
			var got []any
			for _, row := range s.all(query+"&$count=true", "ConsistencyLevel", "eventual") {
				got = append(got, row["id"])
			}
			require.NotEmpty(t, want)
			assert.Less(t, len(want), s.Tenant().UserCount())
			assert.ElementsMatch(t, want, got)
		})
	}
}
