package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
)

func TestEachKindOfFailureHasItsExitCode(t *testing.T) {
	for kind, code := range map[model.Kind]int{
		model.KindFailed: 1, model.KindUsage: 2, model.KindGuard: 3, model.KindSignIn: 4,
		model.KindUnavailable: 5, model.KindPartial: 6, model.KindLocked: 75, model.KindInterrupted: 130,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			s := newShell(t)
			s.tenant.Fail = func(call string) error {
				if call != "Users" {
					return nil
				}
				return &model.Error{Kind: kind, Code: "because", Message: "it\x1b[31m failed", Remedy: "mend it", RequestID: "r-1"}
			}
			a := s.run("sync")
			assert.Equal(t, code, a.code)
			assert.Empty(t, a.stdout)
			assert.Equal(t, "rollcall: it␛[31m failed (request r-1)\n  mend it\n", a.stderr)

			for _, format := range []string{"json", "ndjson"} {
				a = s.run("sync", "--format", format)
				assert.Equal(t, code, a.code)
				assert.Empty(t, a.stdout)
				assert.Equal(t, map[string]any{"error": map[string]any{
					"code": "because", "message": "it\x1b[31m failed", "remedy": "mend it", "requestId": "r-1",
				}}, decode(t, a.stderr))
			}
		})
	}
}

func TestAFailureThatNobodyForesawIsOneLine(t *testing.T) {
	s := newShell(t)
	s.tenant.OpenErr = errors.New("the disk is gone")
	a := s.run("users")
	assert.Equal(t, 1, a.code)
	assert.Equal(t, "rollcall: the disk is gone\n", a.stderr)
}

func TestAnInterruptEndsWith130(t *testing.T) {
	s := newShell(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.tenant.Fail = func(call string) error {
		if call == "Users" {
			cancel()
		}
		return nil
	}
	a := s.runContext(ctx, "sync")
	assert.Equal(t, 130, a.code)
	assert.Contains(t, a.stderr, "interrupted")
}

func TestWrongUsageIsOneErrorThatSaysWhatIsRight(t *testing.T) {
	s := newShell(t)
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"unknown command":         {[]string{"previw"}, "did you mean `rollcall preview`?"},
		"nothing like a command":  {[]string{"zzz"}, "`rollcall --help` lists the commands"},
		"unknown subcommand":      {[]string{"segment", "sav"}, `rollcall segment has no "sav"; it has: `},
		"no subcommand":           {[]string{"segment"}, "rollcall segment needs one of: "},
		"unknown flag":            {[]string{"users", "--colums", "mail"}, "--colums"},
		"unknown format":          {[]string{"users", "--format", "xml"}, `--format takes table, json, ndjson, csv, not "xml"`},
		"argument missing":        {[]string{"segment", "show"}, "segment show takes NAME; 0 given"},
		"argument too many":       {[]string{"sync", "now"}, "sync takes no arguments; 1 given"},
		"empty embedded tenant":   {[]string{"users", "--demo", "--demo-users", "0"}, "at least one user"},
		"no time at all":          {[]string{"users", "--timeout", "0s"}, "--timeout"},
		"profile outside":         {[]string{"users", "--profile", "../other"}, "cannot be named"},
		"an unknown language":     {[]string{"segment", "export", "Sales", "--as", "sql"}, `--as takes entra, odata or opath, not "sql"`},
		"nothing to export":       {[]string{"segment", "export", "--as", "odata"}, "export takes the NAME of a segment, or --rule RULE"},
		"two things to export":    {[]string{"segment", "export", "Sales", "--rule", salesRule}, "export takes the NAME of a segment, or --rule RULE"},
		"a version of no number":  {[]string{"segment", "restore", "Sales", "last"}, `a version is a number from 1, not "last"`},
		"version nought":          {[]string{"segment", "compare", "Sales", "0"}, "a version is a number from 1"},
		"versions beside a rule":  {[]string{"segment", "compare", "Sales", "1", "2", "--with", salesRule}, "--with takes the place of TO"},
		"a segment of no name":    {[]string{"users", "--segment", ""}, "the name is empty"},
		"a rule and a segment":    {[]string{"facets", "city", "--segment", "Sales", "--where", salesRule}, "--where and --segment exclude each other"},
		"plan without a group":    {[]string{"plan", "--from", "segment:Sales"}, "--to GROUP"},
		"plan in an unknown mode": {[]string{"plan", "--from", "a@contoso.com", "--to", "g", "--mode", "swap"}, "mirror, add or remove"},
		"name without approval":   {[]string{"preview", "a@contoso.com", "--name", "x"}, "--approve"},
		"negative allowance":      {[]string{"apply", "x", "--allow-removals", "-1"}, "cannot be negative"},
		"time of no kind":         {[]string{"log", "--since", "yesterday"}, "--since takes"},
		"no terminal for screens": {nil, "the screens need a terminal"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.run(test.args...)
			assert.Equal(t, 2, a.code)
			assert.Empty(t, a.stdout)
			assert.True(t, strings.HasPrefix(a.stderr, "rollcall: "), "for a person: %s", a.stderr)
			assert.Contains(t, a.stderr, test.says)
			assert.LessOrEqual(t, strings.Count(a.stderr, "\n"), 2, a.stderr)
		})
	}
	assert.Empty(t, s.connections, "nothing is opened for wrong usage")
}

