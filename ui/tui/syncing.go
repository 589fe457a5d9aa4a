package tui

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
)

// The tasks of the sync.
const (
	taskSync       = "sync"       // a round that the administrator asked for
	taskBackground = "background" // the rounds of the schedule, as long as the screens are open
	taskRounds     = "rounds"     // waits for what the schedule does next
)

// syncPoll is how often a running sync is looked at: five times a second, and
// never when none runs.
const syncPoll = 200 * time.Millisecond

// syncState is what the root knows of the sync.
type syncState struct {
	asked     bool         // a round that the administrator asked for is running
	scheduled bool         // a round of the schedule is running
	watched   bool         // the counters are being looked at
	wanted    bool         // a round was asked for and waits for a session
	rounds    chan tea.Msg // what the schedule does; nil: it was not started

	generation uint64 // of the directory when the panes were last told
	failed     *model.Error
}

func (s *syncState) running() bool { return s.asked || s.scheduled }

// abandon forgets the rounds of a task that panicked.
func (s *syncState) abandon(task string) {
	switch task {
	case taskSync:
		s.asked = false
	case taskBackground:
		s.scheduled, s.rounds = false, nil
	}
}

type (
	// startSyncMsg asks the root to sync.
	startSyncMsg struct{ full bool }
	syncTickMsg  struct{}
	// syncedMsg is the end of a round that the administrator asked for.
	syncedMsg roundOutcome
	// roundBeganMsg and roundEndedMsg are told by the schedule.
	roundBeganMsg struct{}
	roundEndedMsg roundOutcome
	roundOutcome  struct {
		result refresh.Result
		err    error
	}
	// syncProgressMsg says that the counters of a running sync moved, or that
	// it ended.
	syncProgressMsg struct{}
)

// syncing handles the messages of the sync.
func (m *root) syncing(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case startSyncMsg:
		return m.askSync(msg.full), true
	case syncTickMsg:
		m.sync.watched = false
		if !m.sync.running() {
			return nil, true
		}
		return tea.Batch(m.tellPanes(), m.watchSync()), true
	case syncedMsg:
		m.sync.asked = false
		return m.synced(roundOutcome(msg)), true
	case roundBeganMsg:
		m.sync.scheduled = true
		return tea.Batch(m.nextRound(), m.watchSync(), m.broadcast(syncProgressMsg{})), true
	case roundEndedMsg:
		m.sync.scheduled = false
		return tea.Batch(m.nextRound(), m.synced(roundOutcome(msg))), true
	}
	return nil, false
}

// askSync starts what the administrator asks for. A round that runs already
// answers it, unless it follows the changes only and everything is wanted.
func (m *root) askSync(full bool) tea.Cmd {
	if m.sync.running() && !(full && m.ws.Progress().Mode == refresh.ModeDelta) {
		return m.toasts.show(m.shared, levelInfo, "A sync is running already")
	}
	switch failed := m.sync.failed; {
	case failed != nil && failed.Kind == model.KindSignIn:
		m.sync.wanted = true
		return emit(signInMsg{}) // the session is no longer good
	case m.ws.Session() == nil:
		m.sync.wanted = true
		return m.connect()
	}
	return m.startSync(full)
}

func (m *root) startSync(full bool) tea.Cmd {
	m.sync.asked, m.sync.failed = true, nil
	run := m.tasks.run(taskSync, func(ctx context.Context) tea.Msg {
		result, err := m.ws.Sync(ctx, refresh.Request{Full: full})
		return syncedMsg{result, err}
	})
	return tea.Batch(run, m.watchSync(), m.broadcast(syncProgressMsg{}))
}

// keepInSync starts the schedule, once there is a session that may read users,
// and what was asked for or failed without one.
func (m *root) keepInSync() tea.Cmd {
	if !m.ws.Can(workspace.CapabilityDirectory) {
		return nil
	}
	due := m.sync.wanted || m.sync.failed != nil
	m.sync.wanted = false
	var schedule tea.Cmd
	if !m.options.NoSync && m.sync.rounds == nil {
		schedule = m.startSchedule()
		due = due && m.ws.Synced() // the schedule begins with a first sync by itself
	}
	if due && !m.sync.running() {
		return tea.Batch(schedule, m.startSync(false))
	}
	return schedule
}

// startSchedule gives the schedule its goroutine. What it does arrives as
// messages, two for a round: the screen needs no timer to learn of it.
func (m *root) startSchedule() tea.Cmd {
	rounds := make(chan tea.Msg)
	m.sync.rounds = rounds
	schedule := m.schedule()
	background := m.tasks.run(taskBackground, func(ctx context.Context) tea.Msg {
		tell := func(msg tea.Msg) {
			select {
			case rounds <- msg:
			case <-ctx.Done():
			}
		}
		err := m.ws.Background(ctx, schedule,
			func() { tell(roundBeganMsg{}) },
			func(result refresh.Result, err error) { tell(roundEndedMsg{result, err}) })
		if err != nil {
			return errorToast(err)
		}
		return nil
	})
	return tea.Batch(background, m.nextRound())
}

