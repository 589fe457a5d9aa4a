package tui

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func TestIdleScreenWritesNothing(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{}, func(s *screen) {
		before := s.out.count()
		time.Sleep(10 * time.Minute) // fake time
		synctest.Wait()
		assert.Empty(t, s.out.after(before))
	})
}

// The renderer repaints each line that holds a wide sign, because it cannot
// know where the terminal's cursor is behind one; so the rows here hold none.
func TestCursorMoveWritesLittle(t *testing.T) {
	for _, size := range sizes {
		onScreen(t, syncedTenant, size.width, size.height, Options{}, func(s *screen) {
			s.press("/")
			s.send(tea.PasteMsg{Content: "member sales"})
			s.press("enter", "j", "j")
			for range 3 {
				before := s.out.count()
				s.send(press("j"))
				s.frame()
				moved := s.out.after(before)
				assert.NotEmpty(t, moved)
				assert.LessOrEqual(t, len(moved), 300, "%q", moved)
			}
			before := s.out.count()
			s.settle()
			assert.Equal(t, size.width >= detailsFrom, s.out.count() > before, "the details follow once the cursor rests")
		})
	}
}

// frame waits until the next frame is written, and no longer.
func (s *screen) frame() {
	synctest.Wait()
	time.Sleep(time.Second / framesPerSecond) // fake time
	synctest.Wait()
}

func TestNoColorOfAnyValueLeavesNoColour(t *testing.T) {
	for _, value := range []string{"1", "yes", "false"} {
		t.Run(value, func(t *testing.T) {
			o := Options{Environ: []string{"TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=" + value}}
			onScreen(t, syncedTenant, 80, 24, o, func(s *screen) {
				s.press("f", "enter")
				for _, colour := range []string{"[38;", "[48;", ";38;", ";48;"} {
					assert.NotContains(t, s.out.after(0), colour)
				}
				assert.Equal(t, "mono", s.root.theme.name)
			})
		})
	}
}

func TestFramesComeInOnePieceOverSSH(t *testing.T) {
	const begin = "\x1b[?2026h"
	environ := []string{"TERM=xterm-256color", "SSH_TTY=/dev/pts/1"}
	onScreen(t, syncedTenant, 80, 24, Options{Environ: environ}, func(s *screen) {
		s.press("j")
		assert.Contains(t, s.out.after(0), begin)
	})
	onScreen(t, syncedTenant, 80, 24, Options{Environ: environ, NoSynchronizedOutput: true}, func(s *screen) {
		s.press("j")
		assert.NotContains(t, s.out.after(0), begin)
	})
}

func TestLightBackgroundGetsTheLightTheme(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{}, func(s *screen) {
		assert.Equal(t, "dark", s.root.theme.name)
		s.send(tea.BackgroundColorMsg{Color: lightTheme().selected.GetBackground()})
		s.settle()
		assert.Equal(t, "light", s.root.theme.name)
		s.shows("60 users")
	})
}

func TestResizeToTinyAndBack(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		before := s.text()
		for _, size := range []struct{ w, h int }{{30, 8}, {1, 1}, {40, 10}, {79, 23}, {200, 50}} {
			s.resize(size.w, size.h)
			if size.w < leastWidth {
				s.shows("needs 40×10 cells"[:min(size.w-1, 17)])
			}
			for i := range paneCount {
				s.send(gotoMsg{i})
			}
			s.send(gotoMsg{paneDirectory})
			s.settle()
			if size.w >= leastWidth {
				s.shows("Adele Vance")
			}
		}
		s.resize(120, 40)
		assert.Equal(t, before, s.text())
	})
}

// resize changes the terminal's size and tells the program.
func (s *screen) resize(width, height int) {
	s.out.resize(width, height)
	s.send(tea.WindowSizeMsg{Width: width, Height: height})
	s.settle()
}

