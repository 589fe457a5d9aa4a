package cli

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

// server runs `demo serve` on a fake that answers with a report and an error.
func server(args []string, report string, err error) (a answer, asked Serve) {
	var stdout, stderr bytes.Buffer
	a.code = Run(context.Background(), Env{
		Args: append([]string{"demo", "serve"}, args...), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(string) string { return "" }, Now: time.Now,
		Serve: func(_ context.Context, o Serve, ready func([]Variable)) (string, error) {
			asked = o
			ready([]Variable{{"AZURE_TENANT_ID", "t-1"}, {"ROLLCALL_GRAPH_ENDPOINT", "https://127.0.0.1:8443"}})
			return report, err
		},
	})
	a.stdout, a.stderr = stdout.String(), stderr.String()
	return a, asked
}

func TestServePrintsTheEnvironmentAndEndsWellWhenInterrupted(t *testing.T) {
	a, asked := server([]string{"--listen", "127.0.0.1:8443", "--users", "7", "--seed", "3", "--latency", "5ms", "--churn", "1s"}, "DELETEs on users: 0", context.Canceled)
	assert.Zero(t, a.code)
	assert.Equal(t, "AZURE_TENANT_ID=t-1\nROLLCALL_GRAPH_ENDPOINT=https://127.0.0.1:8443\n", a.stdout)
	assert.Equal(t, "DELETEs on users: 0\n", a.stderr)
	assert.Equal(t, "127.0.0.1:8443", asked.Listen)
	assert.Equal(t, 7, asked.Users)
	assert.EqualValues(t, 3, asked.Seed)
	assert.Equal(t, 5*time.Millisecond, asked.Latency)
	assert.Equal(t, time.Second, asked.Churn)

	assert.Zero(t, asked.NullCreated)
	assert.False(t, asked.NoCompression)

	a, asked = server([]string{"--null-created", "0.25", "--no-compression"}, "", context.Canceled)
	assert.Zero(t, a.code)
	assert.InDelta(t, 0.25, asked.NullCreated, 0)
	assert.True(t, asked.NoCompression)
	for _, share := range []string{"1.5", "-0.1", "NaN"} {
		a, _ = server([]string{"--null-created", share}, "", nil)
		assert.Equal(t, 2, a.code, share)
		assert.Contains(t, a.stderr, "--null-created takes a share from 0 to 1")
	}

	a, _ = server(nil, "", errors.New("the address is in use"))
	assert.Equal(t, 1, a.code)
	assert.Equal(t, "rollcall: the address is in use\n", a.stderr)
}

func TestTheScreensOfTheDemoShowItsCodeAndItsConsent(t *testing.T) {
	var shown Connection
	tenant := workspacetest.Contoso()
	screens := func(term string, args ...string) int {
		return Run(t.Context(), Env{
			Args: args, Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{},
			StdinTerminal: true, StdoutTerminal: true, StderrTerminal: true, Now: time.Now,
			Getenv:   func(name string) string { return map[string]string{"TERM": term}[name] },
			ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
			Open:     func(Connection) *workspace.Workspace { return tenant.Workspace() },
			Screens: func(ctx context.Context, c Connection, w *workspace.Workspace) error {
				shown = c
				return w.Open(ctx)
			},
		})
	}
	require.Zero(t, screens("xterm", "demo", "--users", "9"))
	assert.Equal(t, 9, shown.Demo.Users)
	assert.GreaterOrEqual(t, shown.Demo.Approve, time.Second, "long enough to be read")
	assert.False(t, shown.Demo.Write, "the consent is given on its screen")
	assert.Equal(t, expansion.SourceExchangeAdmin, shown.Exchange)
	assert.Empty(t, shown.Demo.Consented, "and so is that of Exchange")
	assert.Equal(t, 1, tenant.Closed)
	assert.Equal(t, 2, screens("dumb", "demo"))
}

