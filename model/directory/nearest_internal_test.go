package directory

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model/rule"
)

// plainDistance is the edit distance as it is defined (optimal string
// alignment), of a to a part of b: one that begins with it, unless it may begin
// anywhere.
func plainDistance(a, b []rune, anywhere bool) []int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 && anywhere:
			case i == 0:
				rows[i][j] = j
			case j == 0:
				rows[i][j] = i
			default:
				change := 1
				if a[i-1] == b[j-1] {
					change = 0
				}
				rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
				}
			}
		}
	}
	return rows[len(a)]
}

func TestTheDistanceIsTheOneThatIsDefined(t *testing.T) {
	letters := rapid.StringOfN(rapid.SampledFrom([]rune("abcß田")), 0, 9, -1)
	rapid.Check(t, func(t *rapid.T) {
		want := letters.Filter(func(s string) bool { return s != "" }).Draw(t, "want")
		value := letters.Draw(t, "value")
		for _, within := range []rule.Operator{rule.OpEq, rule.OpStartsWith, rule.OpEndsWith, rule.OpContains} {
			distances := plainDistance([]rune(rule.Fold(want)), []rune(rule.Fold(value)), within == rule.OpEndsWith || within == rule.OpContains)
			expected := distances[len(distances)-1]
			if within == rule.OpStartsWith || within == rule.OpContains {
				for _, d := range distances {
					expected = min(expected, d)
				}
			}
			n := newNearness(want, within)
			require.Equal(t, expected, n.distance([]byte(rule.Fold(value)), 99), "%s %q %q", within, want, value)
			if within == rule.OpEq {
				missing, extra := n.letters(charactersOf(rule.Fold(value)))
				require.LessOrEqual(t, max(missing, extra), expected, "%q %q", want, value)
			}
		}
	})
}
