package expansion

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

// tenant is a Members port over a map. It fails the walk's promises loudly: a
// group asked for twice is an error.
type tenant struct {
	members map[string][]model.Object
	listing map[string]Listing // overrides by group id
	source  Source
	asked   map[string]int
	calls   int
	fail    error
}

func newTenant() *tenant {
	return &tenant{members: map[string][]model.Object{}, listing: map[string]Listing{}, source: SourceGraph, asked: map[string]int{}}
}

func (f *tenant) Members(_ context.Context, questions []Question) ([]Listing, error) {
	f.calls++
	if f.fail != nil {
		return nil, f.fail
	}
	out := make([]Listing, len(questions))
	for i, q := range questions {
		g := q.Group
		if f.asked[g.ID]++; f.asked[g.ID] > 1 {
			return nil, errors.New("group " + g.ID + " was read twice")
		}
		out[i] = Listing{GroupID: g.ID, Source: f.source, Members: f.members[g.ID]}
		if l, ok := f.listing[g.ID]; ok {
			out[i] = l
		}
	}
	return out, nil
}

func user(name string) model.Object {
	enabled := true
	return model.Object{
		ID: "u-" + name, Type: model.ObjectUser, DisplayName: name, UserPrincipalName: name + "@contoso.com",
		Mail: name + "@contoso.com", AccountEnabled: &enabled, UserType: "Member",
	}
}

func group(name string) model.Object {
	g := model.Group{ID: "g-" + name, DisplayName: name, Mail: name + "@contoso.com", Kind: model.KindDistribution}
	return model.Object{ID: g.ID, Type: model.ObjectGroup, DisplayName: name, Mail: g.Mail, Group: &g}
}

func contact(name, mail string) model.Object {
	return model.Object{ID: "c-" + name, Type: model.ObjectContact, DisplayName: name, Mail: mail}
}

func entry(objects ...model.Object) []Root { return []Root{{Label: "entry", Objects: objects}} }

func walk(t *testing.T, f *tenant, roots []Root, o Options) *Result {
	t.Helper()
	r, err := Walk(context.Background(), f, roots, o)
	require.NoError(t, err)
	return r
}

func addresses(r *Result) []string {
	out := []string{}
	for _, rec := range r.Recipients {
		out = append(out, rec.Address)
	}
	return out
}

func nodeOf(t *testing.T, r *Result, name string) *Node {
	t.Helper()
	for _, n := range r.Nodes {
		if n.Group.DisplayName == name {
			return n
		}
	}
	require.Failf(t, "no such node", "%s", name)
	return nil
}

func TestTwoUsersAndANestedListOfTwoAreFourRecipients(t *testing.T) {
	f := newTenant()
	f.members["g-all"] = []model.Object{user("ann"), group("sub"), user("bob")}
	f.members["g-sub"] = []model.Object{user("cy"), user("di")}
	r := walk(t, f, entry(group("all")), Options{})
	assert.Equal(t, []string{"ann@contoso.com", "bob@contoso.com", "cy@contoso.com", "di@contoso.com"}, addresses(r))
	assert.Zero(t, r.Duplicates)
	assert.Empty(t, r.Missing)
	assert.Equal(t, 3, nodeOf(t, r, "all").Direct)
	assert.Equal(t, 4, nodeOf(t, r, "all").Unique)
	assert.Equal(t, 2, nodeOf(t, r, "sub").Unique)
	assert.Equal(t, 1, nodeOf(t, r, "sub").Depth)
}

func TestALevelIsReadByOneCall(t *testing.T) {
	f := newTenant()
	f.members["g-top"] = []model.Object{group("a"), group("b"), group("c")}
	f.members["g-a"] = []model.Object{group("d")}
	f.members["g-b"] = []model.Object{group("d")}
	var steps [][2]int
	walk(t, f, entry(group("top")), Options{Progress: func(read, known int) { steps = append(steps, [2]int{read, known}) }})
	assert.Equal(t, 3, f.calls)
	assert.Equal(t, [][2]int{{0, 1}, {1, 4}, {1, 4}, {4, 5}, {4, 5}, {5, 5}}, steps)
}

