package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/workspace"
)

func TestRefusalsSayWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name     string
		cred     *credential
		status   int
		code     string
		message  string
		kind     model.Kind
		remedy   string
		ofOneOne bool // of the list, not of the service
	}{
		{"no scope", delegated("EWS.AccessAsUser.All"), 403, "Forbidden", "x", model.KindSignIn, "Exchange.ManageV2 of Office 365 Exchange Online has not been granted", false},
		{"no role", delegated(scopeAdmin), 403, "Forbidden", "x", model.KindSignIn, "the account lacks a role: add it to the role group Recipient Management", false},
		{"app without permission", application("User.Read.All"), 403, "Forbidden", "x", model.KindSignIn, "Exchange.ManageAsAppV2 of Office 365 Exchange Online has not been granted", false},
		{"app without role", application(roleAdmin), 403, "Forbidden", "x", model.KindSignIn, "add its service principal to the role group Recipient Management", false},
		{"not accepted", delegated(scopeAdmin), 401, "InvalidAuthenticationToken", "x", model.KindSignIn, "rollcall signin", false},
		{"not enabled", delegated(scopeAdmin), 404, "", "x", model.KindFailed, "in preview", false},
		{"not enabled, told so", delegated(scopeAdmin), 400, "BadRequest", "x", model.KindFailed, "in preview", false},
		{"no such list", delegated(scopeAdmin), 404, "NotFound", notFound, model.KindPartial, "Exchange admin center", true},
		{"no such list, told by 400", delegated(scopeAdmin), 400, "BadRequest", notFound, model.KindPartial, "Exchange admin center", true},
		{"wrong way", delegated(scopeAdmin), 400, "ErrorIncorrectRoutingHint", "x", model.KindFailed, "account of this tenant", false},
		{"out of order", delegated(scopeAdmin), 503, "ServiceUnavailable", "x", model.KindUnavailable, "try again later", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.cred, func(w http.ResponseWriter, _ recorded) { refuse(w, c.status, c.code, c.message) })
			a := s.admin(t, Options{})
			listings, err := a.Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
			require.NoError(t, err)
			e := listings[0].Err
			require.NotNil(t, e)
			assert.Equal(t, c.kind, e.Kind)
			assert.Contains(t, e.Remedy, c.remedy)
			assert.Equal(t, "6f1c6c0e-0000-4000-8000-00000000aaaa", e.RequestID)
			assert.Equal(t, !c.ofOneOne, errors.Is(e, expansion.ErrService))
			if c.name == "no such list" {
				assert.Contains(t, e.Message, "l@contoso.com")
				return
			}
			_, err = a.FindList(t.Context(), "emea@contoso.com")
			if !c.ofOneOne {
				var found *model.Error
				require.ErrorAs(t, err, &found)
				assert.Equal(t, model.KindPartial, found.Kind)
				assert.Equal(t, e.Remedy, found.Remedy)
			}
		})
	}
}

func TestAServiceThatRefusesIsAskedOnceARound(t *testing.T) {
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, _ recorded) { refuse(w, 403, "Forbidden", "no") })
	a := s.admin(t, Options{})
	var groups []model.Group
	for i := range 30 {
		groups = append(groups, list(model.KindDistribution, fmt.Sprintf("l%d@contoso.com", i)))
	}
	listings, err := a.Members(t.Context(), questions(groups...))
	require.NoError(t, err)
	for i := range listings {
		require.ErrorIs(t, listings[i].Err, expansion.ErrService)
	}
	assert.Len(t, s.recorded(), 1)
}

func TestAWrongRoutingHintIsReplacedOnce(t *testing.T) {
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, r recorded) {
		if !strings.HasPrefix(r.header.Get("X-AnchorMailbox"), "AAD-UPN:") {
			refuse(w, 400, "ErrorIncorrectRoutingHint", "x")
			return
		}
		answerJSON(w, 200, page1())
	})
	a := s.admin(t, Options{})
	for range 2 {
		listings, err := a.Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
		require.NoError(t, err)
		assert.Nil(t, listings[0].Err)
	}
	assert.Len(t, s.recorded(), 3, "the hint that was right is kept")
}

func TestAnAppIsRoutedByTheTenantsSystemMailbox(t *testing.T) {
	s := serve(t, application(roleAdmin), func(w http.ResponseWriter, _ recorded) { answerJSON(w, 200, page1()) })
	var asked atomic.Int32
	a := s.admin(t, Options{Session: func(context.Context) (*workspace.Session, error) {
		if asked.Add(1) == 1 {
			return nil, errors.New("not now")
		}
		return &workspace.Session{TenantID: tenantID, Domain: "contoso.onmicrosoft.com", AppOnly: true}, nil
	}})
	for range 3 {
		_, err := a.Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
		require.NoError(t, err)
	}
	var got []string
	for _, r := range s.recorded() {
		got = append(got, r.header.Get("X-AnchorMailbox"))
	}
	assert.Equal(t, []string{systemMailbox + tenantID, systemMailbox + "contoso.onmicrosoft.com", systemMailbox + "contoso.onmicrosoft.com"}, got)
	assert.EqualValues(t, 2, asked.Load(), "the domain is kept")
}

