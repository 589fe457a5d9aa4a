package seed

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/graph/emulator/odata"
)

// byKey is what an index must say, from a scan.
func byKey[K string | int64](t *Tenant, key func(User) (K, bool), from Place[K], to K) []int {
	var places []Place[K]
	eachUser(t, func(u User) {
		if k, ok := key(u); ok && k < to && (Place[K]{Key: k, User: u.Index}).compare(from) >= 0 {
			places = append(places, Place[K]{Key: k, User: u.Index})
		}
	})
	slices.SortFunc(places, Place[K].compare)
	var users []int
	for _, p := range places {
		users = append(users, p.User)
	}
	return users
}

func foldedName(u User) (string, bool) { return odata.Fold(u.UserPrincipalName), true }

func creation(u User) (int64, bool) { return u.CreatedDateTime.Unix(), !u.CreatedDateTime.IsZero() }

// all reads a range of an index in pages, each from where the last one ended.
func all[K string | int64](x *Index[K], from Place[K], to K, page int) []int {
	var users []int
	for {
		hits := x.Users(from, to, page+1)
		for _, h := range hits[:min(page, len(hits))] {
			users = append(users, h.User)
		}
		if len(hits) <= page {
			return users
		}
		from = x.Place(hits[page])
	}
}

func TestAnIndexSaysWhatAScanSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tenant := New(Options{Users: 150, Seed: rapid.Uint64Range(1, 5).Draw(t, "seed"), NullCreated: 0.3})
		prefixes := rapid.SampledFrom([]string{"", "a", "an", "anja.b", "o'", "s", "\u00e5", "z", "rollcall", "_", "\xff"})
		page := rapid.IntRange(1, 40)
		check := func() {
			from, to := prefixes.Draw(t, "from"), prefixes.Draw(t, "to")
			names := byKey(tenant, foldedName, Place[string]{Key: from}, to)
			require.Equal(t, len(names), tenant.ByName().Count(from, to))
			require.Equal(t, names, all(tenant.ByName(), Place[string]{Key: from}, to, page.Draw(t, "page")))

			year := func(label string) int64 {
				return time.Date(rapid.IntRange(1998, 2027).Draw(t, label), 3, 18, 3, 0, 0, 0, time.UTC).Unix()
			}
			since, until := year("since"), year("until")
			times := byKey(tenant, creation, Place[int64]{Key: since}, until)
			require.Equal(t, len(times), tenant.ByCreation().Count(since, until))
			require.Equal(t, times, all(tenant.ByCreation(), Place[int64]{Key: since}, until, page.Draw(t, "page")))
		}
		odd := []string{"_svc@contoso.com", "-x@contoso.com", "#room@contoso.com", "0815@contoso.com", "\u00c5sa@contoso.com", "'t@contoso.com", "ZZZ@contoso.com"}
		check()
		t.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) { check() },
			"churn": func(t *rapid.T) {
				tenant.Churn(rapid.Uint64().Draw(t, "churn"), Churn{Hires: 3, Leavers: 4, Moves: 2, Renames: 3, Restores: 1})
			},
			"odd name": func(t *rapid.T) {
				name := rapid.SampledFrom(odd).Draw(t, "name")
				if _, taken := tenant.FindUserByUPN(name); !taken {
					tenant.UpdateUser(rapid.IntRange(0, 149).Draw(t, "user"), func(u *User) { u.UserPrincipalName = name })
				}
			},
			"another creation": func(t *rapid.T) {
				tenant.UpdateUser(rapid.IntRange(0, 149).Draw(t, "user"), func(u *User) {
					u.CreatedDateTime = rapid.SampledFrom([]time.Time{{}, today, unknownBefore}).Draw(t, "at")
				})
			},
			"mass removal": func(t *rapid.T) { tenant.RemoveShare(1, 0.2, rapid.Bool().Draw(t, "hard")) },
			"return":       func(t *rapid.T) { tenant.RestoreUser(rapid.IntRange(0, 149).Draw(t, "user")) },
		})
	})
}

