package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/refresh/refreshtest"
)

func TestTheFirstRoundTakesTheDeltaLinkBeforeItReads(t *testing.T) {
	b := newBench(7)
	result := b.run(t, false)

	assert.Equal(t, refresh.ModeInitial, result.Mode)
	assert.Equal(t, refresh.Effect{Added: 7}, result.Effect)
	assert.Equal(t, 7, result.Users)
	assert.Equal(t, 4, result.Pages, "three of the listing, one of the delta")
	assert.Empty(t, result.Notes)
	assert.Zero(t, result.Missing())
	require.Len(t, b.tenant.calls, 8)
	assert.ElementsMatch(t, []string{"begin", "count"}, b.tenant.calls[:2])
	assert.Equal(t, []string{
		"partitions", "users users/0/1/0/", "users users/0/1/0/user-0002", "users users/0/1/0/user-0005",
	}, b.tenant.calls[2:6])
	assert.ElementsMatch(t, []string{"delta delta/7", "count"}, b.tenant.calls[6:])
	state := b.state(t)
	assert.True(t, state.Complete)
	assert.Equal(t, refresh.PhaseIdle, state.Phase)
	assert.Empty(t, state.Next)
	assert.False(t, state.SyncedAt.IsZero())
	b.holds(t)
}

func TestWhatChangesDuringTheReadIsNotMissed(t *testing.T) {
	b := newBench(9)
	pages := 0
	b.tenant.before = func(call string) {
		if call != "users" {
			return
		}
		if pages++; pages == 2 {
			b.tenant.put("user-0000", "renamed behind the cursor")
			b.tenant.remove("user-0001")
			b.tenant.put("aaa", "created behind the cursor")
			b.tenant.remove("user-0008")
		}
	}
	b.run(t, false)
	b.holds(t)
}

func TestALaterRoundFollowsTheDeltaOnly(t *testing.T) {
	b := newBench(70)
	b.run(t, false)
	for i := range 5 {
		b.tenant.put(fmt.Sprintf("new-%d", i), "new")
	}
	b.tenant.put("user-0003", "renamed")
	b.tenant.remove("user-0004")
	b.tenant.calls = nil

	result := b.run(t, false)
	assert.Equal(t, refresh.ModeDelta, result.Mode)
	assert.Equal(t, refresh.Effect{Added: 5, Updated: 1, Removed: 1}, result.Effect)
	assert.Equal(t, 74, result.Users)
	assert.Zero(t, b.tenant.called("users")+b.tenant.called("begin")+b.tenant.called("count"))
	assert.Equal(t, 3, b.tenant.called("delta"))
	b.holds(t)
}

func TestADeltaRoundIsSeenAsAWholeOrNotAtAll(t *testing.T) {
	b := newBench(9)
	b.run(t, false)
	r := b.process(t)
	before := namesOf(b.users)
	b.tenant.rename(9)
	b.tenant.before = func(string) {
		assert.Equal(t, before, namesOf(b.users))
		assert.Equal(t, before, b.stored(t))
	}
	generation := b.users.Snapshot().Generation()
	_, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	assert.Equal(t, generation+1, b.users.Snapshot().Generation())
	b.tenant.before = nil
	b.holds(t)
}

func TestReplaysDuplicatesAndUnknownRemovalsChangeNothing(t *testing.T) {
	b := newBench(5)
	b.run(t, false)
	b.tenant.rewrite = func(call string, p *refresh.Page) {
		p.Changes = append(p.Changes,
			present("user-0001", "Name 1"), present("user-0001", "Name 1"),
			model.Change{ID: "never-seen", Removed: "changed"})
	}
	result := b.run(t, false)
	assert.Zero(t, result.Effect)
	b.holds(t)
}

