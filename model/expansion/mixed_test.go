package expansion

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

// mixed is a tenant of which Graph and Exchange see different parts, in the
// plainest form: names of members by the name of the list.
type mixed struct {
	kinds   map[string]model.GroupKind
	members map[string][]string // of lists; a name that begins with "list" is a list
	hidden  map[string]bool     // Graph answers nothing and says so
	broken  map[string]bool     // Exchange fails for the list
	lost    map[string]bool     // Graph fails for it
	unknown map[string]bool     // users that were never synced
	refuses bool                // Exchange as a whole
	off     bool                // Exchange is not asked
	ews     bool                // Exchange names objects by their addresses alone
	mixes   bool                // Exchange names a list now by its id, now by its address, and nobody classifies it
}

func drawMixed(t *rapid.T) (*mixed, []string) {
	m := &mixed{
		kinds: map[string]model.GroupKind{}, members: map[string][]string{}, hidden: map[string]bool{},
		broken: map[string]bool{}, lost: map[string]bool{}, unknown: map[string]bool{},
	}
	var pool, lists []string
	for i := range rapid.IntRange(1, 9).Draw(t, "users") {
		name := fmt.Sprintf("user%d", i)
		pool = append(pool, name)
		m.unknown[name] = rapid.IntRange(0, 3).Draw(t, "synced") == 0
	}
	kinds := []model.GroupKind{
		model.KindDistribution, model.KindDistribution, model.KindDynamicDistribution, model.KindMailEnabledSecurity,
		model.KindMicrosoft365, model.KindSecurity,
	}
	if m.mixes = rapid.IntRange(0, 3).Draw(t, "mixes") == 0; m.mixes {
		kinds = kinds[:4] // those that are Exchange's whatever is known of them
	}
	for i := range rapid.IntRange(1, 8).Draw(t, "lists") {
		name := fmt.Sprintf("list%d", i)
		lists, pool = append(lists, name), append(pool, name)
		m.kinds[name] = rapid.SampledFrom(kinds).Draw(t, "kind")
		once := func(label string, in int) bool { return rapid.IntRange(1, in).Draw(t, label) == in }
		m.hidden[name] = m.kinds[name] == model.KindMicrosoft365 && once("hidden", 4)
		m.broken[name], m.lost[name] = once("broken", 6), once("lost", 8)
	}
	for _, name := range lists {
		m.members[name] = rapid.SliceOfN(rapid.SampledFrom(pool), 0, 9).Draw(t, "members")
	}
	m.refuses, m.off = rapid.IntRange(0, 4).Draw(t, "refuses") == 0, rapid.IntRange(0, 4).Draw(t, "off") == 0
	m.ews = rapid.Bool().Draw(t, "ews")
	if m.mixes {
		m.refuses, m.off, m.ews = false, false, true
		clear(m.broken)
	}
	return m, rapid.SliceOfN(rapid.SampledFrom(pool), 1, 3).Draw(t, "roots")
}

func isList(name string) bool { return strings.HasPrefix(name, "list") }

// seen are the members that the tenant can be made to tell of a list, by the
// rules alone.
func (m *mixed) seen(name string) []string {
	kind := m.kinds[name]
	byExchange := !m.off && (kind == model.KindDistribution || kind == model.KindMailEnabledSecurity || kind == model.KindDynamicDistribution)
	switch {
	case byExchange && !m.refuses && !m.broken[name]:
		return m.members[name]
	case kind == model.KindDynamicDistribution || m.lost[name] || m.hidden[name]:
		return nil
	}
	return slices.DeleteFunc(slices.Clone(m.members[name]), func(n string) bool {
		return m.kinds[n] == model.KindDynamicDistribution
	})
}

// object is a name as a source spells it.
func (m *mixed) object(name string, source Source) model.Object {
	if isList(name) {
		if source == SourceEWS {
			return byAddress(name)
		}
		return list(name, m.kinds[name])
	}
	o := user(name)
	if source == SourceEWS {
		return model.Object{Type: model.ObjectUser, DisplayName: name, Mail: strings.ToUpper(o.Mail)}
	}
	return o
}

