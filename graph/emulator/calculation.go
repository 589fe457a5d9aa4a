package emulator

import (
	"slices"
	"sync"
	"time"

	"rollcall/graph/emulator/seed"
)

// calculationAge is how old the stored members of a dynamic distribution list
// become. Source: Exchange PowerShell documentation,
// Get-DynamicDistributionGroupMember: "updated every 24 hours".
const calculationAge = 24 * time.Hour

// calculation is the stored membership of a dynamic distribution list.
type calculation struct {
	number  uint64 // no two have the same
	at      time.Time
	members []seed.Member
}

// calculations keep what the dynamic distribution lists had as members when
// they were last worked out. The first working out is put off until somebody
// asks: at a million users it takes as long as a page of users does.
type calculations struct {
	tenant *seed.Tenant
	now    func() time.Time

	mu    sync.Mutex
	made  uint64
	lists map[int]*calculation
}

func newCalculations(t *seed.Tenant, now func() time.Time) *calculations {
	return &calculations{tenant: t, now: now, lists: make(map[int]*calculation)}
}

// of returns a list's stored members. They must not be changed.
func (c *calculations) of(list int) *calculation {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if known := c.lists[list]; known != nil && now.Sub(known.at) < calculationAge {
		return known
	}
	c.made++
	fresh := &calculation{number: c.made, at: now, members: slices.Collect(c.tenant.DynamicMembers(list))}
	c.lists[list] = fresh
	return fresh
}

// forget makes the next question work the members out again.
func (c *calculations) forget() {
	c.mu.Lock()
	clear(c.lists)
	c.mu.Unlock()
}
