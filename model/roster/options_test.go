package roster

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"

	"rollcall/model"
)

// mapped is a format's columns with their numbers.
func mapped(f *Format) string {
	var out []string
	for _, m := range f.Columns {
		out = append(out, fmt.Sprintf("%s=%d", m.Column, m.Number))
	}
	return strings.Join(out, " ")
}

func TestOptionsOverruleWhatIsRecognised(t *testing.T) {
	text := "PersNr,E-Mail,E-Mail privat,Chef\n1,a@contoso.com,b@example.org,c@contoso.com\n"
	tests := map[string]struct {
		text    string
		o       Options
		columns string
		first   Row
	}{
		"nothing": {text, Options{}, "address=2 employeeId=1", Row{Line: 2, Address: "a@contoso.com", EmployeeID: "1"}},
		"a heading": {
			text,
			Options{Columns: map[Column]string{ColumnAddress: "e-mail PRIVAT"}},
			"address=3 employeeId=1",
			Row{Line: 2, Address: "b@example.org", EmployeeID: "1"},
		},
		"a number":   {text, Options{Columns: map[Column]string{ColumnAddress: "4"}}, "address=4 employeeId=1", Row{Line: 2, Address: "c@contoso.com", EmployeeID: "1"}},
		"no column":  {text, Options{Columns: map[Column]string{ColumnAddress: ""}}, "employeeId=1", Row{Line: 2, EmployeeID: "1"}},
		"no heading": {"a@b\nc@d\n", Options{Header: HeaderNo}, "address=1", Row{Line: 1, Address: "a@b"}},
		"headings that look like none": {
			"x@y\nc@d\n", Options{Header: HeaderYes, Columns: map[Column]string{ColumnAddress: "x@y"}}, "address=1", Row{Line: 2, Address: "c@d"},
		},
		"a delimiter": {"mail,x;name\na@b;Ann\n", Options{Delimiter: ';', Columns: map[Column]string{ColumnAddress: "1"}}, "address=1 name=2", Row{Line: 2, Address: "a@b", Name: "Ann"}},
		"an encoding": {"mail,name\na@b,J\xc3\xbcrgen\n", Options{Encoding: EncodingWindows1252}, "address=1 name=2", Row{Line: 2, Address: "a@b", Name: "JÃ¼rgen"}},
		"UTF-16 of the order that the file has": {
			utf16Bytes(binary.BigEndian, false, "mail\na@b\n"), Options{Encoding: encodingUTF16}, "address=1", Row{Line: 2, Address: "a@b"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file, err := Read(strings.NewReader(tt.text), "x.csv", tt.o)
			require.NoError(t, err)
			assert.Equal(t, tt.columns, mapped(&file.Format))
			require.NotEmpty(t, file.Rows)
			assert.Equal(t, tt.first, file.Rows[0])
		})
	}
}

func TestColumnsAreRecognisedByWhatStandsInThem(t *testing.T) {
	guid := func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
	for name, tt := range map[string]struct{ text, columns string }{
		"object ids":                                {guid(1) + ",x\n" + guid(2) + ",y\n", "objectId=1 name=2"},
		"addresses under unknown headings":          {"wer,wo\nAnn,a@b\nBob,c@d\nCy,e@f\n", "address=2"},
		"placeholders do not count":                 {"a@b,x\n-,y\nn/a,z\n", "address=1 name=2"},
		"a user name that is one":                   {"Username,x\nann@contoso.com,1\n", "userPrincipalName=1"},
		"a user name that is none":                  {"Username,mail\nann,a@b\n", "address=2"},
		"an id of numbers beside an address":        {"ID,mail\n1,a@b\n", "address=2"},
		"an id of numbers alone":                    {"ID,Name\n1,Ann\n2,Bob\n", "employeeId=1 name=2"},
		"an id of object ids":                       {"ID,Name\n" + guid(1) + ",Ann\n", "objectId=1 name=2"},
		"the manager's address beside employee ids": {"PersNr,Vorgesetzter\n1,a@b\n2,a@b\n", "employeeId=1"},
		"an empty column of the same heading":       {"mail,mail\n,a@b\n,c@d\n", "address=2"},
		"an address where somebody lives":           {"Address,E-Mail\n1 Main Street,a@b\n", "address=2"},
		"a work address before a private one":       {"Email,Work Email\nx@y,a@b\n", "address=2"},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := Read(strings.NewReader(tt.text), "x.csv", Options{})
			require.NoError(t, err)
			assert.Equal(t, tt.columns, mapped(&file.Format))
		})
	}
}

func TestNoHeadingMeansTwoThings(t *testing.T) {
	owner := make(map[string]Column)
	for _, column := range Columns() {
		for _, spelling := range headings[column] {
			assert.Equal(t, spelling, headingKey(spelling), "it is written as it is compared")
			assert.Empty(t, owner[spelling], "%s is a heading of %s too", spelling, column)
			owner[spelling] = column
		}
	}
}

func TestAFileBeyondTheBoundIsRefused(t *testing.T) {
	_, err := Read(endless{}, "/dev/zero", Options{MaxBytes: 1 << 20})
	e := model.AsError(err)
	assert.Equal(t, model.KindUsage, e.Kind)
	assert.Equal(t, "/dev/zero is larger than 1 MiB", e.Message)
}

// endless is a file that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// written is a file of a make, and the rows that it was made of.
type written struct {
	data []byte
	rows []Row
}

