package workspacetest

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/refresh/refreshtest"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// Tenant is a scripted tenant: what its fields say it answers. Change them
// only while nothing runs.
type Tenant struct {
	Account    workspace.Session // who signs in
	SessionErr error             // what a silent sign-in answers; nil: Account
	SignInErr  error             // what a device code ends with; nil: Account

	Users     []model.Change
	Listed    int                       // how many of the users are listed; 0: all
	Changes   []model.Change            // what a delta round reports, each time
	Objects   []model.Object            // groups and contacts
	MembersOf map[string][]model.Object // by the group's id
	OwnersOf  map[string][]string       // object ids, likewise
	Fail      func(call string) error   // asked before each call: "Write ID", "Users"; may be nil
	OnRow     func(userID string) error // asked before each row of a write; an error ends it; may be nil

	Schema *model.Schema // nil: the whole catalogue
	Policy writeback.Policy
	// Exchange and KeepStructure are as in workspace.Settings.
	Exchange      expansion.Source
	KeepStructure bool
	Plug          func(*workspace.Parts) // changes the opened ports; may be nil
	Now           func() time.Time       // nil: noon
	OpenErr       error
	Notes         []string
	Store         refreshtest.Store
	Ledger        Ledger
	Opened        int // how often the files were opened
	Closed        int
	Hurried       atomic.Int32 // pages of users read while an administrator waited for them

	mu  sync.Mutex
	log []string
}

// Workspace returns a workspace on the tenant, not opened.
func (t *Tenant) Workspace() *workspace.Workspace {
	now := t.Now
	if now == nil {
		now = func() time.Time { return noon }
	}
	return workspace.New(workspace.Settings{
		Profile: "contoso",
		Schema:  t.Schema,
		Policy:  t.Policy,
		Now:     now,
		Wait:    func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, // what is written shows at once

		Exchange: t.Exchange, KeepStructure: t.KeepStructure,

		OpenFile: func(path string) (io.ReadCloser, error) { return os.Open(path) },
		Open: func(context.Context) (*workspace.Parts, error) {
			t.Opened++
			if t.OpenErr != nil {
				return nil, t.OpenErr
			}
			parts := &workspace.Parts{
				Auth: auth{t}, Source: source{t}, Store: &t.Store, Ledger: &t.Ledger,
				Members: t, Resolver: t, Groups: t, Calls: t, Operator: "operator@laptop",
				Notes: slices.Clone(t.Notes),
				Close: func() error { t.Closed++; return nil },
			}
			if t.Plug != nil {
				t.Plug(parts)
			}
			return parts, nil
		},
	})
}

// User is a user as a group lists it.
func (t *Tenant) User(n int) model.Object {
	i := slices.IndexFunc(t.Users, func(c model.Change) bool { return c.ID == ID(n) })
	u := model.User{ID: ID(n)}
	u.Apply(t.Users[i])
	enabled := u.Value(model.AttrAccountEnabled) == "true"
	return model.Object{
		ID: u.ID, Type: model.ObjectUser, DisplayName: u.DisplayName(), Mail: u.Value(model.AttrMail),
		UserPrincipalName: u.Value(model.AttrUserPrincipalName), AccountEnabled: &enabled,
	}
}

// Object finds a group or contact by number, to be changed.
func (t *Tenant) Object(n int) *model.Object {
	i := slices.IndexFunc(t.Objects, func(o model.Object) bool { return o.ID == ID(n) })
	return &t.Objects[i]
}

// Asked returns the calls that begin with a word: "DirectMembers".
func (t *Tenant) Asked(call string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.log), func(s string) bool { return !strings.HasPrefix(s, call) })
}

