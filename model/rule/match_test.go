package rule_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/rule"
)

func adele() *model.User {
	u := &model.User{ID: "62e19b97-8b3d-4d4a-a106-4ce66896a863"}
	for _, f := range []model.Field{
		{Attr: model.AttrDepartment, Value: "Sales"},
		{Attr: model.AttrDisplayName, Value: "Adele Σίσυφος"},
		{Attr: model.AttrAccountEnabled, Value: "true"},
		{Attr: model.AttrEmployeeHireDate, Value: "2026-06-14T12:30:45Z"},
		{Attr: model.AttrOtherMails, Values: []string{"adele@contoso.com", "Adele@Fabrikam.com"}},
	} {
		u.Set(f)
	}
	return u
}

func TestRulesSelectWhatTheirMeaningSays(t *testing.T) {
	for text, want := range map[string]bool{
		`user.department -eq "sALES"`:                              true,
		`user.department -eq "Sale"`:                               false,
		`user.department -ne "Sales"`:                              false,
		`user.department -startsWith "sa"`:                         true,
		`user.department -notStartsWith "sa"`:                      false,
		`user.department -endsWith "LES"`:                          true,
		`user.department -notEndsWith "x"`:                         true,
		`user.department -contains "ale"`:                          true,
		`user.department -notContains "ale"`:                       false,
		`user.department -match "^s.l"`:                            true,
		`user.department -match "l"`:                               true,
		`user.department -notMatch "l$"`:                           true,
		`user.department -in ["Legal", "SALES"]`:                   true,
		`user.department -notIn ["Legal"]`:                         true,
		`user.displayName -endsWith "ΣΊΣΥΦΟΣ"`:                     true,
		`user.objectId -eq "62E19B97-8B3D-4D4A-A106-4CE66896A863"`: true,
		`user.objectId -ne null`:                                   true,

		`user.city -eq null`:             true,
		`user.city -ne null`:             false,
		`user.city -eq ""`:               false,
		`user.city -eq "null"`:           false,
		`user.city -ne "Praha"`:          true,
		`user.city -startsWith ""`:       false,
		`user.city -notStartsWith "P"`:   true,
		`user.city -notContains "P"`:     true,
		`user.city -notMatch "."`:        true,
		`user.city -notIn ["Praha"]`:     true,
		`user.city -match ""`:            false,
		`-not user.city -eq null`:        false,
		`user.dirSyncEnabled -eq false`:  false,
		`user.dirSyncEnabled -ne true`:   true,
		`user.accountEnabled -eq true`:   true,
		`user.accountEnabled -ne false`:  true,
		`user.accountEnabled -eq "TRUE"`: true,

		`user.employeeHireDate -ge system.now -minus P1D`:     true,
		`user.employeeHireDate -le system.now -minus P1D`:     true,
		`user.employeeHireDate -eq system.now -minus PT24H`:   true,
		`user.employeeHireDate -ge system.now`:                false,
		`user.employeeHireDate -le (system.now -plus p1y)`:    true,
		`user.employeeHireDate -ge 2026-06-14T14:30:45+02:00`: true,
		`user.employeeHireDate -le "2026-06-14T12:30:44Z"`:    false,
		`user.employeeHireDate -ne null`:                      true,

		`user.otherMails -endsWith "@fabrikam.com"`:                                      true,
		`user.otherMails -notEndsWith "@fabrikam.com"`:                                   false,
		`user.otherMails -notEndsWith "@northwind.com"`:                                  true,
		`user.otherMails -any (_ -startsWith "adele@c")`:                                 true,
		`user.otherMails -all (_ -startsWith "adele@c")`:                                 false,
		`user.otherMails -all (_ -startsWith "adele@")`:                                  true,
		`user.otherMails -any (_ -startsWith "adele@c" -and _ -endsWith "fabrikam.com")`: false,
		`user.otherMails -any (-not _ -endsWith "fabrikam.com")`:                         true,
		`user.otherMails -any (_ -eq null)`:                                              false,
		`user.otherMails -ne null`:                                                       true,
		`user.proxyAddresses -eq null`:                                                   true,
		`user.proxyAddresses -any (_ -ne "a")`:                                           false,
		`user.proxyAddresses -all (_ -eq "a")`:                                           true,
		`user.proxyAddresses -ne "a"`:                                                    true,
		``:                                                                               false,
	} {
		t.Run(text, func(t *testing.T) {
			p, diagnostics, err := rule.Compile(text, model.FullSchema(), evaluatedAt)
			require.NoError(t, err, "%v", diagnostics)
			assert.Equal(t, want, rule.Match(p.Rule(), adele(), rule.Given{Now: evaluatedAt}))
		})
	}
}

func TestFoldingAgreesWithEqualFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := texts().Draw(t, "a"), texts().Draw(t, "b")
		assert.Equal(t, strings.EqualFold(a, b), rule.Fold(a) == rule.Fold(b), "%q %q", a, b)
		upper := strings.ToUpper(a)
		assert.Equal(t, strings.EqualFold(a, upper), rule.Fold(a) == rule.Fold(upper), "%q", a)
		assert.Equal(t, rule.Fold(a), rule.Fold(rule.Fold(a)))
	})
}

func TestFoldingMapsCharactersThatFoldToEachOtherToOne(t *testing.T) {
	for r := range rune(unicode.MaxRune) {
		if !utf8.ValidRune(r) {
			continue
		}
		folded := rule.Fold(string(r))
		require.True(t, strings.EqualFold(folded, string(r)), "%U", r)
		require.Equal(t, rule.Fold(string(unicode.SimpleFold(r))), folded, "%U", r)
	}
}

func TestAppendedFoldsAreThoseOfTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text") + string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		assert.Equal(t, "x"+rule.Fold(s), string(rule.AppendFold([]byte("x"), s)))
	})
}

func TestAdviceNamesTheBetterForm(t *testing.T) {
	for text, want := range map[string]string{
		`user.city -match "^Pra"`:      `user.city -startsWith "Pra"`,
		`user.city -match "^Praha$"`:   `user.city -eq "Praha"`,
		`user.city -notMatch "^Pra"`:   `user.city -notStartsWith "Pra"`,
		`user.city -match "^P(r|l)a"`:  "",
		`user.city -startsWith "Pra"`:  "",
		`user.city -match "Pra.*[a]$"`: "",
	} {
		t.Run(text, func(t *testing.T) {
			_, diagnostics, err := rule.Compile(text, model.FullSchema(), evaluatedAt)
			require.NoError(t, err)
			suggestion := ""
			for _, d := range diagnostics {
				require.Equal(t, rule.Lint, d.Severity)
				suggestion = d.Suggestion
			}
			assert.Equal(t, want, suggestion)
		})
	}
}

func TestARuleThatIsTooLongForEntraIsAdvisedAndNotTranslated(t *testing.T) {
	clause := `user.city -eq "Praha"`
	long := clause + strings.Repeat(" -or "+clause, 150)
	_, diagnostics, err := rule.Compile(long, model.FullSchema(), evaluatedAt)
	require.NoError(t, err)
	require.Len(t, diagnostics, 2, "each clause is the same as well")
	assert.Equal(t, rule.Lint, diagnostics[1].Severity)
	assert.Contains(t, diagnostics[1].Message, "Entra takes at most 3072")

	r, _ := rule.Parse(long)
	refused := rule.Translate(r, model.FullSchema(), rule.Entra, evaluatedAt)
	assert.Len(t, errorsOf(refused.Diagnostics), 1)
	assert.Empty(t, refused.Text)

	r, _ = rule.Parse(`USER.city EQ 'Praha'`)
	translated := rule.Translate(r, model.FullSchema(), rule.Entra, evaluatedAt)
	assert.Empty(t, translated.Diagnostics)
	assert.Equal(t, clause, translated.Text)
}

func TestWalkVisitsEachNodeOnce(t *testing.T) {
	r, _ := rule.Parse(`user.city -eq "a" -and (-not user.city -eq "b" -or user.otherMails -any (_ -eq "c"))`)
	kinds := map[string]int{}
	rule.Walk(r.Root, func(n rule.Node) {
		switch n.(type) {
		case *rule.And, *rule.Or, *rule.Not:
			kinds["joint"]++
		case *rule.Comparison:
			kinds["comparison"]++
		case *rule.Quantified:
			kinds["quantified"]++
		}
	})
	assert.Equal(t, map[string]int{"joint": 3, "comparison": 3, "quantified": 1}, kinds)
}

func TestGroupsAreNamedOnceAndInSmallLetters(t *testing.T) {
	const text = `user.memberOf -any (group.objectId -in ["62E19B97-8b3d-4d4a-a106-4ce66896a863", "0a1b2c3d-0000-4000-8000-00000000000a", "62e19b97-8b3d-4d4a-a106-4ce66896a863"])`
	p, _, err := rule.Compile(text, model.FullSchema(), evaluatedAt)
	require.NoError(t, err)
	assert.Equal(t, []string{"62e19b97-8b3d-4d4a-a106-4ce66896a863", "0a1b2c3d-0000-4000-8000-00000000000a"}, p.Groups())
}
