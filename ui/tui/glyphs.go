package tui

import "strings"

// The sign-in code is drawn three cells wide and five half cells high, so that
// it can be read across a desk and typed on a telephone.

const (
	codeGlyphWidth = 3
	codeGlyphRows  = 5
)

// codeGlyph is the picture of a letter or digit, row by row; '#' is ink.
func codeGlyph(r rune) [codeGlyphRows]string {
	glyphs := map[rune]string{
		'A': ".#.#.#####.##.#", 'B': "##.#.###.#.###.", 'C': ".###..#..#...##", 'D': "##.#.##.##.###.",
		'E': "####..##.#..###", 'F': "####..##.#..#..", 'G': ".###..#.##.#.##", 'H': "#.##.#####.##.#",
		'I': "###.#..#..#.###", 'J': "..#..#..##.#.#.", 'K': "#.##.###.#.##.#", 'L': "#..#..#..#..###",
		'M': "#.########.##.#", 'N': "##.#.##.##.##.#", 'O': "####.##.##.####", 'P': "##.#.###.#..#..",
		'Q': ".#.#.##.#.#..##", 'R': "##.#.###.#.##.#", 'S': ".###...#...###.", 'T': "###.#..#..#..#.",
		'U': "#.##.##.##.####", 'V': "#.##.##.##.#.#.", 'W': "#.##.########.#", 'X': "#.##.#.#.#.##.#",
		'Y': "#.##.#.#..#..#.", 'Z': "###..#.#.#..###",
		'0': ".#.#.##.##.#.#.", '1': ".#.##..#..#.###", '2': "##...#.#.#..###", '3': "##...#.#...###.",
		'4': "#.##.####..#..#", '5': "####..##...###.", '6': ".###..##.#.#.#.", '7': "###..#.#.#..#..",
		'8': ".#.#.#.#.#.#.#.", '9': ".#.#.#.##..###.", '-': "......###......",
	}
	g, ok := glyphs[r]
	if !ok {
		g = strings.Repeat("#", codeGlyphWidth*codeGlyphRows)
	}
	var rows [codeGlyphRows]string
	for i := range rows {
		rows[i] = g[i*codeGlyphWidth : (i+1)*codeGlyphWidth]
	}
	return rows
}

// largeCode draws a code in half blocks: three lines.
func largeCode(code string) []string {
	var rows [codeGlyphRows + 1]string
	for _, r := range strings.ToUpper(code) {
		for i, row := range codeGlyph(r) {
			rows[i] += row + "."
		}
	}
	rows[codeGlyphRows] = strings.Repeat(".", len(rows[0]))
	return halfBlocks(rows[:], '#')
}

// halfBlocks joins every two rows of pixels into one line of half blocks.
func halfBlocks(rows []string, ink byte) []string {
	var lines []string
	for y := 0; y+1 < len(rows); y += 2 {
		var b strings.Builder
		for x := range len(rows[y]) {
			switch top, bottom := rows[y][x] == ink, rows[y+1][x] == ink; {
			case top && bottom:
				b.WriteString("█")
			case top:
				b.WriteString("▀")
			case bottom:
				b.WriteString("▄")
			default:
				b.WriteByte(' ')
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}
