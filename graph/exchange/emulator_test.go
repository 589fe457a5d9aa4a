package exchange_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph"
	"rollcall/graph/emulator"
	"rollcall/graph/emulator/emulatortest"
	"rollcall/graph/emulator/seed"
	"rollcall/graph/exchange"
	"rollcall/graph/signin"
	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
	"rollcall/model/workspace"
)

func TestMain(m *testing.M) { emulatortest.Main(m) }

// house is all that a preview is made with, before an embedded tenant.
type house struct {
	*graph.Client
	server  *emulator.Server
	auth    *signin.Auth
	clock   *clock
	members expansion.Members // Exchange's; nil where it is off
	finder  audience.Finder
	sources *expansion.Sources
}

// clock is a time shared by the tenant and its client: only the client's waits
// move it, so that no test waits.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// open starts a tenant and signs in to it. The test fails when the client breaks
// the rules of a good client, but for one: while several calls are under way the
// shared clock jumps for one of them, which makes the others look as if they had
// not waited. So nothing counts as early here unless a test says so.
func open(t *testing.T, o emulator.Options, source expansion.Source, change ...func(*emulator.Server, *signin.Options)) *house {
	t.Helper()
	h := &house{clock: &clock{now: time.Now()}} // where azidentity's clock stands too
	o.Now, o.InFlight = h.clock.Now, cmp.Or(o.InFlight, 24*time.Hour)
	server, err := emulator.Start(context.Background(), o)
	require.NoError(t, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: server.CertPool()}, MaxIdleConnsPerHost: 16}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		assert.NoError(t, server.Close())
		assert.Empty(t, server.Judges().Violations())
	})
	h.server = server
	account := signin.Options{
		Tenant: server.TenantID(), ClientID: server.ClientID(), AuthorityHost: server.AuthorityHost(), Transport: transport, Now: h.clock.Now,
		Organization: func(ctx context.Context) (string, string, error) { return h.Organization(ctx) },
	}
	for _, f := range change {
		f(server, &account)
	}
	h.auth, err = signin.New(account)
	require.NoError(t, err)
	h.Client, err = graph.New(graph.Options{
		Endpoint: server.GraphEndpoint(), Credential: h.auth, Schema: model.FullSchema(), Transport: transport,
		Now: h.clock.Now, Sleep: h.clock.Sleep, Timeout: 24 * time.Hour,
	})
	require.NoError(t, err)
	_, err = h.auth.SignIn(t.Context(), func(d workspace.DeviceCode) { assert.NoError(t, server.Approve(d.UserCode)) })
	require.NoError(t, err)
	h.sources = &expansion.Sources{Graph: h.Client, Source: source, Classify: h.Classify}
	options := exchange.Options{Session: h.auth.Session}
	switch source {
	case expansion.SourceExchangeAdmin:
		service, err := h.Service(exchange.AdminService(server.ExchangeEndpoint(), ""))
		require.NoError(t, err)
		a := exchange.NewAdmin(service, options)
		h.members, h.finder = a, a
	case expansion.SourceEWS:
		service, err := h.Service(exchange.EWSService(server.ExchangeEndpoint(), ""))
		require.NoError(t, err)
		e := exchange.NewEWS(service)
		h.members, h.finder = e, e
	}
	h.sources.Exchange = h.members
	return h
}

// asApp signs in as the app itself.
func asApp(server *emulator.Server, o *signin.Options) {
	o.Method, o.ClientSecret = signin.MethodClientSecret, signin.Secret(server.ClientSecret())
}

func TestAnAppReadsThroughTheAdminAPIAndNotThroughEWS(t *testing.T) {
	h := open(t, emulator.Options{Users: 200}, expansion.SourceExchangeAdmin, asApp)
	list := h.server.Tenant().DynamicLists()[0]
	l := h.readAll(t, dynamic(list.Mail))[0]
	require.Nil(t, l.Err, "%v", l.Err)
	assert.Equal(t, dynamicMails(h.server.Tenant(), 0), mailsOf(l.Members))
	h.server.SetAppRoles(emulator.DefaultAppRoles()...)
	_, err := h.auth.Renew(t.Context())
	require.NoError(t, err)
	l = h.readAll(t, dynamic(list.Mail))[0]
	require.ErrorIs(t, l.Err, expansion.ErrService)
	assert.Contains(t, l.Err.Remedy, emulator.ExchangeAppRole)

	h = open(t, emulator.Options{Users: 200, EWS: true}, expansion.SourceEWS, asApp)
	l = h.readAll(t, dynamic(list.Mail))[0]
	require.ErrorIs(t, l.Err, expansion.ErrService)
	assert.Equal(t, "ewsAppOnly", l.Err.Code)
	for _, route := range h.server.Judges().Routes {
		assert.NotContains(t, route.Route, "EWS", "nothing was sent")
	}
}

