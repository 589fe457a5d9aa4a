package cli_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tty is a terminal with rollcall in it: a real pty, its other end read by an
// emulator.
type tty struct {
	t   *testing.T
	pty *os.File
	cmd *exec.Cmd

	mu       sync.Mutex
	terminal *vt.Emulator
	changed  chan struct{} // holds one token after the screen changed
	written  int           // bytes that the program wrote
}

// open runs rollcall on a terminal of a size.
func (m *machine) open(width, height int, args ...string) *tty {
	m.t.Helper()
	path, err := binary()
	require.NoError(m.t, err)
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Dir = m.env, m.home
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	require.NoError(m.t, err)
	s := &tty{t: m.t, pty: file, cmd: cmd, terminal: vt.NewEmulator(width, height), changed: make(chan struct{}, 1)}
	m.t.Cleanup(s.connect())
	return s
}

// connect lets the program and the terminal talk. What it returns ends the
// program and both directions.
func (s *tty) connect() (hangUp func()) {
	var done sync.WaitGroup
	done.Go(func() { _, _ = io.Copy(s, s.pty) })
	// What the terminal answers to queries goes to the program, as keys do.
	done.Go(func() { _, _ = io.Copy(s.pty, s.terminal) })
	return func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		_ = s.pty.Close()
		// The emulator's own Close sets a flag that its Read and Write look at
		// unguarded; the end of its pipe ends the reading as well.
		_ = s.terminal.InputPipe().(io.Closer).Close()
		done.Wait()
	}
}

// Write takes what the program writes.
func (s *tty) Write(p []byte) (int, error) {
	s.mu.Lock()
	n, err := s.terminal.Write(p)
	s.written += n
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return n, err
}

func (s *tty) screen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.terminal.String()
}

// waitFor waits until all texts stand on the screen at once.
func (s *tty) waitFor(texts ...string) {
	s.t.Helper()
	s.waitUntil(func(screen string) (missing string) {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				missing = text
			}
		}
		return missing
	})
}

// waitUntil waits until nothing is missing on the screen. The bound is for a
// program that hangs, not for one that is slow.
func (s *tty) waitUntil(missing func(screen string) string) {
	s.t.Helper()
	bound := time.After(time.Minute)
	for {
		screen := s.screen()
		what := missing(screen)
		if what == "" {
			return
		}
		select {
		case <-s.changed:
		case <-bound:
			require.Fail(s.t, "the screen never shows "+what, screen)
		}
	}
}

// keys types keys one after the other, as a person's terminal sends them.
func (s *tty) keys(keys string) {
	s.t.Helper()
	_, err := io.Copy(s.pty, bytes.NewReader([]byte(keys)))
	require.NoError(s.t, err)
}

const (
	enter    = "\r"
	tab      = "\t"
	shiftTab = "\x1b[Z"
	escape   = "\x1b"
	ctrlC    = "\x03"
	ctrlS    = "\x13"
)

func TestTheWholeJobIsDoneByKeyboardInTheDemo(t *testing.T) {
	m := newMachine(t)
	s := m.open(120, 40, "demo")

	s.waitFor("Sign in", "Open this page on any device", "enter this code")
	s.waitFor("2,000 users", "read-only", "synced")

	// Browse: narrow by typing.
	s.keys("/")
	s.keys("sales berlin")
	s.waitFor("of 2,000")
	s.keys(enter)
	s.keys(escape)
	s.waitFor("2,000 users")

	// Segment: rows and text are two views of one rule.
	s.keys("2")
	s.waitFor("No segments yet")
	s.keys("n")
	s.waitFor("(new segment)")
	s.keys("department")
	s.keys(tab + tab)
	s.keys("Sales")
	s.waitFor(`user.department -eq "Sales"`, "321 of 2,000 users")
	s.keys(ctrlS)
	s.waitFor("Save segment")
	s.keys("Sales" + enter)
	s.waitFor("Saved segment Sales")

	// Preview a nested list, consent to Exchange where it is needed, approve.
	s.keys("3")
	s.waitFor("╭ To ─")
	s.keys("leadership@contoso.com" + enter)
	s.waitFor("INCOMPLETE", "Executive Team")
	s.consentToExchange()
	s.waitFor("unique and complete", "Executive Team", "cycle")
	s.keys("a")
	s.waitFor("Approve this audience?", "▸ No")
	s.waitUntilItAnswers(tab, "▸ Yes, keep the snapshot")
	s.keys(enter)
	s.waitFor("keeps 116 recipients")

	// Plan, grant the permission, review, approve, see it verified.
	s.keys("4")
	s.waitFor("Make a group equal to an audience")
	s.keys("segment:Sales" + tab + "sg-sales" + enter)
	s.waitFor("295 members now → 321 then", "removals 10 of 50 allowed")
	s.keys("A")
	s.waitFor("GroupMember.ReadWrite.All", "Grant at")
	s.keys("o")
	s.waitUntilItAnswers("r", "The permissions are granted")
	s.waitFor("295 members now → 321 then")
	s.keys("A")
	s.waitFor("Apply this plan to the tenant?", "First mirror of this group", "Type 10 to allow it")
	s.waitUntilItAnswers(tab, "▸ No")
	s.keys(shiftTab + shiftTab + "10" + tab + "as agreed")
	s.waitFor("as agreed")
	s.keys(tab + tab)
	s.waitFor("▸ Yes, apply")
	s.keys(enter)
	s.waitFor("Applied and verified", "36 added, 10 removed")
	s.keys("u")
	s.waitFor("321 members now → 295 then")

	// A scheduled sync ends well while the screens hold the files.
	scheduled := m.run("--demo", "sync")
	assert.Equal(t, 0, scheduled.code, scheduled.stderr)
	held := m.run("--demo", "users", "--count")
	assert.Equal(t, 75, held.code)
	assert.Contains(t, held.stderr, "pid ")

	s.keys(ctrlC)
	require.NoError(t, s.cmd.Wait())
	assert.Contains(t, m.run("--demo", "segment", "list").stdout, "Sales", "what was saved outlives the screens")
}

// consentToExchange grants, in the preview that lacks it, what Exchange needs:
// nobody has been asked for it before. The preview then runs again.
func (s *tty) consentToExchange() {
	s.t.Helper()
	s.keys("c")
	s.waitFor("Exchange.ManageV2", "Grant at")
	s.keys("o")
	s.waitUntilItAnswers("r", "unique and complete")
}

// waitUntilItAnswers types a key until it has its effect: an approval ignores
// keys until none came for half a second, so that none answers a question not
// yet read, and a consent shows when the tenant has taken it.
func (s *tty) waitUntilItAnswers(key, text string) {
	s.t.Helper()
	for range 50 {
		s.keys(key)
		bound := time.After(700 * time.Millisecond)
		for waiting := true; waiting; {
			if strings.Contains(s.screen(), text) {
				return
			}
			select {
			case <-s.changed:
			case <-bound:
				waiting = false
			}
		}
	}
	require.Fail(s.t, "no answer to the key", s.screen())
}
