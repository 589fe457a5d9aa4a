package cli

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

const enabledRule = `user.accountEnabled -eq true -and user.displayName -ne "Adele Vance"`

func TestASavedChangeSaysWhoIsGainedAndLost(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "People", salesRule)
	const engineering = `user.department -eq "Engineering"`
	assert.Equal(t, "People: 1 of 4 users\n  "+engineering+"\n  before: 3 users; 1 gained, 3 lost\n", s.ok("segment", "save", "people", engineering))
	assert.Equal(t, "People: 1 of 4 users\n  "+engineering+"\n", s.ok("segment", "save", "People", engineering), "the same again changes nothing")
	assert.Len(t, s.object("segment", "versions", "People")["versions"], 2)

	assert.Equal(t, "People: 1 user, then 3 by the other rule: 3 gained, 1 lost\n"+
		"  + Adele Vance  adele@contoso.com\n  + Bert Olsen  bert@contoso.com\n  + Dora Lind  dora@contoso.com\n"+
		"  - Chandra Rao  chandra@contoso.com\n", s.ok("segment", "compare", "People", "--with", salesRule))
	assert.Len(t, s.object("segment", "versions", "People")["versions"], 2, "a comparison saves nothing")
}

func TestTwoVersionsAreComparedByTheirUsers(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "People", salesRule)
	s.ok("segment", "save", "People", enabledRule)
	s.ok("segment", "rename", "People", "Persons")
	for name, test := range map[string]struct {
		args         []string
		from, to     float64
		gained, lost []string
	}{
		"the last other rule": {nil, 1, 3, nil, []string{"Adele Vance"}},
		"from one to now":     {[]string{"1"}, 1, 3, nil, []string{"Adele Vance"}},
		"between two":         {[]string{"2", "1"}, 2, 1, []string{"Adele Vance"}, nil},
		"the same rule":       {[]string{"2", "3"}, 2, 3, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			compared := s.object(append([]string{"segment", "compare", "persons"}, test.args...)...)
			assert.Equal(t, test.from, compared["from"].(map[string]any)["version"])
			assert.Equal(t, test.to, compared["to"].(map[string]any)["version"])
			assert.Equal(t, test.gained, displayNames(compared["gained"]))
			assert.Equal(t, test.lost, displayNames(compared["lost"]))
			assert.EqualValues(t, compared["before"].(float64)+float64(len(test.gained)-len(test.lost)), compared["after"])
		})
	}
	assert.Equal(t, "adele@contoso.com  Adele Vance\n", s.ok("segment", "compare", "persons", "--lost"))
	assert.Empty(t, s.ok("segment", "compare", "persons", "--gained"))
	records, err := csv.NewReader(strings.NewReader(s.ok("segment", "compare", "persons", "2", "1", "--format", "csv"))).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"change", "displayName", "userPrincipalName", "mail", "id"},
		{"gained", "Adele Vance", "adele@contoso.com", "adele@contoso.com", workspacetest.ID(workspacetest.Adele)},
	}, records)
	assert.Equal(t, "lost", decode(t, s.ok("segment", "compare", "persons", "--format", "ndjson"))["change"])
}

// displayNames are those of a list of users; nil of none.
func displayNames(users any) (list []string) {
	for _, u := range users.([]any) {
		list = append(list, u.(map[string]any)["displayName"].(string))
	}
	return list
}

func TestALongComparisonIsCutForAPersonAndSaysHowToSeeIt(t *testing.T) {
	s := newShell(t)
	for i := range 100 {
		s.tenant.Users = append(s.tenant.Users, model.Change{ID: workspacetest.ID(1000 + i), Fields: []model.Field{
			{Attr: model.AttrDisplayName, Value: fmt.Sprintf("New %02d", i)},
			{Attr: model.AttrUserPrincipalName, Value: fmt.Sprintf("new%02d@contoso.com", i)},
			{Attr: model.AttrDepartment, Value: "Sales"},
		}})
	}
	s.ok("segment", "save", "People", `user.department -eq "Engineering"`)
	shown := s.ok("segment", "compare", "People", "--with", salesRule)
	assert.Contains(t, shown, "  + 83 more: --gained lists all\n")
	assert.Contains(t, shown, "  - Chandra Rao")
	assert.Equal(t, 1+maxCompared+1+1, strings.Count(shown, "\n"))
	assert.Equal(t, 103, strings.Count(s.ok("segment", "compare", "People", "--with", salesRule, "--gained"), "\n"))
}

