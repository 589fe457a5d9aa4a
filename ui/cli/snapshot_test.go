package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

// approve keeps all-staff under a name and returns the snapshot's id.
func (s *shell) approve(name string) string {
	s.t.Helper()
	return s.object("preview", "all-staff@contoso.com", "--approve", "--name", name)["snapshot"].(string)
}

// offline lets nobody sign in and no call succeed.
func (s *shell) offline() {
	s.tenant.SessionErr = &model.Error{Kind: model.KindUnavailable, Code: "offline", Message: "there is no network"}
	s.tenant.Fail = func(string) error { return s.tenant.SessionErr }
}

func TestSnapshotsAreListedShownAndExportedWithoutTheTenant(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, "no snapshots yet: rollcall preview ENTRY... --approve --name NAME\n", s.ok("snapshot", "list"))
	first := s.approve("All hands")
	s.tenant.Now = func() time.Time { return time.Date(2026, 11, 29, 9, 30, 0, 0, time.UTC) }
	second := s.approve("")
	s.offline()

	out := s.ok("snapshot", "list")
	assert.Equal(t, []string{"ID", "NAME", "RECIPIENTS", "APPROVED", "BY", "ENTRIES"}, strings.Fields(strings.Split(out, "\n")[0]))
	assert.Regexp(t, second+` +3 +2026-11-29 09:30 +admin@contoso.com +all-staff@contoso.com\n`+first+` +All hands +3 +2026-11-22 12:00`, out, "newest first")
	listed := s.object("snapshot", "list")["snapshots"].([]any)
	require.Len(t, listed, 2)
	assert.Equal(t, "All hands", listed[1].(map[string]any)["name"])
	assert.EqualValues(t, 3, listed[1].(map[string]any)["count"])
	assert.NotContains(t, listed[1], "addresses", "a list holds heads")
	assert.NotContains(t, listed[1], "lists")
	assert.Equal(t, 2, strings.Count(s.ok("snapshot", "list", "--format", "ndjson"), "\n"))
	assert.Contains(t, s.ok("snapshot", "list", "--format", "csv"), first+",All hands,3,2026-11-22T12:00:00Z,admin@contoso.com,all-staff@contoso.com\n")

	out = s.ok("snapshot", "show", "ALL HANDS")
	assert.Contains(t, out, "All hands ("+first+"): 3 unique recipients\n  approved 2026-11-22 12:00 UTC by admin@contoso.com\n  all-staff@contoso.com\n  2 internal, 1 external,")
	assert.Contains(t, out, "  lists by Graph, 2026-11-22 12:00 UTC")
	assert.NotContains(t, out, "bert@contoso.com")
	assert.Contains(t, s.ok("snapshot", "show", first, "--addresses"), "\nadele@contoso.com\nbert@contoso.com\nfergus@fabrikam.com\n")
	shown := s.object("snapshot", "show", first)
	assert.Equal(t, []any{"adele@contoso.com", "bert@contoso.com", "fergus@fabrikam.com"}, shown["addresses"])
	assert.Equal(t, "admin@contoso.com", shown["approvedBy"])
	assert.Equal(t, "address,id\nadele@contoso.com,"+workspacetest.ID(workspacetest.Adele), strings.Join(strings.Split(s.ok("snapshot", "show", first, "--format", "csv"), "\n")[:2], "\n"))

	for name, want := range map[string]string{
		"lines":  "adele@contoso.com\nbert@contoso.com\nfergus@fabrikam.com\n",
		"blocks": "adele@contoso.com; bert@contoso.com\n\nfergus@fabrikam.com\n",
	} {
		args := []string{"snapshot", "export", "all hands", "--as", name}
		if name == "blocks" {
			args = append(args, "--per-message", "2")
		}
		assert.Equal(t, want, s.ok(args...))
	}
	assert.Equal(t, 4, strings.Count(s.ok("snapshot", "export", first), "\n"), "a CSV without being asked")
	for _, args := range [][]string{{"--as", "json"}, {"--json"}, {"--as", "json", "--json"}} {
		var object struct{ Recipients []map[string]string }
		require.NoError(t, json.Unmarshal([]byte(s.ok(append([]string{"snapshot", "export", first}, args...)...)), &object))
		require.Len(t, object.Recipients, 3)
		assert.Equal(t, map[string]string{"address": "adele@contoso.com", "id": workspacetest.ID(workspacetest.Adele)}, object.Recipients[0])
	}
}

