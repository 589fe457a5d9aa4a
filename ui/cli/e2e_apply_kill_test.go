package cli_test

import (
	"cmp"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/model/writeback"
)

// everyWriteFault is a bad day of the service for somebody who writes: answers
// are lost after and before their requests took effect, memberships are seen
// late, tokens are taken back.
const everyWriteFault = "latency=2ms,lag=150ms,429=0.002,5xx=0.02,cut=0.02,truncate=0.02,expire=0.005,unanswered=0.02,timeout=0.01,unreplicated=0.005"

// TestAPlanKilledAtAnyMomentIsFinishedByResume kills processes that apply or
// resume plans while the tenant fails, and while others change the group. Then
// resume runs to its end, and the group, what requests did to it, the journal
// and the audit are compared with the plan. Some plans are taken back the same
// way. ROLLCALL_SOAK=1 kills 300 processes instead of 6.
func TestAPlanKilledAtAnyMomentIsFinishedByResume(t *testing.T) {
	t.Parallel()
	kills, users := 6, 800
	if soak() {
		kills, users = 300, 3000
	}
	k := applyKiller{
		random: rand.New(rand.NewPCG(6, 300)),
		target: serveTarget(t, emulator.Options{Users: users, Fault: everyWriteFault, Budget: emulator.Budget{Units: 1 << 20, Writes: 1 << 20}}),
		killed: make(map[string]int),
	}
	for episode := 0; k.total < kills; episode++ {
		// The client's own budget of writes is kept in the ledger: on a fresh one
		// nobody waits for it.
		if episode%6 == 0 {
			k.site = k.target.site()
		}
		k.episode(t, episode)
	}
	t.Logf("kills: %v; %d plans were taken back in part", k.killed, k.taken)
	judges := k.target.Judges()
	assert.Empty(t, judges.ForeignLinks)
	assert.Empty(t, judges.UserDeletes)
}

// applyKiller kills processes of one site that write one group.
type applyKiller struct {
	site   *site
	target target
	random *rand.Rand
	killed map[string]int // processes, by command and stage
	total  int
	taken  int // plans of which others took a row back

	// The most of a process that nobody killed.
	requests, writes int
	lasted           time.Duration

	since   int    // length of the tenant's log of memberships when the plan was made
	joined  people // strangers who came since
	left    people // members who should have stayed and went since
	settled people // rows that others made right
}

// episode makes a plan for a group, has it applied by processes that are killed,
// and checks what is left. Some plans are then taken back likewise.
func (k *applyKiller) episode(t *testing.T, n int) {
	before := k.target.draw(k.random, 200+k.random.IntN(200), nil)
	gone := before.some(k.random, 20+k.random.IntN(100))
	fresh := k.target.draw(k.random, 20+k.random.IntN(180), before)
	want := before.without(gone).with(fresh)
	k.target.hold(k.target.group, before)
	k.target.hold(k.target.audience, want)
	k.target.skip(time.Second) // until everybody sees it

	plan := k.site.propose("plan", "--from", "group:"+audienceName, "--to", targetName)
	require.Equal(t, fresh, idsOf(plan.Add))
	require.Equal(t, gone, idsOf(plan.Remove))
	k.strikes(t, plan, true)
	if n%16 == 15 {
		k.takeBack(t, plan)
	}
	k.finish(t, plan)
	k.check(t, plan, want)
	t.Logf("episode %d: %d members, %d to add, %d to remove; %d kills so far; others added %d, removed %d and made %d rows right",
		n, len(before), len(fresh), len(gone), k.total, len(k.joined), len(k.left), len(k.settled))

	if n%3 > 0 {
		return
	}
	k.target.skip(time.Second)
	was := before.with(k.joined).without(k.left)
	undo := k.site.propose("undo", plan.ID)
	require.Equal(t, plan.ID, undo.UndoOf)
	k.strikes(t, undo, false)
	k.finish(t, undo)
	k.check(t, undo, was)
}

// strikes kills some processes in a row that write a plan, the first by apply
// and the others by apply or resume, whichever somebody would type.
func (k *applyKiller) strikes(t *testing.T, plan *writeback.Plan, others bool) {
	k.since = len(k.target.Tenant().MembershipChanges())
	k.joined, k.left, k.settled = make(people), make(people), make(people)
	for range 1 + k.random.IntN(4) {
		args := applying(plan)
		if k.target.begun(k.since) && k.random.IntN(3) > 0 {
			args = []string{"resume", plan.ID, "--json"}
		}
		k.strike(t, args, plan)
		if others && k.target.begun(k.since) && k.random.IntN(2) == 0 {
			k.outsiders(plan)
		}
	}
}

// begun reports whether a request has changed the group: from then on what
// others do makes no plan stale.
func (t target) begun(since int) bool {
	for _, c := range t.Tenant().MembershipChanges()[since:] {
		if c.Request != "" && c.Group == t.group {
			return true
		}
	}
	return false
}

