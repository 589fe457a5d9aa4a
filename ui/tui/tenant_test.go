package tui

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/refresh"
	"rollcall/model/refresh/refreshtest"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

// fakeTenant is a tenant in memory that stands behind every port of a
// workspace. Its clock stands still, unless begun is set.
type fakeTenant struct {
	mu       sync.Mutex
	now      time.Time
	begun    time.Time    // of the bubble, when now was; zero: the clock stands still
	later    atomic.Int64 // nanoseconds that the clock was put forward by
	users    []model.User
	groups   map[string]*model.Group   // by object id
	members  map[string][]model.Object // direct, by group id
	session  *workspace.Session        // what silent sign-in finds; nil: nobody signed in
	reach    error                     // what silent sign-in fails with instead
	code     *workspace.DeviceCode     // what the device-code flow shows; nil: it fails at once
	signedIn chan *workspace.Session   // the end of the device-code flow
	pageSize int                       // of the user listing
	hold     chan struct{}             // when set, each page waits for a token
	openErr  error
	store    refreshtest.Store
	state    refresh.State        // what the store begins with; zero: empty
	ledger   workspacetest.Ledger // of the segments, plans and runs
	deltaErr error                // what following the changes fails with
	renewed  int
	deltas   int            // how often the changes were followed
	changes  []model.Change // what following them brings once

	partitions int      // of the listing; 0: one
	coverNote  string   // why there are not more
	refused    []string // attributes that the tenant does not give

	ledgerErr error // what reading the segments fails with
	events    []workspace.Event
	calls     []workspace.Call
	traffic   workspace.Traffic
	snaps     []workspace.Snapshot
	lists     []workspace.List

	listing  func(*expansion.Listing)               // changes what a group's listing says
	counter  expansion.Counter                      // nil: nobody counts quickly
	exchange *fakeExchange                          // nil: the profile asks Graph alone
	files    map[string]string                      // what entries and imports may read, by path
	slow     chan struct{}                          // when set, listings wait for a token
	outcome  func(writeback.RowResult) *model.Error // refuses a row of a write; nil: takes all
	writing  chan struct{}                          // when set, each row of a write waits for a token
	policy   writeback.Policy                       // of writing groups
	owners   []string                               // object ids, of every group
	auditErr error                                  // what verifying the audit fails with
}

var testNow = time.Date(2026, 11, 22, 14, 2, 0, 0, time.UTC)

// newFakeTenant holds the given users, who are not synced yet, and an
// administrator with every permission.
func newFakeTenant(users []model.User) *fakeTenant {
	return &fakeTenant{
		now: testNow, users: users, pageSize: 200,
		groups: map[string]*model.Group{}, members: map[string][]model.Object{},
		policy:   lenientPolicy(),
		signedIn: make(chan *workspace.Session, 1),
		session: &workspace.Session{
			TenantID: "11111111-1111-4111-8111-111111111111", TenantName: "Contoso", Domain: "contoso.onmicrosoft.com",
			Account: "admin@contoso.com", Scopes: []string{"User.Read.All", "GroupMember.ReadWrite.All", "OrgContact.Read.All", "Member.Read.Hidden"},
		},
	}
}

// lenientPolicy is the default but for the first mirror of a group, so that a
// test of something else need not type a number.
func lenientPolicy() writeback.Policy {
	p := writeback.DefaultPolicy()
	p.FirstRemovals = -1
	return p
}

// synced puts the users into the store, as a sync before would have.
func (t *fakeTenant) synced() *fakeTenant {
	t.state = refresh.State{
		TenantID: t.session.TenantID, Fingerprint: model.FullSchema().Fingerprint(), Complete: true,
		DeltaLink: "delta", Phase: refresh.PhaseIdle, SyncedAt: t.now.Add(-2 * time.Minute), Users: len(t.users),
	}
	return t
}

// lastSynced makes the stored users older.
func (t *fakeTenant) lastSynced(ago time.Duration) *fakeTenant {
	t.state.SyncedAt = t.now.Add(-ago)
	return t
}

// time is the tenant's clock.
func (t *fakeTenant) time() time.Time {
	now := t.now.Add(time.Duration(t.later.Load()))
	if t.begun.IsZero() {
		return now
	}
	return now.Add(time.Since(t.begun))
}