func TestWhatWasChangedRenamedOrDeletedIsTakenBack(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "People", salesRule)
	s.ok("segment", "save", "People", enabledRule, "--note", "for the\nfair")
	undone := s.object("segment", "undo", "people")
	assert.Equal(t, salesRule, undone["rule"])
	assert.NotContains(t, undone, "note")
	assert.Equal(t, map[string]any{"before": 2.0, "after": 3.0, "gained": 1.0, "lost": 0.0}, undone["change"])
	assert.Equal(t, "People: 2 of 4 users\n  "+enabledRule+"\n  before: 3 users; 0 gained, 1 lost\n", s.ok("segment", "undo", "People"), "undone again")

	assert.Equal(t, "the segment is now named Persons\n", s.ok("segment", "rename", "People", "Persons"))
	assert.Equal(t, "People", s.object("segment", "undo", "Persons")["name"])

	s.terminal = true
	a := s.run("segment", "delete", "people")
	assert.Zero(t, a.code)
	assert.Empty(t, a.stdout)
	assert.Contains(t, a.stderr, "`rollcall segment undo \"people\"` brings it back\n")
	s.terminal = false
	assert.Equal(t, 2, s.run("segment", "show", "People").code)
	deleted := s.object("segment", "list", "--deleted")["segments"].([]any)
	require.Len(t, deleted, 1)
	assert.Equal(t, enabledRule, deleted[0].(map[string]any)["rule"])
	assert.Contains(t, s.ok("segment", "list", "--deleted"), "People")
	assert.Equal(t, enabledRule, s.object("segment", "undo", "People")["rule"])
	assert.Equal(t, "no segment was deleted\n", s.ok("segment", "list", "--deleted"))
	assert.Equal(t, "People: deleted again\n", s.ok("segment", "undo", "People"))
	assert.Equal(t, salesRule, s.object("segment", "restore", "People", "1")["rule"])

	var changes []any
	records, err := csv.NewReader(strings.NewReader(s.ok("segment", "versions", "People", "--format", "csv"))).ReadAll()
	require.NoError(t, err)
	for _, row := range records[1:] {
		changes = append(changes, row[3])
	}
	assert.Equal(t, []any{
		"brought back, rule, note", "deleted", "brought back", "deleted", "name", "name", "rule, note", "rule, note", "rule, note", "made",
	}, changes)
}

func TestASegmentIsShownWithEveryFact(t *testing.T) {
	s := newShell(t)
	at := time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)
	s.tenant.Now = func() time.Time { return at }
	const nobody = `user.department -eq "Zoology"`
	s.ok("segment", "save", "Sales", nobody, "--note", "asked for by Dora")
	s.tenant.Now = nil
	s.rename(workspacetest.Adele, "Adele Young")
	for i, c := range s.tenant.Users {
		if c.ID == workspacetest.ID(workspacetest.Dora) {
			s.tenant.Users[i].Fields = append(c.Fields, model.Field{Attr: model.AttrDepartment, Value: "Zoology"})
		}
	}
	s.ok("sync", "--full")
	assert.Contains(t, s.ok("segment", "list"), "Sales      1  0 on 2026-11-20 08:30  2026-11-20 08:30  admin@contoso.com  "+nobody+"\n")

	s.tenant.Users = s.tenant.Users[:2]
	s.ok("sync", "--full", "--allow-removals", "2")
	shown := s.ok("segment", "show", "sales")
	assert.True(t, strings.HasPrefix(shown, "Sales: 0 of 2 users\n  "+nobody+"\n"+
		"  counted before: 1 on 2026-11-22 12:00\n"+
		"  note: asked for by Dora\n"+
		"  version 1 of 2026-11-20 08:30 by admin@contoso.com; made 2026-11-20 08:30 by admin@contoso.com\n"+
		"  advice: line 1, column "), shown)
	assert.EqualValues(t, 0, s.object("segment", "show", "Sales")["lastCount"].(map[string]any)["users"], "looking has kept the count")
}

func TestASegmentWhoseRuleNoLongerHoldsIsShownAndExitsWith2(t *testing.T) {
	s := newShell(t)
	const rule = `user.city -eq "Oslo" -and user.shoeSize -eq "42"`
	require.NoError(t, s.tenant.Ledger.SaveSegment(t.Context(), workspace.Segment{ID: "old", Version: 1, Name: "Old", Rule: rule, ChangedBy: "eve@contoso.com"}))
	a := s.run("segment", "show", "old")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stdout, "Old: not counted\n  "+rule+"\n")
	assert.Contains(t, a.stdout, "by eve@contoso.com")
	assert.True(t, strings.HasPrefix(a.stderr, "  "+rule+"\n"+strings.Repeat(" ", 2+strings.Index(rule, "user.shoe"))+"^^^^^^^^^^^^^\nrollcall: "), a.stderr)

	a = s.run("segment", "show", "old", "--json")
	assert.Equal(t, 2, a.code)
	object := decode(t, a.stdout)
	assert.Nil(t, object["count"])
	assert.Contains(t, object["fault"], "shoeSize")

	assert.Equal(t, "Old: 3 of 4 users\n  "+salesRule+"\n", s.ok("segment", "save", "Old", salesRule), "whom the broken rule selected nobody can say")
}

