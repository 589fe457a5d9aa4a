package tui

import (
	"fmt"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

// benchRoot is the program without a terminal, on n synced users.
func benchRoot(b *testing.B, n int) *root {
	b.Helper()
	users := make([]model.User, n)
	for i := range users {
		users[i] = testUser(i+1, fmt.Sprintf("Member %06d", i), fmt.Sprintf("Department %d", i%40), fmt.Sprintf("Title %d", i%200), "Prague", "Czechia")
		if i%7 == 0 {
			users[i].Set(model.Field{Attr: model.AttrDisplayName, Value: fmt.Sprintf("田中 %d", i)})
		}
	}
	m := newRoot(b.Context(), Options{Workspace: newFakeTenant(users).synced().workspace(), NoSync: true, Theme: "dark"})
	b.Cleanup(m.tasks.stop)
	deliver(m, func() tea.Msg { return tea.WindowSizeMsg{Width: 120, Height: 40} })
	require.Contains(b, m.View().Content, "users")
	return m
}

// deliver runs a command and all that follow from it, one after the other.
func deliver(m *root, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			deliver(m, c)
		}
	default:
		deliver(m, m.update(msg))
	}
}

func BenchmarkCursorMoveToFrame(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := benchRoot(b, n)
			keys := []tea.KeyPressMsg{press("pgdown"), press("j"), press("k"), press("pgup")}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.update(keys[i%len(keys)])
				_ = m.View()
			}
		})
	}
}

func BenchmarkFilterKeyToFrame(b *testing.B) {
	m := benchRoot(b, 100_000)
	m.update(press("/"))
	keys := []tea.KeyPressMsg{press("1"), press("2"), press("backspace"), press("backspace")}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		deliver(m, m.update(keys[i%len(keys)]))
		_ = m.View()
	}
}
