package tui

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/vt"
	"github.com/stretchr/testify/require"
)

// timedScreen is an emulated terminal that notes when each write came.
type timedScreen struct {
	mu       sync.Mutex
	terminal *vt.Emulator
	wrote    time.Time
	frames   chan struct{}
}

func (w *timedScreen) Write(p []byte) (int, error) {
	at := time.Now()
	w.mu.Lock()
	w.wrote = at
	_, err := w.terminal.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	w.mu.Unlock()
	select {
	case w.frames <- struct{}{}:
	default:
	}
	return len(p), err
}

// shows reports whether the text stands on the screen, and when it was last
// written to.
func (w *timedScreen) shows(text string) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wrote, strings.Contains(w.terminal.String(), text)
}

// quiet waits until nothing has been written for a while.
func (w *timedScreen) quiet() {
	for {
		select {
		case <-w.frames:
		case <-time.After(4 * time.Second / localFramesPerSecond):
			return
		}
	}
}

// segmentKey is a key in the rows of the rule, and the rule that it makes; ""
// where it makes no other one.
type segmentKey struct{ key, rule string }

// clauseKeys are the keys that type a rule of clauses, an attribute and what its
// values start with, into rows.
func clauseKeys(clauses [][2]string) []segmentKey {
	var keys []segmentKey
	rule := ""
	for i, clause := range clauses {
		if i > 0 {
			keys = append(keys, segmentKey{key: "ctrl+n"})
			rule += " -and "
		}
		for _, r := range clause[0] {
			keys = append(keys, segmentKey{key: string(r)})
		}
		keys = append(keys, segmentKey{key: "tab"}, segmentKey{key: "s"}, segmentKey{key: "tab"}) // -startsWith
		for j, r := range clause[1] {
			key := string(r)
			if r == ' ' {
				key = "space"
			}
			keys = append(keys, segmentKey{key, rule + `user.` + clause[0] + ` -startsWith "` + clause[1][:j+1] + `"`})
		}
		rule += `user.` + clause[0] + ` -startsWith "` + clause[1] + `"`
	}
	return keys
}

// BenchmarkSegmentKeyToCount types a rule of three clauses into the editor, key
// by key, over a million users, and takes the time from each key that changes
// the count until the count of that very rule stands on the emulated screen:
// evaluation, first users, composing, rendering and the wait for the next frame
// together. Keys come at any moment between two frames, as a hand's do.
func BenchmarkSegmentKeyToCount(b *testing.B) {
	b.Run("columns of few values", func(b *testing.B) {
		benchKeyToCount(b, [][2]string{{"department", "Support"}, {"jobTitle", "Engineer 12"}, {"city", "City 298"}})
	})
	b.Run("a column with a value for each user", func(b *testing.B) {
		benchKeyToCount(b, [][2]string{{"department", "Support"}, {"jobTitle", "Engineer 12"}, {"mail", "u0281"}})
	})
}

func benchKeyToCount(b *testing.B, clauses [][2]string) {
	ws := benchTenant()
	// The counts are computed beforehand: what the directory remembers of them
	// then does not help the key that is timed, because it remembers the last
	// few tests of a column only.
	keys := clauseKeys(clauses)
	counts := make(map[string]string)
	for _, k := range keys {
		if k.rule != "" {
			selection, err := ws.Select(context.Background(), k.rule)
			require.NoError(b, err)
			counts[k.rule] = count(selection.Set.Count()) + " of " + count(benchUsers) + " users"
		}
	}
	var took []time.Duration
	for b.Loop() {
		out := &timedScreen{terminal: vt.NewEmulator(120, 40), frames: make(chan struct{}, 1)}
		go func() { _, _ = io.Copy(io.Discard, out.terminal) }()
		o := Options{Workspace: ws, NoSync: true, Theme: "dark", Output: out, Environ: []string{"TERM=xterm-256color", "COLORTERM=truecolor"}}
		m := newRoot(b.Context(), o)
		options := append([]tea.ProgramOption{tea.WithColorProfile(colorprofile.TrueColor)}, programOptions(b.Context(), o)...)
		program := tea.NewProgram(m, append(options, tea.WithInput(nil), tea.WithWindowSize(120, 40))...)
		ended := make(chan error, 1)
		go func() {
			_, err := program.Run()
			ended <- err
		}()
		out.quiet()
		program.Send(press("2"))
		program.Send(press("n"))
		out.quiet()
		shown := ""
		for _, k := range keys {
			want := shown
			if k.rule != "" {
				want = counts[k.rule]
			}
			time.Sleep(rand.N(time.Second / localFramesPerSecond)) // the moment between two frames
			start := time.Now()
			program.Send(press(k.key))
			if want == shown {
				out.quiet()
				continue
			}
			for {
				if at, ok := out.shows(want); ok {
					took = append(took, at.Sub(start))
					break
				}
				select {
				case <-out.frames:
				case <-time.After(10 * time.Second):
					require.Contains(b, out.terminal.String(), want)
				}
			}
			shown = want
			out.quiet()
		}
		program.Quit()
		require.NoError(b, <-ended)
		m.tasks.stop()
		require.NoError(b, out.terminal.InputPipe().(io.Closer).Close())
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(ms(took[len(took)/2]), "median-ms")
	b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
	b.ReportMetric(float64(len(took))/float64(b.N), "keys")
}
