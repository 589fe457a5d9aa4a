package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
	"rollcall/ui/cli"
)

// signedIn opens the embedded tenant as the demo does and signs an account in
// to it, which approves its device code itself.
func signedIn(t *testing.T, demo cli.Demo) (*house, *workspace.Workspace) {
	t.Helper()
	demo.Users, demo.Seed, demo.Approve = 300, 1, time.Millisecond
	c := cli.Connection{Profile: "demo", DataDir: t.TempDir(), Timeout: time.Minute, Demo: &demo}
	c.Config.Schema, c.Config.Policy = model.FullSchema(), writeback.DefaultPolicy()
	h := &house{}
	w := h.open(c)
	require.NoError(t, w.Open(t.Context()))
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	_, err := w.SignIn(t.Context(), func(workspace.DeviceCode) {})
	require.NoError(t, err)
	_, err = w.Sync(t.Context(), refresh.Request{})
	require.NoError(t, err)
	return h, w
}

func planSales(t *testing.T, w *workspace.Workspace) *writeback.Plan {
	t.Helper()
	plan, err := w.Plan(t.Context(), []string{`rule:user.department -eq "Sales"`}, nil, "sg-sales", writeback.ModeAdd)
	require.NoError(t, err)
	require.NotEmpty(t, plan.Add)
	return plan
}

func TestAMissingScopeIsToldFromAMissingRole(t *testing.T) {
	h, w := signedIn(t, cli.Demo{})
	plan := planSales(t, w)

	// The scope: asked for at the first approval, with the page to consent on.
	_, err := w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	var e *model.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Equal(t, "consentMissing", e.Code)
	assert.Contains(t, e.Remedy, "adminconsent")
	run, err := w.Run(t.Context(), plan.ID)
	require.NoError(t, err)
	assert.Nil(t, run, "nothing was begun")

	// The role: said before the approval, and by Graph, which has the last word.
	h.tenant.Consent(emulator.WriteScope)
	require.NoError(t, h.tenant.SetRoles("Directory Readers"))
	require.NoError(t, w.RequireWrite(t.Context()), "a consent that was given meanwhile shows in a fresh token")
	warning, err := w.WriteWarning(t.Context(), plan)
	require.NoError(t, err)
	assert.Contains(t, warning, "has no role in the whole tenant that may change a security group")
	require.NoError(t, w.CheckApproval(t.Context(), plan, w.Approve(0, 0, "")))
	_, err = w.Apply(t.Context(), plan, w.Approve(0, 0, ""), nil)
	require.ErrorAs(t, err, &e)
	assert.NotEqual(t, "consentMissing", e.Code)
	assert.Contains(t, e.Message+" "+e.Remedy, "lacks an Entra role or the ownership")

	// Who owns the group may write it, without any role.
	_, err = h.tenant.AddOwner("sg-sales", w.Session().AccountID)
	require.NoError(t, err)
	warning, err = w.WriteWarning(t.Context(), plan)
	require.NoError(t, err)
	assert.Empty(t, warning)
	report, err := w.Resume(t.Context(), plan.ID, nil, nil)
	require.NoError(t, err)
	assert.True(t, report.Verified)
	assert.Equal(t, len(plan.Add), report.Added)
}

func TestARoleThatMayWriteOneKindOfGroupIsWarnedOfTheOther(t *testing.T) {
	h, w := signedIn(t, cli.Demo{Write: true})
	require.NoError(t, h.tenant.SetRoles("Exchange Administrator"))
	_, err := w.Renew(t.Context())
	require.NoError(t, err)
	warning, err := w.WriteWarning(t.Context(), planSales(t, w))
	require.NoError(t, err)
	assert.Contains(t, warning, "may change a security group")

	unified, err := w.Plan(t.Context(), []string{`rule:user.department -eq "Sales"`}, nil, "m365-marketing", writeback.ModeAdd)
	require.NoError(t, err)
	warning, err = w.WriteWarning(t.Context(), unified)
	require.NoError(t, err)
	assert.Empty(t, warning)
	report, err := w.Apply(t.Context(), unified, w.Approve(0, 0, ""), nil)
	require.NoError(t, err)
	assert.True(t, report.Verified)
}
