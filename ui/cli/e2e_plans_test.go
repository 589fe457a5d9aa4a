package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
)

func TestServicePlansAreSyncedWhereAProfileNamesThem(t *testing.T) {
	tenant := serveTenant(t, emulator.Options{Users: 400})
	s := tenant.site()
	assert.Equal(t, "initial", s.sync().Mode)
	s.requireEqual(tenant)
	assert.Equal(t, 2, s.run("facets", "assignedPlans").code, "by default they are not synced")

	s.syncs(model.FullSchema())
	assert.Equal(t, "resync", s.sync().Mode)
	s.requireEqual(tenant)
	tenant.Tenant().Churn(1, seed.Churn{Hires: 5, Leavers: 5, Moves: 60})
	assert.Equal(t, "delta", s.sync().Mode)
	s.requireEqual(tenant)

	exchange := 0
	for i := range tenant.Tenant().UserSlots() {
		u, ok := tenant.Tenant().User(i)
		if !ok {
			continue
		}
		for p := range u.Licence.Plans() {
			if p.Service == "exchange" {
				exchange++
				break
			}
		}
	}
	var found object
	require.NoError(t, json.Unmarshal([]byte(s.ok("users", "assignedPlans:exchange", "--count", "--json")), &found))
	assert.EqualValues(t, exchange, found["count"])
	assert.True(t, strings.HasPrefix(s.ok("users", "--columns", "assignedPlans", "--sort", "-displayName", "--limit", "3"), "ASSIGNED PLANS\n"))
	tenant.requireGoodManners()
}

func TestTheDemoSyncsEveryAttribute(t *testing.T) {
	m := newMachine(t)
	facets := m.runJSON(0, "facets", "assignedPlans", "--demo")
	assert.Greater(t, facets["distinct"], 20.0)
	attributes := m.runJSON(0, "users", "--demo", "--limit", "1")["users"].([]any)[0].(object)
	assert.Len(t, attributes, len(model.Catalogue()))

	m.configure("[profile.demo]\nattributes = [\"city\"]\n")
	assert.Equal(t, 2, m.run("facets", "assignedPlans", "--demo").code, "unless its profile names others")
}
