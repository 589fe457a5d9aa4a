package writeback

import "time"

// writeRate is how many writes a second one may expect while the budget lasts.
// Six batches of 20 DELETEs are under way at once: at 100 ms a request that
// would be 1,200 a second, and at this rate a batch may take 2.4 s, which
// leaves a tenant room to be slow in and the journal to be written.
const writeRate = 50

// Estimate is about how long a plan takes to write. An addition costs the
// twentieth of a write, as one PATCH adds 20; each removal costs a whole one,
// because Graph has nothing that removes several. So a long plan is bound by
// the tenant's budget: 3,000 writes in 150 s are no more than 20 removals a
// second.
func Estimate(additions, removals int) time.Duration {
	writes := (max(additions, 0)+BindSize-1)/BindSize + max(removals, 0)
	if writes == 0 {
		return 0
	}
	// What is spent comes free as fast as it was spent, one window later.
	windows, rest := (writes-1)/WriteBudget, (writes-1)%WriteBudget+1
	seconds := (rest + writeRate - 1) / writeRate
	return time.Duration(windows)*(WriteWindow+travel) + time.Duration(seconds)*time.Second
}
