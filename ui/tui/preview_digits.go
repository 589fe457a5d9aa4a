package tui

import (
	"strings"
	"unicode/utf8"
)

// bigDigitHeight is the number of lines of a big number.
const bigDigitHeight = 3

// bigGlyph returns the three-line shape of a digit or a thousands separator:
// half blocks, each line of a shape as wide as the others, the gap to the next
// one included.
func bigGlyph(r rune) (shape [bigDigitHeight]string, ok bool) {
	switch r {
	case '0':
		return [...]string{"█▀█ ", "█ █ ", "▀▀▀ "}, true
	case '1':
		return [...]string{"▄█  ", " █  ", "▀▀▀ "}, true
	case '2':
		return [...]string{"▀▀█ ", "█▀▀ ", "▀▀▀ "}, true
	case '3':
		return [...]string{"▀▀█ ", " ▀█ ", "▀▀▀ "}, true
	case '4':
		return [...]string{"█ █ ", "▀▀█ ", "  ▀ "}, true
	case '5':
		return [...]string{"█▀▀ ", "▀▀█ ", "▀▀▀ "}, true
	case '6':
		return [...]string{"█▀▀ ", "█▀█ ", "▀▀▀ "}, true
	case '7':
		return [...]string{"▀▀█ ", "  █ ", "  ▀ "}, true
	case '8':
		return [...]string{"█▀█ ", "█▀█ ", "▀▀▀ "}, true
	case '9':
		return [...]string{"█▀█ ", "▀▀█ ", "▀▀▀ "}, true
	case '≈':
		return [...]string{"▄▀▄▀ ", "▄▀▄▀ ", "     "}, true
	case ',':
		return [...]string{"  ", "  ", "▄ "}, true
	}
	return shape, false
}

// bigNumber draws a number in digits three lines tall. A rune without a shape
// is left out. Where the result is wider than width cells, ok is false and the
// number should be written in plain digits.
func bigNumber(text string, width int) (lines [bigDigitHeight]string, ok bool) {
	var rows [bigDigitHeight]strings.Builder
	cells := 0
	for _, r := range text {
		glyph, known := bigGlyph(r)
		if !known {
			continue
		}
		for i, part := range glyph {
			rows[i].WriteString(part)
		}
		cells += utf8.RuneCountInString(glyph[0]) // every rune of a shape is one cell wide
	}
	if cells == 0 || cells-1 > width {
		return lines, false
	}
	for i := range rows {
		lines[i] = rows[i].String()
	}
	return lines, true
}
