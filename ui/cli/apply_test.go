package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
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

func TestApplyAsksOnATerminalAndTakesAnExactYesOnly(t *testing.T) {
	for stdin, approved := range map[string]bool{
		"yes\n": true, "yes\r\n": true, "yes": true,
		"y\n": false, "YES\n": false, " yes\n": false, "yes \n": false, "yes please\n": false, "\n": false, "": false, "no\nyes\n": false,
	} {
		t.Run(strings.ReplaceAll(stdin, "\n", "⏎"), func(t *testing.T) {
			s := newShell(t)
			id := s.plan()
			s.terminal, s.stdin = true, strings.NewReader(stdin)
			a := s.run("apply", id)
			assert.Contains(t, a.stderr, "2 to add, 1 to remove", "the plan stands before the question")
			assert.Contains(t, a.stderr, `Only "yes" approves: `)
			assert.NotContains(t, a.stdout, "approves")
			if approved {
				assert.Zero(t, a.code, a.stderr)
				assert.Equal(t, "2 added, 1 removed, 0 already so, 0 failed. Verified: the group has 3 members.\n", a.stdout)
				return
			}
			assert.Equal(t, 3, a.code)
			assert.Contains(t, a.stderr, "not approved; nothing was changed")
			assert.Empty(t, a.stdout)
			assert.Zero(t, s.written())
		})
	}
}

func TestApplyDoesNotAskWhereNobodyCanAnswer(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	s.stdin = strings.NewReader("yes\n")
	a := s.run("apply", id)
	assert.Equal(t, 3, a.code)
	assert.Contains(t, a.stderr, "use --yes\n")
	assert.Zero(t, s.written())

	s.tenant.Policy.Guards.MaxRemovals = 0
	a = s.run("apply", id)
	assert.Equal(t, 3, a.code)
	assert.Contains(t, a.stderr, "not approved")
	assert.Contains(t, a.stderr, "use --yes --allow-removals 1 --reason TEXT\n")
	s.tenant.Policy.Guards.MaxRemovals = 50

	assert.Contains(t, s.ok("apply", id, "--yes"), "2 added, 1 removed")
	assert.Contains(t, s.ok("apply", id, "--yes"), "Nothing to change: 3 rows were already so.")
}

func TestAnInterruptEndsTheQuestion(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	ctx, cancel := context.WithCancel(t.Context())
	input, keyboard := io.Pipe()
	defer keyboard.Close()
	s.terminal, s.stdin = true, readFunc(func(p []byte) (int, error) {
		cancel()
		return input.Read(p)
	})
	a := s.runContext(ctx, "apply", id)
	assert.Equal(t, 130, a.code)
	assert.Zero(t, s.written())
}

// readFunc is a reader made of its one method.
type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestAGuardIsLiftedByTheNumberItself(t *testing.T) {
	for name, test := range map[string]struct {
		guards   writeback.Guards
		flag     string
		few, fit string
	}{
		"removals":  {limits(0, 9, 1), "--allow-removals", "0", "1"},
		"additions": {limits(9, 0, 1), "--allow-additions", "1", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.tenant.Policy.Guards = test.guards
			id := s.plan()
			shown := s.ok("plan", "show", id)
			assert.Contains(t, shown, "  ! guard "+name)
			assert.Contains(t, shown, "; "+test.flag+" "+test.fit+" lifts it\n")
			for _, args := range [][]string{{"apply", id, "--yes"}, {"apply", id, "--yes", test.flag, test.few}} {
				a := s.run(args...)
				assert.Equal(t, 3, a.code)
				assert.Contains(t, a.stderr, test.flag+" "+test.fit)
				assert.Zero(t, s.written())
			}
			s.ok("apply", id, "--yes", test.flag, test.fit)
			assert.Positive(t, s.written())
		})
	}
}

