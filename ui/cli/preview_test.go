package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
	"rollcall/model/audience"
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
  All Staff  distribution list, 5 direct, 3 unique  [not all of it was read]
    Board  Microsoft 365 group, ? direct, ? unique  [hidden membership]
      ! the members of Board are hidden from this account
    Partners  distribution list, 3 direct, 2 unique  [cycle]
      Twin  Microsoft 365 group, 1 direct, 2 unique  [cycle]
        Partners  distribution list, 3 direct, 2 unique  [cycle, shown above]
    Twin  Microsoft 365 group, 1 direct, 2 unique  [cycle, shown above]
`)
	assert.Contains(t, s.run("preview", "all-staff@contoso.com").stdout, "hidden membership", "the table marks it as well")
}

func TestAListThatReachesNobodySaysSo(t *testing.T) {
	s := newShell(t)
	out := s.ok("preview", "group:"+workspacetest.ID(workspacetest.GroupTwin), "--tree")
	assert.Contains(t, out, "0 unique recipients\n")
	assert.Contains(t, out, "  Twin  security group, 0 direct, 0 unique  [reaches nobody]\n")
}

func TestAnApprovalSaysWhatItKeptOrThatItKeptNothing(t *testing.T) {
	s := newShell(t)
	a := s.run("preview", "sg-sales", "--approve", "--name", "Sales call")
	assert.Zero(t, a.code)
	assert.Regexp(t, `\napproved and kept as snapshot [a-z0-9]+ \(Sales call\)\n$`, a.stdout, "a script's log names it too")
	assert.Empty(t, a.stderr)
	assert.NotContains(t, s.ok("preview", "sg-sales", "--approve", "--export", "lines"), "snapshot")

	a = s.run("preview", "board@contoso.com", "--approve")
	assert.Equal(t, 6, a.code)
	assert.Contains(t, a.stderr, "; it was not approved\n")
	assert.Equal(t, 2, strings.Count(s.ok("snapshot", "list"), "\n")-1)
}

func TestWhyOfANameSaysWhatItTakes(t *testing.T) {
	s := newShell(t)
	a := s.run("preview", "all-staff@contoso.com", "--why", "Bert")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, "--why takes an address or an object id")
	assert.NotContains(t, s.run("preview", "all-staff@contoso.com", "--why", "zoe@contoso.com").stderr, "takes an address")
}

func TestWhyNamesEveryWay(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, "all-staff@contoso.com → All Staff → bert@contoso.com\nall-staff@contoso.com → All Staff → Partners → bert@contoso.com\n",
		s.ok("preview", "all-staff@contoso.com", "--why", "BERT@contoso.com"))
	why := s.object("preview", "all-staff@contoso.com", "--why", "bert@contoso.com")
	assert.Len(t, why["paths"], 2)
	assert.Equal(t, false, why["cut"])
}

func TestEntriesSayWhatTheyContributeAndShare(t *testing.T) {
	s := newShell(t)
	args := []string{"preview", "all-staff@contoso.com", "sg-sales", "--within", "rule:user.objectId -ne null", "--exclude", "partners@contoso.com", "--exclude", "board@contoso.com"}
	a := s.run(args...)
	assert.Equal(t, 6, a.code)
	assert.Regexp(t, `\nENTRY +REACHES +ALONE\n`+
		`\+ all-staff@contoso\.com +3 +1\n`+
		`\+ sg-sales +2 +1\n`+
		`& rule:user\.objectId -ne null +4 +2\n`+
		`- partners@contoso\.com +2 +1\n`+
		`- board@contoso\.com +\? +\?\n`, a.stdout, "nobody knows whom a hidden exclusion takes away")
	assert.NotContains(t, a.stdout, "OVERLAP")
	a = s.run(append(args, "--overlap")...)
	assert.Regexp(t, `\nOVERLAP +1 +2 +3 +4 +5\n`+
		`1 all-staff@contoso\.com +3 +1 +2 +2 +\?\n`+
		`2 sg-sales +1 +2 +2 +1 +\?\n`+
		`3 rule:user\.objectId -ne null +2 +2 +4 +1 +\?\n`, a.stdout)

	object := decode(t, s.run(append(args, "--json")...).stdout)
	assert.Equal(t, map[string]any{"entry": "sg-sales", "exclude": false, "within": false, "recipients": 2.0, "alone": 1.0, "unresolved": false, "partial": false}, object["contributions"].([]any)[1])
	assert.Equal(t, []any{3.0, 1.0, 2.0, 2.0, 0.0}, object["overlap"].([]any)[0])

	one := s.ok("preview", "partners@contoso.com")
	assert.NotContains(t, one, "REACHES", "one entry is the audience")
	var many []string
	for range maxOverlap + 1 {
		many = append(many, "partners@contoso.com")
	}
	assert.Contains(t, s.ok(append(append([]string{"preview"}, many...), "--overlap")...), "the overlap of more than 8 entries is in --json\n")
	assert.Len(t, s.object(append([]string{"preview"}, many...)...)["overlap"], maxOverlap+1)
}

func TestWhatIsMissingIsToldToAPersonOnce(t *testing.T) {
	s := newShell(t)
	const hidden, remedy = "the members of Board are hidden", "consent to Member.Read.Hidden"
	a := s.run("preview", "board@contoso.com")
	assert.Contains(t, a.stdout, hidden)
	assert.Contains(t, a.stderr, hidden, "whoever keeps the output may not read it")
	assert.Contains(t, a.stderr, remedy)
	s.terminal = true
	a = s.run("preview", "board@contoso.com")
	assert.Equal(t, 6, a.code)
	assert.Contains(t, a.stdout, hidden)
	assert.Contains(t, a.stdout, remedy)
	assert.True(t, strings.HasSuffix(a.stderr, "rollcall: incomplete: 1 part is missing, as said above\n"), a.stderr)
	assert.Contains(t, s.run("preview", "board@contoso.com", "--export", "lines").stderr, hidden, "an export says nothing above")

	a = s.run("preview", "nobody@contoso.com", "Nobody")
	assert.Equal(t, 6, a.code)
	assert.True(t, strings.HasPrefix(a.stdout, "0 unique recipients — incomplete: nothing of what was asked for was found\nmissing: "), a.stdout)
}

func TestANameThatSeveralHaveListsThem(t *testing.T) {
	s := newShell(t)
	a := s.run("preview", "twin")
	assert.Equal(t, 6, a.code)
	assert.Contains(t, a.stdout, "missing: twin names 2 objects: Twin (security group, id "+workspacetest.ID(workspacetest.GroupTwin)+
		"); Twin (Microsoft 365 group, twin@contoso.com, id "+workspacetest.ID(workspacetest.GroupTwin2)+")\n  name one by its address or its object id\n")
	assert.Zero(t, s.run("preview", workspacetest.ID(workspacetest.GroupTwin2)).code, "an id is one object's")
	assert.Contains(t, s.ok("preview", "FERGUS"), "1 unique recipient\n")
}

func TestWhatNobodyMaySeeIsNotCountedAsNobody(t *testing.T) {
	s := newShell(t)
	a := s.run("preview", "board@contoso.com", "group:"+workspacetest.ID(workspacetest.GroupTwin), "sg-sales", "--overlap")
	assert.Equal(t, 6, a.code)
	assert.Regexp(t, `\n\+ board@contoso\.com +\? +\?\n\+ group:[-0-9]+ +0 +0\n\+ sg-sales +2 +2\n`, a.stdout)
	assert.Regexp(t, `\n1 board@contoso\.com +\? +\? +\?\n2 group:[-0-9]+ +\? +0 +0\n3 sg-sales +\? +0 +2\n`, a.stdout)
	assert.NotContains(t, a.stdout, "SOURCE", "one service answered for all")
}

func TestAnEstimateStandsUntilTheExactNumberComes(t *testing.T) {
	assert.Equal(t, "≈ 1,940 …", estimateText(audience.Estimate{Recipients: 1940}))
	assert.Equal(t, "≈ 12 and whoever is in 1 more list …", estimateText(audience.Estimate{Recipients: 12, Unknown: 1}))
	assert.Equal(t, "1,204 unique recipients, names follow …", estimateText(audience.Estimate{Recipients: 1204, Exact: &audience.Tally{}}), "what is exact bears no sign of an estimate")

	var stderr bytes.Buffer
	a := &app{env: Env{Stderr: &stderr, StderrTerminal: true, Getenv: func(string) string { return "" }}}
	watch, over := a.watch()
	watch.Progress(1, 14)
	done := make(chan struct{})
	go func() { watch.Estimated(audience.Estimate{Recipients: 1940}); close(done) }()
	watch.Progress(2, 14)
	<-done
	watch.Progress(14, 14)
	over()
	assert.True(t, strings.HasPrefix(stderr.String(), "\r\x1b[K1 of 14 lists read\r\x1b[K"), stderr.String())
	assert.True(t, strings.HasSuffix(stderr.String(), "\r\x1b[K≈ 1,940 …  14 of 14 lists read\r\x1b[K"), stderr.String())
}

func TestWhatAServiceCouldNotSayIsMarkedInTheTree(t *testing.T) {
	node := func(n expansion.Node) string {
		var b strings.Builder
		n.Group = model.Group{DisplayName: "EMEA", Kind: model.KindDynamicDistribution}
		treeText(&b, &n, 0, map[*expansion.Node]bool{})
		return b.String()
	}
	refused := &model.Error{Kind: model.KindPartial, Code: "exchangeRefused", Message: "Exchange refuses: the role is missing", Remedy: "ask for the role"}
	assert.Equal(t, "  EMEA  dynamic distribution list, 7 direct, 7 unique, by Exchange Online  [as last calculated]\n",
		node(expansion.Node{Direct: 7, Unique: 7, Source: expansion.SourceExchangeAdmin, Stored: true}))
	assert.Contains(t, node(expansion.Node{Direct: 7, Unique: 7, Source: expansion.SourceGraph, Instead: refused}), "[perhaps not all]\n    ! ")
	assert.Contains(t, node(expansion.Node{Direct: 1, Unique: 1, Err: refused}), "[not read to its end]\n    ! Exchange refuses: the role is missing\n")
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

func TestWhatExchangeListsIsJoinedWithTheDirectory(t *testing.T) {
	s := newShell(t)
	s.ok("preview", "all-staff@contoso.com")
	assert.Empty(t, s.tenant.Asked("Users"), "Graph says of a member all that is told")
	s.ok("preview", "all-staff@contoso.com", "--exchange", "admin-api")
	assert.NotEmpty(t, s.tenant.Asked("Users"))
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
