package tui

import (
	tea "charm.land/bubbletea/v2"

	"rollcall/model/refresh"
)

// codeRemovalGuard is the code of the error of a round that would remove more
// users than pass without an administrator's word.
const codeRemovalGuard = "removalGuard"

// removalsText says that removals wait.
func removalsText(n int) string { return plural(n, "removal waits", "removals wait") }

// askRemovals asks whether the removals that wait may be done. Unless again is
// wanted, the administrator is asked once about a number, and never above
// another dialog: the badge stays.
func (m *root) askRemovals(again bool) tea.Cmd {
	p := m.ws.Progress()
	if p.Held == 0 || !again && (m.sync.asking == p.Held || len(m.dialogs) > 0 || m.screen != nil) {
		return nil
	}
	m.sync.asking = p.Held
	return m.open(newRemovalsDialog(m.shared, p))
}

// newRemovalsDialog asks about the removals that wait. No is the default; the
// number must be typed.
func newRemovalsDialog(s shared, p refresh.Progress) *approvalDialog {
	th, users := s.theme, s.ws.Directory().Len()
	since := when(p.SyncedAt, s.ws.Now())
	facts := []string{
		th.warn.Render("! "+count(p.Held)+" of "+plural(users, "user", "users")) + " would be removed: the tenant no longer lists them, as it did at the sync of " + since + ".",
		"",
		"Look whether they were deleted on purpose, or whether a permission was lost. Until you decide, the directory stays as it was, and segments and previews count them.",
	}
	request := refresh.Request{AllowRemovals: p.Held}
	d := newApproval(s, "Remove "+plural(p.Held, "user", "users")+"?", facts, "Remove them", func() tea.Cmd { return emit(startSyncMsg{request}) })
	d.require("Type "+count(p.Held)+" to remove them from the local copy:", p.Held)
	d.no = "No, keep them"
	d.other = "Read everything again"
	d.instead = func() tea.Cmd { return emit(startSyncMsg{refresh.Request{Full: true}}) }
	return d
}
