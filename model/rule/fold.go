package rule

import (
	"encoding/binary"
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
	start := len(b)
	b = append(b, s...)
	i := foldASCII(b[start:])
	if i == len(s) {
		return b
	}
	b = b[:start+i]
	table := foldTable()
	for i < len(s) {
		c := s[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			b = append(b, c)
			i++
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

// foldASCII folds b, as far as it is ASCII, eight bytes at a time, and returns
// how far that is.
func foldASCII(b []byte) int {
	const highs, ones = 0x8080808080808080, 0x0101010101010101
	i := 0
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		if w&highs != 0 {
			break
		}
		// With its high bit set, a byte keeps it when what is subtracted is not
		// larger, and borrows nothing from its neighbour.
		fromA, behindZ := (w|highs)-'A'*ones, (w|highs)-('Z'+1)*ones
		capitals := fromA &^ behindZ & highs
		binary.LittleEndian.PutUint64(b[i:], w|capitals>>2) // 0x80>>2 is 'a'-'A'
	}
	for ; i < len(b) && b[i] < utf8.RuneSelf; i++ {
		if 'A' <= b[i] && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return i
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