// sources are the tenant's services, which hand out pages of the size given.
func (m *mixed) sources(page int) *Sources {
	graph, exchange := newService(SourceGraph), newService(SourceExchangeAdmin)
	if m.ews {
		exchange.source = SourceEWS
	}
	failure := func(name string) *model.Error {
		return &model.Error{Kind: model.KindFailed, Code: "failed", Message: name + " failed"}
	}
	for name, members := range m.members {
		address := name + "@contoso.com"
		for i, member := range members {
			spelling := exchange.source
			if m.mixes && (i+len(members))%2 == 0 {
				spelling = SourceExchangeAdmin
			}
			exchange.members[address] = append(exchange.members[address], m.object(member, spelling))
			if m.kinds[member] != model.KindDynamicDistribution {
				graph.members[address] = append(graph.members[address], m.object(member, SourceGraph))
			}
		}
		if m.broken[name] {
			exchange.listing[address] = Listing{Err: failure(name)}
		}
		switch {
		case m.lost[name]:
			graph.listing[address] = Listing{Err: failure(name)}
		case m.hidden[name]:
			graph.listing[address] = Listing{Hidden: true}
		}
	}
	graph.page, exchange.page = page, page+1
	if m.refuses {
		exchange.refuse = &model.Error{Kind: model.KindSignIn, Code: "refused", Message: "Exchange refuses"}
	}
	s := sources(graph, exchange)
	if m.off {
		s.Exchange = nil
	}
	if m.mixes {
		return s
	}
	s.Classify = func(_ context.Context, addresses []string) ([]model.Object, error) {
		var found []model.Object
		for _, a := range addresses {
			if name, _, _ := strings.Cut(a, "@"); m.kinds[name] != model.KindDynamicDistribution {
				found = append(found, list(name, m.kinds[name]))
			}
		}
		return found, nil
	}
	return s
}

// paths adds every way from the path on to what a name reaches.
func (m *mixed) paths(name string, path []string, into map[string]map[string]bool) {
	if slices.Contains(path, name) {
		return
	}
	path = append(slices.Clone(path), name)
	if !isList(name) {
		address := name + "@contoso.com"
		if into[address] == nil {
			into[address] = map[string]bool{}
		}
		into[address][strings.Join(path, " → ")] = true
		return
	}
	for _, member := range m.seen(name) {
		m.paths(member, path, into)
	}
}

func TestAWalkOverSeveralSourcesEqualsANaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, names := drawMixed(t)
		s := m.sources(rapid.IntRange(1, 4).Draw(t, "page"))
		var roots []Root
		for i, name := range names {
			roots = append(roots, Root{Label: fmt.Sprintf("entry%d", i), Objects: []model.Object{m.object(name, SourceGraph)}})
		}
		// Each service refuses to be asked twice for the same page of a list, unless
		// Exchange failed: then Graph begins, and asks for each page once as well.
		r, err := Walk(context.Background(), s, roots, Options{
			JoinAddress: func(address string) (model.Object, bool) {
				name, _, _ := strings.Cut(strings.ToLower(address), "@")
				return user(name), !m.unknown[name]
			},
		})
		require.NoError(t, err)

		want := map[string]map[string]bool{}
		reached := map[string]bool{}
		var visit func(name string)
		visit = func(name string) {
			if !isList(name) || reached[name] {
				return
			}
			reached[name] = true
			for _, member := range m.seen(name) {
				visit(member)
			}
		}
		for i, name := range names {
			m.paths(name, []string{fmt.Sprintf("entry%d", i)}, want)
			visit(name)
		}

		var got []string
		for _, rec := range r.Recipients {
			got = append(got, strings.ToLower(rec.Address))
		}
		require.ElementsMatch(t, keysOf(want), got)
		for address, paths := range want {
			found, cut := r.Why(address, 1_000_000)
			require.False(t, cut)
			var texts []string
			for _, p := range found {
				parts := []string{p.Entry}
				for _, g := range p.Groups {
					parts = append(parts, g.Name())
				}
				name, _, _ := strings.Cut(strings.ToLower(p.Member.Mail), "@")
				texts = append(texts, strings.Join(append(parts, name), " → "))
			}
			slices.Sort(texts) // a user by id and one by the address are two memberships of one list
			require.ElementsMatch(t, keys(paths), slices.Compact(texts), "why %s", address)
		}

		var nodes []string
		for _, n := range r.Nodes {
			nodes = append(nodes, n.Name())
			if !m.mixes {
				require.Equal(t, m.kinds[n.Name()], n.Group.Kind, n.Name())
			}
			unique := map[string]map[string]bool{}
			m.paths(n.Name(), nil, unique)
			require.Equal(t, len(unique), n.Unique, n.Name())
			require.Equal(t, m.inFull(n.Name()), n.Unread() == nil, n.Name())
		}
		require.ElementsMatch(t, keys(reached), nodes, "each list is one node, however it was found")
		require.Equal(t, slices.ContainsFunc(nodes, func(name string) bool { return !m.inFull(name) }), len(r.Missing) > 0)
	})
}

