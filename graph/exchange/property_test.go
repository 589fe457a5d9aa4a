package exchange_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
)

// rounds is how many random tenants are previewed; ROLLCALL_SOAK=1 asks for many.
func rounds() uint64 {
	if os.Getenv("ROLLCALL_SOAK") == "1" {
		return 150
	}
	return 5
}

// roughWeather leaves out expiring tokens: the order of parallel calls decides
// which of them draws the fault, and one that draws it twice in a row is rightly
// told to sign in again.
const roughWeather = "429=0.05,5xx=0.05,cut=0.03,truncate=0.03"

// A preview of random lists, nested at random, is what a plain walk over the
// tenant's own data finds: the same recipients, each on the same paths, and what
// cannot be seen is said.
func TestPreviewsEqualAPlainWalkOverTheTenant(t *testing.T) {
	met := make(map[string]int)
	for round := range rounds() {
		for _, source := range []expansion.Source{"", expansion.SourceExchangeAdmin, expansion.SourceEWS} {
			name := string(source)
			if name == "" {
				name = "off"
			}
			t.Run(fmt.Sprintf("tenant %d, %s", round, name), func(t *testing.T) { previewRandom(t, round+1, source, met) })
		}
	}
	for _, what := range []string{"cycles", "hidden lists", "nested dynamic lists", "recipients on several paths", "people who were taken away"} {
		assert.Positive(t, met[what], "%s: the tenants are too tame", what)
	}
}

func previewRandom(t *testing.T, number uint64, source expansion.Source, met map[string]int) {
	r := rand.New(rand.NewPCG(number, 5))
	options := randomTenant(r)
	options.Fault = roughWeather
	if r.IntN(4) == 0 {
		options.Fault += ",everybody"
	}
	if r.IntN(2) == 0 {
		options.Consented = append(options.Consented, "Member.Read.Hidden")
	}
	h := open(t, options, source)
	include, exclude, within := randomEntries(r, options)
	preview := h.preview(t, slices.Concat(include, signed("-", exclude), signed("&", within)), nil)

	seesHidden := slices.Contains(options.Consented, "Member.Read.Hidden")
	side := func(entries []string) *plain {
		p := newPlain(h.server.Tenant(), source, seesHidden)
		for _, e := range entries {
			p.enter(e)
		}
		return p
	}
	in, out, cover := side(include), side(exclude), side(within)
	want := slices.DeleteFunc(slices.AppendSeq([]string{}, maps.Keys(in.paths)), func(address string) bool {
		return out.paths[address] != nil || len(within) > 0 && cover.paths[address] == nil
	})
	slices.Sort(want)
	got := []string{}
	for i := range preview.Recipients {
		got = append(got, strings.ToLower(preview.Recipients[i].Address))
	}
	require.Equal(t, want, got, "include %v, exclude %v, within %v", include, exclude, within)

	// What is missing of an exclusion is in doubt for the inclusion as well, and
	// said once.
	missing := make(map[string]bool)
	for m := range in.missing {
		missing[m] = false
	}
	for m := range cover.missing {
		missing[m] = false
	}
	maps.Copy(missing, out.missing)
	assert.Equal(t, missing, missingOf(preview))

	for i, address := range slices.Sorted(maps.Keys(in.paths)) {
		paths, cut := preview.Expansion.Why(address, 20_000)
		require.False(t, cut, "the bound is far above what these tenants can hold")
		var found []string
		for _, p := range paths {
			found = append(found, pathKey(p))
		}
		slices.Sort(found)
		require.Equal(t, slices.Sorted(maps.Keys(in.paths[address])), slices.Compact(found), "recipient %d, %s, include %v", i, address, include)
	}
	if source != expansion.SourceEWS { // which leaves out whatever has no address
		assert.ElementsMatch(t, slices.Collect(maps.Keys(in.addressless)), withoutAddress(preview.Expansion))
	}
	met["cycles"] += in.cycles
	met["hidden lists"] += in.hidden
	met["nested dynamic lists"] += in.nested
	met["people who were taken away"] += len(in.paths) - len(want)
	for _, paths := range in.paths {
		if len(paths) > 1 {
			met["recipients on several paths"]++
		}
	}
}

// pathKey writes a path by identities: how a list is called depends on who was
// asked.
func pathKey(p expansion.Path) string {
	parts := []string{p.Entry}
	for _, n := range p.Groups {
		parts = append(parts, listKey(n.Group.ID, n.Group.Mail))
	}
	return strings.Join(parts, " → ")
}

func listKey(id, mail string) string {
	if id != "" {
		return strings.ToLower(id)
	}
	return strings.ToLower(mail)
}

// missingOf is what a preview says is missing, the list or entry with the reason,
// and whether it is so of an exclusion.
func missingOf(p *audience.Preview) map[string]bool {
	out := make(map[string]bool)
	for _, m := range p.Missing {
		out[m.Entry+": "+m.Reason.Code] = m.Excluded
	}
	return out
}

func withoutAddress(r *expansion.Result) []string {
	var ids []string
	for _, o := range r.WithoutAddress {
		ids = append(ids, o.ID)
	}
	return ids
}

