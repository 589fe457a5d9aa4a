package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"rollcall/model"
	"rollcall/model/handover"
	"rollcall/ui/text"
)

// quoted is a foreign word as an error message names it: short and harmless.
func quoted(s string) string { return strconv.Quote(text.Clip(text.Clean(s), 60)) }

// grouped writes a count with thousands separators.
func grouped(n int) string { return text.Count(n) }

// printError writes a failure: one line, then the remedy. With JSON output it
// is one object, so that a script need not read prose.
func (a *app) printError(e *model.Error) {
	a.status("")
	if a.flags.wantsJSON(a.env.Args) {
		type body struct {
			Code      string `json:"code"`
			Message   string `json:"message"`
			Remedy    string `json:"remedy,omitempty"`
			RequestID string `json:"requestId,omitempty"`
			Stale     *stale `json:"stale,omitempty"`
		}
		writeJSON(a.env.Stderr, map[string]body{"error": {e.Code, e.Message, e.Remedy, e.RequestID, staleOf(e)}})
		return
	}
	line := "rollcall: " + text.Clean(e.Message)
	if e.RequestID != "" {
		line += " (request " + text.Clean(e.RequestID) + ")"
	}
	fmt.Fprintln(a.env.Stderr, line)
	if e.Remedy != "" {
		fmt.Fprintln(a.env.Stderr, "  "+text.Clean(e.Remedy))
	}
}

// writeJSON writes one value on one line. Characters that act on a terminal are
// escaped as JSON allows: the output of a program may be shown on one.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	line := strings.TrimSuffix(b.String(), "\n")
	if strings.ContainsFunc(line, acts) {
		var escaped strings.Builder
		for _, r := range line {
			if acts(r) {
				fmt.Fprintf(&escaped, `\u%04x`, r)
			} else {
				escaped.WriteRune(r)
			}
		}
		line = escaped.String()
	}
	_, err := io.WriteString(w, line+"\n")
	return err
}

// acts reports whether a character that encoding/json leaves as it is could
// act on a terminal or reorder what stands beside it: DEL, C1 controls, and the
// bidirectional controls. All are in the basic plane.
func acts(r rune) bool {
	return r >= 0x7f && r <= 0x9f || unicode.Is(unicode.Bidi_Control, r)
}

// column is one column of a table.
type column struct {
	name  string
	right bool // numbers stand at the right
}

// table is rows of text for a person, a CSV for a spreadsheet.
type table struct {
	columns []column
	rows    [][]string
}

// print writes the table in columns as wide as their widest cell. Directory
// text is cleaned: it may hold escape sequences.
func (t *table) print(w io.Writer) error {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = text.Width(c.name)
	}
	const widest = 48 // a description must not push the next column off the screen
	clean := make([][]string, len(t.rows))
	for r, row := range t.rows {
		clean[r] = make([]string, len(row))
		for i, cell := range row {
			cell = text.Clean(cell)
			if i < len(row)-1 {
				cell = text.Clip(cell, widest)
			}
			clean[r][i] = cell
			widths[i] = max(widths[i], text.Width(clean[r][i]))
		}
	}
	line := func(cells []string) string {
		var b strings.Builder
		for i, cell := range cells {
			pad := strings.Repeat(" ", widths[i]-text.Width(cell))
			if i > 0 {
				b.WriteString("  ")
			}
			if t.columns[i].right {
				b.WriteString(pad + cell)
			} else {
				b.WriteString(cell + pad)
			}
		}
		return strings.TrimRight(b.String(), " ") + "\n"
	}
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = strings.ToUpper(c.name)
	}
	if _, err := io.WriteString(w, line(names)); err != nil {
		return err
	}
	for _, row := range clean {
		if _, err := io.WriteString(w, line(row)); err != nil {
			return err
		}
	}
	return nil
}

// csv writes the table for a spreadsheet: cells that one would run as a
// formula are disarmed.
func (t *table) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	record := make([]string, len(t.columns))
	for i, c := range t.columns {
		record[i] = c.name
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for _, row := range t.rows {
		for i, cell := range row {
			record[i] = handover.Cell(cell)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// output writes one answer in the chosen format: object for json, each of
// lines for ndjson, the table for the others.
type output struct {
	object any
	lines  []any
	table  table
	person func(io.Writer) error // replaces the table for a person; nil: the table
}

func (a *app) print(o output) error {
	a.status("")
	switch a.flags.format {
	case formatJSON:
		return writeJSON(a.env.Stdout, o.object)
	case formatNDJSON:
		for _, line := range o.lines {
			if err := writeJSON(a.env.Stdout, line); err != nil {
				return err
			}
		}
		return nil
	case formatCSV:
		return o.table.csv(a.env.Stdout)
	}
	if o.person != nil {
		return o.person(a.env.Stdout)
	}
	return o.table.print(a.env.Stdout)
}