func TestOnATerminalTheNumberAndTheReasonAreTyped(t *testing.T) {
	for name, test := range map[string]struct {
		stdin    string
		flags    []string
		approved bool
		reason   string // of the approval, or why there is none
	}{
		"number, reason and yes":        {"1\nas agreed\nyes\n", nil, true, "as agreed"},
		"another number":                {"2\nas agreed\nyes\n", nil, false, "the number of its removals is 1, and 2 was typed"},
		"no number":                     {"", nil, false, "the number of its removals is 1, and nothing was typed"},
		"yes for the number":            {"yes\n", nil, false, "and yes was typed"},
		"no reason":                     {"1\n\nyes\n", nil, false, "a lifted guard needs a reason"},
		"no yes":                        {"1\nas agreed\nno\n", nil, false, ""},
		"the flag says the number":      {"as agreed\nyes\n", []string{"--allow-removals", "1"}, true, "as agreed"},
		"the flags say both":            {"yes\n", []string{"--allow-removals", "1", "--reason", "a move"}, true, "a move"},
		"the flags say the reason":      {"1\nyes\n", []string{"--reason", "a move"}, true, "a move"},
		"more is allowed than needed":   {"as agreed\nyes\n", []string{"--allow-removals", "9"}, true, "as agreed"},
		"the flags ask for no question": {"", []string{"--allow-removals", "1", "--yes"}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			id := s.plan()
			s.tenant.Policy.Guards.MaxRemovals = 0 // since the plan was made
			s.terminal, s.stdin = true, strings.NewReader(test.stdin)
			a := s.run(append([]string{"apply", id}, test.flags...)...)
			if !test.approved {
				assert.Equal(t, 3, a.code)
				assert.Contains(t, a.stderr, "  ! guard removals: 1 of 0 allowed; --allow-removals 1 lifts it\n")
				assert.Contains(t, a.stderr, "not approved; nothing was changed")
				assert.Contains(t, a.stderr, test.reason)
				if test.stdin == "" { // the line of the question was not ended by whoever was asked
					assert.Contains(t, a.stderr, "\nrollcall: the plan was not approved")
				}
				assert.Zero(t, s.written())
				return
			}
			require.Zero(t, a.code, a.stderr)
			run, err := s.tenant.Ledger.Run(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, test.reason, run.Approval.Reason)
			assert.GreaterOrEqual(t, run.Approval.AllowRemovals, 1)
		})
	}
}

func TestWhatNobodyLiftsStopsBeforeTheQuestion(t *testing.T) {
	for name, change := range map[string]func(*writeback.Policy){
		"guardLeastSize":       func(p *writeback.Policy) { p.LeastSize = 9 },
		"groupProtected":       func(p *writeback.Policy) { p.ProtectedGroups = []string{"sg-sales"} },
		"userProtected":        func(p *writeback.Policy) { p.ProtectedUsers = []string{"chandra@contoso.com"} },
		"secondApproverNeeded": func(p *writeback.Policy) { p.SecondApprover = true },
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			id := s.plan()
			change(&s.tenant.Policy)
			s.terminal, s.stdin = true, strings.NewReader("1\nwhy\nyes\n")
			a := s.run("apply", id)
			assert.Equal(t, 3, a.code)
			assert.NotContains(t, a.stderr, "approves")
			s.terminal = false
			assert.Equal(t, name, decode(t, s.run("apply", id, "--yes", "--allow-removals", "9", "--json").stderr)["error"].(map[string]any)["code"])
			assert.Zero(t, s.written())
		})
	}
}

