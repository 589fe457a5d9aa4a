package workspace_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/expansion"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

// exchangeOf returns the capability of Exchange, nil where there is none.
func exchangeOf(w *workspace.Workspace) *workspace.Capability {
	list := w.Capabilities()
	if i := slices.IndexFunc(list, func(c workspace.Capability) bool { return c.Exchange }); i >= 0 {
		return &list[i]
	}
	return nil
}

func TestExchangeIsACapabilityWhereTheProfileChoseIt(t *testing.T) {
	tenant := workspacetest.Contoso()
	assert.Nil(t, exchangeOf(open(t, tenant)))
	assert.Nil(t, workspace.ExchangeScopes(""))
	for source, want := range map[expansion.Source]struct {
		id     string
		scopes []string
	}{
		expansion.SourceExchangeAdmin: {workspace.CapabilityExchange, []string{"Exchange.ManageV2", "Exchange.ManageAsAppV2"}},
		expansion.SourceEWS:           {workspace.CapabilityEWS, []string{"EWS.AccessAsUser.All"}},
	} {
		t.Run(string(source), func(t *testing.T) {
			tenant := workspacetest.Contoso()
			tenant.Exchange = source
			w := open(t, tenant)
			_, err := w.Connect(t.Context())
			require.NoError(t, err)
			c := exchangeOf(w)
			require.NotNil(t, c)
			assert.Equal(t, want.id, c.ID)
			assert.Equal(t, want.scopes, workspace.ExchangeScopes(source))
			assert.True(t, c.Optional)
			assert.False(t, c.Granted)
			for _, text := range []string{c.Label, c.Why, c.Never, c.Pane} {
				assert.NotEmpty(t, text)
			}
			assert.Equal(t, "https://login.example/adminconsent?scope="+want.scopes[0], w.ConsentURL(want.id))
			assert.NotContains(t, w.ConsentURL(""), want.scopes[0], "a consent page is of one service")

			tenant.Account.Scopes = append(tenant.Account.Scopes, want.scopes[0])
			_, err = w.Renew(t.Context())
			require.NoError(t, err)
			assert.True(t, w.Can(want.id))
			assert.Equal(t, "https://login.example/adminconsent?scope="+want.scopes[0], w.ConsentURL(want.id), "granted or not, it is the page of Exchange")
		})
	}
}

func TestAnAppNeedsARoleOfExchangeAndNotAScope(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Exchange = expansion.SourceExchangeAdmin
	tenant.Account.AppOnly = true
	tenant.Account.Scopes = append(tenant.Account.Scopes, "Exchange.ManageV2")
	w := open(t, tenant)
	_, err := w.Connect(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "Exchange.ManageAsAppV2", exchangeOf(w).Scope)
	assert.False(t, w.Can(workspace.CapabilityExchange))
	tenant.Account.Scopes = append(tenant.Account.Scopes, "Exchange.ManageAsAppV2")
	_, err = w.Renew(t.Context())
	require.NoError(t, err)
	assert.True(t, w.Can(workspace.CapabilityExchange))
}

func TestNoPermissionOpensMailboxesOrChangesUsers(t *testing.T) {
	for _, source := range []expansion.Source{"", expansion.SourceExchangeAdmin, expansion.SourceEWS} {
		tenant := workspacetest.Contoso()
		tenant.Exchange = source
		for _, c := range open(t, tenant).Capabilities() {
			for _, scope := range append([]string{c.Scope}, c.Accepts...) {
				assert.NotContains(t, []string{"full_access_as_app", "User.ReadWrite.All", "Mail.Read", "Mail.ReadWrite", "Exchange.Manage", "Exchange.ManageAsApp"}, scope)
			}
		}
	}
}
