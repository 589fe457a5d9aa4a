package emulator_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
)

func (a answer) retryAfter() time.Duration {
	a.t.Helper()
	seconds, err := strconv.ParseFloat(a.Header.Get("Retry-After"), 64)
	require.NoError(a.t, err)
	return time.Duration(seconds * float64(time.Second))
}

func TestResourceUnitsRunOutAndComeBack(t *testing.T) {
	now := newClock()
	s := signedIn(t, emulator.Options{Now: now.Now, Budget: emulator.Budget{Units: 20}})
	for range 10 {
		require.Equal(t, http.StatusOK, s.get("/users").Status, "two units each")
	}
	res := s.get("/users")
	res.refused(http.StatusTooManyRequests, "TooManyRequests", "Please retry again later.")
	assert.Equal(t, "ResourceUnitLimitExceeded", res.Header.Get("x-ms-throttle-information"))
	assert.Equal(t, "Tenant_Application/ReadWrite/"+s.ClientID()+"/"+s.TenantID(), res.Header.Get("x-ms-throttle-scope"))
	now.Advance(res.retryAfter())
	assert.Equal(t, http.StatusOK, s.get("/users").Status)
	assert.Empty(t, s.Judges().EarlyCalls)
}

func TestWritesHaveABudgetOfTheirOwnAndReadsGoOn(t *testing.T) {
	now := newClock()
	s := writer(t, emulator.Options{Now: now.Now, Budget: emulator.Budget{Writes: 10}})
	ids := s.outsiders("sg-sales", 12)
	for _, id := range ids[:10] {
		require.Equal(t, http.StatusNoContent, s.add("sg-sales", id).Status)
	}
	res := s.add("sg-sales", ids[10])
	require.Equal(t, http.StatusTooManyRequests, res.Status)
	assert.Equal(t, "WriteLimitExceeded", res.Header.Get("x-ms-throttle-information"))
	wait := res.retryAfter()
	assert.Greater(t, wait, 10*time.Second, "150 s for 10 writes")

	now.Advance(wait / 2)
	assert.Equal(t, http.StatusOK, s.get("/users?$top=1").Status)
	assert.Empty(t, s.Judges().EarlyCalls, "a read is no write")
	s.add("sg-sales", ids[10])
	assert.Len(t, s.Judges().EarlyCalls, 1)
	assert.Len(t, s.Judges().Violations(), 1)
}

// removals is a batch that removes members from a group.
func (s *tenant) removals(group string, ids ...string) map[string]any {
	var requests []any
	for i, id := range ids {
		requests = append(requests, request(strconv.Itoa(i), http.MethodDelete, "/groups/"+s.groupID(group)+"/members/"+id+"/$ref"))
	}
	return map[string]any{"requests": requests}
}

func TestThreeThousandWritesAreAdmittedAndNotOneMore(t *testing.T) {
	now := newClock()
	members := make([]seed.Member, 3040)
	for i := range members {
		members[i].Index = i + 1
	}
	s := writer(t, emulator.Options{
		Users: 3100, Now: now.Now, Budget: emulator.Budget{Units: 1 << 20},
		Groups: []seed.CustomGroup{{Code: "big", Kind: model.KindSecurity, Members: members}},
	})
	var ids []string
	for _, m := range members {
		ids = append(ids, s.Tenant().ID(m))
	}
	for i := 0; i < 3000; i += 20 {
		for _, v := range s.do(http.MethodPost, "/$batch", s.removals("big", ids[i:i+20]...)).ok()["responses"].([]any) {
			require.EqualValues(t, http.StatusNoContent, v.(map[string]any)["status"])
		}
	}
	require.Equal(t, 3000, s.Judges().Writes, "the batches around them are no writes")
	refusal := s.remove("big", ids[3000])
	assert.Equal(t, http.StatusTooManyRequests, refusal.Status)
	assert.Equal(t, "WriteLimitExceeded", refusal.Header.Get("x-ms-throttle-information"))
	assert.True(t, s.isMember("big", ids[3000]), "refused without effect")
	assert.Equal(t, 3000, s.Judges().Writes)

	now.Advance(refusal.retryAfter() - time.Millisecond)
	s.get("/me")
	assert.Empty(t, s.Judges().EarlyCalls)
	now.Advance(time.Millisecond)
	got := s.do(http.MethodPost, "/$batch", s.removals("big", ids[3000:3020]...)).ok()["responses"].([]any)
	for _, v := range got {
		assert.EqualValues(t, http.StatusNoContent, v.(map[string]any)["status"], "what was promised is kept")
	}
	assert.Empty(t, s.Judges().Violations())
}

