package workspace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/refresh/refreshtest"
	"rollcall/model/roster"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

// planned plans the import of a text.
func planned(t *testing.T, w *workspace.Workspace, name, text string, o roster.Options) *workspace.Import {
	t.Helper()
	plan, err := w.PlanImportFrom(t.Context(), name, strings.NewReader(text), "/srv/hr/staff.csv", o)
	require.NoError(t, err)
	return plan
}

// imported imports a text.
func imported(t *testing.T, w *workspace.Workspace, name, text string, o roster.Options) workspace.List {
	t.Helper()
	list, err := w.ApplyImport(t.Context(), planned(t, w, name, text, o), 0)
	require.NoError(t, err)
	return list
}

var outside = roster.Options{Outside: true}

func TestAnImportKeepsTheFilesOrderAndItsOutsiders(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	list := imported(t, w, " Staff ", "mail,name,mobile\nzoe@fabrikam.com,Zoe,+44 1\ndora@contoso.com,D,\nyan@fabrikam.com,,\nadele@contoso.com,A,\n", outside)
	assert.Equal(t, []workspace.Contact{
		{DisplayName: "Zoe", Mail: "zoe@fabrikam.com", Mobile: "+44 1"},
		{ID: workspacetest.ID(workspacetest.Dora), DisplayName: "Dora Lind", Mail: "dora@contoso.com"},
		{Mail: "yan@fabrikam.com"},
		{ID: workspacetest.ID(workspacetest.Adele), DisplayName: "Adele Vance", Mail: "adele@contoso.com"},
	}, list.Members)
	assert.Equal(t, "Staff", list.Name)
	assert.Equal(t, "staff.csv", list.File)
	event := lastEvent(t, w)
	assert.Equal(t, "list.import", event.Action)
	assert.Equal(t, "Staff", event.Subject)
	assert.Equal(t, "staff.csv: 4 members", event.Detail)

	resolved, err := w.ResolveList(t.Context(), "staff")
	require.NoError(t, err)
	assert.Len(t, resolved.Present, 4)
	assert.Empty(t, resolved.Departed)
	assert.Equal(t, model.Object{Type: model.ObjectContact, DisplayName: "Zoe", Mail: "zoe@fabrikam.com", MobilePhone: "+44 1"}, resolved.Present[0])
	assert.Equal(t, "yan@fabrikam.com", resolved.Present[2].DisplayName)

	preview, err := w.Preview(t.Context(), []string{"list:Staff"}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, 2, preview.Counts.External)
	assert.Equal(t, 1, preview.Counts.SMS)
}

func TestAnImportThatChangesNothingWritesNothing(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	const text = "mail,name\nadele@contoso.com,A\nzoe@fabrikam.com,Zoe\n"
	first := imported(t, w, "Staff", text, outside)
	before := lastEvent(t, w)
	plan := planned(t, w, "STAFF", "name,mail\nZoe,zoe@fabrikam.com\nAnother spelling,ADELE@contoso.com\n", outside)
	assert.True(t, plan.Empty())
	assert.Equal(t, 2, plan.Unchanged)
	assert.Equal(t, "Staff", plan.Name)
	list, err := w.ApplyImport(t.Context(), plan, 0)
	require.NoError(t, err)
	assert.Equal(t, first, list)
	assert.Equal(t, before, lastEvent(t, w))
	events, err := w.Events(t.Context(), before.At.AddDate(-1, 0, 0))
	require.NoError(t, err)
	imports := 0
	for _, e := range events {
		if e.Action == "list.import" {
			imports++
		}
	}
	assert.Equal(t, 1, imports)
}

