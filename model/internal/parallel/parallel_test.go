package parallel

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRangesMakeUpTheWholeOnce(t *testing.T) {
	for _, n := range []int{0, 1, 6, 7, 8, 100} {
		visits := make([]atomic.Int32, n)
		require.NoError(t, Ranges(t.Context(), n, 7, func(from, to int) {
			assert.LessOrEqual(t, to-from, 7)
			for i := from; i < to; i++ {
				visits[i].Add(1)
			}
		}))
		for i := range visits {
			assert.EqualValues(t, 1, visits[i].Load(), "%d of %d", i, n)
		}
	}
}

func TestRangesEndWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int32
	err := Ranges(ctx, 1000, 1, func(int, int) {
		calls.Add(1)
		cancel()
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.LessOrEqual(t, int(calls.Load()), Workers(ctx))
}

func TestBackgroundLeavesAProcessorWhereThereIsMoreThanOne(t *testing.T) {
	all := Workers(t.Context())
	assert.Equal(t, max(1, all-1), Workers(Background(t.Context())))
}
