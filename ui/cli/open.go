package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

// with opens the workspace of the flags, runs the command and closes it.
func (a *app) with(ctx context.Context, run func(*workspace.Workspace) error) error {
	connection, err := a.connection()
	if err != nil {
		return err
	}
	w := a.env.Open(connection)
	if err := w.Open(ctx); err != nil {
		return err
	}
	for _, note := range w.Notes() {
		a.note("%s", text.Clean(note))
	}
	return errors.Join(run(w), w.Close())
}

// withSession is with, signed in.
func (a *app) withSession(ctx context.Context, run func(*workspace.Workspace) error) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		if err := a.signIn(ctx, w); err != nil {
			return err
		}
		return run(w)
	})
}

// withDirectory is with, on a directory that has been read at least once.
func (a *app) withDirectory(ctx context.Context, run func(*workspace.Workspace) error) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		if err := a.synced(ctx, w); err != nil {
			return err
		}
		return run(w)
	})
}

// synced reads the directory when it was never read to its end.
func (a *app) synced(ctx context.Context, w *workspace.Workspace) error {
	if w.Synced() {
		return nil
	}
	if err := a.signIn(ctx, w); err != nil {
		return err
	}
	_, err := a.sync(ctx, w, refresh.Request{})
	return err
}

// signIn reuses a session, or asks by device code where somebody can answer:
// on a terminal, or in the demo, whose code approves itself.
func (a *app) signIn(ctx context.Context, w *workspace.Workspace) error {
	if w.Session() != nil {
		return nil
	}
	_, err := w.Connect(ctx)
	if err == nil {
		return nil
	}
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.KindSignIn || e.Code != workspace.CodeSignInRequired {
		return err
	}
	if !a.flags.demo && !a.env.StderrTerminal {
		unasked := *e
		unasked.Remedy = "run `rollcall signin` on a terminal, where the code to enter is shown; a scheduler signs in as an app, with AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH"
		return &unasked
	}
	_, err = w.SignIn(ctx, func(code workspace.DeviceCode) {
		a.note("To sign in, open %s and enter the code %s", text.Clean(code.VerificationURL), text.Clean(code.UserCode))
	})
	return err
}

// sync runs one round and shows its progress on a terminal.
func (a *app) sync(ctx context.Context, w *workspace.Workspace, request refresh.Request) (refresh.Result, error) {
	if !a.env.StderrTerminal {
		return w.Sync(ctx, request)
	}
	type outcome struct {
		result refresh.Result
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		result, err := w.Sync(ctx, request)
		done <- outcome{result, err}
	}()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	defer a.status("")
	var rate meter
	for {
		select {
		case o := <-done:
			return o.result, o.err
		case <-tick.C:
			a.status(rate.line(w.Progress(), w.Traffic(), w.Now()))
		}
	}
}

// meter tells how far a running round has come, and how fast.
type meter struct {
	phase refresh.Phase // that the rate belongs to
	since time.Time     // its first sample
	read  int           // users read by then
}

// line is short enough for 80 columns.
func (m *meter) line(p refresh.Progress, t workspace.Traffic, now time.Time) string {
	if m.since.IsZero() || m.phase != p.Phase || p.Read < m.read {
		*m = meter{phase: p.Phase, since: now, read: p.Read}
	}
	line := "asking where to begin"
	switch p.Phase {
	case refresh.PhaseReading:
		line = fmt.Sprintf("reading users: %s", grouped(p.Read))
		if p.Expected > 0 {
			line += fmt.Sprintf(" of %s", grouped(p.Expected))
		}
	case refresh.PhaseDelta:
		line = fmt.Sprintf("reading changes: %s users", grouped(p.Read))
	}
	if wait := t.WaitUntil.Sub(now); wait > 0 {
		return line + fmt.Sprintf(", throttled for another %d s", int(wait.Seconds())+1)
	}
	if p.Phase == refresh.PhaseReading && p.Partitions > 1 {
		line += fmt.Sprintf(", %d of %d partitions", p.Done, p.Partitions)
	}
	if elapsed := now.Sub(m.since); elapsed >= time.Second && p.Read > m.read {
		line += fmt.Sprintf(", %s users/s", grouped(int(float64(p.Read-m.read)/elapsed.Seconds())))
	}
	return line
}

// note writes a line for a person: only on a terminal, never into a script's
// stderr.
func (a *app) note(format string, args ...any) {
	if a.env.StderrTerminal {
		a.status("")
		fmt.Fprintf(a.env.Stderr, format+"\n", args...)
	}
}

// status shows one line of progress in place of the one before, "" none: only
// on a terminal that can take a line back. Whoever prints anything else takes
// it away first.
func (a *app) status(line string) {
	if !a.env.StderrTerminal || a.env.Getenv("TERM") == "dumb" || line == "" && !a.statusShown {
		return
	}
	fmt.Fprint(a.env.Stderr, "\r\x1b[K"+line)
	a.statusShown = line != ""
}
