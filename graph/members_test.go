package graph

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/expansion"
)

// batchServer answers $batch by handing each inner request to inner, and any
// other call to outer.
func batchServer(t testing.TB, inner func(r innerRequest) innerAnswer, outer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1.0/$batch" {
			outer(w, r)
			return
		}
		var body struct{ Requests []innerRequest }
		if !assert.NoError(t, json.NewDecoder(r.Body).Decode(&body)) || !assert.LessOrEqual(t, len(body.Requests), batchSize) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answers := make([]object, 0, len(body.Requests))
		for i := len(body.Requests) - 1; i >= 0; i-- { // in any order
			q := body.Requests[i]
			a := inner(q)
			answers = append(answers, object{"id": q.ID, "status": a.status, "headers": a.headers, "body": a.body})
		}
		answerJSON(w, 200, object{"responses": answers})
	}
}

type innerRequest struct {
	ID, Method, URL string
	Headers         map[string]string
	Body            json.RawMessage
}

type innerAnswer struct {
	status  int
	headers map[string]string
	body    any
}

var memberPath = regexp.MustCompile(`^/groups/([^/]+)/members\?`)

func member(n int) object {
	return object{"@odata.type": "#microsoft.graph.user", "id": guid(n), "displayName": "User " + strconv.Itoa(n), "userPrincipalName": "u@contoso.com", "accountEnabled": true}
}

func TestMembersOfManyGroupsComeInBatchesAndInOrder(t *testing.T) {
	var mu sync.Mutex
	batches := 0
	var groups []model.Group
	for i := range 45 {
		groups = append(groups, model.Group{ID: guid(1000 + i)})
	}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		batches++
		mu.Unlock()
		batchServer(t, func(q innerRequest) innerAnswer {
			id := memberPath.FindStringSubmatch(q.URL)[1]
			n, _ := strconv.Atoi(id[len(id)-12:])
			return innerAnswer{status: 200, body: page(member(n))}
		}, nil)(w, r)
	})
	listings, err := expansion.ReadAll(t.Context(), c, groups)
	require.NoError(t, err)
	require.Len(t, listings, 45)
	for i, l := range listings {
		assert.Equal(t, groups[i].ID, l.GroupID)
		assert.Nil(t, l.Err)
		require.Len(t, l.Members, 1)
		assert.Equal(t, guid(1000+i), l.Members[0].ID)
	}
	assert.Equal(t, 3, batches)
}

// linked serves members: pages by the URL of the request for each, in which
// NEXT: stands for the server's own root. The empty URL is a first page.
func linked(t *testing.T, pages map[string]object, change ...func(*Options)) (c *tenant, asked func() []string) {
	var mu sync.Mutex
	var urls []string
	c = serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		assert.Equal(t, http.MethodGet, q.Method)
		assert.Empty(t, q.Headers["ConsistencyLevel"], "members come from the consistent store")
		mu.Lock()
		urls = append(urls, q.URL)
		mu.Unlock()
		if p, ok := pages[q.URL]; ok {
			return innerAnswer{status: 200, body: p}
		}
		assert.Contains(t, q.URL, "%24top=999")
		return innerAnswer{status: 200, body: pages[""]}
	}, nil), change...)
	handler := c.server.Config.Handler
	c.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(&nextLinkWriter{ResponseWriter: w, host: r.Host}, r)
	})
	return c, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return urls
	}
}

// nextLinkWriter puts the server's own root into a batch's answer.
type nextLinkWriter struct {
	http.ResponseWriter
	host string
}

func (w *nextLinkWriter) Write(b []byte) (int, error) {
	_, err := w.ResponseWriter.Write([]byte(strings.ReplaceAll(string(b), "NEXT:", "https://"+w.host+"/v1.0")))
	return len(b), err
}

func paged(next string, values ...any) object {
	p := page(values...)
	p["@odata.nextLink"] = next
	return p
}

