package directory_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/directory"
)

// benchUsers is the size of the tenant that the benchmarks measure, with the
// 25 attributes of tenantSchema.
const benchUsers = 1_000_000

// page is the number of users on a page of a listing.
const page = 999

// benchImage is the image of the tenant, made once for all benchmarks.
var benchImage = sync.OnceValue(func() image {
	d := directory.New(tenantSchema())
	for from := 0; from < benchUsers; from += page {
		d.Apply(syntheticPage(from))
	}
	m := image{}
	err := d.Snapshot().Save(func(name string, data []byte) error {
		m[name] = bytes.Clone(data)
		return nil
	})
	if err != nil {
		panic(err)
	}
	return m
})

func syntheticPage(from int) []model.Change {
	changes := make([]model.Change, min(page, benchUsers-from))
	for i := range changes {
		u := syntheticUser(from + i)
		changes[i] = model.Change{ID: u.ID, Whole: true, Fields: u.Fields(), Manager: &u.ManagerID}
	}
	return changes
}

// restoredTenant is the tenant as it is some time after a start.
func restoredTenant(b *testing.B) *directory.Directory {
	d := directory.New(tenantSchema())
	require.NoError(b, d.Restore(benchImage().get))
	settle(d)
	return d
}

// settle waits for what a restored directory computes in the background.
func settle(d *directory.Directory) {
	c := model.Change{ID: "nobody", Removed: "deleted"}
	for _, a := range d.Snapshot().Schema().Synced() {
		c.Fields = append(c.Fields, model.Field{Attr: a.ID})
	}
	d.Apply([]model.Change{c})
}

// BenchmarkMemory measures what a million users take after a start: at once,
// when everything that is computed on demand has been, and after a change. It
// stands first, since what other benchmarks leave behind would be counted.
func BenchmarkMemory(b *testing.B) {
	benchImage()
	heap, resident := memory(b)
	report := func(what string) {
		h, r := memory(b)
		b.ReportMetric((h-heap)/benchUsers, what+"-heap-bytes/user")
		b.ReportMetric((r-resident)/benchUsers, what+"-resident-bytes/user")
	}
	for b.Loop() {
		d := restoredTenant(b)
		report("start")
		s := d.Snapshot()
		for _, text := range []string{"a", "~adele", "department:sales", syntheticAddress(1)} {
			_, err := s.Search(b.Context(), text, nil, nil)
			require.NoError(b, err)
		}
		showWindow(b, s, model.AttrDisplayName)
		showWindow(b, s, model.AttrDepartment)
		s.ByAddress(syntheticAddress(1))
		s.ByID(syntheticID(1))
		s.Reports(syntheticID(1))
		_, err := s.Facets(b.Context(), model.AttrDepartment, nil)
		require.NoError(b, err)
		report("use")
		showWindow(b, s, model.AttrMail)
		d.Apply(renamed(1000))
		d.Snapshot().All()
		report("changed")
		runtime.KeepAlive(d)
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		d := directory.New(tenantSchema())
		for from := 0; from < benchUsers; from += page {
			b.StopTimer()
			changes := syntheticPage(from)
			b.StartTimer()
			d.Apply(changes)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchUsers, "ns/user")
}

func BenchmarkSave(b *testing.B) {
	s := restoredTenant(b).Snapshot()
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		size = 0
		require.NoError(b, s.Save(func(_ string, data []byte) error {
			size += len(data)
			return nil
		}))
	}
	b.ReportMetric(float64(size)/benchUsers, "bytes/user")
}

// BenchmarkRestore measures a start until the table shows its first window.
func BenchmarkRestore(b *testing.B) {
	whole := benchImage()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		owned := image{}
		for name, data := range whole {
			owned[name] = bytes.Clone(data)
		}
		runtime.GC()
		b.StartTimer()
		d := directory.New(tenantSchema())
		require.NoError(b, d.Restore(func(name string) ([]byte, error) { return owned[name], nil }))
		showWindow(b, d.Snapshot(), model.AttrDisplayName)
		b.StopTimer()
		settle(d)
		b.StartTimer()
	}
}

// showWindow reads what a screen shows of the users sorted by an attribute.
func showWindow(b *testing.B, s *directory.Snapshot, by model.AttrID) {
	rows, err := s.Sort(b.Context(), s.All(), by, false)
	require.NoError(b, err)
	for _, row := range rows[:50] {
		for _, a := range []model.AttrID{model.AttrDisplayName, model.AttrMail, model.AttrDepartment, model.AttrJobTitle} {
			_ = s.Value(row, a)
		}
	}
}

// memory returns the bytes of live objects and those that the process holds.
func memory(b *testing.B) (heap, resident float64) {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	statm, err := os.ReadFile("/proc/self/statm")
	require.NoError(b, err)
	var size, pages int
	_, err = fmt.Sscan(string(statm), &size, &pages)
	require.NoError(b, err)
	return float64(m.HeapAlloc), float64(pages * os.Getpagesize())
}

