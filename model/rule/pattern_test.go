package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
)

func TestExpressionsMeanWhatTheyMeanToDotNET(t *testing.T) {
	for _, c := range []struct {
		pattern, city string
		want          bool
	}{
		{`^\w+$`, "Þórshöfn", true},
		{`^\w+$`, "New York", false},
		{`^\W$`, "田", false},
		{`^[\w-]+$`, "Šumperk-jih", true},
		{`^\d$`, "٣", true},
		{`^[\d]$`, "٣", true},
		{`^\D$`, "٣", false},
		{`^[\D]$`, "٣", false},
		{`a\sb`, "a\u00a0b", true},
		{`a[\s]b`, "a\u2003b", true},
		{`a\Sb`, "a\u00a0b", false},
		{`a$`, "a\n", true},
		{`a\Z`, "a\n", true},
		{`a\z`, "a\n", false},
		{`a$`, "a\nb", false},
		{`^[[:alpha:]]$`, "b", false},
		{`^[[:alpha:]]$`, "a]", true},
		{`^[]x]+$`, "]x", true},
		{`^[^]x]+$`, "ab", true},
		{`^\u0041\x42\e?$`, "ab", true},
		{`^(?<first>a)(?:b)(?i:c)(?s)d$`, "ABCD", true},
		{`^\.\*\[$`, ".*[", true},
		{`^[a\b]$`, "\b", true},
		{`^K$`, "\u212a", true},
		{`^\p{Lu}`, "praha", true},
	} {
		t.Run(c.pattern+" on "+c.city, func(t *testing.T) {
			r := &rule.Rule{Root: &rule.Comparison{Property: "city", Operator: rule.OpMatch, Value: rule.TextValue(c.pattern)}}
			require.Empty(t, errorsOf(rule.Check(r, model.FullSchema())))
			u := &model.User{}
			u.Set(model.Field{Attr: model.AttrCity, Value: c.city})
			assert.Equal(t, c.want, rule.Match(r, u, rule.Given{Now: evaluatedAt}))
		})
	}
}

func TestExpressionsThatCannotBeRunAreRefusedWithTheReason(t *testing.T) {
	for pattern, reason := range map[string]string{
		`(?=a)b`:       "look-around (?=…)",
		`(?!a)b`:       "look-around (?!…)",
		`(?<=a)b`:      "look-around (?<=…)",
		`(?<!a)b`:      "look-around (?<!…)",
		`(a)\1`:        `back-reference \1`,
		`(?<x>a)\k<x>`: `back-reference \k`,
		`(?>a)`:        "atomic group",
		`(?(a)b|c)`:    "conditional group",
		`(?m)a`:        "option",
		`(?-i)a`:       "option",
		`(?P<x>a)`:     "option",
		`[a-z-[b]]`:    "subtraction",
		`[\W]`:         `\W inside a class`,
		`\Ga`:          `\G`,
		`\Qa`:          `\Q`,
		`\012`:         `\0`,
		`\cA`:          `\c`,
		`a\`:           "ends with a backslash",
		`a**`:          "repeats a repetition",
		`+a`:           "repeats nothing",
		`(a`:           "missing closing )",
		`[a`:           "missing closing ]",
		`a{2000}`:      "repeat count",
	} {
		t.Run(pattern, func(t *testing.T) {
			r := &rule.Rule{Root: &rule.Comparison{Property: "city", Operator: rule.OpMatch, Value: rule.TextValue(pattern)}}
			faults := errorsOf(rule.Check(r, model.FullSchema()))
			require.Len(t, faults, 1)
			assert.Contains(t, faults[0], reason)
		})
	}
}

func TestExpressionsThatAreTooLargeTogetherAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"many classes":         `user.city -match "` + strings.Repeat(`\w`, 50) + `" -or user.city -match "x` + strings.Repeat(`\w`, 50) + `"`,
		"a repetition":         `user.city -match "\w{999}"`,
		"nested repetitions":   `user.city -match "` + strings.Repeat(`(((ab{10}){10}){9})`, 10) + `"`,
		"several repetitions":  `user.city -match "` + strings.Repeat(`[a-z]{900}`, 30) + `"`,
		"many small ones":      expressions(1900),
		"repetitions in a row": `user.city -match "` + strings.Repeat(`(a?){900}`, 100) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			_, diagnostics, err := rule.Compile(text, model.FullSchema(), evaluatedAt)
			require.Error(t, err)
			assert.Contains(t, firstError(t, diagnostics).Message, "too large together")
		})
	}
}

func TestExpressionsOfAnOrdinarySizeAreNotRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a repetition": `user.city -match "^[\w.-]{1,64}@(contoso|fabrikam)\.com$"`,
		"many":         expressions(200),
	} {
		t.Run(name, func(t *testing.T) {
			_, diagnostics, err := rule.Compile(text, model.FullSchema(), evaluatedAt)
			require.NoError(t, err, "%v", diagnostics)
		})
	}
}

// expressions is a rule of n expressions that differ.
func expressions(n int) string {
	clauses := make([]string, n)
	for i := range clauses {
		clauses[i] = fmt.Sprintf(`user.city -match "%x"`, i)
	}
	return strings.Join(clauses, " or ")
}

func TestAWordBoundaryIsNoted(t *testing.T) {
	_, diagnostics, err := rule.Compile(`user.city -match "\bIT\b" -and user.state -match "[\b]"`, model.FullSchema(), evaluatedAt)
	require.NoError(t, err)
	require.Len(t, diagnostics, 1)
	assert.Equal(t, rule.Note, diagnostics[0].Severity)
}
