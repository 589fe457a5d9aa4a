package cli

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

func TestAnExportHoldsTheTextAndNothingElse(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "Sales", `user.department –eq 'Sales' -and user.jobTitle -ne "Lead"`)
	s.terminal = true
	for as, want := range map[string]struct{ text, note string }{
		"entra": {`user.department -eq "Sales" -and user.jobTitle -ne "Lead"`, ""},
		"odata": {`department eq 'Sales' and jobTitle ne 'Lead'`, "ConsistencyLevel: eventual"},
	} {
		t.Run(as, func(t *testing.T) {
			a := s.run("segment", "export", "sales", "--as", as)
			assert.Zero(t, a.code, a.stderr)
			assert.Equal(t, want.text+"\n", a.stdout)
			assert.Contains(t, a.stderr, want.note)
			object := s.object("segment", "export", "Sales", "--as", strings.ToUpper(as))
			assert.Equal(t, want.text, object["rule"])
			assert.Equal(t, as, object["as"])
			assert.Equal(t, as == "odata", object["advanced"])
		})
	}
	a := s.run("segment", "export", "sales", "--as", "opath")
	assert.Zero(t, a.code, a.stderr)
	assert.Contains(t, a.stdout, "(Department -eq 'Sales')")
	assert.Equal(t, 1, strings.Count(a.stdout, "\n"))
}

func TestAnExportThatCannotSayTheRuleNamesEveryClause(t *testing.T) {
	s := newShell(t)
	const rule = `user.city -match "^O.*o$" -and user.department -eq "Sales" -and user.jobTitle -contains "Lead"`
	a := s.run("segment", "export", "--rule", rule, "--as", "odata")
	assert.Equal(t, 2, a.code)
	assert.Empty(t, a.stdout)
	assert.Equal(t, []string{"line 1, column 1", "line 1, column 65"}, regexp.MustCompile(`line \d+, column \d+`).FindAllString(a.stderr, -1))
	assert.Contains(t, a.stderr, "\nrollcall: the rule cannot be said as a Graph $filter for the 2 reasons above\n")

	a = s.run("segment", "export", "--rule", rule, "--as", "odata", "--json")
	assert.Equal(t, 2, a.code)
	object := decode(t, a.stdout)
	assert.Empty(t, object["rule"])
	faults := 0
	for _, d := range object["diagnostics"].([]any) {
		if d.(map[string]any)["severity"] == "error" {
			faults++
		}
	}
	assert.Equal(t, 2, faults)
	assert.Contains(t, decode(t, a.stderr)["error"].(map[string]any)["message"], "cannot be said")
}

func TestTheMembersOfAGroupAreReadFromTheTenant(t *testing.T) {
	s := newShell(t)
	rule := `user.memberOf -any (group.objectId -in ["` + workspacetest.ID(workspacetest.GroupSales) + `"])`
	s.ok("sync")
	assert.Equal(t, []string{"Bert Olsen", "Chandra Rao"}, displayNames(s.object("users", "--where", rule)["users"]))
	assert.EqualValues(t, 2, s.object("segment", "save", "In the group", rule)["count"])
	assert.Contains(t, s.ok("segment", "list"), "In the group      2  ")
	assert.Equal(t, []string{"Bert Olsen"}, displayNames(s.object("users", "bert", "--segment", "in the group")["users"]))
}

func TestAListOfSegmentsAsksNobodyToSignIn(t *testing.T) {
	s := newShell(t)
	rule := `user.memberOf -any (group.objectId -in ["` + workspacetest.ID(workspacetest.GroupSales) + `"])`
	s.ok("segment", "save", "In the group", rule)
	s.ok("segment", "save", "Sales", salesRule)
	s.tenant.SessionErr = &model.Error{Kind: model.KindSignIn, Code: workspace.CodeSignInRequired, Message: "nobody is signed in"}
	s.terminal = true
	list := s.run("segment", "list")
	assert.Zero(t, list.code, list.stderr)
	assert.Contains(t, list.stdout, "In the group      ?  ")
	assert.Contains(t, list.stdout, "(nobody is signed in)\n")
	assert.Contains(t, list.stdout, "Sales             3  ")
	assert.Empty(t, s.tenant.Asked("SignIn"))

	assert.EqualValues(t, 2, s.object("segment", "show", "In the group")["count"])
	assert.NotEmpty(t, s.tenant.Asked("SignIn"), "who asks for the group is asked")
}
