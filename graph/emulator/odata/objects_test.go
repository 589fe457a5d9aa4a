package odata_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/odata"
)

const (
	exchangePlan = "efb87545-963c-4e0d-99df-69c6916d9eb0"
	teamsPlan    = "57ff2da0-773e-42df-b2af-ffb7a2317929"
)

func plan(service, id, status string) odata.Object {
	return record{"service": service, "servicePlanId": id, "capabilityStatus": status}
}

var licensed = record{"assignedPlans": []odata.Object{
	plan("exchange", exchangePlan, "Enabled"), plan("TeamspaceAPI", teamsPlan, "Deleted"),
}}

func TestFilterSelectsByThePropertiesOfACollectionsElements(t *testing.T) {
	for _, c := range []struct {
		name, filter string
		want         bool
	}{
		{"a plan by its id", `assignedPlans/any(p:p/servicePlanId eq ` + exchangePlan + `)`, true},
		{"an id in capitals", `assignedPlans/any(p:p/servicePlanId eq EFB87545-963C-4E0D-99DF-69C6916D9EB0)`, true},
		{"another id", `assignedPlans/any(p:p/servicePlanId eq 00000000-0000-0000-0000-000000000000)`, false},
		{"a plan by its id and status", `assignedPlans/any(p:p/servicePlanId eq ` + exchangePlan + ` and p/capabilityStatus eq 'Enabled')`, true},
		{"parts that no one plan satisfies", `assignedPlans/any(p:p/servicePlanId eq ` + teamsPlan + ` and p/capabilityStatus eq 'Enabled')`, false},
		{"a service in any letter case", `assignedPlans/any(plan:plan/service eq 'EXCHANGE')`, true},
		{"one plan of another status is enough for ne", `assignedPlans/any(p:p/capabilityStatus ne 'Enabled')`, true},
		{"one of several services", `assignedPlans/any(p:p/service in ('SCO','teamspaceapi'))`, true},
		{"one of several ids", `assignedPlans/any(p:p/servicePlanId in (00000000-0000-0000-0000-000000000000, ` + teamsPlan + `))`, true},
		{"no plan of a service", `not(assignedPlans/any(p:p/service eq 'SCO'))`, true},
		{"a plan that is not the other", `assignedPlans/any(p:not (p/service eq 'exchange') and p/capabilityStatus eq 'Deleted')`, true},
		{"any without a body", `assignedPlans/any()`, true},
		{"counting plans", `assignedPlans/$count eq 0`, false},
		{"counting not nothing", `assignedPlans/$count ne 0`, true},
		{"an element that has no such property", `assignedPlans/any(p:p/nothing eq 'x')`, false},
		{"the element itself is no text", `assignedPlans/any(p:p eq 'exchange')`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := odata.ParseFilter(c.filter)
			require.Nil(t, err, "%v", err)
			assert.Equal(t, c.want, f.Match(licensed), c.filter)
			negated, err := odata.ParseFilter("not (" + c.filter + ")")
			require.Nil(t, err)
			assert.Equal(t, !c.want, negated.Match(licensed))
		})
	}
}

func TestAPropertyOfTextsIsNothing(t *testing.T) {
	f, err := odata.ParseFilter(`proxyAddresses/any(p:p/service eq 'exchange')`)
	require.Nil(t, err)
	assert.False(t, f.Match(ada))
}

