package workspace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/roster"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

// BenchmarkImport measures the plan of an import of 100,000 rows over a million
// users, by address and employee id: of a new list, and of the same list again,
// which writes nothing. One process plans while it is signed in, and one, as
// from a scheduler, while it is not.
func BenchmarkImport(b *testing.B) {
	const rows = 100_000
	schema, err := model.NewSchema("displayName", "userPrincipalName", "mail", "employeeId", "proxyAddresses")
	require.NoError(b, err)
	tenant := workspacetest.Contoso()
	tenant.Schema = schema
	tenant.Users = make([]model.Change, benchUsers)
	var text strings.Builder
	text.WriteString("PersNr;Name;E-Mail\n")
	for i := range tenant.Users {
		mail := fmt.Sprintf("user%07d@contoso.com", i)
		tenant.Users[i] = model.Change{ID: workspacetest.ID(i), Fields: []model.Field{
			{Attr: model.AttrDisplayName, Value: fmt.Sprintf("User %07d", i)},
			{Attr: model.AttrUserPrincipalName, Value: mail},
			{Attr: model.AttrMail, Value: mail},
			{Attr: model.AttrEmployeeID, Value: fmt.Sprintf("%08d", 3*i)},
			{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:" + mail}},
		}}
		if i%(benchUsers/rows) == 0 {
			fmt.Fprintf(&text, "%08d;User;%s\n", 3*i, mail)
		}
	}
	w := tenant.Workspace()
	require.NoError(b, w.Open(b.Context()))
	_, err = w.Sync(b.Context(), refresh.Request{})
	require.NoError(b, err)
	plan := func(b *testing.B, w *workspace.Workspace, empty bool) {
		b.ReportAllocs()
		for b.Loop() {
			plan, err := w.PlanImportFrom(b.Context(), "Staff", strings.NewReader(text.String()), "staff.csv", roster.Options{})
			require.NoError(b, err)
			require.Len(b, plan.Members, rows)
			require.Equal(b, empty, plan.Empty())
		}
	}
	b.Run("new", func(b *testing.B) { plan(b, w, false) })
	first, err := w.PlanImportFrom(b.Context(), "Staff", strings.NewReader(text.String()), "staff.csv", roster.Options{})
	require.NoError(b, err)
	_, err = w.ApplyImport(b.Context(), first, 0)
	require.NoError(b, err)
	b.Run("again", func(b *testing.B) { plan(b, w, true) })
	offline := tenant.Workspace()
	require.NoError(b, offline.Open(b.Context()))
	b.Run("again, not signed in", func(b *testing.B) { plan(b, offline, true) })
}
