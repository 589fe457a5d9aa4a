package workspace_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

func TestEveryWayOfSigningInIsRemembered(t *testing.T) {
	for name, sign := range map[string]func(*testing.T, *workspace.Workspace) (*workspace.Session, error){
		"Connect": func(t *testing.T, w *workspace.Workspace) (*workspace.Session, error) { return w.Connect(t.Context()) },
		"Renew":   func(t *testing.T, w *workspace.Workspace) (*workspace.Session, error) { return w.Renew(t.Context()) },
		"SignIn": func(t *testing.T, w *workspace.Workspace) (*workspace.Session, error) {
			code := ""
			session, err := w.SignIn(t.Context(), func(d workspace.DeviceCode) { code = d.UserCode })
			assert.Equal(t, "ABCD-1234", code)
			return session, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, workspacetest.Contoso())
			require.Nil(t, w.Session())
			session, err := sign(t, w)
			require.NoError(t, err)
			assert.Equal(t, "admin@contoso.com", session.Account)
			assert.Same(t, session, w.Session())
		})
	}
}

func TestAFailedSignInKeepsTheSessionBefore(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := open(t, tenant)
	before, err := w.Connect(t.Context())
	require.NoError(t, err)
	tenant.SessionErr = &model.Error{Kind: model.KindSignIn, Code: workspace.CodeSignInRequired, Message: "nobody is signed in"}
	_, err = w.Connect(t.Context())
	failure(t, err, model.KindSignIn, workspace.CodeSignInRequired)
	assert.Same(t, before, w.Session())
}

func TestRenewShowsAConsentGivenMeanwhile(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Account.Scopes = []string{"User.Read.All", "GroupMember.Read.All"}
	w := open(t, tenant)
	_, err := w.Connect(t.Context())
	require.NoError(t, err)
	require.False(t, w.CanWrite())
	tenant.Account.Scopes = append(tenant.Account.Scopes, "GroupMember.ReadWrite.All")
	_, err = w.Renew(t.Context())
	require.NoError(t, err)
	assert.True(t, w.CanWrite())
}

func TestCapabilitiesAreGrantedByTheLeastAndByHigherPermissions(t *testing.T) {
	for scope, want := range map[string][]string{
		"User.Read.All":             {"directory"},
		"user.read.all":             {"directory"},
		"GroupMember.Read.All":      {"groups"},
		"Group.Read.All":            {"groups"},
		"GroupMember.ReadWrite.All": {"groups", "write"},
		"Group.ReadWrite.All":       {"groups", "write"},
		"Directory.Read.All":        {"directory", "groups", "contacts"},
		"Directory.ReadWrite.All":   {"directory", "groups", "contacts", "write"},
		"OrgContact.Read.All":       {"contacts"},
		"Member.Read.Hidden":        {"hiddenMembers"},
		"User.Read":                 nil,
		"GroupMember.Read":          nil,
	} {
		t.Run(scope, func(t *testing.T) {
			tenant := workspacetest.Contoso()
			tenant.Account.Scopes = []string{scope}
			w := open(t, tenant)
			_, err := w.Connect(t.Context())
			require.NoError(t, err)
			var granted []string
			for _, c := range w.Capabilities() {
				if c.Granted {
					granted = append(granted, c.ID)
				}
				assert.Equal(t, c.Granted, w.Can(c.ID))
			}
			assert.Equal(t, want, granted)
		})
	}
}

func TestNobodySignedInHoldsNoCapability(t *testing.T) {
	for _, c := range open(t, workspacetest.Contoso()).Capabilities() {
		assert.False(t, c.Granted, c.ID)
	}
}

func TestNoPermissionThatChangesUsersIsEverAskedFor(t *testing.T) {
	list := open(t, workspacetest.Contoso()).Capabilities()
	var asked []string
	for _, c := range list {
		asked = append(asked, c.Scope)
		assert.NotEmpty(t, c.Why, c.ID)
		assert.NotEmpty(t, c.Never, c.ID)
		assert.NotContains(t, c.Accepts, "User.ReadWrite.All", "%s must not make anybody grant it", c.ID)
	}
	assert.Equal(t, []string{"User.Read.All", "GroupMember.Read.All", "OrgContact.Read.All", "Member.Read.Hidden", "GroupMember.ReadWrite.All"}, asked)
	for _, scope := range asked {
		writes := strings.Contains(scope, "Write") || strings.Contains(scope, "Manage")
		assert.Equal(t, scope == "GroupMember.ReadWrite.All", writes, scope)
	}
}

func TestConsentIsAskedForMissingPermissionsOnly(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Account.Scopes = []string{"User.Read.All", "Group.Read.All"}
	w := open(t, tenant)
	_, err := w.Connect(t.Context())
	require.NoError(t, err)
	scopes := func(id string) []string {
		_, list, _ := strings.Cut(w.ConsentURL(id), "scope=")
		return slices.DeleteFunc(strings.Split(list, "+"), func(s string) bool { return s == "" })
	}
	assert.Equal(t, []string{"OrgContact.Read.All", "Member.Read.Hidden", "GroupMember.ReadWrite.All"}, scopes(""))
	assert.Equal(t, []string{"GroupMember.ReadWrite.All"}, scopes(workspace.CapabilityWrite))
	assert.Empty(t, scopes(workspace.CapabilityGroups), "a higher permission serves as well")
}

func TestDomainsAreAskedOnce(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := open(t, tenant)
	preview := func() {
		_, err := w.Preview(t.Context(), []string{"partners@contoso.com"}, nil, nil)
		require.NoError(t, err)
	}
	preview()
	_, err := w.Renew(t.Context())
	require.NoError(t, err)
	preview()
	assert.Len(t, tenant.Asked("Domains"), 1)
}

func TestAProfileStaysWithItsFirstTenant(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := open(t, tenant)
	first, err := w.Connect(t.Context())
	require.NoError(t, err)
	tenant.Account.TenantID = "22222222-2222-4222-8222-222222222222"
	_, err = w.Renew(t.Context())
	failure(t, err, model.KindFailed, "otherTenant")
	assert.Same(t, first, w.Session())
}
