package graph

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// account is a user as far as sectors tell users apart.
type account struct {
	name    string
	created time.Time // zero: null
}

// holds evaluates a sector as the service does its filter.
func holds(s sector, a account) bool {
	switch s := s.(type) {
	case createdRange:
		return s.filter() == "" || !a.created.IsZero() && !a.created.Before(s.from) && (s.to.IsZero() || !a.created.After(s.to))
	case namePrefixes:
		return slices.ContainsFunc(s, func(p string) bool { return strings.HasPrefix(strings.ToLower(a.name), p) })
	}
	panic("another sector")
}

// census counts accounts, and how often it was asked. hire, if set, changes the
// accounts after each time.
type census struct {
	accounts []account
	rounds   int
	counts   int
	hire     func(*census)
}

func (c *census) count(_ context.Context, sectors []sector) ([]tally, error) {
	c.rounds++
	c.counts += len(sectors)
	counts := make([]tally, len(sectors))
	for i, s := range sectors {
		for k := range c.accounts {
			if !holds(s, c.accounts[k]) {
				continue
			}
			if counts[i].users++; counts[i].users <= sampleNames {
				counts[i].names = append(counts[i].names, c.accounts[k].name)
			}
		}
	}
	if c.hire != nil {
		c.hire(c)
	}
	return counts, nil
}

// survey surveys the census and checks that every account is in one sector.
func (c *census) survey(t require.TestingT, all sector, size int) ([]surveyed, string) {
	s := surveyor{count: c.count, size: size}
	sectors, why, err := s.survey(context.Background(), all, len(c.accounts))
	require.NoError(t, err)
	for _, a := range c.accounts {
		in := 0
		for _, s := range sectors {
			if holds(s.sector, a) {
				in++
			}
		}
		require.Equal(t, 1, in, "%s of %s", a.name, a.created)
	}
	return sectors, why
}

// tolerable is how many users a sector may have that should have size.
func tolerable(size int) int { return size + size/4 }

func surveyDay() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

func everyone() (created, named sector) {
	return createdRange{now: surveyDay()}, namePrefixes{""}
}

func TestSectorsAreDisjointAndHoldEveryUserHoweverTheyAreSpread(t *testing.T) {
	name := rapid.Custom(func(t *rapid.T) string {
		local := rapid.StringOfN(rapid.RuneFrom([]rune("aaaabeiouxyz0019'.-_!#^~+")), 1, 8, -1).Draw(t, "local")
		return local + rapid.SampledFrom([]string{"@contoso.com", "_fabrikam.com#EXT#@contoso.onmicrosoft.com"}).Draw(t, "rest")
	})
	seconds := rapid.OneOf(
		rapid.Int64Range(-20*365*86400, 60), // any time, before the first cloud account and a minute from now included
		rapid.Int64Range(-3600, 0),          // one hour
		rapid.Just[int64](-86400),           // one second
	)
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfNDistinct(name, 0, 50, strings.ToLower).Draw(t, "names")
		c := &census{}
		for _, p := range people {
			c.accounts = append(c.accounts, account{p, surveyDay().Add(time.Duration(seconds.Draw(t, "created")) * time.Second)})
		}
		size := rapid.IntRange(1, 20).Draw(t, "size")
		created, named := everyone()
		sectors, _ := c.survey(t, created, size)
		for _, s := range sectors {
			r := s.sector.(createdRange)
			if s.users > tolerable(size) {
				require.True(t, r.from.Equal(r.to) || r.from.IsZero() || r.to.IsZero(), "only a second and the open ends may be larger")
			}
		}
		sectors, _ = c.survey(t, named, size)
		for _, s := range sectors {
			require.LessOrEqual(t, s.users, tolerable(size), "every name differs from every other one")
			require.LessOrEqual(t, len(s.sector.(namePrefixes)), maxClauses)
		}
	})
}

// accounts makes n accounts whose creation begins that long ago and takes so
// long.
func accounts(n int, ago, span time.Duration) []account {
	list := make([]account, 0, n)
	for i := range n {
		created := surveyDay().Add(-ago + time.Duration(int64(span)/int64(n)*int64(i)))
		list = append(list, account{fmt.Sprintf("student%06d@contoso.com", i), created.Truncate(time.Second)})
	}
	return list
}

