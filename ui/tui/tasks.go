package tui

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/directory"
)

// tasks runs whatever waits for disk, network or a long computation. A task is
// known by its key, which says what the answer is for: a newer task with the
// same key cancels the older one, whose answer is then dropped.
type tasks struct {
	ctx    context.Context
	finish context.CancelFunc
	wait   sync.WaitGroup
	quiet  chan struct{} // holds a token while a task of quietly works

	mu      sync.Mutex
	last    uint64
	running map[string]running
	stopped bool
}

// running is the newest task of a key.
type running struct {
	generation uint64
	cancel     context.CancelFunc
}

// taskMsg carries a task's answer to the root, which unwraps it.
type taskMsg struct {
	key        string
	generation uint64
	answer     tea.Msg
}

// panicMsg is the answer of a task that panicked.
type panicMsg struct {
	key   string
	value any
	stack string
}

func newTasks(ctx context.Context) *tasks {
	ctx, cancel := context.WithCancel(ctx)
	return &tasks{ctx: ctx, finish: cancel, running: map[string]running{}, quiet: make(chan struct{}, 1)}
}

// stop cancels every task and waits for them.
func (t *tasks) stop() {
	t.mu.Lock()
	t.stopped = true
	t.mu.Unlock()
	t.finish()
	t.wait.Wait()
}

// begin reports whether a task may still start; wait.Done must follow.
func (t *tasks) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return false
	}
	t.wait.Add(1)
	return true
}

// run starts f and delivers its answer to every pane's Handle, unless a newer
// task of the same key was started meanwhile. A nil answer delivers nothing.
func (t *tasks) run(key string, f func(ctx context.Context) tea.Msg) tea.Cmd {
	ctx, cancel := context.WithCancel(t.ctx)
	t.mu.Lock()
	if old, ok := t.running[key]; ok {
		old.cancel()
	}
	t.last++
	generation := t.last
	t.running[key] = running{generation, cancel}
	t.mu.Unlock()

	return func() (msg tea.Msg) {
		defer cancel()
		if !t.begin() {
			return nil
		}
		defer t.wait.Done()
		defer func() {
			if v := recover(); v != nil {
				msg = taskMsg{key, generation, panicMsg{key: key, value: v, stack: string(debug.Stack())}}
			}
		}()
		return taskMsg{key, generation, f(ctx)}
	}
}

// quietly is run for long computations that only help, such as completions.
// They do one after the other, and each leaves a processor free, so that what a
// keystroke waits for never waits for them.
func (t *tasks) quietly(key string, f func(ctx context.Context) tea.Msg) tea.Cmd {
	return t.run(key, func(ctx context.Context) tea.Msg {
		select {
		case t.quiet <- struct{}{}:
			defer func() { <-t.quiet }()
			return f(directory.Background(ctx))
		case <-ctx.Done():
			return nil
		}
	})
}

// settle ends a task. ok is false when its answer was overtaken or cancelled
// and must be dropped; a panic is never dropped.
func (t *tasks) settle(m taskMsg) (answer tea.Msg, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r, found := t.running[m.key]; found && r.generation == m.generation {
		delete(t.running, m.key)
		return m.answer, m.answer != nil
	}
	_, panicked := m.answer.(panicMsg)
	return m.answer, panicked
}

// cancel stops the task of a key; its answer will be dropped.
func (t *tasks) cancel(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r, ok := t.running[key]; ok {
		r.cancel()
		delete(t.running, key)
	}
}

// busy reports whether a task of the key is running.
func (t *tasks) busy(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.running[key]
	return ok
}

// after delivers a message once the time has passed. Use it only while
// something moves: an idle screen has no timer.
func (t *tasks) after(d time.Duration, msg tea.Msg) tea.Cmd {
	return func() tea.Msg {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return msg
		case <-t.ctx.Done():
			return nil
		}
	}
}

// text says what happened without the stack.
func (m panicMsg) text() string { return fmt.Sprintf("%s failed unexpectedly: %v", m.key, m.value) }
