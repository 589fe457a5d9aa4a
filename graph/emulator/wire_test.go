package emulator_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

// eventualRequest is an inner request of a batch with advanced query parameters.
func eventualRequest(id, target string) map[string]any {
	r := request(id, http.MethodGet, target)
	r["headers"] = map[string]string{"ConsistencyLevel": "eventual"}
	return r
}

// Names, ids and addresses lead to the objects that have them, asked for one by
// one or inside a batch.
func TestObjectsAreFoundByNameIDAndAddress(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	staff, _ := s.Tenant().FindGroupByAddress("all-staff@contoso.com")
	group, _ := s.Tenant().Group(staff)
	board, _ := s.Tenant().FindGroupByAddress("board@contoso.com")
	user, _ := s.Tenant().User(5)
	contact, _ := s.Tenant().Contact(3)
	quoted := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	for _, c := range []struct {
		collection, filter string
		want               []string
	}{
		{"groups", "displayName eq 'all staff'", []string{group.ID}},
		{"groups", "id eq " + quoted(group.ID), []string{group.ID}},
		{"groups", "id eq " + quoted(s.Tenant().ID(seed.Member{Type: seed.MemberUser, Index: 5})), nil},
		{"groups", "id in (" + quoted(group.ID) + "," + quoted(s.Tenant().ID(seed.Member{Type: seed.MemberGroup, Index: board})) + ")", []string{group.ID, s.Tenant().ID(seed.Member{Type: seed.MemberGroup, Index: board})}},
		{"groups", "mail in ('ALL-staff@contoso.com','board@contoso.com','nobody@contoso.com')", []string{group.ID, s.Tenant().ID(seed.Member{Type: seed.MemberGroup, Index: board})}},
		{"groups", "mail eq 'emea-all@contoso.com'", nil},
		{"groups", "proxyAddresses/any(p:p eq 'smtp:everyone@contoso.com')", []string{group.ID}},
		{"users", "displayName eq " + quoted(user.DisplayName), []string{user.ID}},
		{"users", "id eq " + quoted(user.ID), []string{user.ID}},
		{"users", "mail in (" + quoted(user.Mail) + ")", []string{user.ID}},
		{"contacts", "displayName eq " + quoted(contact.DisplayName), []string{contact.ID}},
		{"contacts", "id eq " + quoted(contact.ID), []string{contact.ID}},
		{"contacts", "mail in (" + quoted(contact.Mail) + ")", []string{contact.ID}},
		{"contacts", "proxyAddresses/any(p:p eq " + quoted("smtp:"+contact.Mail) + ")", []string{contact.ID}},
	} {
		target := "/" + c.collection + "?$select=id&$filter=" + url.QueryEscape(c.filter)
		ids := func(rows []any) (out []string) {
			for _, r := range rows {
				out = append(out, r.(map[string]any)["id"].(string))
			}
			return out
		}
		single := s.get(target).ok()["value"].([]any)
		inner := s.batch(request("1", http.MethodGet, target))["1"]
		require.Equal(t, http.StatusOK, inner.Status, c.filter)
		assert.ElementsMatch(t, c.want, ids(single), c.filter)
		assert.Equal(t, single, inner.Body.(map[string]any)["value"], c.filter)
	}
}

func TestPagesAndCountsOfMembersGoInsideABatch(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	staff, _ := s.Tenant().FindGroupByAddress("staff-remote@contoso.com")
	sales, _ := s.Tenant().FindGroupByAddress("dept-sales@contoso.com")
	members := func(g int) string {
		return "/groups/" + s.Tenant().ID(seed.Member{Type: seed.MemberGroup, Index: g}) + "/members"
	}
	// Two listings at once, every page of both inside of batches.
	pages := map[string]string{"a": members(staff) + "?$select=id&$top=7", "b": members(sales) + "?$select=id&$top=50"}
	got := map[string][]any{}
	for len(pages) > 0 {
		var requests []map[string]any
		for id, target := range pages {
			requests = append(requests, request(id, http.MethodGet, target))
		}
		for id, answer := range s.batch(requests...) {
			require.Equal(t, http.StatusOK, answer.Status)
			body := answer.Body.(map[string]any)
			got[id] = append(got[id], body["value"].([]any)...)
			delete(pages, id)
			if link, ok := body["@odata.nextLink"].(string); ok {
				pages[id] = strings.TrimPrefix(link, s.GraphEndpoint()+"/v1.0")
			}
		}
	}
	assert.Len(t, got["a"], s.Tenant().MemberCount(staff))
	assert.Len(t, got["b"], s.Tenant().MemberCount(sales))

	all, _ := s.Tenant().FindGroupByAddress("all-staff@contoso.com")
	count := strings.Replace(members(all), "/members", "/transitiveMembers/microsoft.graph.user/$count", 1)
	inner := s.batch(eventualRequest("1", count), request("2", http.MethodGet, count))
	assert.Equal(t, http.StatusOK, inner["1"].Status)
	assert.Equal(t, "text/plain", inner["1"].Headers["Content-Type"])
	assert.Equal(t, string(s.get(count, "ConsistencyLevel", "eventual").Body), jsonNumber(t, inner["1"].Body))
	encoded := signedIn(t, emulator.Options{EncodedCounts: true})
	text, err := base64.StdEncoding.DecodeString(encoded.batch(eventualRequest("1", count))["1"].Body.(string))
	require.NoError(t, err)
	assert.Equal(t, jsonNumber(t, inner["1"].Body), string(text))
	assert.Equal(t, http.StatusBadRequest, inner["2"].Status, "an inner request has headers of its own")
	assert.Empty(t, s.Judges().Violations())

	routes := map[string]int{}
	for _, r := range s.Judges().Routes {
		routes[r.Route] = r.Requests
	}
	assert.Positive(t, routes["POST /$batch"])
	assert.Positive(t, routes["GET /groups/{id}/members"], "inner requests are booked as what they are")
	assert.Equal(t, 3, routes["GET /groups/{id}/transitiveMembers/{cast}/$count"])
	assert.False(t, slices.ContainsFunc(s.Judges().Routes, func(r emulator.RouteCount) bool { return strings.Contains(r.Route, "unknown") }))
}

func jsonNumber(t *testing.T, v any) string {
	t.Helper()
	n, ok := v.(float64)
	require.True(t, ok, "%T", v)
	return strconv.Itoa(int(n))
}