func TestPlansTakeWhatTheDocumentationLists(t *testing.T) {
	for _, c := range []struct {
		name, filter string
		plain        string // refusal without the advanced parameters; "" for none
		advanced     string // and with them
	}{
		{"id", `assignedPlans/any(p:p/servicePlanId eq ` + exchangePlan + `)`, "Unsupported Query.", ""},
		{"id and status", `assignedPlans/any(p:p/servicePlanId eq ` + exchangePlan + ` and p/capabilityStatus eq 'Enabled')`, "Unsupported Query.", ""},
		{"service", `assignedPlans/any(p:p/service eq 'exchange' or p/service ne 'SCO')`, "Unsupported Query.", ""},
		{"in", `assignedPlans/any(p:p/service in ('exchange','SCO'))`, "Unsupported Query.", ""},
		{"not", `not(assignedPlans/any(p:p/service eq 'exchange'))`, "Unsupported Query.", ""},
		{"not inside", `assignedPlans/any(p:not(p/service eq 'exchange'))`, "Unsupported Query.", ""},
		{"count", `assignedPlans/$count eq 0`, "Unsupported Query.", ""},
		{"any plan", `assignedPlans/any()`, "Unsupported Query.", ""},
		{"beginning of a service", `assignedPlans/any(p:startswith(p/service,'ex'))`, notIndexed, notIndexed},
		{"null", `assignedPlans/any(p:p/service eq null)`, notIndexed, notIndexed},
		{"time", `assignedPlans/any(p:p/assignedDateTime ge 2024-01-01T00:00:00Z)`, notIndexed, notIndexed},
		{"unknown property", `assignedPlans/any(p:p/planName eq 'x')`, noSuchPlanProperty, noSuchPlanProperty},
		{"unknown property in a list", `assignedPlans/any(p:p/planName in ('x'))`, noSuchPlanProperty, noSuchPlanProperty},
		{"counting inside", `assignedPlans/any(p:p/service/$count eq 0)`, "Could not find a property named 'service/$count'", "Could not find a property named 'service/$count'"},
		{"an id in quotes", `assignedPlans/any(p:p/servicePlanId eq '` + exchangePlan + `')`, guidInQuotes + "'Equal'.", guidInQuotes + "'Equal'."},
		{"another id in quotes", `assignedPlans/any(p:p/servicePlanId ne '` + exchangePlan + `')`, guidInQuotes + "'NotEqual'.", guidInQuotes + "'NotEqual'."},
		{"a service without quotes", `assignedPlans/any(p:p/service eq ` + exchangePlan + `)`, "incompatible types", "incompatible types"},
		{"the element itself", `assignedPlans/any(p:p eq 'exchange')`, "incompatible types", "incompatible types"},
		{"a property of a text", `otherMails/any(m:m/service eq 'exchange')`, "Could not find a property named 'service' on type 'Edm.String'.", "Could not find a property named 'service' on type 'Edm.String'."},
		{"a property of all of them", `assignedPlans/service eq 'exchange'`, notSingle, notSingle},
		{"an unknown collection", `plans/any(p:p/service eq 'exchange')`, "Could not find a property named 'plans' on type 'microsoft.graph.user'.", "Could not find a property named 'plans' on type 'microsoft.graph.user'."},
		{"a text without quotes", `id eq ` + exchangePlan, "incompatible types", "incompatible types"},
	} {
		t.Run(c.name, func(t *testing.T) {
			values := url.Values{"$filter": {c.filter}}
			refused(t, c.plain, values, odata.Options{Table: odata.Users()})
			values.Set("$count", "true")
			refused(t, c.advanced, values, odata.Options{Table: odata.Users(), Consistency: true})
		})
	}
}

const (
	notIndexed         = "The request uses a filter property that is not indexed"
	noSuchPlanProperty = "Invalid filter clause: Could not find a property named 'planName' on type 'microsoft.graph.assignedPlan'."
	guidInQuotes       = "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types 'Edm.Guid' and 'Edm.String' for operator kind "
	notSingle          = "Invalid filter clause: The parent value for a property access of a property 'service' is not a single value. Property access can only be applied to a single value."
)

func refused(t *testing.T, message string, values url.Values, o odata.Options) {
	t.Helper()
	_, err := odata.Parse(values, o)
	if message == "" {
		assert.Nil(t, err)
		return
	}
	require.NotNil(t, err)
	assert.Equal(t, 400, err.Status)
	assert.Contains(t, err.Message, message)
}

func TestOnlyWholeGuidsAreGuids(t *testing.T) {
	for _, literal := range []string{
		exchangePlan[1:], exchangePlan + "0", exchangePlan + "-0", "efb87545963c4e0d99df69c6916d9eb0", "gfb87545-963c-4e0d-99df-69c6916d9eb0",
		"efb87545-963c-4e0d-99df-69c6916d9eb", "\x05fb87545-963c-4e0d-99df-69c6916d9eb0",
	} {
		_, err := odata.ParseFilter("assignedPlans/any(p:p/servicePlanId eq " + literal + ")")
		assert.NotNil(t, err, literal)
	}
}

func TestAPlansPropertyIsNoLookup(t *testing.T) {
	for _, filter := range []string{`assignedPlans/any(p:p/id eq 'x')`, `assignedPlans/any(p:p/id in ('x','y'))`} {
		f, err := odata.ParseFilter(filter)
		require.Nil(t, err)
		_, _, ok := f.Equals()
		assert.False(t, ok, filter)
	}
}