// BenchmarkSearch measures a keystroke until the rows are there.
func BenchmarkSearch(b *testing.B) {
	s := restoredTenant(b).Snapshot()
	for _, text := range []string{
		"a", "z", "@", "u", "ad", "adele", "u0004711", "nobody", "adele vance", "adele !sales", "ова",
		"~a", "~advn", "~zzz", "department:sales aiko", "mail:adele", "proxyAddresses:u0004711", "id:0004711",
	} {
		b.Run(text, func(b *testing.B) {
			_, err := s.Search(b.Context(), text, nil, nil)
			require.NoError(b, err)
			b.ReportAllocs()
			found := 0
			for b.Loop() {
				r, err := s.Search(context.Background(), text, nil, nil)
				if err != nil {
					b.Fatal(err)
				}
				found = len(r.Rows())
			}
			b.ReportMetric(float64(found), "users")
		})
	}
	for _, typed := range []string{"vance.u0004711", "~adlvnc", "adele !sales"} {
		b.Run("typing "+typed, func(b *testing.B) {
			keystrokes, slowest := 0, time.Duration(0)
			for b.Loop() {
				var r *directory.Result
				for i := range typed {
					start := time.Now()
					var err error
					if r, err = s.Search(context.Background(), typed[:i+1], nil, r); err != nil {
						b.Fatal(err)
					}
					r.Rows()
					slowest = max(slowest, time.Since(start))
					keystrokes++
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(keystrokes), "ns/keystroke")
			b.ReportMetric(float64(slowest.Nanoseconds()), "slowest-ns")
		})
	}
}

// BenchmarkFirstUse measures what is computed when it is first asked for after
// a start.
func BenchmarkFirstUse(b *testing.B) {
	uses := []struct {
		what string
		use  func(s *directory.Snapshot)
	}{
		{"search", func(s *directory.Snapshot) { _, _ = s.Search(b.Context(), "a", nil, nil) }},
		{"address", func(s *directory.Snapshot) { s.ByAddress(syntheticAddress(1)) }},
		{"sort-by-displayName", sortBy(model.AttrDisplayName)},
		{"sort-by-mail", sortBy(model.AttrMail)},
		{"sort-by-employeeId", sortBy(model.AttrEmployeeID)},
		{"sort-by-businessPhones", sortBy(model.AttrBusinessPhone)},
		{"sort-by-proxyAddresses", sortBy(model.AttrProxyAddresses)},
	}
	took := make([]time.Duration, len(uses))
	for b.Loop() {
		d := restoredTenant(b)
		for i, u := range uses {
			start := time.Now()
			u.use(d.Snapshot())
			took[i] += time.Since(start)
		}
	}
	for i, u := range uses {
		b.ReportMetric(float64(took[i].Milliseconds())/float64(b.N), u.what+"-ms")
	}
}

func sortBy(a model.AttrID) func(*directory.Snapshot) {
	return func(s *directory.Snapshot) { _, _ = s.Sort(context.Background(), s.All(), a, false) }
}

// BenchmarkSort measures each column once its values have been ranked.
func BenchmarkSort(b *testing.B) {
	s := restoredTenant(b).Snapshot()
	for _, a := range s.Schema().Synced() {
		b.Run(a.Graph, func(b *testing.B) {
			_, err := s.Sort(b.Context(), s.All(), a.ID, false)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Sort(context.Background(), s.All(), a.ID, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFacets(b *testing.B) {
	s := restoredTenant(b).Snapshot()
	r, err := s.Search(b.Context(), "a", nil, nil)
	require.NoError(b, err)
	for name, rows := range map[string][]int32{"all": nil, "found": r.Rows()} {
		for _, a := range []model.AttrID{model.AttrDepartment, model.AttrJobTitle, model.AttrOfficeLocation, model.AttrEmployeeHireDate} {
			b.Run(s.Schema().Attribute(a).Graph+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.Facets(context.Background(), a, rows); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// renamed is a delta that changes two attributes of random users.
func renamed(n int) []model.Change {
	changes := make([]model.Change, n)
	for i := range changes {
		u := syntheticUser(rand.IntN(benchUsers))
		u.Set(model.Field{Attr: model.AttrJobTitle, Value: fmt.Sprintf("Title %d", rand.IntN(1000))})
		u.Set(model.Field{Attr: model.AttrDisplayName, Value: u.Value(model.AttrDisplayName) + fmt.Sprintf(" %d", rand.IntN(100))})
		changes[i] = model.Change{ID: u.ID, Fields: u.Fields(), Manager: &u.ManagerID}
	}
	return changes
}

// BenchmarkApply measures a delta until the table can show it.
func BenchmarkApply(b *testing.B) {
	b.Run("1,000 changes and the new order", func(b *testing.B) {
		d := restoredTenant(b)
		d.Snapshot().All()
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			changes := renamed(1000)
			b.StartTimer()
			d.Apply(changes)
			d.Snapshot().All()
		}
	})
	b.Run("the same at once after a start", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			changes := renamed(1000)
			d := directory.New(tenantSchema())
			require.NoError(b, d.Restore(benchImage().get))
			b.StartTimer()
			d.Apply(changes)
			d.Snapshot().All()
		}
	})
}

// BenchmarkDiff compares two million users that were read apart.
func BenchmarkDiff(b *testing.B) {
	before, after := restoredTenant(b), restoredTenant(b)
	after.Apply(renamed(1000))
	b.ReportAllocs()
	for b.Loop() {
		directory.Diff(before.Snapshot(), after.Snapshot())
	}
}

func BenchmarkLookup(b *testing.B) {
	d := restoredTenant(b)
	s := d.Snapshot()
	alias, _, _ := strings.Cut(syntheticAddress(4711), "@")
	proxy := alias + "@contoso.onmicrosoft.com"
	for name, look := range map[string]func(){
		"id":      func() { s.ByID(syntheticID(4711)) },
		"address": func() { s.ByAddress(proxy) },
		"reports": func() { s.DirectReports(syntheticID(4711)) },
	} {
		b.Run(name, func(b *testing.B) {
			look()
			b.ReportAllocs()
			for b.Loop() {
				look()
			}
		})
	}
}