func TestPanesFillTheirAreaAtEverySize(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		for _, size := range []struct{ w, h int }{{40, 10}, {60, 15}, {80, 24}, {99, 30}, {100, 30}, {160, 45}} {
			s.resize(size.w, size.h)
			for i, p := range s.root.panes {
				lines := strings.Split(p.Draw(), "\n")
				assert.Len(t, lines, size.h-2, "%s at %d×%d", paneNames()[i], size.w, size.h)
				for n, l := range lines {
					if !assert.Equal(t, size.w, s.root.theme.width(l), "%s at %d×%d, line %d: %q", paneNames()[i], size.w, size.h, n, l) {
						break
					}
				}
			}
		}
	})
}

func TestTheDirectoryFillsItsAreaInEveryState(t *testing.T) {
	for name, keys := range map[string][]string{
		"filter":           {"/", "n", "o"},
		"filter kept":      {"/", "n", "o", "enter"},
		"facets":           {"f"},
		"values":           {"f", "enter", "space"},
		"search of values": {"f", "enter", "/", "e"},
		"details":          {"tab", "j", "j"},
		"range and marks":  {"space", "v", "j", "j"},
		"other columns":    {"c", "space", "G", "space", "enter"},
		"reports":          {"tab", "j", "j", "j", "j", "j", "enter"},
		"nobody":           {"/", "z", "z", "z"},
	} {
		t.Run(name, func(t *testing.T) {
			onScreen(t, richTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
				s.press(keys...)
				for _, size := range []struct{ w, h int }{{40, 10}, {61, 15}, {80, 24}, {100, 30}, {163, 45}} {
					s.resize(size.w, size.h)
					lines := strings.Split(s.directory().Draw(), "\n")
					require.Len(t, lines, size.h-2, "at %d×%d", size.w, size.h)
					for n, l := range lines {
						require.Equal(t, size.w, s.root.theme.width(l), "at %d×%d, line %d: %q", size.w, size.h, n, l)
					}
				}
			})
		})
	}
}

func TestPanicInATaskIsANoticeAndNothingElse(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.send(s.root.tasks.run("faulty", func(context.Context) tea.Msg { panic("out of luck") })())
		s.settle()
		s.shows("faulty failed unexpectedly: out of luck")
		s.press("5", "tab", "enter")
		s.shows("program_test.go")
	})
}

func TestToastsGoAndAreKeptInActivity(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.send(toastMsg{text: "the plan\x1b[2J was saved", level: levelGood})
		s.settle()
		s.shows("✓ the plan␛[2J was saved")
		time.Sleep(toastStays)
		s.settle()
		s.hides("was saved")
		s.press("5", "tab")
		s.shows("was saved")
	})
}

// busyPane is a pane that must not be interrupted.
type busyPane struct{ pane }

func (busyPane) QuitWarning() string { return "A writeback is running; it goes on at the next start." }

func TestQuitAsksWhileSomethingRuns(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.root.panes[paneWriteback] = busyPane{s.root.panes[paneWriteback]}
		s.press("ctrl+c")
		s.shows("A writeback is running")
		s.press("y") // too early: nobody can have read it
		s.shows("A writeback is running")
		s.hides("▸ No")
		time.Sleep(confirmGrace)
		s.settle()
		s.shows("▸ No      Yes, quit")
		s.press("tab")
		s.shows("  No    ▸ Yes, quit")
		s.press("tab", "enter") // the default is no
		s.hides("A writeback is running")
	})
}

func TestRunRefusesWhatCannotShowAScreen(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	for name, o := range map[string]Options{
		"a dumb terminal": {Environ: []string{"TERM=dumb"}},
		"a file":          {Environ: []string{"TERM=xterm"}, Output: file},
	} {
		t.Run(name, func(t *testing.T) {
			err := Run(t.Context(), o)
			require.Error(t, err)
			e := model.AsError(err)
			assert.Equal(t, model.KindUsage, e.Kind)
			assert.Contains(t, e.Remedy, "rollcall users"[:8])
		})
	}
}

func TestAResumedScreenIsDrawnWhole(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{}, func(s *screen) {
		want := s.out.screen()
		// What a shell leaves behind while rollcall is suspended.
		_, err := s.out.Write([]byte("\x1b[2J\x1b[H$ fg\nrollcall demo\n"))
		require.NoError(t, err)
		s.send(tea.ResumeMsg{})
		s.settle()
		assert.Equal(t, want, s.out.screen())
	})
}
