package refresh_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
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
		r := b.process(t)
		release, first := blocked(t, t.Context(), b, r)
		second := start(t.Context(), r, refresh.Request{})
		synctest.Wait()
		release()
		one, two := <-first, <-second
		require.NoError(t, one.err)
		require.NoError(t, two.err)
		assert.False(t, one.result.Joined)
		assert.True(t, two.result.Joined)
		two.result.Joined = false
		assert.Equal(t, one.result, two.result)
		assert.Equal(t, 1, b.tenant.called("delta"))
	})
}

func TestACallerThatWantsMoreRunsARoundOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(5)
		r := b.process(t)
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
		r := b.process(t)
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
		assert.False(t, two.result.Joined)
		assert.Equal(t, 1, b.tenant.called("begin"), "it goes on where the first one stopped")
	})
}

func TestTheSecondCallerTakesOverWhenTheFirstHasNoTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(5)
		r := b.process(t)
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
		r := b.process(t)
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
	r := b.process(t)
	var mended atomic.Bool // a call made ahead may outlive its round
	b.tenant.fail = func(string, string) error {
		if !mended.Load() {
			panic("a bug below")
		}
		return nil
	}
	assert.Panics(t, func() { _, _ = r.Run(t.Context(), false) })
	mended.Store(true)
	_, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	b.holds(t)
}

func TestProgressTellsHowFarARoundHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(9)
		r := b.process(t)
		assert.Equal(t, refresh.Progress{Phase: refresh.PhaseIdle}, r.Progress())
		var reading []refresh.Progress
		b.tenant.before = func(call string) {
			if call == "users" {
				synctest.Wait() // for the page before to be stored
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
			assert.Equal(t, 1, p.Partitions)
			assert.Zero(t, p.Done)
		}
		after := r.Progress()
		assert.False(t, after.Running)
		assert.Equal(t, refresh.PhaseIdle, after.Phase)
		assert.Equal(t, result, after.LastRound)
		assert.Nil(t, after.LastError)
		assert.Equal(t, 1, after.Done)
		assert.Equal(t, b.state(t).SyncedAt.UTC(), after.SyncedAt.UTC())
	})
}

func TestProgressKeepsTheLastGoodRoundBesideTheLastError(t *testing.T) {
	b := newBench(3)
	r := b.process(t)
	good, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	b.tenant.fail = func(string, string) error { return errors.New("no route to host") }
	_, err = r.Run(t.Context(), false)
	require.Error(t, err)
	p := r.Progress()
	assert.Equal(t, good, p.LastRound)
	assert.Equal(t, "no route to host", p.LastError.Message)
	assert.Equal(t, b.state(t).SyncedAt, p.SyncedAt)
}

func TestAResumedReadCountsWhatIsStoredAlready(t *testing.T) {
	b := newBench(400)
	b.tenant.partitions = 4
	b.crashAt("after commit", 4)
	_, err := b.process(t).Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	b.store.Crash = nil

	r := b.process(t)
	var first *refresh.Progress
	b.tenant.before = func(call string) {
		if p := r.Progress(); call == "users" && first == nil {
			first = &p
		}
	}
	stored := len(b.stored(t))
	require.Positive(t, stored)
	_, err = r.Run(t.Context(), false)
	require.NoError(t, err)
	require.NotNil(t, first)
	assert.Equal(t, stored, first.Read)
	assert.Equal(t, 400, first.Expected, "as the partitions were counted")
	assert.Equal(t, 4, first.Partitions)
}

func TestRestoreTellsOfTheLastRoundOfAnEarlierProcess(t *testing.T) {
	b := newBench(3)
	b.run(t, false)
	r := b.process(t)
	assert.Equal(t, b.state(t).SyncedAt, r.Progress().SyncedAt)
	b.holds(t)
}

func TestRestoreOfADamagedStoreLeavesAnEmptyDirectoryThatCanBeSynced(t *testing.T) {
	b := newBench(3)
	b.run(t, false)
	damage := errors.New("page 7: checksum mismatch")
	b.store.Corrupt = damage
	r := b.runner()
	require.ErrorIs(t, r.Restore(t.Context()), damage)
	require.NoError(t, r.Restore(t.Context()))
	assert.Zero(t, b.users.Snapshot().Len())
	result, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	assert.Equal(t, refresh.ModeInitial, result.Mode)
	b.holds(t)
}

func TestARoundLoadsTheStoreWhereNobodyRestored(t *testing.T) {
	b := newBench(3)
	b.run(t, false)
	r := b.runner()
	result, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	assert.Equal(t, refresh.ModeDelta, result.Mode)
	b.holds(t)
}

func TestRestoreOffersToShortenALongLog(t *testing.T) {
	b := newBench(12)
	b.crashAt("before checkpoint", 1) // the process dies between the end of its round and the image
	_, err := b.process(t).Run(t.Context(), false)
	require.NoError(t, err)
	shortened := false
	b.store.Crash = func(when string) error {
		shortened = shortened || when == "after checkpoint"
		return nil
	}
	b.process(t)
	assert.True(t, shortened)
	b.holds(t)
}
