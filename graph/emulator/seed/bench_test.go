package seed

import (
	"runtime"
	"testing"
)

const million = 1_000_000

func BenchmarkNewWithAMillionUsers(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New(Options{Users: million})
	}
}

func BenchmarkUser(b *testing.B) {
	tenant := New(Options{Users: million})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tenant.User(i % million)
	}
}

func BenchmarkUserPrincipalName(b *testing.B) {
	tenant := New(Options{Users: million})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tenant.UserPrincipalName(i % million)
	}
}

func BenchmarkFindUserByAddress(b *testing.B) {
	tenant := New(Options{Users: million})
	head, _ := tenant.User(2)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := tenant.FindUserByAddress(head.Mail); !ok {
			b.Fatal(head.Mail)
		}
	}
}

// BenchmarkMemberCount scans a million users for one list.
func BenchmarkMemberCount(b *testing.B) {
	tenant := New(Options{Users: million})
	g, _ := tenant.FindGroupByAddress("dept-sales@contoso.com")
	b.ReportAllocs()
	for b.Loop() {
		tenant.MemberCount(g)
	}
}

// A tenant of a million users must not hold anything per user.
func TestAMillionUsersTakeNoMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	tenant := New(Options{Users: million})
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > million {
		t.Errorf("%d bytes in use: more than a byte a user", used)
	}
	if tenant.UserCount() != million {
		t.Errorf("%d users", tenant.UserCount())
	}
}

// BenchmarkIndexBuild sorts a million users by name and by creation.
func BenchmarkIndexBuild(b *testing.B) {
	b.Run("name", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			New(Options{Users: million}).ByName().Count("a", "b")
		}
	})
	b.Run("creation", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			New(Options{Users: million}).ByCreation().Count(0, today.Unix())
		}
	})
}

// BenchmarkIndexAfterMassRemoval counts a range after a tenth of a million
// users has been removed.
func BenchmarkIndexAfterMassRemoval(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		tenant := New(Options{Users: million})
		tenant.ByName().Count("a", "b")
		tenant.RemoveShare(1, 0.1, false)
		b.StartTimer()
		tenant.ByName().Count("a", "b")
	}
}
