package tui

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/writeback"
)

// approvedWith approves the plan under review, whose guards want a number and a
// reason.
func (s *screen) approvedWith(number, reason string) {
	s.t.Helper()
	s.press("A")
	s.wait(approvalGrace)
	s.typed(number)
	s.press("enter")
	s.typed(reason)
	s.press("enter", "y", "enter")
}

// onlyRun is the journal of the one plan that was applied.
func (s *screen) onlyRun() *writeback.Run {
	s.t.Helper()
	require.Len(s.t, s.tenant.runs(), 1)
	for _, run := range s.tenant.runs() {
		return run
	}
	return nil
}

// crowdedTenant has sixty users in sg-sales, of whom an audience of one leaves
// nearly nobody.
func crowdedTenant() *fakeTenant {
	t := nestedTenant()
	t.members[t.group("sg-sales").ID] = t.usersFrom(0, 60)
	return t
}

// TestWritebackIsWalkedFromReviewToUndo is the way of a plan that goes wrong
// half-way.
func TestWritebackIsWalkedFromReviewToUndo(t *testing.T) {
	refused := &model.Error{Kind: model.KindFailed, Code: "Authorization_RequestDenied", Message: "insufficient privileges to complete the operation"}
	tenant := func() *fakeTenant {
		t := crowdedTenant()
		rows := 0
		t.outcome = func(writeback.RowResult) *model.Error {
			if rows++; rows > 20 {
				return refused
			}
			return nil
		}
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("user0001@contoso.com", "sg-sales")
		s.shows("! removals 59 of 50 allowed · 99 % of 20 %: type 59 at A")
		s.golden("writeback-tripped" + suffix)

		// Four rows by a range, all that a search leaves, and some of them again.
		s.press("v", "j", "j", "j")
		s.shows("4 rows in the range")
		s.press("space")
		s.shows("skipped 4")
		s.shows("- 55")
		s.press("/")
		s.typed("member 1")
		s.shows("/ member 1")
		s.golden("writeback-search" + suffix)
		s.press("enter", "*")
		s.shows("- 40")
		s.press("*")
		s.shows("- 55")
		s.press("esc")
		s.hides("/ member 1")
		s.press("tab", "tab", "tab")
		s.shows("showing skipped · 4 rows")
		s.golden("writeback-left-out" + suffix)
		s.press("tab")

		s.approvedWith("55", "the team was dissolved")
		s.shows("! 35 rows failed")
		s.shows("Insufficient privileges")
		s.golden("writeback-half-way" + suffix)
		run := s.onlyRun()
		assert.Equal(s.t, writeback.RunPartial, run.State)
		assert.Equal(s.t, "the team was dissolved", run.Approval.Reason)
		assert.Equal(s.t, 55, run.Approval.AllowRemovals)
		s.press("shift+tab")
		s.shows("showing failed · 35 rows")
		s.press("enter")
		s.shows("✗ insufficient privileges")
		s.press("esc")

		s.tenant.outcome = nil
		s.press("r")
		s.shows("✓ Applied and verified")
		s.hides("failed 35")
		s.golden("writeback-resumed" + suffix)
		for user := range 60 {
			assert.Equal(s.t, user < 5, s.tenant.holds("sg-sales", user), "user %d", user+1)
		}
		s.press("A")
		s.shows("u proposes its undo") // never the same plan twice

		s.press("u")
		s.shows("undo of plan " + run.Plan.ID)
		s.approved()
		s.shows("✓ Applied and verified")
		for user := range 60 {
			assert.True(s.t, s.tenant.holds("sg-sales", user), "user %d", user+1)
		}
	})
}

