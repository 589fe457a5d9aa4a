package graph_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/microsoft/kiota-abstractions-go/authentication"
	nethttplibrary "github.com/microsoft/kiota-http-go"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/contacts"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
	"github.com/microsoftgraph/msgraph-sdk-go/organization"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

// The tests of this file put Microsoft's own client before the embedded tenant:
// azidentity's credentials, the SDK's middleware, builders and models. Nothing
// of package graph takes part.

// microsoft is that client.
type microsoft struct {
	*emulator.Server
	base    map[string]string
	adapter *nethttplibrary.NetHttpRequestAdapter
}

// tokens joins a credential of azidentity to the SDK's bearer provider, which
// sends them to the tenant's host only.
type tokens struct {
	cred  azcore.TokenCredential
	hosts *authentication.AllowedHostsValidator
}

func (p *tokens) GetAuthorizationToken(ctx context.Context, u *url.URL, _ map[string]any) (string, error) {
	if !p.hosts.IsUrlHostValid(u) {
		return "", nil
	}
	token, err := p.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}, EnableCAE: true})
	return token.Token, err
}

func (p *tokens) GetAllowedHostsValidator() *authentication.AllowedHostsValidator { return p.hosts }

func secret(t *testing.T, s *emulator.Server, o azcore.ClientOptions) azcore.TokenCredential {
	t.Helper()
	cred, err := azidentity.NewClientSecretCredential(s.TenantID(), s.ClientID(), s.ClientSecret(),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: true})
	require.NoError(t, err)
	return cred
}

func deviceCode(t *testing.T, s *emulator.Server, o azcore.ClientOptions) azcore.TokenCredential {
	t.Helper()
	cred, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: o, TenantID: s.TenantID(), ClientID: s.ClientID(), DisableInstanceDiscovery: true,
		UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error { return s.Approve(m.UserCode) },
	})
	require.NoError(t, err)
	return cred
}

// meet starts a tenant and Microsoft's client with a credential for it.
func meet(t *testing.T, o emulator.Options, credential func(*testing.T, *emulator.Server, azcore.ClientOptions) azcore.TokenCredential) *microsoft {
	t.Helper()
	server, err := emulator.Start(t.Context(), o)
	require.NoError(t, err)
	plain := server.Client()
	t.Cleanup(func() {
		plain.CloseIdleConnections()
		assert.NoError(t, server.Close())
		assert.Empty(t, server.Judges().Violations())
	})
	cred := credential(t, server, azcore.ClientOptions{
		Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: server.AuthorityHost()}, Transport: plain,
	})
	client := nethttplibrary.GetDefaultClient()
	client.Transport = nethttplibrary.NewCustomTransportWithParentTransport(plain.Transport, nethttplibrary.GetDefaultMiddlewares()...)
	host, err := url.Parse(server.GraphEndpoint())
	require.NoError(t, err)
	hosts, err := authentication.NewAllowedHostsValidatorErrorCheck([]string{host.Host, host.Hostname()})
	require.NoError(t, err)
	adapter, err := nethttplibrary.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		authentication.NewBaseBearerTokenAuthenticationProvider(&tokens{cred, hosts}),
		jsonserialization.NewJsonParseNodeFactory(), jsonserialization.NewJsonSerializationWriterFactory(), client)
	require.NoError(t, err)
	root := server.GraphEndpoint() + "/v1.0"
	adapter.SetBaseUrl(root)
	return &microsoft{Server: server, base: map[string]string{"baseurl": root}, adapter: adapter}
}

func (m *microsoft) users() *users.UsersRequestBuilder {
	return users.NewUsersRequestBuilderInternal(m.base, m.adapter)
}

func (m *microsoft) group(t *testing.T, name string) *groups.GroupItemRequestBuilder {
	t.Helper()
	all := groups.NewGroupsRequestBuilderInternal(m.base, m.adapter)
	found, err := all.Get(t.Context(), &groups.GroupsRequestBuilderGetRequestConfiguration{
		QueryParameters: &groups.GroupsRequestBuilderGetQueryParameters{Filter: text("displayName eq '" + name + "'")},
	})
	require.NoError(t, err)
	require.Len(t, found.GetValue(), 1)
	return all.ByGroupId(*found.GetValue()[0].GetId())
}

