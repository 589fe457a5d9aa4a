package roster

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"rollcall/model"
)

// Read reads a file. Every error is a KindUsage *model.Error: of code
// "fileUnreadable" where the bytes cannot be had or are too many, and else of
// CodeInvalid, with the name, the line, what is wrong there and what to do.
func Read(r io.Reader, name string, o Options) (*File, error) {
	data, err := readAll(r, name, o.MaxBytes)
	if err != nil {
		return nil, err
	}
	text, encoding, marked, line, err := decode(data, o.Encoding)
	if err != nil {
		return nil, invalid(name, line, err.Error())
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return nil, invalid(name, 1+strings.Count(text[:at], "\n"), "a NUL character stands in it: the file is no text, or of another encoding")
	}
	reading := &reading{name: name, options: o, format: Format{Encoding: encoding, Marked: marked, Ignored: []string{}, Notes: []string{}}}
	if err := reading.read(text); err != nil {
		return nil, err
	}
	return &File{Name: name, Format: reading.format, Rows: reading.rows}, nil
}

func readAll(r io.Reader, name string, most int) ([]byte, error) {
	if most <= 0 {
		most = maxBytes
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	e := &model.Error{Kind: model.KindUsage, Code: "fileUnreadable", Err: err}
	switch {
	case err != nil:
		e.Message = fmt.Sprintf("%s cannot be read: %v", name, err)
		return nil, e
	case len(data) > most:
		e.Message = fmt.Sprintf("%s is larger than %d MiB", name, most>>20)
		e.Remedy = "name a file with the columns that are needed alone, or divide it"
		return nil, e
	}
	return data, nil
}

// record is a row before its columns are known.
type record struct {
	line   int
	fields []string
}

func (r *record) blank() bool {
	return !slices.ContainsFunc(r.fields, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// keys counts the fields that are an address or an object id.
func (r *record) keys() int {
	n := 0
	for _, f := range r.fields {
		if f = strings.TrimSpace(f); IsAddress(f) || isObjectID(f) {
			n++
		}
	}
	return n
}

// headings counts the fields that may be headings.
func (r *record) headings() int {
	n := 0
	for _, f := range r.fields {
		if isKnown(f) {
			n++
		}
	}
	return n
}

// reading is a file while it is read.
type reading struct {
	name    string
	options Options
	format  Format

	headings []string // nil: there are none
	column   map[Column]int
	rows     []Row
}

// lookedAt is how many rows are looked at to find the headings and columns.
const lookedAt = 1000

func (f *reading) read(text string) error {
	separator, skipped, text := preamble(text)
	if f.options.Delimiter != 0 {
		separator = f.options.Delimiter
	}
	if separator == 0 {
		separator = likelyDelimiter(text)
	}
	f.format.Delimiter = delimiterName(separator)
	if line, fields := tooWide(text, separator); line > 0 {
		return invalid(f.name, line+skipped, fmt.Sprintf("the row has more than %d fields, which no spreadsheet can hold", fields))
	}
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma = separator
	reader.FieldsPerRecord = -1

	next := func() (record, error) {
		for {
			fields, err := reader.Read()
			if err != nil {
				if errors.Is(err, io.EOF) {
					return record{}, err
				}
				return record{}, syntaxError(f.name, skipped, err)
			}
			line, _ := reader.FieldPos(0)
			if r := (record{line: line + skipped, fields: fields}); !r.blank() {
				return r, nil
			}
		}
	}
	var first []record
	var end error
	for len(first) < lookedAt && end == nil {
		var r record
		if r, end = next(); end == nil {
			first = append(first, r)
		}
	}
	if end != nil && !errors.Is(end, io.EOF) {
		return end
	}
	if len(first) == 0 {
		return invalid(f.name, 1, "the file is empty")
	}
	first = f.takeHeadings(first)
	if err := f.assign(first); err != nil {
		return err
	}
	f.rows = make([]Row, 0, len(first))
	for _, r := range first {
		if err := f.take(r); err != nil {
			return err
		}
	}
	for end == nil {
		var r record
		if r, end = next(); end == nil {
			if err := f.take(r); err != nil {
				return err
			}
		}
	}
	if !errors.Is(end, io.EOF) {
		return end
	}
	return nil
}

// tooWide looks for a row of more fields than there may be before any of them
// takes memory: a file of nothing but delimiters would take many times its
// size. It returns the row's first line, 0 where there is none.
func tooWide(text string, separator rune) (line, fields int) {
	delimiters, quoted := 0, false
	first, at := 1, 1
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\n':
			if at++; !quoted {
				first, delimiters = at, 0
			}
		case rune(c) == separator && !quoted:
			if delimiters++; delimiters >= maxColumns {
				return first, maxColumns
			}
		}
	}
	return 0, 0
}

// take adds a row.
func (f *reading) take(r record) error {
	if extra := len(f.headings); f.headings != nil && len(r.fields) > extra {
		if rest := (record{fields: r.fields[extra:]}); !rest.blank() {
			return invalid(f.name, r.line, fmt.Sprintf("the row has %d fields under %d headings; a field that holds the delimiter (%s) needs quotes", len(r.fields), extra, f.format.Delimiter))
		}
	}
	field := func(c Column) string {
		if i, ok := f.column[c]; ok && i < len(r.fields) {
			if c == ColumnName || c == ColumnGivenName || c == ColumnFamilyName {
				return unescaped(strings.TrimSpace(r.fields[i])) // Na and Nan are names
			}
			return filled(r.fields[i])
		}
		return ""
	}
	row := Row{Line: r.line, EmployeeID: field(ColumnEmployeeID), Mobile: field(ColumnMobile), Name: field(ColumnName)}
	for _, c := range [...]Column{ColumnObjectID, ColumnUPN, ColumnAddress} {
		value := field(c)
		switch {
		case value == "":
		case isObjectID(value):
			if row.ObjectID == "" {
				row.ObjectID = value
			}
		case !IsAddress(value):
			return invalid(f.name, r.line, fmt.Sprintf("%q is neither an address nor an object id", clip(value)))
		case c == ColumnAddress:
			row.Address = value
		case row.UPN == "":
			row.UPN = value
		}
	}
	if row.Name == "" {
		row.Name = strings.TrimSpace(field(ColumnGivenName) + " " + field(ColumnFamilyName))
	}
	if row.empty() {
		for _, c := range Columns() {
			if i, ok := f.column[c]; ok && c.names() && i >= len(r.fields) {
				return invalid(f.name, r.line, fmt.Sprintf("the row has %d fields, and field %d should name the recipient", len(r.fields), i+1))
			}
		}
	}
	if len(f.format.Sample) < sampleRows {
		sample := make([]string, len(f.format.Columns))
		for i, m := range f.format.Columns {
			if m.Number <= len(r.fields) {
				sample[i] = r.fields[m.Number-1]
			}
		}
		f.format.Sample = append(f.format.Sample, sample)
	}
	if len(f.rows) == maxRows {
		return invalid(f.name, r.line, fmt.Sprintf("there are more than %d rows, more than anybody has users", maxRows))
	}
	f.rows = append(f.rows, row)
	return nil
}

func syntaxError(name string, skipped int, err error) error {
	var syntax *csv.ParseError
	if !errors.As(err, &syntax) {
		return invalid(name, skipped+1, err.Error())
	}
	line, what := syntax.Line, syntax.Err.Error()
	if errors.Is(err, csv.ErrQuote) {
		line, what = syntax.StartLine, "a quote is opened and never closed, or text follows a closing quote"
	}
	if errors.Is(err, csv.ErrBareQuote) {
		what = `a quote stands inside a field that does not begin with one`
	}
	return invalid(name, line+skipped, what)
}
