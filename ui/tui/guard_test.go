package tui

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
	"rollcall/model/refresh"
)

// shrinkingTenant is one from which twelve of sixty users are deleted; its data
// is older than a day, so that the schedule finds out.
func shrinkingTenant() *fakeTenant {
	t := livingTenant().lastSynced(25 * time.Hour)
	for _, u := range t.users[20:32] {
		t.changes = append(t.changes, model.Change{ID: u.ID, Removed: "deleted"})
	}
	return t
}

// awake lets a dialog's grace period pass.
func (s *screen) awake() { s.pass(approvalGrace) }

func TestARoundThatTheGuardStoppedAsks(t *testing.T) {
	onEachSize(t, shrinkingTenant, Options{}, func(s *screen, suffix string) {
		s.press("y", "enter") // typed for the screen before: nobody has read the question
		s.shows("Remove 12 users?")
		s.awake()
		s.golden("guard" + suffix)
		s.shows("12 of 60 users")
		s.press("esc")
		s.hides("Remove 12 users?")
		s.shows("60 users")
		s.shows("12 held")
		s.shows("! 12 removals wait · ! decides")
		s.press("5")
		s.golden("guard-activity" + suffix)
		s.press("!")
		s.shows("Remove 12 users?")
	})
}

func TestRemovalsAreAcceptedByTheirNumberOnly(t *testing.T) {
	onScreen(t, shrinkingTenant, 120, 40, Options{}, func(s *screen) {
		s.awake()
		s.press("1", "3", "tab", "tab", "enter")
		s.shows("60 users")
		s.shows("Remove 12 users?")
		s.press("shift+tab", "shift+tab", "backspace", "2", "tab", "tab", "enter")
		s.pass(time.Second)
		s.hides("Remove 12 users?")
		s.shows("48 users")
		s.shows("✓ synced 14:02")
		s.hides("held")
		assert.Equal(t, 12, s.root.ws.Progress().LastRound.Removed)
	})
}

func TestReadingEverythingAgainIsTheOtherWay(t *testing.T) {
	onScreen(t, shrinkingTenant, 120, 40, Options{}, func(s *screen) {
		s.awake()
		s.press("tab", "tab", "tab", "enter")
		s.pass(time.Second)
		assert.Equal(t, refresh.ModeResync, s.root.ws.Progress().LastRound.Mode)
		s.shows("60 users") // the listing still has them
		s.hides("held")
	})
}

func TestTheSameRemovalsAreAskedAboutOnce(t *testing.T) {
	onScreen(t, shrinkingTenant, 120, 40, Options{}, func(s *screen) {
		s.awake()
		s.press("esc", "5", "S")
		s.pass(time.Second)
		s.hides("Remove 12 users?")
		s.shows("12 removals wait")
		s.shows("12 held")
	})
}

func TestNoQuestionRisesAboveAnotherOne(t *testing.T) {
	tenant := func() *fakeTenant {
		t := shrinkingTenant()
		t.hold = make(chan struct{})
		return t
	}
	onScreen(t, tenant, 120, 40, Options{}, func(s *screen) {
		s.press("s")
		s.shows("Sort by")
		close(s.tenant.hold)
		s.pass(time.Second)
		s.shows("Sort by")
		s.hides("Remove 12 users?")
		s.press("esc", "!")
		s.shows("Remove 12 users?")
	})
}

func TestRemovalsThatWaitSinceAnEarlierRunAreABadge(t *testing.T) {
	tenant := func() *fakeTenant {
		t := syncedTenant()
		t.state.Held = 12
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.shows("12 held")
		s.shows("12 removals wait")
		s.hides("Remove 12 users?")
	})
}
