package tui

import (
	"fmt"
	"strings"
	"time"

	"rollcall/model"
	"rollcall/model/refresh"
)

// leastSyncLines keeps the log at its place when a sync begins or ends.
const leastSyncLines = 4

// trafficText counts the calls.
func (p *activityPane) trafficText() string {
	t := p.ws.Traffic()
	text := plural(t.Requests, "call", "calls")
	if t.Throttled > 0 {
		text += " · " + count(t.Throttled) + " throttled"
	}
	if t.Retried > 0 {
		text += " · " + count(t.Retried) + " retried"
	}
	return text
}

// syncLines are the running round, or the last one and what it left to say.
func (p *activityPane) syncLines() []string {
	s, now := p.ws.Progress(), p.ws.Now()
	var lines []string
	if s.Running {
		lines = p.runningLines(s, now)
	} else {
		lines = p.lastRoundLines(s, now)
	}
	for len(lines) < leastSyncLines {
		lines = append(lines, "")
	}
	return lines
}

func (p *activityPane) runningLines(s refresh.Progress, now time.Time) []string {
	th := p.theme
	first := " " + th.accent.Render("↻ "+phaseText(s)) +
		th.muted.Render(fmt.Sprintf(" · since %s · %s · ", when(s.StartedAt, now), plural(s.Pages, "page", "pages"))) +
		th.key.Render("X") + th.muted.Render(" stops it")
	const countsWidth = 55 // "1,000,000 of 1,000,000 users · 10,000/s · 10:00 left"
	width := max(10, min(50, p.width-countsWidth))
	second := " " + p.pace.text(s)
	if s.Expected > 0 {
		second = " " + th.progress(s.Read, s.Expected, width) + "  " + p.pace.text(s)
	}
	third := ""
	if s.Partitions > 1 {
		third = " " + th.progress(s.Done, s.Partitions, min(width, s.Partitions)) + "  " +
			th.muted.Render(partitionText(s)+" read")
	}
	fourth := ""
	if wait := p.ws.Traffic().WaitUntil.Sub(now); wait > 0 {
		fourth = " " + th.warn.Render("⏸ throttled") + th.muted.Render(" · the service asks to wait another ") + clock(wait)
	} else if s.Stale {
		fourth = " " + th.warn.Render("!") + th.muted.Render(" until it ends, the data is that of "+when(s.SyncedAt, now))
	}
	return []string{first, second, third, fourth}
}

func (p *activityPane) lastRoundLines(s refresh.Progress, now time.Time) []string {
	th := p.theme
	lines := []string{" " + th.muted.Render("Not synced yet")}
	if n := p.ws.Directory().Len(); n > 0 {
		lines[0] += th.muted.Render(" to the end · " + plural(n, "user", "users") + " so far")
	}
	if !s.SyncedAt.IsZero() {
		lines[0] = " " + th.good.Render("✓") + " Synced " + when(s.SyncedAt, now) + th.muted.Render(" · "+plural(p.ws.Directory().Len(), "user", "users"))
	}
	if r := s.LastRound; r.Mode != "" {
		lines = append(lines, th.muted.Render(fmt.Sprintf("   last round: %s · %s added · %s updated · %s removed · %s · %s",
			r.Mode, count(r.Added), count(r.Updated), count(r.Removed), plural(r.Pages, "page", "pages"), r.Elapsed.Round(10*time.Millisecond))))
		notes := r.Notes
		if r.Mode == refresh.ModeDelta && len(r.Refused) > 0 { // a full read has a note of its own
			notes = append(notes[:len(notes):len(notes)], "the tenant does not give these attributes: "+strings.Join(r.Refused, ", "))
		}
		for _, note := range notes {
			for i, l := range wrap(th, capitalise(clean(note)), p.width-6) {
				sign := " "
				if i == 0 {
					sign = th.warn.Render("!")
				}
				lines = append(lines, " "+sign+" "+l)
			}
		}
	}
	switch {
	case s.Held > 0:
		lines = append(lines, " "+th.warn.Render("! "+removalsText(s.Held))+th.muted.Render(" · ")+th.key.Render("!")+th.muted.Render(" decides"))
	case s.LastError != nil && s.LastError.Kind == model.KindInterrupted:
		lines = append(lines, " "+th.warn.Render("!")+" The last sync was stopped"+th.muted.Render(" · ")+th.key.Render("S")+th.muted.Render(" goes on from there"))
	case s.LastError != nil:
		for i, l := range wrap(th, clean(sentence(s.LastError)), p.width-6) {
			sign := "  "
			if i == 0 {
				sign = "✗ "
			}
			lines = append(lines, " "+th.bad.Render(sign+l))
		}
	}
	if s.Stale && s.Held == 0 {
		lines = append(lines, " "+th.warn.Render("!")+th.muted.Render(" everything is to be read again: ")+th.key.Render("S")+th.muted.Render(" goes on"))
	}
	return lines
}

// phaseText says what a round is doing.
func phaseText(s refresh.Progress) string {
	switch {
	case s.Phase == refresh.PhaseReading && s.Mode == refresh.ModeResync:
		return "Reading the whole directory again"
	case s.Phase == refresh.PhaseReading:
		return "Reading the directory"
	case s.Phase == refresh.PhaseDelta:
		return "Following the changes"
	}
	return "Starting"
}
