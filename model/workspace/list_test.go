package workspace_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/refresh/refreshtest"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

func idsOf(numbers ...int) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = workspacetest.ID(n)
	}
	return out
}

func TestAListKeepsWhoWasPickedInTheirOrderAndOnceEach(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	saved, err := w.SaveList(t.Context(), "  Board ", idsOf(workspacetest.Dora, workspacetest.Adele, workspacetest.Dora))
	require.NoError(t, err)
	assert.Equal(t, "Board", saved.Name)
	assert.Equal(t, 2, saved.Count)
	assert.Equal(t, "admin@contoso.com", saved.CreatedBy)

	list, err := w.List(t.Context(), "bOARD")
	require.NoError(t, err)
	assert.Equal(t, []workspace.Contact{
		{ID: workspacetest.ID(workspacetest.Dora), DisplayName: "Dora Lind", Mail: "dora@contoso.com"},
		{ID: workspacetest.ID(workspacetest.Adele), DisplayName: "Adele Vance", Mail: "adele@contoso.com"},
	}, list.Members)

	lists, err := w.Lists(t.Context())
	require.NoError(t, err)
	require.Len(t, lists, 1)
	assert.Equal(t, 2, lists[0].Count)
	assert.Nil(t, lists[0].Members)
}

func TestANameThatIsTakenIsReplacedOnlyWhenThatIsAskedFor(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	_, err := w.Sync(t.Context(), refresh.Request{})
	require.NoError(t, err)
	first, err := w.SaveList(t.Context(), "Board", idsOf(workspacetest.Adele))
	require.NoError(t, err)

	_, err = w.SaveList(t.Context(), "BOARD", idsOf(workspacetest.Bert))
	e := failure(t, err, model.KindUsage, workspace.CodeListExists)
	assert.Contains(t, e.Message, `"Board" already, with 1 members`)
	list, err := w.List(t.Context(), "Board")
	require.NoError(t, err)
	assert.Equal(t, first.Members, list.Members, "what was there is untouched")

	replaced, err := w.ReplaceList(t.Context(), "BOARD", idsOf(workspacetest.Bert, workspacetest.Dora))
	require.NoError(t, err)
	assert.Equal(t, "Board", replaced.Name)
	assert.Equal(t, first.CreatedAt, replaced.CreatedAt)
	assert.Equal(t, 2, replaced.Count)
	event := lastEvent(t, w)
	assert.Equal(t, "list.save", event.Action)
	assert.Equal(t, "Board", event.Subject)
	assert.Equal(t, "2 members in place of 1", event.Detail)

	_, err = w.ReplaceList(t.Context(), "Another", idsOf(workspacetest.Bert))
	require.NoError(t, err, "there need not be one to replace")
	assert.Equal(t, "1 members", lastEvent(t, w).Detail)
}

func TestAListThatCannotBeKeptIsRefused(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	for name, test := range map[string]struct {
		list string
		ids  []string
		code string
	}{
		"no users":        {"Board", nil, "listEmpty"},
		"no name":         {" ", idsOf(workspacetest.Adele), "listName"},
		"a control":       {"Bo\u009bard", idsOf(workspacetest.Adele), "listName"},
		"a turn of text":  {"Bo\u202edrao", idsOf(workspacetest.Adele), "listName"},
		"an unknown user": {"Board", []string{workspacetest.ID(workspacetest.Adele), "nobody"}, "userNotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.SaveList(t.Context(), test.list, test.ids)
			failure(t, err, model.KindUsage, test.code)
		})
	}
	lists, err := w.Lists(t.Context())
	require.NoError(t, err)
	assert.Empty(t, lists)
	assert.Equal(t, "sync", lastEvent(t, w).Action)
}

func TestADeletedListIsGoneAndStandsInTheAudit(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	_, err := w.SaveList(t.Context(), "Board", idsOf(workspacetest.Adele))
	require.NoError(t, err)
	require.NoError(t, w.DeleteList(t.Context(), "board"))
	assert.Equal(t, "list.delete", lastEvent(t, w).Action)
	assert.Equal(t, "Board", lastEvent(t, w).Subject)
	failure(t, w.DeleteList(t.Context(), "Board"), model.KindUsage, "listNotFound")
}

