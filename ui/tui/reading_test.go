package tui

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
	"rollcall/model/refresh"
)

// newTenant was never synced. Its listing has partitions whose pages wait for
// tokens, and its clock goes.
func newTenant() *fakeTenant {
	t := newFakeTenant(smallTenant())
	t.begun, t.partitions, t.pageSize, t.hold = time.Now(), 6, 5, make(chan struct{})
	return t
}

// pages lets the tenant answer so many pages, one a second.
func (s *screen) pages(n int) {
	for range n {
		s.pass(time.Second)
		s.tenant.hold <- struct{}{}
	}
	s.pass(syncPoll)
}

func TestFirstReadShowsPartitionsPaceAndWhatIsLeft(t *testing.T) {
	onEachSize(t, newTenant, Options{}, func(s *screen, suffix string) {
		s.shows("Reading the directory")
		s.shows("0 of 6 partitions")
		s.golden("first-sync" + suffix)
		s.pages(6)
		s.shows("30 users")
		s.shows("syncing 30 of 60 users · 4/s · 0:08 left")
		s.shows("still being read")
		s.press("5")
		s.golden("first-sync-activity" + suffix)
		close(s.tenant.hold)
		s.pass(time.Second)
		s.press("1")
		s.shows("60 users")
		s.hides("being read")
	})
}

func TestAStoppedSyncKeepsWhatWasReadAndGoesOn(t *testing.T) {
	onScreen(t, newTenant, 120, 40, Options{}, func(s *screen) {
		s.pages(4)
		s.press("X")
		s.shows("The sync was stopped; 20 users are kept")
		s.press("5")
		s.shows("The last sync was stopped")
		s.shows("20 users so far")
		s.press("X")
		s.shows("No sync is running")
		s.press("S")
		s.pass(syncPoll)
		s.shows("20 of 60 users")
		close(s.tenant.hold)
		s.pass(time.Second)
		s.shows("✓ Synced 14:02")
		assert.Equal(t, refresh.ModeInitial, s.root.ws.Progress().LastRound.Mode)
		assert.Equal(t, 60, s.root.ws.Directory().Len())
	})
}

func TestAThrottledSyncCountsDown(t *testing.T) {
	onEachSize(t, newTenant, Options{}, func(s *screen, suffix string) {
		s.pages(2)
		s.tenant.mu.Lock()
		s.tenant.traffic.WaitUntil = s.tenant.time().Add(95 * time.Second)
		s.tenant.mu.Unlock()
		s.pass(syncPoll)
		s.shows("⏸ throttled, 1:35 to wait · X stops")
		s.pass(10 * time.Second)
		s.shows("⏸ throttled, 1:25 to wait · X stops")
		s.press("5")
		s.shows("the service asks to wait another 1:25")
		s.golden("throttled-activity" + suffix)
	})
}

func TestWhatARoundHasToSayStandsInActivity(t *testing.T) {
	tenant := func() *fakeTenant {
		t := newFakeTenant(smallTenant())
		t.refused = []string{"employeeHireDate", "faxNumber"}
		t.coverNote = "the users are read one page after another, because the tenant does not count them by date"
		return t
	}
	onEachSize(t, tenant, Options{}, func(s *screen, suffix string) {
		s.pass(time.Minute)
		s.press("5")
		s.shows("The tenant does not give these attributes")
		s.shows("faxNumber")
		s.golden("notes-activity" + suffix)
		s.press("tab")
		s.shows("The users are read one page after another")
		s.press("S")
		s.pass(time.Second)
		s.shows("last round: delta")
		s.shows("The tenant does not give these attributes: employeeHireDate, faxNumber")
	})
}

func TestDataThatIsReadAgainStaysAndSaysHowOldItIs(t *testing.T) {
	tenant := func() *fakeTenant {
		t := livingTenant().lastSynced(25 * time.Hour)
		t.deltaErr = refresh.ErrResync
		t.partitions, t.hold = 2, make(chan struct{})
		return t
	}
	onEachSize(t, tenant, Options{}, func(s *screen, suffix string) {
		s.tenant.hold <- struct{}{}
		s.pass(syncPoll)
		s.shows("data of 21 Nov 13:02, being read again")
		s.golden("stale" + suffix)
		s.press("X")
		s.pass(toastStays)
		s.shows("data of 21 Nov 13:02, to be read again")
		s.press("5")
		s.shows("everything is to be read again")
	})
}

func TestASyncThatFailsLeavesTheTableAndSaysWhy(t *testing.T) {
	tenant := func() *fakeTenant {
		t := livingTenant().lastSynced(25 * time.Hour)
		t.deltaErr = &model.Error{Kind: model.KindUnavailable, Code: "unreachable", Message: "graph.microsoft.com cannot be reached", Remedy: "check the network"}
		return t
	}
	onScreen(t, tenant, 80, 24, Options{}, func(s *screen) {
		s.shows("60 users")
		s.pass(toastBadStays)
		s.golden("sync-failed-80x24")
	})
}

func TestPaceBeginsWithWhatAnEarlierRoundRead(t *testing.T) {
	var p pace
	now := testNow
	s := refresh.Progress{Running: true, Phase: refresh.PhaseReading, Mode: refresh.ModeInitial, Read: 40_000, Expected: 100_000}
	p.watch(s, now)
	assert.Equal(t, "40,000 of 100,000 users", p.text(s), "nothing is known yet")
	for range 10 {
		now = now.Add(time.Second)
		s.Read += 1000
		p.watch(s, now)
	}
	assert.Equal(t, "50,000 of 100,000 users · 1,000/s · 0:50 left", p.text(s))
	s.Phase, s.Read = refresh.PhaseDelta, 50_000
	p.watch(s, now)
	assert.Zero(t, p.perSecond(), "the changes have a pace of their own")
	p.watch(refresh.Progress{}, now)
	assert.Equal(t, pace{}, p)
	assert.Equal(t, "7 changes", p.text(refresh.Progress{Mode: refresh.ModeDelta, Phase: refresh.PhaseDelta, Read: 7}))
	assert.Equal(t, "12 of 40 partitions", partitionText(refresh.Progress{Done: 12, Partitions: 40}))
	assert.Equal(t, "1 user", p.text(refresh.Progress{Mode: refresh.ModeInitial, Phase: refresh.PhaseReading, Read: 1}))
}
