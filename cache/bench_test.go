package cache

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/model"
)

// benchUsers is a large tenant; a page is what /users hands out at once.
const (
	benchUsers = 1_000_000
	benchPage  = 999
)

// load fills a new file page by page, each with its own commit.
func load(b *testing.B, path string) {
	b.Helper()
	d := openDirectory(b, path)
	for from := 0; from < benchUsers; from += benchPage {
		b.StopTimer() // making up the users is not the load
		page := employees(from, min(from+benchPage, benchUsers))
		b.StartTimer()
		commit(b, d, state("next"), page...)
	}
	require.NoError(b, d.Close())
}

// BenchmarkDirectory measures the file of a million users of 25 attributes:
// the bulk load, the opening, the first commit (which builds the index) and a
// full scan.
func BenchmarkDirectory(b *testing.B) {
	path := directoryPath(b)
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, os.RemoveAll(path))
			load(b, path)
		}
		info, err := os.Stat(path)
		require.NoError(b, err)
		b.ReportMetric(float64(info.Size())/benchUsers, "disk-bytes/user")
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchUsers, "ns/user")
	})
	if _, err := os.Stat(path); err != nil {
		load(b, path)
	}
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, openDirectory(b, path).Close())
		}
	})
	b.Run("scan", func(b *testing.B) {
		d := openDirectory(b, path)
		b.ReportAllocs()
		for b.Loop() {
			users := 0
			require.NoError(b, d.Users(b.Context(), func(*model.User) bool { users++; return true }))
			require.Equal(b, benchUsers, users)
		}
	})
	b.Run("index", func(b *testing.B) {
		d := openDirectory(b, path)
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, d.current.buildIndex())
		}
	})
	b.Run("delta of 1,000", func(b *testing.B) {
		d := openDirectory(b, path)
		require.NoError(b, d.current.buildIndex())
		b.ReportAllocs()
		round := 0
		for b.Loop() {
			round++
			var changes []model.Change
			for i := range 1000 {
				changes = append(changes, named(guid(i*997), time.Duration(round).String()))
			}
			require.Equal(b, 1000, commit(b, d, state(""), changes...).Updated)
		}
	})
}
