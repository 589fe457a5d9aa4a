package audience

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/expansion"
)

func contributions(p *Preview) map[string][2]int {
	out := map[string][2]int{}
	for _, c := range p.Contributions {
		sign := map[bool]string{true: "-"}[c.Entry.Exclude] + map[bool]string{true: "&"}[c.Entry.Within]
		out[sign+c.Entry.String()] = [2]int{c.Recipients, c.Alone}
	}
	return out
}

func TestEachEntryTellsWhatItContributes(t *testing.T) {
	p := build(t, newWorld(), "all@contoso.com", "segment:S", "file:f.csv", "rule:R", "&group:sub", "&rule:R", "&file:f.csv", "-list:L", "-segment:S", "-group:nope")
	assert.Equal(t, "cy eve@fabrikam.com", names(p.Recipients))
	assert.Equal(t, map[string][2]int{
		"all@contoso.com": {4, 0}, // cy comes by the rule too
		"segment:S":       {1, 0},
		"file:f.csv":      {1, 1},
		"rule:R":          {1, 0},
		"&group:sub":      {2, 0}, // whom it keeps, others take away
		"&rule:R":         {1, 1},
		"&file:f.csv":     {1, 1},
		"-list:L":         {1, 1},
		"-segment:S":      {1, 1},
		"-group:nope":     {0, 0},
	}, contributions(p))
	for i, c := range p.Contributions {
		assert.Equal(t, p.Entries[i], c.Entry, "in the order of the entries")
		assert.Equal(t, c.Entry.Text == "nope", c.Unresolved)
	}
}

func TestAnEntryOfWhichAPartCouldNotBeReadSaysSo(t *testing.T) {
	w := newWorld()
	w.members["g-sub"] = append(w.members["g-sub"], model.Object{ID: "c-1", Type: model.ObjectContact, Limited: true})
	p := build(t, w, "all@contoso.com", "segment:S", "&group:sub", "&rule:R", "-group:sub", "-segment:S", "nobody@contoso.com")
	var partial []string
	for _, c := range p.Contributions {
		if c.Partial {
			partial = append(partial, c.Entry.String())
		}
	}
	assert.Equal(t, []string{"all@contoso.com", "group:sub", "group:sub"}, partial, "on every side, and above the list too")
}

func TestOverlapIsBetweenEntriesOfAllSides(t *testing.T) {
	p := build(t, newWorld(), "-segment:S", "all@contoso.com", "group:nope", "&group:sub", "list:L")
	assert.Equal(t, [][]int{
		{1, 1, 0, 1, 0},
		{1, 4, 0, 2, 1},
		{0, 0, 0, 0, 0},
		{1, 2, 0, 2, 1},
		{0, 1, 0, 1, 1},
	}, p.Overlap())
}

