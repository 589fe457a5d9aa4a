package audience

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

func TestEntriesAreReadByTheirForm(t *testing.T) {
	tests := []struct {
		text string
		want Entry
		back string
	}{
		{"sales@contoso.com", Entry{Kind: EntryAddress, Text: "sales@contoso.com"}, "sales@contoso.com"},
		{"  sales@contoso.com ", Entry{Kind: EntryAddress, Text: "sales@contoso.com"}, "sales@contoso.com"},
		{"Ann Lee <ann@contoso.com>", Entry{Kind: EntryAddress, Text: "ann@contoso.com"}, "ann@contoso.com"},
		{`-"Lee, Ann" <mailto:ann@contoso.com>`, Entry{Kind: EntryAddress, Text: "ann@contoso.com", Exclude: true}, "ann@contoso.com"},
		{"<ann@contoso.com>", Entry{Kind: EntryAddress, Text: "ann@contoso.com"}, "ann@contoso.com"},
		{"SMTP:Ann@contoso.com", Entry{Kind: EntryAddress, Text: "Ann@contoso.com"}, "Ann@contoso.com"},
		{"Ann <segment:a@b>", Entry{Kind: EntryAddress, Text: "Ann <segment:a@b>"}, "Ann <segment:a@b>"},
		{"Ann <-ann@contoso.com>", Entry{Kind: EntryAddress, Text: "Ann <-ann@contoso.com>"}, "Ann <-ann@contoso.com>"},
		{"Sales <EMEA>", Entry{Kind: EntryObject, Text: "Sales <EMEA>"}, "Sales <EMEA>"},
		{"All Sales", Entry{Kind: EntryObject, Text: "All Sales"}, "All Sales"},
		{"-dl:sales", Entry{Kind: EntryObject, Text: "dl:sales", Exclude: true}, "dl:sales"},
		{"group:All Sales", Entry{Kind: EntryGroup, Text: "All Sales"}, "group:All Sales"},
		{"GROUP: All Sales", Entry{Kind: EntryGroup, Text: "All Sales"}, "group:All Sales"},
		{"group:a:b", Entry{Kind: EntryGroup, Text: "a:b"}, "group:a:b"},
		{"segment:Sales US", Entry{Kind: EntrySegment, Text: "Sales US"}, "segment:Sales US"},
		{"list:new hires", Entry{Kind: EntryList, Text: "new hires"}, "list:new hires"},
		{`file:C:\hr\x.csv`, Entry{Kind: EntryFile, Text: `C:\hr\x.csv`}, `file:C:\hr\x.csv`},
		{`rule:user.mail -eq "a@b"`, Entry{Kind: EntryRule, Text: `user.mail -eq "a@b"`}, `rule:user.mail -eq "a@b"`},
		{"-segment:Interns", Entry{Kind: EntrySegment, Text: "Interns", Exclude: true}, "segment:Interns"},
		{"- a@contoso.com", Entry{Kind: EntryAddress, Text: "a@contoso.com", Exclude: true}, "a@contoso.com"},
		{"&segment:Interns", Entry{Kind: EntrySegment, Text: "Interns", Within: true}, "segment:Interns"},
		{" & a@contoso.com", Entry{Kind: EntryAddress, Text: "a@contoso.com", Within: true}, "a@contoso.com"},
		{"snapshot:all hands", Entry{Kind: EntrySnapshot, Text: "all hands"}, "snapshot:all hands"},
		{"-Snapshot:k3x9a0bc", Entry{Kind: EntrySnapshot, Text: "k3x9a0bc", Exclude: true}, "snapshot:k3x9a0bc"},
		{`rule:-not (user.mail -eq "x")`, Entry{Kind: EntryRule, Text: `-not (user.mail -eq "x")`}, `rule:-not (user.mail -eq "x")`},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := ParseEntry(tt.text)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.back, got.String())
		})
	}
}

func TestAnEntryThatNamesNothingIsAUsageError(t *testing.T) {
	for _, text := range []string{"", " ", "-", "group:", "segment: ", "&", "& ", "&group:", "snapshot:", "-&a@contoso.com", "&-a@contoso.com", "& & a@contoso.com", "--a@contoso.com"} {
		t.Run(text, func(t *testing.T) {
			_, err := ParseEntry(text)
			e := model.AsError(err)
			require.NotNil(t, e)
			assert.Equal(t, model.KindUsage, e.Kind)
			assert.NotEmpty(t, e.Remedy)
		})
	}
}

// TestWhatAnEntryIsWrittenAsIsReadAgain holds for whatever can be read at all.
func TestWhatAnEntryIsWrittenAsIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sign := rapid.SampledFrom([]string{"", "-", "&"}).Draw(t, "sign")
		prefix := rapid.SampledFrom([]string{"", "group:", "SEGMENT: ", "list:", "file:", "rule:", "snapshot:", "-", "& "}).Draw(t, "prefix")
		e, err := ParseEntry(sign + prefix + rapid.String().Draw(t, "text") + rapid.SampledFrom([]string{"", "@contoso.com"}).Draw(t, "domain"))
		if err != nil {
			require.Equal(t, model.KindUsage, model.AsError(err).Kind)
			return
		}
		require.False(t, e.Exclude && e.Within)
		written := map[bool]string{true: "-"}[e.Exclude] + map[bool]string{true: "&"}[e.Within] + e.String()
		again, err := ParseEntry(written)
		require.NoError(t, err, "%q", written)
		require.Equal(t, e, again)
	})
}
