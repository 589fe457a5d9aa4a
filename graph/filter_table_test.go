package graph_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
	"rollcall/model/rule"
)

// capability is what the tenant can be asked of an attribute.
func capability(t *testing.T, a model.Attribute) odata.Capability {
	if a.IsExtension() {
		return odata.Extension(a.Graph)
	}
	name := a.Graph
	if a.Select != a.Graph {
		name = a.Select + "/" + a.Graph
	}
	table := odata.Users().Properties
	i := slices.IndexFunc(table, func(c odata.Capability) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0, "the tenant does not know %s", name)
	return table[i]
}

// What a translation takes for sayable, and for in need of the advanced
// parameters, is what the tenant's own table says of the same property.
func TestTranslationsAskWhatGraphCanBeAsked(t *testing.T) {
	f := filterableTenant(t, 300)
	operators := map[rule.Operator]odata.Operator{
		rule.OpEq: odata.Eq, rule.OpIn: odata.Eq, rule.OpStartsWith: odata.StartsWith, rule.OpEndsWith: odata.EndsWith,
		rule.OpLe: odata.Le, rule.OpGe: odata.Ge, rule.OpContains: 0, rule.OpMatch: 0,
	}
	for _, a := range f.schema.Synced() {
		if a.Type == model.TypePlans || a.ID == model.AttrIMAddresses {
			continue // compared by their parts; the first of several only
		}
		can := capability(t, a)
		for _, op := range rule.Operators(a.Type) {
			positive := op.Positive()
			for _, value := range f.examples(a, op) {
				needed := operators[positive]
				if value == "null" {
					needed = odata.Null
					if can.Type == odata.Strings {
						needed = odata.Empty
					}
				}
				t.Run(fmt.Sprintf("%s %s %s", a.Rule, op, value), func(t *testing.T) {
					f.hold(t, fmt.Sprintf("user.%s %s %s", a.Rule, op, value), can, needed, op)
				})
			}
		}
	}
}

// examples are values that an attribute can be compared with by an operator.
func (f *filtering) examples(a model.Attribute, op rule.Operator) []string {
	values := f.values(a)
	var out []string
	if op.Positive() == rule.OpEq {
		out = append(out, "null")
	}
	switch {
	case a.Type == model.TypeBool:
		return append(out, "true", "false")
	case a.Type == model.TypeTime && op == rule.OpNe:
		return out
	case a.Type == model.TypeTime:
		return append(out, values[len(values)/2])
	case len(values) == 0:
		return out
	case op.Positive() == rule.OpMatch:
		return append(out, `"^[a-m]"`)
	case op.Positive() == rule.OpIn:
		return append(out, rule.ListValue(values[0], values[len(values)/2]).String())
	default:
		return append(out, rule.TextValue(values[len(values)/2]).String())
	}
}

// hold translates one clause and holds it against the tenant's capability.
func (f *filtering) hold(t *testing.T, text string, can odata.Capability, needed odata.Operator, op rule.Operator) {
	r := f.read(t, text)
	tr := rule.Translate(r, f.schema, rule.OData, f.now)
	refused := rule.HasErrors(tr.Diagnostics)
	constant := needed == odata.Null && (can.Name == "id" || can.Name == "userPrincipalName")
	byOrder := needed == odata.Null && can.Type == odata.Time // the date is compared instead
	if constant || byOrder {
		require.False(t, refused)
		f.requireSame(t.Context(), t, r, tr)
		return
	}
	sayable := needed != 0 && (can.Default|can.Advanced)&needed == needed
	require.Equal(t, !sayable, refused, "%v", tr.Diagnostics)
	if refused {
		return
	}
	assert.Equal(t, can.Default&needed != needed || op.Negative(), tr.Advanced, "%s", tr.Text)
	f.requireSame(t.Context(), t, r, tr)
	if tr.Advanced {
		_, refusal := f.ask(t.Context(), t, tr.Text, false)
		assert.NotEmpty(t, refusal, "the advanced parameters are not needed for %s", tr.Text)
	}
}

