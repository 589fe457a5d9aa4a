package odata_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/graph/emulator/odata"
)

func filter(t require.TestingT, text string) *odata.Filter {
	f, err := odata.ParseFilter(text)
	if err != nil {
		require.Fail(t, text, err.Message)
	}
	return f
}

func TestPrefixesBecomeRangesOfNames(t *testing.T) {
	type span = odata.Interval[string]
	const end = "\xff"
	for _, c := range []struct {
		filter string
		want   []span
		exact  bool // nothing besides is asked
	}{
		{`startswith(userPrincipalName,'Ab')`, []span{{"ab", "ab" + end}}, true},
		{`startsWith(USERPRINCIPALNAME,'o''b')`, []span{{"o'b", "o'b" + end}}, true},
		{`startswith(userPrincipalName,'')`, []span{{"", end}}, true},
		{`startswith(userPrincipalName,'b') or startswith(userPrincipalName,'a')`, []span{{"a", "a" + end}, {"b", "b" + end}}, true},
		{`startswith(userPrincipalName,'a') or startswith(userPrincipalName,'ab')`, []span{{"a", "a" + end}}, true},
		{`startswith(userPrincipalName,'a') and startswith(userPrincipalName,'ab')`, []span{{"ab", "ab" + end}}, true},
		{`startswith(userPrincipalName,'a') and startswith(userPrincipalName,'b')`, nil, true},
		{`startswith(userPrincipalName,'a') and accountEnabled eq true`, []span{{"a", "a" + end}}, false},
		{`accountEnabled eq true and startswith(userPrincipalName,'a')`, []span{{"a", "a" + end}}, false},
		{`not startswith(userPrincipalName,'b')`, []span{{"", "b"}, {"b" + end, end}}, true},
		{`startswith(userPrincipalName,'a') and not startswith(userPrincipalName,'ab')`, []span{{"a", "ab"}, {"ab" + end, "a" + end}}, true},
	} {
		got, ok := filter(t, c.filter).Prefixes("userPrincipalName")
		assert.True(t, ok, c.filter)
		assert.Equal(t, c.want, got.Intervals, c.filter)
		assert.Equal(t, c.exact, got.Rest == nil, c.filter)
	}
	for _, free := range []string{
		`startswith(displayName,'a')`, `startswith(userPrincipalName,'a') or accountEnabled eq true`, `userPrincipalName le 'b'`,
		`not (startswith(userPrincipalName,'a') and accountEnabled eq true)`, `proxyAddresses/any(p:startswith(p,'a'))`,
	} {
		_, ok := filter(t, free).Prefixes("userPrincipalName")
		assert.False(t, ok, free)
	}
	_, ok := (*odata.Filter)(nil).Prefixes("userPrincipalName")
	assert.False(t, ok, "no filter")
}

func TestComparisonsBecomeRangesOfTimes(t *testing.T) {
	type span = odata.Interval[int64]
	start := time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()
	for _, c := range []struct {
		filter string
		want   []span
		exact  bool // nothing besides is asked
	}{
		{`createdDateTime ge 2020-01-01T00:00:00Z`, []span{{start, math.MaxInt64}}, true},
		{`createdDateTime ge 2019-12-31T23:59:59.5Z`, []span{{start, math.MaxInt64}}, true},
		{`createdDateTime le 2020-01-01T00:00:00Z`, []span{{math.MinInt64, start + 1}}, true},
		{`createdDateTime le 2020-01-01T00:00:00.9Z`, []span{{math.MinInt64, start + 1}}, true},
		{`createdDateTime eq 2020-01-01T00:00:00Z`, []span{{start, start + 1}}, true},
		{`createdDateTime eq 2020-01-01T00:00:00.5Z`, nil, true},
		{`createdDateTime ge 2020-01-01T00:00:00Z and createdDateTime le 2020-01-01T00:00:09Z`, []span{{start, start + 10}}, true},
		{`createdDateTime ge 2020-01-01T00:00:05Z and createdDateTime le 2020-01-01T00:00:00Z`, nil, true},
		{`startswith(userPrincipalName,'a') and createdDateTime le 2020-01-01T01:00:00+01:00`, []span{{math.MinInt64, start + 1}}, false},
	} {
		got, ok := filter(t, c.filter).Moments("createdDateTime")
		assert.True(t, ok, c.filter)
		assert.Equal(t, c.want, got.Intervals, c.filter)
		assert.Equal(t, c.exact, got.Rest == nil, c.filter)
	}
	for _, free := range []string{`employeeHireDate ge 2020-01-01T00:00:00Z`, `not (createdDateTime ge 2020-01-01T00:00:00Z)`, `createdDateTime ne 2020-01-01T00:00:00Z`, `createdDateTime eq null`} {
		_, ok := filter(t, free).Moments("createdDateTime")
		assert.False(t, ok, "null passes, or any time: "+free)
	}
}

// person is an object with a name and a type.
type person struct {
	name  string
	guest bool
}

func (p person) Property(path string) (any, bool) {
	switch path {
	case "name":
		return p.name, true
	case "guest":
		return p.guest, true
	}
	return nil, false
}

func TestBoundsAndWhatIsLeftSayWhatMatchSays(t *testing.T) {
	letter := rapid.SampledFrom([]rune("aAbBkK\u212as\u017f\u00e5\u00c5\u03c3\u03c2'#_1"))
	word := rapid.StringOfN(letter, 0, 3, -1)
	var expression func(depth int) *rapid.Generator[string]
	expression = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			kind := rapid.IntRange(0, 4).Draw(t, "kind")
			if depth == 0 {
				kind %= 2
			}
			switch kind {
			case 0:
				return fmt.Sprintf("startswith(name,'%s')", strings.ReplaceAll(word.Draw(t, "prefix"), "'", "''"))
			case 1:
				return fmt.Sprintf("guest eq %t", rapid.Bool().Draw(t, "guest"))
			case 2:
				return "not (" + expression(depth-1).Draw(t, "inner") + ")"
			case 3:
				return "(" + expression(depth-1).Draw(t, "left") + " and " + expression(depth-1).Draw(t, "right") + ")"
			default:
				return "(" + expression(depth-1).Draw(t, "left") + " or " + expression(depth-1).Draw(t, "right") + ")"
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		text := expression(3).Draw(t, "filter")
		f := filter(t, text)
		bounds, ok := f.Prefixes("name")
		if !ok {
			t.Skip("the filter leaves the name free")
		}
		who := person{word.Draw(t, "name"), rapid.Bool().Draw(t, "guest")}
		inside := false
		for _, i := range bounds.Intervals {
			inside = inside || odata.Fold(who.name) >= i.From && odata.Fold(who.name) < i.To
		}
		if match := f.Match(who); match != (inside && bounds.Rest.Match(who)) {
			t.Fatalf("Match says %v of %+v, the bounds of %s are %+v", match, who, text, bounds)
		}
	})
}

func TestTextsThatDifferInLetterCaseFoldToTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		for _, other := range []string{strings.ToUpper(s), strings.ToLower(s), strings.ToTitle(s)} {
			if strings.EqualFold(s, other) != (odata.Fold(s) == odata.Fold(other)) {
				t.Fatalf("%q and %q fold to %q and %q", s, other, odata.Fold(s), odata.Fold(other))
			}
		}
	})
}
