package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBigNumberIsDrawnInThreeAlignedLines(t *testing.T) {
	lines, ok := bigNumber("1,204", 40)
	require.True(t, ok)
	assert.Equal(t, []string{
		"▄█    ▀▀█ █▀█ █ █ ",
		" █    █▀▀ █ █ ▀▀█ ",
		"▀▀▀ ▄ ▀▀▀ ▀▀▀   ▀ ",
	}, lines[:])
}

func TestBigDigitsHaveOneWidthEach(t *testing.T) {
	seen := make(map[string]rune)
	for _, r := range "0123456789," {
		glyph, ok := bigGlyph(r)
		require.True(t, ok, "%q", r)
		for _, part := range glyph {
			assert.Equal(t, ansi.StringWidth(glyph[0]), ansi.StringWidth(part), "%q", r)
		}
		shape := strings.Join(glyph[:], "\n")
		assert.Zero(t, seen[shape], "%q looks like %q", r, seen[shape])
		seen[shape] = r
	}
}

func TestBigNumberRefusesWhatDoesNotFit(t *testing.T) {
	_, ok := bigNumber("1,234,567", 12)
	assert.False(t, ok)
	_, ok = bigNumber("", 12)
	assert.False(t, ok)
}
