package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"
)

func TestEveryFaultOfARuleIsPointedAtAtOnce(t *testing.T) {
	s := newShell(t)
	const rule = "user.departmnt -eq \"Sales\"\n  -and user.city -lik \"Oslo\"\n  -and user.accountEnabled -contains \"t\""
	a := s.run("segment", "check", rule)
	assert.Equal(t, 2, a.code)
	assert.Empty(t, a.stdout)
	lines := strings.Split(strings.TrimSuffix(a.stderr, "\n"), "\n")
	require.Len(t, lines, 3*3+1, a.stderr)
	for i, want := range []struct{ source, marks, place string }{
		{`user.departmnt -eq "Sales"`, `^^^^^^^^^^^^^^`, "line 1, column 1: "},
		{`  -and user.city -lik "Oslo"`, `                 ^^^^`, "line 2, column 18: "},
		{`  -and user.accountEnabled -contains "t"`, `                           ^^^^^^^^^`, "line 3, column 28: "},
	} {
		assert.Equal(t, "  "+want.source, lines[3*i])
		assert.Equal(t, "  "+want.marks, lines[3*i+1])
		assert.True(t, strings.HasPrefix(lines[3*i+2], "  "+want.place), lines[3*i+2])
	}
	assert.Equal(t, "rollcall: the rule cannot be read for the 3 reasons above", lines[9])

	a = s.run("segment", "check", rule, "--json")
	assert.Equal(t, 2, a.code)
	object := decode(t, a.stdout)
	assert.Equal(t, false, object["valid"])
	assert.Nil(t, object["count"])
	var places []any
	for _, d := range object["diagnostics"].([]any) {
		d := d.(map[string]any)
		assert.Equal(t, "error", d["severity"])
		places = append(places, []any{d["line"], d["column"], rule[int(d["start"].(float64)):int(d["end"].(float64))]})
	}
	assert.Equal(t, []any{[]any{1.0, 1.0, "user.departmnt"}, []any{2.0, 18.0, "-lik"}, []any{3.0, 28.0, "-contains"}}, places)
	assert.Equal(t, "user.department", object["diagnostics"].([]any)[0].(map[string]any)["suggestion"])
	assert.Equal(t, []string{"error"}, keys(decode(t, a.stderr)))
}

func TestARuleIsReadFromTheInputInThePlaceOfAHyphen(t *testing.T) {
	const rule = "user.department -eq \"Sales\"\n  -and user.displayName -ne \"Dora Lind\"\n"
	for name, args := range map[string][]string{
		"users":         {"users", "--where", "-", "--count"},
		"segment check": {"segment", "check", "-"},
		"segment save":  {"segment", "save", "Sales", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.stdin = strings.NewReader(rule)
			assert.EqualValues(t, 2, s.object(args...)["count"])
		})
	}
	s := newShell(t)
	s.ok("segment", "save", "Sales", salesRule)
	s.stdin = strings.NewReader(rule)
	assert.Equal(t, []string{"Dora Lind"}, displayNames(s.object("segment", "compare", "Sales", "--with", "-")["lost"]))
	s.stdin = strings.NewReader(rule)
	assert.Equal(t, strings.Join(strings.Fields(rule), " ")+"\n", s.ok("segment", "export", "--rule", "-", "--as", "entra"))

	// As PowerShell's > writes it.
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(rule)
	require.NoError(t, err)
	s.stdin = strings.NewReader(wide)
	assert.EqualValues(t, 2, s.object("segment", "check", "-")["count"])
	s.stdin = strings.NewReader("user.city -eq \"\xe9\"")
	a := s.run("segment", "check", "-")
	assert.Equal(t, 2, a.code)
	assert.Equal(t, "rollcall: the rule on the input is neither UTF-8 nor UTF-16\n  save the file as UTF-8\n", a.stderr)

	for name, input := range map[string]string{"nothing": "\n", "more than any rule": strings.Repeat(rule, 2000)} {
		t.Run(name, func(t *testing.T) {
			s.stdin = strings.NewReader(input)
			a := s.run("segment", "check", "-")
			assert.Equal(t, 2, a.code)
			assert.Contains(t, a.stderr, "rollcall: the rule ")
		})
	}
}

func TestNotesOnARuleGoToAPersonsTerminalAndNotToStdout(t *testing.T) {
	s := newShell(t)
	const pasted = "user.department –eq “Sales”"
	for _, args := range [][]string{{"users", "--where", pasted, "--count"}, {"facets", "department", "--where", pasted}} {
		s.terminal = true
		a := s.run(args...)
		assert.Zero(t, a.code, a.stderr)
		assert.NotContains(t, a.stdout, "hyphen")
		assert.Contains(t, a.stderr, "note: line 1, column 17: '–' is read as a hyphen\n")
		s.terminal = false
		assert.Empty(t, s.run(args...).stderr)
	}
}

func TestUsersOfARuleOrASegmentAreSearchedToo(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "Sales", salesRule)
	assert.EqualValues(t, 1, s.object("users", "dora", "--segment", "sales", "--count")["count"])
	assert.EqualValues(t, 1, s.object("users", "olsen", "bert", "--where", salesRule, "--count")["count"])
	assert.EqualValues(t, 0, s.object("users", "chandra", "--segment", "Sales", "--count")["count"])
	assert.Equal(t, 2, s.run("users", "--where", "", "--count").code)
	assert.Equal(t, 2, s.run("users", "--where", "$UNSET", "--count").code)
	assert.EqualValues(t, 1, s.object("facets", "department", "--segment", "Sales")["distinct"])
}
