package cache

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/refresh"
)

// benchUsers is a large tenant; a page is what /users hands out at once.
const (
	benchUsers = 1_000_000
	benchPage  = 999
)

// cpu is the processor time of this process so far, in nanoseconds. On a
// machine that does other things as well it says more than the clock.
func cpu(b *testing.B) float64 {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Nano() + used.Stime.Nano())
}

// measured runs the benchmark's loop and reports what it took for each user.
func measured(b *testing.B, users int, body func()) {
	b.Helper()
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		body()
	}
	b.ReportMetric((cpu(b)-before)/float64(b.N)/float64(users), "cpu-ns/user")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(users), "ns/user")
}

// BenchmarkDirectory measures the file of a tenant of 25 attributes: a commit
// of a page; a checkpoint of a million users, and what they take on the disk
// after the initial sync and after the checkpoint; and their load, of which
// parts is the share of the file, and log is what a start costs without an
// image.
func BenchmarkDirectory(b *testing.B) {
	b.Run("commit", func(b *testing.B) {
		d := openDirectory(b, directoryPath(b))
		pages := make([][]model.Change, 32)
		for i := range pages {
			pages[i] = employees(i*benchPage, (i+1)*benchPage)
		}
		n := 0
		measured(b, benchPage, func() {
			commit(b, d, state(fmt.Sprint(n)), pages[n%len(pages)]...)
			n++
		})
		b.ReportMetric(float64(d.current.extent.LogBytes)/float64(n*benchPage), "log-bytes/user")
	})
	b.Run("million", benchmarkMillion)
}

func benchmarkMillion(b *testing.B) {
	path := directoryPath(b)
	d := openDirectory(b, path)
	schema := model.FullSchema()
	all := directory.New(schema)
	for from := 0; from < benchUsers; from += benchPage {
		page := employees(from, min(from+benchPage, benchUsers))
		commit(b, d, state(""), page...)
		all.Apply(page)
	}
	synced := size(b, path)
	restored := func(b *testing.B) *directory.Directory {
		fresh := directory.New(schema)
		require.NoError(b, d.Load(b.Context(), fresh.Restore, func(c []model.Change) { fresh.Apply(c) }))
		require.Equal(b, benchUsers, fresh.Snapshot().Len())
		return fresh
	}
	b.Run("log", func(b *testing.B) { measured(b, benchUsers, func() { restored(b) }) })
	b.Run("checkpoint", func(b *testing.B) {
		measured(b, benchUsers, func() { require.NoError(b, replaceLog(d.current, all.Snapshot().Save)) })
		b.ReportMetric(float64(synced)/benchUsers, "synced-disk-bytes/user")
		b.ReportMetric(float64(size(b, path))/benchUsers, "disk-bytes/user")
	})
	if d.current.extent.ImageParts == 0 {
		require.NoError(b, d.Checkpoint(b.Context(), all.Snapshot().Save))
	}
	var names []string
	raw := 0
	require.NoError(b, all.Snapshot().Save(func(name string, data []byte) error {
		names = append(names, name)
		raw += len(data)
		return nil
	}))
	b.Run("parts", func(b *testing.B) {
		measured(b, benchUsers, func() { getParts(b, d, names) })
		b.ReportMetric(float64(raw)/benchUsers, "raw-bytes/user")
	})
	b.Run("load", func(b *testing.B) { measured(b, benchUsers, func() { restored(b) }) })
	b.Run("open", func(b *testing.B) {
		require.NoError(b, d.Close())
		measured(b, benchUsers, func() { require.NoError(b, openDirectory(b, path).Close()) })
	})
}

// getParts gets every part of the image on as many goroutines as there are
// processors.
func getParts(b *testing.B, s refresh.Store, names []string) {
	b.Helper()
	require.NoError(b, s.Load(b.Context(), func(get func(string) ([]byte, error)) error {
		var g errgroup.Group
		g.SetLimit(runtime.NumCPU())
		for _, name := range names {
			g.Go(func() error {
				data, err := get(name)
				if err == nil && data == nil {
					err = fmt.Errorf("%s is missing", name)
				}
				return err
			})
		}
		return g.Wait()
	}, func([]model.Change) {}))
}
