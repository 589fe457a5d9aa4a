package seed

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPagesTogetherAreTheListing(t *testing.T) {
	tenant := New(Options{Users: 400})
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.IntRange(0, tenant.Groups()-1).Draw(t, "group")
		var paged []Member
		for position := int64(0); position >= 0; {
			n := rapid.IntRange(1, 60).Draw(t, "n")
			var page []Member
			page, position = tenant.MembersFrom(g, position, n)
			if len(page) > n || len(page) < n && position >= 0 {
				t.Fatalf("a page of %d for %d", len(page), n)
			}
			paged = append(paged, page...)
		}
		if whole := slices.Collect(tenant.Members(g)); !slices.Equal(whole, paged) {
			t.Fatalf("pages give %d members, the listing %d", len(paged), len(whole))
		}
	})
}

// The overlay is compared with a plain set.
func TestMembershipsAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tenant := New(Options{Users: 120, Seed: rapid.Uint64Range(1, 5).Draw(t, "seed")})
		g := rapid.IntRange(0, tenant.Groups()-1).Draw(t, "group")
		want := make(map[Member]bool)
		for m := range tenant.Members(g) {
			if want[m] {
				t.Fatalf("%v is listed twice", m)
			}
			want[m] = true
		}
		for range rapid.IntRange(0, 60).Draw(t, "writes") {
			m := Member{MemberUser, rapid.IntRange(-1, 130).Draw(t, "user")}
			if rapid.Bool().Draw(t, "contact") {
				m = Member{MemberContact, rapid.IntRange(0, 50).Draw(t, "contact number")}
			}
			if rapid.Bool().Draw(t, "add") {
				if done := tenant.AddMember(g, m); done != (tenant.exists(m) && !want[m]) {
					t.Fatalf("adding %v said %v", m, done)
				} else if done {
					want[m] = true
				}
			} else {
				if done := tenant.RemoveMember(g, m); done != want[m] {
					t.Fatalf("removing %v said %v", m, done)
				}
				delete(want, m)
			}
			if tenant.IsMember(g, m) != want[m] {
				t.Fatalf("%v: member %v, want %v", m, !want[m], want[m])
			}
		}
		listed := slices.Collect(tenant.Members(g))
		for _, m := range listed {
			if !want[m] {
				t.Fatalf("%v is listed but no member", m)
			}
		}
		if len(listed) != len(want) || tenant.MemberCount(g) != len(want) {
			t.Fatalf("%d listed, %d counted, %d are members", len(listed), tenant.MemberCount(g), len(want))
		}
	})
}

func TestAListingSurvivesWritesBetweenItsPages(t *testing.T) {
	tenant := New(Options{})
	g := group(t, tenant, "sg-sales").Index
	before := slices.Collect(tenant.Members(g))
	first, position := tenant.MembersFrom(g, 0, 100)
	require.True(t, tenant.RemoveMember(g, first[3]))
	require.True(t, tenant.RemoveMember(g, before[200]))
	guest := Member{MemberUser, tenant.sharedGuests[0]}
	require.True(t, tenant.AddMember(g, guest))
	rest, end := tenant.MembersFrom(g, position, 10_000)
	assert.Negative(t, end)
	want := append(slices.Delete(slices.Clone(before[100:]), 100, 101), guest)
	assert.Equal(t, want, rest)
}

func TestRemovedUsersLeaveTheirGroups(t *testing.T) {
	tenant := New(Options{})
	g := group(t, tenant, "sg-sales").Index
	m := slices.Collect(tenant.Members(g))[10]
	n := tenant.MemberCount(g)
	require.Contains(t, tenant.MemberOf(m), g)
	require.True(t, tenant.RemoveUser(m.Index, true))
	assert.Equal(t, n-1, tenant.MemberCount(g))
	assert.False(t, tenant.IsMember(g, m))
	assert.False(t, tenant.AddMember(g, m))
	assert.Empty(t, tenant.MemberOf(m))
	_, ok := tenant.Find(tenant.ID(m))
	assert.False(t, ok)
}

func TestEveryMemberIsFoundByItsObjectID(t *testing.T) {
	tenant := New(Options{})
	for _, m := range []Member{
		{MemberUser, 1999}, {MemberGroup, 3}, {MemberContact, 2}, {MemberDevice, 1}, {MemberServicePrincipal, 4}, {MemberDynamicList, 1},
	} {
		found, ok := tenant.Find(tenant.ID(m))
		assert.True(t, ok, "%v", m)
		assert.Equal(t, m, found)
	}
	for _, m := range []Member{{MemberUser, 2000}, {MemberGroup, tenant.Groups()}, {MemberDevice, -1}} {
		_, ok := tenant.Find(tenant.ID(m))
		assert.False(t, ok, "%v", m)
	}
	_, ok := tenant.Find("not an id")
	assert.False(t, ok)
}

func TestUnknownGroupsHaveNoMembers(t *testing.T) {
	tenant := New(Options{Users: 10})
	for _, g := range []int{-1, tenant.Groups()} {
		members, next := tenant.MembersFrom(g, 0, 10)
		assert.Empty(t, members)
		assert.Negative(t, next)
		assert.False(t, tenant.AddMember(g, Member{MemberUser, 1}))
		assert.False(t, tenant.RemoveMember(g, Member{MemberUser, 1}))
	}
	_, next := tenant.DynamicMembersFrom(99, 0, 10)
	assert.Negative(t, next)
}

func TestReadersAndWritersMayRunTogether(t *testing.T) {
	tenant := New(Options{Users: 200})
	g := group(t, tenant, "sg-sales").Index
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 50 {
				m := Member{MemberUser, (worker*50 + i) % 200}
				if !tenant.AddMember(g, m) {
					tenant.RemoveMember(g, m)
				}
				tenant.Churn(uint64(worker*100+i), Churn{Hires: 1, Moves: 1, Renames: 1, Leavers: 1})
			}
		})
		wg.Go(func() {
			for i := range 50 {
				for m := range tenant.Members(g) {
					tenant.User(m.Index)
				}
				tenant.Changes(uint64(i), 5)
				tenant.FindUserByAddress("anja.bauer@contoso.com")
			}
		})
	}
	wg.Wait()
	assert.Equal(t, tenant.MemberCount(g), len(slices.Collect(tenant.Members(g))))
	assert.Equal(t, 400, tenant.UserSlots())
}