// A plain audience is a set of names by entry; who is reached by which entry is
// all there is to know. Some go by a second address, some have none.
func TestContributionsEqualANaiveCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		w.local, w.byName, w.members = map[string][]model.Object{}, map[string][]model.Object{}, map[string][]model.Object{}
		people := []string{"ann", "bob", "cy", "di", "ed", "fay", "gil"}
		mailless := map[string]bool{}
		for _, name := range people {
			mailless[name] = rapid.IntRange(0, 5).Draw(t, "mailless") == 0
		}
		object := func(name string) model.Object {
			o := user(name)
			if mailless[name] {
				o.Mail, o.ProxyAddresses = "", nil
			}
			return o
		}
		subset := rapid.SliceOfNDistinct(rapid.SampledFrom(people), 0, 5, rapid.ID[string])
		var entries []Entry
		var reach []map[string]bool
		for i := range rapid.IntRange(1, 6).Draw(t, "entries") {
			e := Entry{Kind: EntrySegment, Text: fmt.Sprint(i)}
			switch rapid.IntRange(0, 3).Draw(t, "sign") {
			case 0:
				e.Exclude = true
			case 1:
				e.Within = i > 0
			}
			if i == 0 {
				e.Exclude = false
			}
			reached := map[string]bool{}
			var objects []model.Object
			for _, name := range subset.Draw(t, "direct") {
				reached[name] = true
				objects = append(objects, object(name))
			}
			if rapid.Bool().Draw(t, "isGroup") {
				// A list that holds a list that holds it.
				var below []model.Object
				for _, name := range subset.Draw(t, "below") {
					reached[name] = true
					below = append(below, object(name))
				}
				outer, inner := fmt.Sprintf("outer%d", i), fmt.Sprintf("inner%d", i)
				e.Kind = EntryGroup
				w.byName[e.Text] = []model.Object{group(outer)}
				w.members["g-"+outer] = append(objects, group(inner))
				w.members["g-"+inner] = append(below, group(outer))
			} else {
				w.local["segment:"+e.Text] = objects
			}
			for name := range reached {
				if mailless[name] {
					delete(reached, name)
				}
			}
			entries, reach = append(entries, e), append(reach, reached)
		}
		p, err := Build(context.Background(), Ports{Resolver: w, Local: w, Members: w}, entries, Options{})
		require.NoError(t, err)

		// among returns who is in an audience without one entry (-1: none is left out).
		among := func(without int) map[string]bool {
			left := map[string]bool{}
			for _, name := range people {
				in, within, kept, out := false, false, false, false
				for i, e := range entries {
					has := reach[i][name]
					kept = kept || e.Within
					if i == without {
						continue
					}
					in = in || has && !e.Within && !e.Exclude
					within, out = within || has && e.Within, out || has && e.Exclude
				}
				left[name] = in && (within || !kept) && !out
			}
			return left
		}
		whole := among(-1)
		require.Equal(t, len(p.Recipients), countIn(whole))
		for i, c := range p.Contributions {
			require.Equal(t, len(reach[i]), c.Recipients, c.Entry)
			other, differ := among(i), 0
			for _, name := range people {
				if whole[name] != other[name] {
					differ++
				}
			}
			require.Equal(t, differ, c.Alone, "%v without %v", entries, c.Entry)
		}
		overlap := p.Overlap()
		for i := range entries {
			for j := range entries {
				both := 0
				for name := range reach[i] {
					if reach[j][name] {
						both++
					}
				}
				require.Equal(t, both, overlap[i][j])
			}
		}
	})
}

func countIn(set map[string]bool) (n int) {
	for _, in := range set {
		if in {
			n++
		}
	}
	return n
}

func TestAListOfSeveralSidesIsReadOnce(t *testing.T) {
	w := newWorld()
	counted := &countedMembers{world: w, asked: map[string]int{}}
	p, err := Build(context.Background(), Ports{Resolver: w, Local: w, Members: counted}, parse(t, []string{"all@contoso.com", "&all@contoso.com", "-group:sub"}), Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"g-all": 1, "g-sub": 1}, counted.asked)
	assert.Equal(t, 1, counted.rounds, "all sides in the same rounds: the nested list was a root already")
	assert.Equal(t, "bob cy", names(p.Recipients))
	require.Len(t, p.Expansion.Nodes, 2)
	assert.Equal(t, 1, p.Expansion.Nodes[1].Depth, "an exclusion's root is nested in what is included")
}

type countedMembers struct {
	*world
	asked  map[string]int
	rounds int
}

func (c *countedMembers) Members(ctx context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	c.rounds++
	for _, q := range questions {
		c.asked[q.Group.ID]++
	}
	return c.world.Members(ctx, questions)
}

func TestExternalDomainsAreCounted(t *testing.T) {
	w := newWorld()
	guest := user("guest")
	guest.UserType, guest.Mail, guest.ProxyAddresses = "Guest", "g@Woodgrove.example", nil
	w.local["segment:G"] = []model.Object{
		guest, {Type: model.ObjectContact, Mail: "a@Fabrikam.com"}, {Type: model.ObjectContact, Mail: "b@fabrikam.COM"}, user("ann"),
	}
	p := build(t, w, "segment:G", "bob@contoso.com")
	assert.Equal(t, []DomainCount{{"fabrikam.com", 2}, {"woodgrove.example", 1}}, p.ExternalDomains())
	assert.Equal(t, 1, p.Counts.Guests)
	assert.Equal(t, 3, p.Counts.External)
}

func TestTheReasonWhyAListWasNotReadStandsBesideIt(t *testing.T) {
	w := newWorld()
	broken := &model.Error{Kind: model.KindFailed, Code: "denied", Message: "access denied", Remedy: "consent"}
	p, err := Build(context.Background(), Ports{Resolver: w, Local: w, Members: failing{broken}}, parse(t, []string{"all@contoso.com"}), Options{})
	require.NoError(t, err)
	groups := p.Summary().Groups
	require.Len(t, groups, 1)
	assert.Equal(t, "access denied", groups[0].Reason)
	assert.Equal(t, "consent", groups[0].Remedy)
	assert.False(t, groups[0].Empty)
}

