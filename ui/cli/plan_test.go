package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
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
		"  from rule:" + salesRule + "\n  made by admin@contoso.com at 2026-11-22 12:00 UTC\n",
		"  + adele@contoso.com\n", "  + dora@contoso.com\n", "  - chandra@contoso.com\n",
		"  guard removals: 1 of 50 allowed\n", "  guard additions: 2 of 1,000 allowed\n",
		"  guard leastSize: 3 left, at least 1 must be\n", "  guard emptySource: the audience holds 3 users, at least 1 must be there\n",
		"2 to add, 1 to remove, 1 unchanged, 0 skipped: 2 members now, 3 then.\nIt takes a few seconds.\n",
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

func TestAPlanThatOnlyRemovesSaysWhom(t *testing.T) {
	s := newShell(t)
	const what = "\n  takes out the members whom that does not hold, and adds nobody\n"
	plan := []string{"plan", "--from", "rule:" + salesRule, "--to", "sg-sales", "--mode"}
	assert.Contains(t, s.ok(append(plan, "remove")...), what)
	assert.NotContains(t, s.ok(append(plan, "mirror")...), what)
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
	plans, err := s.tenant.Ledger.PlanHeads(t.Context())
	require.NoError(t, err)
	require.Len(t, plans, 1)
	assert.Contains(t, a.stderr, "rollcall apply "+plans[0].ID)
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
	paths := strings.Fields(out)
	for _, name := range []string{"-import.csv", "-remove.csv", "-undo-import.csv", "-undo-remove.csv", "-README.txt"} {
		assert.Contains(t, paths, filepath.Join(folder, "plan-"+id+name))
	}
	removals, err := os.ReadFile(filepath.Join(folder, "plan-"+id+"-remove.csv"))
	require.NoError(t, err)
	assert.Contains(t, string(removals), workspacetest.ID(workspacetest.Chandra))
	assert.NotContains(t, string(removals), workspacetest.ID(workspacetest.Adele))
	assert.False(t, strings.HasPrefix(string(removals), "version:"))
	info, err := os.Stat(paths[0])
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	old := filepath.Join(folder, "old", "portal")
	exported := s.object("plan", "export", id, "--as", "csv", "--csv-version-row", "--out", old)
	assert.Equal(t, id, exported["planId"])
	assert.Len(t, exported["files"], len(paths))
	removals, err = os.ReadFile(filepath.Join(old, "plan-"+id+"-remove.csv"))
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(removals), "version:v1.0"))

	script := s.ok("plan", "export", id, "--as", "powershell")
	assert.Contains(t, script, workspacetest.ID(workspacetest.GroupSales))
	assert.Equal(t, 2, strings.Count(s.ok("plan", "export", id, "--as", "powershell", "--out", folder), "\n"), "the script and its undo")
	written, err := os.ReadFile(filepath.Join(folder, "plan-"+id+".ps1"))
	require.NoError(t, err)
	assert.Equal(t, script, string(written))
	assert.Equal(t, 2, s.run("plan", "export", id, "--as", "xlsx").code)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "file"), nil, 0o600))
	assert.Equal(t, 1, s.run("plan", "export", id, "--out", filepath.Join(folder, "file")).code)
}

func TestAPlanOfAListIsHandedOverAndNotApplied(t *testing.T) {
	s := newShell(t)
	a := s.run("plan", "--from", "rule:"+salesRule, "--to", "all-staff@contoso.com")
	assert.Equal(t, 3, a.code)
	assert.Contains(t, a.stderr, "--hand-over")
	out := s.ok("plan", "--from", "rule:"+salesRule, "--to", "all-staff@contoso.com", "--hand-over")
	assert.Contains(t, out, "All Staff (distribution list)")
	assert.Contains(t, out, "It is made by hand in Exchange: `rollcall plan export ")
	assert.NotContains(t, out, "It takes")
	assert.Contains(t, s.ok("plan", "list"), "hand-over")
	plans, err := s.tenant.Ledger.PlanHeads(t.Context())
	require.NoError(t, err)
	require.Len(t, plans, 1)
	assert.Contains(t, s.ok("plan", "export", plans[0].ID, "--as", "powershell"), "Add-DistributionGroupMember")
	a = s.run("apply", plans[0].ID, "--yes")
	assert.Equal(t, 3, a.code)
	assert.Contains(t, a.stderr, "made to be handed over")
	assert.Zero(t, s.written())
}