func TestAnUnknownListIsAUsageErrorThatNamesTheNearestOne(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	_, err := w.SaveList(t.Context(), "Marketing", idsOf(workspacetest.Adele))
	require.NoError(t, err)
	_, err = w.Preview(t.Context(), []string{"list:Marketting"}, nil, nil)
	assert.Equal(t, `did you mean "Marketing"?`, failure(t, err, model.KindUsage, "listNotFound").Remedy)
	_, err = w.ResolveList(t.Context(), "Zebra")
	assert.Contains(t, failure(t, err, model.KindUsage, "listNotFound").Remedy, "list list")
}

func TestAListIsNotResolvedOverADirectoryThatWasNeverRead(t *testing.T) {
	tenant := workspacetest.Contoso()
	_, err := synced(t, tenant).SaveList(t.Context(), "Board", idsOf(workspacetest.Adele))
	require.NoError(t, err)
	tenant.Store = refreshtest.Store{}
	again := open(t, tenant)
	_, err = again.ResolveList(t.Context(), "Board")
	failure(t, err, model.KindFailed, "notSynced")
	_, err = again.Preview(t.Context(), []string{"list:Board"}, nil, nil)
	failure(t, err, model.KindFailed, "notSynced")
}

// without takes users out of the tenant and the synced copy.
func without(t *testing.T, w *workspace.Workspace, tenant *workspacetest.Tenant, numbers ...int) {
	t.Helper()
	gone := idsOf(numbers...)
	tenant.Users = slices.DeleteFunc(tenant.Users, func(c model.Change) bool { return slices.Contains(gone, c.ID) })
	_, err := w.Sync(t.Context(), refresh.Request{Full: true, AllowRemovals: len(gone)})
	require.NoError(t, err)
}

func TestMembersThatHaveLeftAreReportedAsTheyWereSaved(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	_, err := w.SaveList(t.Context(), "Board", idsOf(workspacetest.Dora, workspacetest.Adele))
	require.NoError(t, err)
	without(t, w, tenant, workspacetest.Dora)

	list, err := w.ResolveList(t.Context(), "Board")
	require.NoError(t, err)
	require.Len(t, list.Present, 1)
	assert.Equal(t, "adele@contoso.com", list.Present[0].Mail)
	require.Len(t, list.Departed, 1)
	assert.Equal(t, "Dora Lind", list.Departed[0].DisplayName)
	assert.Equal(t, 2, list.Count)
}

func TestAPlanNeitherAddsNorRemovesWhoHasLeftTheDirectory(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	_, err := w.SaveList(t.Context(), "Board", idsOf(workspacetest.Adele, workspacetest.Bert, workspacetest.Dora))
	require.NoError(t, err)
	_, err = w.SaveList(t.Context(), "Never", idsOf(workspacetest.Chandra))
	require.NoError(t, err)
	without(t, w, tenant, workspacetest.Bert, workspacetest.Dora, workspacetest.Chandra)

	// The group still lists Bert and Chandra: the synced copy may be behind.
	plan, err := w.Plan(t.Context(), []string{"list:Board", "list:Never"}, []string{"list:Never"}, "sg-sales", writeback.ModeMirror)
	require.NoError(t, err)
	require.Len(t, plan.Add, 1)
	assert.Equal(t, workspacetest.ID(workspacetest.Adele), plan.Add[0].ID)
	require.Len(t, plan.Remove, 1, "an exclusion holds for who has left as well")
	assert.Equal(t, workspacetest.ID(workspacetest.Chandra), plan.Remove[0].ID)
	assert.Equal(t, []writeback.Skipped{{Entry: "dora@contoso.com", Reason: "in list:Board, and no longer in the directory"}}, plan.Skipped)
}

func TestOneUserIsFoundByIDAndByAddress(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Users[0].Fields = append(tenant.Users[0].Fields, model.Field{Attr: model.AttrProxyAddresses, Values: []string{"smtp:vance@contoso.com", "smtp:bert@contoso.com"}})
	w := synced(t, tenant)
	for _, name := range []string{workspacetest.ID(workspacetest.Adele), "adele@contoso.com", "VANCE@contoso.com"} {
		id, err := w.FindUser(name)
		require.NoError(t, err, name)
		assert.Equal(t, workspacetest.ID(workspacetest.Adele), id)
	}
	_, err := w.FindUser("nobody@contoso.com")
	failure(t, err, model.KindUsage, "userNotFound")
	_, err = w.FindUser("bert@contoso.com")
	assert.Contains(t, failure(t, err, model.KindUsage, "userAmbiguous").Message, fmt.Sprintf("%d users", 2))
}
