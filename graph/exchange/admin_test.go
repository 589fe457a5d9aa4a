package exchange

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/expansion"
)

func isNobody(address string) bool { return strings.HasPrefix(address, "rollcall-") }

func TestAListIsAskedForByItsAddress(t *testing.T) {
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, _ recorded) { answerJSON(w, 200, page1(user("ann@contoso.com"))) })
	a := s.admin(t, Options{})
	g := list(model.KindDistribution, "sales@contoso.com")
	g.ID = "11111111-0000-4000-8000-000000000000"
	listings, err := a.Members(t.Context(), questions(g))
	require.NoError(t, err)
	require.Len(t, listings, 1)
	require.Nil(t, listings[0].Err)
	assert.Equal(t, g.ID, listings[0].GroupID)
	assert.Equal(t, expansion.SourceExchangeAdmin, listings[0].Source)
	assert.Equal(t, []string{"ann@contoso.com"}, addresses(listings[0].Members))
	assert.False(t, listings[0].Stored)
	assert.Empty(t, listings[0].Next)

	require.Len(t, s.recorded(), 1)
	r := s.recorded()[0]
	assert.Equal(t, "/adminapi/v2.0/"+tenantID+"/DistributionGroupMember", r.path)
	assert.Equal(t, "$select="+selected, r.query)
	assert.Equal(t, "application/json", r.header.Get("Content-Type"))
	assert.Equal(t, "UPN:admin@contoso.com", r.header.Get("X-AnchorMailbox"))
	assert.JSONEq(t, `{"CmdletInput":{"CmdletName":"Get-DistributionGroupMember","Parameters":{"Identity":"sales@contoso.com","ResultSize":"Unlimited"}}}`, r.body)
}

func TestAListWithoutAnAddressIsAskedForByItsObjectID(t *testing.T) {
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, _ recorded) { answerJSON(w, 200, page1()) })
	g := model.Group{ID: "11111111-0000-4000-8000-000000000000", Kind: model.KindDistribution}
	listings, err := s.admin(t, Options{}).Members(t.Context(), questions(g))
	require.NoError(t, err)
	require.Nil(t, listings[0].Err)
	assert.Equal(t, g.ID, s.recorded()[0].identity(t))
}

func TestAnIdentityThatCouldMeanEverybodyIsNeverSent(t *testing.T) {
	s := serve(t, delegated(scopeAdmin), func(http.ResponseWriter, recorded) { t.Error("something was sent") })
	a := s.admin(t, Options{})
	var groups []model.Group
	for _, address := range []string{"", " ", "*", "*@contoso.com", "@contoso.com", "sales@", "sales", "sa les@contoso.com", "\u00a0@contoso.com", "x\x00@contoso.com", strings.Repeat("x", 400) + "@contoso.com"} {
		groups = append(groups, list(model.KindDynamicDistribution, address), list(model.KindDistribution, address))
		found, err := a.FindList(t.Context(), address)
		require.NoError(t, err)
		assert.Empty(t, found)
	}
	byID := model.Group{ID: "11111111-0000-4000-8000-000000000000", Kind: model.KindDynamicDistribution}
	listings, err := a.Members(t.Context(), questions(append(groups, byID)...))
	require.NoError(t, err)
	for i := range listings {
		require.NotNil(t, listings[i].Err)
		assert.Equal(t, "listWithoutAddress", listings[i].Err.Code)
		assert.NotErrorIs(t, listings[i].Err, expansion.ErrService)
	}
}

