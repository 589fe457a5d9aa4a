package refresh_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

// outcome is what a call of Do returned.
type outcome struct {
	result refresh.Result
	err    error
}

// blocked starts a round that waits inside its first delta call, and returns
// the function that lets it go on. It must run in a synctest bubble.
func blocked(t *testing.T, ctx context.Context, b *bench, r *refresh.Runner) (release func(), first <-chan outcome) {
	t.Helper()
	gate := make(chan struct{})
	var once sync.Once
	b.tenant.fail = func(call, _ string) error {
		if call != "delta" {
			return nil
		}
		select {
		case <-gate:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	out := start(ctx, r, refresh.Request{})
	synctest.Wait()
	require.True(t, r.Progress().Running)
	return func() { once.Do(func() { close(gate) }) }, out
}

func start(ctx context.Context, r *refresh.Runner, q refresh.Request) <-chan outcome {
	out := make(chan outcome, 1)
	go func() {
		result, err := r.Do(ctx, q)
		out <- outcome{result, err}
	}()
	return out
}

func TestASecondCallerSharesTheRunningRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(5)
		r := b.runner()
		release, first := blocked(t, t.Context(), b, r)
		second := start(t.Context(), r, refresh.Request{})
		synctest.Wait()
		release()
		one, two := <-first, <-second
		require.NoError(t, one.err)
		require.NoError(t, two.err)
		assert.Equal(t, one.result, two.result)
		assert.Equal(t, 1, b.tenant.called("delta"))
	})
}

func TestACallerThatWantsMoreRunsARoundOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(5)
		r := b.runner()
		release, first := blocked(t, t.Context(), b, r)
		second := start(t.Context(), r, refresh.Request{Full: true})
		synctest.Wait()
		release()
		assert.Equal(t, refresh.ModeInitial, (<-first).result.Mode)
		assert.Equal(t, refresh.ModeResync, (<-second).result.Mode)
	})
}

func TestTheSecondCallerTakesOverWhenTheFirstIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(5)
		r := b.runner()
		ctx, cancel := context.WithCancel(t.Context())
		_, first := blocked(t, ctx, b, r)
		second := start(t.Context(), r, refresh.Request{})
		synctest.Wait()
		b.tenant.fail = nil
		cancel()
		assert.Equal(t, model.KindInterrupted, model.AsError((<-first).err).Kind)
		two := <-second
		require.NoError(t, two.err)
		assert.Equal(t, 5, two.result.Users)
		assert.Equal(t, 1, b.tenant.called("latest"), "it goes on where the first one stopped")
	})
}

func TestTheSecondCallerTakesOverWhenTheFirstHasNoTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(5)
		r := b.runner()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		b.tenant.fail = func(call, _ string) error {
			if call != "delta" || ctx.Err() != nil {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		first := start(ctx, r, refresh.Request{})
		synctest.Wait()
		second := start(t.Context(), r, refresh.Request{})
		assert.Equal(t, model.KindUnavailable, model.AsError((<-first).err).Kind)
		two := <-second
		require.NoError(t, two.err)
		assert.Equal(t, 5, two.result.Users)
	})
}

func TestAWaitingCallerCanGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(5)
		r := b.runner()
		release, first := blocked(t, t.Context(), b, r)
		ctx, cancel := context.WithCancel(t.Context())
		second := start(ctx, r, refresh.Request{})
		synctest.Wait()
		cancel()
		assert.Equal(t, model.KindInterrupted, model.AsError((<-second).err).Kind)
		release()
		require.NoError(t, (<-first).err, "the round itself went on")
	})
}

func TestARoundThatPanicsDoesNotLockOutTheNext(t *testing.T) {
	b := newBench(5)
	r := b.runner()
	b.tenant.fail = func(string, string) error { panic("a bug below") }
	assert.Panics(t, func() { _, _ = r.Run(t.Context(), false) })
	b.tenant.fail = nil
	_, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	b.holds(t)
}

func TestProgressTellsHowFarARoundHasCome(t *testing.T) {
	b := newBench(9)
	r := b.runner()
	assert.Equal(t, refresh.Progress{Phase: refresh.PhaseIdle}, r.Progress())
	var reading []refresh.Progress
	b.tenant.before = func(call string) {
		if call == "users" {
			reading = append(reading, r.Progress())
		}
	}
	result, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	require.Len(t, reading, 3)
	for i, p := range reading {
		assert.True(t, p.Running)
		assert.Equal(t, refresh.PhaseReading, p.Phase)
		assert.Equal(t, refresh.ModeInitial, p.Mode)
		assert.Equal(t, 9, p.Expected)
		assert.Equal(t, 3*i, p.Read)
		assert.Equal(t, i, p.Pages)
	}
	after := r.Progress()
	assert.False(t, after.Running)
	assert.Equal(t, refresh.PhaseIdle, after.Phase)
	assert.Equal(t, result, after.LastRound)
	assert.Nil(t, after.LastError)
	assert.Equal(t, b.store.state.SyncedAt, after.SyncedAt)
}

func TestProgressKeepsTheLastGoodRoundBesideTheLastError(t *testing.T) {
	b := newBench(3)
	r := b.runner()
	good, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	b.tenant.fail = func(string, string) error { return errors.New("no route to host") }
	_, err = r.Run(t.Context(), false)
	require.Error(t, err)
	p := r.Progress()
	assert.Equal(t, good, p.LastRound)
	assert.Equal(t, "no route to host", p.LastError.Message)
	assert.Equal(t, b.store.state.SyncedAt, p.SyncedAt)
}

func TestAResumedReadCountsWhatIsStoredAlready(t *testing.T) {
	b := newBench(9)
	seen := 0
	b.store.crash = func(when string) error {
		if seen++; seen == 6 {
			return errCrash
		}
		return nil
	}
	_, err := b.runner().Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	b.store.crash = nil

	r := b.runner()
	var first *refresh.Progress
	b.tenant.before = func(call string) {
		if p := r.Progress(); call == "users" && first == nil {
			first = &p
		}
	}
	_, err = r.Run(t.Context(), false)
	require.NoError(t, err)
	require.NotNil(t, first)
	assert.Equal(t, 6, first.Read)
}

func TestRestoreTellsOfTheLastRoundOfAnEarlierProcess(t *testing.T) {
	b := newBench(3)
	b.run(t, false)
	r := b.runner()
	require.NoError(t, r.Restore(t.Context()))
	assert.Equal(t, b.store.state.SyncedAt, r.Progress().SyncedAt)
}
