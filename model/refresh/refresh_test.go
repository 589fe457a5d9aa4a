package refresh_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"rollcall/model"
	"rollcall/model/refresh"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tenantID = "11111111-1111-1111-1111-111111111111"

// bench is a tenant, a store and a sink, and what joins them.
type bench struct {
	tenant *tenant
	store  *memory
	sink   *follower
	guard  *refresh.Guard
	schema *model.Schema
	id     string
}

func newBench(users int) *bench {
	return &bench{
		tenant: newTenant(users), store: newMemory(), id: tenantID,
		sink: &follower{users: map[string]string{}}, schema: model.FullSchema(),
	}
}

// runner makes a new Runner, as a restarted process would.
func (b *bench) runner() *refresh.Runner {
	return refresh.New(refresh.Options{
		Source: b.tenant, Store: b.store, Sink: b.sink, Schema: b.schema, Guard: b.guard,
		TenantID: func() string { return b.id },
	})
}

func (b *bench) run(t *testing.T, full bool) refresh.Result {
	t.Helper()
	result, err := b.runner().Run(t.Context(), full)
	require.NoError(t, err)
	return result
}

// holds asserts that the store and the sink equal the tenant.
func (b *bench) holds(t *testing.T) {
	t.Helper()
	assert.Equal(t, b.tenant.users, b.store.names(), "the store")
	assert.Equal(t, b.tenant.users, b.sink.users, "the sink")
	assert.Equal(t, len(b.tenant.users), b.store.state.Users)
}

func kindOf(t *testing.T, err error) model.Kind {
	t.Helper()
	var e *model.Error
	require.ErrorAs(t, err, &e)
	return e.Kind
}

func TestTheFirstRoundTakesTheDeltaLinkBeforeItReads(t *testing.T) {
	b := newBench(7)
	result := b.run(t, false)

	assert.Equal(t, refresh.ModeInitial, result.Mode)
	assert.Equal(t, refresh.Effect{Added: 7}, result.Effect)
	assert.Equal(t, 7, result.Users)
	assert.Equal(t, 4, result.Pages, "three of the listing, one of the delta")
	assert.Empty(t, result.Notes)
	assert.Zero(t, result.Missing())
	assert.Equal(t, []string{
		"count", "latest", "users", "users users/0/user-0002", "users users/0/user-0005", "delta delta/7",
	}, b.tenant.calls)
	assert.True(t, b.store.state.Complete)
	assert.Empty(t, b.store.state.Next)
	assert.False(t, b.store.state.SyncedAt.IsZero())
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
	b := newBench(7)
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
	assert.Zero(t, b.tenant.called("users")+b.tenant.called("latest"))
	assert.Equal(t, 3, b.tenant.called("delta"))
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
		"before the first page was stored":            {commit: 2, when: "before commit", listings: 4, deltas: 1},
		"after the second page of the listing":        {commit: 3, when: "after commit", listings: 2, deltas: 1},
		"between the listing and the delta":           {commit: 5, when: "after commit", listings: 0, deltas: 1},
		"after the first page of a later delta round": {synced: true, commit: 1, when: "after commit", deltas: 4},
		"before the last page of a later delta round": {synced: true, commit: 4, when: "before commit", deltas: 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(12)
			if tc.synced {
				b.run(t, false)
				for i := range 12 {
					b.tenant.put(fmt.Sprintf("user-%04d", i), "renamed")
				}
			}
			seen := 0
			b.store.crash = func(when string) error {
				if when != tc.when {
					return nil
				}
				if seen++; seen == tc.commit {
					return errCrash
				}
				return nil
			}
			_, err := b.runner().Run(t.Context(), false)
			require.ErrorIs(t, err, errCrash)

			b.store.crash, b.tenant.calls = nil, nil
			b.sink.users = b.store.names() // a new process loads what is stored
			b.run(t, false)
			assert.Equal(t, tc.listings, b.tenant.called("users"))
			assert.Equal(t, tc.deltas, b.tenant.called("delta"))
			b.holds(t)
		})
	}
}