func TestAStoppedRunIsReportedAndResumed(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	rows := 0
	s.tenant.OnRow = func(string) error {
		if rows++; rows == 2 {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	a := s.run("apply", id, "--yes", "--json")
	assert.Equal(t, 6, a.code)
	report := decode(t, a.stdout)
	assert.EqualValues(t, 1, report["added"])
	assert.Equal(t, false, report["verified"])
	assert.NotContains(t, report, "members", "nobody has read it back")
	e := decode(t, a.stderr)["error"].(map[string]any)
	assert.Equal(t, "applyStopped", e["code"])
	assert.Equal(t, "rollcall resume "+id, e["remedy"])

	rows, s.terminal = 1, true
	a = s.run("resume", id)
	assert.Contains(t, a.stderr, "reading the group\r\x1b[Krollcall: ", "an error takes the place of the progress")
	s.terminal = false

	s.tenant.OnRow = nil
	assert.Equal(t, true, s.object("resume", id)["verified"])
}

func TestARunThatIsRefusedFromItsFirstRowOnIsNotDoneInPart(t *testing.T) {
	for name, test := range map[string]struct{ written, code int }{"before anything": {0, 4}, "after a row": {1, 6}} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			id := s.plan()
			rows := 0
			s.tenant.OnRow = func(string) error {
				if rows++; rows > test.written {
					return &model.Error{Kind: model.KindSignIn, Code: "Authorization_RequestDenied", Message: "Insufficient privileges", Remedy: "the account lacks a role"}
				}
				return nil
			}
			a := s.run("apply", id, "--yes")
			assert.Equal(t, test.code, a.code)
			assert.Contains(t, a.stderr, "the account lacks a role; then rollcall resume "+id)
			assert.Contains(t, a.stdout, fmt.Sprintf("%d added", test.written))
		})
	}
}