func TestWrongUsageBesideJSONIsJSON(t *testing.T) {
	s := newShell(t)
	for _, args := range [][]string{
		{"previw", "--json"},
		{"users", "--json", "--colums", "mail"},
		{"users", "--colums", "mail", "--json"},
		{"users", "--json", "--format", "csv"},
		{"segment", "show", "--json"},
		{"segment", "--format", "ndjson"},
	} {
		a := s.run(args...)
		assert.Equal(t, 2, a.code, args)
		assert.Empty(t, a.stdout)
		assert.Equal(t, []string{"error"}, keys(decode(t, a.stderr)), args)
	}
	a := s.run("users", "--colums", "--", "--json")
	assert.True(t, strings.HasPrefix(a.stderr, "rollcall: "), "behind -- it is a word")
}

func TestAProfileWithoutATenantSaysWhichVariableIsMissing(t *testing.T) {
	s := newShell(t)
	delete(s.getenv, "AZURE_CLIENT_ID")
	a := s.run("users")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, "AZURE_CLIENT_ID is not set")
	assert.Empty(t, s.connections)
}

func TestFlagsWinOverTheEnvironment(t *testing.T) {
	s := newShell(t)
	s.getenv["ROLLCALL_PROFILE"], s.getenv["ROLLCALL_DATA_DIR"] = "north", "/data"
	s.ok("users", "--count")
	s.ok("users", "--count", "--profile", "south", "--no-color", "--timeout", "7s")
	s.ok("users", "--count", "--demo", "--demo-users", "50")
	require.Len(t, s.connections, 3)
	assert.Equal(t, "north", s.connections[0].Profile)
	assert.Equal(t, "/data", s.connections[0].DataDir)
	assert.False(t, s.connections[0].NoColor)
	assert.Equal(t, "south", s.connections[1].Profile)
	assert.True(t, s.connections[1].NoColor)
	assert.Equal(t, "7s", s.connections[1].Timeout.String())
	assert.Nil(t, s.connections[1].Demo)
	assert.Equal(t, "demo-1-50", s.connections[2].Profile, "another tenant has other files")
	assert.Equal(t, 50, s.connections[2].Demo.Users)
	assert.Empty(t, s.connections[2].ClientID, "the demo takes no credential of a real tenant")
}

func TestSignInIsAskedForOnATerminalOnly(t *testing.T) {
	s := newShell(t)
	s.tenant.SessionErr = &model.Error{Kind: model.KindSignIn, Code: workspace.CodeSignInRequired, Message: "nobody is signed in", Remedy: "run `rollcall signin`"}
	a := s.run("sync")
	assert.Equal(t, 4, a.code)
	assert.Contains(t, a.stderr, "run `rollcall signin` on a terminal")
	assert.Empty(t, s.tenant.Asked("SignIn"))

	s.terminal = true
	a = s.run("sync")
	assert.Zero(t, a.code)
	assert.Contains(t, a.stderr, "open https://microsoft.com/devicelogin and enter the code ABCD-1234")
	assert.NotContains(t, a.stdout, "ABCD-1234")

	s.tenant.SessionErr = &model.Error{Kind: model.KindSignIn, Code: "AADSTS7000215", Message: "the secret is wrong"}
	before := len(s.tenant.Asked("SignIn"))
	a = s.run("sync")
	assert.Equal(t, 4, a.code)
	assert.Len(t, s.tenant.Asked("SignIn"), before, "a code does not mend a wrong secret")
}