func TestMembersAreReadToTheEnd(t *testing.T) {
	// Signs that encoding anew would change.
	const second, third = "/groups/x/members?$skiptoken=a%2Bb+c%27d'&$top=999", "/groups('x')/members?$skiptoken=%c3%A4"
	c, asked := linked(t, map[string]object{
		"": paged("NEXT:"+second, member(1)), second: paged("NEXT:"+third, member(2)), third: page(member(3)),
	})
	listings, err := expansion.ReadAll(t.Context(), c, []model.Group{{ID: guid(1)}})
	require.NoError(t, err)
	assert.Nil(t, listings[0].Err)
	assert.Equal(t, []string{guid(1), guid(2), guid(3)}, listedIDs(listings[0].Members))
	assert.Equal(t, []string{second, third}, asked()[1:], "links are followed as they were written")
}

func listedIDs(objects []model.Object) []string {
	var ids []string
	for _, o := range objects {
		ids = append(ids, o.ID)
	}
	return ids
}

func TestFirstAndLaterPagesShareABatch(t *testing.T) {
	const further = "/groups/x/members?$skiptoken=1"
	c, _ := linked(t, map[string]object{"": paged("NEXT:"+further, member(1)), further: page(member(2))})
	first, err := c.Members(t.Context(), []expansion.Question{{Group: model.Group{ID: guid(1)}}})
	require.NoError(t, err)
	require.NotEmpty(t, first[0].Next)
	questions := []expansion.Question{{Group: model.Group{ID: guid(1)}, Next: first[0].Next}}
	for i := range batchSize - 1 {
		questions = append(questions, expansion.Question{Group: model.Group{ID: guid(2 + i)}})
	}
	listings, err := c.Members(t.Context(), questions)
	require.NoError(t, err)
	assert.Equal(t, []string{guid(2)}, listedIDs(listings[0].Members))
	assert.Empty(t, listings[0].Next)
	for _, l := range listings[1:] {
		assert.Equal(t, []string{guid(1)}, listedIDs(l.Members))
		assert.NotEmpty(t, l.Next)
	}
	assert.Equal(t, 2, c.Traffic().Requests)
}

func TestLinksThatLeadElsewhereAreNotFollowed(t *testing.T) {
	for name, link := range map[string]string{
		"another host":             "https://evil.example/v1.0/groups/x/members?$skiptoken=1",
		"another host behind ours": "https://graph.microsoft.com@evil.example/v1.0/groups/x/members",
		"no host":                  "/groups/x/members?$skiptoken=1",
		"another version":          "ROOT/beta/groups/x/members?$skiptoken=1",
		"the root alone":           "ROOT/v1.0",
		"a way out of the root":    "ROOT/v1.0/%2e%2E/beta/groups/x/members",
		"a fragment":               "ROOT/v1.0/groups/x/members#?$skiptoken=1",
		"a name":                   "https://ann@HOST/v1.0/groups/x/members?$skiptoken=1",
		"no link":                  "https://[",
	} {
		t.Run(name, func(t *testing.T) {
			c, asked := linked(t, map[string]object{})
			host := strings.TrimPrefix(c.server.URL, "https://")
			next, err := bookmark{}.next(objectPage{next: strings.NewReplacer("ROOT", c.server.URL, "HOST", host).Replace(link)})
			require.NoError(t, err)
			listings, err := c.Members(t.Context(), []expansion.Question{{Group: model.Group{ID: guid(1)}, Next: next}})
			require.NoError(t, err)
			require.NotNil(t, listings[0].Err)
			assert.Contains(t, []string{"foreignHost", "foreignPath", "linkUnreadable"}, listings[0].Err.Code)
			assert.Empty(t, asked())
		})
	}
	c, asked := linked(t, map[string]object{})
	listings, err := c.Members(t.Context(), []expansion.Question{{Group: model.Group{ID: guid(1)}, Next: "https://evil.example"}})
	require.NoError(t, err)
	assert.Equal(t, "bookmarkInvalid", listings[0].Err.Code)
	assert.Empty(t, asked())
}

