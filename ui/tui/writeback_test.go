package tui

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/writeback"
)

// planned walks to the review of the plan that makes sg-sales equal to a segment.
func (s *screen) planned(entries, group string) {
	s.t.Helper()
	s.press("4")
	s.typed(entries)
	s.press("tab")
	s.typed(group)
	s.press("enter")
}

// review is the one on the screen.
func (s *screen) review() *review { return s.root.panes[paneWriteback].(*writebackPane).review }

// approved approves the plan under review.
func (s *screen) approved() {
	s.t.Helper()
	s.press("A")
	s.wait(approvalGrace)
	s.press("y", "enter")
}

func (t *fakeTenant) group(name string) *model.Group {
	for _, g := range t.groups {
		if g.DisplayName == name {
			return g
		}
	}
	return nil
}

// holds reports whether a user is a member.
func (t *fakeTenant) holds(group string, user int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.members[t.group(group).ID], func(o model.Object) bool { return o.ID == t.users[user].ID })
}

func TestWritebackFormSaysWhatAPlanIs(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("4")
		s.golden("writeback-form" + suffix)
	})
}

func TestPlanIsReviewedApprovedVerifiedAndUndone(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("segment:Engineers", "sg-sales")
		s.golden("writeback-review" + suffix)
		members := len(s.tenant.members[s.tenant.group("sg-sales").ID])

		s.press("j", "space")
		s.shows("left out")
		review := s.review()
		require.Equal(s.t, '·', review.sign(1))
		left := review.ref(1).ID
		s.press("tab")
		s.shows("showing additions")
		s.press("tab", "tab")
		s.shows("showing skipped · 1 row")
		s.press("tab")

		s.press("A", "y", "enter")
		s.golden("writeback-approve" + suffix)
		s.wait(approvalGrace)
		s.press("enter")
		s.shows("Not applied yet")
		assert.Len(s.t, s.tenant.members[s.tenant.group("sg-sales").ID], members, "No is the default")

		s.approved()
		s.shows("✓ Applied and verified")
		s.golden("writeback-verified" + suffix)
		assert.Len(s.t, s.tenant.runs(), 1)
		for _, run := range s.tenant.runs() {
			assert.Equal(s.t, writeback.RunVerified, run.State)
			assert.False(s.t, slices.ContainsFunc(run.Rows, func(r writeback.Row) bool { return r.ID == left }))
		}
		assert.False(s.t, slices.ContainsFunc(s.tenant.members[s.tenant.group("sg-sales").ID], func(o model.Object) bool { return o.ID == left }))

		s.press("u")
		s.golden("writeback-undo" + suffix)
		s.approved()
		s.shows("✓ Applied and verified")
		assert.Len(s.t, s.tenant.members[s.tenant.group("sg-sales").ID], members, "the undo restored the members")

		s.press("esc")
		s.golden("writeback-plans" + suffix)
	})
}

func TestRowTakenInAgainMakesTheFirstPlan(t *testing.T) {
	onScreen(t, nestedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.planned("segment:Engineers", "sg-sales")
		p := s.root.panes[paneWriteback].(*writebackPane)
		first := p.review.plan.ID
		s.press("space")
		require.NotNil(t, p.review.plan)
		assert.NotEqual(t, first, p.review.plan.ID)

		s.press("esc", "enter") // to the form and back: what was left out stays so
		assert.EqualValues(t, 1, p.review.out.Count())
		s.press("g", "space")
		assert.Equal(t, first, p.review.plan.ID)
	})
}

func TestRemovalsAboveTheGuardNeedTheirNumber(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.members[t.group("sg-sales").ID] = t.usersFrom(0, 60)
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("user0001@contoso.com", "sg-sales")
		s.shows("! removals 59 of 50 allowed")
		s.press("A")
		s.wait(approvalGrace)
		s.press("tab", "tab", "tab", "enter") // Yes without the number
		s.shows("Type the number first")
		assert.Empty(s.t, s.tenant.runs())
		s.press("tab")
		s.typed("58")
		s.press("enter")
		assert.Empty(s.t, s.tenant.runs(), "another number lifts nothing")
		s.golden("writeback-guard" + suffix)
		s.press("backspace")
		s.typed("9")
		s.press("enter", "tab", "tab", "enter") // Yes without a reason
		s.shows("Type the reason first")
		assert.Empty(s.t, s.tenant.runs())
		s.press("tab", "tab")
		s.typed("leavers of November")
		s.press("enter", "enter") // to No, which is the default
		assert.Empty(s.t, s.tenant.runs())

		s.press("A")
		s.wait(approvalGrace)
		s.typed("59")
		s.press("enter")
		s.typed("leavers of November")
		s.golden("writeback-reason" + suffix)
		s.press("enter", "tab", "enter")
		s.shows("✓ Applied and verified")
		require.Len(s.t, s.tenant.runs(), 1)
		for _, run := range s.tenant.runs() {
			assert.Equal(s.t, 59, run.Approval.AllowRemovals)
			assert.Equal(s.t, "leavers of November", run.Approval.Reason)
		}
	})
}