// aFile writes rows with headings in any order, encoding and delimiter.
func aFile(t *rapid.T) written {
	encoding := rapid.SampledFrom([]string{"utf-8", "utf-8 bom", "utf-16le", "utf-16le bom", "utf-16be", "utf-16be bom", "windows-1252"}).Draw(t, "encoding")
	delimiter := rapid.SampledFrom(delimiters[:]).Draw(t, "delimiter")
	letters := "abc XYZ'-=+@\"\n,;|\täöüßéñ"
	if encoding != "windows-1252" {
		letters += "ŁĄжя中"
	}
	name := rapid.Custom(func(t *rapid.T) string {
		s := "N" + rapid.StringOfN(rapid.SampledFrom([]rune(letters)), 0, 12, -1).Draw(t, "name")
		return strings.TrimSpace(s)
	})
	columns := []Column{ColumnAddress}
	for _, c := range []Column{ColumnObjectID, ColumnUPN, ColumnEmployeeID, ColumnMobile, ColumnName} {
		if rapid.Bool().Draw(t, string(c)) {
			columns = append(columns, c)
		}
	}
	columns = append(columns, "noise")
	columns = rapid.Permutation(columns).Draw(t, "columns")
	records := [][]string{nil}
	for _, c := range columns {
		heading := "Abteilung"
		if c != "noise" {
			heading = rapid.SampledFrom(slices.DeleteFunc(slices.Clone(headings[c]), func(s string) bool { return doubtfulHeadings[s] != nil })).Draw(t, "heading")
		}
		records[0] = append(records[0], heading)
	}
	out := written{}
	line := 2
	for i := range rapid.IntRange(1, 30).Draw(t, "rows") {
		row := Row{Line: line, Address: fmt.Sprintf("user%03d@contoso.com", i)}
		var record []string
		for _, c := range columns {
			switch c {
			case ColumnAddress:
				record = append(record, row.Address)
			case ColumnObjectID:
				row.ObjectID = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
				record = append(record, row.ObjectID)
			case ColumnUPN:
				row.UPN = fmt.Sprintf("u%d@contoso.onmicrosoft.com", i)
				record = append(record, row.UPN)
			case ColumnEmployeeID:
				row.EmployeeID = rapid.StringMatching(`[0-9]{1,8}`).Draw(t, "employee")
				record = append(record, row.EmployeeID)
			case ColumnMobile:
				row.Mobile = rapid.SampledFrom([]string{"", "+49 151 5550100", "0151/5550100"}).Draw(t, "mobile")
				record = append(record, row.Mobile)
			case ColumnName:
				row.Name = name.Draw(t, "name")
				record = append(record, row.Name)
			default:
				record = append(record, name.Draw(t, "noise"))
			}
		}
		line += 1 + strings.Count(strings.Join(record, ""), "\n")
		records, out.rows = append(records, record), append(out.rows, row)
	}
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	w.Comma = delimiter
	w.UseCRLF = rapid.Bool().Draw(t, "CRLF") && !strings.Contains(fmt.Sprint(records), "\n")
	require.NoError(t, w.WriteAll(records))
	switch encoding {
	case "utf-8":
		out.data = text.Bytes()
	case "utf-8 bom":
		out.data = append(slices.Clone(markUTF8), text.Bytes()...)
	case "windows-1252":
		encoded, err := charmap.Windows1252.NewEncoder().Bytes(text.Bytes())
		require.NoError(t, err)
		out.data = encoded
	default:
		var order binary.AppendByteOrder = binary.LittleEndian
		if strings.HasPrefix(encoding, "utf-16be") {
			order = binary.BigEndian
		}
		out.data = []byte(utf16Bytes(order, strings.HasSuffix(encoding, "bom"), text.String()))
	}
	return out
}

func TestAFileOfAnyMakeReadsBackToItsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := aFile(t)
		file, err := Read(bytes.NewReader(want.data), "x.csv", Options{})
		require.NoError(t, err)
		require.Equal(t, want.rows, file.Rows)
	})
}

// However a row is broken, the whole file is refused with the line, and by
// nothing else.
func TestOneBrokenRowOfAnyFileIsNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := aFile(t)
		n := rapid.IntRange(0, len(want.rows)-1).Draw(t, "broken")
		// An address of the same length that is none.
		broken := want.rows[n].Address
		wrong := strings.ReplaceAll(broken, "@", " ")
		replace := func(encode func(string) string) []byte {
			return bytes.ReplaceAll(want.data, []byte(encode(broken)), []byte(encode(wrong)))
		}
		data := replace(func(s string) string { return s })
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			if bytes.Equal(data, want.data) {
				data = replace(func(s string) string { return utf16Bytes(order, false, s) })
			}
		}
		require.NotEqual(t, want.data, data)
		_, err := Read(bytes.NewReader(data), "x.csv", Options{})
		e := model.AsError(err)
		require.NotNil(t, e)
		if len(want.rows) > 1 || e.Code == CodeInvalid {
			require.Contains(t, e.Message, fmt.Sprintf("x.csv line %d: ", want.rows[n].Line))
		}
	})
}

func TestEveryColumnIsParsedByItsNameAndItsHeadings(t *testing.T) {
	for _, c := range Columns() {
		got, err := ParseColumn(strings.ToUpper(string(c)))
		require.NoError(t, err)
		assert.Equal(t, c, got)
	}
	for name, want := range map[string]Column{"email": ColumnAddress, "UPN": ColumnUPN, "PersNr": ColumnEmployeeID, "id": ColumnObjectID, "Handy": ColumnMobile} {
		got, err := ParseColumn(name)
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
	_, err := ParseColumn("shoe size")
	assert.ErrorContains(t, err, "employeeId")
	for name, want := range map[string]Encoding{"": EncodingAuto, "UTF-8": EncodingUTF8, "utf16": encodingUTF16, "UTF-16LE": EncodingUTF16LE, "cp1252": EncodingWindows1252} {
		got, err := ParseEncoding(name)
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
}
