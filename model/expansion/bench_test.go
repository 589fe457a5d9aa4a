package expansion

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/model"
)

// large is 1,000 lists in a tree six levels deep with 1,000,000 memberships
// over 200,000 users, in pages of 999. As out of an answer's bytes, every
// mention of a user has strings of its own.
type large struct {
	lists, each int
	users       []model.Object
	enabled     bool
}

func newLarge() *large {
	l := &large{lists: 1000, each: 1000, users: make([]model.Object, 200_000), enabled: true}
	for i := range l.users {
		o := user(fmt.Sprintf("user%06d", i))
		o.ID = fmt.Sprintf("%08x-0000-4000-8000-%012x", i*2654435761, i)
		o.ProxyAddresses = []string{"SMTP:" + o.Mail, fmt.Sprintf("smtp:a%d@contoso.com", i)}
		o.MobilePhone = "+1 425 555 0109"
		o.AccountEnabled = &l.enabled
		l.users[i] = o
	}
	return l
}

// mention is a user as a page spells it.
func (l *large) mention(i int) model.Object {
	o := l.users[i]
	o.ID, o.DisplayName, o.Mail = strings.Clone(o.ID), strings.Clone(o.DisplayName), strings.Clone(o.Mail)
	o.UserPrincipalName, o.MobilePhone = strings.Clone(o.UserPrincipalName), strings.Clone(o.MobilePhone)
	o.ProxyAddresses = []string{strings.Clone(o.ProxyAddresses[0]), strings.Clone(o.ProxyAddresses[1])}
	return o
}

const largePage = 999

func (l *large) Members(_ context.Context, questions []Question) ([]Listing, error) {
	out := make([]Listing, len(questions))
	for i, q := range questions {
		var n int
		if _, err := fmt.Sscanf(q.Group.ID, "g-list%d", &n); err != nil {
			return nil, err
		}
		from := 0
		if q.Next != "" {
			from = largePage
		}
		to := min(from+largePage, l.each)
		members := make([]model.Object, 0, to-from)
		for k := from; k < to; k++ {
			if child := 4*n + 1 + k; k < 4 && child < l.lists {
				members = append(members, group(fmt.Sprintf("list%d", child)))
				continue
			}
			members = append(members, l.mention((n*7919+k*193)%len(l.users)))
		}
		out[i] = Listing{GroupID: q.Group.ID, Source: SourceGraph, Members: members}
		if to < l.each {
			out[i].Next = "second page"
		}
	}
	return out, nil
}

// processor is the time that the process has used of its processors.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The figures are of the walk and of the answers that it reads: "cpu-s/op" is
// the time that all processors spent, garbage collection included, and
// "answers-cpu-s/op" how much of it went into making the answers.
// "bytes/membership" is the heap that stays alive as long as the result does.
func BenchmarkWalkOfAMillionMemberships(b *testing.B) {
	l := newLarge()
	b.ReportAllocs()
	var r *Result
	began := processor(b)
	for b.Loop() {
		var err error
		r, err = Walk(context.Background(), l, entry(group("list0")), Options{Domains: []string{"contoso.com"}})
		require.NoError(b, err)
	}
	spent := processor(b) - began
	b.StopTimer()
	b.ReportMetric(spent.Seconds()/float64(b.N), "cpu-s/op")

	began = processor(b)
	questions := make([]Question, 0, l.lists)
	for i := range l.lists {
		questions = append(questions, Question{Group: *group(fmt.Sprintf("list%d", i)).Group})
	}
	_, err := l.Members(context.Background(), questions)
	require.NoError(b, err)
	b.ReportMetric((processor(b) - began).Seconds(), "answers-cpu-s/op")

	require.Equal(b, l.lists*l.each-len(r.Nodes)+1, r.Duplicates+len(r.Recipients))
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
