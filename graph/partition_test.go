package graph_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
	"rollcall/model/refresh"
)

// readers is how many partitions are read at the same time.
const readers = 8

// eachPage reads the partitions in parallel and hands over their pages one at a
// time.
func (h *house) eachPage(t testing.TB, cover refresh.Cover, take func(partition int, page *refresh.Page)) {
	t.Helper()
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(readers)
	for i, p := range cover.Partitions {
		group.Go(func() error {
			for link := p.Link; link != ""; {
				page, err := h.Users(t.Context(), link)
				if err != nil {
					return err
				}
				mu.Lock()
				take(i, page)
				mu.Unlock()
				link = page.Next
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}

// partitioned reads the users of the partitions and counts how often each was
// listed. between is called once in the middle.
func (h *house) partitioned(t testing.TB, cover refresh.Cover, between func()) (users map[string]*model.User, listed map[string]int) {
	t.Helper()
	users, listed = make(map[string]*model.User), make(map[string]int)
	h.eachPage(t, cover, func(partition int, page *refresh.Page) {
		apply(users, page.Changes)
		for _, c := range page.Changes {
			listed[c.ID]++
		}
		if partition == len(cover.Partitions)/2 && page.Next == "" {
			between()
		}
	})
	return users, listed
}

func assertOnce(t *testing.T, listed map[string]int) {
	t.Helper()
	for id, n := range listed {
		assert.Equal(t, 1, n, id)
	}
}

func TestPartitionsListEveryUserOnce(t *testing.T) {
	for name, test := range map[string]struct {
		options emulator.Options
		key     string
	}{
		"by creation": {emulator.Options{Users: 8000}, "createdDateTime"},
		"by name, where the directory has forgotten when some were created": {
			emulator.Options{Users: 8000, NullCreated: 0.02}, "userPrincipalName",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, test.options)
			tn := h.server.Tenant()
			link := h.begin(t)
			tn.Churn(1, seed.Churn{Hires: 20, Leavers: 20, Moves: 50, Renames: 20})
			total, err := h.UserCount(t.Context())
			require.NoError(t, err)
			cover, err := h.Partitions(t.Context(), total, 1000)
			require.NoError(t, err)
			assert.Equal(t, test.key, cover.Key)
			assert.Empty(t, cover.Note)
			sum := 0
			for _, p := range cover.Partitions {
				assert.LessOrEqual(t, p.Users, 1250)
				assert.Positive(t, p.Users)
				sum += p.Users
			}
			assert.Equal(t, total, sum)
			assert.LessOrEqual(t, len(cover.Partitions), 16)

			users, listed := h.partitioned(t, cover, func() {})
			assertOnce(t, listed)
			h.assertDirectory(t, users)
			assertKinds(t, users)

			// Once more, while people come, go and change their names.
			users, _ = h.partitioned(t, cover, func() {
				tn.Churn(2, seed.Churn{Hires: 200, Leavers: 100, Moves: 300, Renames: 100})
			})
			h.follow(t, users, link)
			h.assertDirectory(t, users)
		})
	}
}

// assertKinds asserts that there were guests, and names that filters must quote.
func assertKinds(t *testing.T, users map[string]*model.User) {
	t.Helper()
	names := slices.Collect(func(yield func(string) bool) {
		for u := range maps.Values(users) {
			if !yield(u.Value(model.AttrUserPrincipalName)) {
				return
			}
		}
	})
	for _, part := range []string{"#EXT#", "'"} {
		assert.True(t, slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, part) }), part)
	}
}

func TestPartitionsAreWholeWhateverGoesWrongOnTheWay(t *testing.T) {
	h := open(t, emulator.Options{Users: 6000, Fault: "5xx=0.05,cut=0.05,truncate=0.05,reorder"})
	cover, err := h.Partitions(t.Context(), 6000, 1000)
	require.NoError(t, err)
	assert.Greater(t, len(cover.Partitions), 4)
	users, listed := h.partitioned(t, cover, func() {})
	assertOnce(t, listed)
	h.assertDirectory(t, users)
	assert.Positive(t, h.Traffic().Retried)
}

func TestPlanningAsksForCountsAlone(t *testing.T) {
	h := open(t, emulator.Options{Users: 12_000})
	before := h.Traffic().Requests
	_, err := h.Partitions(t.Context(), 12_000, 2000)
	require.NoError(t, err)
	for _, call := range h.Recent(h.Traffic().Requests - before) {
		assert.Equal(t, "/v1.0/$batch", call.Path)
	}
}
