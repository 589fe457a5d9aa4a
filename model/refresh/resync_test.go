package refresh_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

func TestAForgottenDeltaLinkLeadsToAResync(t *testing.T) {
	b := newBench(40)
	b.tenant.partitions = 4
	b.run(t, false)
	b.tenant.put("user-0002", "renamed")
	b.tenant.put("zz-new", "new")
	b.tenant.remove("user-0030")
	b.tenant.forget()
	r := b.process(t)
	before := b.stored(t)
	stale := false
	b.tenant.before = func(call string) {
		assert.Equal(t, before, b.stored(t), "the former data stays while the new is read")
		assert.Equal(t, before, namesOf(b.users), "and so does what the panes read")
		if call == "users" {
			stale = true
			assert.True(t, r.Progress().Stale)
		}
	}

	result, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	assert.True(t, stale)
	assert.Equal(t, refresh.ModeResync, result.Mode)
	assert.Equal(t, refresh.Effect{Added: 1, Updated: 1, Removed: 1}, result.Effect)
	require.Len(t, result.Notes, 1)
	assert.Contains(t, result.Notes[0], "no longer knows where the last sync ended")
	assert.False(t, b.store.Staged())
	assert.False(t, b.state(t).Resync)
	assert.False(t, r.Progress().Stale)
	b.tenant.before = nil
	b.holds(t)
}

func TestTheDirectoryFollowsAPromotionWhoseCallerHasGone(t *testing.T) {
	b := newBench(10)
	b.run(t, false)
	b.tenant.remove("user-0003")
	b.tenant.forget()
	ctx, cancel := context.WithCancel(t.Context())
	b.store.Crash = func(when string) error {
		staging, err := b.store.Stage(t.Context())
		require.NoError(t, err)
		if state, err := staging.State(t.Context()); err == nil && state.Complete {
			cancel()
		}
		return nil
	}
	_, err := b.process(t).Run(ctx, false)
	require.NoError(t, err)
	b.holds(t)
}

func TestAPromotionThatMayHaveFailedIsLookedInto(t *testing.T) {
	for when, mode := range map[string]refresh.Mode{"before promote": refresh.ModeResync, "after promote": refresh.ModeDelta} {
		t.Run(when, func(t *testing.T) {
			b := newBench(10)
			b.run(t, false)
			b.tenant.remove("user-0003")
			b.tenant.forget()
			r := b.process(t)
			b.crashAt(when, 1)
			_, err := r.Run(t.Context(), false)
			require.ErrorIs(t, err, errCrash)
			b.store.Crash = nil
			result, err := r.Run(t.Context(), false)
			require.NoError(t, err)
			assert.Equal(t, mode, result.Mode)
			b.holds(t)
		})
	}
}

func TestAKilledResyncGoesOnInItsStagingStore(t *testing.T) {
	b := newBench(300)
	b.tenant.partitions = 10
	b.tenant.pageSize = 2
	b.run(t, false)
	b.tenant.forget()
	b.crashAt("after commit", 10)
	_, err := b.process(t).Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	b.store.Crash, b.tenant.calls = nil, nil

	r := b.process(t)
	assert.True(t, r.Progress().Stale, "a new process knows that the data is old")
	result, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	assert.Equal(t, refresh.ModeResync, result.Mode)
	assert.Zero(t, b.tenant.called("begin"))
	assert.Less(t, b.tenant.called("users"), 150, "what was read before is not read again")
	b.holds(t)
}

func TestAStagingStoreThatCannotBeLoadedIsReadAgain(t *testing.T) {
	b := newBench(30)
	b.run(t, false)
	b.tenant.forget()
	b.crashAt("before promote", 1)
	_, err := b.process(t).Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	b.store.Crash, b.tenant.calls = nil, nil
	staging, err := b.store.Stage(t.Context())
	require.NoError(t, err)
	require.NoError(t, staging.Checkpoint(t.Context(), func(put func(string, []byte) error) error {
		return put("meta", []byte("no image that anybody has written"))
	}))

	b.run(t, false)
	assert.Equal(t, 1, b.tenant.called("begin"))
	b.holds(t)
}

