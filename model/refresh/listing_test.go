package refresh_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

func TestPartitionsAreReadAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(200)
		b.tenant.partitions = 20
		gate := make(chan struct{})
		b.tenant.fail = func(call, _ string) error {
			if call == "users" {
				<-gate
			}
			return nil
		}
		r := b.process(t)
		out := start(t.Context(), r, refresh.Request{})
		synctest.Wait()
		assert.Equal(t, 12, b.tenant.called("users"), "no more than twelve, so as not to be throttled")
		p := r.Progress()
		assert.Equal(t, 20, p.Partitions)
		assert.Zero(t, p.Done)
		assert.Equal(t, 200, p.Expected)
		close(gate)
		o := <-out
		require.NoError(t, o.err)
		assert.Equal(t, 200, o.result.Users)
		assert.Empty(t, o.result.Notes)
		assert.Equal(t, 20, r.Progress().Done)
		b.holds(t)
	})
}

func TestTheLargestPartitionsAreBegunFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(0)
		b.tenant.partitions = 14
		for i := range 105 { // in fourteen sizes, from 1 to 14
			b.tenant.put(fmt.Sprintf("user-%04d", i), fmt.Sprintf("Name %c", '2'+triangle(i)))
		}
		gate := make(chan struct{})
		b.tenant.fail = func(call, _ string) error {
			if call == "users" {
				<-gate
			}
			return nil
		}
		out := start(t.Context(), b.process(t), refresh.Request{})
		synctest.Wait()
		for _, small := range []string{"users users/0/14/8/", "users users/0/14/9/"} {
			assert.NotContains(t, b.tenant.calls, small)
		}
		close(gate)
		require.NoError(t, (<-out).err)
	})
}

// triangle is the row of a triangle of numbers in which i stands: 0, 1 1, 2 2 2.
func triangle(i int) rune {
	row := 0
	for ; i > row; i -= row {
		row++
	}
	return rune(row)
}

func TestUsersThatMoveBetweenPartitionsAreThereOnce(t *testing.T) {
	b := newBench(60)
	b.tenant.partitions = 6
	pages := 0
	b.tenant.before = func(call string) {
		if call == "users" {
			pages++
			b.tenant.put(fmt.Sprintf("user-%04d", pages), fmt.Sprintf("moved %d", pages%10))
			b.tenant.put(fmt.Sprintf("new-%04d", pages), fmt.Sprintf("created %d", pages%7))
			b.tenant.remove(fmt.Sprintf("user-%04d", 59-pages))
		}
	}
	result := b.run(t, false)
	assert.Empty(t, result.Notes, "the listing was not complete, but the delta made it so")
	b.holds(t)
}

func TestAKilledParallelReadGoesOnInEachPartition(t *testing.T) {
	b := newBench(300)
	b.tenant.partitions = 10
	b.tenant.pageSize = 2
	b.crashAt("after commit", 12)
	_, err := b.process(t).Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	b.store.Crash, b.tenant.calls = nil, nil
	stored := len(b.stored(t))
	require.Positive(t, stored)

	result := b.run(t, false)
	assert.Equal(t, refresh.Effect{Added: 300 - stored}, result.Effect)
	assert.Zero(t, b.tenant.called("begin")+b.tenant.called("partitions"), "nothing begins again")
	assert.Equal(t, 150-stored/2, b.tenant.called("users"), "no page is read twice")
	b.holds(t)
}

func TestOnePartitionThatFailsEndsTheOthersAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(300)
		b.tenant.partitions = 10
		b.tenant.pageSize = 5
		var fetched atomic.Int32
		b.tenant.fail = func(call, link string) error {
			if call == "users" && fetched.Add(1) > 20 {
				return errors.New("connection reset")
			}
			return nil
		}
		_, err := b.process(t).Run(t.Context(), false)
		require.ErrorContains(t, err, "connection reset")
		synctest.Wait()
		assert.LessOrEqual(t, b.tenant.called("users"), 30, "each reader stops at its next page")
		assert.Len(t, b.stored(t), 100, "all twenty pages that came are kept")

		b.tenant.fail = nil
		b.run(t, false)
		b.holds(t)
	})
}

func TestAReadThatTheDiskRefusesEndsItsReaders(t *testing.T) {
	b := newBench(300)
	b.tenant.partitions = 10
	b.store.Crash = func(when string) error {
		if when == "before commit" && len(b.tenant.names()) == 300 && b.tenant.called("users") > 10 {
			return &model.Error{Kind: model.KindFailed, Code: "diskFull", Message: "the disk is full"}
		}
		return nil
	}
	_, err := b.process(t).Run(t.Context(), false)
	assert.Equal(t, "diskFull", failureOf(t, err).Code)
	// TestMain checks that no reader is left.
}

