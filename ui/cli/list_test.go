package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace/workspacetest"
)

// leave takes a user out of the tenant, and out of the local copy.
func (s *shell) leave(user int) {
	s.t.Helper()
	s.tenant.Users = slices.DeleteFunc(s.tenant.Users, func(c model.Change) bool { return c.ID == workspacetest.ID(user) })
	s.ok("sync", "--full", "--allow-removals", "1")
}

func TestAListIsSavedListedShownExportedAndDeleted(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, "no lists yet: rollcall list import NAME FILE.csv, or rollcall list save NAME --user ADDRESS\n", s.ok("list", "list"))
	assert.Equal(t, []any{}, s.object("list", "list")["lists"])

	assert.Equal(t, "Board: 2 members\n", s.ok("list", "save", "Board", "--user", "adele@contoso.com", "--user", workspacetest.ID(workspacetest.Chandra)))
	assert.Equal(t, "NAME   MEMBERS  CHANGED               BY                 FILE\nBoard        2  2026-11-22T12:00:00Z  admin@contoso.com\n", s.ok("list", "list"))
	assert.Equal(t, "Board: 2 members\nNAME         MAIL\nAdele Vance  adele@contoso.com\nChandra Rao  chandra@contoso.com\n", s.ok("list", "show", "BOARD"))
	assert.Equal(t, "id,displayName,userPrincipalName,mail,departed,mobile,outside\n"+
		workspacetest.ID(workspacetest.Adele)+",Adele Vance,adele@contoso.com,adele@contoso.com,false,,false\n"+
		workspacetest.ID(workspacetest.Chandra)+",Chandra Rao,chandra@contoso.com,chandra@contoso.com,false,,false\n",
		s.ok("list", "export", "board"))
	assert.Equal(t, 2, strings.Count(s.ok("list", "export", "board", "--format", "ndjson"), "\n"))

	s.ok("list", "delete", "board")
	a := s.run("list", "show", "Board")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, `there is no list "Board"`)
	assert.Contains(t, s.ok("log"), "list.delete")
}

func TestAListIsChosenAsUsersAreAndByHand(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "Sales", salesRule)
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"by search":               {[]string{"adele"}, []string{"Adele Vance"}},
		"by several words":        {[]string{"olsen", "bert"}, []string{"Bert Olsen"}},
		"by rule":                 {[]string{"--where", salesRule}, []string{"Adele Vance", "Bert Olsen", "Dora Lind"}},
		"by segment":              {[]string{"--segment", "sales"}, []string{"Adele Vance", "Bert Olsen", "Dora Lind"}},
		"by rule and search":      {[]string{"dora", "--where", salesRule}, []string{"Dora Lind"}},
		"a rule and somebody":     {[]string{"--where", salesRule, "--user", "chandra@contoso.com"}, []string{"Adele Vance", "Bert Olsen", "Dora Lind", "Chandra Rao"}},
		"somebody who is in both": {[]string{"--where", salesRule, "--user", "dora@contoso.com"}, []string{"Adele Vance", "Bert Olsen", "Dora Lind"}},
	} {
		t.Run(name, func(t *testing.T) {
			s.ok(append([]string{"list", "save", "Chosen", "--replace"}, test.args...)...)
			var got []string
			for _, member := range s.object("list", "show", "Chosen")["members"].([]any) {
				got = append(got, member.(map[string]any)["displayName"].(string))
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestAListThatCannotBeSavedSaysWhy(t *testing.T) {
	s := newShell(t)
	s.ok("list", "save", "Board", "--user", "adele@contoso.com")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"nobody is named":     {[]string{"Empty"}, "--user"},
		"nobody is found":     {[]string{"Empty", "zebra"}, "at least one user"},
		"an unknown user":     {[]string{"Other", "--user", "zebra@contoso.com"}, `"zebra@contoso.com"`},
		"a name that is used": {[]string{"BOARD", "--user", "adele@contoso.com"}, "--replace"},
		"a blank name":        {[]string{" ", "--user", "adele@contoso.com"}, "a list needs a name"},
		"an unknown segment":  {[]string{"Other", "--segment", "Nowhere"}, "Nowhere"},
		"a broken rule":       {[]string{"Other", "--where", `user.departmnt -eq "Sales"`}, "department"},
		"an empty rule":       {[]string{"Other", "--where", ""}, "the rule is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.run(append([]string{"list", "save"}, test.args...)...)
			assert.Equal(t, 2, a.code)
			assert.Contains(t, a.stderr, test.says)
		})
	}
	assert.Len(t, s.object("list", "list")["lists"], 1)
	assert.EqualValues(t, 1, s.object("list", "show", "Board")["count"])
}

func TestAListIsAnEntryOfPreviewExclusionAndPlan(t *testing.T) {
	s := newShell(t)
	s.ok("list", "save", "Board", "--user", "adele@contoso.com", "--user", "dora@contoso.com")
	assert.Equal(t, []any{"adele@contoso.com", "dora@contoso.com"}, s.object("preview", "list:board")["addresses"])
	assert.Equal(t, []any{"bert@contoso.com"}, s.object("preview", "rule:"+salesRule, "--exclude", "list:Board")["addresses"])

	plan := s.object("plan", "--from", "list:Board", "--to", "sg-sales")
	assert.Len(t, plan["add"], 2)
	assert.Len(t, plan["remove"], 2)

	a := s.run("preview", "list:Bord")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, `did you mean "Board"?`)
}

func TestWhoHasLeftTheDirectoryIsReportedAndNotCounted(t *testing.T) {
	s := newShell(t)
	s.ok("list", "save", "Board", "--user", "adele@contoso.com", "--user", "dora@contoso.com")
	s.leave(workspacetest.Dora)

	assert.Equal(t, "Board: 2 members, 1 has left the directory\nNAME         MAIL\n"+
		"Adele Vance  adele@contoso.com\nDora Lind    dora@contoso.com   has left the directory\n", s.ok("list", "show", "Board"))
	preview := s.object("preview", "list:Board")
	assert.Equal(t, []any{"adele@contoso.com"}, preview["addresses"])
	assert.Equal(t, true, preview["complete"], "nobody is missing who could receive it")
	assert.Equal(t, []any{map[string]any{
		"entry": "list:Board", "id": workspacetest.ID(workspacetest.Dora), "displayName": "Dora Lind", "mail": "dora@contoso.com",
	}}, preview["departed"])
	assert.Contains(t, s.ok("preview", "list:Board"), "note: list:Board: one of its members has left the directory: Dora Lind\n")

	plan := s.object("plan", "--from", "list:Board", "--to", "sg-sales")
	assert.Len(t, plan["add"], 1)
	skipped := plan["skipped"].([]any)
	require.Len(t, skipped, 1)
	assert.Equal(t, map[string]any{"entry": "dora@contoso.com", "reason": "in list:Board, and no longer in the directory"}, skipped[0])
}

func TestAListReachesAMovedAddress(t *testing.T) {
	s := newShell(t)
	s.ok("list", "save", "Board", "--user", "adele@contoso.com")
	for i, c := range s.tenant.Users {
		if c.ID == workspacetest.ID(workspacetest.Adele) {
			s.tenant.Users[i].Fields = append(c.Fields, model.Field{Attr: model.AttrMail, Value: "adele.young@contoso.com"})
		}
	}
	s.ok("sync", "--full")
	assert.Equal(t, []any{"adele.young@contoso.com"}, s.object("preview", "list:Board")["addresses"])
	assert.Contains(t, s.ok("list", "show", "Board"), "adele.young@contoso.com")
}