func TestWhatAnotherResyncLeftBehindIsNotUsed(t *testing.T) {
	for name, change := range map[string]func(*refresh.State){
		"of another tenant":               func(s *refresh.State) { s.TenantID = "22222222-2222-2222-2222-222222222222" },
		"of another choice of attributes": func(s *refresh.State) { s.Fingerprint = "0123456789abcdef" },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(30)
			b.run(t, false)
			left := b.state(t)
			begun := left
			begun.Resync = true
			require.NoError(t, b.store.Commit(t.Context(), refresh.Batch{State: begun}))
			change(&left)
			staging, err := b.store.Stage(t.Context())
			require.NoError(t, err)
			require.NoError(t, staging.Commit(t.Context(), refresh.Batch{Changes: []model.Change{present("stranger", "Stranger")}, State: left}))
			b.run(t, false)
			b.holds(t)
		})
	}
}

func TestAFullRunReadsEverythingIntoANewStore(t *testing.T) {
	b := newBench(6)
	b.run(t, false)
	b.tenant.calls = nil
	result := b.run(t, true)
	assert.Equal(t, refresh.ModeResync, result.Mode)
	assert.Zero(t, result.Effect)
	assert.Empty(t, result.Notes, "it was asked for")
	assert.Equal(t, 2, b.tenant.called("users"))
	b.holds(t)
}

func TestAnotherChoiceOfAttributesReadsEverythingAgain(t *testing.T) {
	b := newBench(6)
	b.run(t, false)
	var err error
	b.schema, err = model.NewSchema("department")
	require.NoError(t, err)

	result := b.run(t, false)
	assert.Equal(t, refresh.ModeResync, result.Mode)
	require.Len(t, result.Notes, 1)
	assert.Contains(t, result.Notes[0], "choice of attributes")
	assert.Equal(t, b.schema.Fingerprint(), b.state(t).Fingerprint)
	assert.Equal(t, refresh.ModeDelta, b.run(t, false).Mode)
}

func TestAttributesThatWereChosenSinceTheLastReadAreToldAsUnread(t *testing.T) {
	b := newBench(6)
	b.schema, _ = model.NewSchema("department", "city")
	r := b.process(t)
	assert.Empty(t, r.Progress().Unread, "nothing was read, and nothing can be mistaken")
	_, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	assert.Empty(t, r.Progress().Unread)

	b.schema, _ = model.NewSchema("city", "state", "assignedPlans")
	r = b.process(t)
	assert.Equal(t, []string{"state", "assignedPlans"}, r.Progress().Unread)
	_, err = r.Run(t.Context(), false)
	require.NoError(t, err)
	assert.Empty(t, r.Progress().Unread)
}

func TestAStoreThatLostUsersUnnoticedIsReadAgain(t *testing.T) {
	b := newBench(6)
	b.run(t, false)
	state := b.state(t)
	require.NoError(t, b.store.Commit(t.Context(), refresh.Batch{Changes: []model.Change{{ID: "user-0003", Removed: "deleted"}}, State: state}))

	result := b.run(t, false)
	assert.Equal(t, refresh.ModeResync, result.Mode)
	assert.Contains(t, result.Notes, "the local copy holds 5 users where there should be 6, so that everything was read again")
	b.holds(t)
}

func TestAServiceThatKeepsForgettingIsGivenUp(t *testing.T) {
	b := newBench(6)
	b.run(t, false)
	before := b.stored(t)
	b.tenant.calls = nil
	b.tenant.fail = func(call, _ string) error {
		if call == "users" || call == "delta" {
			return refresh.ErrResync
		}
		return nil
	}
	_, err := b.process(t).Run(t.Context(), false)
	assert.Equal(t, model.KindUnavailable, kindOf(t, err))
	require.ErrorIs(t, err, refresh.ErrResync)
	assert.Equal(t, before, b.stored(t))
	assert.Equal(t, 3, b.tenant.called("users"))
}
