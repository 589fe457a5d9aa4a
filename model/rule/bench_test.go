package rule_test

import (
	"strings"
	"testing"

	"rollcall/model"
	"rollcall/model/rule"
)

// BenchmarkCompile reads texts of the kinds that cost most: a long ordinary
// rule, and inputs of the greatest length that nobody writes.
func BenchmarkCompile(b *testing.B) {
	schema := model.FullSchema()
	fill := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	clause := `user.department -eq "Sales" -or user.city -startsWith "P" -and -not user.country -in ["US", "CZ"] -or `
	for name, text := range map[string]string{
		"3,000 characters":        fill(clause, 2900) + `user.state -eq "NY"`,
		"64 KiB of clauses":       fill(clause, 64<<10-100) + `user.state -eq "NY"`,
		"64 KiB of parentheses":   fill("(", 64<<10),
		"64 KiB of faults":        fill("user.citi -eqq a ] -in [", 64<<10),
		"64 KiB of unclosed any":  fill("user.otherMails -any ((((_ -eq 'a' or ", 64<<10),
		"64 KiB of quotes":        fill(`"`, 64<<10),
		"classes of characters":   `user.city -match "` + fill(`\w\W`, 120) + `"`,
		"repetitions":             `user.city -match "` + fill(`[a-z]{900}`, 200) + `"`,
		"expressions that differ": expressions(1000),
		"64 KiB of expressions":   fill(`user.city -match "[a-z]\d+\w{1,50}" -or `, 64<<10-100) + `user.state -eq "NY"`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = rule.Compile(text, schema, evaluatedAt)
			}
		})
	}
}
