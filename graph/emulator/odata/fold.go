package odata

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold brings a text into the form that it shares with every text that differs
// from it in letter case alone: Fold(a) == Fold(b) where strings.EqualFold(a, b),
// and Fold(a) begins with Fold(b) where startsWith(a, b) holds. Sorted by their
// folded forms, texts with a common beginning stand together.
func Fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return strings.Map(foldRune, s)
		}
	}
	return s
}

// foldRune is the least of the letters that fold together, in lower case where
// one of them is ASCII: the long s and the Kelvin sign fold with s and k.
func foldRune(r rune) rune {
	least := r
	if r >= utf8.RuneSelf {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
	}
	if least >= 'A' && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}
