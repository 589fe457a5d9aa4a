package rule

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// letters differ in the length of their folded forms, and some fold to each
// other; the last is no UTF-8.
var letters = []string{"a", "A", "b", "k", "K", "K", "s", "ſ", "ß", "İ", "ı", "Σ", "ς", "田", "\n", "\xe7"}

func someText(t *rapid.T, what string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(letters), 0, 5).Draw(t, what), "")
}

func TestAComparisonWithoutFoldingSaysWhatOneOfFoldedTextsDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value, want := someText(t, "value"), Fold(someText(t, "want"))
		folded := Fold(value)
		require.Equal(t, folded == want, equalFolded(value, want))
		require.Equal(t, strings.HasPrefix(folded, want), hasFoldedPrefix(value, want))
		require.Equal(t, strings.HasSuffix(folded, want), hasFoldedSuffix(value, want))
	})
}

func TestAnExpressionIsUnderstoodAsFarAsItIsPlain(t *testing.T) {
	for pattern, want := range map[string]expression{
		"^Sales":            {texts: []string{"sales"}, atStart: true, needs: "sales", isPrefix: true},
		"Sales":             {texts: []string{"sales"}, needs: "sales"},
		"^Sales$":           {texts: []string{"sales", "sales\n"}, atStart: true, atEnd: true, needs: "sales", isPrefix: true},
		"^(Sales|Support)$": {texts: []string{"sales", "sales\n", "support", "support\n"}, atStart: true, atEnd: true, needs: "s", isPrefix: true},
		"^Acc.*[37]$":       {atStart: true, atEnd: true, needs: "acc", isPrefix: true},
		"a.*contoso":        {needs: "contoso"},
		`(ab)+c`:            {needs: "abc"},
		`^(ab)+c`:           {atStart: true, needs: "abc"},
		`\d{4}`:             {},
		`[k]`:               {texts: []string{"k"}, needs: "k"},
	} {
		t.Run(pattern, func(t *testing.T) {
			translated, err := translatePattern(pattern)
			require.NoError(t, err)
			got := understand(translated)
			assert.ElementsMatch(t, want.texts, got.texts)
			assert.Equal(t, want.texts == nil, got.texts == nil)
			got.texts, want.texts = nil, nil
			assert.Equal(t, want, got)
		})
	}
}

func TestAnExpressionDecidesAsItsEngineDoes(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "K", "ß", "Σ", "s", "[ab]", "[^a]", ".", "(a|k)", "(?:ab|b|)", "b?", "a*", "s+", "(kb)+", "k{2}", "^", "$", `\S`, `\b`, "田", "\n"})
	patterns := rapid.Map(rapid.SliceOfN(piece, 0, 5), func(pieces []string) string { return strings.Join(pieces, "") })
	rapid.Check(t, func(t *rapid.T) {
		pattern := patterns.Filter(func(p string) bool { _, err := compilePattern(p); return err == nil }).Draw(t, "pattern")
		re, err := compilePattern(pattern)
		require.NoError(t, err)
		c := &compiler{expressions: map[string]*regexp.Regexp{pattern: re}, matching: map[string]test{}}
		decision := c.matches(pattern)
		for range 8 {
			value := someText(t, "value")
			require.Equal(t, re.MatchString(value), decision.onValue()(value), "%q on %q", pattern, value)
			if decision.needs != "" && re.MatchString(value) {
				require.Contains(t, Fold(value), decision.needs)
			}
		}
	})
}
