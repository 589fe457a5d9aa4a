package workspace_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

// salesPlan makes sg-sales equal to the users of Sales: Adele and Dora join,
// Chandra leaves, Bert stays.
func salesPlan(t *testing.T, w *workspace.Workspace) *writeback.Plan {
	t.Helper()
	plan, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, "sg-sales", writeback.ModeMirror)
	require.NoError(t, err)
	require.Len(t, plan.Add, 2)
	require.Len(t, plan.Remove, 1)
	return plan
}

// memberIDs are the object ids of a group's members.
func memberIDs(tenant *workspacetest.Tenant, group int) []string {
	var ids []string
	for _, o := range tenant.MembersOf[workspacetest.ID(group)] {
		ids = append(ids, o.ID)
	}
	return ids
}

func ids(numbers ...int) []string {
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = workspacetest.ID(n)
	}
	return list
}

func TestAGroupIsFoundByNameAddressAndID(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	for name, want := range map[string]int{
		"sg-sales":         workspacetest.GroupSales,
		"twin@contoso.com": workspacetest.GroupTwin2,
		workspacetest.ID(workspacetest.GroupTwin):    workspacetest.GroupTwin,
		workspacetest.ID(workspacetest.GroupDynamic): workspacetest.GroupDynamic,
	} {
		group, err := w.Group(t.Context(), name)
		require.NoError(t, err)
		assert.Equal(t, workspacetest.ID(want), group.ID)
	}
	_, err := w.Group(t.Context(), "sg-nowhere")
	assert.Contains(t, failure(t, err, model.KindUsage, "groupNotFound").Message, `"sg-nowhere"`)
}

func TestAnAmbiguousGroupNamesItsCandidates(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	_, err := w.Group(t.Context(), "Twin")
	e := failure(t, err, model.KindUsage, "groupAmbiguous")
	for _, want := range []string{
		"names 2 groups",
		"Twin (security group, id " + workspacetest.ID(workspacetest.GroupTwin) + ")",
		"Twin (Microsoft 365 group, id " + workspacetest.ID(workspacetest.GroupTwin2) + ")",
	} {
		assert.Contains(t, e.Message, want)
	}
}

func TestAPlanIsKeptAndStandsInTheAudit(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	plan := salesPlan(t, w)
	assert.Equal(t, workspacetest.TenantID, plan.TenantID)
	assert.Equal(t, "admin@contoso.com", plan.Author)
	kept, err := w.LoadPlan(t.Context(), plan.ID)
	require.NoError(t, err)
	assert.Equal(t, plan.Hash, kept.Hash)
	plans, err := w.PlanHeads(t.Context())
	require.NoError(t, err)
	assert.Len(t, plans, 1)
	event := lastEvent(t, w)
	assert.Equal(t, "plan", event.Action)
	assert.Equal(t, "plan "+plan.ID+": 2 to add, 1 to remove", event.Detail)
}

func TestAnUnwritableGroupIsRefusedBeforeItsMembersAreRead(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	for group, code := range map[string]string{"dyn-engineering": "groupDynamic", "all-staff@contoso.com": "groupDistribution"} {
		_, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, group, writeback.ModeMirror)
		failure(t, err, model.KindGuard, code)
	}
	assert.Empty(t, tenant.Asked("DirectMembers"))
	assert.Empty(t, tenant.Asked("Members"))
	plans, err := w.PlanHeads(t.Context())
	require.NoError(t, err)
	assert.Empty(t, plans)
}

func TestAPlanIsNotMadeFromAnIncompleteAudience(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	_, err := w.Plan(t.Context(), []string{"rule:" + salesRule, "board@contoso.com", "nobody@contoso.com"}, nil, "sg-sales", writeback.ModeMirror)
	e := failure(t, err, model.KindGuard, "audienceIncomplete")
	assert.Contains(t, e.Message, "could remove people who belong")
	assert.Contains(t, e.Message, "(and 1 more)")
	assert.Empty(t, tenant.Asked("DirectMembers"))

	_, err = w.Plan(t.Context(), []string{"rule:" + salesRule}, []string{"board@contoso.com"}, "sg-sales", writeback.ModeMirror)
	failure(t, err, model.KindGuard, "audienceIncomplete")
}