func text(s string) *string  { return &s }
func number(n int32) *int32  { return &n }
func value(s *string) string { return *s }

func TestMicrosoftsClientReadsEveryUser(t *testing.T) {
	for name, credential := range map[string]func(*testing.T, *emulator.Server, azcore.ClientOptions) azcore.TokenCredential{
		"with a client secret": secret,
		"with a device code":   deviceCode,
	} {
		t.Run(name, func(t *testing.T) {
			m := meet(t, emulator.Options{Users: 1200}, credential)
			got := make(map[string]models.Userable)
			page, err := m.users().Get(t.Context(), &users.UsersRequestBuilderGetRequestConfiguration{
				QueryParameters: &users.UsersRequestBuilderGetQueryParameters{
					Select: []string{"id", "displayName", "mail", "accountEnabled", "proxyAddresses", "employeeHireDate", "onPremisesExtensionAttributes"},
					Expand: []string{"manager($select=id)"}, Top: number(999),
				},
			})
			require.NoError(t, err)
			for {
				for _, u := range page.GetValue() {
					got[*u.GetId()] = u
				}
				if page.GetOdataNextLink() == nil {
					break
				}
				page, err = m.users().WithUrl(*page.GetOdataNextLink()).Get(t.Context(), nil)
				require.NoError(t, err)
			}
			tn := m.Tenant()
			assert.Len(t, got, tn.UserCount())
			for i := range tn.UserSlots() {
				want, _ := tn.User(i)
				u := got[want.ID]
				require.NotNil(t, u, want.UserPrincipalName)
				assert.Equal(t, want.DisplayName, *u.GetDisplayName())
				assert.Equal(t, want.AccountEnabled, *u.GetAccountEnabled())
				assert.ElementsMatch(t, want.ProxyAddresses, u.GetProxyAddresses())
				assert.Equal(t, want.Mail == "", u.GetMail() == nil, "no mail is null")
				assert.Equal(t, want.EmployeeHireDate.IsZero(), u.GetEmployeeHireDate() == nil)
				assert.Equal(t, want.ExtensionAttributes[0] == "", u.GetOnPremisesExtensionAttributes().GetExtensionAttribute1() == nil)
				if want.Manager >= 0 {
					assert.Equal(t, tn.UserID(want.Manager), *u.GetManager().GetId())
				} else {
					assert.Nil(t, u.GetManager())
				}
			}
		})
	}
}

func TestMicrosoftsClientReadsMembersAsWhatTheyAre(t *testing.T) {
	m := meet(t, emulator.Options{AppRoles: append(emulator.DefaultAppRoles(), "Device.Read.All")}, secret)
	kinds := make(map[string]int)
	for i := range m.Tenant().Groups() {
		g, _ := m.Tenant().Group(i)
		if g.Visibility == "HiddenMembership" {
			continue
		}
		members := groups.NewGroupsRequestBuilderInternal(m.base, m.adapter).ByGroupId(g.ID).Members()
		var got []string
		page, err := members.Get(t.Context(), &groups.ItemMembersRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.ItemMembersRequestBuilderGetQueryParameters{Top: number(500)},
		})
		for {
			require.NoError(t, err)
			for _, o := range page.GetValue() {
				got = append(got, *o.GetId())
				kinds[value(o.GetOdataType())]++
				switch o := o.(type) {
				case models.Userable:
					assert.NotNil(t, o.GetUserPrincipalName())
				case models.Groupable:
					assert.NotNil(t, o.GetSecurityEnabled())
				case models.OrgContactable:
					assert.NotNil(t, o.GetDisplayName())
				case models.Deviceable:
					assert.NotNil(t, o.GetDeviceId())
				default:
					assert.Fail(t, "an object of no type", "%T", o)
				}
			}
			if page.GetOdataNextLink() == nil {
				break
			}
			page, err = members.WithUrl(*page.GetOdataNextLink()).Get(t.Context(), nil)
		}
		assert.ElementsMatch(t, visible(m.Tenant(), i), got, g.DisplayName)
	}
	assert.Len(t, kinds, 4)
}

