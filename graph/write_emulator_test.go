package graph_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
	"rollcall/model/writeback"
)

const writable = "sg-target"

// target is a security group of the first users of the tenant.
func target(members int) seed.CustomGroup {
	g := seed.CustomGroup{Code: writable, Kind: model.KindSecurity}
	for i := range members {
		g.Members = append(g.Members, seed.Member{Type: seed.MemberUser, Index: i})
	}
	return g
}

// groupNamed is the object id of a group.
func (h *house) groupNamed(t testing.TB, name string) string {
	t.Helper()
	found, err := h.ResolveGroup(t.Context(), name)
	require.NoError(t, err)
	require.Len(t, found, 1, name)
	return found[0].ID
}

// userIDs are the object ids of users.
func (h *house) userIDs(from, to int) []string {
	ids := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		ids = append(ids, h.server.Tenant().UserID(i))
	}
	return ids
}

// members are the ids of a group's members, as the tenant holds them.
func (h *house) members(t testing.TB, group string) []string {
	t.Helper()
	at, ok := h.server.Tenant().FindGroup(group)
	require.True(t, ok)
	return visible(h.server.Tenant(), at)
}

// changes are the requests that changed each member, in their order.
func (h *house) changes() map[string][]string {
	tn := h.server.Tenant()
	out := make(map[string][]string)
	for _, c := range tn.MembershipChanges() {
		id := tn.ID(c.Member)
		out[id] = append(out[id], c.Request)
	}
	return out
}

// requests is how often a route was called.
func (h *house) requests(route string) int {
	for _, r := range h.server.Judges().Routes {
		if r.Route == route {
			return r.Requests
		}
	}
	return 0
}

const (
	routePatch  = "PATCH /groups/{id}"
	routeAdd    = "POST /groups/{id}/members/$ref"
	routeRemove = "DELETE /groups/{id}/members/{id}/$ref"
)

func TestEveryRowNamesTheRequestThatWroteIt(t *testing.T) {
	h := open(t, emulator.Options{Users: 600, Groups: []seed.CustomGroup{target(100)}})
	group := h.groupNamed(t, writable)
	add, remove := h.userIDs(200, 450), h.userIDs(0, 50)
	nobody := "5f0c4c0e-0000-4000-8000-00000000dead"
	var o outcomes
	require.NoError(t, h.Write(t.Context(), group, slices.Concat(add, h.userIDs(90, 95), []string{nobody}), append(remove, h.userIDs(500, 501)...), o.done))
	changes := h.changes()
	for _, id := range slices.Concat(add, remove) {
		r := o.rows[id]
		assert.Equal(t, writeback.OutcomeDone, r.Outcome)
		assert.Equal(t, []string{r.RequestID}, changes[id])
	}
	assert.Len(t, changes, len(add)+len(remove))
	for _, id := range append(h.userIDs(90, 95), h.userIDs(500, 501)...) {
		assert.Equal(t, writeback.OutcomeAlready, o.rows[id].Outcome)
		assert.Regexp(t, `^[0-9a-f-]{36}$`, o.rows[id].RequestID)
	}
	failed := o.rows[nobody]
	assert.Equal(t, writeback.OutcomeFailed, failed.Outcome)
	assert.Regexp(t, `^[0-9a-f-]{36}$`, failed.RequestID)
	assert.Equal(t, failed.RequestID, failed.Err.RequestID)
}

// Whatever became of the answers: who was not there before was added by us, and
// each of them once.
func TestWhatWasWrittenUnheardIsDoneAndNotAlreadySo(t *testing.T) {
	for name, provoke := range map[string]func(*emulator.Server){
		"the connection broke":         func(s *emulator.Server) { s.UnanswerNext(3, "/groups") },
		"the answer cannot be read":    func(s *emulator.Server) { s.TruncateNext(3, "/$batch") },
		"it broke half-way":            func(s *emulator.Server) { s.HalveNext(3) },
		"the service timed out":        func(s *emulator.Server) { s.TimeOutNext(9, "/groups") },
		"it broke before anything was": func(s *emulator.Server) { s.CutNext(3, "/$batch") },
		"it failed before anything was": func(s *emulator.Server) {
			s.FailNext(9, 503, 0, "/groups")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, emulator.Options{Users: 600, Groups: []seed.CustomGroup{target(100)}})
			group := h.groupNamed(t, writable)
			add, remove := h.userIDs(200, 390), h.userIDs(0, 70)
			provoke(h.server)
			var o outcomes
			require.NoError(t, h.Write(t.Context(), group, add, remove, o.done))
			require.Len(t, o.rows, len(add)+len(remove))
			for id, r := range o.rows {
				assert.Equal(t, writeback.OutcomeDone, r.Outcome, "%s %v", id, r.Err)
			}
			assert.ElementsMatch(t, slices.Concat(add, h.userIDs(70, 100)), h.members(t, group))
			for id, requests := range h.changes() {
				assert.Len(t, requests, 1, id)
			}
		})
	}
}

