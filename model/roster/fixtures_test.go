package roster

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The files of testdata/rosters have the shapes in which the systems write
// them, with people of the embedded tenant's making.
func TestTheFilesOfHRSystemsAreReadWithoutAFlag(t *testing.T) {
	adele := Row{EmployeeID: "00021", Address: "adele@contoso.com", Name: "Adele Vance"}
	joerg := Row{EmployeeID: "00034", Address: "joerg@contoso.com", Name: "Jörg Müller"}
	with := func(r Row, line int, change func(*Row)) Row {
		r.Line = line
		if change != nil {
			change(&r)
		}
		return r
	}
	mobile := func(number string) func(*Row) { return func(r *Row) { r.Mobile = number } }
	type format struct {
		encoding  Encoding
		delimiter string
		header    int
	}
	tests := map[string]struct {
		format  format
		columns string
		rows    []Row
		ignored []string
		notes   int
	}{
		"workday.csv": {
			format{EncodingUTF8, "comma", 4},
			"address=5 employeeId=1 mobile=6 givenName=3 familyName=4",
			[]Row{with(adele, 5, mobile("+1 425 555 0100")), with(joerg, 6, nil)},
			[]string{"Worker", "Supervisory Organization", "Manager Email"},
			1,
		},
		"successfactors.csv": {
			format{EncodingUTF8, "comma", 1},
			"address=8 employeeId=17 mobile=18 givenName=4 familyName=5",
			[]Row{with(adele, 3, mobile("+47 900 00 001")), with(joerg, 4, nil)},
			nil, 1,
		},
		"bamboohr.csv": {
			format{EncodingUTF8, "comma", 1},
			"address=4 employeeId=1 mobile=6 name=2",
			[]Row{
				{Line: 2, EmployeeID: "21", Address: "adele@contoso.com", Name: "Vance, Adele", Mobile: "+1 425 555 0100"},
				{Line: 3, EmployeeID: "34", Address: "joerg@contoso.com", Name: "Müller, Jörg"},
			},
			[]string{"Job Title", "Home Email", "Home Phone"},
			0,
		},
		"personio.csv": {
			format{EncodingUTF8, "semicolon", 1},
			"address=4 employeeId=5 mobile=7 givenName=2 familyName=3",
			[]Row{with(adele, 2, mobile("0151 5550100")), with(joerg, 3, nil)},
			[]string{"ID", "Status", "Vorgesetzter", "E-Mail des Vorgesetzten"},
			0,
		},
		"german-windows.csv": {
			format{EncodingWindows1252, "semicolon", 1},
			"address=4 employeeId=1 mobile=5 givenName=3 familyName=2",
			[]Row{with(adele, 2, mobile("0151 5550100")), with(joerg, 3, nil)},
			[]string{"Straße"},
			0,
		},
		"french.csv": {
			format{EncodingWindows1252, "semicolon", 2},
			"address=4 employeeId=1 mobile=5 givenName=3 familyName=2",
			[]Row{with(adele, 3, func(r *Row) { r.Name, r.Mobile = "Adèle Vance", "06 55 50 10 00" }), with(joerg, 4, nil)},
			[]string{"Adresse"},
			0,
		},
		"spanish.txt": {
			format{EncodingUTF16LE, "tab", 1},
			"address=4 employeeId=1 mobile=5 givenName=2 familyName=3",
			[]Row{with(adele, 2, func(r *Row) { r.Name, r.Mobile = "Adele Vance Ibáñez", "+34 600 000 001" }), with(joerg, 3, nil)},
			nil, 0,
		},
		"sap.txt": {
			format{EncodingUTF16BE, "pipe", 1},
			"address=4 employeeId=1 givenName=2 familyName=3",
			[]Row{
				{Line: 2, EmployeeID: "00000021", Address: "ADELE@CONTOSO.COM", Name: "Adele Vance"},
				{Line: 3, EmployeeID: "00000034", Address: "JOERG@CONTOSO.COM", Name: "Jörg Müller"},
			},
			nil, 0,
		},
		"entra-users.csv": {
			format{EncodingUTF8, "comma", 1},
			"objectId=6 userPrincipalName=1 address=4 mobile=12 name=2 givenName=5 familyName=3",
			[]Row{
				{Line: 2, ObjectID: idOne, UPN: "adele@contoso.com", Address: "adele@contoso.com", Mobile: "+47 900 00 001", Name: "Adele Vance"},
				{Line: 3, ObjectID: idTwo, UPN: "eve_fabrikam.com#EXT#@contoso.onmicrosoft.com", Address: "eve@fabrikam.com", Name: "Eve"},
			},
			[]string{"userType", "jobTitle", "department", "accountEnabled", "usageLocation", "alternateEmailAddress"},
			0,
		},
		"entra-bulk.csv": {
			format{EncodingUTF8, "comma", 2},
			"objectId=1",
			[]Row{{Line: 4, UPN: "adele@contoso.com"}, {Line: 5, ObjectID: idTwo}},
			nil, 1,
		},
		"exchange.csv": {
			format{EncodingUTF16LE, "comma", 2},
			"objectId=5 address=2 name=1",
			[]Row{
				{Line: 3, ObjectID: idOne, Address: "adele@contoso.com", Name: "Adele Vance"},
				{Line: 4, ObjectID: idTwo, Address: "joerg@contoso.com", Name: "Müller, Jörg"},
			},
			[]string{"WindowsEmailAddress", "Guid", "RecipientTypeDetails"},
			0,
		},
		"headless.csv": {
			format{EncodingUTF16LE, "semicolon", 0},
			"address=2 mobile=3 name=1",
			[]Row{
				{Line: 1, Address: "adele@contoso.com", Name: "Adele Vance", Mobile: "+47 900 00 001"},
				{Line: 2, Address: "joerg@contoso.com", Name: "Jörg Müller"},
			},
			nil, 0,
		},
	}
	folder := filepath.Join("..", "..", "testdata", "rosters")
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, entries, len(tests), "every file is tested")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file, err := os.Open(filepath.Join(folder, name))
			require.NoError(t, err)
			defer file.Close()
			got, err := Read(file, name, Options{})
			require.NoError(t, err)
			assert.Equal(t, tt.format, format{got.Format.Encoding, got.Format.Delimiter, got.Format.Header})
			assert.Equal(t, tt.columns, mapped(&got.Format))
			assert.Equal(t, tt.rows, got.Rows)
			if tt.ignored != nil {
				assert.Equal(t, tt.ignored, got.Format.Ignored)
			}
			assert.Len(t, got.Format.Notes, tt.notes, "%q", got.Format.Notes)
			assert.Len(t, got.Format.Sample, len(tt.rows))
		})
	}
}
