package seed

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPermutationIsABijection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3000).Draw(t, "n")
		p := newPermutation(key(rapid.Uint64().Draw(t, "key")), n)
		seen := make([]bool, n)
		for x := range uint64(n) {
			y := p.apply(x)
			if y >= uint64(n) || seen[y] {
				t.Fatalf("%d maps to %d, outside or for the second time", x, y)
			}
			seen[y] = true
			if back := p.invert(y); back != x {
				t.Fatalf("%d maps to %d and back to %d", x, y, back)
			}
		}
	})
}

func TestObjectIDsAreInvertible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := key(rapid.Uint64().Draw(t, "key"))
		d := domain(rapid.IntRange(int(domainUser), int(domainTenant)).Draw(t, "domain"))
		i := rapid.IntRange(0, 1<<40).Draw(t, "index")
		gotDomain, gotIndex, ok := k.openID(k.objectID(d, i))
		if !ok || gotDomain != d || gotIndex != i {
			t.Fatalf("(%d, %d) came back as (%d, %d, %v)", d, i, gotDomain, gotIndex, ok)
		}
	})
}

func TestObjectIDsOfOtherTenantsAreUnknown(t *testing.T) {
	mine, theirs := key(1), key(2)
	for i := range 1000 {
		_, _, ok := mine.openID(theirs.objectID(domainUser, i))
		assert.False(t, ok)
	}
}

func TestOnlyTheWrittenFormOfAnObjectIDIsRead(t *testing.T) {
	k := key(7)
	id := k.objectID(domainGroup, 3)
	for _, text := range []string{"", "x", "{" + id + "}", "urn:uuid:" + id, id + " ", id[:35], "00000000-0000-0000-0000-000000000000"} {
		_, _, ok := k.openID(text)
		assert.False(t, ok, text)
	}
}

func TestObjectIDsLookRandom(t *testing.T) {
	k := key(7)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, k.objectID(domainUser, 0))
	first := make(map[string]int)
	for i := range 4096 {
		first[k.objectID(domainUser, i)[:2]]++
	}
	assert.Greater(t, len(first), 250, "neighbours differ in their first byte")
}

func TestNamesAreDealtOnceAndFoundAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newNameSpace(key(rapid.Uint64().Draw(t, "key")), rapid.IntRange(1, 30).Draw(t, "given"), rapid.IntRange(1, 30).Draw(t, "family"))
		seen := make(map[[3]int]bool)
		for nth := range 3 * int(s.order.n) {
			g, f, number := s.fullName(nth)
			if name := [3]int{g, f, number}; seen[name] {
				t.Fatalf("%v was dealt twice", name)
			} else {
				seen[name] = true
			}
			if back := s.nth(g, f, number); back != nth {
				t.Fatalf("%d was found again as %d", nth, back)
			}
		}
	})
}

func TestCyclesAreReadBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.SliceOfN(rapid.IntRange(1, 20), 1, 12).Draw(t, "shares")
		c := newCycle(key(rapid.Uint64().Draw(t, "key")), shares)
		next := make([]int, len(shares))
		for i := range 3 * len(c.kind) {
			kind, nth := c.locate(i)
			if nth != next[kind] {
				t.Fatalf("number %d is the %dth of kind %d, want %d", i, nth, kind, next[kind])
			}
			next[kind]++
			if c.number(kind, nth) != i {
				t.Fatalf("number %d is not found again", i)
			}
		}
	})
}
