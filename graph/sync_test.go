package graph_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph"
	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
	"rollcall/model/refresh"
)

// begin returns a delta link that starts now.
func (h *house) begin(t *testing.T) string {
	t.Helper()
	beginning, err := h.Begin(t.Context())
	require.NoError(t, err)
	require.Empty(t, beginning.Refused)
	return beginning.DeltaLink
}

// listing reads all users, following each page's link.
func (h *house) listing(t *testing.T) map[string]*model.User {
	t.Helper()
	cover, err := h.Partitions(t.Context(), 0, 0)
	require.NoError(t, err)
	users := make(map[string]*model.User)
	for link := cover.Partitions[0].Link; link != ""; {
		p, err := h.Users(t.Context(), link)
		require.NoError(t, err)
		apply(users, p.Changes)
		link = p.Next
	}
	return users
}

// follow reads a delta round into users and returns the next delta link.
func (h *house) follow(t *testing.T, users map[string]*model.User, link string) string {
	t.Helper()
	for {
		p, err := h.Delta(t.Context(), link)
		require.NoError(t, err)
		apply(users, p.Changes)
		if p.DeltaLink != "" {
			return p.DeltaLink
		}
		link = p.Next
	}
}

func apply(users map[string]*model.User, changes []model.Change) {
	for _, c := range changes {
		if c.Removed != "" {
			delete(users, c.ID)
			continue
		}
		if users[c.ID] == nil {
			users[c.ID] = &model.User{}
		}
		users[c.ID].Apply(c)
	}
}

// assertDirectory compares what was synced with the tenant's own data.
func (h *house) assertDirectory(t *testing.T, users map[string]*model.User) {
	t.Helper()
	tn := h.server.Tenant()
	assert.Len(t, users, tn.UserCount())
	for i := range tn.UserSlots() {
		want, ok := tn.User(i)
		if !ok {
			continue
		}
		got := users[want.ID]
		if !assert.NotNil(t, got, "%s is missing", want.UserPrincipalName) {
			return
		}
		manager := ""
		if want.Manager >= 0 {
			manager = tn.UserID(want.Manager)
		}
		phone := append(slices.Clone(want.BusinessPhones), "")[0]
		hired := ""
		if !want.EmployeeHireDate.IsZero() {
			hired = want.EmployeeHireDate.UTC().Format(time.RFC3339)
		}
		same := assert.Equal(t, want.DisplayName, got.Value(model.AttrDisplayName)) &&
			assert.Equal(t, want.UserPrincipalName, got.Value(model.AttrUserPrincipalName)) &&
			assert.Equal(t, want.Mail, got.Value(model.AttrMail)) &&
			assert.Equal(t, want.Department, got.Value(model.AttrDepartment)) &&
			assert.Equal(t, want.JobTitle, got.Value(model.AttrJobTitle)) &&
			assert.Equal(t, phone, got.Value(model.AttrBusinessPhone)) &&
			assert.Equal(t, hired, got.Value(model.AttrEmployeeHireDate)) &&
			assert.Equal(t, want.ExtensionAttributes[0], got.Value(model.AttrExtensionAttribute1)) &&
			assert.Equal(t, want.ExtensionAttributes[14], got.Value(model.AttrExtensionAttribute1+14)) &&
			assert.ElementsMatch(t, want.ProxyAddresses, got.Values(model.AttrProxyAddresses)) &&
			assert.Equal(t, want.AccountEnabled, got.Value(model.AttrAccountEnabled) == "true") &&
			assert.Equal(t, manager, got.ManagerID)
		if !same {
			return
		}
	}
}

func TestSyncFollowsTheTenant(t *testing.T) {
	h := open(t, emulator.Options{})
	link := h.begin(t)
	n, err := h.UserCount(t.Context())
	require.NoError(t, err)
	assert.Equal(t, h.server.Tenant().UserCount(), n)
	h.server.Tenant().Churn(1, seed.Churn{Hires: 5, Leavers: 5, Moves: 5, Renames: 5})
	users := h.listing(t)
	h.server.Tenant().Churn(2, seed.Churn{Hires: 40, Leavers: 40, Moves: 300, Renames: 40})
	link = h.follow(t, users, link)
	h.assertDirectory(t, users)
	h.server.Tenant().Churn(3, seed.Churn{Moves: 3, Leavers: 1})
	h.follow(t, users, link)
	h.assertDirectory(t, users)
}

func TestSyncReadsDirectoryExtensions(t *testing.T) {
	h := open(t, emulator.Options{Users: 500})
	var err error
	h.options.Schema, err = model.NewSchema(seed.DirectoryExtensions()...)
	require.NoError(t, err)
	h.Client, err = graph.New(h.options)
	require.NoError(t, err)
	link := h.begin(t)
	users := h.listing(t)
	tn := h.server.Tenant()
	compare := func() {
		set := 0
		for i := range tn.UserSlots() {
			want, ok := tn.User(i)
			if !ok {
				continue
			}
			for k, name := range seed.DirectoryExtensions() {
				a, ok := h.options.Schema.ByGraph(name)
				require.True(t, ok)
				require.Equal(t, want.Extensions[k], users[want.ID].Value(a.ID), "%s of %s", name, want.UserPrincipalName)
				if want.Extensions[k] != "" {
					set++
				}
			}
		}
		assert.Positive(t, set)
	}
	compare()
	tn.Churn(1, seed.Churn{Hires: 20, Leavers: 5, Moves: 100})
	h.follow(t, users, link)
	compare()
}

func TestSyncIsWholeWhateverGoesWrongOnTheWay(t *testing.T) {
	h := open(t, emulator.Options{Users: 2000})
	h.server.TruncateNext(2, "/users")
	h.server.CutNext(1, "/users")
	h.server.ExpireNext(1, "/users")
	h.server.FailNext(1, 502, 0, "/users")
	h.server.FailNext(1, 429, 200*time.Millisecond, "/users")
	link := h.begin(t)
	users := h.listing(t)
	h.server.Tenant().Churn(1, seed.Churn{Hires: 10, Leavers: 10, Moves: 500})
	h.server.ReplayDeltas(1)
	h.server.TruncateNext(1, "/users/delta")
	h.follow(t, users, link)
	h.assertDirectory(t, users)
	traffic := h.Traffic()
	assert.Equal(t, 1, traffic.Throttled)
	assert.GreaterOrEqual(t, traffic.Retried, 6, "three truncated, one expired, one 502, one 429")
}

func TestExpiredDeltaLinkAsksForAResync(t *testing.T) {
	h := open(t, emulator.Options{Users: 50})
	link := h.begin(t)
	h.server.ForceResync(1)
	_, err := h.Delta(t.Context(), link)
	assert.True(t, errors.Is(err, refresh.ErrResync))
}

func TestRoughWeatherChangesNoUser(t *testing.T) {
	h := open(t, emulator.Options{Users: 3000, Fault: "429=0.15,5xx=0.08,cut=0.04,truncate=0.08,expire=0.04,dup=0.1,reorder"})
	link := h.begin(t)
	users := h.listing(t)
	h.server.Tenant().Churn(1, seed.Churn{Hires: 100, Leavers: 100, Moves: 2500})
	h.follow(t, users, link)
	h.assertDirectory(t, users)
	assert.Positive(t, h.Traffic().Retried)
}