func TestAMembershipBindIsOneWrite(t *testing.T) {
	s := writer(t, emulator.Options{})
	require.Equal(t, http.StatusNoContent, s.bind("sg-sales", s.outsiders("sg-sales", 20)...).Status)
	assert.Equal(t, 1, s.Judges().Writes)
}

func TestACallBeforeRetryAfterIsNotedUnlessItWasOnItsWay(t *testing.T) {
	now := newClock()
	s := signedIn(t, emulator.Options{Now: now.Now, InFlight: 100 * time.Millisecond})
	s.FailNext(1, http.StatusTooManyRequests, 2128*time.Millisecond, "/users")
	res := s.get("/users")
	require.Equal(t, http.StatusTooManyRequests, res.Status)
	assert.Equal(t, "2.128", res.Header.Get("Retry-After"))

	now.Advance(50 * time.Millisecond)
	s.get("/users?$top=1")
	assert.Empty(t, s.Judges().EarlyCalls, "sent before its client could know")
	now.Advance(1950 * time.Millisecond)
	s.get("/users?$top=1")
	assert.Len(t, s.Judges().EarlyCalls, 1, "a whole second is not 2.128 s")
	now.Advance(128 * time.Millisecond)
	s.get("/users?$top=1")
	assert.Len(t, s.Judges().EarlyCalls, 1)
}

func TestHammeringProlongsTheWait(t *testing.T) {
	now := newClock()
	s := signedIn(t, emulator.Options{Now: now.Now, Budget: emulator.Budget{Units: 20}})
	for range 10 {
		s.get("/users")
	}
	first := s.get("/users").retryAfter()
	assert.Greater(t, s.get("/users").retryAfter(), first)
}

func TestLowPriorityIsThrottledFirst(t *testing.T) {
	now := newClock()
	s := signedIn(t, emulator.Options{Now: now.Now, Budget: emulator.Budget{Units: 20}})
	for range 9 {
		s.get("/users")
	}
	assert.Equal(t, http.StatusTooManyRequests, s.get("/users", "x-ms-throttle-priority", "low").Status)
	now.Advance(time.Minute)
	assert.Equal(t, http.StatusOK, s.get("/users", "x-ms-throttle-priority", "low").Status)
}

func TestTheShareOfTheBudgetIsToldAboveFourFifths(t *testing.T) {
	now := newClock()
	s := signedIn(t, emulator.Options{Now: now.Now, Budget: emulator.Budget{Units: 20}})
	for range 8 {
		assert.Empty(t, s.get("/users").Header.Get("x-ms-throttle-limit-percentage"))
	}
	assert.Equal(t, "0.90", s.get("/users").Header.Get("x-ms-throttle-limit-percentage"))
}

func TestCostsFollowTheDocumentedTable(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	group := "/groups/" + s.groupID("sg-sales")
	for path, units := range map[string]string{
		"/users":                                  "2",
		"/users?$select=id":                       "1",
		"/users?$expand=manager":                  "3",
		"/users?$top=5&$select=id":                "1",
		group:                                     "1",
		group + "/members":                        "3",
		group + "/members?$select=id":             "2",
		group + "/transitiveMembers":              "5",
		group + "/transitiveMembers?$select=id":   "4",
		"/me/memberOf":                            "2",
		"/users/delta?$deltatoken=latest":         "1",
		"/users?$select=id&$filter=department eq": "0", // a 400 costs nothing
	} {
		assert.Equal(t, units, s.get(escaped(path)).Header.Get("x-ms-resource-unit"), path)
	}
}

func TestTheReportNamesRoutesAndWhatTheyCost(t *testing.T) {
	s := writer(t, emulator.Options{})
	s.get("/users")
	s.get("/users/none")
	s.add("sg-sales", s.outsiders("sg-sales", 1)[0])
	j := s.Judges()
	routes := map[string]emulator.RouteCount{}
	for _, r := range j.Routes {
		routes[r.Route] = r
	}
	assert.Equal(t, emulator.RouteCount{Route: "GET /users", Requests: 1, ResourceUnits: 2}, routes["GET /users"])
	assert.Equal(t, 1, routes["GET /users/{id}"].Failed)
	assert.Equal(t, 1, routes["POST /groups/{id}/members/$ref"].Writes)
	assert.Equal(t, 3, j.Requests)
	assert.ElementsMatch(t, []string{"User.Read.All", emulator.WriteScope}, j.UsedScopes)
	assert.ElementsMatch(t, []string{"User.Read", "GroupMember.Read.All", "OrgContact.Read.All"}, j.UnusedScopes)
	assert.Empty(t, j.Violations(), "an unused scope is told, not punished")
	report := j.String()
	assert.Contains(t, report, "POST /groups/{id}/members/$ref")
	assert.Contains(t, report, "scopes granted and never needed: 3")
}