func TestMicrosoftsClientFollowsADelta(t *testing.T) {
	m := meet(t, emulator.Options{Users: 450}, secret)
	delta := m.users().Delta()
	page, err := delta.GetAsDeltaGetResponse(t.Context(), &users.DeltaRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.DeltaRequestBuilderGetQueryParameters{Select: []string{"displayName", "department"}},
	})
	seen := 0
	for {
		require.NoError(t, err)
		seen += len(page.GetValue())
		if page.GetOdataNextLink() == nil {
			break
		}
		page, err = delta.WithUrl(*page.GetOdataNextLink()).GetAsDeltaGetResponse(t.Context(), nil)
	}
	assert.Equal(t, m.Tenant().UserCount(), seen)

	m.Tenant().Churn(1, seed.Churn{Hires: 2, Leavers: 1})
	link := *page.GetOdataDeltaLink()
	page, err = delta.WithUrl(link).GetAsDeltaGetResponse(t.Context(), nil)
	require.NoError(t, err)
	removed, named := 0, 0
	for _, u := range page.GetValue() {
		if _, gone := u.GetAdditionalData()["@removed"]; gone {
			removed++
		} else if u.GetDisplayName() != nil {
			named++
		}
	}
	assert.Equal(t, 1, removed)
	assert.Equal(t, 2, named)
}

func TestMicrosoftsClientReadsTheRestOfTheDirectory(t *testing.T) {
	m := meet(t, emulator.Options{Users: 300}, secret)
	org, err := organization.NewOrganizationRequestBuilderInternal(m.base, m.adapter).Get(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, org.GetValue(), 1)
	assert.Equal(t, m.Tenant().OrganizationName(), *org.GetValue()[0].GetDisplayName())
	assert.Len(t, org.GetValue()[0].GetVerifiedDomains(), 2)

	page, err := contacts.NewContactsRequestBuilderInternal(m.base, m.adapter).Get(t.Context(), &contacts.ContactsRequestBuilderGetRequestConfiguration{
		QueryParameters: &contacts.ContactsRequestBuilderGetQueryParameters{Top: number(999)},
	})
	require.NoError(t, err)
	assert.Len(t, page.GetValue(), m.Tenant().Contacts())

	account, _ := m.Tenant().User(m.Tenant().Account())
	named, err := m.users().ByUserId(account.UserPrincipalName).Get(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, account.ID, *named.GetId())
}

func TestMicrosoftsClientWritesMembersAndDecodesRefusals(t *testing.T) {
	m := meet(t, emulator.Options{Users: 300}, secret)
	members := m.group(t, "sg-sales").Members()
	contact, _ := m.Tenant().Contact(0)
	reference := models.NewReferenceCreate()
	reference.SetOdataId(text(m.base["baseurl"] + "/directoryObjects/" + contact.ID))
	require.NoError(t, members.Ref().Post(t.Context(), reference, nil))

	var refused *odataerrors.ODataError
	require.ErrorAs(t, members.Ref().Post(t.Context(), reference, nil), &refused)
	assert.Equal(t, http.StatusBadRequest, refused.GetStatusCode())
	assert.Equal(t, "Request_BadRequest", *refused.GetErrorEscaped().GetCode())
	assert.Contains(t, *refused.GetErrorEscaped().GetMessage(), "already exist")
	assert.NotEmpty(t, *refused.GetErrorEscaped().GetInnerError().GetRequestId())

	require.NoError(t, members.ByDirectoryObjectId(contact.ID).Ref().Delete(t.Context(), nil))
	require.ErrorAs(t, members.ByDirectoryObjectId(contact.ID).Ref().Delete(t.Context(), nil), &refused)
	assert.Equal(t, "Request_ResourceNotFound", *refused.GetErrorEscaped().GetCode())
}
