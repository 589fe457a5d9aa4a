package graph

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/writeback"
)

const outerID = "6f1c6c0e-0000-4000-8000-00000000aaaa" // of answerJSON

func TestARowGoesByTheRequestIDThatIsNearestToIt(t *testing.T) {
	own := map[string]string{"request-id": "11111111-0000-4000-8000-000000000000"}
	bare := object{"error": object{"code": "Request_BadRequest", "message": "x"}}
	for name, tc := range map[string]struct {
		answer innerAnswer
		want   string
		failed bool
	}{
		"done, with its own":                 {innerAnswer{status: 204, headers: own}, own["request-id"], false},
		"done, without":                      {innerAnswer{status: 204}, outerID, false},
		"refused, with its own":              {innerAnswer{status: 400, headers: own, body: graphError("Request_BadRequest", "x")}, own["request-id"], true},
		"refused, with that of the error":    {innerAnswer{status: 400, body: graphError("Request_BadRequest", "x")}, "22e0aabc-0000-4000-8000-000000000000", true},
		"refused, with nothing but its code": {innerAnswer{status: 400, body: bare}, outerID, true},
		"refused, without a word":            {innerAnswer{status: 400}, outerID, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, batchServer(t, func(innerRequest) innerAnswer { return tc.answer }, nil))
			var r results
			require.NoError(t, c.Write(t.Context(), groupID, ids(0, 3), ids(3, 5), r.done))
			require.Len(t, r.rows, 5)
			for _, row := range r.rows {
				assert.Equal(t, tc.want, row.RequestID)
				assert.Equal(t, tc.failed, row.Outcome == writeback.OutcomeFailed)
				if tc.failed {
					assert.NotEmpty(t, row.Err.RequestID)
				}
			}
		})
	}
}

// opaque gives tokens that cannot be read.
type opaque struct{}

func (opaque) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "opaque"}, nil
}

func TestWhoCanMendARefusedWriteIsToldByItsCode(t *testing.T) {
	const insufficient = "Insufficient privileges to complete the operation."
	forbidden := batchServer(t, func(innerRequest) innerAnswer {
		return innerAnswer{status: 403, body: graphError("Authorization_RequestDenied", insufficient)}
	}, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 200, object{"id": groupID, "displayName": "sg-sales", "securityEnabled": true})
	})
	for name, tc := range map[string]struct {
		cred               azcore.TokenCredential
		code, says, remedy string
	}{
		"no permission":       {cred: delegated("User.Read"), code: "consentMissing", says: "has not been granted", remedy: "must consent"},
		"a role is missing":   {cred: delegated(scopeWrite), code: "roleMissing", says: "the account may not change", remedy: "Groups Administrator, or owner"},
		"with a higher scope": {cred: delegated("Group.ReadWrite.All"), code: "roleMissing", says: "the account may not change", remedy: "lacks an Entra role"},
		"an app":              {cred: application(scopeWrite), code: "roleMissing", says: "the app may not change", remedy: "closed to the app"},
		"an app without":      {cred: application("User.Read.All"), code: "consentMissing", says: "has not been granted", remedy: "must consent"},
		"who knows":           {cred: opaque{}, code: "Authorization_RequestDenied", says: "Insufficient", remedy: "needs the permission " + scopeWrite},
	} {
		t.Run(name, func(t *testing.T) {
			var r results
			err := serve(t, forbidden, func(o *Options) { o.Credential = tc.cred }).Write(t.Context(), groupID, ids(0, 500), nil, r.done)
			e := asModelError(t, err)
			assert.Equal(t, model.KindSignIn, e.Kind)
			assert.Equal(t, tc.code, e.Code)
			assert.Contains(t, e.Message, tc.says)
			assert.Contains(t, e.Message, "Insufficient privileges")
			assert.Contains(t, e.Remedy, tc.remedy)
			for _, row := range r.rows {
				assert.Equal(t, tc.code, row.Err.Code)
			}
		})
	}
}

// Reading the group to explain a refusal is a courtesy: without it the texts
// have to do.
func TestARefusalIsExplainedThoughTheGroupCannotBeRead(t *testing.T) {
	for text, code := range map[string]string{
		"Cannot Update a mail-enabled security groups and or distribution list.":                                                               "groupDistribution",
		"Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.": "groupOnPremises",
	} {
		for _, status := range []int{400, 403} {
			patches := 0
			c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
				assert.Equal(t, http.MethodPatch, q.Method)
				patches++
				return innerAnswer{status: status, body: graphError("Request_BadRequest", text)}
			}, refuse(403)))
			var r results
			e := asModelError(t, c.Write(t.Context(), groupID, ids(0, 60), nil, r.done))
			assert.Equal(t, code, e.Code)
			assert.Equal(t, model.KindGuard, e.Kind)
			assert.Contains(t, e.Message, "the group is")
			assert.Equal(t, 3, patches)
			assert.Len(t, r.rows, 60)
		}
	}
}