// nextRound waits for what the schedule does next.
func (m *root) nextRound() tea.Cmd {
	rounds := m.sync.rounds
	return m.tasks.run(taskRounds, func(ctx context.Context) tea.Msg {
		select {
		case msg := <-rounds:
			return msg
		case <-ctx.Done():
			return nil
		}
	})
}

func (m *root) schedule() refresh.Schedule {
	if m.options.Schedule != nil {
		return *m.options.Schedule
	}
	return refresh.DefaultSchedule()
}

// watchSync looks at the counters after a while.
func (m *root) watchSync() tea.Cmd {
	if m.sync.watched {
		return nil
	}
	m.sync.watched = true
	return m.tasks.after(syncPoll, syncTickMsg{})
}

func (m *root) synced(o roundOutcome) tea.Cmd {
	tell, before := m.tellPanes(), m.sync.failed
	if o.err == nil {
		r := o.result
		m.offline, m.sync.failed = nil, nil
		m.activity.note(m.ws.Now(), levelGood, fmt.Sprintf("Synced %s: %s added, %s updated, %s removed, in %s",
			plural(r.Users, "user", "users"), count(r.Added), count(r.Updated), count(r.Removed), r.Elapsed.Round(time.Millisecond)), "")
		return tell
	}
	e := model.AsError(o.err)
	if e.Kind == model.KindInterrupted {
		return tell
	}
	m.sync.failed = e
	text := "Sync failed: " + sentence(e)
	switch {
	case e.Kind == model.KindSignIn && m.ws.Session() == nil:
		return tea.Batch(tell, emit(signInMsg{e}), toast(levelBad, text))
	case before != nil && before.Code == e.Code:
		// The schedule tries again by itself: the same news is told once.
		m.activity.note(m.ws.Now(), levelBad, text, "")
		return tell
	}
	return tea.Batch(tell, toast(levelBad, text))
}

// tellPanes passes on what a sync changed since the last time.
func (m *root) tellPanes() tea.Cmd {
	cmd := m.broadcast(syncProgressMsg{})
	if g := m.ws.Directory().Generation(); g != m.sync.generation {
		m.sync.generation = g
		return tea.Batch(cmd, m.broadcast(directoryChangedMsg{}))
	}
	return cmd
}

// syncText is the left part of the status line.
func (m *root) syncText() string {
	if m.stage <= stageOpening {
		return ""
	}
	th := m.theme
	p := m.ws.Progress()
	wait := m.ws.Traffic().WaitUntil.Sub(m.ws.Now())
	switch {
	case m.sync.running() && wait > 0:
		return th.warn.Render("⏸") + th.muted.Render(fmt.Sprintf(" throttled: the service asks to wait %d s", int(wait.Seconds())+1))
	case m.sync.running() && p.Expected > 0 && p.Phase == refresh.PhaseReading:
		return th.accent.Render("↻") + th.muted.Render(fmt.Sprintf(" syncing %s of %s", count(p.Read), count(p.Expected)))
	case m.sync.running() && p.Read > 0:
		return th.accent.Render("↻") + th.muted.Render(" syncing "+count(p.Read)+" changes")
	case m.sync.running():
		return th.accent.Render("↻") + th.muted.Render(" syncing")
	case m.stage != stageReady:
		return ""
	case m.offline != nil:
		return th.warn.Render("!") + th.muted.Render(" offline"+m.asOf(p))
	case m.ws.Session() == nil:
		return th.warn.Render("!") + th.muted.Render(" not signed in"+m.asOf(p))
	case m.sync.failed != nil:
		return th.bad.Render("✗") + th.muted.Render(" sync failed"+m.asOf(p))
	case p.SyncedAt.IsZero():
		return th.muted.Render("not synced yet")
	}
	next := ""
	if n := m.schedule().Nightly; m.sync.rounds != nil && n.On {
		next = " · next " + n.String()
	}
	return th.good.Render("✓") + th.muted.Render(" synced "+when(p.SyncedAt, m.ws.Now())+next)
}

// asOf says how old the data on the screen is.
func (m *root) asOf(p refresh.Progress) string {
	if p.SyncedAt.IsZero() {
		return ""
	}
	return " · data of " + when(p.SyncedAt, m.ws.Now())
}

// when writes a time as short as it stays clear: the screen has no timer, so
// nothing on it may be relative to now.
func when(t, now time.Time) string {
	t = t.In(now.Location())
	switch {
	case t.IsZero():
		return "never"
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return t.Format("15:04")
	case now.Sub(t) < 300*24*time.Hour:
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006")
}
