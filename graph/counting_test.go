package graph

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func TestUsersOfGroupsAreCountedWithoutReadingThem(t *testing.T) {
	bodies := map[string]any{
		guid(1): 1234, guid(2): "1234", guid(3): "MTIzNA==", guid(4): "MTIzNA", guid(5): "77u/MTIzNA==", guid(6): 0,
		guid(7): "many", guid(8): object{}, guid(9): nil, guid(10): 0,
	}
	c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		assert.Equal(t, "eventual", q.Headers["ConsistencyLevel"])
		path, query := inner(t, q)
		assert.Empty(t, query)
		id := strings.Split(path, "/")[2]
		assert.Equal(t, "/groups/"+id+"/transitiveMembers/graph.user/$count", path)
		body, ok := bodies[id]
		if !ok {
			return innerAnswer{status: 404, body: graphError("Request_ResourceNotFound", "x")}
		}
		return innerAnswer{status: 200, body: body}
	}, nil), with(delegated("GroupMember.Read.All")))
	list := []model.Group{{DisplayName: "EMEA", Kind: model.KindDynamicDistribution, ID: guid(90)}, {DisplayName: "nameless"}, {ID: guid(99)}}
	for n := range 9 {
		list = append(list, model.Group{ID: guid(n + 1)})
	}
	list = append(list, model.Group{ID: guid(10), HiddenMembership: true})
	counts, err := c.CountUsers(t.Context(), list)
	require.NoError(t, err)
	assert.Equal(t, []int{-1, -1, -1, 1234, 1234, 1234, 1234, 1234, 0, -1, -1, -1, -1}, counts)
}

func TestCountsShareRequests(t *testing.T) {
	c := serve(t, batchServer(t, func(innerRequest) innerAnswer { return innerAnswer{status: 200, body: 7} }, nil))
	list := make([]model.Group, 41)
	for i := range list {
		list[i].ID = guid(i)
	}
	counts, err := c.CountUsers(t.Context(), list)
	require.NoError(t, err)
	assert.NotContains(t, counts, -1)
	assert.Equal(t, 3, c.Traffic().Requests)
}

func TestNothingIsCountedAfterASignInHasEnded(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusUnauthorized, graphError("InvalidAuthenticationToken", "x"))
	})
	_, err := c.CountUsers(t.Context(), []model.Group{{ID: guid(1)}})
	assert.Equal(t, model.KindSignIn, asModelError(t, err).Kind)
}