func TestAResumedRoundIsFollowedUpToThePresent(t *testing.T) {
	b := newBench(9)
	b.run(t, false)
	for i := range 9 {
		b.tenant.put(fmt.Sprintf("user-%04d", i), "renamed")
	}
	seen := 0
	b.store.crash = func(string) error {
		if seen++; seen == 2 {
			return errCrash
		}
		return nil
	}
	_, err := b.runner().Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	b.store.crash = nil
	b.sink.users = b.store.names()
	b.tenant.remove("user-0000") // after its page, and after the end of the interrupted round

	b.run(t, false)
	b.holds(t)
}

func TestAnInterruptedRoundSaysSoAndKeepsItsPages(t *testing.T) {
	b := newBench(12)
	ctx, cancel := context.WithCancel(t.Context())
	b.tenant.before = func(call string) {
		if b.tenant.called("users") == 2 {
			cancel()
		}
	}
	r := b.runner()
	_, err := r.Run(ctx, false)
	assert.Equal(t, model.KindInterrupted, kindOf(t, err))
	assert.Equal(t, 6, b.store.state.Users)
	assert.Equal(t, model.KindInterrupted, r.Progress().LastError.Kind)
	assert.False(t, r.Progress().Running)
}

func TestAnExpiredPageLinkIsReadAgainFromTheDeltaLink(t *testing.T) {
	b := newBench(9)
	b.run(t, false)
	for i := range 9 {
		b.tenant.put(fmt.Sprintf("user-%04d", i), "renamed")
	}
	seen := 0
	b.store.crash = func(when string) error {
		if seen++; seen == 2 {
			return errCrash
		}
		return nil
	}
	_, err := b.runner().Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	b.store.crash = nil
	b.tenant.forgetPages()

	result := b.run(t, false)
	assert.Equal(t, refresh.ModeDelta, result.Mode)
	b.sink.users = b.store.names()
	b.holds(t)
}

func TestAForgottenDeltaLinkLeadsToAResync(t *testing.T) {
	b := newBench(40)
	b.run(t, false)
	b.tenant.put("user-0002", "renamed")
	b.tenant.put("zz-new", "new")
	b.tenant.remove("user-0030")
	b.tenant.forget()
	before := b.store.names()
	b.tenant.before = func(string) {
		assert.Equal(t, before, b.store.names(), "the former data stays while the new is read")
		assert.Equal(t, before, b.sink.users, "and so does what the panes read")
	}

	result := b.run(t, false)
	assert.Equal(t, refresh.ModeResync, result.Mode)
	assert.Equal(t, refresh.Effect{Added: 1, Updated: 1, Removed: 1}, result.Effect)
	assert.Nil(t, b.store.staging)
	assert.False(t, b.store.state.Resync)
	assert.Equal(t, 1, b.sink.resets, "the first round alone: a plan made meanwhile must not take a part for the tenant")
	assert.Equal(t, 1, b.sink.loads, "the new data came at once")
	b.holds(t)
}

func TestASinkFollowsAPromotionWhoseCallerHasGone(t *testing.T) {
	b := newBench(10)
	b.run(t, false)
	b.tenant.remove("user-0003")
	b.tenant.forget()
	ctx, cancel := context.WithCancel(t.Context())
	b.store.crash = func(when string) error {
		if when == "after promote" {
			cancel()
		}
		return nil
	}
	_, err := b.runner().Run(ctx, false)
	require.NoError(t, err)
	b.holds(t)
}

func TestAFirstReadWhoseLinkExpiresBeginsAnew(t *testing.T) {
	b := newBench(9)
	once := true
	b.tenant.before = func(string) {
		if once && b.tenant.called("users") == 2 {
			once = false
			b.tenant.remove("user-0000")
			b.tenant.forget()
		}
	}
	result := b.run(t, false)
	assert.Equal(t, refresh.ModeInitial, result.Mode)
	assert.Equal(t, 8, result.Users)
	b.holds(t)
}