// randomTenant draws groups of all kinds that hold each other in any way,
// dynamic lists, people, contacts and devices.
func randomTenant(r *rand.Rand) emulator.Options {
	o := emulator.Options{
		Users: 120 + r.IntN(200), Seed: r.Uint64N(1 << 32), EWS: true,
		Consented: append(emulator.ReadScopes(), emulator.ExchangeScope, emulator.EWSScope),
	}
	filters := []string{
		`RecipientTypeDetails -eq 'UserMailbox'`, `RecipientTypeDetails -eq 'MailContact'`, `RecipientTypeDetails -eq 'GuestMailUser'`,
		`Company -eq 'Contoso Logistics'`, `CountryOrRegion -eq 'US'`, `CustomAttribute3 -eq 'EMEA'`, `DisplayName -like 'A*'`, `DisplayName -like 'M*'`,
		`Company -eq 'Nobody'`,
	}
	for i := range 1 + r.IntN(4) {
		filter := filters[r.IntN(len(filters))]
		if r.IntN(2) == 0 {
			filter = fmt.Sprintf("((%s) -%s (%s))", filter, []string{"and", "or"}[r.IntN(2)], filters[r.IntN(len(filters))])
		}
		o.DynamicLists = append(o.DynamicLists, seed.CustomDynamicList{Code: fmt.Sprintf("dyn%d", i), Filter: filter})
	}
	kinds := []model.GroupKind{model.KindDistribution, model.KindDistribution, model.KindMailEnabledSecurity, model.KindSecurity, model.KindMicrosoft365}
	n := 5 + r.IntN(8)
	code := func(i int) string { return fmt.Sprintf("list%d", i) }
	for i := range n {
		g := seed.CustomGroup{Code: code(i), DisplayName: fmt.Sprintf("List %d", i), Kind: kinds[r.IntN(len(kinds))]}
		g.Hidden = g.Kind == model.KindMicrosoft365 && r.IntN(2) == 0
		for range r.IntN(4) {
			g.Nested = append(g.Nested, code(r.IntN(n))) // itself too
		}
		if g.Kind == model.KindDistribution || g.Kind == model.KindMailEnabledSecurity {
			for range r.IntN(3) {
				g.Dynamic = append(g.Dynamic, fmt.Sprintf("dyn%d", r.IntN(len(o.DynamicLists))))
			}
		}
		for range r.IntN(12) {
			m := seed.Member{Type: seed.MemberUser, Index: r.IntN(o.Users)}
			switch r.IntN(10) {
			case 0, 1:
				m = seed.Member{Type: seed.MemberContact, Index: r.IntN(40)}
			case 2:
				m = seed.Member{Type: seed.MemberDevice, Index: r.IntN(60)}
			case 3:
				m = seed.Member{Type: seed.MemberServicePrincipal, Index: 0}
			}
			g.Members = append(g.Members, m)
		}
		o.Groups = append(o.Groups, g)
	}
	return o
}

// randomEntries draws what is included, what is excluded, and what all is kept
// within.
func randomEntries(r *rand.Rand, o emulator.Options) (include, exclude, within []string) {
	var all []string
	for _, g := range o.Groups {
		if g.Kind == model.KindSecurity {
			all = append(all, "group:"+g.DisplayName)
		} else {
			all = append(all, g.Code+"@contoso.com")
		}
	}
	for _, l := range o.DynamicLists {
		all = append(all, l.Code+"@contoso.com")
	}
	r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	n := 1 + r.IntN(3)
	include, all = all[:n], all[n:]
	n = r.IntN(2)
	exclude, all = all[:n], all[n:]
	if r.IntN(4) == 0 {
		within = all[:1+r.IntN(2)]
	}
	return include, exclude, within
}

func signed(sign string, entries []string) []string {
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = sign + e
	}
	return out
}

// plain is the definition: a recursive walk over the tenant's own data, without
// a wire and without cleverness.
type plain struct {
	tenant      *seed.Tenant
	source      expansion.Source
	seesHidden  bool
	paths       map[string]map[string]bool // address in lower case → paths by identities
	addressless map[string]bool            // ids of people and contacts
	missing     map[string]bool

	cycles, nested, hidden int // met on the way
}

func newPlain(t *seed.Tenant, source expansion.Source, seesHidden bool) *plain {
	return &plain{tenant: t, source: source, seesHidden: seesHidden, paths: map[string]map[string]bool{}, addressless: map[string]bool{}, missing: map[string]bool{}}
}

// enter walks from one entry.
func (p *plain) enter(entry string) {
	if number, ok := p.tenant.FindDynamicListByAddress(entry); ok {
		if p.source == "" {
			p.missing[entry+": addressNotFound"] = true
			return
		}
		p.walk(seed.Member{Type: seed.MemberDynamicList, Index: number}, []string{entry}, nil)
		return
	}
	for i := range p.tenant.Groups() {
		if g, _ := p.tenant.Group(i); strings.EqualFold(g.Mail, entry) || "group:"+g.DisplayName == entry {
			p.walk(seed.Member{Type: seed.MemberGroup, Index: i}, []string{entry}, nil)
			return
		}
	}
	panic("no such entry: " + entry)
}

