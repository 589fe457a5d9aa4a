package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

// shell runs commands in this process, each on the same tenant and files.
type shell struct {
	t        *testing.T
	tenant   *workspacetest.Tenant
	stdin    io.Reader
	stdout   io.Writer // in the place of what an answer keeps; may be nil
	terminal bool      // all three streams
	getenv   map[string]string
	files    map[string]string // that can be read, by path

	connections []Connection // that were opened
}

func newShell(t *testing.T) *shell {
	t.Helper()
	return &shell{
		t: t, tenant: workspacetest.Contoso(), stdin: strings.NewReader(""),
		getenv: map[string]string{"AZURE_TENANT_ID": "contoso.com", "AZURE_CLIENT_ID": "app"},
	}
}

// answer is what a command printed, and how it ended.
type answer struct {
	stdout, stderr string
	code           int
}

func (s *shell) run(args ...string) answer {
	s.t.Helper()
	return s.runContext(s.t.Context(), args...)
}

func (s *shell) runContext(ctx context.Context, args ...string) answer {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	out := io.Writer(&stdout)
	if s.stdout != nil {
		out = s.stdout
	}
	code := Run(ctx, Env{
		Args: args, Stdin: s.stdin, Stdout: out, Stderr: &stderr,
		StdinTerminal: s.terminal, StdoutTerminal: s.terminal, StderrTerminal: s.terminal,
		Getenv:  func(name string) string { return s.getenv[name] },
		Version: "v1.2.3",
		ReadFile: func(path string) ([]byte, error) {
			text, ok := s.files[path]
			if !ok {
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			}
			return []byte(text), nil
		},
		ConfigFile: "config.toml",
		Now:        func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) },
		Open: func(c Connection) *workspace.Workspace {
			s.connections = append(s.connections, c)
			return s.tenant.Workspace()
		},
	})
	return answer{stdout.String(), stderr.String(), code}
}

// ok requires exit code 0 and returns stdout.
func (s *shell) ok(args ...string) string {
	s.t.Helper()
	a := s.run(args...)
	require.Zero(s.t, a.code, "%v: %s", args, a.stderr)
	return a.stdout
}

// object runs a command with --json and returns the one object it printed.
func (s *shell) object(args ...string) map[string]any {
	s.t.Helper()
	return decode(s.t, s.ok(append(args, "--json")...))
}

// decode reads one line that holds one JSON object.
func decode(t *testing.T, line string) map[string]any {
	t.Helper()
	require.Equal(t, 1, strings.Count(line, "\n"), "one line: %q", line)
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(line), &object), line)
	return object
}

// rename gives a user another display name.
func (s *shell) rename(user int, name string) {
	for i, c := range s.tenant.Users {
		if c.ID != workspacetest.ID(user) {
			continue
		}
		s.tenant.Users[i].Fields = append(c.Fields, model.Field{Attr: model.AttrDisplayName, Value: name})
	}
}

const salesRule = `user.department -eq "Sales"`
