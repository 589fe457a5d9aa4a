package workspace

import (
	"context"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/expansion"
)

// Session is the last known session, nil when nobody is signed in. It must not
// be changed.
func (w *Workspace) Session() *Session {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.session
}

// Connect reuses a session silently: it asks nobody. Its error is of
// KindSignIn when an administrator must sign in.
func (w *Workspace) Connect(ctx context.Context) (*Session, error) {
	return w.authenticate(ctx, func(a Auth) (*Session, error) { return a.Session(ctx) })
}

// SignIn asks the administrator by device code; prompt gets the code.
func (w *Workspace) SignIn(ctx context.Context, prompt func(DeviceCode)) (*Session, error) {
	return w.authenticate(ctx, func(a Auth) (*Session, error) { return a.SignIn(ctx, prompt) })
}

// Renew asks for a fresh token, so that a consent given meanwhile shows.
func (w *Workspace) Renew(ctx context.Context) (*Session, error) {
	return w.authenticate(ctx, func(a Auth) (*Session, error) { return a.Renew(ctx) })
}

func (w *Workspace) authenticate(ctx context.Context, ask func(Auth) (*Session, error)) (*Session, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	session, err := ask(parts.Auth)
	if err != nil {
		return nil, err
	}
	if err := parts.Ledger.Bind(ctx, session.TenantID); err != nil {
		return nil, err
	}
	w.mu.Lock()
	former := w.session
	w.session = session
	w.mu.Unlock()
	if former != nil && (former.Account != session.Account || !slices.Equal(former.Scopes, session.Scopes)) {
		w.memberships.forget()
	}
	return session, nil
}

// ConsentURL is the admin-consent page that grants the given capability, or
// all of Graph's that are missing when id is "": a page is of one service, so
// that Exchange has its own. It is "" before Open.
func (w *Workspace) ConsentURL(id string) string {
	parts, err := w.opened()
	if err != nil {
		return ""
	}
	var scopes []string
	for _, c := range w.Capabilities() {
		if c.ID == id && (!c.Granted || c.Exchange) || id == "" && !c.Granted && !c.Exchange {
			scopes = append(scopes, c.Scope)
		}
	}
	return parts.Auth.ConsentURL(scopes)
}

// Capability is something rollcall can do, and the permission that it needs.
type Capability struct {
	ID       string   // see the Capability constants
	Label    string   // "Read all users' full profiles"
	Scope    string   // least permission: "User.Read.All"
	Accepts  []string // higher permissions that serve as well
	Pane     string   // which pane needs it
	Why      string   // what it is for
	Never    string   // what is never done with it
	Granted  bool
	Optional bool // rollcall works without it, with less
	Exchange bool // Exchange grants it and not Graph: it has a consent page of its own
}

// CodeSignInRequired is the code of the KindSignIn error that Auth.Session
// returns when an administrator can mend it by signing in.
const CodeSignInRequired = "signInRequired"

// The capabilities by id.
const (
	CapabilityDirectory     = "directory"
	CapabilityGroups        = "groups"
	CapabilityContacts      = "contacts"
	CapabilityHiddenMembers = "hiddenMembers"
	CapabilityWrite         = "write"
	CapabilityExchange      = "exchange"
	CapabilityEWS           = "ews"
)

