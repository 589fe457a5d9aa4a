package workspace_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace/workspacetest"
)

func TestBackgroundTellsOfEachRoundAndRecordsIt(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	_, err := w.Connect(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var told []string
	// The directory was never read: a round is due at once, and none after it.
	err = w.Background(ctx, refresh.Schedule{}, func() {
		told = append(told, "began")
	}, func(result refresh.Result, err error) {
		require.NoError(t, err)
		told = append(told, "ended "+string(result.Mode))
		cancel()
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"began", "ended initial"}, told)
	assert.True(t, w.Synced())
	events, err := w.Events(t.Context(), time.Time{})
	require.NoError(t, err)
	require.NotEmpty(t, events)
	assert.Equal(t, "sync", events[len(events)-1].Action)
}

func TestBackgroundTellsWhyARoundFailed(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.SessionErr = &model.Error{Kind: model.KindSignIn, Code: "signInRequired", Message: "nobody is signed in"}
	w := open(t, tenant)
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, w.Background(ctx, refresh.Schedule{}, func() {}, func(_ refresh.Result, err error) {
		failure(t, err, model.KindSignIn, "signInRequired")
		cancel()
	}))
	assert.Empty(t, tenant.Asked("Begin"), "the tenant is not asked without a session")
}

func TestARoundIsStoppedFromElsewhereAndTheNextOneGoesOn(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := open(t, tenant)
	tenant.Fail = func(call string) error {
		if call == "Users" {
			w.CancelSync()
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, w.Background(ctx, refresh.Schedule{}, func() {}, func(_ refresh.Result, err error) {
		assert.Equal(t, model.KindInterrupted, model.AsError(err).Kind)
		require.NoError(t, ctx.Err(), "the schedule itself goes on")
		cancel()
	}))
	assert.False(t, w.Synced())
	tenant.Fail = nil
	w.CancelSync() // nothing runs: it stops nothing that comes later
	_, err := w.Sync(t.Context(), refresh.Request{})
	require.NoError(t, err)
	assert.Len(t, tenant.Asked("Begin"), 1, "it went on with the links of the round that was stopped")
}

func TestBackgroundNeedsAnOpenedProfile(t *testing.T) {
	w := workspacetest.Contoso().Workspace()
	err := w.Background(t.Context(), refresh.DefaultSchedule(), func() {}, func(refresh.Result, error) {})
	failure(t, err, model.KindFailed, "notOpen")
}