// synced is a user as the synced copy of the directory has it.
func synced(u *seed.User) model.Object {
	return model.Object{
		ID: u.ID, Type: model.ObjectUser, DisplayName: u.DisplayName, Mail: u.Mail, UserPrincipalName: u.UserPrincipalName,
		ProxyAddresses: u.ProxyAddresses, AccountEnabled: &u.AccountEnabled, UserType: u.UserType, MobilePhone: u.MobilePhone,
	}
}

func (h *house) join(id string) (model.Object, bool) {
	i, ok := h.server.Tenant().FindUser(id)
	if !ok {
		return model.Object{}, false
	}
	u, ok := h.server.Tenant().User(i)
	return synced(&u), ok
}

func (h *house) joinAddress(address string) (model.Object, bool) {
	i, ok := h.server.Tenant().FindUserByAddress(address)
	if !ok {
		return model.Object{}, false
	}
	u, ok := h.server.Tenant().User(i)
	return synced(&u), ok
}

// nowhere is a machine without segments, lists and files.
type nowhere struct{}

func (nowhere) none() error { return fmt.Errorf("nothing of this machine is asked for") }

func (n nowhere) Segment(context.Context, string) ([]model.Object, error) { return nil, n.none() }
func (n nowhere) Rule(context.Context, string) ([]model.Object, error)    { return nil, n.none() }
func (n nowhere) File(context.Context, string) ([]model.Object, error)    { return nil, n.none() }

func (n nowhere) List(context.Context, string) ([]model.Object, []model.Object, error) {
	return nil, nil, n.none()
}

func (n nowhere) Snapshot(context.Context, string) ([]model.Object, error) { return nil, n.none() }

// exchangeScopes are what a preview through Exchange needs beside Graph's.
func exchangeScopes(scopes ...string) []string { return append(emulator.ReadScopes(), scopes...) }

// readAll reads lists by their addresses through Exchange alone.
func (h *house) readAll(t *testing.T, groups ...model.Group) []expansion.Listing {
	t.Helper()
	listings, err := expansion.ReadAll(t.Context(), h.members, groups)
	require.NoError(t, err)
	return listings
}

func mailsOf(objects []model.Object) []string {
	set := make(map[string]bool)
	var out []string
	for _, o := range objects {
		if mail := strings.ToLower(o.Mail); mail != "" && !set[mail] {
			set[mail] = true
			out = append(out, mail)
		}
	}
	slices.Sort(out)
	return out
}

// dynamicMails are the addresses of a dynamic list's members.
func dynamicMails(tn *seed.Tenant, number int) []string {
	set := make(map[string]bool)
	for m := range tn.DynamicMembers(number) {
		if u, ok := tn.User(m.Index); ok && m.Type == seed.MemberUser && u.Mail != "" {
			set[strings.ToLower(u.Mail)] = true
		}
		if c, ok := tn.Contact(m.Index); ok && m.Type == seed.MemberContact && c.Mail != "" {
			set[strings.ToLower(c.Mail)] = true
		}
	}
	out := make([]string, 0, len(set))
	for mail := range set {
		out = append(out, mail)
	}
	slices.Sort(out)
	return out
}

func everybody() seed.CustomDynamicList {
	return seed.CustomDynamicList{Code: "everybody", DisplayName: "Everybody", Filter: `RecipientTypeDetails -eq 'UserMailbox'`}
}

func dynamic(address string) model.Group {
	return model.Group{DisplayName: address, Mail: address, Kind: model.KindDynamicDistribution}
}

func TestADynamicListOfSeveralPagesIsWholeInRoughWeather(t *testing.T) {
	for _, source := range []expansion.Source{expansion.SourceExchangeAdmin, expansion.SourceEWS} {
		h := open(t, emulator.Options{
			InFlight: time.Nanosecond, // one call is under way at a time
			Users:    3500, EWS: true, Fault: roughWeather, DynamicLists: []seed.CustomDynamicList{everybody()},
			Consented: exchangeScopes(emulator.ExchangeScope, emulator.EWSScope),
		}, source)
		tn := h.server.Tenant()
		number, ok := tn.FindDynamicListByAddress("everybody@contoso.com")
		require.True(t, ok)
		h.server.FailNext(2, 429, 200*time.Millisecond, "/adminapi")
		h.server.FailNext(2, 429, 200*time.Millisecond, "/EWS")
		h.server.TruncateNext(1, "/adminapi")
		h.server.TruncateNext(1, "/EWS")
		h.server.ExpireLinksNext(1)
		l := h.readAll(t, dynamic("everybody@contoso.com"))[0]
		require.Nil(t, l.Err, "%s: %v", source, l.Err)
		want := dynamicMails(tn, number)
		assert.Greater(t, len(want), 2000)
		assert.Equal(t, want, mailsOf(l.Members), "%s", source)
		assert.Equal(t, source, l.Source)
		assert.True(t, l.Stored)
		assert.Positive(t, h.Traffic().Throttled)
		recent := h.Recent(1)
		assert.Equal(t, "POST", recent[0].Method)
		assert.NotEmpty(t, recent[0].RequestID, "Exchange's answers have request ids in the log")
	}
}