// permissions is the list of everything that rollcall ever asks of Graph. Least
// and higher permissions are those of the Graph permissions reference. Nothing
// that could change or delete a user is in it, and nothing may be added that
// could.
func permissions() []Capability {
	return []Capability{
		{
			ID: CapabilityDirectory, Label: "Read all users' full profiles", Scope: "User.Read.All",
			Accepts: []string{"Directory.Read.All", "Directory.ReadWrite.All"},
			Pane:    "Directory, Segments",
			Why:     "keeps the local copy of the directory that segments are computed from",
			Never:   "no profile, password or licence is changed; no mailbox content is read",
		},
		{
			ID: CapabilityGroups, Label: "Read group memberships", Scope: "GroupMember.Read.All",
			Accepts: []string{"Group.Read.All", "GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
			Pane:    "Preview, Writeback",
			Why:     "finds the lists that you name and walks their members",
			Never:   "lists that you did not name are not looked up; no group is created, changed or deleted",
		},
		{
			ID: CapabilityContacts, Label: "Read organizational contacts", Scope: "OrgContact.Read.All",
			Accepts: []string{"Directory.Read.All", "Directory.ReadWrite.All"}, Optional: true,
			Pane:  "Preview",
			Why:   "reads the addresses of mail contacts in a list; without it they are reported as unknown",
			Never: "no contact is changed",
		},
		{
			ID: CapabilityHiddenMembers, Label: "Read hidden memberships", Scope: "Member.Read.Hidden", Optional: true,
			Pane:  "Preview",
			Why:   "counts groups whose membership is hidden; without it they are reported as hidden",
			Never: "nothing about hidden groups is stored",
		},
		{
			ID: CapabilityWrite, Label: "Read and write group memberships", Scope: "GroupMember.ReadWrite.All",
			Accepts: []string{"Group.ReadWrite.All", "Directory.ReadWrite.All"}, Optional: true,
			Pane:  "Writeback",
			Why:   "adds and removes the members that an approved plan names",
			Never: "no plan is applied without an approval; no group is created or deleted; no user is changed or deleted",
		},
	}
}

// exchangePermission is what the chosen service of Exchange needs, which is
// asked for where a profile chose it and nowhere else. Sources: Exchange
// documentation, "Authentication and authorization for the Exchange Online Admin
// API", and "Authenticate an EWS application by using OAuth".
func exchangePermission(source expansion.Source) (Capability, bool) {
	switch source {
	case expansion.SourceExchangeAdmin:
		return Capability{
			ID: CapabilityExchange, Label: "Read list members in Exchange", Scope: "Exchange.ManageV2",
			Accepts: []string{exchangeAppRole}, Optional: true, Exchange: true,
			Pane:  "Preview",
			Why:   "reads the members of dynamic distribution lists, and of distribution lists that hold some; without it they are reported as unknown, or counted by Graph with a warning",
			Never: "the permission allows more than is done with it: rollcall makes the two calls that list members and no other; nothing in Exchange is changed, no mailbox is opened",
		}, true
	case expansion.SourceEWS:
		return Capability{
			ID: CapabilityEWS, Label: "Read the members of lists through Exchange Web Services", Scope: "EWS.AccessAsUser.All",
			Optional: true, Exchange: true,
			Pane:  "Preview",
			Why:   "reads the members of dynamic distribution lists, and of distribution lists that hold some, as the address book shows them to you; without it they are reported as unknown, or counted by Graph with a warning",
			Never: "the permission allows more than is done with it: rollcall makes the one call that expands a list and no other; your mailbox is not opened, nothing is sent; full_access_as_app, which opens every mailbox, is never asked for",
		}, true
	}
	return Capability{}, false
}

// exchangeAppRole is what an app needs where an account needs
// Exchange.ManageV2.
const exchangeAppRole = "Exchange.ManageAsAppV2"

// ExchangeScopes are the permissions by which a service of Exchange serves, the
// one that consent is asked for first; none where Exchange is not asked.
func ExchangeScopes(source expansion.Source) []string {
	c, ok := exchangePermission(source)
	if !ok {
		return nil
	}
	return append([]string{c.Scope}, c.Accepts...)
}

// Capabilities lists what rollcall can do, each granted or not by the present
// session. That of Exchange is among them where the profile chose it.
func (w *Workspace) Capabilities() []Capability {
	session := w.Session()
	list := permissions()
	if c, ok := exchangePermission(w.settings.Exchange); ok {
		if session != nil && session.AppOnly && c.ID == CapabilityExchange {
			c.Scope, c.Accepts = exchangeAppRole, nil
		}
		list = append(list, c)
	}
	for i := range list {
		list[i].Granted = session != nil && list[i].grantedBy(session.Scopes)
	}
	return list
}

func (c *Capability) grantedBy(scopes []string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool {
		return strings.EqualFold(s, c.Scope) || slices.ContainsFunc(c.Accepts, func(a string) bool { return strings.EqualFold(a, s) })
	})
}

// Can reports whether the session holds a capability.
func (w *Workspace) Can(id string) bool {
	return slices.ContainsFunc(w.Capabilities(), func(c Capability) bool { return c.ID == id && c.Granted })
}

// CanWrite reports whether the session holds the permission to write groups.
func (w *Workspace) CanWrite() bool { return w.Can(CapabilityWrite) }

// RequireWrite makes sure that the session holds the permission to write groups,
// which is asked for at the first approval and not before. A consent that was
// given after the token was issued shows in a fresh one, so that is asked for
// before the KindSignIn error "consentMissing" says where to consent.
func (w *Workspace) RequireWrite(ctx context.Context) error {
	if w.CanWrite() {
		return nil
	}
	if _, err := w.Renew(ctx); err != nil {
		return err
	}
	return w.require(CapabilityWrite)
}

// require returns a KindSignIn error unless the session holds the capability.
func (w *Workspace) require(id string) error {
	for _, c := range w.Capabilities() {
		if c.ID != id || c.Granted {
			continue
		}
		return &model.Error{
			Kind: model.KindSignIn, Code: "consentMissing",
			Message: "the permission " + c.Scope + " has not been granted: it " + c.Why,
			Remedy:  "an administrator grants it at " + w.ConsentURL(id),
		}
	}
	return nil
}
