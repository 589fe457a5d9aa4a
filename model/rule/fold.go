package rule

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// Fold maps a text to the form under which texts that differ by letter case
// alone are equal: Unicode simple case folding, one character to one
// character. Fold(a) == Fold(b) exactly when strings.EqualFold(a, b). Folding
// a text that needs none returns it without a copy.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			b := append(make([]byte, 0, len(s)), s[:i]...)
			if b = AppendFold(b, s[i:]); string(b) == s {
				return s
			}
			return string(b)
		}
	}
	return s
}

// AppendFold appends the folded form of a text.
func AppendFold(b []byte, s string) []byte {
	table := foldTable()
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			start := i
			for i < len(s) && s[i] < utf8.RuneSelf {
				i++
			}
			b = append(b, s[start:i]...)
			run := b[len(b)-(i-start):]
			for at, c := range run {
				if 'A' <= c && c <= 'Z' {
					run[at] = c + 'a' - 'A'
				}
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case int(r) < len(table):
			r = table[r]
		case isCaseless(r):
		default:
			r = foldRune(r)
		}
		b = utf8.AppendRune(b, r)
	}
	return b
}

// foldTable is foldRune for the alphabets up to Armenian, whose characters take
// two bytes.
var foldTable = sync.OnceValue(func() *[0x590]rune {
	table := &[0x590]rune{}
	for r := range table {
		table[r] = foldRune(rune(r))
	}
	return table
})

// isCaseless tells scripts without letter case: those from Hebrew to Burmese,
// of China, Japan and Korea.
func isCaseless(r rune) bool {
	return 0x590 <= r && r < 0x10A0 || 0x2E80 <= r && r < 0xA640 || 0xAC00 <= r && r < 0xD7B0
}

// foldRune picks one character of those that fold to each other: the one with
// the lowest code, and of an ASCII letter its small form.
func foldRune(r rune) rune {
	lowest := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		lowest = min(lowest, f)
	}
	if 'A' <= lowest && lowest <= 'Z' {
		return lowest + 'a' - 'A'
	}
	return lowest
}
