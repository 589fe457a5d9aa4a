package refresh_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

// shrink syncs users and takes some of them away, behind a delta link that the
// service still knows or has forgotten.
func shrink(t *testing.T, mode refresh.Mode, guard *refresh.Guard, users, removals int) *bench {
	t.Helper()
	b := newBench(users)
	b.guard = guard
	b.tenant.pageSize = max(20, users/10)
	b.run(t, false)
	for i := range removals {
		b.tenant.remove(fmt.Sprintf("user-%04d", i))
	}
	if mode == refresh.ModeResync {
		b.tenant.forget()
	}
	b.tenant.calls = nil
	return b
}

// stops requires that a round is stopped by the guard and that nothing has
// changed.
func (b *bench) stops(t *testing.T, q refresh.Request) *refresh.RemovalsError {
	t.Helper()
	before, r := b.stored(t), b.process(t)
	_, err := r.Do(t.Context(), q)
	assert.Equal(t, model.KindGuard, kindOf(t, err))
	var removals *refresh.RemovalsError
	require.ErrorAs(t, err, &removals)
	assert.Equal(t, before, b.stored(t))
	assert.Equal(t, before, namesOf(b.users))
	assert.Equal(t, len(before), b.state(t).Users)
	assert.Equal(t, removals.Removals, b.state(t).Held)
	assert.Equal(t, removals.Removals, r.Progress().Held)
	assert.Equal(t, removals.Removals, b.process(t).Progress().Held, "a new process knows what waits")
	return removals
}

func TestTheGuardStopsARoundThatRemovesTooMuch(t *testing.T) {
	tests := map[string]struct {
		guard    *refresh.Guard
		users    int
		removals int
		stops    bool
	}{
		"ten percent pass":                          {nil, 100, 10, false},
		"more than ten percent stop":                {nil, 100, 11, true},
		"five hundred pass":                         {nil, 6000, 500, false},
		"more than five hundred stop":               {nil, 6000, 501, true},
		"a guard of 0 lets none pass":               {&refresh.Guard{Percent: -1}, 100, 1, true},
		"a share that is off leaves the number":     {&refresh.Guard{Percent: -1, Users: 50}, 100, 50, false},
		"a number that is off leaves the share":     {&refresh.Guard{Percent: 20, Users: -1}, 100, 21, true},
		"a guard that is off lets everything pass":  {&refresh.Guard{Percent: -1, Users: -1}, 100, 100, false},
		"the loss of everybody stops a tiny tenant": {nil, 3, 3, true},
	}
	for _, mode := range []refresh.Mode{refresh.ModeDelta, refresh.ModeResync} {
		for name, tc := range tests {
			t.Run(string(mode)+"/"+name, func(t *testing.T) {
				b := shrink(t, mode, tc.guard, tc.users, tc.removals)
				if !tc.stops {
					result := b.run(t, false)
					assert.Equal(t, mode, result.Mode)
					assert.Equal(t, tc.removals, result.Removed)
					b.holds(t)
					return
				}
				removals := b.stops(t, refresh.Request{})
				assert.Equal(t, mode, removals.Mode)
				assert.Equal(t, tc.removals, removals.Removals)
				assert.Equal(t, tc.users, removals.Users)
			})
		}
	}
}

func TestAnAcceptedNumberOfRemovalsGoesOnFromWhatWasRead(t *testing.T) {
	for _, mode := range []refresh.Mode{refresh.ModeDelta, refresh.ModeResync} {
		t.Run(string(mode), func(t *testing.T) {
			b := shrink(t, mode, nil, 100, 40)
			b.stops(t, refresh.Request{})
			b.stops(t, refresh.Request{AllowRemovals: 39}) // a smaller number is no acceptance

			b.tenant.calls = nil
			r := b.process(t)
			result, err := r.Do(t.Context(), refresh.Request{AllowRemovals: 40})
			require.NoError(t, err)
			assert.Equal(t, 40, result.Removed)
			assert.Equal(t, 60, result.Users)
			assert.Zero(t, b.tenant.called("users"), "nothing is listed again")
			assert.Equal(t, 1, b.tenant.called("delta"), "what changed since is asked for")
			assert.Zero(t, r.Progress().Held)
			assert.Zero(t, b.state(t).Held)
			b.holds(t)
		})
	}
}