// inFull reports whether the source that sees most of a list answers for it.
func (m *mixed) inFull(name string) bool {
	switch m.kinds[name] {
	case model.KindDynamicDistribution:
		return !m.off && !m.refuses && !m.broken[name]
	case model.KindDistribution, model.KindMailEnabledSecurity:
		if !m.off {
			return !m.refuses && !m.broken[name]
		}
	}
	return !m.lost[name] && !m.hidden[name]
}

func keysOf(set map[string]map[string]bool) []string {
	out := []string{}
	for k := range set {
		out = append(out, k)
	}
	return out
}

// What a list says of a user of a distinct root is joined with it, whichever
// side and root comes first.
func TestADistinctRootIsReadAsAnyOther(t *testing.T) {
	folded := user("old")
	for _, tt := range []struct {
		name  string
		sides func(distinct bool) [][]Root
	}{
		{"alone", func(d bool) [][]Root {
			return [][]Root{{{Label: "segment", Objects: []model.Object{user("ann"), user("bob")}, Distinct: d}}}
		}},
		{"nobody, and a list", func(d bool) [][]Root {
			return [][]Root{{{Label: "segment", Distinct: d}, {Label: "list", Objects: []model.Object{group("g")}}}}
		}},
		{"before a list and another segment", func(d bool) [][]Root {
			return [][]Root{{
				{Label: "segment", Objects: []model.Object{user("ann"), user("bob")}, Distinct: d},
				{Label: "list", Objects: []model.Object{group("g")}},
				{Label: "other", Objects: []model.Object{user("bob"), user("cy")}, Distinct: d},
			}}
		}},
		{"behind a file, and excluded", func(d bool) [][]Root {
			return [][]Root{
				{{Label: "file", Objects: []model.Object{{Type: model.ObjectContact, Mail: "ANN@contoso.com"}, user("ann"), user("ann")}}},
				{{Label: "segment", Objects: []model.Object{user("ann"), user("bob")}, Distinct: d}},
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var told [2]string
			for i, distinct := range []bool{false, true} {
				graph := newService(SourceGraph)
				withProxy := user("ann")
				withProxy.ProxyAddresses = []string{"SMTP:ann@contoso.com", "smtp:old@contoso.com"}
				graph.members["g@contoso.com"] = []model.Object{withProxy, folded, user("dan")}
				s, err := WalkSides(context.Background(), sources(graph, nil), tt.sides(distinct), Options{Now: func() time.Time { return time.Time{} }})
				require.NoError(t, err)
				for _, r := range s.Results {
					for _, recipient := range r.Recipients {
						told[i] += fmt.Sprintln(recipient.Address, recipient.Object.ID, recipient.Object.ProxyAddresses)
					}
					told[i] += fmt.Sprintln(r.Duplicates, r.Overlap(), len(r.Objects()))
				}
				told[i] += fmt.Sprintln(s.Overlap())
			}
			assert.NotEmpty(t, told[0])
			assert.Equal(t, told[0], told[1])
		})
	}
}

// Nobody but Exchange knows the addresses of a dynamic list, and it tells none:
// one that goes by two of them is shown and read twice. Whom it reaches counts
// once.
func TestADynamicListByTwoOfItsAddressesReachesEverybodyOnce(t *testing.T) {
	exchange := newService(SourceExchangeAdmin)
	members := []model.Object{user("ann"), user("bob")}
	exchange.members["emea@contoso.com"], exchange.members["emea.old@contoso.com"] = members, members
	exchange.members["dl@contoso.com"] = []model.Object{list("emea", model.KindDynamicDistribution)}
	asked := model.Object{Type: model.ObjectGroup, Mail: "emea.old@contoso.com", DisplayName: "emea.old@contoso.com", Group: &model.Group{
		Mail: "emea.old@contoso.com", DisplayName: "emea.old@contoso.com", Kind: model.KindDynamicDistribution,
	}}
	r, err := Walk(context.Background(), sources(newService(SourceGraph), exchange), entry(asked, list("dl", model.KindDistribution)), Options{})
	require.NoError(t, err)
	assert.Len(t, r.Nodes, 3)
	assert.Len(t, r.Recipients, 2)
	assert.Empty(t, r.Missing)
}
