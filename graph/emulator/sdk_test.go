package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/authentication"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	nethttplibrary "github.com/microsoft/kiota-http-go"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
)

// bearer sends a tenant's token, which the tests of the sign-in take care of.
type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// nodes reads JSON, and the bare number of a count, which is JSON too.
type nodes struct {
	*jsonserialization.JsonParseNodeFactory
}

func (n nodes) GetRootParseNode(contentType string, content []byte) (serialization.ParseNode, error) {
	if contentType == "text/plain" {
		contentType = "application/json"
	}
	return n.JsonParseNodeFactory.GetRootParseNode(contentType, content)
}

// microsoft is the users builder of Microsoft's SDK for a tenant.
func microsoft(t *testing.T, s *tenant) *users.UsersRequestBuilder {
	t.Helper()
	root, adapter := sdk(t, s)
	return users.NewUsersRequestBuilderInternal(root, adapter)
}

// sdk is what any builder of Microsoft's SDK takes to talk to a tenant.
func sdk(t *testing.T, s *tenant) (map[string]string, abstractions.RequestAdapter) {
	t.Helper()
	client := nethttplibrary.GetDefaultClient()
	client.Transport = nethttplibrary.NewCustomTransportWithParentTransport(bearer{s.client.Transport, s.token}, nethttplibrary.GetDefaultMiddlewares()...)
	adapter, err := nethttplibrary.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		&authentication.AnonymousAuthenticationProvider{}, nodes{jsonserialization.NewJsonParseNodeFactory()},
		jsonserialization.NewJsonSerializationWriterFactory(), client)
	require.NoError(t, err)
	root := s.GraphEndpoint() + "/v1.0"
	adapter.SetBaseUrl(root)
	return map[string]string{"baseurl": root}, adapter
}

func eventualHeader() *abstractions.RequestHeaders {
	headers := abstractions.NewRequestHeaders()
	headers.Add("ConsistencyLevel", "eventual")
	return headers
}

func TestMicrosoftsClientReadsPartitions(t *testing.T) {
	s := withOddNames(t, emulator.Options{Users: 1200})
	builder := microsoft(t, s)
	var filters []string
	for _, letter := range "abcdefghijklmnopqrstuvwxyz0_-'!#~^" {
		filters = append(filters, "startswith(userPrincipalName,"+quoted(string(letter))+")")
	}
	latin := strings.Join(filters, " or ")
	filters = append(filters,
		"createdDateTime ge 2020-01-01T00:00:00Z and createdDateTime le 2020-12-31T23:59:59Z",
		latin)
	top := int32(100)
	for _, filter := range filters {
		counted, err := builder.Count().Get(t.Context(), &users.CountRequestBuilderGetRequestConfiguration{
			Headers: eventualHeader(), QueryParameters: &users.CountRequestBuilderGetQueryParameters{Filter: &filter},
		})
		require.NoError(t, err, filter)
		require.NotNil(t, counted)

		ids := make(map[string]bool)
		page, err := builder.Get(t.Context(), &users.UsersRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.UsersRequestBuilderGetQueryParameters{
				Filter: &filter, Select: []string{"id", "userPrincipalName", "createdDateTime"}, Expand: []string{"manager($select=id)"}, Top: &top,
			},
		})
		for {
			require.NoError(t, err, filter)
			for _, u := range page.GetValue() {
				ids[*u.GetId()] = true
				i, ok := s.Tenant().FindUser(*u.GetId())
				require.True(t, ok)
				want, _ := s.Tenant().User(i)
				assert.Equal(t, want.UserPrincipalName, *u.GetUserPrincipalName())
				assert.Equal(t, want.CreatedDateTime, u.GetCreatedDateTime().UTC())
				assert.Equal(t, want.Manager >= 0, u.GetManager() != nil)
			}
			if page.GetOdataNextLink() == nil {
				break
			}
			page, err = builder.WithUrl(*page.GetOdataNextLink()).Get(t.Context(), nil)
		}
		assert.Len(t, ids, int(*counted), filter)
	}
	assert.Empty(t, s.Judges().Violations())
}

func TestMicrosoftsClientIsRefusedWhatGraphRefuses(t *testing.T) {
	s := signedIn(t, emulator.Options{Users: 100})
	builder := microsoft(t, s)
	filter := "not startswith(userPrincipalName,'a')"
	_, err := builder.Count().Get(t.Context(), &users.CountRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.CountRequestBuilderGetQueryParameters{Filter: &filter},
	})
	var refused *odataerrors.ODataError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "$count is not currently supported.", *refused.GetErrorEscaped().GetMessage())

	_, err = builder.Get(t.Context(), &users.UsersRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Filter: &filter},
	})
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "Request_UnsupportedQuery", *refused.GetErrorEscaped().GetCode())

	counted := true
	page, err := builder.Get(t.Context(), &users.UsersRequestBuilderGetRequestConfiguration{
		Headers:         eventualHeader(),
		QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Filter: &filter, Count: &counted},
	})
	require.NoError(t, err)
	assert.Positive(t, *page.GetOdataCount())
}

func TestMicrosoftsClientWritesMembers(t *testing.T) {
	s := writer(t, emulator.Options{Users: 300})
	root, adapter := sdk(t, s)
	group := groups.NewGroupsRequestBuilderInternal(root, adapter).ByGroupId(s.groupID("sg-sales"))
	ids := s.outsiders("sg-sales", 21)
	message := func(err error) string {
		t.Helper()
		var refused *odataerrors.ODataError
		require.ErrorAs(t, err, &refused)
		return *refused.GetErrorEscaped().GetMessage()
	}

	one := models.NewReferenceCreate()
	link := "https://graph.microsoft.com/v1.0/directoryObjects/" + ids[0]
	one.SetOdataId(&link)
	require.NoError(t, group.Members().Ref().Post(t.Context(), one, nil))
	assert.Equal(t, already, message(group.Members().Ref().Post(t.Context(), one, nil)))

	many := models.NewGroup()
	var links []string
	for _, id := range ids[1:] {
		links = append(links, "https://graph.microsoft.com/v1.0/directoryObjects/"+id)
	}
	many.SetAdditionalData(map[string]any{"members@odata.bind": links})
	_, err := group.Patch(t.Context(), many, nil)
	require.NoError(t, err)
	for _, id := range ids {
		assert.True(t, s.isMember("sg-sales", id))
		require.NoError(t, group.Members().ByDirectoryObjectId(id).Ref().Delete(t.Context(), nil))
	}
	assert.Equal(t, missing(s.groupID("sg-sales")), message(group.Members().ByDirectoryObjectId(ids[0]).Ref().Delete(t.Context(), nil)))

	owners, err := group.Owners().Get(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, owners.GetValue(), 1)
	assert.IsType(t, models.NewUser(), owners.GetValue()[0])
	assert.Equal(t, s.Tenant().ID(s.Tenant().Owners(s.groupIndex("sg-sales"))[0]), *owners.GetValue()[0].GetId())
	assert.Len(t, s.MembershipChanges(), 42)
	assert.Empty(t, s.Judges().Violations())
}