func TestASnapshotIsComparedWithNowAndWithAnother(t *testing.T) {
	s := newShell(t)
	first := s.approve("All hands")
	assert.Contains(t, s.ok("snapshot", "diff", "All hands"), "\nnow, 2026-11-22 12:00 UTC: 3 recipients\nthe same 3 recipients\n")

	bert := s.tenant.User(workspacetest.Bert)
	bert.Mail = "bert.olsen@contoso.com"
	partners := *s.tenant.Object(workspacetest.ListPartners)
	all := workspacetest.ID(workspacetest.ListAllStaff)
	s.tenant.MembersOf[all] = []model.Object{bert, partners, s.tenant.User(workspacetest.Dora)}
	s.tenant.MembersOf[partners.ID] = s.tenant.MembersOf[partners.ID][:1]

	out := s.ok("snapshot", "diff", "all hands", "now")
	assert.Contains(t, out, "All hands ("+first+"), 2026-11-22 12:00 UTC: 3 recipients\nnow, 2026-11-22 12:00 UTC: 3 recipients\n"+
		"1 joined, 1 left, 1 moved, 1 the same\n  + dora@contoso.com\n  - adele@contoso.com\n  ~ bert@contoso.com → bert.olsen@contoso.com\n")
	diff := s.object("snapshot", "diff", first)
	assert.Equal(t, []any{"dora@contoso.com"}, diff["joined"])
	assert.Equal(t, []any{"adele@contoso.com"}, diff["left"])
	assert.Equal(t, []any{map[string]any{"id": bert.ID, "from": "bert@contoso.com", "to": "bert.olsen@contoso.com"}}, diff["moved"])
	assert.EqualValues(t, 1, diff["same"])
	assert.Equal(t, true, diff["complete"])
	assert.Empty(t, diff["unresolved"])
	assert.Equal(t, "change,address,from,id\njoined,dora@contoso.com,,\nleft,adele@contoso.com,,\nmoved,bert.olsen@contoso.com,bert@contoso.com,"+bert.ID+"\n",
		s.ok("snapshot", "diff", first, "--format", "csv"))
	assert.Equal(t, 3, strings.Count(s.ok("snapshot", "diff", first, "--format", "ndjson"), "\n"))

	second := s.approve("All hands")
	assert.Contains(t, s.ok("snapshot", "diff", "All hands"), "the same 3 recipients", "a name is its newest snapshot")
	s.offline()
	assert.Equal(t, diff["moved"], s.object("snapshot", "diff", first, second)["moved"], "two snapshots need no tenant")
	assert.Contains(t, s.ok("snapshot", "diff", second, first), "1 joined, 1 left, 1 moved, 1 the same\n  + adele@contoso.com\n")
	assert.Equal(t, 5, s.run("snapshot", "diff", first, "now").code)
}

func TestAComparisonWithNowSaysWhatCannotBeCompared(t *testing.T) {
	s := newShell(t)
	s.approve("All hands")
	all := workspacetest.ID(workspacetest.ListAllStaff)
	s.tenant.MembersOf[all] = append(s.tenant.MembersOf[all], *s.tenant.Object(workspacetest.ListBoard))
	a := s.run("snapshot", "diff", "All hands")
	assert.Equal(t, 6, a.code)
	assert.Contains(t, a.stdout, "\nnot comparable in full: whoever seems to have left may be in what could not be read now\nmissing: the members of Board are hidden from this account\n  consent to Member.Read.Hidden")
	assert.Contains(t, a.stderr, "incomplete")
	a = s.run("snapshot", "diff", "All hands", "--json")
	assert.Equal(t, 6, a.code)
	diff := decode(t, a.stdout)
	assert.Equal(t, false, diff["complete"])
	assert.Len(t, diff["unresolved"], 1)
}

func TestAComparisonKeepsEveryEntryOfTheSnapshot(t *testing.T) {
	s := newShell(t)
	s.ok("preview", "rule:"+salesRule, "--within", "all-staff@contoso.com", "--exclude", "adele@contoso.com", "--approve", "--name", "Three sides")
	assert.Contains(t, s.ok("snapshot", "list"), "rule:"+salesRule+" within all-staff@contoso.com without adele@contoso.com\n")
	diff := s.object("snapshot", "diff", "three sides")
	assert.EqualValues(t, 1, diff["same"])
	assert.Empty(t, diff["joined"])
	assert.Empty(t, diff["left"])
}

