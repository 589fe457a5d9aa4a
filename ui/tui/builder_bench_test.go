package tui

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkCompletionKeyToFrame is a key in a value cell of a column with a
// million different values, until the frame is composed, and until the frame
// with the completions is.
func BenchmarkCompletionKeyToFrame(b *testing.B) {
	for _, answered := range []bool{false, true} {
		name := "key"
		if answered {
			name = "completions"
		}
		b.Run(name, func(b *testing.B) {
			m := benchRoot(b)
			m.update(press("2"))
			m.update(press("n"))
			for _, k := range []string{"m", "a", "i", "l", "tab"} {
				m.update(press(k))
			}
			e := m.panes[paneSegments].(*segmentsPane).editor
			await[segmentValuesMsg](m, m.update(press("tab")))
			require.Len(b, e.facets.Values, benchUsers)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				key := press("7")
				if i%2 == 1 {
					key = press("backspace")
				}
				cmd := m.update(key)
				if answered {
					await[segmentValuesMsg](m, cmd)
				}
				_ = m.View()
			}
		})
	}
}
