package rule

import (
	"strings"
	"unicode/utf8"
)

// The comparisons below decide on Fold(s) without folding more of s than they
// look at: most values differ in their first or last letters. An ASCII
// character folds to one ASCII character, so positions agree as long as there
// is nothing else.

// equalFolded reports whether Fold(s) is a folded text.
func equalFolded(s, folded string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return Fold(s[i:]) == folded[i:]
		case i == len(folded) || foldByte(c) != folded[i]:
			return false
		case i == len(s)-1:
			return len(s) == len(folded)
		}
	}
	return folded == ""
}

// hasFoldedPrefix reports whether Fold(s) begins with a folded text.
func hasFoldedPrefix(s, folded string) bool {
	for i := range len(folded) {
		switch {
		case i == len(s):
			return false
		case s[i] >= utf8.RuneSelf:
			return strings.HasPrefix(Fold(s[i:]), folded[i:])
		case foldByte(s[i]) != folded[i]:
			return false
		}
	}
	return true
}

// hasFoldedSuffix reports whether Fold(s) ends with a folded text.
func hasFoldedSuffix(s, folded string) bool {
	for n := range len(folded) {
		i, j := len(s)-1-n, len(folded)-1-n
		switch {
		case i < 0:
			return false
		case s[i] >= utf8.RuneSelf:
			return strings.HasSuffix(Fold(s[:i+1]), folded[:j+1])
		case foldByte(s[i]) != folded[j]:
			return false
		}
	}
	return true
}

func foldByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
