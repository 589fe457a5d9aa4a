package tui

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model/rule"
)

func mustParse(t require.TestingT, text string) rule.Node {
	r, diagnostics := rule.Parse(text)
	require.False(t, rule.HasErrors(diagnostics), "%s: %v", text, diagnostics)
	return r.Root
}

func TestRulesOfOneLevelBecomeRows(t *testing.T) {
	for _, tt := range []struct {
		rule string
		want builder
	}{
		{``, builder{}},
		{
			`user.department -eq "Sales"`,
			builder{rows: []builderRow{{attribute: "department", value: "Sales"}}},
		},
		{
			`user.department -eq "Sales" -and user.country -in ["US", "CA"]`,
			builder{rows: []builderRow{
				{attribute: "department", value: "Sales"},
				{attribute: "country", operator: rule.OpIn, value: "US, CA"},
			}},
		},
		{
			`user.accountEnabled -eq true -and (user.city -eq "Paris" -or user.city -eq null)`,
			builder{rows: []builderRow{
				{attribute: "accountEnabled", value: "true"},
				{attribute: "city", value: "Paris"},
				{or: true, attribute: "city", value: "null"},
			}},
		},
		{
			`user.city -eq "Paris" -and user.userType -eq "Guest" -or user.city -eq "null"`,
			builder{any: true, rows: []builderRow{
				{or: true, attribute: "city", value: "Paris"},
				{attribute: "userType", value: "Guest"},
				{or: true, attribute: "city", value: `"null"`},
			}},
		},
		{
			`user.employeeHireDate -ge system.now -minus P30D`,
			builder{rows: []builderRow{{attribute: "employeeHireDate", operator: rule.OpGe, value: "system.now -minus P30D"}}},
		},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			tree := mustParse(t, tt.rule)
			got, ok := newBuilder(tree)
			require.True(t, ok)
			assert.Equal(t, tt.want, got)
			assert.True(t, rule.Equal(tree, got.node()), "the rows say %s", printed(got.node()))
		})
	}
}

func printed(n rule.Node) string {
	if n == nil {
		return ""
	}
	return rule.Print(n)
}

func TestDeeperRulesStayText(t *testing.T) {
	for _, text := range []string{
		`-not (user.department -eq "Sales")`,
		`user.otherMails -any (_ -endsWith "@x.com")`,
		`user.city -eq "a" -and (user.city -eq "b" -or (user.city -eq "c" -and user.city -eq "d"))`,
		`user.city -in ["Paris, TX", "Rome"]`,
	} {
		_, ok := newBuilder(mustParse(t, text))
		assert.False(t, ok, text)
	}
}

func TestIncompleteRowsAreNotPartOfTheRule(t *testing.T) {
	b := builder{rows: []builderRow{
		{attribute: "department", value: "Sales"},
		{attribute: "city"},
		{value: "Paris"},
	}}
	assert.Equal(t, `user.department -eq "Sales"`, printed(b.node()))
	assert.Nil(t, builder{rows: []builderRow{{attribute: "city"}}}.node())
}

// TestRowsSurviveTheirText types random rows and reads them back from the text
// that they make.
func TestRowsSurviveTheirText(t *testing.T) {
	value := rapid.SampledFrom([]string{"Sales", "US", "null", `"null"`, "true", `"true"`, "o'neil", "東京", "a-b", "2026-01-31T00:00:00Z"})
	row := rapid.Custom(func(t *rapid.T) builderRow {
		return builderRow{
			or:        rapid.Bool().Draw(t, "or"),
			attribute: rapid.SampledFrom([]string{"department", "city", "jobTitle"}).Draw(t, "attribute"),
			operator:  rapid.SampledFrom([]rule.Operator{rule.OpEq, rule.OpNe, rule.OpStartsWith}).Draw(t, "operator"),
			value:     value.Draw(t, "value"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		b := builder{any: rapid.Bool().Draw(t, "any"), rows: rapid.SliceOfN(row, 1, 6).Draw(t, "rows")}
		tree := b.node()
		back, ok := newBuilder(mustParse(t, rule.Print(tree)))
		require.True(t, ok, rule.Print(tree))
		assert.True(t, rule.Equal(tree, back.node()), "%s became %s", printed(tree), printed(back.node()))
	})
}

func TestRowsSayWhichOfThemAreGrouped(t *testing.T) {
	b := builder{rows: []builderRow{{}, {}, {or: true}, {or: true}, {}}}
	type place struct{ in, first, last bool }
	var got []place
	for i := range b.rows {
		in, first, last := b.inGroup(i)
		got = append(got, place{in, first, last})
	}
	assert.Equal(t, []place{
		{false, true, true},
		{true, true, false},
		{true, false, false},
		{true, false, true},
		{false, true, true},
	}, got)
}
