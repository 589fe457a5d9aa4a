package expansion

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

// randomTenant draws lists that hold each other in any way, itself included,
// over users of whom some have no address, and contacts some of which go by a
// user's secondary address.
func randomTenant(t *rapid.T) (map[string][]model.Object, []Root) {
	users := rapid.IntRange(1, 8).Draw(t, "users")
	lists := rapid.IntRange(1, 7).Draw(t, "lists")
	var pool []model.Object
	for i := range users {
		u := user(fmt.Sprintf("user%d", i))
		u.ProxyAddresses = []string{"SMTP:" + u.Mail, fmt.Sprintf("smtp:alias%d@contoso.com", i)}
		if rapid.Bool().Draw(t, "mailless") {
			u.Mail, u.ProxyAddresses = "", nil
		}
		pool = append(pool, u)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "contacts") {
		address := rapid.SampledFrom([]string{"ALIAS0@contoso.com", "Alias1@contoso.com", "user0@CONTOSO.com", "x@fabrikam.com", "y@fabrikam.com"}).Draw(t, "address")
		pool = append(pool, contact(fmt.Sprint(i), address))
	}
	for i := range lists {
		pool = append(pool, group(fmt.Sprintf("list%d", i)))
	}
	subset := rapid.SliceOfN(rapid.SampledFrom(pool), 0, 10)
	members := map[string][]model.Object{}
	for i := range lists {
		members[fmt.Sprintf("g-list%d", i)] = subset.Draw(t, "members")
	}
	var roots []Root
	for i := range rapid.IntRange(1, 3).Draw(t, "roots") {
		roots = append(roots, Root{Label: fmt.Sprintf("entry%d", i), Objects: subset.Draw(t, "objects")})
	}
	return members, roots
}

// naive is the definition: a recursive walk without any cleverness.
type naive struct {
	members map[string][]model.Object
	folded  map[string]string // lower-case address → that of the recipient
}

// recipients returns the addresses that an object reaches.
func (n naive) recipients(o model.Object, above []string, into map[string]bool) {
	if o.Type != model.ObjectGroup {
		if o.Mail != "" {
			into[n.fold(o.Mail)] = true
		}
		return
	}
	if slices.Contains(above, o.ID) {
		return
	}
	for _, m := range n.members[o.ID] {
		n.recipients(m, append(slices.Clone(above), o.ID), into)
	}
}

func (n naive) fold(address string) string {
	address = strings.ToLower(address)
	if to, ok := n.folded[address]; ok {
		return to
	}
	return address
}

// paths returns every simple path from the entries to each recipient.
func (n naive) paths(o model.Object, path []string, into map[string]map[string]bool) {
	if o.Type != model.ObjectGroup {
		if o.Mail != "" {
			key := n.fold(o.Mail)
			if into[key] == nil {
				into[key] = map[string]bool{}
			}
			into[key][strings.Join(append(slices.Clone(path), o.ID), " → ")] = true
		}
		return
	}
	if slices.Contains(path, o.DisplayName) {
		return
	}
	for _, m := range n.members[o.ID] {
		n.paths(m, append(slices.Clone(path), o.DisplayName), into)
	}
}

// ancestor reports whether from reaches to through at least one membership.
func (n naive) ancestor(from, to string, seen map[string]bool) bool {
	for _, m := range n.members[from] {
		if m.Type != model.ObjectGroup {
			continue
		}
		if m.ID == to {
			return true
		}
		if !seen[m.ID] {
			seen[m.ID] = true
			if n.ancestor(m.ID, to, seen) {
				return true
			}
		}
	}
	return false
}

// reached is every object that a plain walk from the roots meets.
func (n naive) reached(roots []Root) []model.Object {
	seen := map[string]model.Object{}
	var visit func(o model.Object)
	visit = func(o model.Object) {
		if _, ok := seen[o.ID]; ok {
			return
		}
		seen[o.ID] = o
		for _, m := range n.members[o.ID] {
			visit(m)
		}
	}
	for _, r := range roots {
		for _, o := range r.Objects {
			visit(o)
		}
	}
	var out []model.Object
	for _, o := range seen {
		out = append(out, o)
	}
	return out
}

// newNaive knows a user's secondary addresses only where the walk meets the
// user: nobody else's address book is asked.
func newNaive(members map[string][]model.Object, roots []Root) naive {
	n := naive{members: members, folded: map[string]string{}}
	for _, o := range n.reached(roots) {
		for _, p := range o.ProxyAddresses {
			if a, ok := smtpAddress(p); ok {
				n.folded[a] = strings.ToLower(o.Mail)
			}
		}
	}
	return n
}

func TestTheWalkEqualsANaiveRecursiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members, roots := randomTenant(t)
		f := newTenant()
		f.members = members
		r, err := Walk(context.Background(), f, roots, Options{})
		require.NoError(t, err)

		n := newNaive(members, roots)
		want, edges := map[string]bool{}, map[string]bool{}
		wantPaths := map[string]map[string]bool{}
		count := func(holder string, objects []model.Object) {
			for _, o := range objects {
				if o.Type != model.ObjectGroup && o.Mail != "" {
					edges[holder+" → "+o.ID] = true
				}
			}
		}
		for _, root := range roots {
			count(root.Label, root.Objects)
			for _, o := range root.Objects {
				n.recipients(o, nil, want)
				n.paths(o, []string{root.Label}, wantPaths)
			}
		}

		var got []string
		for _, rec := range r.Recipients {
			got = append(got, strings.ToLower(rec.Address))
		}
		require.ElementsMatch(t, keys(want), got)

		wantNodes := []string{}
		for _, o := range n.reached(roots) {
			if o.Type == model.ObjectGroup {
				wantNodes = append(wantNodes, o.DisplayName)
				count(o.ID, members[o.ID])
			}
		}
		var gotNodes []string
		for _, node := range r.Nodes {
			gotNodes = append(gotNodes, node.Name())
			unique := map[string]bool{}
			n.recipients(group(node.Name()), nil, unique)
			require.Equal(t, len(unique), node.Unique, "unique of %s", node.Name())
			require.Equal(t, n.ancestor(node.Group.ID, node.Group.ID, map[string]bool{}), node.Cycle, "cycle of %s", node.Name())
		}
		require.ElementsMatch(t, wantNodes, gotNodes)
		require.Equal(t, len(edges)-len(want), r.Duplicates)

		overlap := r.Overlap()
		for i := range roots {
			for j := range roots {
				require.Equal(t, n.common(roots[i], roots[j]), overlap[i][j], "roots %d and %d", i, j)
			}
		}

		for address, paths := range wantPaths {
			found, cut := r.Why(address, 1_000_000)
			require.False(t, cut)
			var texts []string
			for _, p := range found {
				parts := []string{p.Entry}
				for _, g := range p.Groups {
					parts = append(parts, g.Name())
				}
				texts = append(texts, strings.Join(append(parts, p.Member.ID), " → "))
			}
			require.ElementsMatch(t, keys(paths), texts, "why %s", address)
		}
	})
}

// common counts the recipients that both roots reach.
func (n naive) common(a, b Root) int {
	one, other := map[string]bool{}, map[string]bool{}
	for _, o := range a.Objects {
		n.recipients(o, nil, one)
	}
	for _, o := range b.Objects {
		n.recipients(o, nil, other)
	}
	count := 0
	for address := range one {
		if other[address] {
			count++
		}
	}
	return count
}

func keys(set map[string]bool) []string {
	out := []string{}
	for k := range set {
		out = append(out, k)
	}
	return out
}

func TestTheOrderOfMembersChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members, roots := randomTenant(t)
		one := newTenant()
		one.members = members
		first, err := Walk(context.Background(), one, roots, Options{})
		require.NoError(t, err)

		other := newTenant()
		for id, list := range members {
			other.members[id] = rapid.Permutation(list).Draw(t, "members")
		}
		shuffled := make([]Root, len(roots))
		for i, r := range roots {
			shuffled[i] = Root{Label: r.Label, Objects: rapid.Permutation(r.Objects).Draw(t, "objects")}
		}
		second, err := Walk(context.Background(), other, shuffled, Options{})
		require.NoError(t, err)

		assert.Equal(t, first.Recipients, second.Recipients)
		assert.Equal(t, first.WithoutAddress, second.WithoutAddress)
		assert.Equal(t, first.Duplicates, second.Duplicates)
		assert.Equal(t, first.Notes, second.Notes)
		assert.Equal(t, outline(first), outline(second))
	})
}

func outline(r *Result) []string {
	var out []string
	for _, n := range r.Nodes {
		line := fmt.Sprint(n.Name(), n.Depth, n.Direct, n.Unique, n.Cycle)
		for _, c := range n.Children {
			line += " " + c.Name()
		}
		for _, p := range n.Parents {
			line += " <" + p.Name()
		}
		out = append(out, line)
	}
	return out
}