func TestApplyWritesVerifiesAndStandsInTheAudit(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	report, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	assert.Equal(t, 2, report.Added)
	assert.Equal(t, 1, report.Removed)
	assert.True(t, report.Verified)
	assert.Positive(t, report.Requests)
	assert.ElementsMatch(t, ids(workspacetest.Adele, workspacetest.Bert, workspacetest.Dora), memberIDs(tenant, workspacetest.GroupSales))
	event := lastEvent(t, w)
	assert.Equal(t, workspace.ActionEnd, event.Action, "of a run the journal tells the audit, and nobody else")
	assert.Equal(t, "sg-sales", event.Subject)
	assert.Equal(t, "plan "+plan.ID+": verified, 3 done", event.Detail)

	again, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	assert.Equal(t, 3, again.AlreadyDone)
	assert.Zero(t, again.Added+again.Removed)
}

func TestAPlanThatWasAppliedNeedsNoGuardLiftedAgain(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Policy.Guards.MaxRemovals = 0
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	_, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	failure(t, err, model.KindGuard, "guardRemovals")
	_, err = w.Apply(t.Context(), plan, w.Approve(0, 1, ""), nil)
	require.NoError(t, err)

	require.NoError(t, w.CheckApproval(t.Context(), plan, w.Approve(0, 0, "")))
	again, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	assert.Equal(t, 3, again.AlreadyDone)
	assert.Len(t, tenant.Asked("Write"), 2, "one for the addition and one for the removal, of the first apply")
}

func TestAPlanOfAnotherTenantIsNotApplied(t *testing.T) {
	fabrikam := workspacetest.Contoso()
	fabrikam.Account.TenantID = "22222222-2222-4222-8222-222222222222"
	foreign := salesPlan(t, synced(t, fabrikam))

	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	_, err := w.Apply(t.Context(), foreign, w.Approve(0, 0, ""), nil)
	failure(t, err, model.KindGuard, "planOtherTenant")
	assert.Empty(t, tenant.Asked("Write"))
	assert.Empty(t, tenant.Asked("DirectMembers"))
}

func TestApplyNeedsThePermissionToWrite(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Account.Scopes = []string{"User.Read.All", "GroupMember.Read.All"}
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	_, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	e := failure(t, err, model.KindSignIn, "consentMissing")
	assert.Contains(t, e.Message, "GroupMember.ReadWrite.All")
	assert.Empty(t, tenant.Asked("Write"))
	run, err := w.Run(t.Context(), plan.ID)
	require.NoError(t, err)
	assert.Nil(t, run)
}

func TestAnInterruptedRunStandsInTheAuditAndIsResumed(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	rows := 0
	tenant.OnRow = func(string) error {
		if rows++; rows == 2 {
			cancel()
			return ctx.Err()
		}
		return nil
	}
	report, err := w.Apply(ctx, plan, w.Approve(0, 0, ""), nil)
	failure(t, err, model.KindInterrupted, "applyStopped")
	require.NotNil(t, report)
	assert.Equal(t, 1, report.Added)
	event := lastEvent(t, w)
	assert.Equal(t, workspace.ActionRows, event.Action)
	assert.NotEmpty(t, event.Rows)

	tenant.OnRow = nil
	report, err = w.Resume(t.Context(), plan.ID, nil, nil)
	require.NoError(t, err)
	assert.True(t, report.Verified)
	assert.Equal(t, 1, report.Added)
	assert.Equal(t, 1, report.Removed)
	assert.Equal(t, 1, report.AlreadyDone, "the interrupted call wrote it")
	assert.Equal(t, workspace.ActionEnd, lastEvent(t, w).Action)
}