func TestAKilledRoundGoesOnWhereItStopped(t *testing.T) {
	tests := map[string]struct {
		synced   bool // a first round has ended before
		commit   int  // the commit at which the process dies
		when     string
		listings int // listing pages that the second process reads
		deltas   int // and pages of changes
	}{
		"before the beginning was stored":             {commit: 1, when: "before commit", listings: 4, deltas: 1},
		"before the first page was stored":            {commit: 2, when: "before commit", listings: 4, deltas: 1},
		"after the second page of the listing":        {commit: 3, when: "after commit", listings: 2, deltas: 1},
		"between the listing and the delta":           {commit: 5, when: "after commit", listings: 0, deltas: 1},
		"between the delta and the end":               {commit: 6, when: "after commit", listings: 0, deltas: 1},
		"after the first page of a later delta round": {synced: true, commit: 1, when: "after commit", deltas: 4},
		"before the last page of a later delta round": {synced: true, commit: 4, when: "before commit", deltas: 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(12)
				// A page is asked for when the one before has been stored.
				b.tenant.before = func(call string) {
					if call == "users" {
						synctest.Wait()
					}
				}
				if tc.synced {
					b.run(t, false)
					b.tenant.rename(12)
				}
				b.crashAt(tc.when, tc.commit)
				_, err := b.process(t).Run(t.Context(), false)
				require.ErrorIs(t, err, errCrash)

				b.store.Crash, b.tenant.calls = nil, nil
				b.run(t, false)
				assert.Equal(t, tc.listings, b.tenant.called("users"))
				assert.Equal(t, tc.deltas, b.tenant.called("delta"))
				b.holds(t)
			})
		})
	}
}

func TestAResumedRoundIsFollowedUpToThePresent(t *testing.T) {
	b := newBench(12)
	b.run(t, false)
	b.tenant.rename(9)
	b.crashAt("after commit", 1)
	_, err := b.process(t).Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	b.store.Crash = nil
	b.tenant.remove("user-0000") // after its page, and after the end of the interrupted round

	b.run(t, false)
	b.holds(t)
}

func TestARunnerWhoseCommitFailedLoadsWhatWasStored(t *testing.T) {
	b := newBench(12)
	r := b.process(t)
	b.crashAt("after commit", 2) // it was stored all the same
	_, err := r.Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	assert.Zero(t, b.users.Snapshot().Len())
	b.store.Crash = nil
	_, err = r.Run(t.Context(), false)
	require.NoError(t, err)
	b.holds(t)
}

func TestARoundKeepsTheTimeAtWhichItBeganUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(9)
		b.run(t, false)
		b.tenant.rename(9)
		time.Sleep(time.Hour)
		began := time.Now()
		for range 2 {
			b.crashAt("after commit", 1)
			_, err := b.process(t).Run(t.Context(), false)
			require.ErrorIs(t, err, errCrash)
			assert.Equal(t, began, b.state(t).StartedAt)
			b.store.Crash = nil
			time.Sleep(time.Hour)
		}
	})
}

func TestAnInterruptedRoundSaysSoAndKeepsItsPages(t *testing.T) {
	b := newBench(12)
	ctx, cancel := context.WithCancel(t.Context())
	b.tenant.fail = func(call, _ string) error {
		if b.tenant.called("users") == 3 {
			cancel()
		}
		return nil
	}
	r := b.process(t)
	_, err := r.Run(ctx, false)
	assert.Equal(t, model.KindInterrupted, kindOf(t, err))
	assert.Len(t, b.stored(t), 6, "both pages that had come")
	assert.Equal(t, model.KindInterrupted, r.Progress().LastError.Kind)
	assert.False(t, r.Progress().Running)
}

func TestAnExpiredPageLinkIsReadAgainFromTheDeltaLink(t *testing.T) {
	b := newBench(9)
	b.run(t, false)
	b.tenant.rename(9)
	b.crashAt("after commit", 1)
	_, err := b.process(t).Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	b.store.Crash = nil
	b.tenant.forgetPages()

	result := b.run(t, false)
	assert.Equal(t, refresh.ModeDelta, result.Mode)
	b.holds(t)
}

func TestALinkThatComesRoundAgainEndsTheRound(t *testing.T) {
	tests := map[string]struct {
		call string
		link string
	}{
		"in a partition": {"users", "users/0/1/0/user-0002"},
		"in the delta":   {"delta", "page/0/12/24/3"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(12)
			if tc.call == "delta" {
				b.run(t, false)
				b.tenant.rename(12)
			}
			pages := 0
			b.tenant.rewrite = func(call string, p *refresh.Page) {
				if call != tc.call {
					return
				}
				if pages++; pages == 3 {
					require.NotEmpty(t, p.Next)
					p.Next = tc.link
				}
			}
			_, err := b.process(t).Run(t.Context(), false)
			e := failureOf(t, err)
			assert.Equal(t, "pagingLoop", e.Code)
			assert.Equal(t, model.KindUnavailable, e.Kind)
			assert.Empty(t, b.state(t).Next, "a delta round begins anew")

			b.tenant.rewrite = nil
			b.run(t, false)
			b.holds(t)
		})
	}
}