// The lost PATCH was not carried out, since one of its users was a member: that
// one was so already, and the others are ours.
func TestWhoWasAMemberBeforeALostAnswerIsAlreadyOne(t *testing.T) {
	h := open(t, emulator.Options{Users: 300, Groups: []seed.CustomGroup{target(10)}})
	group := h.groupNamed(t, writable)
	h.server.CutNext(2, "/$batch")
	var o outcomes
	require.NoError(t, h.Write(t.Context(), group, h.userIDs(5, 25), nil, o.done))
	for i, id := range h.userIDs(5, 25) {
		want := writeback.OutcomeDone
		if i < 5 {
			want = writeback.OutcomeAlready
		}
		assert.Equal(t, want, o.rows[id].Outcome, "%d", i)
	}
}

func TestAGroupThatWasJustMadeIsWaitedFor(t *testing.T) {
	h := open(t, emulator.Options{Users: 600, Groups: []seed.CustomGroup{target(40)}})
	group := h.groupNamed(t, writable)
	h.server.UnreplicateNext(8, "/groups")
	var o outcomes
	require.NoError(t, h.Write(t.Context(), group, h.userIDs(100, 300), h.userIDs(0, 40), o.done))
	for _, r := range o.rows {
		assert.Equal(t, writeback.OutcomeDone, r.Outcome, "%v", r.Err)
	}
	assert.ElementsMatch(t, h.userIDs(100, 300), h.members(t, group))
	assert.Zero(t, h.requests(routeAdd), "a PATCH is sent again whole")
}

func TestAGroupThatNeverAppearsEndsTheWrite(t *testing.T) {
	h := open(t, emulator.Options{Users: 3000, Groups: []seed.CustomGroup{target(0)}})
	group := h.groupNamed(t, writable)
	h.server.UnreplicateNext(1_000_000, "/groups")
	began := h.options.Now()
	var o outcomes
	err := h.Write(t.Context(), group, h.userIDs(0, 2500), nil, o.done)
	var e *model.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "notReplicated", e.Code)
	assert.Equal(t, model.KindUnavailable, e.Kind)
	assert.Less(t, h.options.Now().Sub(began), 10*time.Minute)
	assert.Less(t, h.requests(routePatch)+h.requests(routeAdd), 500)
	for _, r := range o.rows {
		assert.Equal(t, writeback.OutcomeFailed, r.Outcome)
	}
	assert.Empty(t, h.changes())
}

// A refusal that every row would meet is met once: no PATCH of such a group is
// split, and of 2,000 rows none is tried that need not be.
func TestAGroupThatTakesNoWritesEndsTheWriteAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		group, code string
		kind        model.Kind
		before      func(*testing.T, *house)
	}{
		"distribution list":           {group: "all-staff@contoso.com", code: "groupDistribution", kind: model.KindGuard},
		"mail-enabled security group": {group: "mes-vpn@contoso.com", code: "groupMailEnabledSecurity", kind: model.KindGuard},
		"synchronised":                {group: "sg-onprem", code: "groupOnPremises", kind: model.KindGuard},
		"dynamic":                     {group: "dyn-engineering", code: "groupDynamic", kind: model.KindGuard},
		"role-assignable":             {group: "sg-admins", code: "groupRoleAssignable", kind: model.KindGuard},
		"no role": {group: writable, code: "roleMissing", kind: model.KindSignIn, before: func(t *testing.T, h *house) {
			require.NoError(t, h.server.SetRoles())
		}},
		"no permission": {group: writable, code: "consentMissing", kind: model.KindSignIn, before: func(t *testing.T, h *house) {
			h.server.WithdrawConsent(emulator.WriteScope)
			_, err := h.auth.Renew(t.Context())
			require.NoError(t, err)
		}},
	} {
		for _, remove := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, remove %t", name, remove), func(t *testing.T) {
				h := open(t, emulator.Options{Users: 3000, Groups: []seed.CustomGroup{target(5)}})
				group := h.groupNamed(t, c.group)
				if c.before != nil {
					c.before(t, h)
				}
				add, gone := h.userIDs(500, 2500), []string(nil)
				if remove {
					add, gone = nil, add
				}
				var o outcomes
				err := h.Write(t.Context(), group, add, gone, o.done)
				var e *model.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, c.code, e.Code)
				assert.Equal(t, c.kind, e.Kind)
				assert.NotEmpty(t, e.Remedy)
				assert.NotEmpty(t, e.RequestID)
				require.NotEmpty(t, o.rows)
				for _, r := range o.rows {
					assert.Equal(t, writeback.OutcomeFailed, r.Outcome)
					assert.Equal(t, c.code, r.Err.Code)
				}
				assert.Zero(t, h.requests(routeAdd))
				assert.LessOrEqual(t, h.requests(routePatch), 30, "what six writers had under way")
				assert.LessOrEqual(t, h.requests(routeRemove), 120)
				assert.Empty(t, h.changes())
			})
		}
	}
}

