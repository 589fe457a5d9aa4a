package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/workspace"
	"rollcall/ui/text"
)

func TestAFaultIsPointedAtUnderTheRule(t *testing.T) {
	for name, test := range map[string]struct{ rule, fault string }{
		"unknown attribute":         {`user.departmnt -eq "Sales"`, `user.departmnt`},
		"behind other terms":        {`user.city -eq "Oslo" -and user.departmnt -eq "Sales"`, `user.departmnt`},
		"behind wide characters":    {`user.city -eq "東京都" -and user.departmnt -eq "Sales"`, `user.departmnt`},
		"behind combining marks":    {`user.city -eq "Ko` + "\u0308" + `ln" -and user.departmnt -eq "x"`, `user.departmnt`},
		"behind an escape sequence": {`user.city -eq "` + "\x1b[31m" + `" -and user.departmnt -eq "x"`, `user.departmnt`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			a := s.run("segment", "check", test.rule)
			assert.Equal(t, 2, a.code)
			assert.Empty(t, a.stdout)
			lines := strings.Split(a.stderr, "\n")
			require.GreaterOrEqual(t, len(lines), 3, a.stderr)
			assert.Equal(t, "  "+text.Clean(test.rule), lines[0])
			assert.NotContains(t, a.stderr, "\x1b")
			before, _, _ := strings.Cut(test.rule, test.fault)
			assert.Equal(t, 2+text.Width(text.Clean(before)), strings.IndexByte(lines[1], '^'), "%s\n%s", lines[0], lines[1])
			assert.Equal(t, strings.Repeat("^", len(test.fault)), strings.TrimSpace(lines[1]))
			assert.True(t, strings.HasPrefix(lines[2], "rollcall: "), lines[2])
		})
	}
}

func TestAFaultIsShownBeforeAnythingIsRead(t *testing.T) {
	const rule = `user.departmnt -eq "Sales"`
	for _, args := range [][]string{
		{"segment", "check", rule}, {"segment", "save", "Sales", rule}, {"users", "--where", rule}, {"facets", "city", "--where", rule},
	} {
		s := newShell(t)
		a := s.run(args...)
		assert.Equal(t, 2, a.code)
		assert.Contains(t, a.stderr, "\n  ^^^^^^^^^^^^^^\n")
		assert.Empty(t, s.tenant.Asked(""))
	}
}

func TestAFaultAtTheEndOfTheRuleIsPointedAtToo(t *testing.T) {
	s := newShell(t)
	const rule = `user.department -eq`
	a := s.run("segment", "check", rule)
	assert.Equal(t, 2, a.code)
	carets := strings.Split(a.stderr, "\n")[1]
	assert.Contains(t, carets, "^")
	assert.LessOrEqual(t, len(carets), len("  ")+len(rule)+1)
}

func TestAFaultIsNotPointedAtForPrograms(t *testing.T) {
	s := newShell(t)
	a := s.run("segment", "check", `user.departmnt -eq "Sales"`, "--json")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, decode(t, a.stderr)["error"].(map[string]any)["message"], "departmnt")
}

func TestARuleIsCheckedAndCountedWithoutSavingIt(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, "the rule selects 3 of 4 users\n", s.ok("segment", "check", salesRule))
	assert.Equal(t, "no segments yet: rollcall segment save NAME RULE\n", s.ok("segment", "list"))
	assert.Equal(t, []any{}, s.object("segment", "list")["segments"])
}

func TestASegmentIsSavedListedShownExportedAndDeleted(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, "Sales: 3 of 4 users\n  "+salesRule+"\n", s.ok("segment", "save", "Sales", salesRule))
	assert.Equal(t, "NAME   USERS  CHANGED           BY                 RULE\n"+
		"Sales      3  2026-11-22 12:00  admin@contoso.com  "+salesRule+"\n", s.ok("segment", "list"))
	assert.EqualValues(t, 3, s.object("segment", "show", "SALES")["count"])
	assert.Equal(t, salesRule+"\n", s.ok("segment", "export", "Sales", "--as", "entra"))
	s.ok("segment", "delete", "sales")
	a := s.run("segment", "show", "Sales")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, `there is no segment "Sales"`)
}

func TestABrokenRuleIsNotSaved(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, 2, s.run("segment", "save", "Sales", `user.departmnt -eq "Sales"`).code)
	assert.Equal(t, 2, s.run("segment", "save", "Sales", "").code)
	assert.Equal(t, []any{}, s.object("segment", "list")["segments"])
}

func TestASegmentWhoseRuleNoLongerHoldsDoesNotHideTheOthers(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "Sales", salesRule)
	require.NoError(t, s.tenant.Ledger.SaveSegment(t.Context(), workspace.Segment{ID: "old", Version: 1, Name: "Old", Rule: `user.shoeSize -eq "42"`}))

	list := s.object("segment", "list")["segments"].([]any)
	require.Len(t, list, 2)
	old, sales := list[0].(map[string]any), list[1].(map[string]any)
	assert.Nil(t, old["count"])
	assert.Contains(t, old["fault"], "shoeSize")
	assert.EqualValues(t, 3, sales["count"])
	assert.NotContains(t, sales, "fault")
	assert.Contains(t, s.ok("segment", "list"), "Old        ?  ")
}
