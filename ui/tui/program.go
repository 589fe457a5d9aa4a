package tui

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
)

// Options are what the screens are started with.
type Options struct {
	Workspace *workspace.Workspace // not yet opened: the first frame comes before any file
	Input     io.Reader            // nil: the terminal
	Output    io.Writer            // nil: the terminal
	Environ   []string             // "NAME=value"; nil: the process's own

	Demo    bool                   // the tenant is embedded and invented; the title bar says so
	OpenURL func(url string) error // opens a page in the administrator's browser; nil: cannot be done
	Theme   string                 // "dark", "light", "mono"; "" or "auto": as the terminal says
	NoSync  bool                   // no sync by itself, neither at the start nor at night

	// Schedule says when the directory is synced while the screens are open;
	// nil: refresh.DefaultSchedule.
	Schedule *refresh.Schedule

	// NoSynchronizedOutput leaves out mode 2026, for a terminal that shows
	// nothing or flickers with it.
	NoSynchronizedOutput bool
}

// framesPerSecond limits how often the screen is written, however much happens,
// where each frame travels over SSH. A terminal on this machine gets its frame
// as soon as the eye can tell: waiting for it would take longer than any answer.
const (
	framesPerSecond      = 30
	localFramesPerSecond = 120
)

func frameRate(o Options) int {
	if isSSH(o.Environ) {
		return framesPerSecond
	}
	return localFramesPerSecond
}

// Run shows the screens until the administrator quits. It restores the
// terminal and waits for its own work before it returns; closing the workspace
// is the caller's. A hang-up (SIGHUP) or SIGTERM ends it with a KindInterrupted
// error.
func Run(ctx context.Context, o Options) error {
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if err := checkTerminal(o); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	m := newRoot(ctx, o)
	defer m.tasks.stop()
	_, err := tea.NewProgram(m, programOptions(ctx, o)...).Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return model.AsError(context.Cause(ctx))
	case errors.Is(err, tea.ErrProgramPanic):
		return &model.Error{
			Kind: model.KindFailed, Code: "panic", Message: "the screens failed unexpectedly: " + err.Error(),
			Remedy: "start again: the synced directory and everything approved is kept", Err: err,
		}
	}
	return err
}

func programOptions(ctx context.Context, o Options) []tea.ProgramOption {
	options := []tea.ProgramOption{
		tea.WithContext(ctx),
		tea.WithEnvironment(o.Environ),
		tea.WithFPS(frameRate(o)),
		tea.WithoutSignalHandler(),
	}
	if o.Input != nil {
		options = append(options, tea.WithInput(o.Input))
	}
	if o.Output != nil {
		options = append(options, tea.WithOutput(o.Output))
	}
	if colourless(o) {
		options = append(options, tea.WithColorProfile(colorprofile.Ascii))
	}
	return options
}

// colourless reports whether the administrator wants no colour. Any value of
// NO_COLOR that is not empty means so (no-color.org); the colour library takes
// it for a boolean.
func colourless(o Options) bool { return o.Theme == "mono" || getenv(o.Environ, "NO_COLOR") != "" }

// isSSH reports whether the terminal is at the other end of an SSH connection.
func isSSH(environ []string) bool {
	return getenv(environ, "SSH_TTY") != "" || getenv(environ, "SSH_CONNECTION") != ""
}

func getenv(environ []string, name string) string {
	value := ""
	for _, kv := range environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}

// checkTerminal refuses what cannot show a screen, naming the commands that do
// the same.
func checkTerminal(o Options) error {
	refuse := func(what string) error {
		return &model.Error{
			Kind: model.KindUsage, Code: "noTerminal", Message: what,
			Remedy: "use the commands instead: `rollcall sync`, `users`, `segment`, `preview`, `plan` and `apply` do the same; `rollcall --help` lists them",
		}
	}
	if getenv(o.Environ, "TERM") == "dumb" {
		return refuse("this terminal cannot show screens (TERM=dumb)")
	}
	out := o.Output
	if out == nil {
		out = os.Stdout
	}
	if f, ok := out.(*os.File); ok && !term.IsTerminal(f.Fd()) {
		return refuse("the output is not a terminal")
	}
	return nil
}