// people are n accounts named first.last, some first letters more common than
// others.
func people(n int) []account {
	const initials, later = "aaaaabbbcccdddeeefgghhijjjjjkkllllmmmmmmnnopprrrrssssssttvwyz", "aeiouaeiourlnst"
	list := make([]account, 0, n)
	for i := range n {
		name := []byte{initials[i*7%len(initials)], later[i*3%len(later)], later[i/15%len(later)], '.', initials[i*11%len(initials)]}
		list = append(list, account{fmt.Sprintf("%s%d@contoso.com", name, i), surveyDay()})
	}
	return list
}

// Each round of counting takes about as long as one request.
func TestPlanningTakesFewRounds(t *testing.T) {
	const day, year, users, size = 24 * time.Hour, 365 * 24 * time.Hour, 1000, 30
	created, named := everyone()
	for name, test := range map[string]struct {
		accounts []account
		all      sector
		rounds   int
	}{
		"hired over a decade":         {accounts(users, 10*year, 10*year), created, 1},
		"hired in the last two years": {accounts(users, 2*year, 2*year), created, 2},
		"imported in a day":           {accounts(users, 3*year, day), created, 3},
		"imported in a minute":        {accounts(users, 3*year, time.Minute), created, 5},
		"named by number":             {accounts(users, year, year), named, 5},
		"named by first and last":     {people(users), named, 3},
	} {
		t.Run(name, func(t *testing.T) {
			c := &census{accounts: test.accounts}
			sectors, _ := c.survey(t, test.all, size)
			assert.LessOrEqual(t, largest(sectors), tolerable(size))
			assert.LessOrEqual(t, len(sectors), 2*users/size)
			assert.Equal(t, test.rounds, c.rounds)
			assert.LessOrEqual(t, c.counts, test.rounds*surveyCounts)
		})
	}
}

func TestUsersWithoutATimeMakeTheTimesUseless(t *testing.T) {
	c := &census{accounts: accounts(2000, 24*time.Hour, 24*time.Hour)}
	c.accounts[17].created = time.Time{}
	created, _ := everyone()
	sectors, why := c.survey(t, created, 200)
	assert.Len(t, sectors, 1)
	assert.Equal(t, "accounts for 1999 of 2000 users", why)
	assert.Equal(t, 2, c.rounds, "one could have been hired between two counts")

	for i := range 100 {
		c.accounts[i].created = time.Time{}
	}
	c.rounds = 0
	sectors, _ = c.survey(t, created, 200)
	assert.Len(t, sectors, 1)
	assert.Equal(t, 1, c.rounds, "a hundred could not")
}

func TestFractionsOfSecondsAreFoundOut(t *testing.T) {
	c := &census{}
	for i := range 500 {
		c.accounts = append(c.accounts, account{fmt.Sprint(i), surveyDay().Add(-time.Duration(i) * 100 * time.Millisecond)})
	}
	created, _ := everyone()
	sectors, why := c.survey(t, created, 50)
	assert.Greater(t, largest(sectors), tolerable(50), "cuts through a second are not made")
	assert.Contains(t, why, "accounts for")
}

func TestNamesOutsideTheAlphabetStayInTheSectorThatHoldsThem(t *testing.T) {
	c := &census{}
	for i := range 300 {
		c.accounts = append(c.accounts, account{name: fmt.Sprintf("a%03d@contoso.com", i)}, account{name: fmt.Sprintf("b%c%03d@contoso.com", 'а'+i%20, i)})
	}
	_, named := everyone()
	sectors, _ := c.survey(t, named, 30)
	assert.Equal(t, 300, largest(sectors), "those that begin with b are not divided")
	assert.Greater(t, len(sectors), 10, "those that begin with a are")

	c.accounts = append(c.accounts, account{name: "жz@contoso.com"})
	sectors, why := c.survey(t, named, 30)
	assert.Len(t, sectors, 1)
	assert.Equal(t, "accounts for 600 of 601 users", why)
}

