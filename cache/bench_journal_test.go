package cache

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"rollcall/model/writeback"
)

const (
	benchRows  = 500 // written at a time
	benchPlans = 10
)

// measuredCall runs the benchmark's loop and reports what a call took.
func measuredCall(b *testing.B, body func()) {
	b.Helper()
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		body()
	}
	b.ReportMetric((cpu(b)-before)/float64(b.N)/1e6, "cpu-ms/op")
}

// BenchmarkJournal measures what writing a group costs on the disk: setRows is
// the state of 500 rows with their event, in runs of two sizes; run is all of a
// run of 3,000 removals, its reservations too. What is asked of plans is asked
// of ten with 10,000 rows each, all written: heads, mirrored, whole for what it
// would cost without heads, and verify, the check of the audit and all journals.
func BenchmarkJournal(b *testing.B) {
	for _, rows := range []int{10_000, 200_000} {
		b.Run(fmt.Sprintf("setRows/%d", rows), func(b *testing.B) {
			l := openLedger(b, ledgerPath(b))
			run := begun(proposal(0, rows/2))
			require.NoError(b, l.Begin(b.Context(), run))
			n := 0
			measuredCall(b, func() {
				from := n * benchRows % rows
				batch := answered(run.Rows[from : from+benchRows])
				if n/(rows/benchRows)%2 == 0 {
					batch = sent(batch)
				}
				require.NoError(b, l.SetRows(b.Context(), run.Plan.ID, day(), batch))
				n++
			})
		})
	}
	b.Run("run", benchmarkRun)
	b.Run("plans", benchmarkPlans)
}

func benchmarkRun(b *testing.B) {
	const removals = 3000
	l := openLedger(b, ledgerPath(b))
	all := begun(proposal(0, removals))
	runs := 0
	measuredCall(b, func() {
		run := *all
		run.Plan.ID, run.Rows = fmt.Sprint(runs), all.Rows[removals:]
		runs++
		require.NoError(b, l.Begin(b.Context(), &run))
		for from := 0; from < removals; from += benchRows {
			batch := run.Rows[from : from+benchRows]
			require.NoError(b, l.SetRows(b.Context(), run.Plan.ID, day(), sent(batch)))
			for block := range benchRows / 100 {
				at := day().Add(time.Duration(runs*removals+from+block) * time.Millisecond)
				require.NoError(b, l.Reserve(b.Context(), writeback.Reservation{At: at, Writes: 100}))
			}
			require.NoError(b, l.SetRows(b.Context(), run.Plan.ID, day(), answered(batch)))
		}
		require.NoError(b, l.End(b.Context(), run.Plan.ID, writeback.RunPartial, day()))
	})
	audit := 0
	require.NoError(b, l.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketEvents).ForEach(func(_, v []byte) error {
			audit += len(v)
			return nil
		})
	}))
	b.ReportMetric(float64(audit)/float64(runs*removals), "audit-bytes/row")
	b.ReportMetric(float64(size(b, l.path))/float64(runs*removals), "disk-bytes/row")
}

func benchmarkPlans(b *testing.B) {
	l := openLedger(b, ledgerPath(b))
	rows := 0
	var ids []string
	for n := range benchPlans {
		run := begun(proposal(n, 5000))
		ids = append(ids, run.Plan.ID)
		require.NoError(b, l.SavePlan(b.Context(), &run.Plan, "ada@contoso.com"))
		require.NoError(b, l.Begin(b.Context(), run))
		for from := 0; from < len(run.Rows); from += benchRows {
			require.NoError(b, l.SetRows(b.Context(), run.Plan.ID, day(), answered(run.Rows[from:from+benchRows])))
		}
		require.NoError(b, l.End(b.Context(), run.Plan.ID, writeback.RunVerified, day()))
		rows += len(run.Rows)
	}
	b.Run("heads", func(b *testing.B) {
		measuredCall(b, func() {
			heads, err := l.PlanHeads(b.Context())
			require.NoError(b, err)
			require.Len(b, heads, benchPlans)
		})
	})
	b.Run("mirrored", func(b *testing.B) {
		measuredCall(b, func() {
			mirrored, err := l.Mirrored(b.Context(), guid(9))
			require.NoError(b, err)
			require.False(b, mirrored)
		})
	})
	b.Run("whole", func(b *testing.B) {
		measuredCall(b, func() {
			for _, id := range ids {
				_, err := l.Plan(b.Context(), id)
				require.NoError(b, err)
			}
		})
	})
	b.Run("verify", func(b *testing.B) {
		measuredCall(b, func() {
			_, err := l.VerifyAudit(b.Context())
			require.NoError(b, err)
		})
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(rows)*1e9, "ns/row")
	})
}