func TestAPlaceHoldsWhileUsersComeAndGo(t *testing.T) {
	tenant := New(Options{Users: 2000})
	names := tenant.ByName()
	before := byKey(tenant, foldedName, Place[string]{}, "\xff")
	hits := names.Users(Place[string]{}, "\xff", 1001)
	place := names.Place(hits[1000])
	require.True(t, tenant.RemoveUser(hits[1000].User, true), "the very user at which the next page begins")
	require.True(t, tenant.RemoveUser(hits[10].User, true))
	tenant.UpdateUser(before[5], func(u *User) { u.UserPrincipalName = "zz.late@contoso.com" })
	rest := all(names, place, "\xff", 100)
	assert.Equal(t, append(before[1001:], before[5]), rest)
}

func TestUsersWithoutACreationTimeAreInNoRangeOfTimes(t *testing.T) {
	tenant := New(Options{Users: 2000, NullCreated: 0.5})
	nulls := 0
	eachUser(tenant, func(u User) {
		if u.CreatedDateTime.IsZero() {
			nulls++
		}
	})
	assert.Greater(t, nulls, 100)
	assert.Equal(t, 2000-nulls, tenant.ByCreation().Count(math.MinInt64, math.MaxInt64))
	assert.Equal(t, 2000, tenant.ByName().Count("", "\xff"))
}

func TestAnIndexTakesFourBytesAUser(t *testing.T) {
	tenant := New(Options{Users: 10_000})
	x := tenant.ByName()
	x.Count("", "a")
	assert.Len(t, x.order, 10_000)
	assert.LessOrEqual(t, 8*len(x.gone), 10_000/8+8)
	assert.Empty(t, x.extra)
}

func TestManyChangesAtOnceAreCaughtUpWith(t *testing.T) {
	tenant := New(Options{Users: 3000})
	names := tenant.ByName()
	require.Equal(t, 3000, names.Count("", "\xff"))
	assert.Equal(t, 300, tenant.RemoveShare(7, 0.1, false))
	assert.Equal(t, 2700, names.Count("", "\xff"))
	assert.Equal(t, 50, tenant.Churn(1, Churn{Restores: 50}).Restores)
	assert.Equal(t, 2750, names.Count("", "\xff"))
	assert.Equal(t, byKey(tenant, foldedName, Place[string]{}, "\xff"), all(names, Place[string]{}, "\xff", 999))
}

func TestTheFirstLettersDivideTheUsers(t *testing.T) {
	tenant := New(Options{Users: 20_000})
	first := make(map[rune]int)
	eachUser(tenant, func(u User) {
		r, _ := utf8.DecodeRuneInString(odata.Fold(u.UserPrincipalName))
		first[r]++
	})
	foreign := 0
	for letter, n := range first {
		assert.Equal(t, n, tenant.ByName().Count(string(letter), string(letter)+"\xff"), string(letter))
		if letter > unicode.MaxASCII {
			foreign++
		}
	}
	assert.Greater(t, foreign, 3, "names that begin with no ASCII letter")
}

func TestAnIndexIsReadWhileTheDirectoryChanges(t *testing.T) {
	tenant := New(Options{Users: 400})
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				assert.Positive(t, tenant.ByName().Count("a", "n"))
				for _, h := range tenant.ByCreation().Users(Place[int64]{Key: 0}, today.Unix(), 50) {
					tenant.User(h.User) // gone by now, or not
				}
			}
		})
	}
	for seed := range uint64(60) {
		tenant.Churn(seed, Churn{Hires: 2, Leavers: 2, Renames: 3, Moves: 2, Restores: 1})
	}
	close(done)
	readers.Wait()
	assert.Equal(t, byKey(tenant, foldedName, Place[string]{}, "\xff"), all(tenant.ByName(), Place[string]{}, "\xff", 70))
	assert.Equal(t, byKey(tenant, creation, Place[int64]{}, math.MaxInt64), all(tenant.ByCreation(), Place[int64]{}, math.MaxInt64, 70))
}
