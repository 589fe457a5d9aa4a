package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"rollcall/model"
	"rollcall/model/rule"
)

// fill repeats a text up to a length.
func fill(s string, n int) string { return strings.Repeat(s, n/len(s)) }

// ordinary is what administrators write, again and again: texts, an array,
// -not, a date, a collection and a boolean, and no regular expression.
const ordinary = `user.department -eq "Sales" -or user.city -startsWith "P" -and -not user.country -in ["US", "CZ"] -or ` +
	`user.employeeHireDate -ge system.now -minus P90D -and user.otherMails -any (_ -endsWith "@contoso.com") -or user.accountEnabled -eq false -or `

// ordinaryRule has 3,000 characters, and no clause of values twice.
func ordinaryRule() string {
	const end = `user.state -eq "`
	var b strings.Builder
	for i := 10; b.Len()+len(ordinary)+10 < 2900; i++ {
		b.WriteString(strings.NewReplacer("Sales", fmt.Sprint("Sales ", i), `"P"`, fmt.Sprintf(`"P%d"`, i), "CZ", fmt.Sprint("C", i), "P90D", fmt.Sprintf("P%dD", i), "contoso", fmt.Sprint("contoso", i)).Replace(ordinary))
	}
	text := b.String() + end
	return text + strings.Repeat("x", 2999-len(text)) + `"`
}

// hostile are inputs of about a length, most in bytes, that nobody writes.
func hostile(most int) map[string]string {
	end := `user.state -eq "NY"`
	return map[string]string{
		"clauses":                   fill(ordinary, most-100) + end,
		"opening parentheses":       fill("(", most),
		"closing parentheses":       fill(")", most),
		"brackets":                  fill("[", most),
		"commas":                    fill(",", most),
		"-not":                      fill("-not ", most),
		"-and":                      fill("-and ", most),
		"faults":                    fill("user.citi -eqq a ] -in [", most),
		"unknown properties":        fill(`user.citi -eq "a" or `, most),
		"words that are none":       fill(`citi -eq "a" or `, most),
		"unknown operators":         fill(`user.city -equa "a" or `, most),
		"a long word":               "user.city " + fill("a", most-10),
		"a long property":           "user." + fill("a", most-20) + ` -eq "a"`,
		"a long number":             "user.city -eq " + fill("1", most-20),
		"a long date":               "user.city -eq 2020-01-01" + fill("1", most-100),
		"unclosed conditions":       fill("user.otherMails -any ((((_ -eq 'a' or ", most),
		"conditions":                fill("user.otherMails -any _ -eq 'a' or ", most-100) + end,
		"open conditions":           "user.otherMails -any " + fill("_ -eq 'a' and not ((((((((not _ -eq 'b')))))))) or ", most-100) + "_ -eq 'c'",
		"conditions on plans":       fill(`user.assignedPlans -any assignedPlan.service -eq "a" or `, most-100) + end,
		"conditions without end":    fill("user.otherMails -any ", most),
		"quotation marks":           fill(`"`, most),
		"curly quotation marks":     fill("“", most),
		"single quotation marks":    fill("'", most),
		"backticks":                 fill("`\"", most),
		"backslashes":               `user.city -eq "` + fill(`\`, most-20),
		"unclosed strings":          fill(`user.a -eq "`, most),
		"invisible characters":      fill("\u200b", most),
		"bytes that are no text":    fill("\xff", most),
		"bytes in a string":         `user.city -eq "` + fill("\xff", most-20),
		"signs":                     fill("=", most),
		"signs of two kinds":        fill("=;", most),
		"dashes":                    fill("–", most),
		"dashes in numbers":         "user.city -eq 1" + fill("–1", most-20),
		"devices":                   fill(`device.a -any _ -eq "b" and `, most),
		"groups":                    "user.memberOf -any (group.objectId -in [" + fill(`"62e19b97-8b3d-4d4a-a106-4ce66896a863",`, most-100) + `"62e19b97-8b3d-4d4a-a106-4ce66896a863"])`,
		"memberOf":                  fill(`user.memberOf -any (group.objectId -in ["a"]) or `, most),
		"direct reports":            fill(`Direct Reports for "a" `, most),
		"bare ids":                  fill(`user.city -eq 62e19b97-8b3d-4d4a-a106-4ce66896a863 or `, most),
		"values in parentheses":     "user.city -eq " + fill("(", most-20),
		"a long array":              "user.city -in [" + fill(`"a",`, most-100) + `"a"]`,
		"expressions that repeat":   fill(`user.city -match "[a-z]\d+\w{1,50}" -or `, most-100) + end,
		"expressions that differ":   expressions(most / 64),
		"classes of characters":     `user.city -match "` + fill(`\w\W`, 120) + `"`,
		"repetitions":               `user.city -match "` + fill(`[a-z]{900}`, 200) + `"`,
		"a repetition at the bound": `user.city -match "\w{800}"`,
		"a long expression":         `user.city -match "` + fill("a|b", most-100) + `"`,
		"groups in an expression":   `user.city -match "[ab][ab][ab][ab][ab][ab]` + fill("(a)", min(most-100, 19_000)) + `"`,
	}
}

// BenchmarkParseAndCheck reads a rule of 3,000 characters without a regular
// expression.
func BenchmarkParseAndCheck(b *testing.B) {
	schema, text := model.FullSchema(), ordinaryRule()
	b.ReportAllocs()
	for b.Loop() {
		r, _ := rule.Parse(text)
		_ = rule.Check(r, schema)
	}
}

// BenchmarkCompile reads that rule, and the inputs that cost most.
func BenchmarkCompile(b *testing.B) {
	schema := model.FullSchema()
	texts := hostile(rule.MaxLength)
	texts["3,000 characters"] = ordinaryRule()
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = rule.Compile(text, schema, evaluatedAt)
			}
		})
	}
}
