package tui

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestToLineIsCutAtItsCommas(t *testing.T) {
	for _, tt := range []struct {
		name             string
		line             string
		include, exclude []string
	}{
		{"an empty line has no entries", "  , ,", nil, nil},
		{"blanks around an entry do not count", " a@x.com ,b@x.com", []string{"a@x.com", "b@x.com"}, nil},
		{"a line of a mail program is cut at its semicolons", "Ann Lee <a@x.com>; b@x.com;", []string{"Ann Lee <a@x.com>", "b@x.com"}, nil},
		{"a semicolon in a rule belongs to the rule", `rule:user.city -eq "Paris; TX"; b@x.com`, []string{`rule:user.city -eq "Paris; TX"`, "b@x.com"}, nil},
		{"a leading minus excludes", "a@x.com, -segment:Interns", []string{"a@x.com"}, []string{"segment:Interns"}},
		{"a leading & keeps within", "a@x.com, & segment:Sales, &b@x.com, -c@x.com", []string{"a@x.com", "&segment:Sales", "&b@x.com"}, []string{"c@x.com"}},
		{"a comma in a rule that keeps within parts nothing", `a@x.com, &rule:user.country -eq "a, b"`, []string{"a@x.com", `&rule:user.country -eq "a, b"`}, nil},
		{"a minus alone is nothing yet", "a@x.com, -", []string{"a@x.com"}, nil},
		{"a minus inside a name is a letter", "all-staff@x.com", []string{"all-staff@x.com"}, nil},
		{"commas in a rule's array belong to the rule", `rule:user.country -in ["US", "CA"], b@x.com`, []string{`rule:user.country -in ["US", "CA"]`, "b@x.com"}, nil},
		{"commas in a rule's string belong to the rule", `rule:user.city -eq "Paris, TX", b@x.com`, []string{`rule:user.city -eq "Paris, TX"`, "b@x.com"}, nil},
		{"an apostrophe in a name is a letter", "group:Giles' team, b@x.com", []string{"group:Giles' team", "b@x.com"}, nil},
		{"quotes around a name keep its comma", `"Lee, Ann", -"group:Sales; EMEA",& "Team (1"`, []string{"Lee, Ann", "&Team (1"}, []string{"group:Sales; EMEA"}},
		{"a name that a mail program quotes is not cut", `"Lee, Ann" <a@x.com>; b@x.com`, []string{`"Lee, Ann" <a@x.com>`, "b@x.com"}, nil},
		{"a quote inside a name is a letter", `group:The "A" team, b@x.com`, []string{`group:The "A" team`, "b@x.com"}, nil},
		{"quotes around nothing are nothing yet", `"", b@x.com`, []string{"b@x.com"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			include, exclude := audienceOf(splitEntries(tt.line))
			assert.Equal(t, tt.include, include)
			assert.Equal(t, tt.exclude, exclude)
		})
	}
}

func TestToLineSurvivesJoiningAndCutting(t *testing.T) {
	entry := rapid.StringMatching(`[a-z]{1,6}@[a-z]{1,4}\.com|segment:[A-Z][a-z]{1,5}( [a-z]{1,4})?|rule:user\.city -in \["[A-Z, ]{1,4}x", "y"\]|[A-Z][a-z]{1,4}[,;] [A-Z][a-z]{1,4}|group:[A-Z][a-z]{1,3} [(\[)\]][a-z]{1,4}`)
	rapid.Check(t, func(t *rapid.T) {
		include := rapid.SliceOf(entry).Draw(t, "include")
		exclude := rapid.SliceOf(entry).Draw(t, "exclude")
		gotInclude, gotExclude := audienceOf(splitEntries(joinEntries(include, exclude)))
		assert.ElementsMatch(t, include, gotInclude)
		assert.ElementsMatch(t, exclude, gotExclude)
	})
}

func TestToLineSpansPointAtTheEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.String().Draw(t, "line")
		end := 0
		for _, e := range splitEntries(line) {
			require.LessOrEqual(t, end, e.start)
			require.Less(t, e.start, e.end)
			require.LessOrEqual(t, e.end, len(line))
			assert.Contains(t, line[e.start:e.end], e.text)
			end = e.end
		}
	})
}

func TestCompletionReplacesTheEntryUnderTheCursor(t *testing.T) {
	line := "a@x.com, -sal, b@x.com"
	e := entryAt(line, strings.Index(line, "sal")+3)
	require.Equal(t, "sal", e.text)
	got, offset := replaceEntry(line, e, "segment:Sales")
	assert.Equal(t, "a@x.com, -segment:Sales, b@x.com", got)
	assert.Equal(t, "a@x.com, -segment:Sales", got[:offset])
}

func TestCompletionPutsBeginningsFirst(t *testing.T) {
	all := []suggestion{{text: "presales@x.com"}, {text: "segment:Sales"}, {text: "sales@x.com"}, {text: "ops@x.com"}}
	texts := func(list []suggestion) (out []string) {
		for _, s := range list {
			out = append(out, s.text)
		}
		return out
	}
	assert.Equal(t, []string{"segment:Sales", "sales@x.com", "presales@x.com"}, texts(matchSuggestions(all, "SAL")))
	assert.Empty(t, matchSuggestions(all, "sales@x.com"), "a complete entry needs no completion")
	assert.Empty(t, matchSuggestions(all, " "))
}

func TestANameWithACommaIsPutIntoTheToLineAsOneEntry(t *testing.T) {
	line := "a@x.com, -lee, b@x.com"
	got, offset := replaceEntry(line, entryAt(line, 11), "Lee, Ann")
	assert.Equal(t, `a@x.com, -"Lee, Ann", b@x.com`, got)
	assert.Equal(t, len(`a@x.com, -"Lee, Ann"`), offset)
	include, exclude := audienceOf(splitEntries(got))
	assert.Equal(t, []string{"a@x.com", "b@x.com"}, include)
	assert.Equal(t, []string{"Lee, Ann"}, exclude)
}
