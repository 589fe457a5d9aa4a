package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

func TestTheTreeNamesEveryListAndEntersEachOnce(t *testing.T) {
	s := newShell(t)
	id := workspacetest.ID
	partners, twin := *s.tenant.Object(workspacetest.ListPartners), *s.tenant.Object(workspacetest.GroupTwin2)
	board := *s.tenant.Object(workspacetest.ListBoard)
	s.tenant.MembersOf[partners.ID] = append(s.tenant.MembersOf[partners.ID], twin)
	s.tenant.MembersOf[id(workspacetest.ListAllStaff)] = append(s.tenant.MembersOf[id(workspacetest.ListAllStaff)], twin, board)
	s.tenant.MembersOf[twin.ID] = []model.Object{partners}

	a := s.run("preview", "all-staff@contoso.com", "--tree")
	assert.Equal(t, 6, a.code)
	assert.Contains(t, a.stdout, `
  All Staff  5 direct, 3 unique
    Board  ? direct, ? unique  [hidden membership]
    Partners  3 direct, 2 unique  [cycle]
      Twin  1 direct, 2 unique  [cycle]
        Partners  3 direct, 2 unique  [cycle, shown above]
    Twin  1 direct, 2 unique  [cycle, shown above]
`)
	assert.Contains(t, s.run("preview", "all-staff@contoso.com").stdout, "hidden membership", "the table marks it as well")
}

func TestAListThatReachesNobodySaysSo(t *testing.T) {
	s := newShell(t)
	out := s.ok("preview", "group:"+workspacetest.ID(workspacetest.GroupTwin), "--tree")
	assert.Contains(t, out, "0 unique recipients\n")
	assert.Contains(t, out, "  Twin  0 direct, 0 unique  [reaches nobody]\n")
}

func TestWhyNamesEveryWay(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, "all-staff@contoso.com → All Staff → bert@contoso.com\nall-staff@contoso.com → All Staff → Partners → bert@contoso.com\n",
		s.ok("preview", "all-staff@contoso.com", "--why", "BERT@contoso.com"))
	why := s.object("preview", "all-staff@contoso.com", "--why", "bert@contoso.com")
	assert.Len(t, why["paths"], 2)
	assert.Equal(t, false, why["cut"])
}

func TestAddressesArePrintedWhenAsked(t *testing.T) {
	s := newShell(t)
	assert.NotContains(t, s.ok("preview", "partners@contoso.com"), "fergus@fabrikam.com")
	assert.Contains(t, s.ok("preview", "partners@contoso.com", "--addresses"), "bert@contoso.com\nfergus@fabrikam.com\n")
}

func TestAnIncompleteCountSaysOnWhichSideItLies(t *testing.T) {
	unknown, missing := expansion.Missing{}, expansion.Missing{Excluded: true}
	assert.Empty(t, bounds(nil))
	assert.Contains(t, bounds([]expansion.Missing{unknown}), "at least")
	assert.Contains(t, bounds([]expansion.Missing{missing, missing}), "at most")
	assert.Contains(t, bounds([]expansion.Missing{unknown, missing}), "more or fewer")
}

func TestWhyTellsThatAnExclusionTakesTheAddressAway(t *testing.T) {
	s := newShell(t)
	args := []string{"preview", "segment:All", "--exclude", `rule:user.mail -eq "adele@contoso.com"`, "--why", "adele@contoso.com"}
	s.ok("segment", "save", "All", "user.objectId -ne null")
	assert.Contains(t, s.ok(args...), "an exclusion takes it away")
	assert.Equal(t, true, s.object(args...)["excluded"])
	args[len(args)-1] = "bert@contoso.com"
	assert.NotContains(t, s.ok(args...), "exclusion")
	assert.Equal(t, false, s.object(args...)["excluded"])
}

func TestAnAudienceIsKeptWithinEntries(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "Bert", `user.displayName -startsWith "Bert"`)
	s.ok("segment", "save", "Adele", `user.displayName -startsWith "Adele"`)
	within := s.object("preview", "all-staff@contoso.com", "--within", "segment:Bert")
	assert.Equal(t, []any{"bert@contoso.com"}, within["addresses"])
	assert.EqualValues(t, 2, within["outside"])
	assert.Equal(t, []any{"adele@contoso.com", "bert@contoso.com"},
		s.object("preview", "all-staff@contoso.com", "--within", "segment:Bert", "--within", "segment:adele")["addresses"], "one of several holds")
	assert.Equal(t, []any{"adele@contoso.com"},
		s.object("preview", "all-staff@contoso.com", "--within", "rule:"+salesRule, "--exclude", "segment:Bert")["addresses"])
	assert.Contains(t, s.ok("preview", "all-staff@contoso.com", "--within", "segment:Bert"), "  2 recipients outside what the audience is kept within\n")

	why := s.object("preview", "all-staff@contoso.com", "--within", "segment:Bert", "--why", "adele@contoso.com")
	assert.Equal(t, true, why["outside"])
	assert.Contains(t, s.ok("preview", "all-staff@contoso.com", "--within", "segment:Bert", "--why", "adele@contoso.com"), "it would not receive the message\n")

	plan := s.object("plan", "--from", "all-staff@contoso.com", "--within", "segment:Bert", "--to", "sg-sales")
	assert.Empty(t, plan["add"])
	assert.Len(t, plan["remove"], 1)
	assert.Contains(t, s.ok("plan", "show", plan["id"].(string)), "\n  from all-staff@contoso.com within segment:Bert\n")

	a := s.run("preview", "all-staff@contoso.com", "--within", "segment:Brt")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, `did you mean "Bert"?`)
}

func TestAnApprovedPreviewIsAnEntry(t *testing.T) {
	s := newShell(t)
	s.ok("preview", "all-staff@contoso.com", "--approve", "--name", "All hands")
	assert.Equal(t, []any{"adele@contoso.com"}, s.object("preview", "rule:"+salesRule, "--within", "snapshot:all hands", "--exclude", "partners@contoso.com")["addresses"])
	assert.Equal(t, []any{"dora@contoso.com"}, s.object("preview", "rule:"+salesRule, "--exclude", "snapshot:All hands")["addresses"])
	a := s.run("preview", "snapshot:All hand")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, `did you mean "All hands"?`)
}

func TestAPreviewSignsInForTheMembersOfAGroup(t *testing.T) {
	s := newShell(t)
	rule := `user.memberOf -any (group.objectId -in ["` + workspacetest.ID(workspacetest.GroupSales) + `"])`
	s.ok("segment", "save", "In the group", rule)
	s.tenant.SessionErr = &model.Error{Kind: model.KindSignIn, Code: workspace.CodeSignInRequired, Message: "nobody is signed in"}
	s.terminal = true
	for _, entry := range []string{"segment:in the group", "rule:" + rule} {
		asked := len(s.tenant.Asked("SignIn"))
		assert.Contains(t, s.ok("preview", entry), "2 unique recipients\n")
		assert.Greater(t, len(s.tenant.Asked("SignIn")), asked, entry)
	}
}