func TestPagesThatGoRoundEndAsAnError(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		lead := rapid.IntRange(0, 40).Draw(r, "pages before the loop")
		round := rapid.IntRange(1, 40).Draw(r, "pages of the loop")
		var at bookmark
		for n := 0; ; n++ {
			if n >= lead+round {
				n = lead
			}
			text, err := at.next(objectPage{next: "https://host/v1.0/groups/x/members?$skiptoken=" + strconv.Itoa(n)})
			if err != nil {
				require.Equal(r, "pagesLoop", asModelError(t, err).Code)
				require.GreaterOrEqual(r, at.Pages, lead+round-1, "no link came twice")
				return
			}
			at, err = parseBookmark(text)
			require.NoError(r, err)
			require.LessOrEqual(r, at.Pages, 4*(lead+round), "it goes on for ever")
		}
	})
	const further = "/groups/x/members?$skiptoken=1"
	c, _ := linked(t, map[string]object{"": paged("NEXT:"+further, member(1)), further: paged("NEXT:"+further, member(2))})
	listings, err := expansion.ReadAll(t.Context(), c, []model.Group{{ID: guid(1)}})
	require.NoError(t, err)
	assert.Equal(t, "pagesLoop", listings[0].Err.Code)
	assert.Equal(t, []string{guid(1), guid(2)}, listedIDs(listings[0].Members), "what was read is kept")
}

func TestPageThatCannotBeReadIsAskedForAgain(t *testing.T) {
	for name, broken := range map[string]any{"no value": object{}, "no body": nil, "no objects": page("x"), "a text": "members"} {
		t.Run(name, func(t *testing.T) {
			asked := make(map[string]int)
			handler := func(until int) http.HandlerFunc {
				return batchServer(t, func(q innerRequest) innerAnswer {
					id := memberPath.FindStringSubmatch(q.URL)[1]
					if asked[id]++; id == guid(1) && asked[id] <= until {
						return innerAnswer{status: 200, body: broken}
					}
					return innerAnswer{status: 200, body: page(member(1))}
				}, nil)
			}
			c := serve(t, handler(2))
			groups := []model.Group{{ID: guid(1)}, {ID: guid(2)}}
			listings, err := expansion.ReadAll(t.Context(), c, groups)
			require.NoError(t, err)
			for _, l := range listings {
				assert.Nil(t, l.Err)
				assert.Len(t, l.Members, 1)
			}
			assert.Equal(t, map[string]int{guid(1): 3, guid(2): 1}, asked, "alone")

			clear(asked)
			listings, err = expansion.ReadAll(t.Context(), serve(t, handler(100)), groups)
			require.NoError(t, err)
			assert.Equal(t, "answerUnreadable", listings[0].Err.Code)
			assert.Nil(t, listings[1].Err)
			assert.Equal(t, maxMalformed, asked[guid(1)])
		})
	}
}

func TestOneGroupThatFailsLeavesTheOthersWhole(t *testing.T) {
	throttled := false
	c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		switch memberPath.FindStringSubmatch(q.URL)[1] {
		case guid(1):
			return innerAnswer{status: 404, body: graphError("Request_ResourceNotFound", "Resource does not exist.")}
		case guid(2):
			if !throttled {
				throttled = true
				return innerAnswer{status: 429, headers: map[string]string{"Retry-After": "1.5"}, body: graphError("TooManyRequests", "x")}
			}
			return innerAnswer{status: 200, body: page(member(5))}
		case guid(3):
			return innerAnswer{status: 200, body: object{"value": []any{member(6)}, "@odata.nextLink": "https://evil.example/v1.0/x"}}
		}
		return innerAnswer{status: 200, body: page()}
	}, nil))
	listings, err := expansion.ReadAll(t.Context(), c, []model.Group{
		{ID: guid(1)}, {ID: guid(2)}, {ID: guid(3)}, {ID: guid(4)}, {DisplayName: "EMEA", Kind: model.KindDynamicDistribution},
	})
	require.NoError(t, err)
	assert.Equal(t, "Request_ResourceNotFound", listings[0].Err.Code)
	assert.Nil(t, listings[1].Err)
	assert.Len(t, listings[1].Members, 1)
	assert.Equal(t, "foreignHost", listings[2].Err.Code, "a listing that cannot be finished says so")
	assert.Len(t, listings[2].Members, 1)
	assert.Nil(t, listings[3].Err)
	assert.Empty(t, listings[3].Members)
	assert.Equal(t, codeNotInGraph, listings[4].Err.Code)
	assert.Equal(t, 1, c.Traffic().Throttled)
	assert.Contains(t, c.clock.waits(), 2*time.Second, "an inner 429 waits as long as an outer one")
}

