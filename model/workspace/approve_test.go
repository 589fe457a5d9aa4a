package workspace_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

// guard finds a result by its name.
func guard(t *testing.T, results []writeback.GuardResult, name string) writeback.GuardResult {
	t.Helper()
	for _, g := range results {
		if g.Name == name {
			return g
		}
	}
	require.Fail(t, "there is no guard", name)
	return writeback.GuardResult{}
}

func TestOfTwoLimitsTheStricterHolds(t *testing.T) {
	for name, test := range map[string]struct {
		own, present, want int
		trips              bool
	}{
		"the plan's own":                  {0, 9, 0, true},
		"the profile's, stricter by now":  {9, 0, 0, true},
		"one that is off by now":          {5, -1, 5, false},
		"one that was off then":           {-1, 5, 5, false},
		"none":                            {-1, -1, -1, false},
		"the profile's, laxer by now":     {1, 7, 1, false},
		"the profile's, tighter, unmoved": {7, 1, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := workspacetest.Contoso()
			tenant.Policy.Guards = limits(test.own, -1, -1)
			plan := salesPlan(t, synced(t, tenant))
			tenant.Policy.Guards = limits(test.present, -1, -1)
			w := synced(t, tenant)
			guards, err := w.GuardsNow(t.Context(), plan)
			require.NoError(t, err)
			g := guard(t, guards, writeback.GuardRemovals)
			assert.Equal(t, writeback.GuardResult{Name: writeback.GuardRemovals, Limit: test.want, Value: 1, Tripped: test.trips}, g)
		})
	}
	t.Run("the greater least size", func(t *testing.T) {
		tenant := workspacetest.Contoso()
		tenant.Policy.Guards = limits(-1, -1, 1)
		plan := salesPlan(t, synced(t, tenant))
		tenant.Policy.Guards = limits(-1, -1, 2)
		w := synced(t, tenant)
		guards, err := w.GuardsNow(t.Context(), plan)
		require.NoError(t, err)
		assert.Equal(t, 2, guard(t, guards, writeback.GuardLeastSize).Limit)
	})
}

func TestTheFirstMirrorOfAGroupAsksForItsNumber(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Policy = writeback.DefaultPolicy()
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	assert.True(t, guard(t, plan.Guards, writeback.GuardFirstMirror).Tripped)
	_, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	e := failure(t, err, model.KindGuard, "guardFirstMirror")
	assert.Contains(t, e.Remedy, "--allow-removals 1")
	assert.Empty(t, tenant.Asked("Write"))
	_, err = w.Apply(t.Context(), plan, w.Approve(0, 1, "as agreed"), nil)
	require.NoError(t, err)

	// Chandra comes back, and the next mirror is not the first.
	members := tenant.MembersOf[workspacetest.ID(workspacetest.GroupSales)]
	tenant.MembersOf[workspacetest.ID(workspacetest.GroupSales)] = append(members, tenant.User(workspacetest.Chandra))
	next, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, "sg-sales", writeback.ModeMirror)
	require.NoError(t, err)
	assert.Equal(t, -1, guard(t, next.Guards, writeback.GuardFirstMirror).Limit)
	require.NoError(t, w.CheckApproval(t.Context(), next, w.Approve(0, 0, "")))
}

