package expansion

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

// service is a source over a map of members by the lower-case address of the
// list. It hands members out in pages.
type service struct {
	source  Source
	members map[string][]model.Object
	listing map[string]Listing // overrides by address
	page    int                // members a page; 0: all
	refuse  error              // of the service as a whole
	rounds  [][]string         // the names of the lists of each call
	asked   map[string]bool    // list and page
}

func newService(source Source) *service {
	return &service{source: source, members: map[string][]model.Object{}, listing: map[string]Listing{}, asked: map[string]bool{}}
}

func (s *service) Members(_ context.Context, questions []Question) ([]Listing, error) {
	var names []string
	out := make([]Listing, len(questions))
	for i, q := range questions {
		names = append(names, q.Group.DisplayName)
		address := strings.ToLower(q.Group.Mail)
		if key := address + q.Next; s.asked[key] {
			return nil, fmt.Errorf("%s was asked for %q of %s twice", s.source, q.Next, address)
		}
		s.asked[address+q.Next] = true
		if l, ok := s.listing[address]; ok {
			out[i] = l
			continue
		}
		rest := s.members[address]
		if q.Next != "" {
			var from int
			var source Source
			if _, err := fmt.Sscanf(q.Next, "page %d of %s", &from, &source); err != nil || source != s.source {
				return nil, fmt.Errorf("%s was asked to go on at %q", s.source, q.Next)
			}
			rest = rest[from:]
		}
		out[i] = Listing{GroupID: q.Group.ID, Source: s.source, Members: rest}
		if s.page > 0 && len(rest) > s.page {
			out[i].Members = rest[:s.page]
			out[i].Next = fmt.Sprintf("page %d of %s", len(s.members[address])-len(rest)+s.page, s.source)
		}
	}
	s.rounds = append(s.rounds, names)
	if s.refuse != nil {
		return nil, s.refuse
	}
	return out, nil
}

func list(name string, kind model.GroupKind) model.Object {
	o := group(name)
	o.Group.Kind = kind
	if kind == model.KindDynamicDistribution {
		o.ID, o.Group.ID = "", ""
	}
	return o
}

// byAddress is a list as Exchange Web Services name it.
func byAddress(name string) model.Object {
	return model.Object{Type: model.ObjectGroup, DisplayName: name, Mail: strings.ToUpper(name) + "@contoso.com"}
}

func sources(graph, exchange *service) *Sources {
	s := &Sources{Graph: graph, Source: SourceExchangeAdmin}
	if exchange != nil {
		s.Exchange, s.Source = exchange, exchange.source
	}
	return s
}

func ask(t *testing.T, m Members, objects ...model.Object) []Listing {
	t.Helper()
	questions := make([]Question, len(objects))
	for i, o := range objects {
		questions[i] = Question{Group: *o.Group}
	}
	listings, err := m.Members(context.Background(), questions)
	require.NoError(t, err)
	require.Len(t, listings, len(questions))
	return listings
}

func TestEachKindOfListIsReadThroughTheSourceThatSeesMostOfIt(t *testing.T) {
	kinds := []model.GroupKind{
		model.KindMicrosoft365, model.KindSecurity, model.KindMailEnabledSecurity, model.KindDistribution, model.KindDynamicDistribution,
	}
	asked := map[model.GroupKind]Source{}
	for _, v := range Matrix() {
		if v.Asked && v.Source != SourceEWS {
			asked[v.Kind] = v.Source // Exchange comes after Graph
		}
	}
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			l := ask(t, sources(newService(SourceGraph), newService(SourceExchangeAdmin)), list("x", kind))
			assert.Equal(t, asked[kind], l[0].Source, "as the matrix says")
			assert.Nil(t, l[0].Err)

			l = ask(t, sources(newService(SourceGraph), nil), list("x", kind))
			if kind != model.KindDynamicDistribution {
				assert.Equal(t, SourceGraph, l[0].Source)
				assert.Nil(t, l[0].Err)
				return
			}
			require.NotNil(t, l[0].Err)
			assert.Equal(t, model.KindPartial, l[0].Err.Kind)
			assert.Equal(t, "groupNotInGraph", l[0].Err.Code)
			assert.Contains(t, l[0].Err.Remedy, `exchange = "admin-api"`)
		})
	}
}

