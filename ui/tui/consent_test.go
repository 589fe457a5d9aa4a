package tui

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
)

// grant gives a session that may do more, as a consent in a browser does.
func (t *fakeTenant) grant(scope string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	more := *t.session
	more.Scopes = append([]string{scope}, more.Scopes...)
	t.session = &more
}

// opened is a browser that takes every page.
func opened(string) error { return nil }

func TestConsentIsWaitedForAfterThePageOpened(t *testing.T) {
	onScreen(t, unconsentedTenant, 80, 24, Options{OpenURL: opened}, func(s *screen) {
		s.press("o")
		s.shows("waiting for the tenant's answer")
		s.shows("esc stop waiting")
		s.golden("consent-waiting-80x24")
		s.pass(3 * consentPause)
		s.shows("waiting for the tenant's answer")
		s.tenant.grant("User.Read.All")
		s.pass(consentPause)
		s.shows("The permissions are granted")
		s.shows("60 users")
	})
}

func TestWaitingForConsentEnds(t *testing.T) {
	onScreen(t, unconsentedTenant, 80, 24, Options{OpenURL: opened}, func(s *screen) {
		s.press("o")
		s.pass(consentTries*consentPause + time.Second)
		s.hides("waiting for the tenant's answer")
		s.shows("User.Read.All is not granted yet")
		assert.Equal(t, consentTries, s.tenant.renewals())
		s.pass(time.Minute) // the notice goes
		before := s.out.count()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		assert.Empty(t, s.out.after(before))
		assert.Equal(t, consentTries, s.tenant.renewals())
	})
}

func TestEscStopsWaitingAndThenLeaves(t *testing.T) {
	onScreen(t, unconsentedTenant, 80, 24, Options{OpenURL: opened}, func(s *screen) {
		s.press("o", "esc")
		s.hides("waiting for the tenant's answer")
		s.shows("Permissions")
		s.pass(2 * consentPause)
		assert.Zero(t, s.tenant.renewals(), "nobody asks any more")
		s.press("r")
		assert.Equal(t, 1, s.tenant.renewals(), "r asks at once")
		s.press("esc")
		s.shows("The permission to read users has not been granted")
	})
}

func TestLeavingStopsWaitingForConsent(t *testing.T) {
	onScreen(t, unconsentedTenant, 80, 24, Options{OpenURL: opened}, func(s *screen) {
		s.press("o", "enter")
		s.shows("The permission to read users has not been granted")
		s.pass(2 * consentPause)
		assert.Zero(t, s.tenant.renewals())
	})
}

func TestPageThatDoesNotOpenIsNotWaitedFor(t *testing.T) {
	noBrowser := func(string) error { return errors.New("there is no browser on this machine") }
	onScreen(t, unconsentedTenant, 80, 24, Options{OpenURL: noBrowser}, func(s *screen) {
		s.press("o")
		s.shows("there is no browser on this machine")
		s.hides("waiting for the tenant's answer")
	})
}

func TestRefusalEndsTheWait(t *testing.T) {
	onScreen(t, unconsentedTenant, 80, 24, Options{OpenURL: opened}, func(s *screen) {
		s.press("o")
		s.tenant.mu.Lock()
		s.tenant.reach = &model.Error{Kind: model.KindSignIn, Code: "AADSTS50173", Message: "the session was revoked", Remedy: "sign in again"}
		s.tenant.mu.Unlock()
		s.pass(consentPause)
		s.shows("the session was revoked: sign in again")
		s.hides("waiting for the tenant's answer")
	})
}

func TestConsentPageIsBrokenAtTheEdgeOnly(t *testing.T) {
	onScreen(t, unconsentedTenant, 60, 24, Options{}, func(s *screen) {
		inOnePiece := strings.NewReplacer("│", "", "\n", "").Replace(s.text())
		assert.Contains(t, inOnePiece, s.tenant.ConsentURL([]string{"User.Read.All"}))
	})
}
