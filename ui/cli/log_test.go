package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

// keepRows tells of rows of a plan with the ids of the requests that wrote
// them.
func (s *shell) keepRows(plan string, requests ...string) {
	s.t.Helper()
	e := workspace.Event{At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), By: "admin@contoso.com", Action: workspace.ActionRows, Subject: "sg-sales", Detail: "rows", PlanID: plan}
	for i, id := range requests {
		user := []int{workspacetest.Adele, workspacetest.Dora, workspacetest.Chandra}[i]
		e.Rows = append(e.Rows, workspace.RowEvent{UserID: workspacetest.ID(user), Remove: user == workspacetest.Chandra, State: writeback.RowDone, RequestID: id})
	}
	require.NoError(s.t, s.tenant.Ledger.Record(s.t.Context(), e))
}

func TestTheLogNamesTheRequestsOfAPlan(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	s.keepRows(id, "request-1", "request-1", "request-2")
	s.keepRows(id, "request-3", "request-4", "request-5")
	s.keepRows("ffffffffffff", "request-6")

	short := s.ok("log", "--plan", id)
	assert.Contains(t, short, "rows (request request-1, request-2)\n")
	assert.Contains(t, short, "rows (3 requests)\n")
	assert.NotContains(t, short, "request-6")
	assert.NotContains(t, short, "  + ")

	long := s.ok("log", "--rows")
	assert.Contains(t, long, "rows\n  + adele@contoso.com: done (request request-1)\n  + dora@contoso.com: done (request request-1)\n  - chandra@contoso.com: done (request request-2)\n")
	assert.Contains(t, long, "  + "+workspacetest.ID(workspacetest.Adele)+": done (request request-6)\n", "of an unknown plan the ids are shown")

	s.ok("apply", id, "--yes")
	assert.Contains(t, s.ok("log", "--rows"), "\n  approved by admin@contoso.com from operator@laptop at 2026-11-22T12:00:00Z\n")
	assert.NotContains(t, s.ok("log"), "from operator@laptop")

	s = newShell(t)
	s.plan()
	s.keepRows(id, "request-1", "request-1", "request-2")
	s.keepRows(id, "request-3", "request-4", "request-5")
	events := s.object("log", "--plan", id)["events"].([]any)
	require.Len(t, events, 3)
	assert.Len(t, events[1].(map[string]any)["rows"], 3, "programs read them all")
	assert.Contains(t, s.ok("log", "--format", "csv"), ",rows,request-3 request-4 request-5\n")
}

func TestTheChainOfTheAuditIsFollowedToItsEnd(t *testing.T) {
	s := newShell(t)
	s.plan()
	s.terminal = true
	a := s.run("log", "--since", "2026-11-23")
	require.Zero(t, a.code)
	assert.Contains(t, a.stderr, "audit chain whole: 2 events\n", "whatever of it is shown")
	assert.Contains(t, a.stdout, "nothing since 2026-11-23 00:00 UTC")
	assert.Equal(t, "nothing that is known of plan nope; `rollcall plan list` shows the ids\n", s.ok("log", "--plan", "nope"))
	assert.Empty(t, s.object("log", "--plan", "nope")["events"])
}

func TestABrokenAuditIsSaidByEveryCommandThatWrites(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	s.ok("apply", id, "--yes")
	s.tenant.Ledger.AuditErr = &model.Error{Kind: model.KindFailed, Code: "auditBroken", Message: "event 2 of the audit was changed", Remedy: "ask who did"}
	for _, args := range [][]string{
		{"plan", "--from", "rule:" + salesRule, "--to", "sg-sales"},
		{"apply", id, "--yes"},
		{"resume", id},
		{"undo", id},
	} {
		a := s.run(args...)
		assert.Zero(t, a.code, "%v: %s", args, a.stderr)
		assert.True(t, strings.HasPrefix(a.stderr, "rollcall: WARNING: event 2 of the audit was changed\n  ask who did\n"), "%v: %s", args, a.stderr)
		a = s.run(append(args, "--json")...)
		assert.Zero(t, a.code, args)
		assert.Equal(t, "auditBroken", decode(t, a.stderr)["warning"].(map[string]any)["code"], args)
	}
	a := s.run("log")
	assert.Equal(t, 1, a.code)
	assert.Contains(t, a.stdout, "plan.end", "it is shown all the same")
	assert.Contains(t, a.stderr, "rollcall: event 2 of the audit was changed")
	assert.NotContains(t, a.stderr, "WARNING")
}
