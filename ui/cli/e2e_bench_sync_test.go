//go:build linux

package cli_test

import (
	"encoding/json"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
)

// These benchmarks time whole processes of rollcall, with the tenant in
// another one: run each with -benchtime 1x. The size of a figure's sample is
// one; a shared machine shows in it.

// cpu is what a process that has ended spent on the processors, in user mode
// and in the kernel.
func (p *process) cpu() time.Duration {
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// peak is the most resident memory that it had, in bytes.
func (p *process) peak() int64 {
	return p.cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss * 1024
}

// succeed waits for a process that must end well.
func (p *process) succeed() answer {
	p.tb.Helper()
	a := p.wait()
	require.Zero(p.tb, a.code, a.stdout+a.stderr)
	return a
}

// BenchmarkInitialSync100k compares a first sync of 100,000 users at 100 ms a
// request with a plain client that reads the same pages one after another.
func BenchmarkInitialSync100k(b *testing.B) {
	const users = 100_000
	tenant := serveTenant(b, emulator.Options{Users: users, Latency: 100 * time.Millisecond})
	_, err := binary()
	require.NoError(b, err)
	var synced, serial time.Duration
	for b.Loop() {
		s := tenant.site()
		began := time.Now()
		a := s.start("sync", "--json").succeed()
		synced += time.Since(began)
		require.Equal(b, users, decodeReport(b, a.stdout).Users)

		r := tenant.reader()
		began = time.Now()
		read := 0
		for link := tenant.usersURL(model.DefaultSchema()); link != ""; {
			var page struct {
				Value []json.RawMessage
				Next  string `json:"@odata.nextLink"`
			}
			r.get(link, &page)
			read += len(page.Value)
			link = page.Next
		}
		serial += time.Since(began)
		require.Equal(b, users, read)
	}
	b.ReportMetric(synced.Seconds()/float64(b.N), "sync-s")
	b.ReportMetric(serial.Seconds()/float64(b.N), "serial-s")
	b.ReportMetric(synced.Seconds()/serial.Seconds(), "sync/serial")
}

const million = 1_000_000

// syncedMillion is a tenant of a million users, a site that has synced it once,
// and the process that did.
func syncedMillion(b *testing.B) (*tenant, *site, *process) {
	b.Helper()
	tenant := serveTenant(b, emulator.Options{Users: million})
	s := tenant.site()
	p := s.start("sync", "--json")
	require.Equal(b, million, decodeReport(b, p.succeed().stdout).Users)
	return tenant, s, p
}

// BenchmarkInitialSyncMillion is what a first sync of a million users costs.
func BenchmarkInitialSyncMillion(b *testing.B) {
	var cpu time.Duration
	var peak, disk int64
	for b.Loop() {
		_, s, p := syncedMillion(b)
		cpu += p.cpu()
		peak = max(peak, p.peak())
		disk = s.size()
	}
	b.ReportMetric(float64(cpu.Microseconds())/float64(b.N)/million, "cpu-µs/user")
	b.ReportMetric(float64(peak)/1e6, "peak-MB")
	b.ReportMetric(float64(disk)/million, "disk-B/user")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "wall-s")
}

// size is what the profile's files take on the disk, in bytes.
func (s *site) size() (total int64) {
	s.tb.Helper()
	entries, err := os.ReadDir(s.data)
	require.NoError(s.tb, err)
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(s.tb, err)
		total += info.Sys().(*syscall.Stat_t).Blocks * 512
	}
	return total
}

// BenchmarkDeltaThousand is a delta round of 1,000 changed users on a million
// stored ones. What follows the last page is seen from outside: the time from
// the last request to the end of the process, compared with that of a round
// that brings no change. The figures are medians of -benchtime rounds.
func BenchmarkDeltaThousand(b *testing.B) {
	tenant, s, _ := syncedMillion(b)
	var idle, changed, changes, total []time.Duration
	round := func() (tail, whole time.Duration, r report) {
		began := time.Now()
		p := s.start("sync", "--json")
		last, asked := began, tenant.asked("")
		p.when(func() bool {
			if n := tenant.asked(""); n > asked {
				last, asked = time.Now(), n
			}
			return false
		})
		tail, whole = time.Since(last), time.Since(began)
		return tail, whole, decodeReport(b, p.succeed().stdout)
	}
	for n := uint64(0); b.Loop(); n++ {
		without, _, r := round()
		require.Zero(b, r.Added+r.Updated+r.Removed)

		// Who leaves passes his reports on to another manager: they count too.
		tenant.Tenant().Churn(n, seed.Churn{Hires: 100, Leavers: 20, Moves: 780, Renames: 100})
		with, whole, r := round()
		require.GreaterOrEqual(b, r.Added+r.Updated+r.Removed, 900) // some are changed twice
		idle, changed = append(idle, without), append(changed, with)
		changes, total = append(changes, with-without), append(total, whole)
	}
	b.ReportMetric(median(changes), "changes-ms")
	b.ReportMetric(median(changed), "after-last-request-ms")
	b.ReportMetric(median(idle), "idle-after-last-request-ms")
	b.ReportMetric(median(total), "process-ms")
}
