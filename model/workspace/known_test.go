package workspace_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace/workspacetest"
)

// choosing returns the tenant under a profile that syncs the named attributes.
func choosing(t *testing.T, tenant *workspacetest.Tenant, names ...string) *workspacetest.Tenant {
	t.Helper()
	schema, err := model.NewSchema(names...)
	require.NoError(t, err)
	tenant.Schema = schema
	return tenant
}

func TestARuleOnAnAttributeThatWasNotReadYetIsRefused(t *testing.T) {
	tenant := choosing(t, workspacetest.Contoso(), "city")
	require.NoError(t, synced(t, tenant).Close())

	w := open(t, choosing(t, tenant, "city", "department"))
	_, err := w.Select(t.Context(), salesRule)
	e := failure(t, err, model.KindUsage, "ruleInvalid")
	assert.Contains(t, e.Message, "user.department was not read yet")
	_, err = w.Select(t.Context(), `user.city -eq null`)
	require.NoError(t, err, "what was read is known")
	_, err = w.Preview(t.Context(), []string{"rule:" + salesRule}, nil, nil)
	assert.Contains(t, failure(t, err, model.KindUsage, "ruleInvalid").Message, "was not read yet")
	require.NoError(t, w.Close())

	w = synced(t, tenant)
	selected, err := w.Select(t.Context(), salesRule)
	require.NoError(t, err)
	assert.NotZero(t, selected.Set.Count())
}