func TestACycleEndsAndIsMarkedOnItsListsOnly(t *testing.T) {
	f := newTenant()
	f.members["g-top"] = []model.Object{group("a"), user("ann")}
	f.members["g-a"] = []model.Object{group("b"), user("bob")}
	f.members["g-b"] = []model.Object{group("a"), user("cy"), group("leaf")}
	f.members["g-leaf"] = []model.Object{user("di")}
	f.members["g-self"] = []model.Object{group("self"), user("ed")}
	r := walk(t, f, entry(group("top"), group("self")), Options{})
	assert.False(t, nodeOf(t, r, "top").Cycle)
	assert.True(t, nodeOf(t, r, "a").Cycle)
	assert.True(t, nodeOf(t, r, "b").Cycle)
	assert.False(t, nodeOf(t, r, "leaf").Cycle)
	assert.True(t, nodeOf(t, r, "self").Cycle)
	assert.Equal(t, 4, nodeOf(t, r, "top").Unique)
	assert.Equal(t, 3, nodeOf(t, r, "a").Unique)
	assert.Equal(t, 3, nodeOf(t, r, "b").Unique)
	assert.Equal(t, 1, nodeOf(t, r, "self").Unique)
}

func TestAListInTwoListsIsOneNodeWithTwoParentsAtItsShortestDepth(t *testing.T) {
	f := newTenant()
	f.members["g-top"] = []model.Object{group("deep"), group("shared")}
	f.members["g-deep"] = []model.Object{group("shared")}
	f.members["g-shared"] = []model.Object{user("ann")}
	r := walk(t, f, entry(group("top")), Options{})
	shared := nodeOf(t, r, "shared")
	assert.Equal(t, 1, shared.Depth)
	require.Len(t, shared.Parents, 2)
	assert.Equal(t, "deep", shared.Parents[0].Name())
	assert.Equal(t, "top", shared.Parents[1].Name())
	assert.Len(t, r.Nodes, 3)
}

func TestDuplicatesCountMembershipsBeyondTheFirst(t *testing.T) {
	f := newTenant()
	f.members["g-top"] = []model.Object{group("a"), group("b"), user("ann"), user("ann")} // a page boundary repeats ann
	f.members["g-a"] = []model.Object{user("ann"), group("shared")}
	f.members["g-b"] = []model.Object{user("bob"), group("shared")}
	f.members["g-shared"] = []model.Object{user("cy")} // one membership on two paths
	r := walk(t, f, append(entry(group("top")), Root{Label: "ann", Objects: []model.Object{user("ann")}}), Options{})
	assert.Equal(t, 2, r.Duplicates, "ann is listed by the entry, by top and by a")
}

func TestRecipientsFoldByAddress(t *testing.T) {
	ann := user("ann")
	ann.ProxyAddresses = []string{"SMTP:ann@contoso.com", "smtp:ann.old@contoso.com", "x500:/o=contoso/cn=ann"}
	tests := []struct {
		name    string
		objects []model.Object
		want    []string
		id      string // of the first recipient's object
	}{
		{"letter case of an address does not count", []model.Object{ann, contact("ann", "ANN@Contoso.COM")}, []string{"ann@contoso.com"}, "u-ann"},
		{"a secondary address is its owner", []model.Object{contact("old", "Ann.Old@contoso.com"), ann}, []string{"ann@contoso.com"}, "u-ann"},
		{"an address out of a file is its owner", []model.Object{{Type: model.ObjectContact, Mail: "ann.old@contoso.com"}, ann}, []string{"ann@contoso.com"}, "u-ann"},
		{"two addresses out of files are one owner", []model.Object{
			{Type: model.ObjectContact, Mail: "ann.old@contoso.com"}, ann, {Type: model.ObjectContact, Mail: "ANN@contoso.com"},
		}, []string{"ann@contoso.com"}, "u-ann"},
		{"an owner stands before those that go by its secondary address", []model.Object{
			{ID: "u-aaa", Type: model.ObjectUser, Mail: "ann.old@contoso.com"}, {ID: "u-aab", Type: model.ObjectUser, Mail: "ANN.OLD@contoso.com"}, ann,
		}, []string{"ann@contoso.com"}, "u-ann"},
		{"an address type other than SMTP is no address", []model.Object{ann, contact("x", "/o=contoso/cn=ann")}, []string{"/o=contoso/cn=ann", "ann@contoso.com"}, "c-x"},
		{"different people stay apart", []model.Object{ann, user("bob")}, []string{"ann@contoso.com", "bob@contoso.com"}, "u-ann"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := walk(t, newTenant(), entry(tt.objects...), Options{})
			assert.Equal(t, tt.want, addresses(r))
			assert.Equal(t, tt.id, r.Recipients[0].Object.ID)
			assert.Equal(t, len(tt.objects)-len(tt.want), r.Duplicates)
		})
	}
}