func TestConditionsOnElementsSelectTheSameUsersOnTheTenant(t *testing.T) {
	f := filterableTenant(t, 300)
	byRule := func(name string) []string {
		a, ok := f.schema.ByRule(name)
		require.True(t, ok)
		return f.values(a)
	}
	plan, ok := model.ParseServicePlan(byRule("assignedPlans")[0])
	require.True(t, ok)
	id, service, status := rule.TextValue(plan.ServicePlanID), rule.TextValue(plan.Service), rule.TextValue(plan.CapabilityStatus)
	proxy := rule.TextValue(byRule("proxyAddresses")[7])
	for _, text := range []string{
		fmt.Sprintf("user.assignedPlans -any (assignedPlan.servicePlanId -eq %s -and assignedPlan.capabilityStatus -eq %s)", id, status),
		fmt.Sprintf("user.assignedPlans -any (assignedPlan.servicePlanId -eq %s -and assignedPlan.capabilityStatus -ne %s)", id, status),
		fmt.Sprintf("user.assignedPlans -any (assignedPlan.service -in [%s, \"teamspaceapi\"])", service),
		fmt.Sprintf("user.assignedPlans -all (assignedPlan.service -eq %s -or assignedPlan.capabilityStatus -eq \"Enabled\")", service),
		fmt.Sprintf("-not (user.assignedPlans -any (assignedPlan.service -eq %s))", service),
		"user.assignedPlans -all (assignedPlan.servicePlanId -eq null)",
		"user.assignedPlans -any (assignedPlan.servicePlanId -ne null)",
		"user.assignedPlans -eq null",
		"user.assignedPlans -ne null",
		fmt.Sprintf("user.proxyAddresses -any (_ -eq %s)", proxy),
		fmt.Sprintf("user.proxyAddresses -ne %s", proxy),
		fmt.Sprintf("user.proxyAddresses -notIn [%s, \"smtp:nobody@contoso.com\"]", proxy),
		`user.proxyAddresses -any (_ -startsWith "SMTP:a" -and _ -endsWith "contoso.com")`,
		`user.proxyAddresses -all (_ -endsWith "contoso.com")`,
		`user.proxyAddresses -all (_ -notStartsWith "smtp:a")`,
		`user.otherMails -all (_ -eq null)`,
		`user.otherMails -any (_ -startsWith "")`,
		`user.otherMails -startsWith ""`,
		`user.otherMails -notStartsWith "" -and user.telephoneNumber -ne null`,
		`user.telephoneNumber -notStartsWith "+4"`,
		`user.displayName -eq "" -or user.userType -eq "Guest"`,
		`user.objectId -ne null -and user.userType -eq "Member"`,
		`user.objectId -ne null`,
		`user.city -in ["", "London"] -and user.department -notStartsWith ""`,
		`user.employeeHireDate -le system.now -minus P2Y -and -not (user.employeeHireDate -le system.now -minus P9Y)`,
	} {
		r := f.read(t, text)
		tr := rule.Translate(r, f.schema, rule.OData, f.now)
		require.NotEmpty(t, tr.Text, "%s: %v", text, tr.Diagnostics)
		f.requireSame(t.Context(), t, r, tr)
	}
}

// The tenant's own users have none of the letters whose case folds outside
// their alphabet; a filter must fold them as a rule does.
func TestAFilterFoldsLettersAsARuleDoes(t *testing.T) {
	table := odata.Users()
	for _, texts := range [][2]string{
		{"Kelvin", "\u212aelvin"},
		{"Straße", "STRASSE"},
		{"Straße", "STRAẞE"},
		{"Σίσυφος", "ΣΊΣΥΦΟΣ"},
		{"ΣΊΣΥΦΟς", "σίσυφοσ"},
		{"İstanbul", "istanbul"},
		{"ISPARTA", "ısparta"},
		{"\u017fort", "SORT"},
		{"ǅ", "ǆ"},
		{"Ω", "\u2126"},
		{"O'Neil", "o'NEIL"},
	} {
		for _, form := range []string{"-eq", "-startsWith", "-ne", "-notStartsWith"} {
			r, _ := rule.Parse("user.department " + form + " " + rule.TextValue(texts[1]).String())
			var u model.User
			u.Set(model.Field{Attr: model.AttrDepartment, Value: texts[0]})
			tr := rule.Translate(r, model.FullSchema(), rule.OData, time.Time{})
			require.NotEmpty(t, tr.Text)
			filter, refused := odata.ParseFilter(tr.Text)
			require.Nil(t, refused)
			_, refused = odata.Parse(map[string][]string{"$filter": {tr.Text}, "$count": {"true"}}, odata.Options{Consistency: true, Table: table})
			require.Nil(t, refused)
			theirs := &seed.User{Department: texts[0]}
			assert.Equal(t, rule.Match(r, &u, rule.Given{}), filter.Match(theirs), "%s of %s", r.Text, texts[0])
		}
	}
}
