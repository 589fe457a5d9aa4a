package cli_test

import (
	"cmp"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

// soak reports whether the long forms of tests are wanted.
func soak() bool { return os.Getenv("ROLLCALL_SOAK") == "1" }

// everyFault is a bad day of the service. Tokens are revoked apart from it, one
// at a time: two in one call would be for the administrator to look into.
const everyFault = "latency=2ms,429=0.01,5xx=0.03,cut=0.02,truncate=0.02,dup=0.1,reorder"

// TestASyncKilledAtAnyMomentEndsEqualToTheTenant kills syncing processes of
// all kinds while the tenant fails and changes. After some kills the tenant
// becomes quiet, a sync runs to its end, and every attribute of every user is
// compared. ROLLCALL_SOAK=1 kills 200 processes instead of 12.
func TestASyncKilledAtAnyMomentEndsEqualToTheTenant(t *testing.T) {
	t.Parallel()
	kills, users := 12, 3000
	if soak() {
		kills, users = 200, 12_000
	}
	k := killer{
		random: rand.New(rand.NewPCG(3, 14)),
		tenant: serveTenant(t, emulator.Options{Users: users, Fault: everyFault}),
		killed: make(map[string]int), most: make(map[string]int), last: make(map[string]int),
	}
	k.site = k.tenant.site()
	k.site.ok("segment", "save", "Sales", `user.department -eq "Sales"`)

	for episode := 0; k.total < kills; episode++ {
		kind := []string{"first read", "delta", "resync", "full read"}[episode%4]
		args := k.begin(t, kind)
		for range 1 + k.random.IntN(4) {
			k.strike(t, kind, args)
		}
		quiet := k.site.sync()
		t.Logf("episode %d, %s: %d kills so far, then %s of %d users", episode, kind, k.total, quiet.Mode, quiet.Users)
		k.site.requireEqual(k.tenant)
		k.site.requireWhole()
	}
	t.Logf("kills: %v", k.killed)
	assert.Contains(t, k.site.ok("segment", "list"), "Sales", "the ledger is never lost")

	// A killed process takes the waits that it was told with it, and the service
	// goes on to answer a batch of one: what is called early cannot be judged.
	judges := k.tenant.Judges()
	assert.Empty(t, judges.ForeignLinks)
	assert.Empty(t, judges.UserDeletes)
}

// killer kills syncing processes of one site.
type killer struct {
	site   *site
	tenant *tenant
	random *rand.Rand
	killed map[string]int // processes, by kind and stage
	total  int

	// The requests of processes of a kind that nobody killed: the most that one
	// made, and those of the last one.
	most, last map[string]int
}

// begin prepares a round of a kind and returns the arguments of its process.
func (k *killer) begin(t *testing.T, kind string) []string {
	if k.random.IntN(2) == 0 {
		k.tenant.ExpireNext(1, "/users/delta") // which every round reads
	}
	switch kind {
	case "first read":
		found, err := filepath.Glob(filepath.Join(k.site.data, "directory.*"))
		require.NoError(t, err)
		for _, path := range found {
			require.NoError(t, os.Remove(path)) // the cache may be thrown away at any time
		}
	case "delta":
		k.tenant.Tenant().Churn(k.random.Uint64(), seed.Churn{Hires: 30, Leavers: 30, Moves: 500, Renames: 40})
	case "resync":
		k.tenant.Reboot()
	case "full read":
		return []string{"sync", "--full", "--json"}
	}
	return []string{"sync", "--json"}
}

// strike starts a process and kills it at a random moment, which the requests
// that it has made by then tell: a slow machine is struck as evenly as a fast
// one. Some of the moments come after the last request, while the process
// finishes its files.
func (k *killer) strike(t *testing.T, kind string, args []string) {
	if k.random.IntN(4) == 0 {
		k.tenant.ForceResync(1)
	}
	if k.random.IntN(4) == 0 {
		k.tenant.ReplayDeltas(1)
	}
	calm := k.unrest()
	defer calm()
	before := k.tenant.asked("")
	moment := k.random.IntN(cmp.Or(k.most[kind], 10) + 1)
	if k.random.IntN(3) == 0 {
		moment = cmp.Or(k.last[kind], 10)
	}
	stage := k.stages()
	p := k.site.start(args...)
	alive := p.when(func() bool { return stage() != "" && k.tenant.asked("")-before >= moment })
	if alive {
		tail := time.Now().Add(time.Duration(k.random.Int64N(int64(60 * time.Millisecond))))
		alive = p.when(func() bool { return stage() != "" && !time.Now().Before(tail) })
	}
	require.NoError(t, ignoreDone(p.cmd.Process.Kill()))
	a, made := p.wait(), k.tenant.asked("")-before
	if a.code >= 0 {
		require.Contains(t, []int{0, 6}, a.code, "%s%s", a.stdout, a.stderr) // 6: the count ran ahead of the changing tenant
		k.last[kind], k.most[kind] = made, max(made, k.most[kind])
		return
	}
	require.True(t, alive)
	k.total++
	k.killed[kind+", "+stage()]++
	t.Logf("kill %d: %s, %s, after %d requests", k.total, kind, stage(), made)
}

// stages returns a function that tells, if it is asked often, what the process
// started next is doing: by the kind of request that it made last.
func (k *killer) stages() func() string {
	stage, users, changes := "starting", k.tenant.asked("GET /users"), k.tenant.asked("GET /users/delta")
	return func() string {
		if n := k.tenant.asked("GET /users"); n > users {
			stage, users = "reading users", n
		}
		if n := k.tenant.asked("GET /users/delta"); n > changes {
			stage, changes = "reading changes", n
		}
		return stage
	}
}

// ignoreDone forgives that a process had ended already.
func ignoreDone(err error) error {
	if err == os.ErrProcessDone {
		return nil
	}
	return err
}

// mostUnrest is how often the tenant changes at most while one process runs: on
// a slow machine so many users would leave otherwise that a sync rightly asks
// whether they are to be removed.
const mostUnrest = 100

// unrest changes the tenant until the function that it returns is called.
func (k *killer) unrest() (calm func()) {
	stop := make(chan struct{})
	random := k.random.Uint64()
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := random; n-random < mostUnrest; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				k.tenant.Tenant().Churn(n, seed.Churn{Hires: int(n % 2), Leavers: int((n + 1) % 2), Moves: 1, Renames: 1})
			}
		}
	})
	return func() {
		close(stop)
		done.Wait()
	}
}