func TestRecipientsBecomeWhatTheyAre(t *testing.T) {
	row := func(details, recipientType string) object {
		return object{"DisplayName": details, "PrimarySmtpAddress": "X@contoso.com", "RecipientTypeDetails": details, "RecipientType": recipientType, "ExternalDirectoryObjectId": "ABCDEF00-0000-4000-8000-000000000000"}
	}
	for _, c := range []struct {
		details, recipientType string
		want                   model.ObjectType
		kind                   model.GroupKind
		userType               string
	}{
		{"UserMailbox", "UserMailbox", model.ObjectUser, "", ""},
		{"SharedMailbox", "UserMailbox", model.ObjectUser, "", ""},
		{"RoomMailbox", "UserMailbox", model.ObjectUser, "", ""},
		{"NewKindOfMailbox", "", model.ObjectUser, "", ""},
		{"MailUser", "MailUser", model.ObjectUser, "", ""},
		{"GuestMailUser", "MailUser", model.ObjectUser, "", "Guest"},
		{"MailContact", "MailContact", model.ObjectContact, "", ""},
		{"MailUniversalDistributionGroup", "MailUniversalDistributionGroup", model.ObjectGroup, model.KindDistribution, ""},
		{"RoomList", "MailUniversalDistributionGroup", model.ObjectGroup, model.KindDistribution, ""},
		{"MailUniversalSecurityGroup", "MailUniversalSecurityGroup", model.ObjectGroup, model.KindMailEnabledSecurity, ""},
		{"UniversalSecurityGroup", "Group", model.ObjectGroup, model.KindSecurity, ""},
		{"GroupMailbox", "MailUniversalDistributionGroup", model.ObjectGroup, model.KindMicrosoft365, ""},
		{"DynamicDistributionGroup", "DynamicDistributionGroup", model.ObjectGroup, model.KindDynamicDistribution, ""},
		{"", "MailContact", model.ObjectContact, "", ""},
		{"SomethingNew", "UserMailbox", model.ObjectUser, "", ""},
		{"PublicFolder", "PublicFolder", model.ObjectOther, "", ""},
		{"SomethingNew", "SomethingElse", model.ObjectOther, "", ""},
		{"", "", model.ObjectOther, "", ""},
	} {
		s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, _ recorded) {
			answerJSON(w, 200, page1(row(c.details, c.recipientType)))
		})
		listings, err := s.admin(t, Options{}).Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
		require.NoError(t, err)
		require.Nil(t, listings[0].Err)
		o := listings[0].Members[0]
		assert.Equal(t, c.want, o.Type, c.details)
		assert.Equal(t, c.userType, o.UserType, c.details)
		assert.Equal(t, "X@contoso.com", o.Mail)
		if c.kind == model.KindDynamicDistribution {
			assert.Empty(t, o.ID, "Entra does not know it")
		} else {
			assert.Equal(t, "abcdef00-0000-4000-8000-000000000000", o.ID)
		}
		if c.kind != "" {
			require.NotNil(t, o.Group)
			assert.Equal(t, model.Group{ID: o.ID, DisplayName: o.DisplayName, Mail: o.Mail, Kind: c.kind}, *o.Group)
		} else {
			assert.Nil(t, o.Group)
		}
	}
}

func TestAnswersOfEveryShapeAreRead(t *testing.T) {
	for name, body := range map[string]string{
		"a collection":      `{"value":[{"PrimarySmtpAddress":"ann@contoso.com","RecipientType":"UserMailbox"}]}`,
		"an array":          ` [{"PrimarySmtpAddress":"ann@contoso.com","RecipientType":"UserMailbox"}]`,
		"one recipient":     `{"PrimarySmtpAddress":"ann@contoso.com","RecipientType":"UserMailbox"}`,
		"one in value":      `{"value":{"PrimarySmtpAddress":"ann@contoso.com","RecipientType":"UserMailbox"}}`,
		"an address object": `{"value":[{"primarySmtpAddress":{"Local":"ann","Address":"ann@contoso.com"},"RecipientType":{"Value":"UserMailbox"},"DisplayName":null,"ExternalDirectoryObjectId":7}]}`,
		"an old address":    `{"value":[{"ExternalEmailAddress":"SMTP:ann@contoso.com","RecipientType":"UserMailbox","EmailAddresses":"SMTP:ann@contoso.com","ExternalDirectoryObjectId":"00000000-0000-0000-0000-000000000000"}]}`,
	} {
		var p page
		require.NoError(t, p.decode([]byte(body)), name)
		require.Len(t, p.members, 1, name)
		assert.Equal(t, "ann@contoso.com", p.members[0].Mail, name)
		assert.Equal(t, model.ObjectUser, p.members[0].Type, name)
		assert.Empty(t, p.members[0].ID, name)
	}
	for name, body := range map[string]string{
		"nothing": ``, "null": `null`, "a number": `7`, "a page": `<html>`, "value of null": `{"value":null}`, "no value": `{"@odata.context":"x"}`,
		"cut": `{"value":[{"PrimarySmtpAddress":"ann@`, "a row of nothing": `{"value":[{"Color":"red"}]}`, "a row of null": `{"value":[null]}`,
		"an error": `{"error":{"code":"x"}}`, "numbers": `{"value":[1,2]}`,
	} {
		var p page
		assert.Error(t, p.decode([]byte(body)), name)
	}
	var p page
	require.NoError(t, p.decode([]byte(`{"value":[]}`)))
	assert.Empty(t, p.members)
}