func TestGroupsThatCannotBeWrittenAreRefusedWithTheAlternative(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("segment:Engineers", "dyn-engineering")
		s.golden("writeback-refused" + suffix)
		s.shows("dynamic membership")
		assert.Empty(s.t, s.tenant.plans())
	})
}

func TestWithoutPermissionApprovalLeadsToConsent(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "handed")
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.session.Scopes = []string{"User.Read.All", "GroupMember.Read.All", "OrgContact.Read.All", "Member.Read.Hidden"}
		return t
	}
	onScreen(t, tenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.planned("segment:Engineers", "sg-sales")
		s.shows("Read-only")
		s.press("x", "ctrl+u")
		s.typed(folder)
		s.press("enter")
		s.shows("Written: ")
		s.press("A")
		s.shows("GroupMember.ReadWrite.All")
		assert.Empty(t, s.tenant.runs())
		s.press("esc")
		s.shows("Read-only") // and back to the review
		s.shows("Plan ")
	})
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Len(t, files, 7, "scripts, CSVs, what takes them back, and how to use them")
	for _, f := range files {
		content, err := os.ReadFile(f)
		require.NoError(t, err)
		assert.NotEmpty(t, content)
	}
}

func TestPlanThatWentStaleSaysWhatMoved(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("segment:Engineers", "sg-sales")
		s.tenant.write(s.tenant.group("sg-sales").ID, s.tenant.users[42].ID, false) // behind its back
		s.approved()
		s.golden("writeback-stale" + suffix)
		s.shows("+ 1 joined meanwhile: user0043@contoso.com")
		assert.Empty(s.t, s.tenant.runs(), "nothing was written")
		s.press("m")
		s.shows("What moved in sg-sales")
		s.press("esc")
		s.press("A")
		s.shows("press c to make the plan again")
		s.press("c")
		s.hides("1 joined")
		s.approved()
		s.shows("✓ Applied and verified")
	})
}

func TestFailedRowsAreShownAndTriedAgain(t *testing.T) {
	refused := "Insufficient privileges to complete the operation"
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.outcome = func(r writeback.RowResult) *model.Error {
			if r.Remove {
				return &model.Error{Kind: model.KindFailed, Code: "Authorization_RequestDenied", Message: refused}
			}
			return nil
		}
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.planned("segment:Engineers", "sg-sales")
		s.approved()
		s.shows("Insufficient privileges")
		s.golden("writeback-failed" + suffix)
		s.tenant.outcome = nil
		s.press("r")
		s.shows("✓ Applied and verified")
		for _, run := range s.tenant.runs() {
			assert.Equal(s.t, writeback.RunVerified, run.State)
		}
	})
}

func TestRunningApplyIsShownStoppedAndResumed(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.writing = make(chan struct{})
		return t
	}
	onScreen(t, tenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.planned("segment:Engineers", "sg-sales")
		s.approved()
		s.tenant.writing <- struct{}{}
		s.tenant.writing <- struct{}{}
		s.wait(applyPoll)
		s.shows("Applying: 2 of ")
		s.golden("writeback-applying-120x40")
		s.press("ctrl+c")
		s.shows("A plan is being applied")
		s.wait(confirmGrace)
		s.press("n")

		s.press("esc")
		s.wait(confirmGrace)
		s.press("y")
		s.golden("writeback-stopped-120x40")
		close(s.tenant.writing)
		s.press("r")
		s.shows("✓ Applied and verified")
		assert.Empty(t, s.root.panes[paneWriteback].(*writebackPane).QuitWarning())
	})
}

func TestAddOnlyModeRemovesNobody(t *testing.T) {
	onScreen(t, nestedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("4")
		s.typed("segment:Engineers")
		s.press("tab")
		s.typed("sg-sales")
		s.press("tab", "space", "enter")
		s.shows("add only")
		s.shows("- 0")
		s.approved()
		assert.True(t, s.tenant.holds("sg-sales", 5))
	})
}
