package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/rule/ruletest"
)

// advice is what Compile says of a rule as severity, span, message and
// suggestion.
func advice(t require.TestingT, text string) []rule.Diagnostic {
	_, diagnostics, err := rule.Compile(text, model.FullSchema(), evaluatedAt)
	require.NoError(t, err, text)
	return diagnostics
}

func mended(text string, d rule.Diagnostic) string {
	return text[:d.Start] + d.Suggestion + text[d.End:]
}

func TestABetterTextIsOfferedInPlaceOfTheRule(t *testing.T) {
	for text, want := range map[string]string{
		`user.city -eq "a" -or user.city -eq "b" -or user.city -eq "c"`:                                      `user.city -in ["a", "b", "c"]`,
		`user.state -eq "x" -or user.city -eq "a" -or user.city -eq "b" -or user.city -eq "c"`:               `user.state -eq "x" -or user.city -in ["a", "b", "c"]`,
		`user.mail -ne null -and (user.city -eq "a" -or user.city -eq "b" -or user.city -eq "c")`:            `user.mail -ne null -and (user.city -in ["a", "b", "c"])`,
		`user.city -ne "a" -and user.city -ne "b" -and user.city -ne "c"`:                                    `user.city -notIn ["a", "b", "c"]`,
		`user.otherMails -any (_ -eq "a" -or _ -eq "b" -or _ -eq "c")`:                                       `user.otherMails -any (_ -in ["a", "b", "c"])`,
		`user.city -eq "a" -or user.city -eq "b"`:                                                            "",
		`user.city -match "^(Praha|Brno)$"`:                                                                  `user.city -in ["Praha", "Brno"]`,
		`user.city -match "^(?:Praha|St\. Gallen)$"`:                                                         `user.city -in ["Praha", "St. Gallen"]`,
		`user.city -notMatch "^(Praha|Brno)$"`:                                                               `user.city -notIn ["Praha", "Brno"]`,
		`user.city -match "Praha$"`:                                                                          `user.city -endsWith "Praha"`,
		`user.city -match "Praha"`:                                                                           `user.city -contains "Praha"`,
		`user.city -match ".*Praha.*"`:                                                                       `user.city -contains "Praha"`,
		`user.city -match "^Praha.*$"`:                                                                       `user.city -startsWith "Praha"`,
		`user.mail -match "@contoso\.com$"`:                                                                  `user.mail -endsWith "@contoso.com"`,
		`user.streetAddress -match "^.*Praha"`:                                                               "",
		`user.streetAddress -match "Praha$"`:                                                                 `user.streetAddress -endsWith "Praha"`,
		`user.streetAddress -match "^Praha"`:                                                                 `user.streetAddress -startsWith "Praha"`,
		`user.city -match "[ab]c.d"`:                                                                         "",
		`user.city -match "^(xa?|xa\?|xa\?)$"`:                                                               `user.city -in ["x", "xa", "xa?"]`,
		`-not user.city -eq "a"`:                                                                             `user.city -ne "a"`,
		`-not -not user.city -eq "a"`:                                                                        `user.city -eq "a"`,
		`-not user.employeeHireDate -le system.now`:                                                          "",
		`user.city -eq "a" -and user.city -eq "A"`:                                                           `user.city -eq "a"`,
		`user.city -eq "a" -and user.city -ne "b"`:                                                           `user.city -eq "a"`,
		`user.city -startsWith "Pra" -and user.city -startsWith "P"`:                                         `user.city -startsWith "Pra"`,
		`user.city -startsWith "Pra" -or user.city -contains "r"`:                                            `user.city -contains "r"`,
		`user.city -ne null -and user.city -match "^P.*a"`:                                                   `user.city -match "^P.*a"`,
		`user.employeeHireDate -ge 2020-01-01T00:00:00Z -and user.employeeHireDate -ge 2021-01-01T00:00:00Z`: `user.employeeHireDate -ge 2021-01-01T00:00:00Z`,
		`user.city -startsWith "Pra" -and user.city -endsWith "a"`:                                           "",
		`user.otherMails -eq "a" -and user.otherMails -ne null`:                                              `user.otherMails -eq "a"`,
		`user.otherMails -eq "a" -and user.otherMails -ne "b"`:                                               "",
		`user.city -eq "a" -and user.state -eq "b" -or user.mail -ne null`:                                   "",
		`user.city -eq "a" -and user.state -eq "b"  -or user.mail -ne null`:                                  `(user.city -eq "a" -and user.state -eq "b")  -or user.mail -ne null`,
		`(user.city -eq "a" -and user.state -eq "b") -or user.mail -ne null`:                                 "",
	} {
		t.Run(text, func(t *testing.T) {
			got := ""
			for _, d := range advice(t, text) {
				require.Empty(t, got, "one remark is enough: %v", d)
				got = mended(text, d)
			}
			assert.Equal(t, want, got)
		})
	}
}

func TestClausesThatDecideNothingAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		`user.city -eq "a" -and user.city -eq "b"`:                                                           "these contradict each other: nobody can satisfy all of them",
		`user.city -eq null -and user.city -eq "b"`:                                                          "these contradict each other: nobody can satisfy all of them",
		`user.city -in ["a", "b"] -and user.state -eq "x" -and user.city -eq "c"`:                            "these contradict each other: nobody can satisfy all of them",
		`user.city -eq "Praha" -and user.city -startsWith "B"`:                                               "these contradict each other: nobody can satisfy all of them",
		`user.accountEnabled -eq true -and user.accountEnabled -eq false`:                                    "these contradict each other: nobody can satisfy all of them",
		`user.employeeHireDate -ge 2021-01-01T00:00:00Z -and user.employeeHireDate -le 2020-01-01T00:00:00Z`: "these contradict each other: nobody can satisfy all of them",
		`user.employeeHireDate -ge system.now -and user.employeeHireDate -le system.now -minus p1d`:          "these contradict each other: nobody can satisfy all of them",
		`user.otherMails -any (_ -eq "a" -and _ -eq "b")`:                                                    "these contradict each other: no element can satisfy all of them",
		`user.mail -contains "a" -and user.mail -notContains "A"`:                                            "one clause is the complement of another: nobody can satisfy both",
		`user.mail -contains "a" -or user.mail -notContains "a"`:                                             "one clause is the complement of another: everybody satisfies one of them",
		`user.city -ne "a" -or user.city -ne "b"`:                                                            "everybody satisfies one of these: they are always true",
		`user.accountEnabled -ne true -or user.accountEnabled -ne false`:                                     "everybody satisfies one of these: they are always true",
		`user.city -eq ""`: "nobody can satisfy this clause",
	} {
		t.Run(text, func(t *testing.T) {
			found := advice(t, text)
			require.Len(t, found, 1)
			assert.Equal(t, want, found[0].Message)
			assert.Equal(t, rule.Lint, found[0].Severity)
			assert.Empty(t, found[0].Suggestion)
		})
	}
}

func TestWhatCanBeTrueOfACollectionIsNoContradiction(t *testing.T) {
	for _, text := range []string{
		`user.otherMails -eq "a" -and user.otherMails -eq "b"`,
		`user.otherMails -any (_ -eq "a") -and user.otherMails -any (_ -eq "b")`,
		`user.employeeHireDate -ge 2020-01-01T00:00:00Z -and user.employeeHireDate -le system.now`,
		`user.employeeHireDate -ge system.now -minus p1m -and user.employeeHireDate -le system.now -minus p30d`,
		`user.city -match "^a$" -and user.city -match "b"`,
	} {
		for _, d := range advice(t, text) {
			assert.NotContains(t, d.Message, "contradict", text)
		}
	}
}

// advised generates rules on few properties with few values, so that clauses
// have to do with each other.
func advised() *rapid.Generator[string] {
	of := func(name string) model.Attribute {
		a, _ := model.FullSchema().ByRule(name)
		return a
	}
	word := rapid.SampledFrom([]string{"a", "A", "ab", "abc", "b", "", "K", "\u212a"})
	pattern := rapid.SampledFrom([]string{"^a$", "^(a|ab)$", "a", "^ab", "b$", ".*b", "^a.*$", "[ab]", "^(?:b|k)$", "k+"})
	comparison := func(a model.Attribute, property string) *rapid.Generator[rule.Node] {
		return rapid.Custom(func(t *rapid.T) rule.Node {
			c := &rule.Comparison{Property: property, Operator: rapid.SampledFrom(rule.Operators(a.Type)).Draw(t, "operator")}
			positive := c.Operator.Positive()
			switch {
			case positive == rule.OpEq && (rapid.IntRange(0, 4).Draw(t, "null") == 0 || a.Type == model.TypeTime && c.Operator == rule.OpNe):
			case a.Type == model.TypeBool:
				c.Value = rule.Value{Kind: rule.Bool, Bool: rapid.Bool().Draw(t, "bool")}
			case a.Type == model.TypeTime && rapid.Bool().Draw(t, "now"):
				c.Value = rule.Value{Kind: rule.Now, Shift: rule.Duration{Days: rapid.IntRange(0, 2).Draw(t, "days"), Months: rapid.IntRange(0, 1).Draw(t, "months")}}
			case a.Type == model.TypeTime:
				c.Value = rule.Value{Kind: rule.Time, Time: evaluatedAt.AddDate(0, 0, rapid.IntRange(0, 2).Draw(t, "days"))}
			case positive == rule.OpIn:
				c.Value = rule.ListValue(rapid.SliceOfN(word, 1, 3).Draw(t, "list")...)
			case positive == rule.OpMatch:
				c.Value = rule.TextValue(pattern.Draw(t, "pattern"))
			default:
				c.Value = rule.TextValue(word.Draw(t, "word"))
			}
			return c
		})
	}
	clause := rapid.Custom(func(t *rapid.T) rule.Node {
		a := of(rapid.SampledFrom([]string{"city", "city", "city", "accountEnabled", "employeeHireDate", "otherMails"}).Draw(t, "attribute"))
		if a.Type.IsCollection() && rapid.Bool().Draw(t, "quantified") {
			return &rule.Quantified{
				Property: a.Rule, Quantifier: rapid.SampledFrom([]rule.Quantifier{rule.Any, rule.All}).Draw(t, "quantifier"),
				Body: ruletest.Joined(comparison(a, rule.Element), 2).Draw(t, "body"),
			}
		}
		return comparison(a, a.Rule).Draw(t, "comparison")
	})
	return rapid.Map(ruletest.Joined(clause, 3), rule.Print)
}

