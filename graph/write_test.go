package graph

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/writeback"
)

// groupServer is one group whose members can be added and removed.
type groupServer struct {
	t       testing.TB
	mu      sync.Mutex
	members map[string]bool
	users   map[string]bool // that exist
	guests  map[string]bool // that the group refuses
	methods map[string]int
	largest int // most PATCHes in one batch
}

func newGroupServer(t testing.TB, users int, members ...int) *groupServer {
	g := &groupServer{t: t, members: map[string]bool{}, users: map[string]bool{}, guests: map[string]bool{}, methods: map[string]int{}}
	for i := range users {
		g.users[guid(i)] = true
	}
	for _, m := range members {
		g.members[guid(m)] = true
	}
	return g
}

var groupID = guid(999999)

func (g *groupServer) handler() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		patches := 0
		batchServer(g.t, func(q innerRequest) innerAnswer {
			if q.Method == http.MethodPatch {
				patches++
			}
			return g.inner(q)
		}, nil)(w, r)
		g.mu.Lock()
		g.largest = max(g.largest, patches)
		g.mu.Unlock()
	}
}

func (g *groupServer) inner(q innerRequest) innerAnswer {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.methods[q.Method]++
	switch q.Method {
	case http.MethodPatch:
		var body struct {
			Bind []string `json:"members@odata.bind"`
		}
		assert.NoError(g.t, json.Unmarshal(q.Body, &body))
		assert.LessOrEqual(g.t, len(body.Bind), writeback.BindSize)
		assert.Equal(g.t, "application/json", q.Headers["Content-Type"])
		for _, link := range body.Bind {
			if a := g.refusal(idOf(link)); a.status != 0 {
				return a // all or nothing
			}
		}
		for _, link := range body.Bind {
			g.members[idOf(link)] = true
		}
	case http.MethodPost:
		assert.True(g.t, strings.HasSuffix(q.URL, "/members/$ref"), q.URL)
		var body map[string]string
		assert.NoError(g.t, json.Unmarshal(q.Body, &body))
		id := idOf(body["@odata.id"])
		if a := g.refusal(id); a.status != 0 {
			return a
		}
		g.members[id] = true
	case http.MethodDelete:
		if !assert.True(g.t, strings.HasSuffix(q.URL, "/$ref"), q.URL) {
			return innerAnswer{status: 500}
		}
		parts := strings.Split(q.URL, "/")
		id := parts[len(parts)-2]
		if !g.members[id] {
			return innerAnswer{status: 404, body: graphError("Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")}
		}
		delete(g.members, id)
	}
	return innerAnswer{status: 204}
}

func (g *groupServer) refusal(id string) innerAnswer {
	switch {
	case g.members[id]:
		return innerAnswer{status: 400, body: graphError("Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.")}
	case g.guests[id]:
		return innerAnswer{status: 403, body: graphError("Authorization_RequestDenied", "Guests users are not allowed to join this group.")}
	case !g.users[id]:
		return innerAnswer{status: 404, body: graphError("Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")}
	}
	return innerAnswer{}
}

func idOf(link string) string { return link[strings.LastIndex(link, "/")+1:] }

// results collects what done reports. No row may be reported twice.
type results struct {
	mu   sync.Mutex
	rows map[string]writeback.RowResult
}

func (r *results) done(row writeback.RowResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rows == nil {
		r.rows = make(map[string]writeback.RowResult)
	}
	key := fmt.Sprint(row.UserID, row.Remove)
	if _, ok := r.rows[key]; ok {
		panic("reported twice: " + key)
	}
	r.rows[key] = row
}

func (r *results) outcome(n int, remove bool) writeback.Outcome {
	return r.rows[fmt.Sprint(guid(n), remove)].Outcome
}

func ids(from, to int) []string {
	out := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, guid(i))
	}
	return out
}

func TestWriteMakesTheMembersAsAsked(t *testing.T) {
	g := newGroupServer(t, 500, 0, 1, 2, 3, 4)
	for i := 300; i < 345; i++ {
		g.members[guid(i)] = true
	}
	c := serve(t, g.handler())
	var r results
	require.NoError(t, c.Write(t.Context(), groupID, ids(10, 260), ids(300, 345), r.done))
	assert.Len(t, r.rows, 295)
	for _, row := range r.rows {
		assert.Equal(t, writeback.OutcomeDone, row.Outcome)
	}
	assert.Len(t, g.members, 5+250)
	assert.Equal(t, 13, g.methods["PATCH"], "20 additions a call")
	assert.Equal(t, 45, g.methods["DELETE"])
	assert.Zero(t, g.methods["POST"])
	assert.LessOrEqual(t, g.largest, bindsPerBatch)
}

