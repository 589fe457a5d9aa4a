package workspace_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/workspace/workspacetest"
)

func TestARuleSelectsFromTheSyncedDirectory(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	selected, err := w.Select(t.Context(), salesRule)
	require.NoError(t, err)
	assert.Equal(t, 3, selected.Set.Count())
	selected, err = w.Select(t.Context(), "user.objectId -ne null")
	require.NoError(t, err)
	assert.Equal(t, 4, selected.Set.Count())
	_, err = w.Select(t.Context(), `user.department -eq`)
	assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
}

func TestARuleIsTranslatedForEntraOrRefused(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	translated, err := w.Translate(salesRule, rule.Entra)
	require.NoError(t, err)
	assert.Contains(t, translated.Text, `user.department -eq "Sales"`)
	_, err = w.Translate(`user.departmnt -eq "Sales"`, rule.Entra)
	assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
}