func advisedUsers() *rapid.Generator[*model.User] {
	words := []string{"a", "A", "ab", "abc", "b", "", "k", "\u212a", "c", "ba"}
	return rapid.Custom(func(t *rapid.T) *model.User {
		u := &model.User{}
		days := rapid.IntRange(-1, 40).Draw(t, "days")
		for _, f := range []model.Field{
			{Attr: model.AttrCity, Value: rapid.SampledFrom(words).Draw(t, "city")},
			{Attr: model.AttrAccountEnabled, Value: rapid.SampledFrom([]string{"true", "false", ""}).Draw(t, "enabled")},
			{Attr: model.AttrEmployeeHireDate, Value: rapid.SampledFrom([]string{"", "soon", evaluatedAt.AddDate(0, 0, days).Format("2006-01-02T15:04:05Z07:00")}).Draw(t, "hired")},
			{Attr: model.AttrOtherMails, Values: rapid.SliceOfN(rapid.SampledFrom(words[:5]), 0, 3).Draw(t, "mails")},
		} {
			u.Set(f)
		}
		return u
	})
}

func TestWhatAdviceSaysIsSoForEveryUser(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		text := advised().Draw(t, "rule")
		users := rapid.SliceOfN(advisedUsers(), 12, 12).Draw(t, "users")
		selects := func(text string) string {
			r, diagnostics := rule.Parse(text)
			require.False(t, rule.HasErrors(diagnostics), "%s %v", text, diagnostics)
			var b strings.Builder
			for _, u := range users {
				fmt.Fprint(&b, rule.Match(r, u, rule.Given{Now: evaluatedAt}), " ")
			}
			return b.String()
		}
		for _, d := range advice(t, text) {
			span := text[d.Start:d.End]
			switch {
			case d.Suggestion != "":
				require.Equal(t, selects(text), selects(mended(text, d)), "%s\n%s", text, d)
				seen["suggestion"]++
			case strings.Contains(d.Message, "nobody"):
				require.NotContains(t, selects(ofElement(span, "-any")), "true", "%s\n%s", text, d)
				seen["nobody"]++
			case strings.Contains(d.Message, "no element"):
				require.NotContains(t, selects(ofElement(span, "-any")), "true", "%s\n%s", text, d)
				seen["no element"]++
			case strings.Contains(d.Message, "every element"):
				require.NotContains(t, selects(ofElement(span, "-all")), "false", "%s\n%s", text, d)
				seen["every element"]++
			case strings.Contains(d.Message, "everybody") && strings.Contains(span, "_ -"):
				require.NotContains(t, selects(ofElement(span, "-all")), "false", "%s\n%s", text, d)
			case strings.Contains(d.Message, "everybody"):
				require.NotContains(t, selects(span), "false", "%s\n%s", text, d)
				seen["everybody"]++
			default:
				require.Fail(t, "a remark that is not held against users", "%s\n%s", text, d)
			}
		}
	})
	for _, kind := range []string{"suggestion", "nobody", "everybody"} {
		assert.Positive(t, seen[kind], kind)
	}
}

// ofElement makes a rule of a condition on elements.
func ofElement(span, quantifier string) string {
	if strings.HasPrefix(strings.TrimLeft(span, "(-not "), "_ ") {
		return "user.otherMails " + quantifier + " (" + span + ")"
	}
	return span
}