func TestWhatCannotBeDoneWithASegmentSaysWhyInOneLine(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "Sales", salesRule)
	s.ok("segment", "save", "Partners", `user.userType -eq "Guest"`)
	for name, test := range map[string]struct {
		args         []string
		says, remedy string
	}{
		"show of an unknown name":     {[]string{"show", "Sale"}, `there is no segment "Sale"`, `did you mean "Sales"?`},
		"show of nothing like a name": {[]string{"show", "Zoology"}, `there is no segment "Zoology"`, "`rollcall segment list`"},
		"rename of an unknown name":   {[]string{"rename", "Salse", "X"}, `there is no segment "Salse"`, `did you mean "Sales"?`},
		"rename to a taken name":      {[]string{"rename", "Sales", "PARTNERS"}, `there is a segment`, "choose another name"},
		"rename to no name":           {[]string{"rename", "Sales", " "}, "a segment needs a name", ""},
		"save under no name":          {[]string{"save", "a\x1bb", salesRule}, "a segment needs a name", ""},
		"delete of an unknown name":   {[]string{"delete", "Salse"}, `there is no segment "Salse"`, `did you mean "Sales"?`},
		"undo of an unknown name":     {[]string{"undo", "Salse"}, `there is no segment "Salse"`, `did you mean "Sales"?`},
		"undo of what is new":         {[]string{"undo", "Sales"}, `segment "Sales" was not changed since it was made`, "delete"},
		"versions of an unknown name": {[]string{"versions", "Salse"}, `there is no segment "Salse"`, `did you mean "Sales"?`},
		"compare of an unknown name":  {[]string{"compare", "Salse"}, `there is no segment "Salse"`, `did you mean "Sales"?`},
		"compare of one rule":         {[]string{"compare", "Sales"}, `segment "Sales" has had one rule only`, "--with RULE"},
		"compare with no version":     {[]string{"compare", "Sales", "7"}, `segment "Sales" has no version 7`, "rollcall segment versions \"Sales\""},
		"compare to no version":       {[]string{"compare", "Sales", "1", "7"}, `segment "Sales" has no version 7`, "rollcall segment versions \"Sales\""},
		"compare with an empty rule":  {[]string{"compare", "Sales", "--with", ""}, "the rule is empty", "user.objectId -ne null"},
		"restore of no version":       {[]string{"restore", "Sales", "7"}, `segment "Sales" has no version 7`, "rollcall segment versions \"Sales\""},
		"restore of an unknown name":  {[]string{"restore", "Salse", "1"}, `there is no segment "Salse"`, `did you mean "Sales"?`},
		"export of an unknown name":   {[]string{"export", "Salse"}, `there is no segment "Salse"`, `did you mean "Sales"?`},
		"export of an empty rule":     {[]string{"export", "--rule", ""}, "the rule is empty", "user.objectId -ne null"},
		"check of an empty rule":      {[]string{"check", " "}, "the rule is empty", "user.objectId -ne null"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"segment"}, test.args...)
			a := s.run(args...)
			assert.Equal(t, 2, a.code)
			assert.Empty(t, a.stdout)
			line, remedy, _ := strings.Cut(a.stderr, "\n")
			assert.True(t, strings.HasPrefix(line, "rollcall: "), a.stderr)
			assert.Contains(t, line, test.says)
			assert.Contains(t, remedy, test.remedy)
			assert.LessOrEqual(t, strings.Count(a.stderr, "\n"), 2, a.stderr)

			a = s.run(append(args, "--json")...)
			assert.Equal(t, 2, a.code)
			message := decode(t, a.stderr)["error"].(map[string]any)["message"]
			assert.Contains(t, message, test.says)
		})
	}
	assert.Len(t, s.object("segment", "list")["segments"], 2)
	assert.Len(t, s.object("segment", "versions", "Sales")["versions"], 1, "what is refused leaves no version")
}

func TestSegmentsInFilesThatAnotherProcessHoldsExitWith75(t *testing.T) {
	s := newShell(t)
	s.tenant.OpenErr = &model.Error{Kind: model.KindLocked, Code: "locked", Message: "another rollcall (process 4711) holds this profile's files", Remedy: "quit it first"}
	for _, args := range [][]string{
		{"list"},
		{"show", "Sales"},
		{"save", "Sales", salesRule},
		{"rename", "Sales", "Sellers"},
		{"delete", "Sales"},
		{"undo", "Sales"},
		{"versions", "Sales"},
		{"compare", "Sales"},
		{"restore", "Sales", "1"},
		{"check", salesRule},
		{"export", "Sales"},
	} {
		a := s.run(append([]string{"segment"}, args...)...)
		assert.Equal(t, 75, a.code, args)
		assert.Empty(t, a.stdout)
		assert.Equal(t, "rollcall: another rollcall (process 4711) holds this profile's files\n  quit it first\n", a.stderr)
	}
}
