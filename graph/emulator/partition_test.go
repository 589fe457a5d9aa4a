package emulator_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

// oddNames begin with what Entra allows besides letters.
var oddNames = []string{
	"_svc-backup@contoso.com", "0815-scanner@contoso.com", "-test-@contoso.com", "!emergency@contoso.com", "#room1@contoso.com",
	"'t.hart@contoso.com", "~archive@contoso.com", "^kiosk@contoso.com", "O'Hara.SHOUTED@CONTOSO.COM",
}

// withOddNames gives the names to users.
func withOddNames(t *testing.T, o emulator.Options) *tenant {
	s := signedIn(t, o)
	for i, name := range oddNames {
		require.True(t, s.Tenant().UpdateUser(20+i, func(u *seed.User) { u.UserPrincipalName = name }))
	}
	return s
}

func listing(top int, filter string) string {
	return fmt.Sprintf("/users?$top=%d&$select=id,userPrincipalName,createdDateTime&$expand=manager($select=id)&$filter=%s", top, url.QueryEscape(filter))
}

func (s *tenant) count(filter string) int {
	s.t.Helper()
	res := s.get("/users/$count?$filter="+url.QueryEscape(filter), "ConsistencyLevel", "eventual")
	require.Equal(s.t, http.StatusOK, res.Status, string(res.Body))
	n, err := strconv.Atoi(string(res.Body))
	require.NoError(s.t, err)
	return n
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func TestPartitionsByNameHoldEveryUserOnce(t *testing.T) {
	s := withOddNames(t, emulator.Options{})
	firsts := make(map[string]bool)
	for i := range s.Tenant().UserSlots() {
		name, _ := s.Tenant().UserPrincipalName(i)
		firsts[string([]rune(strings.ToUpper(name))[0])] = true // in capitals: the case does not matter
	}
	assert.Greater(t, len(firsts), 30)
	ids, counted := make(map[any]bool), 0
	for first := range firsts {
		filter := "startswith(userPrincipalName," + quoted(first) + ")"
		counted += s.count(filter)
		for _, u := range s.all(listing(37, filter)) {
			assert.False(t, ids[u["id"]], "in two partitions")
			ids[u["id"]] = true
			name := u["userPrincipalName"].(string)
			assert.True(t, strings.EqualFold(first, name[:len(first)]), "%q in the partition of %q", name, first)
		}
	}
	assert.Len(t, ids, s.Tenant().UserCount())
	assert.Equal(t, s.Tenant().UserCount(), counted)
	assert.Equal(t, 1, s.count("startswith(userPrincipalName,'o''hara.s')"))
	assert.Positive(t, s.count("startswith(userPrincipalName,'ANJA.')"))
}

func TestPartitionsByCreationHoldEveryUserWithATime(t *testing.T) {
	s := signedIn(t, emulator.Options{NullCreated: 0.2})
	nulls := 0
	for i := range s.Tenant().UserSlots() {
		if at, _ := s.Tenant().CreatedDateTime(i); at.IsZero() {
			nulls++
		}
	}
	require.Positive(t, nulls)
	ids, counted := make(map[any]bool), 0
	edges := []string{"0001-01-01T00:00:00Z", "2010-01-01T00:00:00Z", "2017-03-18T03:00:00Z", "2017-03-18T04:30:00Z", "2020-06-01T00:00:00+02:00", "2025-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}
	for i, from := range edges[:len(edges)-1] {
		until, err := time.Parse(time.RFC3339, edges[i+1])
		require.NoError(t, err)
		filter := "createdDateTime ge " + from + " and createdDateTime le " + until.Add(-time.Second).UTC().Format(time.RFC3339)
		counted += s.count(filter)
		for _, u := range s.all(listing(50, filter)) {
			assert.False(t, ids[u["id"]], "in two partitions")
			ids[u["id"]] = true
		}
	}
	assert.Len(t, ids, s.Tenant().UserCount()-nulls, "whoever has no time is in no range")
	assert.Equal(t, s.Tenant().UserCount()-nulls, counted)
}

func TestFiltersOnNamesAndTimesCombine(t *testing.T) {
	s := withOddNames(t, emulator.Options{NullCreated: 0.1})
	want := func(matches func(u seed.User) bool) []string {
		var ids []string
		for i := range s.Tenant().UserSlots() {
			if u, _ := s.Tenant().User(i); matches(u) {
				ids = append(ids, u.ID)
			}
		}
		return ids
	}
	since := time.Date(2021, time.June, 1, 0, 0, 0, 0, time.UTC)
	begins := func(u seed.User, prefix string) bool {
		return strings.HasPrefix(strings.ToLower(u.UserPrincipalName), prefix)
	}
	for filter, matches := range map[string]func(seed.User) bool{
		"startswith(userPrincipalName,'m') and createdDateTime ge 2021-06-01T00:00:00Z": func(u seed.User) bool {
			return begins(u, "m") && !u.CreatedDateTime.Before(since)
		},
		"createdDateTime ge 2021-06-01T00:00:00Z and startswith(userPrincipalName,'m') and accountEnabled eq false": func(u seed.User) bool {
			return begins(u, "m") && !u.CreatedDateTime.Before(since) && !u.AccountEnabled
		},
		"startswith(userPrincipalName,'#') or startswith(userPrincipalName,'_') or startswith(userPrincipalName,'!')": func(u seed.User) bool {
			return begins(u, "#") || begins(u, "_") || begins(u, "!")
		},
		"startswith(userPrincipalName,'zz')": func(seed.User) bool { return false },
		"startswith(userPrincipalName,'')":   func(seed.User) bool { return true },
		"startswith(userPrincipalName,'a') or createdDateTime ge 2021-06-01T00:00:00Z": func(u seed.User) bool {
			return begins(u, "a") || !u.CreatedDateTime.Before(since)
		},
	} {
		ids := want(matches)
		var got []string
		for _, u := range s.all(listing(9, filter)) {
			got = append(got, u["id"].(string))
		}
		assert.ElementsMatch(t, ids, got, filter)
		assert.Equal(t, len(ids), s.count(filter), filter)
		page := s.get("/users?$count=true&$top=3&$filter="+url.QueryEscape(filter), "ConsistencyLevel", "eventual")
		assert.EqualValues(t, len(ids), page.ok()["@odata.count"], filter)
		if next := page.link("nextLink"); next != "" {
			assert.NotContains(t, s.get(next, "ConsistencyLevel", "eventual").ok(), "@odata.count")
		}
	}
	rest := "not startswith(userPrincipalName,'a') and not startswith(userPrincipalName,'m')"
	assert.Equal(t, s.Tenant().UserCount()-s.count("startswith(userPrincipalName,'a')")-s.count("startswith(userPrincipalName,'m')"), s.count(rest))
}

func TestWhatGraphRefusesOfAPartitionedListingIsRefused(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	const unsupported, code = "Unsupported Query.", "Request_UnsupportedQuery"
	const created = "Unsupported or invalid query filter clause specified for property 'createdDateTime' of resource 'User'."
	for _, c := range []struct {
		query, message string
		eventual       bool
	}{
		{"$filter=not startswith(userPrincipalName,'a')", unsupported, false},
		{"$filter=not startswith(userPrincipalName,'a')", unsupported, true},
		{"$filter=userPrincipalName ne 'a'&$count=true", unsupported, false},
		{"$filter=startswith(userPrincipalName,'a')&$orderby=userPrincipalName", "Sorting not supported for current query.", false},
		{"$filter=startswith(userPrincipalName,'a')&$expand=manager($select=id)&$count=true", unsupported, true},
		{"$filter=id ge '11111111-1111-4111-8111-111111111111'", "The request uses a filter property that is not indexed", false},
		{"$filter=userPrincipalName ge 'a'", "The request uses a filter property that is not indexed", false},
		{"$filter=createdDateTime eq null", "The request uses a filter property that is not indexed", false},
		{"$filter=createdDateTime lt 2020-01-01T00:00:00Z", created, false},
		{"$filter=createdDateTime gt 2020-01-01T00:00:00Z&$count=true", created, true},
		{"$filter=createdDateTime ge 2020-01-01", created, false},
	} {
		var headers []string
		if c.eventual {
			headers = []string{"ConsistencyLevel", "eventual"}
		}
		s.get("/users?"+escaped(c.query), headers...).refused(http.StatusBadRequest, code, c.message)
	}
	s.get("/users/$count?"+escaped("$filter=startswith(userPrincipalName,'a')")).refused(http.StatusBadRequest, "Request_BadRequest", "$count is not currently supported.")
	assert.Equal(t, http.StatusOK, s.get("/users/$count?"+escaped("$filter=not startswith(userPrincipalName,'a')"), "ConsistencyLevel", "eventual").Status,
		"the segment counts as $count=true")
	assert.Equal(t, http.StatusOK, s.get(listing(5, "startswith(userPrincipalName,'a')"), "ConsistencyLevel", "eventual").Status,
		"the header alone makes no advanced query")
}

func TestCountsInABatchHaveTheirOwnHeaders(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	filter := "$filter=" + url.QueryEscape("startswith(userPrincipalName,'a')")
	eventual := func(r map[string]any) map[string]any {
		r["headers"] = map[string]string{"consistencylevel": "eventual"}
		return r
	}
	answers := s.batch(
		eventual(request("segment", "GET", "/users/$count?"+filter)),
		request("without", "GET", "/users/$count?"+filter),
		eventual(request("option", "GET", "/users?$count=true&$top=1&$select=id&"+filter)),
		request("silent", "GET", "/users?$count=true&$top=1&$select=id&"+filter),
	)
	want := float64(s.count("startswith(userPrincipalName,'a')"))
	assert.Equal(t, http.StatusOK, answers["segment"].Status)
	assert.Equal(t, want, answers["segment"].Body, "a bare number")
	assert.Equal(t, "text/plain", answers["segment"].Headers["Content-Type"])
	assert.Equal(t, http.StatusBadRequest, answers["without"].Status)
	assert.Equal(t, want, answers["option"].Body.(map[string]any)["@odata.count"])
	assert.NotContains(t, answers["silent"].Body, "@odata.count")

	around := s.do(http.MethodPost, "/$batch", map[string]any{"requests": []any{request("1", "GET", "/users/$count")}}, "ConsistencyLevel", "eventual")
	assert.Contains(t, string(around.Body), `"status":400`, "the headers of a batch are not those of its requests")
}

// mirror is what a client knows of a user.
type mirror struct{ name, display, department, manager string }

func (s *tenant) truth() map[string]mirror {
	out := make(map[string]mirror)
	for i := range s.Tenant().UserSlots() {
		if u, ok := s.Tenant().User(i); ok {
			m := mirror{name: u.UserPrincipalName, display: u.DisplayName, department: u.Department}
			if u.Manager >= 0 {
				m.manager = s.Tenant().UserID(u.Manager)
			}
			out[u.ID] = m
		}
	}
	return out
}

// absorb takes a record of a listing or of a delta round into what is known.
func absorb(known map[string]mirror, record map[string]any) {
	id := record["id"].(string)
	if _, removed := record["@removed"]; removed {
		delete(known, id)
		return
	}
	m := known[id]
	for name, into := range map[string]*string{"userPrincipalName": &m.name, "displayName": &m.display, "department": &m.department} {
		if v, told := record[name]; told {
			*into, _ = v.(string)
		}
	}
	if manager, told := record["manager"].(map[string]any); told {
		m.manager = manager["id"].(string)
	}
	entries, _ := record["manager@delta"].([]any)
	for _, e := range entries {
		entry := e.(map[string]any)
		if _, removed := entry["@removed"]; !removed {
			m.manager = entry["id"].(string)
		} else if m.manager == entry["id"] {
			m.manager = ""
		}
	}
	known[id] = m
}

func TestWhatChangesWhilePartitionsAreReadIsInTheDelta(t *testing.T) {
	for _, fault := range []string{"", "dup=0.2,reorder,empty=0.2,stranger=0.2"} {
		s := withOddNames(t, emulator.Options{Users: 1500, Fault: fault})
		rnd := rand.New(rand.NewPCG(1, 2))
		const selection = "id,userPrincipalName,displayName,department"
		link := s.get("/users/delta?$deltatoken=latest&$select=" + selection + ",manager").link("deltaLink")
		require.NotEmpty(t, link)

		links := []string{"/users?$top=90&$select=" + selection + "&$expand=manager($select=id)&$filter=" + url.QueryEscape("createdDateTime ge 2020-01-01T00:00:00Z")}
		for _, prefix := range "abcdefghijklmnopqrstuvwxyz0_-'!#~^" {
			filter := "startswith(userPrincipalName," + quoted(string(prefix)) + ") and createdDateTime le 2019-12-31T23:59:59Z"
			links = append(links, "/users?$top=20&$select="+selection+"&$expand=manager($select=id)&$filter="+url.QueryEscape(filter))
		}
		known := make(map[string]mirror)
		churn := uint64(0)
		for len(links) > 0 {
			at := rnd.IntN(len(links)) // the partitions are read at the same time
			page := s.get(links[at])
			for _, u := range page.rows() {
				absorb(known, u)
			}
			if next := page.link("nextLink"); next != "" {
				links[at] = next
			} else {
				links = slices.Delete(links, at, at+1)
			}
			churn++
			s.Tenant().Churn(churn, seed.Churn{Hires: rnd.IntN(2), Leavers: rnd.IntN(3), Moves: rnd.IntN(3), Renames: rnd.IntN(3), Restores: rnd.IntN(2)})
		}
		require.NotEqual(t, s.truth(), known, "the listing alone has missed something")
		for range 2 {
			var records []map[string]any
			records, link = s.round(link)
			for _, r := range records {
				absorb(known, r)
			}
		}
		diff := make(map[string][2]mirror)
		truth := s.truth()
		for id := range maps.Keys(truth) {
			if truth[id] != known[id] {
				diff[id] = [2]mirror{truth[id], known[id]}
			}
		}
		assert.Empty(t, diff)
		assert.Len(t, known, len(truth))
		assert.Empty(t, s.Judges().Violations())
	}
}