func TestAListingGoesOnWhereItBegan(t *testing.T) {
	graph, exchange := newService(SourceGraph), newService(SourceEWS)
	graph.page, exchange.page = 1, 2
	for _, s := range []*service{graph, exchange} {
		s.members["x@contoso.com"] = []model.Object{user("ann"), user("bob"), user("cy"), user("di"), user("ed")}
	}
	for _, kind := range []model.GroupKind{model.KindSecurity, model.KindDistribution} {
		listings, err := ReadAll(context.Background(), sources(graph, exchange), []model.Group{*list("x", kind).Group})
		require.NoError(t, err)
		assert.Len(t, listings[0].Members, 5)
		assert.Empty(t, listings[0].Next)
	}
	assert.Len(t, graph.rounds, 5)
	assert.Len(t, exchange.rounds, 3)
}

func TestAServiceThatRefusesIsNotAskedAgainByTheSameReading(t *testing.T) {
	refusal := &model.Error{Kind: model.KindSignIn, Code: "AADSTS65001", Message: "consent is missing", Remedy: "consent to Exchange.ManageV2"}
	ofAll := map[string]func(*service){
		"by its error": func(s *service) { s.refuse = refusal },
		"by a listing": func(s *service) {
			marked := *refusal
			marked.Err = ErrService
			for _, name := range []string{"dl", "dyn", "other"} {
				s.listing[name+"@contoso.com"] = Listing{Err: &marked}
			}
		},
	}
	for name, refuse := range ofAll {
		t.Run(name, func(t *testing.T) {
			graph, exchange := newService(SourceGraph), newService(SourceExchangeAdmin)
			refuse(exchange)
			graph.members["dl@contoso.com"] = []model.Object{user("ann"), list("other", model.KindDistribution)}
			graph.members["other@contoso.com"] = []model.Object{user("bob")}
			s := sources(graph, exchange)
			roots := entry(list("dl", model.KindDistribution), list("dyn", model.KindDynamicDistribution))
			r, err := Walk(context.Background(), s, roots, Options{})
			require.NoError(t, err)
			assert.Equal(t, []string{"ann@contoso.com", "bob@contoso.com"}, addresses(r))
			assert.Equal(t, [][]string{{"dl", "dyn"}}, exchange.rounds, "one refusal tells all")
			assert.Equal(t, SourceGraph, nodeOf(t, r, "other").Source)
			assert.NotNil(t, nodeOf(t, r, "other").Instead)
			require.Len(t, r.Missing, 2)
			assert.Equal(t, "dl", r.Missing[0].Entry)
			assert.Equal(t, "AADSTS65001", r.Missing[0].Reason.Code)
			assert.Contains(t, r.Missing[0].Reason.Message, "dl and 1 other list were read through Graph")
			assert.Contains(t, r.Missing[0].Reason.Message, "consent is missing")
			assert.Equal(t, `consent to Exchange.ManageV2; or set exchange = "off" to count by Graph alone`, r.Missing[0].Reason.Remedy)
			assert.Equal(t, "dyn", r.Missing[1].Entry)
			assert.Equal(t, "AADSTS65001", r.Missing[1].Reason.Code)
			assert.Empty(t, r.Notes, "it is said once")

			exchange.refuse, exchange.listing, exchange.asked = nil, nil, map[string]bool{}
			graph.asked = map[string]bool{}
			exchange.members["dyn@contoso.com"] = []model.Object{user("cy")}
			r, err = Walk(context.Background(), s, roots, Options{})
			require.NoError(t, err)
			assert.Empty(t, r.Missing, "the next reading asks again")
			assert.Equal(t, []string{"cy@contoso.com"}, addresses(r))
		})
	}
}