func TestWhatCallsItselfAnUndoIsNoneByThat(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Policy = writeback.DefaultPolicy()
	w := synced(t, tenant)
	twin, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, workspacetest.ID(workspacetest.GroupTwin), writeback.ModeMirror)
	require.NoError(t, err)
	_, err = w.Apply(t.Context(), twin, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	adding := salesPlanOf(t, w, writeback.ModeAdd)
	_, err = w.Apply(t.Context(), adding, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	for name, of := range map[string]string{"of another group's run": twin.ID, "of no known run": "0123456789ab", "of a run that never came to its rows": adding.ID} {
		t.Run(name, func(t *testing.T) {
			forged, err := writeback.NewUndo(writeback.UndoParams{
				Run: &writeback.Run{
					Plan:   writeback.Plan{ID: of, TenantID: workspacetest.TenantID, Group: writeback.GroupRef{ID: workspacetest.ID(workspacetest.GroupSales), DisplayName: "sg-sales", Kind: model.KindSecurity}},
					Before: []writeback.Ref{{ID: workspacetest.ID(workspacetest.Bert)}},
					Rows:   []writeback.Row{{Ref: writeback.Ref{ID: workspacetest.ID(workspacetest.Chandra)}, State: writeback.RowDone}},
				},
				Members: tenant.MembersOf[workspacetest.ID(workspacetest.GroupSales)], Rules: tenant.Policy.Rules, Author: "mallory", Now: w.Now(),
			})
			require.NoError(t, err)
			require.Len(t, forged.Remove, 1)
			require.NoError(t, writeback.Check(forged, w.Approve(0, 0, "")), "the plan's own guards let it pass")
			failure(t, w.CheckApproval(t.Context(), forged, w.Approve(0, 0, "")), model.KindGuard, "guardFirstMirror")
		})
	}
}

func TestAGroupHasTheRulesThatTheProfileGivesIt(t *testing.T) {
	tenant := workspacetest.Contoso()
	own := writeback.Rules{Guards: limits(0, -1, -1)}
	tenant.Policy.Groups = map[string]writeback.Rules{"twin@contoso.com": own}
	w := synced(t, tenant)
	plan, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, "twin@contoso.com", writeback.ModeMirror)
	require.NoError(t, err)
	assert.Equal(t, 0, guard(t, plan.Guards, writeback.GuardRemovals).Limit)

	// The plan knows no other name than the object id and the display name.
	now, err := w.GuardsNow(t.Context(), plan)
	require.NoError(t, err)
	assert.Equal(t, 0, guard(t, now, writeback.GuardRemovals).Limit)
}

func TestOwnersStayUnlessTheProfileSaysOtherwise(t *testing.T) {
	tenant := workspacetest.Contoso()
	sales := workspacetest.ID(workspacetest.GroupSales)
	tenant.OwnersOf = map[string][]string{sales: ids(workspacetest.Chandra)}
	w := synced(t, tenant)
	plan, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, "sg-sales", writeback.ModeMirror)
	require.NoError(t, err)
	assert.Empty(t, plan.Remove)
	require.Len(t, plan.Skipped, 1)
	assert.Contains(t, plan.Skipped[0].Reason, "owner of the group")
	warning, err := w.WriteWarning(t.Context(), plan)
	require.NoError(t, err)
	assert.Empty(t, warning)

	tenant.Policy.RemoveOwners = true
	w = synced(t, tenant)
	plan = salesPlan(t, w)
	warning, err = w.WriteWarning(t.Context(), plan)
	require.NoError(t, err)
	assert.Empty(t, warning, "the profile wants it so")

	tenant.Policy.RemoveOwners = false
	w = synced(t, tenant)
	warning, err = w.WriteWarning(t.Context(), plan)
	require.NoError(t, err)
	assert.Contains(t, warning, "among the removals are owners of the group: chandra@contoso.com")
}

func TestOwnersThatCannotBeReadAreWarnedOf(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Fail = func(call string) error {
		if strings.HasPrefix(call, "Owners") {
			return &model.Error{Kind: model.KindSignIn, Code: "Authorization_RequestDenied", Message: "Insufficient privileges"}
		}
		return nil
	}
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	warning, err := w.WriteWarning(t.Context(), plan)
	require.NoError(t, err)
	assert.Contains(t, warning, "the owners of the group cannot be read, so they may be among the removals")

	offline := &model.Error{Kind: model.KindUnavailable, Code: "offline", Message: "no connection"}
	tenant.Fail = func(call string) error {
		if strings.HasPrefix(call, "Owners") {
			return offline
		}
		return nil
	}
	_, err = w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, "sg-sales", writeback.ModeMirror)
	assert.ErrorIs(t, err, offline, "who could not be asked is not who refused")
}

