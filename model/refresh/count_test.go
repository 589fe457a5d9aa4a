package refresh_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/refresh"
)

func TestAListingShorterThanTheCountIsReported(t *testing.T) {
	b := newBench(5)
	b.tenant.listingLag = 2
	result := b.run(t, false)
	assert.Equal(t, 7, result.Expected)
	assert.Equal(t, 2, result.Missing())
	require.Len(t, result.Notes, 1)
	assert.Contains(t, result.Notes[0], "2 are missing")
}

func TestAShortfallIsReportedUntilTheCountIsReached(t *testing.T) {
	b := newBench(5)
	b.tenant.listingLag = 2
	b.run(t, false)

	result := b.run(t, false)
	assert.Equal(t, refresh.ModeDelta, result.Mode)
	assert.Equal(t, 2, result.Missing())
	b.tenant.listingLag = 0
	result = b.run(t, false)
	assert.Zero(t, result.Missing())
	assert.Empty(t, result.Notes)

	b.tenant.calls = nil
	b.run(t, false)
	assert.Zero(t, b.tenant.called("count"), "what was reached is not asked for again")
}

func TestAShortfallOutlivesAResync(t *testing.T) {
	b := newBench(5)
	b.run(t, false)
	b.tenant.listingLag = 1
	result := b.run(t, true)
	assert.Equal(t, refresh.ModeResync, result.Mode)
	assert.Equal(t, 1, result.Missing())
	assert.Equal(t, 1, b.run(t, false).Missing())
}

func TestACountThatCatchesUpIsNotReported(t *testing.T) {
	b := newBench(5)
	b.tenant.listingLag = 2
	b.tenant.before = func(call string) {
		if call == "delta" {
			b.tenant.listingLag = 0
		}
	}
	result := b.run(t, false)
	assert.Empty(t, result.Notes)
	assert.Equal(t, 2, b.tenant.called("count"))
}

func TestACountThatIsRefusedIsNotedAndNotFatal(t *testing.T) {
	b := newBench(5)
	b.tenant.fail = func(call, _ string) error {
		if call == "count" {
			return errors.New("no $count today")
		}
		return nil
	}
	result := b.run(t, false)
	require.Len(t, result.Notes, 1)
	assert.True(t, strings.HasSuffix(result.Notes[0], "no $count today"), result.Notes[0])
	b.holds(t)
}
