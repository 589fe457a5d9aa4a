package tui

import (
	"strings"
	"time"

	"rollcall/model/refresh"
)

// pace is how fast a running round reads. It looks at the counters when the
// screen does, from the first look at each phase on: a round that goes on where
// an older one stopped begins with what that one read.
type pace struct {
	phase       refresh.Phase
	mode        refresh.Mode
	began, last time.Time // of the first look and of the newest
	first, read int       // users read by then
}

// leastPace is how long a round is watched before its pace says anything.
const leastPace = time.Second

// watch looks at the counters.
func (p *pace) watch(s refresh.Progress, now time.Time) {
	switch {
	case !s.Running:
		*p = pace{}
		return
	case p.began.IsZero() || p.phase != s.Phase || p.mode != s.Mode || s.Read < p.first:
		*p = pace{phase: s.Phase, mode: s.Mode, began: now, first: s.Read}
	}
	p.last, p.read = now, s.Read
}

// perSecond is the users read in a second; 0 while that is not known.
func (p *pace) perSecond() float64 {
	elapsed := p.last.Sub(p.began)
	if elapsed < leastPace {
		return 0
	}
	return float64(p.read-p.first) / elapsed.Seconds()
}

// text is how far a round has come: "412,000 of 1,000,000 users · 8,400/s ·
// 1:10 left".
func (p *pace) text(s refresh.Progress) string {
	parts := []string{plural(s.Read, "user", "users")}
	reading := s.Phase == refresh.PhaseReading
	switch {
	case s.Mode == refresh.ModeDelta:
		parts[0] = plural(s.Read, "change", "changes")
	case reading && s.Expected > 0:
		parts[0] = count(s.Read) + " of " + plural(s.Expected, "user", "users")
	}
	if rate := p.perSecond(); rate >= 1 {
		parts = append(parts, count(int(rate))+"/s")
		if left := s.Expected - s.Read; reading && left > 0 {
			parts = append(parts, clock(time.Duration(float64(left)/rate*float64(time.Second)))+" left")
		}
	}
	return strings.Join(parts, " · ")
}

// partitionText counts the partitions: "12 of 40 partitions".
func partitionText(s refresh.Progress) string {
	return count(s.Done) + " of " + plural(s.Partitions, "partition", "partitions")
}

// readingText shows the first sync while there are no rows yet.
func (p *directoryPane) readingText(s refresh.Progress) []string {
	th := p.theme
	lines := []string{"Reading the directory", ""}
	if s.Expected > 0 {
		lines = append(lines, th.progress(s.Read, s.Expected, 36), "")
	}
	if s.Phase == refresh.PhaseReading {
		lines = append(lines, th.muted.Render(p.pace.text(s)))
	}
	if s.Partitions > 1 {
		lines = append(lines, th.muted.Render(partitionText(s)))
	}
	return lines
}
