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
	client := nethttplibrary.GetDefaultClient()
	client.Transport = nethttplibrary.NewCustomTransportWithParentTransport(bearer{s.client.Transport, s.token}, nethttplibrary.GetDefaultMiddlewares()...)
	adapter, err := nethttplibrary.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		&authentication.AnonymousAuthenticationProvider{}, nodes{jsonserialization.NewJsonParseNodeFactory()},
		jsonserialization.NewJsonSerializationWriterFactory(), client)
	require.NoError(t, err)
	root := s.GraphEndpoint() + "/v1.0"
	adapter.SetBaseUrl(root)
	return users.NewUsersRequestBuilderInternal(map[string]string{"baseurl": root}, adapter)
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
