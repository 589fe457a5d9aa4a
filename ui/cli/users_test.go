package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
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
