package handover

import (
	"bytes"
	"encoding/csv"
	"strings"
	"unicode"

	"rollcall/model/expansion"
)

// Cell makes a text safe as a cell of a CSV file that somebody will open in a
// spreadsheet or look at on a terminal: one that a spreadsheet would read as a
// formula gets an apostrophe in front, which it shows as text (source: OWASP,
// "CSV Injection"), and characters that a terminal would obey become U+FFFD. A
// line break and a tab stay: inside quotes they are part of the text.
func Cell(text string) string {
	// A spreadsheet looks past leading blanks; a tab or a carriage return can
	// begin a formula itself.
	formula := strings.IndexAny(strings.TrimLeft(text, " \u00a0"), "=+-@\t\r\n＝＋－＠") == 0
	text = strings.Map(func(r rune) rune {
		if acts(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
	if formula {
		return "'" + text
	}
	return text
}

// acts reports whether a terminal could obey a character, or show what stands
// beside it in another order.
func acts(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// Recipients returns a CSV with a header row and one recipient a row.
func Recipients(list []expansion.Recipient) []byte {
	rows := make([][]string, 0, len(list)+1)
	rows = append(rows, []string{"address", "displayName", "userPrincipalName", "external", "disabled", "sms"})
	for _, r := range list {
		rows = append(rows, []string{
			Cell(r.Address), Cell(r.Object.DisplayName), Cell(r.Object.UserPrincipalName),
			yesNo(r.External), yesNo(r.Disabled), yesNo(r.SMS),
		})
	}
	return encode(rows)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func encode(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			panic(err) // unreachable: the delimiter is valid and a buffer takes every write
		}
	}
	w.Flush()
	return b.Bytes()
}