// outsiders change the group behind the plan's back: strangers come, members
// who should stay go, and a few rows are made right before we come to them.
func (k *applyKiller) outsiders(plan *writeback.Plan) {
	members, add, remove := k.target.members(k.target.group), idsOf(plan.Add), idsOf(plan.Remove)
	rows := add.with(remove)
	come := k.target.draw(k.random, k.random.IntN(5), members.with(rows).with(k.left))
	leaving := members.without(rows).without(k.joined).some(k.random, k.random.IntN(5))
	early := add.without(members).some(k.random, k.random.IntN(3))
	k.target.join(k.target.group, come.with(early))
	k.target.leave(k.target.group, leaving)
	k.joined, k.left, k.settled = k.joined.with(come), k.left.with(leaving), k.settled.with(early)
}

// strike starts a process and kills it at a random moment: by the requests that
// it has made, by the writes among them, by the time that it has had, or while
// it reads back what it has written.
func (k *applyKiller) strike(t *testing.T, args []string, plan *writeback.Plan) {
	rows := len(plan.Add) + len(plan.Remove)
	requests, writes := k.target.asked(""), k.target.writes()
	began := time.Now()
	var moment func() bool
	tail := 8 * time.Millisecond
	switch k.random.IntN(5) {
	case 0:
		n := k.random.IntN(cmp.Or(k.requests, 20) + 1)
		moment = func() bool { return k.target.asked("")-requests >= n }
	case 1, 2:
		n := 1 + k.random.IntN(cmp.Or(k.writes, rows/2))
		moment = func() bool { return k.target.writes()-writes >= n }
	case 3:
		d := time.Duration(k.random.Int64N(int64(cmp.Or(k.lasted, time.Second))))
		moment = func() bool { return time.Since(began) >= d }
	default:
		then := plan.BaseCount + len(plan.Add) - len(plan.Remove) + len(k.joined) - len(k.left)
		moment, tail = func() bool { return k.target.Tenant().MemberCount(k.target.group) == then }, 300*time.Millisecond
	}
	p := k.site.start(args...)
	if alive := p.when(moment); alive {
		tail := time.Now().Add(time.Duration(k.random.Int64N(int64(tail))))
		p.when(func() bool { return !time.Now().Before(tail) })
	}
	require.NoError(t, ignoreDone(p.cmd.Process.Kill()))
	a := p.wait()
	if a.code >= 0 {
		require.Contains(t, []int{0, 4, 5, 6}, a.code, "rollcall %v: %s%s", args, a.stdout, a.stderr)
		k.requests, k.writes = max(k.requests, k.target.asked("")-requests), max(k.writes, k.target.writes()-writes)
		k.lasted = min(time.Second, max(k.lasted, time.Since(began)))
		return
	}
	k.total++
	k.killed[args[0]+" "+k.stage(rows)]++
}

// stage is where the plan stands that a process was killed at.
func (k *applyKiller) stage(rows int) string {
	right := len(k.settled)
	for _, c := range k.target.Tenant().MembershipChanges()[k.since:] {
		if c.Request != "" && c.Group == k.target.group {
			right++
		}
	}
	switch right {
	case 0:
		return "before the first row"
	case rows:
		return "after the last row"
	default:
		return "between the rows"
	}
}

// takeBack undoes a row by other hands that the run has noted as right. Nobody
// writes that again without a word: resume says so, changes nothing, and needs
// an approval.
func (k *applyKiller) takeBack(t *testing.T, plan *writeback.Plan) {
	run, members := k.site.journal(plan.ID), k.target.members(k.target.group)
	if run == nil || run.Verified() {
		return
	}
	right := make(people)
	for _, row := range run.Rows {
		if row.State == writeback.RowDone || row.State == writeback.RowAlready {
			right[row.ID] = true
		}
	}
	row := right.without(k.settled).some(k.random, 1)
	if len(row) == 0 {
		return
	}
	k.target.leave(k.target.group, row.without(row.without(members)))
	k.target.join(k.target.group, row.without(members))
	k.target.skip(time.Second)
	changes := len(k.target.Tenant().MembershipChanges())
	a := k.site.run("resume", plan.ID, "--json")
	for a.code == 4 || a.code == 5 {
		a = k.site.run("resume", plan.ID, "--json")
	}
	require.Equal(t, "planStale", decodeFailure(t, a, 3).Code)
	require.Len(t, k.target.Tenant().MembershipChanges(), changes, "a plan that needs an approval changes nothing")
	k.taken++
	k.site.persist(approving("resume", plan)...)
}

// finish resumes a plan until that ends well. One that nobody came to begin is
// applied.
func (k *applyKiller) finish(t *testing.T, plan *writeback.Plan) {
	if a := k.site.run("resume", plan.ID, "--json"); a.code == 2 {
		require.Equal(t, "planNotApplied", decodeFailure(t, a, 2).Code)
		k.site.persist(applying(plan)...)
	}
	k.site.persist("resume", plan.ID, "--json")
}

// check compares the group with the plan and what others did, and then what
// requests did to it, the journal and the audit with the plan.
func (k *applyKiller) check(t *testing.T, plan *writeback.Plan, want people) {
	k.target.requireMembers(want.with(k.joined).without(k.left))
	written := k.target.written(plan, k.since)
	require.Equal(t, idsOf(plan.Add).with(idsOf(plan.Remove)).without(k.settled), written, "every row was written, and by nobody else")
	k.site.requireJournal(plan, written)
	k.site.requireWhole()
}
