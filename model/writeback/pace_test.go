package writeback

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// shelf is a budget on a disk that may fail, before or after it has kept what
// it was given.
type shelf struct {
	list  []Reservation
	err   error
	after bool // the reservation is kept nevertheless
}

func (s *shelf) Reserved(_ context.Context, since time.Time) (list []Reservation, err error) {
	if s.err != nil {
		return nil, s.err
	}
	for _, r := range s.list {
		if !r.At.Before(since) {
			list = append(list, r)
		}
	}
	return list, nil
}

func (s *shelf) Reserve(_ context.Context, r Reservation) error {
	if s.err != nil && !s.after {
		return s.err
	}
	s.list = append(s.list, r)
	return s.err
}

func (s *shelf) sum() (n int) {
	for _, r := range s.list {
		n += r.Writes
	}
	return n
}

// pacing is a pacer with the time that truly passes, apart from the clock.
type pacing struct {
	*Pacer
	shelf  *shelf
	passed time.Duration
	wrong  time.Duration // of the clock
	taken  []spending    // by the time that passed
}

func newPacing() *pacing {
	p := &pacing{shelf: &shelf{}}
	p.restart()
	return p
}

// restart is the process's death and the next one's start.
func (p *pacing) restart() {
	p.Pacer = NewPacer(p.shelf, func() time.Time { return noon.Add(p.passed + p.wrong) })
}

func (p *pacing) take(n int) (time.Duration, error) {
	wait, err := p.Take(context.Background(), n)
	if wait == 0 && err == nil {
		p.taken = append(p.taken, spending{p.passed, n})
	}
	return wait, err
}

// most is the largest number of writes that any window has seen.
func (p *pacing) most() (most int) {
	from, sum := 0, 0
	for _, s := range p.taken {
		sum += s.writes
		for p.taken[from].at <= s.at-WriteWindow {
			sum -= p.taken[from].writes
			from++
		}
		most = max(most, sum)
	}
	return most
}

func TestNoWindowEverSeesMoreWritesThanTheTenantTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPacing()
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			p.shelf.err, p.shelf.after = nil, false
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				p.restart()
			case 1:
				p.wrong -= time.Duration(rapid.IntRange(0, 400).Draw(t, "back")) * time.Second
			case 2, 3:
				p.passed += time.Duration(rapid.IntRange(0, 200_000).Draw(t, "milliseconds")) * time.Millisecond
			case 4:
				p.shelf.err, p.shelf.after = errDead, rapid.Bool().Draw(t, "kept")
				before := len(p.taken)
				if _, err := p.take(rapid.IntRange(1, 400).Draw(t, "writes")); err != nil {
					require.ErrorIs(t, err, errDead)
					require.Len(t, p.taken, before)
				}
			default:
				n := rapid.IntRange(1, 400).Draw(t, "writes")
				for range rapid.IntRange(1, 12).Draw(t, "times") {
					_, err := p.take(n)
					require.NoError(t, err)
				}
			}
		}
		require.LessOrEqual(t, p.most(), WriteBudget)

		// Whatever was: who waits as long as he is told comes to write.
		p.shelf.err = nil
		n := rapid.IntRange(1, WriteBudget).Draw(t, "last")
		for try := 0; ; try++ {
			require.Less(t, try, 2, "nobody else writes, so one wait is enough")
			wait, err := p.take(n)
			require.NoError(t, err)
			require.LessOrEqual(t, wait, WriteWindow+travel)
			if wait == 0 {
				break
			}
			p.passed += wait
		}
		require.LessOrEqual(t, p.most(), WriteBudget)
	})
}

func TestTheWholeBudgetCanBeUsedAtOnce(t *testing.T) {
	for _, n := range []int{1, 5, 20, 100, 1000, WriteBudget} {
		p := newPacing()
		for range WriteBudget / n {
			wait, err := p.take(n)
			require.NoError(t, err)
			require.Zero(t, wait)
		}
		wait, err := p.take(1)
		require.NoError(t, err)
		assert.Equal(t, WriteWindow+travel, wait, "in portions of %d", n)
		assert.Equal(t, WriteBudget, p.shelf.sum())
		assert.LessOrEqual(t, len(p.shelf.list), WriteBudget/paceBlock+10, "the disk is asked for blocks")
	}
}

func TestACrashLosesNoMoreThanOneBlock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPacing()
		for range rapid.IntRange(1, 30).Draw(t, "takes") {
			_, err := p.take(rapid.IntRange(1, 90).Draw(t, "writes"))
			require.NoError(t, err)
			p.passed += rapid.SampledFrom([]time.Duration{0, time.Second, blockLife + time.Second}).Draw(t, "pause")
		}
		taken := 0
		for _, s := range p.taken {
			taken += s.writes
		}
		require.GreaterOrEqual(t, p.shelf.sum(), taken, "on the disk before it is spent")
		require.Less(t, p.shelf.sum()-taken, paceBlock)
		require.LessOrEqual(t, p.shelf.sum(), 2*taken, "nor more than it has used")
	})
}

func TestTheNextProcessKnowsWhatTheLastOneSpent(t *testing.T) {
	p := newPacing()
	for range 29 {
		_, err := p.take(100)
		require.NoError(t, err)
	}
	p.passed = time.Minute
	p.restart()
	wait, err := p.take(100)
	require.NoError(t, err)
	assert.Zero(t, wait)
	wait, err = p.take(1)
	require.NoError(t, err)
	assert.Equal(t, WriteWindow+travel+blockLife-time.Minute, wait)
}

func TestManyShortRunsLeaveTheBudgetToEachOther(t *testing.T) {
	p := newPacing()
	for range WriteBudget {
		p.restart()
		wait, err := p.take(1)
		require.NoError(t, err)
		require.Zero(t, wait)
	}
}

func TestPacingNeedsNoDisk(t *testing.T) {
	now := noon
	p := NewPacer(nil, func() time.Time { return now })
	wait, err := p.Take(context.Background(), WriteBudget)
	require.NoError(t, err)
	require.Zero(t, wait)
	wait, err = p.Take(context.Background(), 1)
	require.NoError(t, err)
	now = now.Add(wait)
	wait, err = p.Take(context.Background(), WriteBudget)
	require.NoError(t, err)
	assert.Zero(t, wait)
}

func TestWhatCanNeverBeTakenIsAnError(t *testing.T) {
	_, err := NewPacer(nil, nil).Take(context.Background(), WriteBudget+1)
	require.Error(t, err)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = NewPacer(nil, nil).Take(cancelled, 1)
	require.ErrorIs(t, err, context.Canceled)
}

func TestABudgetThatCannotBeReadStopsTheWriting(t *testing.T) {
	full := errors.New("no space left on device")
	p := newPacing()
	p.shelf.err = full
	_, err := p.take(1)
	require.ErrorIs(t, err, full)
	p.shelf.err = nil
	_, err = p.take(1)
	require.NoError(t, err)
	p.shelf.err = full
	_, err = p.take(1)
	require.ErrorIs(t, err, full)
	assert.Len(t, p.taken, 1)
}

func TestWritersSideBySideShareTheBudget(t *testing.T) {
	p := NewPacer(&shelf{}, func() time.Time { return noon })
	var mu sync.Mutex
	var running sync.WaitGroup
	taken := 0
	for range 10 {
		running.Go(func() {
			for {
				wait, err := p.Take(context.Background(), 20)
				if wait > 0 || err != nil {
					return
				}
				mu.Lock()
				taken += 20
				mu.Unlock()
			}
		})
	}
	running.Wait()
	assert.Equal(t, WriteBudget, taken)
}