func TestAPartitionWhoseLinkExpiresBeginsEverythingAnew(t *testing.T) {
	b := newBench(90)
	b.tenant.partitions = 6
	once := true
	b.tenant.before = func(string) {
		if once && b.tenant.called("users") == 9 {
			once = false
			for i := range 30 {
				b.tenant.remove(fmt.Sprintf("user-%04d", i))
			}
			b.tenant.forget()
		}
	}
	result := b.run(t, false)
	assert.Equal(t, refresh.ModeInitial, result.Mode)
	assert.Equal(t, 60, result.Users, "the guard has nothing to guard in what never was complete")
	assert.Equal(t, 21, result.Pages, "of the read that came to its end")
	assert.Equal(t, 2, b.tenant.called("begin"))
	assert.False(t, b.store.Staged())
	b.holds(t)
}

func TestAPanicBesideTheRoundReachesItsCaller(t *testing.T) {
	for _, culprit := range []string{"users", "count"} {
		t.Run(culprit, func(t *testing.T) {
			b := newBench(30)
			b.tenant.partitions = 5
			r := b.process(t)
			b.tenant.fail = func(call, _ string) error {
				if call == culprit {
					panic("a bug below")
				}
				return nil
			}
			func() {
				defer func() {
					text, _ := recover().(string)
					assert.Contains(t, text, "a bug below")
					assert.Contains(t, text, "goroutine", "with the stack of where it happened")
				}()
				_, _ = r.Run(t.Context(), false)
			}()
			b.tenant.fail = nil
			_, err := r.Run(t.Context(), false)
			require.NoError(t, err, "the next round is not locked out")
			b.holds(t)
		})
	}
}

func TestAParallelReadThatLacksUsersIsReadAgainInOneListing(t *testing.T) {
	b := newBench(40)
	b.tenant.partitions = 4
	b.tenant.hidden = func(id string) bool { return id == "user-0007" || id == "user-0023" }
	r := b.process(t)
	var second *refresh.Progress
	b.tenant.before = func(call string) {
		if p := r.Progress(); call == "users" && b.tenant.called("partitions") == 2 && second == nil {
			second = &p
		}
	}
	result, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	require.NotNil(t, second)
	assert.Zero(t, second.Read, "the second listing is counted from its beginning")
	require.Len(t, result.Notes, 1)
	assert.Contains(t, result.Notes[0], "38 of 40 users")
	assert.Zero(t, result.Missing())
	assert.Equal(t, 2, b.tenant.called("partitions"))
	assert.Equal(t, 1, b.tenant.called("begin"), "the first delta link covers both listings")
	assert.False(t, b.state(t).Serial)
	b.holds(t)
}

func TestAKilledSecondListingStaysSerial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(40)
		b.tenant.partitions = 4
		b.tenant.hidden = func(id string) bool { return id == "user-0007" }
		b.store.Crash = func(when string) error {
			if when == "after commit" && b.state(t).Serial {
				return errCrash
			}
			return nil
		}
		_, err := b.process(t).Run(t.Context(), false)
		require.ErrorIs(t, err, errCrash)
		b.store.Crash, b.tenant.calls = nil, nil
		b.tenant.remove("user-0030") // it is stored, and the second listing does not name it
		b.run(t, false)
		assert.Zero(t, b.tenant.called("begin")+b.tenant.called("partitions"))
		b.holds(t)
	})
}

func TestAProcessThatOnlyFindsTheShortfallAsksWhatIsRefusedAgain(t *testing.T) {
	b := newBench(40)
	b.tenant.partitions = 4
	b.tenant.hidden = func(id string) bool { return id == "user-0007" }
	b.tenant.fail = func(call, _ string) error {
		if call == "delta" {
			return errors.New("connection reset")
		}
		return nil
	}
	_, err := b.process(t).Run(t.Context(), false)
	require.ErrorContains(t, err, "connection reset")
	b.tenant.fail, b.tenant.calls = nil, nil

	b.run(t, false)
	assert.Equal(t, []string{"begin", "partitions"}, calls(b.tenant, "begin", "partitions"))
	b.holds(t)
}

// calls are the tenant's calls of some names, in order.
func calls(t *tenant, names ...string) []string {
	var out []string
	for _, call := range t.calls {
		for _, name := range names {
			if call == name {
				out = append(out, call)
			}
		}
	}
	return out
}