func (t *Tenant) call(ctx context.Context, name string, args ...string) error {
	name = strings.Join(append([]string{name}, args...), " ")
	t.mu.Lock()
	t.log = append(t.log, name)
	t.mu.Unlock()
	if t.Fail != nil {
		if err := t.Fail(name); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Traffic counts every call as a request.
func (t *Tenant) Traffic() workspace.Traffic {
	return workspace.Traffic{Requests: len(t.Asked(""))}
}

// Recent returns the last calls, newest first.
func (t *Tenant) Recent(n int) []workspace.Call {
	var calls []workspace.Call
	for _, name := range slices.Backward(t.Asked("")) {
		if len(calls) == n {
			break
		}
		calls = append(calls, workspace.Call{At: noon, Method: "GET", Path: "/" + name, Status: 200, Attempt: 1})
	}
	return calls
}

// ResolveAddress finds users, groups and contacts by mail.
func (t *Tenant) ResolveAddress(ctx context.Context, address string) ([]model.Object, error) {
	if err := t.call(ctx, "ResolveAddress", address); err != nil {
		return nil, err
	}
	candidates := slices.Clone(t.Objects)
	for _, c := range t.Users {
		u := model.User{ID: c.ID}
		u.Apply(c)
		candidates = append(candidates, model.Object{ID: u.ID, Type: model.ObjectUser, DisplayName: u.DisplayName(), Mail: u.Value(model.AttrMail)})
	}
	return slices.DeleteFunc(candidates, func(o model.Object) bool { return !strings.EqualFold(o.Mail, address) }), nil
}

// ResolveGroup finds groups by id, display name or mail.
func (t *Tenant) ResolveGroup(ctx context.Context, nameOrID string) ([]model.Object, error) {
	if err := t.call(ctx, "ResolveGroup", nameOrID); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(t.Objects), func(o model.Object) bool {
		return o.Group == nil || o.ID != nameOrID && o.DisplayName != nameOrID && !strings.EqualFold(o.Mail, nameOrID)
	}), nil
}

// ResolveName finds an object by its id or display name.
func (t *Tenant) ResolveName(ctx context.Context, nameOrID string) ([]model.Object, error) {
	var found []model.Object
	for _, o := range t.Objects {
		if strings.EqualFold(o.ID, nameOrID) || strings.EqualFold(o.DisplayName, nameOrID) {
			found = append(found, o)
		}
	}
	return found, t.call(ctx, "ResolveName", nameOrID)
}

// Domains are Contoso's.
func (t *Tenant) Domains(ctx context.Context) ([]string, error) {
	return []string{"contoso.com", "contoso.onmicrosoft.com"}, t.call(ctx, "Domains")
}

// Members lists the members of groups.
func (t *Tenant) Members(ctx context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	listings := make([]expansion.Listing, len(questions))
	for i, q := range questions {
		g := q.Group
		if err := t.call(ctx, "Members", g.ID); err != nil {
			return nil, err
		}
		listings[i] = expansion.Listing{GroupID: g.ID, Source: expansion.SourceGraph, Members: t.MembersOf[g.ID], Hidden: g.HiddenMembership}
	}
	return listings, nil
}

// Group reads a group.
func (t *Tenant) Group(ctx context.Context, id string) (model.Group, error) {
	if err := t.call(ctx, "Group", id); err != nil {
		return model.Group{}, err
	}
	for _, o := range t.Objects {
		if o.ID == id && o.Group != nil {
			return *o.Group, nil
		}
	}
	return model.Group{}, &model.Error{Kind: model.KindUsage, Code: "groupNotFound", Message: fmt.Sprintf("there is no group %s", id)}
}

// DirectMembers reads a group's members.
func (t *Tenant) DirectMembers(ctx context.Context, id string) ([]model.Object, error) {
	if err := t.call(ctx, "DirectMembers", id); err != nil {
		return nil, err
	}
	return slices.Clone(t.MembersOf[id]), nil
}

// Owners reads a group's owners.
func (t *Tenant) Owners(ctx context.Context, id string) ([]string, error) {
	if err := t.call(ctx, "Owners", id); err != nil {
		return nil, err
	}
	return slices.Clone(t.OwnersOf[id]), nil
}

// Write changes a group's members, row by row.
func (t *Tenant) Write(ctx context.Context, id string, add, remove []string, done func(writeback.RowResult)) error {
	if err := t.call(ctx, "Write", id); err != nil {
		return err
	}
	for _, user := range slices.Concat(add, remove) {
		if t.OnRow != nil {
			if err := t.OnRow(user); err != nil {
				return err
			}
		}
		gone := slices.Contains(remove, user)
		if gone {
			t.MembersOf[id] = slices.DeleteFunc(slices.Clone(t.MembersOf[id]), func(o model.Object) bool { return o.ID == user })
		} else {
			t.MembersOf[id] = append(slices.Clone(t.MembersOf[id]), model.Object{ID: user, Type: model.ObjectUser})
		}
		done(writeback.RowResult{UserID: user, Remove: gone, Outcome: writeback.OutcomeDone})
	}
	return nil
}

// auth signs in without asking anybody.
type auth struct{ *Tenant }

func (a auth) Session(ctx context.Context) (*workspace.Session, error) {
	return a.session(ctx, "Session", a.SessionErr)
}

func (a auth) SignIn(ctx context.Context, prompt func(workspace.DeviceCode)) (*workspace.Session, error) {
	prompt(workspace.DeviceCode{UserCode: "ABCD-1234", VerificationURL: "https://microsoft.com/devicelogin"})
	return a.session(ctx, "SignIn", a.SignInErr)
}

func (a auth) Renew(ctx context.Context) (*workspace.Session, error) {
	return a.session(ctx, "Renew", nil)
}

func (a auth) session(ctx context.Context, call string, refusal error) (*workspace.Session, error) {
	if err := a.call(ctx, call); err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, refusal
	}
	account := a.Account
	account.Scopes = slices.Clone(account.Scopes)
	return &account, nil
}

func (a auth) ConsentURL(scopes []string) string {
	return "https://login.example/adminconsent?scope=" + strings.Join(scopes, "+")
}
