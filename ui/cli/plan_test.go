package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

// plan makes the plan that adds Adele and Dora to sg-sales and removes Chandra.
func (s *shell) plan(args ...string) (id string) {
	s.t.Helper()
	plan := s.object(append([]string{"plan", "--from", "rule:" + salesRule, "--to", "sg-sales"}, args...)...)
	require.Len(s.t, plan["add"], 2)
	require.Len(s.t, plan["remove"], 1)
	return plan["id"].(string)
}

// written is how often the tenant was asked to change a group.
func (s *shell) written() int { return len(s.tenant.Asked("Write")) }

func TestAPlanIsShownToAPersonWithItsSum(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	out := s.ok("plan", "show", id)
	assert.True(t, strings.HasPrefix(out, "Plan "+id+": mirror sg-sales (security group)\n"), out)
	for _, want := range []string{
		"  + adele@contoso.com\n", "  + dora@contoso.com\n", "  - chandra@contoso.com\n",
		"2 to add, 1 to remove, 1 unchanged, 0 skipped: 2 members now, 3 then.\n",
	} {
		assert.Contains(t, out, want)
	}
	assert.Contains(t, s.ok("plan", "list"), "proposed")
	assert.Zero(t, s.written())
}

func TestNoChangesIsAnOutcome(t *testing.T) {
	s := newShell(t)
	s.ok("apply", s.plan(), "--yes")
	out := s.ok("plan", "--from", "rule:"+salesRule, "--to", "sg-sales")
	assert.Contains(t, out, "No changes: the group already equals the audience (3 members).\n")
	assert.Contains(t, s.ok("plan", "list"), "verified")
}

func TestAnUnwritableGroupIsRefusedBeforeASync(t *testing.T) {
	s := newShell(t)
	a := s.run("plan", "--from", "rule:"+salesRule, "--to", "dyn-engineering")
	assert.Equal(t, 3, a.code)
	assert.Contains(t, a.stderr, "has dynamic membership")
	assert.Empty(t, s.tenant.Asked("Users"))
}

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
	assert.Contains(t, a.stderr, "use --yes")
	assert.Zero(t, s.written())

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
			assert.Contains(t, s.ok("plan", "show", id), "  ! guard "+name)
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

func TestATrippedGuardOfTheProfileStopsBeforeTheQuestion(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	s.tenant.Policy.Guards.MaxRemovals = 0
	s.terminal, s.stdin = true, strings.NewReader("yes\n")
	a := s.run("apply", id)
	assert.Equal(t, 3, a.code)
	assert.NotContains(t, a.stderr, "approves")
	assert.Contains(t, a.stderr, "--allow-removals 1")
}

func TestAPlanFileIsAppliedAndAChangedOneRefused(t *testing.T) {
	s := newShell(t)
	path := filepath.Join(t.TempDir(), "sales.json")
	id := s.plan("--out", path)
	assert.Contains(t, s.ok("plan", "show", path), id)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	data, err := os.ReadFile(path)
	require.NoError(t, err)
	changed := strings.Replace(string(data), workspacetest.ID(workspacetest.Dora), workspacetest.ID(99), 1)
	require.NotEqual(t, string(data), changed)
	require.NoError(t, os.WriteFile(path, []byte(changed), 0o600))
	for _, args := range [][]string{{"plan", "show", path}, {"apply", path, "--yes"}, {"plan", "export", path}} {
		a := s.run(args...)
		assert.Equal(t, 2, a.code)
		assert.Contains(t, a.stderr, "the plan was changed after it was made")
		assert.Empty(t, a.stdout)
	}
	assert.Zero(t, s.written())

	require.NoError(t, os.WriteFile(path, data, 0o600))
	s.ok("apply", path, "--yes")
}

func TestAPlanThatCannotBeFoundIsAUsageError(t *testing.T) {
	s := newShell(t)
	for _, name := range []string{"deadbeef", "none.json", t.TempDir()} {
		for _, args := range [][]string{{"plan", "show", name}, {"apply", name, "--yes"}} {
			assert.Equal(t, 2, s.run(args...).code, args)
		}
	}
}

