package workspace_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/workspace/workspacetest"
)

func TestDeletedSegmentsAreThoseThatTheirNameBringsBack(t *testing.T) {
	w := open(t, workspacetest.Contoso())
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
		back, err := w.UndoSegment(t.Context(), s.Name)
		require.NoError(t, err)
		assert.Equal(t, s.ID, back.ID)
		assert.Equal(t, s.Rule, back.Rule)
	}
	assert.ElementsMatch(t, []string{"SALES", "Guests"}, names, "the earlier Sales is behind the later one, and Board is taken")
}
