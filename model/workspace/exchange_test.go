package workspace_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
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

// exchange answers for the members of lists by address alone, as Exchange Web
// Services do.
type exchange struct{ members map[string][]string } // addresses by the address of the list

func (e exchange) Members(_ context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	listings := make([]expansion.Listing, len(questions))
	for i, q := range questions {
		listings[i] = expansion.Listing{GroupID: q.Group.ID, Source: expansion.SourceEWS}
		for _, address := range e.members[q.Group.Mail] {
			listings[i].Members = append(listings[i].Members, model.Object{Type: model.ObjectUser, DisplayName: address, Mail: address})
		}
	}
	return listings, nil
}

func TestWhoIsListedByAddressIsTheSyncedUserWhoGetsTheMail(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Exchange = expansion.SourceEWS
	change := func(n int, fields ...model.Field) {
		u := &tenant.Users[n-1]
		u.Fields = append(slices.Clone(u.Fields), fields...)
	}
	change(workspacetest.Adele, model.Field{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:adele@contoso.com", "smtp:av@contoso.com", "smtp:desk@contoso.com"}})
	change(workspacetest.Chandra, model.Field{Attr: model.AttrMobilePhone, Value: "+49 170 1"})
	tenant.Users[workspacetest.Dora-1].Fields[1].Value = "desk@contoso.com" // a user principal name that is Adele's address
	tenant.Plug = func(parts *workspace.Parts) {
		parts.Members = &expansion.Sources{
			Graph: parts.Members, Source: expansion.SourceEWS,
			Exchange: exchange{map[string][]string{"partners@contoso.com": {"AV@contoso.com", "desk@contoso.com", "adele@contoso.com", "chandra@contoso.com", "stranger@contoso.com"}}},
		}
		parts.ExchangeNotice = "Exchange Web Services end soon"
	}
	w := synced(t, tenant)
	p, err := w.Preview(t.Context(), []string{"partners@contoso.com"}, nil, nil)
	require.NoError(t, err)
	require.Len(t, p.Recipients, 3, "%v", addresses(p))
	assert.Equal(t, workspacetest.ID(workspacetest.Adele), p.Recipients[0].Object.ID, "by either of her secondary addresses")
	assert.True(t, p.Recipients[1].SMS, "what is synced of a user completes the address")
	assert.True(t, p.Recipients[1].Disabled)
	assert.Contains(t, p.Notes, "Exchange Web Services end soon")
	kept, err := w.ApprovePreview(t.Context(), p, "")
	require.NoError(t, err)
	assert.Equal(t, []expansion.Source{expansion.SourceEWS}, kept.Sources)
	assert.Equal(t, []string{workspacetest.ID(workspacetest.Adele), workspacetest.ID(workspacetest.Chandra), ""}, kept.ObjectIDs)

	p, err = w.Preview(t.Context(), []string{"rule:" + salesRule}, []string{"group:sg-sales", "partners@contoso.com"}, nil)
	require.NoError(t, err)
	assert.Contains(t, p.Notes, "Exchange Web Services end soon", "they were asked who is excluded")
	kept, err = w.ApprovePreview(t.Context(), p, "")
	require.NoError(t, err)
	assert.ElementsMatch(t, []expansion.Source{expansion.SourceGraph, expansion.SourceEWS}, kept.Sources)

	p, err = w.Preview(t.Context(), []string{"group:sg-sales", "rule:" + salesRule}, nil, nil)
	require.NoError(t, err)
	assert.NotContains(t, p.Notes, "Exchange Web Services end soon", "they were not asked")
}

func TestWithoutASyncANoteSaysWhatExchangeDoesNotTell(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Exchange = expansion.SourceEWS
	tenant.Plug = func(parts *workspace.Parts) {
		parts.Members = &expansion.Sources{
			Graph: parts.Members, Source: expansion.SourceEWS,
			Exchange: exchange{map[string][]string{"partners@contoso.com": {"chandra@contoso.com"}}},
		}
	}
	noted := func(w *workspace.Workspace) bool {
		p, err := w.Preview(t.Context(), []string{"partners@contoso.com"}, nil, nil)
		require.NoError(t, err)
		require.Equal(t, []string{"chandra@contoso.com"}, addresses(p))
		return slices.ContainsFunc(p.Notes, func(n string) bool { return strings.Contains(n, "has not been synced") })
	}
	assert.True(t, noted(open(t, tenant)))
	assert.False(t, noted(synced(t, tenant)))
}

func TestExchangeThatRefusesIsMissingAndNoFailure(t *testing.T) {
	for name, list := range map[string]string{"one that Graph can read": "partners@contoso.com", "a dynamic one": "everybody@contoso.com"} {
		t.Run(name, func(t *testing.T) {
			tenant := workspacetest.Contoso()
			tenant.Exchange = expansion.SourceExchangeAdmin
			refusal := &model.Error{Kind: model.KindSignIn, Code: "AADSTS65001", Message: "nobody has consented to Exchange.ManageV2", Remedy: "an administrator consents", Err: expansion.ErrService}
			tenant.Objects = append(tenant.Objects, model.Object{
				ID: "", Type: model.ObjectGroup, DisplayName: "Everybody", Mail: "everybody@contoso.com",
				Group: &model.Group{DisplayName: "Everybody", Mail: "everybody@contoso.com", Kind: model.KindDynamicDistribution},
			})
			tenant.Plug = func(parts *workspace.Parts) {
				parts.Members = &expansion.Sources{Graph: parts.Members, Source: expansion.SourceExchangeAdmin, Exchange: refusing{refusal}}
			}
			w := synced(t, tenant)
			p, err := w.Preview(t.Context(), []string{list, "adele@contoso.com"}, nil, nil)
			require.NoError(t, err)
			require.Len(t, p.Missing, 1)
			assert.Contains(t, p.Missing[0].Reason.Message+p.Missing[0].Reason.Remedy, "consent")
			assert.Contains(t, addresses(p), "adele@contoso.com", "the rest is answered")
			_, err = w.ApprovePreview(t.Context(), p, "")
			failure(t, err, model.KindGuard, "previewIncomplete")
		})
	}
}

// refusing is an Exchange that refuses as a whole.
type refusing struct{ err error }

func (r refusing) Members(context.Context, []expansion.Question) ([]expansion.Listing, error) {
	return nil, r.err
}

func TestARuleOnMemberOfIsGraphsAloneWhateverExchangeSays(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Exchange = expansion.SourceExchangeAdmin
	partners := workspacetest.ID(workspacetest.ListPartners)
	tenant.Plug = func(parts *workspace.Parts) {
		parts.Memberships = parts.Members
		parts.Members = &expansion.Sources{
			Graph: parts.Members, Source: expansion.SourceExchangeAdmin,
			Exchange: exchange{map[string][]string{"partners@contoso.com": {"adele@contoso.com"}}},
		}
	}
	w := synced(t, tenant)
	rule := fmt.Sprintf("user.memberOf -any (group.objectId -in ['%s'])", partners)
	p, err := w.Preview(t.Context(), []string{"rule:" + rule}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"bert@contoso.com"}, addresses(p))
	p, err = w.Preview(t.Context(), []string{"partners@contoso.com"}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"adele@contoso.com"}, addresses(p))
}
