package tui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

// aNight is long enough for a nightly round that is due soon, jitter and all.
const aNight = 40 * time.Minute

// livingTenant was synced before, and its clock goes.
func livingTenant() *fakeTenant {
	t := syncedTenant()
	t.begun = time.Now()
	return t
}

// lateTenant is a living one a minute before its nightly round.
func lateTenant() *fakeTenant {
	t := livingTenant()
	t.now = time.Date(2026, 11, 23, 1, 59, 0, 0, time.UTC)
	return t
}

func (t *fakeTenant) rounds() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.deltas
}

// pass lets time go by while nobody touches a key.
func (s *screen) pass(d time.Duration) {
	time.Sleep(d) // fake time
	s.settle()
}

func TestFreshDataIsNotReadAgainAtTheStart(t *testing.T) {
	onScreen(t, livingTenant, 120, 40, Options{}, func(s *screen) {
		s.shows("✓ synced 14:00 · next 02:00")
		assert.Zero(t, s.tenant.rounds())
	})
}

func TestDataOlderThanADayIsSyncedAtTheStart(t *testing.T) {
	tenant := func() *fakeTenant { return livingTenant().lastSynced(25 * time.Hour) }
	onScreen(t, tenant, 120, 40, Options{}, func(s *screen) {
		s.shows("✓ synced 14:02 · next 02:00")
		assert.Equal(t, 1, s.tenant.rounds())
	})
}

func TestANightPassesAndTheScreenShowsWhatItBrought(t *testing.T) {
	tenant := func() *fakeTenant {
		t := lateTenant()
		t.changes = []model.Change{{ID: "hired", Fields: []model.Field{{Attr: model.AttrDisplayName, Value: "Aaron Hired"}}}}
		return t
	}
	onScreen(t, tenant, 120, 40, Options{}, func(s *screen) {
		s.pass(aNight)
		assert.Equal(t, 1, s.tenant.rounds())
		s.shows("Aaron Hired")
		s.shows("61 users")
		s.shows("· next 02:00")
		s.press("5", "tab")
		s.shows("Synced 61 users: 1 added")
		s.press("tab")
		s.shows("delta: 61 users")
	})
}

// The rows hold no wide sign: see TestCursorMoveWritesLittle.
func TestIdleNightsWriteTheStatusLineAndNothingElse(t *testing.T) {
	onScreen(t, lateTenant, 120, 40, Options{}, func(s *screen) {
		s.press("/")
		s.send(tea.PasteMsg{Content: "member sales"})
		s.press("enter")
		text, before := s.text(), s.out.count()
		s.pass(aNight)
		const budget = 200 // bytes: the status line before, while and after the round
		assert.NotEmpty(t, s.out.after(before))
		assert.Less(t, s.out.count()-before, budget, "%q", s.out.after(before))
		frame := func(text string) string { return text[:strings.LastIndex(text, "✓")] }
		assert.Equal(t, frame(text), frame(s.text()))
		s.shows("✓ synced 02:")
		before = s.out.count()
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Empty(t, s.out.after(before), "nothing is due until the next night")
	})
}

func TestSyncAskedForDuringARoundOfTheScheduleJoinsIt(t *testing.T) {
	tenant := func() *fakeTenant {
		t := livingTenant().lastSynced(25 * time.Hour)
		t.hold = make(chan struct{})
		return t
	}
	onScreen(t, tenant, 120, 40, Options{}, func(s *screen) {
		s.shows("↻ syncing")
		s.press("5", "S")
		s.shows("A sync is running already")
		s.press("F") // reads everything, after the round that follows the changes
		s.tenant.hold <- struct{}{}
		s.settle()
		assert.Equal(t, 1, s.tenant.rounds())
		s.shows("↻ reading again 0 of 60 users")
		s.shows("until it ends, the data is that of 14:02")
		close(s.tenant.hold)
		s.pass(time.Second)
		s.shows("✓ synced 14:02 · next 02:00")
		assert.Equal(t, refresh.ModeResync, s.root.ws.Progress().LastRound.Mode)
	})
}

func TestARoundThatFailsAgainIsToldOnce(t *testing.T) {
	tenant := func() *fakeTenant {
		t := livingTenant().lastSynced(25 * time.Hour)
		t.deltaErr = &model.Error{Kind: model.KindUnavailable, Code: "unreachable", Message: "graph.microsoft.com cannot be reached"}
		return t
	}
	onScreen(t, tenant, 120, 40, Options{}, func(s *screen) {
		s.shows("Sync failed: graph.microsoft.com cannot be reached")
		s.pass(90 * time.Second) // tried again after one minute
		require.Equal(t, 2, s.tenant.rounds())
		s.hides("Sync failed")
		s.shows("✗ sync failed")
		s.tenant.mu.Lock()
		s.tenant.deltaErr = nil
		s.tenant.mu.Unlock()
		s.pass(10 * time.Minute)
		s.shows("✓ synced 14:05 · next 02:00")
	})
}

func TestWithoutAScheduleNothingIsPromised(t *testing.T) {
	onScreen(t, lateTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.pass(aNight)
		s.shows("✓ synced 22 Nov 14:00")
		s.hides("next")
		assert.Zero(t, s.tenant.rounds())
	})
}
