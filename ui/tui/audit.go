package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
)

// taskAudit verifies the chain of the audit.
const taskAudit = "audit"

// auditVerifiedMsg says whether the chain of the audit holds.
type auditVerifiedMsg struct{ broken *model.Error } // nil: it holds

// verifyAudit reads the whole audit, in the background.
func verifyAudit(s shared) tea.Cmd {
	return s.tasks.quietly(taskAudit, func(ctx context.Context) tea.Msg {
		err := model.AsError(s.ws.VerifyAudit(ctx))
		if err != nil && err.Code != "auditBroken" && err.Code != "journalBroken" {
			return nil // it could not be read; what reads it for the screen says so
		}
		return auditVerifiedMsg{err}
	})
}

// brokenAuditLines say that the audit cannot be trusted; none while it holds.
func brokenAuditLines(th *theme, broken *model.Error, width int) []string {
	if broken == nil {
		return nil
	}
	text := "THE AUDIT IS BROKEN: " + clean(broken.Message)
	if broken.Remedy != "" {
		text += " → " + clean(broken.Remedy)
	}
	var lines []string
	for _, l := range wrap(th, text, max(1, width-4)) {
		lines = append(lines, th.badge.Render(th.fit(" ! "+l, width)))
	}
	return lines
}
