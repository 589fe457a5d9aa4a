package emulator_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
)

type inner struct {
	Status  int
	Headers map[string]string
	Body    any
}

// batch sends a $batch and returns the answers by id.
func (s *tenant) batch(requests ...map[string]any) map[string]inner {
	s.t.Helper()
	out := map[string]inner{}
	for _, v := range s.do(http.MethodPost, "/$batch", map[string]any{"requests": requests}).ok()["responses"].([]any) {
		r := v.(map[string]any)
		headers := map[string]string{}
		for name, value := range r["headers"].(map[string]any) {
			headers[name] = value.(string)
		}
		out[r["id"].(string)] = inner{Status: int(r["status"].(float64)), Headers: headers, Body: r["body"]}
	}
	return out
}

func request(id, method, url string) map[string]any {
	return map[string]any{"id": id, "method": method, "url": url}
}

func TestABatchAnswersEachRequestInAnyOrder(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	var requests []map[string]any
	for i := range 20 {
		requests = append(requests, request(fmt.Sprint(i), "GET", "/users/"+s.Tenant().UserID(i)+"?$select=id"))
	}
	res := s.do(http.MethodPost, "/$batch", map[string]any{"requests": requests})
	inOrder := true
	for i, v := range res.ok()["responses"].([]any) {
		r := v.(map[string]any)
		inOrder = inOrder && r["id"] == fmt.Sprint(i)
		var n int
		_, err := fmt.Sscan(r["id"].(string), &n)
		require.NoError(t, err)
		assert.Equal(t, s.Tenant().UserID(n), r["body"].(map[string]any)["id"])
	}
	assert.False(t, inOrder)

	count := request("1", "GET", "/users/$count")
	count["headers"] = map[string]string{"ConsistencyLevel": "eventual"}
	assert.EqualValues(t, s.Tenant().UserCount(), s.batch(count)["1"].Body)
}

func TestAMalformedBatchIsRefusedAsAWhole(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	send := func(requests ...map[string]any) answer {
		return s.do(http.MethodPost, "/$batch", map[string]any{"requests": requests})
	}
	var many []map[string]any
	for i := range 21 {
		many = append(many, request(fmt.Sprint(i), "GET", "/me"))
	}
	send(many...).refused(http.StatusBadRequest, "MaximumValueExceeded", "Number of batch request steps exceeds the maximum value of 20.")
	for _, requests := range [][]map[string]any{
		nil,
		{request("", "GET", "/me")},
		{request("1", "GET", "/me"), request("1", "GET", "/me")},
		{{"id": "1", "method": "GET", "url": "/me", "dependsOn": []string{"2"}}},
	} {
		assert.Equal(t, http.StatusBadRequest, send(requests...).Status)
	}
}

func TestRequestsOfABatchFailOnTheirOwn(t *testing.T) {
	s := writer(t, emulator.Options{})
	nested := withBody(request("nested", "POST", "/$batch"), map[string]any{"requests": []any{}})
	after := request("after", "GET", "/me")
	after["dependsOn"] = []string{"absent"}
	got := s.batch(after, nested,
		request("good", "GET", "/me"), request("absent", "GET", "/users/none"), request("version", "GET", "/v1.0/me"),
		request("whole", "GET", s.URL()+"/v1.0/me"),
	)
	for id, want := range map[string]int{
		"after": http.StatusFailedDependency, "good": http.StatusOK, "absent": http.StatusNotFound,
		"version": http.StatusBadRequest, "nested": http.StatusBadRequest, "whole": http.StatusBadRequest,
	} {
		assert.Equal(t, want, got[id].Status, id)
	}
}

// withBody gives a request of a batch a body and names its type.
func withBody(r map[string]any, body any) map[string]any {
	r["body"], r["headers"] = body, map[string]string{"content-type": "application/json"}
	return r
}

