package graph

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func groupOf(n int, mail string, proxies ...string) object {
	return object{
		"id": guid(n), "displayName": fmt.Sprintf("list %d", n), "mail": mail, "proxyAddresses": proxies,
		"mailEnabled": true, "securityEnabled": false, "groupTypes": []string{},
	}
}

func TestGroupsAreToldByTheirAddresses(t *testing.T) {
	c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		path, query := inner(t, q)
		assert.Equal(t, "/groups", path)
		if strings.Contains(query.Get("$filter"), "any(") {
			assert.Equal(t, "eventual", q.Headers["ConsistencyLevel"])
			assert.Equal(t, "true", query.Get("$count"))
			return innerAnswer{status: 200, body: page(
				groupOf(1, "One@contoso.com", "SMTP:One@contoso.com", "smtp:old-one@contoso.com", "x500:/o=x"),
				groupOf(4, "four@contoso.com", "SMTP:four@contoso.com", "smtp:twice@contoso.com"),
				groupOf(5, "five@contoso.com", "SMTP:five@contoso.com", "smtp:twice@contoso.com"),
				groupOf(6, "o'neil@contoso.com", "SMTP:o'neil@contoso.com"),
			)}
		}
		assert.Empty(t, q.Headers["ConsistencyLevel"])
		return innerAnswer{status: 200, body: page(
			groupOf(1, "One@contoso.com", "SMTP:One@contoso.com", "smtp:old-one@contoso.com"),
			groupOf(2, "new@contoso.com"),     // whom the index does not know yet
			groupOf(3, "OLD-ONE@contoso.com"), // mail is routed by proxyAddresses
		)}
	}, nil))
	addresses := []string{
		"one@CONTOSO.com", "old-one@contoso.com", "new@contoso.com", "none@contoso.com", "twice@contoso.com", "", "o'neil@contoso.com", "one@contoso.com",
	}
	found, err := c.Classify(t.Context(), addresses)
	require.NoError(t, err)
	assert.Equal(t, []string{guid(1), guid(1), guid(2), "", "", "", guid(6), guid(1)}, listedIDs(found))
	assert.Equal(t, model.KindDistribution, found[0].Group.Kind)
	assert.Equal(t, model.Object{}, found[4], "of two owners none is chosen")

	found, err = c.Classify(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, found)
	assert.Equal(t, 1, c.Traffic().Requests)
}

func TestManyAddressesShareFewRequests(t *testing.T) {
	var mu sync.Mutex
	asked := make(map[string]int)
	c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		_, query := inner(t, q)
		filter := query.Get("$filter")
		assert.LessOrEqual(t, len(q.URL), 2048-len("https://graph.microsoft.com/v1.0"), "an advanced query may have no more")
		mails := strings.Split(strings.TrimSuffix(strings.TrimPrefix(filter, "mail in ("), ")"), ",")
		if strings.Contains(filter, "any(") {
			mails = strings.Split(filter, " or ")
		}
		assert.LessOrEqual(t, len(mails), maxClauses)
		mu.Lock()
		defer mu.Unlock()
		for _, m := range mails {
			asked[m]++
		}
		return innerAnswer{status: 200, body: page()}
	}, nil))
	var addresses []string
	for i := range 301 {
		addresses = append(addresses, fmt.Sprintf("list-%03d@contoso.com", i), fmt.Sprintf("LIST-%03d@contoso.com", i))
	}
	_, err := c.Classify(t.Context(), addresses)
	require.NoError(t, err)
	assert.Len(t, asked, 2*301, "each address is asked for once a query")
	assert.Equal(t, 3, c.Traffic().Requests)

	long := make([]string, 0, 40)
	for i := range 40 {
		long = append(long, fmt.Sprintf("%s-%02d@%s.example", strings.Repeat("ö", 20), i, strings.Repeat("a", 60)))
	}
	_, err = c.Classify(t.Context(), long)
	require.NoError(t, err)
	for _, part := range together(long) {
		assert.Less(t, len(part), maxClauses, "%d", len(url.QueryEscape(strings.Join(part, ""))))
	}
}

func TestAddressesThatCannotBeToldAreAnError(t *testing.T) {
	for name, refusal := range map[string]innerAnswer{
		"no permission": {status: http.StatusForbidden, body: graphError("Authorization_RequestDenied", "x")},
		"a bad query":   {status: http.StatusBadRequest, body: graphError("Request_UnsupportedQuery", "x")},
	} {
		c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
			if strings.Contains(q.URL, "any") {
				return refusal
			}
			return innerAnswer{status: 200, body: page()}
		}, nil))
		_, err := c.Classify(t.Context(), []string{"a@contoso.com"})
		assert.Error(t, err, name)
	}
}
