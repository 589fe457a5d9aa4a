// Package roster reads the files in which other systems, an HR system above
// all, name people: CSV of many makes. It recognises encoding, delimiter and
// headings, finds the columns that name a user, and says of each row which user
// of the directory it names, or why it names none.
//
// A file is read whole or not at all. The package opens no file itself.
package roster

import (
	"fmt"
	"strings"

	"rollcall/model"
)

// Column is what a column of a file can hold.
type Column string

// The columns. The first four name a user, the surest first: an object id
// cannot change its meaning, and an employee id may be that of another system.
const (
	ColumnObjectID   Column = "objectId"
	ColumnUPN        Column = "userPrincipalName"
	ColumnAddress    Column = "address"
	ColumnEmployeeID Column = "employeeId"
	ColumnMobile     Column = "mobile"
	ColumnName       Column = "name"
	ColumnGivenName  Column = "givenName"
	ColumnFamilyName Column = "familyName"
)

// Columns are all columns, in the order in which they are told.
func Columns() []Column {
	return []Column{ColumnObjectID, ColumnUPN, ColumnAddress, ColumnEmployeeID, ColumnMobile, ColumnName, ColumnGivenName, ColumnFamilyName}
}

// names reports whether the column names a user.
func (c Column) names() bool {
	return c == ColumnObjectID || c == ColumnUPN || c == ColumnAddress || c == ColumnEmployeeID
}

// ParseColumn reads the name of a column: its own, or any heading that is known
// to mean it ("email", "upn", "PersNr").
func ParseColumn(name string) (Column, error) {
	key := headingKey(name)
	for _, c := range Columns() {
		if headingKey(string(c)) == key {
			return c, nil
		}
	}
	if key == "id" {
		return ColumnObjectID, nil
	}
	if means := known[key]; len(means) == 1 {
		return means[0].column, nil
	}
	names := make([]string, 0, len(Columns()))
	for _, c := range Columns() {
		names = append(names, string(c))
	}
	return "", fmt.Errorf("there is no column %q; there are %s", clip(name), strings.Join(names, ", "))
}

// Header says whether a file begins with headings.
type Header uint8

// HeaderAuto has it recognised.
const (
	HeaderAuto Header = iota
	HeaderYes
	HeaderNo
)

// Options override what is recognised. The zero value recognises everything.
type Options struct {
	// Columns give a column by its heading, in any letter case, or by its number,
	// counted from 1; "" says that the file does not have the column.
	Columns   map[Column]string
	Delimiter rune // 0: recognised
	Encoding  Encoding
	Header    Header
	// Outside takes rows that name no user for people outside the tenant: see
	// MatchOptions. Reading does not look at it.
	Outside bool
	// MaxBytes bounds what is read; 0: 256 MiB, a million rows of 250 bytes.
	MaxBytes int
}

// The bounds of a file.
const (
	maxBytes   = 256 << 20
	maxColumns = 16_384    // those of a spreadsheet
	maxRows    = 2_000_000 // twice the users of the largest tenant
)

// ParseDelimiter reads a delimiter: the character, or its name; "" and "auto"
// have it recognised.
func ParseDelimiter(name string) (rune, error) {
	switch strings.ToLower(name) {
	case "", "auto":
		return 0, nil
	case ",", "comma":
		return ',', nil
	case ";", "semicolon":
		return ';', nil
	case "\t", `\t`, "tab":
		return '\t', nil
	case "|", "pipe":
		return '|', nil
	}
	return 0, fmt.Errorf("the delimiter is auto, comma, semicolon, tab or pipe, not %q", clip(name))
}

// delimiters are those that are recognised, the likeliest first.
var delimiters = [...]rune{',', ';', '\t', '|'}

func delimiterName(r rune) string {
	switch r {
	case ',':
		return "comma"
	case ';':
		return "semicolon"
	case '\t':
		return "tab"
	case '|':
		return "pipe"
	}
	return string(r)
}

// How says by what a column was found.
type How string

// A column is found by an option, by its heading, or by what stands in it.
const (
	ByOption  How = "option"
	ByHeading How = "heading"
	ByContent How = "content"
)

// Mapping is one column of a file that is read.
type Mapping struct {
	Column  Column `json:"column"`
	Number  int    `json:"number"` // counted from 1
	Heading string `json:"heading,omitempty"`
	By      How    `json:"by"`
}

// Format is what was recognised of a file.
type Format struct {
	Encoding  Encoding   `json:"encoding"`
	Marked    bool       `json:"byteOrderMark"`
	Delimiter string     `json:"delimiter"`  // "comma", "semicolon", "tab" or "pipe"
	Header    int        `json:"headerLine"` // line of the headings, counted from 1; 0: there are none
	Columns   []Mapping  `json:"columns"`
	Ignored   []string   `json:"ignored"` // headings of the columns that are not read
	Sample    [][]string `json:"sample"`  // the first rows, the fields of Columns
	Notes     []string   `json:"-"`       // what was left out, or taken for something
}

// sampleRows is how many rows Format.Sample holds.
const sampleRows = 3

// Row is one row of a file. What it does not say is "".
type Row struct {
	Line       int // where the row begins, counted from 1
	ObjectID   string
	UPN        string
	Address    string
	EmployeeID string
	Mobile     string
	Name       string
}

// Value is how the row names somebody, by the surest of its columns.
func (r *Row) Value() string {
	for _, v := range [...]string{r.ObjectID, r.UPN, r.Address, r.EmployeeID, r.Name} {
		if v != "" {
			return v
		}
	}
	return ""
}

// empty reports whether nothing in the row can name a user.
func (r *Row) empty() bool {
	return r.ObjectID == "" && r.UPN == "" && r.Address == "" && r.EmployeeID == ""
}

// mailAddress is the address under which a row reaches somebody.
func (r *Row) mailAddress() string {
	if r.Address != "" {
		return r.Address
	}
	return r.UPN
}

// File is a file that was read.
type File struct {
	Name   string
	Format Format
	Rows   []Row // in the order of the file; rows without any content are left out
}

// CodeInvalid is the code of the KindUsage error of a file that cannot be read.
const CodeInvalid = "csvInvalid"

func invalid(name string, line int, what string) *model.Error {
	return &model.Error{
		Kind: model.KindUsage, Code: CodeInvalid,
		Message: fmt.Sprintf("%s line %d: %s", name, line, what),
		Remedy:  "correct the line and run the command again; nothing was read from the file",
	}
}
