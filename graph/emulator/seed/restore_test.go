package seed

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// managers are the present users' managers, by user.
func managers(t *Tenant) map[int]int {
	out := make(map[int]int)
	eachUser(t, func(u User) { out[u.Index] = u.Manager })
	return out
}

func TestARestoredUserIsAsItWas(t *testing.T) {
	tenant := New(Options{})
	require.True(t, tenant.UpdateUser(40, func(u *User) { u.UserPrincipalName, u.Department = "kept@contoso.com", "Kept" }))
	changed, _ := tenant.User(40)
	seeded, _ := tenant.User(41)
	for _, want := range []User{changed, seeded} {
		require.True(t, tenant.RemoveUser(want.Index, false))
		_, there := tenant.User(want.Index)
		require.False(t, there)
		_, found := tenant.FindUserByUPN(want.UserPrincipalName)
		require.False(t, found)
		seq := tenant.Seq()

		require.True(t, tenant.RestoreUser(want.Index))
		got, there := tenant.User(want.Index)
		require.True(t, there)
		assert.Equal(t, want, got)
		i, found := tenant.FindUserByUPN(want.UserPrincipalName)
		assert.True(t, found)
		assert.Equal(t, want.Index, i)
		change := tenant.Changes(seq, 1)[0]
		assert.Equal(t, UserRestored, change.Kind)
		assert.True(t, change.Properties.Has("displayName") && change.Properties.Has("id"))
	}
	assert.Equal(t, 2000, tenant.UserCount())
}

func TestOnlyASoftDeletionCanBeUndone(t *testing.T) {
	tenant := New(Options{})
	assert.False(t, tenant.RestoreUser(40), "a present user")
	assert.False(t, tenant.RestoreUser(5000), "nobody")
	require.True(t, tenant.RemoveUser(40, true))
	assert.False(t, tenant.RestoreUser(40), "a user deleted for good")

	u, _ := tenant.User(41)
	require.True(t, tenant.RemoveUser(41, false))
	tenant.UpdateUser(42, func(o *User) { o.UserPrincipalName = u.UserPrincipalName })
	assert.False(t, tenant.RestoreUser(41), "another user has the name")
}

func TestManagersAfterARestoreAreWhatTheLogSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tenant := New(Options{Users: 60, Seed: rapid.Uint64Range(1, 9).Draw(t, "seed")})
		follow, seq := managers(tenant), uint64(0)
		user := rapid.IntRange(2, 59)
		t.Repeat(map[string]func(*rapid.T){
			"leave":  func(t *rapid.T) { tenant.RemoveUser(user.Draw(t, "user"), false) },
			"return": func(t *rapid.T) { tenant.RestoreUser(user.Draw(t, "user")) },
			"change": func(t *rapid.T) {
				manager := user.Draw(t, "manager")
				if _, there := tenant.User(manager); there {
					tenant.UpdateUser(user.Draw(t, "user"), func(u *User) { u.Manager = manager })
				}
			},
			// After each action, so that a change's manager is still the present one.
			"": func(t *rapid.T) {
				told := make(map[int]bool)
				for _, c := range tenant.Changes(seq, 0) {
					seq = c.Seq
					told[c.User] = true
					before, there := follow[c.User]
					if c.Kind == UserUpdated && (!there || before != c.FormerManager) {
						t.Fatalf("user %d had %d as manager (%v), the log says %d", c.User, before, there, c.FormerManager)
					}
				}
				now := managers(tenant)
				for user, manager := range now {
					if before, there := follow[user]; !told[user] && (!there || before != manager) {
						t.Fatalf("the log does not say that user %d has manager %d now", user, manager)
					}
				}
				follow = now
			},
		})
	})
}

func TestAShareOfTheUsersIsRemovedAtOnce(t *testing.T) {
	tenant := New(Options{})
	require.Equal(t, 400, tenant.RemoveShare(3, 0.2, false))
	assert.Equal(t, 1600, tenant.UserCount())
	same := New(Options{})
	same.RemoveShare(3, 0.2, false)
	for i := range tenant.UserSlots() {
		_, there := tenant.User(i)
		_, too := same.User(i)
		require.Equal(t, there, too, "the seed alone chooses")
	}
	_, there := tenant.User(tenant.Account())
	assert.True(t, there)
	assert.Less(t, tenant.RemoveShare(4, 1, true), 1600, "the service account and the heads stay")
	assert.Positive(t, tenant.UserCount())
	assert.Zero(t, tenant.RemoveShare(5, 0, true))
}