func TestAWriteWithoutBodyOrContentTypeSpoilsTheWholeBatch(t *testing.T) {
	s := writer(t, emulator.Options{})
	ids := s.outsiders("sg-sales", 2)
	path := "/groups/" + s.groupID("sg-sales") + "/members/$ref"
	good := withBody(request("good", "POST", path), map[string]string{"@odata.id": s.ref(ids[0])})
	untyped := request("2", "POST", path)
	untyped["body"] = map[string]string{"@odata.id": s.ref(ids[1])}
	before := s.Tenant().MemberCount(s.groupIndex("sg-sales"))
	for _, bad := range []map[string]any{untyped, request("2", "POST", path), request("2", "PATCH", path)} {
		res := s.do(http.MethodPost, "/$batch", map[string]any{"requests": []any{good, bad}})
		res.refused(http.StatusBadRequest, "BadRequest", "Write request id : 2 does not contain Content-Type header or body.")
	}
	assert.Equal(t, before, s.Tenant().MemberCount(s.groupIndex("sg-sales")), "nothing of it was done")
	assert.Equal(t, http.StatusNoContent, s.batch(good)["good"].Status)
}

func TestTheRequestsOfABatchCanBeNumbered(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	first, second := request("", "GET", "/me"), request("2", "GET", "/me")
	first["id"], second["dependsOn"] = 1, []int{1}
	got := s.batch(first, second)
	assert.Equal(t, http.StatusOK, got["1"].Status)
	assert.Equal(t, http.StatusOK, got["2"].Status)
	first["id"] = true
	assert.Equal(t, http.StatusBadRequest, s.do(http.MethodPost, "/$batch", map[string]any{"requests": []any{first}}).Status)
}

func TestABatchCarriesTheHeadersThatGraphsDo(t *testing.T) {
	s := writer(t, emulator.Options{})
	member := "/groups/" + s.groupID("sg-sales") + "/members/" + s.outsiders("sg-sales", 1)[0] + "/$ref"
	res := s.do(http.MethodPost, "/$batch", map[string]any{"requests": []any{request("read", "GET", "/me"), request("refused", "DELETE", member)}})
	for _, v := range res.ok()["responses"].([]any) {
		r := v.(map[string]any)
		headers := r["headers"].(map[string]any)
		assert.Equal(t, "no-cache", headers["Cache-Control"])
		assert.Equal(t, "4.0", headers["OData-Version"])
		assert.Equal(t, "1", headers["x-ms-resource-unit"], r["id"])
		assert.Contains(t, headers["Content-Type"], "application/json")
		assert.NotContains(t, headers, "request-id", "only the batch has one")
		if r["id"] == "refused" {
			inner := r["body"].(map[string]any)["error"].(map[string]any)["innerError"].(map[string]any)
			assert.Equal(t, res.Header.Get("request-id"), inner["request-id"])
			assert.NotEmpty(t, inner["client-request-id"])
			assert.NotEmpty(t, inner["date"])
		}
	}
}

func TestRequestsOfABatchAreThrottledOnTheirOwn(t *testing.T) {
	s := writer(t, emulator.Options{})
	s.FailNext(1, http.StatusTooManyRequests, 1500*time.Millisecond, "/groups")
	got := s.batch(request("1", "GET", "/me"), request("2", "GET", "/groups?$top=1"))
	assert.Equal(t, http.StatusOK, got["1"].Status)
	assert.Equal(t, http.StatusTooManyRequests, got["2"].Status)
	assert.Equal(t, "1.5", got["2"].Headers["Retry-After"])
	assert.Equal(t, 1, s.Judges().Throttled)

	s.FailNext(1, http.StatusServiceUnavailable, 0, "/groups")
	got = s.batch(request("1", "GET", "/me"), request("2", "GET", "/groups?$top=1"))
	assert.Equal(t, http.StatusOK, got["1"].Status)
	assert.Equal(t, http.StatusServiceUnavailable, got["2"].Status)
}
