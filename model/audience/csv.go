package audience

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"

	"rollcall/model"
)

// CSVRow is one recipient of a file.
type CSVRow struct {
	Line  int    // where the row begins, counted from 1
	Value string // address, user principal name or object id
}

// csvColumns are the headings that name a recipient, the surest first: an
// object id cannot change its meaning, a user principal name may be no mail
// address. Letter case, blanks, hyphens and underscores do not count.
var csvColumns = [...]string{
	"memberobjectidorupn", "id", "objectid", "userobjectid", "userprincipalname", "upn",
	"mail", "email", "emailaddress", "mailaddress", "primarysmtpaddress", "address",
}

// ReadCSV reads recipients out of a file that a person or another system has
// written. It takes UTF-8 and UTF-16, with a byte order mark or not, and
// comma, semicolon or tab between fields. The columns are found by their
// headings ("mail", "userPrincipalName", "id", the heading of the Entra
// portal's bulk templates, …) or, in a file without headings, by what the
// first row holds. Where several columns name a recipient, each row gives the
// first of them that is an object id or an address, so that an "id" column of
// personnel numbers does no harm. Rows without any content are left out.
//
// A file is read in full or not at all: a row that cannot be read is a
// KindUsage error that names the file, the line and what is wrong there.
func ReadCSV(r io.Reader, name string) ([]CSVRow, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, &model.Error{Kind: model.KindUsage, Code: "fileUnreadable", Message: fmt.Sprintf("%s cannot be read: %v", name, err), Err: err}
	}
	text, line, err := DecodeText(data)
	if err != nil {
		return nil, csvError(name, line, err.Error())
	}
	separator, skipped, text := csvPreamble(text)
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma = separator
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true

	f := csvFile{name: name}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return f.done()
		}
		if err != nil {
			return nil, csvSyntax(name, skipped, err)
		}
		line, _ := reader.FieldPos(0)
		if err := f.take(record, line+skipped); err != nil {
			return nil, err
		}
	}
}

// csvFile is a file while it is read.
type csvFile struct {
	name    string
	columns []int // that can name the recipient, the surest first; nil until the first row has shown them
	rows    []CSVRow
}

func (f *csvFile) take(record []string, line int) error {
	if !slices.ContainsFunc(record, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return nil
	}
	if f.columns == nil {
		if f.columns = headingColumns(record); f.columns != nil {
			return nil
		}
		only := slices.IndexFunc(record, isRecipient)
		if only < 0 {
			e := csvError(f.name, line, fmt.Sprintf("no column is known in %q, and no field is an address or object id", clip(strings.Join(record, " | "))))
			e.Remedy = "name the column mail, userPrincipalName or id"
			return e
		}
		f.columns = []int{only}
	}
	var wrong string
	for _, c := range f.columns {
		if c >= len(record) {
			continue
		}
		value := strings.TrimSpace(record[c])
		if isRecipient(value) {
			f.rows = append(f.rows, CSVRow{Line: line, Value: value})
			return nil
		}
		wrong = cmp.Or(wrong, value)
	}
	switch {
	case wrong != "":
		return csvError(f.name, line, fmt.Sprintf("%q is neither an address nor an object id", clip(wrong)))
	case f.columns[0] >= len(record):
		return csvError(f.name, line, fmt.Sprintf("the row has %d fields, and field %d should name the recipient", len(record), f.columns[0]+1))
	default:
		return csvError(f.name, line, fmt.Sprintf("field %d, which should name the recipient, is empty", f.columns[0]+1))
	}
}

func (f *csvFile) done() ([]CSVRow, error) {
	if f.columns == nil {
		return nil, csvError(f.name, 1, "the file is empty")
	}
	return f.rows, nil
}

// headingColumns returns the columns that can name a recipient, in the order
// of csvColumns; nil when the record holds no known heading.
func headingColumns(record []string) []int {
	var columns []int
	for _, known := range csvColumns {
		for i, heading := range record {
			if headingName(heading) == known {
				columns = append(columns, i)
			}
		}
	}
	return columns
}

// headingName reduces a heading to what is compared. The portal's templates
// write "Member object ID or user principal name [memberObjectIdOrUpn]
// Required": there the name in brackets counts.
func headingName(heading string) string {
	if _, rest, ok := strings.Cut(heading, "["); ok {
		if inner, _, ok := strings.Cut(rest, "]"); ok {
			heading = inner
		}
	}
	return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(strings.TrimSpace(heading)))
}

// isRecipient reports whether a field can name a recipient: an object id, or
// text around one "@" without blanks.
func isRecipient(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) == 36 && uuid.Validate(s) == nil {
		return true
	}
	at := strings.IndexByte(s, '@')
	return at > 0 && at < len(s)-1 && strings.Count(s, "@") == 1 && !strings.ContainsAny(s, " \t\r\n,;<>")
}

// csvPreamble finds the separator and cuts off lines that spreadsheets and the
// portal put before the headings: "sep=;" and "version:v1.0". It returns how
// many lines it cut.
func csvPreamble(text string) (separator rune, skipped int, rest string) {
	for {
		line, after, more := strings.Cut(text, "\n")
		line = strings.TrimRight(line, "\r")
		lower := strings.ToLower(line)
		switch {
		case strings.HasPrefix(lower, "sep=") && len(line) == len("sep=")+1 && strings.ContainsAny(line[4:], ",;\t"):
			return rune(line[4]), skipped + 1, after
		case strings.HasPrefix(lower, "version:v"), strings.Trim(line, " \t,;") == "" && more:
			skipped++
			text = after
		default:
			return likelySeparator(line), skipped, text
		}
	}
}

// likelySeparator returns the separator that a line holds most of, outside of
// quotes; a comma when it holds none.
func likelySeparator(line string) rune {
	var counts [128]int
	quoted := false
	for _, r := range line {
		if r == '"' {
			quoted = !quoted
		} else if !quoted && r < 128 {
			counts[r]++
		}
	}
	best := ','
	for _, r := range []rune{';', '\t'} {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}

func csvSyntax(name string, skipped int, err error) error {
	var syntax *csv.ParseError
	if !errors.As(err, &syntax) {
		return csvError(name, skipped+1, err.Error())
	}
	line, what := syntax.Line, syntax.Err.Error()
	if errors.Is(err, csv.ErrQuote) {
		line, what = syntax.StartLine, "a quote is opened and never closed, or text follows a closing quote"
	}
	if errors.Is(err, csv.ErrBareQuote) {
		what = `a quote stands inside a field that does not begin with one`
	}
	return csvError(name, line+skipped, what)
}

func csvError(name string, line int, what string) *model.Error {
	return &model.Error{
		Kind: model.KindUsage, Code: "csvInvalid",
		Message: fmt.Sprintf("%s line %d: %s", name, line, what),
		Remedy:  "correct the line and run the command again; nothing was read from the file",
	}
}

// clip shortens foreign text for a message.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