// Whatever a PATCH is refused for, one of its rows may be the reason.
func TestAPATCHThatIsRefusedForNoKnownReasonIsSplit(t *testing.T) {
	for _, status := range []int{400, 404, 405, 409, 412, 413, 422, 501} {
		g := newGroupServer(t, 100)
		c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
			if q.Method == http.MethodPatch {
				return innerAnswer{status: status, body: graphError("Request_Strange", "something new")}
			}
			return g.inner(q)
		}, nil))
		var r results
		require.NoError(t, c.Write(t.Context(), groupID, ids(0, 45), nil, r.done))
		for _, row := range r.rows {
			assert.Equal(t, writeback.OutcomeDone, row.Outcome, "%d", status)
		}
		assert.Len(t, g.members, 45)
	}
}

func TestATokenThatIsRefusedForGoodLeavesItsRowsOpen(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"the batch": refuse(http.StatusUnauthorized),
		"its rows": batchServer(t, func(innerRequest) innerAnswer {
			return innerAnswer{status: 401, body: graphError("InvalidAuthenticationToken", "Access token has expired.")}
		}, nil),
	} {
		t.Run(name, func(t *testing.T) {
			err := serve(t, handler).Write(t.Context(), groupID, ids(0, 30), nil, func(writeback.RowResult) { t.Error("nothing is known of it") })
			e := asModelError(t, err)
			assert.Equal(t, model.KindSignIn, e.Kind)
			assert.Contains(t, e.Remedy, "rollcall signin")
		})
	}
}

// A refusal that may mean two things is settled by reading the group. Where that
// fails nothing is known, and a removal that did not happen must not pass for
// one that was not needed.
func TestARemovalIsNoSuccessAsLongAsNobodyKnows(t *testing.T) {
	missing := graphError("Request_ResourceNotFound", "Resource '"+groupID+"' does not exist or one of its queried reference-property objects are not present.")
	c := serve(t, batchServer(t, func(innerRequest) innerAnswer { return innerAnswer{status: 404, body: missing} }, refuse(503)))
	err := c.Write(t.Context(), groupID, nil, ids(0, 30), func(writeback.RowResult) { t.Error("nothing is known of it") })
	assert.Equal(t, model.KindUnavailable, asModelError(t, err).Kind, "of the group that could not be read")

	c = serve(t, batchServer(t, func(innerRequest) innerAnswer { return innerAnswer{status: 404} }, refuse(503)))
	var r results
	require.NoError(t, c.Write(t.Context(), groupID, nil, ids(0, 3), r.done))
	for _, row := range r.rows {
		assert.Equal(t, writeback.OutcomeFailed, row.Outcome, "a 404 without a word is not Graph's")
	}
}

func TestWhatWasAnsweredBeforeTheRestWasLostIsReported(t *testing.T) {
	answered, _ := inTurn(batchServer(t, func(q innerRequest) innerAnswer {
		if strings.Contains(q.URL, guid(2)) {
			return innerAnswer{status: 400, body: graphError("Request_BadRequest", "The source resource object or one of the objects being referenced don't exist.")}
		}
		return innerAnswer{status: 204}
	}, nil), refuse(http.StatusUnauthorized))
	var r results
	err := serve(t, answered).Write(t.Context(), groupID, nil, ids(0, 4), r.done)
	assert.Equal(t, model.KindSignIn, asModelError(t, err).Kind)
	assert.Len(t, r.rows, 3)
	for _, n := range []int{0, 1, 3} {
		assert.Equal(t, writeback.OutcomeDone, r.outcome(n, true))
	}
}

// A group that takes no writes any more may have taken the one whose answer was
// lost.
func TestARefusalAfterALostAnswerSaysNothingOfTheRow(t *testing.T) {
	refusal := batchServer(t, func(innerRequest) innerAnswer {
		return innerAnswer{status: 403, body: graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")}
	}, nil)
	for _, remove := range []bool{false, true} {
		add, gone := ids(0, 3), []string(nil)
		if remove {
			add, gone = nil, add
		}
		handler, _ := inTurn(cut, refusal)
		err := serve(t, handler, with(delegated("User.Read"))).Write(t.Context(), groupID, add, gone, func(writeback.RowResult) { t.Error("nothing is known of it") })
		assert.Equal(t, codeConsentMissing, asModelError(t, err).Code)
	}
}