func TestWhatIsKeptOfSomebodyOutsideFollowsTheFile(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	imported(t, w, "Staff", "mail,name,mobile\nzoe@fabrikam.com,Zoe,+44 1\nadele@contoso.com,A,\n", outside)
	plan := planned(t, w, "Staff", "mail,name,mobile\nzoe@fabrikam.com,Zoe,+44 2\nadele@contoso.com,A,\n", outside)
	assert.Equal(t, []workspace.ContactChange{{
		Before: workspace.Contact{DisplayName: "Zoe", Mail: "zoe@fabrikam.com", Mobile: "+44 1"},
		After:  workspace.Contact{DisplayName: "Zoe", Mail: "zoe@fabrikam.com", Mobile: "+44 2"},
	}}, plan.Changed)
	_, err := w.ApplyImport(t.Context(), plan, 0)
	require.NoError(t, err)
	assert.Equal(t, "staff.csv: 2 members, 0 joined, 0 left, 1 changed", lastEvent(t, w).Detail)

	// Zoe becomes a guest: she is the same member.
	tenant.Users = append(tenant.Users, model.Change{ID: workspacetest.ID(77), Fields: []model.Field{
		{Attr: model.AttrDisplayName, Value: "Zoe Guest"}, {Attr: model.AttrUserPrincipalName, Value: "zoe_fabrikam.com#EXT#@contoso.com"}, {Attr: model.AttrMail, Value: "zoe@fabrikam.com"},
	}})
	without(t, w, tenant)
	resolved, err := w.ResolveList(t.Context(), "Staff")
	require.NoError(t, err)
	assert.Equal(t, workspacetest.ID(77), resolved.Present[0].ID)
	plan = planned(t, w, "Staff", "mail,name,mobile\nzoe@fabrikam.com,Zoe,+44 2\nadele@contoso.com,A,\n", outside)
	assert.Empty(t, plan.Joins)
	assert.Empty(t, plan.Leaves)
	require.Len(t, plan.Changed, 1)
	assert.Equal(t, workspacetest.ID(77), plan.Changed[0].After.ID)
}

func TestAnImportIsRefusedWhereTheListWasChangedMeanwhile(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	plan := planned(t, w, "Staff", "mail\nadele@contoso.com\n", roster.Options{})
	require.True(t, plan.New())
	_, err := w.SaveList(t.Context(), "staff", idsOf(workspacetest.Bert))
	require.NoError(t, err)
	_, err = w.ApplyImport(t.Context(), plan, 0)
	failure(t, err, model.KindGuard, workspace.CodeImportStale)

	plan = planned(t, w, "Staff", "mail\nadele@contoso.com\n", roster.Options{})
	_, err = w.ReplaceList(t.Context(), "Staff", idsOf(workspacetest.Bert, workspacetest.Dora))
	require.NoError(t, err)
	_, err = w.ApplyImport(t.Context(), plan, 99)
	failure(t, err, model.KindGuard, workspace.CodeImportStale)
	list, err := w.List(t.Context(), "Staff")
	require.NoError(t, err)
	assert.Equal(t, 2, list.Count)
}

func TestAFileAsAnEntryIsReadByTheSameReader(t *testing.T) {
	tenant := workspacetest.Contoso()
	for i := range tenant.Users {
		tenant.Users[i].Fields = append(tenant.Users[i].Fields, model.Field{Attr: model.AttrEmployeeID, Value: fmt.Sprintf("00%d", i+1)})
	}
	w := synced(t, tenant)
	// SuccessFactors' two lines of headings, Windows-1252, and nobody's address.
	entry := file(t, "USERID;EMPID;FIRSTNAME;EMAIL\nUser ID;Employee ID;First Name;Email\nx;001;J\xf6rg;\ny;;Zo\xeb;zoe@fabrikam.com\ny;002;Bert;\nx;001;J\xf6rg;\n")
	p, err := w.Preview(t.Context(), []string{entry}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"adele@contoso.com", "bert@contoso.com", "zoe@fabrikam.com"}, addresses(p))
	assert.Equal(t, "Zoë", p.Recipients[2].Object.DisplayName)
	assert.Contains(t, strings.Join(p.Notes, "\n"), "line 2 repeats the headings")

	p, err = w.Preview(t.Context(), []string{entry}, []string{file(t, "mail\n")}, nil)
	require.NoError(t, err)
	assert.Contains(t, strings.Join(p.Notes, "\n"), "holds headings and no rows", "an exclusion that excludes nobody is said")

	_, err = w.Preview(t.Context(), []string{file(t, "PersNr;Mail\n001;bert@contoso.com\n")}, nil, nil)
	assert.Contains(t, failure(t, err, model.KindUsage, "userAmbiguous").Message, "line 2: bert@contoso.com and 001 are of different users")
	_, err = w.Preview(t.Context(), []string{file(t, "Name;Mail\nAdele;adele@contoso.com\nNobody;\n")}, nil, nil)
	assert.Contains(t, failure(t, err, model.KindUsage, "userNotFound").Message, "line 3: the row names nobody")
	_, err = w.Preview(t.Context(), []string{file(t, "PersNr\n7\n")}, nil, nil)
	assert.Contains(t, failure(t, err, model.KindUsage, "userNotFound").Message, "line 2: no user has the employee id 7")
}

