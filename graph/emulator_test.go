package graph_test

import (
	"context"
	"crypto/tls"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph"
	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/graph/signin"
	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// house is a signed-in client of an embedded tenant.
type house struct {
	*graph.Client
	options graph.Options // of the client
	auth    *signin.Auth
	server  *emulator.Server
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

// open starts a tenant and signs in to it by device code. The test fails when
// the client breaks the rules of a good client.
//
// now is the tenant's clock, where it is not the client's.
func open(t *testing.T, o emulator.Options, now ...func() time.Time) *house {
	t.Helper()
	if o.Users == 0 {
		o.Users = 2500 // three pages
	}
	if o.Consented == nil {
		o.Consented = append(emulator.ReadScopes(), emulator.WriteScope)
	}
	c := &clock{now: time.Now()} // where azidentity's clock stands too
	o.Now = c.Now
	if len(now) > 0 {
		o.Now = now[0]
	}
	server, err := emulator.Start(context.Background(), o)
	require.NoError(t, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: server.CertPool()}, MaxIdleConnsPerHost: 16}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		assert.NoError(t, server.Close())
		assert.Empty(t, server.Judges().Violations())
	})
	h := &house{server: server}
	h.auth, err = signin.New(signin.Options{
		Tenant: server.TenantID(), ClientID: server.ClientID(), AuthorityHost: server.AuthorityHost(), Transport: transport, Now: c.Now,
		Organization: func(ctx context.Context) (string, string, error) { return h.Organization(ctx) },
	})
	require.NoError(t, err)
	h.options = graph.Options{
		Endpoint: server.GraphEndpoint(), Credential: h.auth, Schema: model.FullSchema(), Transport: transport,
		Now: c.Now, Sleep: c.Sleep,
	}
	h.Client, err = graph.New(h.options)
	require.NoError(t, err)
	session, err := h.auth.SignIn(t.Context(), func(d workspace.DeviceCode) { assert.NoError(t, server.Approve(d.UserCode)) })
	require.NoError(t, err)
	require.Equal(t, server.Tenant().OrganizationName(), session.TenantName)
	require.Equal(t, server.Tenant().InitialDomain(), session.Domain)
	return h
}

// visible are the ids of the members that Graph lists: it knows no dynamic
// lists and leaves service principals out.
func visible(tn *seed.Tenant, g int) []string {
	var ids []string
	for m := range tn.Members(g) {
		if m.Type != seed.MemberDynamicList && m.Type != seed.MemberServicePrincipal {
			ids = append(ids, tn.ID(m))
		}
	}
	return ids
}

func idsOf(objects []model.Object) []string {
	ids := make([]string, 0, len(objects))
	for _, o := range objects {
		ids = append(ids, o.ID)
	}
	return ids
}

func TestMembersOfEveryGroupAreComplete(t *testing.T) {
	h := open(t, emulator.Options{})
	tn := h.server.Tenant()
	groups := everyGroup(tn)
	h.server.FailNext(3, 429, 100*time.Millisecond, "/groups")
	h.server.FailNext(2, 503, 0, "/groups")
	h.server.TruncateNext(1, "/$batch")
	listings, err := expansion.ReadAll(t.Context(), h, groups)
	require.NoError(t, err)
	hidden := 0
	for i, l := range listings {
		require.Nil(t, l.Err, "%s", groups[i].ID)
		if l.Hidden {
			hidden++
			assert.Empty(t, l.Members)
			continue
		}
		assert.ElementsMatch(t, visible(tn, i), idsOf(l.Members), "group %d", i)
		for _, o := range l.Members {
			assert.NotEqual(t, model.ObjectOther, o.Type)
			assert.False(t, o.Limited && o.Type != model.ObjectDevice, "%s %s", o.Type, o.ID)
		}
	}
	assert.Positive(t, hidden, "the board's membership is hidden without Member.Read.Hidden")
}