func TestATokenThatCannotBeReadIsExplainedByTheSession(t *testing.T) {
	s := serve(t, &credential{opaque: true}, func(w http.ResponseWriter, r recorded) {
		assert.Contains(t, r.path, tenantID)
		assert.Equal(t, "UPN:ann@contoso.com", r.header.Get("X-AnchorMailbox"))
		refuse(w, 403, "Forbidden", "no")
	})
	a := s.admin(t, Options{Session: func(context.Context) (*workspace.Session, error) {
		return &workspace.Session{TenantID: tenantID, Account: "ann@contoso.com"}, nil
	}})
	listings, err := a.Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
	require.NoError(t, err)
	assert.Contains(t, listings[0].Err.Remedy, "this needs the permission Exchange.ManageV2")

	listings, err = s.admin(t, Options{}).Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
	require.NoError(t, err)
	assert.Equal(t, "tenantUnknown", listings[0].Err.Code)
	require.ErrorIs(t, listings[0].Err, expansion.ErrService)
}

func TestSignInFailuresAreOfTheServiceAndKeepTheirWords(t *testing.T) {
	consent := &model.Error{Kind: model.KindSignIn, Code: "AADSTS65001", Message: "nobody has consented", Remedy: "consent"}
	s := serve(t, &credential{err: consent}, func(http.ResponseWriter, recorded) { t.Error("something was sent") })
	listings, err := s.admin(t, Options{}).Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
	require.NoError(t, err)
	assert.Equal(t, "AADSTS65001", listings[0].Err.Code)
	assert.Equal(t, "consent", listings[0].Err.Remedy)
	require.ErrorIs(t, listings[0].Err, expansion.ErrService)
}

func TestBadWeatherIsWaitedOut(t *testing.T) {
	n := 0
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, _ recorded) {
		switch n++; n {
		case 1:
			w.Header().Set("Retry-After", "3")
			refuse(w, 429, "TooManyRequests", "x")
		case 2:
			refuse(w, 503, "x", "x")
		case 3:
			_, _ = w.Write([]byte(`{"value":[{"Primary`))
		case 4:
			panic(http.ErrAbortHandler)
		default:
			answerJSON(w, 200, page1(user("ann@contoso.com")))
		}
	})
	listings, err := s.admin(t, Options{}).Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
	require.NoError(t, err)
	require.Nil(t, listings[0].Err)
	assert.Len(t, listings[0].Members, 1)
	assert.Contains(t, s.clock.waits(), 3*time.Second)
	assert.Equal(t, 5, s.Traffic().Requests)
}

func TestAnOutageInTheMiddleIsNotWaitedOutForEachList(t *testing.T) {
	var down atomic.Bool
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, _ recorded) {
		if down.Load() {
			refuse(w, 503, "ServiceUnavailable", "x")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"value":[]}`))
	})
	a := s.admin(t, Options{})
	_, err := a.Members(t.Context(), questions(list(model.KindDistribution, "first@contoso.com")))
	require.NoError(t, err)
	down.Store(true)
	var groups []model.Group
	for i := range 60 {
		groups = append(groups, list(model.KindDistribution, fmt.Sprintf("l%d@contoso.com", i)))
	}
	before := len(s.recorded())
	listings, err := a.Members(t.Context(), questions(groups...))
	require.NoError(t, err)
	for i := range listings {
		require.NotNil(t, listings[i].Err)
		assert.Equal(t, model.KindUnavailable, listings[i].Err.Kind)
	}
	require.ErrorIs(t, listings[59].Err, expansion.ErrService)
	// Seven attempts each, of the four that found out and the three beside the last of them.
	assert.LessOrEqual(t, len(s.recorded())-before, 7*(2*parallelism-1))
}

func TestOneListThatTheServiceFailsAtIsItsOwn(t *testing.T) {
	s := serve(t, delegated(scopeAdmin), func(w http.ResponseWriter, r recorded) {
		if strings.Contains(r.body, "broken@contoso.com") {
			refuse(w, 500, "InternalServerError", "x")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"value":[]}`))
	})
	a := s.admin(t, Options{})
	var groups []model.Group
	for _, name := range []string{"a", "broken", "b", "c", "d"} {
		groups = append(groups, list(model.KindDistribution, name+"@contoso.com"))
	}
	listings, err := a.Members(t.Context(), questions(groups...))
	require.NoError(t, err)
	for i := range listings {
		if i == 1 {
			require.NotNil(t, listings[i].Err)
			assert.NotErrorIs(t, listings[i].Err, expansion.ErrService)
			continue
		}
		assert.Nil(t, listings[i].Err)
	}
}