func TestOneBadRowDoesNotHoldTheOthersBack(t *testing.T) {
	g := newGroupServer(t, 30, 5)
	g.guests[guid(7)] = true
	c := serve(t, g.handler())
	var r results
	add := append(ids(0, 10), guid(77), "not-an-id")
	require.NoError(t, c.Write(t.Context(), groupID, add, []string{guid(20)}, r.done))
	assert.Len(t, r.rows, 13)
	assert.Equal(t, writeback.OutcomeDone, r.outcome(0, false))
	assert.Equal(t, writeback.OutcomeAlready, r.outcome(5, false))
	assert.Equal(t, writeback.OutcomeFailed, r.outcome(7, false))
	assert.Equal(t, "guestNotAllowed", r.rows[guid(7)+"false"].Err.Code)
	assert.Equal(t, writeback.OutcomeFailed, r.outcome(77, false))
	assert.Equal(t, "Request_ResourceNotFound", r.rows[guid(77)+"false"].Err.Code)
	assert.Equal(t, writeback.OutcomeFailed, r.rows["not-an-idfalse"].Outcome)
	assert.Equal(t, writeback.OutcomeAlready, r.outcome(20, true))
	assert.Len(t, g.members, 9)
}

func TestRemovalFromAGroupThatIsGoneIsNoSuccess(t *testing.T) {
	c := serve(t, batchServer(t, func(innerRequest) innerAnswer {
		return innerAnswer{status: 404, body: graphError("Request_ResourceNotFound", "Resource '"+groupID+"' does not exist or one of its queried reference-property objects are not present.")}
	}, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 404, graphError("Request_ResourceNotFound", "Resource '"+groupID+"' does not exist or one of its queried reference-property objects are not present."))
	}))
	var r results
	err := c.Write(t.Context(), groupID, nil, ids(0, 1000), r.done)
	assert.Equal(t, "groupNotFound", asModelError(t, err).Code)
	assert.Equal(t, writeback.OutcomeFailed, r.outcome(0, true))
	assert.LessOrEqual(t, len(r.rows), parallelism*batchSize, "the rest would be refused too")
}

// Graph's 404 to a removal of who is no member names the group, as its 404 to a
// removal from a group that is gone does: only reading the group tells. Sources:
// github.com/microsoftgraph/microsoft-graph-docs, issues 18715, 18714 and 4847.
func TestRemovalOfWhoIsNoMemberIsDoneAlthoughItsRefusalNamesTheGroup(t *testing.T) {
	asked := 0
	c := serve(t, batchServer(t, func(innerRequest) innerAnswer {
		return innerAnswer{status: 404, body: graphError("Request_ResourceNotFound", "Resource '"+groupID+"' does not exist or one of its queried reference-property objects are not present.")}
	}, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		answerJSON(w, 200, object{"id": groupID, "displayName": "g"})
	}))
	var r results
	require.NoError(t, c.Write(t.Context(), groupID, nil, ids(0, 3), r.done))
	for i := range 3 {
		assert.Equal(t, writeback.OutcomeAlready, r.outcome(i, true))
	}
	assert.Equal(t, 1, asked)
}

func TestThrottledRowsAreSentAgainAlone(t *testing.T) {
	g := newGroupServer(t, 100, slices.Collect(func(yield func(int) bool) {
		for i := range 60 {
			if !yield(i) {
				return
			}
		}
	})...)
	refused := make(map[string]bool)
	c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		g.mu.Lock()
		first := !refused[q.URL]
		refused[q.URL] = true
		g.mu.Unlock()
		if first && strings.Contains(q.URL, "7/$ref") {
			return innerAnswer{status: 429, headers: map[string]string{"Retry-After": "1"}, body: graphError("TooManyRequests", "x")}
		}
		if first && strings.Contains(q.URL, "3/$ref") {
			return innerAnswer{status: 503, body: graphError("ServiceUnavailable", "x")}
		}
		return g.inner(q)
	}, nil))
	var r results
	require.NoError(t, c.Write(t.Context(), groupID, nil, ids(0, 60), r.done))
	assert.Len(t, r.rows, 60)
	assert.Empty(t, g.members)
	assert.Equal(t, 60, g.methods["DELETE"], "what was done is not done again")
}

