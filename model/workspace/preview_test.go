package workspace_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/workspace/workspacetest"
)

// addresses are the recipients of a preview.
func addresses(p *audience.Preview) []string {
	list := []string{}
	for _, r := range p.Recipients {
		list = append(list, r.Address)
	}
	return list
}

// file writes a CSV and returns its entry.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "recipients.csv")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return "file:" + path
}

func TestAPreviewIsWhatIsIncludedLessWhatIsExcluded(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	for name, test := range map[string]struct{ include, exclude, want []string }{
		"nested list":         {[]string{"all-staff@contoso.com"}, nil, []string{"adele@contoso.com", "bert@contoso.com", "fergus@fabrikam.com"}},
		"exclude option":      {[]string{"all-staff@contoso.com"}, []string{"partners@contoso.com"}, []string{"adele@contoso.com"}},
		"leading minus":       {[]string{"all-staff@contoso.com", "-partners@contoso.com"}, nil, []string{"adele@contoso.com"}},
		"both ways together":  {[]string{"all-staff@contoso.com", "-adele@contoso.com"}, []string{"-fergus@fabrikam.com"}, []string{"bert@contoso.com"}},
		"rule less a list":    {[]string{"rule:" + salesRule}, []string{"partners@contoso.com"}, []string{"adele@contoso.com", "dora@contoso.com"}},
		"group by its name":   {[]string{"group:sg-sales"}, nil, []string{"bert@contoso.com", "chandra@contoso.com"}},
		"everybody less them": {[]string{"rule:" + salesRule}, []string{"rule:" + salesRule}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := w.Preview(t.Context(), test.include, test.exclude, nil)
			require.NoError(t, err)
			assert.True(t, p.Complete(), "%v", p.Missing)
			assert.Equal(t, test.want, addresses(p))
		})
	}
}

func TestAPreviewCountsItsRequestsAndParts(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	p, err := w.Preview(t.Context(), []string{"all-staff@contoso.com"}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, 4, p.Requests, "the domains, the address and two lists")
	assert.Equal(t, audience.Counts{Unique: 3, Internal: 2, External: 1}, p.Counts)
}

func TestEntriesAnsweredFromTheDirectoryNeedASyncedOne(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := open(t, tenant)
	_, err := w.SaveSegment(t.Context(), "Sales", salesRule, nil)
	require.NoError(t, err)
	for _, entry := range []string{"segment:Sales", "rule:" + salesRule, file(t, "mail\nadele@contoso.com\n"), "-segment:Sales"} {
		_, err := w.Preview(t.Context(), []string{entry}, nil, nil)
		e := failure(t, err, model.KindFailed, "notSynced")
		assert.Contains(t, e.Remedy, "rollcall sync")
	}
	_, err = w.Preview(t.Context(), []string{"partners@contoso.com"}, nil, nil)
	require.NoError(t, err, "a list is read from the tenant")
}

func TestListsAreNotReadWithoutThePermission(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Account.Scopes = []string{"User.Read.All"}
	w := synced(t, tenant)
	_, err := w.Preview(t.Context(), []string{"partners@contoso.com"}, nil, nil)
	failure(t, err, model.KindSignIn, "consentMissing")
	assert.Empty(t, tenant.Asked("ResolveAddress"))
	_, err = w.Preview(t.Context(), []string{"rule:" + salesRule}, nil, nil)
	require.NoError(t, err, "the directory answers without it")
}

func TestAFileIsJoinedWithTheDirectory(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	entry := file(t, fmt.Sprintf("id\n%s\nBERT@contoso.com\nsomebody@fabrikam.com\n", workspacetest.ID(workspacetest.Adele)))
	p, err := w.Preview(t.Context(), []string{entry}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"adele@contoso.com", "bert@contoso.com", "somebody@fabrikam.com"}, addresses(p))
	types := map[string]model.ObjectType{}
	ids := map[string]string{}
	for _, o := range p.Objects() {
		types[o.Mail], ids[o.Mail] = o.Type, o.ID
	}
	assert.Equal(t, map[string]model.ObjectType{
		"adele@contoso.com": model.ObjectUser, "bert@contoso.com": model.ObjectUser, "somebody@fabrikam.com": model.ObjectContact,
	}, types)
	assert.Equal(t, workspacetest.ID(workspacetest.Bert), ids["bert@contoso.com"])
	assert.Equal(t, 1, p.Counts.External)
}

func TestAnAddressOfTwoUsersNamesFileAndLine(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Users[workspacetest.Dora-1].Fields[1].Value = "bert@contoso.com" // the user principal name
	w := synced(t, tenant)
	_, err := w.Preview(t.Context(), []string{file(t, "mail\nadele@contoso.com\nbert@contoso.com\n")}, nil, nil)
	e := failure(t, err, model.KindUsage, "userAmbiguous")
	assert.Contains(t, e.Message, "recipients.csv line 3: 2 users")
}

