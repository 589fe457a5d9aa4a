package directory_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// staffed returns users of whom each field names the value of as many as
// count says.
func staffed(t *testing.T) *directory.Snapshot {
	t.Helper()
	d := directory.New(model.FullSchema())
	n := 0
	add := func(count int, fields ...model.Field) {
		for range count {
			d.Apply([]model.Change{{ID: objectID(n), Whole: true, Fields: append(fields, model.Field{Attr: model.AttrAccountEnabled, Value: "true"})}})
			n++
		}
	}
	plans := func(texts ...string) model.Field {
		return model.Field{Attr: model.AttrAssignedPlans, Values: texts}
	}
	department := func(v string) model.Field { return model.Field{Attr: model.AttrDepartment, Value: v} }
	country := func(v string) model.Field { return model.Field{Attr: model.AttrCountry, Value: v} }
	add(4, department("Sales"), country("CZ"), plans("exchange/Enabled/11111111-1111-4111-8111-111111111111"))
	add(1, department("SALES"), country("CZ"))
	add(2, department("Sales EMEA"), country("CZ"))
	add(3, department("Inside Sales"), country("CZ"), plans("SharePoint/Deleted/22222222-2222-4222-8222-222222222222"))
	add(2, department("Research"), country("US"), model.Field{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:adele@contoso.com", "smtp:a@contoso.com"}})
	d.Apply([]model.Change{{ID: objectID(99), Fields: []model.Field{department("Salts")}}})
	d.Apply([]model.Change{{ID: objectID(99), Removed: "deleted"}})
	return d.Snapshot()
}

func advise(t *testing.T, s *directory.Snapshot, text string) []rule.Diagnostic {
	t.Helper()
	p, diagnostics, err := rule.Compile(text, s.Schema(), evaluatedAt)
	require.NoError(t, err, "%v", diagnostics)
	set, err := s.Select(t.Context(), p)
	require.NoError(t, err)
	remarks, err := s.Advise(t.Context(), p, set)
	require.NoError(t, err)
	return remarks
}

func TestTheUsersSayWhatIsOddAboutARule(t *testing.T) {
	s := staffed(t)
	for name, c := range map[string]struct {
		text string
		want []string // span, message and suggestion of each remark
	}{
		"nothing": {`user.department -eq "sales"`, nil},
		"a mistyped value": {
			`user.department -in ["Slaes", "research"]`,
			[]string{`"Slaes"`, `no synced user has department "Slaes"`, `"Sales"`},
		},
		"a mistyped value in a negative clause": {
			`user.department -ne "Reserch" -and user.country -eq "CZ"`,
			[]string{`"Reserch"`, `no synced user has department "Reserch"`, `"Research"`},
		},
		"a beginning of a value": {
			`user.department -ne "Sale" -and user.country -eq "CZ"`,
			[]string{`"Sale"`, `no synced user has department "Sale"`, `"Sales"`},
		},
		"a beginning that no value has": {
			`user.department -startsWith "Insode" -or user.country -eq "US"`,
			[]string{`"Insode"`, `no synced user's department begins with "Insode"`, `"Inside"`},
		},
		"an end that no value has": {
			`user.department -endsWith "EMAE" -or user.country -eq "US"`,
			[]string{`"EMAE"`, `no synced user's department ends with "EMAE"`, `"EMEA"`},
		},
		"a part that no value has": {
			`user.department -contains "Seles EM" -or user.country -eq "US"`,
			[]string{`"Seles EM"`, `no synced user's department contains "Seles EM"`, `"Sales EM"`},
		},
		"a part that is near to the middle of a word only": {
			`user.department -contains "nsige" -or user.country -eq "US"`,
			[]string{`"nsige"`, `no synced user's department contains "nsige"`, ""},
		},
		"an element": {
			`user.proxyAddresses -any (_ -eq "smtp:adelle@contoso.com") -or user.country -eq "US"`,
			[]string{`"smtp:adelle@contoso.com"`, `no synced user has proxyAddresses "smtp:adelle@contoso.com"`, `"SMTP:adele@contoso.com"`},
		},
		"a service": {
			`user.assignedPlans -any (assignedPlan.service -eq "exchagne" -and assignedPlan.capabilityStatus -eq "Enabled") -or user.country -eq "US"`,
			[]string{`"exchagne"`, `no synced user has assignedPlan.service "exchagne"`, `"exchange"`},
		},
		"no expression": {`user.department -match "Slaes" -or user.country -eq "US"`, []string{
			`user.department -match "Slaes"`, "nobody satisfies this clause: it adds nobody today", "",
		}},
		"somebody who is gone": {
			`user.objectId -in ["` + objectID(99) + `", "` + objectID(1) + `"]`,
			[]string{`"` + objectID(99) + `"`, `no synced user has objectId "` + objectID(99) + `"`, ""},
		},
		"a clause that leaves nobody out": {
			`user.accountEnabled -eq true -and user.country -eq "US"`,
			[]string{`user.accountEnabled -eq true`, "everybody satisfies this clause: it leaves nobody out today", ""},
		},
		"everybody": {`user.accountEnabled -eq true`, []string{
			`user.accountEnabled -eq true`, "the rule selects everybody today: all 12 users", "",
		}},
		"nobody, for one clause": {
			`user.country -eq "US" -and user.accountEnabled -eq false`,
			[]string{`user.accountEnabled -eq false`, "the rule selects nobody today, because nobody satisfies this clause", ""},
		},
		"nobody, for two together": {
			`user.country -eq "US" -and user.department -eq "Sales"`,
			[]string{`user.country -eq "US" -and user.department -eq "Sales"`, "the rule selects nobody today: users satisfy either clause, but nobody both", ""},
		},
		"nobody, for one of three": {
			`user.country -eq "CZ" -and user.department -eq "Research" -and user.department -startsWith "Res"`,
			[]string{`user.country -eq "CZ"`, "the rule selects nobody today; without this clause it would select 2 users", ""},
		},
		"a looser operator": {
			`user.department -notContains "resea"`,
			[]string{`-notContains`, "-notStartsWith selects the same users today, and is faster in Entra", "-notStartsWith"},
		},
		"an operator that is needed": {`user.department -contains "sales"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, d := range advise(t, s, c.text) {
				assert.Equal(t, rule.Lint, d.Severity)
				got = append(got, c.text[d.Start:d.End], d.Message, d.Suggestion)
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestTheNearestValuesAreThoseOfUsersWithTheirNumbers(t *testing.T) {
	s := staffed(t)
	found, err := s.Nearest(t.Context(), model.AttrDepartment, "slaes", 3)
	require.NoError(t, err)
	require.Len(t, found, 1, "nobody is left in Salts")
	assert.Equal(t, 5, found[0].Users, "letter case does not matter")
	found, err = s.Nearest(t.Context(), model.AttrDepartment, "Sale", 3)
	require.NoError(t, err)
	assert.Equal(t, []int{5, 2, 3}, []int{found[0].Users, found[1].Users, found[2].Users})
	for _, nothing := range []string{"", "Zebra", "田中"} {
		found, err = s.Nearest(t.Context(), model.AttrDepartment, nothing, 3)
		require.NoError(t, err)
		assert.Empty(t, found)
	}
}

func TestAdviceEndsWithItsContext(t *testing.T) {
	s := staffed(t)
	p, _, err := rule.Compile(`user.department -eq "Slaes"`, s.Schema(), evaluatedAt)
	require.NoError(t, err)
	set, err := s.Select(t.Context(), p)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Advise(ctx, p, set)
	require.ErrorIs(t, err, context.Canceled)
}

func TestThereIsNothingToSayWithoutUsers(t *testing.T) {
	s := directory.New(model.FullSchema()).Snapshot()
	assert.Empty(t, advise(t, s, `user.department -eq "Sales"`))
}