func TestAListThatNeitherServiceReadsWasNotReadThroughGraph(t *testing.T) {
	gone := &model.Error{Kind: model.KindUnavailable, Code: "unreachable", Message: "no connection"}
	graph, exchange := newService(SourceGraph), newService(SourceExchangeAdmin)
	exchange.refuse = gone
	graph.members["dl@contoso.com"] = []model.Object{user("ann")}
	graph.listing["lost@contoso.com"] = Listing{Err: gone}
	r, err := Walk(context.Background(), sources(graph, exchange), entry(list("dl", model.KindDistribution), list("lost", model.KindDistribution)), Options{})
	require.NoError(t, err)
	require.Len(t, r.Missing, 2)
	assert.Contains(t, r.Missing[0].Reason.Message, "dl was read through Graph")
	assert.Equal(t, Missing{Entry: "lost", Reason: gone}, r.Missing[1])
}

func TestOneListThatExchangeCannotReadIsReadThroughGraph(t *testing.T) {
	graph, exchange := newService(SourceGraph), newService(SourceExchangeAdmin)
	odd := &model.Error{Kind: model.KindFailed, Code: "ErrorItemNotFound", Message: "the list was not found"}
	exchange.listing["dl@contoso.com"] = Listing{Members: []model.Object{user("dan")}, Err: odd}
	exchange.members["fine@contoso.com"] = []model.Object{user("bob")}
	graph.members["dl@contoso.com"] = []model.Object{user("ann")}
	l := ask(t, sources(graph, exchange), list("dl", model.KindDistribution), list("fine", model.KindDistribution))
	assert.Equal(t, odd, l[0].Instead)
	assert.Nil(t, l[0].Err)
	assert.Equal(t, []model.Object{user("dan"), user("ann")}, l[0].Members, "what Exchange had told stands")
	assert.Equal(t, SourceExchangeAdmin, l[1].Source)
	assert.Nil(t, l[1].Instead)
}

func TestAListThatExchangeNamesByItsAddressGetsItsKindAndID(t *testing.T) {
	graph, exchange := newService(SourceGraph), newService(SourceEWS)
	exchange.members["dl@contoso.com"] = []model.Object{byAddress("sec"), byAddress("dyn"), byAddress("dl2"), user("ann")}
	exchange.members["dl2@contoso.com"] = []model.Object{byAddress("SEC"), byAddress("dyn")}
	exchange.members["dyn@contoso.com"] = []model.Object{user("cy")}
	graph.members["sec@contoso.com"] = []model.Object{user("bob")}
	s := sources(graph, exchange)
	var classified [][]string
	s.Classify = func(_ context.Context, addresses []string) ([]model.Object, error) {
		classified = append(classified, addresses)
		return []model.Object{list("sec", model.KindMailEnabledSecurity), list("dl2", model.KindDistribution)}, nil
	}
	exchange.members["sec@contoso.com"] = graph.members["sec@contoso.com"]
	r, err := Walk(context.Background(), s, entry(list("dl", model.KindDistribution)), Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"ann@contoso.com", "bob@contoso.com", "cy@contoso.com"}, addresses(r))
	assert.Equal(t, [][]string{{"sec@contoso.com", "dyn@contoso.com", "dl2@contoso.com"}}, classified, "in one go, and once")
	assert.Equal(t, "g-sec", nodeOf(t, r, "sec").Group.ID)
	assert.Len(t, nodeOf(t, r, "sec").Parents, 2)
	assert.Equal(t, model.KindDynamicDistribution, nodeOf(t, r, "dyn").Group.Kind)
	assert.Len(t, r.Nodes, 4)
}

func TestAHiddenGroupInAListOfExchangeIsNoEmptyGroup(t *testing.T) {
	graph, exchange := newService(SourceGraph), newService(SourceExchangeAdmin)
	team := list("team", model.KindMicrosoft365)
	exchange.members["dl@contoso.com"] = []model.Object{team}
	s := sources(graph, exchange)
	s.Classify = func(context.Context, []string) ([]model.Object, error) {
		known := list("team", model.KindMicrosoft365)
		known.Group.HiddenMembership = true
		return []model.Object{known}, nil
	}
	r, err := Walk(context.Background(), s, entry(list("dl", model.KindDistribution)), Options{})
	require.NoError(t, err)
	assert.True(t, nodeOf(t, r, "team").Group.HiddenMembership, "whoever reads it must know")

	exchange.asked, graph.asked = map[string]bool{}, map[string]bool{}
	s.Classify = func(context.Context, []string) ([]model.Object, error) {
		return nil, errors.New("Graph is out of reach")
	}
	r, err = Walk(context.Background(), s, entry(list("dl", model.KindDistribution)), Options{})
	require.NoError(t, err)
	require.Len(t, r.Missing, 1)
	assert.Equal(t, "dl: Graph is out of reach", r.Missing[0].String())
}

