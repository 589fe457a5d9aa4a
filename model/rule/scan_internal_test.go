package rule

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func FuzzTokensStandInTheTextOneBehindTheOther(f *testing.F) {
	for _, text := range []string{
		`user.city -eq "a\"b" and(user.x-in['it''s', 1])`, "“a\\”b” ‘O’’Brien’ „x“", "`\"a`\" `\"b\" `\"", "1–2—3 –eq -- -", "\u200b\ufeff\u00a0\t", "\xff\xfe\"\xff", "== != =;", `"`, `'`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		report := &reporter{}
		end := 0
		for i, token := range scan(text, report) {
			if token.at.Start < end || token.at.End < token.at.Start || token.at.End > len(text) {
				t.Fatalf("%q: token %d at %v behind %d", text, i, token.at, end)
			}
			between := text[end:token.at.Start]
			if strings.ContainsFunc(between, func(c rune) bool { return !unicode.IsSpace(c) && !isInvisible(c) }) {
				t.Fatalf("%q: %q is left out", text, between)
			}
			end = token.at.End
			switch {
			case token.kind == tokEnd && token.at.Start != len(text):
				t.Fatalf("%q ends at %d", text, token.at.Start)
			case token.kind != tokEnd && token.at.Start == token.at.End:
				t.Fatalf("%q: token %d is empty", text, i)
			case token.kind != tokString && token.kind != tokInvalid && !utf8.ValidString(token.text):
				t.Fatalf("%q: token %d is not UTF-8", text, i)
			case token.keyword != "" && !strings.EqualFold(token.keyword, token.text):
				t.Fatalf("%q: %q is read as %q", text, token.text, token.keyword)
			}
		}
	})
}
