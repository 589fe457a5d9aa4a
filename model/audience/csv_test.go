package audience

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

const (
	idOne = "9832aad8-e4fe-496b-a604-95c6ef01ae75"
	idTwo = "1111aad8-e4fe-496b-a604-95c6ef01ae75"
)

func utf16Bytes(order binary.AppendByteOrder, bom bool, text string) string {
	var out []byte
	if bom {
		out = order.AppendUint16(out, 0xFEFF)
	}
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

func TestFilesOfManyMakesAreRead(t *testing.T) {
	plain := "Name,Mail\nAnn,ann@contoso.com\nJürgen,j@contoso.com\n"
	both := []CSVRow{{2, "ann@contoso.com"}, {3, "j@contoso.com"}}
	tests := []struct {
		name, text string
		want       []CSVRow
	}{
		{"comma", plain, both},
		{"semicolon", strings.ReplaceAll(plain, ",", ";"), both},
		{"tab", strings.ReplaceAll(plain, ",", "\t"), both},
		{"Windows line ends", strings.ReplaceAll(plain, "\n", "\r\n"), both},
		{"carriage returns alone", strings.ReplaceAll(plain, "\n", "\r"), both},
		{"UTF-8 byte order mark", "\xEF\xBB\xBF" + plain, both},
		{"UTF-16 little endian", utf16Bytes(binary.LittleEndian, true, plain), both},
		{"UTF-16 big endian", utf16Bytes(binary.BigEndian, true, plain), both},
		{"UTF-16 without a mark", utf16Bytes(binary.LittleEndian, false, plain), both},
		{"UTF-16 big endian without a mark", utf16Bytes(binary.BigEndian, false, plain), both},
		{"no line end at the end", strings.TrimSuffix(plain, "\n"), both},
		{"the spreadsheet's separator line", "sep=;\nName;Mail\nAnn, A.;ann@contoso.com\n", []CSVRow{{3, "ann@contoso.com"}}},
		{"the portal's template", "Member object ID or user principal name [memberObjectIdOrUpn] Required\nalain@contoso.com\n" + idOne + "\n", []CSVRow{{2, "alain@contoso.com"}, {3, idOne}}},
		{"the portal's older template", "version:v1.0\nMember object ID or user principal name [memberObjectIdOrUpn] Required\nalain@contoso.com\n", []CSVRow{{3, "alain@contoso.com"}}},
		{"no headings", "Ann,ann@contoso.com\nBob,bob@contoso.com\n", []CSVRow{{1, "ann@contoso.com"}, {2, "bob@contoso.com"}}},
		{"one address a line", "ann@contoso.com\nbob@contoso.com", []CSVRow{{1, "ann@contoso.com"}, {2, "bob@contoso.com"}}},
		{"a quoted newline moves the lines after it", "mail,note\nann@contoso.com,\"two\nlines\"\nbob@contoso.com,x\n", []CSVRow{{2, "ann@contoso.com"}, {4, "bob@contoso.com"}}},
		{"quoted separators in the heading", "\"a,b,c,d\";E-Mail\nx;ann@contoso.com\n", []CSVRow{{2, "ann@contoso.com"}}},
		{"blank and empty rows", "\n\nmail,name\n\n,\nann@contoso.com,Ann\n , \n", []CSVRow{{6, "ann@contoso.com"}}},
		{"an object id before an address", "mail,id\nann@contoso.com," + idOne + "\nbob@contoso.com,\n", []CSVRow{{2, idOne}, {3, "bob@contoso.com"}}},
		{"a personnel number named id", "ID;Name;E-Mail Address\n4711;Ann;ann@contoso.com\n", []CSVRow{{2, "ann@contoso.com"}}},
		{"a guest's user principal name", "User principal name\neve_fabrikam.com#EXT#@contoso.onmicrosoft.com\n", []CSVRow{{2, "eve_fabrikam.com#EXT#@contoso.onmicrosoft.com"}}},
		{"an apostrophe and another script", "mail\no'brien@contoso.com\nиван@пример.рф\n", []CSVRow{{2, "o'brien@contoso.com"}, {3, "иван@пример.рф"}}},
		{"headings and nothing else", "mail\n", nil},
		{"repeated rows", "id\n" + idTwo + "\n" + idTwo + "\n", []CSVRow{{2, idTwo}, {3, idTwo}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadCSV(strings.NewReader(tt.text), "x.csv")
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestABrokenFileIsRefusedWithItsLine(t *testing.T) {
	tests := []struct{ name, text, says string }{
		{"empty", "", "x.csv line 1: the file is empty"},
		{"blank", "\n \n", "x.csv line 1: the file is empty"},
		{"no column", "name,city\nAnn,Paris\n", `x.csv line 1: no column is known in "name | city"`},
		{"no address", "mail\nann@contoso.com\nbob\n", `x.csv line 3: "bob" is neither an address nor an object id`},
		{"two addresses in one field", "mail\na@contoso.com; b@contoso.com\n", "x.csv line 2:"},
		{"a row too short", "name,mail\nann,ann@contoso.com\nbob\n", "x.csv line 3: the row has 1 fields, and field 2 should name the recipient"},
		{"an empty field", "name,mail\nann,\n", "x.csv line 2: field 2, which should name the recipient, is empty"},
		{"a quote that is never closed", "mail\nann@contoso.com\n\"bob@contoso.com\ncy@contoso.com\n", "x.csv line 3: a quote is opened and never closed"},
		{"a quote inside", "mail\nann\"@contoso.com\n", "x.csv line 2: a quote stands inside"},
		{"broken below a cut line", "sep=,\nmail\nbob\n", "x.csv line 3:"},
		{"another encoding", "mail\nj\xfcrgen@contoso.com\n", "x.csv line 2: the text is neither UTF-8 nor UTF-16"},
		{"cut in the middle of a character", utf16Bytes(binary.LittleEndian, true, "mail\na@b.c\n") + "x", "x.csv line 3: the file ends in the middle"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := ReadCSV(strings.NewReader(tt.text), "x.csv")
			e := model.AsError(err)
			require.NotNil(t, e)
			assert.Equal(t, model.KindUsage, e.Kind)
			assert.Contains(t, e.Message, tt.says)
			assert.NotEmpty(t, e.Remedy)
			assert.Nil(t, rows)
		})
	}
}

func TestALongFileNamesItsOneBrokenLineAndElseLosesNothing(t *testing.T) {
	lines := []string{"name;mail"}
	for i := 2; i <= 10_000; i++ {
		lines = append(lines, fmt.Sprintf("User %d;user%d@contoso.com", i, i))
	}
	rows, err := ReadCSV(strings.NewReader(strings.Join(lines, "\n")), "hr.csv")
	require.NoError(t, err)
	require.Len(t, rows, 9_999)
	for i, row := range rows {
		require.Equal(t, CSVRow{Line: i + 2, Value: fmt.Sprintf("user%d@contoso.com", i+2)}, row)
	}

	for _, broken := range []string{"User;nowhere", `User;"never closed`, `User;a"b@contoso.com`, "User"} {
		spoilt := append([]string{}, lines...)
		spoilt[6_999] = broken
		_, err = ReadCSV(strings.NewReader(strings.Join(spoilt, "\n")), "hr.csv")
		require.ErrorContains(t, err, "hr.csv line 7000: ", broken)
	}
}

// Whatever the file holds: no panic; rows in order, each a recipient that
// stands in the file, or one error that names a line of it.
func FuzzReadCSV(f *testing.F) {
	for _, seed := range []string{
		"mail\nann@contoso.com\n", "sep=;\nid;mail\n;a@b\n", "\xEF\xBB\xBFversion:v1.0\r\nmail\r\na@b\r\n",
		utf16Bytes(binary.LittleEndian, true, "mail\na@b\n"), "mail,x\n\"a@b\",\"q\nq\"\nc@d,\n", "a@b\rc@d\r", "\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := ReadCSV(strings.NewReader(string(data)), "f.csv")
		if err != nil {
			e := model.AsError(err)
			var line int
			_, scanErr := fmt.Sscanf(e.Message, "f.csv line %d:", &line)
			require.NoError(t, scanErr, e.Message)
			require.Equal(t, model.KindUsage, e.Kind)
			require.GreaterOrEqual(t, line, 1)
			require.LessOrEqual(t, line, 2+len(data))
			require.Empty(t, rows)
			return
		}
		last := 0
		for _, row := range rows {
			require.Greater(t, row.Line, last)
			require.True(t, isRecipient(row.Value), "%q", row.Value)
			last = row.Line
		}
	})
}
