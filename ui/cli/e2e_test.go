package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	// What takes minutes to compile at first is compiled for this test by whoever
	// runs it, and not a second time, beside it, by the build below.
	_ "rollcall/graph"
	"rollcall/graph/emulator/emulatortest"
	"rollcall/graph/emulator/seed"
)

// folder is where the binary is built; TestMain makes and removes it.
var folder string

// binary builds rollcall once for all end-to-end tests.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "rollcall")
	watched, err := emulatortest.BuildFlags()
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", slices.Concat([]string{"build"}, watched, []string{"-o", path, "rollcall"})...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building rollcall: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "rollcall-e2e-"); err != nil {
		panic(err)
	}
	code := emulatortest.Run(m)
	os.RemoveAll(folder)
	os.Exit(code)
}

// machine is a computer with an empty home on which rollcall is run.
type machine struct {
	t       *testing.T
	home    string
	env     []string
	process *syscall.SysProcAttr // nil: as the tests run
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	home := t.TempDir()
	return &machine{t: t, home: home, env: []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color"}}
}

// answer is what a run of rollcall printed, and how it ended.
type answer struct {
	stdout, stderr string
	code           int
}

// run runs rollcall with a bound that only a hang reaches.
func (m *machine) run(args ...string) answer {
	m.t.Helper()
	path, err := binary()
	require.NoError(m.t, err)
	ctx, cancel := context.WithTimeout(m.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = m.env, m.home, m.process
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(m.t, err)
	}
	require.NoError(m.t, ctx.Err(), "rollcall %v hangs", args)
	return answer{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// runJSON runs rollcall with --json and decodes what it printed.
func (m *machine) runJSON(code int, args ...string) map[string]any {
	m.t.Helper()
	a := m.run(append(args, "--json")...)
	require.Equal(m.t, code, a.code, "rollcall %v: %s", args, a.stderr)
	var object map[string]any
	require.NoError(m.t, json.Unmarshal([]byte(a.stdout), &object), "stdout: %s", a.stdout)
	return object
}

// served is a `demo serve` in a process of its own.
type served struct {
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

// serve starts the embedded tenant in another process and points the machine
// at it, as an app with its own credential.
func (m *machine) serve(args ...string) *served {
	m.t.Helper()
	path, err := binary()
	require.NoError(m.t, err)
	cmd := exec.Command(path, append([]string{"demo", "serve"}, args...)...)
	cmd.Env, cmd.Dir = m.env, m.home
	stdout, err := cmd.StdoutPipe()
	require.NoError(m.t, err)
	s := &served{cmd: cmd, stderr: &bytes.Buffer{}}
	cmd.Stderr = s.stderr
	require.NoError(m.t, cmd.Start())
	m.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		m.env = append(m.env, lines.Text())
		if strings.HasPrefix(lines.Text(), "ROLLCALL_EXCHANGE_ENDPOINT=") {
			break
		}
	}
	require.NoError(m.t, lines.Err())
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return s
}

// stop interrupts the server and returns the report of its judges.
func (s *served) stop(t *testing.T) string {
	t.Helper()
	require.NoError(t, s.cmd.Process.Signal(os.Interrupt))
	require.NoError(t, s.cmd.Wait())
	return s.stderr.String()
}

func TestPreviewCountsWhatAnIndependentWalkCounts(t *testing.T) {
	m := newMachine(t)
	tenant := seed.New(seed.Options{})
	for _, list := range []string{"all-staff@contoso.com", "leadership@contoso.com", "partners@contoso.com", "empty@contoso.com"} {
		t.Run(list, func(t *testing.T) {
			group, ok := tenant.FindGroupByAddress(list)
			require.True(t, ok)
			want := tenant.Reach(group, false)

			preview := m.runJSON(0, "--demo", "preview", list)
			assert.EqualValues(t, len(want), preview["recipients"].(map[string]any)["unique"])
			assert.Equal(t, true, preview["complete"])
			got := make(map[string]struct{})
			for _, address := range preview["addresses"].([]any) {
				got[strings.ToLower(address.(string))] = struct{}{}
			}
			assert.Equal(t, want, got)
		})
	}
}

func TestPreviewOfACycleEndsAndMarksIt(t *testing.T) {
	m := newMachine(t)
	preview := m.runJSON(0, "--demo", "preview", "leadership@contoso.com")
	cycles := 0
	for _, group := range preview["groups"].([]any) {
		if group.(map[string]any)["cycle"] == true {
			cycles++
		}
	}
	assert.GreaterOrEqual(t, cycles, 2, "a cycle has at least two lists")
}

func TestNothingIsTruncatedInSilence(t *testing.T) {
	m := newMachine(t)
	for name, entry := range map[string]string{
		"hidden membership":                 "board@contoso.com",
		"a dynamic list that Graph has not": "emea-all@contoso.com",
		"an address that nobody has":        "nobody-at-all@contoso.com",
	} {
		t.Run(name, func(t *testing.T) {
			preview := m.runJSON(6, "--demo", "preview", entry, "--exchange", "off")
			assert.Equal(t, false, preview["complete"])
			unresolved := preview["unresolved"].([]any)
			require.Len(t, unresolved, 1)
			assert.NotEmpty(t, unresolved[0].(map[string]any)["reason"])

			a := m.run("--demo", "preview", entry, "--exchange", "off")
			assert.Equal(t, 6, a.code)
			assert.Contains(t, a.stdout, "incomplete")
			assert.Contains(t, a.stdout, "missing: ")
		})
	}
}

func TestAPlanMakesAGroupEqualToASegmentAcrossProcesses(t *testing.T) {
	m := newMachine(t)
	server := m.serve()
	const rule = `user.department -eq "Sales" -and user.accountEnabled -eq true`

	synced := m.runJSON(0, "sync")
	assert.Equal(t, "initial", synced["mode"])
	assert.EqualValues(t, 2000, synced["users"])
	saved := m.runJSON(0, "segment", "save", "Sales", rule)
	want := saved["count"]
	require.NotZero(t, want)

	planFile := filepath.Join(m.home, "plan.json")
	plan := m.runJSON(0, "plan", "--from", "segment:Sales", "--to", "sg-sales", "--out", planFile)
	adds, removes := len(plan["add"].([]any)), len(plan["remove"].([]any))
	require.Positive(t, adds)
	require.Positive(t, removes)

	refused := m.run("apply", planFile)
	assert.Equal(t, 3, refused.code, "an unanswered question is no approval")
	assert.Contains(t, refused.stderr, "not approved")

	report := m.runJSON(0, "apply", planFile, "--yes", "--allow-removals", fmt.Sprint(removes))
	assert.EqualValues(t, adds, report["added"])
	assert.EqualValues(t, removes, report["removed"])
	assert.Empty(t, report["failed"])
	assert.Equal(t, true, report["verified"])

	again := m.runJSON(0, "apply", planFile, "--yes", "--allow-removals", fmt.Sprint(removes))
	assert.EqualValues(t, 0, again["added"])
	assert.EqualValues(t, 0, again["removed"])
	assert.EqualValues(t, adds+removes, again["alreadyDone"])
	assert.Equal(t, true, again["verified"])

	next := m.runJSON(0, "plan", "--from", "segment:Sales", "--to", "sg-sales")
	assert.Empty(t, next["add"])
	assert.Empty(t, next["remove"])
	assert.EqualValues(t, want, next["unchanged"])

	undo := m.runJSON(0, "undo", plan["id"].(string))
	assert.Len(t, undo["add"], removes)
	assert.Len(t, undo["remove"], adds)

	requireGoodManners(t, server.stop(t))
}

// requireGoodManners reads the judges' report: what a client must never do was
// not done.
func requireGoodManners(t *testing.T, report string) {
	t.Helper()
	for _, line := range []string{
		"calls before a Retry-After had passed: 0\n",
		"links that were never handed out: 0\n",
		"DELETEs on users: 0\n",
	} {
		assert.Contains(t, report, line)
	}
}

func TestGroupsThatCannotBeWrittenAreRefusedBeforeAnyWrite(t *testing.T) {
	m := newMachine(t)
	server := m.serve()
	for group, want := range map[string]struct{ code, reason, alternative string }{
		"all-staff@contoso.com": {"groupDistribution", "distribution list", "Add-DistributionGroupMember"},
		"dyn-engineering":       {"groupDynamic", "dynamic membership", "membership rule"},
		"sg-onprem":             {"groupOnPremises", "on-premises", "Active Directory"},
		"sg-admins":             {"groupRoleAssignable", "roles", "Privileged Role Administrator"},
		"mes-vpn@contoso.com":   {"groupMailEnabledSecurity", "mail-enabled security", "Exchange"},
	} {
		t.Run(group, func(t *testing.T) {
			a := m.run("plan", "--from", "leadership@contoso.com", "--to", group, "--json")
			assert.Equal(t, 3, a.code)
			assert.Empty(t, a.stdout)
			var e struct {
				Error struct{ Code, Message, Remedy string }
			}
			require.NoError(t, json.Unmarshal([]byte(a.stderr), &e), a.stderr)
			assert.Equal(t, want.code, e.Error.Code)
			assert.Contains(t, e.Error.Message, want.reason)
			assert.Contains(t, e.Error.Remedy, want.alternative)
		})
	}
	judges := server.stop(t)
	requireGoodManners(t, judges)
	assert.Contains(t, judges, "writes 0")
	assert.NotContains(t, judges, "PATCH")
	assert.NotContains(t, judges, "DELETE /")
}

func TestAnAppWithItsOwnCredentialRunsEveryReadingCommand(t *testing.T) {
	m := newMachine(t)
	m.serve("--users", "300")
	assert.EqualValues(t, 300, m.runJSON(0, "sync")["users"])
	assert.Equal(t, "delta", m.runJSON(0, "sync")["mode"])

	users := m.runJSON(0, "users", "--where", `user.department -eq "Sales"`, "--limit", "5")
	assert.LessOrEqual(t, len(users["users"].([]any)), 5)
	assert.Positive(t, users["total"])
	count := m.runJSON(0, "users", "--where", `user.department -eq "Sales"`, "--count")
	assert.Equal(t, users["total"], count["count"])

	preview := m.runJSON(0, "preview", "all-staff@contoso.com")
	assert.Positive(t, preview["recipients"].(map[string]any)["unique"])
}

func TestBadInputGetsOneClearErrorAndTheRightExitCode(t *testing.T) {
	m := newMachine(t)
	m.serve("--users", "60")
	broken := filepath.Join(m.home, "broken.csv")
	require.NoError(t, os.WriteFile(broken, []byte("mail\na@contoso.com\n\"never closed\n"), 0o600))
	var long strings.Builder
	long.WriteString("mail,name\n")
	for line := 2; line <= 10000; line++ {
		if line == 7000 {
			long.WriteString("not an address,Broken\n")
			continue
		}
		fmt.Fprintf(&long, "user%d@fabrikam.com,User %d\n", line, line)
	}
	row7000 := filepath.Join(m.home, "row7000.csv")
	require.NoError(t, os.WriteFile(row7000, []byte(long.String()), 0o600))

	config := filepath.Join(m.home, "wrong.toml")
	require.NoError(t, os.WriteFile(config, []byte("[profile.default]\nattributes = [\n  \"departmnt\",\n]\n"), 0o600))

	withEnv := func(pairs ...string) *machine {
		c := *m
		c.env = append(append([]string{}, m.env...), pairs...)
		return &c
	}
	for name, test := range map[string]struct {
		on   *machine
		args []string
		code int
		says string
	}{
		"unknown command":       {m, []string{"previw"}, 2, "did you mean `rollcall preview`?"},
		"unknown flag":          {m, []string{"users", "--colums", "mail"}, 2, "--colums"},
		"unknown subcommand":    {m, []string{"segment", "sav"}, 2, "segment"},
		"unknown format":        {m, []string{"users", "--format", "xml"}, 2, "--format"},
		"unreadable CSV":        {m, []string{"preview", "file:" + broken}, 2, "broken.csv"},
		"broken row 7,000":      {m, []string{"preview", "file:" + row7000}, 2, "7000"},
		"a device as CSV":       {m, []string{"preview", "file:/dev/zero"}, 2, "/dev/zero is not a regular file"},
		"a folder as plan":      {m, []string{"plan", "show", m.home}, 2, "is not a regular file"},
		"missing file":          {m, []string{"preview", "file:none.csv"}, 2, "none.csv"},
		"broken rule":           {m, []string{"users", "--where", `user.departmnt -eq "Sales"`}, 2, "department"},
		"unknown group":         {m, []string{"plan", "--from", "leadership@contoso.com", "--to", "sg-nowhere"}, 2, "sg-nowhere"},
		"unknown segment":       {m, []string{"users", "--segment", "Nowhere"}, 2, "Nowhere"},
		"unknown plan":          {m, []string{"apply", "deadbeef", "--yes"}, 2, "deadbeef"},
		"unknown attribute":     {m, []string{"facets", "departmnt"}, 2, "department"},
		"no network":            {withEnv("ROLLCALL_GRAPH_ENDPOINT=https://127.0.0.1:1", "ROLLCALL_AUTHORITY_HOST=https://127.0.0.1:1/"), []string{"sync", "--timeout", "2s"}, 5, "127.0.0.1:1"},
		"wrong secret":          {withEnv("AZURE_CLIENT_SECRET=wrong"), []string{"sync"}, 4, "AADSTS7000215"},
		"no tenant configured":  {withEnv("AZURE_TENANT_ID="), []string{"sync"}, 2, "AZURE_TENANT_ID"},
		"unknown list":          {m, []string{"preview", "list:Nowhere"}, 2, `there is no list "Nowhere"`},
		"unknown setting":       {m, []string{"users", "--config", config}, 2, "wrong.toml line 3: there is no attribute"},
		"no configuration":      {withEnv("ROLLCALL_CONFIG=none.toml"), []string{"sync"}, 2, "none.toml"},
		"a device as config":    {m, []string{"sync", "--config", "/dev/zero"}, 2, "/dev/zero is not a regular file"},
		"screens without a tty": {m, nil, 2, "terminal"},
	} {
		t.Run(name, func(t *testing.T) {
			a := test.on.run(test.args...)
			assert.Equal(t, test.code, a.code, a.stderr)
			assert.Contains(t, a.stderr, test.says)
			assert.NotContains(t, a.stderr, "goroutine ")
			assert.NotContains(t, a.stderr, "panic")
			assert.LessOrEqual(t, strings.Count(a.stderr, "\n"), 4, "one clear error, its place and its remedy:\n%s", a.stderr)
		})
	}
}
