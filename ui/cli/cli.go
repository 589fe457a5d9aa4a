// Package cli is rollcall's command line: thin commands over the workspace,
// the same functions that the screens call. Machine output goes to stdout and
// nothing else does; progress, questions and errors go to stderr.
//
// It knows neither Graph nor disk: Env carries the functions that main plugs
// in. Names, flags, JSON keys and exit codes are a contract with scripts.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/workspace"
)

// Env is everything outside the process that the commands touch.
type Env struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Getenv  func(string) string
	Version string
	Now     func() time.Time

	// Whether the streams are terminals: progress and questions appear on one
	// only.
	StdinTerminal, StdoutTerminal, StderrTerminal bool

	// ReadFile reads the configuration: ConfigFile, or the file that an
	// administrator names. It returns an fs.ErrNotExist where there is none.
	ReadFile   func(path string) ([]byte, error)
	ConfigFile string // where the configuration is looked for

	// Open makes the workspace of a connection; it touches nothing before
	// Workspace.Open.
	Open func(Connection) *workspace.Workspace
	// Screens opens the screens on a workspace and returns when they close.
	Screens func(context.Context, Connection, *workspace.Workspace) error
	// Serve serves the embedded tenant until the context ends. It calls ready
	// once with what a client needs, and returns the report of its judges.
	Serve func(ctx context.Context, o Serve, ready func([]Variable)) (report string, err error)
}

// Variable is one environment variable of a client.
type Variable struct{ Name, Value string }

// Run executes the command line and returns the exit code.
func Run(ctx context.Context, env Env) int {
	app := &app{env: env}
	root := app.root()
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil && !errors.As(err, new(*model.Error)) {
		err = context.Cause(ctx)
	}
	e := model.AsError(err)
	app.printError(e)
	return e.Kind.ExitCode()
}

// app is one run of the command line.
type app struct {
	env   Env
	flags flags

	statusShown bool          // a line of progress stands on the terminal
	lines       *bufio.Reader // of the input, once a question was asked
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "rollcall",
		Short: "Who is that, exactly? Segments, list previews and group writeback for Entra ID",
		Long: `rollcall answers one question before a mail goes out, a segment is trusted or a
group is changed: who exactly is that?

Without a command it opens the screens. ` + "`rollcall demo`" + ` opens them on an embedded
tenant and needs no account.`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       a.env.Version,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.screens(cmd.Context())
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError(cmd, err) })
	root.CompletionOptions.HiddenDefaultCmd = true
	a.flags.register(root.PersistentFlags())
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		// cobra checks the groups itself, later, and with an error that is not
		// known to be one of usage.
		if err := cmd.ValidateFlagGroups(); err != nil {
			return usageError(cmd, err)
		}
		return a.flags.check(cmd)
	}
	root.AddCommand(
		a.demoCommand(), a.signInCommand(), a.syncCommand(), a.usersCommand(), a.facetsCommand(), a.segmentCommand(), a.listCommand(),
		a.previewCommand(), a.snapshotCommand(), a.planCommand(), a.applyCommand(), a.resumeCommand(), a.undoCommand(),
		a.logCommand(), a.versionCommand(),
	)
	root.AddCommand(topics()...)
	wrapArgs(root)
	return root
}

// wrapArgs makes cobra's complaints about arguments usage errors.
func wrapArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				if !cmd.HasParent() && len(args) > 0 {
					return unknownCommand(cmd, args[0])
				}
				return usageError(cmd, errors.New(strings.TrimPrefix(cmd.CommandPath(), "rollcall ")+takes(cmd.Use, len(args))))
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		wrapArgs(c)
	}
}

// takes says what arguments a command's Use names, and how many it was given.
func takes(use string, given int) string {
	_, wanted, _ := strings.Cut(use, " ")
	if wanted == "" {
		wanted = "no arguments"
	}
	return fmt.Sprintf(" takes %s; %d given", wanted, given)
}

func unknownCommand(root *cobra.Command, name string) error {
	e := &model.Error{Kind: model.KindUsage, Code: "commandUnknown", Message: "there is no command " + quoted(name), Remedy: "`rollcall --help` lists the commands"}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	if near := model.Nearest(name, names); near != "" {
		e.Remedy = "did you mean `rollcall " + near + "`?"
	}
	return e
}

func usageError(cmd *cobra.Command, err error) error {
	return &model.Error{
		Kind: model.KindUsage, Code: "usage",
		Message: strings.TrimSuffix(err.Error(), "."),
		Remedy:  "`" + cmd.CommandPath() + " --help` shows how",
		Err:     err,
	}
}

// subcommandNeeded is the RunE of a command that only groups others.
func subcommandNeeded(cmd *cobra.Command, args []string) error {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	message := cmd.CommandPath() + " needs one of: " + strings.Join(names, ", ")
	if len(args) > 0 {
		message = cmd.CommandPath() + " has no " + quoted(args[0]) + "; it has: " + strings.Join(names, ", ")
	}
	return usageError(cmd, errors.New(message))
}