func TestHeldRemovalsThatComeBackAreReleasedByThemselves(t *testing.T) {
	for _, mode := range []refresh.Mode{refresh.ModeDelta, refresh.ModeResync} {
		t.Run(string(mode), func(t *testing.T) {
			b := shrink(t, mode, nil, 100, 40)
			b.stops(t, refresh.Request{})
			for i := range 40 {
				b.tenant.put(fmt.Sprintf("user-%04d", i), "restored")
			}
			result := b.run(t, false)
			assert.Zero(t, result.Removed-result.Added, "nobody was away")
			assert.Zero(t, b.state(t).Held)
			b.holds(t)
		})
	}
}

func TestAHeldResyncThatLacksUsersIsNotListedAgain(t *testing.T) {
	b := shrink(t, refresh.ModeResync, nil, 100, 40)
	b.tenant.partitions = 4
	b.tenant.countLead = 1
	b.stops(t, refresh.Request{})
	b.tenant.calls = nil
	result, err := b.process(t).Do(t.Context(), refresh.Request{AllowRemovals: 40})
	require.NoError(t, err)
	assert.Equal(t, 1, result.Missing())
	assert.Zero(t, b.tenant.called("users"))
	b.holds(t)
}

func TestHeldRemovalsGrowByWhatIsRemovedSince(t *testing.T) {
	b := shrink(t, refresh.ModeDelta, nil, 100, 40)
	assert.Equal(t, 40, b.stops(t, refresh.Request{}).Removals)
	b.tenant.remove("user-0050")
	assert.Equal(t, 41, b.stops(t, refresh.Request{AllowRemovals: 40}).Removals)
	_, err := b.process(t).Do(t.Context(), refresh.Request{AllowRemovals: 41})
	require.NoError(t, err)
	b.holds(t)
}

func TestOtherChangesWaitWithTheRemovals(t *testing.T) {
	b := shrink(t, refresh.ModeDelta, nil, 100, 40)
	b.tenant.put("new-0000", "created")
	b.tenant.put("user-0099", "renamed")
	b.stops(t, refresh.Request{})
	result, err := b.process(t).Do(t.Context(), refresh.Request{AllowRemovals: 40})
	require.NoError(t, err)
	assert.Equal(t, refresh.Effect{Added: 1, Updated: 1, Removed: 40}, result.Effect)
	b.holds(t)
}

func TestAHeldRoundThatIsKilledAtAnyMomentStaysHeld(t *testing.T) {
	for commit := 1; commit <= 3; commit++ { // the pages of forty removals, and their end
		for _, when := range []string{"before commit", "after commit"} {
			b := shrink(t, refresh.ModeDelta, nil, 100, 59)
			b.crashAt(when, commit)
			_, err := b.process(t).Run(t.Context(), false)
			require.ErrorIs(t, err, errCrash)
			b.store.Crash = nil
			assert.Len(t, b.stored(t), 100, "%s %d", when, commit)
			assert.Equal(t, 59, b.stops(t, refresh.Request{}).Removals)
			_, err = b.process(t).Do(t.Context(), refresh.Request{AllowRemovals: 59})
			require.NoError(t, err)
			b.holds(t)
		}
	}
}

func TestAHeldDeltaThatExpiresBecomesAHeldResync(t *testing.T) {
	b := shrink(t, refresh.ModeDelta, nil, 100, 40)
	assert.Equal(t, refresh.ModeDelta, b.stops(t, refresh.Request{}).Mode)
	b.tenant.forget()
	assert.Equal(t, refresh.ModeResync, b.stops(t, refresh.Request{}).Mode)
	_, err := b.process(t).Do(t.Context(), refresh.Request{AllowRemovals: 40})
	require.NoError(t, err)
	b.holds(t)
}

func TestANewFullReadDropsWhatIsHeld(t *testing.T) {
	for _, mode := range []refresh.Mode{refresh.ModeDelta, refresh.ModeResync} {
		t.Run(string(mode), func(t *testing.T) {
			b := shrink(t, mode, nil, 100, 40)
			b.stops(t, refresh.Request{})
			b.tenant.calls = nil
			assert.Equal(t, refresh.ModeResync, b.stops(t, refresh.Request{Full: true}).Mode)
			assert.Equal(t, 3, b.tenant.called("users"), "the sixty users that are left, read again")

			for i := range 40 {
				b.tenant.put(fmt.Sprintf("user-%04d", i), "restored")
			}
			result := b.run(t, true)
			assert.Zero(t, result.Removed)
			assert.Zero(t, b.state(t).Held)
			b.holds(t)
		})
	}
}