func TestALongComparisonIsCutForAPersonOnly(t *testing.T) {
	s := newShell(t)
	first := s.approve("")
	all := workspacetest.ID(workspacetest.ListAllStaff)
	for i := range maxCompared + 5 {
		address := string(rune('a'+i)) + "@fabrikam.com"
		s.tenant.MembersOf[all] = append(s.tenant.MembersOf[all], model.Object{ID: workspacetest.ID(100 + i), Type: model.ObjectContact, DisplayName: address, Mail: address})
	}
	out := s.ok("snapshot", "diff", first)
	assert.Contains(t, out, "25 joined, 0 left")
	assert.Equal(t, maxCompared, strings.Count(out, "@fabrikam.com\n"))
	assert.Contains(t, out, "  + 5 more: --all lists everybody\n")
	assert.Equal(t, maxCompared+5, strings.Count(s.ok("snapshot", "diff", first, "--all"), "@fabrikam.com\n"))
	assert.Len(t, s.object("snapshot", "diff", first)["joined"], maxCompared+5)
}

func TestNestedListsAreShownWhereTheProfileKeepsThem(t *testing.T) {
	s := newShell(t)
	s.approve("Bare")
	assert.Nil(t, s.object("snapshot", "show", "Bare")["lists"])
	s.tenant.KeepStructure = true
	s.approve("With lists")
	assert.Regexp(t, `\nLIST +KIND +DEPTH +DIRECT +UNIQUE\nAll Staff +distribution list +0 +3 +3\nPartners +distribution list +1 +2 +2\n`, s.ok("snapshot", "show", "With lists"))
	partners := workspacetest.ID(workspacetest.ListPartners)
	s.tenant.MembersOf[partners] = s.tenant.MembersOf[partners][:1]
	assert.Contains(t, s.ok("snapshot", "diff", "With lists"), "  list Partners: 1 direct, 1 unique; then 2 and 2\n")
}

func TestAnUnknownSnapshotNamesTheNearest(t *testing.T) {
	s := newShell(t)
	s.approve("All hands")
	for _, args := range [][]string{
		{"snapshot", "show", "All hand"},
		{"snapshot", "export", "Al hands"},
		{"snapshot", "diff", "All hand"},
		{"snapshot", "diff", "All hands", "All hand"},
	} {
		a := s.run(args...)
		assert.Equal(t, 2, a.code, args)
		assert.Contains(t, a.stderr, `did you mean "All hands"?`)
		assert.Empty(t, a.stdout)
	}
	a := s.run("snapshot", "show", "zzzz")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, `there is no snapshot "zzzz"`)
}

