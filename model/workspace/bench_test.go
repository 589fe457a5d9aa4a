package workspace_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/model"
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

// BenchmarkPreviewOfSegments measures warm previews of one saved segment over a
// million users, by how many of them it selects: nothing is asked of the tenant.
func BenchmarkPreviewOfSegments(b *testing.B) {
	tenant := workspacetest.Contoso()
	tenant.Schema = nil
	tenant.Users = make([]model.Change, benchUsers)
	for i := range tenant.Users {
		mail := fmt.Sprintf("user%07d@contoso.com", i)
		tenant.Users[i] = model.Change{ID: workspacetest.ID(i), Fields: []model.Field{
			{Attr: model.AttrDisplayName, Value: fmt.Sprintf("User %07d", i)},
			{Attr: model.AttrUserPrincipalName, Value: mail},
			{Attr: model.AttrMail, Value: mail},
			{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:" + mail, fmt.Sprintf("smtp:u%07d@contoso.onmicrosoft.com", i)}},
			{Attr: model.AttrDepartment, Value: fmt.Sprintf("Department %02d", i%100)},
			{Attr: model.AttrCity, Value: fmt.Sprintf("City %03d", i%1000)},
			{Attr: model.AttrAccountEnabled, Value: "true"},
			{Attr: model.AttrUserType, Value: "Member"},
			{Attr: model.AttrMobilePhone, Value: fmt.Sprintf("+49 170 %07d", i)},
		}}
	}
	w := tenant.Workspace()
	require.NoError(b, w.Open(b.Context()))
	_, err := w.Sync(b.Context(), refresh.Request{})
	require.NoError(b, err)
	for _, segment := range []struct {
		name, rule string
		users      int
	}{
		{"one in a thousand", `user.city -eq "City 007"`, benchUsers / 1000},
		{"one in a hundred", `user.department -eq "Department 07"`, benchUsers / 100},
		{"one in ten", `user.department -endsWith "7"`, benchUsers / 10},
		{"everybody", `user.accountEnabled -eq true`, benchUsers},
	} {
		_, err := w.SaveSegment(b.Context(), segment.name, segment.rule, nil)
		require.NoError(b, err)
		b.Run(segment.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, err := w.Preview(b.Context(), []string{"segment:" + segment.name}, nil, nil)
				require.NoError(b, err)
				require.Len(b, p.Recipients, segment.users)
			}
		})
	}
}
