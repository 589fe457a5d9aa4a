package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
	"rollcall/model/workspace/workspacetest"
)

// column1 returns the cells of a one-column CSV.
func column1(s *shell, args ...string) []string {
	lines := strings.Split(strings.TrimSpace(s.ok(append(args, "--format", "csv")...)), "\n")
	return lines[1:]
}

func TestUsersAreSortedLimitedAndCounted(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "Sales", salesRule)
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"by name":           {[]string{"users", "--sort", "displayName"}, []string{"adele@contoso.com", "bert@contoso.com", "chandra@contoso.com", "dora@contoso.com"}},
		"descending":        {[]string{"users", "--sort", "-displayName"}, []string{"dora@contoso.com", "chandra@contoso.com", "bert@contoso.com", "adele@contoso.com"}},
		"limited":           {[]string{"users", "--sort", "-mail", "--limit", "2"}, []string{"dora@contoso.com", "chandra@contoso.com"}},
		"by rule":           {[]string{"users", "--where", salesRule, "--sort", "mail"}, []string{"adele@contoso.com", "bert@contoso.com", "dora@contoso.com"}},
		"by segment":        {[]string{"users", "--segment", "SALES", "--sort", "mail"}, []string{"adele@contoso.com", "bert@contoso.com", "dora@contoso.com"}},
		"search":            {[]string{"users", "adele"}, []string{"adele@contoso.com"}},
		"several words":     {[]string{"users", "olsen", "bert"}, []string{"bert@contoso.com"}},
		"search and a rule": {[]string{"users", "chandra", "--where", salesRule}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, column1(s, append(test.args, "--columns", "mail")...))
			count := s.object(append(test.args, "--count")...)["count"]
			if name != "limited" {
				assert.EqualValues(t, len(test.want), count)
			} else {
				assert.EqualValues(t, 4, count, "--limit hides rows, it does not uncount them")
			}
		})
	}
}

func TestServicePlansArePrinted(t *testing.T) {
	s := newShell(t)
	for i, c := range s.tenant.Users {
		if c.ID == workspacetest.ID(workspacetest.Adele) {
			s.tenant.Users[i].Fields = append(c.Fields, model.Field{Attr: model.AttrAssignedPlans, Values: []string{
				"exchange/Enabled/1", "a/b/Enabled/2", "exchange/Enabled/3", "\x1b[31mSCO/Deleted/4",
			}})
		}
	}
	plan := func(service, status, id string) any {
		return map[string]any{"service": service, "capabilityStatus": status, "servicePlanId": id}
	}
	users := s.object("users", "--columns", "assignedPlans", "--sort", "displayName")["users"].([]any)
	assert.Equal(t, []any{
		plan("exchange", "Enabled", "1"), plan("a/b", "Enabled", "2"), plan("exchange", "Enabled", "3"), plan("\x1b[31mSCO", "Deleted", "4"),
	}, users[0].(map[string]any)["assignedPlans"])
	assert.Equal(t, []any{}, users[1].(map[string]any)["assignedPlans"])

	table := s.ok("users", "adele", "--columns", "assignedPlans")
	assert.Contains(t, table, "a/b, exchange ×2; Deleted: ")
	assert.NotContains(t, table, "\x1b")
	assert.Equal(t, []string{"exchange/Enabled/1; a/b/Enabled/2; exchange/Enabled/3; \ufffd[31mSCO/Deleted/4"}, column1(s, "users", "adele", "--columns", "assignedPlans"))

	assert.EqualValues(t, 1, s.object("users", "assignedPlans:exchange", "--count")["count"])
	assert.EqualValues(t, 0, s.object("users", "exchange", "--count")["count"], "words look at names, addresses, titles and departments")
	assert.EqualValues(t, 3, s.object("users", "!assignedPlans:exchange", "--count")["count"])
	assert.Equal(t, map[string]any{"value": "exchange/Enabled/1", "count": 1.0}, s.object("facets", "assignedPlans")["values"].([]any)[1])
}

func TestALimitedTableSaysWhatItHides(t *testing.T) {
	s := newShell(t)
	assert.Contains(t, s.ok("users", "--limit", "3"), "3 of 4 users; --limit hides the others\n")
	assert.NotContains(t, s.ok("users", "--limit", "4"), "--limit")
	assert.EqualValues(t, 4, s.object("users", "--limit", "1")["total"])
	assert.Equal(t, "no user matches\n", s.ok("users", "nobodylikethis"))
}

func TestColumnsAreNamedAsRulesOrGraphNameThem(t *testing.T) {
	s := newShell(t)
	assert.True(t, strings.HasPrefix(s.ok("users", "--columns", "mobile,USER.department", "--format", "csv"), "mobilePhone,department\n"))
}

func TestWrongColumnsAndLimitsAreUsageErrors(t *testing.T) {
	s := newShell(t)
	s.ok("sync")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"unknown column":       {[]string{"users", "--columns", "departmnt"}, "did you mean department?"},
		"unknown sort":         {[]string{"users", "--sort", "-departmnt"}, "did you mean department?"},
		"unknown facet":        {[]string{"facets", "departmnt"}, "did you mean department?"},
		"negative limit":       {[]string{"users", "--limit", "-1"}, "--limit"},
		"rule and segment":     {[]string{"users", "--where", salesRule, "--segment", "Sales"}, "where"},
		"hostile column":       {[]string{"users", "--columns", "\x1b[31mred"}, `there is no attribute`},
		"column of no use":     {[]string{"facets"}, "facets takes ATTRIBUTE; 0 given"},
		"rule that is not one": {[]string{"users", "--where", "department is Sales"}, "rollcall: "},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.run(test.args...)
			assert.Equal(t, model.KindUsage.ExitCode(), a.code)
			assert.Empty(t, a.stdout)
			assert.Contains(t, a.stderr, test.says)
			assert.NotContains(t, a.stderr, "\x1b")
		})
	}
}

func TestAFirstCommandSyncsByItself(t *testing.T) {
	s := newShell(t)
	s.ok("users")
	assert.Len(t, s.tenant.Asked("Users"), 1)
	s.ok("users")
	assert.Len(t, s.tenant.Asked("Users"), 1, "the local copy answers")
}

func TestAnEmptyRuleIsNotEverybody(t *testing.T) {
	s := newShell(t)
	for _, args := range [][]string{
		{"users", "--where", "", "--count"}, {"users", "--where", "  "}, {"facets", "city", "--where", ""}, {"segment", "check", ""},
	} {
		a := s.run(args...)
		assert.Equal(t, 2, a.code, args)
		assert.Contains(t, a.stderr, "the rule is empty")
		assert.Empty(t, a.stdout)
	}
}

func TestOfALongRuleOnlyTheFaultIsShown(t *testing.T) {
	s := newShell(t)
	a := s.run("users", "--where", strings.Repeat(`user.city -eq "Prague" -or `, 2000)+`user.shoeSize -eq "42"`)
	assert.Equal(t, 2, a.code)
	assert.Less(t, len(a.stderr), 1000)
	assert.Contains(t, a.stderr, "user.shoeSize")
}
