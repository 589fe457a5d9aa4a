package graph_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
	"rollcall/model/expansion"
)

// The figures of the nested list.
const (
	nestedGroups      = 500
	nestedMemberships = 60_000
	nestedUsers       = 20_000
	memberPage        = 999
	requestsInBatch   = 20
)

// nestedLevels are how many groups the list has at each depth.
func nestedLevels() []int { return []int{1, 5, 24, 90, 180, 200} }

// nested is a distribution list of 500 groups, six deep: each group is in one of
// the level above, a tenth are in a second one, and two that are in themselves
// close cycles. The users are spread over the groups in turn, every one of them
// in about three. large groups of the lower levels take 2,500 users each, three
// pages, at the cost of the others.
func nested(large int) []seed.CustomGroup {
	groups := make([]seed.CustomGroup, 0, nestedGroups)
	memberships := 0
	nest := func(parent, child int) {
		groups[parent].Nested = append(groups[parent].Nested, groups[child].Code)
		memberships++
	}
	above := 0 // first group of the level above
	for depth, n := range nestedLevels() {
		first := len(groups)
		for i := range n {
			g := len(groups)
			groups = append(groups, seed.CustomGroup{Code: fmt.Sprintf("nested-%03d", g), Kind: model.KindDistribution})
			if depth == 0 {
				continue
			}
			nest(above+i%(first-above), g)
			if i%10 == 9 {
				nest(above+(i+1)%(first-above), g)
			}
		}
		above = first
	}
	nest(len(groups)-1, 0)
	nest(above+7, 40)
	user := 0
	enlist := func(g, n int) {
		for range n {
			groups[g].Members = append(groups[g].Members, seed.Member{Type: seed.MemberUser, Index: user % nestedUsers})
			user++
		}
		memberships += n
	}
	for i := range large {
		enlist(nestedGroups-1-i*nestedGroups/(2*large), 2500)
	}
	var small []int
	for g := range groups {
		if len(groups[g].Members) == 0 {
			small = append(small, g)
		}
	}
	rest := nestedMemberships - memberships
	for i, g := range small {
		enlist(g, rest*(i+1)/len(small)-rest*i/len(small))
	}
	return groups
}

// plan is what reading a list takes at the least.
type plan struct {
	reads       int // pages of all groups
	chain       int // longest chain of requests of which each needs the one before
	least       int // requests, with $batch
	memberships int
	users       map[string]bool
}

// planOf works out from the tenant's own data what reading a group and what is
// nested in it takes.
func planOf(tn *seed.Tenant, root int) plan {
	p := plan{users: make(map[string]bool)}
	found := map[int]int{root: 0} // group by the round in which it can be read first
	queue := []int{root}
	var rounds []int // pages by the round in which they can be read first
	for len(queue) > 0 {
		// Those that can be read first come first: each is then found at its earliest.
		i := 0
		for k, g := range queue {
			if found[g] < found[queue[i]] {
				i = k
			}
		}
		g := queue[i]
		queue = slices.Delete(queue, i, i+1)
		listed := 0
		for m := range tn.Members(g) {
			if m.Type == seed.MemberDynamicList || m.Type == seed.MemberServicePrincipal {
				continue
			}
			known := found[g] + listed/memberPage + 1
			listed++
			switch m.Type {
			case seed.MemberUser:
				p.users[tn.ID(m)] = true
			case seed.MemberGroup:
				if before, ok := found[m.Index]; !ok {
					queue = append(queue, m.Index)
					found[m.Index] = known
				} else if known < before {
					found[m.Index] = known
				}
			}
		}
		p.memberships += listed
		pages := max(1, (listed+memberPage-1)/memberPage)
		for len(rounds) < found[g]+pages {
			rounds = append(rounds, 0)
		}
		for n := range pages {
			rounds[found[g]+n]++
		}
		p.reads += pages
	}
	p.chain = len(rounds)
	// Before anything of round k can be read, k batches must have been answered.
	rest := p.reads
	for k, n := range rounds {
		p.least = max(p.least, k+(rest+requestsInBatch-1)/requestsInBatch)
		rest -= n
	}
	return p
}

// nestedRoot is the list as a walk begins with it.
func nestedRoot(tb testing.TB, h *house) (expansion.Root, plan) {
	tb.Helper()
	found, err := h.ResolveAddress(tb.Context(), "nested-000@contoso.com")
	require.NoError(tb, err)
	require.Len(tb, found, 1)
	index, ok := h.server.Tenant().FindGroupByAddress("nested-000@contoso.com")
	require.True(tb, ok)
	p := planOf(h.server.Tenant(), index)
	require.Equal(tb, nestedMemberships, p.memberships)
	require.Len(tb, p.users, nestedUsers)
	return expansion.Root{Label: "nested-000", Objects: found}, p
}

// requestsOf counts the requests that work makes, and the pages of members that
// are read.
func (h *house) requestsOf(work func()) (requests, reads int) {
	count := func() (int, int) {
		j := h.server.Judges()
		i := slices.IndexFunc(j.Routes, func(r emulator.RouteCount) bool { return r.Route == "GET /groups/{id}/members" })
		if i < 0 {
			return j.Requests, 0
		}
		return j.Requests, j.Routes[i].Requests
	}
	requestsBefore, readsBefore := count()
	work()
	requests, reads = count()
	return requests - requestsBefore, reads - readsBefore
}

func (h *house) walk(tb testing.TB, root expansion.Root) *expansion.Result {
	tb.Helper()
	result, err := expansion.Walk(tb.Context(), h, []expansion.Root{root}, expansion.Options{})
	require.NoError(tb, err)
	require.Empty(tb, result.Missing)
	return result
}

// usersOf are the ids of the users that a walk found.
func usersOf(result *expansion.Result) map[string]bool {
	users := make(map[string]bool, len(result.Recipients))
	for _, r := range result.Recipients {
		users[r.Object.ID] = true
	}
	for _, o := range result.WithoutAddress {
		users[o.ID] = true
	}
	return users
}

// oneByOne walks the list as a script would: a call for each page, one after
// another.
func (h *house) oneByOne(ctx context.Context, root string) (users map[string]bool, err error) {
	users = make(map[string]bool)
	seen := map[string]bool{root: true}
	for queue := []string{root}; len(queue) > 0; queue = queue[1:] {
		members, err := h.DirectMembers(ctx, queue[0])
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			switch {
			case m.Type == model.ObjectUser:
				users[m.ID] = true
			case m.Type == model.ObjectGroup && !seen[m.ID]:
				seen[m.ID] = true
				queue = append(queue, m.ID)
			}
		}
	}
	return users, nil
}

func TestANestedListTakesAsFewRequestsAsItCan(t *testing.T) {
	for name, large := range map[string]int{"groups of a page": 0, "groups of several pages": 8} {
		t.Run(name, func(t *testing.T) {
			h := open(t, emulator.Options{Users: nestedUsers, Groups: nested(large)})
			root, plan := nestedRoot(t, h)
			var result *expansion.Result
			requests, reads := h.requestsOf(func() { result = h.walk(t, root) })
			assert.Equal(t, plan.reads, reads, "no page of a group is read twice")
			assert.LessOrEqual(t, float64(requests), 1.2*float64(plan.least))
			assert.Equal(t, plan.users, usersOf(result))
		})
	}
}
