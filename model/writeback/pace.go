package writeback

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Graph takes 3,000 writes of one app in one tenant in 150 seconds; a PATCH
// that adds 20 members is one write, and so is each request of a $batch.
// Source: Graph documentation, "Throttling limits", identity and access.
const (
	WriteBudget = 3000
	WriteWindow = 150 * time.Second
	BindSize    = 20 // most members that one write adds
)

const (
	// paceBlock is how many writes are reserved at a time, so that the disk is
	// not asked for each.
	paceBlock = 100
	// blockLife is how long a block may be spent. What is left of it then is
	// given back, for the tenant would count it later than the disk does.
	blockLife = 10 * time.Second
	// travel is how much later than it was taken a write may reach the tenant.
	travel = 5 * time.Second
)

// Pacer keeps to the tenant's budget of writes: no WriteWindow ever sees more
// than WriteBudget of them, wherever it begins. That holds whether Graph counts
// in windows or fills a bucket, and across processes where the budget is kept.
//
// It goes by the time that passes, not by the time of day: a clock that is set
// back frees nothing and stops nothing.
type Pacer struct {
	budget Budget
	now    func() time.Time

	mu      sync.Mutex
	loaded  bool          // reservations of earlier processes
	last    time.Time     // when the time was last read
	clock   time.Duration // passed since the first Take
	spent   []spending    // of the trailing window, oldest first
	sum     int           // of spent
	own     int           // writes that this process took
	block   time.Time     // when the block in use was reserved, as the budget has it
	blockAt time.Duration // the same by the clock
	left    int           // of the block in use
}

// spending is a number of writes that were taken at one time.
type spending struct {
	at     time.Duration
	writes int
}

// NewPacer returns a pacer that keeps its reservations in b; where b is nil it
// forgets them with the process. now is time.Now where it is nil.
func NewPacer(b Budget, now func() time.Time) *Pacer {
	if now == nil {
		now = time.Now
	}
	return &Pacer{budget: b, now: now}
}

// Take takes n write requests out of the budget, which must be sent at once.
// Where that is not possible yet it takes nothing and returns how long it is to
// wait before it is asked again. An error is the budget's own; nothing is taken
// then either.
func (p *Pacer) Take(ctx context.Context, n int) (wait time.Duration, err error) {
	if n > WriteBudget {
		return 0, fmt.Errorf("writeback: %d writes at once, and the tenant takes %d in %s", n, WriteBudget, WriteWindow)
	}
	if err := ctx.Err(); err != nil || n <= 0 {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tick()
	if err := p.load(ctx); err != nil {
		return 0, err
	}
	p.expire()
	if wait := p.wait(n); wait > 0 {
		return wait, nil
	}
	if err := p.reserve(ctx, n); err != nil {
		return 0, err
	}
	p.left -= n
	p.own += n
	p.spend(p.clock, n)
	return 0, nil
}

// tick moves the clock by the time that has passed, never back.
func (p *Pacer) tick() {
	now := p.now()
	if !p.last.IsZero() {
		p.clock += max(now.Sub(p.last), 0)
	}
	p.last = now
}

// load counts what earlier processes reserved: each block as if it had been
// spent as late as it may have been.
func (p *Pacer) load(ctx context.Context) error {
	if p.loaded || p.budget == nil {
		return nil
	}
	list, err := p.budget.Reserved(ctx, p.last.Add(-WriteWindow-travel-blockLife).UTC())
	if err != nil {
		return err
	}
	for _, r := range list {
		// One from the future was made before the clock was set back.
		age := max(p.last.Sub(r.At)-blockLife, 0)
		p.spend(p.clock-age, r.Writes)
	}
	p.loaded = true
	return nil
}

func (p *Pacer) spend(at time.Duration, writes int) {
	p.sum += writes
	if i := len(p.spent) - 1; i >= 0 && p.spent[i].at == at {
		p.spent[i].writes += writes
		return
	}
	p.spent = append(p.spent, spending{at, writes})
}

// expire forgets what no window that is still open holds.
func (p *Pacer) expire() {
	n := 0
	for n < len(p.spent) && p.spent[n].freed() <= p.clock {
		p.sum -= p.spent[n].writes
		n++
	}
	p.spent = p.spent[n:]
}

func (s spending) freed() time.Duration { return s.at + WriteWindow + travel }

// wait returns how long it is until n writes are free.
func (p *Pacer) wait(n int) time.Duration {
	free := WriteBudget - p.sum
	var wait time.Duration
	for _, s := range p.spent {
		if free >= n {
			break
		}
		free += s.writes
		wait = s.freed() - p.clock
	}
	return wait
}

// reserve makes sure that n writes are reserved and not yet spent. A process
// never reserves more ahead than it has spent: many short ones would use the
// budget up with what they leave.
func (p *Pacer) reserve(ctx context.Context, n int) error {
	if p.budget == nil {
		p.left = n
		return nil
	}
	if p.left > 0 && p.clock-p.blockAt > blockLife {
		back := Reservation{At: p.block, Writes: -p.left}
		p.left = 0 // whatever the disk answers
		if err := p.budget.Reserve(ctx, back); err != nil {
			return err
		}
	}
	if p.left >= n {
		return nil
	}
	ahead := min(paceBlock, p.own, WriteBudget-p.sum-p.left)
	r := Reservation{At: p.last.UTC(), Writes: max(n-p.left, ahead)}
	if err := p.budget.Reserve(ctx, r); err != nil {
		return err
	}
	p.left += r.Writes
	p.block, p.blockAt = r.At, p.clock
	return nil
}