func TestAMemberWhoLeftTheDirectoryLeavesTheList(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	const text = "mail\nadele@contoso.com\ndora@contoso.com\n"
	imported(t, w, "Staff", text, roster.Options{})
	without(t, w, tenant, workspacetest.Dora)
	plan := planned(t, w, "Staff", text, roster.Options{})
	require.Len(t, plan.Leaves, 1)
	assert.Equal(t, "Dora Lind", plan.Leaves[0].DisplayName)
	partial := model.AsError(plan.Partial())
	require.NotNil(t, partial)
	assert.Equal(t, model.KindPartial, partial.Kind)
}

func TestNothingIsImportedWithoutADirectoryOrTheColumnsItNeeds(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Store = refreshtest.Store{}
	_, err := open(t, tenant).PlanImportFrom(t.Context(), "Staff", strings.NewReader("mail\na@b\n"), "x.csv", roster.Options{})
	failure(t, err, model.KindFailed, "notSynced")

	schema, err := model.NewSchema("displayName", "userPrincipalName", "mail")
	require.NoError(t, err)
	tenant = workspacetest.Contoso()
	tenant.Schema = schema
	w := synced(t, tenant)
	_, err = w.PlanImportFrom(t.Context(), "Staff", strings.NewReader("PersNr\n1\n"), "x.csv", roster.Options{})
	failure(t, err, model.KindUsage, "attributeNotSynced")
	plan := planned(t, w, "Staff", "PersNr,mail\n1,adele@contoso.com\n", roster.Options{})
	assert.Len(t, plan.Match.Matched, 1)
	assert.Contains(t, strings.Join(plan.Notes, "\n"), "does not sync employeeId")
	_, err = w.PlanImport(t.Context(), "Staff", "none.csv", roster.Options{})
	assert.Contains(t, failure(t, err, model.KindUsage, "fileUnreadable").Message, "the file cannot be read: none.csv: ")
}

// Whatever two files hold, the second makes the list what it would have made of
// none, and the changes that were shown are those that separate the two.
func TestAnImportMakesTheListWhatTheFileSays(t *testing.T) {
	users := []string{"adele@contoso.com", "bert@contoso.com", "chandra@contoso.com", "dora@contoso.com", "zoe@fabrikam.com", "yan@fabrikam.com"}
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(label string) (text string, set map[string]bool) {
			set = make(map[string]bool)
			text = "mail\n"
			for _, u := range rapid.SliceOfN(rapid.SampledFrom(users), 1, 8).Draw(rt, label) {
				set[u] = true
				text += u + "\n"
			}
			return text, set
		}
		round++
		name := fmt.Sprintf("List %d", round)
		oldText, oldSet := draw("before")
		newText, newSet := draw("after")
		imported(t, w, name, oldText, outside)
		plan := planned(t, w, name, newText, outside)
		list, err := w.ApplyImport(t.Context(), plan, len(users))
		require.NoError(rt, err)

		members := func(contacts []workspace.Contact) map[string]bool {
			set := make(map[string]bool)
			for _, c := range contacts {
				set[c.Mail] = true
			}
			require.Len(rt, set, len(contacts))
			return set
		}
		require.Equal(rt, newSet, members(list.Members))
		joins, leaves := members(plan.Joins), members(plan.Leaves)
		same := 0
		for _, u := range users {
			require.Equal(rt, newSet[u] && !oldSet[u], joins[u], u)
			require.Equal(rt, oldSet[u] && !newSet[u], leaves[u], u)
			if oldSet[u] && newSet[u] {
				same++
			}
		}
		require.Equal(rt, same, plan.Unchanged)
		require.True(rt, planned(t, w, name, newText, outside).Empty())
	})
}