func TestAddressesResolveToWhatOwnsThem(t *testing.T) {
	h := open(t, emulator.Options{})
	tn := h.server.Tenant()
	list, err := h.ResolveAddress(t.Context(), "All-Staff@contoso.com")
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, model.ObjectGroup, list[0].Type)
	assert.Equal(t, model.KindDistribution, list[0].Group.Kind)

	contact, _ := tn.Contact(0)
	found, err := h.ResolveAddress(t.Context(), contact.Mail)
	require.NoError(t, err)
	assert.Contains(t, idsOf(found), contact.ID)

	for i := range 12 {
		u, ok := tn.User(i)
		if !ok {
			continue
		}
		found, err := h.ResolveAddress(t.Context(), u.UserPrincipalName)
		require.NoError(t, err, u.UserPrincipalName)
		assert.Contains(t, idsOf(found), u.ID, u.UserPrincipalName)
		for _, proxy := range u.ProxyAddresses {
			found, err := h.ResolveAddress(t.Context(), proxy[len("smtp:"):])
			require.NoError(t, err, proxy)
			assert.Contains(t, idsOf(found), u.ID, proxy)
		}
	}
	found, err = h.ResolveAddress(t.Context(), "nobody'at+all#&@contoso.com")
	require.NoError(t, err)
	assert.Empty(t, found)

	domains, err := h.Domains(t.Context())
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{tn.DefaultDomain(), tn.InitialDomain()}, domains)
}

func TestContactsThatMayNotBeReadAreSaid(t *testing.T) {
	h := open(t, emulator.Options{Users: 100, Consented: []string{"User.Read", "User.Read.All", "GroupMember.Read.All"}})
	contact, _ := h.server.Tenant().Contact(0)
	_, err := h.ResolveAddress(t.Context(), contact.Mail)
	var e *model.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, model.KindPartial, e.Kind)
	assert.Contains(t, e.Remedy, "OrgContact.Read.All")

	partners, err := h.ResolveGroup(t.Context(), "partners@contoso.com")
	require.NoError(t, err)
	require.Len(t, partners, 1)
	listings, err := expansion.ReadAll(t.Context(), h, []model.Group{*partners[0].Group})
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(listings[0].Members, func(o model.Object) bool { return o.Type == model.ObjectContact && o.Limited }))
}

func TestKindsThatRefuseAWriteAreKnownBeforehand(t *testing.T) {
	h := open(t, emulator.Options{})
	for name, code := range map[string]string{
		"sg-sales": "", "m365-marketing": "", "dyn-engineering": "groupDynamic", "sg-onprem": "groupOnPremises",
		"sg-admins": "groupRoleAssignable", "mes-vpn@contoso.com": "groupMailEnabledSecurity", "all-staff@contoso.com": "groupDistribution",
	} {
		found, err := h.ResolveGroup(t.Context(), name)
		require.NoError(t, err, name)
		require.Len(t, found, 1, name)
		g, err := h.Group(t.Context(), found[0].ID)
		require.NoError(t, err, name)
		refusal := g.WriteRefusal()
		if code == "" {
			assert.Nil(t, refusal, name)
			continue
		}
		require.NotNil(t, refusal, name)
		assert.Equal(t, code, refusal.Code, name)
	}
}

// outcomes collects what Write reports.
type outcomes struct {
	mu   sync.Mutex
	rows map[string]writeback.RowResult
}

func (o *outcomes) done(r writeback.RowResult) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.rows == nil {
		o.rows = make(map[string]writeback.RowResult)
	}
	if _, ok := o.rows[r.UserID]; ok {
		panic("reported twice: " + r.UserID)
	}
	o.rows[r.UserID] = r
}

func TestWriteMakesTheGroupAsWanted(t *testing.T) {
	h := open(t, emulator.Options{})
	tn := h.server.Tenant()
	found, err := h.ResolveGroup(t.Context(), "sg-sales")
	require.NoError(t, err)
	id := found[0].ID
	before, err := h.DirectMembers(t.Context(), id)
	require.NoError(t, err)
	remove := idsOf(before)
	require.NotEmpty(t, remove)
	members := make(map[string]bool)
	for _, r := range remove {
		members[r] = true
	}
	var add []string
	for i := 0; len(add) < 250; i++ {
		if u, ok := tn.User(i); ok && !members[u.ID] {
			add = append(add, u.ID)
		}
	}
	h.server.FailNext(4, 429, 100*time.Millisecond, "/groups")
	h.server.FailNext(2, 503, 0, "/groups")
	h.server.CutNext(1, "/$batch")
	var o outcomes
	require.NoError(t, h.Write(t.Context(), id, add, remove, o.done))
	assert.Len(t, o.rows, len(add)+len(remove))
	for _, r := range o.rows {
		assert.NotEqual(t, writeback.OutcomeFailed, r.Outcome, "%v", r.Err)
	}
	after, err := h.DirectMembers(t.Context(), id)
	require.NoError(t, err)
	assert.ElementsMatch(t, add, idsOf(after))

	// The same again changes nothing and says so.
	again := outcomes{}
	require.NoError(t, h.Write(t.Context(), id, add[:30], remove[:3], again.done))
	for _, r := range again.rows {
		assert.Equal(t, writeback.OutcomeAlready, r.Outcome)
	}
	assert.ElementsMatch(t, slices.Concat(add[:30], remove[:3]), slices.Collect(maps.Keys(again.rows)))
	assert.Equal(t, len(remove), countUsers(tn, remove), "nobody was deleted")
}

