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
	asking     int // removals that the administrator was last asked about
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
	startSyncMsg struct{ request refresh.Request }
	stopSyncMsg  struct{}
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
		return m.askSync(msg.request), true
	case stopSyncMsg:
		m.ws.CancelSync()
	case syncTickMsg:
		m.sync.watched = false
		m.pace.watch(m.ws.Progress(), m.ws.Now())
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
	default:
		return nil, false
	}
	return nil, true
}

// askSync starts what the administrator asks for. A round that runs already
// answers it, unless it follows the changes only and everything is wanted.
func (m *root) askSync(request refresh.Request) tea.Cmd {
	if m.sync.running() && !(request.Full && m.ws.Progress().Mode == refresh.ModeDelta) {
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
	return m.startSync(request)
}

func (m *root) startSync(request refresh.Request) tea.Cmd {
	m.sync.asked, m.sync.failed = true, nil
	run := m.tasks.run(taskSync, func(ctx context.Context) tea.Msg {
		result, err := m.ws.Sync(ctx, request)
		return syncedMsg{result, err}
	})
	return tea.Batch(run, m.watchSync(), m.broadcast(syncProgressMsg{}))
}

// keepInSync starts the schedule, once there is a session that may read users,
// and what was asked for or failed without one. It starts the schedule without
// a network, too: its rounds find out when there is one.
func (m *root) keepInSync() tea.Cmd {
	offline := m.offline != nil && m.ws.Session() == nil
	if !offline && !m.ws.Can(workspace.CapabilityDirectory) {
		return nil
	}
	due := !offline && (m.sync.wanted || m.sync.failed != nil)
	m.sync.wanted = m.sync.wanted && offline
	var schedule tea.Cmd
	if !m.options.NoSync && m.sync.rounds == nil {
		schedule = m.startSchedule()
		due = due && m.ws.Synced() // the schedule begins with a first sync by itself
	}
	if due && !m.sync.running() {
		return tea.Batch(schedule, m.startSync(refresh.Request{}))
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
		online := m.offline != nil // a round of the schedule has found the network, and signed in
		m.offline, m.sync.failed, m.sync.asking, m.sync.wanted = nil, nil, 0, false
		if online {
			tell = tea.Batch(tell, m.adoptSession())
		}
		return tea.Batch(tell, m.noteRound(o.result))
	}
	e := model.AsError(o.err)
	if e.Kind == model.KindInterrupted {
		return tea.Batch(tell, m.sayStopped())
	}
	m.sync.failed = e
	text := "Sync failed: " + sentence(e)
	switch {
	case e.Code == codeRemovalGuard:
		m.activity.note(m.ws.Now(), levelWarn, capitalise(sentence(e)), "")
		return tea.Batch(tell, m.askRemovals(false))
	case e.Kind == model.KindSignIn && m.ws.Session() == nil:
		return tea.Batch(tell, emit(signInMsg{e}), toast(levelBad, text))
	case before != nil && before.Code == e.Code, m.offline != nil && m.offline.Code == e.Code:
		// The schedule tries again by itself: the same news is told once.
		m.activity.note(m.ws.Now(), levelBad, text, "")
		return tell
	}
	return tea.Batch(tell, toast(levelBad, text))
}

// noteRound keeps in Activity what a round that ended well did, and shows what
// it has to say.
func (m *root) noteRound(r refresh.Result) tea.Cmd {
	m.activity.note(m.ws.Now(), levelGood, fmt.Sprintf("Synced %s: %s added, %s updated, %s removed, in %s",
		plural(r.Users, "user", "users"), count(r.Added), count(r.Updated), count(r.Removed), r.Elapsed.Round(time.Millisecond)), "")
	var cmds []tea.Cmd
	for _, note := range r.Notes {
		cmds = append(cmds, toast(levelWarn, capitalise(note)))
	}
	return tea.Batch(cmds...)
}

// sayStopped says what is left of a round that was stopped.
func (m *root) sayStopped() tea.Cmd {
	text := "The sync was stopped; the next one goes on from where it was"
	if n := m.ws.Directory().Len(); n > 0 && !m.ws.Synced() {
		text = "The sync was stopped; " + plural(n, "user is", "users are") + " kept, and the next one goes on from there"
	}
	return toast(levelInfo, text)
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
	if m.sync.running() {
		return m.runningText(p)
	}
	switch {
	case m.stage != stageReady:
		return ""
	case p.Held > 0:
		return th.warn.Render("!") + th.muted.Render(" "+removalsText(p.Held)+" · ") + th.key.Render("!") + th.muted.Render(" decides")
	case m.offline != nil:
		return th.warn.Render("!") + th.muted.Render(" offline"+m.asOf(p))
	case m.ws.Session() == nil:
		return th.warn.Render("!") + th.muted.Render(" not signed in"+m.asOf(p))
	case m.sync.failed != nil:
		return th.bad.Render("✗") + th.muted.Render(" sync failed"+m.asOf(p))
	case p.Stale:
		return th.warn.Render("!") + th.muted.Render(" to be read again"+m.asOf(p))
	case p.SyncedAt.IsZero():
		return th.muted.Render("not synced yet")
	}
	next := ""
	if n := m.schedule().Nightly; m.sync.rounds != nil && n.On && m.isWide() {
		next = " · next " + n.String()
	}
	return th.good.Render("✓") + th.muted.Render(" synced "+when(p.SyncedAt, m.ws.Now())+next)
}

// runningText is the status line's left part while a round runs.
func (m *root) runningText(p refresh.Progress) string {
	th := m.theme
	text := " syncing"
	switch wait := m.ws.Traffic().WaitUntil.Sub(m.ws.Now()); {
	case wait > 0:
		return th.warn.Render("⏸") + th.muted.Render(" throttled, "+clock(wait)+" to wait · ") + th.key.Render("X") + th.muted.Render(" stops")
	case p.Phase == refresh.PhaseReading && p.Mode == refresh.ModeResync:
		text = " reading again " + m.pace.text(p)
	case p.Phase == refresh.PhaseReading:
		text = " syncing " + m.pace.text(p)
	case p.Mode == refresh.ModeDelta && p.Read > 0:
		text = " syncing " + plural(p.Read, "change", "changes")
	case p.Phase == refresh.PhaseDelta && p.Read > 0:
		text = " following what changed meanwhile"
	}
	return th.accent.Render("↻") + th.muted.Render(text)
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