func (t *fakeTenant) workspace() *workspace.Workspace {
	if t.state.Complete {
		t.fill()
	}
	return workspace.New(workspace.Settings{
		Profile: "contoso", Now: t.time, Policy: t.policy, Exchange: t.exchangeSource(),
		OpenFile: func(path string) (io.ReadCloser, error) {
			text, ok := t.files[path]
			if !ok {
				return nil, fs.ErrNotExist
			}
			return io.NopCloser(strings.NewReader(text)), nil
		},
		Open: func(context.Context) (*workspace.Parts, error) {
			if t.openErr != nil {
				return nil, t.openErr
			}
			parts := &workspace.Parts{Auth: t, Source: t, Store: &t.store, Ledger: fakeLedger{&t.ledger, t}, Members: t, Resolver: t, Groups: fakeGroups{t}, Calls: t, Counter: t.counter}
			if t.exchange != nil {
				parts.Members = &expansion.Sources{Graph: t, Exchange: t.exchange, Source: expansion.SourceExchangeAdmin}
				parts.Finder = t.exchange
			}
			return parts, nil
		},
	})
}

// fill puts the users into the store.
func (t *fakeTenant) fill() {
	changes := make([]model.Change, len(t.users))
	for i := range t.users {
		changes[i] = wholeUser(&t.users[i])
	}
	if err := t.store.Commit(context.Background(), refresh.Batch{Changes: changes, State: t.state}); err != nil {
		panic(err)
	}
}

// Auth.

func (t *fakeTenant) Session(context.Context) (*workspace.Session, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.silentSession()
}

// silentSession is Session for a caller that holds mu.
func (t *fakeTenant) silentSession() (*workspace.Session, error) {
	switch {
	case t.reach != nil:
		return nil, t.reach
	case t.session == nil:
		return nil, &model.Error{Kind: model.KindSignIn, Code: workspace.CodeSignInRequired, Message: "nobody is signed in"}
	}
	return t.session, nil
}

func (t *fakeTenant) SignIn(ctx context.Context, prompt func(workspace.DeviceCode)) (*workspace.Session, error) {
	if t.code == nil {
		return nil, &model.Error{Kind: model.KindSignIn, Code: "AADSTS53003", Message: "access was blocked by a Conditional Access policy", Remedy: "sign in from a device and network that the policy allows"}
	}
	prompt(*t.code)
	select {
	case s := <-t.signedIn:
		return s, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (t *fakeTenant) ConsentURL(scopes []string) string {
	return "https://login.microsoftonline.com/contoso/v2.0/adminconsent?scope=" + strings.Join(scopes, "+")
}

func (t *fakeTenant) Renew(context.Context) (*workspace.Session, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.renewed++
	return t.silentSession()
}

// renewals is how often a fresh token was asked for.
func (t *fakeTenant) renewals() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.renewed
}

// Source.

func (t *fakeTenant) Begin(context.Context) (refresh.Beginning, error) {
	return refresh.Beginning{DeltaLink: "delta", Refused: t.refused}, nil
}

func (t *fakeTenant) UserCount(context.Context) (int, error) { return len(t.users), nil }

// Partitions divides the users into as many parts as the test wants; a count
// that nobody knows asks for one.
func (t *fakeTenant) Partitions(_ context.Context, total, _ int) (refresh.Cover, error) {
	n := max(1, t.partitions)
	if total == 0 {
		n = 1
	}
	cover := refresh.Cover{Key: "createdDateTime", Note: t.coverNote}
	for i := range n {
		from, to := len(t.users)*i/n, len(t.users)*(i+1)/n
		cover.Partitions = append(cover.Partitions, refresh.Partition{Link: fmt.Sprintf("%d-%d", from, to), Users: to - from})
	}
	return cover, nil
}

func (t *fakeTenant) Users(ctx context.Context, link string) (*refresh.Page, error) {
	if err := wait(ctx, t.hold); err != nil {
		return nil, err
	}
	var from, end int
	if _, err := fmt.Sscanf(link, "%d-%d", &from, &end); err != nil {
		return nil, err
	}
	to := min(from+t.pageSize, end)
	page := &refresh.Page{}
	for _, u := range t.users[from:to] {
		page.Changes = append(page.Changes, wholeUser(&u))
	}
	if to < end {
		page.Next = fmt.Sprintf("%d-%d", to, end)
	}
	return page, nil
}

// wholeUser is a user as a listing reports it.
func wholeUser(u *model.User) model.Change {
	manager := u.ManagerID
	return model.Change{ID: u.ID, Fields: slices.Clone(u.Fields()), Manager: &manager}
}

func (t *fakeTenant) Delta(ctx context.Context, _ string) (*refresh.Page, error) {
	if err := wait(ctx, t.hold); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deltas++
	if t.deltaErr != nil {
		return nil, t.deltaErr
	}
	page := &refresh.Page{DeltaLink: "delta", Changes: t.changes}
	t.changes = nil
	return page, nil
}

// Calls.

func (t *fakeTenant) Traffic() workspace.Traffic {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.traffic
}

func (t *fakeTenant) Recent(n int) []workspace.Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.calls[:min(n, len(t.calls))])
}

