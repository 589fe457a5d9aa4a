package cli_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/cache"
	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// target is a group of a tenant that is written, beside the one that says who
// should be in it. Both hold nobody at first.
type target struct {
	*tenant
	group, audience int
}

const targetName, audienceName = "written-group", "its-audience"

func serveTarget(tb testing.TB, o emulator.Options) target {
	tb.Helper()
	o.Groups = []seed.CustomGroup{{Code: targetName, Kind: model.KindSecurity}, {Code: audienceName, Kind: model.KindSecurity}}
	t := target{tenant: serveTenant(tb, o)}
	for i := range t.Tenant().Groups() {
		switch g, _ := t.Tenant().Group(i); g.DisplayName {
		case targetName:
			t.group = i
		case audienceName:
			t.audience = i
		}
	}
	return t
}

// people are members as a set of object ids.
type people map[string]bool

func (p people) with(others people) people {
	out := maps.Clone(p)
	maps.Copy(out, others)
	return out
}

func (p people) without(others people) people {
	out := make(people)
	for id := range p {
		if !others[id] {
			out[id] = true
		}
	}
	return out
}

// draw takes n of the users of the tenant who are not among others.
func (t target) draw(random *rand.Rand, n int, others people) people {
	out := make(people)
	for len(out) < n {
		i := 1 + random.IntN(t.Tenant().UserSlots()-1)
		if id := t.Tenant().UserID(i); t.Tenant().Present(i) && !others[id] {
			out[id] = true
		}
	}
	return out
}

// some are n of the people.
func (p people) some(random *rand.Rand, n int) people {
	ids := slices.Sorted(maps.Keys(p))
	random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	out := make(people)
	for _, id := range ids[:min(n, len(ids))] {
		out[id] = true
	}
	return out
}

// members are the members of a group as they are.
func (t target) members(group int) people {
	out := make(people)
	for m := range t.Tenant().Members(group) {
		out[t.Tenant().ID(m)] = true
	}
	return out
}

// join and leave are done by people at the tenant, and no request of ours.
func (t target) join(group int, who people)  { t.change(group, who, t.Tenant().AddMember) }
func (t target) leave(group int, who people) { t.change(group, who, t.Tenant().RemoveMember) }

func (t target) change(group int, who people, do func(int, seed.Member) bool) {
	for _, id := range slices.Sorted(maps.Keys(who)) {
		m, ok := t.Tenant().Find(id)
		require.True(t.tb, ok, id)
		require.True(t.tb, do(group, m), id)
	}
}

// hold makes a group hold exactly somebody.
func (t target) hold(group int, who people) {
	now := t.members(group)
	t.leave(group, now.without(who))
	t.join(group, who.without(now))
}

// writes are the requests so far that change a group, those in batches counted
// one by one.
func (t target) writes() int {
	return t.asked("PATCH /groups/{id}") + t.asked("POST /groups/{id}/members/$ref") + t.asked("DELETE /groups/{id}/members/{member}/$ref")
}

// written are the plan's rows that requests have changed since a moment, which
// a length of the tenant's log of memberships is. It fails where one was
// changed twice, unless others had taken it back between, against the plan, or
// is no row of it: how often a write was sent is not the question, but what the
// sending did.
func (t target) written(p *writeback.Plan, since int) people {
	add, remove, out := idsOf(p.Add), idsOf(p.Remove), make(people)
	back := make(people)
	for _, c := range t.Tenant().MembershipChanges()[since:] {
		if c.Group != t.group {
			continue
		}
		id := t.Tenant().ID(c.Member)
		if c.Request == "" {
			back[id] = true
			continue
		}
		require.False(t.tb, c.Owner, "an owner was changed")
		require.False(t.tb, out[id] && !back[id], "%s was changed twice", id)
		delete(back, id)
		if c.Added {
			require.True(t.tb, add[id], "%s was added and should not have been", id)
		} else {
			require.True(t.tb, remove[id], "%s was removed and should not have been", id)
		}
		out[id] = true
	}
	return out
}

func idsOf(refs []writeback.Ref) people {
	out := make(people)
	for _, r := range refs {
		out[r.ID] = true
	}
	return out
}

// propose makes a plan with arguments of the command.
func (s *site) propose(args ...string) *writeback.Plan {
	s.tb.Helper()
	file := filepath.Join(s.home, "plan.json")
	s.persist(append(args, "--out", file)...)
	return s.plan(file)
}

