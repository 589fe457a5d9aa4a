package tui

import (
	"context"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewerTaskStopsTheOlderAndItsAnswerIsDropped(t *testing.T) {
	tasks := newTasks(t.Context())
	defer tasks.stop()
	older := tasks.run("rows", func(ctx context.Context) tea.Msg { return ctx.Err() })
	newer := tasks.run("rows", func(context.Context) tea.Msg { return "newer" })

	late := older().(taskMsg)
	require.ErrorIs(t, late.answer.(error), context.Canceled)
	_, ok := tasks.settle(late)
	assert.False(t, ok)

	answer, ok := tasks.settle(newer().(taskMsg))
	assert.True(t, ok)
	assert.Equal(t, "newer", answer)
	assert.False(t, tasks.busy("rows"))
}

func TestCancelledTaskAnswersNobody(t *testing.T) {
	tasks := newTasks(t.Context())
	defer tasks.stop()
	run := tasks.run("rows", func(context.Context) tea.Msg { return "late" })
	tasks.cancel("rows")
	_, ok := tasks.settle(run().(taskMsg))
	assert.False(t, ok)
}

func TestPanicOfAnOvertakenTaskIsStillReported(t *testing.T) {
	tasks := newTasks(t.Context())
	defer tasks.stop()
	older := tasks.run("rows", func(context.Context) tea.Msg { panic("boom") })
	tasks.run("rows", func(context.Context) tea.Msg { return nil })
	answer, ok := tasks.settle(older().(taskMsg))
	require.True(t, ok)
	assert.Contains(t, answer.(panicMsg).stack, "tasks_test.go")
}

func TestStoppedTasksStartNothing(t *testing.T) {
	tasks := newTasks(t.Context())
	run := tasks.run("rows", func(context.Context) tea.Msg { return "ran" })
	tasks.stop()
	assert.Nil(t, run())
}