func TestAFileThatCannotBeWrittenSaysThatThePlanIsKept(t *testing.T) {
	s := newShell(t)
	a := s.run("plan", "--from", "rule:"+salesRule, "--to", "sg-sales", "--out", filepath.Join(t.TempDir(), "none", "plan.json"))
	assert.Equal(t, 1, a.code)
	assert.Contains(t, a.stderr, "the plan was kept but not written to a file")
	plans, err := s.tenant.Ledger.Plans(t.Context())
	require.NoError(t, err)
	require.Len(t, plans, 1)
	assert.Contains(t, a.stderr, "rollcall apply "+plans[0].ID)
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
	e := decode(t, a.stderr)["error"].(map[string]any)
	assert.Equal(t, "applyStopped", e["code"])
	assert.Equal(t, "rollcall resume "+id, e["remedy"])

	rows, s.terminal = 1, true
	a = s.run("resume", id)
	assert.Contains(t, a.stderr, "rows written\r\x1b[Krollcall: ", "an error takes the place of the progress")
	s.terminal = false

	s.tenant.OnRow = nil
	assert.Equal(t, true, s.object("resume", id)["verified"])
}

func TestUndoProposesAndChangesNothing(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	a := s.run("undo", id)
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, "never applied")

	s.ok("apply", id, "--yes")
	written := s.written()
	undo := s.object("undo", id)
	assert.Equal(t, id, undo["undoOf"])
	assert.Len(t, undo["add"], 1)
	assert.Len(t, undo["remove"], 2)
	assert.Equal(t, written, s.written())
	s.ok("apply", undo["id"].(string), "--yes")
	assert.Greater(t, s.written(), written)
}

func TestAPlanIsExportedForSomebodyElse(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	folder := t.TempDir()
	out := s.ok("plan", "export", id, "--as", "csv", "--out", folder)
	assert.Equal(t, filepath.Join(folder, id+"-import.csv")+"\n"+filepath.Join(folder, id+"-remove.csv")+"\n", out)
	removals, err := os.ReadFile(filepath.Join(folder, id+"-remove.csv"))
	require.NoError(t, err)
	assert.Contains(t, string(removals), workspacetest.ID(workspacetest.Chandra))
	assert.NotContains(t, string(removals), workspacetest.ID(workspacetest.Adele))
	assert.Contains(t, s.ok("plan", "export", id, "--as", "powershell"), workspacetest.ID(workspacetest.GroupSales))
	assert.Equal(t, 2, s.run("plan", "export", id, "--as", "xlsx").code)
}

func TestFromTakesSeveralEntriesInARow(t *testing.T) {
	s := newShell(t)
	plan := s.object("plan", "--from", "rule:"+salesRule, `rule:user.mail -eq "bert@contoso.com"`, "--to", "sg-sales")
	assert.Equal(t, []any{"rule:" + salesRule, `rule:user.mail -eq "bert@contoso.com"`}, plan["from"])
	a := s.run("plan", "sho")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, `plan has no "sho"`)
}

func TestUndoAndResumeTakeAFileAndKnowWhatIsUnknown(t *testing.T) {
	s := newShell(t)
	file := filepath.Join(t.TempDir(), "p.json")
	id := s.plan("--out", file)
	s.ok("apply", file, "--yes")
	assert.Equal(t, id, s.object("undo", file)["undoOf"])
	for _, command := range []string{"undo", "resume", "apply"} {
		a := s.run(command, "ffffffffffff")
		assert.Equal(t, 2, a.code, command)
		assert.NotContains(t, a.stderr, "never applied", command)
	}
}

// limits holds the numbers alone.
func limits(removals, additions, leastSize int) writeback.Guards {
	g := writeback.NoGuards()
	g.MaxRemovals, g.MaxAdditions, g.LeastSize = removals, additions, leastSize
	return g
}
