package tui

import (
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var methods = map[string]ansi.Method{"by rune": ansi.WcWidth, "by grapheme": ansi.GraphemeWidth}

func TestCellsHaveTheirExactWidthInEveryScript(t *testing.T) {
	for name, method := range methods {
		t.Run(name, func(t *testing.T) {
			r := ruler{method}
			for _, s := range append(append([]string{}, scriptNames...), hostileNames...) {
				for width := range 30 {
					for _, cell := range []string{r.cell(s, width), r.cellRight(s, width)} {
						assert.Equal(t, width, method.StringWidth(cell), "%q in %d cells: %q", s, width, cell)
					}
				}
			}
		})
	}
}

func TestStyledTextIsCutLikePlainText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := ruler{rapid.SampledFrom([]ansi.Method{ansi.WcWidth, ansi.GraphemeWidth}).Draw(t, "method")}
		plain := clean(rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("aé田한\u0301👩"), unicode.Devanagari, unicode.Arabic))).Draw(t, "text"))
		width := rapid.IntRange(0, 20).Draw(t, "width")
		styled := darkTheme().bad.Render(plain)
		require.Equal(t, width, r.width(r.fit(plain, width)))
		require.Equal(t, r.fit(plain, width), strings.ReplaceAll(ansi.Strip(r.fit(styled, width)), "\x00", ""))
		at := rapid.IntRange(0, 20).Draw(t, "at")
		require.LessOrEqual(t, r.width(r.first(plain, at, "")), at)
		require.LessOrEqual(t, r.width(r.after(plain, at)), max(0, r.width(plain)-at))
	})
}

func TestColumnsStayStraightInEveryScript(t *testing.T) {
	for name, method := range methods {
		t.Run(name, func(t *testing.T) {
			th := darkTheme()
			th.method = method
			table := newTable(th, column{title: "Name", width: 12}, column{title: "Department", width: 10})
			table.SetSize(30, 40)
			table.SetRows(scriptRows{})
			for i, line := range strings.Split(table.Draw(true), "\n")[1:] {
				require.Equal(t, 30, method.StringWidth(line), "%q", line)
				if i < len(scriptNames) {
					before, _, found := strings.Cut(ansi.Strip(line), "¦")
					require.True(t, found, "%q", line)
					assert.Equal(t, gutter+13, method.StringWidth(before), "%q", line)
				}
			}
		})
	}
}

// scriptRows are the names in many scripts beside a column that starts with a bar.
type scriptRows struct{}

func (scriptRows) Len() int        { return len(scriptNames) }
func (scriptRows) ID(i int) string { return scriptNames[i] }
func (scriptRows) Find(string) int { return -1 }
func (scriptRows) Cells(i int, cells []tableCell) {
	cells[0].text, cells[1].text = scriptNames[i], "¦ Sales"
}

func TestLinesBreakBeforeAnOperatorAndNotWithinIt(t *testing.T) {
	assert.Equal(t, []string{"-not is not needed: mail", "-notStartsWith says it"}, wrap(darkTheme(), "-not is not needed: mail -notStartsWith says it", 26))
}
