package tui

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// sizes are the terminals that every golden screen is drawn on.
var sizes = []struct{ width, height int }{{80, 24}, {120, 40}}

// onEachSize runs a test on every terminal.
func onEachSize(t *testing.T, tenant func() *fakeTenant, o Options, test func(s *screen, suffix string)) {
	t.Helper()
	for _, size := range sizes {
		suffix := fmt.Sprintf("-%dx%d", size.width, size.height)
		t.Run(suffix[1:], func(t *testing.T) {
			onScreen(t, tenant, size.width, size.height, o, func(s *screen) { test(s, suffix) })
		})
	}
}

// syncedTenant was synced before; its log holds some calls and its ledger a segment.
func syncedTenant() *fakeTenant {
	t := newFakeTenant(smallTenant()).synced()
	t.withSegments(
		workspace.Segment{Name: "Engineers", Rule: `user.department -eq "Engineering"`, CreatedAt: testNow, ChangedAt: testNow},
		workspace.Segment{Name: "Everybody", Rule: `user.objectId -ne null`, CreatedAt: testNow, ChangedAt: testNow},
	)
	t.events = []workspace.Event{
		{At: testNow.Add(-26 * time.Hour), By: "admin@contoso.com", Action: "segment.save", Subject: "Engineers", Detail: `user.department -eq "Engineering"`},
		{At: testNow.Add(-2 * time.Minute), By: "admin@contoso.com", Action: "sync", Subject: t.session.TenantID, Detail: "delta"},
	}
	t.calls = []workspace.Call{
		{At: testNow.Add(-time.Minute), Method: "GET", Path: "/v1.0/users/delta", Status: 200, RequestID: "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", Elapsed: 143 * time.Millisecond, Attempt: 2, Note: "waited 2.1 s: 429"},
		{At: testNow.Add(-time.Minute - 3*time.Second), Method: "GET", Path: "/v1.0/users/delta", Status: 429, RequestID: "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", Elapsed: 21 * time.Millisecond, Attempt: 1},
		{At: testNow.Add(-25 * time.Hour), Method: "POST", Path: "/v1.0/$batch", Status: 503, RequestID: "6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b", Elapsed: 3 * time.Second, Attempt: 1},
	}
	t.traffic = workspace.Traffic{Requests: 3, Throttled: 1, Retried: 1}
	return t
}

func signedOutTenant() *fakeTenant {
	t := newFakeTenant(smallTenant())
	t.session = nil
	t.code = &workspace.DeviceCode{UserCode: "F7K9PQ2MX", VerificationURL: "https://microsoft.com/devicelogin", ExpiresAt: testNow.Add(14*time.Minute + 32*time.Second)}
	return t
}

func TestDirectoryShowsWhatWasSyncedBefore(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("j", "j", "j", "space", "j")
		s.golden("directory" + suffix)
	})
}

func TestDirectoryFiltersAsOneTypes(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("/", "n", "o", "v")
		s.shows("Flag")
		s.hides("Member 01")
		s.golden("directory-filter" + suffix)
		s.press("esc")
		s.shows("60 users")
	})
}

func TestFacetsNarrowAndTheNarrowingIsNamed(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("f")
		s.golden("facets" + suffix)
		s.press("enter")
		s.shows("Facets ▸ Department")
		s.golden("facets-values" + suffix)
		s.press("enter")
		s.shows("Directory ▸ department: Engineering")
		s.shows("15 of 60")
		s.press("esc")
		s.shows("60 users")
	})
}

func TestSortMenuSortsAndReverses(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("s")
		s.golden("sort-120x40")
		s.press("d", "e", "p", "enter")
		s.shows("Department ▲")
		s.press("s", "enter")
		s.shows("Department ▼")
	})
}

func TestHelpSearchesAndRunsWhatItLists(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("?")
		s.golden("help" + suffix)
		s.press("a", "c", "t", "i", "v", "i", "t", "y")
		s.shows("Go to Activity")
		s.press("enter")
		assert.Equal(s.t, paneActivity, s.root.current)
	})
}

func TestActivityShowsTheSyncAndEveryCall(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("5")
		s.golden("activity" + suffix)
		s.press("tab", "tab")
		s.shows("segment.save")
		s.press("enter")
		s.golden("activity-audit" + suffix)
	})
}

func TestSignInShowsCodeAndCountsDown(t *testing.T) {
	onEachSize(t, signedOutTenant, Options{}, func(s *screen, suffix string) {
		s.golden("signin" + suffix)
	})
}

func TestSignInEndsInTheSyncedDirectory(t *testing.T) {
	onScreen(t, signedOutTenant, 80, 24, Options{}, func(s *screen) {
		s.shows("F7K9PQ2MX")
		s.tenant.signedIn <- newFakeTenant(nil).session
		s.settle()
		s.shows("60 users")
		s.shows("✓ synced 14:02")
	})
}