func TestMissingPermissionEndsTheWrite(t *testing.T) {
	var calls atomic.Int32
	c := serve(t, batchServer(t, func(innerRequest) innerAnswer {
		calls.Add(1)
		return innerAnswer{status: 403, body: graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")}
	}, nil), with(delegated("GroupMember.Read.All")))
	var r results
	err := c.Write(t.Context(), groupID, ids(0, 5000), nil, r.done)
	e := asModelError(t, err)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Equal(t, "consentMissing", e.Code)
	assert.Contains(t, e.Remedy, scopeWrite+" has not been granted")
	assert.LessOrEqual(t, calls.Load(), int32(parallelism*bindsPerBatch), "the rest would be refused too")
	for _, row := range r.rows {
		assert.Equal(t, writeback.OutcomeFailed, row.Outcome)
	}
}

func TestRowsOfUnknownFateAreNotReported(t *testing.T) {
	c := serve(t, batchServer(t, func(innerRequest) innerAnswer {
		return innerAnswer{status: 503, body: graphError("ServiceUnavailable", "x")}
	}, nil))
	var r results
	err := c.Write(t.Context(), groupID, ids(0, 3), nil, r.done)
	assert.Equal(t, model.KindUnavailable, asModelError(t, err).Kind)
	assert.Empty(t, r.rows)
}

func TestWriteRefusesWhatIsNoGroup(t *testing.T) {
	c := serve(t, count("1"))
	err := c.Write(t.Context(), "sg-sales", ids(0, 1), nil, func(writeback.RowResult) { t.Error("nothing was asked") })
	assert.Equal(t, model.KindUsage, asModelError(t, err).Kind)
	assert.Zero(t, c.Traffic().Requests)
}

func TestRemovalAlwaysEndsInRef(t *testing.T) {
	c := serve(t, count("1"))
	anyID := rapid.OneOf(
		rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
		rapid.String(),
		rapid.SampledFrom([]string{"", ".", "..", "/", "$ref", "x/$ref", guid(1) + "/", guid(1) + "?", "{" + guid(1) + "}", "urn:uuid:" + guid(1)}),
	)
	rapid.Check(t, func(rt *rapid.T) {
		group, user := anyID.Draw(rt, "group"), anyID.Draw(rt, "user")
		item, err := c.newBatchItem(c.removeRequest(t.Context(), group, user))
		if !isGUID(group) || !isGUID(user) {
			require.ErrorIs(rt, err, errNotARef)
			return
		}
		require.NoError(rt, err)
		require.Equal(rt, http.MethodDelete, item.Method)
		require.Equal(rt, "/groups/"+group+"/members/"+user+"/$ref", item.URL)
	})
}

func TestNoOtherDeleteCanLeave(t *testing.T) {
	reached := false
	c := serve(t, func(http.ResponseWriter, *http.Request) { reached = true })
	for _, path := range []string{
		"/users/" + guid(1), "/groups/" + guid(1), "/groups/" + guid(1) + "/members/" + guid(2), "/groups/" + guid(1) + "/members/" + guid(2) + "/",
		"/directoryObjects/" + guid(1), "/groups/" + guid(1) + "/members/$ref?@id=x", "/groups/" + guid(1) + "/members/" + guid(2) + "/$ref/x",
		"/groups/" + guid(1) + "/members/x/$ref", "/groups/" + guid(1) + "/members/" + guid(2) + "?/$ref", "/groups/" + guid(1) + "/members/" + guid(2) + "#/$ref",
		"/users/" + guid(1) + "/groups/" + guid(1) + "/members/" + guid(2) + "/$ref",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, c.root.String()+path, nil)
		require.NoError(t, err)
		_, err = c.transport.RoundTrip(req)
		assert.Equal(t, "deleteRefused", asModelError(t, err).Code, path)

		info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(abstractions.DELETE, "{+baseurl}"+path, c.path())
		_, err = c.newBatchItem(info, nil)
		assert.ErrorIs(t, err, errNotARef, path)
	}
	assert.False(t, reached)
}
