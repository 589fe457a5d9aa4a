package workspace_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/model/refresh"
	"rollcall/model/rule"
	"rollcall/model/workspace/workspacetest"
)

// BenchmarkSelect compares Select with the compilation and the evaluation that
// it is made of: over four users, so that whatever it adds would show.
func BenchmarkSelect(b *testing.B) {
	w := workspacetest.Contoso().Workspace()
	require.NoError(b, w.Open(b.Context()))
	_, err := w.Sync(b.Context(), refresh.Request{})
	require.NoError(b, err)
	b.Run("Select", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s, err := w.Select(b.Context(), salesRule)
			if err != nil || s.Set.Count() != 3 {
				b.Fatal(err)
			}
		}
	})
	b.Run("its parts", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			program, _, err := rule.Compile(salesRule, w.Schema(), w.Now())
			if err != nil {
				b.Fatal(err)
			}
			set, err := w.Directory().Select(b.Context(), program)
			if err != nil || set.Count() != 3 {
				b.Fatal(err)
			}
		}
	})
}

// benchUsers is the largest tenant that rollcall is made for.
const benchUsers = 1_000_000