// walk goes from a list to everything that it reaches; above are the lists on
// the way to it.
func (p *plain) walk(list seed.Member, path []string, above []seed.Member) {
	if slices.Contains(above, list) {
		p.cycles++
		return
	}
	above = append(slices.Clone(above), list)
	if list.Type == seed.MemberDynamicList {
		if len(above) > 1 {
			p.nested++
		}
		l := p.tenant.DynamicLists()[list.Index]
		path = append(slices.Clone(path), listKey("", l.Mail))
		for m := range p.tenant.DynamicMembers(list.Index) {
			p.meet(m, path)
		}
		return
	}
	g, _ := p.tenant.Group(list.Index)
	path = append(slices.Clone(path), listKey(g.ID, ""))
	if g.Visibility == "HiddenMembership" && !p.seesHidden {
		p.hidden++
		p.missing[g.DisplayName+": membershipHidden"] = true
		return
	}
	unified := slices.Contains(g.GroupTypes, "Unified")
	exchange := p.source != "" && g.MailEnabled && !unified
	for m := range p.tenant.Members(list.Index) {
		switch m.Type {
		case seed.MemberDynamicList:
			if exchange { // Graph does not show it
				p.walk(m, path, above)
			}
		case seed.MemberGroup:
			if inner, _ := p.tenant.Group(m.Index); exchange && p.source == expansion.SourceEWS && inner.Mail == "" {
				continue // ExpandDL leaves out what has no address
			}
			p.walk(m, path, above)
		default:
			p.meet(m, path)
		}
	}
}

// meet takes down a member that is no list.
func (p *plain) meet(m seed.Member, path []string) {
	id, mail := p.tenant.ID(m), ""
	switch m.Type {
	case seed.MemberUser:
		u, ok := p.tenant.User(m.Index)
		if !ok {
			return
		}
		mail = u.Mail
	case seed.MemberContact:
		c, _ := p.tenant.Contact(m.Index)
		mail = c.Mail
	default:
		return // devices and service principals receive nothing
	}
	if mail == "" {
		p.addressless[id] = true
		return
	}
	key := strings.ToLower(mail)
	if p.paths[key] == nil {
		p.paths[key] = map[string]bool{}
	}
	p.paths[key][strings.Join(path, " → ")] = true
}

// The read scopes are all that a preview of everything uses: nothing is asked
// for but by GET, by $batch of GETs, and by the read calls of Exchange.
func TestAPreviewOfEverythingOnlyReads(t *testing.T) {
	for _, source := range []expansion.Source{"", expansion.SourceExchangeAdmin, expansion.SourceEWS} {
		consented := emulator.ReadScopes()
		allowed := []string{"POST /$batch"}
		switch source {
		case expansion.SourceExchangeAdmin:
			consented = append(consented, emulator.ExchangeScope)
			allowed = append(allowed, "POST /adminapi/v2.0/{tenant}/DistributionGroupMember", "POST /adminapi/v2.0/{tenant}/DynamicDistributionGroupMember")
		case expansion.SourceEWS:
			consented = append(consented, emulator.EWSScope)
			allowed = append(allowed, "POST /EWS/Exchange.asmx ExpandDL")
		}
		h := open(t, emulator.Options{Users: 1500, EWS: true, Consented: consented}, source)
		tn := h.server.Tenant()
		include := []string{"nobody@contoso.com", "Nobody at all"}
		for i := range tn.Groups() {
			g, _ := tn.Group(i)
			include = append(include, "group:"+g.ID)
		}
		for _, l := range tn.DynamicLists() {
			include = append(include, l.Mail)
		}
		// Whether the estimate comes in time to be told is left to chance.
		preview := h.preview(t, append(include, "-all-staff@contoso.com"), func(audience.Estimate) {})
		assert.NotEmpty(t, preview.Expansion.Recipients)
		judges := h.server.Judges()
		assert.Zero(t, judges.Writes)
		asked := make(map[string]bool)
		for _, route := range judges.Routes {
			asked[route.Route] = true
			if !strings.HasPrefix(route.Route, "GET ") {
				assert.Contains(t, allowed, route.Route, "source %q", source)
			}
		}
		for _, route := range allowed {
			assert.True(t, asked[route], "%s was not needed", route)
		}
	}
}

// preview resolves and expands an audience, each entry as an administrator
// writes it.
func (h *house) preview(t *testing.T, texts []string, estimated func(audience.Estimate)) *audience.Preview {
	t.Helper()
	entries := make([]audience.Entry, len(texts))
	for i, text := range texts {
		var err error
		entries[i], err = audience.ParseEntry(text)
		require.NoError(t, err)
	}
	p, err := audience.Build(context.Background(), audience.Ports{
		Resolver: h.Client, Members: h.sources, Finder: h.finder, Counter: h.Client, Local: nowhere{},
	}, entries, audience.Options{Join: h.join, JoinAddress: h.joinAddress, Now: h.clock.Now, Estimated: estimated})
	require.NoError(t, err)
	return p
}
