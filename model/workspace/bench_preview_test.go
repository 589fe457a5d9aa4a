package workspace_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

const previewUsers = 1_000_000

// large is a synced tenant of a million users: 2 in 100 are of Legal, 68 of
// Sales. One in 20 has no address, every 1,000th the address of another one.
func large(b *testing.B) *workspace.Workspace {
	tenant := workspacetest.Contoso()
	tenant.Users = make([]model.Change, previewUsers)
	for i := range tenant.Users {
		department := "Engineering"
		switch {
		case i%100 < 2:
			department = "Legal"
		case i%100 < 70:
			department = "Sales"
		}
		name := fmt.Sprintf("user%07d", i)
		mail, kind := name+"@contoso.com", "Member"
		switch {
		case i%20 == 19:
			mail = ""
		case i%1000 == 7:
			mail = fmt.Sprintf("User%07d@contoso.com", i-1)
		case i%50 == 3:
			mail, kind = name+"@fabrikam.com", "Guest"
		}
		fields := []model.Field{
			{Attr: model.AttrDisplayName, Value: fmt.Sprintf("User %d %s", i, department)},
			{Attr: model.AttrUserPrincipalName, Value: name + "@contoso.com"},
			{Attr: model.AttrDepartment, Value: department},
			{Attr: model.AttrUserType, Value: kind},
			{Attr: model.AttrAccountEnabled, Value: fmt.Sprint(i%10 != 0)},
		}
		if mail != "" {
			fields = append(fields, model.Field{Attr: model.AttrMail, Value: mail},
				model.Field{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:" + mail, "smtp:" + name + "@contoso.onmicrosoft.com"}})
		}
		if i%3 == 0 {
			fields = append(fields, model.Field{Attr: model.AttrMobilePhone, Value: fmt.Sprintf("+1 425 %07d", i)})
		}
		tenant.Users[i] = model.Change{ID: workspacetest.ID(i), Fields: fields}
	}
	w := tenant.Workspace()
	require.NoError(b, w.Open(b.Context()))
	_, err := w.Sync(b.Context(), refresh.Request{})
	require.NoError(b, err)
	tenant.Users = nil
	return w
}

// The figures of an audience, exact, and then the same with its recipients.
// "first-s" is what the first count of a directory version takes.
func BenchmarkPreviewOfASegmentOfAMillionUsers(b *testing.B) {
	w := large(b)
	for _, department := range []string{"Legal", "Sales"} {
		_, err := w.SaveSegment(b.Context(), department, `user.department -eq "`+department+`"`, nil)
		require.NoError(b, err)
		b.Run("counts of "+department, func(b *testing.B) {
			began := time.Now()
			_, _, err := w.Tally(b.Context(), []string{"segment:" + department}, nil) // the first one warms up
			require.NoError(b, err)
			first := time.Since(began)
			b.ReportAllocs()
			var recipients int
			for b.Loop() {
				t, ok, err := w.Tally(b.Context(), []string{"segment:" + department}, nil)
				require.NoError(b, err)
				require.True(b, ok)
				recipients = t.Unique
			}
			b.ReportMetric(float64(recipients), "recipients")
			b.ReportMetric(first.Seconds(), "first-s")
		})
		b.Run("recipients of "+department, func(b *testing.B) {
			p, err := w.Preview(b.Context(), []string{"segment:" + department}, nil, nil) // the first one warms up
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				p, err = w.Preview(b.Context(), []string{"segment:" + department}, nil, nil)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(p.Counts.Unique), "recipients")
		})
	}
}
