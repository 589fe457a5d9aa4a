package tui

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden screens instead of comparing them")

// screen is the program on an emulated terminal. It lives in a bubble of fake
// time, so that idle is known and nothing sleeps.
type screen struct {
	t        *testing.T
	root     *root
	tenant   *fakeTenant
	program  *tea.Program
	terminal *vt.Emulator
	out      *terminalWriter
}

// terminalWriter keeps what the program writes. The renderer leaves the
// carriage return to the terminal driver when there is no terminal input.
type terminalWriter struct {
	mu       sync.Mutex
	terminal *vt.Emulator
	raw      bytes.Buffer // everything that was written
}

func (w *terminalWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.raw.Write(p)
	if _, err := w.terminal.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *terminalWriter) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.raw.Len()
}

// screen is the text on the terminal now.
func (w *terminalWriter) screen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.terminal.String()
}

// resize changes the terminal's size.
func (w *terminalWriter) resize(width, height int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.terminal.Resize(width, height)
}

// after is what was written after the first n bytes.
func (w *terminalWriter) after(n int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.raw.String()[n:]
}

// onScreen runs the program at a size and hands it to the test. The tenant is
// made inside the bubble, so that waiting for its channels counts as idle.
func onScreen(t *testing.T, tenant func() *fakeTenant, width, height int, o Options, test func(s *screen)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &screen{t: t, tenant: tenant(), terminal: vt.NewEmulator(width, height)}
		s.out = &terminalWriter{terminal: s.terminal}
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			_, _ = io.Copy(io.Discard, s.terminal) // what the terminal answers
		}()
		o.Workspace = s.tenant.workspace()
		if o.Environ == nil {
			o.Environ = []string{"TERM=xterm-256color", "COLORTERM=truecolor"}
		}
		o.Output = s.out
		ctx, cancel := context.WithCancel(t.Context())
		s.root = newRoot(ctx, o)
		options := append([]tea.ProgramOption{tea.WithColorProfile(colorprofile.TrueColor)}, programOptions(ctx, o)...)
		options = append(options, tea.WithInput(nil), tea.WithWindowSize(width, height))
		s.program = tea.NewProgram(s.root, options...)
		ended := make(chan error, 1)
		go func() {
			_, err := s.program.Run()
			ended <- err
		}()
		// The emulator measures by grapheme, as it would say if it were asked.
		s.send(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeReset})
		s.settle()
		test(s)
		s.program.Quit()
		require.NoError(t, <-ended)
		cancel()
		s.root.tasks.stop()
		require.NoError(t, o.Workspace.Close())
		// Its own Close sets a flag that its Read looks at unguarded.
		require.NoError(t, s.terminal.InputPipe().(io.Closer).Close())
		<-drained
	})
}

// settle waits until nothing runs, the details have followed the cursor, and
// the last frame is written.
func (s *screen) settle() {
	synctest.Wait()
	time.Sleep(detailsPause) // fake time
	synctest.Wait()
	time.Sleep(2 * time.Second / framesPerSecond) // two frames
	synctest.Wait()
}

func (s *screen) send(msg tea.Msg) {
	s.t.Helper()
	s.program.Send(msg)
}

// press types keys one after the other and waits: "j", "enter", "ctrl+d".
func (s *screen) press(keys ...string) {
	s.t.Helper()
	for _, k := range keys {
		s.send(press(k))
		synctest.Wait()
	}
	s.settle()
}

// text is what stands on the screen, without trailing blanks.
func (s *screen) text() string {
	rows := strings.Split(s.out.screen(), "\n")
	for i, r := range rows {
		rows[i] = strings.TrimRight(r, " \r")
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n") + "\n"
}

func (s *screen) shows(text string) {
	s.t.Helper()
	assert.Contains(s.t, s.text(), text)
}

func (s *screen) hides(text string) {
	s.t.Helper()
	assert.NotContains(s.t, s.text(), text)
}

// golden compares the screen with testdata/screens/name.txt.
func (s *screen) golden(name string) {
	s.t.Helper()
	path := filepath.Join("..", "..", "testdata", "screens", name+".txt")
	if *update {
		require.NoError(s.t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(s.t, os.WriteFile(path, []byte(s.text()), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(s.t, err, "run the test with -update to write it")
	assert.Equal(s.t, string(want), s.text())
}
