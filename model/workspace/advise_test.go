package workspace_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/workspace/workspacetest"
)

func TestAdviceNamesWhatNobodyHasBesideWhatTheRuleAloneSays(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	selection, err := w.Select(t.Context(), `user.department -eq "Slaes" -or -not user.department -ne "Sales"`)
	require.NoError(t, err)
	remarks, err := w.Advise(t.Context(), selection)
	require.NoError(t, err)
	require.Len(t, remarks, len(selection.Diagnostics)+1)
	assert.Equal(t, `no synced user has department "Slaes"`, remarks[0].Message)
	assert.Equal(t, `"Sales"`, remarks[0].Suggestion)
	assert.Equal(t, selection.Diagnostics, remarks[1:])
}

func TestThereIsNoAdviceOnWhatCouldNotBeSelected(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	selection, err := w.Select(t.Context(), `user.departmnt -eq "Sales"`)
	require.Error(t, err)
	remarks, err := w.Advise(t.Context(), selection)
	require.NoError(t, err)
	assert.Equal(t, selection.Diagnostics, remarks)
	assert.NotEmpty(t, remarks)
}
