package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"rollcall/ui/text"
)

// clean makes text from the directory safe to show on one line.
func clean(s string) string { return text.Clean(s) }

// ruler measures and cuts text the way the renderer lays it out: rune by rune
// until the terminal has said that it measures by grapheme (mode 2027). It is
// the only place where widths are decided. The zero value measures by rune.
type ruler struct{ method ansi.Method }

const ellipsis = "…"

// width is the number of cells of text, styled or not.
func (r ruler) width(s string) int {
	if text.IsPlain(s) {
		return len(s)
	}
	return r.method.StringWidth(s)
}

// cell cleans text from the directory and cuts or pads it to exactly width
// cells; what was cut off is shown by an ellipsis.
func (r ruler) cell(s string, width int) string {
	return r.fit(r.isolated(clean(s), width), width)
}

// cellRight is cell with the text at the right edge, for numbers.
func (r ruler) cellRight(s string, width int) string {
	s = r.cut(clean(s), width)
	return spaces(width-r.width(s)) + s
}

// isolated cuts text and keeps a right-to-left name from reordering its
// neighbours on terminals that do bidi.
func (r ruler) isolated(s string, width int) string {
	s = r.cut(s, width)
	if text.IsRTL(s) {
		return "\u2068" + s + "\u2069"
	}
	return s
}

// cut shortens text, styled or not and already clean, to at most width cells.
func (r ruler) cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	if len(s) <= width && text.IsPlain(s) {
		return s
	}
	return r.method.Truncate(s, width, ellipsis)
}

// fit cuts or pads text, styled or not and already clean, to exactly width
// cells.
func (r ruler) fit(s string, width int) string {
	s = r.cut(s, width)
	return s + spaces(width-r.width(s))
}

// spaces is n blanks; none when n is negative.
func spaces(n int) string { return strings.Repeat(" ", max(0, n)) }

// count writes a number with thousands separators: 104,882.
func count(n int) string { return text.Count(n) }

// plural is a count with its noun: "1 user", "1,204 users".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