type failing struct{ err *model.Error }

func (f failing) Members(_ context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	listings := make([]expansion.Listing, len(questions))
	for i := range listings {
		listings[i].Err = f.err
	}
	return listings, nil
}

func TestANameByItselfIsAnObjects(t *testing.T) {
	w := newWorld()
	w.byName["Ann"], w.byName["g-sub"] = []model.Object{user("ann")}, []model.Object{group("sub")}
	var many []model.Object
	for i := range 12 {
		many = append(many, user(fmt.Sprintf("ann%02d", i)))
	}
	w.byName["Anns"] = many
	assert.Equal(t, "ann", names(build(t, w, "Ann").Recipients))
	assert.Equal(t, "ann di", names(build(t, w, "g-sub").Recipients))

	p := build(t, w, "Anns")
	require.Len(t, p.Missing, 1)
	assert.Equal(t, "entryAmbiguous", p.Missing[0].Reason.Code)
	assert.Contains(t, p.Missing[0].Reason.Message, "Anns names 12 objects: ann00 (user, ann00@contoso.com, id u-ann00); ")
	assert.True(t, strings.HasSuffix(p.Missing[0].Reason.Message, "id u-ann09); and 2 more"), p.Missing[0].Reason.Message)

	p = build(t, w, "Nobody")
	require.Len(t, p.Missing, 1)
	assert.Equal(t, "nameNotFound", p.Missing[0].Reason.Code)
	assert.Contains(t, p.Missing[0].Reason.Remedy, "segment:Nobody")

	p, err := Build(context.Background(), Ports{Resolver: w, Local: namer{w}, Members: w}, parse(t, []string{"Salse"}), Options{})
	require.NoError(t, err)
	assert.Contains(t, p.Missing[0].Reason.Remedy, "did you mean segment:Sales, Sally Salse?")
}

// namer knows what is near to any name.
type namer struct{ *world }

func (namer) Near(context.Context, string) []Entry {
	return []Entry{{Kind: EntrySegment, Text: "Sales"}, {Kind: EntryObject, Text: "Sally Salse"}}
}

// finder is Exchange, which knows one dynamic list.
type finder struct {
	mu    sync.Mutex
	asked []string
	err   error
}

func (f *finder) FindList(_ context.Context, identity string) ([]model.Object, error) {
	f.mu.Lock()
	f.asked = append(f.asked, identity)
	f.mu.Unlock()
	if f.err != nil || identity != "dyn@contoso.com" {
		return nil, f.err
	}
	dyn := group("dyn")
	dyn.ID, dyn.Group.ID, dyn.Group.Kind = "", "", model.KindDynamicDistribution
	return []model.Object{dyn}, nil
}

func TestExchangeIsAskedForAnAddressOfTheTenantThatGraphDoesNotKnow(t *testing.T) {
	w := newWorld()
	w.members[""] = []model.Object{user("ann")} // of the list without an id
	build := func(f *finder, texts ...string) *Preview {
		p, err := Build(context.Background(), Ports{Resolver: w, Local: w, Members: w, Finder: f}, parse(t, texts), Options{})
		require.NoError(t, err)
		return p
	}
	for _, entry := range []string{"dyn@contoso.com", "group:dyn@contoso.com"} {
		assert.Equal(t, "ann", names(build(&finder{}, entry).Recipients))
	}

	f := &finder{}
	p := build(f, "all@contoso.com", "x@fabrikam.com", "group:nope", "-eve@fabrikam.com")
	assert.Empty(t, f.asked, "neither for what Graph knows, nor for another's domain, nor for a name")
	assert.Contains(t, p.Missing[0].Reason.Remedy, "file:PATH.csv")

	p = build(&finder{}, "no@contoso.com", "group:no@contoso.com")
	for _, m := range p.Missing {
		assert.Contains(t, m.Reason.Message, "neither Graph nor Exchange knows")
	}

	refused := &model.Error{Kind: model.KindPartial, Code: "exchangeRefused", Message: "Exchange refuses", Remedy: "consent"}
	p = build(&finder{err: refused}, "no@contoso.com", "all@contoso.com")
	require.Len(t, p.Missing, 1)
	assert.Equal(t, refused, p.Missing[0].Reason)
	assert.Len(t, p.Recipients, 4)
}