func TestAKilledResyncGoesOnInItsStagingStore(t *testing.T) {
	b := newBench(30)
	b.run(t, false)
	b.tenant.forget()
	seen := 0
	b.store.crash = func(when string) error {
		if when == "after commit" {
			if seen++; seen == 6 { // the mark, the beginning, four pages
				return errCrash
			}
		}
		return nil
	}
	_, err := b.runner().Run(t.Context(), false)
	require.ErrorIs(t, err, errCrash)
	b.store.crash, b.tenant.calls = nil, nil

	result := b.run(t, false)
	assert.Equal(t, refresh.ModeResync, result.Mode)
	assert.Equal(t, 6, b.tenant.called("users"), "four of ten pages were read before")
	b.holds(t)
}

func TestAFullRunReadsEverythingIntoANewStore(t *testing.T) {
	b := newBench(6)
	b.run(t, false)
	b.tenant.calls = nil
	result := b.run(t, true)
	assert.Equal(t, refresh.ModeResync, result.Mode)
	assert.Zero(t, result.Effect)
	assert.Equal(t, 2, b.tenant.called("users"))
	b.holds(t)
}

func TestAnotherChoiceOfAttributesReadsEverythingAgain(t *testing.T) {
	b := newBench(6)
	b.run(t, false)
	var err error
	b.schema, err = model.NewSchema("department")
	require.NoError(t, err)

	assert.Equal(t, refresh.ModeResync, b.run(t, false).Mode)
	assert.Equal(t, b.schema.Fingerprint(), b.store.state.Fingerprint)
	assert.Equal(t, refresh.ModeDelta, b.run(t, false).Mode)
}

func TestTheStoreOfAnotherTenantIsRefused(t *testing.T) {
	b := newBench(6)
	b.run(t, false)
	before := b.store.names()
	b.id = "22222222-2222-2222-2222-222222222222"
	b.tenant = newTenant(2)

	_, err := b.runner().Run(t.Context(), false)
	var e *model.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "otherTenant", e.Code)
	assert.Contains(t, e.Message, tenantID)
	assert.Equal(t, before, b.store.names())
	assert.Empty(t, b.tenant.calls)
}

func TestALinkThatComesRoundAgainEndsTheRound(t *testing.T) {
	tests := map[string]struct {
		call string
		link string
	}{
		"in the listing": {"users", "users/0/user-0002"},
		"in the delta":   {"delta", "page/0/12/24/3"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(12)
			if tc.call == "delta" {
				b.run(t, false)
				for i := range 12 {
					b.tenant.put(fmt.Sprintf("user-%04d", i), "renamed")
				}
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
			_, err := b.runner().Run(t.Context(), false)
			var e *model.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, "pagingLoop", e.Code)
			assert.Equal(t, model.KindUnavailable, e.Kind)

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
	_, err := b.runner().Run(t.Context(), false)
	assert.Equal(t, model.KindUnavailable, kindOf(t, err))
	assert.False(t, b.store.state.Complete)
}

func TestAnEmptyPageIsNotTheEnd(t *testing.T) {
	b := newBench(9)
	pages := 0
	b.tenant.rewrite = func(call string, p *refresh.Page) {
		if call != "users" {
			return
		}
		if pages++; pages == 1 {
			p.Changes, p.Next = nil, "users/0/" // nothing yet: go on from the beginning
		}
	}
	b.run(t, false)
	assert.Equal(t, 4, pages)
	b.holds(t)
}

func TestAServiceThatKeepsForgettingIsGivenUp(t *testing.T) {
	b := newBench(6)
	b.run(t, false)
	before := b.store.names()
	b.tenant.calls = nil
	b.tenant.fail = func(call, _ string) error {
		if call == "users" || call == "delta" {
			return refresh.ErrResync
		}
		return nil
	}
	_, err := b.runner().Run(t.Context(), false)
	assert.Equal(t, model.KindUnavailable, kindOf(t, err))
	require.ErrorIs(t, err, refresh.ErrResync)
	assert.Equal(t, before, b.store.names())
	assert.Equal(t, 3, b.tenant.called("users"))
}

func TestASinkIsNotNeeded(t *testing.T) {
	b := newBench(5)
	r := refresh.New(refresh.Options{
		Source: b.tenant, Store: b.store, Schema: b.schema, TenantID: func() string { return tenantID },
	})
	for _, full := range []bool{false, false, true} {
		_, err := r.Run(t.Context(), full)
		require.NoError(t, err)
	}
	assert.Equal(t, b.tenant.users, b.store.names())
}