func TestAUserWhomExchangeNamesByTheAddressIsTheSyncedOne(t *testing.T) {
	exchange := newService(SourceEWS)
	nameless := model.Object{Type: model.ObjectUser, DisplayName: "Ann", Mail: "ANN@contoso.com"}
	stranger := model.Object{Type: model.ObjectUser, DisplayName: "Zoe", Mail: "zoe@contoso.com"}
	exchange.members["dl@contoso.com"] = []model.Object{nameless, stranger}
	r, err := Walk(context.Background(), sources(newService(SourceGraph), exchange), entry(list("dl", model.KindDistribution), user("ann")), Options{
		JoinAddress: func(address string) (model.Object, bool) {
			ann := user("ann")
			ann.MobilePhone = "+1"
			return ann, strings.EqualFold(address, ann.Mail)
		},
	})
	require.NoError(t, err)
	require.Len(t, r.Recipients, 2)
	assert.Equal(t, "u-ann", r.Recipients[0].Object.ID)
	assert.True(t, r.Recipients[0].SMS)
	assert.Equal(t, "zoe@contoso.com", r.Recipients[1].Address)
	assert.Len(t, r.Objects(), 2)
}

func TestAUserAndAContactOfOneAddressAreTheUserWhicheverIsToldFirst(t *testing.T) {
	guest := model.Object{Type: model.ObjectUser, DisplayName: "Gus", Mail: "gus@fabrikam.com"}
	contact := model.Object{Type: model.ObjectContact, DisplayName: "Gus (Fabrikam)", Mail: "Gus@fabrikam.com"}
	synced := user("gus")
	synced.Mail, synced.UserType, synced.MobilePhone = guest.Mail, "Guest", "+1"
	for _, members := range [][]model.Object{{guest, contact}, {contact, guest}, {contact, guest, guest, contact}} {
		for _, join := range []func(string) (model.Object, bool){nil, func(string) (model.Object, bool) { return synced, true }} {
			exchange := newService(SourceEWS)
			exchange.members["dl@contoso.com"] = members
			r, err := Walk(context.Background(), sources(newService(SourceGraph), exchange), entry(list("dl", model.KindDistribution)), Options{JoinAddress: join})
			require.NoError(t, err)
			require.Len(t, r.Recipients, 1)
			assert.Equal(t, model.ObjectUser, r.Recipients[0].Object.Type)
			assert.Equal(t, join != nil, r.Recipients[0].SMS)
			assert.Equal(t, 1, r.Duplicates)
		}
	}
}

func TestAStoredMembershipIsNotedWithItsAge(t *testing.T) {
	exchange := newService(SourceExchangeAdmin)
	exchange.listing["dyn@contoso.com"] = Listing{Members: []model.Object{user("ann")}, Stored: true}
	r, err := Walk(context.Background(), sources(newService(SourceGraph), exchange), entry(list("dyn", model.KindDynamicDistribution)), Options{})
	require.NoError(t, err)
	assert.Empty(t, r.Missing)
	assert.Equal(t, []string{"dyn: its members are as Exchange last calculated them, which it does once in 24 hours"}, r.Notes)
	assert.True(t, r.Nodes[0].Stored)
}

func TestExchangeWebServicesAreSaidToHideMembersWithoutAnAddressAndHiddenLists(t *testing.T) {
	exchange := newService(SourceEWS)
	exchange.members["dl@contoso.com"] = []model.Object{list("nested", model.KindDistribution), user("ann")}
	r, err := Walk(context.Background(), sources(newService(SourceGraph), exchange), entry(list("dl", model.KindDistribution)), Options{})
	require.NoError(t, err)
	require.Len(t, r.Notes, 1)
	assert.Contains(t, r.Notes[0], "dl and 1 other list came from Exchange Web Services, which list neither members without an address, nested security groups among them, nor lists that are hidden from address lists")
}