func TestMembersAreToldApart(t *testing.T) {
	disabled, noMail, guest, foreign, mobile := user("disabled"), user("nomail"), user("guest"), user("foreign"), user("mobile")
	enabled := false
	disabled.AccountEnabled = &enabled
	noMail.Mail = ""
	guest.UserType, guest.Mail = "Guest", "guest@contoso.com"
	foreign.Mail = "foreign@fabrikam.com"
	mobile.MobilePhone = "+1 425 555 0109"
	device := model.Object{ID: "d-1", Type: model.ObjectDevice, DisplayName: "PC", Limited: true}
	app := model.Object{ID: "s-1", Type: model.ObjectServicePrincipal, DisplayName: "App"}
	folder := model.Object{ID: "o-1", Type: model.ObjectOther, DisplayName: "Folder", Mail: "folder@contoso.com"}
	f := newTenant()
	f.members["g-all"] = []model.Object{disabled, noMail, guest, foreign, mobile, device, app, folder, contact("cee", "cee@contoso.com")}
	r := walk(t, f, entry(group("all")), Options{Domains: []string{"contoso.com"}})

	of := map[string]Recipient{}
	for _, rec := range r.Recipients {
		of[rec.Object.ID] = rec
	}
	require.Len(t, of, 6)
	assert.True(t, of["u-disabled"].Disabled)
	assert.False(t, of["u-disabled"].External)
	assert.True(t, of["u-guest"].External)
	assert.True(t, of["u-foreign"].External)
	assert.True(t, of["c-cee"].External, "a contact is external even with an address of ours")
	assert.False(t, of["o-1"].External)
	assert.True(t, of["u-mobile"].SMS)
	assert.False(t, of["u-foreign"].SMS)
	require.Len(t, r.WithoutAddress, 1)
	assert.Equal(t, "u-nomail", r.WithoutAddress[0].ID, "its user principal name is no address")
	require.Len(t, r.NonRecipients, 2)
	assert.Equal(t, "s-1", r.NonRecipients[0].ID)
	assert.Equal(t, "d-1", r.NonRecipients[1].ID)
	assert.Empty(t, r.Missing, "what a limited device hides is no recipient")
}

func TestIdsWithoutPropertiesAreJoinedOrMissing(t *testing.T) {
	limited := func(id string, kind model.ObjectType) model.Object {
		return model.Object{ID: id, Type: kind, Limited: true}
	}
	f := newTenant()
	f.members["g-all"] = []model.Object{limited("u-ann", model.ObjectUser), limited("u-bob", model.ObjectUser), limited("c-1", model.ObjectContact), limited("c-2", model.ObjectContact)}
	r := walk(t, f, entry(group("all")), Options{Join: func(id string) (model.Object, bool) {
		return user("ann"), id == "u-ann"
	}})
	assert.Equal(t, []string{"ann@contoso.com"}, addresses(r))
	assert.Empty(t, r.WithoutAddress, "what is not known is not without an address")
	require.Len(t, r.Missing, 2)
	assert.Equal(t, "1 member of all could not be read: User.Read.All is missing", r.Missing[0].Reason.Message)
	assert.Equal(t, "2 members of all could not be read: OrgContact.Read.All is missing", r.Missing[1].Reason.Message)
}