func TestInnerAnswerThatIsMissingIsAskedForAgain(t *testing.T) {
	calls := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		if calls == 1 {
			answerJSON(w, 200, object{"responses": []any{}})
			return
		}
		batchServer(t, func(innerRequest) innerAnswer { return innerAnswer{status: 200, body: page(member(1))} }, nil)(w, r)
	})
	listings, err := expansion.ReadAll(t.Context(), c, []model.Group{{ID: guid(1)}})
	require.NoError(t, err)
	assert.Nil(t, listings[0].Err)
	assert.Len(t, listings[0].Members, 1)
}

func TestHiddenMembershipIsUnknownNotEmpty(t *testing.T) {
	empty := batchServer(t, func(innerRequest) innerAnswer { return innerAnswer{status: 200, body: page()} }, nil)
	hidden := []model.Group{{ID: guid(1), HiddenMembership: true}, {ID: guid(2)}}
	listings, err := expansion.ReadAll(t.Context(), serve(t, empty, with(delegated("GroupMember.Read.All"))), hidden)
	require.NoError(t, err)
	assert.True(t, listings[0].Hidden)
	assert.False(t, listings[1].Hidden)

	listings, err = expansion.ReadAll(t.Context(), serve(t, empty), hidden)
	require.NoError(t, err)
	assert.False(t, listings[0].Hidden, "with Member.Read.Hidden, empty is empty")

	const further = "/groups/x/members?$skiptoken=1"
	c, _ := linked(t, map[string]object{"": paged("NEXT:" + further), further: page()}, with(delegated("GroupMember.Read.All")))
	listings, err = expansion.ReadAll(t.Context(), c, hidden)
	require.NoError(t, err)
	assert.True(t, listings[0].Hidden, "of two empty pages too")
	assert.False(t, listings[1].Hidden)
	c, _ = linked(t, map[string]object{"": paged("NEXT:"+further, member(1)), further: page()}, with(delegated("GroupMember.Read.All")))
	listings, err = expansion.ReadAll(t.Context(), c, hidden)
	require.NoError(t, err)
	assert.False(t, listings[0].Hidden, "an empty page at the end hides nobody")

	denied := batchServer(t, func(innerRequest) innerAnswer {
		return innerAnswer{status: 403, body: graphError("Authorization_RequestDenied", "x")}
	}, nil)
	listings, err = expansion.ReadAll(t.Context(), serve(t, denied, with(delegated("GroupMember.Read.All"))), hidden)
	require.NoError(t, err)
	assert.True(t, listings[0].Hidden)
	assert.NotNil(t, listings[1].Err)
}

