package roster

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

// preamble cuts off the lines that spreadsheets, the Entra admin center and
// PowerShell put before the headings: "sep=;", "version:v1.0" and "#TYPE …". It
// returns the delimiter where one is named, and how many lines it cut.
func preamble(text string) (delimiter rune, skipped int, rest string) {
	for {
		line, after, more := strings.Cut(text, "\n")
		line = strings.TrimRight(line, "\r")
		lower := strings.ToLower(line)
		switch {
		case strings.HasPrefix(lower, "sep=") && len(line) == len("sep=")+1 && strings.ContainsAny(line[4:], ",;\t|"):
			return rune(line[4]), skipped + 1, after
		case strings.HasPrefix(lower, "version:v"), strings.HasPrefix(lower, "#type "), strings.Trim(line, " \t,;|") == "" && more:
			skipped++
			text = after
		default:
			return 0, skipped, text
		}
	}
}

// The part of a file by which its delimiter is recognised.
const (
	delimiterBytes   = 64 << 10
	delimiterRecords = 25
)

// likelyDelimiter reads the first rows with each delimiter and returns the one
// that makes most sense of them: the most fields that are headings, addresses
// and object ids, then the most rows of as many fields as the first, then the
// most fields.
func likelyDelimiter(text string) rune {
	type score struct{ known, even, fields int }
	var best score
	chosen := delimiters[0]
	if len(text) > delimiterBytes {
		text = text[:delimiterBytes]
		text = text[:max(strings.LastIndexByte(text, '\n'), 0)]
	}
	for _, d := range delimiters {
		reader := csv.NewReader(strings.NewReader(text))
		reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = d, true, -1
		var s score
		for i := 0; i < delimiterRecords; i++ {
			fields, err := reader.Read()
			if err != nil {
				break
			}
			r := record{fields: fields}
			if i == 0 {
				s.fields = len(fields)
			}
			s.known += r.headings() + r.keys()
			if s.fields > 1 && len(fields) == s.fields {
				s.even++
			}
		}
		if c := cmp.Or(cmp.Compare(s.known, best.known), cmp.Compare(s.even, best.even), cmp.Compare(s.fields, best.fields)); c > 0 {
			best, chosen = s, d
		}
	}
	return chosen
}

// titleLines is how many lines above the headings are looked at: reports begin
// with their title and date.
const titleLines = 20

// takeHeadings finds the headings and returns the rows below them.
func (f *reading) takeHeadings(first []record) []record {
	if f.options.Header == HeaderNo {
		return first
	}
	at, most := -1, 0
	for i, r := range first[:min(len(first), titleLines)] {
		if r.keys() > 0 {
			break // a row that names somebody: what comes below is data
		}
		if n := r.headings(); n > most {
			at, most = i, n
		}
	}
	switch {
	case at < 0 && f.options.Header == HeaderYes:
		at = 0
	case at < 0 && looksHeaded(first):
		at = 0
		f.note("line %d is taken for headings: %s", first[0].line, clip(strings.Join(first[0].fields, " | ")))
	case at < 0:
		return first
	}
	if at > 0 {
		what := fmt.Sprintf("line %d, above the headings, is", first[0].line)
		if last := first[at].line - 1; last > first[0].line {
			what = fmt.Sprintf("lines %d to %d, above the headings, are", first[0].line, last)
		}
		f.note("%s left out: %s", what, clip(strings.Join(first[0].fields, " ")))
	}
	f.headings, f.format.Header = first[at].fields, first[at].line
	below := first[at+1:]
	if len(below) > 0 {
		switch r := below[0]; {
		// SuccessFactors writes the names of its fields and then their labels.
		case r.keys() == 0 && r.headings() >= 2 && 2*r.headings() >= most:
			f.note("line %d repeats the headings and is left out", r.line)
			return below[1:]
		// The bulk templates of the Entra admin center come with a row to replace.
		case strings.HasPrefix(strings.ToLower(strings.TrimSpace(r.fields[0])), "example:"):
			f.note("line %d is the template's example and is left out", r.line)
			return below[1:]
		}
	}
	return below
}

func (f *reading) note(format string, args ...any) {
	f.format.Notes = append(f.format.Notes, fmt.Sprintf(format, args...))
}

// looksHeaded reports whether the first row, in which nothing is known, stands
// over rows that each name somebody in the same column. In any doubt it is a
// row, and refused as one.
func looksHeaded(first []record) bool {
	const least = 3 // rows below it
	if len(first) <= least || first[0].keys() > 0 {
		return false
	}
	for i := range first[0].fields {
		named := !slices.ContainsFunc(first[1:], func(r record) bool {
			if i >= len(r.fields) {
				return true
			}
			value := strings.TrimSpace(r.fields[i])
			return !IsAddress(value) && !isObjectID(value)
		})
		if named {
			return true
		}
	}
	return false
}