func TestAProtectedGroupIsNeitherPlannedNorWritten(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	interrupted := salesPlanOf(t, w, writeback.ModeAdd)
	tenant.OnRow = func(string) error { return context.Canceled }
	_, err := w.Apply(t.Context(), interrupted, w.Approve(0, 0, ""), nil)
	require.Error(t, err)
	tenant.OnRow = nil
	written := len(tenant.Asked("Write"))

	for name, protected := range map[string]string{"by name": "SG-Sales", "by id": workspacetest.ID(workspacetest.GroupSales)} {
		t.Run(name, func(t *testing.T) {
			tenant.Policy.ProtectedGroups = []string{protected}
			w := synced(t, tenant)
			_, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, "sg-sales", writeback.ModeMirror)
			failure(t, err, model.KindGuard, "groupProtected")
			_, err = w.HandOverPlan(t.Context(), []string{"rule:" + salesRule}, nil, "sg-sales", writeback.ModeMirror)
			failure(t, err, model.KindGuard, "groupProtected")
			failure(t, w.CheckApproval(t.Context(), plan, w.Approve(99, 99, "")), model.KindGuard, "groupProtected")
			_, err = w.Apply(t.Context(), plan, w.Approve(99, 99, ""), nil)
			failure(t, err, model.KindGuard, "groupProtected")
			_, err = w.Resume(t.Context(), interrupted.ID, nil, nil)
			failure(t, err, model.KindGuard, "groupProtected")
			_, err = w.Undo(t.Context(), interrupted.ID)
			failure(t, err, model.KindGuard, "groupProtected")
			assert.Len(t, tenant.Asked("Write"), written)
		})
	}
}

// salesPlanOf plans the users of Sales into sg-sales.
func salesPlanOf(t *testing.T, w *workspace.Workspace, mode writeback.Mode) *writeback.Plan {
	t.Helper()
	plan, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, "sg-sales", mode)
	require.NoError(t, err)
	return plan
}

