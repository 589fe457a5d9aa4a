//go:build linux

package cli_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// screens is rollcall on a terminal of its own, with a watch.
type screens struct {
	*tty
	tb    testing.TB
	began time.Time // just before the process was started
}

// open starts the screens on a terminal of a size.
func (s *site) open(width, height int) *screens {
	s.tb.Helper()
	path, err := binary()
	require.NoError(s.tb, err)
	cmd := exec.CommandContext(s.tb.Context(), path)
	cmd.Env, cmd.Dir = s.env, s.home
	began := time.Now()
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	require.NoError(s.tb, err)
	terminal := &tty{pty: file, cmd: cmd, terminal: vt.NewEmulator(width, height), changed: make(chan struct{}, 1)}
	s.tb.Cleanup(terminal.connect())
	return &screens{tty: terminal, tb: s.tb, began: began}
}

// shows waits until the screen is as wanted and returns the time since some
// moment. The bound is for a program that hangs.
func (s *screens) shows(since time.Time, wanted func(screen string) bool) time.Duration {
	s.tb.Helper()
	bound := time.After(time.Minute)
	for {
		screen := s.screen()
		if wanted(screen) {
			return time.Since(since)
		}
		select {
		case <-s.changed:
		case <-bound:
			require.Fail(s.tb, "the screen is never as wanted", screen)
		}
	}
}

// text is a screen that holds all texts.
func text(texts ...string) func(string) bool {
	return func(screen string) bool {
		for _, t := range texts {
			if !strings.Contains(screen, t) {
				return false
			}
		}
		return true
	}
}

// other is a screen on which something is not as it is now: the match of a
// pattern.
func (s *screens) other(pattern string) func(string) bool {
	expression := regexp.MustCompile(pattern)
	now := expression.FindString(s.screen())
	return func(screen string) bool {
		found := expression.FindString(screen)
		return found != "" && found != now
	}
}

// press types keys and returns the time until the screen is as wanted.
func (s *screens) press(keys string, wanted func(screen string) bool) time.Duration {
	s.tb.Helper()
	began := time.Now()
	_, err := io.WriteString(s.pty, keys)
	require.NoError(s.tb, err)
	return s.shows(began, wanted)
}

// rest waits until nothing has been written for a while, and returns how many
// bytes were written so far.
func (s *screens) rest() int {
	for {
		select {
		case <-s.changed:
		case <-time.After(300 * time.Millisecond):
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.written
		}
	}
}

// resident is the process's memory by a line of /proc/PID/status: VmRSS,
// RssAnon.
func (s *screens) resident(line string) float64 {
	s.tb.Helper()
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	require.NoError(s.tb, err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), line+":"); ok {
			kilobytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			require.NoError(s.tb, err)
			return float64(kilobytes) * 1024
		}
	}
	require.Fail(s.tb, "there is no line "+line)
	return 0
}

// whole is the screen itself, as a pattern.
const whole = `(?s)^.*$`

// shown is how many of all users the directory shows.
const shown = `[\d,]+ of [\d,]+`

// rows are the first rows of the table, below the heading that begins with
// Name.
const rows = `(?m)^│ +Name.*\n.*\n.*\n.*$`

// median is the middle of some times, in milliseconds.
func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Microseconds()) / 1000
}

// BenchmarkStartMillion opens the screens on a million stored users, without a
// network, and uses the table. What is done several times is reported by its
// median. A time ends when the terminal shows the effect.
func BenchmarkStartMillion(b *testing.B) {
	_, s, _ := syncedMillion(b)
	offline := s.with("ROLLCALL_GRAPH_ENDPOINT=https://127.0.0.1:1", "ROLLCALL_AUTHORITY_HOST=https://127.0.0.1:1/")
	for b.Loop() {
		v := offline.open(120, 40)
		b.ReportMetric(float64(v.shows(v.began, text("rollcall", "Directory")).Milliseconds()), "first-frame-ms")
		v.shows(v.began, text("1,000,000 users"))
		v.press("j", v.other(whole))
		b.ReportMetric(time.Since(v.began).Seconds(), "usable-s")
		v.rest()
		b.ReportMetric(v.resident("VmRSS")/million, "start-RSS-B/user")

		v.moves(b)
		v.searches(b)
		v.sorts(b)
		v.facets(b)
		v.rest()
		b.ReportMetric(v.resident("VmRSS")/million, "RSS-B/user")
		b.ReportMetric(v.resident("RssAnon")/million, "anonymous-B/user")
	}
}

func (s *screens) moves(b *testing.B) {
	const moves = 20
	before := s.rest()
	for range moves { // as fast as the screen follows
		s.press("j", s.other(whole))
	}
	b.ReportMetric(float64(s.rest()-before)/moves, "moving-B")

	before = s.rest()
	var times []time.Duration
	for range moves { // with a rest in which the details follow
		times = append(times, s.press("j", s.other(whole)))
		s.rest()
	}
	b.ReportMetric(median(times), "move-ms")
	b.ReportMetric(float64(s.rest()-before)/moves, "move-B")
}

func (s *screens) searches(b *testing.B) {
	var times []time.Duration
	for _, begun := range []string{"sal", "mar", "eng", "ber", "vik"} {
		s.press("/", s.other(whole))
		for _, letter := range begun { // each narrows to fewer users
			s.rest()
			times = append(times, s.press(string(letter), s.other(shown)))
		}
		s.press("\x1b", text("1,000,000 users"))
	}
	b.ReportMetric(median(times), "search-ms")
	b.ReportMetric(float64(times[len(times)-1].Milliseconds()), "search-slowest-ms")
}

func (s *screens) sorts(b *testing.B) {
	var times []time.Duration
	for _, column := range []string{"Department", "Title", "Mail", "Name"} {
		s.rest()
		sorted := s.other(rows)
		s.press("s", text("Sort by"))
		s.press(column, s.other(whole))
		s.rest()
		times = append(times, s.press("\r", func(screen string) bool {
			return !strings.Contains(screen, "Sort by") && sorted(screen)
		}))
	}
	b.ReportMetric(median(times), "sort-ms")
	b.ReportMetric(float64(times[len(times)-1].Milliseconds()), "sort-slowest-ms")
}

func (s *screens) facets(b *testing.B) {
	s.rest()
	b.ReportMetric(float64(s.press("f", text("Attribute", "Values")).Milliseconds()), "facet-attributes-ms")
	s.rest()
	b.ReportMetric(float64(s.press("\r", text("Value", "Users")).Milliseconds()), "facet-values-ms")
}
