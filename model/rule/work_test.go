package rule_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
)

// Reading takes at most so many steps for each byte, whatever the text: of the
// worst ones each clause is looked at from before to where it begins.
const stepsOfByte = 12

func TestNoTextTakesMoreThanItsShareOfWork(t *testing.T) {
	for name, text := range hostile(rule.MaxLength) {
		t.Run(name, func(t *testing.T) {
			require.LessOrEqual(t, len(text), rule.MaxLength)
			require.Greater(t, len(text), 0)
			assert.LessOrEqual(t, rule.Work(text), stepsOfByte*len(text))
		})
	}
}

func TestTwiceTheTextTakesAtMostTwiceTheWork(t *testing.T) {
	whole := hostile(rule.MaxLength)
	for name, half := range hostile(rule.MaxLength / 2) {
		t.Run(name, func(t *testing.T) {
			assert.LessOrEqual(t, rule.Work(whole[name]), 2*rule.Work(half)+2000)
		})
	}
}

func TestEveryTextIsAnswered(t *testing.T) {
	for name, text := range hostile(rule.MaxLength) {
		t.Run(name, func(t *testing.T) {
			_, diagnostics, err := rule.Compile(text, model.FullSchema(), evaluatedAt)
			assert.Equal(t, rule.HasErrors(diagnostics), err != nil)
			for _, d := range diagnostics {
				assert.LessOrEqual(t, len(d.Message), 400, "a message fits on a screen")
			}
		})
	}
}

func TestAnExpressionOfManyGroupsIsPutTogetherOnce(t *testing.T) {
	const groups = 6000
	text := `user.city -match "[ab][ab][ab][ab][ab][ab]` + strings.Repeat("(a)", groups) + `"`
	allocations := testing.AllocsPerRun(1, func() {
		_, _, err := rule.Compile(text, model.FullSchema(), evaluatedAt)
		require.NoError(t, err)
	})
	assert.Less(t, allocations, float64(40*groups), "not one for each group of each of the 64 texts")
}