func TestTheFirstMirrorOfAGroupAsksHarder(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.policy = writeback.DefaultPolicy()
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("segment:Engineers", "sg-sales")
		s.shows("! First mirror of this group, which may remove nobody: type 6 at A")
		s.press("A")
		s.wait(approvalGrace)
		s.golden("writeback-first-mirror" + suffix)
		s.press("esc")
		s.approvedWith("6", "asked for by Sales")
		s.shows("✓ Applied and verified")
		assert.Equal(s.t, "asked for by Sales", s.onlyRun().Approval.Reason)

		// The second one of the group does not.
		s.press("esc", "tab", "ctrl+u")
		s.typed("user0001@contoso.com")
		s.press("enter")
		s.shows("Plan ")
		s.hides("First mirror")
	})
}

func TestKeysThatCameEarlyAnswerNothing(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.planned("segment:Engineers", "sg-sales")
		s.press("A")
		// Held down, or late over a slow line: each key begins the silence anew.
		for range 20 {
			time.Sleep(approvalGrace / 5) // fake time
			s.send(press("y"))
			s.send(press("enter"))
			synctest.Wait()
		}
		s.shows("Apply this plan to the tenant?")
		assert.Empty(t, s.tenant.runs())
		s.paste("y\r")
		s.wait(approvalGrace)
		s.paste("y\r")
		s.shows("Apply this plan to the tenant?")
		s.press("enter")
		s.hides("Apply this plan to the tenant?")
		assert.Empty(t, s.tenant.runs(), "No is the default")
	})
}

func TestAPlanThatNeedsASecondAdministratorSaysWhatToDo(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.policy.SecondApprover = true
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("segment:Engineers", "sg-sales")
		s.golden("writeback-second" + suffix)
		s.press("A")
		s.shows("second administrator")
		s.hides("Apply this plan to the tenant?")
		s.press("w")
		s.shows("Write the plan itself")
		s.press("esc")

		// The colleague opens it from the list.
		s.tenant.session.Account = "colleague@contoso.com"
		s.press("esc", "enter")
		s.shows("A asks for approval")
		s.approved()
		s.shows("✓ Applied and verified")
		assert.Equal(s.t, "colleague@contoso.com", s.onlyRun().Approval.By)
	})
}

func TestAListThatExchangeAloneWritesIsHandedOver(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("segment:Engineers", "Managers")
		s.golden("writeback-refused-list" + suffix)
		s.press("x")
		s.shows("To be made by hand in Exchange")
		s.golden("writeback-hand-over" + suffix)
		s.press("A")
		s.shows("x writes the files for it")
		s.hides("Apply this plan to the tenant?")
		assert.Empty(s.t, s.tenant.runs())
		s.press("space")
		s.shows("skipped 2")
		s.press("x")
		s.shows("Hand the plan over")
	})
}

func TestRowsThatWereTakenBackNeedAnotherApproval(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.writing = make(chan struct{})
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("segment:Engineers", "sg-sales")
		s.approved()
		s.tenant.writing <- struct{}{}
		s.tenant.writing <- struct{}{}
		s.wait(applyPoll)
		s.press("esc")
		s.wait(confirmGrace)
		s.press("y")
		s.shows("r resumes")
		close(s.tenant.writing)

		group := s.tenant.group("sg-sales").ID
		s.tenant.write(group, s.review().ref(0).ID, true) // behind its back
		s.press("r")
		s.wait(10 * time.Minute)
		s.shows("taken back by somebody: user0001@contoso.com (no member any more)")
		s.golden("writeback-taken-back" + suffix)
		assert.False(s.t, s.tenant.holds("sg-sales", 0), "nothing was written")

		s.press("r")
		s.wait(approvalGrace)
		s.golden("writeback-approve-again" + suffix)
		s.press("y", "enter")
		s.wait(10 * time.Minute)
		s.shows("✓ Applied and verified")
		assert.True(s.t, s.tenant.holds("sg-sales", 0))
	})
}