// plan reads a plan that was made.
func (s *site) plan(fileOrID string) *writeback.Plan {
	s.tb.Helper()
	var p writeback.Plan
	require.NoError(s.tb, json.Unmarshal([]byte(s.ok("plan", "show", fileOrID, "--json")), &p))
	require.NoError(s.tb, p.Verify())
	return &p
}

// applying are the arguments that apply a plan whatever its guards say.
func applying(p *writeback.Plan) []string { return approving("apply", p) }

func approving(command string, p *writeback.Plan) []string {
	return []string{
		command, p.ID, "--yes", "--json",
		"--allow-additions", strconv.Itoa(len(p.Add)), "--allow-removals", strconv.Itoa(len(p.Remove)),
	}
}

// persist runs rollcall against a tenant with faults until it ends well. Where
// the tenant does not answer, answers in part or takes the token back twice in
// one call, whoever runs it does so again.
func (s *site) persist(args ...string) answer {
	s.tb.Helper()
	var a answer
	for range 20 {
		if a = s.run(args...); a.code == 0 {
			return a
		}
		require.Contains(s.tb, []int{4, 5, 6}, a.code, "rollcall %v: %s%s", args, a.stdout, a.stderr)
	}
	require.Zero(s.tb, a.code, "rollcall %v, over and over: %s%s", args, a.stdout, a.stderr)
	return a
}

// journal is the run of a plan, nil when it never began.
func (s *site) journal(planID string) *writeback.Run {
	s.tb.Helper()
	ledger, err := cache.OpenLedger(filepath.Join(s.data, "ledger.db"), cache.LedgerOptions{})
	require.NoError(s.tb, err)
	run, err := ledger.Run(s.tb.Context(), planID)
	require.NoError(s.tb, err)
	require.NoError(s.tb, ledger.Close())
	return run
}

// requireJournal fails unless the journal and the audit tell that a plan was
// approved, that every row which requests wrote was noted before as sent, and
// that all came to their end; and unless the chain of the audit is whole.
func (s *site) requireJournal(p *writeback.Plan, written people) {
	s.tb.Helper()
	run := s.journal(p.ID)
	require.NotNil(s.tb, run)
	assert.Equal(s.tb, writeback.RunVerified, run.State)
	assert.Equal(s.tb, p.Hash, run.Plan.Hash)
	assert.Len(s.tb, run.Rows, len(p.Add)+len(p.Remove))
	want := make(map[string]writeback.RowState)
	for _, row := range run.Rows {
		want[row.ID] = row.State
		if row.State != writeback.RowDone && row.State != writeback.RowAlready {
			assert.Fail(s.tb, "a row did not come to its end", "%s is %s: %s", row.ID, row.State, row.Reason)
		}
	}

	var log struct{ Events []workspace.Event }
	require.NoError(s.tb, json.Unmarshal([]byte(s.ok("log", "--json")), &log)) // fails where the chain is broken
	told, seen, sent := make(map[string]writeback.RowState), make(map[string]int), make(people)
	for _, e := range log.Events {
		if e.PlanID != p.ID {
			continue
		}
		seen[e.Action]++
		if e.Action == workspace.ActionApprove {
			assert.Equal(s.tb, p.Hash, e.Hash)
			if assert.NotNil(s.tb, e.Approval) {
				assert.Equal(s.tb, len(p.Remove), e.Approval.AllowRemovals)
			}
		}
		for _, row := range e.Rows {
			told[row.UserID] = row.State
			if row.State == writeback.RowSent {
				sent[row.UserID] = true
			}
		}
	}
	assert.Equal(s.tb, 1, seen[workspace.ActionPlan], "it was proposed once")
	assert.Equal(s.tb, 1, seen[workspace.ActionApprove], "it was approved once")
	assert.Equal(s.tb, 1, seen[workspace.ActionEnd], "its run came to one end")
	assert.Empty(s.tb, written.without(sent), "nothing is written that was not noted before")
	assert.Equal(s.tb, want, told, "the audit tells of every row what the journal has")
}

// requireMembers fails unless a group holds exactly somebody.
func (t target) requireMembers(want people) {
	t.tb.Helper()
	got := t.members(t.group)
	missing, surplus := want.without(got), got.without(want)
	require.True(t.tb, len(missing)+len(surplus) == 0,
		"of %d members %d are missing, such as %v, and %d are too many, such as %v", len(want),
		len(missing), slices.Sorted(maps.Keys(missing))[:min(3, len(missing))], len(surplus), slices.Sorted(maps.Keys(surplus))[:min(3, len(surplus))])
}