func TestSignInThatFailsAfterItsCodeAsksForANewOne(t *testing.T) {
	onScreen(t, signedOutTenant, 80, 24, Options{}, func(s *screen) {
		s.shows("r new code")
		s.send(signInEndMsg{&model.Error{Kind: model.KindSignIn, Code: "AADSTS70020", Message: "the code has expired"}})
		s.settle()
		s.shows("r asks for a new code")
	})
}

func TestSignInFailureShowsItsRemedy(t *testing.T) {
	tenant := func() *fakeTenant {
		t := signedOutTenant()
		t.code = nil
		return t
	}
	onScreen(t, tenant, 80, 24, Options{}, func(s *screen) {
		s.golden("signin-failed-80x24")
		s.shows("r tries again") // there was no code, so none is new
		s.press("esc")
		s.shows("nobody is signed in")
	})
}

// unconsentedTenant may read groups only.
func unconsentedTenant() *fakeTenant {
	t := newFakeTenant(smallTenant())
	t.session.Scopes = []string{"GroupMember.Read.All"}
	return t
}

func TestConsentExplainsWhatIsMissing(t *testing.T) {
	onEachSize(t, unconsentedTenant, Options{}, func(s *screen, suffix string) {
		s.golden("consent" + suffix)
		s.press("esc")
		s.shows("The permission to read users has not been granted")
		s.shows("read-only")
	})
}

func TestConsentGivenMeanwhileIsNoticed(t *testing.T) {
	onScreen(t, unconsentedTenant, 80, 24, Options{}, func(s *screen) {
		more := *s.tenant.session
		more.Scopes = append([]string{"User.Read.All"}, more.Scopes...)
		s.tenant.session = &more
		s.press("r")
		s.shows("60 users")
	})
}

func TestSyncThatNeedsSignInLeadsThere(t *testing.T) {
	tenant := func() *fakeTenant {
		t := syncedTenant().lastSynced(25 * time.Hour)
		t.code = signedOutTenant().code
		t.deltaErr = &model.Error{Kind: model.KindSignIn, Code: "AADSTS50173", Message: "the session was revoked", Remedy: "sign in again"}
		return t
	}
	onScreen(t, tenant, 80, 24, Options{}, func(s *screen) {
		s.shows("sync failed")
		s.shows("the session was revoked: sign in again")
		s.press("5", "S")
		s.shows("F7K9PQ2MX")
		s.tenant.deltaErr = nil
		s.tenant.signedIn <- s.tenant.session
		s.settle()
		s.shows("✓ synced 14:02")
	})
}

func TestOfflineStaysReadable(t *testing.T) {
	tenant := func() *fakeTenant {
		t := syncedTenant()
		t.reach = &model.Error{Kind: model.KindUnavailable, Code: "unreachable", Message: "login.microsoftonline.com cannot be reached", Remedy: "check the network"}
		return t
	}
	onScreen(t, tenant, 80, 24, Options{}, func(s *screen) {
		s.golden("offline-80x24")
		s.shows("60 users")
		s.shows("offline · data of 14:00")
	})
}

func TestLockedProfileSaysWhoHoldsIt(t *testing.T) {
	tenant := func() *fakeTenant {
		t := syncedTenant()
		t.openErr = &model.Error{Kind: model.KindLocked, Code: "locked", Message: "another rollcall (process 4711) holds this profile's files", Remedy: "quit it first"}
		return t
	}
	onScreen(t, tenant, 80, 24, Options{}, func(s *screen) {
		s.shows("process 4711")
		s.tenant.openErr = nil
		s.press("r")
		s.shows("60 users")
	})
}

// TestTheAuditTellsOfAPlanRowByRow opens the lines that a run wrote.
func TestTheAuditTellsOfAPlanRowByRow(t *testing.T) {
	tenant := func() *fakeTenant {
		t := syncedTenant()
		approval := writeback.Approval{By: "admin@contoso.com", From: "ada@laptop", At: testNow, AllowRemovals: 62, Reason: "the team was dissolved"}
		t.events = append(t.events,
			workspace.Event{
				At: testNow, By: "admin@contoso.com", Action: workspace.ActionApprove, Subject: "sg-sales", PlanID: "9bd78b544b82", Hash: "sha256:9bd78b544b82",
				Detail: "plan 9bd78b544b82: 64 rows to write, allows 62 removals", Approval: &approval,
			},
			workspace.Event{At: testNow, By: "admin@contoso.com", Action: workspace.ActionRows, Subject: "sg-sales", PlanID: "9bd78b544b82", Detail: "plan 9bd78b544b82: 1 done, 1 failed", Rows: []workspace.RowEvent{
				{UserID: t.users[0].ID, State: writeback.RowDone, RequestID: "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"},
				{UserID: "gone", Remove: true, State: writeback.RowFailed, Reason: "insufficient privileges", RequestID: "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"},
			}})
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("5", "tab", "tab")
		s.shows("plan.rows")
		s.press("enter")
		s.golden("activity-audit-rows" + suffix)
		s.shows("9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d")
		s.press("esc", "j", "enter")
		s.shows("the team was dissolved")
		s.shows("ada@laptop")
	})
}
