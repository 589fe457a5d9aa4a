package handover

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/expansion"
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