func TestNotesAndProgressGoToTerminalsAndNeverToStdout(t *testing.T) {
	s := newShell(t)
	s.tenant.Notes = []string{"tokens\x1b[2J cannot be kept"}
	for _, args := range [][]string{
		{"sync"},
		{"preview", "all-staff@contoso.com", "--approve"},
		{"plan", "--from", "rule:" + salesRule, "--to", "sg-sales"},
	} {
		s.terminal = false
		a := s.run(args...)
		assert.Zero(t, a.code, a.stderr)
		assert.Empty(t, a.stderr, "a script's stderr holds failures only")

		s.terminal = true
		a = s.run(append(args, "--json")...)
		assert.Zero(t, a.code, a.stderr)
		assert.Contains(t, a.stderr, "tokens␛[2J cannot be kept\n")
		decode(t, a.stdout)
	}
	a := s.run("preview", "all-staff@contoso.com", "--approve")
	assert.Contains(t, a.stdout, "approved and kept as snapshot")
	assert.Contains(t, a.stderr, "2 of 2 lists read\r\x1b[K", "what is done leaves no trace")

	s.getenv["TERM"] = "dumb"
	a = s.run("preview", "all-staff@contoso.com")
	assert.NotContains(t, a.stderr, "lists read", "such a terminal cannot take a line back")
}

func TestAnIncompleteAnswerIsPrintedAndExitsWith6(t *testing.T) {
	s := newShell(t)
	a := s.run("preview", "all-staff@contoso.com", "board@contoso.com", "--approve")
	assert.Equal(t, 6, a.code)
	assert.Contains(t, a.stdout, "3 unique recipients — incomplete: at least this many\n")
	assert.Contains(t, a.stdout, "missing: ")
	assert.Contains(t, a.stderr, "incomplete")
	snapshots, err := s.tenant.Ledger.Snapshots(t.Context())
	require.NoError(t, err)
	assert.Empty(t, snapshots)

	assert.Equal(t, 6, s.run("preview", "board@contoso.com", "--why", "adele@contoso.com").code,
		"what was not read may hold the address")
	a = s.run("preview", "partners@contoso.com", "--why", "adele@contoso.com")
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, "is not reached")

	s = newShell(t)
	s.tenant.Listed = 3
	a = s.run("sync", "--json")
	assert.Equal(t, 6, a.code)
	assert.EqualValues(t, 3, decode(t, a.stdout)["users"])
	assert.Contains(t, a.stderr, "1 more than it listed")
}

func TestAnApprovedPreviewSaysItsSnapshotToScripts(t *testing.T) {
	s := newShell(t)
	preview := s.object("preview", "all-staff@contoso.com", "--approve", "--name", "All hands")
	snapshots, err := s.tenant.Ledger.Snapshots(t.Context())
	require.NoError(t, err)
	require.Len(t, snapshots, 1)
	assert.Equal(t, snapshots[0].ID, preview["snapshot"])
	assert.Equal(t, "All hands", snapshots[0].Name)
	assert.NotContains(t, s.object("preview", "all-staff@contoso.com"), "snapshot")
}

func TestEveryWorkspaceIsClosed(t *testing.T) {
	s := newShell(t)
	s.ok("users")
	s.run("segment", "show", "Nowhere")
	s.run("plan", "--from", "rule:"+salesRule, "--to", "dyn-engineering")
	assert.Equal(t, 3, s.tenant.Opened)
	assert.Equal(t, 3, s.tenant.Closed)
}

func TestTheEmbeddedTenantHasLimits(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, 2, s.run("--demo", "--demo-users", "99999999999", "sync").code)
	assert.Equal(t, 2, s.run("--demo", "--demo-latency", "-1s", "sync").code)
	assert.Empty(t, s.connections, "nothing was opened")
}
