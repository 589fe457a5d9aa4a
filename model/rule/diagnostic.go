package rule

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Severity tells a fault from advice.
type Severity uint8

const (
	Error Severity = iota // the rule cannot be evaluated
	Note                  // something was read forgivingly
	Lint                  // it works; it could be better
)

// String returns the word that a screen shows before the message.
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Lint:
		return "advice"
	default:
		return "error"
	}
}

// Diagnostic is one remark on a rule's text.
type Diagnostic struct {
	Severity     Severity
	Start, End   int // byte span in the text
	Line, Column int // 1-based; the column counts characters
	Message      string
	Expected     string // what would be right here; "" when not applicable
	Suggestion   string // a near name or a better form; "" when none
	// Nearest are values of the column that are near to one that no user has,
	// the nearest first.
	Nearest []Candidate
}

// Candidate is a value that was perhaps meant.
type Candidate struct {
	Value string
	Users int // who have it
}

// String renders the diagnostic on one line: position, message, what was
// expected and the suggestion.
func (d Diagnostic) String() string {
	text := fmt.Sprintf("line %d, column %d: %s", d.Line, d.Column, d.Message)
	if d.Expected != "" {
		text += "; expected " + d.Expected
	}
	if d.Suggestion != "" {
		text += "; did you mean " + d.Suggestion + "?"
	}
	return text
}

// HasErrors reports whether any diagnostic is an Error.
func HasErrors(diagnostics []Diagnostic) bool {
	return slices.ContainsFunc(diagnostics, func(d Diagnostic) bool { return d.Severity == Error })
}

// maxDiagnostics bounds what one pass reports of faults, and of the rest: past
// it a text is not a rule with faults but something else altogether.
const maxDiagnostics = 50

// reporter collects the diagnostics of one pass over a text.
type reporter struct {
	list           []Diagnostic
	errors, others int

	// work counts the steps of scanner and parser, for the test that holds them
	// against the length of the text.
	work int
}

// near looks for the name that a mistyped one may mean, unless nobody would
// read it, or it is longer than names are.
func (r *reporter) near(name string, nearest func(string) string) string {
	const longest = 100
	if r.errors >= maxDiagnostics || len(name) > longest {
		return ""
	}
	return nearest(name)
}

// add keeps the diagnostic. Faults and the rest are counted apart, so that
// advice never crowds out an error.
func (r *reporter) add(d Diagnostic) {
	count := &r.others
	if d.Severity == Error {
		count = &r.errors
	}
	if *count < maxDiagnostics {
		*count++
		r.list = append(r.list, d)
	}
}

func (r *reporter) errorAt(at Span, message, expected, suggestion string) {
	r.add(Diagnostic{Severity: Error, Start: at.Start, End: at.End, Message: message, Expected: expected, Suggestion: suggestion})
}

func (r *reporter) noteAt(at Span, message string) {
	r.add(Diagnostic{Severity: Note, Start: at.Start, End: at.End, Message: message})
}

func (r *reporter) lintAt(at Span, message, suggestion string) {
	r.add(Diagnostic{Severity: Lint, Start: at.Start, End: at.End, Message: message, Suggestion: suggestion})
}

// located returns the diagnostics in the order of the text with line and
// column filled in.
func (r *reporter) located(text string) []Diagnostic { return Located(text, r.list) }

// Located puts diagnostics on a text into its order and fills in line and
// column from Start. It changes the slice that it is given and returns it.
func Located(text string, diagnostics []Diagnostic) []Diagnostic {
	slices.SortStableFunc(diagnostics, func(a, b Diagnostic) int { return cmp.Compare(a.Start, b.Start) })
	line, column, at := 1, 1, 0
	for i := range diagnostics {
		d := &diagnostics[i]
		for at < d.Start && at < len(text) {
			c, size := utf8.DecodeRuneInString(text[at:])
			at += size
			if c == '\n' {
				line, column = line+1, 1
			} else {
				column++
			}
		}
		d.Line, d.Column = line, column
	}
	return diagnostics
}