func TestAMissingRoleIsSaidBeforeTheApproval(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.session.AccountID = "99999999-9999-4999-8999-999999999999"
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("segment:Engineers", "sg-sales")
		s.shows("has no role")
		s.golden("writeback-role" + suffix)
		s.press("A")
		s.wait(approvalGrace)
		s.shows("has no role")
		s.press("y", "enter")
		s.shows("✓ Applied and verified") // Graph has the last word
	})
}

func TestABrokenAuditIsSaidLoudly(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.auditErr = &model.Error{Kind: model.KindFailed, Code: "auditBroken", Message: "the audit was changed: event 17 does not follow from the one before it", Remedy: "restore ledger.db from a backup"}
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("segment:Engineers", "sg-sales")
		s.shows("THE AUDIT IS BROKEN")
		s.golden("writeback-broken-audit" + suffix)
		s.press("/") // the cursor stands where it is typed
		s.typed("vance")
		cursor := s.root.cursor()
		before, _, found := strings.Cut(strings.Split(s.text(), "\n")[cursor.Y], "vance")
		assert.True(s.t, found)
		assert.Equal(s.t, s.root.theme.width(before+"vance"), cursor.X)
		s.press("esc", "5")
		s.golden("activity-broken-audit" + suffix)
	})
}

func TestTheGroupIsCompletedFromPlansAndPreviews(t *testing.T) {
	onScreen(t, nestedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("staff@contoso.com, sg-sales")
		s.press("enter", "4", "tab")
		s.typed("sal")
		s.shows("security group")
		s.golden("writeback-complete-120x40")
		s.press("tab", "ctrl+u")
		s.typed("boar")
		s.shows("Microsoft 365 group")
		s.press("ctrl+u")
		s.typed("manag")
		s.shows("cannot be written")
	})
}

func TestARangeAndASearchEndWithEsc(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.planned("segment:Engineers", "sg-sales")
		s.press("v", "j", "esc")
		s.hides("in the range")
		s.shows("Plan ")
		s.press("/")
		s.typed("nobody is called so")
		s.shows("No row holds what is searched")
		s.press("enter", "esc")
		s.shows("showing all · 19 rows")
		s.press("esc")
		s.shows("Make a group equal to an audience")
	})
}

func TestAPlanWhoseRowsAreAllLeftOutCannotBeApproved(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.planned("segment:Engineers", "sg-sales")
		s.press("*")
		s.shows("+ 0")
		s.press("A")
		s.hides("Apply this plan")
		s.press("*")
		s.shows("+ 13")
	})
}

func TestARunThatWasStoppedWhileItReadBackSaysSo(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.planned("segment:Engineers", "sg-sales")
		run := &writeback.Run{Plan: *s.review().plan, State: writeback.RunOpen}
		for _, ref := range run.Plan.Add {
			run.Rows = append(run.Rows, writeback.Row{Ref: ref, State: writeback.RowDone})
		}
		s.review().adopt(run, newOutcome(run))
		s.press("j")
		s.shows("! Interrupted before the group was read back; 13 added, 0 removed.")
		s.hides("rows to go")
	})
}

func TestTimesOfPlansAreThoseOfTheScreensClock(t *testing.T) {
	east := testNow.In(time.FixedZone("EAST", 3*60*60))
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.now = east
		return t
	}
	onScreen(t, tenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.planned("segment:Engineers", "sg-sales")
		s.approved()
		s.shows("approved by admin@contoso.com on " + east.Format("2006-01-02 15:04 MST"))
		s.press("esc")
		s.shows(east.Format("2006-01-02 15:04"))
		s.hides(testNow.Format("2006-01-02 15:04"))
	})
}

func TestTheRowsHaveRoomInTheSmallestWindow(t *testing.T) {
	onScreen(t, crowdedTenant, 44, 12, Options{NoSync: true}, func(s *screen) {
		s.planned("user0001@contoso.com", "sg-sales")
		s.shows("60 members now → 1 then")
		s.shows("▸ all 59")
		s.shows("▸  - ")
	})
}