func TestAPlanFromAFileIsKeptWhenItIsApplied(t *testing.T) {
	elsewhere := workspacetest.Contoso()
	data, err := salesPlan(t, synced(t, elsewhere)).Encode()
	require.NoError(t, err)
	plan, err := writeback.Decode(data)
	require.NoError(t, err)

	tenant := workspacetest.Contoso()
	tenant.OnRow = func(string) error {
		return &model.Error{Kind: model.KindUnavailable, Code: "offline", Message: "no connection"}
	}
	w := open(t, tenant)
	_, err = w.Apply(t.Context(), plan, writeback.Approval{By: "admin@contoso.com"}, nil)
	failure(t, err, model.KindPartial, "applyStopped")
	tenant.OnRow = nil
	report, err := w.Resume(t.Context(), plan.ID, nil, nil)
	require.NoError(t, err)
	assert.True(t, report.Verified)
}

func TestAChangedPlanIsNeitherKeptNorApplied(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := open(t, tenant)
	plan := salesPlan(t, synced(t, workspacetest.Contoso()))
	plan.Add[0].ID = workspacetest.ID(workspacetest.Chandra)
	_, err := w.Apply(t.Context(), plan, writeback.Approval{By: "admin@contoso.com"}, nil)
	failure(t, err, model.KindUsage, "planChanged")
	plans, err := w.PlanHeads(t.Context())
	require.NoError(t, err)
	assert.Empty(t, plans)
	assert.Empty(t, tenant.Asked("Write"))
}

func TestTheProfilesPresentGuardsHoldForOlderPlans(t *testing.T) {
	lenient := workspacetest.Contoso()
	lenient.Policy.Guards = limits(-1, -1, -1)
	plan := salesPlan(t, synced(t, lenient))

	for name, test := range map[string]struct {
		guards writeback.Guards
		code   string
		allow  [2]int // additions, removals
	}{
		"removals":  {limits(0, -1, -1), "guardRemovals", [2]int{0, 1}},
		"additions": {limits(-1, 1, -1), "guardAdditions", [2]int{2, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := workspacetest.Contoso()
			tenant.Policy.Guards = test.guards
			w := synced(t, tenant)
			_, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
			failure(t, err, model.KindGuard, test.code)
			assert.Empty(t, tenant.Asked("Write"))
			_, err = w.Apply(t.Context(), plan, w.Approve(test.allow[0], test.allow[1], ""), nil)
			require.NoError(t, err)
		})
	}
	t.Run("least size, which nobody's word lifts", func(t *testing.T) {
		tenant := workspacetest.Contoso()
		tenant.Policy.Guards = limits(-1, -1, 10)
		w := synced(t, tenant)
		_, err := w.Apply(t.Context(), plan, w.Approve(100, 100, ""), nil)
		failure(t, err, model.KindGuard, "guardLeastSize")
		assert.Empty(t, tenant.Asked("Write"))
	})
}

func TestTheProfilesPresentGuardsHoldForAResumedRun(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	tenant.OnRow = func(string) error {
		return &model.Error{Kind: model.KindUnavailable, Code: "offline", Message: "no connection"}
	}
	_, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	failure(t, err, model.KindPartial, "applyStopped")
	written := len(tenant.Asked("Write"))

	tenant.OnRow, tenant.Policy.Guards.MaxRemovals = nil, 0
	w = synced(t, tenant)
	_, err = w.Resume(t.Context(), plan.ID, nil, nil)
	failure(t, err, model.KindGuard, "guardRemovals")
	assert.Len(t, tenant.Asked("Write"), written)

	report, err := w.Apply(t.Context(), plan, w.Approve(0, 1, ""), nil)
	require.NoError(t, err)
	assert.True(t, report.Verified)
	_, err = w.Resume(t.Context(), plan.ID, nil, nil)
	require.NoError(t, err, "nothing is left to do")
}