func TestNamesWithAccentsAreDividedToo(t *testing.T) {
	c := &census{accounts: people(1000)}
	for i, name := range []string{"Élodie.Roux", "émile.roux", "józef.żak", "jürgen.groß", "müller"} {
		for k := range 40 {
			c.accounts = append(c.accounts, account{name: fmt.Sprintf("%s%d.%d@contoso.com", name, i, k)})
		}
	}
	_, named := everyone()
	sectors, _ := c.survey(t, named, 30)
	assert.LessOrEqual(t, largest(sectors), tolerable(30))
}

func TestAUserHiredWhileCountingIsForgiven(t *testing.T) {
	c := &census{accounts: accounts(2000, 24*time.Hour, 24*time.Hour)}
	c.hire = func(c *census) {
		c.accounts = append(c.accounts, account{fmt.Sprintf("new%d@contoso.com", c.rounds), surveyDay()})
	}
	created, named := everyone()
	for _, all := range []sector{created, named} {
		sectors, _ := c.survey(t, all, 200)
		assert.LessOrEqual(t, largest(sectors), tolerable(200))
	}
}

func TestPrefixesAreWrittenForTheFilter(t *testing.T) {
	assert.Empty(t, namePrefixes{""}.filter())
	assert.Equal(t, "startswith(userPrincipalName,'o''') or startswith(userPrincipalName,'x#')", namePrefixes{"o'", "x#"}.filter())
	at := surveyDay()
	assert.Empty(t, createdRange{}.filter())
	assert.Equal(t, "createdDateTime ge 2026-11-22T09:00:00Z and createdDateTime le 2026-11-22T09:00:01Z", createdRange{from: at, to: at.Add(time.Second)}.filter())
	assert.Equal(t, "createdDateTime le 2026-11-22T09:00:00Z", createdRange{to: at}.filter())
}

// TestWhatCannotBeCountedIsReadInOnePart answers the counts in ways that the
// service has.
func TestWhatCannotBeCountedIsReadInOnePart(t *testing.T) {
	inner := func(status int, body any) http.HandlerFunc {
		return batchServer(t, func(r innerRequest) innerAnswer {
			assert.Equal(t, "eventual", r.Headers["ConsistencyLevel"])
			return innerAnswer{status: status, body: body}
		}, nil)
	}
	for name, test := range map[string]struct {
		status int
		body   any
		note   string
	}{
		"refused":   {400, graphError("Request_UnsupportedQuery", "Unsupported Query."), "is not counted: Unsupported Query"},
		"no count":  {200, page(), "is not counted: the answer names no count"},
		"a mistake": {200, object{"@odata.count": 10_000, "value": []any{}}, "accounts for"},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, inner(test.status, test.body))
			cover, err := c.Partitions(t.Context(), 10_000, 1000)
			require.NoError(t, err)
			require.Len(t, cover.Partitions, 1)
			assert.Equal(t, 10_000, cover.Partitions[0].Users)
			assert.Equal(t, c.listing(t), cover.Partitions[0].Link)
			assert.Empty(t, cover.Key)
			assert.Contains(t, cover.Note, "createdDateTime "+test.note)
			assert.Contains(t, cover.Note, "userPrincipalName "+test.note)
		})
	}
	for name, test := range map[string]struct {
		status int
		code   string
	}{"denied": {403, "Authorization_RequestDenied"}, "unavailable": {503, "serviceNotAvailable"}} {
		t.Run(name, func(t *testing.T) {
			_, err := serve(t, inner(test.status, graphError(test.code, "No."))).Partitions(t.Context(), 10_000, 1000)
			assert.Equal(t, test.code, asModelError(t, err).Code)
		})
	}
}

func TestAFewUsersAreReadInOnePartWithoutAsking(t *testing.T) {
	handler, calls := inTurn(count("1"))
	c := serve(t, handler)
	for _, total := range []int{0, 999, 1000} {
		cover, err := c.Partitions(t.Context(), total, 1000)
		require.NoError(t, err)
		assert.Len(t, cover.Partitions, 1)
		assert.Empty(t, cover.Note, "no more was asked for")
	}
	assert.Zero(t, calls.Load())
}