// Resolver and Members.

func (t *fakeTenant) object(g *model.Group) model.Object {
	return model.Object{ID: g.ID, Type: model.ObjectGroup, DisplayName: g.DisplayName, Mail: g.Mail, Group: g}
}

func (t *fakeTenant) ResolveAddress(_ context.Context, address string) ([]model.Object, error) {
	var out []model.Object
	for _, g := range t.groups {
		if strings.EqualFold(g.Mail, address) {
			out = append(out, t.object(g))
		}
	}
	for _, u := range t.users {
		if strings.EqualFold(u.Value(model.AttrMail), address) {
			out = append(out, userObject(&u))
		}
	}
	return out, nil
}

func (t *fakeTenant) ResolveGroup(_ context.Context, nameOrID string) ([]model.Object, error) {
	var out []model.Object
	for _, g := range t.groups {
		if g.ID == nameOrID || strings.EqualFold(g.DisplayName, nameOrID) || strings.EqualFold(g.Mail, nameOrID) {
			out = append(out, t.object(g))
		}
	}
	return out, nil
}

func (t *fakeTenant) ResolveName(_ context.Context, nameOrID string) ([]model.Object, error) {
	return t.ResolveGroup(context.Background(), nameOrID)
}

func (t *fakeTenant) Domains(context.Context) ([]string, error) {
	return []string{"contoso.com", "contoso.onmicrosoft.com"}, nil
}

func (t *fakeTenant) Members(ctx context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	if err := wait(ctx, t.slow); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]expansion.Listing, len(questions))
	for i, q := range questions {
		g := q.Group
		out[i] = expansion.Listing{GroupID: g.ID, Source: "graph", Members: slices.Clone(t.members[g.ID])}
		if t.listing != nil {
			t.listing(&out[i])
		}
	}
	return out, nil
}

// wait takes a token; from a nil channel it does not wait.
func wait(ctx context.Context, tokens <-chan struct{}) error {
	if tokens == nil {
		return nil
	}
	select {
	case <-tokens:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// userObject is a user as a group lists it.
func userObject(u *model.User) model.Object {
	enabled := u.Value(model.AttrAccountEnabled) != "false"
	return model.Object{
		ID: u.ID, Type: model.ObjectUser, DisplayName: u.Value(model.AttrDisplayName), Mail: u.Value(model.AttrMail),
		UserPrincipalName: u.Value(model.AttrUserPrincipalName), AccountEnabled: &enabled, UserType: u.Value(model.AttrUserType),
	}
}

// fakeGroups is the Groups port.
type fakeGroups struct{ t *fakeTenant }

func (g fakeGroups) Group(_ context.Context, id string) (model.Group, error) {
	if group, ok := g.t.groups[id]; ok {
		return *group, nil
	}
	return model.Group{}, &model.Error{Kind: model.KindUsage, Code: "groupNotFound", Message: "there is no such group"}
}

func (g fakeGroups) DirectMembers(_ context.Context, id string) ([]model.Object, error) {
	g.t.mu.Lock()
	defer g.t.mu.Unlock()
	return slices.Clone(g.t.members[id]), nil
}

func (g fakeGroups) Owners(context.Context, string) ([]string, error) { return g.t.owners, nil }

func (g fakeGroups) Write(ctx context.Context, id string, add, remove []string, done func(writeback.RowResult)) error {
	for i, userID := range slices.Concat(add, remove) {
		if err := wait(ctx, g.t.writing); err != nil {
			return err
		}
		row := writeback.RowResult{UserID: userID, Remove: i >= len(add), Outcome: writeback.OutcomeDone}
		if g.t.outcome != nil {
			if row.Err = g.t.outcome(row); row.Err != nil {
				row.Outcome = writeback.OutcomeFailed
			}
		}
		if row.Err == nil {
			g.t.write(id, userID, row.Remove)
		}
		done(row)
	}
	return nil
}

// write adds a user to a group's members, or removes one.
func (t *fakeTenant) write(groupID, userID string, remove bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.members[groupID] = slices.DeleteFunc(t.members[groupID], func(o model.Object) bool { return o.ID == userID })
	for i := range t.users {
		if !remove && t.users[i].ID == userID {
			t.members[groupID] = append(t.members[groupID], userObject(&t.users[i]))
		}
	}
}