func TestAnIDThatNobodyHasNamesFileAndLine(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	entry := file(t, "id\n"+workspacetest.ID(workspacetest.Adele)+"\n"+workspacetest.ID(999)+"\n")
	_, err := w.Preview(t.Context(), []string{entry}, nil, nil)
	e := failure(t, err, model.KindUsage, "userNotFound")
	assert.Contains(t, e.Message, "recipients.csv line 3")
	assert.Contains(t, e.Message, workspacetest.ID(999))
}

func TestEntriesThatAreWrongInThemselvesAreUsageErrors(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	for code, entry := range map[string]string{
		"entryInvalid":    "group:",
		"segmentNotFound": "segment:Nowhere",
		"listNotFound":    "list:Nowhere",
		"fileUnreadable":  "file:" + filepath.Join(t.TempDir(), "none.csv"),
		"csvInvalid":      file(t, "mail\nnot an address\n"),
	} {
		t.Run(code, func(t *testing.T) {
			_, err := w.Preview(t.Context(), []string{entry}, nil, nil)
			failure(t, err, model.KindUsage, code)
		})
	}
}

func TestAnIncompletePreviewCannotBeApproved(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	p, err := w.Preview(t.Context(), []string{"all-staff@contoso.com", "board@contoso.com"}, nil, nil)
	require.NoError(t, err)
	require.False(t, p.Complete())
	_, err = w.ApprovePreview(t.Context(), p, "")
	failure(t, err, model.KindGuard, "previewIncomplete")
	snapshots, err := w.Snapshots(t.Context())
	require.NoError(t, err)
	assert.Empty(t, snapshots)
}

func TestWhatLivesOnThisMachineIsPreviewedWithoutTheTenant(t *testing.T) {
	offline := &model.Error{Kind: model.KindUnavailable, Code: "offline", Message: "the network is unreachable"}
	for name, test := range map[string]struct {
		signedIn bool
		reason   string
		calls    []string
	}{
		"signed out":            {false, "nobody is signed in", nil},
		"signed in and offline": {true, "the network is unreachable", []string{"Domains"}},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := workspacetest.Contoso()
			stored := synced(t, tenant)
			saved(t, stored, "Sales", salesRule)
			_, err := stored.SaveList(t.Context(), "Board", ids(workspacetest.Adele, workspacetest.Dora))
			require.NoError(t, err)
			approved(t, stored, "Hands", "rule:"+salesRule)
			require.NoError(t, stored.Close())
			w := open(t, tenant)
			if test.signedIn {
				_, err := w.Connect(t.Context())
				require.NoError(t, err)
			}
			tenant.SessionErr = offline
			tenant.Fail = func(string) error { return offline }
			before := tenant.Asked("")

			entry := file(t, "mail\nchandra@contoso.com\nx@contoso.com\ny@fabrikam.com\n")
			p, err := w.Preview(t.Context(), []string{"segment:Sales", entry, "snapshot:Hands", "-list:Board"}, nil, nil)
			require.NoError(t, err)
			assert.True(t, p.Complete())
			assert.Equal(t, []string{"bert@contoso.com", "chandra@contoso.com", "x@contoso.com", "y@fabrikam.com"}, addresses(p))
			assert.Equal(t, 2, p.Counts.Internal)
			require.Len(t, p.Notes, 1)
			assert.Contains(t, p.Notes[0], "principal names")
			assert.Contains(t, p.Notes[0], test.reason)
			assert.ElementsMatch(t, test.calls, tenant.Asked("")[len(before):])

			kept, err := w.ApprovePreview(t.Context(), p, "")
			require.NoError(t, err)
			assert.Equal(t, map[bool]string{false: "operator@laptop", true: "admin@contoso.com"}[test.signedIn], kept.ApprovedBy)
			_, err = w.Preview(t.Context(), []string{"segment:Sales", "partners@contoso.com"}, nil, nil)
			failure(t, err, model.KindUnavailable, "offline")
		})
	}
}

func TestTheDomainsOfMailAddressesAloneAreKnownToTheTenantOnly(t *testing.T) {
	tenant := workspacetest.Contoso()
	for i := range tenant.Users {
		name := &tenant.Users[i].Fields[1]
		name.Value = strings.Replace(name.Value, "@contoso.com", "@CONTOSO.onmicrosoft.com", 1)
	}
	stored := synced(t, tenant)
	p, err := stored.Preview(t.Context(), []string{"rule:" + salesRule}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, audience.Counts{Unique: 3, Internal: 3}, p.Counts)
	assert.Empty(t, p.Notes)
	require.NoError(t, stored.Close())

	w := open(t, tenant)
	p, err = w.Preview(t.Context(), []string{"rule:" + salesRule}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, audience.Counts{Unique: 3, External: 3}, p.Counts, "and the note says by what")
	assert.Len(t, p.Notes, 1)
}
