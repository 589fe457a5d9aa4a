//go:build linux

package cli_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/model/writeback"
)

// These benchmarks time whole processes that make a plan file and apply it, at
// 100 ms a request and with the documented budgets, beside a client that writes
// one member a call. Run each with -benchtime 1x.

// BenchmarkApplyAdditions10k adds 10,000 members.
func BenchmarkApplyAdditions10k(b *testing.B) { benchmarkApply(b, 10_000, 0) }

// BenchmarkApplyRemovals3k removes 3,000 members, all that the tenant lets an
// app write in 150 s.
func BenchmarkApplyRemovals3k(b *testing.B) { benchmarkApply(b, 0, 3_000) }

// BenchmarkApplyBoth does both in one plan, which is more than the tenant takes
// at once: the rest waits until it does.
func BenchmarkApplyBoth(b *testing.B) { benchmarkApply(b, 10_000, 3_000) }

func benchmarkApply(b *testing.B, additions, removals int) {
	_, err := binary()
	require.NoError(b, err)
	var planned, applied, single time.Duration
	for n := uint64(0); b.Loop(); n++ {
		random := rand.New(rand.NewPCG(n, 1))
		t := serveTarget(b, emulator.Options{Users: 20_000, Latency: 100 * time.Millisecond})
		stay := t.draw(random, 100, nil)
		gone := t.draw(random, removals, stay)
		want := stay.with(t.draw(random, additions, stay.with(gone)))
		t.hold(t.group, stay.with(gone))
		t.hold(t.audience, want)
		s := t.site()
		s.sync()

		file := filepath.Join(s.home, "plan.json")
		began := time.Now()
		s.start("plan", "--from", "group:"+audienceName, "--to", targetName, "--out", file).succeed()
		planned += time.Since(began)
		p := s.plan(file)
		require.Len(b, p.Add, additions)
		require.Len(b, p.Remove, removals)

		began = time.Now()
		args := applying(p)
		args[1] = file
		a := s.start(args...).succeed()
		applied += time.Since(began)
		var done struct {
			Added, Removed int
			Failed         []json.RawMessage
			Verified       bool
		}
		require.NoError(b, json.Unmarshal([]byte(a.stdout), &done))
		require.Equal(b, additions, done.Added)
		require.Equal(b, removals, done.Removed)
		require.Empty(b, done.Failed)
		require.True(b, done.Verified)
		t.requireMembers(want)
		require.Zero(b, t.Judges().Throttled, "the tenant was asked for more than it gives")
		t.requireGoodManners()

		single += oneByOne(b, p)
	}
	count := float64(b.N)
	b.ReportMetric(planned.Seconds()/count, "plan-s")
	b.ReportMetric(applied.Seconds()/count, "apply-s")
	b.ReportMetric(float64(single.Milliseconds())/(loopCalls*count), "loop-ms/member")
	b.ReportMetric(0, "429s") // required above
}

// loopCalls is how many members oneByOne writes.
const loopCalls = 200

// oneByOne is how long a client takes that writes loopCalls members of a plan's
// kind in a tenant of their own, one member a call and one call after another.
func oneByOne(b *testing.B, p *writeback.Plan) time.Duration {
	t := serveTarget(b, emulator.Options{Users: 1000, Latency: 100 * time.Millisecond})
	group, _ := t.Tenant().Group(t.group)
	members := t.GraphEndpoint() + "/v1.0/groups/" + group.ID + "/members"
	who := t.draw(rand.New(rand.NewPCG(1, 1)), loopCalls, nil)
	if len(p.Add) == 0 {
		t.hold(t.group, who)
	}
	r := t.reader()
	require.NoError(b, r.signIn())
	began := time.Now()
	for id := range who {
		method, link, body := http.MethodPost, members+"/$ref", `{"@odata.id":`+strconv.Quote(t.GraphEndpoint()+"/v1.0/directoryObjects/"+id)+`}`
		if len(p.Add) == 0 {
			method, link, body = http.MethodDelete, members+"/"+id+"/$ref", ""
		}
		request, err := http.NewRequestWithContext(b.Context(), method, link, bytes.NewBufferString(body))
		require.NoError(b, err)
		request.Header.Set("Authorization", "Bearer "+r.token)
		request.Header.Set("Content-Type", "application/json")
		answer, err := r.client.Do(request)
		require.NoError(b, err)
		require.NoError(b, answer.Body.Close())
		require.Equal(b, http.StatusNoContent, answer.StatusCode)
	}
	return time.Since(began)
}
