package roster

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/handover"

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

// named is how a row names somebody.
type named struct {
	Line  int
	Value string
}

// names reads a file for how its rows name somebody.
func names(text, name string) ([]named, error) {
	file, err := Read(strings.NewReader(text), name, Options{})
	if err != nil {
		return nil, err
	}
	var out []named
	for i := range file.Rows {
		out = append(out, named{file.Rows[i].Line, file.Rows[i].Value()})
	}
	return out, nil
}

func TestFilesOfManyMakesAreRead(t *testing.T) {
	plain := "Name,Mail\nAnn,ann@contoso.com\nJürgen,j@contoso.com\n"
	both := []named{{2, "ann@contoso.com"}, {3, "j@contoso.com"}}
	tests := []struct {
		name, text string
		want       []named
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
		{"the spreadsheet's separator line", "sep=;\nName;Mail\nAnn, A.;ann@contoso.com\n", []named{{3, "ann@contoso.com"}}},
		{"the portal's template", "Member object ID or user principal name [memberObjectIdOrUpn] Required\nalain@contoso.com\n" + idOne + "\n", []named{{2, "alain@contoso.com"}, {3, idOne}}},
		{"the portal's older template", "version:v1.0\nMember object ID or user principal name [memberObjectIdOrUpn] Required\nalain@contoso.com\n", []named{{3, "alain@contoso.com"}}},
		{"no headings", "Ann,ann@contoso.com\nBob,bob@contoso.com\n", []named{{1, "ann@contoso.com"}, {2, "bob@contoso.com"}}},
		{"one address a line", "ann@contoso.com\nbob@contoso.com", []named{{1, "ann@contoso.com"}, {2, "bob@contoso.com"}}},
		{"a quoted newline moves the lines after it", "mail,note\nann@contoso.com,\"two\nlines\"\nbob@contoso.com,x\n", []named{{2, "ann@contoso.com"}, {4, "bob@contoso.com"}}},
		{"quoted separators in the heading", "\"a,b,c,d\";E-Mail\nx;ann@contoso.com\n", []named{{2, "ann@contoso.com"}}},
		{"blank and empty rows", "\n\nmail,name\n\n,\nann@contoso.com,Ann\n , \n", []named{{6, "ann@contoso.com"}}},
		{"an object id before an address", "mail,id\nann@contoso.com," + idOne + "\nbob@contoso.com,\n", []named{{2, idOne}, {3, "bob@contoso.com"}}},
		{"a personnel number named id", "ID;Name;E-Mail Address\n4711;Ann;ann@contoso.com\n", []named{{2, "ann@contoso.com"}}},
		{"a guest's user principal name", "User principal name\neve_fabrikam.com#EXT#@contoso.onmicrosoft.com\n", []named{{2, "eve_fabrikam.com#EXT#@contoso.onmicrosoft.com"}}},
		{"an apostrophe and another script", "mail\no'brien@contoso.com\nиван@пример.рф\n", []named{{2, "o'brien@contoso.com"}, {3, "иван@пример.рф"}}},
		{"hostile names", "name,mail\n\uFEFF\u202e=cmd()\x1b[2J,ann@contoso.com\n", []named{{2, "ann@contoso.com"}}},
		{"headings and nothing else", "mail\n", nil},
		{"repeated rows", "id\n" + idTwo + "\n" + idTwo + "\n", []named{{2, idTwo}, {3, idTwo}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := names(tt.text, "x.csv")
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

// What is exported is disarmed for spreadsheets; a file that comes back names
// the same people.
func TestWhatAnExportDisarmedIsReadAsItWas(t *testing.T) {
	for _, want := range []Row{
		{Line: 2, Address: "+ann@contoso.com", Name: "=Ann", Mobile: "+49 170 1234567", EmployeeID: "-7"},
		{Line: 2, Address: "-ann@contoso.com", Name: "@Ann", Mobile: "0170 1234567", EmployeeID: "007"},
		{Line: 2, Address: "'ann@contoso.com", Name: "'t Hooft", Mobile: "(0170) 1234567", EmployeeID: "7"},
	} {
		cells := []string{want.Address, want.Name, want.Mobile, want.EmployeeID}
		for i := range cells {
			cells[i] = handover.Cell(cells[i])
		}
		file, err := Read(strings.NewReader("mail,name,mobile,employeeId\n"+strings.Join(cells, ",")+"\n"), "x.csv", Options{})
		require.NoError(t, err)
		assert.Equal(t, []Row{want}, file.Rows)
	}
	file, err := Read(strings.NewReader("mobile,employeeId\n'0170 1234567,'007\n"), "x.csv", Options{})
	require.NoError(t, err)
	assert.Equal(t, []Row{{Line: 2, Mobile: "0170 1234567", EmployeeID: "007"}}, file.Rows, "as spreadsheets keep digits")
}

func TestABrokenFileIsRefusedWithItsLine(t *testing.T) {
	tests := []struct{ name, text, says string }{
		{"empty", "", "x.csv line 1: the file is empty"},
		{"blank", "\n \n", "x.csv line 1: the file is empty"},
		{"no column", "name,city\nAnn,Paris\n", `x.csv line 1: no column is known in "name | city"`},
		{"no address", "mail\nann@contoso.com\nbob\n", `x.csv line 3: "bob" is neither an address nor an object id`},
		{"two addresses in one field", "mail\na@contoso.com; b@contoso.com\n", "x.csv line 2:"},
		{"a row too short", "name,mail\nann,ann@contoso.com\nbob\n", "x.csv line 3: the row has 1 fields, and field 2 should name the recipient"},
		{"a quote that is never closed", "mail\nann@contoso.com\n\"bob@contoso.com\ncy@contoso.com\n", "x.csv line 3: a quote is opened and never closed"},
		{"a quote inside", "mail\nann\"@contoso.com\n", "x.csv line 2: a quote stands inside"},
		{"broken below a cut line", "sep=,\nmail\nbob\n", "x.csv line 3:"},
		{"another encoding", "mail\nann@contoso.com\nj\x81rgen@contoso.com\n", "x.csv line 3: the text is neither UTF-8, UTF-16 nor Windows-1252"},
		{"UTF-8 that is cut", "mail,name\nann@contoso.com,J\xc3\xbcrgen\nbob@contoso.com,B\xc3", "x.csv line 3: the line is not UTF-8"},
		{"two encodings", "mail,name\nann@contoso.com,J\xc3\xbcrgen\nbob@contoso.com,J\xfcrgen\n", "x.csv line 3: the line is not UTF-8"},
		{"a mark that lies", "\xEF\xBB\xBFmail\nj\xfcrgen@contoso.com\n", "x.csv line 2: the line is not UTF-8"},
		{"a NUL", "mail\nann@contoso.com\nb\x00b@contoso.com\n", "x.csv line 3: a NUL character"},
		{"nothing but NULs", strings.Repeat("\x00", 1000), "x.csv line 1: a NUL character"},
		{"two files joined, each with its mark", "mail\nann@contoso.com\n\xEF\xBB\xBFmail\nbob@contoso.com\n", `x.csv line 3: "\ufeffmail" is neither an address`},
		{"a control character in an address", "mail\nann\x1b[2J@contoso.com\n", "x.csv line 2:"},
		{"a right-to-left override in an address", "mail\nann\u202e@contoso.com\n", "x.csv line 2:"},
		{"a formula for an address", "mail\n=HYPERLINK(\"\"x\"\")\n", "x.csv line 2:"},
		{"a delimiter inside a field", "name,mail,city\nVance, Adele,adele@contoso.com,Oslo\n", "x.csv line 2: the row has 4 fields under 3 headings"},
		{"the same heading twice", "mail,mail\na@contoso.com,b@contoso.com\n", `x.csv line 1: 2 columns can be the address: 1 "mail", 2 "mail"`},
		{"two columns of addresses without a heading", "a@contoso.com,b@contoso.com\n", "x.csv line 1: 2 columns can be the address: 1, 2"},
		{"a row that is no heading", "bob\nann@contoso.com\n", `x.csv line 1: "bob" is neither an address nor an object id`},
		{"a million columns", "mail" + strings.Repeat(",", 1_000_000) + "\n", "x.csv line 1: the row has more than 16384 fields"},
		{"a wide row below a quoted line end", "mail,\"a\nb\"\n\"x\ny\"" + strings.Repeat(",", 20_000) + "\n", "x.csv line 3: the row has more than 16384 fields"},
		{"cut in the middle of a character", utf16Bytes(binary.LittleEndian, true, "mail\na@b.c\n") + "x", "x.csv line 3: the file ends in the middle"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := names(tt.text, "x.csv")
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
	rows, err := names(strings.Join(lines, "\n"), "hr.csv")
	require.NoError(t, err)
	require.Len(t, rows, 9_999)
	for i, row := range rows {
		require.Equal(t, named{Line: i + 2, Value: fmt.Sprintf("user%d@contoso.com", i+2)}, row)
	}

	for _, broken := range []string{"User;nowhere", `User;"never closed`, `User;a"b@contoso.com`, "User"} {
		spoilt := append([]string{}, lines...)
		spoilt[6_999] = broken
		_, err = names(strings.Join(spoilt, "\n"), "hr.csv")
		require.ErrorContains(t, err, "hr.csv line 7000: ", broken)
	}
}

// Whatever the file holds: no panic; rows in order, each of which names
// somebody by what stands in the file, or one error that names a line of it.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"mail\nann@contoso.com\n", "sep=;\nid;mail\n;a@b\n", "\xEF\xBB\xBFversion:v1.0\r\nmail\r\na@b\r\n",
		utf16Bytes(binary.LittleEndian, true, "mail\na@b\n"), "mail,x\n\"a@b\",\"q\nq\"\nc@d,\n", "a@b\rc@d\r", "\"",
		"PersNr;Name;Vorname\n4711;M\xfcller;J\xf6rg\n", "a@b|" + idOne + "\n", "Title\n\nID\tE-Mail\tHandy\n1\ta@b\t'+49 1\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(bytes.NewReader(data), "f.csv", Options{})
		if err != nil {
			e := model.AsError(err)
			var line int
			_, scanErr := fmt.Sscanf(e.Message, "f.csv line %d:", &line)
			require.NoError(t, scanErr, e.Message)
			require.Equal(t, model.KindUsage, e.Kind)
			require.GreaterOrEqual(t, line, 1)
			require.LessOrEqual(t, line, 2+len(data))
			require.Nil(t, file)
			return
		}
		require.NotEmpty(t, file.Format.Columns)
		last := file.Format.Header
		for _, row := range file.Rows {
			require.Greater(t, row.Line, last)
			require.True(t, row.Address == "" || IsAddress(row.Address), "%q", row.Address)
			require.True(t, row.UPN == "" || IsAddress(row.UPN), "%q", row.UPN)
			require.True(t, row.ObjectID == "" || isObjectID(row.ObjectID), "%q", row.ObjectID)
			last = row.Line
		}
	})
}