func TestWhatOthersTookBackIsShownAndAskedForAgain(t *testing.T) {
	interrupted := func(t *testing.T) (*shell, string) {
		s := newShell(t)
		id := s.plan()
		rows := 0
		s.tenant.OnRow = func(string) error {
			if rows++; rows == 3 { // both are added, and nobody is removed
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		require.Equal(t, 6, s.run("apply", id, "--yes").code)
		s.tenant.OnRow = nil
		sales := workspacetest.ID(workspacetest.GroupSales)
		s.tenant.MembersOf[sales] = slices.DeleteFunc(slices.Clone(s.tenant.MembersOf[sales]), func(o model.Object) bool { return o.ID == workspacetest.ID(workspacetest.Dora) })
		return s, id
	}
	member := func(s *shell, user int) bool {
		return slices.ContainsFunc(s.tenant.MembersOf[workspacetest.ID(workspacetest.GroupSales)], func(o model.Object) bool { return o.ID == workspacetest.ID(user) })
	}
	t.Run("nobody to ask", func(t *testing.T) {
		s, id := interrupted(t)
		written := s.written()
		a := s.run("resume", id)
		assert.Equal(t, 3, a.code)
		assert.Contains(t, a.stderr, "dora@contoso.com")
		assert.Contains(t, a.stderr, "rollcall resume "+id+" --yes")
		assert.Equal(t, written, s.written())
		assert.True(t, member(s, workspacetest.Chandra), "nothing else is written either")
	})
	for answer, approved := range map[string]bool{"yes\n": true, "no\n": false} {
		t.Run("asked, "+strings.TrimSpace(answer), func(t *testing.T) {
			s, id := interrupted(t)
			s.terminal, s.stdin = true, strings.NewReader(answer)
			a := s.run("resume", id)
			assert.Contains(t, a.stderr, "has to be again")
			assert.Contains(t, a.stderr, "  taken back: dora@contoso.com was removed again\nOf its 3 rows 2 are still to be written.\n")
			assert.Equal(t, approved, member(s, workspacetest.Dora))
			assert.Equal(t, !approved, member(s, workspacetest.Chandra))
			if approved {
				assert.Zero(t, a.code, a.stderr)
				assert.Contains(t, a.stdout, "Verified: the group has 3 members.")
				return
			}
			assert.Equal(t, 3, a.code)
		})
	}
	for _, format := range []string{"table", "json"} {
		t.Run("--yes, "+format, func(t *testing.T) {
			s, id := interrupted(t)
			written := s.written()
			resume := []string{"resume", id, "--yes", "--format", format}
			a := s.run(resume...)
			assert.Equal(t, 3, a.code, "--yes was given before anybody was told")
			assert.Empty(t, a.stdout)
			assert.Equal(t, written, s.written())
			assert.True(t, member(s, workspacetest.Chandra))
			assert.Contains(t, s.ok("log", "--plan", id), "plan "+id+": 1 taken back by somebody since")
			if format == "json" {
				e := decode(t, a.stderr)["error"].(map[string]any)
				assert.Equal(t, "planStale", e["code"])
				assert.Equal(t, []any{workspacetest.ID(workspacetest.Dora)}, e["stale"].(map[string]any)["takenBack"])
				assert.Contains(t, e["remedy"], "rollcall resume "+id+" --yes")
			} else {
				assert.Contains(t, a.stderr, "  taken back: dora@contoso.com was removed again\n")
				assert.Contains(t, a.stderr, "rollcall resume "+id+" --yes")
			}

			a = s.run(resume...)
			assert.Zero(t, a.code, a.stderr)
			assert.True(t, member(s, workspacetest.Dora))
			assert.False(t, member(s, workspacetest.Chandra))
		})
	}
	t.Run("--yes, beyond a guard", func(t *testing.T) {
		s, id := interrupted(t)
		s.tenant.Policy.Guards.MaxRemovals = 0
		resume := []string{"resume", id, "--yes"}
		for _, stop := range []string{"stopped by its guards", "  taken back: dora@contoso.com was removed again\n"} {
			a := s.run(resume...)
			assert.Equal(t, 3, a.code)
			assert.Contains(t, a.stderr, stop)
			assert.Contains(t, a.stderr, "rollcall resume "+id+" --yes --allow-removals 1 --reason TEXT\n")
			resume = []string{"resume", id, "--yes", "--allow-removals", "1", "--reason", "read with Bert"}
		}
		s.ok(resume...)
		assert.True(t, member(s, workspacetest.Dora))
	})
}

func TestTheLineOfARunningWriteSaysWhatItWaitsFor(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	writing := &writeback.Progress{Phase: writeback.PhaseWriting, Done: 1240, Failed: 3, Total: 3000}
	for _, test := range []struct {
		progress *writeback.Progress
		traffic  workspace.Traffic
		want     string
	}{
		{nil, workspace.Traffic{}, "reading the group"},
		{writing, workspace.Traffic{}, "1,240 of 3,000 rows written, 3 failed"},
		{writing, workspace.Traffic{PacedUntil: now.Add(74500 * time.Millisecond)}, "1,240 of 3,000 rows written, 3 failed, paced: goes on in 75 s"},
		{writing, workspace.Traffic{WaitUntil: now.Add(time.Second), PacedUntil: now.Add(time.Minute)}, "1,240 of 3,000 rows written, 3 failed, throttled for another 1 s"},
		{
			&writeback.Progress{Phase: writeback.PhaseVerifying, Done: 3000, Total: 3000, Unseen: 20, Until: now.Add(4 * time.Second)},
			workspace.Traffic{},
			"3,000 of 3,000 rows written, reading the group back: 20 not shown yet, again in 4 s",
		},
	} {
		line := writeLine(test.progress, test.traffic, now)
		assert.Equal(t, test.want, line)
		assert.LessOrEqual(t, len(line), 84)
	}
}

func TestALengthOfTimeIsSaidAsCloselyAsItCanBeForetold(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "a few seconds", 5 * time.Second: "a few seconds", 42 * time.Second: "about 42 s",
		147 * time.Second: "about 2 min 30 s", 121 * time.Second: "about 2 min", 59*time.Minute + 58*time.Second: "about 60 min",
		90 * time.Minute: "about 1 h 30 min",
	} {
		assert.Equal(t, want, takesAbout(d), d)
	}
}