func TestAUserWhoIsProtectedByNowStopsAnOlderPlanAndIsLeftByANewOne(t *testing.T) {
	for name, protected := range map[string]string{
		"by id":                         workspacetest.ID(workspacetest.Chandra),
		"by name":                       "Chandra@Contoso.com",
		"by what the directory knows":   "c.rao@contoso.com",
		"by what only the tenant knows": "rao@fabrikam.com",
	} {
		t.Run(name, func(t *testing.T) {
			tenant := workspacetest.Contoso()
			tenant.Users[2].Fields = append(tenant.Users[2].Fields, model.Field{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:chandra@contoso.com", "smtp:c.rao@contoso.com"}})
			tenant.Objects = append(tenant.Objects, model.Object{ID: workspacetest.ID(workspacetest.Chandra), Type: model.ObjectUser, Mail: "rao@fabrikam.com"})
			plan := salesPlan(t, synced(t, tenant))
			tenant.Policy.ProtectedUsers = []string{protected}
			w := synced(t, tenant)
			_, err := w.Apply(t.Context(), plan, w.Approve(99, 99, ""), nil)
			e := failure(t, err, model.KindGuard, "userProtected")
			assert.Contains(t, e.Message, "chandra@contoso.com")
			assert.Empty(t, tenant.Asked("Write"))

			again := salesPlanOf(t, w, writeback.ModeMirror)
			assert.Empty(t, again.Remove, "as the refusal has promised")
			require.Len(t, again.Skipped, 1)
			assert.Contains(t, again.Skipped[0].Reason, "protected by the profile")
			require.NoError(t, w.CheckApproval(t.Context(), again, w.Approve(0, 0, "")))
		})
	}
}

func TestAProtectedAddressThatNobodyHasIsWarnedOf(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Policy.ProtectedUsers = []string{"bert@contoso.com", "left@contoso.com"}
	for name, err := range map[string]error{
		"nobody has it":           nil,
		"contacts cannot be read": &model.Error{Kind: model.KindPartial, Code: "notSearched", Message: "contacts may not be read"},
	} {
		t.Run(name, func(t *testing.T) {
			tenant.Fail = func(call string) error {
				if strings.HasPrefix(call, "ResolveAddress") {
					return err
				}
				return nil
			}
			w := synced(t, tenant)
			plan := salesPlan(t, w)
			warning, err := w.WriteWarning(t.Context(), plan)
			require.NoError(t, err)
			assert.Equal(t, "the profile protects from removal whom nobody knows by this address, so it protects nobody: left@contoso.com", warning)
			require.NoError(t, w.CheckApproval(t.Context(), plan, w.Approve(0, 0, "")), "it is a warning and no refusal")
		})
	}
	offline := &model.Error{Kind: model.KindUnavailable, Code: "offline", Message: "no connection"}
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	tenant.Fail = func(call string) error {
		if strings.HasPrefix(call, "ResolveAddress") {
			return offline
		}
		return nil
	}
	assert.ErrorIs(t, w.CheckApproval(t.Context(), plan, w.Approve(0, 0, "")), offline, "who could not be asked is not known to be nobody")
	_, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, "sg-sales", writeback.ModeMirror)
	assert.ErrorIs(t, err, offline)
}

func TestNobodyApprovesInAnotherName(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Policy.SecondApprover = true
	tenant.Account.Account = "bob@contoso.com"
	plan := salesPlan(t, synced(t, tenant))
	tenant.Account.Account = "ada@contoso.com"
	w := synced(t, tenant)
	tenant.OnRow = func(string) error { return errors.New("cut off") }
	_, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	require.Error(t, err)
	written := len(tenant.Asked("Write"))

	tenant.Account.Account = "bob@contoso.com"
	bob := synced(t, tenant)
	for _, by := range []string{"operator@laptop", "ada@contoso.com"} {
		approval := writeback.Approval{By: by, At: bob.Now()}
		_, err := bob.Apply(t.Context(), plan, approval, nil)
		e := failure(t, err, model.KindGuard, "notApproved")
		assert.Equal(t, "the plan was approved by "+by+", and bob@contoso.com is signed in", e.Message)
		_, err = bob.Resume(t.Context(), plan.ID, &approval, nil)
		failure(t, err, model.KindGuard, "notApproved")
	}
	assert.Len(t, tenant.Asked("Write"), written)
}

func TestWhatTheRunHasDoneIsNoReasonToStopIt(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	sales := workspacetest.ID(workspacetest.GroupSales)
	rows := 0
	tenant.OnRow = func(string) error {
		if rows++; rows == 2 {
			return errors.New("cut off")
		}
		return nil
	}
	_, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	require.Error(t, err)
	tenant.OnRow = nil

	tenant.Policy.ProtectedUsers = []string{"chandra@contoso.com"}
	w = synced(t, tenant)
	_, err = w.Resume(t.Context(), plan.ID, nil, nil)
	failure(t, err, model.KindGuard, "userProtected")
	assert.Contains(t, memberIDs(tenant, workspacetest.GroupSales), workspacetest.ID(workspacetest.Chandra))

	run, err := w.Run(t.Context(), plan.ID)
	require.NoError(t, err)
	for i := range run.Rows {
		if run.Rows[i].Remove {
			run.Rows[i].State = writeback.RowDone
			require.NoError(t, tenant.Ledger.SetRows(t.Context(), plan.ID, w.Now(), run.Rows[i:i+1]))
		}
	}
	tenant.MembersOf[sales] = tenant.MembersOf[sales][:1]
	require.NoError(t, w.CheckApproval(t.Context(), plan, w.Approve(0, 0, "")), "the removal is past")

	tenant.MembersOf[sales] = append(tenant.MembersOf[sales], model.Object{ID: workspacetest.ID(workspacetest.Chandra), Type: model.ObjectUser})
	_, err = w.Resume(t.Context(), plan.ID, nil, nil)
	failure(t, err, model.KindGuard, "planStale")
	failure(t, w.CheckApproval(t.Context(), plan, w.Approve(0, 0, "")), model.KindGuard, "userProtected")
}

func TestSomebodyElseThanTheAuthorMustApproveWhereTheProfileSaysSo(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Policy.SecondApprover = true
	tenant.Account.Account = "Ada@contoso.com"
	ada := synced(t, tenant)
	plan := salesPlan(t, ada)
	tenant.Account.Account = "ada@contoso.com"
	ada = synced(t, tenant)
	for name, check := range map[string]func() error{
		"approval": func() error { return ada.CheckApproval(t.Context(), plan, ada.Approve(9, 9, "")) },
		"apply": func() error {
			_, err := ada.Apply(t.Context(), plan, ada.Approve(9, 9, ""), nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := failure(t, check(), model.KindGuard, "secondApproverNeeded")
			assert.Contains(t, e.Message, "Ada@contoso.com made plan")
		})
	}
	assert.Empty(t, tenant.Asked("Write"))

	tenant.Account.Account = "bob@contoso.com"
	tenant.OnRow = func(string) error { return errors.New("cut off") }
	bob := synced(t, tenant)
	_, err := bob.Apply(t.Context(), plan, bob.Approve(0, 0, ""), nil)
	require.Error(t, err)
	tenant.OnRow = nil
	written := len(tenant.Asked("Write"))

	t.Run("a renewed approval", func(t *testing.T) {
		renewed := ada.Approve(9, 9, "")
		_, err := ada.Resume(t.Context(), plan.ID, &renewed, nil)
		failure(t, err, model.KindGuard, "secondApproverNeeded")
		assert.Len(t, tenant.Asked("Write"), written)
	})
	t.Run("going on under somebody else's approval", func(t *testing.T) {
		report, err := ada.Resume(t.Context(), plan.ID, nil, nil)
		require.NoError(t, err, "bob has approved it")
		assert.True(t, report.Verified)
	})
}

func TestAHandOverPlanTakesAListThatExchangeWritesAndIsNotApplied(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	plan, err := w.HandOverPlan(t.Context(), []string{"rule:" + salesRule}, nil, "all-staff@contoso.com", writeback.ModeMirror)
	require.NoError(t, err)
	assert.True(t, plan.HandOver)
	require.Len(t, plan.Add, 1)
	assert.Equal(t, "dora@contoso.com", plan.Add[0].Mail)
	kept, err := w.LoadPlan(t.Context(), plan.ID)
	require.NoError(t, err)
	assert.Equal(t, plan.Hash, kept.Hash)

	failure(t, w.CheckApproval(t.Context(), plan, w.Approve(9, 9, "")), model.KindGuard, "planHandOver")
	_, err = w.Apply(t.Context(), plan, w.Approve(9, 9, ""), nil)
	failure(t, err, model.KindGuard, "planHandOver")
	assert.Empty(t, tenant.Asked("Write"))
	warning, err := w.WriteWarning(t.Context(), plan)
	require.NoError(t, err)
	assert.Empty(t, warning)

	plain, err := w.HandOverPlan(t.Context(), []string{"rule:" + salesRule}, nil, "sg-sales", writeback.ModeMirror)
	require.NoError(t, err)
	assert.False(t, plain.HandOver, "no script of Exchange writes a security group")
	require.NoError(t, w.CheckApproval(t.Context(), plain, w.Approve(0, 0, "")))

	_, err = w.HandOverPlan(t.Context(), []string{"rule:" + salesRule}, nil, "dyn-engineering", writeback.ModeMirror)
	failure(t, err, model.KindGuard, "groupDynamic")
}

func TestAnAccountWithoutARoleIsWarnedBeforeItApproves(t *testing.T) {
	const (
		groups   = "fdd7a751-b60b-444a-984c-02652fe8fa1c"
		exchange = "29232cdf-9323-42fd-ade2-1d097af3e4de"
		intune   = "3a2c62db-5318-420d-8d74-23affee5d9d5"
		reader   = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b" // Directory Readers
	)
	for name, test := range map[string]struct {
		account func(*workspace.Session)
		group   string
		warned  bool
	}{
		"a role for all groups":                       {func(s *workspace.Session) { s.Roles = []string{reader, strings.ToUpper(groups)} }, "sg-sales", false},
		"a role that reads":                           {func(s *workspace.Session) { s.Roles = []string{reader} }, "sg-sales", true},
		"no role":                                     {func(s *workspace.Session) { s.Roles = nil }, "sg-sales", true},
		"no role, an owner":                           {func(s *workspace.Session) { s.Roles, s.AccountID = nil, workspacetest.ID(workspacetest.Dora) }, "sg-sales", false},
		"Exchange Administrator, security group":      {func(s *workspace.Session) { s.Roles = []string{exchange} }, "sg-sales", true},
		"Exchange Administrator, Microsoft 365 group": {func(s *workspace.Session) { s.Roles = []string{exchange} }, "twin@contoso.com", false},
		"Intune Administrator, security group":        {func(s *workspace.Session) { s.Roles = []string{intune} }, "sg-sales", false},
		"Intune Administrator, Microsoft 365 group":   {func(s *workspace.Session) { s.Roles = []string{intune} }, "twin@contoso.com", true},
		"an app":                      {func(s *workspace.Session) { s.Roles, s.AppOnly = nil, true }, "sg-sales", false},
		"a token that cannot be read": {func(s *workspace.Session) { s.Roles, s.AccountID = nil, "" }, "sg-sales", false},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := workspacetest.Contoso()
			tenant.OwnersOf = map[string][]string{workspacetest.ID(workspacetest.GroupSales): ids(workspacetest.Dora)}
			test.account(&tenant.Account)
			w := synced(t, tenant)
			plan, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, test.group, writeback.ModeAdd)
			require.NoError(t, err)
			warning, err := w.WriteWarning(t.Context(), plan)
			require.NoError(t, err)
			if !test.warned {
				assert.Empty(t, warning)
				return
			}
			assert.Contains(t, warning, "admin@contoso.com has no role")
			assert.Contains(t, warning, "Groups Administrator")
			require.NoError(t, w.CheckApproval(t.Context(), plan, w.Approve(0, 0, "")), "it is a warning and no refusal")
		})
	}
}

func TestAConsentThatWasGivenMeanwhileShowsInAFreshToken(t *testing.T) {
	tenant := workspacetest.Contoso()
	granted := tenant.Account.Scopes
	tenant.Account.Scopes = []string{"User.Read.All", "GroupMember.Read.All"}
	w := synced(t, tenant)
	failure(t, w.RequireWrite(t.Context()), model.KindSignIn, "consentMissing")
	tenant.Account.Scopes = granted
	assert.False(t, w.CanWrite())
	require.NoError(t, w.RequireWrite(t.Context()))
	assert.True(t, w.CanWrite())
	renewed := len(tenant.Asked("Renew"))
	require.NoError(t, w.RequireWrite(t.Context()))
	assert.Len(t, tenant.Asked("Renew"), renewed, "what is granted is not asked for again")
}

func TestAnAppApprovesInItsOwnName(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Account.AppOnly, tenant.Account.Account = true, "rollcall nightly"
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	assert.Equal(t, "rollcall nightly", plan.Author)
	_, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	run, err := w.Run(t.Context(), plan.ID)
	require.NoError(t, err)
	assert.Equal(t, "rollcall nightly", run.Approval.By)
	assert.Equal(t, "operator@laptop", run.Approval.From)
}
