package expansion

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/model"
)

// large is 1,000 lists in a tree six levels deep with 1,000,000 memberships
// over 200,000 users, made when they are asked for.
type large struct {
	lists, each int
	users       []model.Object
}

func newLarge() *large {
	l := &large{lists: 1000, each: 1000, users: make([]model.Object, 200_000)}
	for i := range l.users {
		l.users[i] = user(fmt.Sprintf("user%06d", i))
		l.users[i].ProxyAddresses = []string{"SMTP:" + l.users[i].Mail, fmt.Sprintf("smtp:a%d@contoso.com", i)}
		l.users[i].MobilePhone = "+1"
	}
	return l
}

func (l *large) Members(_ context.Context, questions []Question) ([]Listing, error) {
	out := make([]Listing, len(questions))
	for i, q := range questions {
		g := q.Group
		var n int
		if _, err := fmt.Sscanf(g.ID, "g-list%d", &n); err != nil {
			return nil, err
		}
		members := make([]model.Object, 0, l.each)
		for child := 4*n + 1; child <= 4*n+4 && child < l.lists; child++ {
			members = append(members, group(fmt.Sprintf("list%d", child)))
		}
		for k := 0; len(members) < l.each; k++ {
			members = append(members, l.users[(n*7919+k*193)%len(l.users)])
		}
		out[i] = Listing{GroupID: g.ID, Source: SourceGraph, Members: members}
	}
	return out, nil
}

func BenchmarkWalkOfAMillionMemberships(b *testing.B) {
	l := newLarge()
	b.ReportAllocs()
	var r *Result
	for b.Loop() {
		var err error
		r, err = Walk(context.Background(), l, entry(group("list0")), Options{Domains: []string{"contoso.com"}})
		require.NoError(b, err)
	}
	b.StopTimer()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	recipients := len(r.Recipients)
	runtime.KeepAlive(r)
	r = nil
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(before.HeapAlloc-after.HeapAlloc)/1e6, "bytes/membership")
	b.ReportMetric(float64(recipients), "recipients")
}

// A chain is the worst case for counting: every list reaches all below it.
func BenchmarkUniqueInAChainOfAThousandLists(b *testing.B) {
	const lists, each = 1000, 1000
	nodes := make([]*Node, lists)
	for i := range nodes {
		nodes[i] = &Node{index: i}
		for m := range each {
			nodes[i].members = append(nodes[i].members, int32(i*each+m))
		}
		if i > 0 {
			nodes[i-1].Children = []*Node{nodes[i]}
		}
	}
	x := &index{nodes: nodes, recipients: lists * each, recipient: make([]int32, lists*each), objects: make([]model.Object, lists*each)}
	for i := range x.recipient {
		x.recipient[i] = int32(i)
	}
	b.ReportAllocs()
	for b.Loop() {
		x.reach()
	}
	require.Equal(b, lists*each, nodes[0].Unique)
}
