// Package emulatortest watches over the test suites that run against the
// embedded tenant. A DELETE that does not end in /$ref deletes a user, a group
// or another object where it was meant to end a membership; no code of rollcall
// may ever send one, whatever the test that makes it do so looks at. Each
// package whose tests start a tenant therefore runs them through Main or Run,
// and a test in here fails on a package that does not.
//
// It is for tests alone: nothing of it is linked into the binary.
package emulatortest

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"go.uber.org/goleak"

	"rollcall/graph/emulator"
)

// Runner is a *testing.M.
type Runner interface{ Run() int }

// Main runs a package's tests, and fails the run when a tenant was sent a
// DELETE without /$ref, or when goroutines are left. It does not return.
func Main(m Runner) { goleak.VerifyTestMain(watched{m}) }

// Run is Main for a package that has something to do after its tests, without
// the check for goroutines. It returns the exit code.
func Run(m Runner) int { return run(m, os.Stderr) }

// watched is a Runner whose tests are watched.
type watched struct{ m Runner }

func (w watched) Run() int { return Run(w.m) }

func run(m Runner, say io.Writer) int {
	code := m.Run()
	_, stray := emulator.Deletes()
	elsewhere, err := fromProcesses()
	if err != nil {
		fmt.Fprintf(say, "whether other processes sent a DELETE without /$ref cannot be said: %v\n", err)
		code = max(code, 1)
	}
	stray = append(stray, elsewhere...)
	if len(stray) == 0 {
		return code
	}
	fmt.Fprintf(say, "FAIL: a DELETE without /$ref at its end deletes the object, not the membership. Sent were %d:\n", len(stray))
	for _, path := range stray {
		fmt.Fprintf(say, "\tDELETE %s\n", path)
	}
	return max(code, 1)
}

// strayFile is where binaries that a test builds write to; "" before any was.
var strayFile struct {
	sync.Mutex
	path string
}

// BuildFlags are the flags of `go build` with which a test builds a rollcall
// whose embedded tenants, in processes of their own, are watched too.
func BuildFlags() ([]string, error) {
	strayFile.Lock()
	defer strayFile.Unlock()
	if strayFile.path == "" {
		f, err := os.CreateTemp("", "rollcall-deletes-")
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
		strayFile.path = f.Name()
	}
	return []string{"-ldflags", "-X rollcall/graph/emulator.strayFile=" + strayFile.path}, nil
}

// fromProcesses are the paths of the DELETEs without /$ref that tenants in
// binaries with BuildFlags were sent. The file is removed.
func fromProcesses() ([]string, error) {
	strayFile.Lock()
	defer strayFile.Unlock()
	if strayFile.path == "" {
		return nil, nil
	}
	lines, err := os.ReadFile(strayFile.path)
	if err != nil {
		return nil, err
	}
	err = os.Remove(strayFile.path)
	strayFile.path = ""
	return strings.Fields(string(lines)), err
}
