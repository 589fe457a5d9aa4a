package tui

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
)

// offlineTenant was synced two minutes ago and cannot be reached.
func offlineTenant() *fakeTenant {
	t := livingTenant()
	t.reach = &model.Error{Kind: model.KindUnavailable, Code: "unreachable", Message: "login.microsoftonline.com cannot be reached", Remedy: "check the network"}
	return t
}

func (t *fakeTenant) comeOnline() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reach = nil
}

func TestAStartWithoutANetworkBecomesASessionWhenThereIsOne(t *testing.T) {
	onScreen(t, offlineTenant, 120, 40, Options{}, func(s *screen) {
		s.shows("offline · data of 14:00")
		s.pass(2 * time.Minute)
		s.shows("offline · data of 14:00")
		s.hides("Sync failed") // that there is no network has been said
		assert.Zero(t, s.tenant.rounds())

		s.tenant.comeOnline()
		s.pass(2 * time.Minute)
		s.hides("offline")
		s.shows("✓ synced 14:05 · next 02:00")
		assert.Equal(t, 1, s.tenant.rounds())
	})
}

func TestARoundAskedForWithoutANetworkRunsOnceThereIsOne(t *testing.T) {
	onScreen(t, offlineTenant, 120, 40, Options{}, func(s *screen) {
		s.press("5", "S")
		s.shows("offline")
		s.tenant.comeOnline()
		s.press("S")
		s.settle()
		s.shows("✓ synced 14:02 · next 02:00")
	})
}

func TestARuleThatTheTenantCannotBeAskedForIsNotCalledMisread(t *testing.T) {
	onScreen(t, offlineTenant, 80, 24, Options{}, func(s *screen) {
		s.press("2", "n", "ctrl+t")
		s.paste(`user.memberOf -any (group.objectId -in ["00000000-0000-4000-8000-000000000001"])`)
		s.shows("cannot be reached")
		s.hides("when the rule reads again")
		s.press("backspace")
		s.shows("when the rule reads again")
	})
}
