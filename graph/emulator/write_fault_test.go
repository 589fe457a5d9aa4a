package emulator_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

func (s *tenant) isMember(group, id string) bool {
	s.t.Helper()
	m, ok := s.Tenant().Find(id)
	require.True(s.t, ok)
	return s.Tenant().IsMember(s.groupIndex(group), m)
}

// listed are the ids that a listing of members holds, over its pages.
func (s *tenant) listed(target string, headers ...string) []string {
	s.t.Helper()
	var out []string
	for _, row := range s.all(target, headers...) {
		out = append(out, row["id"].(string))
	}
	return out
}

func TestALagShowsMembersAsTheyWere(t *testing.T) {
	now := newClock()
	s := writer(t, emulator.Options{Now: now.Now, Fault: "lag=5s"})
	path := "/groups/" + s.groupID("sg-sales") + "/members?$select=id"
	before := s.listed(path + "&$top=30")
	joining, leaving := s.outsiders("sg-sales", 1)[0], before[3]
	require.Equal(t, http.StatusNoContent, s.add("sg-sales", joining).Status)
	require.Equal(t, http.StatusNoContent, s.remove("sg-sales", leaving).Status)

	count := func() string {
		return string(s.get("/groups/"+s.groupID("sg-sales")+"/members/$count", "ConsistencyLevel", "eventual").Body)
	}
	assert.ElementsMatch(t, before, s.listed(path+"&$top=30"))
	assert.ElementsMatch(t, before, s.listed(path+"&$count=true", "ConsistencyLevel", "eventual"))
	assert.ElementsMatch(t, before, s.listed("/groups/"+s.groupID("sg-sales")+"/transitiveMembers?$select=id"))
	assert.Equal(t, strconv.Itoa(len(before)), count())
	s.add("sg-sales", joining).refused(http.StatusBadRequest, "Request_BadRequest", already)

	now.Advance(4999 * time.Millisecond)
	assert.ElementsMatch(t, before, s.listed(path))
	now.Advance(time.Millisecond)
	after := s.listed(path)
	assert.Contains(t, after, joining)
	assert.NotContains(t, after, leaving)
	assert.Len(t, after, len(before))
	assert.Equal(t, strconv.Itoa(len(before)), count())
}

func TestTheLaterPagesOfALaggingListingAreOfTheSameMoment(t *testing.T) {
	now := newClock()
	s := writer(t, emulator.Options{Now: now.Now, Fault: "lag=5s"})
	before := s.listed("/groups/" + s.groupID("sg-sales") + "/members?$select=id&$top=999")
	require.Equal(t, http.StatusNoContent, s.remove("sg-sales", before[0]).Status)
	page := s.get("/groups/" + s.groupID("sg-sales") + "/members?$select=id&$top=50")
	now.Advance(time.Minute)
	got := len(page.rows())
	for _, row := range s.all(page.link("nextLink")) {
		assert.NotEmpty(t, row["id"])
		got++
	}
	assert.Equal(t, len(before), got)
}

func TestAWriteWhoseAnswerIsLostHasTakenEffect(t *testing.T) {
	s := writer(t, emulator.Options{})
	ids := s.outsiders("sg-sales", 3)
	path := "/groups/" + s.groupID("sg-sales") + "/members/"
	s.UnanswerNext(1, "/groups")
	assert.Equal(t, http.StatusOK, s.get("/groups?$top=1").Status, "reads are answered")
	_, err := s.try(http.MethodPost, path+"$ref", map[string]string{"@odata.id": s.ref(ids[0])})
	require.Error(t, err)
	assert.True(t, s.isMember("sg-sales", ids[0]))

	s.UnanswerNext(1, "/groups")
	s.batch(request("1", "GET", "/groups?$top=1")) // a batch that only reads
	_, err = s.try(http.MethodPost, "/$batch", map[string]any{"requests": []any{
		request("1", "GET", "/me"), request("2", "DELETE", path+ids[0]+"/$ref"),
		withBody(request("3", "POST", path+"$ref"), map[string]string{"@odata.id": s.ref(ids[1])}),
	}})
	require.Error(t, err)
	assert.False(t, s.isMember("sg-sales", ids[0]))
	assert.True(t, s.isMember("sg-sales", ids[1]))

	s.UnanswerNext(1, "/groups")
	s.add("sg-sales", ids[1]).refused(http.StatusBadRequest, "Request_BadRequest", already) // without effect: answered
	assert.Len(t, s.MembershipChanges(), 3)
}

func TestABatchThatBreaksHalfWayHasDoneItsFirstRequests(t *testing.T) {
	s := writer(t, emulator.Options{})
	ids := s.outsiders("sg-sales", 40)
	var done []int
	for from := 0; from < len(ids); from += 10 {
		var requests []any
		for i, id := range ids[from : from+10] {
			requests = append(requests, withBody(request(strconv.Itoa(i), "POST", "/groups/"+s.groupID("sg-sales")+"/members/$ref"), map[string]string{"@odata.id": s.ref(id)}))
		}
		s.HalveNext(1)
		assert.Equal(t, http.StatusOK, s.batch(request("1", "GET", "/me"))["1"].Status, "a batch that only reads")
		_, err := s.try(http.MethodPost, "/$batch", map[string]any{"requests": requests})
		require.Error(t, err)
		n := 0
		for n < 10 && s.isMember("sg-sales", ids[from+n]) {
			n++
		}
		for _, id := range ids[from+n : from+10] {
			assert.False(t, s.isMember("sg-sales", id))
		}
		done = append(done, n)
	}
	assert.Less(t, slices.Min(done), slices.Max(done), "not always at the same place: %v", done)
	assert.Len(t, s.MembershipChanges(), done[0]+done[1]+done[2]+done[3])
}