func TestTheMatrixSaysWhatExchangeWebServicesLeaveOut(t *testing.T) {
	for _, v := range Matrix() {
		if v.Source != SourceEWS || v.Sight == SightNone {
			continue
		}
		assert.Contains(t, v.Reason, "hidden from address lists", "%s", v.Kind)
		assert.NotEmpty(t, v.Remedy, "%s", v.Kind)
		if v.Kind != model.KindDynamicDistribution { // which selects recipients alone
			assert.Contains(t, v.Reason, "nested security groups", "%s", v.Kind)
		}
	}
}

func TestAListFoundByItsAddressTakesTheNameThatAnotherListTells(t *testing.T) {
	exchange := newService(SourceExchangeAdmin)
	dynamic := list("emea", model.KindDynamicDistribution)
	exchange.members["dl@contoso.com"] = []model.Object{dynamic}
	byAddress := list("emea", model.KindDynamicDistribution)
	byAddress.DisplayName, byAddress.Group.DisplayName = byAddress.Mail, byAddress.Mail
	for _, roots := range [][]Root{
		entry(byAddress, list("dl", model.KindDistribution)), entry(list("dl", model.KindDistribution), byAddress),
	} {
		exchange.asked = map[string]bool{}
		r, err := Walk(context.Background(), sources(newService(SourceGraph), exchange), roots, Options{})
		require.NoError(t, err)
		require.Len(t, r.Nodes, 2)
		assert.Equal(t, "emea", nodeOf(t, r, "emea").Name())
	}
}

func TestAListReadByItsIDAndByItsAddressBecomesOne(t *testing.T) {
	f := newTenant()
	idOnly := model.Object{ID: "g-x", Type: model.ObjectGroup}
	f.members["g-top"] = []model.Object{idOnly, byAddress("x"), group("late")}
	f.members["g-late"] = []model.Object{group("x")} // which gives both, after each was read
	f.members["g-x"] = []model.Object{user("ann"), group("late")}
	f.members[""] = []model.Object{user("bob")} // what the address answers
	r := walk(t, f, entry(group("top")), Options{})
	require.Len(t, r.Nodes, 3)
	assert.Equal(t, []string{"ann@contoso.com", "bob@contoso.com"}, addresses(r), "what either reading told")
	x := nodeOf(t, r, "x")
	assert.Equal(t, "g-x", x.Group.ID)
	assert.Equal(t, 2, x.Unique)
	assert.Equal(t, 3, x.Direct)
	assert.Len(t, x.Parents, 2)
	assert.Equal(t, 2, nodeOf(t, r, "top").Direct)
	assert.True(t, x.Cycle)
	paths, cut := r.Why("bob@contoso.com", 10)
	assert.False(t, cut)
	assert.ElementsMatch(t, []string{"entry → top → x → bob@contoso.com", "entry → top → late → x → bob@contoso.com"}, pathTexts(paths))
}

func TestAListThatIsKnownToReachNobodyIsEmpty(t *testing.T) {
	f := newTenant()
	f.members["g-top"] = []model.Object{group("hole"), group("hidden"), group("ann's")}
	f.members["g-hole"] = []model.Object{group("deeper"), group("top2")}
	f.members["g-over"] = []model.Object{group("hidden")}
	f.members["g-ann's"] = []model.Object{user("ann")}
	f.listing["g-hidden"] = Listing{Hidden: true}
	r := walk(t, f, entry(group("top"), group("over")), Options{})
	for name, empty := range map[string]bool{"hole": true, "deeper": true, "top2": true, "hidden": false, "over": false, "ann's": false, "top": false} {
		assert.Equal(t, empty, nodeOf(t, r, name).Empty(), name)
	}
}

func TestTheMatrixHasAReasonAndARemedyWhereAKindIsNotSeen(t *testing.T) {
	rows := Matrix()
	assert.Len(t, rows, 5*3)
	for _, v := range rows {
		t.Run(fmt.Sprint(v.Kind, " through ", v.Source), func(t *testing.T) {
			assert.Equal(t, v.Sight == SightNone, len(v.Permissions) == 0)
			if v.Sight != SightFull {
				assert.NotEmpty(t, v.Reason)
			}
			assert.False(t, v.Asked && v.Sight == SightNone)
		})
	}
}
