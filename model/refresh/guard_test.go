package refresh_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

// shrink syncs users and takes some of them away behind a forgotten link.
func shrink(t *testing.T, guard *refresh.Guard, users, removals int) *bench {
	t.Helper()
	b := newBench(users)
	b.guard = guard
	b.tenant.pageSize = 500
	b.run(t, false)
	for i := range removals {
		b.tenant.remove(fmt.Sprintf("user-%04d", i))
	}
	b.tenant.forget()
	return b
}

func TestTheGuardStopsAResyncThatRemovesTooMuch(t *testing.T) {
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
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := shrink(t, tc.guard, tc.users, tc.removals)
			before := b.store.names()
			result, err := b.runner().Run(t.Context(), false)
			if !tc.stops {
				require.NoError(t, err)
				assert.Equal(t, tc.removals, result.Removed)
				b.holds(t)
				return
			}
			assert.Equal(t, model.KindGuard, kindOf(t, err))
			var removals *refresh.RemovalsError
			require.ErrorAs(t, err, &removals)
			assert.Equal(t, tc.removals, removals.Removals)
			assert.Equal(t, tc.users, removals.Users)
			assert.Equal(t, before, b.store.names())
			assert.Equal(t, before, b.sink.users)
		})
	}
}

func TestAnAcceptedNumberOfRemovalsGoesOnFromWhatWasRead(t *testing.T) {
	b := shrink(t, nil, 100, 40)
	_, err := b.runner().Run(t.Context(), false)
	require.Equal(t, model.KindGuard, kindOf(t, err))

	_, err = b.runner().Do(t.Context(), refresh.Request{AllowRemovals: 39})
	require.Equal(t, model.KindGuard, kindOf(t, err), "a smaller number is no acceptance")

	b.tenant.calls = nil
	result, err := b.runner().Do(t.Context(), refresh.Request{AllowRemovals: 40})
	require.NoError(t, err)
	assert.Equal(t, 40, result.Removed)
	assert.Zero(t, b.tenant.called("users"), "nothing is listed again")
	b.holds(t)
}

func TestAHeldResyncHearsOfWhatChangedSince(t *testing.T) {
	b := shrink(t, nil, 100, 40)
	_, err := b.runner().Run(t.Context(), false)
	require.Equal(t, model.KindGuard, kindOf(t, err))
	for i := range 40 {
		b.tenant.put(fmt.Sprintf("user-%04d", i), "restored")
	}
	result := b.run(t, false)
	assert.Equal(t, refresh.Effect{Updated: 40}, result.Effect)
	b.holds(t)
}

func TestANewFullReadDropsAHeldOne(t *testing.T) {
	b := shrink(t, nil, 100, 40)
	_, err := b.runner().Run(t.Context(), false)
	require.Equal(t, model.KindGuard, kindOf(t, err))
	b.tenant.calls = nil
	_, err = b.runner().Run(t.Context(), true)
	require.Equal(t, model.KindGuard, kindOf(t, err))
	assert.Equal(t, 1, b.tenant.called("users"), "the sixty users that are left, read again")
}