func FuzzAnswersOfTheAdminAPI(f *testing.F) {
	f.Add([]byte(`{"value":[{"PrimarySmtpAddress":"ann@contoso.com","EmailAddresses":["SMTP:a"]}],"@odata.nextLink":"https://x"}`))
	f.Add([]byte(`[{"DisplayName":{"Value":{"Name":"x"}}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var p page
		if p.decode(body) != nil {
			return
		}
		for _, o := range p.members {
			assert.False(t, o.ID == "" && o.Mail == "" && o.DisplayName == "")
			assert.True(t, o.Mail == "" || strings.Contains(o.Mail, "@"))
			assert.Equal(t, o.Type == model.ObjectGroup, o.Group != nil)
		}
	})
}

// paged answers lists in pages of two.
func paged(t *testing.T, s **exchangeServer, rows ...object) func(http.ResponseWriter, recorded) {
	return func(w http.ResponseWriter, r recorded) {
		from := 0
		_, _ = fmt.Sscanf(r.query, "$skiptoken=%d", &from)
		answer := page1(rows[from:min(from+2, len(rows))]...)
		if from+2 < len(rows) {
			answer["@odata.nextLink"] = fmt.Sprintf("%s%s?$skiptoken=%d", (*s).server.URL, r.path, from+2)
		}
		answerJSON(w, 200, answer)
	}
}

func TestPagesAreAskedForByTheSameBodyOneARound(t *testing.T) {
	var s *exchangeServer
	s = serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, r recorded) {
		paged(t, &s, user("a@x.com"), user("b@x.com"), user("c@x.com"), user("d@x.com"), user("e@x.com"))(w, r)
	})
	a := s.admin(t, Options{})
	g := list(model.KindDistribution, "l@contoso.com")
	q := expansion.Question{Group: g}
	var got []string
	for n := 1; ; n++ {
		listings, err := a.Members(t.Context(), []expansion.Question{q})
		require.NoError(t, err)
		require.Nil(t, listings[0].Err)
		require.Len(t, s.recorded(), n, "one request a question")
		got = append(got, addresses(listings[0].Members)...)
		if q.Next = listings[0].Next; q.Next == "" {
			break
		}
	}
	assert.Equal(t, []string{"a@x.com", "b@x.com", "c@x.com", "d@x.com", "e@x.com"}, got)
	calls := s.recorded()
	require.Len(t, calls, 3)
	assert.Equal(t, calls[0].body, calls[2].body)
	assert.Equal(t, "UPN:admin@contoso.com", calls[2].header.Get("X-AnchorMailbox"))
}

func TestALinkThatHasExpiredRestartsTheListOnce(t *testing.T) {
	var s *exchangeServer
	var expired atomic.Int32
	rows := []object{user("a@x.com"), user("b@x.com"), user("c@x.com")}
	always, status := false, http.StatusBadRequest
	s = serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, r recorded) {
		if strings.Contains(r.query, "skiptoken") && (always || expired.Add(1) == 1) {
			refuse(w, status, "BadRequest", "the continuation token has expired")
			return
		}
		paged(t, &s, rows...)(w, r)
	})
	a := s.admin(t, Options{})
	groups := []model.Group{list(model.KindDistribution, "l@contoso.com")}
	listings, err := expansion.ReadAll(t.Context(), a, groups)
	require.NoError(t, err)
	require.Nil(t, listings[0].Err)
	distinct := slices.Compact(slices.Sorted(slices.Values(addresses(listings[0].Members))))
	assert.Equal(t, []string{"a@x.com", "b@x.com", "c@x.com"}, distinct)
	assert.Len(t, s.recorded(), 4)

	always = true
	for i, code := range []int{http.StatusBadRequest, http.StatusNotFound, http.StatusGone} {
		status = code
		listings, err = expansion.ReadAll(t.Context(), a, groups)
		require.NoError(t, err)
		e := listings[0].Err
		require.NotNil(t, e, "the second time it is an error")
		assert.NotErrorIs(t, e, expansion.ErrService, "of one list")
		assert.NotEqual(t, codeNotFound, e.Code, "the list is there")
		assert.Contains(t, e.Message, "Exchange Online does not list l@contoso.com: the continuation token has expired")
		assert.NotEmpty(t, e.Remedy)
		assert.Len(t, s.recorded(), 8+4*i)
	}
}

func TestPagesThatGoInACircleAreAnError(t *testing.T) {
	var s *exchangeServer
	s = serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, r recorded) {
		answer := page1(user("a@x.com"))
		next := map[string]string{"$skiptoken=1": "2", "$skiptoken=2": "3", "$skiptoken=3": "1"}[r.query]
		if next == "" {
			next = "1"
		}
		answer["@odata.nextLink"] = s.server.URL + r.path + "?$skiptoken=" + next
		answerJSON(w, 200, answer)
	})
	listings, err := expansion.ReadAll(t.Context(), s.admin(t, Options{}), []model.Group{list(model.KindDistribution, "l@contoso.com")})
	require.NoError(t, err)
	require.NotNil(t, listings[0].Err)
	assert.Equal(t, "pagesLoop", listings[0].Err.Code)
	assert.Len(t, s.recorded(), 4)
}

func TestALinkToAnotherHostIsNotFollowed(t *testing.T) {
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, _ recorded) {
		answer := page1(user("a@x.com"))
		answer["@odata.nextLink"] = "https://evil.example/adminapi/v2.0/x"
		answerJSON(w, 200, answer)
	})
	listings, err := expansion.ReadAll(t.Context(), s.admin(t, Options{}), []model.Group{list(model.KindDistribution, "l@contoso.com")})
	require.NoError(t, err)
	require.NotNil(t, listings[0].Err)
	assert.Equal(t, "foreignHost", listings[0].Err.Code)
	assert.Contains(t, listings[0].Err.Remedy, "exchange_endpoint")
	assert.Len(t, s.recorded(), 1)
}

func TestANextThatIsNoneIsAnErrorOfTheList(t *testing.T) {
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, _ recorded) { answerJSON(w, 200, page1()) })
	for _, next := range []string{"x", "first", "first zz!! https://x", "third 1 https://x"} {
		q := expansion.Question{Group: list(model.KindDistribution, "l@contoso.com"), Next: next}
		listings, err := s.admin(t, Options{}).Members(t.Context(), []expansion.Question{q})
		require.NoError(t, err)
		assert.NotNil(t, listings[0].Err, next)
	}
	assert.Empty(t, s.recorded())
	c := cursor{link: "https://x/?a=b c", restarted: true}
	c, err := c.follow("https://x/?d=e f,g")
	require.Nil(t, err)
	back, broken := parseCursor(c.String())
	require.NoError(t, broken)
	assert.Equal(t, c, back)
}

func TestADynamicListIsFoundByItsAddressAndItsMembersAreStored(t *testing.T) {
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, r recorded) {
		switch r.identity(t) {
		case "emea@contoso.com":
			answerJSON(w, 200, page1(user("ann@contoso.com")))
		default:
			refuse(w, 404, "NotFound", notFound)
		}
	})
	a := s.admin(t, Options{})
	found, err := a.FindList(t.Context(), "emea@contoso.com")
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, model.KindDynamicDistribution, found[0].Group.Kind)
	assert.Equal(t, "emea@contoso.com", found[0].Mail)
	assert.Empty(t, found[0].ID)
	require.Len(t, s.recorded(), 2)
	nobody := s.recorded()[0]
	assert.True(t, isNobody(nobody.identity(t)), "first an address that cannot exist")
	assert.True(t, strings.HasSuffix(nobody.identity(t), "@contoso.com"))
	question := s.recorded()[1].asked(t)
	assert.Equal(t, "Get-DynamicDistributionGroupMember", question.CmdletInput.CmdletName)
	assert.InDelta(t, 1, question.CmdletInput.Parameters["ResultSize"], 0)
	assert.True(t, strings.HasSuffix(s.recorded()[1].path, "/DynamicDistributionGroupMember"))

	found, err = a.FindList(t.Context(), "apac@contoso.com")
	require.NoError(t, err)
	assert.Empty(t, found, "Exchange says that there is none")
	assert.Len(t, s.recorded(), 3, "an address that cannot exist is asked for once a session")

	listings, err := a.Members(t.Context(), questions(list(model.KindDynamicDistribution, "emea@contoso.com")))
	require.NoError(t, err)
	require.Nil(t, listings[0].Err)
	assert.True(t, listings[0].Stored)
	assert.Len(t, s.recorded(), 4)
}

func TestEverybodyIsNotBelievedToBeAList(t *testing.T) {
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, r recorded) {
		if r.identity(t) == "emea@contoso.com" {
			answerJSON(w, 200, page1(user("ann@contoso.com")))
			return
		}
		answerJSON(w, 200, page1(user("ann@contoso.com"), user("bob@contoso.com")))
	})
	a := s.admin(t, Options{})
	_, err := a.FindList(t.Context(), "typo@contoso.com")
	var e *model.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "listNotCertain", e.Code)
	assert.Equal(t, model.KindPartial, e.Kind)
	found, err := a.FindList(t.Context(), "emea@contoso.com")
	require.NoError(t, err)
	assert.Len(t, found, 1, "an answer that differs is one")

	listings, err := a.Members(t.Context(), questions(list(model.KindDynamicDistribution, "typo@contoso.com"), list(model.KindDynamicDistribution, "emea@contoso.com")))
	require.NoError(t, err)
	require.NotNil(t, listings[0].Err)
	assert.Equal(t, "listNotCertain", listings[0].Err.Code)
	assert.Empty(t, listings[0].Members)
	assert.Nil(t, listings[1].Err)
	assert.Equal(t, 1, countNobodies(t, s))
}

func countNobodies(t *testing.T, s *exchangeServer) int {
	n := 0
	for _, r := range s.recorded() {
		if isNobody(r.identity(t)) {
			n++
		}
	}
	return n
}

func TestSeveralListsAreAskedForAtOnce(t *testing.T) {
	var mu sync.Mutex
	var under, most int
	full := make(chan struct{})
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, r recorded) {
		if r.identity(t) != "l0@contoso.com" { // which goes ahead alone
			mu.Lock()
			under++
			if most = max(most, under); most == parallelism {
				select {
				case <-full:
				default:
					close(full)
				}
			}
			mu.Unlock()
			<-full
			mu.Lock()
			under--
			mu.Unlock()
		}
		answerJSON(w, 200, page1(user("of-"+r.identity(t))))
	})
	var groups []model.Group
	for i := range 13 {
		groups = append(groups, list(model.KindDistribution, fmt.Sprintf("l%d@contoso.com", i)))
	}
	listings, err := s.admin(t, Options{}).Members(t.Context(), questions(groups...))
	require.NoError(t, err)
	for i := range listings {
		require.Nil(t, listings[i].Err)
		assert.Equal(t, []string{"of-" + groups[i].Mail}, addresses(listings[i].Members), "in the given order")
	}
	assert.Equal(t, parallelism, most)
}

func TestACancelledRoundIsTheContextsError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, _ recorded) {
		cancel()
		answerJSON(w, 200, page1())
	})
	_, err := s.admin(t, Options{}).Members(ctx, questions(list(model.KindDistribution, "l@contoso.com"), list(model.KindDistribution, "m@contoso.com")))
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.admin(t, Options{}).FindList(ctx, "emea@contoso.com")
	require.ErrorIs(t, err, context.Canceled)
}
