// Package text is the edge between foreign text and a terminal: every name,
// title or address that a tenant holds passes it before it is shown.
package text

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Clean makes text from the directory safe to show on one line. A display name
// is whatever somebody typed into a tenant: it may hold escape sequences, bidi
// overrides, newlines or characters that cannot be seen. Each of them becomes
// a visible sign, one for one, so that nothing is hidden and nothing acts:
//
//   - C0 controls and DEL become their control picture (U+2400…), C1 controls,
//     bidi embeddings, overrides and isolates, line and paragraph separators,
//     zero-width and other invisible format characters, tags, private-use
//     characters and bytes that are not UTF-8 become U+FFFD;
//   - a zero-width joiner or non-joiner stays between letters that need it
//     (Persian, the Indic scripts) and is dropped elsewhere;
//   - a variation selector is dropped, a combining mark stays, but no more than
//     maxMarks on one letter.
func Clean(s string) string {
	if IsPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	marks := 0
	prev := rune(-1)
	for i, r := range s {
		size := 1
		if r != utf8.RuneError {
			size = utf8.RuneLen(r)
		} else if _, n := utf8.DecodeRuneInString(s[i:]); n > 1 {
			size = n
		}
		next, _ := utf8.DecodeRuneInString(s[i+size:])
		if !unicode.IsMark(r) {
			marks = 0
		}
		switch {
		case r < 0x20:
			b.WriteRune(0x2400 + r)
		case r == 0x7f:
			b.WriteRune('␡')
		case r == zwnj || r == zwj:
			if joins(prev) && joins(next) {
				b.WriteRune(r)
			}
		case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef:
			// Variation selectors change a sign's width in some terminals only.
		case isInvisible(r):
			b.WriteRune(unicode.ReplacementChar)
		case unicode.IsMark(r):
			if marks++; marks <= maxMarks {
				if prev == -1 {
					b.WriteRune('◌') // a mark with nothing to stand on
				}
				b.WriteRune(r)
			}
		case r >= 0x1f3fb && r <= 0x1f3ff && prev >= 0x2600:
			// A skin tone is drawn as a second sign by terminals that measure
			// rune by rune, as one by those that measure by grapheme.
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
		prev = r
	}
	return b.String()
}

const (
	maxMarks = 4
	zwnj     = '\u200c'
	zwj      = '\u200d'
)

// IsPlain reports whether s is printable ASCII, as nearly all text is.
func IsPlain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// isInvisible reports whether a rune acts or hides instead of showing a sign.
func isInvisible(r rune) bool {
	switch r {
	case 0x2028, 0x2029, 0x115f, 0x1160, 0x3164, 0xffa0, 0x2800, 0xfffc, unicode.ReplacementChar:
		return true
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) ||
		unicode.Is(unicode.Cs, r) || !unicode.IsGraphic(r)
}

// joins reports whether a joiner beside the rune is part of how its script is
// written.
func joins(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
		unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala)
}

// IsRTL reports whether text holds a letter of a right-to-left script.
func IsRTL(s string) bool {
	for _, r := range s {
		if r >= 0x0590 && unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam) {
			return true
		}
	}
	return false
}

// Count writes a number with thousands separators: 104,882.
func Count(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Plural is a count with its noun: "1 user", "1,204 users".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Width is the number of terminal cells of clean text, measured rune by rune
// as a terminal does that was not asked for anything else.
func Width(s string) int { return ansi.WcWidth.StringWidth(s) }

// Clip cuts text to at most width cells; what was cut off is shown by an
// ellipsis.
func Clip(s string, width int) string { return ansi.WcWidth.Truncate(s, width, "…") }
