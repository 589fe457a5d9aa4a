package tui

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
	"rollcall/model/expansion"
)

// fakeExchange is the Exchange of a fakeTenant: it knows dynamic lists by their
// addresses, and answers whoever has consented.
type fakeExchange struct {
	t     *fakeTenant
	lists map[string][]model.Object // dynamic ones, by address
	asked int
}

func (t *fakeTenant) exchangeSource() expansion.Source {
	if t.exchange == nil {
		return ""
	}
	return expansion.SourceExchangeAdmin
}

// refusal is what Exchange says without a consent.
func (x *fakeExchange) refusal() *model.Error {
	if slices.Contains(x.t.session.Scopes, "Exchange.ManageV2") {
		return nil
	}
	return &model.Error{
		Kind: model.KindSignIn, Code: "AADSTS65001", Message: "Exchange was not asked: the permission Exchange.ManageV2 has not been granted",
		Remedy: "an administrator consents to it, or set exchange = \"off\" to count by Graph alone", Err: expansion.ErrService,
	}
}

func (x *fakeExchange) Members(_ context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	x.t.mu.Lock()
	defer x.t.mu.Unlock()
	x.asked++
	if e := x.refusal(); e != nil {
		return nil, e
	}
	out := make([]expansion.Listing, len(questions))
	for i, q := range questions {
		out[i] = expansion.Listing{GroupID: q.Group.ID, Source: expansion.SourceExchangeAdmin, Members: slices.Clone(x.t.members[q.Group.ID])}
		if members, ok := x.lists[strings.ToLower(q.Group.Mail)]; ok {
			out[i].Members, out[i].Stored = members, true
		}
	}
	return out, nil
}

func (x *fakeExchange) FindList(_ context.Context, identity string) ([]model.Object, error) {
	x.t.mu.Lock()
	defer x.t.mu.Unlock()
	if e := x.refusal(); e != nil {
		return nil, &model.Error{Kind: model.KindPartial, Code: "consentMissing", Message: e.Message, Remedy: e.Remedy, Err: e}
	}
	if _, ok := x.lists[strings.ToLower(identity)]; !ok {
		return nil, nil
	}
	name, _, _ := strings.Cut(identity, "@")
	g := &model.Group{ID: "dynamic-" + name, DisplayName: name, Mail: identity, Kind: model.KindDynamicDistribution}
	return []model.Object{{ID: g.ID, Type: model.ObjectGroup, DisplayName: name, Mail: identity, Group: g}}, nil
}

// dynamicTenant has a dynamic list, which holds a few users, and Exchange
// before anybody consented to it.
func dynamicTenant() *fakeTenant {
	t := nestedTenant()
	t.exchange = &fakeExchange{t: t, lists: map[string][]model.Object{"emea-all@contoso.com": t.usersFrom(30, 45), "nobody-dynamic@contoso.com": {}}}
	return t
}

func TestConsentToExchangeIsOfferedWhereItIsNeededAndThenItAnswers(t *testing.T) {
	onEachSize(t, dynamicTenant, Options{NoSync: true, OpenURL: opened}, func(s *screen, suffix string) {
		s.press("3")
		s.typed("segment:Engineers")
		s.press("enter")
		s.shows("✓ unique and complete")
		assert.Zero(t, s.tenant.exchange.asked, "what needs no Exchange asks for no consent")
		s.hides("c consent")

		s.press("t", "ctrl+u")
		s.typed("emea-all@contoso.com, staff@contoso.com")
		s.press("enter")
		s.shows("! INCOMPLETE")
		s.shows("! unread")
		s.shows("c consent")
		s.golden("preview-exchange-refused" + suffix)

		s.press("c")
		s.shows("Exchange.ManageV2")
		s.shows("Permissions")
		s.golden("preview-exchange-consent" + suffix)
		s.press("o")
		s.shows("waiting for the tenant's answer")
		s.tenant.grant("Exchange.ManageV2")
		s.pass(2 * consentPause)
		s.shows("✓ unique and complete")
		s.shows("emea-all")
		s.shows("~ stored")
		s.hides("c consent")
		s.pass(10e9) // the notices go
		s.golden("preview-exchange" + suffix)
	})
}

func TestAPreviewThatIsRefusedForAPermissionOffersItsConsent(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.session.Scopes = []string{"User.Read.All"}
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true, OpenURL: opened}, func(s *screen) {
		s.press("esc", "3")
		s.typed("staff@contoso.com")
		s.press("enter")
		s.shows("c shows how to grant it")
		s.press("c")
		s.shows("Permissions")
		s.tenant.grant("GroupMember.Read.All")
		s.press("r")
		s.shows("The permissions are granted")

		s.shows("✓ unique and complete")
	})
}

func TestAListThatGraphReadInsteadSaysSo(t *testing.T) {
	onScreen(t, dynamicTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("staff@contoso.com")
		s.press("enter")
		s.shows("! by Graph")
		s.shows("Read through Graph instead: Exchange was not asked")
		s.shows("! INCOMPLETE")
		s.golden("preview-instead-120x40")
	})
}
