package handover

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/writeback"
)

func TestCellNeutralisesFormulas(t *testing.T) {
	for _, hostile := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1", "\u00a0=cmd|'/c calc'!A1"} {
		assert.Equal(t, "'"+hostile, Cell(hostile))
	}
	for _, plain := range []string{"", "Adele Vance", "a-b@contoso.com", "田中", "' quoted"} {
		assert.Equal(t, plain, Cell(plain))
	}
}

func TestCellLeavesATerminalNothingToObey(t *testing.T) {
	for hostile, want := range map[string]string{
		"\x1b]52;c;cm0=\x07": "\ufffd]52;c;cm0=\ufffd",
		"a\x7fb\u009bc\x00":  "a\ufffdb\ufffdc\ufffd",
		"left\u202etfel":     "left\ufffdtfel",
		"\r=1":               "'\ufffd=1",
		"two\nlines\tkept":   "two\nlines\tkept",
	} {
		assert.Equal(t, want, Cell(hostile))
	}
}

func TestRecipientsCSVReadsBack(t *testing.T) {
	got := Recipients([]expansion.Recipient{
		{Address: "adele@contoso.com", Object: model.Object{DisplayName: "Vance, \"Adele\"\nX"}, SMS: true},
		{Address: "x@partner.example", Object: model.Object{DisplayName: "=HYPERLINK(1)"}, External: true, Disabled: true},
	})
	rows, err := csv.NewReader(strings.NewReader(string(got))).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"address", "displayName", "userPrincipalName", "external", "disabled", "sms"},
		{"adele@contoso.com", "Vance, \"Adele\"\nX", "", "no", "no", "yes"},
		{"x@partner.example", "'=HYPERLINK(1)", "", "yes", "yes", "no"},
	}, rows)
}

func TestBulkFileHasTheHeaderThatThePortalReads(t *testing.T) {
	got := BulkMembers([]writeback.Ref{{ID: "id-1", UserPrincipalName: "a@x.com"}, {ID: "id-2"}})
	assert.Equal(t, "Member object ID or user principal name [memberObjectIdOrUpn] Required\nid-1\nid-2\n", string(got))
	assert.Nil(t, BulkMembers(nil), "a file with a header and nothing else would be refused")
}

func testPlan() *writeback.Plan {
	return &writeback.Plan{
		ID: "p1", TenantID: "tenant", Author: "admin@contoso.com", CreatedAt: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		Group:  writeback.GroupRef{ID: "group", DisplayName: "sg-sales", Kind: model.KindSecurity},
		Add:    []writeback.Ref{{ID: "1", UserPrincipalName: "o'neil@contoso.com"}, {ID: "2", UserPrincipalName: "b@contoso.com"}},
		Remove: []writeback.Ref{{ID: "3", UserPrincipalName: "c@contoso.com"}},
	}
}

func TestScriptAddsAndRemovesOnlyWithTheSwitch(t *testing.T) {
	got := string(PowerShell(testPlan()))
	assert.Contains(t, got, "param([switch]$Apply)")
	assert.Contains(t, got, "$add = @(\r\n  @{ Id = '1'; Name = 'o''neil@contoso.com' },\r\n  @{ Id = '2'; Name = 'b@contoso.com' }\r\n)")
	assert.Contains(t, got, "if ($Apply) { New-MgGroupMember -GroupId $group -DirectoryObjectId $user.Id }")
	assert.Contains(t, got, "$remove = @(\r\n  @{ Id = '3'; Name = 'c@contoso.com' }\r\n)")
	assert.Contains(t, got, "if ($Apply) { Remove-MgGroupMemberByRef -GroupId $group -DirectoryObjectId $user.Id }")
}

func TestUndoScriptSwapsTheTwo(t *testing.T) {
	got := string(PowerShellUndo(testPlan()))
	assert.Contains(t, got, "$add = @(\r\n  @{ Id = '3';")
	assert.Contains(t, got, "$remove = @(\r\n  @{ Id = '1';")
}

func TestNoNameLeavesItsQuotesInAScript(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("'‘’‚‛\n\r\u2028\u2029\u202e$()`;#")))).Draw(t, "name")
		got := quote(name)
		require.True(t, strings.HasPrefix(got, "'") && strings.HasSuffix(got, "'") && len(got) >= 2)
		inner := []rune(got[1 : len(got)-1])
		for i := 0; i < len(inner); i++ {
			if r := inner[i]; r == '\'' || r >= '\u2018' && r <= '\u201b' {
				require.Less(t, i+1, len(inner), "%q ends the string early", got)
				require.Equal(t, r, inner[i+1], "%q ends the string early", got)
				i++
			}
		}
		assert.NotContains(t, comment(name), "\n")
		assert.NotContains(t, comment(name), "\r")
	})
}
