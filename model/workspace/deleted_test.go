package workspace_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

func TestDeletedSegmentsAreBroughtBackByTheirID(t *testing.T) {
	tenant := workspacetest.Contoso()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tenant.Now = func() time.Time { now = now.Add(time.Second); return now }
	w := open(t, tenant)
	save := func(name, rule string) {
		_, err := w.SaveSegment(t.Context(), name, rule, nil)
		require.NoError(t, err)
	}
	for _, name := range []string{"Sales", "Board", "Guests", "SALES"} {
		save(name, salesRule+` -and user.city -eq "`+name+`"`)
		require.NoError(t, w.DeleteSegment(t.Context(), name))
	}
	save("board", salesRule)

	deleted, err := w.DeletedSegments(t.Context())
	require.NoError(t, err)
	var names []string
	for _, s := range deleted {
		names = append(names, s.Name)
		if s.Name == "Board" || s.Name == "Sales" { // SALES is brought back before
			_, err := w.UndoSegment(t.Context(), s.ID)
			assert.Contains(t, failure(t, err, model.KindUsage, workspace.CodeSegmentExists).Remedy, "rename that one first")
			continue
		}
		back, err := w.UndoSegment(t.Context(), s.ID)
		require.NoError(t, err)
		assert.Equal(t, s.ID, back.ID)
		assert.Equal(t, s.Rule, back.Rule)
	}
	assert.ElementsMatch(t, []string{"SALES", "Guests", "Board", "Sales"}, names)
	assert.Less(t, slices.Index(names, "SALES"), slices.Index(names, "Sales"), "the last one first")
}
