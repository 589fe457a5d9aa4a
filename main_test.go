package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/emulatortest"
	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
	"rollcall/ui/cli"
)

func TestMain(m *testing.M) { emulatortest.Main(m) }

// deps returns what the packages import, directly and not, tests left out.
func deps(t *testing.T, pattern string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pattern).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

// room is the part of the house a package of ours belongs to, "" for others.
func room(path string) string {
	rest, ok := strings.CutPrefix(path, "rollcall/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func TestRoomsImportOnlyWhatTheDesignAllows(t *testing.T) {
	for name, allowed := range map[string]string{
		"model": "model",
		"cache": "cache model",
		"graph": "graph model",
		"ui":    "ui model",
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range deps(t, "./"+name+"/...") {
				if r := room(path); r != "" {
					assert.Contains(t, strings.Fields(allowed), r, "%s may not import %s", name, path)
				}
			}
		})
	}
}

func TestTheModelKnowsNoNetworkDiskOrTerminal(t *testing.T) {
	for _, path := range deps(t, "./model/...") {
		for _, foreign := range []string{"net/http", "charm.land/", "go.etcd.io/bbolt", "github.com/Azure/", "github.com/microsoft"} {
			assert.False(t, strings.HasPrefix(path, foreign), "model reaches %s", path)
		}
	}
}

func TestTheModelOpensNoFileItself(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{range .Imports}}{{$.ImportPath}} {{.}}{{"\n"}}{{end}}`, "./model/...").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		importer, imported, _ := strings.Cut(strings.TrimSpace(line), " ")
		if importer != "rollcall/model/workspace/workspacetest" {
			assert.NotEqual(t, "os", imported, importer)
		}
	}
}

func TestTheSDKStaysOutOfModelAndScreens(t *testing.T) {
	for _, pattern := range []string{"./model/...", "./ui/...", "./cache/...", "./graph/signin/...", "./graph/emulator/..."} {
		for _, path := range deps(t, pattern) {
			assert.NotContains(t, path, "msgraph-sdk-go", "%s reaches %s", pattern, path)
		}
	}
}

func TestTestingLibrariesAreNotLinkedIntoTheBinary(t *testing.T) {
	for _, path := range deps(t, ".") {
		assert.NotEqual(t, "testing", path)
		assert.False(t, strings.HasPrefix(path, "github.com/stretchr/"), "the binary links %s", path)
		assert.False(t, strings.HasPrefix(path, "pgregory.net/"), "the binary links %s", path)
		assert.False(t, strings.HasSuffix(path, "test") && room(path) != "", "the binary links %s", path)
	}
}

func TestTheSDKsRootClientIsNotLinkedIntoTheBinary(t *testing.T) {
	assert.NotContains(t, deps(t, "."), "github.com/microsoftgraph/msgraph-sdk-go")
}

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
