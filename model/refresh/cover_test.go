package refresh_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/refresh"
)

func TestAListingShorterThanTheCountIsReported(t *testing.T) {
	b := newBench(5)
	b.tenant.countLead = 2
	result := b.run(t, false)
	assert.Equal(t, 7, result.Expected)
	assert.Equal(t, 2, result.Missing())
	require.Len(t, result.Notes, 1)
	assert.Contains(t, result.Notes[0], "2 are missing")
	assert.Equal(t, 1, b.tenant.called("partitions"), "a serial read is not repeated")
}

func TestASerialReadThatLacksUsersTooIsReported(t *testing.T) {
	b := newBench(40)
	b.tenant.partitions = 4
	b.tenant.countLead = 1
	result := b.run(t, false)
	assert.Equal(t, 1, result.Missing())
	require.Len(t, result.Notes, 2)
	assert.Contains(t, result.Notes[0], "in one listing")
	assert.True(t, b.state(t).Short)
	assert.True(t, b.state(t).Complete)
}

func TestAShortfallIsReportedUntilTheCountIsReached(t *testing.T) {
	b := newBench(5)
	b.tenant.countLead = 2
	b.run(t, false)

	result := b.run(t, false)
	assert.Equal(t, refresh.ModeDelta, result.Mode)
	assert.Equal(t, 2, result.Missing())
	b.tenant.countLead = 0
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
	b.tenant.countLead = 1
	result := b.run(t, true)
	assert.Equal(t, refresh.ModeResync, result.Mode)
	assert.Equal(t, 1, result.Missing())
	assert.Equal(t, 1, b.run(t, false).Missing())
}

func TestUsersCreatedAfterTheLastPageAreNoShortfall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(40)
		b.tenant.partitions = 4
		created := false
		b.tenant.fail = func(call, _ string) error {
			if call == "count" && b.tenant.called("users") > 0 && !created {
				created = true
				synctest.Wait() // for the last page to be stored
				b.tenant.put("new-0000", "created between the last page and the count")
			}
			return nil
		}
		result := b.run(t, false)
		assert.True(t, created)
		assert.Empty(t, result.Notes)
		assert.Equal(t, 1, b.tenant.called("partitions"))
		assert.Equal(t, 2, b.tenant.called("delta"), "the changes are followed once more")
		b.holds(t)
	})
}

func TestACountThatCatchesUpIsNoShortfall(t *testing.T) {
	b := newBench(40)
	b.tenant.partitions = 4
	b.tenant.countLead = 1 // a user who is gone is counted for a while
	b.tenant.before = func(call string) {
		if call == "delta" && b.tenant.called("delta") == 1 {
			b.tenant.countLead = 0
		}
	}
	result := b.run(t, false)
	assert.Empty(t, result.Notes)
	assert.Equal(t, 1, b.tenant.called("partitions"))
	b.holds(t)
}

func TestACountThatIsRefusedIsNotedAndNotFatal(t *testing.T) {
	b := newBench(5)
	b.tenant.partitions = 4
	b.tenant.fail = func(call, _ string) error {
		if call == "count" {
			return errors.New("no $count today")
		}
		return nil
	}
	result := b.run(t, false)
	require.Len(t, result.Notes, 1)
	assert.True(t, strings.HasSuffix(result.Notes[0], "no $count today"), result.Notes[0])
	assert.Equal(t, 2, b.tenant.called("users"), "two pages of one listing: nobody can prove that partitions cover everything")
	b.holds(t)
}
