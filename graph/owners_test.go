package graph

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func TestOwnersAreReadToTheEnd(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/v1.0/groups/"+guid(7)+"/owners", r.URL.Path)
		assert.Empty(t, r.Header.Get("ConsistencyLevel"), "from the consistent store")
		if r.URL.Query().Has("$skiptoken") {
			answerJSON(w, 200, page(object{"@odata.type": "#microsoft.graph.servicePrincipal", "id": guid(2)}))
			return
		}
		assert.Equal(t, "id", r.URL.Query().Get("$select"))
		assert.Equal(t, "999", r.URL.Query().Get("$top"))
		answerJSON(w, 200, object{
			"value":           []any{object{"@odata.type": "#microsoft.graph.user", "id": guid(1)}},
			"@odata.nextLink": "https://" + r.Host + r.URL.Path + "?$skiptoken=2",
		})
	})
	owners, err := c.Owners(t.Context(), guid(7))
	require.NoError(t, err)
	assert.Equal(t, []string{guid(1), guid(2)}, owners)
}

func TestOwnersThatAreNotReadAreNoEmptyList(t *testing.T) {
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		group   string
		kind    model.Kind
		code    string
		remedy  string
		cred    *credential
	}{
		"no group":      {count("1"), "sg-sales", model.KindUsage, "groupIdInvalid", "", delegated(scopeMembers)},
		"no permission": {refused(403, "Authorization_RequestDenied"), guid(7), model.KindSignIn, "Authorization_RequestDenied", scopeMembers + " has not been granted", delegated("User.Read")},
		"gone":          {refused(404, "Request_ResourceNotFound"), guid(7), model.KindFailed, "Request_ResourceNotFound", "", delegated(scopeMembers)},
		"no collection": {count("{}"), guid(7), model.KindUnavailable, "answerUnreadable", "", delegated(scopeMembers)},
		"a loop": {func(w http.ResponseWriter, r *http.Request) {
			answerJSON(w, 200, object{"value": []any{}, "@odata.nextLink": "https://" + r.Host + r.URL.Path + "?$skiptoken=1"})
		}, guid(7), model.KindFailed, "pagesLoop", "", delegated(scopeMembers)},
		"no id": {func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, 200, page(object{"@odata.type": "#microsoft.graph.user"}))
		}, guid(7), model.KindUnavailable, "answerUnreadable", "", delegated(scopeMembers)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := serve(t, tc.handler, with(tc.cred)).Owners(t.Context(), tc.group)
			e := asModelError(t, err)
			assert.Equal(t, tc.kind, e.Kind)
			assert.Equal(t, tc.code, e.Code)
			assert.Contains(t, e.Remedy, tc.remedy)
		})
	}
}

func refused(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, status, graphError(code, "x")) }
}
