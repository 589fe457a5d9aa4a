package writeback

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestAPlanTakesAsLongAsItsWritesAndTheTenantsBudget(t *testing.T) {
	for _, tt := range []struct {
		additions, removals int
		want                time.Duration
	}{
		{0, 0, 0},
		{-1, -1, 0},
		{1, 0, time.Second},
		{0, 51, 2 * time.Second},
		{1000, 0, time.Second},        // 50 PATCHes of 20
		{10_000, 0, 10 * time.Second}, // 500
		{0, 3000, time.Minute},
		{0, 3001, WriteWindow + travel + time.Second},
		{20, 3000, WriteWindow + travel + time.Second},
		{0, 6000, WriteWindow + travel + time.Minute},
	} {
		assert.Equal(t, tt.want, Estimate(tt.additions, tt.removals), "%+v", tt)
	}
}

func TestNoEstimatePassesTheTenantsBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		additions, removals := rapid.IntRange(0, 1<<20).Draw(t, "additions"), rapid.IntRange(0, 1<<20).Draw(t, "removals")
		d := Estimate(additions, removals)
		windows := int(d/WriteWindow) + 1
		assert.LessOrEqual(t, removals+additions/BindSize, windows*WriteBudget)
		assert.LessOrEqual(t, d, Estimate(additions+1, removals))
		assert.LessOrEqual(t, d, Estimate(additions, removals+1))
		if removals > 10*WriteBudget {
			assert.GreaterOrEqual(t, d.Seconds(), float64(removals)/20*0.9, "20 removals a second in the long run")
		}
	})
}