func TestALongPlanIsCutOnATerminalAndWholeElsewhere(t *testing.T) {
	s := newShell(t)
	sales := workspacetest.ID(workspacetest.GroupSales)
	for i := range 60 {
		id := workspacetest.ID(1000 + i)
		s.tenant.MembersOf[sales] = append(s.tenant.MembersOf[sales],
			model.Object{ID: id, Type: model.ObjectUser, UserPrincipalName: fmt.Sprintf("u%02d@contoso.com", i)},
			model.Object{ID: workspacetest.ID(2000 + i), Type: model.ObjectDevice, DisplayName: fmt.Sprintf("laptop-%02d", i)})
	}
	args := []string{"plan", "--from", "rule:" + salesRule, "--to", "sg-sales"}
	whole := s.ok(args...)
	assert.Equal(t, 61, strings.Count(whole, "\n  - "))
	assert.Contains(t, whole, "  · 60 × device is a member")
	assert.Contains(t, whole, "laptop-59\n")

	s.terminal = true
	cut := s.ok(args...)
	assert.Equal(t, 51, strings.Count(cut, "\n  - "), "50 of them and the line that says so")
	assert.Contains(t, cut, "  - … and 11 more to remove: `rollcall plan show ")
	assert.Contains(t, cut, "laptop-04 and 55 more\n")
	assert.Equal(t, whole, s.ok(append(args, "--rows")...))
	plans, err := s.tenant.Ledger.PlanHeads(t.Context())
	require.NoError(t, err)
	assert.Equal(t, whole, s.ok("plan", "show", plans[0].ID, "--rows"))
}

func TestWhoMayNotWriteIsWarnedBeforeTheQuestion(t *testing.T) {
	s := newShell(t)
	s.tenant.Account.Roles = nil
	out := s.ok("plan", "--from", "rule:"+salesRule, "--to", "sg-sales")
	assert.Contains(t, out, "  ! admin@contoso.com has no role in the whole tenant that may change a security group")
	id := s.plan()
	s.terminal, s.stdin = true, strings.NewReader("yes\n")
	a := s.run("apply", id)
	assert.Zero(t, a.code, "it is a warning: Graph has the last word")
	before, _, asked := strings.Cut(a.stderr, `Only "yes" approves`)
	require.True(t, asked)
	assert.Contains(t, before, "has no role in the whole tenant")
}

func TestAStalePlanNamesWhoMoved(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	sales := workspacetest.ID(workspacetest.GroupSales)
	s.tenant.MembersOf[sales] = []model.Object{s.tenant.User(workspacetest.Chandra), {ID: workspacetest.ID(77), Type: model.ObjectUser, UserPrincipalName: "mia@contoso.com"}}
	a := s.run("apply", id, "--yes")
	assert.Equal(t, 3, a.code)
	assert.Contains(t, a.stderr, "  joined: mia@contoso.com\n  left: bert@contoso.com\n")
	e := decode(t, s.run("apply", id, "--yes", "--json").stderr)["error"].(map[string]any)
	assert.Equal(t, map[string]any{
		"joined": []any{workspacetest.ID(77)}, "left": []any{workspacetest.ID(workspacetest.Bert)}, "takenBack": []any{},
	}, e["stale"])
	assert.Zero(t, s.written())
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

func TestThePlansThatAreKeptAreCompleted(t *testing.T) {
	s := newShell(t)
	id := s.plan()
	for _, command := range [][]string{{"apply"}, {"resume"}, {"undo"}, {"plan", "show"}, {"plan", "export"}} {
		out := s.ok(append(append([]string{"__complete"}, command...), id[:3])...)
		assert.Contains(t, out, id+"\t2026-11-22 12:00, sg-sales, proposed\n", command)
		assert.NotContains(t, s.ok(append(append([]string{"__complete"}, command...), "./"+id[:3])...), id, "a path is being typed")
	}
}

// limits holds the numbers alone.
func limits(removals, additions, leastSize int) writeback.Guards {
	g := writeback.NoGuards()
	g.MaxRemovals, g.MaxAdditions, g.LeastSize = removals, additions, leastSize
	return g
}