func TestTheOwnerOfAGroupNeedsNoRole(t *testing.T) {
	h := open(t, emulator.Options{Users: 300, Groups: []seed.CustomGroup{target(5)}})
	require.NoError(t, h.server.SetRoles())
	tn := h.server.Tenant()
	group := h.groupNamed(t, writable)
	at, _ := tn.FindGroup(group)
	require.True(t, tn.AddOwner(at, seed.Member{Type: seed.MemberUser, Index: tn.Account()}))
	var o outcomes
	require.NoError(t, h.Write(t.Context(), group, h.userIDs(100, 140), h.userIDs(0, 5), o.done))
	assert.ElementsMatch(t, h.userIDs(100, 140), h.members(t, group))
}

func TestGuestsAreRefusedOneByOne(t *testing.T) {
	closed := target(0)
	closed.NoGuests = true
	h := open(t, emulator.Options{Users: 2000, Groups: []seed.CustomGroup{closed}})
	group := h.groupNamed(t, writable)
	tn := h.server.Tenant()
	var add []string
	guests := 0
	for i := 0; len(add) < 400; i++ {
		u, ok := tn.User(i)
		if !ok || u.UserType == "Guest" && guests == 7 {
			continue
		}
		if u.UserType == "Guest" {
			guests++
		}
		add = append(add, u.ID)
	}
	require.Positive(t, guests)
	var o outcomes
	require.NoError(t, h.Write(t.Context(), group, add, nil, o.done))
	refused := 0
	for _, r := range o.rows {
		if r.Outcome == writeback.OutcomeFailed {
			refused++
			assert.Equal(t, "guestNotAllowed", r.Err.Code)
			assert.Contains(t, r.Err.Remedy, "skip_guests")
		}
	}
	assert.Equal(t, guests, refused)
	assert.Len(t, h.members(t, group), len(add)-guests)
}

// A removal of who is no member is refused as if the group were gone, or with
// 400 by another path.
func TestWhoIsNoMemberIsRemovedAlready(t *testing.T) {
	for _, fault := range []string{"", "absent400"} {
		h := open(t, emulator.Options{Users: 300, Groups: []seed.CustomGroup{target(20)}, Fault: fault})
		group := h.groupNamed(t, writable)
		var o outcomes
		require.NoError(t, h.Write(t.Context(), group, nil, h.userIDs(10, 60), o.done))
		for i, id := range h.userIDs(10, 60) {
			want := writeback.OutcomeDone
			if i >= 10 {
				want = writeback.OutcomeAlready
			}
			assert.Equal(t, want, o.rows[id].Outcome, "%s %d", fault, i)
		}
	}
}

func TestAnExpiredTokenIsRenewedDuringAWrite(t *testing.T) {
	h := open(t, emulator.Options{Users: 1000, Groups: []seed.CustomGroup{target(60)}})
	group := h.groupNamed(t, writable)
	var once sync.Once
	var o outcomes
	require.NoError(t, h.Write(t.Context(), group, h.userIDs(100, 900), h.userIDs(0, 60), func(r writeback.RowResult) {
		once.Do(h.server.ExpireTokens)
		o.done(r)
	}))
	for _, r := range o.rows {
		assert.Equal(t, writeback.OutcomeDone, r.Outcome, "%v", r.Err)
	}
	assert.ElementsMatch(t, h.userIDs(100, 900), h.members(t, group))
}

