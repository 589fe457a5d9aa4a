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
//
// What it is given is clean: printable text, and the styles of a theme.
type ruler struct{ method ansi.Method }

const ellipsis = "…"

// next is the first piece of text: a style sequence of no width, or a
// grapheme with its width in cells.
func (r ruler) next(s string) (piece string, width int) {
	c := s[0]
	switch {
	case c == 0x1b:
		if i := strings.IndexByte(s, 'm'); i >= 0 {
			return s[:i+1], 0
		}
		return s, 0
	case c < 0x7f && (len(s) == 1 || s[1] < 0x80):
		return s[:1], 1
	}
	return ansi.FirstGraphemeCluster(s, r.method)
}

// width is the number of cells of text, styled or not.
func (r ruler) width(s string) int {
	if text.IsPlain(s) {
		return len(s)
	}
	total := 0
	for s != "" {
		piece, w := r.next(s)
		total += w
		s = s[len(piece):]
	}
	return total
}

// cell cleans text from the directory and cuts or pads it to exactly width
// cells; what was cut off is shown by an ellipsis.
func (r ruler) cell(s string, width int) string {
	s = r.cut(clean(s), width)
	return r.isolated(s) + spaces(width-r.width(s))
}

// isolated keeps a right-to-left name, already clean, from reordering its
// neighbours on a terminal that does bidi. The marks take no room.
func (r ruler) isolated(s string) string {
	if text.IsRTL(s) {
		return firstStrongIsolate + s + popIsolate
	}
	return s
}

const (
	firstStrongIsolate = "\u2068"
	popIsolate         = "\u2069"
)

// cellRight is cell with the text at the right edge, for numbers.
func (r ruler) cellRight(s string, width int) string {
	s = r.cut(clean(s), width)
	return spaces(width-r.width(s)) + s
}

// cut shortens text, styled or not and already clean, to at most width cells,
// the ellipsis included.
func (r ruler) cut(s string, width int) string {
	if r.width(s) <= width {
		return s
	}
	if width <= 0 {
		return ""
	}
	return r.first(s, width-1, ellipsis)
}

// first is the text of the first width cells, then tail. Styles after the cut
// are kept, so that none is left open.
func (r ruler) first(s string, width int, tail string) string {
	var b strings.Builder
	used, full := 0, false
	for s != "" {
		piece, w := r.next(s)
		s = s[len(piece):]
		switch {
		case piece[0] == 0x1b:
			b.WriteString(piece)
		case full:
		case used+w > width:
			full = true
			b.WriteString(tail)
		default:
			used += w
			b.WriteString(piece)
		}
	}
	if !full {
		b.WriteString(tail)
	}
	return b.String()
}

// after is the text behind the first width cells, with the styles that hold
// there. A wide sign that the edge cuts in two is left out.
func (r ruler) after(s string, width int) string {
	var b strings.Builder
	used := 0
	for s != "" {
		piece, w := r.next(s)
		s = s[len(piece):]
		if piece[0] == 0x1b || used >= width {
			b.WriteString(piece)
		}
		used += w
	}
	return b.String()
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
	return text.Plural(n, one, many)
}