func TestWhatNoApprovalLiftsIsNotLedToTheApproval(t *testing.T) {
	tenant := func() *fakeTenant {
		t := crowdedTenant()
		t.policy.Rules.Guards.LeastSize = 10
		t.session.Scopes = []string{"User.Read.All", "GroupMember.Read.All"}
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.planned("user0001@contoso.com", "sg-sales")
		s.shows("! removals 59 of 50 allowed")
		s.shows("no approval lifts this")
		s.hides("at A")
		s.hides("A shows the permission")
		s.press("*")
		s.shows("Every row is left out")
	})
}

func TestALongRowOfNamesHidesNoNumber(t *testing.T) {
	th := darkTheme()
	long := "To: " + string(slices.Repeat([]byte("someone@contoso.com, "), 60))
	lines := fitFacts(th, []string{long, "", "12 are removed", "", "Nothing else changes."}, 60, 6)
	require.Len(t, lines, 6)
	assert.Contains(t, lines, "12 are removed")
	assert.Contains(t, lines, "Nothing else changes.")
	lines = fitFacts(th, []string{long, "", "12 are removed"}, 60, 2)
	assert.Equal(t, "12 are removed", lines[1], "the longest gives way, then the blank line")
}

func TestARunningApplySaysWhatItWaitsFor(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.writing = make(chan struct{})
		t.begun = time.Now()
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.planned("segment:Engineers", "sg-sales")
		s.approved()
		s.tenant.writing <- struct{}{}
		s.tenant.mu.Lock()
		s.tenant.traffic.PacedUntil = s.tenant.time().Add(83 * time.Second)
		s.tenant.mu.Unlock()
		s.wait(time.Second)
		s.shows("The tenant takes 3,000 writes in 150 s; goes on in 1:2")
		s.golden("writeback-paced-80x24")
		s.press("j", "tab", "/") // reading goes on meanwhile
		s.typed("bell")
		s.shows("showing additions · 1 row")
		s.press("esc", "4")
		s.wait(90 * time.Second)
		s.hides("goes on in")
		close(s.tenant.writing)
		s.wait(time.Second)
		s.shows("✓ Applied and verified")

		// And then nothing moves any more.
		s.wait(time.Minute)
		before := s.out.count()
		s.wait(10 * time.Minute)
		assert.Equal(t, before, s.out.count(), "an idle screen writes nothing")
	})
}

func TestRowsOfALargePlanAreLeftOutWhileThePlanBeforeIsMade(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.planned("segment:Engineers", "sg-sales")
		r := s.review()
		for range 5 {
			s.send(press("space")) // faster than a plan is made
		}
		s.settle()
		assert.EqualValues(t, 5, r.out.Count())
		assert.True(t, r.current())
		assert.Len(t, r.plan.Add, 8)
		s.press("u") // nothing was applied
		s.shows("nothing to undo")
	})
}

func TestAPlanThatLacksAPermissionIsComputedOnceItIsGranted(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.session.Scopes = []string{"User.Read.All", "GroupMember.ReadWrite.All", "Member.Read.Hidden"}
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("4")
		s.send(planDoneMsg{err: &model.Error{Kind: model.KindGuard, Code: "audienceIncomplete", Message: "the audience is incomplete: nobody has consented to OrgContact.Read.All", Remedy: "open https://login.microsoftonline.com/…"}})
		s.settle()
		s.golden("writeback-consent-needed" + suffix)
		p := s.root.panes[paneWriteback].(*writebackPane)
		p.asked = writebackAsk{include: []string{"segment:Engineers"}, group: "sg-sales", mode: writeback.ModeMirror}
		s.press("c")
		s.shows("▸ ")
		s.shows("OrgContact.Read.All")
		more := *s.tenant.session
		more.Scopes = append(slices.Clone(more.Scopes), "OrgContact.Read.All")
		s.tenant.session = &more
		s.press("r")
		s.shows("Plan ")
		s.shows("A asks for approval")
	})
}
