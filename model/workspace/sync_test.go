package workspace_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

// syncEvents are the lines of the audit about syncs.
func syncEvents(t *testing.T, w *workspace.Workspace) []string {
	t.Helper()
	events, err := w.Events(t.Context(), time.Time{})
	require.NoError(t, err)
	var out []string
	for _, e := range events {
		if e.Action == "sync" {
			out = append(out, e.Detail)
		}
	}
	return out
}

func TestARoundThatTwoCallersShareIsRecordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := workspacetest.Contoso()
		gate := make(chan struct{})
		tenant.Fail = func(call string) error {
			if call == "Users" {
				<-gate
			}
			return nil
		}
		w := open(t, tenant)
		results := make(chan refresh.Result, 2)
		for range 2 {
			go func() {
				result, err := w.Sync(t.Context(), refresh.Request{})
				assert.NoError(t, err)
				results <- result
			}()
		}
		synctest.Wait()
		close(gate)
		one, two := <-results, <-results
		assert.NotEqual(t, one.Joined, two.Joined)
		assert.Equal(t, 4, one.Users)
		assert.Equal(t, 4, two.Users)
		assert.Equal(t, []string{"initial: 4 users"}, syncEvents(t, w))
	})
}

func TestRemovalsThatWaitAreSeenAcceptedAndRecorded(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	tenant.Changes = []model.Change{{ID: workspacetest.ID(workspacetest.Bert), Removed: "deleted"}}
	_, err := w.Sync(t.Context(), refresh.Request{})
	e := failure(t, err, model.KindGuard, "removalGuard")
	assert.Contains(t, e.Message, "1 of 4 users")
	assert.Equal(t, 1, w.Progress().Held)
	assert.Equal(t, 4, w.Directory().Len())

	again := open(t, tenant)
	assert.Equal(t, 1, again.Progress().Held, "another process shows them, too")
	assert.Equal(t, 4, again.Directory().Len())
	result, err := again.Sync(t.Context(), refresh.Request{AllowRemovals: 1})
	require.NoError(t, err)
	assert.Equal(t, 1, result.Removed)
	assert.Equal(t, 3, again.Directory().Len())
	assert.Zero(t, again.Progress().Held)
	assert.Equal(t, "delta: 3 users, 1 removed of 1 accepted", lastEvent(t, again).Detail)
}

func TestARoundThatAnAdministratorWaitsForIsMarkedAndOneOfTheScheduleIsNot(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := open(t, tenant)
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, w.Background(ctx, refresh.Schedule{}, func() {}, func(refresh.Result, error) { cancel() }))
	assert.Len(t, tenant.Asked("Users"), 1)
	assert.Zero(t, tenant.Hurried.Load())

	_, err := w.Sync(t.Context(), refresh.Request{Full: true})
	require.NoError(t, err)
	assert.Equal(t, int32(1), tenant.Hurried.Load())
}

func TestAScheduleThatBeganOfflineSyncsWhenTheNetworkIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := workspacetest.Contoso()
		tenant.Now = time.Now
		synced(t, tenant) // by an earlier process: for the data alone no round would be due
		var online atomic.Bool
		tenant.Fail = func(call string) error {
			if online.Load() {
				return nil
			}
			return &model.Error{Kind: model.KindUnavailable, Code: "offline", Message: "no connection"}
		}
		w := open(t, tenant)
		_, err := w.Connect(t.Context())
		failure(t, err, model.KindUnavailable, "offline")

		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		var ended []time.Duration
		var last error
		done := make(chan struct{})
		go func() {
			defer close(done)
			assert.NoError(t, w.Background(ctx, refresh.DefaultSchedule(), func() {}, func(_ refresh.Result, err error) {
				ended, last = append(ended, time.Since(begin)), err
			}))
		}()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		failure(t, last, model.KindUnavailable, "offline")
		assert.Nil(t, w.Session())

		online.Store(true)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		assert.Equal(t, []time.Duration{0, time.Minute, 3 * time.Minute}, ended)
		assert.NoError(t, last)
		assert.NotNil(t, w.Session())
		cancel()
		<-done
	})
}