func TestAWriteThatTimesOutHasTakenEffect(t *testing.T) {
	s := writer(t, emulator.Options{})
	id := s.outsiders("sg-sales", 1)[0]
	s.TimeOutNext(2, "/groups")
	assert.Equal(t, http.StatusGatewayTimeout, s.add("sg-sales", id).Status)
	assert.True(t, s.isMember("sg-sales", id))
	got := s.batch(request("1", "DELETE", "/groups/"+s.groupID("sg-sales")+"/members/"+id+"/$ref"), request("2", "GET", "/me"))
	assert.Equal(t, http.StatusGatewayTimeout, got["1"].Status)
	assert.Equal(t, http.StatusOK, got["2"].Status)
	assert.False(t, s.isMember("sg-sales", id))
}

func TestFaultsBeforeAWriteLeaveEverythingAsItWas(t *testing.T) {
	s := writer(t, emulator.Options{})
	id := s.outsiders("sg-sales", 1)[0]
	s.UnreplicateNext(1, "/groups")
	s.add("sg-sales", id).refused(http.StatusBadRequest, "Request_BadRequest", "The source resource object or one of the objects being referenced don't exist.")
	s.FailNext(1, http.StatusServiceUnavailable, 0, "/groups")
	assert.Equal(t, http.StatusServiceUnavailable, s.add("sg-sales", id).Status)
	s.FailNext(1, http.StatusTooManyRequests, time.Millisecond, "/groups")
	assert.Equal(t, http.StatusTooManyRequests, s.bind("sg-sales", id).Status)
	s.CutNext(1, "/groups")
	_, err := s.try(http.MethodPatch, "/groups/"+s.groupID("sg-sales"), map[string]any{"members@odata.bind": []string{s.ref(id)}})
	require.Error(t, err)
	assert.False(t, s.isMember("sg-sales", id))
	assert.Empty(t, s.MembershipChanges())
}

func TestATruncatedAnswerToABatchHidesWhatWasDone(t *testing.T) {
	s := writer(t, emulator.Options{})
	id := s.outsiders("sg-sales", 1)[0]
	s.TruncateNext(1, "/$batch")
	res := s.do(http.MethodPost, "/$batch", map[string]any{"requests": []any{
		withBody(request("1", "POST", "/groups/"+s.groupID("sg-sales")+"/members/$ref"), map[string]string{"@odata.id": s.ref(id)}),
	}})
	assert.Equal(t, http.StatusOK, res.Status)
	assert.NotContains(t, string(res.Body), "]}")
	assert.True(t, s.isMember("sg-sales", id))
}

func TestTheRefusalToRemoveWhoIsNoMemberHasTwoForms(t *testing.T) {
	s := writer(t, emulator.Options{Fault: "absent400"})
	id := s.outsiders("sg-sales", 1)[0]
	s.remove("sg-sales", id).refused(http.StatusBadRequest, "Request_BadRequest", "One or more removed object references do not exist for the following modified properties: 'members'.")
	require.True(t, s.Tenant().RemoveUser(7, true))
	gone := s.Tenant().UserID(7)
	s.remove("sg-sales", gone).refused(http.StatusNotFound, "Request_ResourceNotFound", missing(gone))
}

func TestEveryChangeOfAMembershipIsLoggedWithWhoMadeIt(t *testing.T) {
	s := writer(t, emulator.Options{})
	ids := s.outsiders("sg-sales", 3)
	group := s.groupID("sg-sales")
	res := s.bind("sg-sales", ids[:2]...)
	require.Equal(t, http.StatusNoContent, res.Status)
	s.add("sg-sales", ids[0]) // is one already
	removed := s.do(http.MethodPost, "/$batch", map[string]any{"requests": []any{request("1", "DELETE", "/groups/"+group+"/members/"+ids[1]+"/$ref")}})
	changed, err := s.AddMember("sg-sales", ids[2])
	require.NoError(t, err)
	require.True(t, changed)
	changed, err = s.AddMember("sg-sales", ids[2])
	require.NoError(t, err)
	require.False(t, changed)
	require.True(t, s.Tenant().RemoveMember(s.groupIndex("sg-sales"), seed.Member{Index: s.userIndex(ids[2])}))

	log := s.MembershipChanges()
	for i := range log {
		assert.False(t, log[i].At.IsZero())
		log[i].At = time.Time{}
	}
	assert.Equal(t, []emulator.MembershipChange{
		{GroupID: group, MemberID: ids[0], Added: true, RequestID: res.Header.Get("request-id")},
		{GroupID: group, MemberID: ids[1], Added: true, RequestID: res.Header.Get("request-id")},
		{GroupID: group, MemberID: ids[1], RequestID: removed.Header.Get("request-id")},
		{GroupID: group, MemberID: ids[2], Added: true},
		{GroupID: group, MemberID: ids[2]},
	}, log)
}

func (s *tenant) userIndex(id string) int {
	s.t.Helper()
	i, ok := s.Tenant().FindUser(id)
	require.True(s.t, ok)
	return i
}
