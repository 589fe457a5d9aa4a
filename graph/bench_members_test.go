package graph_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/model/expansion"
)

// walksPerRun is how often the list is walked in rounds for each time that it is
// read one call at a time, which takes a hundred times as long.
const walksPerRun = 5

// BenchmarkExpand walks a list of 500 nested groups, six deep, with 60,000
// memberships of 20,000 users, at 100 ms a request: in rounds, and then one call
// after another. The tenant is in the same process.
//
//   - rounds-s is the median of the walks in rounds, worst-s the longest
//   - chain-s is the longest chain of dependent requests at 100 ms each, and
//     of-chain what the median is by it
//   - cpu-s is what a walk in rounds takes of the processors, the tenant's share
//     included: it tells how far the time is the machine's
//   - requests are those of a walk, least the fewest that $batch allows
//   - one-by-one-s and one-by-one-requests are of the other walk
//
// Another process that keeps the processors busy is in the times, and not in
// cpu-s.
func BenchmarkExpand(b *testing.B) {
	const latency = 100 * time.Millisecond
	for name, large := range map[string]int{"groups of a page": 0, "groups of several pages": 8} {
		b.Run(name, func(b *testing.B) {
			h := atWork(b, emulator.Options{Users: nestedUsers, Groups: nested(large), Latency: latency, NoCompression: true})
			root, plan := nestedRoot(b, h)
			b.ReportAllocs()
			var rounds []time.Duration
			var requests, singles int
			var oneByOne, cpu time.Duration
			for b.Loop() {
				for range walksPerRun {
					start, used := time.Now(), processorTime(b)
					var result *expansion.Result
					requests, _ = h.requestsOf(func() { result = h.walk(b, root) })
					rounds, cpu = append(rounds, time.Since(start)), cpu+processorTime(b)-used
					require.Len(b, result.Recipients, nestedUsers-len(result.WithoutAddress))
				}
				start := time.Now()
				singles, _ = h.requestsOf(func() {
					users, err := h.oneByOne(b.Context(), root.Objects[0].ID)
					require.NoError(b, err)
					require.Len(b, users, nestedUsers)
				})
				oneByOne += time.Since(start)
			}
			slices.Sort(rounds)
			median := rounds[len(rounds)/2].Seconds()
			chain := (time.Duration(plan.chain) * latency).Seconds()
			b.ReportMetric(median, "rounds-s")
			b.ReportMetric(rounds[len(rounds)-1].Seconds(), "worst-s")
			b.ReportMetric(chain, "chain-s")
			b.ReportMetric(median/chain, "of-chain")
			b.ReportMetric(cpu.Seconds()/float64(len(rounds)), "cpu-s")
			b.ReportMetric(float64(requests), "requests")
			b.ReportMetric(float64(plan.least), "least")
			b.ReportMetric(oneByOne.Seconds()/float64(b.N), "one-by-one-s")
			b.ReportMetric(float64(singles), "one-by-one-requests")
		})
	}
}

// processorTime is what this process has taken of the processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
