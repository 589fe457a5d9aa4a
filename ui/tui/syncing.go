package tui

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/refresh"
)

// taskSync is the one background sync.
const taskSync = "sync"

// syncPoll is how often a running sync is looked at: five times a second, and
// never when none runs.
const syncPoll = 200 * time.Millisecond

// syncState is what the root knows of the background sync.
type syncState struct {
	running    bool
	generation uint64 // of the directory when the panes were last told
	failed     *model.Error
}

type (
	// startSyncMsg asks the root to sync.
	startSyncMsg struct{ full bool }
	syncTickMsg  struct{}
	syncedMsg    struct {
		result refresh.Result
		err    error
	}
	// syncProgressMsg says that the counters of a running sync moved, or that
	// it ended.
	syncProgressMsg struct{}
)

// syncing handles the messages of the background sync.
func (m *root) syncing(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case startSyncMsg:
		if m.sync.running {
			return m.toasts.show(m.shared, levelInfo, "A sync is running already"), true
		}
		switch failed := m.sync.failed; {
		case failed != nil && failed.Kind == model.KindSignIn:
			return emit(signInMsg{}), true // the session is no longer good
		case m.ws.Session() == nil:
			return m.connect(), true // it syncs once there is a session
		}
		return m.startSync(msg.full), true
	case syncTickMsg:
		if !m.sync.running {
			return nil, true
		}
		return tea.Batch(m.tellPanes(), m.tasks.after(syncPoll, syncTickMsg{})), true
	case syncedMsg:
		return m.synced(msg), true
	}
	return nil, false
}

func (m *root) startSync(full bool) tea.Cmd {
	if m.sync.running {
		return nil
	}
	m.sync = syncState{running: true, generation: m.sync.generation}
	run := m.tasks.run(taskSync, func(ctx context.Context) tea.Msg {
		result, err := m.ws.Sync(ctx, refresh.Request{Full: full})
		return syncedMsg{result, err}
	})
	return tea.Batch(run, m.tasks.after(syncPoll, syncTickMsg{}), m.broadcast(syncProgressMsg{}))
}

func (m *root) synced(msg syncedMsg) tea.Cmd {
	m.sync.running = false
	cmds := []tea.Cmd{m.tellPanes()}
	if msg.err == nil {
		r := msg.result
		m.offline = nil
		m.activity.note(m.ws.Now(), levelGood, fmt.Sprintf("Synced %s: %s added, %s updated, %s removed, in %s",
			plural(r.Users, "user", "users"), count(r.Added), count(r.Updated), count(r.Removed), r.Elapsed.Round(time.Millisecond)), "")
		return tea.Batch(cmds...)
	}
	e := model.AsError(msg.err)
	switch e.Kind {
	case model.KindInterrupted:
		return tea.Batch(cmds...)
	case model.KindSignIn:
		m.sync.failed = e
		if m.ws.Session() == nil {
			return tea.Batch(append(cmds, emit(signInMsg{e}))...)
		}
	}
	m.sync.failed = e
	return tea.Batch(append(cmds, toast(levelBad, "Sync failed: "+sentence(e)))...)
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
	case m.sync.running && wait > 0:
		return th.warn.Render("⏸") + th.muted.Render(fmt.Sprintf(" throttled: the service asks to wait %d s", int(wait.Seconds())+1))
	case m.sync.running && p.Expected > 0 && p.Phase == refresh.PhaseReading:
		return th.accent.Render("↻") + th.muted.Render(fmt.Sprintf(" syncing %s of %s", count(p.Read), count(p.Expected)))
	case m.sync.running && p.Read > 0:
		return th.accent.Render("↻") + th.muted.Render(" syncing "+count(p.Read)+" changes")
	case m.sync.running:
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
	return th.good.Render("✓") + th.muted.Render(" synced "+when(p.SyncedAt, m.ws.Now()))
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