// What ends a write from outside leaves rows of two kinds: reported ones, which
// are as reported, and rows that nothing is said of.
func TestAWriteThatEndsEarlyReportsOnlyWhatIsTrue(t *testing.T) {
	for name, c := range map[string]struct {
		strike func(h *house, cancel context.CancelFunc)
		kind   model.Kind
	}{
		"signed out": {func(h *house, _ context.CancelFunc) { h.server.RevokeSessions() }, model.KindSignIn},
		"cancelled":  {func(_ *house, cancel context.CancelFunc) { cancel() }, model.KindInterrupted},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, emulator.Options{Users: 6000, Groups: []seed.CustomGroup{target(500)}})
			group := h.groupNamed(t, writable)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			add, remove := h.userIDs(1000, 6000), h.userIDs(0, 500)
			var once sync.Once
			var o outcomes
			err := h.Write(ctx, group, add, remove, func(r writeback.RowResult) {
				o.done(r)
				once.Do(func() { c.strike(h, cancel) })
			})
			require.Error(t, err)
			assert.Equal(t, c.kind, model.AsError(err).Kind)
			assert.Less(t, len(o.rows), len(add)+len(remove))
			assert.NotEmpty(t, o.rows)
			members := make(map[string]bool)
			for _, id := range h.members(t, group) {
				members[id] = true
			}
			for id, r := range o.rows {
				assert.Equal(t, writeback.OutcomeDone, r.Outcome)
				assert.Equal(t, !r.Remove, members[id])
			}
			for _, id := range remove {
				assert.True(t, members[id], "removals come after the additions")
			}
		})
	}
}

func TestOwnersAreThoseOfTheTenant(t *testing.T) {
	owned := target(5)
	for i := range 120 {
		owned.Owners = append(owned.Owners, seed.Member{Type: seed.MemberUser, Index: 50 + i})
	}
	h := open(t, emulator.Options{Users: 300, Groups: []seed.CustomGroup{owned}})
	owners, err := h.Owners(t.Context(), h.groupNamed(t, writable))
	require.NoError(t, err)
	assert.ElementsMatch(t, h.userIDs(50, 170), owners)

	owners, err = h.Owners(t.Context(), h.groupNamed(t, "all-staff@contoso.com"))
	require.NoError(t, err)
	assert.Empty(t, owners, "Graph knows none of a group of Exchange")
}

// Rough weather of every kind: what is reported is true, nobody is added or
// removed twice, nobody passes for a member from before whom we have added, and
// what is not reported is said to be open by an error.
func TestWhateverTheWeatherRowsAreReportedAsTheyAre(t *testing.T) {
	const weather = "5xx=0.1,cut=0.04,truncate=0.04,unanswered=0.1,halfway=0.05,timeout=0.1,unreplicated=0.03"
	finished := 0
	for seeded := range 12 {
		fault := weather
		if seeded%2 == 1 {
			fault += ",absent400"
		}
		h := open(t, emulator.Options{Users: 700, Seed: uint64(seeded + 1), Groups: []seed.CustomGroup{target(200)}, Fault: fault})
		tn := h.server.Tenant()
		var group string
		for i := range tn.Groups() {
			if g, _ := tn.Group(i); g.DisplayName == writable {
				group = g.ID
			}
		}
		nobody := "5f0c4c0e-0000-4000-8000-00000000dead"
		add := append(h.userIDs(150, 450), nobody)                      // fifty are members
		remove := slices.Concat(h.userIDs(0, 120), h.userIDs(600, 620)) // twenty are not
		var o outcomes
		err := h.Write(t.Context(), group, add, remove, o.done)
		if err == nil {
			finished++
			require.Len(t, o.rows, len(add)+len(remove))
		}
		changes, members := h.changes(), h.members(t, group)
		for id, r := range o.rows {
			switch r.Outcome {
			case writeback.OutcomeFailed:
				assert.True(t, id == nobody || r.Err.Code == "notReplicated", "%v", r.Err)
				continue
			case writeback.OutcomeAlready:
				assert.Empty(t, changes[id], "seed %d", seeded)
			case writeback.OutcomeDone:
				assert.LessOrEqual(t, len(changes[id]), 1, "seed %d", seeded)
			}
			assert.Equal(t, !r.Remove, slices.Contains(members, id), "seed %d", seeded)
		}
	}
	assert.Positive(t, finished)
}
