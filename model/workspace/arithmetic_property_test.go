package workspace_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

// The people of the property tests: users of the tenant, of whom every fourth
// has no address, and some whom only addresses know.
const (
	arithmeticUsers     = 12
	arithmeticStrangers = 3
)

// arithmetic is a tenant in which any set of people can be written as an entry.
type arithmetic struct {
	tenant    *workspacetest.Tenant
	workspace *workspace.Workspace
	folder    string
	made      int // entries
}

func newArithmetic(t *rapid.T, folder string) *arithmetic {
	tenant := workspacetest.Contoso()
	tenant.Users = nil
	for i := range arithmeticUsers {
		fields := []model.Field{
			{Attr: model.AttrDisplayName, Value: fmt.Sprintf("User %d", i)},
			{Attr: model.AttrUserPrincipalName, Value: fmt.Sprintf("upn%d@contoso.com", i)},
			{Attr: model.AttrEmployeeID, Value: fmt.Sprint(i)},
		}
		if i%4 > 0 {
			mail := fmt.Sprintf("user%d@contoso.com", i)
			fields = append(fields, model.Field{Attr: model.AttrMail, Value: mail},
				model.Field{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:" + mail, fmt.Sprintf("smtp:former%d@contoso.com", i)}})
		}
		tenant.Users = append(tenant.Users, model.Change{ID: workspacetest.ID(100 + i), Fields: fields})
	}
	w := tenant.Workspace()
	require.NoError(t, w.Open(t.Context()))
	_, err := w.Sync(t.Context(), refresh.Request{})
	require.NoError(t, err)
	return &arithmetic{tenant: tenant, workspace: w, folder: folder}
}

// people is a set of users, by number, and of strangers, whose numbers follow.
type people map[int]bool

func isStranger(n int) bool { return n >= arithmeticUsers }

// key is how the person is told from others in what a preview answers.
func key(n int) string {
	if isStranger(n) {
		return fmt.Sprintf("stranger%d@fabrikam.com", n)
	}
	return workspacetest.ID(100 + n)
}

// address is the person's primary one, "" when there is none.
func address(n int) string {
	switch {
	case isStranger(n):
		return key(n)
	case n%4 > 0:
		return fmt.Sprintf("user%d@contoso.com", n)
	}
	return ""
}

func (p people) with(o people) people {
	out := maps.Clone(p)
	maps.Copy(out, o)
	return out
}

func (p people) where(keep func(n int) bool) people {
	out := people{}
	for n := range p {
		if keep(n) {
			out[n] = true
		}
	}
	return out
}

func (p people) and(o people) people   { return p.where(func(n int) bool { return o[n] }) }
func (p people) minus(o people) people { return p.where(func(n int) bool { return !o[n] }) }

// keys are the people, sorted.
func (p people) keys() []string {
	list := []string{}
	for n := range p {
		list = append(list, key(n))
	}
	slices.Sort(list)
	return list
}

// addresses are those of the people who have one, sorted.
func (p people) addresses() []string {
	list := []string{}
	for n := range p.where(func(n int) bool { return address(n) != "" }) {
		list = append(list, address(n))
	}
	slices.Sort(list)
	return list
}

func drawPeople(t *rapid.T, label string, to int) people {
	p := people{}
	for _, n := range rapid.SliceOfN(rapid.IntRange(0, to-1), 0, to).Draw(t, label) {
		p[n] = true
	}
	return p
}

// entry writes a random set of people as an entry of a random kind.
func (a *arithmetic) entry(t *rapid.T) (string, people) {
	a.made++
	ctx, name := t.Context(), fmt.Sprintf("n%d", a.made)
	kind := rapid.SampledFrom([]string{"rule", "segment", "members", "group", "list", "file", "snapshot"}).Draw(t, "kind")
	to := arithmeticUsers
	if kind == "file" || kind == "snapshot" {
		to += arithmeticStrangers
	}
	set := drawPeople(t, kind, to)
	switch kind {
	case "rule", "segment":
		text := `user.employeeId -eq "nobody"`
		if len(set) > 0 {
			var ids []string
			for n := range set {
				ids = append(ids, fmt.Sprintf("%q", fmt.Sprint(n)))
			}
			text = "user.employeeId -in [" + strings.Join(ids, ",") + "]"
		}
		if kind == "rule" {
			return "rule:" + text, set
		}
		_, err := a.workspace.SaveSegment(ctx, name, text, nil)
		require.NoError(t, err)
		return "segment:" + name, set
	case "members", "group":
		// A group stays what it is for all entries of one audience.
		group := 1000 + a.made
		a.tenant.Objects = append(a.tenant.Objects, model.Object{
			ID: workspacetest.ID(group), Type: model.ObjectGroup, DisplayName: name,
			Group: &model.Group{ID: workspacetest.ID(group), DisplayName: name, Kind: model.KindSecurity},
		})
		for n := range set {
			a.tenant.MembersOf[workspacetest.ID(group)] = append(a.tenant.MembersOf[workspacetest.ID(group)], a.tenant.User(100+n))
		}
		if kind == "members" {
			return "rule:" + memberOf(group), set
		}
		return "group:" + workspacetest.ID(group), set
	case "list":
		if len(set) == 0 {
			set[0] = true // no list is empty
		}
		_, err := a.workspace.SaveList(ctx, name, set.keys())
		require.NoError(t, err)
		return "list:" + name, set
	case "file":
		lines := "recipient,mail\n"
		for n := range set {
			lines += "x," + a.spelled(t, n) + "\n"
		}
		path := filepath.Join(a.folder, name+".csv")
		require.NoError(t, os.WriteFile(path, []byte(lines), 0o600))
		return "file:" + path, set
	default:
		set = set.where(func(n int) bool { return address(n) != "" })
		require.NoError(t, a.tenant.Ledger.SaveSnapshot(ctx, workspace.Snapshot{ID: name, Addresses: set.addresses()}))
		return "snapshot:" + name, set
	}
}

// spelled names a person in one of the ways in which a file can.
func (a *arithmetic) spelled(t *rapid.T, n int) string {
	ways := []string{key(n)}
	if !isStranger(n) {
		ways = append(ways, fmt.Sprintf("upn%d@contoso.com", n))
		if address(n) != "" {
			ways = append(ways, address(n), fmt.Sprintf("former%d@contoso.com", n))
		}
	}
	way := rapid.SampledFrom(ways).Draw(t, "way")
	if rapid.Bool().Draw(t, "upper") {
		return strings.ToUpper(way)
	}
	return way
}

func (a *arithmetic) preview(t *rapid.T, entries ...string) *audience.Preview {
	p, err := a.workspace.Preview(t.Context(), entries, nil, nil)
	require.NoError(t, err, "%q", entries)
	require.True(t, p.Complete(), "%v", p.Missing)
	return p
}

// keysOf tells who the objects of a preview are.
func keysOf(p *audience.Preview) []string {
	list := []string{}
	for _, o := range p.Objects() {
		if o.ID == "" {
			list = append(list, strings.ToLower(o.Mail))
		} else {
			list = append(list, o.ID)
		}
	}
	slices.Sort(list)
	return list
}

// TestAudiencesAreWhatPlainSetsAre compares previews of random entries with
// sets of numbers.
func TestAudiencesAreWhatPlainSetsAre(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		a := newArithmetic(t, folder)
		sides := map[string]people{"": {}, "&": {}, "-": {}}
		signs := make(map[string]int)
		var entries []string
		for range rapid.IntRange(1, 6).Draw(t, "entries") {
			sign := rapid.SampledFrom([]string{"", "", "&", "-"}).Draw(t, "sign")
			entry, set := a.entry(t)
			entries = append(entries, sign+entry)
			sides[sign] = sides[sign].with(set)
			signs[sign]++
		}
		if signs[""] == 0 {
			_, err := a.workspace.Preview(t.Context(), entries, nil, nil)
			require.Equal(t, "nothingIncluded", model.AsError(err).Code)
			return
		}
		inside := sides[""]
		if signs["&"] > 0 {
			inside = inside.and(sides["&"])
		}
		left := inside.minus(sides["-"])

		p := a.preview(t, entries...)
		require.Equal(t, left.keys(), keysOf(p), "%q", entries)
		got := [3][]string{{}, {}, {}}
		for _, r := range p.Recipients {
			got[0] = append(got[0], strings.ToLower(r.Address))
		}
		for _, r := range p.Outside {
			got[1] = append(got[1], strings.ToLower(r.Address))
		}
		for _, r := range p.Excluded {
			got[2] = append(got[2], strings.ToLower(r.Address))
		}
		require.Equal(t, [3][]string{left.addresses(), sides[""].minus(inside).addresses(), inside.and(sides["-"]).addresses()}, got, "%q", entries)
		require.Len(t, p.WithoutAddress, len(left)-len(left.addresses()))
		require.Equal(t, len(left.addresses()), p.Counts.Unique)
	})
}