func TestAJoinFillsWhatAListingLeavesOut(t *testing.T) {
	thin := user("ann")
	thin.Mail = "" // the listing could read the user: it has no mailbox
	r := walk(t, newTenant(), entry(thin, user("bob")), Options{Join: func(id string) (model.Object, bool) {
		o := user(id[2:])
		o.MobilePhone = "+1"
		return o, true
	}})
	assert.Equal(t, []string{"bob@contoso.com"}, addresses(r))
	assert.True(t, r.Recipients[0].SMS)
	require.Len(t, r.WithoutAddress, 1)
	assert.Equal(t, "+1", r.WithoutAddress[0].MobilePhone)
}

func TestWhatCannotBeReadIsMissingAndNeverZero(t *testing.T) {
	refused := &model.Error{Kind: model.KindFailed, Code: "denied", Message: "access denied"}
	f := newTenant()
	f.members["g-top"] = []model.Object{group("hidden"), group("broken"), user("ann")}
	f.listing["g-hidden"] = Listing{GroupID: "g-hidden", Source: SourceGraph, Hidden: true}
	f.listing["g-broken"] = Listing{GroupID: "g-broken", Source: SourceGraph, Members: []model.Object{user("bob")}, Err: refused}
	r := walk(t, f, entry(group("top")), Options{})
	assert.Equal(t, []string{"ann@contoso.com", "bob@contoso.com"}, addresses(r), "the part that was read counts")
	require.Len(t, r.Missing, 2)
	assert.Equal(t, Missing{Entry: "broken", Reason: refused}, r.Missing[0])
	assert.Equal(t, "hidden", r.Missing[1].Entry)
	assert.Equal(t, "membershipHidden", r.Missing[1].Reason.Code)
	assert.Contains(t, r.Missing[1].Reason.Remedy, "Member.Read.Hidden")
	assert.True(t, nodeOf(t, r, "hidden").Hidden)
	assert.Equal(t, refused, nodeOf(t, r, "broken").Err)
}

func TestADistributionListReadThroughGraphIsNoted(t *testing.T) {
	security := group("sec")
	security.Group.Kind = model.KindSecurity
	f := newTenant()
	assert.Empty(t, walk(t, f, entry(security), Options{}).Notes)

	f = newTenant()
	r := walk(t, f, entry(group("dl"), group("other")), Options{})
	require.Len(t, r.Notes, 1)
	assert.Contains(t, r.Notes[0], "dl and 1 other list came from Graph")
	assert.Empty(t, r.Missing, "what nobody can know does not make the answer incomplete")

	f = newTenant()
	f.source = SourceExchangeAdmin
	assert.Empty(t, walk(t, f, entry(group("dl")), Options{}).Notes)
}

func TestAWalkStopsWhenNothingMoreCanBeRead(t *testing.T) {
	f := newTenant()
	f.fail = &model.Error{Kind: model.KindSignIn, Message: "signed out"}
	_, err := Walk(context.Background(), f, entry(group("all")), Options{})
	assert.ErrorIs(t, err, f.fail)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Walk(ctx, newTenant(), entry(group("all")), Options{})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestAPortThatDropsAListingIsAnError(t *testing.T) {
	_, err := Walk(context.Background(), short{}, entry(group("all")), Options{})
	assert.ErrorContains(t, err, "1 questions were asked and 0 listings came back")
}

type short struct{}

func (short) Members(context.Context, []Question) ([]Listing, error) { return nil, nil }

func TestTheAnswerIsAsOldAsItsFirstRead(t *testing.T) {
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	r := walk(t, newTenant(), entry(group("all")), Options{Now: func() time.Time {
		defer func() { at = at.Add(time.Hour) }()
		return at
	}})
	assert.Equal(t, time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), r.AsOf)
}

func TestWhatOneListHidesAnotherMayShow(t *testing.T) {
	f := newTenant()
	f.members["g-a"] = []model.Object{{ID: "c-eve", Type: model.ObjectContact, Limited: true}}
	f.members["g-b"] = []model.Object{contact("eve", "eve@fabrikam.com")}
	for _, roots := range [][]Root{entry(group("a"), group("b")), entry(group("b"), group("a"))} {
		f.asked = map[string]int{}
		r := walk(t, f, roots, Options{})
		assert.Equal(t, []string{"eve@fabrikam.com"}, addresses(r))
		assert.Empty(t, r.Missing)
	}
}