func TestADeltaPageWithoutAnyLinkIsAnErrorNotAnEnd(t *testing.T) {
	b := newBench(3)
	b.tenant.rewrite = func(call string, p *refresh.Page) {
		if call == "delta" {
			p.DeltaLink = ""
		}
	}
	_, err := b.process(t).Run(t.Context(), false)
	assert.Equal(t, model.KindUnavailable, kindOf(t, err))
	assert.False(t, b.state(t).Complete)
}

func TestAnEmptyPageIsNotTheEnd(t *testing.T) {
	b := newBench(9)
	pages := 0
	b.tenant.rewrite = func(call string, p *refresh.Page) {
		if call != "users" {
			return
		}
		if pages++; pages == 1 {
			p.Changes, p.Next = nil, "users/0/1/0/a" // nothing yet: go on from the beginning
		}
	}
	b.run(t, false)
	assert.Equal(t, 4, pages)
	b.holds(t)
}

func TestTheStoreOfAnotherTenantIsRefused(t *testing.T) {
	b := newBench(6)
	b.run(t, false)
	before := b.stored(t)
	b.id = "22222222-2222-2222-2222-222222222222"
	b.tenant = newTenant(2)

	_, err := b.process(t).Run(t.Context(), false)
	e := failureOf(t, err)
	assert.Equal(t, "otherTenant", e.Code)
	assert.Contains(t, e.Message, tenantID)
	assert.Equal(t, before, b.stored(t))
	assert.Empty(t, b.tenant.calls)
}

func TestRefusedAttributesAreNamedAndAskedForAgainByAFullRead(t *testing.T) {
	b := newBench(6)
	b.tenant.refused = []string{"hireDate", "skills"}
	result := b.run(t, false)
	assert.Equal(t, []string{"hireDate", "skills"}, result.Refused)
	require.Len(t, result.Notes, 1)
	assert.Contains(t, result.Notes[0], "hireDate, skills")

	result = b.run(t, false)
	assert.Equal(t, []string{"hireDate", "skills"}, result.Refused, "they are still empty")
	assert.Empty(t, result.Notes, "but that is known")
	assert.Equal(t, []string{"hireDate", "skills"}, b.process(t).Progress().Refused)

	b.tenant.refused = nil
	result = b.run(t, true)
	assert.Empty(t, result.Refused)
	assert.Empty(t, result.Notes)
}

func TestAStoreThatWasSetAsideMeanwhileIsFilledFromTheBeginning(t *testing.T) {
	b := newBench(12)
	r := b.process(t)
	_, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	*b.store = refreshtest.Store{}
	for i := range 6 {
		b.tenant.remove(fmt.Sprintf("user-%04d", i))
	}
	result, err := r.Run(t.Context(), false)
	require.NoError(t, err)
	assert.Equal(t, refresh.ModeInitial, result.Mode)
	b.holds(t)
}

func TestALongLogIsReplacedByAnImageAfterTheRound(t *testing.T) {
	b := newBench(30)
	offered := 0
	b.store.Crash = func(when string) error {
		if when == "after checkpoint" {
			offered++
			assert.True(t, b.state(t).Complete, "of a finished round")
		}
		return nil
	}
	b.run(t, false)
	assert.Equal(t, 1, offered)
	b.holds(t)
}

func TestAStoreThatCannotBeShortenedIsNoFailure(t *testing.T) {
	b := newBench(5)
	b.store.Crash = func(when string) error {
		if when == "before checkpoint" {
			return errors.New("no space left on device")
		}
		return nil
	}
	result := b.run(t, false)
	require.Len(t, result.Notes, 1)
	assert.Contains(t, result.Notes[0], "no space left on device")
	b.holds(t)
}