// TestAudiencesKeepTheLawsOfSets compares previews with each other.
func TestAudiencesKeepTheLawsOfSets(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		a := newArithmetic(t, folder)
		x, _ := a.entry(t)
		y, _ := a.entry(t)
		z, _ := a.entry(t)
		is := func(entries ...string) []string { return keysOf(a.preview(t, entries...)) }

		others := is(z)
		require.Empty(t, is(x, "-"+x), "A − A is nobody")
		require.Equal(t, is(x), is(x, "&"+x), "A ∩ A is A")
		require.Equal(t, is(x), is(x, x), "A ∪ A is A")
		require.Equal(t, is(x), is(x, "&"+x, "&"+y), "A ∩ (A ∪ B) is A")
		require.Equal(t, is(x, y, z), is(z, x, y), "A ∪ B is B ∪ A")
		require.Equal(t, is(x, "&"+y), is(y, "&"+x), "A ∩ B is B ∩ A")
		require.Equal(t, is(x), union(is(x, "&"+y), is(x, "-"+y)), "A is (A ∩ B) ∪ (A − B)")
		require.Equal(t, is(x, y, "&"+z), union(is(x, "&"+z), is(y, "&"+z)), "(A ∪ B) ∩ C is (A ∩ C) ∪ (B ∩ C)")
		require.Equal(t, is(x, y, "-"+z), union(is(x, "-"+z), is(y, "-"+z)), "(A ∪ B) − C is (A − C) ∪ (B − C)")
		require.Equal(t, is(x, "&"+y, "&"+z), union(is(x, "&"+y), is(x, "&"+z)), "A ∩ (B ∪ C) is (A ∩ B) ∪ (A ∩ C)")
		require.Equal(t, is(x, "-"+y, "-"+z), slices.DeleteFunc(is(x, "-"+y), func(k string) bool { return slices.Contains(others, k) }), "A − (B ∪ C) is (A − B) − C")
	})
}

// union is who is in either of two sorted lists, sorted.
func union(a, b []string) []string {
	both := append([]string{}, a...)
	both = append(both, b...)
	slices.Sort(both)
	return slices.Compact(both)
}