// countUsers counts the ids that are still users.
func countUsers(tn *seed.Tenant, ids []string) int {
	n := 0
	for _, id := range ids {
		if _, ok := tn.FindUser(id); ok {
			n++
		}
	}
	return n
}

func TestMissingScopeAndMissingRoleAreToldApart(t *testing.T) {
	h := open(t, emulator.Options{Users: 100, Consented: emulator.ReadScopes()})
	found, err := h.ResolveGroup(t.Context(), "sg-sales")
	require.NoError(t, err)
	user := h.server.Tenant().UserID(10)
	write := func() *model.Error {
		err := h.Write(t.Context(), found[0].ID, []string{user}, nil, func(writeback.RowResult) {})
		var e *model.Error
		require.ErrorAs(t, err, &e)
		return e
	}
	e := write()
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Contains(t, e.Remedy, emulator.WriteScope+" has not been granted")

	h.server.Consent(emulator.WriteScope)
	require.NoError(t, h.server.SetRoles())
	_, err = h.auth.Renew(t.Context())
	require.NoError(t, err)
	assert.Contains(t, write().Remedy, "lacks an Entra role")
}

func TestRevokedSessionIsASignInError(t *testing.T) {
	h := open(t, emulator.Options{Users: 50})
	h.server.RevokeSessions()
	_, err := h.UserCount(t.Context())
	var e *model.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, model.KindSignIn, e.Kind)
	assert.Equal(t, "AADSTS50173", e.Code)
}

// Without throttling: while several calls are under way, the shared clock
// jumps for one of them and makes the others look as if they had not waited.
// Without expiring tokens: the order of parallel calls decides which of them
// draws the fault, and one that draws it twice in a row is rightly told to sign
// in again.
func TestRoughWeatherChangesNoMember(t *testing.T) {
	h := open(t, emulator.Options{Users: 1500, Fault: "5xx=0.15,cut=0.05,truncate=0.05"})
	tn := h.server.Tenant()
	groups := everyGroup(tn)
	listings, err := expansion.ReadAll(t.Context(), h, groups)
	require.NoError(t, err)
	for i, l := range listings {
		require.Nil(t, l.Err, "%s", groups[i].ID)
		if !l.Hidden {
			assert.ElementsMatch(t, visible(tn, i), idsOf(l.Members))
		}
	}
	assert.Positive(t, h.Traffic().Retried)
}

// As TestRoughWeatherChangesNoMember, over pages inside of batches and nested
// lists: the walk gives what the tenant holds, and reads on where a page broke.
func TestRoughWeatherChangesNoNestedList(t *testing.T) {
	for name, fault := range map[string]string{"server errors": "5xx=0.1", "broken answers": "cut=0.1,truncate=0.05"} {
		t.Run(name, func(t *testing.T) {
			h := open(t, emulator.Options{Users: nestedUsers, Groups: nested(4), Fault: fault})
			root, plan := nestedRoot(t, h)
			result := h.walk(t, root)
			assert.Equal(t, plan.users, usersOf(result))
		})
	}
}

// One batch at a time, so that the shared clock moves for nobody else: inner
// answers of 429 wait as long as they were told and no page is lost.
func TestThrottledBatchesLoseNothing(t *testing.T) {
	h := open(t, emulator.Options{Users: 2500})
	tn := h.server.Tenant()
	groups := everyGroup(tn)
	for part := range slices.Chunk(groups, 20) {
		h.server.FailNext(5, 429, 1500*time.Millisecond, "/groups")
		listings, err := expansion.ReadAll(t.Context(), h, part)
		require.NoError(t, err)
		for i, l := range listings {
			require.Nil(t, l.Err)
			if !l.Hidden {
				at, ok := tn.FindGroup(part[i].ID)
				require.True(t, ok)
				assert.ElementsMatch(t, visible(tn, at), idsOf(l.Members))
			}
		}
	}
	assert.Positive(t, h.Traffic().Throttled)
}

func everyGroup(tn *seed.Tenant) []model.Group {
	groups := make([]model.Group, 0, tn.Groups())
	for i := range tn.Groups() {
		g, _ := tn.Group(i)
		groups = append(groups, model.Group{ID: g.ID, HiddenMembership: g.Visibility == "HiddenMembership"})
	}
	return groups
}