// counter counts what a map says, and waits where it is told to.
type counter struct {
	counts map[string]int
	err    error
	asked  []string
	wait   chan struct{} // closed when the count may come; nil at once
}

func (c *counter) CountUsers(ctx context.Context, groups []model.Group) ([]int, error) {
	out := make([]int, len(groups))
	for i, g := range groups {
		c.asked = append(c.asked, g.ID)
		out[i] = c.counts[g.ID]
	}
	if c.wait != nil {
		select {
		case <-c.wait:
		case <-ctx.Done():
		}
	}
	return out, c.err
}

// slowMembers lets the count come first.
type slowMembers struct {
	*world
	until chan struct{}
}

func (s slowMembers) Members(ctx context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	<-s.until
	return s.world.Members(ctx, questions)
}

func TestAQuickCountComesBeforeTheExactOne(t *testing.T) {
	w := newWorld()
	w.byName["dark"] = []model.Object{group("dark")}
	c := &counter{counts: map[string]int{"g-all": 5, "g-dark": -1}}
	counted := make(chan struct{})
	var estimates []Estimate
	_, err := Build(context.Background(), Ports{Resolver: w, Local: w, Members: slowMembers{w, counted}, Counter: c},
		parse(t, []string{"all@contoso.com", "group:dark", "segment:S", "file:x.csv", "bob@contoso.com", "-group:sub", "&all@contoso.com"}),
		Options{Estimated: func(e Estimate) {
			estimates = append(estimates, e)
			close(counted)
		}})
	require.NoError(t, err)
	assert.Equal(t, []Estimate{{Recipients: 5 + 1 + 2 + 1, Unknown: 1}}, estimates)
	assert.Equal(t, []string{"g-all", "g-dark"}, c.asked, "of what is included")
}

func TestNoQuickCountComesWhereItIsOfNoUse(t *testing.T) {
	tests := map[string]struct {
		counter *counter
		entries []string
	}{
		"the exact one was there first":   {&counter{counts: map[string]int{"g-all": 5}, wait: make(chan struct{})}, []string{"all@contoso.com"}},
		"counting failed":                 {&counter{err: fmt.Errorf("refused")}, []string{"all@contoso.com"}},
		"nothing is known":                {&counter{counts: map[string]int{"g-all": -1}}, []string{"all@contoso.com"}},
		"no list is included":             {&counter{}, []string{"segment:S", "-all@contoso.com"}},
		"the only list is that of limits": {&counter{}, []string{"segment:S", "&all@contoso.com"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			_, err := Build(context.Background(), Ports{Resolver: w, Local: w, Members: w, Counter: tt.counter}, parse(t, tt.entries),
				Options{Estimated: func(e Estimate) { t.Errorf("an estimate came: %v", e) }})
			require.NoError(t, err)
			if tt.entries[0] == "segment:S" {
				assert.Empty(t, tt.counter.asked)
			}
		})
	}
}

// gathering answers an address when as many have been asked for.
type gathering struct {
	*world
	waiting sync.WaitGroup
}

func (g *gathering) ResolveAddress(_ context.Context, address string) ([]model.Object, error) {
	g.waiting.Done()
	g.waiting.Wait()
	return []model.Object{user(strings.TrimSuffix(address, "@contoso.com"))}, nil
}

func TestTheTenantIsAskedForSeveralEntriesAtOnce(t *testing.T) {
	w := &gathering{world: newWorld()}
	w.waiting.Add(askedAtOnce)
	p, err := Build(context.Background(), Ports{Resolver: w, Local: w, Members: w}, parse(t, []string{"ann@contoso.com", "segment:S", "bob@contoso.com", "cy@contoso.com", "-di@contoso.com"}), Options{})
	require.NoError(t, err)
	assert.Equal(t, "ann bob cy", names(p.Recipients), "in the order of the entries, whichever answered first")
	assert.Equal(t, 1, p.Contributions[0].Recipients)

	_, err = Build(context.Background(), Ports{Resolver: w, Local: w, Members: w}, parse(t, []string{"ann@contoso.com", "segment:nope"}), Options{})
	assert.ErrorContains(t, err, "there is no", "an entry that is wrong in itself is told before the tenant is asked")
}
