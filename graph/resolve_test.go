package graph

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

// inner parses the relative URL of a request in a $batch.
func inner(t testing.TB, q innerRequest) (path string, query url.Values) {
	t.Helper()
	u, err := url.Parse(q.URL)
	require.NoError(t, err)
	return u.Path, u.Query()
}

func TestAddressIsLookedForAmongAllTypesAtOnce(t *testing.T) {
	var mu sync.Mutex
	asked := make(map[string][]string)
	const address = "o'brien+x#1&2@contoso.com"
	c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		path, query := inner(t, q)
		filter := query.Get("$filter")
		mu.Lock()
		asked[path] = append(asked[path], filter)
		mu.Unlock()
		assert.NotContains(t, q.URL, "+", "a plus sign would be read as a space")
		assert.NotContains(t, q.URL, "#")
		if strings.Contains(filter, "any(") {
			assert.Equal(t, "eventual", q.Headers["ConsistencyLevel"])
			assert.Equal(t, "true", query.Get("$count"))
		} else {
			assert.Empty(t, q.Headers["ConsistencyLevel"])
		}
		if path == "/users" {
			return innerAnswer{status: 200, body: page(object{"id": guid(1), "displayName": "Ann", "mail": address})}
		}
		return innerAnswer{status: 200, body: page()}
	}, nil))
	found, err := c.ResolveAddress(t.Context(), address)
	require.NoError(t, err)
	require.Len(t, found, 1, "found by two lookups, returned once")
	assert.Equal(t, model.ObjectUser, found[0].Type)
	const quoted = "'o''brien+x#1&2@contoso.com'"
	for _, path := range []string{"/groups", "/users", "/contacts"} {
		require.Len(t, asked[path], 2, path)
		assert.Contains(t, strings.Join(asked[path], "\n"), "mail eq "+quoted)
		assert.Contains(t, strings.Join(asked[path], "\n"), "proxyAddresses/any(p:p eq 'smtp:o''brien+x#1&2@contoso.com')")
	}
	assert.Contains(t, strings.Join(asked["/users"], "\n"), "userPrincipalName eq "+quoted)
	assert.Equal(t, 1, c.Traffic().Requests)
}

func TestClosedTypeIsNoHarmUnlessNothingElseIsFound(t *testing.T) {
	found := false
	c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		path, _ := inner(t, q)
		switch {
		case path == "/contacts":
			return innerAnswer{status: 403, body: graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")}
		case path == "/groups" && found:
			return innerAnswer{status: 200, body: page(object{"id": guid(1), "displayName": "DL", "mailEnabled": true, "groupTypes": []string{}})}
		}
		return innerAnswer{status: 200, body: page()}
	}, nil))
	_, err := c.ResolveAddress(t.Context(), "partner@fabrikam.com")
	e := asModelError(t, err)
	assert.Equal(t, model.KindPartial, e.Kind)
	assert.Equal(t, "partner@fabrikam.com was not found, but mail contacts could not be searched", e.Message)
	assert.Contains(t, e.Remedy, scopeContacts)
	assert.NotEmpty(t, e.RequestID)

	found = true
	objects, err := c.ResolveAddress(t.Context(), "dl@contoso.com")
	require.NoError(t, err)
	require.Len(t, objects, 1)
	assert.Equal(t, model.KindDistribution, objects[0].Group.Kind)
}

func TestLookupThatFailsIsNotTakenForNothing(t *testing.T) {
	c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		if path, _ := inner(t, q); path == "/users" {
			return innerAnswer{status: 400, body: graphError("Request_UnsupportedQuery", "Unsupported Query.")}
		}
		return innerAnswer{status: 200, body: page()}
	}, nil))
	_, err := c.ResolveAddress(t.Context(), "x@contoso.com")
	assert.Equal(t, "Request_UnsupportedQuery", asModelError(t, err).Code)
}

func TestNobodyIsAnEmptyAnswer(t *testing.T) {
	c := serve(t, batchServer(t, func(innerRequest) innerAnswer { return innerAnswer{status: 200, body: page()} }, nil))
	found, err := c.ResolveAddress(t.Context(), "nobody@contoso.com")
	require.NoError(t, err)
	assert.Empty(t, found)
}

func TestGroupIsFoundByIDThenNameThenAddress(t *testing.T) {
	group := object{"id": guid(1), "displayName": "sg-sales", "securityEnabled": true, "groupTypes": []string{}}
	c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		_, query := inner(t, q)
		switch query.Get("$filter") {
		case "displayName eq 'sg-sales'", "displayName eq '" + guid(2) + "'", "mail eq 'sales@contoso.com'":
			return innerAnswer{status: 200, body: page(group)}
		}
		return innerAnswer{status: 200, body: page()}
	}, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, guid(1)) {
			answerJSON(w, 200, group)
			return
		}
		answerJSON(w, 404, graphError("Request_ResourceNotFound", "Resource does not exist."))
	}))
	for name, want := range map[string]int{guid(1): 1, guid(2): 1, "sg-sales": 1, "sales@contoso.com": 1, "sg-none": 0, "none@contoso.com": 0} {
		found, err := c.ResolveGroup(t.Context(), name)
		require.NoError(t, err, name)
		require.Len(t, found, want, name)
		if want == 1 {
			assert.Equal(t, model.ObjectGroup, found[0].Type)
			assert.Equal(t, model.KindSecurity, found[0].Group.Kind)
		}
	}
}

func TestDomainsAndOrganization(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/v1.0/organization", r.URL.Path)
		answerJSON(w, 200, page(object{"id": guid(1), "displayName": "Contoso", "verifiedDomains": []any{
			object{"name": "Contoso.com"}, object{"name": "contoso.onmicrosoft.com", "isInitial": true},
		}}))
	})
	domains, err := c.Domains(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"contoso.com", "contoso.onmicrosoft.com"}, domains)
	name, initial, err := c.Organization(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "Contoso", name)
	assert.Equal(t, "contoso.onmicrosoft.com", initial)
}