func TestAHostileNameNeverReachesATerminalAsItIs(t *testing.T) {
	const hostile = "\x1b]52;c;cm0=\x07Bo\u202ess\x9b2J"
	s := newShell(t)
	s.tenant.Object(workspacetest.ListAllStaff).DisplayName = hostile
	s.tenant.Object(workspacetest.ListAllStaff).Group.DisplayName = hostile
	s.tenant.Object(workspacetest.ContactFergus).DisplayName = hostile
	evil := *s.tenant.Object(workspacetest.ContactFergus)
	evil.Mail = "e\x1b[2Jv\u202eil@fabrikam.com"
	s.tenant.MembersOf[workspacetest.ID(workspacetest.ListPartners)] = []model.Object{evil}
	s.tenant.KeepStructure = true
	s.ok("preview", "all-staff@contoso.com", "--approve", "--name", hostile)
	s.terminal = true
	snapshots, err := s.tenant.Ledger.Snapshots(t.Context())
	require.NoError(t, err)
	id := snapshots[0].ID
	for _, args := range [][]string{
		{"preview", "all-staff@contoso.com", "--tree", "--addresses", "--overlap"},
		{"preview", "all-staff@contoso.com", "partners@contoso.com"},
		{"preview", "all-staff@contoso.com", "--why", evil.Mail},
		{"preview", "all-staff@contoso.com", "--export", "lines"},
		{"preview", "all-staff@contoso.com", "--export", "blocks"},
		{"preview", "all-staff@contoso.com", "--export", "csv"},
		{"preview", "all-staff@contoso.com", "--export", "json"},
		{"snapshot", "list"},
		{"snapshot", "list", "--json"},
		{"snapshot", "list", "--format", "csv"},
		{"snapshot", "show", id, "--addresses"},
		{"snapshot", "show", hostile + "x"},
		{"snapshot", "diff", id},
		{"snapshot", "diff", id, "--format", "ndjson"},
		{"snapshot", "export", id},
		{"snapshot", "export", id, "--as", "json"},
		{"snapshot", "export", id, "--as", "lines"},
	} {
		a := s.run(args...)
		for _, stream := range []string{a.stdout, strings.ReplaceAll(a.stderr, "\r\x1b[K", "")} {
			assert.False(t, strings.ContainsFunc(stream, func(r rune) bool { return r != '\n' && (r < ' ' || acts(r)) }), "%q: %q", args, stream)
		}
	}
	a := s.run("preview", "all-staff@contoso.com", "--export", "lines")
	assert.Equal(t, 6, a.code)
	assert.Equal(t, "adele@contoso.com\nbert@contoso.com\n", a.stdout)
	assert.Contains(t, a.stderr, "1 address cannot be written as lines: ")
	assert.Contains(t, a.stderr, "export as csv or json")
}

func TestCompletionNamesWhatIsKeptHere(t *testing.T) {
	s := newShell(t)
	s.ok("segment", "save", "Sales DE", salesRule)
	s.ok("list", "save", "Board", "--user", "adele@contoso.com")
	id := s.approve("Summer party")
	s.approve("summer PARTY")
	assert.Equal(t, 2, s.run("segment", "save", "Sa\u202elts", salesRule).code, "such a name could not be told from others")
	s.offline()
	complete := func(args ...string) []string {
		t.Helper()
		out := s.ok(append([]string{"__completeNoDesc"}, args...)...)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		return lines[:len(lines)-1]
	}
	assert.Equal(t, []string{"segment:Sales DE"}, complete("preview", "seg"))
	assert.Equal(t, []string{"segment:Sales DE"}, complete("preview", "x@contoso.com", "--exclude", "segment:sales"))
	assert.Contains(t, complete("preview", "snapshot:"), "snapshot:"+id)
	assert.Equal(t, []string{"list:Board"}, complete("plan", "--from", "li"))
	assert.Equal(t, []string{"summer PARTY"}, complete("snapshot", "show", "sum"), "a name is completed once")
	assert.Empty(t, complete("snapshot", "show", "Summer party", "sum"))
	assert.Equal(t, []string{id}, complete("snapshot", "diff", "Summer party", id[:6]))
	assert.Equal(t, []string{"Sales DE"}, complete("segment", "show", ""))
	assert.Equal(t, []string{"Board"}, complete("list", "show", "b"))
	assert.Equal(t, []string{"Board"}, complete("list", "import", ""))
	assert.Equal(t, []string{"csv", "txt"}, complete("list", "import", "Board", ""), "the shell completes files of these endings")
	assert.Equal(t, []string{"Sales DE"}, complete("users", "--segment", "s"))
	assert.Equal(t, []string{"csv", "json", "lines", "blocks"}, complete("snapshot", "export", "x", "--as", ""))

	s.tenant.OpenErr = &model.Error{Kind: model.KindLocked, Code: workspace.CodeLocked, Message: "another rollcall holds the files"}
	a := s.run("__completeNoDesc", "snapshot", "show", "")
	assert.Zero(t, a.code)
	assert.Equal(t, ":4\n", a.stdout, "no names, and no file names in their place")
	assert.NotContains(t, a.stderr, "another rollcall")
}

func TestADifferenceOfWhatOtherServicesToldSaysSo(t *testing.T) {
	var out strings.Builder
	require.NoError(t, differenceText(&out, &workspace.Comparison{Complete: true, Left: []string{"ann@contoso.com"}, Unlike: "then Exchange Online answered for lists, and now Graph"}, nil, nil, false))
	assert.Contains(t, out.String(), "not comparable in full: then Exchange Online answered for lists, and now Graph\n")
}