func TestUndoTakesAnAppliedPlanBack(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	_, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	undo, err := w.Undo(t.Context(), plan.ID)
	require.NoError(t, err)
	assert.Equal(t, plan.ID, undo.UndoOf)
	_, err = w.LoadPlan(t.Context(), undo.ID)
	require.NoError(t, err)
	_, err = w.Apply(t.Context(), undo, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	assert.ElementsMatch(t, ids(workspacetest.Bert, workspacetest.Chandra), memberIDs(tenant, workspacetest.GroupSales))
}

func TestAGroupThatWasEmptyCanBeEmptiedByUndo(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.MembersOf[workspacetest.ID(workspacetest.GroupSales)] = nil
	w := synced(t, tenant)
	plan, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, "sg-sales", writeback.ModeMirror)
	require.NoError(t, err)
	_, err = w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	undo, err := w.Undo(t.Context(), plan.ID)
	require.NoError(t, err)
	_, err = w.Apply(t.Context(), undo, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	assert.Empty(t, memberIDs(tenant, workspacetest.GroupSales))
}

func TestAPlanThatWasNeverAppliedCannotBeUndoneOrResumed(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	plan := salesPlan(t, w)
	reads := len(tenant.Asked("DirectMembers"))
	_, err := w.Undo(t.Context(), plan.ID)
	failure(t, err, model.KindUsage, "planNotApplied")
	_, err = w.Resume(t.Context(), plan.ID, nil, nil)
	failure(t, err, model.KindUsage, "planNotApplied")
	_, err = w.Resume(t.Context(), "deadbeef", nil, nil)
	failure(t, err, model.KindUsage, "planNotFound")
	assert.Len(t, tenant.Asked("DirectMembers"), reads)
	events, err := w.Events(t.Context(), time.Time{})
	require.NoError(t, err)
	for _, e := range events {
		assert.NotContains(t, e.Action, "resume")
	}
}

func TestAFileThatCallsItselfAnUndoLiftsNoGuard(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	plan, err := w.Plan(t.Context(), []string{"rule:" + salesRule}, nil, workspacetest.ID(workspacetest.GroupTwin), writeback.ModeMirror)
	require.NoError(t, err)
	_, err = w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	run, err := w.Run(t.Context(), plan.ID)
	require.NoError(t, err)
	require.Empty(t, run.Before)

	// Both plans would empty sg-sales, which was never empty.
	sales := tenant.MembersOf[workspacetest.ID(workspacetest.GroupSales)]
	run.Plan.Group = writeback.GroupRef{ID: workspacetest.ID(workspacetest.GroupSales), DisplayName: "sg-sales", Kind: model.KindSecurity}
	run.Rows = nil
	for _, o := range sales {
		run.Rows = append(run.Rows, writeback.Row{Ref: writeback.Ref{ID: o.ID}, State: writeback.RowDone})
	}
	for name, id := range map[string]string{"of another group's run": plan.ID, "of no known run": "0123456789ab"} {
		t.Run(name, func(t *testing.T) {
			run.Plan.ID = id
			forged, err := writeback.NewUndo(writeback.UndoParams{Run: run, Members: sales, Rules: tenant.Policy.Rules, Author: "mallory", Now: w.Now()})
			require.NoError(t, err)
			require.NoError(t, writeback.Check(forged, w.Approve(0, 0, "")), "the plan's own guards let it pass")
			_, err = w.Apply(t.Context(), forged, w.Approve(0, 0, ""), nil)
			failure(t, err, model.KindGuard, "guardLeastSize")
			assert.Len(t, memberIDs(tenant, workspacetest.GroupSales), 2)
		})
	}
}

// limits holds the numbers alone.
func limits(removals, additions, leastSize int) writeback.Guards {
	g := writeback.NoGuards()
	g.MaxRemovals, g.MaxAdditions, g.LeastSize = removals, additions, leastSize
	return g
}