func TestAnAddressIsToldFromADynamicList(t *testing.T) {
	for _, source := range []expansion.Source{expansion.SourceExchangeAdmin, expansion.SourceEWS} {
		h := open(t, emulator.Options{Users: 200, EWS: true, Consented: exchangeScopes(emulator.ExchangeScope, emulator.EWSScope)}, source)
		tn := h.server.Tenant()
		for _, l := range tn.DynamicLists() {
			found, err := h.finder.FindList(t.Context(), strings.ToUpper(l.Mail))
			require.NoError(t, err)
			require.Len(t, found, 1, "%s: %s", source, l.Mail)
			assert.Equal(t, model.KindDynamicDistribution, found[0].Group.Kind)
		}
		u, _ := tn.User(20)
		for _, address := range []string{"typo@contoso.com", u.Mail, "*@contoso.com", ""} {
			found, err := h.finder.FindList(t.Context(), address)
			require.NoError(t, err, "%s: %s", source, address)
			assert.Empty(t, found, "%s: %s", source, address)
		}
	}
}

func TestATenantThatNamesEverybodyIsNotBelieved(t *testing.T) {
	h := open(t, emulator.Options{
		Users: 1500, Fault: "everybody", DynamicLists: []seed.CustomDynamicList{everybody()}, Consented: exchangeScopes(emulator.ExchangeScope),
	}, expansion.SourceExchangeAdmin)
	_, err := h.finder.FindList(t.Context(), "typo@contoso.com")
	require.Error(t, err)
	assert.Equal(t, "listNotCertain", model.AsError(err).Code)
	list := h.server.Tenant().DynamicLists()[0]
	found, err := h.finder.FindList(t.Context(), list.Mail)
	require.NoError(t, err)
	assert.Len(t, found, 1)
	l := h.readAll(t, dynamic("typo@contoso.com"), dynamic(list.Mail))
	require.NotNil(t, l[0].Err)
	assert.Empty(t, l[0].Members)
	require.Nil(t, l[1].Err)
	assert.Equal(t, dynamicMails(h.server.Tenant(), 0), mailsOf(l[1].Members))
}

func TestWhoMayNotAskExchangeIsToldWhy(t *testing.T) {
	read := func(h *house) *model.Error {
		l := h.readAll(t, dynamic("emea-all@contoso.com"))[0]
		require.NotNil(t, l.Err)
		require.ErrorIs(t, l.Err, expansion.ErrService)
		assert.Empty(t, l.Members)
		return l.Err
	}
	consented := exchangeScopes(emulator.ExchangeScope, emulator.EWSScope)
	admin := func(o emulator.Options) *house {
		o.Users = 100
		return open(t, o, expansion.SourceExchangeAdmin)
	}

	h := admin(emulator.Options{Consented: exchangeScopes()})
	e := read(h)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.NotEmpty(t, e.Remedy)
	h.server.Consent(emulator.ExchangeScope)
	require.Nil(t, h.readAll(t, dynamic("emea-all@contoso.com"))[0].Err, "consent is all that was missing: %v", e)

	h = admin(emulator.Options{Consented: consented})
	require.NoError(t, h.server.SetRoles())
	assert.Contains(t, read(h).Remedy, "Recipient Management")

	h = admin(emulator.Options{Consented: consented, NoAdminAPI: true})
	assert.Contains(t, read(h).Remedy, "not enabled in every tenant")
	_, err := h.finder.FindList(t.Context(), "emea-all@contoso.com")
	assert.Equal(t, model.KindPartial, model.AsError(err).Kind)

	ews := open(t, emulator.Options{Users: 100, Consented: consented}, expansion.SourceEWS)
	assert.Contains(t, read(ews).Message, "1 April 2027")
	ews.server.AllowEWS(true)
	require.Nil(t, ews.readAll(t, dynamic("emea-all@contoso.com"))[0].Err)
	list := ews.readAll(t, dynamic("nobody@contoso.com"))[0]
	require.NotNil(t, list.Err)
	assert.Equal(t, "listNotFound", list.Err.Code)
	assert.NotErrorIs(t, list.Err, expansion.ErrService)
}

// A list that Graph can read is read by Graph where Exchange refuses, and the
// preview says that something may be missing.
func TestAListIsReadByGraphWhereExchangeRefuses(t *testing.T) {
	h := open(t, emulator.Options{Users: 300, NoAdminAPI: true, Consented: exchangeScopes(emulator.ExchangeScope)}, expansion.SourceExchangeAdmin)
	p := h.preview(t, []string{"all-staff@contoso.com"}, nil)
	assert.NotEmpty(t, p.Recipients)
	assert.False(t, p.Complete())
	require.NotEmpty(t, p.Expansion.Nodes)
	assert.Equal(t, expansion.SourceGraph, p.Expansion.Nodes[0].Source)
	assert.NotNil(t, p.Expansion.Nodes[0].Instead)
	refusals := 0
	for _, route := range h.server.Judges().Routes {
		if strings.HasPrefix(route.Route, "POST /adminapi") {
			refusals += route.Requests
		}
	}
	assert.Equal(t, 1, refusals, "one refusal is enough for a reading")
}