func TestMembersAreToldApartByType(t *testing.T) {
	c := serve(t, batchServer(t, func(innerRequest) innerAnswer {
		return innerAnswer{status: 200, body: page(
			object{
				"@odata.type": "#microsoft.graph.user", "id": guid(1), "displayName": "Ann", "mail": "ann@contoso.com",
				"proxyAddresses": []string{"SMTP:ann@contoso.com"}, "accountEnabled": false, "userType": "Guest", "mobilePhone": "+1",
			},
			object{"@odata.type": "#microsoft.graph.group", "id": guid(2), "displayName": "DL", "groupTypes": []string{}, "mailEnabled": true, "securityEnabled": false},
			object{"@odata.type": "#microsoft.graph.group", "id": guid(3), "displayName": "M365", "groupTypes": []string{"Unified", "DynamicMembership"}, "visibility": "HiddenMembership", "mailEnabled": true},
			object{"@odata.type": "#microsoft.graph.orgContact", "id": guid(4), "displayName": "Partner", "mail": "p@fabrikam.com"},
			object{"@odata.type": "#microsoft.graph.device", "id": guid(5), "displayName": "PC"},
			object{"@odata.type": "#microsoft.graph.servicePrincipal", "id": guid(6), "displayName": "App"},
			object{"@odata.type": "#microsoft.graph.somethingNew", "id": guid(7), "displayName": "?"},
			object{"@odata.type": "#microsoft.graph.user", "id": guid(8), "displayName": nil, "mail": nil, "proxyAddresses": []string{}, "accountEnabled": nil},
			object{"@odata.type": "#microsoft.graph.group", "id": guid(9), "displayName": nil},
		)}
	}, nil))
	listings, err := expansion.ReadAll(t.Context(), c, []model.Group{{ID: guid(100)}})
	require.NoError(t, err)
	m := listings[0].Members
	require.Len(t, m, 9)
	types := make([]model.ObjectType, 0, len(m))
	for _, o := range m {
		types = append(types, o.Type)
	}
	assert.Equal(t, []model.ObjectType{
		model.ObjectUser, model.ObjectGroup, model.ObjectGroup, model.ObjectContact, model.ObjectDevice,
		model.ObjectServicePrincipal, model.ObjectOther, model.ObjectUser, model.ObjectGroup,
	}, types)
	assert.Equal(t, "ann@contoso.com", m[0].Mail)
	assert.False(t, *m[0].AccountEnabled)
	assert.Equal(t, "Guest", m[0].UserType)
	assert.Equal(t, "+1", m[0].MobilePhone)
	assert.Equal(t, model.KindDistribution, m[1].Group.Kind)
	assert.Equal(t, model.KindMicrosoft365, m[2].Group.Kind)
	assert.True(t, m[2].Group.DynamicMembership)
	assert.True(t, m[2].Group.HiddenMembership)
	assert.Nil(t, m[3].AccountEnabled)
	assert.True(t, m[7].Limited)
	assert.True(t, m[8].Limited)
	assert.Nil(t, m[8].Group, "what is not known is not made up")
	assert.False(t, m[6].Limited)
}

func TestDirectMembersComeFromTheConsistentStore(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("ConsistencyLevel"))
		assert.Empty(t, r.URL.Query().Get("$count"))
		if r.URL.Query().Has("$skiptoken") {
			answerJSON(w, 200, page(member(2)))
			return
		}
		answerJSON(w, 200, object{"value": []any{member(1)}, "@odata.nextLink": "https://" + r.Host + r.URL.Path + "?$skiptoken=2"})
	})
	members, err := c.DirectMembers(t.Context(), guid(7))
	require.NoError(t, err)
	assert.Len(t, members, 2)
}

func TestHiddenMembersAreNoBaseForAPlan(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/members") {
			answerJSON(w, 200, page())
			return
		}
		answerJSON(w, 200, object{"id": guid(7), "displayName": "Board", "visibility": "HiddenMembership", "groupTypes": []string{"Unified"}})
	}, with(delegated("GroupMember.Read.All")))
	_, err := c.DirectMembers(t.Context(), guid(7))
	e := asModelError(t, err)
	assert.Equal(t, codeHiddenListed, e.Code)
	assert.Contains(t, e.Remedy, scopeHidden)
}

func TestGroupIsReadWithAllThatDecidesWhetherItCanBeWritten(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, strings.Join(groupSelect(), ","), r.URL.Query().Get("$select"))
		answerJSON(w, 200, object{
			"id": guid(7), "displayName": "sg", "securityEnabled": true, "mailEnabled": false, "groupTypes": []string{},
			"onPremisesSyncEnabled": true, "isAssignableToRole": true, "isManagementRestricted": true, "membershipRule": "x",
			"resourceProvisioningOptions": []string{"Team"}, "description": "d",
		})
	})
	g, err := c.Group(t.Context(), guid(7))
	require.NoError(t, err)
	assert.Equal(t, model.Group{
		ID: guid(7), DisplayName: "sg", Description: "d", Kind: model.KindSecurity, MembershipRule: "x",
		OnPremisesSync: true, RoleAssignable: true, ManagementRestricted: true, Team: true,
	}, g)
	_, err = c.Group(t.Context(), "../users")
	assert.Equal(t, model.KindUsage, asModelError(t, err).Kind)
}