func TestProgressFitsOneLineAndSaysWhyItWaits(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	parallel := refresh.Progress{Phase: refresh.PhaseReading, Read: 1104882, Expected: 1250000, Partitions: 128, Done: 112}
	for want, p := range map[string]refresh.Progress{
		"reading users: 104,882 of 1,000,000":                          {Phase: refresh.PhaseReading, Read: 104882, Expected: 1000000, Partitions: 1},
		"reading users: 12":                                            {Phase: refresh.PhaseReading, Read: 12},
		"reading changes: 3 users":                                     {Phase: refresh.PhaseDelta, Read: 3, Partitions: 12, Done: 12},
		"asking where to begin":                                        {Phase: refresh.PhaseIdle, Running: true},
		"reading users: 1,104,882 of 1,250,000, 112 of 128 partitions": parallel,
	} {
		var m meter
		assert.Equal(t, want, m.line(p, workspace.Traffic{}, now))
		waiting := m.line(p, workspace.Traffic{WaitUntil: now.Add(149500 * time.Millisecond)}, now)
		assert.Contains(t, waiting, ", throttled for another 150 s")
		assert.LessOrEqual(t, len(waiting), 80)
	}
}

func TestProgressSaysHowFastItIsSinceThePhaseBegan(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var m meter
	line := func(after time.Duration, p refresh.Progress) string {
		return m.line(p, workspace.Traffic{}, now.Add(after))
	}
	p := refresh.Progress{Phase: refresh.PhaseReading, Read: 1000000, Expected: 2000000, Partitions: 128}
	assert.NotContains(t, line(0, p), "/s", "what an interrupted read has left is no speed")
	p.Read = 1005000
	assert.NotContains(t, line(500*time.Millisecond, p), "/s")
	p.Read = 1050000
	read := line(2*time.Second, p)
	assert.Equal(t, "reading users: 1,050,000 of 2,000,000, 0 of 128 partitions, 25,000 users/s", read)
	assert.LessOrEqual(t, len(read), 80)
	assert.NotContains(t, line(3*time.Second, refresh.Progress{Phase: refresh.PhaseDelta, Read: 1050000}), "/s", "another phase has its own speed")
}

func TestTheLogIsReadFromATimeOn(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, "nothing yet\n", s.ok("log"))
	s.ok("sync")
	for since, lines := range map[string]int{"24h": 1, "2026-11-22": 1, "2026-11-22T12:00:00Z": 1, "2026-11-22T12:00:01Z": 0, "2026-11-23": 0} {
		assert.Len(t, s.object("log", "--since", since)["events"], lines, since)
	}
	assert.Contains(t, s.ok("log"), "admin@contoso.com")

	s.tenant.Ledger.AuditErr = &model.Error{Kind: model.KindFailed, Code: "auditBroken", Message: "event 2 was changed"}
	tampered := s.run("log")
	assert.Equal(t, 1, tampered.code, "a log that was changed from outside is shown and not vouched for")
	assert.Contains(t, tampered.stdout, "admin@contoso.com")
	assert.Contains(t, tampered.stderr, "event 2 was changed")
}

func TestSignInSaysWhatWasGranted(t *testing.T) {
	s := newShell(t)
	s.tenant.Account.Scopes = []string{"User.Read.All"}
	object := s.object("signin")
	granted := map[string]any{}
	for _, p := range object["permissions"].([]any) {
		granted[p.(map[string]any)["scope"].(string)] = p.(map[string]any)["granted"]
	}
	assert.Equal(t, map[string]any{
		"User.Read.All": true, "GroupMember.Read.All": false, "OrgContact.Read.All": false,
		"Member.Read.Hidden": false, "GroupMember.ReadWrite.All": false,
	}, granted)
	assert.Equal(t, "admin@contoso.com", object["account"])

	a := s.run("preview", "partners@contoso.com")
	assert.Equal(t, model.KindSignIn.ExitCode(), a.code)
	assert.Contains(t, a.stderr, "an administrator grants it at https://")
}
