package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

// loopShare is how many members the loop of one call each writes, unless
// ROLLCALL_SOAK=1: the whole of it takes seventeen minutes for additions
// and five for removals.
const loopShare = 200

// BenchmarkWrite adds 10,000 members and removes 3,000, at 100 ms a request and
// with the documented budgets, and beside that writes them one call after
// another. The tenants, one each, are in the same process.
//
//   - write-s is a Write, and write-ms/member what a member takes in it
//   - loop-ms/member is what a member takes in the loop, which wrote
//     loop-members; loop-s is how long that took
//   - requests are those of the Write to the tenant, throttled its answers of
//     429
func BenchmarkWrite(b *testing.B) {
	for name, c := range map[string]struct {
		members int
		remove  bool
	}{
		"10000 additions": {members: 10_000},
		"3000 removals":   {members: 3_000, remove: true},
	} {
		b.Run(name, func(b *testing.B) {
			looped := loopShare
			if os.Getenv("ROLLCALL_SOAK") == "1" {
				looped = c.members
			}
			var write, loop time.Duration
			var requests, throttled int
			for b.Loop() {
				b.StopTimer()
				h, group, ids := writing(b, c.members, c.remove)
				add, remove := ids, []string(nil)
				if c.remove {
					add, remove = nil, ids
				}
				var o outcomes
				b.StartTimer()
				start := time.Now()
				requests, _ = h.requestsOf(func() { require.NoError(b, h.Write(b.Context(), group, add, remove, o.done)) })
				write += time.Since(start)
				b.StopTimer()
				h.wrote(b, group, ids, c.remove)
				require.Len(b, o.rows, c.members)
				throttled += h.server.Judges().Throttled

				h, group, ids = writing(b, c.members, c.remove)
				start = time.Now()
				h.writeOneByOne(b, group, ids[:looped], c.remove)
				loop += time.Since(start)
				h.wrote(b, group, ids[:looped], c.remove)
				b.StartTimer()
			}
			runs := float64(b.N)
			b.ReportMetric(write.Seconds()/runs, "write-s")
			b.ReportMetric(write.Seconds()*1000/runs/float64(c.members), "write-ms/member")
			b.ReportMetric(loop.Seconds()/runs, "loop-s")
			b.ReportMetric(loop.Seconds()*1000/runs/float64(looped), "loop-ms/member")
			b.ReportMetric(float64(looped), "loop-members")
			b.ReportMetric(float64(requests), "requests")
			b.ReportMetric(float64(throttled), "throttled")
		})
	}
}

// writing starts a tenant with a group, and returns who is to be written: all
// that are in the group, or users who are not.
func writing(b *testing.B, n int, remove bool) (h *house, group string, ids []string) {
	b.Helper()
	members := 0
	if remove {
		members = n
	}
	h = atWork(b, emulator.Options{
		Users: n, Groups: []seed.CustomGroup{target(members)}, Latency: 100 * time.Millisecond,
		Consented: append(emulator.ReadScopes(), emulator.WriteScope),
	})
	return h, h.groupNamed(b, writable), h.userIDs(0, n)
}

// wrote makes sure that the group is as wanted, and that the tenant had nothing
// to complain of.
func (h *house) wrote(b *testing.B, group string, ids []string, remove bool) {
	b.Helper()
	members := make(map[string]bool)
	for _, id := range h.members(b, group) {
		members[id] = true
	}
	for _, id := range ids {
		require.Equal(b, !remove, members[id])
	}
	j := h.server.Judges()
	assert.Zero(b, j.Throttled)
	assert.Empty(b, j.Violations())
}

// writeOneByOne is the loop that a script has: one call a member, each after the
// answer to the one before, over one connection.
func (h *house) writeOneByOne(b *testing.B, group string, ids []string, remove bool) {
	b.Helper()
	token, err := h.auth.GetToken(b.Context(), policy.TokenRequestOptions{})
	require.NoError(b, err)
	client := &http.Client{Transport: h.options.Transport}
	root := h.server.GraphEndpoint() + "/v1.0"
	for _, id := range ids {
		req, err := one(b.Context(), root, group, id, remove)
		require.NoError(b, err)
		req.Header.Set("Authorization", "Bearer "+token.Token)
		resp, err := client.Do(req)
		require.NoError(b, err)
		require.NoError(b, resp.Body.Close())
		require.Equal(b, http.StatusNoContent, resp.StatusCode)
	}
}

func one(ctx context.Context, root, group, id string, remove bool) (*http.Request, error) {
	members := fmt.Sprintf("%s/groups/%s/members/", root, group)
	if remove {
		return http.NewRequestWithContext(ctx, http.MethodDelete, members+id+"/$ref", nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, members+"$ref", strings.NewReader(fmt.Sprintf(`{"@odata.id":"%s/directoryObjects/%s"}`, root, id)))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}
